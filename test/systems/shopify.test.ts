import "@shopify/shopify-api/adapters/node";
import { ApiVersion, LogSeverity, shopifyApi } from "@shopify/shopify-api";
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import { object, text } from "../../src/domain/mapping.ts";
import type { ObjectMaps, SourceItem } from "../../src/sources/define.ts";
import { shopify } from "../../src/sources/shopify.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "hush";
const SHOP = "acme.myshopify.com";
const SETTINGS = { shops: [SHOP] };
const BODIES = ['{"id":820982911946154508}', "{}", '{"name":"Größe 東京 🚂"}', `{"long":"${"x".repeat(70_000)}"}`];
const FAMILIES = ["x-shopify-", "shopify-"] as const;

const verification = shopify.verification(shopify.settings.parse(SETTINGS));
const sdk = shopifyApi({
  apiKey: "key",
  apiSecretKey: SECRET,
  apiVersion: ApiVersion.April26,
  hostName: "edge.example.test",
  isEmbeddedApp: false,
  logger: { level: LogSeverity.Error, log: () => undefined },
});

const told = (family: string, changes: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const all = {
    topic: "orders/updated",
    "shop-domain": SHOP,
    "api-version": "2026-04",
    "webhook-id": "b54557e4",
    "event-id": "98880550",
    "triggered-at": "2026-11-24T12:00:00.123456789Z",
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${family}${name}`, value]));
};

const signature = (body: string, secret = SECRET): string => createHmac("sha256", secret).update(body).digest("base64");

async function sdkBelieves(rawBody: string, headers: Record<string, string>): Promise<boolean> {
  const rawRequest = { method: "POST", url: "/in/source", headers };
  return (await sdk.webhooks.validate({ rawBody, rawRequest, rawResponse: {} })).valid;
}

const ours = (body: string, headers: Record<string, string>) =>
  prove({ verification, body: bytes(body), signed: { url: URL_TEXT, headers }, secrets: [{ id: "S", value: SECRET }] });

describe.each(FAMILIES)("the @shopify/shopify-api package, with headers %s*", (family) => {
  it.each(BODIES)("and we believe the same requests: %.40s", async (body) => {
    const asked: readonly [string, string, boolean][] = [
      [body, signature(body), true],
      [`${body} `, signature(body), false],
      [body, signature(body, "other"), false],
      [body, Buffer.from(signature(body), "base64").toString("hex"), false],
      [body, signature(body).slice(0, -4), false],
    ];
    for (const [sent, hmac, believed] of asked) {
      const headers = { ...told(family), [`${family}hmac-sha256`]: hmac };
      expect(await sdkBelieves(sent, headers)).toBe(believed);
      expect((await ours(sent, headers)).ok).toBe(believed);
    }
  });

  it("names in its headers what we read from them", () => {
    const [item] = itemsOf(decode({ id: 1, updated_at: "2026-01-01T00:00:00-05:00" }, { headers: told(family) }));
    expect(item).toMatchObject({ type: "orders/updated", deliveryId: "b54557e4", occurredAtMs: Date.UTC(2026, 10, 24, 12, 0, 0, 123) });
  });
});

it.each(BODIES)("the @shopify/shopify-api package proves what the sandbox signs: %.40s", async (body) => {
  const { headers } = signRequest({
    verification,
    secret: SECRET,
    body: bytes(body),
    nowMs: NOW_MS,
    url: URL_TEXT,
    method: "POST",
    headers: {},
  });
  expect(await sdkBelieves(body, { ...told("x-shopify-"), ...headers })).toBe(true);
});

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly shop?: string;
  readonly shops?: readonly string[];
  readonly objects?: ObjectMaps;
}

function decode(body: unknown, { topic = "orders/updated", shop = SHOP, shops = [SHOP], objects = {}, ...sent }: Sent = {}) {
  const headers = sent.headers ?? told("x-shopify-", { topic, "shop-domain": shop });
  return decodeWith(shopify, liveFor(shopify, { settings: { shops }, objects }), bytes(JSON.stringify(body)), { headers });
}

function itemOf(body: unknown, sent: Sent = {}): SourceItem {
  const [item] = itemsOf(decode(body, sent));
  if (item === undefined) throw new Error("no event");
  return item;
}

const ORDER = { id: 1, updated_at: "2026-01-01T00:00:00-05:00", currency: "EUR" };
const timeOf = (iso: string) => ({ kind: "time", value: String(Date.parse(iso)) });

describe("order", () => {
  it("is by the record's own time, since a retry brings the old body at whatever time", () => {
    expect(itemOf(ORDER).order).toEqual(timeOf("2026-01-01T05:00:00Z"));
    expect(itemOf(ORDER, { headers: told("x-shopify-", { "triggered-at": "2027-01-01T00:00:00Z" }) }).order).toEqual(
      timeOf("2026-01-01T05:00:00Z"),
    );
  });

  it("is by the trigger's time where the body has none, in the same kind of token", () => {
    expect(itemOf({ id: 1 }, { topic: "orders/delete" })).toMatchObject({
      deleted: true,
      nature: "snapshot",
      order: timeOf("2026-11-24T12:00:00.123Z"),
    });
    const { "x-shopify-triggered-at": _none, ...headers } = told("x-shopify-", { topic: "orders/delete" });
    expect(itemOf({ id: 1 }, { headers })).toMatchObject({ order: { kind: "none" }, occurredAtMs: null });
  });

  it("cannot be by a time that cannot be read", () => {
    expect(decode({ ...ORDER, updated_at: "yesterday" })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("updated_at") },
    });
  });
});

describe("the state of an order", () => {
  it.each([
    [{ financial_status: "paid", fulfillment_status: null }, "confirmed", "paid"],
    [{ financial_status: "pending" }, "confirmed", "pending"],
    [{ financial_status: "paid", fulfillment_status: "partial" }, "partially_fulfilled", "partial"],
    [{ financial_status: "paid", fulfillment_status: "fulfilled" }, "fulfilled", "fulfilled"],
    [{ fulfillment_status: "fulfilled", closed_at: "2026-01-02T00:00:00Z" }, "closed", "closed"],
    [
      { fulfillment_status: "fulfilled", closed_at: "2026-01-02T00:00:00Z", cancelled_at: "2026-01-02T00:00:00Z" },
      "cancelled",
      "cancelled",
    ],
    [{ financial_status: "voided" }, "cancelled", "voided"],
    [{ financial_status: "constructor" }, "unknown", "constructor"],
    [{}, undefined, undefined],
  ])("%j is %s", (fields, status, statusRaw) => {
    const { data } = itemOf({ ...ORDER, ...fields }).entity;
    expect([data["status"], data["statusRaw"]]).toEqual([status, statusRaw]);
  });
});

describe("lines", () => {
  it("keep every digit, and a price only where there is a currency", () => {
    const line_items = [{ sku: "00420", title: "Größe", quantity: 2, price: "19.90" }, { quantity: 1 }, "odd"];
    expect(itemOf({ ...ORDER, line_items }).entity.data["lines"]).toEqual([
      { sku: "00420", description: "Größe", quantity: "2", unitPrice: { amount: "19.90", currency: "EUR" } },
      { quantity: "1" },
    ]);
    expect(itemOf({ id: 1, line_items }).entity.data["lines"]).toEqual([
      { sku: "00420", description: "Größe", quantity: "2" },
      { quantity: "1" },
    ]);
    expect(itemOf({ ...ORDER, line_items: "odd" }).entity.data).not.toHaveProperty("lines");
  });

  it("that cannot be money hold the order back, with the field's name", () => {
    expect(decode({ ...ORDER, line_items: [{ quantity: "two" }] })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("lines") },
    });
  });
});

describe("a shipment", () => {
  it.each([
    [{ status: "pending" }, "planned"],
    [{ status: "success" }, "shipped"],
    [{ status: "success", shipment_status: "out_for_delivery" }, "in_transit"],
    [{ status: "success", shipment_status: "delivered" }, "delivered"],
    [{ status: "cancelled", shipment_status: "delivered" }, "cancelled"],
    [{ status: "success", shipment_status: "lost" }, "unknown"],
  ])("%j is %s", (fields, status) => {
    expect(itemOf({ id: 2, order_id: 1, ...fields }, { topic: "fulfillments/update" }).entity.data["status"]).toBe(status);
  });
});

describe("topics", () => {
  it.each(["orders/edited", "orders/risk_assessment_changed", "customers/merge", "customers/purchasing_summary", "fulfillments/odd"])(
    "%s tell of one side of a record, and are not taken for it",
    (topic) =>
      expect(decode({ id: 1 }, { topic })).toMatchObject({ ok: false, failure: { kind: "unmapped", type: topic, deliveryId: "b54557e4" } }),
  );

  it.each(["products/update", "refunds/create", "app/uninstalled", "constructor/x"])(
    "%s are nobody's, unless the team maps them",
    (topic) => {
      expect(decode({ id: 1 }, { topic })).toMatchObject({ ok: false, failure: { kind: "unmapped", type: topic } });
    },
  );

  it("of the team's own objects are taken", () => {
    const objects = { draft_orders: object("order", "id", { number: text("name") }) };
    expect(itemOf({ id: 5, name: "#D1" }, { topic: "draft_orders/update", objects }).entity).toMatchObject({
      kind: "order",
      key: "5",
      data: { number: "#D1" },
    });
  });

  it.each(["customers/redact", "customers/data_request", "shop/redact"])("%s are put before a person", (topic) => {
    expect(decode({ shop_id: 1, customer: { id: 2 } }, { topic })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringMatching(/^\S+: .*law/) },
    });
  });

  it("that are missing make a request unintelligible", () => {
    const { "x-shopify-topic": _none, ...headers } = told("x-shopify-");
    expect(decode(ORDER, { headers })).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

describe("the newer events", () => {
  const event = {
    topic: "Order",
    action: "update",
    handle: "my_orders",
    fields_changed: { added: [], updated: ["order[id: 'gid://shopify/Order/820982911946154508'].note"], removed: [] },
    query_variables: { orderId: "gid://shopify/Order/820982911946154508" },
  };
  const headers = told("shopify-", { topic: "Order", action: "update" });

  it("say which record changed, and not to what", () => {
    expect(itemOf(event, { headers })).toMatchObject({
      type: "Order/update",
      nature: "hint",
      deleted: false,
      order: timeOf("2026-11-24T12:00:00.123Z"),
      entity: { kind: "order", key: "820982911946154508" },
    });
    expect(itemOf({ ...event, action: "delete" }, { headers })).toMatchObject({ nature: "snapshot", deleted: true });
  });

  it("need the record's id", () => {
    expect(decode({ ...event, query_variables: {} }, { headers })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("orderId") },
    });
  });
});

describe("shops", () => {
  const rejected = { ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } };

  it("that are not listed, or not named, may not send", () => {
    expect(decode(ORDER, { shop: "evil.myshopify.com" })).toEqual(rejected);
    const { "x-shopify-shop-domain": _none, ...headers } = told("x-shopify-");
    expect(decode(ORDER, { headers })).toEqual(rejected);
    expect(decode(ORDER, { shop: "Acme.myshopify.com" })).toMatchObject({ ok: true });
  });

  it("of which there are several have their records kept apart, with all that refers to them", () => {
    const shops = [SHOP, "other.myshopify.com"];
    expect(itemOf({ ...ORDER, customer: { id: 7 } }, { shops }).entity).toMatchObject({
      key: `${SHOP}:1`,
      data: { customerId: `${SHOP}:7` },
    });
    expect(
      itemOf({ id: 2, order_id: 1, status: "success" }, { shops, shop: "other.myshopify.com", topic: "fulfillments/create" }).entity,
    ).toMatchObject({
      key: "other.myshopify.com:2",
      data: { orderId: "other.myshopify.com:1" },
    });
  });

  it("must be configured, by their domains", () => {
    for (const settings of [{}, { shops: [] }, { shops: ["acme"] }, { shops: ["https://acme.myshopify.com"] }])
      expect(JSON.stringify(shopify.settings.safeParse(settings).error?.issues)).toContain("must list the shops");
  });
});
