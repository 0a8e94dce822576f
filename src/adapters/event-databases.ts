import type { AuditRows, EventRow } from "../domain/audit-record.ts";
import type { ProjectionRow } from "../domain/reconciliation/projection.ts";
import { shardOf } from "../domain/shards.ts";
import type { Known } from "../domain/reconciliation/compare.ts";
import { joinFacts, type SlaFacts } from "../domain/slas/spans.ts";
import type { ReplayQuery } from "../domain/replay.ts";
import { recordPoison, recordRows, type PoisonRow } from "./event-index.ts";
import {
  endDeadLetter,
  endEvent,
  entitiesHeldFor,
  findCorrelated,
  findDeadLetter,
  findEvent,
  findLinks,
  lastContacts,
  listDeadLetters,
  listEvents,
  type DeadLetterFilter,
  type EventFilter,
  type Page,
} from "./event-queries.ts";
import { busiestEntities, countRange, entityCandidates, eventsByIds, pageOfIds, tallyEvents } from "./replays.ts";

/**
 * The databases of the index: `DB`, and `DB_2`, `DB_3` ... as far as wrangler.toml binds them. Every entity's rows are in
 * one of them, by a hash of its name, so a database more makes room for more writes and more rows. Never take one away, nor
 * add one to an index that is to be read as before: rows stay where they were written, and lists are merged from all.
 */
export function databasesOf(env: Env): readonly [D1Database, ...D1Database[]] {
  const bound = env as unknown as Readonly<Record<string, D1Database | undefined>>;
  const more: D1Database[] = [];
  for (let number = 2; ; number++) {
    const next = bound[`DB_${number}`];
    if (next === undefined) return [env.DB, ...more];
    more.push(next);
  }
}

type Databases = ReturnType<typeof databasesOf>;

/**
 * Where the rows of an event are: with the name it came under, which stays the same when that turns out to be another name
 * of a record. What speaks of the record itself is with the record's own name, whatever the event that says it came under.
 */
const homeOf = ({ id, kind, entityKey, detail }: EventRow): string =>
  entityKey === null || kind === null ? id : `${kind}/${detail.alias ?? entityKey}`;

/** Writes a batch's rows, one call to each database that has some of them. Rejects if any of them does not take its rows. */
export async function recordAll(env: Env, rows: readonly AuditRows[], nowMs: number): Promise<void> {
  const databases = databasesOf(env);
  const parts = databases.map((db) => ({
    db,
    rows: new Array<AuditRows>(),
    projections: new Array<ProjectionRow>(),
    facts: new Array<SlaFacts>(),
  }));
  const partOf = (name: string) => parts[shardOf(name, parts.length)] ?? parts[0];
  for (const row of rows) {
    const home = partOf(homeOf(row.event));
    home?.rows.push(row);
    home?.facts.push({ rates: row.slas.rates, spans: row.slas.spans.filter(({ perEvent }) => perEvent) });
    for (const span of row.slas.spans) if (!span.perEvent) partOf(span.subject)?.facts.push({ rates: [], spans: [span] });
    for (const each of row.projections) partOf(`${each.kind}/${each.entityKey}`)?.projections.push(each);
  }
  await Promise.all(parts.map(({ db, facts, ...part }) => recordRows(db, { ...part, slas: joinFacts(facts) }, nowMs)));
}

/** Writes what is known of a system's records without any event of it, each to where its record's rows are. */
export async function recordKnown(env: Env, subject: Pick<ProjectionRow, "system" | "kind">, records: readonly Known[]): Promise<void> {
  const databases = databasesOf(env);
  const byShard = Map.groupBy(records, ({ key }) => shardOf(`${subject.kind}/${key}`, databases.length));
  const rows = (part: readonly Known[]): readonly ProjectionRow[] =>
    part.map(({ key, ...known }) => ({ ...known, ...subject, entityKey: key, partial: false }));
  await Promise.all(
    [...byShard].map(([shard, part]) =>
      recordRows(databases[shard] ?? databases[0], { rows: [], projections: rows(part), slas: joinFacts([]) }, Date.now()),
    ),
  );
}

/** Writes what could not be processed at all, an event's to where its rows are. */
export async function recordAllPoison(env: Env, rows: readonly PoisonRow[], nowMs: number): Promise<void> {
  const databases = databasesOf(env);
  const byShard = Map.groupBy(rows, ({ event }) => (event === null ? 0 : shardOf(homeOf(event), databases.length)));
  await Promise.all([...byShard].map(([shard, part]) => recordPoison(databases[shard] ?? databases[0], part, nowMs)));
}

/** The index as if it were one: what each query of event-queries.ts and replays.ts answers over all databases. */
export function eventIndex(env: Env) {
  const databases = databasesOf(env);
  const all = <T>(ask: (db: D1Database) => Promise<T>): Promise<T[]> => Promise.all(databases.map(ask));
  const lists = async <T>(ask: (db: D1Database) => Promise<readonly T[]>): Promise<T[]> => (await all(ask)).flat();
  return {
    listEvents: (filter: EventFilter) => mergedPage(databases, filter.limit, (db) => listEvents(db, filter)),
    listDeadLetters: (filter: DeadLetterFilter) => mergedPage(databases, filter.limit, (db) => listDeadLetters(db, filter)),
    findEvent: (id: string) => first(all((db) => findEvent(db, id))),
    findDeadLetter: (id: string) => first(all((db) => findDeadLetter(db, id))),
    findCorrelated: async (correlationId: string, originId: string | null) =>
      (await lists((db) => findCorrelated(db, correlationId, originId))).toSorted(byId),
    findLinks: (term: string) => lists((db) => findLinks(db, term)),
    entitiesHeldFor: (destination: string) => lists((db) => entitiesHeldFor(db, destination)),
    lastContacts: () => lists(lastContacts),
    endDeadLetter: async (id: string, end: Parameters<typeof endDeadLetter>[2]) => void (await all((db) => endDeadLetter(db, id, end))),
    endEvent: async (id: string, end: Parameters<typeof endEvent>[2]) => void (await all((db) => endEvent(db, id, end))),
    countRange: async (query: ReplayQuery, atMost: number) => sum(await all((db) => countRange(db, query, atMost))),
    tallyEvents: async (query: ReplayQuery) => {
      const parts = await all((db) => tallyEvents(db, query));
      return { tallies: parts.flatMap(({ tallies }) => tallies), entities: sum(parts.map(({ entities }) => entities)) };
    },
    busiestEntities: async (query: ReplayQuery, limit: number) =>
      (await lists((db) => busiestEntities(db, query, limit))).toSorted((a, b) => b.events - a.events).slice(0, limit),
    entityCandidates: async (query: ReplayQuery, entities: readonly string[], limit: number) =>
      (await lists((db) => entityCandidates(db, query, entities, limit))).toSorted(byId).toReversed().slice(0, limit),
    pageOfIds: async (query: ReplayQuery, cursor: string | null, limit: number) =>
      (await lists((db) => pageOfIds(db, query, cursor, limit))).toSorted().slice(0, limit),
    eventsByIds: (ids: readonly string[]) => lists((db) => eventsByIds(db, ids)),
  };
}

const byId = (left: { readonly id: string }, right: { readonly id: string }): number => (left.id < right.id ? -1 : 1);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const first = async <T>(found: Promise<readonly (T | null)[]>): Promise<T | null> => (await found).find((each) => each !== null) ?? null;

/**
 * One page of all databases, newest first. A database that stopped scanning early answers only down to its cursor, so
 * nothing older than the newest such cursor may be shown yet: it would be missing what that database has in between.
 */
async function mergedPage<T extends { readonly id: string }>(
  databases: Databases,
  limit: number,
  ask: (db: D1Database) => Promise<Page<T>>,
): Promise<Page<T>> {
  const [only] = databases;
  if (databases.length === 1) return ask(only);
  return mergePages(await Promise.all(databases.map(ask)), limit);
}

export function mergePages<T extends { readonly id: string }>(pages: readonly Page<T>[], limit: number): Page<T> {
  const cursors = pages.flatMap(({ nextCursor }) => nextCursor ?? []);
  const floor = cursors.length === 0 ? null : cursors.reduce((newest, cursor) => (cursor > newest ? cursor : newest));
  const known = pages
    .flatMap(({ items }) => items)
    .filter(({ id }) => floor === null || id >= floor)
    .toSorted(byId)
    .toReversed();
  const items = known.slice(0, limit);
  return { items, nextCursor: known.length > limit ? (items.at(-1)?.id ?? null) : floor };
}
