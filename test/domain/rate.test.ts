import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  NOTHING_HELD,
  blockOf,
  newBucket,
  spend,
  takeTokens,
  wantedOf,
  withLease,
  type Bucket,
  type Holding,
} from "../../src/domain/rate.ts";

const START_MS = 1_000_000;

interface Load {
  readonly isolates: number;
  readonly perSecond: number;
  readonly burst: number;
  /** Of the offered load, how many times the rate. */
  readonly pressure: number;
  readonly leaseDelayMs: number;
}

/** Isolates that share one bucket, each asking for leases that take a while; returns how many requests were let in. */
function simulate(load: Load, seconds: number): { readonly offered: number; readonly admitted: number; readonly leases: number } {
  const policy = { perSecond: load.perSecond, burst: load.burst };
  let bucket: Bucket = newBucket(policy, START_MS);
  const holdings: Holding[] = Array.from({ length: load.isolates }, () => NOTHING_HELD);
  const due: { readonly atMs: number; readonly isolate: number; readonly settle: () => void }[] = [];
  const asking = new Set<number>();
  let [admitted, leases, offered] = [0, 0, 0];
  const gapMs = 1000 / (load.perSecond * load.pressure);
  for (let atMs = START_MS; atMs < START_MS + seconds * 1000; atMs += gapMs) {
    while (due[0] !== undefined && due[0].atMs <= atMs) due.shift()?.settle();
    const isolate = offered++ % load.isolates;
    const spent = spend(holdings[isolate] ?? NOTHING_HELD, policy, atMs);
    if (spent.admitted) {
      admitted++;
      holdings[isolate] = spent.holding;
    }
    if (!spent.refresh || asking.has(isolate)) continue;
    asking.add(isolate);
    leases++;
    const { used } = holdings[isolate] ?? NOTHING_HELD;
    const asked = wantedOf(holdings[isolate] ?? NOTHING_HELD, policy);
    const settle = (): void => {
      const taken = takeTokens(bucket, asked, policy, atMs + load.leaseDelayMs);
      bucket = taken.bucket;
      holdings[isolate] = withLease(holdings[isolate] ?? NOTHING_HELD, { spent: asked.spent, used }, taken.lease, atMs + load.leaseDelayMs);
      asking.delete(isolate);
    };
    due.push({ atMs: atMs + load.leaseDelayMs, isolate, settle });
  }
  return { offered, admitted, leases };
}

const loads = fc.record({
  isolates: fc.integer({ min: 1, max: 8 }),
  perSecond: fc.integer({ min: 20, max: 2_000 }),
  burst: fc.integer({ min: 1, max: 200 }),
  pressure: fc.constantFrom(1.5, 2, 5, 20),
  leaseDelayMs: fc.integer({ min: 0, max: 20 }),
});

describe("a source's rate by leased tokens", () => {
  it("lets in no more than its rate, its burst and 5 % in ten seconds, however many isolates ask and however hard they are pressed", () => {
    fc.assert(
      fc.property(loads, (load) => {
        const { admitted } = simulate(load, 10);
        // What the isolates took on credit and have not paid at the end is at most a block each.
        const owed = load.isolates * blockOf(load);
        expect(admitted).toBeLessThanOrEqual(1.05 * (load.perSecond * 10 + load.burst) + owed);
      }),
      { numRuns: 60 },
    );
  });

  it("overshoots by less than 5 % at a rate worth limiting, pressed threefold, and comes near the rate", () => {
    const { admitted, offered } = simulate({ isolates: 4, perSecond: 500, burst: 500, pressure: 3, leaseDelayMs: 5 }, 20);
    expect(offered).toBeGreaterThan(29_000);
    expect(admitted).toBeLessThanOrEqual(1.05 * (500 * 20 + 500));
    expect(admitted).toBeGreaterThanOrEqual(0.9 * 500 * 20);
  });

  it("lets everything in while the load stays below half of the rate", () => {
    fc.assert(
      fc.property(loads, (load) => {
        const calm = { ...load, burst: Math.max(load.burst, load.perSecond), pressure: 0.5, isolates: Math.min(load.isolates, 4) };
        const { admitted, offered } = simulate(calm, 5);
        expect(admitted).toBe(offered);
      }),
      { numRuns: 40 },
    );
  });

  it("asks its bucket for blocks, not for every request", () => {
    const { admitted, leases } = simulate({ isolates: 1, perSecond: 1_000, burst: 1_000, pressure: 0.9, leaseDelayMs: 2 }, 10);
    expect(leases).toBeLessThan(admitted / 10);
  });

  it("says until when to stay away, and pays credit before it grants", () => {
    const policy = { perSecond: 10, burst: 1 };
    const first = takeTokens(newBucket(policy, START_MS), { wanted: 5, spent: 3 }, policy, START_MS);
    expect(first.lease).toEqual({ granted: 0, refusedUntilMs: START_MS + 300 });
    expect(takeTokens(first.bucket, { wanted: 5, spent: 0 }, policy, START_MS + 300).lease).toEqual({ granted: 1, refusedUntilMs: null });
  });
});
