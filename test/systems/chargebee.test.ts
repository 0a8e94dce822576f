import { describe, expect, it } from "vitest";
import { object, text } from "../../src/domain/mapping.ts";
import { chargebee } from "../../src/sources/chargebee.ts";
import { URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

it("is proven by Basic authentication, or by a key in the URL", async () => {
  const secrets = [{ id: "C", value: "chargebee:geheim:ß" }];
  const basic = chargebee.verification(chargebee.settings.parse({}));
  const authorization = `Basic ${Buffer.from("chargebee:geheim:ß").toString("base64")}`;
  const signed = { url: URL_TEXT, headers: { authorization } };
  expect(await prove({ verification: basic, body: bytes("{}"), signed, secrets })).toMatchObject({
    ok: true,
    value: { verdict: "authenticated", secretId: "C" },
  });
  const query = chargebee.verification(chargebee.settings.parse({ authentication: { type: "query", parameter: "key" } }));
  const inUrl = { url: `${URL_TEXT}?key=k-1`, headers: {} };
  expect(await prove({ verification: query, body: bytes("{}"), signed: inUrl, secrets: [{ id: "K", value: "k-1" }] })).toMatchObject({
    ok: true,
    value: { secretId: "K" },
  });
});

const CUSTOMER = { id: "c-1", first_name: "Jörg", last_name: "Weiß", resource_version: 1_767_225_600_123, updated_at: 1_767_225_600 };
const SUBSCRIPTION = { id: "s-1", customer_id: "c-1", status: "active", resource_version: 1_767_225_700_456, object: "subscription" };
const event = (event_type: string, content: object | null, changes: object = {}) => ({
  id: "ev_1",
  occurred_at: 1_767_225_800,
  object: "event",
  event_type,
  webhook_status: "scheduled",
  content,
  ...changes,
});
const decode = (body: unknown, given: Parameters<typeof liveFor>[1] = {}) =>
  decodeWith(chargebee, liveFor(chargebee, given), bytes(JSON.stringify(body)));

describe("an event with several resources", () => {
  const sent = event("subscription_changed", { subscription: SUBSCRIPTION, customer: CUSTOMER, card: { object: "card" }, coupons: [] });

  it("is one part for each that is mapped, under its own delivery id and its own version", () => {
    expect(itemsOf(decode(sent))).toMatchObject([
      { deliveryId: "ev_1#subscription", order: { kind: "int", value: "1767225700456" }, entity: { kind: "entitlement", key: "s-1" } },
      { deliveryId: "ev_1#customer", order: { kind: "int", value: "1767225600123" }, entity: { kind: "customer", key: "c-1" } },
    ]);
    for (const item of itemsOf(decode(sent)))
      expect(item).toMatchObject({ type: "subscription_changed", occurredAtMs: 1_767_225_800_000, nature: "snapshot", deleted: false });
  });

  it("says of a resource what any other event with the same version of it says", () => {
    const content = (body: unknown, key: string) => itemsOf(decode(body)).find((item) => item.entity.key === key)?.content;
    const other = event(
      "customer_changed",
      { customer: CUSTOMER },
      { id: "ev_2", occurred_at: 1_767_225_900, webhook_status: "re_scheduled" },
    );
    expect(content(sent, "c-1")).toBe(content(other, "c-1"));
    expect(content(sent, "c-1")).not.toBe(content(event("customer_deleted", { customer: CUSTOMER }), "c-1"));
  });

  it("sets aside the one that cannot be read, and takes the others", () => {
    const broken = event("subscription_changed", { subscription: { ...SUBSCRIPTION, started_at: "soon" }, customer: CUSTOMER });
    const decoded = decode(broken);
    expect(decoded).toMatchObject({ ok: true, value: [{ odd: "unintelligible" }, { entity: { key: "c-1" } }] });
  });

  it("deletes the resource that it is named after, and any that says so", () => {
    const gone = (type: string, content: object) =>
      itemsOf(decode(event(type, content))).map(({ entity, deleted }) => [entity.key, deleted]);
    expect(gone("customer_deleted", { customer: CUSTOMER, subscription: SUBSCRIPTION })).toEqual([
      ["c-1", true],
      ["s-1", false],
    ]);
    expect(gone("customer_deleted", { customer: CUSTOMER, subscription: { ...SUBSCRIPTION, deleted: true } })).toEqual([
      ["c-1", true],
      ["s-1", true],
    ]);
    expect(gone("payment_source_deleted", { customer: CUSTOMER })).toEqual([["c-1", false]]);
  });
});

describe("the order", () => {
  const orderOf = (changes: object) => itemsOf(decode(event("customer_changed", { customer: { ...CUSTOMER, ...changes } })))[0]?.order;

  it("is the resource's version, else when it changed, else when the event happened", () => {
    expect(orderOf({})).toEqual({ kind: "int", value: "1767225600123" });
    expect(orderOf({ resource_version: null })).toEqual({ kind: "time", value: "1767225600000" });
    expect(orderOf({ resource_version: null, updated_at: null })).toEqual({ kind: "time", value: "1767225800000" });
  });
});

describe("a resource", () => {
  const dataOf = (name: string, record: object) => itemsOf(decode(event("x_changed", { [name]: record })))[0]?.entity.data;

  it("is named by its company, or by its person", () => {
    expect(dataOf("customer", CUSTOMER)).toMatchObject({ name: "Jörg Weiß" });
    expect(dataOf("customer", { ...CUSTOMER, last_name: null })).toMatchObject({ name: "Jörg" });
    expect(dataOf("customer", { ...CUSTOMER, company: "Größenwahn GmbH" })).toMatchObject({ name: "Größenwahn GmbH" });
    expect(dataOf("customer", { id: "c-1" })).not.toHaveProperty("name");
  });

  it("has its plan where its catalog has it", () => {
    expect(dataOf("subscription", { ...SUBSCRIPTION, plan_id: "gold" })).toMatchObject({ plan: "gold" });
    const subscription_items = [
      { item_type: "addon", item_price_id: "seats" },
      { item_type: "plan", item_price_id: "gold-EUR" },
    ];
    expect(dataOf("subscription", { ...SUBSCRIPTION, subscription_items })).toMatchObject({ plan: "gold-EUR" });
  });

  it("has amounts in its currency's minor units", () => {
    const total = (currency_code: string) => dataOf("invoice", { id: "1", currency_code, total: 1200 })?.["total"];
    expect(total("EUR")).toEqual({ amount: "12.00", currency: "EUR" });
    expect(total("JPY")).toEqual({ amount: "1200", currency: "JPY" });
    expect(dataOf("invoice", { id: "1", due_date: 1_769_903_999 })).toMatchObject({ dueDate: "2026-01-31" });
  });

  it("that the team maps is read as well", () => {
    const given = { objects: { credit_note: object("invoice", "id", { number: text("id") }) } };
    const [item] = itemsOf(decode(event("credit_note_created", { credit_note: { id: "CN-1" } }), given));
    expect(item).toMatchObject({ deliveryId: "ev_1#credit_note", entity: { kind: "invoice", key: "CN-1" } });
  });
});

it("is nobody's without a resource that somebody maps", () => {
  for (const content of [{}, { coupon: { id: "x" } }, { constructor: { id: "x" } }, { customer: [CUSTOMER] }])
    expect(decode(event("coupon_created", content))).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", type: "coupon_created", deliveryId: "ev_1" },
    });
});

it.each([
  ["no type", event("", { customer: CUSTOMER })],
  ["no content", event("customer_changed", null)],
])("with %s is unintelligible", (_what, body) => {
  expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
});
