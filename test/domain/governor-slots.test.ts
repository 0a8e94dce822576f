import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lease, newGovernor, settleLease, type GovernorPolicy } from "../../src/domain/governor.ts";

interface Load {
  readonly askers: number;
  readonly concurrency: number;
  readonly attemptMs: (startedMs: number) => number;
  /** Until when the breaker is open at first. */
  readonly openUntilMs?: number;
}

interface Ran {
  /** When the last was granted. */
  readonly endMs: number;
  /** How often all of them asked, and in the worst tenth of a second but that in which all came. */
  readonly asks: number;
  readonly asksAtOnce: number;
}

/** Askers that each make one attempt. */
function run({ askers, concurrency, attemptMs, openUntilMs }: Load): Ran {
  const policy: GovernorPolicy = { perSecond: 500, concurrency, failures: 10, openMs: 5_000, leaseTtlMs: 60_000 };
  let state = newGovernor(policy, 0);
  if (openUntilMs !== undefined) state = { ...state, breaker: { state: "open", untilMs: openUntilMs } };
  const asked: number[] = [];
  let endMs = 0;
  type Due = { readonly atMs: number; readonly ends?: string; readonly again: boolean };
  const due: Due[] = Array.from({ length: askers }, () => ({ atMs: 0, again: false }));
  for (let next = due.shift(); next !== undefined; next = due.shift()) {
    const { atMs, ends, again } = next;
    if (ends !== undefined) {
      state = settleLease(state, { leaseId: ends, results: [null], quietUntilMs: null }, policy, atMs);
      continue;
    }
    asked.push(atMs);
    const made = lease(state, { count: 1, priority: "standard", fairKey: "one", again }, policy, atMs);
    state = made.state;
    if (made.lease.granted === 1) due.push({ atMs: atMs + attemptMs(atMs), ends: made.lease.id, again: false });
    else due.push({ atMs: made.lease.refusal?.untilMs ?? atMs + 1, again: true });
    endMs = atMs;
    due.sort((left, right) => left.atMs - right.atMs);
  }
  const tenths = Map.groupBy(asked.slice(askers), (atMs) => Math.floor(atMs / 100));
  return { endMs, asks: asked.length, asksAtOnce: Math.max(0, ...[...tenths.values()].map(({ length }) => length)) };
}

describe("a destination that takes few attempts at once", () => {
  it("is used to the full, and what waits asks no oftener than there are slots to hope for, however many they are and however slow it is", () => {
    const loads = fc.record({
      askers: fc.integer({ min: 20, max: 400 }),
      concurrency: fc.integer({ min: 2, max: 20 }),
      attemptMs: fc.integer({ min: 30, max: 2_000 }),
    });
    fc.assert(
      fc.property(loads, (load) => {
        const { endMs, asks } = run({ ...load, attemptMs: () => load.attemptMs });
        // One slot is kept for critical work.
        const leastMs =
          ((load.askers - load.concurrency) * load.attemptMs) / (load.concurrency - Math.max(1, Math.floor(load.concurrency / 10)));
        expect(endMs).toBeLessThan(leastMs * 1.3 + 3 * load.attemptMs + 1_000);
        expect(asks).toBeLessThan(10 * load.askers + endMs / 20);
      }),
      { numRuns: 100 },
    );
  });

  it("is not stormed when it is open again: who was refused comes one after the other, and all are served soon", () => {
    const { endMs, asks, asksAtOnce } = run({ askers: 1_000, concurrency: 100, attemptMs: () => 50, openUntilMs: 10_000 });
    expect(endMs).toBeLessThan(10_000 + 6_000);
    expect(asksAtOnce).toBeLessThanOrEqual(110);
    expect(asks).toBeLessThan(5 * 1_000);
  });

  it("is asked less often as soon as attempts begin to hang, before any of them has ended", () => {
    const { asks } = run({ askers: 500, concurrency: 100, attemptMs: (startedMs) => (startedMs < 300 ? 20 : 5_000) });
    expect(asks).toBeLessThan(7 * 500);
  });
});
