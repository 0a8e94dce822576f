import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences, type Change } from "../../src/domain/difference.ts";
import type { JsonObject, JsonValue } from "../../src/domain/json.ts";

const name = fc.constantFrom("a", "b", "c", "d");
const value = fc.letrec<{ any: JsonValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonValue>(null, true, 0, 1, "", "x", "1"),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(name, tie("any"), { maxKeys: 3 }),
  ),
})).any;
const state = fc.dictionary(name, value, { maxKeys: 4 }) as fc.Arbitrary<JsonObject>;

type Open = Record<string, JsonValue>;

/** Does to a copy of a state what the changes say. */
function applied(before: JsonObject, changes: readonly Change[]): JsonValue {
  const root = structuredClone(before) as Open;
  for (const { path, after } of changes) {
    const last = path.at(-1) ?? "";
    let at: Open = root;
    for (const step of path.slice(0, -1)) at = at[step] as Open;
    if (after === undefined) delete at[last];
    else at[last] = after;
  }
  return root;
}

describe("differences between two states", () => {
  it("lead from one to the other, and back", () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        expect(applied(before, differences(before, after))).toEqual(after);
        expect(applied(after, differences(after, before))).toEqual(before);
      }),
    );
  });

  it("are none between equal states, however their names are ordered", () => {
    fc.assert(
      fc.property(state, (same) => {
        const turned = Object.fromEntries(Object.entries(same).toReversed());
        expect(differences(same, turned)).toEqual([]);
      }),
    );
  });

  it("name the very field, and say nothing of those beside it", () => {
    const before = { status: "open", total: { amount: "10.00", currency: "EUR" }, lines: [{ sku: "A" }, { sku: "B" }] };
    const after = { status: "open", total: { amount: "12.00", currency: "EUR" }, lines: [{ sku: "A" }, { sku: "C" }], note: null };
    expect(differences(before, after)).toEqual([
      { path: ["lines", "1", "sku"], before: "B", after: "C" },
      { path: ["note"], before: undefined, after: null },
      { path: ["total", "amount"], before: "10.00", after: "12.00" },
    ]);
  });
});
