import { dedupeKey, tellsAll, type EntityEvent } from "./event.ts";
import { compareTokens, type OrderToken } from "./order.ts";

/** One thing that a system said of an entity, or that we said to it: a digest of its canonical fields, and when. */
export interface Said {
  readonly digest: string;
  readonly atMs: number;
  /** Of what we said: the event that it was said by, as `saidBy` has it. */
  readonly by?: string;
}

/** An event whose first attempts began: where the ledger remembers it once they are through, and when it was admitted. */
export interface Departure {
  readonly key: string;
  readonly eventId: string;
  readonly atMs: number;
}

/** The newest state of an entity that one source has told of. */
export interface Mark {
  readonly order: OrderToken;
  readonly rank: number;
  readonly contentHash: string;
  readonly eventId: string;
  /** Where the ledger remembers the event, once it does. */
  readonly key: string;
  /** When the event was admitted; its first attempts began soon after. */
  readonly atMs?: number;
  /** Events of the stream that were still under way when this one was admitted. */
  readonly behind?: readonly Departure[];
  /** The last of the sender's counted changes up to which none is missing. */
  readonly through?: string;
  /** What this stream said lately, newest last: an echo and a quarrel are known by it. */
  readonly said?: readonly Said[];
}
export type Marks = Readonly<Record<string, Mark>>;

/** What the ledger knows of a delivery it has seen, whether finished or still running. */
export interface Known {
  readonly eventId: string;
  readonly contentHash: string;
  readonly order: OrderToken;
}

/**
 * What an arriving event is to this entity. `apply` goes to its lanes; the others end here. `key` is where the ledger
 * will remember it. `redelivery` is the very same event again: its outcome is repeated, nothing is recorded.
 */
export type Admission<K extends Known = Known> =
  | { readonly kind: "redelivery"; readonly known: K }
  | { readonly kind: "duplicate"; readonly key: string; readonly known: K }
  | { readonly kind: "repeat"; readonly key: string; readonly of: string }
  | { readonly kind: "conflict"; readonly key: string; readonly of: string; readonly reason: string }
  | { readonly kind: "superseded"; readonly key: string; readonly by: string }
  /** A hint was read newer before, and its object died of it: an older reading must not be sent, and the newer one is gone. */
  | { readonly kind: "readAgain" }
  | { readonly kind: "apply"; readonly key: string; readonly mark: Mark | null };

/**
 * Decides by identity first (the same delivery, whatever event id its copies got), then by order. `find` looks a key up
 * in the ledger and among what is running, `isKnown` says only whether it is there; `mark` is the newest state known from the
 * event's source.
 */
export function admit<K extends Known>(
  event: EntityEvent,
  find: (key: string) => K | null,
  mark: Mark | undefined,
  isKnown: (key: string) => boolean = (key) => find(key) !== null,
): Admission<K> {
  const key = dedupeKey(event);
  // What a hint was read as may change from one message to the next of the same event.
  const changedKey = `${key}\n${event.readFrom === undefined ? event.contentHash : event.id}`;
  const inPlace = mark?.eventId === event.id ? find(mark.key) : null;
  if (inPlace?.eventId === event.id) return { kind: "redelivery", known: inPlace };
  const first = find(key);
  if (first === null) return byOrder(event, isKept(key, event, mark) ? changedKey : key, markOf(isKnown, mark));
  // The very event again, even if it was a hint and something else is read now: what is newer has a hint of its own.
  if (first.eventId === event.id) return { kind: "redelivery", known: first };
  const changed = event.readFrom === undefined && first.contentHash === event.contentHash ? null : find(changedKey);
  if (changed?.eventId === event.id) return { kind: "redelivery", known: changed };
  const known = first.contentHash === event.contentHash ? first : changed;
  if (known !== null) return { kind: "duplicate", key: changedKey, known };
  // Copies of a hint that were read at different times differ by that, not by what the sender said.
  if (event.readFrom !== undefined || compareTokens(event.order, first.order) === "newer")
    return byOrder(event, changedKey, markOf(isKnown, mark));
  return {
    kind: "conflict",
    key: changedKey,
    of: first.eventId,
    reason: "the sender used this delivery id before, for another body that is not older",
  };
}

/**
 * Whether a key is another copy's, of a hint that was read as something else and whose object died of it: destinations may
 * know its effect by that key, and it comes again.
 */
const isKept = (key: string, event: EntityEvent, mark: Mark | undefined): boolean =>
  event.readFrom !== undefined && mark?.key === key && mark.eventId !== event.id && mark.contentHash !== event.contentHash;

type KnownMark = Mark & { readonly settled: boolean };

/**
 * A mark is durable before its event's effect, its event's line only after. A mark without a line is of an event whose
 * object died in between: what is older stays out, but the event itself, in any copy, must still get in.
 */
const markOf = (isKnown: (key: string) => boolean, mark: Mark | undefined): KnownMark | undefined =>
  mark === undefined ? undefined : { ...mark, settled: isKnown(mark.key) };

function byOrder<K extends Known>(event: EntityEvent, key: string, mark: KnownMark | undefined): Admission<K> {
  const candidate: Mark = { order: event.order, rank: event.rank, contentHash: event.contentHash, eventId: event.id, key };
  if (mark === undefined) return { kind: "apply", key, mark: candidate };
  const stands = compareTokens(event.order, mark.order);
  if (mark.eventId === event.id) return stands === "older" ? { kind: "readAgain" } : { kind: "apply", key, mark: candidate };
  switch (stands) {
    case "newer":
      return { kind: "apply", key, mark: candidate };
    case "incomparable":
      return { kind: "apply", key, mark: event.order.kind === "none" ? null : candidate };
    case "older":
      // A person has looked and wants the older state; the newer one's mark stays what it is.
      if (event.replay?.force === true) return { kind: "apply", key, mark: null };
      return tellsAll(event) ? { kind: "superseded", key, by: mark.eventId } : { kind: "apply", key, mark: null };
    case "equal":
      return tie(event, key, candidate, mark);
  }
}

/**
 * One token, two events. Of two states in one instant the one further along its life is the later, also if all that is
 * known of it is its mark; if that does not tell them apart, arrival does. Equal content is the same news again. A version
 * number that comes back with other content is the sender's contradiction: it is recorded, and nothing is overwritten.
 */
function tie<K extends Known>(event: EntityEvent, key: string, candidate: Mark, mark: KnownMark): Admission<K> {
  // Put in again on purpose: the same state is wanted once more, under a key of its own, but not one that was left behind.
  if (event.replayOf !== undefined)
    return event.rank < mark.rank && event.replay?.force !== true
      ? { kind: "superseded", key, by: mark.eventId }
      : { kind: "apply", key, mark: null };
  if (!tellsAll(event)) return { kind: "apply", key, mark: candidate };
  if (event.order.kind === "time" && event.rank < mark.rank) return { kind: "superseded", key, by: mark.eventId };
  const isSame = event.contentHash === mark.contentHash;
  // A copy in the place of the one that died: under its key, by which destinations know the effect that it may have had.
  if (!mark.settled && isSame && mark.key.startsWith(`${dedupeKey(event)}\n`))
    return { kind: "apply", key: mark.key, mark: { ...candidate, key: mark.key } };
  if (!mark.settled) return { kind: "apply", key, mark: candidate };
  if (isSame) return { kind: "repeat", key, of: mark.eventId };
  if (event.order.kind === "time") return { kind: "apply", key, mark: candidate };
  return { kind: "conflict", key, of: mark.eventId, reason: "another body has the same version" };
}

/** Whether an operator's retry of an event would overwrite a newer state from the same source, or one further along its life. */
export function movedOn(event: EntityEvent, mark: Mark | undefined): boolean {
  if (mark === undefined || mark.eventId === event.id || !tellsAll(event)) return false;
  const stands = compareTokens(event.order, mark.order);
  return stands === "older" || (stands === "equal" && event.rank < mark.rank);
}
