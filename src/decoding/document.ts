import * as z from "zod";
import { canonicalFields } from "../domain/entities/index.ts";
import { NATURES, type Nature } from "../domain/event.ts";
import { isJsonObject, parseJson, readPath, type JsonObject, type JsonValue } from "../domain/json.ts";
import { clearedFields, mapRecord, scalarText } from "../domain/mapping.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { DecodeFailure, GenuineRequest, ObjectMaps, Part, SourceItem, StatusPolicy } from "../sources/define.ts";
import { readTimestamp } from "../verification/signature.ts";

/** For senders that only look at the status: most retry a 503, and drop or switch off on 4xx. */
export const ANSWER_BY_STATUS: StatusPolicy = {
  stored: "accepted",
  notUnderstood: "accepted",
  notVerified: 401,
  cannotStore: 503,
  rateLimited: 429,
  tooLarge: 413,
  wrongEncoding: 415,
};

export const Path = z.string().regex(/^[^.]+(\.[^.]+)*$/, 'must be a dotted path from the top of the document, such as "data.id"');

/** Where the parts of an event are in a JSON document. All paths start at the top of the document. */
export const documentShape = {
  type: Path.default("type"),
  record: Path.default("data"),
  /** Where the record type is named, or its name if there is only one. Absent: the type up to its first dot. */
  object: z.union([z.strictObject({ path: Path }), z.string().min(1)], 'must be a name, or {path: "..."}').optional(),
  occurredAt: z.strictObject({ path: Path, as: z.enum(["iso", "s", "ms"]) }).optional(),
  /** What says which of two events is newer. */
  order: z
    .strictObject({
      path: Path,
      as: z.enum(["int", "iso", "s", "ms", "lex"]),
      /** The numbers count the record's changes one by one: a change behind a missing one waits for it. */
      consecutive: z.boolean().optional(),
    })
    .optional(),
  nature: z.enum(NATURES).default("snapshot"),
  /** Types that say that the record is gone. */
  deletedTypes: z.array(z.string()).default([]),
};
const DocumentSettings = z.object(documentShape);
export type DocumentSettings = z.infer<typeof DocumentSettings>;

/** Far deeper than any sender's; nothing that later walks the document can run out of stack. */
const DEEPEST = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const CONTROL = /\p{Cc}/u;
const LONGEST_NAME = 256;
const LONGEST_DETAIL = 400;

export const unintelligible = (detail: string): { readonly ok: false; readonly failure: DecodeFailure } =>
  fail({ kind: "unintelligible", detail: detail.slice(0, LONGEST_DETAIL) });

/** The text of a body without its byte order mark; null if it is not UTF-8. */
export function readText(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

/** Reads a body that must be JSON, without losing a digit. */
export function readJsonValue(body: Uint8Array): Result<JsonValue, DecodeFailure> {
  const text = readText(body);
  if (text === null) return unintelligible("the body is not UTF-8 text");
  const parsed = parseJson(text);
  if (!parsed.ok) return unintelligible(`the body is not JSON: ${parsed.failure}`);
  return nestsDeeperThan(DEEPEST, parsed.value) ? unintelligible(`the JSON nests deeper than ${DEEPEST} levels`) : parsed;
}

/** Reads a body that must be one JSON object. */
export function readJson(body: Uint8Array): Result<JsonObject, DecodeFailure> {
  const parsed = readJsonValue(body);
  if (!parsed.ok) return parsed;
  return isJsonObject(parsed.value) ? ok(parsed.value) : unintelligible("the body is JSON, but no object");
}

/** Reads a body that is one JSON object or a list of them. */
export function readEvents(body: Uint8Array, most: number): Result<readonly JsonObject[], DecodeFailure> {
  const parsed = readJsonValue(body);
  if (!parsed.ok) return parsed;
  const events = Array.isArray(parsed.value) ? (parsed.value as readonly JsonValue[]) : [parsed.value];
  if (events.length > most) return unintelligible(`${events.length} events; at most ${most} are read`);
  return events.every(isJsonObject) ? ok(events) : unintelligible("the body is JSON, but no event, nor a list of them");
}

/** Most items of one request that are read: more is an attack or a mistake. */
const MOST_ITEMS = 1_000;

/** Reads a body that must be a JSON list of objects, such as a batch of events. */
export function readJsonList(body: Uint8Array): Result<readonly JsonObject[], DecodeFailure> {
  const parsed = readJsonValue(body);
  if (!parsed.ok) return parsed;
  if (!Array.isArray(parsed.value)) return unintelligible("the body is JSON, but no list");
  const list = parsed.value as readonly JsonValue[];
  if (list.length > MOST_ITEMS) return unintelligible(`the list has ${list.length} items; at most ${MOST_ITEMS} are read`);
  return list.every(isJsonObject) ? ok(list) : unintelligible("the list holds something else than objects");
}

/**
 * The parts of a batch: each item on its own, so that one that cannot be read, or that nobody maps, is set aside alone.
 * `content` of a part is its own text; the first `rejected` item rejects the whole request.
 */
export function readParts<T>(
  items: readonly T[],
  readOne: (item: T, index: number) => Result<SourceItem, DecodeFailure>,
  contentOf: (item: T) => string,
): Result<readonly Part[], DecodeFailure> {
  if (items.length === 0) return unmapped({ type: "batch", deliveryId: null }, "an empty batch");
  const parts: Part[] = [];
  for (const [index, item] of items.entries()) {
    const read = readOne(item, index);
    if (read.ok) parts.push({ content: contentOf(item), ...read.value });
    else if (read.failure.kind === "rejected") return fail(read.failure);
    else parts.push(oddPart(read.failure, contentOf(item)));
  }
  return ok(parts);
}

const oddPart = (failure: Exclude<DecodeFailure, { readonly kind: "rejected" }>, content: string): Part => ({
  odd: failure.kind,
  type: failure.kind === "unmapped" ? failure.type : "unreadable",
  deliveryId: failure.kind === "unmapped" ? failure.deliveryId : null,
  detail: failure.detail,
  content,
});

function nestsDeeperThan(levels: number, value: JsonValue): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some((member) => nestsDeeperThan(levels - 1, member));
  const members = value as JsonObject;
  for (const name in members) {
    const member = members[name];
    if (typeof member === "object" && nestsDeeperThan(levels - 1, member)) return true;
  }
  return false;
}

/** A name or id: a single value of 1 to 256 characters, none of them a control character. */
export function readName(value: JsonValue | undefined): string | null {
  const text = scalarText(value);
  return text !== undefined && text !== "" && text.length <= LONGEST_NAME && !CONTROL.test(text) ? text : null;
}

/** An event as found in a body, before its record is mapped. */
export interface Found extends Omit<SourceItem, "entity"> {
  /** The sender's name of the record's type. */
  readonly object: string;
  readonly record: JsonObject;
}

/** Maps what was found to the business event it stands for. */
export function toItem(found: Found, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  const { object, record, ...item } = found;
  const map = Object.hasOwn(objects, object) ? objects[object] : undefined;
  if (map === undefined)
    return unmapped(found, `no object "${object}" is configured; there are ${Object.keys(objects).join(", ") || "none"}`);
  const entity = mapRecord(record, map, canonicalFields(map.kind));
  if (!entity.ok) return unintelligible(`${object} of ${found.type}: ${entity.failure}`);
  if (readName(entity.value.key) === null)
    return unintelligible(`${object} of ${found.type}: its id is longer than ${LONGEST_NAME} characters or holds control characters`);
  const cleared = item.nature === "delta" ? clearedFields(record, map) : [];
  return ok({ ...item, entity: entity.value, ...(cleared.length === 0 ? {} : { cleared }) });
}

export const unmapped = (of: { readonly type: string; readonly deliveryId: string | null }, detail: string): Result<never, DecodeFailure> =>
  fail({ kind: "unmapped", type: of.type, deliveryId: of.deliveryId, detail: detail.slice(0, LONGEST_DETAIL) });

export interface DocumentRules {
  readonly settings: DocumentSettings;
  readonly objects: ObjectMaps;
  readonly deliveryId: (document: JsonObject) => string | null;
  /** Without an `order` of its own the document's time counts. */
  readonly orderByTime: boolean;
}

/** Reads the one event of a JSON document, from the places that the settings name. */
export function decodeDocument(request: GenuineRequest, rules: DocumentRules): Result<readonly SourceItem[], DecodeFailure> {
  const { settings, objects } = rules;
  const document = readJson(request.body);
  if (!document.ok) return document;
  const type = readName(readPath(document.value, settings.type));
  if (type === null) return unintelligible(`no type at "${settings.type}"`);
  const object = readObjectName(document.value, settings, type);
  if (object === null) return unintelligible(`${type}: no name of a record type where settings.object says`);
  const record = readPath(document.value, settings.record);
  if (!isJsonObject(record)) return unintelligible(`${type}: no record at "${settings.record}"`);
  const occurredAtMs = readTime(document.value, settings.occurredAt);
  const order = readOrder(document.value, settings.order, rules.orderByTime ? occurredAtMs : null);
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const item = toItem(
    {
      type,
      object,
      record,
      occurredAtMs,
      order: order.value,
      ...(settings.order?.consecutive === true ? { consecutive: true } : {}),
      deliveryId: rules.deliveryId(document.value),
      nature: settings.nature satisfies Nature,
      deleted: settings.deletedTypes.includes(type),
    },
    objects,
  );
  return item.ok ? ok([item.value]) : item;
}

function readObjectName(document: JsonObject, { object }: DocumentSettings, type: string): string | null {
  if (typeof object === "string") return object;
  return object === undefined ? (type.split(".")[0] ?? null) : readName(readPath(document, object.path));
}

/** A time that cannot be read is no reason to hold the event up: only its order would be. */
function readTime(document: JsonObject, at: DocumentSettings["occurredAt"]): number | null {
  const text = at === undefined ? undefined : scalarText(readPath(document, at.path));
  return at === undefined || text === undefined ? null : readTimestamp(text, at.as);
}

function readOrder(document: JsonObject, at: DocumentSettings["order"], fallbackMs: number | null): Result<OrderToken, string> {
  if (at === undefined) return ok(fallbackMs === null ? NO_ORDER : timeToken(fallbackMs));
  const value = readPath(document, at.path);
  if (value === undefined || value === null) return ok(NO_ORDER);
  const token = tokenOf(readName(value) ?? "", at.as);
  return token === null ? fail(`the order at "${at.path}" is not ${ORDER_WORDS[at.as]}`) : ok(token);
}

const ORDER_WORDS = {
  int: "a whole number",
  lex: "a short text",
  iso: "an ISO 8601 time with its zone",
  s: "a time in seconds since 1970",
  ms: "a time in milliseconds since 1970",
} as const;

function tokenOf(text: string, as: keyof typeof ORDER_WORDS): OrderToken | null {
  if (as === "int") return /^-?\d+$/.test(text) ? { kind: "int", value: text } : null;
  if (as === "lex") return text === "" ? null : { kind: "lex", value: text };
  const ms = readTimestamp(text, as);
  return ms === null ? null : timeToken(ms);
}

/** The order token of a record's own time stamp: none where it has none, and a failure where it cannot be read. */
export const orderByTimeAt = (record: JsonObject, path: string, as: "iso" | "s"): Result<OrderToken, string> =>
  readOrder(record, { path, as }, null);
