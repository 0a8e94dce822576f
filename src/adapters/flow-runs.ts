import type { Noted } from "../domain/flows/listening.ts";
import { isOver, type FlowRun } from "../domain/flows/run.ts";
import { expireFacts, keepFacts, NAMES_OF_FACTS } from "./flow-facts.ts";

/** A run with what says whether it has changed since it was read. */
export interface StoredRun {
  readonly run: FlowRun;
  readonly rev: number;
  readonly workflow: string;
  readonly updatedAtMs: number;
}

interface RunRow {
  readonly run: string;
  readonly rev: number;
  readonly workflow: string;
  readonly updated_at_ms: number;
}

const COLUMNS = "run, rev, workflow, updated_at_ms";
const OPEN = "state IN ('running', 'blocked', 'compensating')";

const storedOf = (row: RunRow): StoredRun => ({
  run: JSON.parse(row.run) as FlowRun,
  rev: row.rev,
  workflow: row.workflow,
  updatedAtMs: row.updated_at_ms,
});

export async function findFlowRun(db: D1Database, id: string): Promise<StoredRun | null> {
  const row = await db.prepare(`SELECT ${COLUMNS} FROM flow_runs WHERE id = ?1`).bind(id).first<RunRow>();
  return row === null ? null : storedOf(row);
}

/** Newest first; `after` is the last one of the page before. */
export async function listFlowRuns(
  db: D1Database,
  query: {
    readonly flow?: string | undefined;
    readonly state?: string | undefined;
    readonly entityKey?: string | undefined;
    readonly after?: { readonly startedAtMs: number; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly StoredRun[]> {
  const { flow = null, state = null, entityKey = null, after, limit } = query;
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM flow_runs WHERE (?1 IS NULL OR flow = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR entity_key = ?3)
         AND (?4 IS NULL OR (started_at_ms, id) < (?4, ?5)) ORDER BY started_at_ms DESC, id DESC LIMIT ?6`,
    )
    .bind(flow, state, entityKey, after?.startedAtMs ?? null, after?.id ?? "", limit)
    .all<RunRow>();
  return results.map(storedOf);
}

/**
 * Stores a run that was read under `rev`, with the records that it is tied to by now. False if it has changed since, or
 * there is news for it: then nothing is stored, and it must be read again.
 */
export async function storeFlowRun(
  db: D1Database,
  run: FlowRun,
  at: { readonly rev: number; readonly workflow?: string; readonly nowMs: number },
): Promise<boolean> {
  const [updated] = await db.batch([
    db
      .prepare(
        `UPDATE flow_runs SET state = ?3, rev = rev + 1, updated_at_ms = ?4, due_at_ms = ?5, run = ?6, workflow = coalesce(?7, workflow)
         WHERE id = ?1 AND rev = ?2`,
      )
      .bind(run.id, at.rev, run.state, at.nowMs, isOver(run) ? null : run.wakeAtMs, JSON.stringify(run), at.workflow ?? null),
    tieRuns(db, [run]),
  ]);
  return updated?.meta.changes !== 0;
}

const tieRuns = (db: D1Database, runs: readonly FlowRun[]): D1PreparedStatement =>
  db
    .prepare(
      "INSERT INTO flow_run_ties (tie, run_id) SELECT value->>'tie', value->>'id' FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(JSON.stringify(runs.flatMap(({ id, ties }) => ties.map((tie) => ({ tie, id })))));

/** News for flows, as one batch of a consumer tells them. */
export interface News {
  readonly notes: readonly Noted[];
  readonly begun: readonly FlowRun[];
  /** Runs whose own effects have ended. */
  readonly ended: readonly string[];
}

const BEGIN_RUNS = `
INSERT INTO flow_runs (id, flow, entity_key, state, rev, started_at_ms, updated_at_ms, due_at_ms, workflow, run)
SELECT value->>'id', value->>'flow', value->>'key', value->>'state', 1, value->>'startedAtMs', value->>'startedAtMs', value->>'wakeAtMs',
  value->>'id', value FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING RETURNING id`;

const WAKE_RUNS = `
UPDATE flow_runs SET rev = rev + 1, due_at_ms = min(coalesce(due_at_ms, ?3), ?3)
WHERE ${OPEN} AND (id IN (SELECT value FROM json_each(?2)) OR id IN (
  SELECT r.run_id FROM flow_run_ties r WHERE r.tie IN (${NAMES_OF_FACTS}))) RETURNING id, workflow`;

/**
 * Keeps news in one transaction: facts, runs that begin, and that others have something to look at. Told again, it changes
 * nothing more. Answers the runs that are new, and the workflows of those that have news.
 */
export async function keepNews(
  db: D1Database,
  { notes, begun, ended }: News,
  nowMs: number,
): Promise<{ readonly begun: readonly string[]; readonly woken: readonly { readonly id: string; readonly workflow: string }[] }> {
  const names = JSON.stringify(notes.map(({ fact: { kind, key } }) => ({ kind, key })));
  const results = await db.batch([
    ...keepFacts(db, notes),
    db.prepare(BEGIN_RUNS).bind(JSON.stringify(begun)),
    tieRuns(db, begun),
    db.prepare(WAKE_RUNS).bind(names, JSON.stringify(ended), nowMs),
  ]);
  const [woken, , begins] = results.toReversed();
  const isNew = new Set((begins?.results ?? []).map((row) => (row as { id: string }).id));
  return {
    begun: [...isNew],
    woken: ((woken?.results ?? []) as { id: string; workflow: string }[]).filter(({ id }) => !isNew.has(id)),
  };
}

/** Runs that should have been looked at by `beforeMs`: their workflow has missed something, or is gone. */
export async function overdueRuns(db: D1Database, beforeMs: number, limit: number): Promise<readonly StoredRun[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM flow_runs WHERE ${OPEN} AND due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?2`)
    .bind(beforeMs, limit)
    .all<RunRow>();
  return results.map(storedOf);
}

/** Blocked runs for which a person should have been found by now, by flow. */
export async function countForsaken(
  db: D1Database,
  nowMs: number,
): Promise<readonly { readonly flow: string; readonly runs: number; readonly sinceMs: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT flow, count(*) AS runs, min(run->>'personByMs') AS sinceMs FROM flow_runs WHERE state = 'blocked' AND run->>'personByMs' <= ?1 GROUP BY flow`,
    )
    .bind(nowMs)
    .all<{ flow: string; runs: number; sinceMs: number }>();
  return results;
}

/** Names the workflow that takes a run further from now on. */
export const nameWorkflow = async (db: D1Database, id: string, workflow: string): Promise<void> =>
  void (await db.prepare("UPDATE flow_runs SET workflow = ?2 WHERE id = ?1").bind(id, workflow).run());

/** Forgets runs that ended before, and facts that nobody is tied to any more. */
export const expireFlows = (db: D1Database, beforeMs: number): readonly D1PreparedStatement[] => [
  db
    .prepare(
      `DELETE FROM flow_run_ties WHERE run_id IN (SELECT id FROM flow_runs WHERE started_at_ms < ?1 AND updated_at_ms < ?1 AND NOT (${OPEN}))`,
    )
    .bind(beforeMs),
  db.prepare(`DELETE FROM flow_runs WHERE started_at_ms < ?1 AND updated_at_ms < ?1 AND NOT (${OPEN})`).bind(beforeMs),
  ...expireFacts(db, beforeMs),
];
