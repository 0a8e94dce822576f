import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lease, newGovernor, settleLease, type GovernorPolicy } from "../../src/domain/governor.ts";

interface Load {
  readonly askers: number;
  readonly concurrency: number;
  readonly attemptMs: number;
}

/** Askers that each make one attempt: when the last was granted, and how often all of them asked. */
function run({ askers, concurrency, attemptMs }: Load): { readonly endMs: number; readonly asks: number } {
  const policy: GovernorPolicy = { perSecond: 500, concurrency, failures: 10, openMs: 5_000, leaseTtlMs: 60_000 };
  let state = newGovernor(policy, 0);
  let asks = 0;
  let endMs = 0;
  type Due = { readonly atMs: number; readonly ends?: string; readonly again: boolean };
  const due: Due[] = Array.from({ length: askers }, () => ({ atMs: 0, again: false }));
  for (let next = due.shift(); next !== undefined; next = due.shift()) {
    const { atMs, ends, again } = next;
    if (ends !== undefined) {
      state = settleLease(state, { leaseId: ends, results: [null], quietUntilMs: null }, policy, atMs);
      continue;
    }
    asks++;
    const made = lease(state, { count: 1, priority: "standard", fairKey: "one", again }, policy, atMs);
    state = made.state;
    if (made.lease.granted === 1) due.push({ atMs: atMs + attemptMs, ends: made.lease.id, again: false });
    else due.push({ atMs: made.lease.refusal?.untilMs ?? atMs + 1, again: true });
    endMs = atMs;
    due.sort((left, right) => left.atMs - right.atMs);
  }
  return { endMs, asks };
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
        const { endMs, asks } = run(load);
        // One slot is kept for critical work.
        const leastMs =
          ((load.askers - load.concurrency) * load.attemptMs) / (load.concurrency - Math.max(1, Math.floor(load.concurrency / 10)));
        expect(endMs).toBeLessThan(leastMs * 1.3 + 3 * load.attemptMs + 1_000);
        expect(asks).toBeLessThan(10 * load.askers + endMs / 20);
      }),
      { numRuns: 100 },
    );
  });
});
