import type { Terms } from "./deployment.ts";
import type { LiveEvent } from "./traffic.ts";
import type { FindingSeen } from "./watching.ts";

export interface Lived extends LiveEvent {
  /** When the last of its destinations had it, or a newer state had taken its place. */
  readonly settledMs: number;
  /** How long its last attempt took, in ms. */
  readonly attemptMs: number;
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

export interface Spread {
  readonly medianSeconds: number;
  readonly p99Seconds: number;
  readonly maxSeconds: number;
}

function spread(timesMs: readonly number[]): Spread {
  const seconds = timesMs.map((each) => each / 1_000).toSorted((left, right) => left - right);
  const at = (share: number): number => seconds[Math.min(seconds.length - 1, Math.floor(seconds.length * share))] ?? 0;
  return { medianSeconds: at(0.5), p99Seconds: at(0.99), maxSeconds: at(1) };
}

/** How long live changes took from their sending until they were settled, and the attempts that settled them. */
export const timesTaken = (live: readonly Lived[]): { readonly settled: Spread; readonly attempts: Spread } => ({
  settled: spread(live.map(({ sentMs, settledMs }) => settledMs - sentMs)),
  attempts: spread(live.map(({ attemptMs }) => attemptMs)),
});
