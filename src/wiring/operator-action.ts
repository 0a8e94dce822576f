import { ulid } from "../domain/event-id.ts";
import { cameToNothing, type Action } from "../domain/operator-action.ts";
import type { Result } from "../domain/result.ts";

/** What an operator did to the router itself, as it is kept. */
export const operatorAction = (verb: string, subject: string, by: { readonly actor: string; readonly reason: string }): Action => ({
  id: actionId(),
  atMs: Date.now(),
  actor: by.actor,
  action: verb,
  subject,
  reason: by.reason,
});

const actionId = (): string => `act_${ulid(Date.now(), crypto.getRandomValues(new Uint8Array(16)))}`;

/** The one chain of actions of this deployment. */
export const auditLog = (env: Env) => env.AUDIT.getByName("operators");

/** Keeps an action in the chain. It is durable when this resolves. */
export const recordAction = async (env: Env, action: Action): Promise<void> => auditLog(env).append(action);

/**
 * Does what an operator asks once it is on record, so that nothing is ever done of which the chain does not tell. Rejects,
 * with nothing done, when the chain cannot be written. What was refused after all is told in a line of its own.
 */
export async function onRecord<T, F>(env: Env, asked: Action, work: () => Promise<Result<T, F>>): Promise<Result<T, F>> {
  await recordAction(env, asked);
  const done = await work();
  if (!done.ok) await recordAction(env, cameToNothing(asked, { id: actionId(), atMs: Date.now() }));
  return done;
}
