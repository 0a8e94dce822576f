import fc from "fast-check";
import { expect, it } from "vitest";
import { Bench } from "./bench.ts";
import { netsuiteTrial } from "./fakes/netsuite.ts";
import { salesforceTrial } from "./fakes/salesforce.ts";

it.each(Object.entries({ netsuite: netsuiteTrial, salesforce: salesforceTrial }))(
  "%s tells every change of a window once, in order, however many share a second and whatever the page holds",
  async (_name, trial) => {
    const stamps = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(stamps, fc.integer({ min: 1, max: 6 }), fc.tuple(fc.nat(6), fc.nat(6)), async (seconds, limit, window) => {
        const bench = new Bench(trial);
        const startMs = bench.fake.time.nowMs;
        const at = (second: number): number => startMs + second * 1000;
        for (const [index, second] of seconds.entries()) bench.fake.tricks.add?.("opportunity", `K${index}`, at(second));
        const [from, until] = [Math.min(...window), Math.max(...window)];
        const { records } = await bench.changes({ kind: "opportunity", fromMs: at(from), untilMs: at(until), limit });
        const wanted = seconds.flatMap((second, index) => (second >= from && second < until ? [{ second, key: `K${index}` }] : []));
        expect(records.map(({ key }) => key)).toEqual(wanted.toSorted((left, right) => left.second - right.second).map(({ key }) => key));
        expect(records.every(({ modifiedAtMs }) => modifiedAtMs !== null)).toBe(true);
      }),
      { numRuns: 60 },
    );
  },
);
