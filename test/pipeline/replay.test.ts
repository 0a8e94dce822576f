import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../src/domain/audit-record.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import type { ReplayProgress, ReplayState } from "../../src/domain/replay.ts";
import { planReplay, stepReplay, type Next, type PlanPorts, type RunnerMemory, type RunPorts } from "../../src/pipeline/replay.ts";

const REQUEST = {
  query: { from: "2026-11-01T00:00:00.000Z", to: "2026-11-02T00:00:00.000Z" },
  destinations: ["crm"],
  force: false,
  ratePerSecond: 4,
  window: null,
  reason: "a test",
};

const original = (id: string, more: Partial<StoredEvent> = {}): StoredEvent => ({
  id,
  rev: 1,
  receivedAtMs: 0,
  updatedAtMs: 0,
  source: "erp",
  type: "order.updated",
  kind: "order",
  entityKey: "1",
  status: "delivered",
  class: null,
  priority: "standard",
  deliveryId: id,
  correlationId: null,
  rawRef: "raw|0|1",
  detail: JSON.stringify({ verdict: "verified" }),
  ...more,
});

/** A runner's surroundings in memory: what a real entity does with a repeated id, `effects` does here. */
class Surroundings {
  nowMs = 1_000_000;
  state: ReplayState = "running";
  kept: RunnerMemory | null = null;
  progress: ReplayProgress | null = null;
  readonly sent: string[] = [];
  readonly originals: Map<string, StoredEvent>;
  /** Calls until something breaks; then the call fails, before or after it had its effect. */
  fuse = Number.POSITIVE_INFINITY;
  afterEffect = false;

  constructor(events: readonly StoredEvent[]) {
    this.originals = new Map(events.map((event) => [event.id, event]));
  }

  get effects(): readonly string[] {
    return [...new Set(this.sent)].map((message) => message.split("@")[0] ?? "");
  }

  /** One call of something that may break. */
  async #risky<T>(effect: () => T): Promise<T> {
    const breaks = --this.fuse === 0;
    if (breaks && !this.afterEffect) throw new Error("it broke before");
    const result = effect();
    if (breaks) throw new Error("it broke after");
    return result;
  }

  ports(more: Partial<RunPorts> = {}): RunPorts {
    return {
      clock: () => this.nowMs,
      config: undefined,
      replay: () => this.#risky(() => ({ id: "rpl_1", state: this.state, request: REQUEST, total: this.originals.size })),
      memory: () => this.kept,
      remember: (memory) => void (this.kept = memory),
      page: (_query, cursor, limit) =>
        this.#risky(() =>
          [...this.originals.keys()]
            .toSorted()
            .filter((id) => cursor === null || id > cursor)
            .slice(0, limit),
        ),
      originals: (ids) => this.#risky(() => ids.flatMap((id) => this.originals.get(id) ?? [])),
      prepare: async ({ original: event, atMs }) => ({ kind: "ready", messages: [`${event.id}@${atMs}`] }),
      enqueue: (messages) => this.#risky(() => void this.sent.push(...messages)),
      taken: () => this.#risky(() => undefined),
      report: (progress, finished) =>
        this.#risky(() => {
          this.progress = progress;
          if (finished && this.state === "running") this.state = "done";
        }),
      ...more,
    };
  }

  /** Steps as the runner's alarm would, a second later each, and again where one broke. */
  async run(ports: RunPorts, steps = 100): Promise<Next> {
    let next: Next = { kind: "stop" };
    for (let i = 0; i < steps; i++) {
      this.nowMs += LIMITS.replayStepMs;
      next = await stepReplay(ports).catch((): Next => ({ kind: "again", atMs: this.nowMs }));
      if (next.kind !== "again") return next;
    }
    return next;
  }
}

const named = (count: number): StoredEvent[] => Array.from({ length: count }, (_, i) => original(`e${String(i).padStart(3, "0")}`));

describe("a runner", () => {
  it("puts every original in once and in order, whatever call breaks, before or after its effect", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 60 }), fc.boolean(), async (count, fuse, afterEffect) => {
        const world = new Surroundings(named(count));
        world.fuse = fuse;
        world.afterEffect = afterEffect;
        expect(await world.run(world.ports())).toEqual({ kind: "stop" });
        expect(world.effects).toEqual(named(count).map(({ id }) => id));
        expect(world.state).toBe("done");
        expect(world.progress).toMatchObject({ done: count, refused: 0, failed: 0, total: count, etaSeconds: 0 });
      }),
    );
  });

  it("keeps to its rate: one second, one step", async () => {
    const world = new Surroundings(named(9));
    const next = await stepReplay(world.ports());
    expect(next).toEqual({ kind: "again", atMs: world.nowMs + LIMITS.replayStepMs });
    expect(world.sent).toHaveLength(4);
    expect(world.progress).toMatchObject({ done: 4, cursor: "e003", etaSeconds: 2 });
  });

  it("does the same originals again when others match the query meanwhile", async () => {
    const world = new Surroundings(named(6));
    world.fuse = 4;
    world.afterEffect = true;
    await expect(stepReplay(world.ports())).rejects.toThrow("it broke after");
    world.originals.set("e000a", original("e000a"));
    await world.run(world.ports());
    expect(world.effects).toEqual(named(6).map(({ id }) => id));
  });

  it("stops before its next step once it is cancelled, and does not undo the cancellation", async () => {
    const world = new Surroundings(named(9));
    await stepReplay(world.ports());
    world.state = "cancelled";
    expect(await stepReplay(world.ports())).toEqual({ kind: "stop" });
    expect(world.sent).toHaveLength(4);
    const late = new Surroundings(named(2));
    const ports = late.ports({ taken: async () => void (late.state = "cancelled") });
    expect(await stepReplay(ports)).toEqual({ kind: "stop" });
    expect(late.state).toBe("cancelled");
  });

  it("waits until its window opens", async () => {
    const world = new Surroundings(named(3));
    world.nowMs = Date.parse("2026-11-24T12:00:30.000Z");
    const ports = world.ports({ config: { windows: [{ from: "20:00", to: "21:00" }] } });
    const opensMs = Date.parse("2026-11-24T20:00:00.000Z");
    expect(await stepReplay(ports)).toEqual({ kind: "again", atMs: opensMs });
    expect(world.progress).toMatchObject({ waitsUntilMs: opensMs, done: 0 });
    world.nowMs = opensMs;
    expect(await stepReplay(ports)).toEqual({ kind: "stop" });
    expect(world.effects).toHaveLength(3);
  });

  it("does not begin before it is approved", async () => {
    const world = new Surroundings(named(3));
    world.state = "waitingForApproval";
    expect(await stepReplay(world.ports())).toEqual({ kind: "notYet" });
    expect(world.sent).toEqual([]);
  });

  it("counts an event that breaks every try as failed, and those that must not go in as refused", async () => {
    const world = new Surroundings([...named(2), original("e9", { status: "pending" })]);
    const ports = world.ports({
      prepare: async ({ original: event, atMs }) => {
        if (event.id === "e000") throw new Error("the archive does not answer");
        return { kind: "ready", messages: [`${event.id}@${atMs}`] };
      },
    });
    expect(await world.run(ports)).toEqual({ kind: "stop" });
    expect(world.effects).toEqual(["e001"]);
    expect(world.progress).toMatchObject({
      done: 1,
      failed: 1,
      refused: 1,
      problems: [
        { why: "the archive does not answer", events: 1, example: "e000" },
        { why: "it is still on its way", events: 1, example: "e9" },
      ],
    });
  });
});

describe("a plan", () => {
  const ports = (more: Partial<PlanPorts> = {}): PlanPorts => ({
    clock: () => Date.parse("2026-11-24T12:00:00.000Z"),
    config: undefined,
    rowsInRange: async () => 10,
    tallies: async () => ({
      tallies: [{ source: "erp", kind: "order", status: "delivered", verdict: "verified", hasRaw: true, hasReason: false, events: 10 }],
      entities: 1,
    }),
    busiest: async () => [{ entity: "order/1", events: 10 }],
    candidates: async () => [],
    marks: async () => ({}),
    ...more,
  });

  it("asks no more entities than its bound, and says that it did not ask all", async () => {
    let asked = 0;
    const many = Array.from({ length: LIMITS.replayEntitiesLooked }, (_, i) => ({ entity: `order/${i}`, events: 1 }));
    const plan = await planReplay(
      REQUEST,
      ports({
        tallies: async () => ({ tallies: [], entities: 5_000 }),
        busiest: async (_query, limit) => many.slice(0, limit),
        marks: async () => (asked++, {}),
      }),
    );
    expect(asked).toBe(LIMITS.replayEntitiesLooked);
    expect(plan.ok && plan.value.movedOn).toEqual({ events: 0, entitiesAsked: LIMITS.replayEntitiesLooked, complete: false });
    expect(plan.ok && plan.value.sample).toHaveLength(LIMITS.replaySample);
  });

  it("estimates the time at the rate, and the end with windows counted", async () => {
    const window = { from: "20:00", to: "21:00" };
    const plan = await planReplay({ ...REQUEST, window }, ports());
    expect(plan).toMatchObject({ ok: true, value: { estimatedSeconds: 3, estimatedEndMs: Date.parse("2026-11-24T20:00:03.000Z") } });
  });

  it("refuses a time that holds more than can be counted", async () => {
    const plan = await planReplay(REQUEST, ports({ rowsInRange: async (_query, atMost) => atMost }));
    expect(plan).toMatchObject({ ok: false, failure: expect.stringContaining("split it by time") });
  });
});
