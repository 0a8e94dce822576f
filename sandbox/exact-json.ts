import { createHash } from "node:crypto";

export type Json = null | boolean | number | string | readonly Json[] | JsonRecord;
export interface JsonRecord {
  readonly [name: string]: Json;
}

/** JSON source text access (ECMAScript 2026; in Node since 22): prints a number exactly as it was read. */
const exact = JSON as unknown as { rawJSON(text: string): Json; isRawJSON(value: unknown): boolean };

type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

const keepDigits: Reviver = (_name, value, { source }) =>
  typeof value === "number" && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value;

/** Parses JSON so that printing it gives back every digit that was sent; undefined when it is no JSON. */
export function parseExact(text: string): Json | undefined {
  try {
    return JSON.parse(text, keepDigits as (name: string, value: unknown) => unknown) as Json;
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !exact.isRawJSON(value);

export function parseRecord(text: string): JsonRecord | undefined {
  const parsed = parseExact(text);
  return isRecord(parsed) ? parsed : undefined;
}

/** SHA-256 (hex) of a document, whatever the order of its members: equal exactly when the content is. */
export const contentHash = (content: JsonRecord): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(content)))
    .digest("hex");

function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (!isRecord(value)) return value;
  const members = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
