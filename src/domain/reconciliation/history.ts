import { NO_PROGRESS, type Run, type RunMode } from "./run.ts";

/** A run as one point of a series. */
export interface RunPoint {
  readonly id: string;
  readonly mode: RunMode;
  readonly state: "running" | "done" | "failed";
  readonly startedAtMs: number;
  readonly tookMs: number;
  readonly compared: number;
  readonly found: number;
  readonly healed: number;
  readonly repairs: number;
  readonly adopted: number;
  /** Findings of each thousand records compared; null if none was. */
  readonly foundPerThousand: number | null;
}

export function pointOf(stored: { readonly run: Run; readonly state: RunPoint["state"]; readonly updatedAtMs: number }): RunPoint {
  const { run, state, updatedAtMs } = stored;
  const { compared, opened, healed, repairs, adopted } = { ...NO_PROGRESS, ...run.progress };
  return {
    id: run.id,
    mode: run.mode,
    state,
    startedAtMs: run.startedAtMs,
    tookMs: Math.max(0, updatedAtMs - run.startedAtMs),
    compared,
    found: opened,
    healed,
    repairs,
    adopted,
    foundPerThousand: compared === 0 ? null : Math.round((opened / compared) * 100_000) / 100,
  };
}

/** When a finding began, as far as that is known, when it was told and when it ended. */
export interface FindingTimes {
  readonly changedAtMs: number | null;
  readonly openedAtMs: number;
  /** Of what was repaired or healed; null of what is not over, or was accepted. */
  readonly endedAtMs: number | null;
}

export interface Spread {
  readonly count: number;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

/** How long findings took to be told since the record was changed, and from then on to their end. */
export const spreadsOf = (times: readonly FindingTimes[]): { readonly detect: Spread; readonly repair: Spread } => ({
  detect: spread(times.flatMap(({ changedAtMs, openedAtMs }) => (changedAtMs === null ? [] : [openedAtMs - changedAtMs]))),
  repair: spread(times.flatMap(({ openedAtMs, endedAtMs }) => (endedAtMs === null ? [] : [endedAtMs - openedAtMs]))),
});

/** By nearest rank: each is the time of one of them. */
function spread(values: readonly number[]): Spread {
  const sorted = values.map((value) => Math.max(0, value)).toSorted((left, right) => left - right);
  const rank = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { count: sorted.length, medianMs: rank(0.5), p95Ms: rank(0.95) };
}
