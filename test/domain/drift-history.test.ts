import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spreadsOf } from "../../src/domain/reconciliation/history.ts";

describe("the times of findings", () => {
  it("are counted from the change to the finding, and from there to its end", () => {
    const { detect, repair } = spreadsOf([
      { changedAtMs: 0, openedAtMs: 100, endedAtMs: 150 },
      { changedAtMs: 0, openedAtMs: 300, endedAtMs: null },
      { changedAtMs: null, openedAtMs: 900, endedAtMs: 1_900 },
    ]);
    expect(detect).toEqual({ count: 2, medianMs: 100, p95Ms: 300 });
    expect(repair).toEqual({ count: 2, medianMs: 50, p95Ms: 1_000 });
  });

  it("are none where nothing was found", () => {
    expect(spreadsOf([])).toEqual({ detect: { count: 0, medianMs: null, p95Ms: null }, repair: { count: 0, medianMs: null, p95Ms: null } });
  });

  it("have half of all at or below the median, and 95 of a hundred at or below the other one", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 200 }), (values) => {
        const { detect } = spreadsOf(values.map((openedAtMs) => ({ changedAtMs: 0, openedAtMs, endedAtMs: null })));
        const below = (bound: number | null): number => values.filter((value) => value <= (bound ?? -1)).length / values.length;
        const under = (bound: number | null): number => values.filter((value) => value < (bound ?? -1)).length / values.length;
        expect(below(detect.medianMs)).toBeGreaterThanOrEqual(0.5);
        expect(under(detect.medianMs)).toBeLessThan(0.5);
        expect(below(detect.p95Ms)).toBeGreaterThanOrEqual(0.95);
        expect(under(detect.p95Ms)).toBeLessThan(0.95);
      }),
    );
  });
});
