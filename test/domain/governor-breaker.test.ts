import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAILURE_CLASSES, type FailureClass } from "../../src/domain/failure.ts";
import {
  governorView,
  lease,
  newGovernor,
  RefusalCounts,
  settleLease,
  type GovernorPolicy,
  type GovernorState,
} from "../../src/domain/governor.ts";

const POLICY: GovernorPolicy = { perSecond: 50, concurrency: 12, failures: 3, openMs: 4_000, leaseTtlMs: 6_000 };
const ILL: readonly (FailureClass | null)[] = ["transient", "ambiguous", "auth", "config"];

const results = (of: readonly (FailureClass | null)[]) => fc.array(fc.constantFrom(...of), { maxLength: 5 });
const steps = (of: readonly (FailureClass | null)[]) =>
  fc.array(
    fc.oneof(
      fc.record({
        do: fc.constant("ask" as const),
        count: fc.integer({ min: 1, max: 6 }),
        key: fc.constantFrom("a", "b", "c"),
        priority: fc.constantFrom("critical" as const, "standard" as const, "bulk" as const),
      }),
      fc.record({ do: fc.constant("settle" as const), which: fc.nat(20), results: results(of) }),
      fc.record({ do: fc.constant("pass" as const), ms: fc.oneof(fc.nat(300), fc.nat(7_000)) }),
    ),
    { maxLength: 120 },
  );

interface Out {
  readonly id: string;
  readonly count: number;
  readonly expiresAtMs: number;
}

describe("the breaker", () => {
  it("lets exactly one probe out at a time, whoever asks, settles or is never heard of, in any order", () => {
    fc.assert(
      fc.property(steps([null, ...FAILURE_CLASSES]), (all) => {
        let state: GovernorState = newGovernor(POLICY, 0);
        let nowMs = 0;
        let out: Out[] = [];
        /** The probe that is out, as far as anybody can know. */
        let probe: Out | null = null;
        for (const step of all) {
          if (step.do === "pass") nowMs += step.ms;
          else if (step.do === "ask") {
            const before = state.breaker;
            const taken = lease(state, { count: step.count, priority: step.priority, fairKey: step.key }, POLICY, nowMs);
            state = taken.state;
            const { id, granted } = taken.lease;
            if (before.state === "open" && before.untilMs > nowMs) expect(granted).toBe(0);
            if (probe !== null && probe.expiresAtMs > nowMs) expect(granted).toBe(0);
            if (before.state !== "closed") expect(granted).toBeLessThanOrEqual(1);
            if (granted === 0) continue;
            const held = { id, count: granted, expiresAtMs: nowMs + POLICY.leaseTtlMs };
            out.push(held);
            if (before.state !== "closed") probe = held;
          } else {
            const settled = out[step.which % Math.max(1, out.length)];
            if (settled === undefined) continue;
            const before = state.breaker;
            out = out.filter((one) => one !== settled);
            state = settleLease(
              state,
              { leaseId: settled.id, results: step.results.slice(0, settled.count), quietUntilMs: null },
              POLICY,
              nowMs,
            );
            // Only the probe's own answer moves a breaker that is not closed.
            if (before.state === "open" || (before.state === "halfOpen" && before.probe !== settled.id))
              expect(state.breaker).toEqual(before);
            // A throttled probe decides nothing: the next may go when this one's time is up.
            if (probe === settled && state.breaker.state !== "halfOpen") probe = null;
          }
          const running = out.filter((one) => one.expiresAtMs > nowMs).reduce((sum, one) => sum + one.count, 0);
          expect(running).toBeLessThanOrEqual(POLICY.concurrency);
          expect(governorView(state, POLICY, new RefusalCounts().view(nowMs), nowMs).running).toBe(running);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("opens only after so many failures in a row, and never by what is our data's fault", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(null, ...FAILURE_CLASSES), { maxLength: 40 }), (answers) => {
        let state: GovernorState = newGovernor(POLICY, 0);
        let inRow = 0;
        for (const answer of answers) {
          inRow = ILL.includes(answer) ? inRow + 1 : 0;
          state = settleLease(state, { leaseId: "", results: [answer], quietUntilMs: null }, POLICY, 0);
          expect(state.breaker.state).toBe(inRow >= POLICY.failures ? "open" : "closed");
          if (inRow >= POLICY.failures) return;
        }
      }),
    );
  });

  it("is not closed by an answer to an attempt made before it opened, nor opened anew", () => {
    const early = lease(newGovernor(POLICY, 0), { count: 2, priority: "critical" }, POLICY, 0);
    const opened = settleLease(
      early.state,
      { leaseId: "gone", results: ["transient", "transient", "transient"], quietUntilMs: null },
      POLICY,
      10,
    );
    const probing = lease(opened, { count: 1, priority: "bulk" }, POLICY, 4_010);
    expect(probing.lease.granted).toBe(1);
    for (const late of [[null], ["transient" as const], []]) {
      const after = settleLease(probing.state, { leaseId: early.lease.id, results: late, quietUntilMs: null }, POLICY, 4_020);
      expect(after.breaker).toEqual(probing.state.breaker);
      expect(lease(after, { count: 1, priority: "critical" }, POLICY, 4_030).lease).toMatchObject({ granted: 0, refusal: { why: "open" } });
    }
  });

  it("gives the probe to the next asker when it is given back unused, and gives one of a batch to one key", () => {
    const opened = settleLease(newGovernor(POLICY, 0), { leaseId: "", results: ["auth", "auth", "auth"], quietUntilMs: null }, POLICY, 0);
    const probing = lease(opened, { count: 4, priority: "standard", keys: { a: 1, b: 3 } }, POLICY, 4_000);
    expect(probing.lease).toMatchObject({
      granted: 1,
      keys: { a: { granted: 1, refusal: null }, b: { granted: 0, refusal: { why: "open" } } },
    });
    const back = settleLease(probing.state, { leaseId: probing.lease.id, results: [], quietUntilMs: null }, POLICY, 4_100);
    expect(lease(back, { count: 2, priority: "bulk" }, POLICY, 4_100).lease.granted).toBe(1);
  });
});

describe("the slots of a destination", () => {
  it("keep a tenth for critical, so that it never waits for others' attempts to end", () => {
    const policy = { ...POLICY, perSecond: 1_000, concurrency: 20 };
    const bulk = lease(newGovernor(policy, 0), { count: 100, priority: "bulk" }, policy, 0);
    expect(bulk.lease.granted).toBe(18);
    const standard = lease(bulk.state, { count: 1, priority: "standard" }, policy, 10);
    expect(standard.lease).toMatchObject({ granted: 0, refusal: { why: "limit", untilMs: 110 } });
    expect(lease(standard.state, { count: 5, priority: "critical" }, policy, 20).lease.granted).toBe(2);
  });

  it("are all for anybody where there is but one", () => {
    const policy = { ...POLICY, concurrency: 1 };
    expect(lease(newGovernor(policy, 0), { count: 3, priority: "bulk" }, policy, 0).lease.granted).toBe(1);
  });

  it("are leased in 1,024 blocks at most", () => {
    const policy = { ...POLICY, perSecond: 100_000, concurrency: 100_000 };
    let state = newGovernor(policy, 0);
    for (let i = 0; i < 1_024; i++) state = lease(state, { count: 1, priority: "critical" }, policy, i).state;
    expect(lease(state, { count: 1, priority: "critical" }, policy, 2_000).lease.granted).toBe(0);
    expect(lease(state, { count: 1, priority: "critical" }, policy, 6_000).lease.granted).toBe(1);
  });
});
