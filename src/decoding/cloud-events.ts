import { isJsonObject, type JsonObject, type JsonValue } from "../domain/json.ts";
import { ok, type Result } from "../domain/result.ts";
import type { DecodeFailure, GenuineRequest, Part, SourceItem } from "../sources/define.ts";
import { decodeBytes, readTimestamp } from "../verification/signature.ts";
import { readJson, readJsonList, readJsonValue, readName, readParts, readText, unintelligible } from "./document.ts";

/** One event as CloudEvents 1.0 describes it, whichever way it came. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** `source|id`: together they are the event's identity, and the same on a resend. No source can hold the bar. */
  readonly deliveryId: string;
  readonly timeMs: number | null;
  readonly subject: string | null;
  /** All attributes and extensions under their own names, as they were sent. */
  readonly attributes: JsonObject;
  /** Undefined where there is none, or none that is JSON or text. */
  readonly data: JsonValue | undefined;
}

type Read = Result<CloudEvent, DecodeFailure>;

const MEDIA = "application/cloudevents";
const BATCH = "application/cloudevents-batch";
const JSON_MEDIA = /^(?:application|text)\/(?:[\w.-]+\+)?json$/;
const TEXT_MEDIA = /^text\/|[/+]xml$/;
const REQUIRED = ["specversion", "id", "source", "type"] as const;

/**
 * Reads the events of a request in binary, structured or batched mode and hands each to `toItem`. In a batch, an event
 * that cannot be read, or that nobody maps, is set aside alone.
 */
export function decodeCloudEvents(
  request: GenuineRequest,
  toItem: (event: CloudEvent) => Result<SourceItem, DecodeFailure>,
): Result<readonly Part[], DecodeFailure> {
  const media = mediaOf(request.contentType);
  const unsupported = whyUnsupported(media);
  if (unsupported !== null) return unintelligible(unsupported);
  if (media.startsWith(BATCH)) {
    const list = readJsonList(request.body);
    return list.ok ? readParts(list.value, (document) => itemOf(structuredEvent(document), toItem), JSON.stringify) : list;
  }
  const item = itemOf(media.startsWith(MEDIA) ? structured(request.body) : binaryOrUnnamed(request, media), toItem);
  return item.ok ? ok([item.value]) : item;
}

const itemOf = (event: Read, toItem: (event: CloudEvent) => Result<SourceItem, DecodeFailure>): Result<SourceItem, DecodeFailure> =>
  event.ok ? toItem(event.value) : event;

const mediaOf = (contentType: string): string => (contentType.split(";")[0] ?? "").trim().toLowerCase();

/** Of the formats that a structured event or a batch may have, only JSON is read here. */
function whyUnsupported(media: string): string | null {
  if (!media.startsWith(MEDIA) || [MEDIA, BATCH, `${MEDIA}+json`, `${BATCH}+json`].includes(media)) return null;
  return `${media} is an event format that is not supported: let the sender use the JSON format or binary mode`;
}

/** Some brokers pass a structured event on as plain JSON: then the headers say nothing, and the body all. */
function binaryOrUnnamed(request: GenuineRequest, media: string): Read {
  const missing = REQUIRED.filter((name) => !request.headers.has(`ce-${name}`));
  if (missing.length === 0) return binary(request, media);
  const document = media === "" || JSON_MEDIA.test(media) ? readJson(request.body) : null;
  if (document === null || !document.ok || typeof document.value["specversion"] !== "string")
    return unintelligible(
      missing.length < REQUIRED.length
        ? `an event in binary mode needs the headers ${missing.map((name) => `ce-${name}`).join(", ")} too`
        : `no CloudEvent: the content type is ${media === "" ? "missing" : media}, there are no ce- headers, and the body is no event either`,
    );
  return structuredEvent(document.value);
}

/** Attributes are headers; the body is the data, and its content type is that of the data. */
function binary({ headers, body, contentType }: GenuineRequest, media: string): Read {
  const attributes = new Map<string, JsonValue>();
  for (const [name, value] of headers) {
    if (!name.startsWith("ce-") || name === "ce-datacontenttype") continue;
    const decoded = decodeHeaderValue(value);
    if (decoded === null) return unintelligible(`the header ${name} holds percent-encoded bytes that are no UTF-8`);
    attributes.set(name.slice("ce-".length), decoded);
  }
  if (contentType !== "") attributes.set("datacontenttype", contentType);
  const data = dataOf(body, media);
  return data.ok ? eventOf(Object.fromEntries(attributes), data.value) : data;
}

const QUOTED = /"((?:[^"\\]|\\.)*)"/g;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undoes double quotes, then one round of percent-encoding; null if that yields no UTF-8. Other characters stay. */
function decodeHeaderValue(value: string): string | null {
  try {
    return value
      .replace(QUOTED, (_whole, inner: string) => inner.replace(/\\(.)/g, "$1"))
      .replace(ESCAPES, (run) => utf8.decode(Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))));
  } catch {
    return null;
  }
}

function structured(body: Uint8Array): Read {
  const document = readJson(body);
  return document.ok ? structuredEvent(document.value) : document;
}

function structuredEvent(document: JsonObject): Read {
  const { data, data_base64: base64, ...rest } = document;
  // The JSON format lets a sender write an absent attribute as null.
  const attributes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  if (base64 === undefined || base64 === null) return eventOf(attributes, data ?? undefined);
  if (data !== undefined && data !== null) return unintelligible("the event has both data and data_base64");
  const bytes = typeof base64 === "string" ? decodeBytes(base64, "base64") : null;
  if (bytes === null) return unintelligible("data_base64 is not base64");
  const type = attributes["datacontenttype"];
  const decoded = dataOf(bytes, typeof type === "string" ? mediaOf(type) : "");
  return decoded.ok ? eventOf(attributes, decoded.value) : decoded;
}

/** Data of no named type counts as JSON, as in the JSON format. What is neither JSON nor text is left to the stored body. */
function dataOf(bytes: Uint8Array, media: string): Result<JsonValue | undefined, DecodeFailure> {
  if (bytes.byteLength === 0) return ok(undefined);
  if (media === "" || JSON_MEDIA.test(media)) return readJsonValue(bytes);
  return ok(TEXT_MEDIA.test(media) ? (readText(bytes) ?? undefined) : undefined);
}

function eventOf(attributes: JsonObject, data: JsonValue | undefined): Read {
  if (attributes["specversion"] !== "1.0") return unintelligible('the specversion must be "1.0"');
  const [id, source, type] = [readName(attributes["id"]), readName(attributes["source"]), readName(attributes["type"])];
  if (id === null || source === null || type === null)
    return unintelligible("id, source and type must all be texts of 1 to 256 characters without control characters");
  if (/[\s|]/.test(source)) return unintelligible("the source is no URI reference");
  const deliveryId = readName(`${source}|${id}`);
  if (deliveryId === null) return unintelligible("source and id are together longer than 255 characters");
  const time = timeOf(attributes);
  const subject = attributes["subject"] ?? "";
  if (!time.ok) return time;
  if (typeof subject !== "string") return unintelligible("the subject is not text");
  return ok({ id, source, type, deliveryId, timeMs: time.value, subject: subject === "" ? null : subject, attributes, data });
}

/** RFC 3339 allows its two letters in lower case. */
function timeOf({ time }: JsonObject): Result<number | null, DecodeFailure> {
  if (time === undefined) return ok(null);
  const ms = typeof time === "string" ? readTimestamp(time.toUpperCase(), "iso") : null;
  return ms === null ? unintelligible("the time is not a time as RFC 3339 writes it") : ok(ms);
}

/**
 * The record that object maps read: the data, with the event's attributes at `ce`, so that a key may be `ce.subject`.
 * They are not enumerable, so what nobody maps of them is not taken for a field of the record. A member `ce` of the data
 * itself stays what it is and hides them. Data that is no object is found at `data`.
 */
export function recordOf({ attributes }: CloudEvent, data: JsonValue | undefined): JsonObject {
  const record: JsonObject = isJsonObject(data) ? { ...data } : data === undefined ? {} : { data };
  return Object.hasOwn(record, "ce") ? record : Object.defineProperty(record, "ce", { value: attributes, enumerable: false });
}
