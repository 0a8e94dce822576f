import * as z from "zod";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { unixDay } from "../decoding/unix-day.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { day, minorUnits, object, text, unixSeconds, word } from "../domain/mapping.ts";
import { NO_ORDER } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Let in only live events (true) or only test events (false). Absent: both, which two endpoints should not be. */
  livemode: z.boolean().optional(),
  /** Objects by the type of record that a thin event is about, where they go by another name, such as {"v2.core.account": "customer"}. */
  thinObjects: z.record(z.string().min(1), z.string().min(1)).default({}),
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
    // In camel case because it is ours: the day of `due_date`.
    dueDate: day("dueDay"),
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

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** What is known of an event whatever its payload. */
interface Envelope {
  readonly event: JsonObject;
  readonly type: string;
  readonly deliveryId: string | null;
}

/** One event a request: a snapshot, or a thin one that only names the record. */
function decode(request: GenuineRequest, context: Context): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const event = document.value;
  const { livemode } = context.settings;
  if (livemode !== undefined && event["livemode"] !== livemode) return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const type = readName(event["type"]);
  if (type === null) return unintelligible('no "type": this is no event of Stripe');
  const envelope: Envelope = { event, type, deliveryId: readName(event["id"]) };
  if (PREVIEW.test(type)) return unmapped(envelope, "a preview: the invoice does not exist yet");
  const item = event["object"] === "v2.core.event" ? thinItem(envelope, context) : snapshotItem(envelope, context);
  return item.ok ? ok([item.value]) : item;
}

const PREVIEW = /^(?:v1\.)?invoice\.upcoming$/;

/** `created`, in whole seconds, is all that orders; the object has no version. */
function snapshotItem({ event, type, deliveryId }: Envelope, { objects }: Context): Result<SourceItem, DecodeFailure> {
  const data = event["data"];
  const record = isJsonObject(data) ? data["object"] : undefined;
  if (!isJsonObject(record)) return unintelligible(`${type}: no record at "data.object"`);
  const order = orderByTimeAt(event, "created", "s");
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const dueDay = unixDay(record["due_date"]);
  return toItem(
    {
      type,
      object: readName(record["object"]) ?? type.split(".")[0] ?? "",
      record: dueDay === null ? record : { ...record, dueDay },
      deliveryId,
      occurredAtMs: readTimestamp(readName(event["created"]) ?? "", "s"),
      order: order.value,
      nature: "snapshot",
      deleted: type.endsWith(".deleted"),
    },
    objects,
  );
}

/** It says that a record has changed and where it is, not how: the record is to be read back. */
function thinItem({ event, type, deliveryId }: Envelope, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  const record = event["related_object"];
  const named = isJsonObject(record) ? readName(record["type"]) : null;
  // A reference to what there is only one of, such as a balance, has no id.
  if (!isJsonObject(record) || named === null || readName(record["id"]) === null)
    return unmapped({ type, deliveryId }, "a thin event that names no record with an id");
  return toItem(
    {
      type,
      object: (Object.hasOwn(settings.thinObjects, named) ? settings.thinObjects[named] : undefined) ?? named,
      record,
      deliveryId,
      occurredAtMs: readTimestamp(readName(event["created"]) ?? "", "iso"),
      order: NO_ORDER,
      nature: "hint",
      deleted: type.endsWith(".deleted"),
    },
    objects,
  );
}

/**
 * Stripe. Signs hex HMAC-SHA256 over `{t}.{body}`; the secret is the endpoint's `whsec_...` text as it stands. During a
 * roll-over there are several `v1`; `v0` is ignored. Unlike Stripe's SDK we refuse times in the future too. Events come
 * in no order and may repeat; they are retried for 3 days, and days of failure disable the endpoint. Thin events, which
 * are signed the same way, are hints: without a destination to read back from, only that something changed is delivered.
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
  decode,
  handshakes: () => [{ kind: "ping", in: "body", at: "type", value: "v2.core.event_destination.ping" }],
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: null,
    source:
      "as third parties report (dev.to/shannonllc), seen 2026-11-24: anything outside 2xx is retried for up to 3 days; days of failure disable, no single answer does",
  },
  setup: [
    "In the Dashboard, under Developers, Webhooks, add an event destination of the type Webhook endpoint with the URL {url}.",
    "Choose the events of invoices, customers and subscriptions; snapshot payloads hold the record, thin ones only name it.",
    "Reveal the destination's signing secret and use all of it, whsec_ included, as {secret}.",
    "Live and test mode have destinations of their own: set the source's livemode, so that one is never taken for the other.",
    "For thin events, name in the source's readBack the destination that the records are read from.",
  ],
  samples: [
    {
      name: "invoice-paid",
      provenance: "types of the stripe package 23.1.0 (Invoice), read 2026-11-24; shortened, values made up, erp_document added",
      contentType: "application/json; charset=utf-8",
      body: `{"id":"evt_{id}","object":"event","api_version":"2026-10-28.endive","created":{now:s},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"invoice.paid","data":{"object":{"id":"in_1MtHbELkdIwHu7ixl4OzzPMv","object":"invoice","number":"7A3F-0001","customer":"cus_NeZwdNtLEOXuvB","customer_name":"Jörg Weiß & 山田","currency":"eur","status":"paid","total":120050,"amount_due":120050,"amount_paid":120050,"due_date":1769904000,"status_transitions":{"finalized_at":1767225600,"paid_at":1767225660},"metadata":{"erp_document":900719925474099312}}}}`,
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
          dueDate: "2026-02-01",
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
    {
      name: "customer-updated-thin",
      provenance: "types of the stripe package 23.1.0 (V2.Core.EventNotification), read 2026-11-24; values made up",
      contentType: "application/json; charset=utf-8",
      body: `{"id":"evt_{id}","object":"v2.core.event","type":"v1.customer.updated","created":"{now:iso}","livemode":false,"context":null,"reason":null,"snapshot_event":"evt_1MtHbELkdIwHu7ix","related_object":{"id":"cus_NeZwdNtLEOXuvB","type":"customer","url":"/v1/customers/cus_NeZwdNtLEOXuvB"}}`,
      expect: {
        kind: "customer",
        key: "cus_NeZwdNtLEOXuvB",
        type: "v1.customer.updated",
        data: { extra: { type: "customer", url: "/v1/customers/cus_NeZwdNtLEOXuvB" } },
      },
    },
  ],
});
