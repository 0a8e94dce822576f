import type { AuditRows, DeadLetterRow, EventRow } from "../domain/audit-record.ts";
import type { ProjectionRow } from "../domain/reconciliation/projection.ts";
import type { SlaFacts } from "../domain/slas/spans.ts";
import { slaStatements } from "./sla-statements.ts";

/**
 * Writes rows of the cross-entity index. One call writes a whole batch; each table's rows travel as one JSON parameter,
 * since D1 takes 100 parameters a statement. Writing the same rows again changes nothing, and an older report never
 * replaces a newer one (`rev`), so consumer and object may both write without agreeing on who is first.
 */
const UPSERT_EVENTS = `
INSERT INTO events (id, rev, received_at_ms, updated_at_ms, source, type, kind, entity_key, status, class, priority, delivery_id, correlation_id, raw_ref, detail)
SELECT value->>'id', value->>'rev', value->>'receivedAtMs', ?2, value->>'source', value->>'type', value->>'kind', value->>'entityKey',
  value->>'status', value->>'class', value->>'priority', value->>'deliveryId', value->>'correlationId', value->>'rawRef', value->'detail'
FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET
  raw_ref = coalesce(excluded.raw_ref, raw_ref),
  status = iif(excluded.rev > rev, excluded.status, status),
  class = iif(excluded.rev > rev, excluded.class, class),
  detail = iif(excluded.rev > rev, excluded.detail, detail),
  updated_at_ms = iif(excluded.rev > rev, excluded.updated_at_ms, updated_at_ms),
  rev = max(excluded.rev, rev)`;

const UPSERT_DEAD_LETTERS = `
INSERT INTO dead_letters (id, list, status, event_id, destination, kind, entity_key, class, reason, fields, owner, next_step, attempts, created_at_ms, updated_at_ms, raw_ref)
SELECT value->>'id', value->>'list', value->>'status', value->>'eventId', value->>'destination', value->>'kind', value->>'entityKey',
  value->>'class', value->>'reason', value->'fields', value->>'owner', value->>'nextStep', value->>'attempts', ?2, ?2, value->>'rawRef'
FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET
  status = excluded.status, class = iif(excluded.status = 'open', excluded.class, class),
  reason = iif(excluded.status = 'open', excluded.reason, reason), fields = iif(excluded.status = 'open', excluded.fields, fields),
  next_step = iif(excluded.status = 'open', excluded.next_step, next_step), attempts = excluded.attempts, updated_at_ms = excluded.updated_at_ms`;

const INSERT_LINKS = `
INSERT INTO links (term, kind, entity_key, system, at_ms)
SELECT value->>'term', value->>'kind', value->>'entityKey', value->>'system', ?2 FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING`;

/** Only a later event's word replaces an earlier one's, whoever writes first. `merged` is how the data of both become one. */
const upsertProjections = (merged: string): string => `
INSERT INTO projections (system, kind, entity_key, remote_id, data, deleted, event_id, at_ms)
SELECT value->>'system', value->>'kind', value->>'entityKey', value->>'remoteId', value->'data', value->>'deleted', value->>'eventId', value->>'atMs'
FROM json_each(?1) WHERE ?2 IS NOT NULL
ON CONFLICT (system, kind, entity_key) DO UPDATE SET
  remote_id = coalesce(excluded.remote_id, remote_id), data = ${merged}, deleted = excluded.deleted,
  event_id = excluded.event_id, at_ms = excluded.at_ms
WHERE excluded.event_id >= event_id`;
const PUT_PROJECTIONS = upsertProjections("excluded.data");
const PATCH_PROJECTIONS = upsertProjections("json_patch(data, excluded.data)");

/** What one database gets of a batch. */
export interface IndexPart {
  readonly rows: readonly Pick<AuditRows, "event" | "deadLetters" | "links">[];
  readonly projections: readonly ProjectionRow[];
  readonly slas: SlaFacts;
}

/** The index as consumers and objects write it. Rejects when D1 does not take the rows; then nothing was written. */
export async function recordRows(db: D1Database, { rows, projections, slas }: IndexPart, nowMs: number): Promise<void> {
  const deadLetters = rows.flatMap((row) => row.deadLetters);
  const links = rows.flatMap((row) => row.links);
  const events = rows.map((row) => row.event);
  // Before the events' own rows, which still tell what was known of them.
  const statements = slaStatements(slas, nowMs).map(({ sql, parameters }) => db.prepare(sql).bind(...parameters));
  if (events.length > 0) statements.push(statement(db, UPSERT_EVENTS, events, nowMs));
  if (deadLetters.length > 0) statements.push(statement(db, UPSERT_DEAD_LETTERS, deadLetters, nowMs));
  if (links.length > 0) statements.push(statement(db, INSERT_LINKS, links, nowMs));
  for (const [partial, part] of Map.groupBy(projections, (each) => each.partial))
    statements.push(statement(db, partial ? PATCH_PROJECTIONS : PUT_PROJECTIONS, part, nowMs));
  if (statements.length > 0) await db.batch(statements);
}

/** A message that could not be processed at all, as a row of its own. */
export interface PoisonRow {
  readonly event: EventRow | null;
  readonly letter: DeadLetterRow & { readonly rawRef: string };
}

export async function recordPoison(db: D1Database, rows: readonly PoisonRow[], nowMs: number): Promise<void> {
  const events = rows.map((row) => row.event).filter((event) => event !== null);
  const statements = [
    statement(
      db,
      UPSERT_DEAD_LETTERS,
      rows.map((row) => row.letter),
      nowMs,
    ),
  ];
  if (events.length > 0) statements.push(statement(db, UPSERT_EVENTS, events, nowMs));
  await db.batch(statements);
}

const statement = (db: D1Database, sql: string, rows: readonly unknown[], nowMs: number): D1PreparedStatement =>
  db.prepare(sql).bind(JSON.stringify(rows), nowMs);
