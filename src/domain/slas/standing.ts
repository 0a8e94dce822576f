/** What the index holds of an SLA at a moment. */
export interface SlaReading {
  readonly name: string;
  readonly atMs: number;
  readonly window: SlaCounts;
  readonly recent: SlaCounts;
  /** Begun, not ended, still in time. At most LIMITS.overviewCounted are counted, as of the next. */
  readonly open: number;
  /** Late and not ended yet. */
  readonly overdue: number;
}

/** A span whose end did not come in time. */
export interface LateSpan {
  /** The record's key, or the event's id where each event is a span. */
  readonly subject: string;
  readonly kind: string;
  readonly entityKey: string;
  /** The event that began it. */
  readonly eventId: string;
  readonly startMs: number;
  readonly dueMs: number;
  /** When it ended after all. */
  readonly endMs: number | null;
  /** Taken back after it was late. */
  readonly withdrawn: boolean;
}

/** Late spans, the latest deadline first. `waiting`: those whose end is still owed. */
export interface LateQuery {
  readonly sla: string;
  readonly state: "waiting" | "ended" | "all";
  readonly before?: { readonly dueMs: number; readonly subject: string } | undefined;
  readonly limit: number;
}

/** What was decided in one part of a window. `lags` counts ended spans by LAG_CLASSES. */
export interface SlaCounts {
  readonly good: number;
  readonly bad: number;
  readonly lags: readonly number[];
}

/** Upper ends of the classes in which the time from start to end is counted, as parts of the time there was; then one without end. */
export const LAG_CLASSES = [0.1, 0.25, 0.5, 1, 2, 4] as const;

export const NO_COUNTS: SlaCounts = { good: 0, bad: 0, lags: [...LAG_CLASSES, 0].map(() => 0) };

export const addCounts = (a: SlaCounts, b: SlaCounts): SlaCounts => ({
  good: a.good + b.good,
  bad: a.bad + b.bad,
  lags: a.lags.map((count, index) => count + (b.lags[index] ?? 0)),
});

/**
 * `breached`: more is bad within the window than its target allows. `atRisk`: it would be, if all went on as in the
 * window's last twelfth. `noData`: nothing was decided.
 */
export type SlaState = "met" | "atRisk" | "breached" | "noData";

export interface SlaStanding {
  readonly state: SlaState;
  /** The part that was good; null if nothing was decided. */
  readonly attainment: number | null;
  readonly badShare: number | null;
  /**
   * How many times faster than allowed the error budget is used up (Site Reliability Workbook, chapter 5): 1 uses it up
   * exactly within the window. Of the whole window, and of its last twelfth, which ends first when things are well again.
   */
  readonly burnRate: number | null;
  readonly recentBurnRate: number | null;
}

/** The part of a window that counts as recent: a twelfth, as that chapter advises. */
export const RECENT_PART = 1 / 12;

/** How an SLA stands, for whoever shows it or alerts by it. An alert wants both burn rates above its threshold. */
export function standingOf(counts: { readonly window: SlaCounts; readonly recent: SlaCounts }, target: number): SlaStanding {
  const badShare = shareOf(counts.window);
  const burnRate = burn(badShare, target);
  const recentBurnRate = burn(shareOf(counts.recent), target);
  if (badShare === null || burnRate === null) return { state: "noData", attainment: null, badShare, burnRate, recentBurnRate };
  const state = burnRate > 1 ? "breached" : (recentBurnRate ?? 0) > 1 ? "atRisk" : "met";
  return { state, attainment: 1 - badShare, badShare, burnRate, recentBurnRate };
}

const shareOf = ({ good, bad }: SlaCounts): number | null => (good + bad === 0 ? null : bad / (good + bad));

/** Rounded, so that 7 of 100 against 93 % is exactly 1 and not a breath above it. */
const burn = (badShare: number | null, target: number): number | null =>
  badShare === null ? null : Math.round((badShare / (1 - target)) * 1e6) / 1e6;

/** The class's upper end that at least this part of the ended spans does not exceed, in milliseconds; null: none ended, or beyond all. */
export function lagAtMostMs({ lags }: SlaCounts, part: number, withinMs: number): number | null {
  const all = lags.reduce((sum, count) => sum + count, 0);
  let counted = 0;
  for (const [index, upTo] of LAG_CLASSES.entries()) {
    counted += lags[index] ?? 0;
    if (all > 0 && counted >= all * part) return upTo * withinMs;
  }
  return null;
}
