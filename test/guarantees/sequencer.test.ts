import { describe, expect, it } from "vitest";
import { orderEvent, planTo, World } from "../support/world.ts";

const flush = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

describe("one effect per delivery", () => {
  it("gives a thousand concurrent copies one effect, and tells each copy whose it is", async () => {
    const world = new World();
    const copies = Array.from({ length: 1_000 }, (_, i) => orderEvent({ id: `e${i}`, delivery: "d1", version: 1 }));
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => world.sequence(copies.slice(i * 100, i * 100 + 100))));
    const statuses = answers.flat().map((outcome) => outcome.status);
    expect(world.destination().requests).toHaveLength(1);
    expect(statuses.filter((status) => status === "delivered")).toHaveLength(1);
    expect(statuses.filter((status) => status === "ignored")).toHaveLength(999);
    expect(world.storage.commits).toBe(1);
  });

  it("repeats the outcome of a message that comes again, with nothing written and nothing sent", async () => {
    const world = new World();
    const event = orderEvent({ id: "e1", version: 1 });
    const [first] = await world.sequence([event]);
    const commits = world.storage.commits;
    const [second] = await world.sequence([event]);
    expect(second).toEqual(first);
    expect(world.storage.commits).toBe(commits);
    expect(world.destination().requests).toHaveLength(1);
  });

  it("records another body under a known delivery id as a conflict, and does not send it", async () => {
    const world = new World();
    await world.sequence([orderEvent({ id: "e1", delivery: "d1", version: 1, content: "a" })]);
    const [outcome] = await world.sequence([orderEvent({ id: "e2", delivery: "d1", version: 1, content: "b" })]);
    expect(outcome).toMatchObject({ status: "ignored", class: "conflict", of: "e1" });
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["a"]);
  });

  it("takes newer content under a repeated delivery id, as Salesforce sends it", async () => {
    const world = new World();
    await world.sequence([orderEvent({ id: "e1", delivery: "d1", version: 1 })]);
    const [outcome] = await world.sequence([orderEvent({ id: "e2", delivery: "d1", version: 2 })]);
    expect(outcome?.status).toBe("delivered");
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["v1", "v2"]);
  });

  it("does not post again after an eviction in the middle of an attempt that took effect", async () => {
    const world = new World();
    world.destination().weather = () => "never";
    const event = orderEvent({ id: "e1", version: 1 });
    void world.sequence([event]);
    await flush();
    world.destination().weather = () => "ok";
    world.evict();
    const [outcome] = await world.sequence([event]);
    expect(outcome?.status).toBe("delivered");
    expect(new Set(world.destination().requests.map((request) => request.key)).size).toBe(1);
  });

  it("reads back instead of posting twice where the destination cannot deduplicate and the object died in between", async () => {
    const world = new World({ traits: { deduplicates: false } });
    const erp = world.destination();
    erp.deduplicates = false;
    const applyAndHang = erp.receive.bind(erp);
    erp.receive = (request) => {
      applyAndHang(request);
      return "never";
    };
    const event = orderEvent({ id: "e1", version: 1 });
    void world.sequence([event]);
    await flush();
    erp.receive = applyAndHang;
    world.evict();
    await world.sequence([event]);
    world.alarmAtMs ??= world.clock.nowMs;
    await world.settle();
    expect(erp.effects).toHaveLength(1);
    expect(world.index.get("e1")?.status).toBe("delivered");
  });
});

describe("order", () => {
  it("never lets an older snapshot overwrite a newer one", async () => {
    const world = new World();
    await world.sequence([orderEvent({ id: "e2", version: 2 })]);
    const [late] = await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    expect(late).toMatchObject({ status: "superseded", of: "e2" });
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["v2"]);
  });

  it("of two states in one second, lets the one further along its life win, in either order of arrival", async () => {
    const at = { kind: "time", value: "5000" } as const;
    const open = orderEvent({ id: "open", content: "open", order: at, rank: 2 });
    const paid = orderEvent({ id: "paid", content: "paid", order: at, rank: 4 });
    for (const arrival of [
      [open, paid],
      [paid, open],
    ]) {
      const world = new World();
      await world.sequence(arrival);
      expect(world.destination().effects.at(-1)?.content).toBe("paid");
    }
  });

  it("keeps out a state less far along its life though the object died of the other in the same second", async () => {
    const at = { kind: "time", value: "5000" } as const;
    const paid = orderEvent({ id: "paid", content: "paid", order: at, rank: 4 });
    const world = new World();
    world.destination().weather = () => "never";
    void world.sequence([paid]);
    await flush();
    world.destination().weather = () => "ok";
    world.evict();
    const [late] = await world.sequence([orderEvent({ id: "open", content: "open", order: at, rank: 2 })]);
    expect(late).toMatchObject({ status: "superseded", of: "paid" });
    expect(await world.sequence([paid])).toMatchObject([{ status: "delivered" }]);
    expect(world.destination().requests.map(({ content }) => content)).toEqual(["paid", "paid"]);
  });

  it("keeps followers behind a retrying head, and sends them in order once it is through", async () => {
    const world = new World();
    let down = true;
    world.destination().weather = () => (down ? "down" : "ok");
    const [first] = await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    const [second] = await world.sequence([orderEvent({ id: "e2", version: 2 })]);
    expect([first?.status, second?.status]).toEqual(["retrying", "pending"]);
    down = false;
    await world.settle();
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["v1", "v2"]);
    expect([world.index.get("e1")?.status, world.index.get("e2")?.status]).toEqual(["delivered", "delivered"]);
  });

  it("collapses snapshots that wait into the newest, where the route says so", async () => {
    const world = new World({ plan: () => planTo(["erp"], { collapse: true }) });
    let down = true;
    world.destination().weather = () => (down ? "down" : "ok");
    for (let version = 1; version <= 4; version++) await world.sequence([orderEvent({ id: `e${version}`, version })]);
    down = false;
    await world.settle();
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["v1", "v4"]);
    expect(world.index.get("e2")?.status).toBe("superseded");
  });

  it("halts behind a dead head where the route says halt, and goes on in order when a person retries it", async () => {
    const world = new World({ plan: () => planTo(["erp"], { afterDead: "halt" }) });
    world.destination().weather = (request) => (request.content === "v1" ? "refuse" : "ok");
    await world.sequence([orderEvent({ id: "e1", version: 1 }), orderEvent({ id: "e2", version: 2 })]);
    await world.settle();
    expect(world.destination().effects).toEqual([]);
    world.destination().weather = () => "ok";
    const answer = await world.sequencer.operate({
      verb: "retry",
      eventId: "e1",
      destination: "erp",
      actor: "a",
      reason: "fixed",
      force: true,
    });
    expect(answer.ok).toBe(true);
    await world.settle();
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["v1", "v2"]);
  });

  it("refuses to retry a dead letter over a newer state, unless forced by name", async () => {
    const world = new World();
    world.destination().weather = (request) => (request.content === "v1" ? "refuse" : "ok");
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    await world.sequence([orderEvent({ id: "e2", version: 2 })]);
    const action = { verb: "retry", eventId: "e1", destination: "erp", actor: "a", reason: "try" } as const;
    expect(await world.sequencer.operate({ ...action, force: false })).toEqual({ ok: false, code: "moved_on" });
  });

  it("gives every retry by an operator a new key, so that no destination swallows the second one", async () => {
    const world = new World();
    world.destination().weather = () => "refuse";
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    const action = { verb: "retry", eventId: "e1", destination: "erp", actor: "a", reason: "again", force: false } as const;
    await world.sequencer.operate(action);
    await world.sequencer.operate(action);
    const keys = world.destination().requests.map((request) => request.key);
    expect(new Set(keys).size).toBe(3);
  });
});

describe("isolation", () => {
  it("delivers to one destination while another hangs, and answers within the bound", async () => {
    const world = new World({ destinations: ["erp", "crm"] });
    world.destination("crm").weather = () => "never";
    const answer = world.sequence([orderEvent({ id: "e1", version: 1 })]);
    await flush();
    world.clock.advance(500);
    const [outcome] = await answer;
    expect(outcome?.status).toBe("pending");
    expect(outcome?.lanes.map((lane) => [lane.destination, lane.status])).toEqual([
      ["erp", "delivered"],
      ["crm", "pending"],
    ]);
    const [next] = await world.sequence([orderEvent({ id: "e2", version: 2 })]);
    expect(next?.lanes.find((lane) => lane.destination === "erp")?.status).toBe("delivered");
  });

  it("holds everything for a paused destination, and delivers in order after it is resumed", async () => {
    const world = new World();
    world.paused.add("erp");
    const outcomes = await world.sequence([1, 2, 3].map((version) => orderEvent({ id: `e${version}`, version })));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["held", "pending", "pending"]);
    world.paused.clear();
    await world.settle();
    expect(world.destination().effects.map((effect) => effect.content)).toEqual(["v1", "v2", "v3"]);
  });

  it("lets a 429 cost no attempt and waits at least as long as it was told", async () => {
    const world = new World();
    let left = 20;
    world.destination().weather = () => (left-- > 0 ? "throttle" : "ok");
    const before = world.clock.nowMs;
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    await world.settle();
    expect(world.index.get("e1")?.status).toBe("delivered");
    expect(world.clock.nowMs - before).toBeGreaterThanOrEqual(20 * 10_000);
  });

  it("turns work for a destination that was removed into cancelled", async () => {
    const world = new World();
    world.destination().weather = () => "down";
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    world.destinations.delete("erp");
    await world.settle();
    expect(world.index.get("e1")?.status).toBe("cancelled");
  });
});

describe("the index", () => {
  it("learns every outcome in the end, though it was down while they happened", async () => {
    const world = new World();
    let down = true;
    world.destination().weather = () => (down ? "down" : "ok");
    await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    down = false;
    world.indexDown = true;
    await world.settle(60_000);
    expect(world.index.get("e1")?.status).toBe("retrying");
    world.indexDown = false;
    await world.settle();
    expect(world.index.get("e1")?.status).toBe("delivered");
  });

  it("is told of events that came by the spill path", async () => {
    const world = new World();
    await world.sequencer.spill([orderEvent({ id: "e1", version: 1 }), orderEvent({ id: "e1b", delivery: "e1", version: 1 })]);
    await world.settle();
    expect(world.index.get("e1")?.status).toBe("delivered");
    expect(world.index.get("e1b")).toMatchObject({ status: "ignored", of: "e1" });
    const [again] = await world.sequence([orderEvent({ id: "e1", version: 1 })]);
    expect(again?.status).toBe("delivered");
    expect(world.destination().requests).toHaveLength(1);
  });
});
