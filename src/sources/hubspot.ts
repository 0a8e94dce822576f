import * as z from "zod";
import type { JsonObject, JsonValue } from "../domain/json.ts";
import { day, money, object, text, time, word, type FieldRule } from "../domain/mapping.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { ANSWER_BY_STATUS, readJsonList, readName, readParts, toItem, unintelligible, unmapped, type Found } from "../decoding/document.ts";
import { DEFAULT_WINDOW_MS, type HmacScheme } from "../verification/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Part, type SourceItem } from "./define.ts";

const Ids = z.array(z.string().regex(/^\d+$/, "must be an id, as text of digits"));

const Settings = z.strictObject({
  /** Signatures that count. v1 and v2 are plain hashes without a time: a copied request passes for ever. */
  versions: z
    .array(z.enum(["v1", "v2", "v3"]))
    .min(1)
    .default(["v3"]),
  /** The accounts that may send. With more than one, keys begin with the account's id, since each numbers its records itself. */
  portalIds: Ids.min(1).optional(),
  /** Apps of ours that write to HubSpot, by the `sourceId` of their changes: those are an echo of our own. */
  ownSourceIds: z.array(z.string().min(1)).default([]),
  /** ISO 4217 code, only where all amounts are in one: an event never says which. Without it amounts stay in `extra`. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR")
    .optional(),
  /** What the ids of further deal stages mean. */
  stages: z.record(z.string(), z.enum(["open", "won", "lost"])).default({}),
});
type Settings = z.infer<typeof Settings>;

/** Escapes that HubSpot decodes before it signs; which ones is not settled, so the URL as it came is tried first. */
const DECODED_ESCAPES = ["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"];

const hashed = (template: string): HmacScheme => ({
  kind: "hmac",
  construction: "hash",
  header: "x-hubspot-signature",
  form: { type: "bare" },
  algorithm: "SHA-256",
  encoding: "hex",
  secretEncoding: "utf8",
  template,
  windowMs: DEFAULT_WINDOW_MS,
});

const SCHEMES: Readonly<Record<Settings["versions"][number], HmacScheme>> = {
  v1: hashed("{secret}{body}"),
  v2: { ...hashed("{secret}{method}{url}{body}"), decodedEscapes: DECODED_ESCAPES },
  v3: {
    kind: "hmac",
    header: "x-hubspot-signature-v3",
    form: { type: "bare" },
    algorithm: "SHA-256",
    encoding: "base64",
    secretEncoding: "utf8",
    template: "{method}{url}{body}{timestamp}",
    timestamp: { header: "x-hubspot-request-timestamp", format: "ms" },
    windowMs: DEFAULT_WINDOW_MS,
    decodedEscapes: DECODED_ESCAPES,
  },
};

/** Names of the standard record types; one that is not here goes by its id, such as a custom object's `2-3456789`. */
const OBJECT_BY_TYPE_ID: ReadonlyMap<string, string> = new Map([
  ["0-1", "contact"],
  ["0-2", "company"],
  ["0-3", "deal"],
  ["0-5", "ticket"],
  ["0-7", "product"],
  ["0-8", "line_item"],
  ["0-14", "quote"],
  ["0-53", "invoice"],
  ["0-69", "subscription"],
  ["0-101", "commerce_payment"],
  ["0-123", "order"],
  ["0-136", "lead"],
  ["0-142", "cart"],
]);

const LIFECYCLE = word("lifecyclestage", {
  subscriber: "prospect",
  lead: "prospect",
  marketingqualifiedlead: "prospect",
  salesqualifiedlead: "prospect",
  opportunity: "prospect",
  customer: "active",
  evangelist: "active",
});

const lowerCaseKeys = <T>(words: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(words).map(([name, value]) => [name.toLowerCase(), value]));

function objects({ currency, stages }: Settings): ObjectMaps {
  const amount = (field: string, from: string): Readonly<Record<string, FieldRule>> =>
    currency === undefined ? {} : { [field]: money(from, "currency", currency) };
  return {
    deal: object("opportunity", "objectId", {
      name: text("dealname"),
      stage: word("dealstage", { closedwon: "won", closedlost: "lost", ...lowerCaseKeys(stages) }, "open"),
      ...amount("amount", "amount"),
      ownerId: text("hubspot_owner_id"),
      closeDate: day("closedate"),
    }),
    company: object("customer", "objectId", { name: text("name"), phone: text("phone"), region: text("country"), status: LIFECYCLE }),
    contact: object("customer", "objectId", { email: text("email"), phone: text("phone"), region: text("country"), status: LIFECYCLE }),
    ticket: object("case", "objectId", {
      subject: text("subject"),
      description: text("content"),
      // The stages of the pipeline that every account starts with.
      status: word("hs_pipeline_stage", { 1: "new", 2: "pending", 3: "open", 4: "closed" }),
      priority: word("hs_ticket_priority", { low: "low", medium: "normal", high: "high", urgent: "urgent" }),
      openedAt: time("createdate"),
    }),
    order: object("order", "objectId", { number: text("hs_order_name"), ...amount("total", "hs_total_price") }),
    invoice: object("invoice", "objectId", {
      number: text("hs_number"),
      status: word("hs_invoice_status", { draft: "draft", open: "open", paid: "paid", voided: "void" }),
      ...amount("total", "hs_amount_billed"),
      ...amount("amountDue", "hs_balance_due"),
      dueDate: day("hs_due_date"),
    }),
  };
}

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** A list of events, each about one record. `attemptNumber` counts deliveries, so it is no part of what an event says. */
function decode(request: GenuineRequest, context: Context): Result<readonly Part[], DecodeFailure> {
  const events = readJsonList(request.body);
  if (!events.ok) return events;
  const all = events.value.flatMap(withMerged);
  if (all.length > MOST_EVENTS) return unintelligible(`${all.length} events, with the records of merges; at most ${MOST_EVENTS} are read`);
  return readParts(
    all,
    (event) => readEvent(event, context),
    ({ attemptNumber: _attempts, ...said }) => JSON.stringify(said),
  );
}

/** HubSpot sends 100 at most, of which each may be a merge. */
const MOST_EVENTS = 1_000;

/** Of a merge the records that went into another one have changed too. */
function withMerged(event: JsonObject): readonly JsonObject[] {
  const merged = event["mergedObjectIds"];
  if (!Array.isArray(merged)) return [event];
  const others = (merged as readonly JsonValue[]).filter((id) => readName(id) !== null && id !== event["objectId"]);
  return [event, ...others.map((objectId) => ({ ...event, objectId }))];
}

const idOf = (event: JsonObject): string | null =>
  readName(event["objectId"]) ?? readName(event["fromObjectId"]) ?? readName(event["primaryObjectId"]);

/** `eventId` alone is not unique, HubSpot says; absent parts count as empty. */
const deliveryIdOf = (event: JsonObject): string | null =>
  readName(
    [
      event["portalId"],
      event["subscriptionId"],
      idOf(event),
      event["propertyName"] ?? event["toObjectId"],
      event["occurredAt"],
      event["eventId"],
    ]
      .map((part) => readName(part) ?? "")
      .join("-"),
  );

function readEvent(event: JsonObject, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  const portal = readName(event["portalId"]);
  const { portalIds } = settings;
  if (portalIds !== undefined && (portal === null || !portalIds.includes(portal)))
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const type = readName(event["subscriptionType"]);
  if (type === null) return unintelligible('no "subscriptionType": this is no event of HubSpot');
  const deliveryId = deliveryIdOf(event);
  if (isEcho(event, settings)) return unmapped({ type, deliveryId }, "an echo: one of our own apps made this change");
  const [named = "", action = ""] = type.split(".");
  const objectName = named === "object" ? objectOf(event) : named;
  const objectId = idOf(event);
  if (objectId === null) return unintelligible(`${type}: no record id at "objectId"`);
  const occurredAtMs = readTimestamp(readName(event["occurredAt"]) ?? "", "ms");
  const order = occurredAtMs === null ? NO_ORDER : timeToken(occurredAtMs);
  const prefix = `${(portalIds?.length ?? 0) > 1 ? `${portal}:` : ""}${objectName === "contact" ? "contact:" : ""}`;
  const said = saidBy(event, action, {
    objectId: `${prefix}${objectId}`,
    map: Object.hasOwn(objects, objectName) ? objects[objectName] : undefined,
  });
  if (!said.ok) return unintelligible(`${type}: ${said.failure}`);
  return toItem({ type, object: objectName, deliveryId, occurredAtMs, order, ...said.value }, objects);
}

/** Generic events name the record's type by its id only. */
function objectOf(event: JsonObject): string {
  const typeId = readName(event["objectTypeId"]) ?? readName(event["fromObjectTypeId"]) ?? "";
  return OBJECT_BY_TYPE_ID.get(typeId) ?? typeId;
}

/** Changes by an integration name it in `sourceId`; `appId` is only the app whose subscription this is. */
const isEcho = (event: JsonObject, { ownSourceIds }: Settings): boolean =>
  ["INTEGRATION", "API"].includes(readName(event["changeSource"]) ?? "") && ownSourceIds.includes(readName(event["sourceId"]) ?? "");

interface Target {
  readonly objectId: string;
  readonly map: ObjectMaps[string] | undefined;
}
type Said = Pick<Found, "record" | "nature" | "deleted" | "scope">;

/** One property is all that a change tells; the other events tell only that something happened to the record. */
function saidBy(event: JsonObject, action: string, { objectId, map }: Target): Result<Said, string> {
  if (action === "propertyChange") {
    const scope = readName(event["propertyName"]);
    if (scope === null) return fail('no property at "propertyName"');
    const value = event["propertyValue"];
    const rules = Object.values(map?.fields ?? {}).filter(({ from }) => from === scope);
    return ok({ record: { [scope]: isEmpty(value) ? null : asTime(value, rules), objectId }, nature: "delta", deleted: false, scope });
  }
  const gone = action === "deletion" || action === "privacyDeletion";
  const merged = event["mergedObjectIds"];
  return ok({
    record: { objectId, ...(merged === undefined ? {} : { mergedObjectIds: merged }) },
    nature: gone ? "snapshot" : "hint",
    deleted: gone,
  });
}

const isEmpty = (value: JsonValue | undefined): value is undefined | null | "" => value === undefined || value === null || value === "";

/** Dates come as milliseconds since 1970, in digits. */
function asTime(value: JsonValue, rules: readonly FieldRule[]): JsonValue {
  const ms = rules.some(({ as }) => as === "day" || as === "time") ? readTimestamp(readName(value) ?? "", "ms") : null;
  return ms === null ? value : new Date(ms).toISOString();
}

const envelope = `"appId":54321,"occurredAt":{now:ms},"attemptNumber":0`;
const PROVENANCE =
  "fields of developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions, seen 2026-11-24; values made up";

/**
 * HubSpot, webhooks of an app. v3 signs base64 HMAC-SHA256 over method, URL, body and time in milliseconds, with the
 * app's client secret; HubSpot's own SDK accepts any future time, we do not. Up to 100 events a request, in no order and
 * each about one property, so `occurredAt` orders them within a property. Failures are repeated up to 10 times in a day.
 */
export const hubspot = defineSource<Settings>({
  scheme: "hubspot",
  title: "HubSpot",
  settings: Settings,
  verification: ({ versions }) => {
    const [only, ...more] = [...new Set(versions)].map((version) => SCHEMES[version]);
    return only !== undefined && more.length === 0
      ? only
      : { kind: "anyOf", of: [...new Set(versions)].map((version) => SCHEMES[version]) };
  },
  decode,
  objects,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [429, "5xx"],
    harmful: [],
    timeoutMs: 5_000,
    source:
      "hookdeck.com/webhooks/platforms/guide-to-hubspot-webhooks-features-and-best-practices, read 2026-11-24; 4xx but 429 end the attempts",
  },
  setup: [
    "In the app's settings, under Webhooks, enter {url} as the target URL.",
    "Subscribe to property changes, creation, deletion and merge of the record types that matter, and activate the subscriptions.",
    "Use the app's client secret as {secret}.",
    "Name the public address in the source's publicOrigin if requests reach the router under another one: the URL is signed.",
    "If all amounts are in one currency, name it in the source's currency; list the ids of your own deal stages in its stages.",
  ],
  samples: [
    {
      name: "deal-stage-changed",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: `[{"eventId":900719925474099312,"subscriptionId":12345,"portalId":62515,${envelope},"subscriptionType":"deal.propertyChange","objectId":3456789012,"propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM_UI","sourceId":"userId:987"}]`,
      expect: {
        kind: "opportunity",
        key: "3456789012",
        type: "deal.propertyChange",
        data: { stage: "won", stageRaw: "closedwon" },
      },
    },
    {
      name: "company-renamed",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: `[{"eventId":2,"subscriptionId":12346,"portalId":62515,${envelope},"subscriptionType":"object.propertyChange","objectTypeId":"0-2","objectId":222,"propertyName":"name","propertyValue":"Müller & Söhne – 東京支店","changeSource":"CRM_UI","sourceId":"userId:987","isSensitive":false}]`,
      expect: { kind: "customer", key: "222", type: "object.propertyChange", data: { name: "Müller & Söhne – 東京支店" } },
    },
    {
      name: "contact-property-nobody-maps",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: `[{"eventId":3,"subscriptionId":12347,"portalId":62515,${envelope},"subscriptionType":"contact.propertyChange","objectId":333,"propertyName":"erp_number","propertyValue":"00420","changeSource":"IMPORT","sourceId":"77"}]`,
      expect: { kind: "customer", key: "contact:333", type: "contact.propertyChange", data: { extra: { erp_number: "00420" } } },
    },
  ],
});
