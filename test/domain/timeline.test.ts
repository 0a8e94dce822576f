import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GENESIS, chain, leftDigest, verifyChain, type ChainHead, type Entry } from "../../src/domain/timeline.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const append = (entries: readonly Entry[], body: object, from: ChainHead): Entry[] => [
  ...entries,
  chain(entries.at(-1) ?? from, { atMs: 1_000 + entries.length, eventId: `evt_${entries.length}`, body: JSON.stringify(body) }, sha256),
];

/** Takes words out of some lines and chains what is left, as an erasure does. */
function erase(entries: readonly Entry[], seqs: ReadonlySet<number>, id: string, from: ChainHead): Entry[] {
  const left = entries.map((entry) =>
    seqs.has(entry.seq) ? { ...entry, body: JSON.stringify({ type: "lane", reason: "•••", erased: id, n: entry.seq }) } : entry,
  );
  const lines = left.filter(({ seq }) => seqs.has(seq)).map((entry) => ({ seq: entry.seq, digest: leftDigest(entry, sha256) }));
  return append(left, { type: "erasure", id, subject: "s", lines }, from);
}

const verify = (entries: readonly Entry[], from: ChainHead = GENESIS) => verifyChain(entries, { from, to: entries.at(-1) ?? from }, sha256);

interface History {
  readonly entries: readonly Entry[];
  readonly erased: ReadonlySet<number>;
}

/** Histories with lines in between erasures, each of which may change lines that an earlier one changed. */
const histories: fc.Arbitrary<History> = fc
  .array(fc.record({ words: fc.array(fc.string(), { maxLength: 4 }), erases: fc.array(fc.nat(20), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((rounds) => {
    let entries: Entry[] = [];
    const erased = new Set<number>();
    for (const [round, { words, erases }] of rounds.entries()) {
      for (const word of words) entries = append(entries, { type: "lane", reason: word, n: entries.length }, GENESIS);
      const lanes = entries.filter(({ body }) => body.startsWith('{"type":"lane"'));
      const seqs = new Set(erases.flatMap((index) => (lanes.length === 0 ? [] : [lanes[index % lanes.length]?.seq ?? 0])));
      for (const seq of seqs) erased.add(seq);
      if (seqs.size > 0) entries = erase(entries, seqs, `era_${round}`, GENESIS);
    }
    return { entries, erased };
  })
  .filter(({ entries }) => entries.length > 0);

describe("a chain with erasures in it", () => {
  it("is whole, and counts the lines that are not what they were", () => {
    fc.assert(
      fc.property(histories, ({ entries, erased }) => {
        expect(verify(entries)).toEqual({
          intact: true,
          entries: entries.length,
          head: entries.at(-1)?.hash,
          ...(erased.size === 0 ? {} : { erased: erased.size }),
        });
      }),
    );
  });

  const CHANGES: Readonly<Record<string, (entry: Entry) => Entry>> = {
    body: (entry) => ({ ...entry, body: entry.body.replace(/.$/, " }") }),
    "body with another mark": (entry) => ({ ...entry, body: entry.body.replace(/.$/, ',"erased":"era_9"}') }),
    atMs: (entry) => ({ ...entry, atMs: entry.atMs + 1 }),
    eventId: (entry) => ({ ...entry, eventId: `${entry.eventId}x` }),
    prev: (entry) => ({ ...entry, prev: "f".repeat(64) }),
    hash: (entry) => ({ ...entry, hash: "f".repeat(64) }),
    seq: (entry) => ({ ...entry, seq: entry.seq + 1 }),
  };
  it.each(Object.entries(CHANGES))("is found changed in any line's %s, erased or not", (_what, change) => {
    fc.assert(
      fc.property(histories, fc.nat(), ({ entries }, at) => {
        const index = at % entries.length;
        const changed = entries.map((entry, place) => (place === index ? change(entry) : entry));
        // The end that is expected is kept elsewhere.
        const end = entries.at(-1) ?? GENESIS;
        expect(verifyChain(changed, { from: GENESIS, to: end }, sha256).intact).toBe(false);
      }),
    );
  });

  it("is found when any line is gone, the one that vouches for others among them, or lines change places", () => {
    fc.assert(
      fc.property(histories, fc.nat(), ({ entries }, at) => {
        const index = at % entries.length;
        const end = entries.at(-1) ?? GENESIS;
        expect(verifyChain(entries.toSpliced(index, 1), { from: GENESIS, to: end }, sha256).intact).toBe(false);
        if (entries.length < 2) return;
        const [from, to] = [index, (index + 1) % entries.length];
        const swapped = entries.with(from, entries[to] ?? (end as Entry)).with(to, entries[from] ?? (end as Entry));
        expect(verifyChain(swapped, { from: GENESIS, to: end }, sha256).intact).toBe(false);
      }),
    );
  });

  it("is whole in stretches too, if the erasures that come after one are at hand", () => {
    fc.assert(
      fc.property(histories, fc.nat(), ({ entries }, at) => {
        const cut = at % entries.length;
        const [first, rest] = [entries.slice(0, cut), entries.slice(cut)];
        const middle = first.at(-1) ?? GENESIS;
        const later = rest.filter(({ body }) => body.startsWith('{"type":"erasure",'));
        expect(verifyChain(first, { from: GENESIS, to: middle, later }, sha256).intact).toBe(true);
        expect(verifyChain(rest, { from: middle, to: entries.at(-1) ?? middle }, sha256).intact).toBe(true);
      }),
    );
  });

  it("does not let a line vouch for itself, or an earlier one for what came after it", () => {
    const one = append([], { type: "lane", reason: "Ada" }, GENESIS);
    const left = { ...(one[0] as Entry), body: '{"type":"lane","erased":"era_1"}' };
    const early = { type: "erasure", id: "era_1", subject: "s", lines: [{ seq: 2, digest: "x" }] };
    expect(verify([left]).intact).toBe(false);
    const chained = append(append([], early, GENESIS), { type: "lane", reason: "Ada" }, GENESIS);
    const second = { ...(chained[1] as Entry), body: '{"type":"lane","erased":"era_1"}' };
    const vouched = { ...early, lines: [{ seq: 2, digest: leftDigest(second, sha256) }] };
    // Written before the line it speaks of: whoever could foresee that line's text made both.
    const forged = append(append([], vouched, GENESIS), { type: "lane", reason: "Ada" }, GENESIS);
    expect(verify([forged[0] as Entry, { ...(forged[1] as Entry), body: second.body }]).intact).toBe(false);
  });
});
