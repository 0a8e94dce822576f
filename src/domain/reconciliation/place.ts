import { compareTokens, NO_ORDER, type OrderToken } from "../order.ts";

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

/** A record does not change a thousandfold between two words of it: numbers so far apart are not counted by one counter. */
const APART = 1_000n;

/**
 * What the owner holds now counts, even with a stamp of long ago: then it stands where its last word stood, put in again
 * on purpose, and whatever the owner has told of since goes before it. So it does where webhooks may be counted otherwise
 * than what was read: by a number from another counter, all that they tell from then on would be old.
 */
export function placeAfter(last: LastWord | null, order: OrderToken): Place {
  if (last === null) return { order: order.kind === "int" ? NO_ORDER : order };
  const stands = compareTokens(order, last.order);
  return stands === "older" || stands === "equal" || !isOneCount(order, last.order)
    ? { order: last.order, rank: Number.MAX_SAFE_INTEGER, replayOf: last.eventId }
    : { order };
}

function isOneCount(left: OrderToken, right: OrderToken): boolean {
  if (left.kind !== "int" || right.kind !== "int") return true;
  const [one, other] = [BigInt(left.value), BigInt(right.value)];
  return one < APART * (other < 1n ? 1n : other);
}
