import { compareTokens, type OrderToken } from "../order.ts";

/** What a system has told of a record last, as far as the index knows. */
export interface LastWord {
  readonly eventId: string;
  readonly order: OrderToken;
}

/** Where a state that was read from its owner stands among what the owner's webhooks tell. */
export interface Place {
  readonly order: OrderToken;
  /** Absent: as the state's own lifecycle has it. */
  readonly rank?: number;
  readonly replayOf?: string;
}

/**
 * What the owner holds now counts, even with a stamp of long ago: then it stands where its last word stood, put in again
 * on purpose, and whatever the owner has told of since goes before it.
 */
export function placeAfter(last: LastWord | null, order: OrderToken): Place {
  if (last === null) return { order };
  const stands = compareTokens(order, last.order);
  return stands === "older" || stands === "equal"
    ? { order: last.order, rank: Number.MAX_SAFE_INTEGER, replayOf: last.eventId }
    : { order };
}
