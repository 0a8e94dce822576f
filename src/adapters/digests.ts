/** The event of a day's digest as it was made first, and whether the queue has taken it. */
export interface KeptDigest {
  readonly event: string;
  readonly isSent: boolean;
}

export async function findDigest(db: D1Database, day: string): Promise<KeptDigest | null> {
  const row = await db
    .prepare("SELECT event, sent_at_ms FROM digests WHERE day = ?1")
    .bind(day)
    .first<{ event: string; sent_at_ms: number | null }>();
  return row === null ? null : { event: row.event, isSent: row.sent_at_ms !== null };
}

/** Keeps a day's event, unless there is one; answers the one that counts. */
export async function keepDigest(db: D1Database, day: string, event: string): Promise<string> {
  await db.prepare("INSERT INTO digests (day, event) VALUES (?1, ?2) ON CONFLICT DO NOTHING").bind(day, event).run();
  return (await findDigest(db, day))?.event ?? event;
}

export const digestSent = async (db: D1Database, day: string, nowMs: number): Promise<void> =>
  void (await db.prepare("UPDATE digests SET sent_at_ms = ?2 WHERE day = ?1").bind(day, nowMs).run());

export const expireDigests = (db: D1Database, beforeDay: string): D1PreparedStatement =>
  db.prepare("DELETE FROM digests WHERE day < ?1").bind(beforeDay);

/** By owner: what was told and what ended since a moment, and what is open now. */
export async function driftByOwner(
  db: D1Database,
  sinceMs: number,
): Promise<readonly { readonly owner: string; readonly found: number; readonly repaired: number; readonly open: number }[]> {
  const rows = await db
    .prepare(
      `SELECT owner, sum(coalesce(opened_at_ms, 0) >= ?1) AS found, sum(state IN ('repaired', 'healed') AND ended_at_ms >= ?1) AS repaired,
         sum(state IN ('open', 'repairing')) AS open
       FROM findings WHERE opened_at_ms >= ?1 OR ended_at_ms >= ?1 OR state IN ('open', 'repairing') GROUP BY owner`,
    )
    .bind(sinceMs)
    .all<{ owner: string; found: number; repaired: number; open: number }>();
  return rows.results;
}
