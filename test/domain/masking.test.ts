import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENTITY_KINDS, entityDefinition } from "../../src/domain/entities/index.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/domain/json.ts";
import { MASK, maskPersonal } from "../../src/domain/masking.ts";

const json = fc.jsonValue({ maxDepth: 3 }).map((value) => value as JsonValue);
const kind = fc.constantFrom(...ENTITY_KINDS);

/** Data with each of the kind's personal fields, what a team and a sender added, and fields that are nobody's secret. */
const entity = kind.chain((of) => {
  const personal = Object.fromEntries([...entityDefinition(of).personal, "custom", "extra"].map((field) => [field, json]));
  return fc.record({ kind: fc.constant(of), hidden: fc.record(personal), open: fc.record({ status: json, number: json, total: json }) });
});

const leaves = (value: JsonValue): readonly JsonValue[] =>
  Array.isArray(value) ? value.flatMap(leaves) : isJsonObject(value) ? Object.values(value).flatMap(leaves) : [value];

/** Names and lengths, without what is in them. */
const shape = (value: JsonValue): unknown =>
  Array.isArray(value)
    ? value.map(shape)
    : isJsonObject(value)
      ? Object.entries(value).map(([name, inner]) => [name, shape(inner)])
      : value === null;

describe("masking personal data", () => {
  it("leaves nothing of it but names, lists and gaps, in whatever depth it lies", () => {
    fc.assert(
      fc.property(entity, ({ kind: of, hidden, open }) => {
        const masked = maskPersonal(of, { ...hidden, ...open } as JsonObject);
        for (const field of Object.keys(hidden)) {
          for (const leaf of leaves(masked[field] ?? null)) expect([MASK, null]).toContain(leaf);
          expect(shape(masked[field] ?? null)).toEqual(shape((hidden as JsonObject)[field] ?? null));
        }
      }),
    );
  });

  it("changes nothing else, and masking twice is masking once", () => {
    fc.assert(
      fc.property(entity, ({ kind: of, hidden, open }) => {
        const masked = maskPersonal(of, { ...hidden, ...open } as JsonObject);
        for (const [field, value] of Object.entries(open)) expect(masked[field]).toEqual(value);
        expect(maskPersonal(of, masked)).toEqual(masked);
      }),
    );
  });
});
