import type { ImportConfig } from "../domain/config.ts";
import { parseJson, readPath, type JsonObject } from "../domain/json.ts";
import { scalarText } from "../domain/mapping.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { DecodeFailure, GenuineRequest, ObjectMaps, Part, SourceItem } from "../sources/define.ts";
import { decodeDocument, readName, readParts, readText, unintelligible, type DocumentRules } from "./document.ts";
import { columnsOf, csvFields, readRow, textOfRow, type RawRow, type RowForm } from "./rows.ts";

/** What an import says of its rows. */
export type ImportRules = RowForm & Pick<ImportConfig, "object" | "deliveryId" | "occurredAt" | "order">;

/** Which rows these are: of which version of which file, and behind which row. */
export interface RowPlace {
  /** The import's name; rows are events of the type `<name>.row`. */
  readonly name: string;
  readonly file: string;
  readonly version: string;
  /** The number of rows before these; a CSV file's first line does not count. */
  readonly row: number;
  readonly columns: readonly string[] | null;
}

/** A row that makes no event: why, and the row itself. */
export interface RefusedRow {
  readonly row: number;
  readonly why: string;
  readonly raw: string;
  /** Of a row that is no text. */
  readonly base64?: string;
}

/**
 * A chunk of rows told apart. `lines` and `refusedLines` are documents, one a line, from which `decodeRows` makes the events
 * now and on every later reading; those of refused rows do once the source's objects are mended.
 */
export interface SortedRows {
  readonly columns: readonly string[] | null;
  readonly lines: readonly string[];
  readonly refused: readonly RefusedRow[];
  readonly refusedLines: readonly string[];
}

/** Sorts rows into those that make events and those that do not. Fails where the first row of a CSV file names no columns. */
export function sortRows(
  rows: readonly RawRow[],
  place: RowPlace,
  how: { readonly rules: ImportRules; readonly objects: ObjectMaps },
): Result<SortedRows, string> {
  const head = headOf(rows, place, how.rules);
  if (!head.ok) return head;
  const { columns, rest } = head.value;
  const sorted = { columns, lines: [] as string[], refused: [] as RefusedRow[], refusedLines: [] as string[] };
  let row = place.row;
  for (const raw of rest) {
    const text = textOfRow(raw, how.rules.format === "ndjson" && row === 0);
    if (text.ok && text.value.trim() === "") continue;
    row += 1;
    const record = text.ok ? readRow(text.value, how.rules, columns ?? []) : text;
    const line = lineOf(place, row, record.ok ? { record: record.value } : { unread: record.failure, raw: shown(raw).raw });
    const item = record.ok ? decodeRow(line, how.rules, how.objects) : fail({ kind: "unintelligible" as const, detail: record.failure });
    if (item.ok) sorted.lines.push(line);
    else {
      sorted.refused.push({ row, why: wordsOf(item.failure), ...shown(raw) });
      sorted.refusedLines.push(line);
    }
  }
  return ok(sorted);
}

const lineOf = ({ name, file, version }: RowPlace, row: number, rest: JsonObject): string =>
  JSON.stringify({ type: `${name}.row`, file, version, row, ...rest });

const wordsOf = (failure: DecodeFailure): string => (failure.kind === "rejected" ? failure.reason : failure.detail);

const lossy = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

function shown(raw: RawRow): Pick<RefusedRow, "raw" | "base64"> {
  const text = lossy.decode(raw.bytes);
  if (textOfRow(raw, false).ok) return { raw: text };
  let binary = "";
  for (const byte of raw.bytes) binary += String.fromCharCode(byte);
  return { raw: text, base64: btoa(binary) };
}

interface Head {
  readonly columns: readonly string[] | null;
  readonly rest: readonly RawRow[];
}

function headOf(rows: readonly RawRow[], { columns }: RowPlace, rules: ImportRules): Result<Head, string> {
  const [first, ...rest] = rows;
  if (rules.format === "ndjson" || columns !== null || first === undefined) return ok({ columns, rest: rows });
  const text = textOfRow(first, true);
  const fields = text.ok ? csvFields(text.value, rules) : text;
  const named = fields.ok ? columnsOf(fields.value) : fields;
  return named.ok ? ok({ columns: named.value, rest }) : fail(`the first row does not name the columns: ${named.failure}`);
}

/** Reads the documents of rows, one a line, as events of the source that the import speaks for. */
export function decodeRows(request: GenuineRequest, rules: ImportRules, objects: ObjectMaps): Result<readonly Part[], DecodeFailure> {
  const text = readText(request.body);
  if (text === null) return unintelligible("the rows are not UTF-8 text");
  return readParts(
    text.split("\n").filter((line) => line !== ""),
    (line) => decodeRow(line, rules, objects),
    (line) => line,
  );
}

const utf8 = new TextEncoder();
const NOT_ASKED = { headers: new Headers(), url: new URL("https://files.invalid/"), contentType: "application/json", receivedAtMs: 0 };

function decodeRow(line: string, rules: ImportRules, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  const items = decodeDocument({ ...NOT_ASKED, body: utf8.encode(line) }, rulesOf(rules, objects));
  if (!items.ok) return items;
  const [item] = items.value;
  // Whether two rows say the same is for their records to tell, whichever file they stand in.
  return item === undefined ? unintelligible("it holds no record") : ok({ ...item, content: contentOf(line) });
}

function contentOf(line: string): string {
  const document = parseJson(line);
  return document.ok ? JSON.stringify(readPath(document.value, "record")) : line;
}

const inRecord = (column: string): string => `record.${column}`;

const rulesOf = ({ object, deliveryId, occurredAt, order }: ImportRules, objects: ObjectMaps): DocumentRules => ({
  settings: {
    type: "type",
    record: "record",
    object: typeof object === "string" ? object : { path: inRecord(object.column) },
    occurredAt: occurredAt === undefined ? undefined : { path: inRecord(occurredAt.column), as: occurredAt.as },
    order: order === undefined ? undefined : { path: inRecord(order.column), as: order.as },
    nature: "snapshot",
    deletedTypes: [],
  },
  objects,
  deliveryId: (document) => (deliveryId === undefined ? null : readName(readPath(document, inRecord(deliveryId)))) ?? placeIdOf(document),
  orderByTime: true,
});

/** An id made of a row's place; null where a person who mended the row has left that out: such rows are no copies of each other. */
function placeIdOf(document: JsonObject): string | null {
  const [file, version, row] = ["file", "version", "row"].map((name) => scalarText(readPath(document, name)));
  return file === undefined || version === undefined || row === undefined ? null : `${file}@${version}#${row}`;
}
