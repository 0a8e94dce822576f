import { expect, it } from "vitest";
import { decodeRows, sortRows, type ImportRules } from "../../src/decoding/import-rows.ts";
import { RowSplitter } from "../../src/decoding/rows.ts";
import { integer, object, text } from "../../src/domain/mapping.ts";
import type { ObjectMaps } from "../../src/sources/define.ts";

const RULES: ImportRules = { format: "csv", delimiter: ";", object: { column: "kind" }, deliveryId: "line" };
const OBJECTS: ObjectMaps = {
  customer: object("customer", "id", { name: text("name"), employees: integer("size") }),
};
const FILE = "kind;line;id;name;size\ncustomer;l1;C-1;Ada;5\ncustomer;l2;C-2;Bob;many\ncontact;;C-3;Cy;1\n\ncustomer;;C-4;\u00e9;\n";

function sorted(bytes: Uint8Array = new TextEncoder().encode(FILE)) {
  const splitter = new RowSplitter(RULES, { from: 0, longest: 1_000 });
  const rows = [...splitter.push(bytes), ...splitter.finish()];
  const read = sortRows(rows, { name: "crm", file: "a.csv", version: "v1", row: 0, columns: null }, { rules: RULES, objects: OBJECTS });
  if (!read.ok) throw new Error(read.failure);
  return read.value;
}

const request = (lines: readonly string[]) => ({
  body: new TextEncoder().encode(lines.join("\n")),
  headers: new Headers(),
  url: new URL("https://files.invalid"),
  contentType: "application/x-ndjson",
  receivedAtMs: 0,
});

it("rows that map are events with an id of their own; the others say why they are none, and nothing is dropped", () => {
  const { lines, refused, columns } = sorted();
  expect(columns).toEqual(["kind", "line", "id", "name", "size"]);
  const parts = decodeRows(request(lines), RULES, OBJECTS);
  expect(parts).toMatchObject({
    ok: true,
    value: [
      { deliveryId: "l1", type: "crm.row", entity: { kind: "customer", key: "C-1" } },
      { deliveryId: "a.csv@v1#4", entity: { key: "C-4", data: { name: "\u00e9" } } },
    ],
  });
  expect(refused).toEqual([
    { row: 2, why: 'customer of crm.row: employees (from "size"): "many" is not a whole number', raw: "customer;l2;C-2;Bob;many" },
    { row: 3, why: 'no object "contact" is configured; there are customer', raw: "contact;;C-3;Cy;1" },
  ]);
});

it("refused rows are events once the objects are mended", () => {
  const mended: ObjectMaps = {
    customer: object("customer", "id", { name: text("name"), employees: text("size") }),
    contact: object("customer", "id", { name: text("name") }),
  };
  expect(decodeRows(request(sorted().refusedLines), RULES, mended)).toMatchObject({
    ok: true,
    value: [
      { deliveryId: "l2", entity: { key: "C-2" } },
      { deliveryId: "a.csv@v1#3", entity: { key: "C-3" } },
    ],
  });
});

it("a row that is no UTF-8 is kept byte by byte", () => {
  const bytes = Uint8Array.of(...new TextEncoder().encode("kind;line;id;name;size\ncustomer;l1;C-1;"), 0xe9, 0x3b, 0x0a);
  const { refused, lines } = sorted(bytes);
  expect(lines).toEqual([]);
  expect(refused).toMatchObject([{ row: 1, why: "it is not UTF-8 text" }]);
  expect(atob(refused[0]?.base64 ?? "")).toBe("customer;l1;C-1;\u00e9;");
});

it("the same record in another file has the same content, so that it is known to say the same", () => {
  const contentOf = (lines: readonly string[]) => {
    const parts = decodeRows(request(lines), RULES, OBJECTS);
    return parts.ok ? parts.value.map(({ content }) => content) : [];
  };
  const { lines } = sorted();
  expect(contentOf(lines)).toEqual(contentOf(lines.map((line) => line.replace("a.csv", "b.csv"))));
});

it("rows that a person has mended and left without their place are no copies of each other", () => {
  const mended = ["C-8", "C-9"].map((id) => JSON.stringify({ type: "crm.row", record: { kind: "customer", id, name: "Mended" } }));
  expect(decodeRows(request(mended), RULES, OBJECTS)).toMatchObject({
    ok: true,
    value: [
      { deliveryId: null, entity: { key: "C-8" } },
      { deliveryId: null, entity: { key: "C-9" } },
    ],
  });
});
