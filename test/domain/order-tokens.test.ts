import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTokens, sortable, type OrderToken } from "../../src/domain/order.ts";

const number = fc.oneof(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.bigInt({ min: -20n, max: 20n })).map(String);

const pair: fc.Arbitrary<readonly [OrderToken, OrderToken]> = fc.oneof(
  fc.tuple(number, number).map(([left, right]) => [{ kind: "int", value: left } as const, { kind: "int", value: right } as const] as const),
  fc
    .tuple(fc.nat(), fc.nat())
    .map(([left, right]) => [{ kind: "time", value: `${left}` } as const, { kind: "time", value: `${right}` } as const] as const),
);

describe("an order token as text", () => {
  it("sorts as the token does", () => {
    fc.assert(
      fc.property(pair, ([left, right]) => {
        const [one, other] = [sortable(left) ?? "", sortable(right) ?? ""];
        expect(one > other ? "newer" : one < other ? "older" : "equal").toBe(compareTokens(left, right));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is its own text where it is one, and nothing where there is none", () => {
    expect(sortable({ kind: "lex", value: "2026-01" })).toBe("2026-01");
    expect(sortable({ kind: "none" })).toBeNull();
  });
});
