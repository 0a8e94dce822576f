import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correlationIdOf, eventId, eventIdOfCorrelation, eventTimeMs, firstEventIdAt, isEventId } from "../../src/domain/event-id.ts";

const id = fc.tuple(fc.integer({ min: 0, max: 2 ** 47 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));

describe("event ids", () => {
  it("are recognised as ours, tell their time, and sort by it", () => {
    fc.assert(
      fc.property(id, id, ([aMs, a], [bMs, b]) => {
        const [left, right] = [eventId(aMs, a), eventId(bMs, b)];
        expect(isEventId(left)).toBe(true);
        expect(eventTimeMs(left)).toBe(aMs);
        if (aMs !== bMs) expect(left < right).toBe(aMs < bMs);
        expect(firstEventIdAt(aMs) <= left).toBe(true);
        expect(eventIdOfCorrelation(correlationIdOf(left))).toBe(left);
      }),
    );
  });

  it("are told from mistyped ones: one changed or two swapped characters", () => {
    fc.assert(
      fc.property(
        id,
        fc.integer({ min: 4, max: 30 }),
        fc.constantFrom(..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
        ([ms, random], at, character) => {
          const right = eventId(ms, random);
          const changed = right.slice(0, at) + character + right.slice(at + 1);
          if (changed !== right) expect(isEventId(changed)).toBe(false);
        },
      ),
    );
    expect(isEventId("evt_nonsense")).toBe(false);
    expect(eventIdOfCorrelation("order-4711")).toBeNull();
  });
});
