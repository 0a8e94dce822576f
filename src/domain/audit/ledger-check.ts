import { LIMITS } from "../limits.ts";
import { outcomeOfLanes, type EventOutcome } from "../outcome.ts";
import { verifyChain, type ChainHead, type Entry, type Sha256Hex, type Verification } from "../timeline.ts";
import { bodyOf, lineOf, same, type LaneLine, type LedgerRow, type LineBody, type Told } from "./told.ts";

/** Walks a ledger: its chain, and every column beside it against what the chain says. `course` is filled with what it tells of each event. */
export function verifyLedger(
  rows: Iterable<LedgerRow>,
  between: { readonly base: ChainHead; readonly head: ChainHead },
  sha256: Sha256Hex,
  course: Course = new Course(),
): Verification {
  const chain = verifyChain(watched(rows, course), { from: between.base, to: between.head }, sha256);
  const wrong = chain.intact ? course.wrong() : null;
  return wrong === null ? chain : { intact: false, entries: chain.entries, brokenAtSeq: wrong.seq, reason: wrong.reason };
}

function* watched(rows: Iterable<LedgerRow>, course: Course): Generator<Entry> {
  for (const row of rows) {
    course.look(row);
    yield row;
  }
}

interface Wrong {
  readonly seq: number;
  readonly reason: string;
}

const DAY_MS = 86_400_000;
const BUCKETS_A_DAY = 100_000;
const dayOfBucket = (bucket: number): number => Math.floor(bucket / BUCKETS_A_DAY);

/** What the lines of a record tell of its events, line by line, and which column beside them first says something else. */
export class Course {
  readonly events = new Map<string, Told>();
  #wrong: Wrong | null = null;
  #bucket: number | null = null;

  look(row: LedgerRow): void {
    const body = bodyOf(row);
    const reason = this.#bucketProblem(row) ?? keyProblem(row, body) ?? contentProblem(row, body) ?? this.#follow(row, body);
    if (reason !== null) this.#wrong ??= { seq: row.seq, reason };
    this.#bucket = row.bucket;
  }

  /** What is wrong first; null if nothing is. */
  wrong(): Wrong | null {
    if (this.#wrong !== null) return this.#wrong;
    for (const told of this.events.values()) if (outcomeLies(told)) return { seq: told.row.seq, reason: OUTCOME };
    return null;
  }

  /** Buckets are days, the newest in use never an older one than the line before has. */
  #bucketProblem({ bucket, atMs }: LedgerRow): string | null {
    const today = Math.floor(atMs / DAY_MS);
    const before = this.#bucket;
    if (before === null) return dayOfBucket(bucket) === today ? null : "the line is in another day's bucket";
    const expected = Math.max(dayOfBucket(before), today);
    const next = dayOfBucket(bucket) === expected && (expected > dayOfBucket(before) || bucket === before || bucket === before + 1);
    return next ? null : "the line is in another bucket than the one it was put into";
  }

  /** Follows an event from its own line through those of its lanes. Answers what is wrong at once. */
  #follow(row: LedgerRow, body: LineBody): string | null {
    if (row.contentHash !== null) {
      const outcome = outcomeOf(row.outcome);
      if (outcome === null) return OUTCOME;
      // Older ones have long come to their end: what is kept of a long history stays bounded.
      const [oldest] = this.events.keys();
      if (this.events.size >= LIMITS.verifiedOutcomes && oldest !== undefined) this.events.delete(oldest);
      const lanes = new Map((body.lanes ?? []).map((lane) => [lane.destination, lane]));
      this.events.set(row.eventId, { row, body, outcome, lanes, changes: 0, lastAtMs: row.atMs });
      return null;
    }
    if (row.outcome !== null) return OUTCOME;
    const told = body.type === "lane" ? this.events.get(row.eventId) : undefined;
    if (told === undefined || body.destination === undefined) return null;
    const { type: _type, erased: _erased, ...lane } = body;
    told.lanes.set(body.destination, lane as LaneLine);
    told.changes++;
    told.lastAtMs = row.atMs;
    return null;
  }
}

/** A delivery's key starts with its origin and id, and ends with nothing that the line does not hold; others are named by their number. */
function keyProblem(row: LedgerRow, { type, source = "", deliveryId, contentHash = "" }: LineBody): string | null {
  if (row.contentHash === null) return row.key === `#${row.seq}` ? null : "the key of the line was changed";
  if (type !== "event" || deliveryId === undefined) return null;
  const origins = [source, ...(row.key.startsWith(`${source}/`) ? [row.key.slice(0, row.key.indexOf("\n"))] : [])];
  const endings = ["", `\n${row.eventId}`, `\n${contentHash}`, `\n${row.eventId}\n${contentHash}`, `\n${row.eventId}\n${row.eventId}`];
  const known = origins.some((origin) => endings.some((ending) => row.key === `${origin}\n${deliveryId}${ending}`));
  return known ? null : "the key by which the delivery is known was changed";
}

const contentProblem = (row: LedgerRow, body: LineBody): string | null =>
  body.contentHash === undefined
    ? null
    : body.contentHash === row.contentHash
      ? null
      : "the digest by which the delivery is known was changed";

const OUTCOME = "the outcome kept with the line is not what the lines say";

function outcomeOf(text: string | null): EventOutcome | null {
  try {
    return JSON.parse(text ?? "null") as EventOutcome | null;
  } catch {
    return null;
  }
}

function outcomeLies({ row, body, outcome, lanes, changes }: Told): boolean {
  if (outcome.eventId !== row.eventId) return true;
  // Of what another key's object gave away, the lines before are there.
  const isOwn = body.type === "event";
  const known = outcome.lanes.every((lane) => {
    const line = lanes.get(lane.destination);
    return line === undefined ? !isOwn : same(lineOf(lane), line);
  });
  const isWhole = [...lanes.keys()].every((destination) => outcome.lanes.some((lane) => lane.destination === destination));
  if (!known || !isWhole) return true;
  if (!isOwn) return false;
  const told = outcome.lanes.length === 0 ? body : outcomeOfLanes(outcome.eventId, outcome.rev, outcome.lanes);
  return outcome.rev !== 1 + changes || told.status !== outcome.status || told.reason !== outcome.reason || told.of !== outcome.of;
}
