import * as z from "zod";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, readParts, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { unixDay } from "../decoding/unix-day.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../domain/json.ts";
import { day, minorUnits, object, scalarText, text, unixSeconds, word } from "../domain/mapping.ts";
import type { OrderToken } from "../domain/order.ts";
import { ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Part, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Chargebee signs nothing: Basic authentication, or a key in the URL. */
  authentication: Authentication.prefault({ type: "basic" }),
});
type Settings = z.infer<typeof Settings>;

/** Names in camel case are ours, read from where the catalog's versions put the same thing: see `withReadings`. */
const OBJECTS: ObjectMaps = {
  customer: object("customer", "id", {
    name: text("displayName"),
    email: text("email"),
    phone: text("phone"),
    taxId: text("vat_number"),
    region: text("billing_address.country"),
    currency: text("preferred_currency_code"),
  }),
  subscription: object("entitlement", "id", {
    customerId: text("customer_id"),
    plan: text("planId"),
    // One that does not renew is in force until its term ends.
    status: word("status", {
      future: "pending",
      in_trial: "active",
      active: "active",
      non_renewing: "active",
      paused: "suspended",
      cancelled: "cancelled",
      transferred: "cancelled",
    }),
    startsAt: unixSeconds("started_at"),
    endsAt: unixSeconds("current_term_end"),
  }),
  invoice: object("invoice", "id", {
    number: text("id"),
    customerId: text("customer_id"),
    // Of the one that is not paid all attempts to collect have failed; the one whose payment is due is still being tried.
    status: word("status", {
      pending: "draft",
      posted: "open",
      payment_due: "past_due",
      not_paid: "uncollectible",
      paid: "paid",
      voided: "void",
    }),
    total: minorUnits("total", "currency_code"),
    amountDue: minorUnits("amount_due", "currency_code"),
    amountPaid: minorUnits("amount_paid", "currency_code"),
    issuedAt: unixSeconds("date"),
    dueDate: day("dueDay"),
  }),
};

function withReadings(record: JsonObject): JsonObject {
  const items = record["subscription_items"];
  const plan = Array.isArray(items)
    ? (items as readonly JsonValue[]).find((item) => isJsonObject(item) && item["item_type"] === "plan")
    : null;
  const person = ["first_name", "last_name"].flatMap((name) => scalarText(record[name]) ?? []).join(" ");
  const readings: Readonly<Record<string, string | null | undefined>> = {
    displayName: scalarText(record["company"]) ?? person,
    planId: scalarText(record["plan_id"]) ?? (isJsonObject(plan) ? scalarText(plan["item_price_id"]) : null),
    dueDay: unixDay(record["due_date"]),
  };
  const known = Object.entries(readings).filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "");
  return { ...record, ...Object.fromEntries(known) };
}

/** An event around the resources that it brings. */
interface Envelope {
  readonly event: JsonObject;
  readonly type: string;
  readonly deliveryId: string | null;
}

interface Resource {
  readonly name: string;
  readonly record: JsonObject;
}

/** Each resource that somebody maps is a part of its own, with its own version; the same one may come with many events. */
function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly Part[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const event = document.value;
  const type = readName(event["event_type"]);
  if (type === null) return unintelligible('no "event_type": this is no event of Chargebee');
  const envelope: Envelope = { event, type, deliveryId: readName(event["id"]) };
  const content = event["content"];
  if (!isJsonObject(content)) return unintelligible(`${type}: no "content"`);
  const all = Object.entries(content).flatMap(([name, record]) => (isJsonObject(record) ? [{ name, record }] : []));
  const mapped = all.filter(({ name }) => Object.hasOwn(objects, name));
  if (mapped.length === 0)
    return unmapped(envelope, `none of its resources is configured: ${all.map(({ name }) => name).join(", ") || "it has none"}`);
  return readParts(
    mapped,
    (resource) => readResource(resource, envelope, objects),
    (resource) => contentOf(resource, envelope),
  );
}

/** Only the resource that the event is named after is gone, and any that says so itself. */
const isDeleted = ({ name, record }: Resource, { type }: Envelope): boolean => type === `${name}_deleted` || record["deleted"] === true;

/** The resource alone: it says the same whatever event brings it, unless that is its deletion. */
const contentOf = (resource: Resource, envelope: Envelope): string =>
  JSON.stringify(isDeleted(resource, envelope) ? { ...resource.record, deleted: true } : resource.record);

function readResource(resource: Resource, envelope: Envelope, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  const { name, record } = resource;
  const { event, type, deliveryId } = envelope;
  const order = orderOf(record, event);
  if (!order.ok) return unintelligible(`${type}: ${name}: ${order.failure}`);
  return toItem(
    {
      type,
      object: name,
      record: withReadings(record),
      deliveryId: deliveryId === null ? null : readName(`${deliveryId}#${name}`),
      occurredAtMs: readTimestamp(readName(event["occurred_at"]) ?? "", "s"),
      order: order.value,
      nature: "snapshot",
      deleted: isDeleted(resource, envelope),
    },
    objects,
  );
}

const VERSION = /^\d{1,20}$/;

function orderOf(record: JsonObject, event: JsonObject): Result<OrderToken, string> {
  const version = readName(record["resource_version"]);
  if (version !== null && VERSION.test(version)) return ok({ kind: "int", value: version });
  const updated = orderByTimeAt(record, "updated_at", "s");
  return updated.ok && updated.value.kind === "none" ? orderByTimeAt(event, "occurred_at", "s") : updated;
}

const PROVENANCE =
  "event of apidocs.chargebee.com/docs/api/events and the types of the chargebee package 3.33.0, read 2026-11-24; shortened, values made up";

const around = (type: string, content: string): string =>
  `{"id":"ev_{id}","occurred_at":{now:s},"source":"api","user":"full_access_key_v1","object":"event","api_version":"v2","event_type":"${type}","webhook_status":"scheduled","content":${content}}`;

/**
 * Chargebee. Nothing is signed: Basic authentication or a key in the URL prove who sends, not what. By its own words events
 * come out of order and more than once: `resource_version` is each resource's own, made for ordering. One event brings
 * several resources. It waits 60 seconds in all and repeats on anything but a success, up to 7 times within days.
 */
export const chargebee = defineSource<Settings>({
  scheme: "chargebee",
  title: "Chargebee",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode: (request, { objects }) => decode(request, objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: 60_000,
    source:
      "apidocs.chargebee.com/docs/api/events, read 2026-11-24: any answer outside 2xx is repeated; the time limit as third parties report",
  },
  setup: [
    "In Chargebee, under Settings, Configure Chargebee, Webhooks, add one with the URL {url} and API version V2.",
    "Tick that the URL is protected by basic authentication and enter the two halves of {secret}: what is before its first colon as the user name, the rest as the password.",
    "Choose the events of customers, subscriptions and invoices, or all of them.",
    'Instead, the URL may be {url}?token={secret}, if the source\'s authentication is {type: "query"}.',
  ],
  samples: [
    {
      name: "subscription-changed",
      provenance: PROVENANCE,
      contentType: "application/json;charset=UTF-8",
      body: around(
        "subscription_changed",
        `{"subscription":{"id":"AzZlGJTxYz1","customer_id":"cbdemo_jörg","currency_code":"EUR","status":"non_renewing","started_at":1767225600,"current_term_end":1769904000,"subscription_items":[{"item_price_id":"setup-EUR","item_type":"charge"},{"item_price_id":"gold-EUR-monthly","item_type":"plan"}],"resource_version":{now:ms},"updated_at":{now:s},"deleted":false,"object":"subscription"},"customer":{"id":"cbdemo_jörg","first_name":"Jörg","last_name":"Weiß","resource_version":1767225600123,"object":"customer"}}`,
      ),
      expect: {
        kind: "entitlement",
        key: "AzZlGJTxYz1",
        type: "subscription_changed",
        data: {
          customerId: "cbdemo_jörg",
          plan: "gold-EUR-monthly",
          status: "active",
          statusRaw: "non_renewing",
          startsAt: "2026-01-01T00:00:00.000Z",
          endsAt: "2026-02-01T00:00:00.000Z",
          extra: { currency_code: "EUR", deleted: false },
        },
      },
    },
    {
      name: "invoice-generated",
      provenance: `${PROVENANCE}; cf_erp_document is a custom field`,
      contentType: "application/json;charset=UTF-8",
      settings: { authentication: { type: "query" } },
      body: around(
        "invoice_generated",
        `{"invoice":{"id":"DE-2041","customer_id":"cbdemo_jörg","subscription_id":"AzZlGJTxYz1","status":"payment_due","currency_code":"EUR","total":120050,"amount_due":20050,"amount_paid":100000,"date":1767225600,"due_date":1769904000,"resource_version":{now:ms},"updated_at":{now:s},"deleted":false,"object":"invoice","cf_erp_document":900719925474099312}}`,
      ),
      expect: {
        kind: "invoice",
        key: "DE-2041",
        type: "invoice_generated",
        data: {
          number: "DE-2041",
          customerId: "cbdemo_jörg",
          status: "past_due",
          statusRaw: "payment_due",
          total: { amount: "1200.50", currency: "EUR" },
          amountDue: { amount: "200.50", currency: "EUR" },
          amountPaid: { amount: "1000.00", currency: "EUR" },
          issuedAt: "2026-01-01T00:00:00.000Z",
          dueDate: "2026-02-01",
          extra: { subscription_id: "AzZlGJTxYz1", cf_erp_document: "900719925474099312" },
        },
      },
    },
    {
      name: "customer-deleted",
      provenance: PROVENANCE,
      contentType: "application/json;charset=UTF-8",
      body: around(
        "customer_deleted",
        `{"customer":{"id":"cbdemo_jörg","first_name":"Jörg","last_name":"Weiß","company":"Größenwahn GmbH","email":"joerg@example.com","vat_number":"129273398","preferred_currency_code":"EUR","billing_address":{"country":"DE"},"resource_version":{now:ms},"deleted":true,"object":"customer"},"card":{"status":"no_card","object":"card"}}`,
      ),
      expect: {
        kind: "customer",
        key: "cbdemo_jörg",
        type: "customer_deleted",
        data: {
          name: "Größenwahn GmbH",
          email: "joerg@example.com",
          taxId: "129273398",
          region: "DE",
          currency: "EUR",
          extra: { last_name: "Weiß" },
        },
      },
    },
  ],
});
