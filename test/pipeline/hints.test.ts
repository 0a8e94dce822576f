import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { EntityEvent } from "../../src/domain/event.ts";
import { fail, ok } from "../../src/domain/result.ts";
import { readHints, type HintPorts } from "../../src/pipeline/consume/hints.ts";
import { orderEvent } from "../support/world.ts";

const hint = (id: string, more: Partial<EntityEvent> = {}): EntityEvent => ({
  ...orderEvent({ id }),
  nature: "hint",
  order: { kind: "none" },
  payload: { at: "inline", data: {} },
  ...more,
});

function ports(read: HintPorts["read"]): { ports: HintPorts; asked: () => number } {
  let asked = 0;
  return {
    asked: () => asked,
    ports: {
      readerOf: (source) => (source === "unread" ? null : "erp"),
      read: (...args) => {
        asked++;
        return read(...args);
      },
      sha256: async (text) => createHash("sha256").update(text).digest("hex"),
    },
  };
}

const found = async () => ok({ data: { status: "confirmed", number: "SO-1" }, order: { kind: "int" as const, value: "7" } });

describe("hints", () => {
  it("of one record in a batch are read once, and each becomes the state read, with the version read as its order", async () => {
    const { ports: reading, asked } = ports(found);
    const read = await readHints(
      [hint("evt_1"), hint("evt_2"), hint("evt_3", { entity: { kind: "order", key: "50002", schemaVersion: 1 } })],
      reading,
    );
    expect(asked()).toBe(2);
    const [first, second] = ["evt_1", "evt_2"].map((id) => read.get(id));
    for (const one of [first, second])
      expect(one).toMatchObject({
        ok: true,
        value: { nature: "snapshot", order: { kind: "int", value: "7" }, payload: { data: { status: "confirmed" } }, readFrom: "erp" },
      });
    // Equal content under one version: the sequencer takes the second one for the same state again.
    expect(first?.ok === true && second?.ok === true && first.value.contentHash === second.value.contentHash).toBe(true);
  });

  it("without a reader, and those of a deletion, go on as they came", async () => {
    const { ports: reading, asked } = ports(found);
    const read = await readHints(
      [hint("evt_1", { sourceName: "unread" }), hint("evt_2", { deleted: true }), orderEvent({ id: "evt_3" })],
      reading,
    );
    expect([...read.keys()]).toEqual([]);
    expect(asked()).toBe(0);
  });

  it("of a record that its owner does not have go on with what they told", async () => {
    const read = await readHints([hint("evt_1")], ports(async () => ok("absent" as const)).ports);
    expect(read.get("evt_1")).toMatchObject({ ok: true, value: { nature: "hint" } });
  });

  it.each([
    ["the reader answers with a failure", async () => fail("503 from the ERP"), "503 from the ERP"],
    ["the reader throws", async () => Promise.reject(new Error("socket closed")), "socket closed"],
    ["what is read is no such record", async () => ok({ data: { status: 7 }, order: { kind: "none" as const } }), "order.status"],
  ])("fail with words when %s, so that their messages come again", async (_case, read, words) => {
    const current = await readHints([hint("evt_1")], ports(read as HintPorts["read"]).ports);
    expect(current.get("evt_1")).toMatchObject({ ok: false, failure: expect.stringContaining(words) });
  });
});
