import { z } from "zod";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { minorUnits, object, text, unixSeconds, word } from "../domain/mapping.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { readTimestamp } from "../verification/signature.ts";

const Settings = z.strictObject({
  /** Let in only live events (true) or only test events (false). Absent: both, which two endpoints should not be. */
  livemode: z.boolean().optional(),
});
type Settings = z.infer<typeof Settings>;

const OBJECTS: ObjectMaps = {
  invoice: object("invoice", "id", {
    number: text("number"),
    customerId: text("customer"),
    status: word("status", { draft: "draft", open: "open", paid: "paid", uncollectible: "uncollectible", void: "void" }),
    total: minorUnits("total", "currency"),
    amountDue: minorUnits("amount_due", "currency"),
    amountPaid: minorUnits("amount_paid", "currency"),
    issuedAt: unixSeconds("status_transitions.finalized_at"),
  }),
  customer: object("customer", "id", { name: text("name"), email: text("email"), phone: text("phone"), region: text("address.country") }),
  subscription: object("entitlement", "id", {
    name: text("description"),
    customerId: text("customer"),
    plan: text("items.data.0.price.id"),
    // A past_due subscription goes on while Stripe retries the payment; it becomes unpaid or canceled after that.
    status: word("status", {
      trialing: "active",
      active: "active",
      past_due: "active",
      incomplete: "pending",
      unpaid: "suspended",
      paused: "suspended",
      incomplete_expired: "expired",
      canceled: "cancelled",
    }),
    startsAt: unixSeconds("start_date"),
    // Current API versions have it on the item, not on the subscription.
    endsAt: unixSeconds("items.data.0.current_period_end"),
  }),
};

/** One snapshot event a request. `created`, in whole seconds, is all that orders; the object has no version. */
function decode(request: GenuineRequest, settings: Settings, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const event = document.value;
  if (settings.livemode !== undefined && event["livemode"] !== settings.livemode)
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const type = readName(event["type"]);
  if (type === null) return unintelligible('no "type": this is no event of Stripe');
  const deliveryId = readName(event["id"]);
  const instead = whyUnmapped(event, type);
  if (instead !== null) return unmapped({ type, deliveryId }, instead);
  const data = event["data"];
  const record = isJsonObject(data) ? data["object"] : undefined;
  if (!isJsonObject(record)) return unintelligible(`${type}: no record at "data.object"`);
  const order = orderByTimeAt(event, "created", "s");
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const item = toItem(
    {
      type,
      object: readName(record["object"]) ?? type.split(".")[0] ?? "",
      record,
      deliveryId,
      occurredAtMs: readTimestamp(readName(event["created"]) ?? "", "s"),
      order: order.value,
      nature: "snapshot",
      deleted: type.endsWith(".deleted"),
    },
    objects,
  );
  return item.ok ? ok([item.value]) : fail(item.failure);
}

function whyUnmapped(event: JsonObject, type: string): string | null {
  if (event["object"] === "v2.core.event")
    return "a thin event: it only names what changed; let the endpoint's event destination send snapshot payloads";
  return type === "invoice.upcoming" ? "a preview: the invoice does not exist yet" : null;
}

/**
 * Stripe. Signs hex HMAC-SHA256 over `{t}.{body}`; the secret is the endpoint's `whsec_...` text as it stands. During a
 * roll-over there are several `v1`; `v0` is ignored. Unlike Stripe's SDK we refuse times in the future too. Events come
 * in no order and may repeat; they are retried for 3 days, and days of failure disable the endpoint.
 */
export const stripe = defineSource<Settings>({
  scheme: "stripe",
  title: "Stripe",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "stripe-signature",
    form: { type: "pairs", timestamp: "t", signature: "v1" },
    algorithm: "SHA-256",
    encoding: "hex",
    secretEncoding: "utf8",
    template: "{timestamp}.{body}",
    timestamp: { format: "s" },
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode: (request, { settings, objects }) => decode(request, settings, objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: null,
    source: "docs.stripe.com/webhooks (3 days of retries; days of failure disable the endpoint), seen 2026-11-24",
  },
  setup: [
    "In Workbench, add an event destination of the type webhook with the address {url} and the events that you want.",
    "Reveal the endpoint's signing secret (whsec_...) and put it into the source as {secret}, as it stands.",
    "Give test and live mode a source each, and say livemode in their settings.",
  ],
  samples: [
    {
      name: "invoice-paid",
      provenance: "types of the stripe package 23.1.0 (Invoice), read 2026-11-24; shortened, values made up, erp_document added",
      contentType: "application/json; charset=utf-8",
      body: `{"id":"evt_{id}","object":"event","api_version":"2026-10-28.endive","created":{now:s},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"invoice.paid","data":{"object":{"id":"in_1MtHbELkdIwHu7ixl4OzzPMv","object":"invoice","number":"7A3F-0001","customer":"cus_NeZwdNtLEOXuvB","customer_name":"Jörg Weiß & 山田","currency":"eur","status":"paid","total":120050,"amount_due":120050,"amount_paid":120050,"status_transitions":{"finalized_at":1767225600,"paid_at":1767225660},"metadata":{"erp_document":900719925474099312}}}}`,
      expect: {
        kind: "invoice",
        key: "in_1MtHbELkdIwHu7ixl4OzzPMv",
        type: "invoice.paid",
        data: {
          number: "7A3F-0001",
          customerId: "cus_NeZwdNtLEOXuvB",
          status: "paid",
          statusRaw: "paid",
          total: { amount: "1200.50", currency: "EUR" },
          amountDue: { amount: "1200.50", currency: "EUR" },
          amountPaid: { amount: "1200.50", currency: "EUR" },
          issuedAt: "2026-01-01T00:00:00.000Z",
          extra: { customer_name: "Jörg Weiß & 山田", metadata: { erp_document: "900719925474099312" } },
        },
      },
    },
    {
      name: "subscription-updated",
      provenance: "types of the stripe package 23.1.0 (Subscription, SubscriptionItem), read 2026-11-24; shortened, values made up",
      contentType: "application/json; charset=utf-8",
      body: `{"id":"evt_{id}","object":"event","api_version":"2026-10-28.endive","created":{now:s},"livemode":false,"type":"customer.subscription.updated","data":{"object":{"id":"sub_1MowQVLkdIwHu7ixeRlqHVzs","object":"subscription","customer":"cus_NeZwdNtLEOXuvB","description":"Wartung – größer","status":"past_due","start_date":1767225600,"items":{"object":"list","data":[{"id":"si_1","current_period_end":1769904000,"price":{"id":"price_gold"}}]},"collection_method":"charge_automatically"},"previous_attributes":{"status":"active"}}}`,
      expect: {
        kind: "entitlement",
        key: "sub_1MowQVLkdIwHu7ixeRlqHVzs",
        type: "customer.subscription.updated",
        data: {
          name: "Wartung – größer",
          customerId: "cus_NeZwdNtLEOXuvB",
          plan: "price_gold",
          status: "active",
          statusRaw: "past_due",
          startsAt: "2026-01-01T00:00:00.000Z",
          endsAt: "2026-02-01T00:00:00.000Z",
          extra: { collection_method: "charge_automatically" },
        },
      },
    },
    {
      name: "customer-deleted",
      provenance: "types of the stripe package 23.1.0 (Customer), read 2026-11-24; shortened, values made up",
      contentType: "application/json; charset=utf-8",
      body: `{"id":"evt_{id}","object":"event","api_version":"2026-10-28.endive","created":{now:s},"livemode":false,"type":"customer.deleted","data":{"object":{"id":"cus_NeZwdNtLEOXuvB","object":"customer","name":"Jörg Weiß","email":"joerg@example.com","phone":null,"address":{"country":"DE"},"delinquent":false}}}`,
      expect: {
        kind: "customer",
        key: "cus_NeZwdNtLEOXuvB",
        type: "customer.deleted",
        data: { name: "Jörg Weiß", email: "joerg@example.com", region: "DE", extra: { delinquent: false } },
      },
    },
  ],
});
