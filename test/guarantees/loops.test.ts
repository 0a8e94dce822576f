import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntityEvent } from "../../src/domain/event.ts";
import { digestOf, hear, isOutward, outwardStream, withHeardBack } from "../../src/domain/loops.ts";
import { orderEvent, planTo, World } from "../support/world.ts";

const SYSTEM_OF: Readonly<Record<string, readonly string[]>> = { crm: ["crm"], erp: ["erp"] };

/** Two systems, each a source and a destination, and each told of what the other one says. */
const world = (): World =>
  new World({
    destinations: ["erp", "crm"],
    plan: (event) => ({
      ...planTo([event.sourceName === "crm" ? "erp" : "crm"]),
      echoOf: SYSTEM_OF[event.sourceName] ?? [],
      echoed: ["erp", "crm"],
    }),
  });

let serial = 0;
const says = (source: string, content: string): EntityEvent =>
  orderEvent({ id: `e${++serial}`, source, content, order: { kind: "int", value: String(serial) } });

const status = async (of: World, event: EntityEvent) => (await of.sequence([event]))[0];

describe("an echo of our own write", () => {
  it("ends as ignored, with the words why, and goes no further", async () => {
    const one = world();
    expect(await status(one, says("crm", "confirmed"))).toMatchObject({ status: "delivered" });
    expect(await status(one, says("erp", "confirmed"))).toMatchObject({ status: "ignored", reason: "an echo of our own write to erp" });
    expect(one.destination("crm").requests).toEqual([]);
  });

  it("is none where the other system says something else, or says it much later", async () => {
    const one = world();
    await status(one, says("crm", "confirmed"));
    expect(await status(one, says("erp", "shipped"))).toMatchObject({ status: "delivered" });
    await status(one, says("crm", "closed"));
    one.clock.advance(301_000);
    expect(await status(one, says("erp", "closed"))).toMatchObject({ status: "delivered" });
  });

  it("is known also after the object was dropped", async () => {
    const one = world();
    await status(one, says("crm", "confirmed"));
    one.evict();
    expect(await status(one, says("erp", "confirmed"))).toMatchObject({ status: "ignored" });
  });

  it("is known also of a request that came in only after its object had died, and after what another source had said", async () => {
    const one = new World({
      destinations: ["erp", "crm"],
      plan: ({ sourceName }) => ({
        ...planTo([sourceName === "erp" ? "crm" : "erp"]),
        echoOf: SYSTEM_OF[sourceName] ?? [],
        echoed: ["erp"],
      }),
    });
    one.destination("erp").weather = () => "never";
    void one.sequence([says("crm", "one")]);
    for (let i = 0; i < 50; i++) await Promise.resolve();
    one.destination("erp").weather = () => "ok";
    one.evict();
    expect(await status(one, says("shop", "two"))).toMatchObject({ status: "delivered" });
    expect(await status(one, says("erp", "two"))).toMatchObject({ status: "ignored" });
    expect(await status(one, says("erp", "one"))).toMatchObject({ status: "ignored" });
    expect(one.destination("crm").requests).toEqual([]);
  });

  it("is known also when something newer was written since, until its system has got as far as that", async () => {
    const one = world();
    for (const content of ["one", "two", "three"]) await status(one, says("crm", content));
    expect(await status(one, says("erp", "one"))).toMatchObject({ status: "ignored" });
    expect(await status(one, says("erp", "one"))).toMatchObject({ status: "ignored" });
    expect(await status(one, says("erp", "three"))).toMatchObject({ status: "ignored" });
    // Now somebody there has set it back.
    expect(await status(one, says("erp", "two"))).toMatchObject({ status: "delivered" });
    expect(one.destination("crm").effects.map((effect) => effect.content)).toEqual(["two"]);
  });

  it("is known however long its write was held back, and after a person has mended it", async () => {
    const one = world();
    one.paused.add("erp");
    await status(one, says("crm", "confirmed"));
    one.clock.advance(3_600_000);
    one.paused.delete("erp");
    await one.sequencer.wake("erp");
    expect(await status(one, says("erp", "confirmed"))).toMatchObject({ status: "ignored" });
    one.destination("erp").weather = () => "refuse";
    const refused = says("crm", "refused");
    await status(one, refused);
    one.destination("erp").weather = () => "ok";
    const letter = { eventId: refused.id, destination: "erp", actor: "ada", reason: "a slip", force: false };
    expect(await one.sequencer.operate({ ...letter, verb: "edit", patch: { number: "mended" } })).toMatchObject({ ok: true });
    expect(await status(one, says("erp", "mended"))).toMatchObject({ status: "ignored" });
  });

  it("is known of what was overtaken on its way there, also when what went before it is heard back first", () => {
    const said = ["first", "second", "third"].map((digest, atMs) => ({ digest, atMs, by: `by ${digest}` }));
    const left = (owed: readonly string[]): readonly string[] => withHeardBack(said, "third", new Set(owed)).map(({ digest }) => digest);
    expect(left([])).toEqual(["third"]);
    expect(left(["by first"])).toEqual(["first", "third"]);
  });

  it("is known of what was told of early and written late, when what was written before it is heard back", async () => {
    const one = world();
    one.paused.add("erp");
    await status(one, says("crm", "first"));
    one.clock.advance(270_000);
    await status(one, says("crm", "second"));
    one.clock.advance(40_000);
    one.paused.delete("erp");
    await one.sequencer.wake("erp");
    expect(one.destination("erp").effects.map((effect) => effect.content)).toEqual(["first", "second"]);
    expect(await status(one, says("erp", "first"))).toMatchObject({ status: "ignored" });
    expect(await status(one, says("erp", "second"))).toMatchObject({ status: "ignored" });
  });

  it("does not depend on the order of members, nor on what nobody maps", () => {
    const event = (data: Record<string, string>, extra: string): EntityEvent => ({
      ...orderEvent({ id: "e" }),
      payload: { at: "inline", data: { ...data, extra: { seen: extra } } },
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), (data, extra) => {
        const reversed = Object.fromEntries(Object.entries(data).toReversed());
        expect(digestOf(event(data, "a"))).toBe(digestOf(event(reversed, extra)));
      }),
    );
  });
});

describe("two systems that correct each other", () => {
  it("are stopped after a few rounds, with a dead letter that says who, and not before", async () => {
    const one = world();
    const seen: (string | undefined)[] = [];
    for (let round = 0; round < 6; round++) {
      for (const [source, content] of [
        ["crm", "open"],
        ["erp", "closed"],
      ] as const) {
        seen.push((await status(one, says(source, content)))?.status);
        one.clock.advance(5_000);
      }
    }
    expect(seen.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => "delivered"));
    expect(seen.slice(7)).toEqual(Array.from({ length: 5 }, () => "dead"));
    const letter = [...one.sequencer.book.work()].find((work) => work.event.sourceName === "crm");
    expect(letter).toMatchObject({ state: "dead", class: "conflict", reason: expect.stringContaining("contradicted as often by erp") });
    expect(one.destination("erp").effects.length + one.destination("crm").effects.length).toBeLessThan(8);
  });

  it("go on once a person has decided", async () => {
    const one = world();
    for (let round = 0; round < 5; round++) {
      await status(one, says("crm", "open"));
      await status(one, says("erp", "closed"));
    }
    const letter = [...one.sequencer.book.work()].at(-1);
    if (letter === undefined) throw new Error("no letter");
    const { eventId, destination } = { eventId: letter.event.id, destination: letter.plan.destination };
    const answer = await one.sequencer.operate({
      verb: "retry",
      eventId,
      destination,
      actor: "ada",
      reason: "the ERP is right",
      force: true,
    });
    expect(answer).toMatchObject({ ok: true });
    expect(one.destination(destination).effects.at(-1)?.eventId).toBe(eventId);
  });

  it("are not taken for it where one system alone goes back and forth, or where both agree in the end", async () => {
    const one = world();
    for (let round = 0; round < 8; round++)
      expect((await status(one, says("crm", round % 2 === 0 ? "open" : "closed")))?.status).toBe("delivered");
    const slow = world();
    for (let round = 0; round < 8; round++) {
      expect((await status(slow, says("crm", "open")))?.status).toBe("delivered");
      expect((await status(slow, says("erp", "closed")))?.status).toBe("delivered");
      slow.clock.advance(400_000);
    }
  });

  it("never stop a hint, nor what a person puts in again", () => {
    const said = (digest: string) => Array.from({ length: 8 }, () => ({ digest, atMs: 1 }));
    const event = orderEvent({ id: "e", content: "open" });
    const digest = digestOf(event) ?? "";
    const mark = { order: { kind: "none" as const }, rank: 0, contentHash: "", eventId: "", key: "" };
    const known = {
      stream: "crm",
      marks: { crm: { ...mark, said: said(digest) }, erp: { ...mark, said: said("other") } },
      echoOf: [],
      nowMs: 2,
    };
    expect(hear(event, digest, known).kind).toBe("loop");
    expect(hear({ ...event, nature: "hint" }, digest, known).kind).toBe("news");
    expect(hear({ ...event, replayOf: "evt" }, digest, known).kind).toBe("news");
    expect(isOutward(outwardStream("erp"))).toBe(true);
  });
});
