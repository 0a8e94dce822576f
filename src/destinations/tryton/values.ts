import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";

/** Deeper than anything that is asked for; what lies below is left out. */
const MAX_DEPTH = 12;

/** An amount as Tryton's protocol writes it (trytond/protocols/jsonrpc.py): text, so that no digit is lost. */
export const decimal = (plain: string): JsonObject => ({ __class__: "Decimal", decimal: plain });

/** A day, from `2026-01-31`. */
export const day = (iso: string): JsonObject => {
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  return { __class__: "date", year: year ?? 0, month: month ?? 0, day: date ?? 0 };
};

const STAMP = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{6})Z$/;

/** A time in UTC with microseconds, from `2026-01-31T00:00:00.000000Z`. */
export const moment = (stamp: string): JsonObject => {
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0, microsecond = 0] = (STAMP.exec(stamp) ?? []).slice(1).map(Number);
  return { __class__: "datetime", year, month, day: date, hour, minute, second, microsecond };
};

export const isStamp = (text: string): boolean => STAMP.test(text);
export const stampOfMs = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");
export const msOfStamp = (stamp: string): number => Date.parse(stamp);
/** Microseconds since 1970, as text: what orders two states of one record. */
export const microsOfStamp = (stamp: string): string => `${Date.parse(`${stamp.slice(0, 19)}Z`) / 1000}${stamp.slice(20, 26)}`;

/**
 * What Tryton answers, in plain JSON: decimals, days and times as text, and a relation that was asked for with its
 * fields (`"party.": {...}`) under its own name. Where the relation's id is there too, that is kept.
 */
export function plain(value: JsonValue, depth = 0): JsonValue {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => plain(item, depth + 1));
  if (!isJsonObject(value)) return value;
  switch (scalarText(value["__class__"]) ?? "") {
    case "Decimal":
      return scalarText(value["decimal"]) ?? null;
    case "date":
      return dayText(value);
    case "datetime":
      return `${dayText(value)}T${digits(value["hour"], 2)}:${digits(value["minute"], 2)}:${digits(value["second"], 2)}.${digits(value["microsecond"], 6)}Z`;
    default:
      return Object.fromEntries(
        Object.entries(value).flatMap(([name, inner]) => {
          const bare = name.endsWith(".") ? name.slice(0, -1) : name;
          return bare !== name && Object.hasOwn(value, bare) ? [] : [[bare, plain(inner, depth + 1)]];
        }),
      );
  }
}

const dayText = (value: JsonObject): string => `${digits(value["year"], 4)}-${digits(value["month"], 2)}-${digits(value["day"], 2)}`;
const digits = (value: JsonValue | undefined, length: number): string => (scalarText(value) ?? "").padStart(length, "0");
