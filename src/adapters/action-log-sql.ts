import { actionBody, type Action } from "../domain/operator-action.ts";
import { GENESIS, chain, type ChainHead, type Entry } from "../domain/timeline.ts";
import { sha256Hex } from "./sha256.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS actions (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, prev TEXT NOT NULL,
  hash TEXT NOT NULL, listed INTEGER NOT NULL)`;

type Row = { seq: number; at_ms: number; id: string; body: string; prev: string; hash: string };

const entryOf = (row: Row): Entry => ({
  seq: row.seq,
  atMs: row.at_ms,
  eventId: row.id,
  body: row.body,
  prev: row.prev,
  hash: row.hash,
});

/** The hash chain of operators' actions in its object's SQLite. It only ever grows. */
export class ActionLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLE);
  }

  /** Appends an action, once: the same id again changes nothing. */
  append(action: Action): void {
    if (this.find([action.id]).length > 0) return;
    const entry = chain(this.head(), { atMs: action.atMs, eventId: action.id, body: actionBody(action) }, sha256Hex);
    this.#sql.exec(
      "INSERT INTO actions (seq, at_ms, id, body, prev, hash, listed) VALUES (?, ?, ?, ?, ?, ?, 0)",
      entry.seq,
      entry.atMs,
      entry.eventId,
      entry.body,
      entry.prev,
      entry.hash,
    );
  }

  head(): ChainHead {
    return this.#rows("SELECT * FROM actions ORDER BY seq DESC LIMIT 1")[0] ?? GENESIS;
  }

  page(afterSeq: number, limit: number): Entry[] {
    return this.#rows("SELECT * FROM actions WHERE seq > ? ORDER BY seq LIMIT ?", afterSeq, limit);
  }

  find(ids: readonly string[]): Entry[] {
    return this.#rows("SELECT * FROM actions WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  }

  /** Those that the list in the index does not have yet, as far as is known. */
  unlisted(limit: number): Entry[] {
    return this.#rows("SELECT * FROM actions WHERE listed = 0 ORDER BY seq LIMIT ?", limit);
  }

  listed(entries: readonly Entry[]): void {
    for (const { seq } of entries) this.#sql.exec("UPDATE actions SET listed = 1 WHERE seq = ?", seq);
  }

  #rows(query: string, ...values: SqlStorageValue[]): Entry[] {
    return this.#sql
      .exec<Row>(query, ...values)
      .toArray()
      .map(entryOf);
  }
}
