import { describe, expect, it } from "vitest";
import { orderEvent, World } from "../support/world.ts";

const BLIND = { deduplicates: false, knowsLateCopies: false };

/** A world of two destinations that could not tell a second effect, whose object dies of its first event: one answers, one never does. */
async function dead(): Promise<World> {
  const world = new World({ traits: BLIND, destinations: ["erp", "crm"] });
  for (const name of ["erp", "crm"]) world.destination(name).deduplicates = false;
  const erp = world.destination("erp");
  const receive = erp.receive.bind(erp);
  // The effect comes about, and nobody hears of it.
  erp.receive = (request) => {
    receive(request);
    return "never";
  };
  void world.sequence([orderEvent({ id: "e1", version: 1 })]);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  erp.receive = receive;
  world.evict();
  return world;
}

const effects = (world: World): readonly (readonly string[])[] =>
  ["erp", "crm"].map((name) => world.destination(name).effects.map(({ content }) => content));

describe("an event whose object died after the intent of its first attempts, and before its first row", () => {
  it("is known when its message comes again, and has each of its effects once", async () => {
    const world = await dead();
    expect(await world.sequence([orderEvent({ id: "e1", version: 1 })])).toMatchObject([{ eventId: "e1", status: "pending" }]);
    await world.settle();
    expect(world.index.get("e1")).toMatchObject({ status: "delivered" });
    expect(effects(world)).toEqual([["v1"], ["v1"]]);
  });

  it("is brought to its end by alarm, although its message never comes again", async () => {
    const world = await dead();
    await world.settle();
    expect(world.index.get("e1")).toMatchObject({ status: "delivered" });
    expect(effects(world)).toEqual([["v1"], ["v1"]]);
  });

  it("goes before what is newer, in each of its lanes", async () => {
    const world = await dead();
    expect(await world.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([{ status: "pending" }]);
    await world.settle();
    expect(effects(world)).toEqual([
      ["v1", "v2"],
      ["v1", "v2"],
    ]);
  });

  it("leaves no intent once it is through", async () => {
    const world = new World({ traits: BLIND, destinations: ["erp", "crm"] });
    expect(await world.sequence([orderEvent({ id: "e1", version: 1 })])).toMatchObject([{ status: "delivered" }]);
    expect([...world.sequencer.book.work()]).toEqual([]);
    expect(world.alarmAtMs).toBeNull();
    expect(world.storage.entries).toHaveLength(1);
  });
});
