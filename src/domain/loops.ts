import type { EntityEvent } from "./event.ts";
import type { JsonValue } from "./json.ts";
import type { Marks, Said } from "./sequencing.ts";

/** What is remembered of each stream: enough to see a quarrel, little enough to travel in one row. */
const SAID_KEPT = 8;
/**
 * Of what we say to a destination more, since each may still be echoed: an echo that comes after so many newer writes of
 * the same record within five minutes, none of them heard back, is taken for news.
 */
const OUTWARD_KEPT = 256;
/** Two systems that correct each other do it within minutes; people do not change a record back and forth so often. */
const LOOP_WINDOW_MS = 600_000;
const SAME_AGAIN = 4;
const CONTRADICTED = 3;
/** An echo comes as soon as the other system's own event is sent; its retries may take longer, but then it is known by its id. */
const ECHO_WINDOW_MS = 300_000;

/** The stream of what we send to a destination: kept beside those of the sources, and never a source's name. */
export const outwardStream = (destination: string): string => `to:${destination}`;
export const isOutward = (stream: string): boolean => stream.startsWith("to:");

/** A short digest of what an event says: its canonical fields in order of name, without what nobody maps. Not for secrets. */
export function digestOf(event: EntityEvent): string | null {
  if (event.payload.at !== "inline") return null;
  const { extra: _extra, ...data } = event.payload.data;
  return fnv(`${event.deleted ? "-" : "+"}${sorted(data)}`);
}

const sorted = (value: JsonValue): string =>
  typeof value !== "object" || value === null
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? `[${(value as readonly JsonValue[]).map(sorted).join(",")}]`
      : `{${Object.entries(value)
          .toSorted(([left], [right]) => (left < right ? -1 : 1))
          .map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`)
          .join(",")}}`;

/** FNV-1a over UTF-16 units, twice with different starts: 64 bits that tell contents apart, and nothing more. */
function fnv(text: string): string {
  let [left, right] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    left = Math.imul(left ^ code, 0x01000193);
    right = Math.imul(right ^ code, 0x85ebca6b);
  }
  return (left >>> 0).toString(16).padStart(8, "0") + (right >>> 0).toString(16).padStart(8, "0");
}

export const withSaid = (said: readonly Said[] | undefined, now: Said): readonly Said[] => [...(said ?? []), now].slice(-SAID_KEPT);

/** The end of an event's id: enough to tell a record's events apart. */
export const saidBy = ({ id }: Pick<EntityEvent, "id">): string => id.slice(-12);

/** What was said to a destination, of which an echo may still come: in the order in which it goes out, which is before what is `behind`. */
export function withSaidTo(said: readonly Said[], now: Said, behind: ReadonlySet<string>): readonly Said[] {
  const kept = said.filter(({ atMs }) => now.atMs - atMs <= ECHO_WINDOW_MS);
  return kept.toSpliced(placeBefore(kept, behind), 0, now).slice(-OUTWARD_KEPT);
}

/** Where the first of what these events say stands; the end if none of it does. */
function placeBefore(said: readonly Said[], behind: ReadonlySet<string>): number {
  const place = said.findIndex(({ by }) => by !== undefined && behind.has(by));
  return place === -1 ? said.length : place;
}

/**
 * What may still be echoed once this was: its system has got as far as that, and tells of nothing before it any more. But
 * what is still owed to it may have been overtaken, and comes there only now.
 */
export const withHeardBack = (said: readonly Said[], digest: string, owed: ReadonlySet<string>): readonly Said[] => {
  const first = said.findIndex((each) => each.digest === digest) >>> 0;
  return said.filter(({ by = "" }, index) => index >= first || owed.has(by));
};

/**
 * Whether something that goes out now must be said anew: it was so long ago that its echo might not be known any more, or
 * behind something that goes out later.
 */
export function isStale(said: readonly Said[], { digest, atMs, by }: Said, behind: ReadonlySet<string>): boolean {
  const end = placeBefore(said, behind);
  return !said.some((each, index) => index < end && each.by === by && each.digest === digest && atMs - each.atMs <= ECHO_WINDOW_MS / 5);
}

export type Heard =
  | { readonly kind: "news" }
  /** What comes back is what we wrote there ourselves. */
  | { readonly kind: "echo"; readonly destination: string }
  /** This system and another one take turns in setting the record back. */
  | { readonly kind: "loop"; readonly with: readonly string[]; readonly times: number };

/**
 * What an event is to the conversation about its entity. `echoOf` are the destinations that are the same system as the
 * event's source. What a person puts in again is always news.
 */
export function hear(
  event: EntityEvent,
  digest: string | null,
  known: { readonly stream: string; readonly marks: Marks; readonly echoOf: readonly string[]; readonly nowMs: number },
): Heard {
  if (digest === null || event.replayOf !== undefined || event.nature === "hint") return { kind: "news" };
  const { marks, nowMs } = known;
  const echoed = known.echoOf.find((destination) =>
    (marks[outwardStream(destination)]?.said ?? []).some((said) => said.digest === digest && nowMs - said.atMs <= ECHO_WINDOW_MS),
  );
  if (echoed !== undefined) return { kind: "echo", destination: echoed };
  const recent = (stream: string): readonly Said[] => (marks[stream]?.said ?? []).filter(({ atMs }) => nowMs - atMs <= LOOP_WINDOW_MS);
  const times = 1 + recent(known.stream).filter((said) => said.digest === digest).length;
  const others = Object.keys(marks).filter((stream) => stream !== known.stream && !isOutward(stream));
  const against = others.filter((stream) => recent(stream).filter((said) => said.digest !== digest).length >= CONTRADICTED);
  return times >= SAME_AGAIN && against.length > 0 ? { kind: "loop", with: against, times } : { kind: "news" };
}
