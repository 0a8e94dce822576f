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
  | { readonly intact: true; readonly entries: number; readonly head: string }
  | { readonly intact: false; readonly entries: number; readonly brokenAtSeq: number; readonly reason: string };

/**
 * Walks a chain from its oldest kept line. A changed line, a missing one and a changed order are each found; `from` is
 * the head that the oldest kept line must follow (genesis, unless older lines were expired).
 */
export function verifyChain(entries: Iterable<Entry>, from: ChainHead, expected: ChainHead, sha256: Sha256Hex): Verification {
  let head = from;
  let count = 0;
  for (const entry of entries) {
    const broken = (reason: string): Verification => ({ intact: false, entries: count, brokenAtSeq: entry.seq, reason });
    if (entry.seq !== head.seq + 1) return broken(`line ${head.seq + 1} is missing`);
    if (entry.prev !== head.hash) return broken("the line does not follow the one before it");
    if (entry.hash !== hashOf(entry.seq, entry.prev, entry, sha256)) return broken("the line was changed after it was written");
    head = { seq: entry.seq, hash: entry.hash };
    count++;
  }
  return head.seq === expected.seq && head.hash === expected.hash
    ? { intact: true, entries: count, head: head.hash }
    : { intact: false, entries: count, brokenAtSeq: head.seq + 1, reason: "the end of the chain was cut off" };
}
