import type { Priority } from "../event.ts";

/** Attempts under way, as a block that was leased together. */
export interface Held {
  readonly id: string;
  readonly count: number;
  readonly priority: Priority;
  readonly expiresAtMs: number;
}

/** Leases kept at once. A destination that needs more is asked for blocks, not for single permits. */
const MAX_LEASES = 1_024;

/** Without the leases whose holders were not heard of in time. The list is in order of expiry. */
export function live(leases: readonly Held[], nowMs: number): readonly Held[] {
  const first = leases.findIndex((held) => held.expiresAtMs > nowMs);
  return first === 0 || leases.length === 0 ? leases : first === -1 ? [] : leases.slice(first);
}

export const withoutLease = (leases: readonly Held[], id: string): readonly Held[] => {
  const index = leases.findIndex((held) => held.id === id);
  return index === -1 ? leases : leases.toSpliced(index, 1);
};

/** How long attempts under way have held their slots, on average, for one that is leased now would expire at `expiringMs`. */
export function meanAgeMs(leases: readonly Held[], expiringMs: number): number {
  const running = runningOf(leases);
  return running === 0 ? 0 : leases.reduce((sum, { count, expiresAtMs }) => sum + count * (expiringMs - expiresAtMs), 0) / running;
}

export const runningOf = (leases: readonly Held[]): number => leases.reduce((sum, held) => sum + held.count, 0);

/**
 * How many more may run. A tenth of the slots, at least one where there are two, is for critical alone: a slot comes free
 * only when an attempt ends, so what waits for one could wait as long as an attempt may take, whatever its share.
 */
export function freeSlots(leases: readonly Held[], concurrency: number, priority: Priority): number {
  if (leases.length >= MAX_LEASES) return 0;
  let running = 0;
  let others = 0;
  for (const held of leases) {
    running += held.count;
    if (held.priority !== "critical") others += held.count;
  }
  const kept = concurrency > 1 ? Math.max(1, Math.floor(concurrency / 10)) : 0;
  return Math.max(0, Math.min(concurrency - running, priority === "critical" ? concurrency : concurrency - kept - others));
}
