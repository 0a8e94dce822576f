import * as z from "zod";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { envelopeSignature, orderByCounter } from "../decoding/envelope.ts";
import type { JsonObject } from "../domain/json.ts";
import { object, text, time, word, type FieldRule, type ObjectMap } from "../domain/mapping.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Instances that may send, by the first part of their host name. Absent: whoever has the secret. */
  instances: z
    .array(z.string().regex(/^[a-z0-9-]+$/i, "must be the name of an instance, such as acme"))
    .min(1)
    .optional(),
  /** `utf8`: the secret is text, which the script encodes. `base64`: it is the key as generateMac takes it. */
  secretEncoding: z.enum(["utf8", "base64"]).default("utf8"),
  /** How else than by our script's signature a request proves its sender, such as "basic" of a REST step. */
  authentication: Authentication.optional(),
});
type Settings = z.infer<typeof Settings>;

const task: Readonly<Record<"number" | "subject" | "description" | "openedAt" | "priority", FieldRule>> = {
  number: text("number"),
  subject: text("short_description"),
  description: text("description"),
  openedAt: time("opened_at"),
  priority: word("priority", { "1": "urgent", "2": "high", "3": "normal", "4": "low", "5": "low" }),
};

const contact: Readonly<Record<"name" | "email" | "phone" | "region", FieldRule>> = {
  name: text("name"),
  email: text("email"),
  phone: text("phone"),
  region: text("country"),
};

const active = word("active", { "1": "active", true: "active", "0": "inactive", false: "inactive" });

/** The tables of Customer Service Management and of Incident, with the choices that they come with. Values are raw. */
const OBJECTS: ObjectMaps = {
  sn_customerservice_case: object("case", "sys_id", {
    ...task,
    status: word("state", { "1": "new", "10": "open", "18": "pending", "6": "resolved", "3": "closed", "7": "closed" }),
    customerId: text("account"),
    requesterId: text("contact"),
  }),
  incident: object("case", "sys_id", {
    ...task,
    status: word("state", { "1": "new", "2": "open", "3": "on_hold", "6": "resolved", "7": "closed", "8": "closed" }),
    customerId: text("company"),
    requesterId: text("caller_id"),
  }),
  customer_account: object("customer", "sys_id", { ...contact, number: text("number"), status: active }),
  customer_contact: object("customer", "sys_id", { ...contact, status: active }),
  service_entitlement: object("entitlement", "sys_id", {
    name: text("name"),
    customerId: text("account"),
    plan: text("product"),
    // What is not active any more may not be used, whatever ended it.
    status: word("active", { "1": "active", true: "active", "0": "expired", false: "expired" }),
    startsAt: time("start_date"),
    endsAt: time("end_date"),
  }),
};

const DELETED: Readonly<Record<string, boolean>> = { insert: false, update: false, delete: true };

/** One event a request: the envelope that integrations/servicenow/SignalboxSender.js builds, with the record's fields in it. */
function decode(request: GenuineRequest, settings: Settings, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const envelope = document.value;
  if (settings.instances !== undefined && !mayInstanceSend(readName(envelope["instance"]), settings.instances))
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const [table, sysId, action] = ["table", "sys_id", "action"].map((name) => readName(envelope[name]));
  if (!table || !sysId || !action) return unintelligible("the envelope must have table, sys_id and action");
  const [type, deliveryId] = [`${table}.${action}`, readName(envelope["eventId"])];
  const deleted = Object.hasOwn(DELETED, action) ? DELETED[action] : undefined;
  if (deleted === undefined) return unmapped({ type, deliveryId }, `an action is one of ${Object.keys(DELETED).join(", ")}`);
  const updatedAtMs = glideMs(envelope["sys_updated_on"]);
  if (!updatedAtMs.ok) return unintelligible(`${type}: ${updatedAtMs.failure}`);
  const order = orderByCounter(envelope, "sys_mod_count", updatedAtMs.value);
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const item = toItem(
    {
      type,
      object: table,
      record: recordOf(envelope, Object.hasOwn(objects, table) ? objects[table] : undefined),
      deliveryId,
      occurredAtMs: updatedAtMs.value,
      order: order.value,
      nature: order.value.kind === "none" ? "hint" : "snapshot",
      deleted,
    },
    objects,
  );
  return item.ok ? ok([item.value]) : item;
}

const mayInstanceSend = (instance: string | null, allowed: readonly string[]): boolean =>
  instance !== null && allowed.some((name) => name.toLowerCase() === instance.toLowerCase());

const GLIDE_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/** ServiceNow's raw times are UTC and do not say so. */
const zoned = (raw: string): string => (GLIDE_TIME.test(raw) ? `${raw.replace(" ", "T")}Z` : raw);

function glideMs(value: JsonObject[string] | undefined): Result<number | null, string> {
  if (value === undefined || value === null || value === "") return ok(null);
  const ms = readTimestamp(zoned(readName(value) ?? ""), "iso");
  return ms === null ? fail("its sys_updated_on is no time such as 2026-01-31 12:00:00") : ok(ms);
}

const ENVELOPE = new Set(["eventId", "instance", "table", "action", "sys_mod_count", "sys_updated_on"]);

/** The record alone, with the zone added to the times that its map reads. */
function recordOf(envelope: JsonObject, map: ObjectMap | undefined): JsonObject {
  const times = new Set(Object.values(map?.fields ?? {}).flatMap((rule) => (rule.as === "time" ? [rule.from] : [])));
  const own = Object.entries(envelope).filter(([name]) => !ENVELOPE.has(name));
  return Object.fromEntries(own.map(([name, value]) => [name, times.has(name) && typeof value === "string" ? zoned(value) : value]));
}

const PROVENANCE =
  "integrations/servicenow/SignalboxSender.js of 2026-11-24, which writes this envelope, with column names of ServiceNow's tables; records made up";

/**
 * ServiceNow by a business rule: our own envelope, as integrations/servicenow/SignalboxSender.js builds and signs it. Base64
 * HMAC-SHA256 over `{timestamp}.{body}`; the time is that of the attempt, `eventId` is kept over the attempts. `sys_mod_count`
 * grows by one with every update of the record and orders; what is not answered with a 2xx is sent again for a day.
 */
export const servicenow = defineSource<Settings>({
  scheme: "servicenow",
  title: "ServiceNow",
  settings: Settings,
  verification: ({ authentication, secretEncoding }) =>
    authentication === undefined ? envelopeSignature({ encoding: "base64", secretEncoding }) : verificationOf(authentication),
  decode: (request, context) => decode(request, context.settings, context.objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: 10_000,
    source:
      "integrations/servicenow/SignalboxSender.js, read 2026-11-24; RESTMessageV2 by itself never tries again " +
      "(servicenow.com/docs/r/api-reference/web-services/r_DirectRESTMessageV2Example.html, read 2026-11-24)",
  },
  setup: [
    "Create the system properties signalbox.url with {url}, and signalbox.secret, of type password2, with {secret}.",
    "Create the table u_signalbox_outbox, as integrations/servicenow/README.md says.",
    "Create the script include SignalboxSender from integrations/servicenow/SignalboxSender.js.",
    "Create a business rule from business_rule.js for each table, after insert, update and delete.",
    "Create a scheduled script execution from scheduled_job.js that runs every minute.",
  ],
  samples: [
    {
      name: "case-updated",
      provenance: PROVENANCE,
      contentType: "application/json; charset=utf-8",
      settings: { instances: ["acme"] },
      body: `{"eventId":"{id}","instance":"acme","table":"sn_customerservice_case","sys_id":"46d44a8e1b0011103f0c99f1f54bcb01","action":"update","sys_mod_count":7,"sys_updated_on":"2026-01-01 00:00:00","number":"CS0001001","short_description":"Gr\\u00f6\\u00dfe falsch","state":"18","priority":"2","account":"8a5055c9c61122780043563ef53438e3","contact":"5137153cc611227c000bbd1bd8cd2005","opened_at":"2025-12-31 23:30:00","correlation_id":"0062400000Zz1aBAAR","u_legacy_ref":820982911946154508}`,
      expect: {
        kind: "case",
        key: "46d44a8e1b0011103f0c99f1f54bcb01",
        type: "sn_customerservice_case.update",
        data: {
          number: "CS0001001",
          subject: "Größe falsch",
          status: "pending",
          statusRaw: "18",
          priority: "high",
          priorityRaw: "2",
          customerId: "8a5055c9c61122780043563ef53438e3",
          requesterId: "5137153cc611227c000bbd1bd8cd2005",
          openedAt: "2025-12-31T23:30:00.000Z",
          extra: { correlation_id: "0062400000Zz1aBAAR", u_legacy_ref: "820982911946154508" },
        },
      },
    },
    {
      name: "entitlement-inserted",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: `{"eventId":"{id}","instance":"acme","table":"service_entitlement","sys_id":"0b2a5d9e1b0011103f0c99f1f54bcb77","action":"insert","sys_mod_count":"0","sys_updated_on":"2026-01-01 00:00:00","name":"Wartung Gold – 24×7","account":"8a5055c9c61122780043563ef53438e3","product":"gold","start_date":"2026-01-01","active":"1"}`,
      expect: {
        kind: "entitlement",
        key: "0b2a5d9e1b0011103f0c99f1f54bcb77",
        type: "service_entitlement.insert",
        data: {
          name: "Wartung Gold – 24×7",
          customerId: "8a5055c9c61122780043563ef53438e3",
          plan: "gold",
          status: "active",
          statusRaw: "1",
          startsAt: "2026-01-01T00:00:00.000Z",
        },
      },
    },
  ],
});
