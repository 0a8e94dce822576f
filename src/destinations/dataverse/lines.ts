import { linkOf, rowsOf, withOptions } from "../../connection/odata-v4.ts";
import { canonicalLine, lineBody, lineSteps, linesIn, type HeldLine, type LineFields } from "../../domain/document-lines.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Delivery, Failed, RemoteState } from "../define.ts";
import { certainly, failureOf } from "./errors.ts";
import { changing, get, rootUrl, type Talk, type TalkSettings } from "./requests.ts";
import { CURRENCY, type Table } from "./tables.ts";

/**
 * An order's lines as products that are written in (https://learn.microsoft.com/en-us/dynamics365/sales/developer/entities/salesorderdetail):
 * they need nothing of that catalogue. Lines with products of the catalogue are people's, and stay.
 */
const SET = "salesorderdetails";
const ID = "salesorderdetailid";
const ORDER = "_salesorderid_value";
/** An address must not grow without end. */
const ORDERS_A_REQUEST = 50;

const fieldsOf = (skuColumn: string): LineFields => ({
  sku: skuColumn,
  description: "productdescription",
  quantity: "quantity",
  unitPrice: "priceperunit",
});

/** The lines that a delivery wants of an order; undefined where it says nothing of them, or the team has not switched them on. */
export const linesWanted = (
  { entity, data, deleted }: Delivery,
  { lines }: Pick<TalkSettings, "lines">,
): readonly JsonObject[] | undefined => (lines === undefined || entity.kind !== "order" || deleted ? undefined : linesIn(data));

/** The currency of lines' prices, which an order that tells no total is in. */
export const currencyOfLines = (lines: readonly JsonObject[] | undefined): string | undefined => {
  const price = lines?.map((line) => line["unitPrice"]).find((each) => isJsonObject(each));
  return isJsonObject(price) ? scalarText(price["currency"]) : undefined;
};

/** A product that is written in has no name but its description. */
function bodyOf(line: JsonObject, at: number, skuColumn: string): JsonObject {
  const named = line["description"] === undefined && line["sku"] !== undefined ? { ...line, description: line["sku"] } : line;
  return { isproductoverridden: true, lineitemnumber: at + 1, ...lineBody(named, fieldsOf(skuColumn)) };
}

/** Lines as a later read tells them. */
export function linesTold(lines: readonly JsonObject[], { lines: settings }: Pick<TalkSettings, "lines">): readonly JsonObject[] {
  const skuColumn = settings?.skuColumn ?? "";
  return lines.map((line, at) => {
    const sent = parseJson(JSON.stringify(bodyOf(line, at, skuColumn)));
    return canonicalLine(sent.ok && isJsonObject(sent.value) ? sent.value : {}, fieldsOf(skuColumn), currencyOfLines([line]) ?? "");
  });
}

/** Lines of orders by the order's id, each order's in their order. */
export async function heldLines(
  orders: readonly string[],
  table: Table,
  session: Talk,
): Promise<Result<ReadonlyMap<string, readonly HeldLine[]>, Failed>> {
  const skuColumn = session.settings.lines?.skuColumn;
  const held = new Map<string, HeldLine[]>();
  if (skuColumn === undefined) return ok(held);
  for (let from = 0; from < orders.length; from += ORDERS_A_REQUEST) {
    const ids = orders.slice(from, from + ORDERS_A_REQUEST).map((id) => `'${id}'`);
    let url: string | null = withOptions(`${rootUrl(session)}/${SET}`, {
      $select: [ID, ORDER, "isproductoverridden", "lineitemnumber", ...Object.values(fieldsOf(skuColumn))].join(","),
      $filter: `Microsoft.Dynamics.CRM.In(PropertyName='salesorderid',PropertyValues=[${ids.join(",")}])`,
      $orderby: `lineitemnumber,${ID}`,
    });
    while (url !== null) {
      const answer = await get(session, url);
      if (!answer.ok) return answer;
      const rows = rowsOf(answer.value);
      if (answer.value.status !== 200 || rows === undefined) return fail(certainly(failureOf(answer.value, table)));
      for (const row of rows.filter((each) => each["isproductoverridden"] === true)) {
        const order = scalarText(row[ORDER]) ?? "";
        held.set(order, [
          ...(held.get(order) ?? []),
          { id: scalarText(row[ID]) ?? "", etag: scalarText(row["@odata.etag"]) ?? "*", values: row },
        ]);
      }
      url = linkOf(answer.value, "nextLink");
    }
  }
  return ok(held);
}

/** States of orders with their lines. */
export async function withLines(
  states: readonly RemoteState[],
  rows: readonly JsonObject[],
  table: Table,
  session: Talk,
): Promise<Result<readonly RemoteState[], Failed>> {
  const skuColumn = session.settings.lines?.skuColumn;
  const orders = states.filter(({ deleted }) => !deleted).map(({ remote }) => remote.id);
  if (skuColumn === undefined || table.kind !== "order" || orders.length === 0) return ok(states);
  const held = await heldLines(orders, table, session);
  if (!held.ok) return held;
  const currencies = new Map(rows.map((row) => [scalarText(row[table.id]) ?? "", scalarText(row[CURRENCY.navigation]) ?? ""]));
  return ok(
    states.map((state) => {
      const lines = held.value.get(state.remote.id);
      if (lines === undefined) return state;
      const told = lines.map(({ values }) => canonicalLine(values, fieldsOf(skuColumn), currencies.get(state.remote.id) ?? ""));
      return { ...state, data: { ...state.data, lines: told } };
    }),
  );
}

/** What has to happen to an order's lines. */
export const stepsOfLines = (held: readonly HeldLine[], wanted: readonly JsonObject[], skuColumn: string) =>
  lineSteps(
    held,
    wanted.map((line, at) => bodyOf(line, at, skuColumn)),
  );

/** Brings an order's lines to those wanted, one after the other; what stops half-way is gone on with at the next attempt. */
export async function bringLines(
  delivery: Delivery,
  order: string,
  wanted: readonly JsonObject[],
  { table, session }: { readonly table: Table; readonly session: Talk },
): Promise<Failed | "duplicate" | null> {
  const held = await heldLines([order], table, session);
  if (!held.ok) return held.failure;
  const steps = stepsOfLines(held.value.get(order) ?? [], wanted, session.settings.lines?.skuColumn ?? "");
  const root = `${rootUrl(session)}/${SET}`;
  const requests = [
    ...steps.change.map(({ id, etag = "*", values }) =>
      changing(delivery, { method: "PATCH", url: `${root}(${id})`, body: values }, { "if-match": etag }),
    ),
    ...steps.add.map((values) =>
      changing(delivery, { method: "POST", url: root, body: { "salesorderid@odata.bind": `/${table.set}(${order})`, ...values } }),
    ),
    ...steps.remove.map(({ id, etag = "*" }) => changing(delivery, { method: "DELETE", url: `${root}(${id})` }, { "if-match": etag })),
  ];
  for (const request of requests) {
    const answer = await session.send(request);
    if (!answer.ok) return answer.failure;
    if (![200, 201, 204].includes(answer.value.status)) return failureOf(answer.value, table);
  }
  return null;
}
