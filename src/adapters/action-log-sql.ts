import { actionBody, withoutReason, type Action } from "../domain/operator-action.ts";
import { GENESIS, chain, leftDigest, type ChainHead, type Entry, type ErasureLine } from "../domain/timeline.ts";
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
    if (this.find([action.id]).length === 0) this.#write({ atMs: action.atMs, eventId: action.id, body: actionBody(action) });
  }

  /** The lines of which an erasure would take the reason. */
  holding(values: readonly string[]): Entry[] {
    return this.page(0, Number.MAX_SAFE_INTEGER).filter((entry) => withoutReason(entry, values, "") !== null);
  }

  /** Takes reasons out that hold one of the values, and chains what is left. Answers the ids of the actions. */
  erase(
    erasure: Omit<ErasureLine, "type" | "lines">,
    values: readonly string[],
    line: { readonly id: string; readonly atMs: number },
  ): string[] {
    const changes = this.holding(values).map((entry) => ({ ...entry, body: withoutReason(entry, values, erasure.id) ?? entry.body }));
    if (changes.length === 0) return [];
    for (const { seq, body } of changes) this.#sql.exec("UPDATE actions SET body = ? WHERE seq = ?", body, seq);
    const lines = changes.map((entry) => ({ seq: entry.seq, digest: leftDigest(entry, sha256Hex) }));
    const { id, subject } = erasure;
    const body: ErasureLine = { type: "erasure", id, subject, lines };
    this.#write({ atMs: line.atMs, eventId: line.id, body: JSON.stringify(body) });
    return changes.map(({ eventId }) => eventId);
  }

  /** The lines that vouch for others. */
  erasures(): Entry[] {
    return this.#rows(`SELECT * FROM actions WHERE body LIKE '{"type":"erasure",%' ORDER BY seq`);
  }

  #write(line: Pick<Entry, "atMs" | "eventId" | "body">): void {
    const entry = chain(this.head(), line, sha256Hex);
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
