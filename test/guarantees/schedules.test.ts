import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GENESIS, verifyChain } from "../../src/domain/timeline.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import { orderEvent, sha256, World, type Weather } from "../support/world.ts";

/**
 * What the queue, the platform and the destinations may do in any order: deliver messages in any grouping, twice and
 * shuffled; drop the object between any two steps; lose answers before or after the effect; refuse the index's rows.
 */
type Step =
  | { readonly do: "deliver"; readonly messages: readonly number[] }
  | { readonly do: "evict" }
  | { readonly do: "tick"; readonly turns: number }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "alarm" }
  | { readonly do: "index"; readonly down: boolean };

const VERSIONS = 6;
const COPIES = 2;

/** Six states of one order, each delivered under its own delivery id in two copies with different event ids. */
const MESSAGES: readonly EntityEvent[] = Array.from({ length: VERSIONS * COPIES }, (_, i) => {
  const version = 1 + (i % VERSIONS);
  return orderEvent({ id: `e${version}${"ab"[Math.floor(i / VERSIONS)]}`, delivery: `d${version}`, version });
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("deliver" as const),
      messages: fc.array(fc.nat(MESSAGES.length - 1), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "evict" as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tick" as const), turns: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 12_000 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: "alarm" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("index" as const), down: fc.boolean() }) },
);

const weather: fc.Arbitrary<Weather> = fc.constantFrom("ok", "ok", "ok", "down", "lostBefore", "lostAfter", "throttle", "never");

interface Run {
  readonly world: World;
  readonly acked: Set<number>;
}

async function play(steps: readonly Step[], storms: Readonly<Record<string, readonly Weather[]>>): Promise<Run> {
  const destinations = Object.keys(storms);
  const world = new World({ destinations });
  for (const name of destinations) {
    const ahead = [...(storms[name] ?? [])];
    world.destination(name).weather = () => ahead.shift() ?? "ok";
  }
  const acked = new Set<number>();
  const deliver = (messages: readonly number[]): void => {
    const sent = messages.filter((message) => !acked.has(message)).map((message) => ({ message, event: MESSAGES[message] }));
    const events = sent.flatMap(({ event }) => (event === undefined ? [] : [event]));
    void world.sequence(events).then(() => sent.forEach(({ message }) => acked.add(message)));
  };
  for (const now of steps) await take(world, deliver, now);
  world.indexDown = false;
  for (const name of destinations) world.destination(name).weather = () => "ok";
  await finish(world, deliver, acked);
  return { world, acked };
}

async function take(world: World, deliver: (messages: readonly number[]) => void, now: Step): Promise<void> {
  switch (now.do) {
    case "deliver":
      return deliver(now.messages);
    case "evict":
      return world.evict();
    case "tick":
      return tick(now.turns);
    case "advance":
      return world.clock.advance(now.ms);
    case "alarm":
      if (world.alarmAtMs !== null && world.alarmAtMs <= world.clock.nowMs) {
        world.alarmAtMs = null;
        void world.sequencer.wake();
      }
      return;
    case "index":
      world.indexDown = now.down;
  }
}

/** The queue's patience: messages without an answer come again, the alarm fires, until nothing is left to do. */
async function finish(world: World, deliver: (messages: readonly number[]) => void, acked: ReadonlySet<number>): Promise<void> {
  for (let round = 0; round < 20; round++) {
    world.evict();
    deliver(MESSAGES.keys().toArray());
    for (let turn = 0; turn < 8; turn++) {
      await tick(200);
      world.clock.advance(5_000);
    }
    world.alarmAtMs ??= world.clock.nowMs;
    await world.settle();
    if (acked.size === MESSAGES.length && world.storage.work.size === 0 && world.storage.owed.size === 0) return;
  }
}

const tick = async (turns: number): Promise<void> => {
  for (let i = 0; i < turns; i++) await Promise.resolve();
};

const schedule = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 30 }),
  erp: fc.array(weather, { maxLength: 10 }),
  crm: fc.array(weather, { maxLength: 10 }),
});

const RUNS = { numRuns: 400 };

describe("over generated schedules of copies, evictions, lost answers and outages", () => {
  it("P2: every accepted event ends, and the index says how", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ steps, erp, crm }) => {
        const { world, acked } = await play(steps, { erp, crm });
        expect(acked.size).toBe(MESSAGES.length);
        for (const event of MESSAGES) expect(world.index.get(event.id)?.status, event.id).toMatch(/^(delivered|superseded|ignored)$/);
        expect(world.storage.work.size).toBe(0);
        expect(world.storage.owed.size).toBe(0);
      }),
      RUNS,
    );
  });

  it("P3: no delivery has two effects in one destination, however many copies came", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ steps, erp, crm }) => {
        const { world } = await play(steps, { erp, crm });
        for (const destination of world.destinations.values()) {
          const contents = destination.effects.map((effect) => effect.content);
          expect(new Set(contents).size).toBe(contents.length);
        }
      }),
      RUNS,
    );
  });

  it("P4: effects follow the versions, and the newest state is what every destination is left with", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ steps, erp, crm }) => {
        const { world } = await play(steps, { erp, crm });
        for (const destination of world.destinations.values()) {
          const versions = destination.effects.map((effect) => Number(effect.content.slice(1)));
          expect(versions).toEqual(versions.toSorted((a, b) => a - b));
          expect(versions.at(-1)).toBe(VERSIONS);
        }
      }),
      RUNS,
    );
  });

  it("P8: the timeline's chain is whole, and finds any line that was changed, removed or swapped", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, fc.nat(), fc.constantFrom("change", "remove", "cut"), async ({ steps, erp, crm }, where, how) => {
        const { world } = await play(steps, { erp, crm });
        const lines = world.storage.entries.map((row) => row.entry);
        const head = world.sequencer.book.head;
        expect(verifyChain(lines, { from: GENESIS, to: head }, sha256).intact).toBe(true);
        const at = where % lines.length;
        const forged =
          how === "change"
            ? lines.map((line, i) => (i === at ? { ...line, body: line.body.replace("{", '{"x":1,') } : line))
            : how === "remove"
              ? lines.toSpliced(at, 1)
              : lines.slice(0, at);
        expect(verifyChain(forged, { from: GENESIS, to: head }, sha256).intact).toBe(false);
      }),
      RUNS,
    );
  });

  it("P5: however long one destination hangs, the other has all it should have", async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(MESSAGES.keys().toArray(), { minLength: MESSAGES.length }), async (order) => {
        const world = new World({ destinations: ["erp", "crm"] });
        world.destination("crm").weather = () => "never";
        for (const message of order) {
          const event = MESSAGES[message];
          if (event !== undefined) void world.sequence([event]);
          await tick(60);
          world.clock.advance(600);
          await tick(60);
        }
        expect(world.destination("erp").effects.at(-1)?.content).toBe(`v${VERSIONS}`);
      }),
      { numRuns: 100 },
    );
  });
});
