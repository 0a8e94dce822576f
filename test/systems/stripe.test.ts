import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { object } from "../../src/domain/mapping.ts";
import { stripe } from "../../src/sources/stripe.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const RELATED = { id: "cus_1", type: "customer", url: "/v1/customers/cus_1" };
const thin = (type: string, related_object: unknown, changes: object = {}) => ({
  id: "evt_1",
  object: "v2.core.event",
  type,
  created: "2026-01-01T00:00:00.123Z",
  livemode: false,
  related_object,
  ...changes,
});
const decode = (body: unknown, given: Parameters<typeof liveFor>[1] = {}) =>
  decodeWith(stripe, liveFor(stripe, given), bytes(JSON.stringify(body)));

describe("a thin event", () => {
  it("is a hint about the record that it names: it tells no state, and no order", () => {
    expect(itemsOf(decode(thin("v1.customer.updated", RELATED)))).toMatchObject([
      {
        deliveryId: "evt_1",
        type: "v1.customer.updated",
        occurredAtMs: 1_767_225_600_123,
        order: { kind: "none" },
        nature: "hint",
        deleted: false,
        entity: { kind: "customer", key: "cus_1" },
      },
    ]);
  });

  it("of a deletion says so", () => {
    expect(itemsOf(decode(thin("v1.customer.deleted", RELATED)))).toMatchObject([{ nature: "hint", deleted: true }]);
  });

  it("is about the object that the team gives its type, by its own name or by another", () => {
    const account = { id: "acct_1", type: "v2.core.account", url: "/v2/core/accounts/acct_1" };
    const body = thin("v2.core.account[identity].updated", account);
    expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unmapped", deliveryId: "evt_1" } });
    expect(itemsOf(decode(body, { settings: { thinObjects: { "v2.core.account": "customer" } } }))).toMatchObject([
      { entity: { kind: "customer", key: "acct_1" } },
    ]);
    expect(itemsOf(decode(body, { objects: { "v2.core.account": object("customer", "id", {}) } }))).toMatchObject([
      { entity: { kind: "customer", key: "acct_1" } },
    ]);
  });

  it.each([
    ["no record", null],
    ["what there is only one of", { type: "balance", url: "/v1/balance" }],
    ["a type nobody maps", { ...RELATED, type: "constructor" }],
  ])("about %s is nobody's", (_what, related) => {
    expect(decode(thin("v1.balance.available", related))).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
  });

  it("of the other mode is not let in", () => {
    const refused = { ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } };
    expect(decode(thin("v1.customer.updated", RELATED), { settings: { livemode: true } })).toEqual(refused);
    expect(decode(thin("v1.customer.updated", RELATED, { livemode: true }), { settings: { livemode: false } })).toEqual(refused);
    expect(decode(thin("v1.customer.updated", RELATED, { livemode: true }), { settings: { livemode: true } })).toMatchObject({ ok: true });
  });

  it("is signed, and read, as the stripe package does", async () => {
    const secret = "whsec_used_as_text_with_its_prefix";
    const client = new Stripe("sk_test_not_used");
    const payload = JSON.stringify(thin("v1.customer.updated", RELATED));
    const header = client.webhooks.generateTestHeaderString({ payload, secret, timestamp: NOW_MS / 1000 });
    const proof = await prove({
      verification: stripe.verification({}),
      body: bytes(payload),
      signed: { url: URL_TEXT, headers: { "stripe-signature": header } },
      secrets: [{ id: "S", value: secret }],
    });
    expect(proof).toMatchObject({ ok: true, value: { secretId: "S", timestampMs: NOW_MS } });
    const theirs = client.parseEventNotification(payload, header, secret, 300, undefined, NOW_MS);
    const [ours] = itemsOf(decode(JSON.parse(payload)));
    expect(theirs).toMatchObject({ id: ours?.deliveryId, type: ours?.type, related_object: { id: ours?.entity.key } });
  });
});

const snapshot = (type: string, record: object) => ({
  id: "evt_2",
  object: "event",
  type,
  created: 1_767_225_600,
  livemode: false,
  data: { object: record },
});

describe("a snapshot", () => {
  it("is ordered by when the event was made, in whole seconds", () => {
    expect(itemsOf(decode(snapshot("customer.updated", { id: "cus_1", object: "customer" })))).toMatchObject([
      { deliveryId: "evt_2", order: { kind: "time", value: "1767225600000" }, nature: "snapshot", deleted: false },
    ]);
  });

  it("has the day of an invoice that is due", () => {
    const dueDate = (due_date: unknown) =>
      itemsOf(decode(snapshot("invoice.finalized", { id: "in_1", object: "invoice", due_date })))[0]?.entity.data["dueDate"];
    expect(dueDate(1_769_903_999)).toBe("2026-01-31");
    expect([dueDate(null), dueDate("soon"), dueDate(-1)]).toEqual([undefined, undefined, undefined]);
  });

  it("of an invoice that does not exist yet is nobody's", () => {
    const failure = { kind: "unmapped", detail: expect.stringContaining("preview") as string };
    expect(decode(snapshot("invoice.upcoming", { object: "invoice" }))).toMatchObject({ ok: false, failure });
    expect(decode(thin("v1.invoice.upcoming", { ...RELATED, type: "invoice" }))).toMatchObject({ ok: false, failure });
  });

  it("without its record, or with a time that is none, is unintelligible", () => {
    for (const body of [{ ...snapshot("a.b", {}), data: null }, { ...snapshot("a.b", {}), created: "soon" }, { id: "evt_3" }])
      expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

it("answers the greeting of an event destination", () => {
  expect(stripe.handshakes?.({})).toEqual([{ kind: "ping", in: "body", at: "type", value: "v2.core.event_destination.ping" }]);
});
