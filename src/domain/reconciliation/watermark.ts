/** How a system's stamps behave; see ChangeReader. */
export interface StampFacts {
  readonly resolutionMs: number;
  readonly overlapMs: number;
  readonly lagMs: number;
}

/** Up to where a system's changes have been read. */
export interface Watermark {
  /** By the system's own clock; null before the first run. */
  readonly atMs: number | null;
  /** Of systems that keep their place by a token. */
  readonly token: string | null;
  /** How far the system's clock is ahead of ours, as last seen. */
  readonly skewMs: number;
}

export const NO_WATERMARK: Watermark = { atMs: null, token: null, skewMs: 0 };

export interface Window {
  /** Null: from the beginning. */
  readonly fromMs: number | null;
  readonly untilMs: number;
}

/**
 * What the next run reads: from the watermark less the overlap, since a stamp may become visible after later ones, up to
 * the system's present less the lag. Both ends are whole stamps of the system, so that none is cut in two.
 */
export function windowOf(watermark: Watermark, facts: StampFacts, nowMs: number): Window {
  const floor = (ms: number): number => Math.floor(ms / facts.resolutionMs) * facts.resolutionMs;
  return {
    fromMs: watermark.atMs === null ? null : floor(watermark.atMs - facts.overlapMs),
    untilMs: floor(nowMs + watermark.skewMs - facts.lagMs),
  };
}

/** What is known when the last page of a run is stored. */
export interface RunEnd {
  readonly window: Window;
  /** The system's clock when the first page was read; null where it does not tell. */
  readonly serverAtStartMs: number | null;
  /** Our clock at that moment. */
  readonly startedAtMs: number;
  readonly token: string | null;
}

/**
 * The watermark after a run. Never beyond what the system's own clock had reached when the run began: what it stamps
 * later with an earlier time than ours would be passed over.
 */
export function advanced(before: Watermark, end: RunEnd, facts: StampFacts): Watermark {
  const { serverAtStartMs, startedAtMs, window } = end;
  const skewMs = serverAtStartMs === null ? before.skewMs : serverAtStartMs - startedAtMs;
  const reached = serverAtStartMs === null ? window.untilMs : Math.min(window.untilMs, serverAtStartMs - facts.lagMs);
  return { atMs: Math.max(reached, before.atMs ?? Number.NEGATIVE_INFINITY), token: end.token ?? before.token, skewMs };
}
