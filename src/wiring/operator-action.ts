import { ulid } from "../domain/event-id.ts";
import type { Action } from "../domain/operator-action.ts";

/** What an operator did to the router itself, as it is kept. */
export const operatorAction = (verb: string, subject: string, by: { readonly actor: string; readonly reason: string }): Action => ({
  id: `act_${ulid(Date.now(), crypto.getRandomValues(new Uint8Array(16)))}`,
  atMs: Date.now(),
  actor: by.actor,
  action: verb,
  subject,
  reason: by.reason,
});

/** The one chain of actions of this deployment. */
export const auditLog = (env: Env) => env.AUDIT.getByName("operators");

/** Keeps an action in the chain. It is durable when this resolves. */
export const recordAction = async (env: Env, action: Action): Promise<void> => auditLog(env).append(action);
