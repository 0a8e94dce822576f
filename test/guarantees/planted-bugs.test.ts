import { afterAll, describe, expect, it } from "vitest";
import { PLANTS } from "../simulator/plants.ts";
import { simulate } from "../simulator/simulation.ts";

/** Few events: a mistake that takes more to be seen would pass unseen for long. */
const RUN = { events: 6_000, entities: 120, seed: 7 };

const report: string[] = [];

describe("a simulator that finds nothing proves something only if it finds mistakes that are there", () => {
  it("finds nothing in the router as it is", { timeout: 60_000 }, async () => {
    const { findings } = await simulate(RUN);
    expect(findings.flatMap((finding) => finding.breaches)).toEqual([]);
  });

  it.each(PLANTS)("finds a planted mistake: $name", { timeout: 60_000 }, async (plant) => {
    const { tally, counts, findings } = await simulate({ ...RUN, plant, stopAtBreach: true });
    const first = findings[0]?.breaches.find((breach) => plant.breaks.includes(breach.kind));
    report.push(`${plant.name}: ${first?.what ?? "NOT FOUND"} (within ${tally.events} events; ${JSON.stringify(counts)})`);
    expect(first, plant.mistake).toBeDefined();
  });

  afterAll(() => console.log(report.join("\n")));
});
