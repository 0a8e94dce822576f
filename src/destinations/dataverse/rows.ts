import { quoted } from "../../connection/odata-v4.ts";
import { toCanonical } from "../../domain/field-pairs.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { NO_ORDER } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, RemoteRecord, RemoteState } from "../define.ts";
import { STATE, type Reference, type Table } from "./tables.ts";

/** What a referenced row is known by: our key, or a currency's code. */
export const nameColumn = (reference: Reference, keyColumn: string): string => (reference.to === null ? "isocurrencycode" : keyColumn);

/** `$select` of a table: always the same, since a delta link is bound to it. */
export function columnsOf({ id, pairs, references }: Table, keyColumn: string): string {
  const navigations = new Set(references.map(({ navigation }) => navigation));
  const own = pairs.flatMap(({ at }) => (at === STATE || navigations.has(at) ? [] : [at.split(".")[0] ?? at]));
  const always = [id, keyColumn, "versionnumber", "modifiedon", "statecode", "statuscode"];
  return [...new Set([...always, ...own, ...references.map(({ column }) => column)])].join(",");
}

/** `$expand` that brings what referenced rows are known by along with one row. */
export const expansionOf = ({ references }: Table, keyColumn: string): string | undefined =>
  references.length === 0 ? undefined : references.map((each) => `${each.navigation}($select=${nameColumn(each, keyColumn)})`).join(",");

/** A row in the words of the field tables: its state as one text, its lookups as what the referenced rows are known by. */
export function decoded(row: JsonObject, table: Table, keyColumn: string): JsonObject {
  const lookups = table.references.map((reference): [string, JsonValue] => {
    const expanded = row[reference.navigation];
    return [reference.navigation, isJsonObject(expanded) ? (expanded[nameColumn(reference, keyColumn)] ?? null) : null];
  });
  return { ...row, ...Object.fromEntries(lookups), [STATE]: stateText(row) };
}

export const stateText = (row: JsonObject): string => `${scalarText(row["statecode"]) ?? "0"}/${scalarText(row["statuscode"]) ?? ""}`;

/** A row that is decoded already, as canonical state. */
export function stateOf(row: JsonObject, table: Table, keyColumn: string): Result<RemoteState, Failed> {
  const remote = remoteOf(row, table);
  const data = toCanonical(table.kind, row, withStateWords(row, table));
  if (!data.ok || remote === null) {
    const why = data.ok ? "has no id" : data.failure;
    return fail({ kind: "failed", class: "business", detail: `${table.set}(${scalarText(row[table.id]) ?? ""}): ${why}` });
  }
  const modifiedAtMs = Date.parse(scalarText(row["modifiedon"]) ?? "");
  const version = scalarText(row["versionnumber"]) ?? "";
  return ok({
    remote,
    key: scalarText(row[keyColumn]) ?? null,
    data: data.value,
    order: /^\d+$/.test(version) ? { kind: "int", value: version } : NO_ORDER,
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: false,
  });
}

/** A reason that no word stands for is read by its state. */
function withStateWords(row: JsonObject, { pairs, otherwise }: Table): Table["pairs"] {
  const byState = otherwise[stateText(row).split("/")[0] ?? ""];
  return byState === undefined ? pairs : pairs.map((each) => (each.at === STATE ? { ...each, otherwise: byState } : each));
}

/** The number by which people know the row, where the table has one. */
const NUMBERS = ["ordernumber", "invoicenumber", "ticketnumber", "accountnumber"];

export function remoteOf(row: JsonObject, table: Table): RemoteRecord | null {
  const id = scalarText(row[table.id]);
  if (id === undefined || id === "") return null;
  const number = NUMBERS.map((name) => scalarText(row[name])).find((text) => text !== undefined && text !== "");
  const version = scalarText(row["versionnumber"]);
  return { id, ...(number === undefined ? {} : { number }), ...(version === undefined ? {} : { version }) };
}

/** Characters that an alternate key's value must not have, since requests by it then fail (https://learn.microsoft.com/en-us/power-apps/developer/data-platform/define-alternate-keys-entity). */
const UNUSABLE = /[/<>*%&:\\?+]/;

export const isUsableKey = (key: string): boolean => !UNUSABLE.test(key);

/** Columns as the Web API takes them; `currencies` are ids by ISO code. */
export function encoded(
  values: JsonObject,
  { references }: Table,
  { keyColumn, currencies }: { readonly keyColumn: string; readonly currencies: ReadonlyMap<string, string> },
): JsonObject {
  const byNavigation = new Map(references.map((each) => [each.navigation, each]));
  const columns = Object.entries(values).map(([name, value]): [string, JsonValue] => {
    const reference = byNavigation.get(name);
    if (reference === undefined || value === null) return [name, value];
    const said = scalarText(value) ?? "";
    const at = reference.to === null ? (currencies.get(said) ?? "") : `${keyColumn}=${encodeURIComponent(quoted(said))}`;
    return [`${name}@odata.bind`, `/${reference.set}(${at})`];
  });
  return Object.fromEntries(columns.filter(([name]) => name !== STATE));
}
