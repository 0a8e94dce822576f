import type { EventDetail, EventRow } from "../audit-record.ts";

/**
 * Counts by series: `events|<source>|<status>`, `attempts|<destination>|<result>`, `arrivals|<priority>|<class>` (of
 * the time from receipt to effect), `seconds|<priority>` (those times summed), `last|<source>` (newest receipt in ms).
 * All but the last add up; of that the largest counts.
 */
export type Measures = Readonly<Record<string, number>>;

/** Upper ends in seconds of the classes in which times from receipt to effect are counted; the last class has none. */
export const ARRIVAL_BOUNDS_SECONDS = [0.1, 0.25, 0.5, 1, 5, 30, 300] as const;

export const series = (...words: readonly string[]): string => words.join("|");
export const wordsOf = (name: string): readonly string[] => name.split("|");

const isLatest = (name: string): boolean => name.startsWith("last|");

/** Both together: adding is associative and commutative, so any isolate may bring its counts in any order. */
export function addMeasures(left: Measures, right: Measures): Measures {
  const sums: Record<string, number> = { ...left };
  for (const [name, value] of Object.entries(right))
    sums[name] = isLatest(name) ? Math.max(sums[name] ?? 0, value) : (sums[name] ?? 0) + value;
  return sums;
}

type Measured = Pick<EventRow, "source" | "status" | "priority" | "receivedAtMs"> & { readonly detail: Pick<EventDetail, "lanes"> };

/** What a batch's outcomes count as. */
export function measuresOf(rows: readonly Measured[]): Measures {
  const counts: Record<string, number> = {};
  const add = (name: string, value = 1): void => void (counts[name] = (counts[name] ?? 0) + value);
  for (const { source, status, priority, receivedAtMs, detail } of rows) {
    add(series("events", source, status));
    const latest = series("last", source);
    counts[latest] = Math.max(counts[latest] ?? 0, receivedAtMs);
    for (const { destination, attempts } of detail.lanes) for (const { result } of attempts) add(series("attempts", destination, result));
    const seconds = status === "delivered" ? arrivalSeconds(receivedAtMs, detail) : null;
    if (seconds === null) continue;
    const bound = ARRIVAL_BOUNDS_SECONDS.find((each) => seconds <= each);
    add(series("arrivals", priority, bound === undefined ? "+Inf" : String(bound)));
    add(series("seconds", priority), seconds);
  }
  return counts;
}

/** From receipt to the end of the last attempt; null if none was made. */
function arrivalSeconds(receivedAtMs: number, { lanes }: Pick<EventDetail, "lanes">): number | null {
  const ends = lanes.flatMap(({ attempts }) => attempts.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs));
  return ends.length === 0 ? null : Math.max(0, Math.max(...ends) - receivedAtMs) / 1000;
}

/** A point of Workers Analytics Engine: https://developers.cloudflare.com/analytics/analytics-engine/ */
export interface Point {
  readonly indexes: [string];
  readonly blobs: string[];
  readonly doubles: number[];
}

/** An invocation may write 250 points, and an index has at most 96 bytes. */
const POINTS_MAX = 200;
const INDEX_CHARACTERS = 96;

/**
 * A batch's counts as points: `blob1` what is counted, `blob2` source, destination or class, `blob3` status, result or
 * class of time; `double1` how many. The index is `blob2`, so that sampling is fair to each.
 */
export const pointsOf = (measures: Measures): readonly Point[] =>
  Object.entries(measures)
    .filter(([name]) => !isLatest(name))
    .slice(0, POINTS_MAX)
    .map(([name, value]) => {
      const [what = "", subject = "", detail = ""] = wordsOf(name);
      return { indexes: [subject.slice(0, INDEX_CHARACTERS)], blobs: [what, subject, detail], doubles: [value] };
    });
