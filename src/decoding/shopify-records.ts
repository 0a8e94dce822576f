import { readPath, objectsIn, type JsonObject, type JsonValue } from "../domain/json.ts";
import { json, money, object, scalarText, text, time, word } from "../domain/mapping.ts";
import type { ObjectMaps } from "../sources/define.ts";

/** Names that are not Shopify's, in camel case, are read from several of its fields: see `withReadings`. */
export const SHOPIFY_OBJECTS: ObjectMaps = {
  orders: object("order", "id", {
    number: text("name"),
    customerId: text("customer.id"),
    status: word("orderState", {
      cancelled: "cancelled",
      voided: "cancelled",
      restocked: "cancelled",
      closed: "closed",
      fulfilled: "fulfilled",
      partial: "partially_fulfilled",
      unfulfilled: "confirmed",
      pending: "confirmed",
      authorized: "confirmed",
      partially_paid: "confirmed",
      paid: "confirmed",
      partially_refunded: "confirmed",
      refunded: "confirmed",
    }),
    total: money("total_price", "currency"),
    orderedAt: time("created_at"),
    region: text("shipping_address.country_code"),
    lines: json("orderLines"),
  }),
  customers: object("customer", "id", {
    name: text("fullName"),
    email: text("email"),
    phone: text("phone"),
    region: text("default_address.country_code"),
    currency: text("currency"),
  }),
  fulfillments: object("shipment", "id", {
    number: text("name"),
    orderId: text("order_id"),
    status: word("shipmentState", {
      pending: "planned",
      open: "planned",
      label_purchased: "packed",
      label_printed: "packed",
      confirmed: "packed",
      ready_for_pickup: "packed",
      success: "shipped",
      in_transit: "in_transit",
      out_for_delivery: "in_transit",
      attempted_delivery: "in_transit",
      delayed: "in_transit",
      delivered: "delivered",
      cancelled: "cancelled",
    }),
    carrier: text("tracking_company"),
    trackingNumber: text("tracking_number"),
    shippedAt: time("created_at"),
    lines: json("shippedLines"),
  }),
};

/** The first of these fields that holds something. */
const statedBy = (record: JsonObject, paths: readonly string[]): string | undefined =>
  paths.map((path) => scalarText(readPath(record, path))).find((value) => value !== undefined && value !== "");

type Readings = Readonly<Record<string, JsonValue | undefined>>;

/** Shopify has no one state of an order: cancelled or closed it is that, else as far as it is fulfilled, else as it is paid. */
function orderReadings(record: JsonObject): Readings {
  const ended =
    statedBy(record, ["cancelled_at"]) !== undefined ? "cancelled" : statedBy(record, ["closed_at"]) !== undefined ? "closed" : null;
  return {
    orderState: ended ?? statedBy(record, ["fulfillment_status", "financial_status"]),
    orderLines: linesOf(record["line_items"], statedBy(record, ["currency"])),
  };
}

const READINGS: ReadonlyMap<string, (record: JsonObject) => Readings> = new Map([
  ["orders", orderReadings],
  ["customers", (record) => ({ fullName: namesOf(record).join(" ") || undefined })],
  [
    "fulfillments",
    (record) => ({
      shipmentState: record["status"] === "cancelled" ? "cancelled" : statedBy(record, ["shipment_status", "status"]),
      shippedLines: linesOf(record["line_items"], undefined),
    }),
  ],
]);

const namesOf = (record: JsonObject): readonly string[] =>
  ["first_name", "last_name"].map((name) => scalarText(record[name]) ?? "").filter((name) => name !== "");

/** Adds what is read from several fields at once; of a missing field nothing is made up. */
export function withReadings(resource: string, record: JsonObject): JsonObject {
  const readings = Object.entries(READINGS.get(resource)?.(record) ?? {});
  const known = readings.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
  return known.length === 0 ? record : { ...record, ...Object.fromEntries(known) };
}

/** Lines in canonical form; the ones as sent stay beside them. Without a currency there is no price. */
function linesOf(items: JsonValue | undefined, currency: string | undefined): JsonValue | undefined {
  if (!Array.isArray(items)) return undefined;
  return objectsIn(items).map((item) => {
    const [sku, description, amount] = ["sku", "title", "price"].map((name) => statedBy(item, [name]));
    return {
      ...(sku === undefined ? {} : { sku }),
      ...(description === undefined ? {} : { description }),
      quantity: statedBy(item, ["quantity"]) ?? "0",
      ...(amount === undefined || currency === undefined ? {} : { unitPrice: { amount, currency } }),
    };
  });
}
