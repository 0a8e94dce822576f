import type { EntityKind } from "../domain/entities/index.ts";
import type { Fact } from "../domain/flows/definition.ts";
import type { Noted } from "../domain/flows/listening.ts";
import type { JsonObject } from "../domain/json.ts";

/** A run looks at the newest facts of what it is tied to; a customer may have more orders than anybody reads. */
const FACTS_READ = 500;

interface FactRow {
  readonly kind: string;
  readonly record_key: string;
  readonly event_id: string;
  readonly at_ms: number;
  readonly deleted: number;
  readonly data: string;
}

/** A record is found by its own key, and by those that it names. */
const TIED = `
SELECT substr(value, 1, instr(value, '/') - 1) AS kind, substr(value, instr(value, '/') + 1) AS record_key FROM json_each(?1)
UNION SELECT kind, record_key FROM flow_fact_refs WHERE tie IN (SELECT value FROM json_each(?1))
UNION SELECT kind, record_key FROM flow_fact_ties WHERE tie IN (SELECT value FROM json_each(?1))`;

/** What is known of the records that a run is tied to, newest first. */
export async function factsOf(db: D1Database, ties: readonly string[]): Promise<readonly Fact[]> {
  const { results } = await db
    .prepare(
      `SELECT f.kind, f.record_key, f.event_id, f.at_ms, f.deleted, f.data FROM (${TIED}) n
         JOIN flow_facts f ON f.kind = n.kind AND f.record_key = n.record_key ORDER BY f.event_id DESC LIMIT ?2`,
    )
    .bind(JSON.stringify(ties), FACTS_READ)
    .all<FactRow>();
  return results.map((row) => ({
    kind: row.kind as EntityKind,
    key: row.record_key,
    data: JSON.parse(row.data) as JsonObject,
    deleted: row.deleted === 1,
    eventId: row.event_id,
    atMs: row.at_ms,
  }));
}

/** Whether what is told is newer than what is known: by token where both are of one stream, else by arrival. */
const IS_NEWER = `CASE WHEN excluded.stream = stream AND excluded.token IS NOT NULL AND token IS NOT NULL AND excluded.token <> token
  THEN excluded.token > token ELSE excluded.event_id > event_id END`;

/**
 * One row an event: the newest state takes the place of an older one, which only adds the records that it names. `data` says
 * how: a change is laid over what is known.
 */
const putFacts = (data: string): string => `
INSERT INTO flow_facts (kind, record_key, event_id, at_ms, deleted, data, stream, token, ties)
SELECT value->>'kind', value->>'key', value->>'eventId', value->>'atMs', value->>'deleted', value->'data', value->>'stream', value->>'token', value->'ties'
FROM json_each(?1) WHERE true
ON CONFLICT (kind, record_key) DO UPDATE SET
${["deleted", "event_id", "stream", "token"].map((column) => `  ${column} = CASE WHEN ${IS_NEWER} THEN excluded.${column} ELSE ${column} END,`).join("\n")}
  data = CASE WHEN ${IS_NEWER} THEN ${data} ELSE data END,
  at_ms = max(at_ms, excluded.at_ms),
  ties = (SELECT json_group_array(value) FROM (SELECT value FROM json_each(flow_facts.ties) UNION SELECT value FROM json_each(excluded.ties)))
WHERE ${IS_NEWER}
  OR EXISTS (SELECT 1 FROM json_each(excluded.ties) e WHERE e.value NOT IN (SELECT value FROM json_each(flow_facts.ties)))`;

const PUT_REFS = `
INSERT INTO flow_fact_refs (tie, kind, record_key)
SELECT t.value, n.value->>'kind', n.value->>'key' FROM json_each(?1) AS n, json_each(n.value, '$.ties') AS t WHERE true ON CONFLICT DO NOTHING`;

/** Keeps what events say, for runs that wait for it and for those that may begin later. Told again, it changes nothing. */
export function keepFacts(db: D1Database, notes: readonly Noted[]): readonly D1PreparedStatement[] {
  if (notes.length === 0) return [];
  const facts = notes.map(({ fact, ties }) => ({
    ...fact,
    deleted: fact.deleted ? 1 : 0,
    ties: ties.filter((tie) => tie !== ownName(fact)),
  }));
  const byNature = Map.groupBy(facts, ({ partial }) => partial);
  const put = [...byNature].map(([partial, part]) =>
    db.prepare(putFacts(partial ? "json_patch(data, excluded.data)" : "excluded.data")).bind(JSON.stringify(part)),
  );
  const named = facts.filter(({ ties }) => ties.length > 0).map(({ kind, key, ties }) => ({ kind, key, ties }));
  return named.length === 0 ? put : [...put, db.prepare(PUT_REFS).bind(JSON.stringify(named))];
}

const ownName = ({ kind, key }: Pick<Fact, "kind" | "key">): string => `${kind}/${key}`;

/** Of `n`, a list of `{kind, key}`: every name under which a run may be tied to one of them. */
export const NAMES_OF_FACTS = `
SELECT n.value->>'kind' || '/' || (n.value->>'key') AS tie FROM json_each(?1) AS n
UNION SELECT t.value FROM json_each(?1) AS n JOIN flow_facts f ON f.kind = n.value->>'kind' AND f.record_key = n.value->>'key', json_each(f.ties) AS t`;

/** Forgets facts that are older and that no run is tied to. */
export const expireFacts = (db: D1Database, beforeMs: number): readonly D1PreparedStatement[] => [
  db
    .prepare(
      `DELETE FROM flow_facts WHERE at_ms < ?1 AND NOT EXISTS (SELECT 1 FROM flow_run_ties r WHERE r.tie = flow_facts.kind || '/' || flow_facts.record_key)
         AND NOT EXISTS (SELECT 1 FROM json_each(flow_facts.ties) t JOIN flow_run_ties r ON r.tie = t.value)`,
    )
    .bind(beforeMs),
  ...["flow_fact_refs", "flow_fact_ties"].map((table) =>
    db.prepare(
      `DELETE FROM ${table} WHERE NOT EXISTS (SELECT 1 FROM flow_facts f WHERE f.kind = ${table}.kind AND f.record_key = ${table}.record_key)`,
    ),
  ),
];
