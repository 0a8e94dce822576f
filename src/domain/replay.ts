import type { ReplayConfig, ReplayWindow } from "./config.ts";
import { LIMITS } from "./limits.ts";
import { compareTokens, type OrderToken } from "./order.ts";
import { endOfWorkMs } from "./replay-window.ts";
import type { Marks } from "./sequencing.ts";

/** `planned` until its runner is ready; the last two are ends. */
export const REPLAY_STATES = ["planned", "waitingForApproval", "running", "done", "cancelled"] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

/** Which events are put in again. Times are ISO 8601; `from` inclusive, `to` exclusive; `entity` is `<kind>/<key>`. */
export interface ReplayQuery {
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: string | undefined;
  readonly class?: string | undefined;
  readonly destination?: string | undefined;
  readonly entity?: string | undefined;
  readonly from: string;
  readonly to: string;
}

export interface ReplayRequest {
  readonly query: ReplayQuery;
  /** Where alone the events go; null: where today's routes send them. */
  readonly destinations: readonly string[] | null;
  /** Whether they go over newer states of their entities. */
  readonly force: boolean;
  readonly ratePerSecond: number;
  readonly window: ReplayWindow | null;
  readonly reason: string;
}

/** What decides whether an event can be put in again, as the index tells. */
export interface Replayable {
  readonly status: string;
  readonly verdict: string;
  readonly hasRaw: boolean;
  readonly hasReason: boolean;
}

const UNDER_WAY: readonly string[] = ["pending", "retrying", "held"];

/** Why an event cannot be put in again, in words; null if it can. */
export function whyNotReplayable(event: Replayable): string | null {
  if (event.verdict === "failed") return "its sender failed to prove itself";
  if (UNDER_WAY.includes(event.status)) return "it is still on its way";
  if (!event.hasRaw) return "its raw body is not kept";
  return event.status === "quarantined" && !event.hasReason ? "it is in quarantine without a reason" : null;
}

/** Matching events that have all of this in common. */
export interface ReplayTally extends Replayable {
  readonly source: string;
  readonly kind: string | null;
  readonly events: number;
}

/** One matching event, as far as its entity's newest states are held against it. */
export interface ReplayCandidate extends Replayable {
  readonly id: string;
  readonly entity: string;
  /** Its source, and the account of it. */
  readonly origin: string;
  readonly nature: string | null;
  readonly order: OrderToken;
}

/** What a replay would do to one entity. */
export interface EntityEffect {
  readonly entity: string;
  readonly events: number;
  readonly newestOrder: OrderToken;
  /** The newest state that it has taken from the same source; null if it has none with an order. */
  readonly appliedOrder: OrderToken | null;
  /** Events that would end `superseded`, since a newer state was taken. */
  readonly refused: number;
}

export interface ReplayPlan {
  readonly events: number;
  /** Of them, what will be put in. */
  readonly replayable: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly bySource: Readonly<Record<string, number>>;
  readonly byKind: Readonly<Record<string, number>>;
  readonly entities: number;
  readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
  readonly sample: readonly EntityEffect[];
  /** Events that newer states keep out. `complete` if all entities were asked; else it counts those that were. */
  readonly movedOn: { readonly events: number; readonly entitiesAsked: number; readonly complete: boolean };
  readonly estimatedSeconds: number;
  /** When it would be done if it began now, windows included; null if not within a month, or never. */
  readonly estimatedEndMs: number | null;
  readonly needsApproval: boolean;
}

export type PlanCounts = Pick<ReplayPlan, "events" | "replayable" | "byStatus" | "bySource" | "byKind" | "notReplayable">;

export function countPlan(tallies: readonly ReplayTally[]): PlanCounts {
  const byStatus: Record<string, number> = {};
  const bySource: Record<string, number> = {};
  const byKind: Record<string, number> = {};
  const blocked: Record<string, number> = {};
  let [events, replayable] = [0, 0];
  const add = (to: Record<string, number>, key: string, count: number): void => void (to[key] = (to[key] ?? 0) + count);
  for (const tally of tallies) {
    events += tally.events;
    add(byStatus, tally.status, tally.events);
    add(bySource, tally.source, tally.events);
    add(byKind, tally.kind ?? "none", tally.events);
    const why = whyNotReplayable(tally);
    if (why === null) replayable += tally.events;
    else add(blocked, why, tally.events);
  }
  return {
    events,
    replayable,
    byStatus,
    bySource,
    byKind,
    notReplayable: Object.entries(blocked).map(([why, count]) => ({ why, events: count })),
  };
}

/** What an entity's events would come to, held against its newest states. `candidates` are all of one entity. */
export function effectOn(entity: string, candidates: readonly ReplayCandidate[], marks: Marks): EntityEffect {
  const applied = candidates.map((event) => newestMark(event, marks)).find((order) => order !== null) ?? null;
  return {
    entity,
    events: candidates.length,
    newestOrder: newestOf(candidates.map((event) => event.order)),
    appliedOrder: applied,
    refused: candidates.filter((event) => whyNotReplayable(event) === null && isOvertaken(event, marks)).length,
  };
}

/** The marks that an event may be compared with: of its origin, and of the origin's parts, which the index does not name. */
const marksOf = (event: ReplayCandidate, marks: Marks): readonly OrderToken[] =>
  Object.entries(marks).flatMap(([stream, mark]) => (stream === event.origin || stream.startsWith(`${event.origin}#`) ? [mark.order] : []));

const newestMark = (event: ReplayCandidate, marks: Marks): OrderToken | null => {
  const orders = marksOf(event, marks);
  return orders.length === 0 ? null : newestOf(orders);
};

/** Whether the entity's object would let it end as superseded. A change applies whatever came after it. */
function isOvertaken(event: ReplayCandidate, marks: Marks): boolean {
  const orders = marksOf(event, marks);
  return event.nature !== "delta" && orders.length > 0 && orders.every((order) => compareTokens(event.order, order) === "older");
}

const newestOf = (orders: readonly OrderToken[]): OrderToken =>
  orders.reduce((newest, order) => (newest.kind === "none" || compareTokens(order, newest) === "newer" ? order : newest), { kind: "none" });

/** A large replay, and one that goes over newer states, takes two people. */
export const needsApproval = (events: number, force: boolean, config: ReplayConfig | undefined): boolean =>
  force || events > (config?.approvalAbove ?? LIMITS.replayApprovalAbove);

/** Four eyes: whoever asked cannot approve. Null if `actor` may. */
export const whyNotApprove = (askedBy: string, actor: string): string | null =>
  askedBy === actor ? "you asked for this replay: another person must approve it" : null;

/** The rate that is kept, whatever was asked. */
export const rateOf = (asked: number | undefined, config: ReplayConfig | undefined): number =>
  Math.min(asked ?? LIMITS.replayPerSecond, config?.perSecond ?? LIMITS.replayPerSecondMax, LIMITS.replayPerSecondMax);

/** How far a replay is. Of `total`, `done` were put in, `refused` cannot be, `failed` could not be. Times in ms since 1970. */
export interface ReplayProgress {
  readonly done: number;
  readonly refused: number;
  readonly failed: number;
  readonly total: number;
  /** The original event that was dealt with last. */
  readonly cursor: string | null;
  readonly startedAtMs: number;
  readonly etaSeconds: number | null;
  /** Outside its window: when that opens. */
  readonly waitsUntilMs: number | null;
  readonly problems: readonly ReplayProblem[];
}

/** Why events were refused or failed, with one of them. */
export interface ReplayProblem {
  readonly why: string;
  readonly events: number;
  readonly example: string;
}

/** What became of one original event. */
export type Repeated =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

export type ReplayCounts = Pick<ReplayProgress, "done" | "refused" | "failed" | "problems">;

export const NO_COUNTS: ReplayCounts = { done: 0, refused: 0, failed: 0, problems: [] };

export function countRepeated(counts: ReplayCounts, id: string, result: Repeated): ReplayCounts {
  const counted = { ...counts, [result.kind]: counts[result.kind] + 1 };
  if (result.kind === "done") return counted;
  const why = result.why.slice(0, LIMITS.detailCharacters);
  const known = counts.problems.some((problem) => problem.why === why);
  if (!known && counts.problems.length >= LIMITS.replayProblemsKept) return counted;
  const problems = known
    ? counts.problems.map((problem) => (problem.why === why ? { ...problem, events: problem.events + 1 } : problem))
    : [...counts.problems, { why, events: 1, example: id }];
  return { ...counted, problems };
}

/** Seconds until all is put in, at its rate and in its windows. */
export function etaSecondsOf(
  left: number,
  rate: number,
  at: { readonly nowMs: number; readonly open: (atMs: number) => boolean },
): number | null {
  const endMs = endOfWorkMs(at.open, at.nowMs, (Math.max(0, left) / rate) * 1_000);
  return endMs === null ? null : Math.ceil((endMs - at.nowMs) / 1_000);
}

/** A replay as it is kept: what was asked and by whom, what it will do, and how far it is. */
export interface StoredReplay {
  readonly id: string;
  readonly state: ReplayState;
  readonly request: ReplayRequest;
  readonly plan: ReplayPlan;
  readonly progress: ReplayProgress | null;
  readonly askedBy: string;
  readonly approvedBy: string | null;
  readonly cancelledBy: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What is to be done about it now, and by whom. */
export function nextStepOf(replay: {
  readonly state: ReplayState;
  readonly askedBy: string;
  readonly progress: ReplayProgress | null;
}): string {
  const { state, progress } = replay;
  switch (state) {
    case "planned":
      return "it starts within a minute; if it does not, cancel it and ask again";
    case "waitingForApproval":
      return `an approver other than ${replay.askedBy} approves it, or an operator cancels it`;
    case "running":
      return progress?.waitsUntilMs == null
        ? "nothing: it runs, and an operator may cancel it"
        : `nothing: it goes on by itself at ${new Date(progress.waitsUntilMs).toISOString()}, when its window opens`;
    case "done":
      return progress !== null && progress.failed > 0
        ? "look at the problems, mend what they name, and replay what failed"
        : "nothing: every event was put in; each tells by its own id what became of it";
    case "cancelled":
      return "nothing: what was put in already goes on by itself";
  }
}
