import type { Status } from "./outcome.ts";

/** One of the newest events, as far as the overview needs it. */
export interface RecentEvent {
  readonly kind: string | null;
  readonly status: string;
  readonly receivedAtMs: number;
  /** When its last attempt ended; null if there was none. */
  readonly settledAtMs: number | null;
}

/** What an event's status means to somebody who waits for the record. */
export type Standing = "arrived" | "underWay" | "needsPerson" | "notNeeded";

const STANDING: Readonly<Record<Status, Standing>> = {
  delivered: "arrived",
  superseded: "notNeeded",
  ignored: "notNeeded",
  cancelled: "notNeeded",
  pending: "underWay",
  retrying: "underWay",
  held: "underWay",
  dead: "needsPerson",
  quarantined: "needsPerson",
};

const standingOfEvent = (status: string): Standing => (Object.hasOwn(STANDING, status) ? STANDING[status as Status] : "underWay");

/** Upper ends of the classes in which times from receipt to effect are counted, in milliseconds; the last class has none. */
const LATENCY_CLASSES_MS = [100, 250, 500, 1_000, 5_000, 30_000, Number.POSITIVE_INFINITY] as const;

export interface RecentSummary {
  readonly events: number;
  readonly sinceMs: number | null;
  /** From receipt to the last destination's effect, of those that arrived; null if none did. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly latency: readonly { readonly upToMs: number | null; readonly events: number }[];
  readonly kinds: readonly ({ readonly kind: string | null } & Readonly<Record<Standing, number>>)[];
}

/** Sums up the newest events: how fast they arrived, and where those of each kind of record stand. */
export function summarize(recent: readonly RecentEvent[]): RecentSummary {
  const times = recent
    .flatMap(({ status, receivedAtMs, settledAtMs }) =>
      status === "delivered" && settledAtMs !== null ? [settledAtMs - receivedAtMs] : [],
    )
    .toSorted((a, b) => a - b);
  return {
    events: recent.length,
    sinceMs: recent.length === 0 ? null : Math.min(...recent.map((event) => event.receivedAtMs)),
    medianMs: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    latency: LATENCY_CLASSES_MS.map((upToMs, index) => ({
      upToMs: Number.isFinite(upToMs) ? upToMs : null,
      events: times.filter((time) => time <= upToMs && time > (LATENCY_CLASSES_MS[index - 1] ?? Number.NEGATIVE_INFINITY)).length,
    })),
    kinds: [...new Set(recent.map((event) => event.kind))]
      .map((kind) => ({ kind, ...standings(recent.filter((event) => event.kind === kind)) }))
      .toSorted((a, b) => total(b) - total(a)),
  };
}

const total = (counts: Readonly<Record<Standing, number>>): number =>
  counts.arrived + counts.underWay + counts.needsPerson + counts.notNeeded;

function standings(events: readonly RecentEvent[]): Record<Standing, number> {
  const counts: Record<Standing, number> = { arrived: 0, underWay: 0, needsPerson: 0, notNeeded: 0 };
  for (const { status } of events) counts[standingOfEvent(status)]++;
  return counts;
}

/** The smallest value that at least this part of them does not exceed. */
const quantile = (sorted: readonly number[], part: number): number | null => sorted[Math.ceil(sorted.length * part) - 1] ?? null;
