import { LIMITS } from "../domain/limits.ts";
import {
  RECENT_PART,
  addCounts,
  NO_COUNTS,
  type LateQuery,
  type LateSpan,
  type SlaCounts,
  type SlaReading,
} from "../domain/slas/standing.ts";
import { LAGS, turnStatements, type Counted } from "./sla-statements.ts";

const COUNTS = `SELECT at_ms >= ?3 AS recent, sum(good) AS good, sum(bad) AS bad, ${LAGS.map((name) => `sum(${name}) AS ${name}`).join(", ")}
FROM sla_counts WHERE sla = ?1 AND at_ms > ?2 GROUP BY 1`;

const IN_STATE = (state: string, more: string): string =>
  `SELECT count(*) AS spans FROM (SELECT 1 FROM sla_spans WHERE sla = ?1 AND verdict = '${state}' AND ${more} LIMIT ${LIMITS.overviewCounted})`;
const WAITING = IN_STATE("open", "due_ms >= ?2");
const JUST_DUE = IN_STATE("open", "due_ms < ?2");
const WITHDRAWN = "coalesce(withdrawn_ms > last_ms, 0)";
const OVERDUE = IN_STATE("late", `end_ms IS NULL AND NOT ${WITHDRAWN} AND ?2 IS NOT NULL`);

type CountRow = { readonly recent: number; readonly good: number; readonly bad: number } & Readonly<Record<string, number>>;

const countsIn = (row: CountRow): SlaCounts => ({ good: row.good, bad: row.bad, lags: LAGS.map((name) => row[name] ?? 0) });

/** One SLA as a database has it: what became due since the cron came is counted as late already. */
export async function readSla(db: D1Database, { sla, windowMs }: Counted, nowMs: number): Promise<SlaReading> {
  const fromMs = nowMs - windowMs;
  const [counts, ...states] = await db.batch([
    db.prepare(COUNTS).bind(sla, fromMs, nowMs - windowMs * RECENT_PART),
    ...[WAITING, JUST_DUE, OVERDUE].map((sql) => db.prepare(sql).bind(sla, nowMs)),
  ]);
  const rows = (counts?.results ?? []) as CountRow[];
  const [open = 0, justDue = 0, overdue = 0] = states.map(({ results }) => (results[0] as { spans: number } | undefined)?.spans ?? 0);
  const justLate: SlaCounts = { ...NO_COUNTS, bad: justDue };
  return {
    name: sla,
    atMs: nowMs,
    window: rows.map(countsIn).reduce(addCounts, justLate),
    recent: rows
      .filter(({ recent }) => recent === 1)
      .map(countsIn)
      .reduce(addCounts, justLate),
    open,
    overdue: overdue + justDue,
  };
}

/** The readings of one SLA in all databases as one. */
export const joinReadings = (a: SlaReading, b: SlaReading): SlaReading => ({
  ...a,
  window: addCounts(a.window, b.window),
  recent: addCounts(a.recent, b.recent),
  open: a.open + b.open,
  overdue: a.overdue + b.overdue,
});

const IN_LIST = { waiting: `end_ms IS NULL AND NOT ${WITHDRAWN}`, ended: "end_ms IS NOT NULL", all: "1" } as const;

/** Late spans of an SLA, the latest deadline first, those that the cron has not turned yet among them. */
export async function listLate(db: D1Database, query: LateQuery, nowMs: number): Promise<readonly LateSpan[]> {
  const part = (verdict: string): string => `SELECT * FROM (
    SELECT subject, kind, entity_key AS entityKey, event_id AS eventId, iif(due_ms = first_due_ms, first_ms, last_ms) AS startMs, due_ms AS dueMs, end_ms AS endMs,
      ${WITHDRAWN} AS withdrawn
    FROM sla_spans WHERE sla = ?1 AND verdict = '${verdict}' AND due_ms < ?2 AND (due_ms, subject) < (?3, ?4) AND ${IN_LIST[query.state]}
    ORDER BY due_ms DESC, subject DESC LIMIT ?5)`;
  const { results } = await db
    .prepare(`${part("late")} UNION ALL ${part("open")} ORDER BY dueMs DESC, subject DESC LIMIT ?5`)
    .bind(query.sla, nowMs, query.before?.dueMs ?? Number.MAX_SAFE_INTEGER, query.before?.subject ?? "", query.limit)
    .all<Omit<LateSpan, "withdrawn"> & { withdrawn: number }>();
  return results.map((row) => ({ ...row, withdrawn: row.withdrawn === 1 }));
}

/** Turns spans that are due into late ones. */
export async function turnDue(db: D1Database, slas: readonly Counted[], nowMs: number): Promise<void> {
  if (slas.length === 0) return;
  await db.batch(turnStatements(slas, nowMs).map(({ sql, parameters }) => db.prepare(sql).bind(...parameters)));
}

/**
 * Forgets spans and counts that are older. Reads the spans whole, so it is for once a day. A record whose last word is
 * older begins a new span when it is told of again.
 */
export async function expireSlas(db: D1Database, beforeMs: number): Promise<void> {
  await db.batch([
    db
      .prepare(
        "DELETE FROM sla_spans WHERE verdict <> 'open' AND max(coalesce(last_ms, 0), coalesce(end_ms, 0), coalesce(withdrawn_ms, 0)) < ?1",
      )
      .bind(beforeMs),
    db.prepare("DELETE FROM sla_counts WHERE at_ms < ?1").bind(beforeMs),
  ]);
}
