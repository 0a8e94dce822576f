import { describe, expect, it } from "vitest";
import { orderEvent, planTo, World } from "../support/world.ts";

const flush = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

const contents = (world: World): readonly string[] => world.destination().requests.map((request) => request.content);

describe("a request that may still come in although its object died", () => {
  /** An object that died while its first version was on its way. */
  async function orphaned(): Promise<World> {
    const world = new World();
    world.destination().weather = () => "never";
    void world.sequence([orderEvent({ id: "e1", version: 1 })]);
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

  it("is outwaited before what it is for is given up and what is newer goes by", async () => {
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
    await world.settle();
    expect(contents(world)).toEqual(["v1", "v1", "v1", "v2"]);
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
});
