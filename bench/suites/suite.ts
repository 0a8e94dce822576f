import type { SuiteResult } from "../report.ts";

export interface Scope {
  readonly quick: boolean;
  /** Also what takes many minutes: a history of a million events. */
  readonly full: boolean;
  /** For everything that is stored; a fresh one for each suite. */
  readonly directory: string;
}

/** A part of the benchmark. Rejects only when it could not measure; a missed budget is a row. */
export type Suite = (scope: Scope) => Promise<SuiteResult>;
