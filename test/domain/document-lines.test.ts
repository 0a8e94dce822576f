import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedPart } from "../../src/domain/differences.ts";
import { canonicalLine, lineBody, lineSteps, linesIn, type HeldLine } from "../../src/domain/document-lines.ts";
import { exactNumber, isJsonObject, parseJson, type JsonObject } from "../../src/domain/json.ts";

const FIELDS = { sku: "item", quantity: "qty", unitPrice: "price", description: "text" };
const line = fc.record(
  {
    sku: fc.constantFrom("A", "B", "C"),
    quantity: fc.constantFrom("1", "2.50", "1000000000000000.01"),
    unitPrice: fc.constantFrom("0", "9.90").map((amount) => ({ amount, currency: "EUR" })),
    description: fc.constantFrom("x", "y"),
  },
  { requiredKeys: ["quantity"] },
);
const lines = fc.array(line, { maxLength: 6 });

/** A record as it comes back from the other side of the wire. */
function sent(record: JsonObject): JsonObject {
  const parsed = parseJson(JSON.stringify(record));
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error("no record");
  return parsed.value;
}

/** What a system does with the steps: a change sets the fields that it names. */
function applied(held: readonly HeldLine[], wanted: readonly JsonObject[]): readonly HeldLine[] {
  const { change, add, remove } = lineSteps(held, wanted);
  const kept = held.filter(({ id }) => !remove.some((gone) => gone.id === id));
  const changed = kept.map((each) => ({ ...each, values: { ...each.values, ...change.find(({ id }) => id === each.id)?.values } }));
  return [...changed, ...add.map((values, at) => ({ id: `new${at}`, values }))].map((each) => ({ ...each, values: sent(each.values) }));
}

describe("a document's lines", () => {
  it("are those that are wanted after the steps, and there is no step left then", () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const bodies = (of: readonly JsonObject[]): readonly JsonObject[] => of.map((each) => lineBody(each, FIELDS));
        const held = bodies(before).map((values, at) => ({ id: String(at), values: sent(values) }));
        const reached = applied(held, bodies(after));
        expect(reached).toHaveLength(after.length);
        for (const [at, body] of bodies(after).entries()) expect(changedPart(body, reached[at]?.values ?? {})).toEqual({});
        expect(lineSteps(reached, bodies(after))).toEqual({ change: [], add: [], remove: [] });
      }),
    );
  });

  it("are read as they were written", () => {
    fc.assert(
      fc.property(line, (one) => {
        const stored = sent(lineBody({ ...one, quantity: "2.5" }, FIELDS));
        expect(canonicalLine(stored, FIELDS, "EUR")).toMatchObject({ quantity: "2.5", ...(one.sku === undefined ? {} : { sku: one.sku }) });
      }),
    );
  });

  it("are nothing where a delivery says nothing of them, and none where it says so", () => {
    expect(linesIn({})).toBeUndefined();
    expect(linesIn({ lines: [] })).toEqual([]);
  });
});

it("a record about to be sent keeps only what is not there already, and every digit of it", () => {
  const wanted = { a: exactNumber("1.50"), b: exactNumber("1000000000000000.01"), c: "x", d: null };
  const changed = changedPart(wanted, { a: 1.5, b: "1000000000000000.02", c: "y", d: "" });
  expect(JSON.stringify(changed)).toBe('{"b":1000000000000000.01,"c":"x"}');
});
