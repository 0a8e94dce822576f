import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bundled, unbundled, type Measured } from "../../src/domain/bundle.ts";
import { LIMITS } from "../../src/domain/limits.ts";

const bytesOf = (text: string): number => new TextEncoder().encode(text).byteLength;

/** Envelopes from a few bytes to more than what shares a message; some with characters of several bytes and escaped line breaks. */
const envelope = fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom("x", "é", "漢", "\n")).map(([length, letter]): Measured => {
  const text = JSON.stringify({ note: letter.repeat(Math.ceil(length / bytesOf(letter))) });
  return { text, bytes: bytesOf(text) };
});

describe("a queue message", () => {
  it("holds several envelopes, all of them in their order, up to what one operation is billed for", () => {
    fc.assert(
      fc.property(fc.array(envelope, { maxLength: 30 }), (envelopes) => {
        const messages = bundled(envelopes);
        expect(messages.flatMap(({ text }) => unbundled(text))).toEqual(envelopes.map(({ text }) => text));
        for (const { text, bytes } of messages) {
          expect(bytes).toBe(bytesOf(text));
          const count = unbundled(text).length;
          expect(count).toBeLessThanOrEqual(LIMITS.bundleEvents);
          if (count > 1) expect(bytes).toBeLessThanOrEqual(LIMITS.bundleBytes);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is not begun while the one before has room", () => {
    const small: Measured = { text: `"${"x".repeat(7_000)}"`, bytes: 7_002 };
    expect(bundled(Array.from({ length: 17 }, () => small)).map(({ text }) => unbundled(text).length)).toEqual([8, 8, 1]);
    const large: Measured = { text: `"${"x".repeat(20_000)}"`, bytes: 20_002 };
    expect(bundled(Array.from({ length: 7 }, () => large)).map(({ text }) => unbundled(text).length)).toEqual([3, 3, 1]);
  });
});
