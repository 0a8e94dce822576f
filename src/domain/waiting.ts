import type { EntityEvent } from "./event.ts";

/** How long changes of a source may wait for the ones before them. */
export interface Patience {
  /** Every change waits this long before it is sent, so that an earlier one that comes late still goes first. 0: none does. */
  readonly windowMs: number;
  /** A change that follows a missing one waits this long for it. */
  readonly gapMs: number;
}

export const DEFAULT_PATIENCE: Patience = { windowMs: 0, gapMs: 30_000 };

/** For a missing change, for late ones, or for a request that its object has not outlived and that may still come in. */
export interface Wait {
  readonly for: "gap" | "window" | "stray";
  readonly untilMs: number;
  readonly reason: string;
}

/**
 * Whether a change should wait before it is sent. Only changes whose parts are not known apart do: a whole state makes
 * the ones before it unnecessary. `through` is the last change up to which none is missing; null if none was seen.
 */
export function waitOf(event: EntityEvent, through: bigint | null, patience: Patience, nowMs: number): Wait | null {
  if (event.nature !== "delta" || event.scope !== undefined || event.order.kind === "none" || event.replayOf !== undefined) return null;
  const missing =
    event.consecutive === true && event.order.kind === "int" && through !== null ? BigInt(event.order.value) - through - 1n : 0n;
  if (missing > 0n && patience.gapMs > 0) {
    const first = (through ?? 0n) + 1n;
    const names = missing === 1n ? `change ${first}` : `changes ${first} to ${first + missing - 1n}`;
    return { for: "gap", untilMs: nowMs + patience.gapMs, reason: `waits for ${names}` };
  }
  return patience.windowMs > 0
    ? { for: "window", untilMs: nowMs + patience.windowMs, reason: "waits for changes that may come late" }
    : null;
}

/** The last change without a missing one before it, once `value` is there too, and what waits behind it. */
export function throughWith(through: bigint | null, value: bigint, waiting: readonly bigint[]): bigint {
  let last = through === null || value === through + 1n ? value : through;
  for (const next of waiting.toSorted((left, right) => (left < right ? -1 : 1))) if (next === last + 1n) last = next;
  return last;
}

/** The number of a change, where the sender counts them one by one. */
export const countOf = ({ consecutive, order }: EntityEvent): bigint | null =>
  consecutive === true && order.kind === "int" ? BigInt(order.value) : null;
