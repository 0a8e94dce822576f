import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReplayWindow } from "../../src/domain/config.ts";
import { WEEKDAYS } from "../../src/domain/weekdays.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import {
  countPlan,
  countRepeated,
  effectOn,
  needsApproval,
  NO_COUNTS,
  rateOf,
  whyNotApprove,
  whyNotReplayable,
  type ReplayCandidate,
  type ReplayTally,
} from "../../src/domain/replay.ts";
import { endOfWorkMs, isInWindow, mayRun, nextOpenMs } from "../../src/domain/replay-window.ts";

const at = (text: string): number => Date.parse(`${text}:00.000Z`);
const NIGHT: ReplayWindow = { from: "22:00", to: "05:00", days: ["fri"] };

const timeOfDay = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
const anyWindow = fc
  .record({ from: timeOfDay, to: timeOfDay, days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }) })
  .filter(({ from, to }) => from !== to);
const moment = fc.integer({ min: at("2026-01-01T00:00"), max: at("2027-01-01T00:00") });

describe("windows", () => {
  it("open at `from` and close at `to`, on their days alone", () => {
    const day: ReplayWindow = { from: "09:00", to: "17:00", days: ["mon"] };
    expect(isInWindow(day, at("2026-11-23T08:59"))).toBe(false);
    expect(isInWindow(day, at("2026-11-23T09:00"))).toBe(true);
    expect(isInWindow(day, at("2026-11-23T17:00"))).toBe(false);
    expect(isInWindow(day, at("2026-11-24T10:00"))).toBe(false);
  });

  it("over midnight belong to the day on which they open", () => {
    expect(isInWindow(NIGHT, at("2026-11-27T23:00"))).toBe(true);
    expect(isInWindow(NIGHT, at("2026-11-28T04:59"))).toBe(true);
    expect(isInWindow(NIGHT, at("2026-11-28T23:00"))).toBe(false);
    expect(isInWindow(NIGHT, at("2026-11-27T04:00"))).toBe(false);
  });

  it("of the deployment and of the replay must both be open", () => {
    const config = { windows: [{ from: "00:00", to: "06:00" }, NIGHT] };
    expect(mayRun({ from: "05:00", to: "07:00" }, config, at("2026-11-24T05:30"))).toBe(true);
    expect(mayRun({ from: "05:00", to: "07:00" }, config, at("2026-11-24T06:30"))).toBe(false);
    expect(mayRun(null, config, at("2026-11-24T12:00"))).toBe(false);
    expect(mayRun(null, undefined, at("2026-11-24T12:00"))).toBe(true);
    expect(mayRun(null, { windows: [] }, at("2026-11-24T12:00"))).toBe(false);
  });

  it("are found when they open next, and not a minute later", () => {
    fc.assert(
      fc.property(anyWindow, moment, (window, nowMs) => {
        const open = (ms: number): boolean => isInWindow(window, ms);
        const next = nextOpenMs(open, nowMs) ?? Number.NaN;
        expect(open(next)).toBe(true);
        expect(next).toBeGreaterThanOrEqual(nowMs);
        if (next > nowMs) expect(open(next - 1)).toBe(false);
        expect(next - nowMs).toBeLessThanOrEqual(7 * 86_400_000);
      }),
    );
    expect(nextOpenMs(() => false, 0)).toBeNull();
  });

  it("stretch the work by exactly the time they are closed", () => {
    fc.assert(
      fc.property(anyWindow, moment, fc.integer({ min: 1, max: 3_600_000 }), (window, nowMs, workMs) => {
        const open = (ms: number): boolean => isInWindow(window, ms);
        const endMs = endOfWorkMs(open, nowMs, workMs);
        if (endMs === null) return;
        let openMs = 0;
        for (let ms = nowMs; ms < endMs;) {
          const nextMs = Math.min(endMs, (Math.floor(ms / 60_000) + 1) * 60_000);
          if (open(ms)) openMs += nextMs - ms;
          ms = nextMs;
        }
        expect(openMs).toBe(workMs);
      }),
      { numRuns: 50 },
    );
  });
});

const fine = { status: "delivered", verdict: "verified", hasRaw: true, hasReason: false };

describe("a plan", () => {
  it("counts every event once under each heading, and blocked ones by their reason", () => {
    const tally = fc.record({
      source: fc.constantFrom("a", "b"),
      kind: fc.constantFrom("order", null),
      status: fc.constantFrom("delivered", "pending", "quarantined"),
      verdict: fc.constantFrom("verified", "failed"),
      hasRaw: fc.boolean(),
      hasReason: fc.boolean(),
      events: fc.integer({ min: 1, max: 1_000 }),
    });
    const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((left, right) => left + right, 0);
    fc.assert(
      fc.property(fc.array(tally), (tallies: readonly ReplayTally[]) => {
        const plan = countPlan(tallies);
        const events = tallies.reduce((total, each) => total + each.events, 0);
        expect([plan.events, sum(plan.byStatus), sum(plan.bySource), sum(plan.byKind)]).toEqual([events, events, events, events]);
        expect(plan.replayable + plan.notReplayable.reduce((total, each) => total + each.events, 0)).toBe(events);
      }),
    );
  });

  it("never lets in what was not proven, nor what is still on its way", () => {
    expect(whyNotReplayable(fine)).toBeNull();
    expect(whyNotReplayable({ ...fine, verdict: "failed" })).toContain("prove");
    expect(whyNotReplayable({ ...fine, hasRaw: false })).toContain("raw body");
    for (const status of ["pending", "retrying", "held"]) expect(whyNotReplayable({ ...fine, status })).toContain("on its way");
    expect(whyNotReplayable({ ...fine, status: "quarantined" })).toContain("without a reason");
    expect(whyNotReplayable({ ...fine, status: "quarantined", hasReason: true })).toBeNull();
  });

  it("counts as overtaken what is older than the newest state of the same origin, and no change", () => {
    const event = (value: string, more: Partial<ReplayCandidate> = {}): ReplayCandidate => ({
      ...fine,
      id: `evt_${value}`,
      entity: "order/1",
      origin: "erp",
      nature: "snapshot",
      order: { kind: "int", value },
      ...more,
    });
    const mark = (value: string) => ({ order: { kind: "int" as const, value }, rank: 0, contentHash: "h", eventId: "e", key: "k" });
    const all = [event("3"), event("2"), event("1", { nature: "delta" }), event("1", { origin: "crm" })];
    expect(effectOn("order/1", all, { erp: mark("3") })).toEqual({
      entity: "order/1",
      events: 4,
      newestOrder: { kind: "int", value: "3" },
      appliedOrder: { kind: "int", value: "3" },
      refused: 1,
    });
    expect(effectOn("order/1", all, {}).refused).toBe(0);
    expect(effectOn("order/1", [event("2", { verdict: "failed" })], { erp: mark("3") }).refused).toBe(0);
  });
});

describe("the rules", () => {
  it("ask for a second person above the size, and whenever it goes over newer states", () => {
    expect(needsApproval(LIMITS.replayApprovalAbove, false, undefined)).toBe(false);
    expect(needsApproval(LIMITS.replayApprovalAbove + 1, false, undefined)).toBe(true);
    expect(needsApproval(11, false, { approvalAbove: 10 })).toBe(true);
    expect(needsApproval(1, true, { approvalAbove: 10 })).toBe(true);
    expect(whyNotApprove("ada", "ada")).toContain("another person");
    expect(whyNotApprove("ada", "grace")).toBeNull();
  });

  it("cap the rate by the configuration and by the platform", () => {
    expect(rateOf(undefined, undefined)).toBe(LIMITS.replayPerSecond);
    expect(rateOf(400, { perSecond: 20 })).toBe(20);
    expect(rateOf(9_999, undefined)).toBe(LIMITS.replayPerSecondMax);
    expect(rateOf(undefined, { perSecond: 20 })).toBe(20);
  });

  it("name a bounded number of problems and count all of them", () => {
    let counts = NO_COUNTS;
    for (let i = 0; i < 100; i++) counts = countRepeated(counts, `e${i}`, { kind: "failed", why: `trouble ${i % 50}` });
    expect(counts.failed).toBe(100);
    expect(counts.problems).toHaveLength(LIMITS.replayProblemsKept);
    expect(counts.problems[0]).toEqual({ why: "trouble 0", events: 2, example: "e0" });
  });
});
