import { describe, expect, it } from "vitest";
import type { LaneTraits } from "../../src/pipeline/sequence/ports.ts";
import { orderEvent, planTo, World } from "../support/world.ts";

const flush = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

const contents = (world: World): readonly string[] => world.destination().requests.map((request) => request.content);

describe("a request that may still come in although its object died", () => {
  /** An object that died while the first of its events was on its way. */
  async function orphaned(events = [orderEvent({ id: "e1", version: 1 })], traits: Partial<LaneTraits> = {}): Promise<World> {
    const world = new World({ traits });
    world.destination().weather = () => "never";
    void world.sequence(events);
    await flush();
    world.destination().weather = () => "ok";
    world.evict();
    return world;
  }

  it("is waited for by what is newer in its stream, and by all that follows, in order", async () => {
    const world = await orphaned();
    const diedAtMs = world.clock.nowMs;
    expect(await world.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([
      { status: "held", reason: "waits for a request of an object that died" },
    ]);
    expect(await world.sequence([orderEvent({ id: "e3", version: 3 })])).toMatchObject([{ status: "held" }]);
    expect(contents(world)).toEqual(["v1"]);
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v2", "v3"]);
    // As long as an answer to a caller and an attempt with a timeout of 5 s can take.
    expect(world.clock.nowMs - diedAtMs).toBeLessThanOrEqual(25_000);
  });

  it("is waited for by what was stored behind it", async () => {
    const world = new World();
    world.destination().weather = () => "never";
    void world.sequence([orderEvent({ id: "e1", version: 1 })]);
    await flush();
    await world.sequencer.spill([orderEvent({ id: "e2", version: 2 })]);
    world.destination().weather = () => "ok";
    const diedAtMs = world.clock.nowMs;
    world.evict();
    await world.sequencer.wake();
    expect(contents(world)).toEqual(["v1"]);
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v2"]);
    expect(world.clock.nowMs - diedAtMs).toBeGreaterThanOrEqual(25_000);
  });

  it("is waited for by what was under way behind it, if that comes again first", async () => {
    const world = await orphaned([orderEvent({ id: "e1", version: 1 }), orderEvent({ id: "e2", version: 2 })]);
    expect(await world.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([{ status: "held" }]);
    expect(await world.sequence([orderEvent({ id: "e1", version: 1 })])).toMatchObject([{ status: "superseded" }]);
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v2"]);
  });

  it("is not waited for once it can not come in any more, nor by other streams, nor by its own event", async () => {
    const late = await orphaned();
    late.clock.advance(25_001);
    expect(await late.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([{ status: "delivered" }]);
    const other = await orphaned();
    expect(await other.sequence([orderEvent({ id: "e2", version: 1, source: "billing" })])).toMatchObject([{ status: "delivered" }]);
    const again = await orphaned();
    expect(await again.sequence([orderEvent({ id: "e1", version: 1 })])).toMatchObject([{ status: "delivered" }]);
    expect(await again.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([{ status: "delivered" }]);
  });

  it("is told of where the record's other key takes over, and what has ended is not", async () => {
    const [own, root] = [
      { kind: "order", key: "SO-1" },
      { kind: "order", key: "A-1" },
    ] as const;
    const late = await orphaned();
    const { crm } = late.sequencer.book.marks;
    expect(await late.sequencer.join(own, root)).toMatchObject({ kind: "handedOver", marks: { crm } });
    const ended = new World();
    await ended.sequence([orderEvent({ id: "e1", version: 1 })]);
    const { atMs: _atMs, ...known } = ended.sequencer.book.marks["crm"] ?? {};
    expect(await ended.sequencer.join(own, root)).toMatchObject({ kind: "handedOver", marks: { crm: known } });
    expect((await ended.sequencer.join(own, root)) as object).not.toHaveProperty("marks.crm.atMs");
  });

  it("is not carried on in the marks for ever, though its event never comes again", async () => {
    const world = await orphaned();
    await world.sequence([orderEvent({ id: "e2", version: 2 })]);
    expect(world.sequencer.book.marks["crm"]).toHaveProperty("behind");
    await world.settle();
    world.clock.advance(3_600_000);
    await world.sequence([orderEvent({ id: "e3", version: 3 })]);
    expect(world.sequencer.book.marks["crm"]).not.toHaveProperty("behind");
  });

  it.each([true, false])("is sent again before what is newer, not left out as collapsed (object died: %s)", async (dies) => {
    const world = new World({ plan: () => planTo(["erp"], { collapse: true }) });
    await world.sequencer.spill([orderEvent({ id: "e1", version: 1 })]);
    world.destination().weather = () => "never";
    void world.sequencer.wake();
    await flush();
    world.destination().weather = () => "ok";
    if (dies) world.evict();
    await world.sequencer.spill([orderEvent({ id: "e2", version: 2 }), orderEvent({ id: "e3", version: 3 })]);
    if (!dies) world.evict();
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v1", "v3"]);
  });

  it("is outwaited by what is newer, although what it is for was given up", async () => {
    const world = new World();
    await world.sequencer.spill([orderEvent({ id: "e1", version: 1 })]);
    world.destination().weather = () => "never";
    void world.sequencer.wake();
    await flush();
    world.evict();
    const diedAtMs = world.clock.nowMs;
    world.destination().weather = () => "refuse";
    await world.sequencer.spill([orderEvent({ id: "e2", version: 2 })]);
    await world.sequencer.wake();
    // Refused at once; but the first request may still do what it was sent for.
    expect(contents(world)).toEqual(["v1", "v1"]);
    expect([...world.sequencer.book.work()].map(({ state }) => state)).toEqual(["dead", "waiting"]);
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v1", "v2"]);
    expect(world.clock.nowMs - diedAtMs).toBeGreaterThan(14_000);
  });

  it("is not outwaited where what is newer stands behind what was given up", async () => {
    const world = new World({ plan: () => planTo(["erp"], { afterDead: "halt" }) });
    await world.sequencer.spill([orderEvent({ id: "e1", version: 1 })]);
    world.destination().weather = () => "never";
    void world.sequencer.wake();
    await flush();
    world.evict();
    world.destination().weather = () => "refuse";
    await world.sequencer.wake();
    expect([...world.sequencer.book.work()].map(({ state }) => state)).toEqual(["dead"]);
  });

  describe("to a destination that puts records by their key, whatever stood there", () => {
    const PUTS: Partial<LaneTraits> = { deduplicates: true, knowsLateCopies: false };
    const unordered = (id: string) => orderEvent({ id, content: id });

    it("is waited for by its own event too, since what follows that event would not wait any more", async () => {
      const world = await orphaned([orderEvent({ id: "e1", version: 1 })], PUTS);
      expect(await world.sequence([orderEvent({ id: "e1", version: 1 })])).toMatchObject([{ status: "held" }]);
      expect(await world.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([{ status: "held" }]);
      await world.settle();
      expect(contents(world)).toEqual(["v1", "v1", "v2"]);
    });

    it.each([
      ["a", "b"],
      ["b", "a"],
    ])(
      "is waited for by other streams, and by what has no order; what comes again (%s, %s) goes first, as it went out",
      async (...again) => {
        const world = await orphaned([unordered("a"), unordered("b")], PUTS);
        await world.sequence([orderEvent({ id: "e2", version: 1, source: "billing" })]);
        await world.sequence([unordered("c")]);
        for (const id of again) await world.sequence([unordered(id)]);
        expect(contents(world)).toEqual(["a"]);
        await world.settle();
        expect(contents(world)).toEqual(["a", "a", "b", "v1", "c"]);
      },
    );

    it("is outwaited before a stored event is tried once more, and nothing newer goes before that", async () => {
      const world = new World({ traits: PUTS });
      const startedAtMs = world.clock.nowMs;
      await world.sequencer.spill([orderEvent({ id: "e1", version: 1 })]);
      world.destination().weather = () => "never";
      void world.sequencer.wake();
      await flush();
      world.destination().weather = () => "ok";
      world.evict();
      await world.sequence([orderEvent({ id: "e2", version: 2 })]);
      expect(contents(world)).toEqual(["v1"]);
      await world.settle();
      expect(contents(world)).toEqual(["v1", "v1", "v2"]);
      expect(world.clock.nowMs - startedAtMs).toBeGreaterThanOrEqual(15_000);
    });

    it("is not expected once an object has come to rest", async () => {
      const world = new World({ traits: PUTS });
      await world.sequence([unordered("a")]);
      world.evict();
      expect(await world.sequence([unordered("b"), orderEvent({ id: "e1", version: 1 })])).toMatchObject([
        { status: "delivered" },
        { status: "delivered" },
      ]);
    });
  });
});

describe("a request without an answer, which may still come in although its object lives", () => {
  const TIMEOUT_MS = 5_000;
  const COMES_IN_FOR_MS = TIMEOUT_MS + 1_000;

  /** A world whose destination does not answer the first request, and when each request was made. */
  function unanswered(traits: Partial<LaneTraits>): { readonly world: World; readonly atMs: number[] } {
    const world = new World({ traits: { timeoutMs: TIMEOUT_MS, ...traits } });
    const atMs: number[] = [];
    world.destination().weather = () => (atMs.push(world.clock.nowMs) === 1 ? "lostBefore" : "ok");
    return { world, atMs };
  }

  it.each([
    ["makes a second record", { deduplicates: false, knowsLateCopies: false }],
    ["puts a record by its key alone", { deduplicates: true, knowsLateCopies: false }],
  ])("is outwaited before a destination is asked again that %s", async (_what, traits) => {
    const { world, atMs } = unanswered(traits);
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v1"]);
    expect((atMs[1] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThanOrEqual(COMES_IN_FOR_MS);
  });

  it("is not outwaited where the destination knows it for a copy, whenever it comes in", async () => {
    const { world, atMs } = unanswered({ deduplicates: true, knowsLateCopies: true });
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    await world.settle();
    expect((atMs[1] ?? 0) - (atMs[0] ?? 0)).toBeLessThan(3_000);
  });

  const once = { maxAttempts: 1, firstDelayMs: 1_000, maxDelayMs: 8_000, maxAgeMs: 3_600_000 };

  it.each([true, false])(
    "is outwaited by what is newer where its own event was given up with it (deduplicates: %s)",
    async (deduplicates) => {
      const { world, atMs } = unanswered({ retry: once, deduplicates, knowsLateCopies: deduplicates });
      expect(await world.sequence([orderEvent({ id: "e1", version: 1 })])).toMatchObject([{ status: "dead", class: "ambiguous" }]);
      await world.sequence([orderEvent({ id: "e2", version: 2 })]);
      expect(contents(world)).toEqual(["v1"]);
      world.evict();
      await world.settle();
      expect(contents(world)).toEqual(["v1", "v2"]);
      expect((atMs[1] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThanOrEqual(COMES_IN_FOR_MS);
    },
  );

  it("is outwaited before a person can skip its event, and before the event is tried again on a person's word", async () => {
    const { world, atMs } = unanswered({ retry: once });
    const startedAtMs = world.clock.nowMs;
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    const action = { eventId: "e1", destination: "erp", actor: "a", reason: "r", force: false } as const;
    const untilMs = startedAtMs + COMES_IN_FOR_MS;
    expect(await world.sequencer.operate({ ...action, verb: "skip" })).toEqual({ ok: false, code: "under_way", untilMs });
    expect(await world.sequencer.operate({ ...action, verb: "retry" })).toMatchObject({ ok: true, outcome: { status: "retrying" } });
    await world.settle();
    expect(atMs).toHaveLength(2);
    expect(atMs[1]).toBeGreaterThanOrEqual(untilMs);
  });

  it("is not expected of stored work that was not begun: it is tried by its own policy", async () => {
    const world = new World({ traits: { timeoutMs: TIMEOUT_MS, deduplicates: false, knowsLateCopies: false } });
    await world.sequencer.spill([orderEvent({ id: "e1", version: 1 })]);
    world.evict();
    const startedAtMs = world.clock.nowMs;
    let asked = 0;
    world.destination().weather = () => (++asked === 1 ? "down" : "ok");
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v1"]);
    expect(world.clock.nowMs - startedAtMs).toBeLessThan(3_000);
  });

  it("is over some time later: then a person can skip its event at once", async () => {
    const { world } = unanswered({ retry: once });
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    world.clock.advance(COMES_IN_FOR_MS);
    const action = { verb: "skip", eventId: "e1", destination: "erp", actor: "a", reason: "r", force: false } as const;
    expect(await world.sequencer.operate(action)).toMatchObject({ ok: true, outcome: { status: "cancelled" } });
  });
});
