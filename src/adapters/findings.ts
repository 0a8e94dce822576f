import type { Finding } from "../domain/reconciliation/findings.ts";
import type { FindingTimes } from "../domain/reconciliation/history.ts";

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
