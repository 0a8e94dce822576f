import { whyUnmet } from "../conditions.ts";
import type { RouterConfig } from "../config.ts";
import type { EntityEvent } from "../event.ts";
import { readPath, type JsonObject } from "../json.ts";
import { scalarText } from "../mapping.ts";
import type { EventOutcome, LaneReport } from "../outcome.ts";
import { deadlineMs } from "./calendar.ts";
import { bucketMsOf, durationMs, isRate, type MilestoneSla, type RateSla, type SlaConfig } from "./declare.ts";

/**
 * What is known of one span: the first and the last word that begins it, the last that takes it back, the first that
 * ends it. Facts of one span join into one (`joinSpans`), in any order and any number of times, to the same.
 */
export interface SpanFact {
  readonly sla: string;
  /** The record's key, or the event's id where each event is a span. */
  readonly subject: string;
  readonly perEvent: boolean;
  readonly bucketMs: number;
  readonly kind: string;
  readonly entityKey: string;
  readonly eventId: string;
  readonly firstMs: number | null;
  readonly firstDueMs: number | null;
  readonly lastMs: number | null;
  readonly lastDueMs: number | null;
  readonly withdrawnMs: number | null;
  readonly endMs: number | null;
}

/** One event for a rate. `bad` follows from its status, or is its own whatever becomes of it. */
export interface RateFact {
  readonly sla: string;
  readonly eventId: string;
  readonly rev: number;
  /** Begin of the part of the window in which it was received. */
  readonly bucketMs: number;
  readonly bad: boolean;
  readonly byStatus: boolean;
}

export interface SlaFacts {
  readonly spans: readonly SpanFact[];
  readonly rates: readonly RateFact[];
}

export const NO_SLA_FACTS: SlaFacts = { spans: [], rates: [] };

/** Statuses that count as failed until somebody has mended them. */
export const FAILED_STATUSES: readonly string[] = ["dead", "quarantined"];

type Recorder = (event: EntityEvent, outcome: EventOutcome) => SlaFacts;

/** What an event and its outcome say for the declared SLAs; made once for a configuration. Nothing for events that none concerns. */
export function slaRecorder(config: Pick<RouterConfig, "slas">): Recorder {
  const declared = Object.entries(config.slas ?? {}).map(([name, sla]) => compiled(name, sla));
  if (declared.length === 0) return () => NO_SLA_FACTS;
  return (event, outcome) => {
    const facts = declared.map((record) => record(event, outcome));
    return { spans: facts.flatMap(({ spans }) => spans), rates: facts.flatMap(({ rates }) => rates) };
  };
}

function compiled(name: string, sla: SlaConfig): Recorder {
  const bucketMs = bucketMsOf(durationMs(sla.window) ?? 0);
  if (isRate(sla)) return rateRecorder(name, sla, bucketMs);
  const withinMs = durationMs(sla.within);
  return withinMs === null ? () => NO_SLA_FACTS : spanRecorder({ name, sla, bucketMs, withinMs });
}

/** Copies, older states and conflicts are no news of the record. */
const isNews = (outcome: EventOutcome): boolean =>
  outcome.of === undefined && outcome.status !== "superseded" && outcome.class !== "conflict";

const isFrom = (sources: readonly string[] | undefined, event: EntityEvent): boolean => sources?.includes(event.sourceName) ?? true;

function rateRecorder(sla: string, { rate, of }: RateSla, bucketMs: number): Recorder {
  return (event, outcome) => {
    if (outcome.of !== undefined || !isFrom(of?.source, event) || (of?.event ?? event.entity.kind) !== event.entity.kind)
      return NO_SLA_FACTS;
    const byStatus = rate === "failed";
    const bad = byStatus ? FAILED_STATUSES.includes(outcome.status) : event.replayOf !== undefined || event.replay !== undefined;
    const begin = event.receivedAtMs - (event.receivedAtMs % bucketMs);
    return { spans: [], rates: [{ sla, eventId: event.id, rev: outcome.rev, bucketMs: begin, bad, byStatus }] };
  };
}

interface Compiled {
  readonly name: string;
  readonly sla: MilestoneSla;
  readonly bucketMs: number;
  readonly withinMs: number;
}

const dataOf = ({ payload }: EntityEvent): JsonObject => (payload.at === "inline" ? payload.data : payload.outline);

function spanRecorder(compiledSla: Compiled): Recorder {
  const { name, sla, bucketMs } = compiledSla;
  const { from } = sla;
  const base = { sla: name, perEvent: from.per === "event", bucketMs };
  return (event, outcome) => {
    const said = base.perEvent ? ofEvent(compiledSla, event, outcome) : ofRecord(compiledSla, event, outcome);
    if (said === null) return NO_SLA_FACTS;
    const { subject, ...times } = said;
    const named = { kind: from.event ?? event.entity.kind, entityKey: base.perEvent ? event.entity.key : subject, eventId: event.id };
    return { spans: [{ ...base, ...named, subject, ...NO_TIMES, ...times }], rates: [] };
  };
}

type Times = Pick<SpanFact, "firstMs" | "firstDueMs" | "lastMs" | "lastDueMs" | "withdrawnMs" | "endMs">;
const NO_TIMES: Times = { firstMs: null, firstDueMs: null, lastMs: null, lastDueMs: null, withdrawnMs: null, endMs: null };
type Said = (Partial<Times> & { readonly subject: string }) | null;

/** Each event is a span: one that turns out to be of no use is taken back. */
function ofEvent(compiledSla: Compiled, event: EntityEvent, outcome: EventOutcome): Said {
  if (!begins(compiledSla.sla, event) || outcome.lanes.length === 0) return null;
  const useless = ["superseded", "ignored", "cancelled"].includes(outcome.status);
  // After it began, and never too late: what is of no use was not owed.
  const withdrawnMs = useless ? event.receivedAtMs + 1 : null;
  return { subject: event.id, ...begun(compiledSla, event), withdrawnMs, endMs: useless ? null : deliveredAt(compiledSla.sla, outcome) };
}

function ofRecord(compiledSla: Compiled, event: EntityEvent, outcome: EventOutcome): Said {
  if (!isNews(outcome)) return null;
  const { sla } = compiledSla;
  const ended = endedBy(sla, event);
  const own = event.entity.key;
  if (begins(sla, event)) {
    const endMs = ended?.subject === own ? ended.endMs : deliveredAt(sla, outcome);
    return { subject: own, ...begun(compiledSla, event), endMs };
  }
  if (takesBack(sla, event)) return { subject: own, withdrawnMs: event.receivedAtMs };
  return ended;
}

const begun = ({ sla, withinMs }: Compiled, { receivedAtMs }: EntityEvent): Partial<Times> => {
  const dueMs = Math.min(deadlineMs(receivedAtMs, withinMs, sla.calendar), Number.MAX_SAFE_INTEGER);
  return { firstMs: receivedAtMs, firstDueMs: dueMs, lastMs: receivedAtMs, lastDueMs: dueMs };
};

const isOf = ({ from }: MilestoneSla, event: EntityEvent): boolean =>
  (from.event ?? event.entity.kind) === event.entity.kind && isFrom(from.source, event);

const begins = (sla: MilestoneSla, event: EntityEvent): boolean =>
  isOf(sla, event) && !event.deleted && whyUnmet(sla.from.when, dataOf(event)) === null;

const takesBack = (sla: MilestoneSla, event: EntityEvent): boolean =>
  sla.from.withdrawn !== undefined && isOf(sla, event) && (event.deleted || whyUnmet(sla.from.withdrawn, dataOf(event)) === null);

/** The record whose span an event ends. */
function endedBy({ to }: MilestoneSla, event: EntityEvent): { readonly subject: string; readonly endMs: number } | null {
  if (!("event" in to) || to.event !== event.entity.kind || !isFrom(to.source, event)) return null;
  if (whyUnmet(to.when, dataOf(event)) !== null) return null;
  const subject = to.by === undefined ? event.entity.key : (scalarText(readPath(dataOf(event), to.by)) ?? "");
  return subject === "" ? null : { subject, endMs: event.receivedAtMs };
}

/** When the effect was there: after the successful attempt, in the slowest of the destinations that count; null before that. */
function deliveredAt({ to }: MilestoneSla, { lanes }: EventOutcome): number | null {
  if (!("delivered" in to)) return null;
  const wanted = lanes.filter(({ destination, status }) =>
    to.delivered === "all" ? status !== "superseded" && status !== "ignored" : destination === to.delivered,
  );
  const times = wanted.map(settledAt);
  return times.length === 0 || times.some((time) => time === null) ? null : Math.max(...times.map((time) => time ?? 0));
}

function settledAt({ status, attempts }: LaneReport): number | null {
  const last = attempts.at(-1);
  return status !== "delivered" || last === undefined ? null : last.startedAtMs + last.durationMs;
}

const least = (a: number | null, b: number | null): number | null => (a === null || b === null ? (a ?? b) : Math.min(a, b));
const most = (a: number | null, b: number | null): number | null => (a === null || b === null ? (a ?? b) : Math.max(a, b));

/** Two facts of one span as one. */
function joinSpans(a: SpanFact, b: SpanFact): SpanFact {
  const earlier = (a.firstMs ?? Number.POSITIVE_INFINITY) <= (b.firstMs ?? Number.POSITIVE_INFINITY) ? a : b;
  return {
    ...earlier,
    firstMs: least(a.firstMs, b.firstMs),
    firstDueMs: least(a.firstDueMs, b.firstDueMs),
    lastMs: most(a.lastMs, b.lastMs),
    lastDueMs: most(a.lastDueMs, b.lastDueMs),
    withdrawnMs: most(a.withdrawnMs, b.withdrawnMs),
    endMs: least(a.endMs, b.endMs),
  };
}

/** The facts of many reports: one for each span, and of each event's rate the newest. */
export function joinFacts(facts: readonly SlaFacts[]): SlaFacts {
  const spans = new Map<string, SpanFact>();
  for (const fact of facts.flatMap((each) => each.spans)) {
    const name = `${fact.sla}\n${fact.subject}`;
    const known = spans.get(name);
    spans.set(name, known === undefined ? fact : joinSpans(known, fact));
  }
  const rates = new Map<string, RateFact>();
  for (const fact of facts.flatMap((each) => each.rates)) {
    const name = `${fact.sla}\n${fact.eventId}`;
    if (fact.rev >= (rates.get(name)?.rev ?? 0)) rates.set(name, fact);
  }
  return { spans: [...spans.values()], rates: [...rates.values()] };
}
