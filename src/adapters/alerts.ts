import type { Alert } from "../domain/alerts/life.ts";
import type { Told } from "../domain/alerts/telling.ts";

export interface StoredAlert {
  readonly alert: Alert;
  readonly rev: number;
  /** By channel. */
  readonly told: Readonly<Record<string, Told>>;
}

interface Row {
  readonly rev: number;
  readonly alert: string;
  readonly told: string;
}

const storedOf = (row: Row): StoredAlert => ({
  rev: row.rev,
  alert: JSON.parse(row.alert) as Alert,
  told: JSON.parse(row.told) as StoredAlert["told"],
});

/** Every alert that is known: one for each rule and subject at most. */
export async function allAlerts(db: D1Database): Promise<readonly StoredAlert[]> {
  return (await db.prepare("SELECT rev, alert, told FROM alerts ORDER BY id").all<Row>()).results.map(storedOf);
}

export async function findAlert(db: D1Database, id: string): Promise<StoredAlert | null> {
  const row = await db.prepare("SELECT rev, alert, told FROM alerts WHERE id = ?1").bind(id).first<Row>();
  return row === null ? null : storedOf(row);
}

export interface AlertFilter {
  readonly state?: string | undefined;
  readonly owner?: string | undefined;
  readonly severity?: string | undefined;
  readonly afterId?: string | undefined;
  readonly limit: number;
}

/** Alerts in order of id. Without a state: those that are open or acknowledged. */
export async function listAlerts(db: D1Database, { state, owner, severity, afterId, limit }: AlertFilter): Promise<readonly StoredAlert[]> {
  const found = await db
    .prepare(
      `SELECT rev, alert, told FROM alerts WHERE CASE WHEN ?1 IS NULL THEN state IN ('open', 'acknowledged') ELSE state = ?1 END
         AND (?2 IS NULL OR owner = ?2) AND (?3 IS NULL OR severity = ?3) AND id > ?4 ORDER BY id LIMIT ?5`,
    )
    .bind(state ?? null, owner ?? null, severity ?? null, afterId ?? "", limit)
    .all<Row>();
  return found.results.map(storedOf);
}

/** Writes an alert over the one with the revision before; false if another change came first. */
export async function putAlert(db: D1Database, alert: Alert, before: StoredAlert | null): Promise<boolean> {
  const written = await db
    .prepare(
      `INSERT INTO alerts (id, rev, state, owner, severity, opened_at_ms, ended_at_ms, alert, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '{}')
       ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, state = excluded.state, owner = excluded.owner, severity = excluded.severity,
         opened_at_ms = excluded.opened_at_ms, ended_at_ms = excluded.ended_at_ms, alert = excluded.alert
       WHERE alerts.rev = excluded.rev - 1`,
    )
    .bind(
      alert.id,
      (before?.rev ?? 0) + 1,
      alert.state,
      alert.owner,
      alert.severity,
      alert.openedAtMs,
      alert.endedAtMs,
      JSON.stringify(alert),
    )
    .run();
  return written.meta.changes > 0;
}

/** Forgets an alert that never opened. */
export const dropAlert = (db: D1Database, { alert, rev }: StoredAlert): Promise<unknown> =>
  db.prepare("DELETE FROM alerts WHERE id = ?1 AND rev = ?2").bind(alert.id, rev).run();

export const putTold = (db: D1Database, id: string, told: StoredAlert["told"]): Promise<unknown> =>
  db.prepare("UPDATE alerts SET told = ?2 WHERE id = ?1").bind(id, JSON.stringify(told)).run();

/** What was resolved before goes. */
export const expireAlerts = (db: D1Database, beforeMs: number): D1PreparedStatement =>
  db.prepare("DELETE FROM alerts WHERE state = 'resolved' AND ended_at_ms < ?1").bind(beforeMs);
