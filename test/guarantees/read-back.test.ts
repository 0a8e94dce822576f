import { describe, expect, it } from "vitest";
import type { EntityEvent } from "../../src/domain/event.ts";
import { orderEvent, World } from "../support/world.ts";

/** A hint as the consumer hands it on, once it was read back as a version of the record. */
const readAs = (id: string, version: number, delivery = "d1"): EntityEvent => ({
  ...orderEvent({ id, version, delivery }),
  readFrom: "erp",
});

const contents = (world: World): readonly string[] => world.destination().effects.map((effect) => effect.content);

/** Sequences an event whose effect comes about, and of whose answer its object never hears, since it dies. */
async function dieOf(world: World, event: EntityEvent): Promise<void> {
  const erp = world.destination();
  const receive = erp.receive.bind(erp);
  erp.receive = (request) => {
    receive(request);
    return "never";
  };
  void world.sequence([event]);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  erp.receive = receive;
  world.evict();
}

describe("a hint whose message comes again is read back again", () => {
  it.each([1, 3])("and keeps its outcome, though it is version %i now", async (version) => {
    const world = new World();
    const [first] = await world.sequence([readAs("e1", 2)]);
    expect(await world.sequence([readAs("e1", version)])).toEqual([first]);
    expect(contents(world)).toEqual(["v2"]);
  });

  it("and a copy of it is taken where it was read newer, and left out where not, but is no conflict", async () => {
    const world = new World();
    await world.sequence([readAs("e1", 2)]);
    expect(await world.sequence([readAs("e2", 1)])).toMatchObject([{ status: "superseded", of: "e1" }]);
    expect(await world.sequence([readAs("e3", 2)])).toMatchObject([{ status: "ignored", of: "e1" }]);
    expect(await world.sequence([readAs("e4", 3)])).toMatchObject([{ status: "delivered" }]);
    // And each message of a copy finds the outcome of its own event.
    expect(await world.sequence([readAs("e4", 1)])).toMatchObject([{ eventId: "e4", status: "delivered" }]);
    expect(contents(world)).toEqual(["v2", "v3"]);
  });

  it("and keeps its outcome as a copy, though it is read as something else when its message comes again", async () => {
    const world = new World();
    await world.sequence([readAs("e1", 2)]);
    const [copy] = await world.sequence([readAs("e2", 2)]);
    expect(copy).toMatchObject({ status: "ignored", of: "e1" });
    expect(await world.sequence([readAs("e2", 3), readAs("e2", 3)])).toEqual([copy, copy]);
    expect(await world.sequence([readAs("e2", 2)])).toEqual([copy]);
    expect(contents(world)).toEqual(["v2"]);
  });

  it("and gets no outcome, so that it comes again, where it is older than what its object died of", async () => {
    const world = new World();
    world.destination().weather = () => "never";
    void world.sequence([readAs("e1", 2)]);
    for (let i = 0; i < 50; i++) await Promise.resolve();
    world.destination().weather = () => "ok";
    world.evict();
    expect(await world.sequence([readAs("e1", 1)])).toEqual([]);
    expect(world.destination().requests).toHaveLength(1);
    expect(await world.sequence([readAs("e1", 2)])).toMatchObject([{ status: "delivered" }]);
  });

  it("and a copy takes the place of one that its object died of, with no second effect", async () => {
    const world = new World();
    await world.sequence([readAs("e1", 1)]);
    await dieOf(world, readAs("e2", 2));
    await world.sequence([readAs("e3", 2)]);
    await world.settle();
    expect(world.index.get("e3")?.status).toBe("delivered");
    expect(contents(world)).toEqual(["v1", "v2"]);
    // Each message that comes again finds what was made of it.
    expect(await world.sequence([readAs("e3", 2)])).toMatchObject([{ eventId: "e3", status: "delivered" }]);
    expect(await world.sequence([readAs("e2", 2)])).toMatchObject([{ status: "ignored", of: "e3" }]);
    expect(contents(world)).toEqual(["v1", "v2"]);
  });

  it.each([1, 3])("and keeps its key although its object died of it and a copy was read as version %i meanwhile", async (version) => {
    const world = new World();
    await dieOf(world, readAs("e1", 2));
    await world.sequence([readAs("e2", version)]);
    await world.settle();
    await world.sequence([readAs("e1", 2)]);
    await world.settle();
    expect(contents(world)).toEqual(version < 2 ? ["v2"] : ["v2", "v3"]);
  });
});
