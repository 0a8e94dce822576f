import * as z from "zod";
import type { ExportConfig } from "./config.ts";
import { readPath, type JsonObject } from "./json.ts";
import { scalarText } from "./mapping.ts";

/** Before an export's name: where its state is kept. */
export const EXPORT_WORK = "export:";

/** Where the module `file` puts rows: a host that only the way through a bucket knows. */
const FILES_ORIGIN = "https://files.internal";

/** Keys below which rows wait for the next file; nothing else can be written through a bucket. */
export const PENDING = "pending/";

export const pendingUrl = (destination: string): string => `${FILES_ORIGIN}/${PENDING}${encodeURIComponent(destination)}`;

export const pendingPrefix = ({ destination, kind }: Pick<ExportConfig, "destination" | "kind">): string =>
  `${PENDING}${encodeURIComponent(destination)}/${kind}/`;

/** The part of a pending row's key that all rows of one record share, and that sorts them by the time of writing behind it. */
export const recordOfPending = (key: string): string => key.slice(0, key.lastIndexOf("/"));

/** A record as it waits for its file. */
export const PendingRow = z.object({
  kind: z.string(),
  key: z.string(),
  deleted: z.boolean(),
  occurredAt: z.string().nullable(),
  source: z.string(),
  eventId: z.string(),
  data: z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
});
export type PendingRow = z.infer<typeof PendingRow>;

/** What a column may name beside the kind's own fields. */
export const ROW_FIELDS: ReadonlySet<string> = new Set(["kind", "key", "deleted", "occurredAt", "source", "eventId"]);

const Written = z.object({
  file: z.string(),
  atMs: z.number(),
  rows: z.number(),
  /** Deleted records that the file has no column for. */
  leftOut: z.number(),
});
export type Written = z.infer<typeof Written>;

/**
 * How far an export is. `current`: the file that is being written, or whose rows are being removed; `part` counts the files of
 * one due time, of which each holds a bounded number of records.
 */
export const ExportState = z.object({
  doneDueMs: z.number(),
  current: z.object({ dueMs: z.number(), part: z.number() }).nullable(),
  last: z.array(Written),
});
export type ExportState = z.infer<typeof ExportState>;

/** What a file that is complete holds: kept beside it until its rows are removed. */
export const Manifest = Written.extend({ more: z.boolean(), keys: z.array(z.string()) });
export type Manifest = z.infer<typeof Manifest>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The last time at which an export was due, at or before now. */
export function lastDueMs({ at, everyMinutes }: Pick<ExportConfig, "at" | "everyMinutes">, nowMs: number): number {
  if (at === undefined) {
    const stepMs = (everyMinutes ?? 24 * 60) * MINUTE_MS;
    return Math.floor(nowMs / stepMs) * stepMs;
  }
  const [hours = 0, minutes = 0] = at.split(":").map(Number);
  const offsetMs = (hours * 60 + minutes) * MINUTE_MS;
  return Math.floor((nowMs - offsetMs) / DAY_MS) * DAY_MS + offsetMs;
}

/** The file's key: named by its due time, so that it is the same whenever it is written. */
export function exportKey(
  { folder, format }: Pick<ExportConfig, "folder" | "format">,
  current: NonNullable<ExportState["current"]>,
): string {
  const stamp = new Date(current.dueMs).toISOString().slice(0, 16).replace(":", "");
  return `${folder}${stamp}Z${current.part === 1 ? "" : `-${current.part}`}.${format}`;
}

type Shape = Pick<ExportConfig, "columns" | "format">;

/** The file's first line; empty where the format has none. */
export const headLine = ({ columns, format }: Shape): string => (format === "csv" ? csvLine(columns.map(({ header }) => header)) : "");

/** A record as a line of the file. A value that the record does not have is empty in CSV, and absent in NDJSON. */
export function rowLine({ columns, format }: Shape, { data, ...facts }: PendingRow): string {
  const record: JsonObject = { ...data, ...facts };
  if (format === "csv") return csvLine(columns.map(({ field }) => cell(record, field)));
  const members = columns.flatMap(({ header, field }) => {
    const value = readPath(record, field);
    return value === undefined ? [] : [[header, value] as const];
  });
  return `${JSON.stringify(Object.fromEntries(members))}\n`;
}

function cell(record: JsonObject, field: string): string {
  const value = readPath(record, field);
  if (value === undefined || value === null) return "";
  return scalarText(value) ?? JSON.stringify(value);
}

/** RFC 4180: quoted where it must be, lines end in CRLF. */
const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(",")}\r\n`;

const quoted = (text: string): string => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
