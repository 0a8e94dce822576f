import { addMeasures, type Measures } from "../domain/signals/measures.ts";

/** A consumer's isolate writes its counts at most this often: one row, however many events it saw. */
export const FLUSH_EVERY_MS = 60_000;
const TOTAL = "total";

/**
 * What one isolate has counted and not written yet. The counts of an isolate that ends before its next write are lost;
 * they are statistics, never the only copy of anything.
 */
export class MeasureLog {
  #counts: Measures = {};
  #flushedAtMs = 0;

  add(measures: Measures): void {
    this.#counts = addMeasures(this.#counts, measures);
  }

  /** Writes what was counted, if the last time is long enough ago. What cannot be written stays for the next time. */
  async flush(db: D1Database, nowMs: number, everyMs: number): Promise<void> {
    const counts = this.#counts;
    if (nowMs - this.#flushedAtMs < everyMs || Object.keys(counts).length === 0) return;
    this.#counts = {};
    this.#flushedAtMs = nowMs;
    try {
      await db.prepare("INSERT INTO measures (id, counts) VALUES (?1, ?2)").bind(crypto.randomUUID(), JSON.stringify(counts)).run();
    } catch {
      this.#counts = addMeasures(counts, this.#counts);
    }
  }
}

const SUMMED = `SELECT json_group_object(series, value) AS counts FROM (
  SELECT each.key AS series, CASE WHEN each.key LIKE 'last|%' THEN max(each.value) ELSE sum(each.value) END AS value
    FROM measures, json_each(measures.counts) AS each GROUP BY each.key)`;

/** All that was ever counted: the total and what has come since. */
export async function readMeasures(db: D1Database): Promise<Measures> {
  const row = await db.prepare(SUMMED).first<{ counts: string }>();
  return row === null ? {} : (JSON.parse(row.counts) as Measures);
}

/** Folds what has come into the total, in one transaction: no count is missed or taken twice. Writes nothing if nothing has come. */
export async function foldMeasures(db: D1Database): Promise<void> {
  const come = await db.prepare("SELECT 1 AS n FROM measures WHERE id <> ?1 LIMIT 1").bind(TOTAL).first();
  if (come === null) return;
  await db.batch([
    db.prepare(`INSERT OR REPLACE INTO measures (id, counts) SELECT ?1, counts FROM (${SUMMED})`).bind(TOTAL),
    db.prepare("DELETE FROM measures WHERE id <> ?1").bind(TOTAL),
  ]);
}

/** Begins to watch for sources that were never heard of: as if they had sent something now, so that silence is counted from here. */
export async function watchSources(db: D1Database, latest: Measures): Promise<void> {
  if (Object.keys(latest).length > 0)
    await db.prepare("INSERT INTO measures (id, counts) VALUES (?1, ?2)").bind(crypto.randomUUID(), JSON.stringify(latest)).run();
}
