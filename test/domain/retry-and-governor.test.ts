import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAILURE_CLASSES } from "../../src/domain/failure.ts";
import { lease, newGovernor, settleLease, type GovernorPolicy, type GovernorState } from "../../src/domain/governor.ts";
import { RETRY_AFTER_CAP_MS } from "../../src/domain/limits.ts";
import { afterFailure, backoffMs } from "../../src/domain/retry.ts";

const POLICY = { maxAttempts: 5, firstDelayMs: 1_000, maxDelayMs: 60_000, maxAgeMs: 3_600_000 };

describe("backoff", () => {
  it("is never sooner than the first delay or the time the destination named, and never beyond the cap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.option(fc.integer({ min: 0, max: 10 ** 9 })),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, named, random) => {
          const ms = backoffMs(attempt, named ?? undefined, POLICY, random);
          expect(ms).toBeGreaterThanOrEqual(Math.max(POLICY.firstDelayMs, Math.min(named ?? 0, RETRY_AFTER_CAP_MS)));
          expect(ms).toBeLessThanOrEqual(Math.max(POLICY.firstDelayMs, Math.min(named ?? 0, RETRY_AFTER_CAP_MS)) + POLICY.maxDelayMs);
        },
      ),
    );
  });

  it("spreads retries over the whole backoff, so that they do not come in one wave", () => {
    expect([0, 0.5, 0.99].map((random) => backoffMs(4, undefined, POLICY, random))).toEqual([1_000, 5_000, 8_920]);
  });
});

describe("after a failure", () => {
  const state = { attempts: 1, firstAttemptAtMs: 0, nowMs: 1_000 };

  it.each(FAILURE_CLASSES.map((failure) => [failure, ["business", "config", "poison"].includes(failure) ? "dead" : "retry"] as const))(
    "%s leads to %s",
    (failure, next) => {
      expect(afterFailure({ class: failure }, state, POLICY, 0).next).toBe(next);
    },
  );

  it("ends after the policy's attempts, and after the maximum age whatever the class", () => {
    expect(afterFailure({ class: "transient" }, { ...state, attempts: 5 }, POLICY, 0).next).toBe("dead");
    expect(afterFailure({ class: "throttled" }, { ...state, attempts: 99 }, POLICY, 0).next).toBe("retry");
    expect(afterFailure({ class: "throttled" }, { ...state, nowMs: POLICY.maxAgeMs }, POLICY, 0).next).toBe("dead");
  });
});

const GOVERNOR: GovernorPolicy = { perSecond: 10, concurrency: 4, failures: 3, openMs: 5_000, leaseTtlMs: 60_000 };
const want = (count: number, priority: "critical" | "standard" | "bulk" = "critical") => ({ count, priority });

function fail(state: GovernorState, times: number, nowMs: number): GovernorState {
  let now = state;
  for (let i = 0; i < times; i++) {
    const taken = lease(now, want(1), GOVERNOR, nowMs);
    now = settleLease(taken.state, { leaseId: taken.lease.id, results: ["transient"], quietUntilMs: null }, GOVERNOR, nowMs);
  }
  return now;
}

describe("the governor", () => {
  it("never has more running than its concurrency, nor grants more than its rate over any time", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ afterMs: fc.nat(500), count: fc.integer({ min: 1, max: 8 }), settle: fc.boolean() }), { maxLength: 60 }),
        (asks) => {
          let state = newGovernor(GOVERNOR, 0);
          let nowMs = 0;
          let granted = 0;
          for (const ask of asks) {
            nowMs += ask.afterMs;
            const taken = lease(state, want(ask.count), GOVERNOR, nowMs);
            granted += taken.lease.granted;
            state = taken.state;
            const running = Object.values(state.leases).reduce((sum, held) => sum + held.count, 0);
            expect(running).toBeLessThanOrEqual(GOVERNOR.concurrency);
            if (ask.settle) state = settleLease(state, { leaseId: taken.lease.id, results: [], quietUntilMs: null }, GOVERNOR, nowMs);
          }
          expect(granted).toBeLessThanOrEqual(GOVERNOR.perSecond * (1 + nowMs / 1_000) + 1);
        },
      ),
    );
  });

  it("opens after consecutive failures, lets one probe through when its time is up, and closes when that succeeds", () => {
    const open = fail(newGovernor(GOVERNOR, 0), 3, 0);
    expect(lease(open, want(1), GOVERNOR, 4_999).lease).toMatchObject({ granted: 0, refusal: { why: "open", untilMs: 5_000 } });
    const probe = lease(open, want(4), GOVERNOR, 5_000);
    expect(probe.lease.granted).toBe(1);
    expect(lease(probe.state, want(1), GOVERNOR, 5_001).lease.granted).toBe(0);
    const closed = settleLease(probe.state, { leaseId: probe.lease.id, results: [null], quietUntilMs: null }, GOVERNOR, 5_100);
    expect(lease(closed, want(2), GOVERNOR, 5_200).lease.granted).toBe(2);
    const again = settleLease(probe.state, { leaseId: probe.lease.id, results: ["transient"], quietUntilMs: null }, GOVERNOR, 5_100);
    expect(lease(again, want(1), GOVERNOR, 10_000).lease.refusal).toMatchObject({ why: "open" });
  });

  it("does not take refused data for illness: any number of business failures leaves it closed", () => {
    let state = newGovernor(GOVERNOR, 0);
    for (let i = 0; i < 50; i++)
      state = settleLease(state, { leaseId: "", results: ["business", "conflict"], quietUntilMs: null }, GOVERNOR, i);
    expect(state.breaker).toEqual({ state: "closed", failures: 0 });
  });

  it("keeps quiet until the time the destination named, and grants nothing while a person paused it", () => {
    const quiet = settleLease(newGovernor(GOVERNOR, 0), { leaseId: "", results: ["throttled"], quietUntilMs: 9_000 }, GOVERNOR, 0);
    expect(lease(quiet, want(1), GOVERNOR, 8_999).lease.refusal).toEqual({ why: "quiet", untilMs: 9_000 });
    expect(lease(quiet, want(1), GOVERNOR, 9_000).lease.granted).toBe(1);
    const paused = { ...newGovernor(GOVERNOR, 0), pause: { actor: "a", reason: "r", atMs: 0 } };
    expect(lease(paused, want(1), GOVERNOR, 99_999).lease.refusal).toEqual({ why: "paused", untilMs: null });
  });

  it("leaves room for critical when bulk asks for everything", () => {
    const bulk = lease(newGovernor(GOVERNOR, 0), want(100, "bulk"), GOVERNOR, 0);
    expect(lease(bulk.state, want(1), GOVERNOR, 0).lease.granted).toBe(1);
  });

  it("takes a lease back whose holder was never heard of again", () => {
    const taken = lease(newGovernor(GOVERNOR, 0), want(4), GOVERNOR, 0);
    expect(lease(taken.state, want(1), GOVERNOR, 1_000).lease.granted).toBe(0);
    expect(lease(taken.state, want(1), GOVERNOR, 60_001).lease.granted).toBe(1);
  });
});
