import { compareDecimals, parseDecimal } from "./decimal.ts";
import type { DriftField } from "./entities/define.ts";
import { isJsonObject, parseJson, readPath, type JsonObject, type JsonValue } from "./json.ts";

/** One field that two systems tell differently. `undefined` values are absent there. */
export interface Difference {
  readonly field: string;
  readonly expected: JsonValue | null;
  readonly found: JsonValue | null;
}

/** The fields in which `found` differs from `expected`. A field that `expected` does not have is not compared. */
export const differences = (expected: JsonObject, found: JsonObject, fields: readonly DriftField[]): readonly Difference[] =>
  fields.flatMap(({ field, tolerance }) => {
    const [want, have] = [readPath(expected, field), readPath(found, field)];
    return want === undefined || same(want, have, tolerance) ? [] : [{ field, expected: want, found: have ?? null }];
  });

/** Every field of a document, to be compared without tolerance. */
export const allFields = (data: JsonObject): readonly DriftField[] => Object.keys(data).map((field) => ({ field }));

/** The part of a record about to be sent that the one there does not say already. */
export function changedPart(wanted: JsonObject, held: JsonObject): JsonObject {
  // Exact numbers are objects until they are written (`exactNumber`).
  const plain = parseJson(JSON.stringify(wanted));
  const said = plain.ok && isJsonObject(plain.value) ? plain.value : {};
  const changed = new Set(Object.keys(said).filter((name) => !same(said[name], held[name])));
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => changed.has(name)));
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T/;

/** Whether two values say the same: decimals by value, times by instant, an empty text like none, lists in order. */
export function same(left: JsonValue | undefined, right: JsonValue | undefined, tolerance = "0"): boolean {
  if (isEmpty(left) || isEmpty(right)) return isEmpty(left) && isEmpty(right);
  if (Array.isArray(left) && Array.isArray(right)) {
    const others = right as readonly JsonValue[];
    return left.length === others.length && (left as readonly JsonValue[]).every((item, index) => same(item, others[index], tolerance));
  }
  if (isJsonObject(left) && isJsonObject(right))
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((name) => same(left[name], right[name], tolerance));
  if (typeof left === "object" || typeof right === "object") return false;
  return left === right || sameNumber(String(left), String(right), tolerance) || sameTime(String(left), String(right));
}

const isEmpty = (value: JsonValue | undefined): value is undefined | null | "" => value === undefined || value === null || value === "";

function sameNumber(left: string, right: string, tolerance: string): boolean {
  // "007" and "7" are two keys, so only what is written as an amount is compared as one.
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(left) || !/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(right)) return false;
  const gap = subtract(left, right);
  return compareDecimals(gap.startsWith("-") ? gap.slice(1) : gap, tolerance) <= 0;
}

function subtract(left: string, right: string): string {
  const places = Math.max(left.split(".")[1]?.length ?? 0, right.split(".")[1]?.length ?? 0);
  const scaled = (text: string): bigint => BigInt(text.replace(".", "") + "0".repeat(places - (text.split(".")[1]?.length ?? 0)));
  const gap = scaled(left) - scaled(right);
  const plain = parseDecimal(`${gap}e-${places}`);
  return plain.ok ? plain.value : String(gap);
}

const sameTime = (left: string, right: string): boolean =>
  ISO_TIME.test(left) && ISO_TIME.test(right) && Date.parse(left) === Date.parse(right);
