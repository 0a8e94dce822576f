import { describe, expect, it } from "vitest";
import { runExcerpt, simulate } from "../simulator/simulation.ts";

const RUN = { events: 20_000, entities: 400, seed: 1 };

describe("20,000 events over 400 entities while objects die, answers get lost, destinations fall ill and people interfere", () => {
  it("P2, P3, P4: none is lost, none has two effects, none goes backwards, none is stuck", { timeout: 120_000 }, async () => {
    const { tally, counts, findings } = await simulate(RUN);
    expect(findings.flatMap((finding) => finding.breaches)).toEqual([]);
    expect(counts).toEqual({ lost: 0, duplicateEffects: 0, orderViolations: 0, stuck: 0 });
    // A run in which nothing went wrong would prove nothing.
    expect(tally).toMatchObject({ events: RUN.events });
    for (const [what, times] of Object.entries(tally)) expect(times, what).toBeGreaterThan(RUN.events / 500);
  });

  it("is the same run each time it is made from the same seed, and another from another", { timeout: 30_000 }, async () => {
    const excerpt = { slice: 3, eventsEach: 30 };
    const [first, again, other] = await Promise.all([
      runExcerpt(RUN, excerpt),
      runExcerpt(RUN, excerpt),
      runExcerpt({ ...RUN, seed: 2 }, excerpt),
    ]);
    expect(again).toEqual(first);
    expect(other.tally).not.toEqual(first.tally);
  });
});
