import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STATUSES } from "../../src/domain/outcome.ts";
import { summarize, type RecentEvent } from "../../src/domain/overview.ts";

const event = fc
  .record({
    kind: fc.constantFrom("order", "invoice", null),
    status: fc.constantFrom(...STATUSES),
    receivedAtMs: fc.integer({ min: 0, max: 1_000_000 }),
    tookMs: fc.option(fc.integer({ min: 0, max: 100_000 })),
  })
  .map(({ tookMs, ...rest }): RecentEvent => ({ ...rest, settledAtMs: tookMs === null ? null : rest.receivedAtMs + tookMs }));

describe("the sum of the newest events", () => {
  it("counts every event once, whatever became of it", () => {
    fc.assert(
      fc.property(fc.array(event), (recent) => {
        const { kinds, events } = summarize(recent);
        const counted = kinds.flatMap(({ arrived, underWay, needsPerson, notNeeded }) => [arrived, underWay, needsPerson, notNeeded]);
        expect(counted.reduce((all, each) => all + each, 0)).toBe(recent.length);
        expect(events).toBe(recent.length);
      }),
    );
  });

  it("counts each time of those that arrived in one class, and at least half of them are within the median", () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1 }), (recent) => {
        const times = recent.flatMap(({ status, receivedAtMs, settledAtMs }) =>
          status === "delivered" && settledAtMs !== null ? [settledAtMs - receivedAtMs] : [],
        );
        const { latency, medianMs, p95Ms } = summarize(recent);
        expect(latency.reduce((all, each) => all + each.events, 0)).toBe(times.length);
        if (times.length === 0) expect([medianMs, p95Ms]).toEqual([null, null]);
        else {
          expect(times.filter((time) => time <= (medianMs ?? -1)).length).toBeGreaterThanOrEqual(times.length / 2);
          expect(times.filter((time) => time <= (p95Ms ?? -1)).length).toBeGreaterThanOrEqual(times.length * 0.95);
        }
      }),
    );
  });
});
