import { abortAllDurableObjects } from "cloudflare:test";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { SqlLedger } from "../../src/adapters/ledger-sql.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { BOUNDARIES, Faults, nameOf, SHORT_BOUNDS, strikeBindings } from "../support/boundaries.ts";
import { judge, type BoundaryBreach } from "../support/boundary-judge.ts";
import { BoundaryRun, RECORDS, type Step } from "../support/boundary-run.ts";
import { destinations } from "../support/router.ts";
import { StruckDestinations } from "../support/struck-destinations.ts";

/** A mistake built around the real core on purpose. */
interface Plant {
  readonly mistake: string;
  readonly breaks: BoundaryBreach["kind"];
  readonly acksEarly?: true;
  readonly deaf?: true;
  readonly forgetsKeys?: true;
  readonly ledger?: "commit" | "saveMarks";
}

const PLANTS: readonly Plant[] = [
  { mistake: "messages are acknowledged before the object has answered", breaks: "lost", acksEarly: true },
  { mistake: "an object answers without having written its ledger", breaks: "lost", ledger: "commit" },
  { mistake: "the newest state is forgotten with the object", breaks: "orderViolations", ledger: "saveMarks" },
  { mistake: "the key that a destination knows an effect by changes with each attempt", breaks: "duplicateEffects", forgetsKeys: true },
  { mistake: "alarms are set and never heard", breaks: "stuck", deaf: true },
];

const SEED = 20_261_124;
const faults = new Faults();
// Ahead of the real clock, so that no alarm of an object rings by itself.
const clock = { nowMs: Date.now() + 86_400_000 };
const bounds = Object.fromEntries(Object.keys(SHORT_BOUNDS).map((name) => [name, LIMITS[name as keyof typeof SHORT_BOUNDS]]));
let runs = 0;
let events = 0;

const schedule: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    fault: fc.option(fc.constantFrom(...BOUNDARIES), { freq: 4 }),
    does: fc.constantFrom<Step["does"]>("tell", "tell", "tell", "tellAgain", "consume", "consume", "consumeReversed", "wait"),
    record: fc.nat(RECORDS.length - 1),
    waitMs: fc.constantFrom(200, 3_000, 20_000),
  }),
  { minLength: 30, maxLength: 45 },
);

/** Lives a schedule through, to its end, and judges it. */
async function live(steps: readonly Step[], plant?: Plant): Promise<readonly BoundaryBreach[]> {
  vi.spyOn(Date, "now").mockImplementation(() => clock.nowMs);
  if (plant?.ledger !== undefined) vi.spyOn(SqlLedger.prototype, plant.ledger).mockImplementation(() => undefined);
  // No answer is waited for that long here, and an object with a timer left is not evicted for as long.
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
  const remotes = new StruckDestinations(faults);
  remotes.forgetsKeys = plant?.forgetsKeys ?? false;
  destinations((post) => remotes.answer(post));
  const parts = { faults, clock, doomed: remotes.doomed, acksEarly: plant?.acksEarly ?? false, deaf: plant?.deaf ?? false };
  const run = new BoundaryRun(`B${++runs}`, parts);
  strikeBindings(faults, (queue, body) => run.take(queue, body));
  Object.assign(LIMITS, SHORT_BOUNDS);
  try {
    for (const step of steps) await run.step(step);
    const quiet = await run.settle();
    events += run.accepted.length;
    return await judge(run, remotes.effects, quiet);
  } finally {
    Object.assign(LIMITS, bounds);
    vi.restoreAllMocks();
    // Whatever goes wrong in one run is not carried into the next.
    await abortAllDurableObjects();
    clock.nowMs += 3_600_000;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("with a fault at every boundary of the real Worker, its objects, D1, R2 and queues", () => {
  const report: string[] = [];

  it(
    "P1 to P4, P8: nothing accepted is lost or done twice, goes backwards or stays, and history is whole",
    { timeout: 120_000 },
    async () => {
      const property = fc.asyncProperty(schedule, async (steps) => {
        expect(await live(steps)).toEqual([]);
      });
      await fc.assert(property, { seed: SEED, numRuns: 20, endOnFailure: true });
      report.push(`${events} events accepted in ${runs} runs, seed ${SEED}`);
      report.push(...[...faults.strikes].map(([name, times]) => `${name.padEnd(36)} ${times}`));
      for (const boundary of BOUNDARIES) expect(faults.strikes.get(nameOf(boundary)), nameOf(boundary)).toBeGreaterThan(0);
    },
  );

  it.each(PLANTS)("finds a planted mistake: $mistake", { timeout: 60_000 }, async (plant) => {
    for (const steps of fc.sample(schedule, { seed: SEED, numRuns: 6 })) {
      const found = (await live(steps, plant)).find(({ kind }) => kind === plant.breaks);
      if (found === undefined) continue;
      report.push(`${plant.mistake}: ${found.kind}: ${found.what}`);
      return;
    }
    expect.unreachable(plant.mistake);
  });

  afterAll(() => console.log(report.join("\n")));
});
