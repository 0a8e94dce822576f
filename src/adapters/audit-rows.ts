import type { ListedRow } from "../domain/audit/index-check.ts";
import type { EntityRef } from "../domain/kin.ts";
import type { ChainHead } from "../domain/timeline.ts";

const COLUMNS = `id, rev, source, type, kind, entity_key AS entityKey, status, class, delivery_id AS deliveryId,
  correlation_id AS correlationId, detail`;

const byId = (left: { readonly id: string }, right: { readonly id: string }): number => (left.id < right.id ? -1 : 1);

/** Rows of records by id between two ids, the lower one included, of all databases: the first `limit` of them. */
export async function rowsBetween(
  databases: readonly D1Database[],
  between: { readonly fromId: string; readonly toId: string },
  limit: number,
): Promise<readonly ListedRow[]> {
  const query = `SELECT ${COLUMNS} FROM events WHERE id >= ?1 AND id < ?2 AND entity_key IS NOT NULL ORDER BY id LIMIT ?3`;
  const found = await Promise.all(databases.map((db) => db.prepare(query).bind(between.fromId, between.toId, limit).all<ListedRow>()));
  return found
    .flatMap(({ results }) => results)
    .toSorted(byId)
    .slice(0, limit);
}

export async function rowsByIds(databases: readonly D1Database[], ids: readonly string[]): Promise<readonly ListedRow[]> {
  const query = `SELECT ${COLUMNS} FROM events WHERE id IN (SELECT value FROM json_each(?1))`;
  const found = await Promise.all(databases.map((db) => db.prepare(query).bind(JSON.stringify(ids)).all<ListedRow>()));
  return found.flatMap(({ results }) => results).toSorted(byId);
}

/** Those of the ids that have a row, of whatever database. */
export async function idsListed(databases: readonly D1Database[], ids: readonly string[]): Promise<ReadonlySet<string>> {
  const listed = new Set<string>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const some = JSON.stringify(ids.slice(at, at + IDS_AT_ONCE));
    const query = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?1))";
    for (const { results } of await Promise.all(databases.map((db) => db.prepare(query).bind(some).all<{ id: string }>())))
      for (const { id } of results) listed.add(id);
  }
  return listed;
}

/** A bound text of ids stays well under D1's 2 MB. */
const IDS_AT_ONCE = 5_000;

export interface Anchor extends ChainHead {
  readonly kind: string;
  readonly entityKey: string;
}

export async function anchorsOf(db: D1Database, entities: readonly EntityRef[]): Promise<ReadonlyMap<string, Anchor>> {
  const query = `SELECT a.kind, a.entity_key AS entityKey, a.seq, a.hash FROM json_each(?1) AS e CROSS JOIN chain_anchors AS a
    ON a.kind = e.value->>'kind' AND a.entity_key = e.value->>'key'`;
  const found = await db
    .prepare(query)
    .bind(JSON.stringify(entities.map(({ kind, key }) => ({ kind, key }))))
    .all<Anchor>();
  return new Map(found.results.map((anchor) => [`${anchor.kind}/${anchor.entityKey}`, anchor]));
}

/** Records that were walked before, by name, from after one on. */
export async function anchorsAfter(db: D1Database, after: readonly [string, string], limit: number): Promise<readonly Anchor[]> {
  const query = `SELECT kind, entity_key AS entityKey, seq, hash FROM chain_anchors WHERE (kind, entity_key) > (?1, ?2)
    ORDER BY kind, entity_key LIMIT ?3`;
  return (
    await db
      .prepare(query)
      .bind(...after, limit)
      .all<Anchor>()
  ).results;
}

/** Remembers where walks ended; one that got less far than an earlier one changes nothing. */
export async function keepAnchors(db: D1Database, anchors: readonly Anchor[], nowMs: number): Promise<void> {
  if (anchors.length === 0) return;
  const write = `INSERT INTO chain_anchors (kind, entity_key, seq, hash, at_ms)
    SELECT value->>'kind', value->>'entityKey', value->>'seq', value->>'hash', ?2 FROM json_each(?1) WHERE true
    ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at_ms = excluded.at_ms WHERE excluded.seq > chain_anchors.seq`;
  await db.prepare(write).bind(JSON.stringify(anchors), nowMs).run();
}
