import type { EntityKind } from "../domain/entities/index.ts";
import { impersonal, personalValues, redactedDetail, withoutValues } from "../domain/erasure/redact.ts";
import { MASK } from "../domain/masking.ts";
import type { JsonObject } from "../domain/json.ts";
import type { EntityRef } from "../domain/kin.ts";

/** A row of an event, as far as an erasure looks at it. */
export interface EventTrace {
  readonly id: string;
  readonly kind: string | null;
  readonly entityKey: string | null;
  readonly source: string;
  readonly receivedAtMs: number;
  readonly rawRef: string | null;
  readonly detail: string;
}

const TRACE = "id, kind, entity_key AS entityKey, source, received_at_ms AS receivedAtMs, raw_ref AS rawRef, detail";

/** Rows of events by id, whatever they are of. */
export async function tracesAfter(db: D1Database, afterId: string, limit: number): Promise<readonly EventTrace[]> {
  const query = `SELECT ${TRACE} FROM events WHERE id > ?1 ORDER BY id LIMIT ?2`;
  return (await db.prepare(query).bind(afterId, limit).all<EventTrace>()).results;
}

/** Other parts of the same request: each has its own copy of the whole body. */
export async function siblingsOf(
  db: D1Database,
  { source, receivedAtMs }: EventTrace,
  ids: { readonly from: string; readonly to: string },
): Promise<readonly EventTrace[]> {
  const query = `SELECT ${TRACE} FROM events WHERE id >= ?1 AND id < ?2 AND source = ?3 AND received_at_ms = ?4`;
  return (await db.prepare(query).bind(ids.from, ids.to, source, receivedAtMs).all<EventTrace>()).results;
}

/** Records of which a last known state, a fact of a flow or a difference holds one of these spellings. */
export async function recordsHolding(db: D1Database, spellings: readonly string[]): Promise<readonly EntityRef[]> {
  const places = [
    "SELECT kind, entity_key AS key FROM projections WHERE instr(lower(data), ?1) > 0",
    "SELECT kind, record_key AS key FROM flow_facts WHERE instr(lower(data), ?1) > 0",
    "SELECT kind, entity_key AS key FROM findings WHERE instr(lower(finding), ?1) > 0",
  ];
  const statements = spellings.flatMap((text) => places.map((query) => db.prepare(query).bind(text)));
  return (await db.batch<{ kind: EntityKind; key: string }>(statements)).flatMap(({ results }) => results);
}

/** Takes words out of an event's row, and its body's address if that is gone; answers whether there was anything. */
export async function eraseEvent(db: D1Database, row: EventTrace): Promise<void> {
  await db.prepare("UPDATE events SET detail = ?2 WHERE id = ?1").bind(row.id, redactedDetail(row.detail)).run();
}

export interface Letter {
  readonly id: string;
  readonly rawRef: string | null;
}

export async function lettersOf(db: D1Database, eventIds: readonly string[]): Promise<readonly Letter[]> {
  const query = "SELECT id, raw_ref AS rawRef FROM dead_letters WHERE event_id IN (SELECT value FROM json_each(?1))";
  return (await db.prepare(query).bind(JSON.stringify(eventIds)).all<Letter>()).results;
}

export async function eraseLetters(db: D1Database, letters: readonly Letter[]): Promise<void> {
  const query = "UPDATE dead_letters SET reason = ?2, fields = NULL WHERE id IN (SELECT value FROM json_each(?1))";
  await db
    .prepare(query)
    .bind(JSON.stringify(letters.map(({ id }) => id)), MASK)
    .run();
}

interface State {
  readonly table: "projections" | "flow_facts" | "findings" | "flow_runs";
  /** Names the row. */
  readonly where: string;
  readonly bound: readonly string[];
  readonly column: string;
  readonly text: string;
}

const STATES: readonly { readonly table: State["table"]; readonly column: string; readonly query: string; readonly where: string }[] = [
  {
    table: "projections",
    column: "data",
    query: "SELECT system AS name, data AS text FROM projections WHERE kind = ?1 AND entity_key = ?2",
    where: "kind = ?2 AND entity_key = ?3 AND system = ?4",
  },
  {
    table: "flow_facts",
    column: "data",
    query: "SELECT '' AS name, data AS text FROM flow_facts WHERE kind = ?1 AND record_key = ?2",
    where: "kind = ?2 AND record_key = ?3 AND ?4 = ''",
  },
  {
    table: "findings",
    column: "finding",
    query: "SELECT id AS name, finding AS text FROM findings WHERE kind = ?1 AND entity_key = ?2",
    where: "kind = ?2 AND entity_key = ?3 AND id = ?4",
  },
  {
    table: "flow_runs",
    column: "run",
    query: "SELECT r.id AS name, r.run AS text FROM flow_run_ties t JOIN flow_runs r ON r.id = t.run_id WHERE t.tie = ?1 || '/' || ?2",
    where: "?2 IS NOT NULL AND ?3 IS NOT NULL AND id = ?4",
  },
];

/** What the index knows of a record beside its events. */
export async function statesOf(db: D1Database, { kind, key }: EntityRef): Promise<readonly State[]> {
  const found = await db.batch<{ name: string; text: string }>(STATES.map(({ query }) => db.prepare(query).bind(kind, key)));
  return found.flatMap(({ results }, index) => {
    const place = STATES[index];
    return place === undefined ? [] : results.map(({ name, text }) => ({ ...place, bound: [kind, key, name], text }));
  });
}

/** All personal values that these states hold, so that they can be found in texts that have no fields. */
export const valuesIn = (kind: EntityKind, states: readonly State[]): readonly string[] =>
  states.flatMap(({ table, text }) => {
    const data = JSON.parse(text) as JsonObject;
    const holder = table === "flow_runs" ? data["subject"] : table === "findings" ? {} : data;
    return personalValues(kind, (holder ?? {}) as JsonObject);
  });

/** What each is without the record's personal data; only those that change. */
export function erasedStates(kind: EntityKind, states: readonly State[], values: readonly string[]): readonly State[] {
  return states
    .map((state) => ({ ...state, text: erasedText(kind, state, values), before: state.text }))
    .filter(({ text, before }) => text !== before)
    .map(({ before: _before, ...state }) => state);
}

function erasedText(kind: EntityKind, { table, text }: State, values: readonly string[]): string {
  const data = JSON.parse(text) as JsonObject;
  if (table === "projections" || table === "flow_facts") return JSON.stringify(impersonal(kind, data));
  return withoutValues(text, values);
}

export async function writeStates(db: D1Database, states: readonly State[]): Promise<void> {
  if (states.length === 0) return;
  await db.batch(
    states.map(({ table, column, where, bound, text }) =>
      db.prepare(`UPDATE ${table} SET ${column} = ?1 WHERE ${where}`).bind(text, ...bound),
    ),
  );
}

/** Links whose word is one of the values. */
export async function eraseLinks(db: D1Database, values: readonly string[]): Promise<void> {
  const query = "DELETE FROM links WHERE lower(term) IN (SELECT lower(value) FROM json_each(?1))";
  await db.prepare(query).bind(JSON.stringify(values)).run();
}
