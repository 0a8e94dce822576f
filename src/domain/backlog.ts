import { PRIORITIES, type Priority } from "./event.ts";

/** How old the oldest message of a class was when a consumer last took some, and when that was. */
export interface Reading {
  readonly ageMs: number;
  readonly atMs: number;
}
export type Backlog = Readonly<Record<Priority, Reading>>;

const NONE: Reading = { ageMs: 0, atMs: 0 };
export const NO_BACKLOG: Backlog = { critical: NONE, standard: NONE, bulk: NONE };

/** A reading that nobody has renewed for this long says nothing any more: the class may simply be empty. */
const FRESH_MS = 60_000;

/** While a more urgent class waits longer than this, bulk stands back; so the urgent one has consumers and destinations to itself. */
const YIELDS_TO: Readonly<Partial<Record<Priority, number>>> = { critical: 30_000, standard: 300_000 };
/** How long a batch that stands back comes again after; also the longest that urgent traffic can hold bulk back once it has caught up. */
export const DEFERRED_SECONDS = 30;
/** Bulk that waits longer than this is told to come later: it would only wait here. */
const REFUSED_AFTER_MS = 900_000;
export const REFUSED_SECONDS = 60;

export const ageOf = (backlog: Backlog, priority: Priority, nowMs: number): number => {
  const { ageMs, atMs } = backlog[priority];
  return nowMs - atMs <= FRESH_MS ? ageMs : 0;
};

/** Why a batch of this class should come again later instead of now; null if it should not. Only ever bulk. */
export function deferral(backlog: Backlog, priority: Priority, nowMs: number): string | null {
  if (priority !== "bulk") return null;
  const urgent = PRIORITIES.find((other) => ageOf(backlog, other, nowMs) > (YIELDS_TO[other] ?? Number.POSITIVE_INFINITY));
  return urgent === undefined ? null : `${urgent} messages wait for ${Math.round(ageOf(backlog, urgent, nowMs) / 1000)} s`;
}

/** Whether a request whose events are of this class should be told to come later. Only ever bulk: the others are always taken. */
export const refusesAtIngest = (backlog: Backlog, priority: Priority, nowMs: number): boolean =>
  priority === "bulk" && ageOf(backlog, "bulk", nowMs) > REFUSED_AFTER_MS;

/** A newer reading of one class. Of two isolates' at once the older age counts: the backlog is as bad as the worst of it. */
export function withReading(backlog: Backlog, priority: Priority, reading: Reading): Backlog {
  const before = backlog[priority];
  const together = reading.atMs - before.atMs < 5_000;
  return { ...backlog, [priority]: { ageMs: together ? Math.max(before.ageMs, reading.ageMs) : reading.ageMs, atMs: reading.atMs } };
}
