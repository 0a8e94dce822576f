import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ENTITIES, entityDefinition, upgradeEntity, type EntityKind } from "../../src/domain/entities/index.ts";

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly type?: string;
  readonly enum?: readonly unknown[];
}

const directory = path.join(import.meta.dirname, "schemas");
const KINDS = Object.keys(ENTITIES) as EntityKind[];
const currentSchema = (kind: EntityKind): JsonSchema => z.toJSONSchema(ENTITIES[kind].schema, { unrepresentable: "any" }) as JsonSchema;
const fileOf = (kind: EntityKind, version: number): string => path.join(directory, `${kind}.v${version}.json`);

/** What would break a consumer or a stored event: a field or word gone, a type changed, a field newly required. */
function breaks(before: JsonSchema, after: JsonSchema, at = ""): string[] {
  const names = Object.keys(before.properties ?? {});
  return [
    ...(before.type !== after.type ? [`${at}: was ${before.type}, is ${after.type}`] : []),
    ...(before.enum ?? []).filter((word) => !(after.enum ?? [word]).includes(word)).map((word) => `${at}: no longer "${String(word)}"`),
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
