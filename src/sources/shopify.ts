import * as z from "zod";
import { isJsonObject, readPath, type JsonObject } from "../domain/json.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible, unmapped, type Found } from "../decoding/document.ts";
import { SHOPIFY_OBJECTS, withReadings } from "../decoding/shopify-records.ts";
import { DEFAULT_WINDOW_MS, type HmacScheme } from "../verification/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const SHOP = /^[a-z0-9][a-z0-9-]*\.myshopify\.com$/;
const NO_SHOPS = "must list the shops that may send, such as acme.myshopify.com";

const Settings = z.strictObject({
  /** Shops that may send. With more than one, keys begin with the shop's domain. */
  shops: z.array(z.string().regex(SHOP, NO_SHOPS), NO_SHOPS).min(1, NO_SHOPS),
});
type Settings = z.infer<typeof Settings>;

const signedIn = (header: string): HmacScheme => ({
  kind: "hmac",
  header,
  form: { type: "bare" },
  algorithm: "SHA-256",
  encoding: "base64",
  secretEncoding: "utf8",
  template: "{body}",
  windowMs: DEFAULT_WINDOW_MS,
});

/** Topics whose body is the record itself; others of these resources only tell of a side of it. */
const WHOLE: Readonly<Record<string, RegExp>> = {
  orders: /^(?:create|updated|paid|cancelled|fulfilled|partially_fulfilled|delete)$/,
  customers: /^(?:create|update|enable|disable|delete)$/,
  fulfillments: /^(?:create|update)$/,
};

/** Demands under privacy law that every app gets; a person must answer them. */
const PRIVACY = new Set(["customers/data_request", "customers/redact", "shop/redact"]);

/** Resources of the newer events by their GraphQL names. */
const RESOURCES = new Map([
  ["Order", "orders"],
  ["Customer", "customers"],
  ["Fulfillment", "fulfillments"],
]);

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** What the headers tell; they come in two spellings, and none of them is signed. */
interface Told {
  readonly deliveryId: string | null;
  readonly shop: string | null;
  readonly topic: string | null;
  readonly triggeredAtMs: number | null;
}

function toldBy(headers: Headers): Told {
  const header = (name: string): string | null => readName(headers.get(`x-shopify-${name}`) ?? headers.get(`shopify-${name}`) ?? undefined);
  return {
    deliveryId: header("webhook-id"),
    shop: header("shop-domain")?.toLowerCase() ?? null,
    topic: header("topic"),
    triggeredAtMs: readTimestamp(header("triggered-at") ?? "", "iso"),
  };
}

type Read = Omit<Found, "deliveryId" | "occurredAtMs">;

function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly SourceItem[], DecodeFailure> {
  const { deliveryId, shop, topic, triggeredAtMs } = toldBy(request.headers);
  if (shop === null || !settings.shops.includes(shop)) return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const document = readJson(request.body);
  if (!document.ok) return document;
  if (topic === null) return unintelligible("no topic in the headers: this is no webhook of Shopify");
  const reason = whyUnmapped(topic);
  if (reason !== null) return unmapped({ type: topic, deliveryId }, reason);
  const isEvent = isJsonObject(document.value["query_variables"]);
  const found = isEvent ? readEvent(document.value, triggeredAtMs) : readWebhook(document.value, topic, triggeredAtMs);
  if (!found.ok) return unintelligible(`${topic}: ${found.failure}`);
  const record = settings.shops.length > 1 ? ofShop(found.value.record, shop) : found.value.record;
  const item = toItem({ ...found.value, record, deliveryId, occurredAtMs: triggeredAtMs }, objects);
  return item.ok ? ok([item.value]) : item;
}

function whyUnmapped(topic: string): string | null {
  const [resource = "", action = ""] = topic.split("/");
  const isPart = Object.hasOwn(WHOLE, resource) && !PRIVACY.has(topic) && WHOLE[resource]?.test(action) !== true;
  return isPart ? "tells of one side of a record only; the create and update topics bring the whole" : null;
}

function readWebhook(body: JsonObject, topic: string, triggeredAtMs: number | null): Result<Read, string> {
  if (PRIVACY.has(topic)) return fail("a demand under privacy law, which a person must meet within 30 days");
  const [resource = "", action = ""] = topic.split("/");
  const order = orderOf(body, triggeredAtMs);
  if (!order.ok) return order;
  const record = withReadings(resource, body);
  return ok({ type: topic, object: resource, record, order: order.value, nature: "snapshot", deleted: action === "delete" });
}

/**
 * A retry brings the old body at a new time, so the record's own `updated_at` says what is newer. Where a body has none,
 * as of a deletion, the time it was triggered stands in: the same clock, so both compare.
 */
function orderOf(body: JsonObject, triggeredAtMs: number | null): Result<OrderToken, string> {
  const stated = readName(body["updated_at"]);
  if (stated === null) return ok(triggeredAtMs === null ? NO_ORDER : timeToken(triggeredAtMs));
  const ms = readTimestamp(stated, "iso");
  return ms === null ? fail('the "updated_at" is not an ISO 8601 time with its zone') : ok(timeToken(ms));
}

/** An event names its record, and holds of it only what the subscription's own query asks for. */
function readEvent(body: JsonObject, triggeredAtMs: number | null): Result<Read, string> {
  const [topic, action] = [readName(body["topic"]) ?? "", readName(body["action"]) ?? ""];
  const variable = `${topic.slice(0, 1).toLowerCase()}${topic.slice(1)}Id`;
  const id = readName(readPath(body, `query_variables.${variable}`))
    ?.split("/")
    .at(-1);
  if (id === undefined || id === "") return fail(`no id at "query_variables.${variable}"`);
  const deleted = action === "delete";
  return ok({
    type: `${topic}/${action}`,
    object: RESOURCES.get(topic) ?? topic,
    record: { id, handle: body["handle"] ?? null, fields_changed: body["fields_changed"] ?? null },
    order: triggeredAtMs === null ? NO_ORDER : timeToken(triggeredAtMs),
    nature: deleted ? "snapshot" : "hint",
    deleted,
  });
}

/** The record as one of several shops': its id and those of other records in it begin with the shop. */
function ofShop(record: JsonObject, shop: string): JsonObject {
  const own = (name: string, of: JsonObject): JsonObject => {
    const id = readName(of[name]);
    return id === null ? {} : { [name]: `${shop}:${id}` };
  };
  const customer = record["customer"];
  return {
    ...record,
    ...own("id", record),
    ...own("order_id", record),
    ...(isJsonObject(customer) ? { customer: { ...customer, ...own("id", customer) } } : {}),
  };
}

const headersOf = (topic: string): Readonly<Record<string, string>> => ({
  "x-shopify-topic": topic,
  "x-shopify-shop-domain": "acme.myshopify.com",
  "x-shopify-api-version": "2026-10",
  "x-shopify-webhook-id": "{id}",
  "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
  "x-shopify-triggered-at": "{now:iso}",
});
const sampled = { contentType: "application/json", settings: { shops: ["acme.myshopify.com"] } };

/**
 * Shopify: webhooks, and the newer events, whose headers lack the `x-`. Signs base64 HMAC-SHA256 over the body alone, with
 * the app's client secret; topic, shop and ids are headers that nothing proves. A new client secret takes up to an hour
 * to sign, so both must be live. Failures are repeated 8 times in 4 hours, each with the body as it was at first.
 */
export const shopify = defineSource<Settings>({
  scheme: "shopify",
  title: "Shopify",
  settings: Settings,
  verification: () => ({ kind: "anyOf", of: [signedIn("x-shopify-hmac-sha256"), signedIn("shopify-hmac-sha256")] }),
  decode,
  objects: () => SHOPIFY_OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: 5_000,
    source:
      "shopify.dev/changelog/updates-to-webhook-retry-mechanism, read 2026-11-24; after 8 failures in a row a subscription made by API is deleted, whatever the answers",
  },
  setup: [
    "In the app's configuration file, or with the Admin API, subscribe {url} to orders/create, orders/updated, orders/delete, customers/create, customers/update, customers/delete, fulfillments/create and fulfillments/update.",
    "Do not narrow the bodies with include_fields, or keep at least id and updated_at.",
    "Use the app's client secret as {secret}; on a rotation hold the old one beside it for two hours.",
    "Enter the domain of every shop, such as acme.myshopify.com, in the source's shops.",
  ],
  samples: [
    {
      ...sampled,
      name: "order-updated",
      provenance: "types of the @shopify/shopify-api package 13.1.0 (rest/admin/2026-04/order), read 2026-11-24; shortened, values made up",
      headers: headersOf("orders/updated"),
      body: `{"id":820982911946154508,"admin_graphql_api_id":"gid://shopify/Order/820982911946154508","name":"#1001","order_number":1001,"created_at":"2026-01-01T00:00:00-05:00","updated_at":"{now:iso}","cancelled_at":null,"closed_at":null,"currency":"EUR","total_price":"403.00","financial_status":"paid","fulfillment_status":"partial","note":"Größe prüfen – サイズ","customer":{"id":115310627314723954,"email":"joerg@example.com"},"shipping_address":{"country_code":"DE"},"line_items":[{"id":866550311766439020,"title":"Schuh","sku":"00420","quantity":2,"price":"199.00"},{"id":141249953214522974,"title":"Karte","sku":null,"quantity":1,"price":"5.00"}]}`,
      expect: {
        kind: "order",
        key: "820982911946154508",
        type: "orders/updated",
        data: {
          number: "#1001",
          customerId: "115310627314723954",
          status: "partially_fulfilled",
          statusRaw: "partial",
          total: { amount: "403.00", currency: "EUR" },
          orderedAt: "2026-01-01T05:00:00.000Z",
          region: "DE",
          lines: [
            { sku: "00420", description: "Schuh", quantity: "2", unitPrice: { amount: "199.00", currency: "EUR" } },
            { description: "Karte", quantity: "1", unitPrice: { amount: "5.00", currency: "EUR" } },
          ],
          extra: { note: "Größe prüfen – サイズ", financial_status: "paid", fulfillment_status: "partial" },
        },
      },
    },
    {
      ...sampled,
      name: "customer-updated",
      provenance:
        "types of the @shopify/shopify-api package 13.1.0 (rest/admin/2026-04/customer), read 2026-11-24; shortened, values made up",
      headers: headersOf("customers/update"),
      body: `{"id":115310627314723954,"email":"joerg@example.com","first_name":"Jörg","last_name":"Weiß","phone":"+4915112345678","currency":"EUR","updated_at":"{now:iso}","state":"enabled","tags":"vip","default_address":{"country_code":"DE","zip":"01067"}}`,
      expect: {
        kind: "customer",
        key: "115310627314723954",
        type: "customers/update",
        data: {
          name: "Jörg Weiß",
          email: "joerg@example.com",
          phone: "+4915112345678",
          region: "DE",
          currency: "EUR",
          extra: { state: "enabled", tags: "vip" },
        },
      },
    },
    {
      ...sampled,
      name: "fulfillment-in-transit",
      provenance:
        "types of the @shopify/shopify-api package 13.1.0 (rest/admin/2026-04/fulfillment), read 2026-11-24; shortened, values made up",
      headers: headersOf("fulfillments/update"),
      body: `{"id":255858046,"order_id":820982911946154508,"name":"#1001.1","status":"success","shipment_status":"in_transit","created_at":"2026-01-02T09:00:00-05:00","updated_at":"{now:iso}","tracking_company":"DHL","tracking_number":"00340434161094000001","line_items":[{"id":866550311766439020,"title":"Schuh","sku":"00420","quantity":2}]}`,
      expect: {
        kind: "shipment",
        key: "255858046",
        type: "fulfillments/update",
        data: {
          number: "#1001.1",
          orderId: "820982911946154508",
          status: "in_transit",
          statusRaw: "in_transit",
          carrier: "DHL",
          trackingNumber: "00340434161094000001",
          shippedAt: "2026-01-02T14:00:00.000Z",
          lines: [{ sku: "00420", description: "Schuh", quantity: "2" }],
        },
      },
    },
  ],
});
