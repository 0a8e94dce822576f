import type { ImportConfig } from "../domain/config.ts";
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";

/** A row as it stands in a file, without its line end. */
export interface RawRow {
  readonly bytes: Uint8Array;
  /** How many bytes of the file lie before the next row. */
  readonly end: number;
}

/** How a file's rows are told apart and read. */
export type RowForm = Pick<ImportConfig, "format" | "delimiter">;

type Place = "fieldStart" | "plain" | "quoted" | "quoteInQuoted";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
/** A byte order mark, which stands before the first field and is none of it. */
const BOM = [0xef, 0xbb, 0xbf];

const delimiterOf = ({ delimiter = "," }: RowForm): string => delimiter;

/**
 * Cuts a stream of bytes into rows, wherever the stream itself is cut: every end of a row is a place from which another
 * splitter can go on. In CSV (RFC 4180) a line end within quotes belongs to the row, and a quote opens only at a field's
 * begin. Rows end in LF or CRLF; none longer than `longest` is kept, then `overlong` is set and nothing more is read.
 */
export class RowSplitter {
  readonly #delimiter: number | null;
  readonly #longest: number;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #end: number;
  /** Bytes of the file seen so far. */
  #seen: number;
  #place: Place = "fieldStart";
  overlong = false;

  constructor(form: RowForm, { from, longest }: { readonly from: number; readonly longest: number }) {
    this.#delimiter = form.format === "csv" ? delimiterOf(form).charCodeAt(0) : null;
    this.#end = from;
    this.#seen = from;
    this.#longest = longest;
  }

  /** The rows that end in this piece. */
  *push(bytes: Uint8Array): Generator<RawRow> {
    let start = 0;
    for (let at = 0; at < bytes.byteLength && !this.overlong; at++) {
      if (!this.#endsRow(bytes[at] ?? 0)) continue;
      this.#keep(bytes.subarray(start, at + 1));
      start = at + 1;
      if (!this.overlong) yield this.#take();
    }
    if (!this.overlong) this.#keep(bytes.subarray(start));
  }

  /** The last row, where the file does not end with a line end. */
  *finish(): Generator<RawRow> {
    if (this.#length > 0 && !this.overlong) yield this.#take();
  }

  #endsRow(byte: number): boolean {
    const ends = byte === LF && this.#place !== "quoted";
    const marks = BOM[this.#seen] === byte;
    this.#seen += 1;
    this.#place = ends || marks || this.#delimiter === null ? "fieldStart" : this.#after(byte);
    return ends;
  }

  #after(byte: number): Place {
    switch (this.#place) {
      case "quoted":
        return byte === QUOTE ? "quoteInQuoted" : "quoted";
      case "quoteInQuoted":
        return byte === QUOTE ? "quoted" : byte === this.#delimiter ? "fieldStart" : "plain";
      case "fieldStart":
        return byte === QUOTE ? "quoted" : byte === this.#delimiter ? "fieldStart" : "plain";
      case "plain":
        return byte === this.#delimiter ? "fieldStart" : "plain";
    }
  }

  #keep(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.#length += piece.byteLength;
    this.#pieces.push(piece);
    if (this.#length > this.#longest) this.overlong = true;
  }

  #take(): RawRow {
    const whole = joined(this.#pieces, this.#length);
    this.#end += this.#length;
    this.#pieces = [];
    this.#length = 0;
    this.#place = "fieldStart";
    return { bytes: withoutLineEnd(whole), end: this.#end };
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

function withoutLineEnd(row: Uint8Array): Uint8Array {
  if (row.at(-1) !== LF) return row;
  return row.subarray(0, row.at(-2) === CR ? -2 : -1);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a row; of a file's first one without a byte order mark. Fails where it is not UTF-8. */
export function textOfRow({ bytes }: RawRow, first: boolean): Result<string, string> {
  try {
    const text = utf8.decode(bytes);
    return ok(first && text.startsWith("\u{feff}") ? text.slice(1) : text);
  } catch {
    return fail("it is not UTF-8 text");
  }
}

/** The fields of a CSV row. A quote within a field that does not begin with one stands for itself. */
export function csvFields(text: string, form: RowForm): Result<readonly string[], string> {
  const delimiter = delimiterOf(form);
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const read = text[at] === '"' ? quotedField(text, at) : plainField(text, at, delimiter);
    if (!read.ok) return fail(`field ${fields.length + 1}: ${read.failure}`);
    fields.push(read.value.field);
    at = read.value.end;
    if (at >= text.length) return ok(fields);
    if (text[at] !== delimiter) return fail(`field ${fields.length}: there is something behind its closing quote`);
  }
}

type Field = Result<{ readonly field: string; readonly end: number }, string>;

function plainField(text: string, start: number, delimiter: string): Field {
  const found = text.indexOf(delimiter, start);
  const end = found === -1 ? text.length : found;
  return ok({ field: text.slice(start, end), end });
}

function quotedField(text: string, start: number): Field {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return fail("its quote is not closed");
    if (text[quote + 1] !== '"') return ok({ field: text.slice(start + 1, quote).replaceAll('""', '"'), end: quote + 1 });
    at = quote + 2;
  }
}

/** The columns that a CSV file's first row names; a dot in a name leads into an object. */
export function columnsOf(fields: readonly string[]): Result<readonly string[], string> {
  const names = fields.map((field) => field.trim());
  const unnamed = names.findIndex((name) => !/^[^.]+(\.[^.]+)*$/.test(name));
  if (unnamed !== -1) return fail(`column ${unnamed + 1} has no usable name`);
  const clash = names.find((name, index) => names.some((other, at) => at !== index && (other === name || other.startsWith(`${name}.`))));
  return clash === undefined ? ok(names) : fail(`the column name "${clash}" is there twice, or is the begin of another one`);
}

/** A row as a record: every value of a CSV row is text. */
export function readRow(text: string, form: RowForm, columns: readonly string[]): Result<JsonObject, string> {
  if (form.format === "ndjson") {
    const parsed = parseJson(text);
    if (!parsed.ok) return fail("it is not JSON");
    return isJsonObject(parsed.value) ? ok(parsed.value) : fail("it is JSON, but no object");
  }
  const fields = csvFields(text, form);
  if (!fields.ok) return fields;
  const { length } = fields.value;
  if (length !== columns.length) return fail(`it has ${length} fields, and the first row names ${columns.length}`);
  return ok(nested(columns.map((column, index) => [column.split("."), fields.value[index] ?? ""])));
}

function nested(entries: readonly (readonly [path: readonly string[], value: string])[]): JsonObject {
  const groups = Map.groupBy(entries, ([[name = ""]]) => name);
  const members = [...groups].map(([name, group]): readonly [string, JsonValue] => {
    const [[path, value] = [[], ""]] = group;
    return [name, path.length <= 1 ? value : nested(group.map(([[, ...rest], inner]) => [rest, inner]))];
  });
  return Object.fromEntries(members);
}
