import { describe, expect, it } from "vitest";
import { admit } from "../../src/domain/sequencing.ts";
import { compareTokens, type OrderToken } from "../../src/domain/order.ts";
import { placeAfter } from "../../src/domain/reconciliation/place.ts";
import { orderEvent } from "../support/world.ts";

const version = (value: string): OrderToken => ({ kind: "int", value });
const LAST = { eventId: "evt_told", order: version("5000") };

/** What becomes of a state that was read with this stamp, when the owner's webhooks had come as far as `mark`. */
function admitted(read: string, mark: string): string {
  const { order, rank = 0, replayOf } = placeAfter(LAST, version(read));
  const event = { ...orderEvent({ id: "evt_pulled", version: 1 }), order, rank, ...(replayOf === undefined ? {} : { replayOf }) };
  const known = { order: version(mark), rank: 9, contentHash: "other", eventId: "evt_mark", key: "k" };
  return admit(event, () => null, known).kind;
}

describe("what a repair takes over from its owner", () => {
  it.each([
    ["a newer stamp", "6000", "5000", "apply"],
    ["a stamp of long ago", "1", "5000", "apply"],
    ["the very stamp of the last word", "5000", "5000", "apply"],
    ["a stamp of long ago, but the owner has told of something newer since", "1", "5001", "superseded"],
    ["a newer stamp, but the owner has told of something newer still", "6000", "7000", "superseded"],
  ])("with %s is what the order of the owner's own words makes it", (_what, read, mark, kind) => {
    expect(admitted(read, mark)).toBe(kind);
  });

  it("stands by its own stamp where the owner tells by times or texts, or by times what was told by numbers", () => {
    for (const order of [
      { kind: "time", value: "7" },
      { kind: "lex", value: "7" },
    ] as const) {
      expect(placeAfter(null, order)).toEqual({ order });
      expect(placeAfter(LAST, order)).toEqual({ order });
    }
  });

  it.each([
    ["microseconds, where webhooks have counted to 5000", LAST, "1795792205208000"],
    ["a count, where nothing has been told yet", null, "1795792205208000"],
  ])("stands in the way of nothing that is told after it: %s", (_what, last, read) => {
    const { order } = placeAfter(last, version(read));
    expect(compareTokens(version("5001"), order)).not.toBe("older");
  });
});
