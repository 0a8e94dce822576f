/** One line of an entity's history. Each hash covers the line and the hash before it, so no line can change unseen. */
export interface Entry {
  readonly seq: number;
  readonly atMs: number;
  readonly eventId: string;
  /** What happened, as JSON text: the very text that the hash covers. */
  readonly body: string;
  readonly prev: string;
  readonly hash: string;
}

export type Sha256Hex = (text: string) => string;

export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const GENESIS: ChainHead = { seq: 0, hash: "0".repeat(64) };

/** Appends a line to the chain. */
export function chain(head: ChainHead, line: Pick<Entry, "atMs" | "eventId" | "body">, sha256: Sha256Hex): Entry {
  const seq = head.seq + 1;
  return { seq, ...line, prev: head.hash, hash: hashOf(seq, head.hash, line, sha256) };
}

const hashOf = (seq: number, prev: string, line: Pick<Entry, "atMs" | "eventId" | "body">, sha256: Sha256Hex): string =>
  sha256(`${prev}\n${seq}\n${line.atMs}\n${line.eventId}\n${line.body}`);

export type Verification =
  | { readonly intact: true; readonly entries: number; readonly head: string; readonly erased?: number }
  | { readonly intact: false; readonly entries: number; readonly brokenAtSeq: number; readonly reason: string };

/**
 * The line that an erasure leaves at the chain's end: which earlier lines it took personal data out of, each with the
 * digest of what is left. So a line that its own hash does not cover any more is covered by this one's.
 */
export interface ErasureLine {
  readonly type: "erasure";
  readonly id: string;
  /** Whose data, as a digest with a secret key. */
  readonly subject: string;
  readonly lines: readonly { readonly seq: number; readonly digest: string }[];
}

/** The member that what is left of a line carries. */
export const ERASED = "erased";

/** The erasure that a line tells of; null for any other line. */
export const erasureOf = ({ body }: Entry): ErasureLine | null =>
  body.startsWith('{"type":"erasure",') ? (JSON.parse(body) as ErasureLine) : null;

/** Whether a line says of itself that something was taken out of it. */
export const claimsErasure = ({ body }: Entry): boolean => {
  try {
    return Object.hasOwn(JSON.parse(body) as object, ERASED);
  } catch {
    return false;
  }
};

/** A stretch of a chain: what its first line must follow, and where it must end. */
export interface Stretch {
  readonly from: ChainHead;
  readonly to: ChainHead;
  /** Erasures that come after it, and are walked in their turn. */
  readonly later?: Iterable<Entry>;
}

/**
 * Walks a chain from its oldest kept line. A changed line, a missing one and a changed order are each found; `from` is
 * the head that the oldest kept line must follow (genesis, unless older lines were expired). A line that an erasure
 * changed must be as a later line of the same chain says that it left it.
 */
export function verifyChain(entries: Iterable<Entry>, { from, to, later = [] }: Stretch, sha256: Sha256Hex): Verification {
  let head = from;
  let count = 0;
  const claimed = new Map<number, string>();
  const covered = new Map<number, string>();
  const broken = (brokenAtSeq: number, reason: string): Verification => ({ intact: false, entries: count, brokenAtSeq, reason });
  for (const entry of entries) {
    if (entry.seq !== head.seq + 1) return broken(entry.seq, `line ${head.seq + 1} is missing`);
    if (entry.prev !== head.hash) return broken(entry.seq, "the line does not follow the one before it");
    if (entry.hash === hashOf(entry.seq, entry.prev, entry, sha256)) {
      for (const { seq, digest } of erasureOf(entry)?.lines ?? []) if (seq < entry.seq) covered.set(seq, digest);
    } else if (claimsErasure(entry)) claimed.set(entry.seq, leftDigest(entry, sha256));
    else return broken(entry.seq, CHANGED);
    head = { seq: entry.seq, hash: entry.hash };
    count++;
  }
  for (const entry of later)
    for (const { seq, digest } of erasureOf(entry)?.lines ?? []) if (entry.seq > head.seq) covered.set(seq, digest);
  for (const [seq, digest] of claimed) if (covered.get(seq) !== digest) return broken(seq, CHANGED);
  if (head.seq !== to.seq || head.hash !== to.hash) return broken(head.seq + 1, "the end of the chain was cut off");
  return { intact: true, entries: count, head: head.hash, ...(claimed.size === 0 ? {} : { erased: claimed.size }) };
}

const CHANGED = "the line was changed after it was written";

/** What an erasure's line says of a line that it changed: all that the line's own hash does not cover any more. */
export const leftDigest = ({ seq, atMs, eventId, body }: Omit<Entry, "prev" | "hash">, sha256: Sha256Hex): string =>
  sha256(`${seq}\n${atMs}\n${eventId}\n${body}`);
