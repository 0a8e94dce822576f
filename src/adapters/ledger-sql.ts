import type { EntityEvent } from "../domain/event.ts";
import { LIMITS } from "../domain/limits.ts";
import { NO_KIN, type Kin } from "../domain/kin.ts";
import type { EventOutcome } from "../domain/outcome.ts";
import type { OrderToken } from "../domain/order.ts";
import type { Marks } from "../domain/sequencing.ts";
import { GENESIS, type ChainHead, type Entry } from "../domain/timeline.ts";
import type { Work } from "../domain/work.ts";

const DAY_MS = 86_400_000;
/** Buckets of one day are numbered day * this + n. */
const BUCKETS_A_DAY = 100_000;

/** The bucket below all days, with the rows of marks and of other names and, once lines were expired, the row that the oldest kept line follows. */
const STATE_BUCKET = -1;
/** Buckets that go at once at most: opening a new one stays cheap, however long the object slept. */
const EXPIRED_AT_ONCE = 4;

/**
 * Entries are keyed by (bucket, key) without a rowid, so an event that goes well costs one row, and its call one more
 * for the marks. Buckets are days, cut again at LIMITS.bucketEntries: the newest is all that an object reads to find
 * its chain's head, and a delivery is looked up with one seek a bucket. Making a table is billed as rows as well, so an
 * object has one table until something cannot be finished at once.
 */
const ENTRIES = `CREATE TABLE IF NOT EXISTS entries (
  bucket INTEGER NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, event_id TEXT NOT NULL,
  body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL, content_hash TEXT, outcome TEXT,
  PRIMARY KEY (bucket, key)) WITHOUT ROWID`;
const UNFINISHED = [
  `CREATE TABLE IF NOT EXISTS work (destination TEXT NOT NULL, position INTEGER NOT NULL, work TEXT NOT NULL,
    PRIMARY KEY (destination, position)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS owed (event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, owed TEXT NOT NULL) WITHOUT ROWID`,
];

interface OwedOutcome {
  readonly event: EntityEvent;
  readonly outcome: EventOutcome;
}

interface Change {
  readonly lines: readonly { readonly entry: Entry; readonly known?: { readonly key: string; readonly contentHash: string } }[];
  readonly outcomes: readonly { readonly key: string; readonly outcome: EventOutcome }[];
  readonly put: readonly Work[];
  readonly drop: readonly Work[];
  readonly owe: readonly OwedOutcome[];
  readonly kin?: Kin;
}

type EntryRow = { seq: number; at_ms: number; event_id: string; body: string; prev: string; hash: string };
type KnownRow = { bucket: number; event_id: string; content_hash: string; outcome: string; body: string };

/** An entity's ledger in its object's SQLite. Guarantees what sequence/ports.ts asks: atomic, durable before any answer leaves. */
export class SqlLedger {
  readonly #storage: DurableObjectStorage;
  readonly #onFailure: (error: unknown) => never;
  #buckets: number[] = [];
  #inBucket = 0;
  /** False until the first write: looking at an entity that does not exist must not make one. */
  #made: boolean;
  /** Whether the tables of unfinished things were ever needed. */
  #unfinished: boolean;

  readonly #keptMs: number;

  /**
   * Lines are kept for `keptDays` at least, and then go a bucket at a time. `onFailure` must end the object: after a
   * failed write its memory is ahead of its storage.
   */
  constructor(storage: DurableObjectStorage, keptDays: number, onFailure: (error: unknown) => never) {
    this.#storage = storage;
    this.#keptMs = keptDays * DAY_MS;
    this.#onFailure = onFailure;
    const tables = new Set(
      storage.sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master")
        .toArray()
        .map((row) => row.name),
    );
    this.#made = tables.has("entries");
    this.#unfinished = tables.has("work");
  }

  load(): { head: ChainHead; marks: Marks; work: Work[]; owed: OwedOutcome[]; kin: Kin } {
    if (!this.#made) return { head: GENESIS, marks: {}, work: [], owed: [], kin: NO_KIN };
    this.#buckets = this.#readBuckets();
    const head = this.#readHead();
    return {
      head,
      marks: (this.#texts("SELECT body AS text FROM entries WHERE bucket = -1 AND key = 'marks'")[0] ?? {}) as Marks,
      kin: (this.#texts("SELECT body AS text FROM entries WHERE bucket = -1 AND key = 'kin'")[0] ?? NO_KIN) as Kin,
      work: this.#unfinished ? (this.#texts("SELECT work AS text FROM work") as Work[]) : [],
      owed: this.#unfinished ? (this.#texts("SELECT owed AS text FROM owed") as OwedOutcome[]) : [],
    };
  }

  /** The last line of the newest bucket. Marks alone are no line: an object may have died between them and its first. */
  #readHead(): ChainHead {
    const newest = this.#buckets.at(-1);
    if (newest === undefined) return GENESIS;
    const rows = this.#storage.sql.exec<{ seq: number; hash: string; n: number }>(
      "SELECT seq, hash, (SELECT count(*) FROM entries WHERE bucket = ?1) AS n FROM entries WHERE bucket = ?1 ORDER BY seq DESC LIMIT 1",
      newest,
    );
    const { seq, hash, n } = rows.one();
    this.#inBucket = n;
    return { seq, hash };
  }

  #texts(query: string): unknown[] {
    return this.#storage.sql
      .exec<{ text: string }>(query)
      .toArray()
      .map((row) => JSON.parse(row.text) as unknown);
  }

  find(key: string): { eventId: string; contentHash: string; order: OrderToken; outcome: EventOutcome } | null {
    const row = this.#known(key);
    if (row === null) return null;
    const { order } = JSON.parse(row.body) as { order: OrderToken };
    return { eventId: row.event_id, contentHash: row.content_hash, order, outcome: JSON.parse(row.outcome) as EventOutcome };
  }

  commit(change: Change): void {
    this.#atomically(() => this.#write(change));
  }

  saveMarks(marks: Marks): void {
    this.#atomically(() => this.#saveState("marks", marks));
  }

  #atomically(write: () => void): void {
    try {
      this.#storage.transactionSync(() => {
        if (!this.#made) this.#storage.sql.exec(ENTRIES);
        write();
      });
      this.#made = true;
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #saveState(name: "marks" | "kin", state: Marks | Kin): void {
    const write = "INSERT OR REPLACE INTO entries (bucket, key, seq, at_ms, event_id, body, prev, hash) VALUES (?, ?, 0, 0, '', ?, '', '')";
    this.#storage.sql.exec(write, STATE_BUCKET, name, JSON.stringify(state));
  }

  settleOwed(paid: readonly OwedOutcome[]): void {
    if (!this.#unfinished) return;
    for (const { event, outcome } of paid) this.#storage.sql.exec("DELETE FROM owed WHERE event_id = ? AND rev = ?", event.id, outcome.rev);
  }

  /** What the oldest kept line follows: the beginning, unless older lines were expired. */
  base(): ChainHead {
    if (!this.#made) return GENESIS;
    const found = this.#storage.sql.exec<ChainHead & Record<string, SqlStorageValue>>(
      "SELECT seq, hash FROM entries WHERE bucket = -1 AND key = 'base'",
    );
    return found.toArray()[0] ?? GENESIS;
  }

  /** Lines of the timeline after `seq`, oldest first. */
  timeline(afterSeq: number, limit: number): Entry[] {
    if (!this.#made) return [];
    return this.#storage.sql
      .exec<EntryRow>(
        "SELECT seq, at_ms, event_id, body, prev, hash FROM entries WHERE bucket >= 0 AND seq > ? ORDER BY seq LIMIT ?",
        afterSeq,
        limit,
      )
      .toArray()
      .map((row) => ({ seq: row.seq, atMs: row.at_ms, eventId: row.event_id, body: row.body, prev: row.prev, hash: row.hash }));
  }

  #write(change: Change): void {
    const { sql } = this.#storage;
    const outcomes = new Map(change.outcomes.map((item) => [item.key, JSON.stringify(item.outcome)]));
    for (const { entry, known } of change.lines) {
      const outcome = known === undefined ? null : (outcomes.get(known.key) ?? null);
      if (known !== undefined) outcomes.delete(known.key);
      sql.exec(
        "INSERT INTO entries (bucket, key, seq, at_ms, event_id, body, prev, hash, content_hash, outcome) VALUES (?,?,?,?,?,?,?,?,?,?)",
        this.#bucketFor(entry.atMs),
        known?.key ?? `#${entry.seq}`,
        entry.seq,
        entry.atMs,
        entry.eventId,
        entry.body,
        entry.prev,
        entry.hash,
        known?.contentHash ?? null,
        outcome,
      );
    }
    for (const [key, outcome] of outcomes) {
      const bucket = this.#known(key)?.bucket;
      if (bucket !== undefined) sql.exec("UPDATE entries SET outcome = ? WHERE bucket = ? AND key = ?", outcome, bucket, key);
    }
    if (change.kin !== undefined) this.#saveState("kin", change.kin);
    if (change.put.length > 0 || change.owe.length > 0) this.#expectUnfinished();
    for (const work of change.drop)
      sql.exec("DELETE FROM work WHERE destination = ? AND position = ?", work.plan.destination, work.position);
    for (const work of change.put)
      sql.exec("INSERT OR REPLACE INTO work VALUES (?, ?, ?)", work.plan.destination, work.position, JSON.stringify(work));
    for (const owed of change.owe)
      sql.exec("INSERT OR REPLACE INTO owed VALUES (?, ?, ?)", owed.event.id, owed.outcome.rev, JSON.stringify(owed));
  }

  #expectUnfinished(): void {
    if (this.#unfinished) return;
    for (const statement of UNFINISHED) this.#storage.sql.exec(statement);
    this.#unfinished = true;
  }

  /** One statement, one seek a bucket. */
  #known(key: string): KnownRow | null {
    if (this.#buckets.length === 0) return null;
    const found = this.#storage.sql.exec<KnownRow>(
      `SELECT e.bucket, e.event_id, e.content_hash, e.outcome, e.body FROM json_each(?1) AS b CROSS JOIN entries AS e
       ON e.bucket = b.value AND e.key = ?2 WHERE e.content_hash IS NOT NULL LIMIT 1`,
      JSON.stringify(this.#buckets),
      key,
    );
    return found.toArray()[0] ?? null;
  }

  /** The bucket for a new line: never an older one than the newest in use, so the newest always holds the head. */
  #bucketFor(atMs: number): number {
    const newest = this.#buckets.at(-1) ?? -1;
    const today = Math.floor(atMs / DAY_MS) * BUCKETS_A_DAY;
    const full = this.#inBucket >= LIMITS.bucketEntries;
    const bucket = newest < today ? today : full ? newest + 1 : newest;
    if (bucket !== newest) {
      this.#expire(atMs);
      this.#buckets.push(bucket);
      this.#inBucket = 0;
    }
    this.#inBucket++;
    return bucket;
  }

  /**
   * Forgets whole buckets that are older than what is kept, and remembers what the next line follows. Nothing goes while
   * work of that time is unfinished, since its outcome is written to its line.
   */
  #expire(nowMs: number): void {
    const { sql } = this.#storage;
    const before = Math.floor((nowMs - this.#keptMs) / DAY_MS) * BUCKETS_A_DAY;
    // The newest bucket holds the chain's head, which nothing else does.
    const old = this.#buckets.slice(0, -1).filter((bucket) => bucket < before);
    const going = old.slice(0, EXPIRED_AT_ONCE);
    const last = going.at(-1);
    if (last === undefined || this.#hasWorkFrom(nowMs - this.#keptMs)) return;
    sql.exec(
      `INSERT OR REPLACE INTO entries (bucket, key, seq, at_ms, event_id, body, prev, hash)
       SELECT ?1, 'base', seq, ?2, '', '', '', hash FROM entries WHERE bucket = ?3 ORDER BY seq DESC LIMIT 1`,
      STATE_BUCKET,
      nowMs,
      last,
    );
    sql.exec("DELETE FROM entries WHERE bucket >= 0 AND bucket <= ?", last);
    this.#buckets = this.#buckets.slice(going.length);
  }

  #hasWorkFrom(beforeMs: number): boolean {
    if (!this.#unfinished) return false;
    const query = "SELECT 1 FROM work WHERE json_extract(work, '$.event.receivedAtMs') < ? LIMIT 1";
    return this.#storage.sql.exec(query, beforeMs + DAY_MS).toArray().length > 0;
  }

  /** All buckets, each found by one seek from the one before. */
  #readBuckets(): number[] {
    return this.#storage.sql
      .exec<{ bucket: number }>(
        `WITH RECURSIVE b(bucket) AS (SELECT min(bucket) FROM entries WHERE bucket >= 0
         UNION ALL SELECT (SELECT min(bucket) FROM entries WHERE bucket > b.bucket) FROM b WHERE b.bucket IS NOT NULL)
         SELECT bucket FROM b WHERE bucket IS NOT NULL`,
      )
      .toArray()
      .map((row) => row.bucket);
  }
}
