import { fail, ok, type Result } from "./result.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export const isJsonObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);

/** The objects of a list; none where it is no list. */
export const objectsIn = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]).filter(isJsonObject) : [];

/**
 * A number literal that printing a JavaScript number would not give back letter for letter: 16 or more digits,
 * a fraction that ends in 0, an exponent, minus zero. Seen after `:`, `,` or `[`, so a quoted date does not match;
 * a match inside a string only costs the slower path.
 */
const INEXACT_NUMBER = /[:,[]\s*-?(?:[\d.]{16}|\d+\.\d*0\s*[,}\]]|[\d.]+[eE])|[:,[]\s*-0\s*[,}\]]/;

/** The third argument that engines with JSON source text access hand to a reviver (ECMAScript 2026). */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const keepNumberText: Reviver = (_key, value, context) =>
  typeof value === "number" && context?.source !== undefined && String(value) !== context.source ? context.source : value;

/**
 * Parses JSON so that no digit is lost: a number stays a number only if printing it gives back the very text that
 * was sent; any other number (an 18-digit id, `1200.50`) arrives as that text.
 */
export function parseJson(text: string): Result<JsonValue, string> {
  try {
    const parsed: unknown = INEXACT_NUMBER.test(text) ? JSON.parse(text, keepNumberText) : JSON.parse(text);
    return ok(parsed as JsonValue);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** Reads `a.b.0.c` from a parsed document; undefined where any step is missing. */
export function readPath(root: JsonValue, path: string): JsonValue | undefined {
  let here: JsonValue | undefined = root;
  for (const step of path.split(".")) {
    if (Array.isArray(here)) here = (here as readonly JsonValue[])[Number(step)];
    else if (isJsonObject(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return here;
}

/** A JSON Merge Patch (RFC 7396): members take the place of those they name, null takes one away, lists are replaced whole. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    if (value === null) delete merged[name];
    else merged[name] = isJsonObject(value) ? mergePatch(isJsonObject(before) ? before : {}, value) : value;
  }
  return merged;
}

/** Where the engine has it (ECMAScript 2026): a value that JSON.stringify writes letter for letter. */
const raw = (JSON as unknown as { readonly rawJSON?: (text: string) => JsonValue }).rawJSON;

/** A plain decimal as a JSON number that keeps every digit when it is written; only for documents about to be sent. */
export const exactNumber = (decimal: string): JsonValue => {
  const number = Number(decimal);
  return String(number) === decimal || raw === undefined ? number : raw(decimal);
};

/** The fields at these paths, of those that are there. */
export function onlyFields(data: JsonObject, fields: readonly string[]): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const field of fields) {
    const value = readPath(data, field);
    if (value !== undefined) kept[field] = value;
  }
  return kept;
}
