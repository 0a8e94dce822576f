import { describe, expect, it } from "vitest";
import { NO_BACKLOG, ageOf, deferral, refusesAtIngest, withReading, type Backlog } from "../../src/domain/backlog.ts";
import { PRIORITIES } from "../../src/domain/event.ts";

const NOW_MS = 10_000_000;
const behind = (ages: Partial<Record<(typeof PRIORITIES)[number], number>>): Backlog =>
  Object.entries(ages).reduce(
    (backlog, [priority, ageMs]) => withReading(backlog, priority as "bulk", { ageMs, atMs: NOW_MS }),
    NO_BACKLOG,
  );

describe("bulk", () => {
  it.each([
    [{}, null],
    [{ critical: 30_000, standard: 300_000 }, null],
    [{ critical: 31_000 }, "critical messages wait for 31 s"],
    [{ standard: 301_000 }, "standard messages wait for 301 s"],
    [{ bulk: 9_000_000 }, null],
  ])("with %j behind stands back: %s", (ages, reason) => {
    expect(deferral(behind(ages), "bulk", NOW_MS)).toBe(reason);
  });

  it("is refused at ingest only once what was taken of it waits for more than a quarter of an hour", () => {
    expect(refusesAtIngest(behind({ bulk: 900_000 }), "bulk", NOW_MS)).toBe(false);
    expect(refusesAtIngest(behind({ bulk: 901_000 }), "bulk", NOW_MS)).toBe(true);
  });

  it("goes on a minute after the last word of a backlog: what was behind may be empty by now", () => {
    const backlog = behind({ critical: 999_000, bulk: 999_000 });
    expect(deferral(backlog, "bulk", NOW_MS + 60_001)).toBeNull();
    expect(refusesAtIngest(backlog, "bulk", NOW_MS + 60_001)).toBe(false);
    expect(ageOf(backlog, "critical", NOW_MS + 60_001)).toBe(0);
  });
});

it.each(["critical", "standard"] as const)("%s never stands back and is never refused, whatever is behind", (priority) => {
  const backlog = behind({ critical: 9_000_000, standard: 9_000_000, bulk: 9_000_000 });
  expect(deferral(backlog, priority, NOW_MS)).toBeNull();
  expect(refusesAtIngest(backlog, priority, NOW_MS)).toBe(false);
});

it("of two consumers' words at once the worse counts, and a later word takes their place", () => {
  const two = withReading(behind({ bulk: 60_000 }), "bulk", { ageMs: 1_000, atMs: NOW_MS + 1_000 });
  expect(ageOf(two, "bulk", NOW_MS + 1_000)).toBe(60_000);
  expect(ageOf(withReading(two, "bulk", { ageMs: 500, atMs: NOW_MS + 10_000 }), "bulk", NOW_MS + 10_000)).toBe(500);
});
