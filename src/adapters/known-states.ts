import type { JsonObject } from "../domain/json.ts";
import type { Known } from "../domain/reconciliation/compare.ts";

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
