import { correlationIdOf, eventId } from "../domain/event-id.ts";
import {
  entityName,
  type Envelope,
  type EntityEvent,
  type Payload,
  type Priority,
  type StoredBody,
  type Verdict,
} from "../domain/event.ts";
import { entityDefinition, lifecycleRank } from "../domain/entities/index.ts";
import type { SourceConfig } from "../domain/config.ts";
import type { JsonObject } from "../domain/json.ts";
import type { RejectionReason } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { DecodeFailure, GenuineRequest, LiveSecret, ObjectMaps, SourceDefinition, SourceItem } from "../sources/define.ts";

/** A source as this deployment runs it: its configuration, resolved once. */
export interface LiveSource {
  readonly name: string;
  readonly definition: SourceDefinition;
  readonly config: SourceConfig;
  readonly settings: unknown;
  readonly objects: ObjectMaps;
  /** Secrets that are accepted now. */
  readonly secrets: (nowMs: number) => readonly LiveSecret[];
  readonly configVersion: string;
}

export interface Arrival {
  readonly source: LiveSource;
  readonly body: Uint8Array;
  readonly headers: Headers;
  readonly url: URL;
  readonly receivedAtMs: number;
}

export interface Proof {
  readonly secretId: string;
  readonly deliveryId: string | null;
}

export interface IngestPorts {
  readonly verify: (arrival: Arrival) => Promise<Result<Proof, RejectionReason>>;
  readonly random: (bytes: number) => Uint8Array;
  readonly sha256: (data: Uint8Array) => Promise<string>;
  /** Stores bytes beside the queue; rejects if it cannot. */
  readonly putBody: (key: string, body: Uint8Array | string) => Promise<void>;
  /** The one durable write. Rejects if the queue refuses or takes too long. */
  readonly enqueue: (priority: Priority, messages: readonly string[]) => Promise<void>;
  /** The second way to be durable: straight to the entity's object. Rejects if it cannot. */
  readonly spill: (entity: string, events: readonly EntityEvent[]) => Promise<void>;
}

export type Ingested =
  | {
      readonly kind: "stored";
      readonly status: "accepted" | "quarantined";
      readonly ids: readonly string[];
      readonly correlationId: string;
      readonly traceparent: string;
    }
  | { readonly kind: "rejected"; readonly reason: RejectionReason }
  | { readonly kind: "notStored"; readonly detail: string };

/**
 * Takes one request in: verifies its raw bytes, reads it, and makes its events durable before it says so. Answers
 * `stored` only after the queue, or else every entity's object, has taken them.
 */
export async function ingest(arrival: Arrival, ports: IngestPorts): Promise<Ingested> {
  const proof = await ports.verify(arrival);
  return proof.ok ? takeIn(arrival, { ...proof.value, replayOf: null }, ports) : { kind: "rejected", reason: proof.failure };
}

/** How a request was proven, or, for one that an operator puts in again, had been when it first came. */
export interface Proven extends Proof {
  readonly replayOf: string | null;
}

/** Reads a proven request and makes its events durable. */
export async function takeIn(arrival: Arrival, proof: Proven, ports: IngestPorts): Promise<Ingested> {
  const { source } = arrival;
  const request: GenuineRequest = {
    body: arrival.body,
    headers: arrival.headers,
    contentType: arrival.headers.get("content-type") ?? "",
    receivedAtMs: arrival.receivedAtMs,
  };
  const decoded = source.definition.decode(request, { settings: source.settings, objects: source.objects });
  if (!decoded.ok && decoded.failure.kind === "rejected") return { kind: "rejected", reason: decoded.failure.reason };
  try {
    const events = await envelopes({ arrival, proof, decoded }, ports);
    return await store(events, ports);
  } catch (error) {
    return { kind: "notStored", detail: error instanceof Error ? error.message : String(error) };
  }
}

interface Read {
  readonly arrival: Arrival;
  readonly proof: Proven;
  readonly decoded: Result<readonly SourceItem[], DecodeFailure>;
}

async function envelopes(read: Read, ports: IngestPorts): Promise<readonly Envelope[]> {
  const { arrival, decoded } = read;
  const bodyHash = await ports.sha256(arrival.body);
  const items = decoded.ok ? decoded.value : [];
  // What a sender puts into its bodies as a live credential is taken out before anything is kept.
  const body = arrival.source.definition.forStorage?.(arrival.body) ?? arrival.body;
  const raw = await storeRaw({ ...arrival, body }, Math.max(1, items.length), ports);
  const base = common(read, { bodyHash, raw, random: ports.random });
  if (!decoded.ok) return [strange(base, decoded.failure)];
  return Promise.all(
    items.map((item, index) =>
      entityEvent(base, item, { index, of: items.length, bodyBytes: body.byteLength, source: arrival.source, ports }),
    ),
  );
}

type Base = ReturnType<typeof common>;

interface Facts {
  readonly bodyHash: string;
  readonly raw: StoredBody;
  readonly random: IngestPorts["random"];
}

/** What all events of one request share; each takes its own id. */
function common(read: Read, facts: Facts) {
  const { arrival, proof } = read;
  const id = (): string => eventId(arrival.receivedAtMs, facts.random(16));
  const first = id();
  const verdict: Verdict = arrival.source.definition.verdict;
  return {
    id,
    first,
    deliveryId: proof.deliveryId,
    replayOf: proof.replayOf,
    shared: {
      v: 1 as const,
      specversion: "1.0" as const,
      source: `/in/${arrival.source.name}`,
      correlationid: correlationOf(arrival.headers) ?? correlationIdOf(first),
      traceparent: traceOf(arrival.headers) ?? newTrace(facts.random),
      sourceName: arrival.source.name,
      receivedAtMs: arrival.receivedAtMs,
      verdict,
      secretId: proof.secretId,
      configVersion: arrival.source.configVersion,
      contentHash: facts.bodyHash,
      contentType: arrival.headers.get("content-type") ?? "",
      raw: facts.raw,
    },
  };
}

interface Place {
  readonly index: number;
  readonly of: number;
  readonly bodyBytes: number;
  readonly source: LiveSource;
  readonly ports: IngestPorts;
}

async function entityEvent(base: Base, item: SourceItem, place: Place): Promise<EntityEvent> {
  const { source, ports } = place;
  const id = place.index === 0 ? base.first : base.id();
  const { kind, key, data } = item.entity;
  const contentHash = item.content === undefined ? base.shared.contentHash : await ports.sha256(new TextEncoder().encode(item.content));
  const occurred = item.occurredAtMs === null ? undefined : new Date(item.occurredAtMs).toISOString();
  const known = item.deliveryId ?? base.deliveryId;
  const deliveryId =
    known === null
      ? await ports.sha256(new TextEncoder().encode([source.name, kind, key, item.type, occurred ?? "", contentHash].join("|")))
      : known;
  return {
    ...base.shared,
    id,
    contentHash,
    what: "entity",
    type: item.type,
    subject: entityName(item.entity),
    partitionkey: entityName(item.entity),
    ...(occurred === undefined ? {} : { time: occurred }),
    priority: priorityOf(source.config, kind),
    // One request can hold several items under one delivery id; each is a delivery of its own.
    deliveryId: item.deliveryId === null && place.of > 1 && known !== null ? `${deliveryId}#${place.index}` : deliveryId,
    synthetic: known === null,
    entity: { kind, key, schemaVersion: entityDefinition(kind).version },
    nature: item.nature,
    deleted: item.deleted,
    order: item.order,
    rank: lifecycleRank(kind, data),
    payload: await storePayload(id, data, place),
    ...(base.replayOf === null ? {} : { replayOf: base.replayOf }),
  };
}

/** A genuine request without an entity: nobody maps its type, or nobody can read it. */
function strange(base: Base, failure: DecodeFailure): Envelope {
  const deliveryId = ("deliveryId" in failure ? failure.deliveryId : null) ?? base.deliveryId;
  const named = { ...base.shared, id: base.first, deliveryId: deliveryId ?? base.shared.contentHash, synthetic: deliveryId === null };
  return failure.kind === "unmapped"
    ? { ...named, what: "ignored", type: failure.type, priority: "bulk", reason: failure.detail }
    : {
        ...named,
        what: "quarantine",
        type: "unreadable",
        priority: "standard",
        reason: failure.kind === "unintelligible" ? failure.detail : failure.reason,
      };
}

const priorityOf = (config: SourceConfig, kind: EntityEvent["entity"]["kind"]): Priority =>
  typeof config.priority === "string" ? config.priority : (config.priority[kind] ?? "standard");

/** The raw body goes with the message if every copy of it fits, else to R2 with a reference. */
async function storeRaw(arrival: Arrival, copies: number, ports: IngestPorts): Promise<StoredBody> {
  const { body } = arrival;
  if (body.byteLength * copies <= LIMITS.inlineRawBytes) return inlineBody(body);
  const key = `raw/${arrival.source.name}/${eventId(arrival.receivedAtMs, ports.random(16))}`;
  await ports.putBody(key, body);
  return { at: "r2", key, bytes: body.byteLength };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Control characters grow sixfold as JSON text; base64 does not. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const SWELLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

function inlineBody(body: Uint8Array): StoredBody {
  const text = decodeText(body);
  if (text !== null && !SWELLS.test(text)) return { at: "text", text };
  let binary = "";
  for (const byte of body) binary += String.fromCharCode(byte);
  return { at: "base64", base64: btoa(binary) };
}

function decodeText(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

async function storePayload(id: string, data: JsonObject, { bodyBytes, ports }: Place): Promise<Payload> {
  // What is read from a body is hardly ever twice its size; where it is, the message's own limit still holds.
  if (bodyBytes * 2 <= LIMITS.inlineDataBytes) return { at: "inline", data };
  const text = JSON.stringify(data);
  // A character is at most three bytes of UTF-8 and most are one: the exact count is only needed near the limit.
  if (text.length <= LIMITS.inlineDataBytes / 3 || new TextEncoder().encode(text).byteLength <= LIMITS.inlineDataBytes)
    return { at: "inline", data };
  const key = `data/${id}`;
  await ports.putBody(key, text);
  const short = Object.entries(data).filter(
    ([name, value]) => name !== "extra" && JSON.stringify(value).length <= LIMITS.outlineCharacters,
  );
  return { at: "r2", key, outline: Object.fromEntries(short) };
}

async function store(events: readonly Envelope[], ports: IngestPorts): Promise<Ingested> {
  const first = events[0];
  if (first === undefined) return { kind: "notStored", detail: "the request held no events" };
  try {
    await Promise.all(
      PRIORITY_ORDER.map((priority) =>
        enqueueAll(
          events.filter((event) => event.priority === priority),
          ports,
        ),
      ),
    );
  } catch (refused) {
    const spilled = await spillAll(events, ports);
    if (!spilled.ok) return { kind: "notStored", detail: `queue: ${String(refused)}; object: ${spilled.failure}` };
  }
  return {
    kind: "stored",
    status: first.what === "quarantine" ? "quarantined" : "accepted",
    ids: events.map((event) => event.id),
    correlationId: first.correlationid,
    traceparent: first.traceparent,
  };
}

const PRIORITY_ORDER: readonly Priority[] = ["critical", "standard", "bulk"];

const enqueueAll = async (events: readonly Envelope[], ports: IngestPorts): Promise<void> => {
  const [first] = events;
  if (first !== undefined)
    await ports.enqueue(
      first.priority,
      events.map((event) => JSON.stringify(event)),
    );
};

/** When the queue refuses, each entity's object takes its events itself; all of them must, or the sender hears 503. */
async function spillAll(events: readonly Envelope[], ports: IngestPorts): Promise<Result<null, string>> {
  const byEntity = new Map<string, EntityEvent[]>();
  for (const event of events) {
    if (event.what !== "entity") return fail("the event belongs to no entity");
    const name = entityName(event.entity);
    byEntity.set(name, [...(byEntity.get(name) ?? []), event]);
  }
  try {
    await Promise.all([...byEntity].map(([entity, list]) => ports.spill(entity, list)));
    return ok(null);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const CORRELATION = /^[\w.:/+=-]{1,128}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function correlationOf(headers: Headers): string | null {
  const given = headers.get("x-correlation-id");
  return given !== null && CORRELATION.test(given) ? given : null;
}

/** W3C Trace Context: the sender's trace goes on; a malformed header is as none. */
function traceOf(headers: Headers): string | null {
  const given = headers.get("traceparent");
  return given !== null && TRACEPARENT.test(given) ? given : null;
}

function newTrace(random: IngestPorts["random"]): string {
  const hex = [...random(24)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
}
