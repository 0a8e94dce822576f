import type { Watermark, Window } from "./watermark.ts";

/** A run compares what has changed, or everything. As a baseline it takes for known what only the system has, and tells of the rest. */
export const RUN_MODES = ["changes", "full", "baseline"] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const comparesAll = ({ mode }: Pick<Run, "mode">): boolean => mode !== "changes";

/**
 * What a run does, in this order. Only a run over everything has the middle three: `sweep` goes through all that we know, `trace`
 * finds which of it the system does not have.
 */
export const PHASES = ["pages", "sweep", "trace", "recheck", "repair", "done"] as const;
export type Phase = (typeof PHASES)[number];

export interface Progress {
  readonly pages: number;
  /** Records compared. */
  readonly compared: number;
  readonly opened: number;
  readonly healed: number;
  readonly repairs: number;
  /** Records taken for known by a baseline. */
  readonly adopted: number;
}

export const NO_PROGRESS: Progress = { pages: 0, compared: 0, opened: 0, healed: 0, repairs: 0, adopted: 0 };

/** A run as it is stored after every page: all that the next page needs, so that a crash costs one page. */
export interface Run {
  readonly id: string;
  readonly reconciliation: string;
  readonly mode: RunMode;
  readonly phase: Phase;
  readonly startedAtMs: number;
  readonly startedBy: string;
  readonly window: Window;
  readonly watermark: Watermark;
  readonly serverAtStartMs: number | null;
  readonly cursor: string | null;
  /** The system's token at the end of its pages. */
  readonly token: string | null;
  /** Ids on the page before, which a shifting page may show again. */
  readonly lastIds: readonly string[];
  /** Digests of what the system does not have. */
  readonly missing: readonly string[];
  /** How large a difference the sketch of a full run can tell. */
  readonly differences: number;
  readonly progress: Progress;
  readonly problem: string | null;
}

const CHANGES: Readonly<Partial<Record<Phase, Phase>>> = { pages: "recheck", recheck: "repair", repair: "done" };
const ALL: Readonly<Partial<Record<Phase, Phase>>> = { ...CHANGES, pages: "sweep", sweep: "trace", trace: "recheck" };

/** The run in its next phase. */
export const onward = (run: Run): Run => ({
  ...run,
  phase: (comparesAll(run) ? ALL : CHANGES)[run.phase] ?? "done",
  cursor: null,
  lastIds: [],
});
