import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  lease,
  newGovernor,
  RefusalCounts,
  refusedOf,
  settleLease,
  type GovernorPolicy,
  type GovernorState,
} from "../../src/domain/governor.ts";

const POLICY: GovernorPolicy = { perSecond: 20, concurrency: 1_000_000, failures: 10, openMs: 5_000, leaseTtlMs: 60_000 };

interface Asking {
  readonly key: string;
  atMs: number;
  again: boolean;
}

/** Lets the askers of each key press a governor, one permit at a time, each back when it was told to; counts what each key got. */
function press(askersOf: Readonly<Record<string, number>>, fromMs: number, untilMs: number): Map<string, number> {
  let state: GovernorState = newGovernor(POLICY, 0);
  const got = new Map<string, number>();
  const due: Asking[] = Object.entries(askersOf).flatMap(([key, count]) =>
    Array.from({ length: count }, () => ({ key, atMs: 0, again: false })),
  );
  for (;;) {
    const next = due.reduce((first, one) => (one.atMs < first.atMs ? one : first));
    if (next.atMs > untilMs) return got;
    const taken = lease(state, { count: 1, priority: "standard", fairKey: next.key, again: next.again }, POLICY, next.atMs);
    state = settleLease(taken.state, { leaseId: taken.lease.id, results: [null], quietUntilMs: null }, POLICY, next.atMs);
    if (next.atMs >= fromMs) got.set(next.key, (got.get(next.key) ?? 0) + taken.lease.granted);
    next.again = taken.lease.refusal !== null;
    next.atMs = taken.lease.refusal?.untilMs ?? next.atMs;
  }
}

const emptied = (): GovernorState => lease(newGovernor(POLICY, 0), { count: 20, priority: "critical" }, POLICY, 0).state;

describe("the keys of a class", () => {
  it("have even parts whatever one of them asks: served >= total / keys - twice the lead", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 60 }),
        (quiet, noisy) => {
          const askers = { noisy, ...Object.fromEntries(quiet.map((count, index) => [`quiet-${index}`, count])) };
          const got = press(askers, 3_000, 18_000);
          const total = [...got.values()].reduce((sum, count) => sum + count, 0);
          expect(total).toBeGreaterThanOrEqual(20 * 15 - 5);
          const lead = Math.max(1, (POLICY.perSecond * 0.25) / 2);
          for (const key of Object.keys(askers))
            expect(got.get(key) ?? 0).toBeGreaterThanOrEqual(Math.floor(total / (quiet.length + 1)) - 2 * lead);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("share a batch's grants: one with much takes only what one with little leaves", () => {
    const { lease: block } = lease(
      newGovernor(POLICY, 0),
      { count: 100, priority: "bulk", keys: { loud: 90, calm: 8, still: 2 } },
      POLICY,
      0,
    );
    expect(block.granted).toBe(20);
    expect(Object.fromEntries(Object.entries(block.keys ?? {}).map(([key, { granted }]) => [key, granted]))).toEqual({
      loud: 10,
      calm: 8,
      still: 2,
    });
    expect(block.keys?.["still"]?.refusal).toBeNull();
    // 80 wait: the first for the next token, the others half a token's time apart.
    expect(block.keys?.["loud"]).toMatchObject({ refusal: { why: "limit", untilMs: 50 }, everyMs: 25 });
    expect(block.refusal).toEqual({ why: "limit", untilMs: 50 });
  });

  it("divide any batch so that nothing is left that someone asked for, and none has more than one with less was refused", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 60 }), { minKeys: 1, maxKeys: 40 }),
        (keys) => {
          const count = Object.values(keys).reduce((sum, each) => sum + each, 0);
          const { lease: block } = lease(newGovernor(POLICY, 0), { count, priority: "critical", keys }, POLICY, 0);
          const grants = Object.entries(keys).map(([key, wanted]) => ({ wanted, granted: block.keys?.[key]?.granted ?? -1 }));
          expect(grants.reduce((sum, { granted }) => sum + granted, 0)).toBe(block.granted);
          expect(block.granted).toBe(Math.min(count, 20));
          const most = Math.max(...grants.map(({ granted }) => granted));
          for (const { wanted, granted } of grants) {
            expect(granted).toBeLessThanOrEqual(wanted);
            if (granted < wanted) expect(granted).toBeGreaterThanOrEqual(most - 1);
          }
        },
      ),
    );
  });

  it("are not told to wait behind another key's thousands", () => {
    let state = emptied();
    for (let i = 0; i < 500; i++) state = lease(state, { count: 1, priority: "standard", fairKey: "noisy" }, POLICY, 0).state;
    const noisy = lease(state, { count: 1, priority: "standard", fairKey: "noisy", again: false }, POLICY, 0).lease;
    const quiet = lease(state, { count: 1, priority: "standard", fairKey: "quiet", again: false }, POLICY, 0).lease;
    expect(noisy.refusal?.untilMs).toBeGreaterThan(10_000);
    expect(quiet.refusal?.untilMs).toBe(50);
  });

  it("are told apart up to 256; further ones share a place, and still none is forgotten", () => {
    let state = emptied();
    const told = Array.from({ length: 400 }, (_, i) => {
      const refused = lease(state, { count: 1, priority: "standard", fairKey: `tenant-${i}` }, POLICY, 0);
      state = refused.state;
      return { key: `tenant-${i}`, atMs: refused.lease.refusal?.untilMs ?? -1 };
    });
    expect(state.shares.flows.length).toBeLessThanOrEqual(256);
    const batch = lease(state, { count: 600, priority: "bulk", keys: Object.fromEntries(told.map(({ key }) => [key, 1])) }, POLICY, 0);
    expect(Object.keys(batch.lease.keys ?? {})).toHaveLength(400);
    expect(batch.state.shares.flows.length).toBeLessThanOrEqual(256);
    const got = new Set<string>();
    for (let nowMs = 0; got.size < told.length && nowMs < 120_000; nowMs += 10)
      for (const one of told) {
        if (got.has(one.key) || one.atMs > nowMs) continue;
        const taken = lease(state, { count: 1, priority: "standard", fairKey: one.key }, POLICY, nowMs);
        state = taken.state;
        if (taken.lease.granted === 1) got.add(one.key);
        else one.atMs = taken.lease.refusal?.untilMs ?? Number.POSITIVE_INFINITY;
        expect(state.shares.flows.length).toBeLessThanOrEqual(256);
      }
    expect(got.size).toBe(400);
  });

  it("are forgotten when nobody waits any more", () => {
    const refused = lease(emptied(), { count: 1, priority: "standard", fairKey: "a" }, POLICY, 0);
    expect(refused.state.shares.flows).toHaveLength(1);
    expect(lease(refused.state, { count: 1, priority: "standard", fairKey: "a" }, POLICY, 50).state.shares.flows).toEqual([]);
  });

  it("take 20 microseconds or so of a lease, 256 of them waiting, a thousand leases out", () => {
    let state = emptied();
    for (let i = 0; i < 1_000; i++) {
      const nowMs = 50 * (i + 1);
      state = lease(state, { count: 1, priority: "critical" }, { ...POLICY, leaseTtlMs: 10 ** 9 }, nowMs).state;
    }
    for (let i = 0; i < 253; i++) state = lease(state, { count: 1, priority: "standard", fairKey: `tenant-${i}` }, POLICY, 50_000).state;
    expect([state.leases.length, state.shares.flows.length]).toEqual([1_001, 253]);
    const rounds = Array.from({ length: 20 }, () => {
      const startedMs = performance.now();
      for (let i = 0; i < 500; i++) lease(state, { count: 1, priority: "standard", fairKey: `tenant-${i % 300}` }, POLICY, 50_010 + i);
      return (performance.now() - startedMs) / 500;
    });
    // The best round, since others use this machine too; and five times the aim, since machines differ.
    expect(Math.min(...rounds) * 1_000).toBeLessThan(100);
  });
});

describe("what was refused lately", () => {
  it("is counted by class and by key, the ten most refused first, and forgotten after a minute", () => {
    const counts = new RefusalCounts();
    for (let i = 0; i < 300; i++) counts.note("bulk", new Map([[`tenant-${i}`, i + 1]]), 1_000);
    counts.note("critical", new Map([["tenant-7", 1_000]]), 20_000);
    const view = counts.view(31_500);
    expect(view.classes).toEqual({ critical: 1_000, standard: 0, bulk: (300 * 301) / 2 });
    expect(view.keys).toHaveLength(10);
    // Keys beyond the bound are counted together.
    expect(view.keys.slice(0, 2).map(({ key }) => key)).toEqual(["*", "tenant-7"]);
    expect(counts.view(95_000)).toEqual({ classes: { critical: 0, standard: 0, bulk: 0 }, keys: [] });
  });

  it("is what each key asked for less what it got, and all of it where the destination refused as a whole", () => {
    const wanted = { count: 30, priority: "bulk" as const, keys: { a: 25, b: 5 } };
    expect(Object.fromEntries(refusedOf(wanted, lease(newGovernor(POLICY, 0), wanted, POLICY, 0).lease))).toEqual({ a: 10 });
    const paused = { ...newGovernor(POLICY, 0), pause: { actor: "a", reason: "r", atMs: 0 } };
    expect(Object.fromEntries(refusedOf(wanted, lease(paused, wanted, POLICY, 0).lease))).toEqual({ a: 25, b: 5 });
  });
});
