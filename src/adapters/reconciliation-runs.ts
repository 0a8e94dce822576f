import { fail, ok, type Result } from "../domain/result.ts";
import type { Finding } from "../domain/reconciliation/findings.ts";
import { comparesAll, type Run, type RunMode } from "../domain/reconciliation/run.ts";
import { sketchBytes, sketchOf, type Sketch } from "../domain/reconciliation/sketch.ts";
import { NO_WATERMARK, type Watermark } from "../domain/reconciliation/watermark.ts";
import { putFindings } from "./findings.ts";

/** One step's whole result in one transaction. */
export async function storeStep(
  db: D1Database,
  step: {
    readonly run: Run;
    readonly put: readonly Finding[];
    readonly drop: readonly string[];
    readonly watermark: Watermark | null;
    readonly sketch: Sketch | null;
    readonly nowMs: number;
  },
): Promise<void> {
  const { run, put, drop, watermark, sketch, nowMs } = step;
  const state = run.phase === "done" ? "done" : "running";
  const statements = [
    sketch === null
      ? db
          .prepare("UPDATE reconciliation_runs SET state = ?2, updated_at_ms = ?3, run = ?4 WHERE id = ?1")
          .bind(run.id, state, nowMs, JSON.stringify(run))
      : db
          .prepare("UPDATE reconciliation_runs SET state = ?2, updated_at_ms = ?3, run = ?4, sketch = ?5 WHERE id = ?1")
          .bind(run.id, state, nowMs, JSON.stringify(run), state === "done" ? null : sketchBytes(sketch)),
  ];
  if (put.length > 0) statements.push(putFindings(db, put));
  if (drop.length > 0)
    statements.push(db.prepare("DELETE FROM findings WHERE id IN (SELECT value FROM json_each(?1))").bind(JSON.stringify(drop)));
  if (watermark !== null)
    statements.push(
      db
        .prepare(
          `INSERT INTO watermarks (reconciliation, watermark, changes_at_ms, full_at_ms) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (reconciliation) DO UPDATE SET watermark = excluded.watermark, changes_at_ms = excluded.changes_at_ms,
             full_at_ms = max(full_at_ms, excluded.full_at_ms)`,
        )
        .bind(run.reconciliation, JSON.stringify(watermark), run.startedAtMs, comparesAll(run) ? run.startedAtMs : 0),
    );
  await db.batch(statements);
}

export interface Place {
  readonly watermark: Watermark;
  readonly changesAtMs: number;
  readonly fullAtMs: number;
}

export async function placeOf(db: D1Database, reconciliation: string): Promise<Place> {
  const row = await db
    .prepare("SELECT watermark, changes_at_ms, full_at_ms FROM watermarks WHERE reconciliation = ?1")
    .bind(reconciliation)
    .first<{ watermark: string; changes_at_ms: number; full_at_ms: number }>();
  return row === null
    ? { watermark: NO_WATERMARK, changesAtMs: 0, fullAtMs: 0 }
    : { watermark: JSON.parse(row.watermark) as Watermark, changesAtMs: row.changes_at_ms, fullAtMs: row.full_at_ms };
}

export const modeDue = (place: Place, every: { readonly changesMs: number; readonly fullMs: number }, nowMs: number): RunMode | null =>
  nowMs - place.fullAtMs >= every.fullMs ? "full" : nowMs - place.changesAtMs >= every.changesMs ? "changes" : null;

/** A new run; fails with the id of the one that is under way. */
export async function beginRun(db: D1Database, run: Run): Promise<Result<null, string>> {
  const inserted = await db
    .prepare(
      `INSERT INTO reconciliation_runs (id, reconciliation, state, started_at_ms, updated_at_ms, run) VALUES (?1, ?2, 'running', ?3, ?3, ?4)
       ON CONFLICT DO NOTHING`,
    )
    .bind(run.id, run.reconciliation, run.startedAtMs, JSON.stringify(run))
    .run();
  if (inserted.meta.changes > 0) return ok(null);
  return fail((await underWay(db, run.reconciliation))?.run.id ?? "another");
}

export interface StoredRun {
  readonly run: Run;
  readonly state: "running" | "done" | "failed";
  readonly updatedAtMs: number;
}

interface RunRow {
  readonly run: string;
  readonly state: StoredRun["state"];
  readonly updated_at_ms: number;
}

const runOf = (row: RunRow): StoredRun => ({ run: JSON.parse(row.run) as Run, state: row.state, updatedAtMs: row.updated_at_ms });

export async function underWay(db: D1Database, reconciliation: string): Promise<StoredRun | null> {
  const row = await db
    .prepare("SELECT run, state, updated_at_ms FROM reconciliation_runs WHERE reconciliation = ?1 AND state = 'running'")
    .bind(reconciliation)
    .first<RunRow>();
  return row === null ? null : runOf(row);
}

export async function findRun(db: D1Database, id: string): Promise<(StoredRun & { readonly sketch: Sketch | null }) | null> {
  const row = await db
    .prepare("SELECT run, state, updated_at_ms, sketch FROM reconciliation_runs WHERE id = ?1")
    .bind(id)
    .first<RunRow & { sketch: number[] | ArrayBuffer | null }>();
  if (row === null) return null;
  return { ...runOf(row), sketch: row.sketch === null ? null : sketchOf(new Uint8Array(row.sketch)) };
}

/** The last runs of each reconciliation, newest first. */
export async function lastRuns(db: D1Database, limit: number): Promise<readonly StoredRun[]> {
  const rows = await db
    .prepare("SELECT run, state, updated_at_ms FROM reconciliation_runs ORDER BY id DESC LIMIT ?1")
    .bind(limit)
    .all<RunRow>();
  return rows.results.map(runOf);
}

/** The last runs of one reconciliation, newest first. */
export async function runsOf(db: D1Database, reconciliation: string, limit: number): Promise<readonly StoredRun[]> {
  const rows = await db
    .prepare("SELECT run, state, updated_at_ms FROM reconciliation_runs WHERE reconciliation = ?1 ORDER BY id DESC LIMIT ?2")
    .bind(reconciliation, limit)
    .all<RunRow>();
  return rows.results.map(runOf);
}

export const failRun = async (db: D1Database, run: Run, problem: string, nowMs: number): Promise<void> =>
  void (await db
    .prepare(
      "UPDATE reconciliation_runs SET state = 'failed', updated_at_ms = ?2, run = ?3, sketch = NULL WHERE id = ?1 AND state = 'running'",
    )
    .bind(run.id, nowMs, JSON.stringify({ ...run, problem }))
    .run());

/** Runs and ended findings of before go. */
export const expireReconciliations = (db: D1Database, beforeMs: number): D1PreparedStatement[] => [
  db.prepare("DELETE FROM reconciliation_runs WHERE state <> 'running' AND started_at_ms < ?1").bind(beforeMs),
  db.prepare("DELETE FROM findings WHERE ended_at_ms < ?1").bind(beforeMs),
];
