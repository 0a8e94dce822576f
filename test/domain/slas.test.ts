import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deadlineMs, isTimezone, type BusinessHours } from "../../src/domain/slas/calendar.ts";
import { bucketMsOf, durationMs } from "../../src/domain/slas/declare.ts";
import { lagAtMostMs, NO_COUNTS, standingOf, type SlaCounts } from "../../src/domain/slas/standing.ts";
import { burnsOf } from "../../src/domain/slas/statement.ts";
import { WEEKDAYS } from "../../src/domain/weekdays.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BERLIN: BusinessHours = { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00", timezone: "Europe/Berlin" };
const at = (iso: string): number => Date.parse(iso);

describe("a deadline in business hours", () => {
  it.each([
    ["the same afternoon", "2026-11-25T09:00:00Z", 4 * HOUR, "2026-11-25T13:00:00Z"],
    ["from the evening into the next morning", "2026-11-25T19:00:00Z", HOUR, "2026-11-26T09:00:00Z"],
    ["over the weekend", "2026-11-27T15:00:00Z", 2 * HOUR, "2026-11-30T09:00:00Z"],
    ["over the night in which clocks go back", "2026-10-23T14:00:00Z", 2 * HOUR, "2026-10-26T09:00:00Z"],
    ["over the night in which they go forward", "2026-03-27T15:00:00Z", 2 * HOUR, "2026-03-30T08:00:00Z"],
  ])("%s", (_, start, within, due) => {
    expect(new Date(deadlineMs(at(start), within, BERLIN)).toISOString()).toBe(new Date(at(due)).toISOString());
  });

  it("leaves out days that are closed", () => {
    const closed = { ...BERLIN, closed: ["2026-12-25"] };
    expect(deadlineMs(at("2026-12-24T15:30:00Z"), HOUR, closed)).toBe(at("2026-12-28T08:30:00Z"));
  });

  it("is what one comes to by counting the minutes one by one on a clock there, in any zone and season", () => {
    const zones = fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC");
    const hours = fc.record({
      days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 2 }),
      from: fc.constantFrom("00:00", "04:00", "09:00"),
      to: fc.constantFrom("12:30", "17:00", "23:00"),
      timezone: zones,
    });
    const starts = fc
      .integer({ min: at("2026-01-01T00:00:00Z") / MINUTE, max: at("2026-12-31T00:00:00Z") / MINUTE })
      .map((minute) => minute * MINUTE);
    fc.assert(
      fc.property(hours, starts, fc.integer({ min: 1, max: 20 * 60 }), (calendar, start, minutes) => {
        expect(deadlineMs(start, minutes * MINUTE, calendar)).toBe(countedOnAClock(start, minutes, calendar));
      }),
      { numRuns: 25 },
    );
  });

  it("is wall time without a calendar", () => {
    expect(deadlineMs(5, HOUR, undefined)).toBe(5 + HOUR);
  });

  it("knows time zones", () => {
    expect([isTimezone("Europe/Berlin"), isTimezone("Europe/Berlln")]).toEqual([true, false]);
  });
});

/** Minute by minute: it counts if the clock on that wall shows an open hour of an open day. */
function countedOnAClock(startMs: number, minutes: number, { days, from, to, timezone }: BusinessHours): number {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  let left = minutes;
  for (let now = startMs; ; now += MINUTE) {
    const parts = clock.formatToParts(now);
    const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
    const time = `${part("hour")}:${part("minute")}`;
    const open = (days as readonly string[]).includes(part("weekday").toLowerCase()) && time >= from && time < to;
    if (open && --left === 0) return now + MINUTE;
  }
}

describe("how an SLA stands", () => {
  const counts = (good: number, bad: number): SlaCounts => ({ ...NO_COUNTS, good, bad });

  it.each([
    ["met", counts(95, 5), counts(10, 0), 0.5],
    ["met", counts(93, 7), counts(0, 0), 0.7],
    ["atRisk", counts(95, 5), counts(8, 2), 0.5],
    ["breached", counts(80, 20), counts(10, 0), 2],
  ])("%s", (state, window, recent, burnRate) => {
    expect(standingOf({ window, recent }, 0.9)).toMatchObject({ state, burnRate });
  });

  it("is exactly at its target a promise that was kept", () => {
    expect(standingOf({ window: counts(93, 7), recent: counts(0, 0) }, 0.93)).toMatchObject({ state: "met", burnRate: 1 });
  });

  it("is unknown when nothing was decided, and nobody is called", () => {
    expect(standingOf({ window: NO_COUNTS, recent: NO_COUNTS }, 0.9)).toEqual({
      state: "noData",
      attainment: null,
      badShare: null,
      burnRate: null,
      recentBurnRate: null,
    });
  });

  it("says how long things took by the class that so many do not exceed, and nothing where that is beyond all", () => {
    const lags = { ...NO_COUNTS, lags: [5, 0, 3, 1, 0, 0, 1] };
    expect([0.5, 0.8, 0.9, 0.95].map((part) => lagAtMostMs(lags, part, HOUR))).toEqual([HOUR / 10, HOUR / 2, HOUR, null]);
    expect(lagAtMostMs(NO_COUNTS, 0.5, HOUR)).toBeNull();
  });
});

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["15m", 15 * MINUTE],
    ["4h", 4 * HOUR],
    ["30d", 720 * HOUR],
    ["0m", null],
    ["1.5h", null],
    ["15", null],
    ["-1h", null],
  ])("%s", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it("cut a window into sixty parts at most, of a minute at least", () => {
    expect([bucketMsOf(10 * MINUTE), bucketMsOf(HOUR), bucketMsOf(720 * HOUR)]).toEqual([MINUTE, MINUTE, 12 * HOUR]);
  });
});

describe("what an alert looks at", () => {
  const counts = (good: number, bad: number): SlaCounts => ({ ...NO_COUNTS, good, bad });
  const burnOf = (window: SlaCounts, recent: SlaCounts): number | undefined =>
    burnsOf({ failed: { title: "Events do not fail", owner: "platform", rate: "failed", target: 0.9, window: "1h" } }, [
      { name: "failed", atMs: 0, window, recent, open: 0, overdue: 0 },
      { name: "no longer declared", atMs: 0, window, recent, open: 0, overdue: 0 },
    ]).map(({ burnRate }) => burnRate)[0];

  it.each([
    ["burns by the window while it still goes on", counts(50, 50), counts(0, 9), 5],
    ["is quiet once it is well again", counts(50, 50), counts(9, 0), 0],
    ["is quiet when nothing was decided of late", counts(50, 50), counts(0, 0), 0],
    ["does not burn for a short burst in a good window", counts(990, 10), counts(0, 10), 0.1],
  ])("%s", (_, window, recent, rate) => {
    expect(burnOf(window, recent)).toBe(rate);
  });
});
