import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { deprecationsIn } from "../../src/domain/entities/define.ts";
import { ENTITIES, entityDefinition, upgradeEntity, type EntityKind } from "../../src/domain/entities/index.ts";
import type { JsonObject } from "../../src/domain/json.ts";

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly format?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

const directory = path.join(import.meta.dirname, "schemas");
const KINDS = Object.keys(ENTITIES) as EntityKind[];
const currentSchema = (kind: EntityKind): JsonSchema => z.toJSONSchema(ENTITIES[kind].schema, { unrepresentable: "any" }) as JsonSchema;
const sampleOf = (kind: EntityKind, version: number): string => path.join(import.meta.dirname, "samples", `${kind}.v${version}.json`);
const fileOf = (kind: EntityKind, version: number): string => path.join(directory, `${kind}.v${version}.json`);

const FORMS = ["pattern", "format"] as const;
const BOUNDS = ["maxLength", "maxItems"] as const;

/** What would break a consumer or a stored event: a field or word gone, a type changed, a field newly required, less room. */
function breaks(before: JsonSchema, after: JsonSchema, at = ""): string[] {
  const names = Object.keys(before.properties ?? {});
  return [
    ...(before.type !== after.type ? [`${at}: was ${before.type}, is ${after.type}`] : []),
    ...(before.enum ?? []).filter((word) => !(after.enum ?? [word]).includes(word)).map((word) => `${at}: no longer "${String(word)}"`),
    ...FORMS.flatMap((form) => (after[form] === undefined || before[form] === after[form] ? [] : [`${at}: another ${form}`])),
    ...BOUNDS.flatMap((bound) => ((after[bound] ?? Infinity) < (before[bound] ?? Infinity) ? [`${at}: a smaller ${bound}`] : [])),
    ...(before.items === undefined ? [] : breaks(before.items, after.items ?? {}, `${at}[]`)),
    ...(after.required ?? []).filter((name) => !(before.required ?? []).includes(name)).map((name) => `${at}.${name}: newly required`),
    ...names.flatMap((name) => {
      const now = after.properties?.[name];
      return now === undefined ? [`${at}.${name}: gone`] : breaks(before.properties?.[name] ?? {}, now, `${at}.${name}`);
    }),
  ];
}

describe("the canonical schemas are contracts", () => {
  it.each(KINDS)("%s still keeps the contract of its version; anything else needs a new version and an upgrade", (kind) => {
    const { version } = entityDefinition(kind);
    const file = fileOf(kind, version);
    if (!existsSync(file) && process.env["CI"] === undefined) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(file, `${JSON.stringify(currentSchema(kind), null, 2)}\n`);
    }
    const stored = JSON.parse(readFileSync(file, "utf8")) as JsonSchema;
    expect(breaks(stored, currentSchema(kind), kind)).toEqual([]);
  });

  it.each(KINDS)("%s names only fields that exist as drift fields and personal data", (kind) => {
    const { drift, personal, schema } = entityDefinition(kind);
    for (const field of [...drift.map((each) => each.field), ...personal]) expect(Object.keys(schema.shape)).toContain(field);
  });

  it.each(KINDS)("%s can be lifted from every older version, and refuses a newer one by name", (kind) => {
    const { version } = entityDefinition(kind);
    for (let from = 1; from <= version; from++) expect(upgradeEntity(kind, from, {}).ok).toBe(true);
    expect(upgradeEntity(kind, version + 1, {})).toEqual({
      ok: false,
      failure: expect.stringContaining("newer than this deployment knows"),
    });
  });

  it.each(KINDS)("%s is read today from every stored sample of every version that it had", (kind) => {
    const { version, schema } = entityDefinition(kind);
    const versions = Array.from({ length: version }, (_none, index) => index + 1);
    for (const from of versions) {
      const lifted = upgradeEntity(kind, from, JSON.parse(readFileSync(sampleOf(kind, from), "utf8")) as JsonObject);
      expect(lifted.ok && schema.safeParse(lifted.value).success, `${kind} v${from}`).toBe(true);
      // Nothing is dropped on the way: a sample names every field of its version's contract.
      const stored = JSON.parse(readFileSync(fileOf(kind, from), "utf8")) as JsonSchema;
      const sample = JSON.parse(readFileSync(sampleOf(kind, from), "utf8")) as JsonObject;
      expect(Object.keys(sample).toSorted()).toEqual(Object.keys(stored.properties ?? {}).toSorted());
    }
  });

  it.each(KINDS)("%s deprecates only fields that it has, with days, and for at least half a year", (kind) => {
    const { deprecated = {}, schema } = entityDefinition(kind);
    for (const [field, { since, until, use }] of Object.entries(deprecated)) {
      expect(Object.keys(schema.shape)).toContain(field);
      if (use !== null) expect(Object.keys(schema.shape)).toContain(use);
      expect(Date.parse(until) - Date.parse(since)).toBeGreaterThanOrEqual(180 * 86_400_000);
    }
  });

  it("tells a reader of the deprecated fields that a record has", () => {
    const phone = { since: "2027-01-01", until: "2027-12-31", use: "phones" };
    expect(deprecationsIn({ deprecated: { phone } }, { name: "Ada", phone: "1" })).toEqual([{ field: "phone", ...phone }]);
    expect(deprecationsIn({ deprecated: { phone } }, { name: "Ada" })).toEqual([]);
    expect(deprecationsIn({}, { phone: "1" })).toEqual([]);
  });

  it("finds less room, another form, and what changed within a list", () => {
    const before: JsonSchema = { type: "array", maxItems: 9, items: { type: "string", maxLength: 9, pattern: "a" } };
    const after: JsonSchema = { type: "array", maxItems: 8, items: { type: "string", maxLength: 8, pattern: "b" } };
    expect(breaks(before, after)).toEqual([": a smaller maxItems", "[]: another pattern", "[]: a smaller maxLength"]);
    expect(breaks(after, { ...after, maxItems: 9 })).toEqual([]);
  });

  it("finds a field gone, a word gone, a type changed and a field newly required", () => {
    const before: JsonSchema = {
      type: "object",
      properties: { a: { type: "string", enum: ["x", "y"] }, b: { type: "string" } },
      required: [],
    };
    const after: JsonSchema = {
      type: "object",
      properties: { a: { type: "string", enum: ["x"] }, c: { type: "string" } },
      required: ["c"],
    };
    expect(breaks(before, after)).toEqual([".c: newly required", '.a: no longer "y"', ".b: gone"]);
  });
});
