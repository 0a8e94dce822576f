import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntityEvent } from "../../src/domain/event.ts";
import { fail, ok } from "../../src/domain/result.ts";
import type { Patience } from "../../src/domain/waiting.ts";
import { orderEvent, planTo, World } from "../support/world.ts";

/** A change of one order, counted by its sender. */
const change = (version: number, more: Partial<EntityEvent> = {}): EntityEvent => ({
  ...orderEvent({ id: `c${version}`, version, nature: "delta" }),
  consecutive: true,
  ...more,
});

const world = (patience: Partial<Patience> = {}): World => new World({ plan: () => ({ ...planTo(["erp"]), patience }) });
const sent = (one: World): readonly string[] => one.destination().effects.map(({ content }) => content);

describe("counted changes", () => {
  it("wait behind a missing one, and go in order as soon as it comes", async () => {
    const one = world();
    await one.sequence([change(1)]);
    const [waiting] = await one.sequence([change(3)]);
    expect(waiting).toMatchObject({ status: "held", lanes: [{ reason: "waits for change 2" }] });
    expect((await one.sequence([change(4)]))[0]).toMatchObject({ lanes: [{ reason: "waits for changes 2 to 3" }] });
    expect(sent(one)).toEqual(["v1"]);
    await one.sequence([change(2)]);
    await one.settle();
    expect(sent(one)).toEqual(["v1", "v2", "v3", "v4"]);
    expect(["c1", "c2", "c3", "c4"].map((id) => one.index.get(id)?.status)).toEqual(Array.from({ length: 4 }, () => "delivered"));
  });

  it("wait for a bounded time only, and what never came is not waited for again", async () => {
    const one = world({ gapMs: 10_000 });
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    await one.settle(20_000);
    expect(sent(one)).toEqual(["v1", "v3"]);
    expect((await one.sequence([change(4)]))[0]).toMatchObject({ status: "delivered" });
    // Late, but no less true: a change is never dropped for its age.
    await one.sequence([change(2)]);
    expect(sent(one)).toEqual(["v1", "v3", "v4", "v2"]);
  });

  it("that wait are made unnecessary by a newer whole state, and say so", async () => {
    const one = world();
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    expect((await one.sequence([change(5, { id: "s5", deliveryId: "s5", nature: "snapshot" })]))[0]).toMatchObject({ status: "delivered" });
    await one.settle();
    expect(sent(one)).toEqual(["v1", "v5"]);
    expect(one.index.get("c3")).toMatchObject({ status: "superseded" });
    expect((await one.sequence([change(6)]))[0]).toMatchObject({ status: "delivered" });
  });

  it("still wait after the object was dropped, and go when their time is over", async () => {
    const one = world();
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    one.evict();
    expect(sent(one)).toEqual(["v1"]);
    await one.sequence([change(2)]);
    await one.settle();
    expect(sent(one)).toEqual(["v1", "v2", "v3"]);
  });

  it("are not let go early by someone who lets the destination go on", async () => {
    const one = world();
    await one.sequence([change(1), change(3)]);
    await one.sequencer.wake("erp");
    expect(sent(one)).toEqual(["v1"]);
  });

  it("in any order of arrival, with copies and evictions in between, are each applied once, and in order if none is late", async () => {
    const arrivals = fc.shuffledSubarray([2, 3, 4, 5, 6, 7], { minLength: 6 });
    await fc.assert(
      fc.asyncProperty(arrivals, fc.array(fc.nat(5), { maxLength: 3 }), async (order, evictions) => {
        const one = world();
        await one.sequence([change(1)]);
        for (const [at, version] of order.entries()) {
          if (evictions.includes(at)) one.evict();
          await one.sequence([change(version)]);
          await one.sequence([change(version, { id: `copy${version}`, deliveryId: `c${version}` })]);
          one.clock.advance(1_000);
        }
        await one.settle();
        expect(sent(one)).toEqual(["v1", "v2", "v3", "v4", "v5", "v6", "v7"]);
        expect(one.storage.work.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a reorder window", () => {
  it("lets a late earlier change slip in before what is not sent yet", async () => {
    const one = world({ windowMs: 2_000 });
    const uncounted = (version: number): EntityEvent => ({ ...change(version), consecutive: false });
    await one.sequence([uncounted(10)]);
    await one.sequence([uncounted(30)]);
    one.clock.advance(1_000);
    await one.sequence([uncounted(20)]);
    expect(sent(one)).toEqual([]);
    await one.settle();
    expect(sent(one)).toEqual(["v10", "v20", "v30"]);
  });

  it("holds up no whole state, and nothing at all unless it is asked for", async () => {
    const one = world({ windowMs: 2_000 });
    expect((await one.sequence([orderEvent({ id: "s1", version: 1 })]))[0]?.status).toBe("delivered");
    const none = world();
    expect((await none.sequence([{ ...change(7), consecutive: false }]))[0]?.status).toBe("delivered");
  });
});

describe("a change that is missing for good, of a record that can be read", () => {
  const readable = (readAgain: NonNullable<ConstructorParameters<typeof World>[0]>["readAgain"]): World =>
    new World({ plan: () => ({ ...planTo(["erp"]), patience: { gapMs: 10_000 } }), ...(readAgain === undefined ? {} : { readAgain }) });
  const state = async () => ok({ number: "as it is now" });

  it("is made good by the state as it is now, sent once for all that waited", async () => {
    const one = readable(state);
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    await one.sequence([change(4)]);
    await one.settle(60_000);
    expect(sent(one)).toEqual(["v1", "as it is now"]);
    expect([one.index.get("c3")?.status, one.index.get("c4")?.status]).toEqual(["superseded", "delivered"]);
    expect((await one.sequence([change(5)]))[0]).toMatchObject({ status: "delivered" });
    expect(sent(one)).toEqual(["v1", "as it is now", "v5"]);
  });

  it("is read again a few times while the owner does not answer, and then done without", async () => {
    let asked = 0;
    const one = readable(async () => (asked++, fail("it is down")));
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    await one.settle(15_000);
    expect(one.index.get("c3")).toMatchObject({ status: "held", lanes: [{ reason: "could not be read again: it is down" }] });
    await one.settle(600_000);
    expect(sent(one)).toEqual(["v1", "v3"]);
    expect(asked).toBe(6);
  });

  it("goes as before when it comes while the record is being read", async () => {
    const one = readable(async (event) => {
      await one.sequence([change(2)]);
      return ok({ number: `read for ${event.id}` });
    });
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    await one.settle(60_000);
    expect(sent(one)).toEqual(["v1", "v2", "v3"]);
  });

  it("survives the death of the object while the record is being read", async () => {
    let first = true;
    const one = readable(async () => {
      if (first) one.evict();
      first = false;
      return ok({ number: "as it is now" });
    });
    await one.sequence([change(1)]);
    await one.sequence([change(3)]);
    void one.settle(60_000);
    for (let tick = 0; tick < 50; tick++) await Promise.resolve();
    await one.sequencer.wake();
    await one.settle(60_000);
    expect(sent(one)).toEqual(["v1", "as it is now"]);
  });
});
