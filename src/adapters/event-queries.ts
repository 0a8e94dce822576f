import { and, asc, desc, eq, gt, gte, inArray, lt, or, sql, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { LIMITS } from "../domain/limits.ts";
import { deadLetters, events, handshakes, links, rejections, subscriptions } from "./schema.ts";

export type EventRecord = typeof events.$inferSelect;
export type DeadLetterRecord = typeof deadLetters.$inferSelect;
export type RejectionRecord = typeof rejections.$inferSelect;
export type LinkRecord = typeof links.$inferSelect;

export interface EventFilter {
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: string | undefined;
  readonly class?: string | undefined;
  readonly destination?: string | undefined;
  readonly kind?: string | undefined;
  readonly entityKey?: string | undefined;
  /** Only these, for example an entity's, whose timeline named them. */
  readonly ids?: readonly string[] | undefined;
  /** Bounds on the id, which sorts by time: from (inclusive) and before (exclusive). */
  readonly fromId?: string | undefined;
  readonly beforeId?: string | undefined;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

const UNFINISHED = ["pending", "retrying", "held", "dead", "cancelled", "quarantined"];

/**
 * Newest first. A page looks at LIMITS.scanRows rows at most: where a filter is rare, it may come back short, with the
 * cursor to go on from. Unfinished statuses have an index of their own and are never scanned for.
 */
export async function listEvents(d1: D1Database, filter: EventFilter): Promise<Page<EventRecord>> {
  const db = drizzle(d1);
  const range = and(
    filter.fromId === undefined ? undefined : gte(events.id, filter.fromId),
    filter.beforeId === undefined ? undefined : lt(events.id, filter.beforeId),
    filter.ids === undefined ? undefined : sql`${events.id} IN (SELECT value FROM json_each(${JSON.stringify(filter.ids)}))`,
  );
  if (filter.status !== undefined && UNFINISHED.includes(filter.status)) {
    // The literal condition lets SQLite use the partial index.
    const indexed = and(
      range,
      eq(events.status, filter.status),
      sql`status NOT IN ('delivered', 'superseded', 'ignored')`,
      ...conditions(filter),
    );
    const items = await db
      .select()
      .from(events)
      .where(indexed)
      .orderBy(desc(events.id))
      .limit(filter.limit + 1);
    return pageOf(items, filter.limit);
  }
  const scanned = db.select({ id: events.id }).from(events).where(range).orderBy(desc(events.id)).limit(LIMITS.scanRows).as("scanned");
  const window = await db.select({ first: sql<string | null>`min(id)`, count: sql<number>`count(*)` }).from(scanned);
  const { first = null, count = 0 } = window[0] ?? {};
  if (first === null) return { items: [], nextCursor: null };
  const found = await db
    .select()
    .from(events)
    .where(and(range, gte(events.id, first), ...conditions(filter)))
    .orderBy(desc(events.id))
    .limit(filter.limit + 1);
  const page = pageOf(found, filter.limit);
  return page.nextCursor === null && count === LIMITS.scanRows ? { ...page, nextCursor: first } : page;
}

function conditions(filter: EventFilter): (SQL | undefined)[] {
  return [
    filter.source === undefined ? undefined : eq(events.source, filter.source),
    filter.type === undefined ? undefined : eq(events.type, filter.type),
    filter.status === undefined ? undefined : eq(events.status, filter.status),
    filter.class === undefined ? undefined : eq(events.class, filter.class),
    filter.kind === undefined ? undefined : eq(events.kind, filter.kind),
    filter.entityKey === undefined ? undefined : eq(events.entityKey, filter.entityKey),
    filter.destination === undefined
      ? undefined
      : sql`EXISTS (SELECT 1 FROM json_each(${events.detail}, '$.lanes') WHERE value->>'destination' = ${filter.destination})`,
  ];
}

function pageOf(rows: readonly EventRecord[], limit: number): Page<EventRecord> {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

export async function findEvent(d1: D1Database, id: string): Promise<EventRecord | null> {
  return (await drizzle(d1).select().from(events).where(eq(events.id, id)).limit(1))[0] ?? null;
}

/** Events of a correlation: the one it was derived from, and those that carried it on. */
export async function findCorrelated(d1: D1Database, correlationId: string, originId: string | null): Promise<readonly EventRecord[]> {
  const carried = and(sql`correlation_id IS NOT NULL`, eq(events.correlationId, correlationId));
  const rows = await drizzle(d1).select().from(events).where(carried).orderBy(asc(events.id)).limit(LIMITS.pageItems);
  const origin = originId === null ? null : await findEvent(d1, originId);
  return origin === null ? rows : [origin, ...rows.filter((row) => row.id !== origin.id)];
}

export async function findLinks(d1: D1Database, term: string): Promise<readonly LinkRecord[]> {
  return drizzle(d1).select().from(links).where(eq(links.term, term)).limit(LIMITS.pageItems);
}

export interface DeadLetterFilter {
  readonly list: string;
  readonly status: string;
  readonly owner?: string | undefined;
  readonly class?: string | undefined;
  readonly destination?: string | undefined;
  readonly beforeId?: string | undefined;
  readonly limit: number;
}

export async function listDeadLetters(d1: D1Database, filter: DeadLetterFilter): Promise<Page<DeadLetterRecord>> {
  const where = and(
    eq(deadLetters.list, filter.list),
    eq(deadLetters.status, filter.status),
    filter.owner === undefined ? undefined : eq(deadLetters.owner, filter.owner),
    filter.class === undefined ? undefined : eq(deadLetters.class, filter.class),
    filter.destination === undefined ? undefined : eq(deadLetters.destination, filter.destination),
    filter.beforeId === undefined ? undefined : lt(deadLetters.id, filter.beforeId),
  );
  const rows = await drizzle(d1)
    .select()
    .from(deadLetters)
    .where(where)
    .orderBy(desc(deadLetters.id))
    .limit(filter.limit + 1);
  const items = rows.slice(0, filter.limit);
  return { items, nextCursor: rows.length > filter.limit ? (items.at(-1)?.id ?? null) : null };
}

export async function findDeadLetter(d1: D1Database, id: string): Promise<DeadLetterRecord | null> {
  return (await drizzle(d1).select().from(deadLetters).where(eq(deadLetters.id, id)).limit(1))[0] ?? null;
}

export async function endDeadLetter(
  d1: D1Database,
  id: string,
  end: { readonly status: "resolved" | "skipped"; readonly atMs: number },
): Promise<void> {
  await drizzle(d1).update(deadLetters).set({ status: end.status, updatedAtMs: end.atMs }).where(eq(deadLetters.id, id));
}

/** Ends the row of an event that no sequencer holds: a quarantined one that was given up or read anew. */
export async function endEvent(
  d1: D1Database,
  id: string,
  end: { readonly status: "cancelled" | "superseded"; readonly atMs: number },
): Promise<void> {
  await drizzle(d1)
    .update(events)
    .set({ status: end.status, updatedAtMs: end.atMs, rev: sql`${events.rev} + 1` })
    .where(eq(events.id, id));
}

/** Entities that hold work for a destination, to be woken when it is resumed. */
export async function entitiesHeldFor(
  d1: D1Database,
  destination: string,
): Promise<readonly { readonly kind: string | null; readonly entityKey: string | null }[]> {
  const waiting = and(
    inArray(events.status, ["held", "retrying", "pending"]),
    sql`status NOT IN ('delivered', 'superseded', 'ignored')`,
    sql`EXISTS (SELECT 1 FROM json_each(${events.detail}, '$.lanes') WHERE value->>'destination' = ${destination})`,
  );
  return drizzle(d1)
    .selectDistinct({ kind: events.kind, entityKey: events.entityKey })
    .from(events)
    .where(waiting)
    .limit(LIMITS.pageItems * 5);
}

export interface RejectionFilter {
  readonly source?: string | undefined;
  readonly sinceMs: number;
  readonly after?: { readonly minuteMs: number; readonly source: string; readonly reason: string } | undefined;
  readonly limit: number;
}

const TALLIES = { rejections, handshakes } as const;

/** Counts by minute, newest first. */
export async function listTallies(
  d1: D1Database,
  table: keyof typeof TALLIES,
  filter: RejectionFilter,
): Promise<readonly RejectionRecord[]> {
  const counts = TALLIES[table];
  const { after } = filter;
  const beyond =
    after === undefined
      ? undefined
      : or(
          lt(counts.minuteMs, after.minuteMs),
          and(eq(counts.minuteMs, after.minuteMs), gt(counts.source, after.source)),
          and(eq(counts.minuteMs, after.minuteMs), eq(counts.source, after.source), gt(counts.reason, after.reason)),
        );
  const where = and(
    gte(counts.minuteMs, filter.sinceMs),
    filter.source === undefined ? undefined : eq(counts.source, filter.source),
    beyond,
  );
  return drizzle(d1)
    .select()
    .from(counts)
    .where(where)
    .orderBy(desc(counts.minuteMs), asc(counts.source), asc(counts.reason))
    .limit(filter.limit);
}

/** When each source was last let in, refused or greeted. Events are only looked at as far back as LIMITS.scanRows of them. */
export async function lastContacts(
  d1: D1Database,
): Promise<readonly { readonly source: string; readonly what: string; readonly atMs: number }[]> {
  const found = await d1
    .prepare(
      `SELECT source, 'accepted' AS what, MAX(received_at_ms) AS at_ms
         FROM (SELECT source, received_at_ms FROM events ORDER BY id DESC LIMIT ?1) GROUP BY source
       UNION ALL SELECT source, 'rejected', MAX(last_at_ms) FROM rejections GROUP BY source
       UNION ALL SELECT source, 'handshake', MAX(last_at_ms) FROM handshakes GROUP BY source`,
    )
    .bind(LIMITS.scanRows)
    .all<{ source: string; what: string; at_ms: number }>();
  return found.results.map(({ source, what, at_ms }) => ({ source, what, atMs: at_ms }));
}

export const listSubscriptions = (d1: D1Database): Promise<readonly (typeof subscriptions.$inferSelect)[]> =>
  drizzle(d1).select().from(subscriptions).orderBy(asc(subscriptions.source), asc(subscriptions.subscriptionId)).limit(LIMITS.pageItems);

/** Writes what a look at the senders' subscriptions found; those that are not there any more go. */
export async function recordSubscriptions(
  d1: D1Database,
  source: string,
  rows: readonly (typeof subscriptions.$inferInsert)[],
): Promise<void> {
  const db = drizzle(d1);
  const gone = db.delete(subscriptions).where(eq(subscriptions.source, source));
  if (rows.length === 0) await gone;
  else await db.batch([gone, db.insert(subscriptions).values([...rows])]);
}
