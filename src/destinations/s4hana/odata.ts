import { readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";

/** How one version of OData writes what the other writes otherwise: version 2 of odata.org, version 4.01 of OASIS. */
export interface OData {
  /** Media type asked for and sent. Decimals are text in both, so that no digit is lost. */
  readonly mediaType: string;
  readonly instant: (ms: number) => string;
  /** A whole day, as the fields are that have no time. */
  readonly day: (ms: number) => string;
  /** Query options that read these fields, and those of a part with them. */
  readonly select: (fields: readonly string[], parts: Readonly<Record<string, readonly string[]>>) => Readonly<Record<string, string>>;
  readonly rows: (body: JsonObject) => JsonValue | undefined;
  readonly row: (body: JsonObject) => JsonValue | undefined;
  /** Whether the server has kept rows of this list back. */
  readonly hasMore: (body: JsonObject) => boolean;
  readonly part: (record: JsonObject, name: string) => JsonValue | undefined;
  /** The members of a record that `part` reads these from. */
  readonly asPart: (name: string, rows: readonly JsonObject[]) => JsonObject;
  readonly etag: (record: JsonObject) => JsonValue | undefined;
}

const V2: OData = {
  mediaType: "application/json",
  instant: (ms) => `datetimeoffset'${new Date(ms).toISOString()}'`,
  day: (ms) => `datetime'${new Date(ms).toISOString().slice(0, 10)}T00:00:00'`,
  select: (fields, parts) => {
    const ofParts = Object.entries(parts).flatMap(([part, names]) => names.map((name) => `${part}/${name}`));
    const expand = Object.keys(parts).join(",");
    return { select: [...fields, ...ofParts].join(","), ...(expand === "" ? {} : { expand }) };
  },
  rows: (body) => readPath(body, "d.results"),
  row: (body) => body["d"],
  hasMore: (body) => typeof readPath(body, "d.__next") === "string",
  part: (record, name) => readPath(record, `${name}.results`),
  asPart: (name, rows) => ({ [name]: { results: rows } }),
  etag: (record) => readPath(record, "__metadata.etag"),
};

const V4: OData = {
  mediaType: "application/json;IEEE754Compatible=true",
  instant: (ms) => new Date(ms).toISOString(),
  day: (ms) => new Date(ms).toISOString().slice(0, 10),
  select: (fields, parts) => {
    const expand = Object.entries(parts).map(([part, names]) => `${part}($select=${names.join(",")})`);
    return { select: fields.join(","), ...(expand.length === 0 ? {} : { expand: expand.join(",") }) };
  },
  rows: (body) => body["value"],
  row: (body) => body,
  hasMore: (body) => typeof body["@odata.nextLink"] === "string",
  part: (record, name) => record[name],
  asPart: (name, rows) => ({ [name]: rows }),
  etag: (record) => record["@odata.etag"],
};

export const ODATA = { v2: V2, v4: V4 } as const;

/** Query options as a query string, each name with its `$`. */
export const queryOf = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([name, value]) => `$${name}=${encodeURIComponent(value)}`)
    .join("&");

/** Text as a literal, the same in both versions. */
export const literal = (text: string): string => `'${text.toWellFormed().replaceAll("'", "''")}'`;

/** One entity's path by its key: one value, or several with their names. */
export function entityPath(set: string, ...key: readonly [string] | readonly (readonly [string, string])[]): string {
  const encoded = (value: string): string => `'${encodeURIComponent(value.toWellFormed().replaceAll("'", "''"))}'`;
  return `${set}(${key.map((part) => (typeof part === "string" ? encoded(part) : `${part[0]}=${encoded(part[1])}`)).join(",")})`;
}

export const textAt = (record: JsonObject, name: string): string => scalarText(record[name]) ?? "";

const V2_TIME_OF_DAY = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/;
const V2_INSTANT = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/;

/** Milliseconds of a time stamp, or of a day and its time of day (Edm.Time: an XML duration), which are taken as UTC; null where there is none. */
export function instantOf(stamp: string, timeOfDay = ""): number | null {
  const ticks = V2_INSTANT.exec(stamp)?.[1];
  const ms = ticks === undefined ? Date.parse(stamp) : Number(ticks);
  const [, hours = "0", minutes = "0", seconds = "0"] = V2_TIME_OF_DAY.exec(timeOfDay) ?? [];
  return Number.isFinite(ms) ? ms + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 : null;
}
