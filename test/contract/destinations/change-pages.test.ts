import fc from "fast-check";
import { expect, it } from "vitest";
import { Bench } from "./bench.ts";
import { TRIALS } from "./trials.ts";

/** Trials whose system cannot keep to a window: what else it tells is compared once more, and nothing of it is missed. */
const TELLS_MORE: Readonly<Record<string, string>> = {
  dataverse: "change tracking tells what has changed since its token, and everything without one",
  "dataverse, with lines": "change tracking tells what has changed since its token, and everything without one",
  "finance-operations": "its entities have no time of change unless a team adds one",
  "finance-operations, orders by reference": "its entities have no time of change unless a team adds one",
  "s4hana customer": "a business partner has a day of change only",
};

/** Each kind that a trial both delivers and reads. Zendesk's exports have no window: they tell in the order in which they notice. */
const READ_KINDS = Object.entries(TRIALS)
  .filter(([, { definition, start }]) => definition.module !== "zendesk" && start().tricks.add !== undefined)
  .flatMap(([name, trial]) => {
    const delivered = new Set(Object.values(trial.deliveries).map(({ entity }) => entity.kind));
    return (trial.definition.changes?.kinds ?? []).filter((kind) => delivered.has(kind)).map((kind) => ({ name, kind, trial }));
  });

it.each(READ_KINDS)(
  "$name tells every change of a window to $kind, however many share a second and whatever a page holds",
  async ({ name, kind, trial }) => {
    const stamps = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(stamps, fc.integer({ min: 1, max: 6 }), fc.tuple(fc.nat(6), fc.nat(6)), async (seconds, limit, window) => {
        const bench = new Bench(trial);
        const startMs = bench.fake.time.nowMs;
        const at = (second: number): number => startMs + second * 1000;
        for (const [index, second] of seconds.entries()) bench.fake.tricks.add?.(kind, `K${index}`, at(second));
        // What is too young for the system to tell has come of age.
        bench.fake.time.nowMs += 3_600_000;
        const [from, until] = [Math.min(...window), Math.max(...window)];
        const { records } = await bench.changes({ kind, fromMs: at(from), untilMs: at(until), limit });
        // A fake may hold records of its own beside these.
        const told = [...new Set(records.map(({ key }) => key ?? ""))].filter((key) => /^K\d+$/.test(key));
        const wanted = seconds.flatMap((second, index) => (second >= from && second < until ? [`K${index}`] : []));
        const more = [name, `${trial.definition.module} ${kind}`].some((each) => each in TELLS_MORE);
        expect(more ? told.filter((key) => wanted.includes(key)) : told, `${from} to ${until} of ${seconds.join()}`).toHaveLength(
          wanted.length,
        );
        expect(told).toEqual(expect.arrayContaining(wanted));
      }),
      { numRuns: 20 },
    );
  },
);

it.each(READ_KINDS.filter(({ name, kind }) => ["netsuite", "salesforce"].includes(name) && kind === "opportunity"))(
  "$name tells them once and in order, since it pages by stamp and id",
  async ({ trial }) => {
    const bench = new Bench(trial);
    const startMs = bench.fake.time.nowMs;
    for (const [index, second] of [3, 1, 1, 0, 2, 1].entries())
      bench.fake.tricks.add?.("opportunity", `K${index}`, startMs + second * 1000);
    const { records } = await bench.changes({ kind: "opportunity", fromMs: startMs, untilMs: startMs + 4000, limit: 2 });
    expect(records.map(({ key }) => key)).toEqual(["K3", "K1", "K2", "K5", "K4", "K0"]);
  },
);
