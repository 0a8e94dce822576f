import { fromMinorUnits, parseDecimal } from "./decimal.ts";
import { parseEntity, type EntityKind, type FieldOf } from "./entities/index.ts";
import { isJsonObject, readPath, type JsonObject, type JsonValue } from "./json.ts";
import { fail, ok, type Result } from "./result.ts";

/** How one canonical field is read from a sender's record. Paths are dotted; a missing value leaves the field out. */
export type FieldRule =
  | { readonly as: "text" | "decimal" | "integer" | "boolean" | "time" | "unixSeconds" | "unixMs" | "day" | "json"; readonly from: string }
  | { readonly as: "money" | "minorUnits"; readonly from: string; readonly currency: string; readonly currencyDefault?: string }
  /** `words` maps the sender's word (compared in lower case) to ours; anything else is `otherwise`, and the raw word is kept. */
  | { readonly as: "word"; readonly from: string; readonly words: Readonly<Record<string, string>>; readonly otherwise: string };

export const text = (from: string): FieldRule => ({ as: "text", from });
export const decimal = (from: string): FieldRule => ({ as: "decimal", from });
export const integer = (from: string): FieldRule => ({ as: "integer", from });
export const boolean = (from: string): FieldRule => ({ as: "boolean", from });
export const time = (from: string): FieldRule => ({ as: "time", from });
export const unixSeconds = (from: string): FieldRule => ({ as: "unixSeconds", from });
export const unixMs = (from: string): FieldRule => ({ as: "unixMs", from });
export const day = (from: string): FieldRule => ({ as: "day", from });
export const json = (from: string): FieldRule => ({ as: "json", from });
/** `currency` is the path of the currency code; `currencyDefault` stands in where the record has none. */
export const money = (from: string, currency: string, currencyDefault?: string): FieldRule =>
  currencyDefault === undefined ? { as: "money", from, currency } : { as: "money", from, currency, currencyDefault };
export const minorUnits = (from: string, currency: string): FieldRule => ({ as: "minorUnits", from, currency });
export const word = (from: string, words: Readonly<Record<string, string>>, otherwise = "unknown"): FieldRule => ({
  as: "word",
  from,
  words,
  otherwise,
});

/** How one of a sender's record types becomes a canonical entity. Team fields that the kind does not have go to `custom`. */
export interface ObjectMap<K extends EntityKind = EntityKind> {
  readonly kind: K;
  /** Path of the owner's id of the record. */
  readonly key: string;
  readonly fields: Readonly<Partial<Record<FieldOf<K>, FieldRule>> & Record<string, FieldRule>>;
}

/** Types an object map, so that `fields` completes with the kind's own names. */
export const object = <const K extends EntityKind>(
  kind: K,
  key: string,
  fields: Readonly<Partial<Record<FieldOf<K>, FieldRule>> & Record<string, FieldRule>>,
): ObjectMap<K> => ({ kind, key, fields });

export interface CanonicalEntity {
  readonly kind: EntityKind;
  readonly key: string;
  readonly data: JsonObject;
}

/**
 * Reads a sender's record into a canonical entity. Fields that no rule reads survive under `extra`, untouched.
 * Fails with words for a person when the key is missing or a value cannot be what its rule says.
 */
export function mapRecord(record: JsonObject, map: ObjectMap, canonicalFields: ReadonlySet<string>): Result<CanonicalEntity, string> {
  const key = scalarText(readPath(record, map.key));
  if (key === undefined || key === "") return fail(`the record has no id at "${map.key}"`);
  const data: Record<string, JsonValue> = {};
  const custom: Record<string, JsonValue> = {};
  for (const [field, rule] of Object.entries(map.fields)) {
    const read = readField(record, rule);
    if (!read.ok) return fail(`${field} (from "${rule.from}"): ${read.failure}`);
    if (read.value === undefined) continue;
    (canonicalFields.has(field) ? data : custom)[field] = read.value;
    if (rule.as === "word") (canonicalFields.has(field) ? data : custom)[`${field}Raw`] = scalarText(readPath(record, rule.from)) ?? "";
  }
  if (Object.keys(custom).length > 0) data["custom"] = custom;
  const extra = unmapped(record, map);
  if (extra !== undefined) data["extra"] = extra;
  const parsed = parseEntity(map.kind, data);
  return parsed.ok ? ok({ kind: map.kind, key, data: parsed.value }) : parsed;
}

/** The fields of a map that a record names as empty: what a change says it has set to nothing. */
export const clearedFields = (record: JsonObject, map: ObjectMap): readonly string[] =>
  Object.entries(map.fields).flatMap(([field, rule]) => (readPath(record, rule.from) === null ? [field] : []));

function unmapped(record: JsonObject, map: ObjectMap): JsonObject | undefined {
  const read = new Set([map.key]);
  for (const rule of Object.values(map.fields)) {
    read.add(rule.from);
    if ("currency" in rule) read.add(rule.currency);
  }
  const extra = Object.entries(record).filter(([name]) => !read.has(name));
  return extra.length === 0 ? undefined : Object.fromEntries(extra);
}

function readField(record: JsonObject, rule: FieldRule): Result<JsonValue | undefined, string> {
  const value = readPath(record, rule.from);
  if (value === undefined || value === null || value === "") return ok(undefined);
  if (rule.as === "json") return ok(value);
  if (isJsonObject(value) || Array.isArray(value)) return fail("expected a single value, found a structure");
  const scalar = value as string | number | boolean;
  switch (rule.as) {
    case "text":
      return ok(String(scalar));
    case "boolean":
      return readBoolean(scalar);
    case "decimal":
      return parseDecimal(String(scalar));
    case "integer":
      return /^-?\d+$/.test(String(scalar)) ? ok(String(scalar)) : fail(`"${scalar}" is not a whole number`);
    case "time":
      return readTime(Date.parse(String(scalar)), scalar);
    case "unixSeconds":
      return readTime(Number(scalar) * 1000, scalar);
    case "unixMs":
      return readTime(Number(scalar), scalar);
    case "day":
      return readDay(String(scalar));
    case "word":
      return ok(readWord(String(scalar).toLowerCase(), rule));
    case "money":
    case "minorUnits":
      return readMoney(record, rule, scalar);
  }
}

function readMoney(
  record: JsonObject,
  rule: Extract<FieldRule, { as: "money" | "minorUnits" }>,
  scalar: string | number | boolean,
): Result<JsonValue, string> {
  const currency = (scalarText(readPath(record, rule.currency)) ?? rule.currencyDefault)?.toUpperCase();
  if (currency === undefined) return fail(`no currency at "${rule.currency}" and no default currency is configured`);
  const amount = rule.as === "money" ? parseDecimal(String(scalar)) : fromMinorUnits(String(scalar), currency);
  return amount.ok ? ok({ amount: amount.value, currency }) : amount;
}

/** Only words that the rule names itself: a sender's "constructor" is as unknown as any other. */
const readWord = (said: string, rule: Extract<FieldRule, { as: "word" }>): string =>
  (Object.hasOwn(rule.words, said) ? rule.words[said] : undefined) ?? rule.otherwise;

function readBoolean(value: string | number | boolean): Result<boolean, string> {
  if (value === true || value === "true" || value === 1 || value === "1") return ok(true);
  if (value === false || value === "false" || value === 0 || value === "0") return ok(false);
  return fail(`"${value}" is neither true nor false`);
}

function readTime(ms: number, raw: string | number | boolean): Result<string, string> {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? ok(new Date(ms).toISOString()) : fail(`"${raw}" is not a time`);
}

function readDay(raw: string): Result<string, string> {
  const match = /^\d{4}-\d{2}-\d{2}/.exec(raw);
  return match === null ? fail(`"${raw}" is not a date`) : ok(match[0]);
}

/** The text of a single value; undefined for structures and missing values. */
export function scalarText(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}
