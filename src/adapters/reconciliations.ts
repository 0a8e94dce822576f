import { fail, ok, type Result } from "../domain/result.ts";
import type { Known } from "../domain/reconciliation/compare.ts";
import type { Finding } from "../domain/reconciliation/findings.ts";
import type { FindingTimes } from "../domain/reconciliation/history.ts";
import { comparesAll, type Run, type RunMode } from "../domain/reconciliation/run.ts";
import { sketchBytes, sketchOf, type Sketch } from "../domain/reconciliation/sketch.ts";
import { NO_WATERMARK, type Watermark } from "../domain/reconciliation/watermark.ts";
import type { JsonObject } from "../domain/json.ts";

interface ProjectionRecord {
  readonly entity_key: string;
  readonly remote_id: string | null;
  readonly data: string;
  readonly deleted: number;
  readonly event_id: string;
  readonly at_ms: number;
}

const knownOf = (row: ProjectionRecord): Known => ({
  key: row.entity_key,
  remoteId: row.remote_id,
  data: JSON.parse(row.data) as JsonObject,
  deleted: row.deleted === 1,
  atMs: row.at_ms,
  eventId: row.event_id,
});

export interface Subject {
  readonly system: string;
  readonly kind: string;
}

const COLUMNS = "entity_key, remote_id, data, deleted, event_id, at_ms";

/** What is known under these keys, each in one of the databases. */
export async function knownUnder(
  databases: readonly D1Database[],
  { system, kind }: Subject,
  keys: readonly string[],
): Promise<readonly Known[]> {
  if (keys.length === 0) return [];
  const query = `SELECT ${COLUMNS} FROM projections WHERE system = ?1 AND kind = ?2 AND entity_key IN (SELECT value FROM json_each(?3))`;
  const found = await Promise.all(
    databases.map((db) => db.prepare(query).bind(system, kind, JSON.stringify(keys)).all<ProjectionRecord>()),
  );
  return found.flatMap(({ results }) => results.map(knownOf));
}

/** Of these events those whose rows were written after that. */
export async function toldSince(
  databases: readonly D1Database[],
  eventIds: readonly string[],
  sinceMs: number,
): Promise<ReadonlySet<string>> {
  const query = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?1)) AND updated_at_ms >= ?2";
  const found = await Promise.all(databases.map((db) => db.prepare(query).bind(JSON.stringify(eventIds), sinceMs).all<{ id: string }>()));
  return new Set(found.flatMap(({ results }) => results.map(({ id }) => id)));
}

/** All that is known, in order of keys. */
export async function knownAfter(
  databases: readonly D1Database[],
  { system, kind }: Subject,
  after: { readonly key: string | null; readonly limit: number },
): Promise<readonly Known[]> {
  const query = `SELECT ${COLUMNS} FROM projections WHERE system = ?1 AND kind = ?2 AND entity_key > ?3 ORDER BY entity_key LIMIT ?4`;
  const found = await Promise.all(
    databases.map((db) =>
      db
        .prepare(query)
        .bind(system, kind, after.key ?? "", after.limit)
        .all<ProjectionRecord>(),
    ),
  );
  return found
    .flatMap(({ results }) => results)
    .toSorted((left, right) => (left.entity_key < right.entity_key ? -1 : 1))
    .slice(0, after.limit)
    .map(knownOf);
}

const findingsIn = (rows: D1Result<{ finding: string }>): readonly Finding[] =>
  rows.results.map(({ finding }) => JSON.parse(finding) as Finding);

export async function findingsOf(db: D1Database, reconciliation: string, keys: readonly string[]): Promise<readonly Finding[]> {
  if (keys.length === 0) return [];
  const query = "SELECT finding FROM findings WHERE reconciliation = ?1 AND entity_key IN (SELECT value FROM json_each(?2))";
  return findingsIn(await db.prepare(query).bind(reconciliation, JSON.stringify(keys)).all<{ finding: string }>());
}

/** Unfinished findings in order of id: those that want a look by `dueMs`, or the open ones alone. */
export async function unfinished(
  db: D1Database,
  reconciliation: string,
  page: { readonly after: string | null; readonly limit: number; readonly dueMs: number | null },
): Promise<readonly Finding[]> {
  const wanted = page.dueMs === null ? "state = 'open'" : "(state IN ('open', 'repairing') OR coalesce(recheck_at_ms, 0) <= ?4)";
  const query = `SELECT finding FROM findings WHERE reconciliation = ?1 AND state IN ('suspected', 'open', 'repairing') AND id > ?2 AND ${wanted}
    ORDER BY id LIMIT ?3`;
  const bound = [reconciliation, page.after ?? "", page.limit];
  const statement = db.prepare(query);
  return findingsIn(
    await (page.dueMs === null ? statement.bind(...bound) : statement.bind(...bound, page.dueMs)).all<{ finding: string }>(),
  );
}

export async function countOpen(db: D1Database, reconciliation: string): Promise<number> {
  const query =
    "SELECT count(*) AS n FROM findings WHERE reconciliation = ?1 AND state = 'open' AND state IN ('suspected', 'open', 'repairing')";
  return (await db.prepare(query).bind(reconciliation).first<{ n: number }>())?.n ?? 0;
}

const PUT_FINDINGS = `
INSERT INTO findings (id, reconciliation, type, kind, entity_key, state, owner, recheck_at_ms, opened_at_ms, ended_at_ms, finding)
SELECT value->>'id', value->>'reconciliation', value->>'type', value->>'kind', value->>'key', value->>'state', value->>'owner',
  value->>'recheckAtMs', value->>'openedAtMs', value->>'endedAtMs', value FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET state = excluded.state, recheck_at_ms = excluded.recheck_at_ms, opened_at_ms = excluded.opened_at_ms,
  ended_at_ms = excluded.ended_at_ms, owner = excluded.owner, finding = excluded.finding`;

export const putFindings = (db: D1Database, findings: readonly Finding[]): D1PreparedStatement =>
  db.prepare(PUT_FINDINGS).bind(JSON.stringify(findings));

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

/** The times of findings that were told since a moment, the newest of them. */
export async function findingTimes(
  db: D1Database,
  reconciliation: string,
  newest: { readonly sinceMs: number; readonly limit: number },
): Promise<readonly FindingTimes[]> {
  const rows = await db
    .prepare(
      `SELECT opened_at_ms, iif(state IN ('repaired', 'healed'), ended_at_ms, NULL) AS ended_at_ms, finding->>'changedAtMs' AS changed_at_ms
       FROM findings WHERE reconciliation = ?1 AND opened_at_ms >= ?2 ORDER BY opened_at_ms DESC LIMIT ?3`,
    )
    .bind(reconciliation, newest.sinceMs, newest.limit)
    .all<{ opened_at_ms: number; ended_at_ms: number | null; changed_at_ms: number | null }>();
  return rows.results.map((row) => ({ openedAtMs: row.opened_at_ms, endedAtMs: row.ended_at_ms, changedAtMs: row.changed_at_ms }));
}

export const failRun = async (db: D1Database, run: Run, problem: string, nowMs: number): Promise<void> =>
  void (await db
    .prepare(
      "UPDATE reconciliation_runs SET state = 'failed', updated_at_ms = ?2, run = ?3, sketch = NULL WHERE id = ?1 AND state = 'running'",
    )
    .bind(run.id, nowMs, JSON.stringify({ ...run, problem }))
    .run());

export interface FindingFilter {
  readonly reconciliation?: string | undefined;
  readonly state?: string | undefined;
  readonly type?: string | undefined;
  readonly owner?: string | undefined;
  readonly afterId?: string | undefined;
  readonly limit: number;
}

export async function listFindings(db: D1Database, filter: FindingFilter): Promise<readonly Finding[]> {
  const state = filter.state ?? "open";
  const indexed = ["suspected", "open", "repairing"].includes(state) ? "AND state IN ('suspected', 'open', 'repairing')" : "";
  const rows = await db
    .prepare(
      `SELECT finding FROM findings WHERE state = ?1 ${indexed} AND (?2 IS NULL OR reconciliation = ?2) AND (?3 IS NULL OR type = ?3)
       AND (?4 IS NULL OR owner = ?4) AND id > ?5 ORDER BY id LIMIT ?6`,
    )
    .bind(state, filter.reconciliation ?? null, filter.type ?? null, filter.owner ?? null, filter.afterId ?? "", filter.limit)
    .all<{ finding: string }>();
  return findingsIn(rows);
}

export async function findFinding(db: D1Database, id: string): Promise<Finding | null> {
  const row = await db.prepare("SELECT finding FROM findings WHERE id = ?1").bind(id).first<{ finding: string }>();
  return row === null ? null : (JSON.parse(row.finding) as Finding);
}

/** How many findings of each reconciliation stand how, and how long it took to find and to end those of the last 30 days. */
export async function driftTotals(
  db: D1Database,
  sinceMs: number,
): Promise<
  readonly { readonly reconciliation: string; readonly state: string; readonly count: number; readonly repairMs: number | null }[]
> {
  const rows = await db
    .prepare(
      `SELECT reconciliation, state, count(*) AS count, avg(ended_at_ms - opened_at_ms) AS repair_ms FROM findings
       WHERE state IN ('suspected', 'open', 'repairing') OR coalesce(ended_at_ms, 0) >= ?1 GROUP BY 1, 2`,
    )
    .bind(sinceMs)
    .all<{ reconciliation: string; state: string; count: number; repair_ms: number | null }>();
  return rows.results.map(({ repair_ms, ...row }) => ({ ...row, repairMs: repair_ms }));
}

/** Runs and ended findings of before go. */
export const expireReconciliations = (db: D1Database, beforeMs: number): D1PreparedStatement[] => [
  db.prepare("DELETE FROM reconciliation_runs WHERE state <> 'running' AND started_at_ms < ?1").bind(beforeMs),
  db.prepare("DELETE FROM findings WHERE ended_at_ms < ?1").bind(beforeMs),
];

export const modeDue = (place: Place, every: { readonly changesMs: number; readonly fullMs: number }, nowMs: number): RunMode | null =>
  nowMs - place.fullAtMs >= every.fullMs ? "full" : nowMs - place.changesAtMs >= every.changesMs ? "changes" : null;
