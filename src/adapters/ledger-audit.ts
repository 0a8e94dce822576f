import { columnThatLies, neverSequenced, originalOf, type ListedRow } from "../domain/audit/index-check.ts";
import { Course, verifyLedger } from "../domain/audit/ledger-check.ts";
import type { LedgerRow } from "../domain/audit/told.ts";
import { LIMITS } from "../domain/limits.ts";
import type { ChainHead, Verification } from "../domain/timeline.ts";
import { sha256Hex } from "./sha256.ts";

/** Rows of the index that are held against a record's own history. */
export interface LedgerQuestion {
  readonly rows: readonly ListedRow[];
  /** Every row of the record with an id from here to there is among them. */
  readonly fromId: string;
  readonly toId: string;
  /** Where an earlier walk ended. */
  readonly anchor: ChainHead | null;
  readonly nowMs: number;
}

export interface RowProblem {
  readonly eventId: string;
  readonly reason: string;
}

export interface LedgerAnswer {
  readonly verification: Verification;
  readonly head: ChainHead;
  /** Events of which rows are told here: as their own line, or as a copy of one that is. */
  readonly known: readonly string[];
  readonly problems: readonly RowProblem[];
  /** Events of the asked stretch that have a line here, but no row there, although it has long had time to come. */
  readonly missing: readonly string[];
}

/** Walks all that an entity's object has kept of its history. */
export const auditLedger = (sql: SqlStorage, base: ChainHead, head: ChainHead): Verification =>
  verifyLedger(ledgerRows(sql), { base, head }, sha256Hex);

/** Walks it, and holds rows of the index against it. */
export function auditIndex(sql: SqlStorage, base: ChainHead, head: ChainHead, asked: LedgerQuestion): LedgerAnswer {
  const course = new Course();
  let atAnchor: string | null = asked.anchor?.seq === base.seq ? base.hash : null;
  const passing = function* (): Generator<LedgerRow> {
    for (const row of ledgerRows(sql)) {
      if (row.seq === asked.anchor?.seq) atAnchor = row.hash;
      yield row;
    }
  };
  const walked = verifyLedger(passing(), { base, head }, sha256Hex, course);
  const { anchor } = asked;
  const isRewritten = walked.intact && anchor !== null && anchor.seq >= base.seq && atAnchor !== anchor.hash;
  const verification: Verification = isRewritten
    ? { intact: false, entries: walked.entries, brokenAtSeq: anchor.seq, reason: "the history is not the one that was walked before" }
    : walked;
  return { verification, head, ...rowsAgainst(course, asked) };
}

function rowsAgainst(
  { events }: Course,
  { rows, fromId, toId, nowMs }: LedgerQuestion,
): Pick<LedgerAnswer, "known" | "problems" | "missing"> {
  const isOld = (atMs: number): boolean => atMs < nowMs - LIMITS.indexBehindMs;
  const known: string[] = [];
  const problems: RowProblem[] = [];
  for (const row of rows) {
    const told = events.get(row.id);
    const original = originalOf(row);
    if (told !== undefined || neverSequenced(row) || (original !== null && events.has(original))) known.push(row.id);
    const column = told === undefined ? null : columnThatLies(row, told, isOld(told.lastAtMs));
    if (column !== null) problems.push({ eventId: row.id, reason: `the index's ${column} is not what the record's history says` });
  }
  const listed = new Set(rows.map(({ id }) => id));
  const missing = [...events.values()]
    .filter(({ row, lastAtMs }) => row.eventId >= fromId && row.eventId < toId && !listed.has(row.eventId) && isOld(lastAtMs))
    .map(({ row }) => row.eventId);
  return { known, problems, missing };
}

const COLUMNS = "bucket, key, seq, at_ms AS atMs, event_id AS eventId, body, prev, hash, content_hash AS contentHash, outcome";

/** Every line in the order of the buckets, a bucket at a time: each row is read once, however long the history. */
export function* ledgerRows(sql: SqlStorage): Generator<LedgerRow> {
  const isMade = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray().length > 0;
  if (!isMade) return;
  const buckets = sql.exec<{ bucket: number }>("SELECT DISTINCT bucket FROM entries WHERE bucket >= 0 ORDER BY bucket").toArray();
  for (const { bucket } of buckets)
    yield* sql
      .exec<LedgerRow & Record<string, SqlStorageValue>>(`SELECT ${COLUMNS} FROM entries WHERE bucket = ? ORDER BY seq`, bucket)
      .toArray();
}
