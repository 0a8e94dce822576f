import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { contentHash, type JsonRecord } from "./exact-json.ts";

/** Where a change comes from, as the request's headers said. */
export interface Cause {
  readonly idempotencyKey: string | null;
  readonly correlationId: string | null;
  readonly traceparent: string | null;
  /** When it happened at the sender of the event, ISO 8601. */
  readonly occurredAt: string | null;
}

export interface StoredRecord {
  readonly id: string;
  readonly collection: string;
  readonly externalKey: string;
  readonly number: string | null;
  readonly version: number;
  /** ISO 8601 with milliseconds. */
  readonly updatedAt: string;
  /** JSON text. */
  readonly content: string;
  readonly contentHash: string;
  readonly correlationId: string | null;
  readonly traceparent: string | null;
}

export interface Write {
  readonly collection: string;
  readonly externalKey: string;
  readonly content: JsonRecord;
  /** The text to keep; absent: the content printed. */
  readonly text?: string;
  readonly cause: Cause;
  /** Called once for a new record. */
  identify(sequence: number): { readonly id: string; readonly number: string | null; readonly externalKey?: string };
}

export type Change = "created" | "updated" | "unchanged";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, collection TEXT NOT NULL, externalKey TEXT NOT NULL, number TEXT, version INTEGER NOT NULL,
    updatedAt TEXT NOT NULL, content TEXT NOT NULL, contentHash TEXT NOT NULL, correlationId TEXT, traceparent TEXT,
    UNIQUE (collection, externalKey)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS recordsByChange ON records (updatedAt, id);
  CREATE TABLE IF NOT EXISTS effects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, collection TEXT NOT NULL, externalKey TEXT NOT NULL, change TEXT NOT NULL,
    idempotencyKey TEXT, contentHash TEXT, correlationId TEXT, occurredAt TEXT, version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS effectsByKey ON effects (externalKey, id);
  CREATE TABLE IF NOT EXISTS answers (
    idempotencyKey TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
`;

/** A system's storage: records, the log of effects that changed something, answers by idempotency key, counters. */
export class Store {
  readonly database: DatabaseSync;
  readonly #nowMs: () => number;

  /** `file` may be `:memory:`. */
  constructor(file: string, nowMs: () => number) {
    this.database = new DatabaseSync(file);
    this.#nowMs = nowMs;
    this.database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.database.exec(SCHEMA);
  }

  /** All of it or nothing; the action must not await. */
  transaction<T>(action: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const value = action();
      this.database.exec("COMMIT");
      return value;
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Rows of our own STRICT tables, so their types are those of the columns named in the statement. */
  all<Row>(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.database.prepare(sql).all(...values) as unknown as readonly Row[];
  }

  one<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.all<Row>(sql, ...values)[0];
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.database.prepare(sql).run(...values);
  }

  nowIso(): string {
    return new Date(this.#nowMs()).toISOString();
  }

  count(name: string): number {
    const sql = "INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value";
    return this.one<{ value: number }>(sql, name)?.value ?? 0;
  }

  counted(name: string): number {
    return this.one<{ value: number }>("SELECT value FROM counters WHERE name = ?", name)?.value ?? 0;
  }

  byKey(collection: string, externalKey: string): StoredRecord | undefined {
    return this.one("SELECT * FROM records WHERE collection = ? AND externalKey = ?", collection, externalKey);
  }

  byId(collection: string, id: string): StoredRecord | undefined {
    return this.one("SELECT * FROM records WHERE collection = ? AND id = ?", collection, id);
  }

  /** Creates or replaces a record's content. The same content changes nothing and is no effect. Call within a transaction. */
  write(write: Write): { readonly record: StoredRecord; readonly change: Change } {
    const known = this.byKey(write.collection, write.externalKey);
    const hash = contentHash(write.content);
    if (known?.contentHash === hash) return { record: known, change: "unchanged" };
    const change = known === undefined ? "created" : "updated";
    const record = this.#next(write, known, hash);
    this.run(
      "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      record.id,
      record.collection,
      record.externalKey,
      record.number,
      record.version,
      record.updatedAt,
      record.content,
      hash,
      record.correlationId,
      record.traceparent,
    );
    this.logEffect(record, change, write.cause);
    return { record, change };
  }

  #next(write: Write, known: StoredRecord | undefined, hash: string): StoredRecord {
    const born = known ?? { externalKey: write.externalKey, ...write.identify(this.count(`records.${write.collection}`)) };
    return {
      id: born.id,
      collection: write.collection,
      externalKey: born.externalKey ?? write.externalKey,
      number: born.number,
      version: (known?.version ?? 0) + 1,
      updatedAt: this.nowIso(),
      content: write.text ?? JSON.stringify(write.content),
      contentHash: hash,
      correlationId: write.cause.correlationId ?? known?.correlationId ?? null,
      traceparent: write.cause.traceparent ?? known?.traceparent ?? null,
    };
  }

  /** Removes a record. Call within a transaction. */
  remove(record: StoredRecord, cause: Cause): void {
    this.run("DELETE FROM records WHERE id = ?", record.id);
    this.logEffect({ ...record, version: record.version + 1 }, "deleted", cause);
  }

  logEffect(record: StoredRecord, change: Change | "deleted", cause: Cause): void {
    this.run(
      `INSERT INTO effects (at, collection, externalKey, change, idempotencyKey, contentHash, correlationId, occurredAt, version)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.nowIso(),
      record.collection,
      record.externalKey,
      change,
      cause.idempotencyKey,
      change === "deleted" ? null : record.contentHash,
      cause.correlationId ?? record.correlationId,
      cause.occurredAt,
      record.version,
    );
  }

  close(): void {
    this.database.close();
  }
}
