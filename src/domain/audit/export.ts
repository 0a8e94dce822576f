import { claimsErasure, erasureOf, type ChainHead, type Entry } from "../timeline.ts";

/** What an export is of, and which part of it this is: each part names the digest of the one before. */
export interface ExportPart {
  readonly from: string;
  readonly to: string;
  readonly part: number;
  readonly before: string;
}

export const EXPORT_FORMAT = "signalbox audit 1";
export const FIRST_PART = { part: 1, before: "0".repeat(64) };

/** A chain, as far as its lines are of the period: the line before the first of them, and where the chain ended when it was read. */
export interface ExportedChain {
  /** `kind/key` of a record, or `operators`. */
  readonly chain: string;
  readonly base: ChainHead;
  readonly head: ChainHead;
}

type ExportLine = object;

export const beginLine = (part: ExportPart): ExportLine => ({ line: "begin", format: EXPORT_FORMAT, ...part });
export const chainLine = (chain: ExportedChain): ExportLine => ({ line: "chain", ...chain });
export const entryLine = (chain: string, entry: Entry): ExportLine => ({ line: "entry", chain, ...entry });

/** What is signed of a part. The digest covers every byte of it before the line that holds the signature. */
export const manifestOf = (
  part: ExportPart,
  of: { readonly sha256: string; readonly lines: number; readonly last: boolean; readonly at: string },
): object => ({
  format: EXPORT_FORMAT,
  ...part,
  ...of,
});

/**
 * The lines of a chain that are of a period: one unbroken run, although clocks may differ a little from line to line. If
 * an erasure changed one of them, the run goes on to the line that vouches for what is left.
 */
export function runWithin(entries: readonly Entry[], period: { readonly fromMs: number; readonly toMs: number }): readonly Entry[] {
  const first = entries.findIndex(({ atMs }) => atMs >= period.fromMs);
  const last = entries.findLastIndex(({ atMs }) => atMs < period.toMs);
  if (first === -1 || last < first) return [];
  const isErased = entries.slice(first, last + 1).some(claimsErasure);
  const vouching = isErased ? entries.findLastIndex((entry) => erasureOf(entry) !== null) : -1;
  return entries.slice(first, Math.max(last, vouching) + 1);
}
