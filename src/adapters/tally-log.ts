import { LIMITS } from "../domain/limits.ts";

interface Tally {
  count: number;
  example: string;
}

/** What is counted so: the two tables have the same columns. */
export type TallyTable = "rejections" | "handshakes";

/**
 * Counts what was not let in, or what was asked beside events, in memory, and writes a count for each source, reason
 * and minute at most every LIMITS.rejectionFlushMs: a flood of forged requests costs a handful of rows a minute. Requests
 * to unknown sources share one row, so made-up names cannot fill the table. Counts not flushed when an isolate ends are
 * lost; they are statistics, never the only copy of anything.
 */
export class TallyLog {
  readonly #table: TallyTable;
  readonly #tallies = new Map<string, Tally>();
  #flushing: Promise<void> | null = null;

  constructor(table: TallyTable) {
    this.#table = table;
  }

  /** Counts one; returns the flush to keep the invocation alive for, or null if one is under way already. */
  note(
    db: D1Database,
    rejected: { readonly source: string | null; readonly reason: string; readonly note: string; readonly atMs: number },
  ): Promise<void> | null {
    const minuteMs = Math.floor(rejected.atMs / 60_000) * 60_000;
    const key = JSON.stringify([minuteMs, rejected.source ?? "(unknown)", rejected.reason]);
    const tally = this.#tallies.get(key);
    if (tally === undefined) this.#tallies.set(key, { count: 1, example: rejected.note.slice(0, 200) });
    else tally.count++;
    if (this.#flushing !== null) return null;
    this.#flushing = this.#flushSoon(db).finally(() => (this.#flushing = null));
    return this.#flushing;
  }

  /** Writes at once what is new, then once more for what came within the interval. */
  async #flushSoon(db: D1Database): Promise<void> {
    await this.#flush(db);
    await new Promise((resolve) => setTimeout(resolve, LIMITS.rejectionFlushMs));
    await this.#flush(db);
  }

  async #flush(db: D1Database): Promise<void> {
    const rows = [...this.#tallies].map(([key, tally]) => {
      const [minuteMs, source, reason] = JSON.parse(key) as [number, string, string];
      return { minuteMs, source, reason, ...tally };
    });
    this.#tallies.clear();
    if (rows.length === 0) return;
    await db
      .prepare(
        `INSERT INTO ${this.#table} (minute_ms, source, reason, count, last_at_ms, example)
         SELECT value->>'minuteMs', value->>'source', value->>'reason', value->>'count', ?2, value->>'example' FROM json_each(?1) WHERE true
         ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at_ms = excluded.last_at_ms`,
      )
      .bind(JSON.stringify(rows), Date.now())
      .run()
      .catch(() => undefined);
  }
}
