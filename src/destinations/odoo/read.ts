import type { EntityKind } from "../../domain/entities/index.ts";
import { toCanonical, withTeamFields } from "../../domain/field-pairs.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, RemoteRecord, RemoteState } from "../define.ts";
import { searchRead, type Session } from "./api.ts";
import { idIn, type RecordKind } from "./records.ts";
import type { Settings } from "./settings.ts";

type Headers = Readonly<Record<string, string>>;

const fieldsOf = (record: RecordKind, kind: EntityKind, settings: Settings): readonly string[] => {
  const pairs = withTeamFields(record.pairs, settings.fields?.[kind]);
  return [
    ...new Set([
      ...pairs.map(({ at }) => at).filter((at) => !record.made.includes(at)),
      ...record.fields,
      record.keyField(settings),
      "write_date",
    ]),
  ];
};

interface Search {
  readonly record: RecordKind;
  readonly kind: EntityKind;
  readonly domain: readonly JsonValue[];
  readonly limit: number;
  readonly headers?: Headers;
}

/** Rows with our keys of the partners that they name (`customerId`). */
export async function rowsOf(
  session: Session,
  { record, kind, domain, limit, headers = {} }: Search,
): Promise<Result<readonly JsonObject[], Failed>> {
  const fields = fieldsOf(record, kind, session.settings);
  const found = await searchRead(session, { model: record.model, domain: [...record.scope, ...domain], fields, limit, headers });
  if (!found.ok || !record.hasPartner) return found;
  const keys = await valuesById(session, {
    model: "res.partner",
    ids: found.value.map((row) => idIn(row["partner_id"])),
    field: "ref",
    headers,
  });
  if (!keys.ok) return keys;
  return ok(
    found.value.map((row) => {
      const customerId = keys.value.get(scalarText(idIn(row["partner_id"])) ?? "");
      return customerId === undefined ? row : { ...row, customerId };
    }),
  );
}

/** The same with the lines of orders, in canonical words. */
export async function wholeRows(session: Session, search: Search): Promise<Result<readonly JsonObject[], Failed>> {
  const rows = await rowsOf(session, search);
  if (!rows.ok || !search.record.hasLines || rows.value.length === 0) return rows;
  const { headers = {} } = search;
  const orders = rows.value.map((row) => row["id"] ?? null);
  const fields = ["order_id", "product_id", "product_uom_qty", "price_unit"];
  const lines = await searchRead(session, {
    model: "sale.order.line",
    domain: [["order_id", "in", orders]],
    fields,
    limit: 10_000,
    headers,
  });
  if (!lines.ok) return lines;
  const ids = lines.value.map((line) => idIn(line["product_id"]));
  const skus = await valuesById(session, { model: "product.product", ids, field: "default_code", headers });
  if (!skus.ok) return skus;
  return ok(
    rows.value.map((row) => ({
      ...row,
      lines: lines.value
        .filter((line) => idIn(line["order_id"]) === row["id"])
        .map((line) => lineOf(line, skus.value.get(scalarText(idIn(line["product_id"])) ?? ""), search.record.view(row, session.settings))),
    })),
  );
}

function lineOf(line: JsonObject, sku: string | undefined, order: JsonObject): JsonObject {
  const [amount, currency] = [scalarText(line["price_unit"]), scalarText(order["currency"])];
  return {
    ...(sku === undefined ? {} : { sku }),
    quantity: scalarText(line["product_uom_qty"]) ?? "0",
    ...(amount === undefined || currency === undefined ? {} : { unitPrice: { amount, currency } }),
  };
}

/** One field of the records with these ids, as far as they have it. */
async function valuesById(
  session: Session,
  wanted: { readonly model: string; readonly ids: readonly (JsonValue | undefined)[]; readonly field: string; readonly headers: Headers },
): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  const ids = [...new Set(wanted.ids.filter((id) => typeof id === "number"))];
  if (ids.length === 0) return ok(new Map());
  const { model, field, headers } = wanted;
  const rows = await searchRead(session, { model, domain: [["id", "in", ids]], fields: [field], limit: ids.length, headers });
  if (!rows.ok) return rows;
  return ok(
    new Map(
      rows.value.flatMap((row) => {
        const [id, value] = [scalarText(row["id"]), row[field]];
        return id === undefined || typeof value !== "string" ? [] : [[id, value] as const];
      }),
    ),
  );
}

/** `2026-01-31 12:00:00`, in UTC, without the part of a second that is stored. */
export const toOdooTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

const msOf = (text: JsonValue | undefined): number | null => {
  const ms = Date.parse(`${(scalarText(text) ?? "").replace(" ", "T")}Z`);
  return Number.isNaN(ms) ? null : ms;
};

export const remoteOf = (row: JsonObject): RemoteRecord => {
  const number = scalarText(row["name"]);
  return { id: scalarText(row["id"]) ?? "", ...(number === undefined ? {} : { number }), version: scalarText(row["write_date"]) ?? "" };
};

/** A row in canonical words. An order is read in the words of an order, whichever kind asks. */
export function stateOf(record: RecordKind, kind: EntityKind, row: JsonObject, settings: Settings): Result<RemoteState, string> {
  const pairs = withTeamFields(record.pairs, settings.fields?.[kind]);
  const data = toCanonical(kind === "opportunity" ? "order" : kind, record.view(row, settings), pairs);
  if (!data.ok) return fail(`${record.noun} ${scalarText(row["id"]) ?? ""}: ${data.failure}`);
  const { customerId, lines } = row;
  return ok({
    ...bareState(record, row, settings),
    data: { ...data.value, ...(customerId === undefined ? {} : { customerId }), ...(lines === undefined ? {} : { lines }) },
  });
}

/** A row of which only is known which it is. */
export function bareState(record: RecordKind, row: JsonObject, settings: Settings): RemoteState {
  const key = row[record.keyField(settings)];
  const modifiedAtMs = msOf(row["write_date"]);
  return {
    remote: remoteOf(row),
    key: typeof key === "string" ? key : null,
    data: {},
    order: modifiedAtMs === null ? { kind: "none" } : timeToken(modifiedAtMs),
    modifiedAtMs,
    deleted: false,
  };
}
