import * as z from "zod";
import { decodeCloudEvents, recordOf, type CloudEvent } from "../decoding/cloud-events.ts";
import { ANSWER_BY_STATUS, Path, readName, toItem, unintelligible } from "../decoding/document.ts";
import { NATURES } from "../domain/event.ts";
import { isJsonObject, readPath, type JsonObject } from "../domain/json.ts";
import { object, text, time, word } from "../domain/mapping.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import {
  defineSource,
  type DecodeFailure,
  type GenuineRequest,
  type ObjectMaps,
  type Part,
  type Sample,
  type SourceItem,
} from "./define.ts";

const Settings = z.strictObject({
  authentication: Authentication,
  /** Where in the data the record is. Absent: the data is the record. The event's attributes are at `ce` of the record. */
  record: Path.optional(),
  /** The object that a type is about, by the type or by its beginning up to a dot. Absent: the type itself names it. */
  objectByType: z.record(z.string().min(1), z.string().min(1)).default({}),
  nature: z.enum(NATURES).default("snapshot"),
  deletedTypes: z.array(z.string()).default([]),
  /** What says which of two events is newer, in the record. Absent: the extension `sequence`, else the time. */
  order: z.strictObject({ path: Path, as: z.enum(["int", "iso", "s", "ms", "lex"]) }).optional(),
  /** Who may ask for permission to send, by the DNS name that they give; "*" for anyone. */
  allowedOrigins: z.array(z.string().min(1)).default([]),
  ratePerMinute: z.int().min(1).default(6_000),
});
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

const decode = (request: GenuineRequest, context: Context): Result<readonly Part[], DecodeFailure> =>
  decodeCloudEvents(request, (event) => readEvent(event, context));

function readEvent(event: CloudEvent, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  const { type } = event;
  const found = settings.record === undefined ? event.data : readPath(event.data ?? null, settings.record);
  if (settings.record !== undefined && !isJsonObject(found))
    return unintelligible(`${type}: no record at "${settings.record}" of the data`);
  const record = recordOf(event, found);
  const ordered = settings.order === undefined ? orderOfEvent(event) : orderInRecord(record, settings.order);
  if (!ordered.ok) return unintelligible(`${type}: ${ordered.failure}`);
  // A sequence is of one CloudEvents source. Changes are not set apart by it: an older one still has something to say.
  const scoped = settings.nature !== "delta" && settings.order === undefined && event.attributes["sequence"] !== undefined;
  return toItem(
    {
      type,
      object: objectOfType(type, settings.objectByType),
      record,
      deliveryId: event.deliveryId,
      occurredAtMs: event.timeMs,
      order: ordered.value,
      nature: settings.nature,
      deleted: settings.deletedTypes.includes(type),
      ...(scoped ? { scope: event.source } : {}),
    },
    objects,
  );
}

/** The longest name that a type is, or begins with up to one of its dots. */
function objectOfType(type: string, byType: Settings["objectByType"]): string {
  for (let end = type.length; end > 0; end = type.lastIndexOf(".", end - 1)) {
    const prefix = type.slice(0, end);
    if (Object.hasOwn(byType, prefix)) return byType[prefix] ?? type;
  }
  return type;
}

/** Sequences compare as text, unless the event says that they are integers. */
function orderOfEvent({ attributes, timeMs }: CloudEvent): Result<OrderToken, string> {
  const { sequence, sequencetype } = attributes;
  if (sequence === undefined) return ok(timeMs === null ? NO_ORDER : timeToken(timeMs));
  const value = typeof sequence === "string" ? readName(sequence) : null;
  if (value === null) return fail("its sequence is not a text; settings.order can read one that is a number");
  if (sequencetype !== "Integer") return ok({ kind: "lex", value });
  return /^-?\d+$/.test(value) ? ok({ kind: "int", value }) : fail("its sequence is not the Integer that its sequencetype says");
}

function orderInRecord(record: JsonObject, { path, as }: NonNullable<Settings["order"]>): Result<OrderToken, string> {
  const value = readPath(record, path);
  if (value === undefined || value === null) return ok(NO_ORDER);
  const said = readName(value) ?? "";
  const ms = as === "int" || as === "lex" ? null : readTimestamp(said, as);
  if (ms !== null) return ok(timeToken(ms));
  if (as === "int" && /^-?\d+$/.test(said)) return ok({ kind: "int", value: said });
  return as === "lex" && said !== "" ? ok({ kind: "lex", value: said }) : fail(`the order at "${path}" cannot be read as ${as}`);
}

const sampled: Pick<Sample, "contentType" | "provenance" | "settings" | "objects"> = {
  contentType: "application/cloudevents+json; charset=utf-8",
  provenance: "github.com/cloudevents/spec, json-format and sequence extension of version 1.0.2, read 2026-11-24; event made up",
  settings: {
    authentication: { type: "bearer" },
    objectByType: { "com.acme.shipping": "shipment", "com.acme.crm.contact": "contact" },
    allowedOrigins: ["events.acme.example"],
  },
  objects: {
    shipment: object("shipment", "id", {
      orderId: text("orderId"),
      status: word("state", { packed: "packed", handed_over: "shipped", delivered: "delivered" }),
      carrier: text("carrier"),
      shippedAt: time("handedOverAt"),
    }),
    contact: object("customer", "ce.subject", { name: text("name"), email: text("email") }),
  },
};

/**
 * Any sender of CloudEvents 1.0 over HTTP, in binary, structured or batched mode. How it proves itself is configuration;
 * the specification asks for a bearer token. It orders by the extension `sequence`, of one source, else by time, and
 * asks for permission by OPTIONS before it sends. A resend has the same source and id.
 */
export const cloudevents = defineSource<Settings>({
  scheme: "cloudevents",
  title: "CloudEvents",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  handshakes: ({ allowedOrigins, ratePerMinute }) => [
    { kind: "cloudEventsOptions", origins: allowedOrigins, ratePerMinute, authorized: false },
  ],
  objects: () => ({}),
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [429, "5xx"],
    harmful: [410, "3xx"],
    timeoutMs: null,
    source:
      "github.com/cloudevents/spec, http-webhook 1.0.2 section 2.2, read 2026-11-24: 410 retires the target, redirects are forbidden, 429 is waited out; which others are retried is the sender's choice",
  },
  setup: [
    "Name in allowedOrigins what the sender gives as WebHook-Request-Origin, usually its DNS name.",
    "Give the sender {url} as delivery target. It first asks by OPTIONS, which is answered for the origins that are named.",
    'Let it send `Authorization: Bearer {secret}`, or what settings.authentication says; for the token in the URL that the specification knows, {type: "query", parameter: "access_token"}.',
    "Let it set the extension sequence, padded with zeros to one length, or a time with fractions of a second.",
  ],
  samples: [
    {
      ...sampled,
      name: "shipment-handed-over",
      body: `{"specversion":"1.0","id":"{id}","source":"/warehouses/hh-2","type":"com.acme.shipping.handed_over.v1","time":"{now:iso}","subject":"SHP-77","datacontenttype":"application/json","sequence":"0000000000000042","data":{"id":"SHP-77","orderId":"50001","state":"handed_over","carrier":"Überland Kurier 佐川","handedOverAt":"2026-01-01T00:00:00Z","parcelNumber":340434161094042557}}`,
      expect: {
        kind: "shipment",
        key: "SHP-77",
        type: "com.acme.shipping.handed_over.v1",
        data: {
          orderId: "50001",
          status: "shipped",
          statusRaw: "handed_over",
          carrier: "Überland Kurier 佐川",
          shippedAt: "2026-01-01T00:00:00.000Z",
          extra: { parcelNumber: "340434161094042557" },
        },
      },
    },
    {
      ...sampled,
      name: "contact-as-plain-json",
      contentType: "application/json",
      body: `{"specversion":"1.0","id":"{id}","source":"https://crm.acme.example/","type":"com.acme.crm.contact.changed","time":"{now:iso}","subject":"C-1001","data":{"name":"Jörg Weiß","email":"joerg@example.com","tags":["vip"]}}`,
      expect: {
        kind: "customer",
        key: "C-1001",
        type: "com.acme.crm.contact.changed",
        data: { name: "Jörg Weiß", email: "joerg@example.com", extra: { tags: ["vip"] } },
      },
    },
  ],
});
