import * as z from "zod";
import { parseDecimal } from "./decimal.ts";
import { ENTITY_KINDS, canonicalFields, parseEntity, type EntityKind } from "./entities/index.ts";
import { exactNumber, isJsonObject, readPath, type JsonObject, type JsonValue } from "./json.ts";
import { scalarText } from "./mapping.ts";
import { fail, ok, type Result } from "./result.ts";

/**
 * How one canonical field and one field of a system correspond, in both directions. Paths are dotted; a canonical path
 * such as `custom.margin` is a field of the team's own. `number` is a decimal that the system wants as a JSON number.
 */
export interface FieldPair {
  readonly field: string;
  readonly at: string;
  readonly as:
    | "text"
    | "decimal"
    | "number"
    | "boolean"
    | "day"
    | "time"
    | "sqlTime"
    | "unixSeconds"
    | "odataTime"
    | "money"
    | "moneyNumber"
    | "word"
    | "json";
  /** Of `word`: the system's word for each canonical one. The first of several that share a system's word is what it is read as. */
  readonly words?: Readonly<Record<string, string | number>>;
  /** Of `word`: further words of the system, and what each is read as; they are never written. */
  readonly readAs?: Readonly<Record<string, string>>;
  /** Of `word`: read as this where the system's word is none of them (default `unknown`). */
  readonly otherwise?: string;
  /** Of money: where the currency is; without it, `currency` says which it always is. */
  readonly currencyAt?: string;
  readonly currency?: string;
  /** Longest text that the system takes. */
  readonly maxCharacters?: number;
  /** `out`: only written; `in`: only read, since the system computes it. */
  readonly way?: "out" | "in";
}

type Extras = Omit<Partial<FieldPair>, "field" | "at" | "as">;
const of =
  (as: FieldPair["as"]) =>
  (field: string, at: string, extras: Extras = {}): FieldPair => ({ field, at, as, ...extras });

/** The pairs' own short names, for tables: `pair.text("name", "companyName")`. */
export const pair = {
  text: of("text"),
  decimal: of("decimal"),
  number: of("number"),
  boolean: of("boolean"),
  day: of("day"),
  time: of("time"),
  /** `2026-01-31 12:00:00`, which is UTC and does not say so. */
  sqlTime: of("sqlTime"),
  unixSeconds: of("unixSeconds"),
  /** OData v2's `/Date(ms)/`. */
  odataTime: of("odataTime"),
  money: of("money"),
  moneyNumber: of("moneyNumber"),
  json: of("json"),
  word: (field: string, at: string, words: Readonly<Record<string, string | number>>, extras: Extras = {}): FieldPair => ({
    field,
    at,
    as: "word",
    words,
    ...extras,
  }),
};

export interface PairProblem {
  readonly field: string;
  readonly message: string;
}

/** What the team's configuration says beside a module's table: other places, more fields, and its own words for a status. */
export const TeamFields = z.strictObject({
  /** System's path by canonical path; null leaves the field out. */
  fields: z.record(z.string().min(1), z.string().min(1).nullable()).optional(),
  /** System's word by canonical word, by field. */
  words: z.record(z.string().min(1), z.record(z.string().min(1), z.union([z.string(), z.number()]))).optional(),
});
export type TeamFields = z.infer<typeof TeamFields>;

/** The setting `fields` of modules that have such tables. */
export const TeamFieldsByKind = z.partialRecord(z.enum(ENTITY_KINDS), TeamFields);

/** A module's table as this team has it. A field that the table does not know travels as it is (`json`). */
export function withTeamFields(pairs: readonly FieldPair[], team: TeamFields | undefined): readonly FieldPair[] {
  const { fields = {}, words = {} } = team ?? {};
  const known = pairs.flatMap((each): readonly FieldPair[] => {
    const at = fields[each.field];
    if (at === null) return [];
    return [
      {
        ...each,
        ...(at === undefined ? {} : { at }),
        ...(words[each.field] === undefined ? {} : { words: { ...each.words, ...words[each.field] } }),
      },
    ];
  });
  const named = new Set(pairs.map(({ field }) => field));
  const added = Object.entries(fields).flatMap(([field, at]) => (at === null || named.has(field) ? [] : [pair.json(field, at)]));
  return [...known, ...added];
}

/** Puts canonical data into a system's words. Every field that cannot be is named, not only the first. `cleared` become null. */
export function toRemote(
  data: JsonObject,
  pairs: readonly FieldPair[],
  cleared: readonly string[] = [],
): Result<JsonObject, readonly PairProblem[]> {
  const record: Record<string, JsonValue> = {};
  const problems: PairProblem[] = [];
  for (const each of pairs) {
    if (each.way === "in") continue;
    if (cleared.includes(each.field)) put(record, each.at, null);
    const value = readPath(data, each.field);
    if (value === undefined) continue;
    const written = writeValue(value, each);
    if (!written.ok) problems.push({ field: each.field, message: written.failure });
    else {
      put(record, each.at, written.value);
      if (each.currencyAt !== undefined && isJsonObject(value)) put(record, each.currencyAt, value["currency"] ?? null);
    }
  }
  return problems.length === 0 ? ok(record) : fail(problems);
}

/** Reads a system's record into canonical data, checked against the kind's schema. Fails with words for a person. */
export function toCanonical(kind: EntityKind, record: JsonObject, pairs: readonly FieldPair[]): Result<JsonObject, string> {
  const data: Record<string, JsonValue> = {};
  const known = canonicalFields(kind);
  for (const each of pairs) {
    if (each.way === "out") continue;
    const raw = readPath(record, each.at);
    if (raw === undefined || raw === null || raw === "") continue;
    const read = readValue(raw, each, record);
    if (!read.ok) return fail(`${each.field} (from "${each.at}"): ${read.failure}`);
    if (read.value === undefined) continue;
    put(data, each.field, read.value);
    if (each.as === "word" && known.has(`${each.field}Raw`)) data[`${each.field}Raw`] = scalarText(raw) ?? "";
  }
  return parseEntity(kind, data);
}

/** The part of canonical data that these pairs write and read again: what a read-back can be held against. */
export function writtenPart(data: JsonObject, pairs: readonly FieldPair[]): JsonObject {
  const part: Record<string, JsonValue> = {};
  for (const { field, way } of pairs) {
    const value = way === undefined ? readPath(data, field) : undefined;
    if (value !== undefined) put(part, field, value);
  }
  return part;
}

/** Sets a dotted path, making the objects on the way. */
export function put(record: Record<string, JsonValue>, path: string, value: JsonValue): void {
  const steps = path.split(".");
  const last = steps.pop() ?? path;
  let here = record;
  for (const step of steps) {
    const next = here[step];
    const inner: Record<string, JsonValue> = isJsonObject(next) ? { ...next } : {};
    here[step] = inner;
    here = inner;
  }
  here[last] = value;
}

function writeValue(value: JsonValue, each: FieldPair): Result<JsonValue, string> {
  if (value === null || each.as === "json") return ok(value);
  if (each.as === "money" || each.as === "moneyNumber") return writeMoney(value, each);
  const scalar = scalarText(value);
  if (scalar === undefined) return fail("expected a single value, found a structure");
  if (each.maxCharacters !== undefined && scalar.length > each.maxCharacters)
    return fail(`has ${scalar.length} characters, and the system takes ${each.maxCharacters}`);
  switch (each.as) {
    case "word": {
      const word = Object.hasOwn(each.words ?? {}, scalar) ? each.words?.[scalar] : undefined;
      return word === undefined
        ? fail(`the system has no word for "${scalar}"; it has words for ${Object.keys(each.words ?? {}).join(", ")}`)
        : ok(word);
    }
    case "number":
      return decimalAs(scalar, exactNumber);
    case "decimal":
      return decimalAs(scalar, (text) => text);
    case "boolean":
      return ok(value);
    case "day":
      return ok(scalar.slice(0, 10));
    case "time":
      return Number.isNaN(Date.parse(scalar)) ? fail(`"${scalar}" is not a time`) : ok(new Date(scalar).toISOString());
    case "sqlTime":
      return Number.isNaN(Date.parse(scalar)) ? fail(`"${scalar}" is not a time`) : ok(sqlTime(Date.parse(scalar)));
    case "unixSeconds":
      return Number.isNaN(Date.parse(scalar)) ? fail(`"${scalar}" is not a time`) : ok(Math.floor(Date.parse(scalar) / 1000));
    case "odataTime":
      return Number.isNaN(Date.parse(scalar)) ? fail(`"${scalar}" is not a time`) : ok(`/Date(${Date.parse(scalar)})/`);
    case "text":
      return ok(scalar);
  }
}

const decimalAs = (text: string, as: (plain: string) => JsonValue): Result<JsonValue, string> => {
  const plain = parseDecimal(text);
  return plain.ok ? ok(as(plain.value)) : plain;
};

function writeMoney(value: JsonValue, each: FieldPair): Result<JsonValue, string> {
  const { amount, currency } = isJsonObject(value) ? value : {};
  if (typeof amount !== "string" || typeof currency !== "string") return fail("expected an amount and a currency");
  if (each.currency !== undefined && currency !== each.currency) return fail(`is in ${currency}, and the system keeps ${each.currency}`);
  return ok(each.as === "moneyNumber" ? exactNumber(amount) : amount);
}

function readValue(raw: JsonValue, each: FieldPair, record: JsonObject): Result<JsonValue | undefined, string> {
  if (each.as === "json") return ok(raw);
  const scalar = scalarText(raw);
  if (scalar === undefined) return fail("expected a single value, found a structure");
  switch (each.as) {
    case "text":
      return ok(scalar);
    case "boolean":
      return ok(raw === true || scalar === "true" || scalar === "1");
    case "number":
    case "decimal":
      return parseDecimal(scalar);
    case "day":
      return readTime(scalar, (iso) => iso.slice(0, 10));
    case "time":
    case "odataTime":
      return readTime(scalar, (iso) => iso);
    case "sqlTime":
      return readTime(SQL_TIME.test(scalar) ? `${scalar.replace(" ", "T")}Z` : scalar, (iso) => iso);
    case "unixSeconds":
      return readTime(new Date(Number(scalar) * 1000).toISOString(), (iso) => iso);
    case "word":
      return ok(wordOf(scalar, each));
    case "money":
    case "moneyNumber": {
      const currency = each.currencyAt === undefined ? each.currency : scalarText(readPath(record, each.currencyAt));
      const amount = parseDecimal(scalar);
      // An amount in nobody knows which currency says nothing.
      if (currency === undefined || currency === "") return ok(undefined);
      return amount.ok ? ok({ amount: amount.value, currency: currency.toUpperCase() }) : amount;
    }
  }
}

const wordOf = (said: string, { words = {}, readAs = {}, otherwise = "unknown" }: FieldPair): string =>
  Object.entries(words).find(([, word]) => String(word).toLowerCase() === said.toLowerCase())?.[0] ??
  Object.entries(readAs).find(([word]) => word.toLowerCase() === said.toLowerCase())?.[1] ??
  otherwise;

const SQL_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/** Milliseconds since 1970 as `2026-01-31 12:00:00` in UTC, without the part of a second. */
export const sqlTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

const ODATA_TIME = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/;

function readTime(text: string, as: (iso: string) => string): Result<string, string> {
  const ticks = ODATA_TIME.exec(text)?.[1];
  const ms = ticks === undefined ? Date.parse(text) : Number(ticks);
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? ok(as(new Date(ms).toISOString())) : fail(`"${text}" is not a time`);
}
