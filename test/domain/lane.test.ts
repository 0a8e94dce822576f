import { describe, expect, it } from "vitest";
import { nextDueMs, placeBetween } from "../../src/domain/lane.ts";
import { newWork, type Work } from "../../src/domain/work.ts";
import { orderEvent } from "../support/world.ts";

const LANE = { destination: "erp", route: "r", collapse: false, afterDead: "continue" } as const;

const work = (position: number, version: number, changed: Partial<Work> = {}, source = "crm"): Work => ({
  ...newWork(orderEvent({ id: `e${position}`, version, source }), `k${position}`, { plan: LANE, position }),
  ...changed,
});

const GAP = { state: "held", waits: "gap" } as const;
const STRAY = { state: "held", waits: "stray" } as const;

describe("the place of an event that is admitted now", () => {
  const event = orderEvent({ id: "e", version: 5 });
  const place = (all: readonly Work[], ahead: readonly string[] | null = null, underWay: readonly number[] = []): number | null =>
    placeBetween(event, { work: all, underWay, ahead: ahead === null ? null : new Set(ahead) });

  it("is the next one where nothing newer waits for it", () => {
    expect(place([])).toBeNull();
    expect(place([work(1, 6), work(2, 7)])).toBeNull();
    expect(place([work(1, 6, GAP, "billing")])).toBeNull();
  });

  it("is before what waits for it, and after all that stands before that", () => {
    expect(place([work(1, 3), work(2, 6, GAP), work(3, 7, GAP)])).toBe(1.5);
    expect(place([work(2, 6, GAP)], null, [1])).toBe(1.5);
  });

  it("is never before what is older", () => {
    expect(place([work(1, 6, GAP), work(2, 4, GAP)])).toBeNull();
  });

  it("is before all that waits for its request, if it comes again after its object died of it", () => {
    const waiting = [work(1, 9, STRAY, "billing"), work(2, 6, STRAY)];
    expect(place(waiting, [])).toBe(0.5);
    expect(place(waiting)).toBe(1.5);
  });

  it("is then after what went out before it and has come again already", () => {
    expect(place([work(0.5, 1, { ...STRAY, key: "first" }, "billing"), work(1, 9, STRAY, "billing")], ["first"])).toBe(0.75);
  });

  it("is the next one where no number is left in between", () => {
    expect(place([work(1, 3), work(1 + Number.EPSILON, 6, GAP)])).toBeNull();
  });
});

describe("when lanes can go on", () => {
  it("is when the head of one is due, whatever is due behind it", () => {
    expect(nextDueMs([work(1, 1, { state: "retrying", dueAtMs: 500 }), work(2, 2)], 100)).toBe(500);
    expect(nextDueMs([work(2, 2)], 100)).toBe(0);
    expect(nextDueMs([], 100)).toBeNull();
  });

  it("is never, behind a dead letter that halts; else once no request of what was given up can come in any more", () => {
    const dead = { state: "dead", dueAtMs: null, lateUntilMs: 700 } as const;
    expect(nextDueMs([work(1, 1, { ...dead, plan: { ...LANE, afterDead: "halt" } }), work(2, 2)], 100)).toBeNull();
    expect(nextDueMs([work(1, 1, dead), work(2, 2)], 100)).toBe(700);
    expect(nextDueMs([work(1, 1, dead), work(2, 2)], 700)).toBe(0);
  });
});
