import { parseRecord } from "./exact-json.ts";
import { json, problem, type Answer, type Call, type System } from "./http-types.ts";
import type { Store, StoredRecord } from "./store.ts";

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1000;

/** A record as every answer and webhook shows it: its content, with the fields that the system assigned over it. */
export const shown = (record: StoredRecord): object => ({
  ...parseRecord(record.content),
  id: record.id,
  ...(record.number === null ? {} : { number: record.number }),
  externalKey: record.externalKey,
  version: record.version,
  updatedAt: record.updatedAt,
});

/**
 * `?changedSince=&afterId=&limit=`: records in order of (updatedAt, id), from `changedSince` on, after `afterId` among
 * those of that very time. `next` names the last one of a full page, so equal times lose nothing.
 */
export function listChanged(store: Store, collection: string | null, call: Call): Answer {
  const since = timeOf(call.query.get("changedSince"));
  const limit = limitOf(call.query.get("limit"));
  if (since === undefined) return problem(400, "bad_request", "changedSince must be an ISO 8601 time");
  if (limit === undefined) return problem(400, "bad_request", `limit must be a whole number from 1 to ${LARGEST_PAGE}`);
  const rows = store.all<StoredRecord>(
    `SELECT * FROM records WHERE (?1 IS NULL OR collection = ?1) AND (updatedAt, id) > (?2, ?3) ORDER BY updatedAt, id LIMIT ?4`,
    collection,
    since,
    call.query.get("afterId") ?? "",
    limit + 1,
  );
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return json(200, { items: items.map(shown), next: last === undefined ? null : { changedSince: last.updatedAt, afterId: last.id } });
}

interface EffectRow {
  readonly id: string;
}

/** `?afterId=&limit=&key=`: the log of effects, oldest first; `key` picks one record's, by external key. */
export function listEffects(store: Store, call: Call): Answer {
  const limit = limitOf(call.query.get("limit"));
  const afterId = call.query.get("afterId") ?? "0";
  if (limit === undefined || !/^\d{1,15}$/.test(afterId)) return problem(400, "bad_request", "afterId and limit must be whole numbers");
  const rows = store.all<EffectRow>(
    `SELECT CAST(id AS TEXT) AS id, at, collection, externalKey, change, idempotencyKey, contentHash, correlationId, occurredAt, version
     FROM effects WHERE effects.id > ?1 AND (?2 IS NULL OR externalKey = ?2) ORDER BY effects.id LIMIT ?3`,
    Number(afterId),
    call.query.get("key"),
    limit + 1,
  );
  const items = rows.slice(0, limit);
  return json(200, { items, next: rows.length > limit ? { afterId: items.at(-1)?.id } : null });
}

/** Counts, all read from storage. `duplicateEffects` is the number of effects that share external key and idempotency key with another. */
export function summary(system: System): Answer {
  const { store } = system;
  const count = (sql: string): number => store.one<{ n: number }>(sql)?.n ?? 0;
  return json(200, {
    records: count("SELECT count(*) AS n FROM records"),
    effects: count("SELECT count(*) AS n FROM effects"),
    requests: store.counted("requests"),
    duplicateRequests: store.counted("duplicateRequests"),
    duplicateEffects: count(
      `SELECT coalesce(sum(times), 0) AS n FROM (
         SELECT count(*) AS times FROM effects WHERE idempotencyKey IS NOT NULL GROUP BY externalKey, idempotencyKey HAVING count(*) > 1)`,
    ),
    ...system.counts?.(),
  });
}

function timeOf(text: string | null): string | undefined {
  const ms = text === null ? 0 : Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function limitOf(text: string | null): number | undefined {
  const limit = text === null ? DEFAULT_PAGE : Number(text);
  return Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE ? limit : undefined;
}
