import { changedPart } from "../../domain/differences.ts";
import { linesIn } from "../../domain/document-lines.ts";
import { exactNumber, isJsonObject, readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type RequestSpec, type Session } from "../define.ts";
import { failureOf } from "./errors.ts";
import type { Shape } from "./objects.ts";
import { query, text } from "./query.ts";
import type { Settings } from "./settings.ts";

/**
 * An order's products (OrderItem). Each holds our key with its place in the order behind it, so that lines of people's are
 * none of ours; its product is the one of the price book that has the line's sku for a product code.
 */
const OBJECT = "OrderItem";
const PRODUCT = "Product2.ProductCode";
const MOST_ROWS = 2000;
/** An address must not grow without end. */
const NAMES_A_QUERY = 50;

/** The lines that a delivery wants of an order; undefined where it says nothing of them, or the team has not switched them on. */
export const linesWanted = ({ entity, data, deleted }: Delivery, { lines }: Settings): readonly JsonObject[] | undefined =>
  lines === undefined || entity.kind !== "order" || deleted ? undefined : linesIn(data);

const lineKey = (order: string, at: number): string => `${order}-${at + 1}`;

/** A line's place in its order; null for one that is none of ours. */
function placeOf(key: string | undefined, order: string): number | null {
  const place = key?.toLowerCase().startsWith(`${order.toLowerCase()}-`) === true ? key.slice(order.length + 1) : "";
  return /^[1-9]\d*$/.test(place) ? Number(place) - 1 : null;
}

/** Our lines of an order, by their place. */
export type HeldLines = ReadonlyMap<number, JsonObject>;

/** Our lines of orders by the order's id. `orders` are our keys by these ids. */
export async function heldLines(
  orders: ReadonlyMap<string, string>,
  shape: Shape,
  session: Session<Settings>,
): Promise<Result<ReadonlyMap<string, HeldLines>, Failed>> {
  const { externalIdField } = session.settings;
  const held = new Map([...orders.keys()].map((id) => [id, new Map<number, JsonObject>()]));
  const ids = [...orders.keys()];
  const columns = ["Id", "OrderId", externalIdField, PRODUCT, "Quantity", "UnitPrice", "Description"].join(", ");
  for (let from = 0; from < ids.length; from += NAMES_A_QUERY) {
    const of = ids.slice(from, from + NAMES_A_QUERY).map((id) => `OrderId = ${text(id)}`);
    for (let last = ""; ;) {
      const behind = last === "" ? "" : ` AND Id > ${text(last)}`;
      const soql = `SELECT ${columns} FROM ${OBJECT} WHERE (${of.join(" OR ")})${behind} ORDER BY Id LIMIT ${MOST_ROWS}`;
      const rows = await query("query", soql, shape, session);
      if (!rows.ok) return rows;
      for (const row of rows.value.records) {
        const order = scalarText(row["OrderId"]) ?? "";
        const place = placeOf(scalarText(row[externalIdField]), orders.get(order) ?? "");
        if (place !== null) held.get(order)?.set(place, row);
      }
      last = scalarText(rows.value.records.at(-1)?.["Id"]) ?? "";
      if (rows.value.records.length < MOST_ROWS) break;
    }
  }
  return ok(held);
}

/** Lines in canonical words, in their order. */
export const linesTold = (held: HeldLines, currency: string): readonly JsonObject[] =>
  [...held]
    .toSorted(([left], [right]) => left - right)
    .map(([, row]) => {
      const [sku, description, amount] = [readPath(row, PRODUCT), row["Description"], row["UnitPrice"]].map(scalarText);
      return {
        ...(sku === undefined ? {} : { sku }),
        ...(description === undefined || description === "" ? {} : { description }),
        quantity: scalarText(row["Quantity"]) ?? "0",
        ...(amount === undefined ? {} : { unitPrice: { amount, currency } }),
      };
    });

/** The fields of a line that can be changed. */
function fieldsOf({ quantity, unitPrice, description }: JsonObject): JsonObject {
  const amount = isJsonObject(unitPrice) ? scalarText(unitPrice["amount"]) : undefined;
  return {
    Quantity: exactNumber(scalarText(quantity) ?? "0"),
    ...(amount === undefined ? {} : { UnitPrice: exactNumber(amount) }),
    ...(description === undefined ? {} : { Description: description }),
  };
}

/** What has to happen to an order's lines: a product cannot be changed, so that a line of another one is made anew. */
export interface LineSteps {
  readonly add: readonly { readonly at: number; readonly line: JsonObject }[];
  readonly change: readonly { readonly id: string; readonly fields: JsonObject }[];
  readonly remove: readonly string[];
}

export function lineSteps(held: HeldLines, wanted: readonly JsonObject[]): LineSteps {
  const isSame = (line: JsonObject, row: JsonObject | undefined): row is JsonObject =>
    row !== undefined && scalarText(readPath(row, PRODUCT)) === scalarText(line["sku"]);
  const kept = wanted.map((line, at) => ({ at, line, row: held.get(at) }));
  return {
    add: kept.filter(({ line, row }) => !isSame(line, row)).map(({ at, line }) => ({ at, line })),
    change: kept.flatMap(({ line, row }) => {
      if (!isSame(line, row)) return [];
      const fields = changedPart(fieldsOf(line), row);
      return Object.keys(fields).length === 0 ? [] : [{ id: scalarText(row["Id"]) ?? "", fields }];
    }),
    remove: [...held].filter(([at, row]) => !isSame(wanted[at] ?? {}, row)).map(([, row]) => scalarText(row["Id"]) ?? ""),
  };
}

export const isNothing = ({ add, change, remove }: LineSteps): boolean => add.length + change.length + remove.length === 0;

/** Takes the steps one after the other; what stops half-way is gone on with at the next attempt. Null when all is as wanted. */
export async function takeLineSteps(
  { delivery, shape, session }: { readonly delivery: Delivery; readonly shape: Shape; readonly session: Session<Settings> },
  order: string,
  steps: LineSteps,
): Promise<Failed | null> {
  const entries = await entriesOf(steps.add, shape, session);
  if (!entries.ok) return entries.failure;
  const { settings } = session;
  const base = `${session.baseUrl}/services/data/${settings.apiVersion}/sobjects/${OBJECT}`;
  const headers = { ...traceHeaders(delivery), accept: "application/json", "content-type": "application/json" };
  const requests: readonly RequestSpec[] = [
    ...steps.remove.map((id): RequestSpec => ({ method: "DELETE", url: `${base}/${id}`, headers: traceHeaders(delivery) })),
    ...steps.change.map(({ id, fields }): RequestSpec => ({
      method: "PATCH",
      url: `${base}/${id}`,
      headers,
      body: JSON.stringify(fields),
    })),
    ...steps.add.map(({ at, line }): RequestSpec => {
      const entry = entries.value.get(scalarText(line["sku"]) ?? "");
      const body = { OrderId: order, PricebookEntryId: entry?.id ?? "", UnitPrice: entry?.price ?? null, ...fieldsOf(line) };
      const url = `${base}/${settings.externalIdField}/${encodeURIComponent(lineKey(delivery.entity.key, at).toWellFormed())}`;
      return { method: "PATCH", url, headers, body: JSON.stringify(body) };
    }),
  ];
  for (const request of requests) {
    const answer = await session.send(request);
    if (!answer.ok) return answer.failure;
    if (answer.value.status < 200 || answer.value.status > 299) return failureOf(answer.value, shape);
  }
  return null;
}

interface Entry {
  readonly id: string;
  /** Where a line names no price of its own. */
  readonly price: JsonObject[string];
}

/** The price book's entries of the products that lines name; one that is not in it is for a person to add. */
async function entriesOf(
  added: LineSteps["add"],
  shape: Shape,
  session: Session<Settings>,
): Promise<Result<ReadonlyMap<string, Entry>, Failed>> {
  const pricebook = session.settings.lines?.pricebook ?? "";
  const codes = [...new Set(added.map(({ line }) => scalarText(line["sku"]) ?? ""))];
  const entries = new Map<string, Entry>();
  for (let from = 0; from < codes.length; from += NAMES_A_QUERY) {
    const of = codes.slice(from, from + NAMES_A_QUERY).map((code) => `${PRODUCT} = ${text(code)}`);
    const soql = `SELECT Id, UnitPrice, IsActive, ${PRODUCT} FROM PricebookEntry WHERE Pricebook2Id = ${text(pricebook)} AND (${of.join(" OR ")})`;
    const rows = await query("query", soql, shape, session);
    if (!rows.ok) return rows;
    for (const row of rows.value.records.filter((each) => each["IsActive"] === true))
      entries.set(scalarText(readPath(row, PRODUCT)) ?? "", { id: scalarText(row["Id"]) ?? "", price: row["UnitPrice"] ?? null });
  }
  const missing = added.filter(({ line }) => !entries.has(scalarText(line["sku"]) ?? ""));
  if (missing.length === 0) return ok(entries);
  return fail(
    unwritable(
      missing.map(({ at, line }) => ({
        field: `lines.${at}.sku`,
        message: `the price book ${pricebook} has no active product with the code "${scalarText(line["sku"]) ?? ""}"; add it there first`,
      })),
    ),
  );
}
