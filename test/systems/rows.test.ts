import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsOf, csvFields, readRow, RowSplitter, textOfRow, type RowForm } from "../../src/decoding/rows.ts";

const utf8 = new TextEncoder();
const LONGEST = 10_000;

const field = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.array(fc.constantFrom('"', ",", ";", "\n", "\r\n", "\r", "é", "東", "🚂", " ", "a"), { maxLength: 5 }).map((parts) => parts.join("")),
);

interface Table {
  readonly bytes: Uint8Array;
  readonly rows: readonly (readonly string[])[];
  readonly form: RowForm;
}

/** A file as programs write them: quoted where it must be and sometimes where it need not be, with or without BOM and last line end. */
const table: fc.Arbitrary<Table> = fc
  .record({
    width: fc.integer({ min: 1, max: 4 }),
    delimiter: fc.constantFrom(",", ";", "\t"),
    lineEnd: fc.constantFrom("\n", "\r\n"),
    bom: fc.boolean(),
    endsWithLine: fc.boolean(),
  })
  .chain(({ width, delimiter, lineEnd, bom, endsWithLine }) =>
    fc
      .array(fc.array(fc.tuple(field, fc.boolean()), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 })
      .map((rows) => {
        const written = ([text, quoted]: readonly [string, boolean]): string =>
          quoted || text === "" || /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
        const lines = rows.map((row) => row.map(written).join(delimiter)).join(lineEnd);
        const text = `${bom ? "\u{feff}" : ""}${lines}${endsWithLine ? lineEnd : ""}`;
        return {
          bytes: utf8.encode(text),
          rows: rows.map((row) => row.map(([value]) => value)),
          form: { format: "csv" as const, delimiter },
        };
      }),
  );

function split(pieces: readonly Uint8Array[], form: RowForm, from = 0) {
  const splitter = new RowSplitter(form, { from, longest: LONGEST });
  return [...pieces.flatMap((piece) => [...splitter.push(piece)]), ...splitter.finish()];
}

function fieldsOf(row: ReturnType<typeof split>[number], form: RowForm, first: boolean): readonly string[] {
  const text = textOfRow(row, first);
  if (!text.ok) throw new Error(text.failure);
  const fields = csvFields(text.value, form);
  if (!fields.ok) throw new Error(fields.failure);
  return fields.value;
}

describe("a CSV file", () => {
  it("gives back the rows that were written, whichever byte the stream is cut at", () => {
    fc.assert(
      fc.property(table, ({ bytes, rows, form }) => {
        for (let cut = 0; cut <= bytes.byteLength; cut++) {
          const read = split([bytes.subarray(0, cut), bytes.subarray(cut)], form);
          expect(read.map((row, index) => fieldsOf(row, form, index === 0))).toEqual(rows);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("gives them back byte by byte too", () => {
    fc.assert(
      fc.property(table, ({ bytes, rows, form }) => {
        const read = split(
          [...bytes].map((byte) => Uint8Array.of(byte)),
          form,
        );
        expect(read.map((row, index) => fieldsOf(row, form, index === 0))).toEqual(rows);
      }),
    );
  });

  it("can be gone on with at the end of any row", () => {
    fc.assert(
      fc.property(table, ({ bytes, form }) => {
        const whole = split([bytes], form);
        expect(whole.at(-1)?.end).toBe(bytes.byteLength);
        for (const [index, { end }] of whole.entries()) {
          expect(split([bytes.subarray(end)], form, end)).toEqual(whole.slice(index + 1));
        }
      }),
    );
  });

  it("never throws at any bytes, and every byte is in a row or a line end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom<RowForm>({ format: "csv" }, { format: "ndjson" }), (bytes, form) => {
        const rows = split([bytes], form);
        expect(rows.at(-1)?.end ?? 0).toBe(bytes.byteLength);
        for (const row of rows) {
          const text = textOfRow(row, true);
          if (text.ok) readRow(text.value, form, ["a"]);
        }
      }),
    );
  });

  it("reads no further than a row that is too long, as behind a quote that is never closed", () => {
    const splitter = new RowSplitter({ format: "csv" }, { from: 0, longest: 100 });
    const rows = [...splitter.push(utf8.encode(`a,b\n1,"2\n${"x,y\n".repeat(1_000)}`)), ...splitter.finish()];
    expect(rows.map(({ end }) => end)).toEqual([4]);
    expect(splitter.overlong).toBe(true);
  });

  it.each([
    ['a"b,c', ['a"b', "c"]],
    ['"a""b",', ['a"b', ""]],
    [" a , b ", [" a ", " b "]],
  ])("reads %s", (text, fields) => {
    expect(csvFields(text, { format: "csv" })).toEqual({ ok: true, value: fields });
  });

  it.each([
    ['a,"b', "field 2: its quote is not closed"],
    ['"a"b,c', "field 1: there is something behind its closing quote"],
  ])("says what is wrong with %s", (text, failure) => {
    expect(csvFields(text, { format: "csv" })).toEqual({ ok: false, failure });
  });
});

describe("columns", () => {
  it.each([
    [["a", ""], "column 2 has no usable name"],
    [["a", "b", "a"], 'the column name "a" is there twice, or is the begin of another one'],
    [["total", "total.amount"], 'the column name "total" is there twice, or is the begin of another one'],
    [["a..b"], "column 1 has no usable name"],
  ])("%j cannot be", (names, failure) => {
    expect(columnsOf(names)).toEqual({ ok: false, failure });
  });

  it("a dot leads into an object, as in JSON", () => {
    expect(readRow("7,12.50,EUR", { format: "csv" }, ["id", "total.amount", "total.currency"])).toEqual({
      ok: true,
      value: { id: "7", total: { amount: "12.50", currency: "EUR" } },
    });
  });

  it("a row of another width is no row", () => {
    expect(readRow("1,2,3", { format: "csv" }, ["a", "b"])).toEqual({ ok: false, failure: "it has 3 fields, and the first row names 2" });
  });
});

describe("an NDJSON file", () => {
  it("gives back the objects that were written, without losing a digit, whichever byte the stream is cut at", () => {
    const text = '{"id":"A\\n1","n":900719925474099312}\r\n\n{"id":"ä🚂","n":1200.50}';
    const bytes = utf8.encode(text);
    for (let cut = 0; cut <= bytes.byteLength; cut++) {
      const rows = split([bytes.subarray(0, cut), bytes.subarray(cut)], { format: "ndjson" });
      const read = rows
        .map((row) => textOfRow(row, false))
        .map((row) => (row.ok && row.value !== "" ? readRow(row.value, { format: "ndjson" }, []) : null));
      expect(read).toEqual([
        { ok: true, value: { id: "A\n1", n: "900719925474099312" } },
        null,
        { ok: true, value: { id: "ä🚂", n: "1200.50" } },
      ]);
    }
  });

  it.each([
    ["{", "it is not JSON"],
    ["[1]", "it is JSON, but no object"],
  ])("%s is no row", (text, failure) => {
    expect(readRow(text, { format: "ndjson" }, [])).toEqual({ ok: false, failure });
  });
});
