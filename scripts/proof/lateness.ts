import type { Terms } from "./deployment.ts";
import type { LiveEvent } from "./traffic.ts";
import type { FindingSeen } from "./watching.ts";

export interface Lived extends LiveEvent {
  /** When the last of its destinations had it, or a newer state had taken its place. */
  readonly settledMs: number;
}

/**
 * Whether a `late` finding says what was so: by the sender's own clock a change of this record had been under way for longer
 * than the grace when it was told, and it was still under way when the run that told it began to look.
 */
export function wasHeldUp({ type, key, openedAt }: FindingSeen, live: readonly Lived[], { graceSeconds, everySeconds }: Terms): boolean {
  const toldAtMs = Date.parse(openedAt ?? "");
  return (
    type === "late" &&
    live.some(
      (event) =>
        event.key === key &&
        event.settledMs - event.sentMs > graceSeconds * 1_000 &&
        toldAtMs - event.sentMs > graceSeconds * 1_000 &&
        event.settledMs > toldAtMs - everySeconds * 1_000,
    )
  );
}

/** How long live changes took from their sending until they were settled. */
export function secondsTaken(live: readonly Lived[]): {
  readonly medianSeconds: number;
  readonly p99Seconds: number;
  readonly maxSeconds: number;
} {
  const taken = live.map(({ sentMs, settledMs }) => (settledMs - sentMs) / 1_000).toSorted((left, right) => left - right);
  const at = (share: number): number => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0;
  return { medianSeconds: at(0.5), p99Seconds: at(0.99), maxSeconds: at(1) };
}
