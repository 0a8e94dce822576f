import { and, desc, eq, inArray, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { StoredEvent } from "../domain/audit-record.ts";
import { firstEventIdAt } from "../domain/event-id.ts";
import { OrderToken } from "../domain/order.ts";
import type { ReplayCandidate, ReplayProgress, ReplayQuery, ReplayState, ReplayTally, StoredReplay } from "../domain/replay.ts";
import { events, replays } from "./schema.ts";

const fromRow = (row: typeof replays.$inferSelect): StoredReplay => ({
  ...row,
  state: row.state as ReplayState,
  request: JSON.parse(row.request) as StoredReplay["request"],
  plan: JSON.parse(row.plan) as StoredReplay["plan"],
  progress: row.progress === null ? null : (JSON.parse(row.progress) as ReplayProgress),
});

export async function insertReplay(d1: D1Database, replay: StoredReplay): Promise<void> {
  const { request, plan, progress, ...rest } = replay;
  await drizzle(d1)
    .insert(replays)
    .values({ ...rest, request: JSON.stringify(request), plan: JSON.stringify(plan), progress: progress && JSON.stringify(progress) });
}

export async function findReplay(d1: D1Database, id: string): Promise<StoredReplay | null> {
  const row = (await drizzle(d1).select().from(replays).where(eq(replays.id, id)).limit(1))[0];
  return row === undefined ? null : fromRow(row);
}

/** Newest first. */
export async function listReplays(
  d1: D1Database,
  query: { readonly beforeId?: string | undefined; readonly limit: number },
): Promise<readonly StoredReplay[]> {
  const where = query.beforeId === undefined ? undefined : lt(replays.id, query.beforeId);
  return (await drizzle(d1).select().from(replays).where(where).orderBy(desc(replays.id)).limit(query.limit)).map(fromRow);
}

/** Moves a replay on, only if it still is in one of `from`: of two who act at once one is told false. */
export async function moveReplay(
  d1: D1Database,
  id: string,
  move: {
    readonly from: readonly ReplayState[];
    readonly to: ReplayState;
    readonly atMs: number;
    readonly approvedBy?: string;
    readonly cancelledBy?: string;
  },
): Promise<boolean> {
  const { from, to, atMs, ...by } = move;
  const moved = await drizzle(d1)
    .update(replays)
    .set({ state: to, updatedAtMs: atMs, ...by })
    .where(and(eq(replays.id, id), inArray(replays.state, [...from])));
  return moved.meta.changes > 0;
}

/** Writes how far a replay is. A cancellation that came meanwhile stays. */
export async function recordProgress(
  d1: D1Database,
  id: string,
  report: { readonly progress: ReplayProgress; readonly finished: boolean; readonly atMs: number },
): Promise<void> {
  await drizzle(d1)
    .update(replays)
    .set({
      progress: JSON.stringify(report.progress),
      updatedAtMs: report.atMs,
      ...(report.finished ? { state: sql`iif(${replays.state} = 'running', 'done', ${replays.state})` } : {}),
    })
    .where(eq(replays.id, id));
}

const REPLAY_OF = "detail->>'replayOf'";

/** The parameters ?1 to ?9 of a query; an absent one holds for every row. */
const matches = (row: string): string => `${row}.id >= ?1 AND ${row}.id < ?2
  AND (?3 IS NULL OR ${row}.source = ?3) AND (?4 IS NULL OR ${row}.type = ?4) AND (?5 IS NULL OR ${row}.status = ?5)
  AND (?6 IS NULL OR ${row}.class = ?6) AND (?8 IS NULL OR ${row}.kind = ?8) AND (?9 IS NULL OR ${row}.entity_key = ?9)
  AND (?7 IS NULL OR EXISTS (SELECT 1 FROM json_each(${row}.detail, '$.lanes') WHERE value->>'destination' = ?7))`;

/** An event that repeats another one which matches too stays out: what came once is put in once. */
const MATCHING = `FROM events e WHERE ${matches("e")}
  AND NOT (e.${REPLAY_OF} IS NOT NULL AND EXISTS (SELECT 1 FROM events o WHERE o.id = e.${REPLAY_OF} AND ${matches("o")}))`;

function parameters(query: ReplayQuery): (string | null)[] {
  const { source = null, type = null, status = null, class: failure = null, destination = null, entity } = query;
  const slash = entity?.indexOf("/") ?? -1;
  const [kind, key] = entity === undefined ? [null, null] : [entity.slice(0, slash), entity.slice(slash + 1)];
  return [...range(query), source, type, status, failure, destination, kind, key];
}

const range = (query: ReplayQuery): [string, string] => [firstEventIdAt(Date.parse(query.from)), firstEventIdAt(Date.parse(query.to))];

export async function countRange(d1: D1Database, query: ReplayQuery, atMost: number): Promise<number> {
  const counted = await d1
    .prepare("SELECT count(*) AS rows FROM (SELECT 1 FROM events WHERE id >= ?1 AND id < ?2 LIMIT ?3)")
    .bind(...range(query), atMost)
    .first<{ rows: number }>();
  return counted?.rows ?? 0;
}

const FACTS = `e.status AS status, e.detail->>'verdict' AS verdict, e.raw_ref IS NOT NULL AS has_raw, e.detail->>'reason' IS NOT NULL AS has_reason`;

interface Facts {
  readonly status: string;
  readonly verdict: string;
  readonly has_raw: number;
  readonly has_reason: number;
}
const factsOf = ({ status, verdict, has_raw, has_reason }: Facts) => ({
  status,
  verdict,
  hasRaw: has_raw === 1,
  hasReason: has_reason === 1,
});

/** The matching events by what they have in common, and how many entities they are of. */
export async function tallyEvents(
  d1: D1Database,
  query: ReplayQuery,
): Promise<{ readonly tallies: readonly ReplayTally[]; readonly entities: number }> {
  const [grouped, distinct] = await d1.batch<Facts & { source: string; kind: string | null; events: number }>([
    d1
      .prepare(`SELECT e.source AS source, e.kind AS kind, ${FACTS}, count(*) AS events ${MATCHING} GROUP BY 1, 2, 3, 4, 5, 6`)
      .bind(...parameters(query)),
    d1
      .prepare(`SELECT count(*) AS events FROM (SELECT DISTINCT e.kind, e.entity_key ${MATCHING} AND e.entity_key IS NOT NULL)`)
      .bind(...parameters(query)),
  ]);
  const tallies = (grouped?.results ?? []).map(({ source, kind, events: count, ...facts }) => ({
    source,
    kind,
    events: count,
    ...factsOf(facts),
  }));
  return { tallies, entities: distinct?.results[0]?.events ?? 0 };
}

/** The entities with the most matching events. */
export async function busiestEntities(
  d1: D1Database,
  query: ReplayQuery,
  limit: number,
): Promise<readonly { readonly entity: string; readonly events: number }[]> {
  const found = await d1
    .prepare(
      `SELECT e.kind || '/' || e.entity_key AS entity, count(*) AS events ${MATCHING} AND e.entity_key IS NOT NULL
       GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?10`,
    )
    .bind(...parameters(query), limit)
    .all<{ entity: string; events: number }>();
  return found.results;
}

/** The matching events of some entities, newest first. */
export async function entityCandidates(
  d1: D1Database,
  query: ReplayQuery,
  entities: readonly string[],
  limit: number,
): Promise<readonly ReplayCandidate[]> {
  const found = await d1
    .prepare(
      `SELECT e.id AS id, e.kind || '/' || e.entity_key AS entity, e.source AS source, e.detail->>'account' AS account,
         e.detail->>'nature' AS nature, e.detail->'order' AS token, ${FACTS} ${MATCHING}
       AND e.kind || '/' || e.entity_key IN (SELECT value FROM json_each(?10)) ORDER BY e.id DESC LIMIT ?11`,
    )
    .bind(...parameters(query), JSON.stringify(entities), limit)
    .all<Facts & { id: string; entity: string; source: string; account: string | null; nature: string | null; token: string | null }>();
  return found.results.map(({ id, entity, source, account, nature, token, ...facts }) => ({
    id,
    entity,
    nature,
    origin: account === null ? source : `${source}/${account}`,
    order: OrderToken.catch({ kind: "none" }).parse(token === null ? null : JSON.parse(token)),
    ...factsOf(facts),
  }));
}

/** Ids of matching events after `cursor`, oldest first. */
export async function pageOfIds(d1: D1Database, query: ReplayQuery, cursor: string | null, limit: number): Promise<readonly string[]> {
  const found = await d1
    .prepare(`SELECT e.id AS id ${MATCHING} AND (?10 IS NULL OR e.id > ?10) ORDER BY e.id LIMIT ?11`)
    .bind(...parameters(query), cursor, limit)
    .all<{ id: string }>();
  return found.results.map(({ id }) => id);
}

export const eventsByIds = (d1: D1Database, ids: readonly string[]): Promise<readonly StoredEvent[]> =>
  drizzle(d1)
    .select()
    .from(events)
    .where(sql`${events.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);
