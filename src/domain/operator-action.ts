import { MASK } from "./masking.ts";
import { ERASED, erasureOf, type Entry } from "./timeline.ts";

/** What somebody did to the router or a record, by name, and why. */
export interface Action {
  readonly id: string;
  readonly atMs: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
}

/** An action as the chain of actions has it. */
export interface ChainedAction extends Action {
  readonly seq: number;
  readonly hash: string;
}

/** What is told of an action that was refused after it was on record. */
export const cameToNothing = (asked: Action, line: Pick<Action, "id" | "atMs">): Action => ({
  ...asked,
  ...line,
  action: `not done: ${asked.action}`,
});

/** The text that the chain covers, beside the action's id and time. */
export const actionBody = ({ actor, action, subject, reason }: Action): string => JSON.stringify({ actor, action, subject, reason });

/** The action that a line of the chain tells of. */
export function actionOf(entry: Entry): ChainedAction {
  const { seq, atMs, eventId, body, hash } = entry;
  const erasure = erasureOf(entry);
  if (erasure !== null)
    return { id: eventId, atMs, actor: "signalbox", action: "erase reasons", subject: erasure.subject, reason: erasure.id, seq, hash };
  const { actor, action, subject, reason } = JSON.parse(body) as Omit<Action, "id" | "atMs">;
  return { id: eventId, atMs, actor, action, subject, reason, seq, hash };
}

/** The first column in which the list differs from the chain; null if they say the same. */
export function columnThatDiffers(
  chained: ChainedAction,
  listed: { readonly [K in keyof ChainedAction]: ChainedAction[K] | null },
): string | null {
  const columns = ["atMs", "actor", "action", "subject", "reason", "seq", "hash"] as const;
  return columns.find((column) => chained[column] !== listed[column]) ?? null;
}

/** An action's line without its reason, if that holds one of the values; null if it does not. */
export function withoutReason({ body }: Entry, values: readonly string[], erasureId: string): string | null {
  const action = JSON.parse(body) as Partial<Action>;
  const reason = (action.reason ?? "").toLowerCase();
  const holds = values.some((value) => reason.includes(value.toLowerCase()));
  return holds ? JSON.stringify({ ...action, reason: MASK, [ERASED]: erasureId }) : null;
}
