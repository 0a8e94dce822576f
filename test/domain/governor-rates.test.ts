import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fullAtMs, lease, newGovernor, settleLease, type GovernorPolicy, type GovernorState } from "../../src/domain/governor.ts";

const BASE = { concurrency: 1_000_000, failures: 10, openMs: 5_000, leaseTtlMs: 60_000 };
const WINDOWS = [
  ["perSecond", 1_000],
  ["perMinute", 60_000],
  ["perHour", 3_600_000],
] as const;

const burstOf = (policy: GovernorPolicy, limit: number, windowMs: number): number =>
  Math.max(1, policy.burst ?? (limit * 1_000) / windowMs);

const policies = fc
  .record(
    {
      perSecond: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(0.5, 2.5)),
      perMinute: fc.integer({ min: 1, max: 2_000 }),
      perHour: fc.integer({ min: 1, max: 20_000 }),
      burst: fc.integer({ min: 1, max: 80 }),
    },
    { requiredKeys: ["perSecond"] },
  )
  .map((rates): GovernorPolicy => ({ ...BASE, ...rates }));

const asks = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(30), fc.nat(3_000), fc.nat(200_000)),
    count: fc.integer({ min: 1, max: 120 }),
    priority: fc.constantFrom("critical" as const, "standard" as const, "bulk" as const),
  }),
  { minLength: 1, maxLength: 120 },
);

interface Grant {
  readonly atMs: number;
  readonly count: number;
}

/** The most that was granted in any span of that length, by looking at all of them. */
function mostWithin(log: readonly Grant[], windowMs: number): number {
  return Math.max(
    0,
    ...log.map(({ atMs }) =>
      log.filter((grant) => grant.atMs >= atMs && grant.atMs <= atMs + windowMs).reduce((sum, { count }) => sum + count, 0),
    ),
  );
}

function ask(state: GovernorState, policy: GovernorPolicy, nowMs: number, count = 1): ReturnType<typeof lease> {
  return lease(state, { count, priority: "critical" }, policy, nowMs);
}

describe("the rates of a destination", () => {
  it("hold together: no span of a second, a minute or an hour has more grants than its limit and the burst, whoever asks", () => {
    fc.assert(
      fc.property(policies, asks, (policy, wanted) => {
        let state = newGovernor(policy, 0);
        let nowMs = 0;
        const log: Grant[] = [];
        for (const { afterMs, count, priority } of wanted) {
          nowMs += afterMs;
          const taken = lease(state, { count, priority }, policy, nowMs);
          state = settleLease(taken.state, { leaseId: taken.lease.id, results: [], quietUntilMs: null }, policy, nowMs);
          log.push({ atMs: nowMs, count: taken.lease.granted });
        }
        for (const [name, windowMs] of WINDOWS) {
          const limit = policy[name];
          if (limit !== undefined) expect(mostWithin(log, windowMs)).toBeLessThanOrEqual(limit + burstOf(policy, limit, windowMs));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are used to the full: one who always asks when told gets what the rates allow, but for what a whole millisecond rounds away", () => {
    fc.assert(
      fc.property(policies, (policy) => {
        let state = newGovernor(policy, 0);
        let granted = 0;
        let nowMs = 0;
        for (let step = 0; step < 400; step++) {
          const taken = ask(state, policy, nowMs, 50);
          state = settleLease(taken.state, { leaseId: taken.lease.id, results: [], quietUntilMs: null }, policy, nowMs);
          granted += taken.lease.granted;
          nowMs = Math.max(nowMs, taken.lease.refusal?.untilMs ?? nowMs);
        }
        const reach = (windowMs: number, limit: number): number => burstOf(policy, limit, windowMs) + (limit * nowMs) / windowMs;
        const most = Math.min(...WINDOWS.map(([name, windowMs]) => reach(windowMs, policy[name] ?? Number.POSITIVE_INFINITY)));
        expect(granted).toBeLessThanOrEqual(most);
        expect(granted).toBeGreaterThanOrEqual(0.95 * most - 2);
      }),
    );
  });

  it("name the earliest moment: a millisecond before it none is granted, at it one is", () => {
    fc.assert(
      fc.property(policies, fc.array(fc.nat(5_000), { maxLength: 10 }), (policy, pauses) => {
        let state = newGovernor(policy, 0);
        let nowMs = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          // Nobody is left waiting, so that the next is the only one.
          state = { ...ask(state, policy, nowMs, 7).state, shares: newGovernor(policy, 0).shares };
        }
        const refused = ask(state, policy, nowMs, 100_000);
        const untilMs = refused.lease.refusal?.untilMs ?? 0;
        expect(untilMs).toBeGreaterThan(nowMs);
        expect(ask(refused.state, policy, untilMs - 1).lease.granted).toBe(0);
        expect(ask(refused.state, policy, untilMs).lease.granted).toBe(1);
      }),
    );
  });

  it("do not let a clock that goes back add anything twice", () => {
    const policy = { ...BASE, perSecond: 10 };
    let state = ask(newGovernor(policy, 10_000), policy, 10_000, 10).state;
    for (const nowMs of [9_000, 10_000, 9_000, 10_000]) {
      const taken = ask(state, policy, nowMs);
      expect(taken.lease.granted).toBe(0);
      state = taken.state;
    }
  });

  it("tell those who are refused one after the other to come one after the other, not all for the same token", () => {
    const policy = { ...BASE, perSecond: 10 };
    let state = ask(newGovernor(policy, 0), policy, 0, 10).state;
    const told = Array.from({ length: 5 }, () => {
      const refused = ask(state, policy, 0);
      state = refused.state;
      return refused.lease.refusal?.untilMs;
    });
    expect(told).toEqual([100, 150, 200, 250, 300]);
  });

  it("of a minute and an hour survive a restart: what was spent stays spent", () => {
    const policy = { ...BASE, perSecond: 50, perMinute: 120, perHour: 3_600, burst: 20 };
    const spent = ask(newGovernor(policy, 0), policy, 0, 20).state;
    const owed = fullAtMs(spent.buckets, policy);
    const again = newGovernor(policy, 1_000, owed);
    expect(ask(again, policy, 1_000, 100).lease.granted).toBe(1);
    expect(ask(newGovernor(policy, 60_000, owed), policy, 60_000, 100).lease.granted).toBe(20);
    expect(fullAtMs(spent.buckets, { ...BASE, perSecond: 50 })).toEqual({});
  });
});
