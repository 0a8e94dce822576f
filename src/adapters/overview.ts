import { LIMITS } from "../domain/limits.ts";
import type { RecentEvent } from "../domain/overview.ts";

/** Statuses that still need something; only these are in the partial index. */
const WAITING = ["pending", "retrying", "held", "quarantined", "dead"] as const;

export interface Waiting {
  readonly status: string;
  readonly events: number;
  readonly oldestId: string | null;
}

/** How many events wait in each status and which is the oldest: reads the partial index, at most LIMITS.overviewCounted rows a status. */
export async function countWaiting(d1: D1Database): Promise<readonly Waiting[]> {
  const counted = d1.prepare(
    `SELECT ?1 AS status, count(*) AS events, min(id) AS oldest_id FROM (SELECT id FROM events
       WHERE status = ?1 AND status NOT IN ('delivered', 'superseded', 'ignored') ORDER BY id LIMIT ?2)`,
  );
  const found = await d1.batch<{ status: string; events: number; oldest_id: string | null }>(
    WAITING.map((status) => counted.bind(status, LIMITS.overviewCounted)),
  );
  return found.flatMap(({ results }) => results.map(({ status, events, oldest_id }) => ({ status, events, oldestId: oldest_id })));
}

export interface LetterCount {
  readonly list: string;
  readonly owner: string;
  readonly class: string;
  readonly letters: number;
}

/** Open dead letters by list, owner and class, counted over at most LIMITS.overviewCounted of each list. */
export async function countOpenLetters(d1: D1Database): Promise<readonly LetterCount[]> {
  const counted = d1.prepare(
    `SELECT list, owner, class, count(*) AS letters
       FROM (SELECT list, owner, class FROM dead_letters WHERE list = ?1 AND status = 'open' LIMIT ?2) GROUP BY 1, 2, 3`,
  );
  const found = await d1.batch<LetterCount>(["business", "platform"].map((list) => counted.bind(list, LIMITS.overviewCounted)));
  return found.flatMap(({ results }) => results);
}

/** The newest events, LIMITS.overviewEvents of them, by their key alone. */
export async function listRecent(d1: D1Database): Promise<readonly RecentEvent[]> {
  const found = await d1
    .prepare(
      `SELECT kind, status, received_at_ms,
         (SELECT max((a.value->>'startedAtMs') + (a.value->>'durationMs'))
            FROM json_each(detail, '$.lanes') l, json_each(l.value, '$.attempts') a) AS settled_at_ms
       FROM events ORDER BY id DESC LIMIT ?1`,
    )
    .bind(LIMITS.overviewEvents)
    .all<{ kind: string | null; status: string; received_at_ms: number; settled_at_ms: number | null }>();
  return found.results.map(({ kind, status, received_at_ms, settled_at_ms }) => ({
    kind,
    status,
    receivedAtMs: received_at_ms,
    settledAtMs: settled_at_ms,
  }));
}

/** Requests that were not let in since, by source and reason. */
export async function sumRejections(
  db: D1Database,
  sinceMs: number,
): Promise<readonly { readonly source: string; readonly reason: string; readonly count: number }[]> {
  const found = await db
    .prepare("SELECT source, reason, sum(count) AS count FROM rejections WHERE minute_ms >= ?1 GROUP BY 1, 2")
    .bind(sinceMs)
    .all<{ source: string; reason: string; count: number }>();
  return found.results;
}
