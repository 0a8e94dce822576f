import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordAll } from "../../src/adapters/event-databases.ts";
import { turnStatements } from "../../src/adapters/sla-statements.ts";
import { auditRows, type AuditRows } from "../../src/domain/audit-record.ts";
import type { RouterConfig } from "../../src/domain/config.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { EventOutcome, LaneReport } from "../../src/domain/outcome.ts";
import { bucketMsOf } from "../../src/domain/slas/declare.ts";
import { slaRecorder } from "../../src/domain/slas/spans.ts";
import { d1Of, sqliteIndex } from "../support/sqlite-index.ts";
import { orderEvent } from "../support/world.ts";

const MINUTE = 60_000;
const WITHIN = 15 * MINUTE;
const common = { owner: "revops", target: 0.9, window: "1h" } as const;
const won = { event: "opportunity", when: { stage: "won" }, withdrawn: { stage: "lost" } } as const;

const SLAS = {
  handoff: { ...common, title: "Handoff", from: won, to: { delivered: "erp" }, within: "15m" },
  ordered: { ...common, title: "Ordered", from: won, to: { event: "order", by: "opportunityId" }, within: "15m" },
  everywhere: { ...common, title: "Everywhere", from: { per: "event" }, to: { delivered: "all" }, within: "15m" },
  failed: { ...common, title: "Failed", rate: "failed" },
} as const satisfies RouterConfig["slas"];

const record = slaRecorder({ slas: SLAS });
const BUCKET = bucketMsOf(60 * MINUTE);
const NAMES = Object.keys(SLAS);

/** A report of one event, as an entity's object gives it: what it says, and what became of it by then. */
interface Report {
  readonly event: EntityEvent;
  readonly outcome: EventOutcome;
}

interface Told {
  readonly kind: "opportunity" | "order";
  readonly key: string;
  readonly stage: string;
  readonly atMs: number;
  readonly end: "delivered" | "dead" | "superseded" | "pending";
  readonly endAfterMs: number;
  /** Reported once while it was still on its way. */
  readonly slow: boolean;
}

const told: fc.Arbitrary<Told> = fc.record({
  kind: fc.constantFrom("opportunity" as const, "opportunity" as const, "order" as const),
  key: fc.constantFrom("A", "B", "C"),
  stage: fc.constantFrom("won", "won", "open", "lost"),
  atMs: fc.integer({ min: 0, max: 120 }).map((minutes) => minutes * MINUTE),
  end: fc.constantFrom("delivered" as const, "delivered" as const, "dead" as const, "superseded" as const, "pending" as const),
  endAfterMs: fc.integer({ min: 0, max: 40 }).map((minutes) => minutes * MINUTE),
  slow: fc.boolean(),
});

function reportsOf(each: Told, index: number): readonly Report[] {
  const id = `evt_${String(index).padStart(4, "0")}`;
  const base = orderEvent({ id });
  const data = each.kind === "order" ? { opportunityId: each.key } : { stage: each.stage };
  const key = each.kind === "order" ? `SO-${index}` : each.key;
  const event: EntityEvent = {
    ...base,
    receivedAtMs: each.atMs,
    entity: { kind: each.kind, key, schemaVersion: 1 },
    payload: { at: "inline", data },
  };
  const lane = (status: LaneReport["status"]): LaneReport => {
    const attempts =
      status === "delivered" ? [{ startedAtMs: each.atMs + each.endAfterMs, durationMs: 0, result: "applied" as const }] : [];
    return { destination: "erp", route: "r", status, attempts };
  };
  const outcome = (rev: number, status: LaneReport["status"]): EventOutcome => ({ eventId: id, rev, status, lanes: [lane(status)] });
  const last = { event, outcome: outcome(2, each.end) };
  return each.slow && each.end !== "superseded" ? [{ event, outcome: outcome(1, "pending") }, last] : [last];
}

const rowsOf = ({ event, outcome }: Report): AuditRows =>
  auditRows(event, outcome, { why: [], rawRef: null, ownerOf: () => "t", sourceOwner: "t", projections: () => [], slas: record });

interface Verdict {
  readonly sla: string;
  readonly subject: string;
  readonly verdict: "met" | "late";
  readonly atMs: number;
}

/** One span from all that was ever told of it. */
function judge(
  words: { readonly starts: readonly number[]; readonly losses: readonly number[]; readonly ends: readonly number[] },
  nowMs: number,
): Pick<Verdict, "verdict" | "atMs"> | null {
  const first = words.starts.toSorted((a, b) => a - b)[0];
  if (first === undefined) return null;
  const end = words.ends.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...words.ends);
  const loss = Math.max(...words.losses.filter((at) => at >= first), Number.NEGATIVE_INFINITY);
  const lostBeforeEnd = Number.isFinite(loss) && end > loss;
  const again = words.starts.filter((at) => at >= loss);
  if (lostBeforeEnd && again.length === 0) return loss > first + WITHIN ? { verdict: "late", atMs: first + WITHIN } : null;
  const start = lostBeforeEnd ? Math.max(...again) : first;
  if (end <= start + WITHIN) return { verdict: "met", atMs: Math.max(start, end) };
  return Number.isFinite(end) || nowMs > start + WITHIN ? { verdict: "late", atMs: start + WITHIN } : null;
}

/** The truth, from the list of all events: nothing of it is shared with what counts incrementally. */
function recomputed(all: readonly Told[], nowMs: number): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  const add = (sla: string, subject: string, found: ReturnType<typeof judge>): void => {
    if (found !== null) verdicts.push({ sla, subject, ...found });
  };
  const news = all.filter(({ end }) => end !== "superseded");
  for (const key of ["A", "B", "C"]) {
    const words = news.filter((each) => each.key === key && each.kind === "opportunity");
    const starts = words.filter(({ stage }) => stage === "won");
    const times = { starts: starts.map(({ atMs }) => atMs), losses: words.filter(({ stage }) => stage === "lost").map(({ atMs }) => atMs) };
    const deliveries = starts.filter(({ end }) => end === "delivered").map(({ atMs, endAfterMs }) => atMs + endAfterMs);
    const orders = news.filter((each) => each.key === key && each.kind === "order").map(({ atMs }) => atMs);
    add("handoff", key, judge({ ...times, ends: deliveries }, nowMs));
    add("ordered", key, judge({ ...times, ends: orders }, nowMs));
  }
  for (const [index, each] of all.entries()) {
    if (each.end === "superseded") continue;
    const ends = each.end === "delivered" ? [each.atMs + each.endAfterMs] : [];
    add("everywhere", `evt_${String(index).padStart(4, "0")}`, judge({ starts: [each.atMs], losses: [], ends }, nowMs));
  }
  return verdicts;
}

type Tally = Readonly<Record<string, { readonly good: number; readonly bad: number }>>;

function tallyOf(verdicts: readonly Verdict[]): Tally {
  const tally: Record<string, { good: number; bad: number }> = {};
  for (const { sla, verdict, atMs } of verdicts) {
    const at = `${sla}@${atMs - (atMs % BUCKET)}`;
    const counts = (tally[at] ??= { good: 0, bad: 0 });
    if (verdict === "met") counts.good++;
    else counts.bad++;
  }
  return tally;
}

/** Reports in any order, some again, in batches; the cron comes in between. */
const history = fc.array(told, { minLength: 1, maxLength: 14 }).chain((all) => {
  const reports = all.flatMap(reportsOf);
  const indices = reports.map((_, index) => index);
  return fc.record({
    all: fc.constant(all),
    reports: fc.constant(reports),
    order: fc
      .tuple(fc.shuffledSubarray(indices, { minLength: indices.length }), fc.subarray(indices))
      .map(([once, again]) => [...once, ...again]),
    cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 60, maxLength: 60 }),
    crons: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
    clocks: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 60, maxLength: 60 }),
  });
});

const END_MS = 400 * MINUTE;

async function played(run: {
  reports: readonly Report[];
  order: readonly number[];
  cuts: readonly number[];
  crons: readonly boolean[];
  clocks: readonly number[];
}) {
  const databases = [sqliteIndex(), sqliteIndex()];
  const clocks = run.clocks.toSorted((a, b) => a - b);
  const turn = async (nowMs: number): Promise<void> => {
    const slas = NAMES.map((sla) => ({ sla, bucketMs: BUCKET }));
    for (const d1 of databases.map(d1Of))
      await d1.batch(turnStatements(slas, nowMs).map(({ sql, parameters }) => d1.prepare(sql).bind(...parameters)));
  };
  let at = 0;
  for (let step = 0; at < run.order.length; step++) {
    const nowMs = (clocks[step] ?? 0) * MINUTE;
    const batch = run.order.slice(at, at + (run.cuts[step] ?? 1)).flatMap((index) => run.reports[index] ?? []);
    at += batch.length;
    await recordAll(boundTo(databases), batch.map(rowsOf), nowMs);
    if (run.crons[step] === true) await turn(nowMs);
  }
  await turn(END_MS);
  return databases;
}

/** An environment whose index is in these databases. */
const boundTo = ([first, ...more]: readonly DatabaseSync[]): Env =>
  Object.fromEntries(
    [first, ...more].flatMap((each, index) => (each === undefined ? [] : [[index === 0 ? "DB" : `DB_${index + 1}`, d1Of(each)]])),
  ) as unknown as Env;

type Counts = { readonly sla: string; readonly at_ms: number; readonly good: number; readonly bad: number } & Record<
  string,
  number | string
>;

const ask = <T extends object>(databases: readonly DatabaseSync[], sql: string): T[] =>
  databases.flatMap((each) =>
    each
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }) as unknown as T),
  );

/** What all databases count together. */
function countedIn(databases: readonly DatabaseSync[]): Tally {
  const tally: Record<string, { good: number; bad: number }> = {};
  for (const { sla, at_ms, good, bad } of ask<Counts>(
    databases,
    "SELECT * FROM sla_counts WHERE sla <> 'failed' AND (good <> 0 OR bad <> 0)",
  )) {
    const counts = (tally[`${sla}@${at_ms}`] ??= { good: 0, bad: 0 });
    counts.good += good;
    counts.bad += bad;
  }
  return tally;
}

describe("SLAs are counted incrementally, in all databases of the index together, and come to what all events say", () => {
  it("whatever the order of reports, repeats, withdrawals, late ends and runs of the cron", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (run) => {
        const databases = await played(run);
        expect(countedIn(databases)).toEqual(tallyOf(recomputed(run.all, END_MS)));
        const late = ask<{ sla: string; subject: string }>(databases, "SELECT sla, subject FROM sla_spans WHERE verdict = 'late'");
        const expected = recomputed(run.all, END_MS).filter(({ verdict }) => verdict === "late");
        expect(late.map(({ sla, subject }) => `${sla}/${subject}`).toSorted()).toEqual(
          expected.map(({ sla, subject }) => `${sla}/${subject}`).toSorted(),
        );
        const counts = ask<Counts>(databases, "SELECT * FROM sla_counts");
        const lags = counts.filter((row) => Object.keys(row).some((name) => name.startsWith("lag") && Number(row[name]) < 0));
        expect(lags).toEqual([]);
        for (const database of databases) database.close();
      }),
      { numRuns: 80 },
    );
  });

  it("counts a failed event once, and takes it back when it is mended", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (run) => {
        const databases = await played(run);
        const rows = ask<Counts>(databases, "SELECT good, bad FROM sla_counts WHERE sla = 'failed'");
        const sum = (of: "good" | "bad"): number => rows.reduce((total, row) => total + row[of], 0);
        const bad = run.all.filter(({ end }) => end === "dead").length;
        expect({ bad: sum("bad"), good: sum("good") }).toEqual({ bad, good: run.all.length - bad });
        for (const database of databases) database.close();
      }),
      { numRuns: 40 },
    );
  });

  it("writes no row of a span for events that are everywhere at once", async () => {
    const databases = [sqliteIndex()];
    const reports = [5, 6, 7].flatMap((minute, index) =>
      reportsOf({ kind: "order", key: "A", stage: "", atMs: minute * MINUTE, end: "delivered", endAfterMs: 0, slow: false }, index),
    );
    await recordAll(boundTo(databases), reports.map(rowsOf), 10 * MINUTE);
    expect(ask(databases, "SELECT count(*) AS rows FROM sla_spans WHERE sla = 'everywhere'")).toEqual([{ rows: 0 }]);
    expect(ask(databases, "SELECT sum(good) AS good FROM sla_counts WHERE sla = 'everywhere'")).toEqual([{ good: 3 }]);
  });
});
