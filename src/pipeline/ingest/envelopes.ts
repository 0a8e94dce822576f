import { correlationIdOf, eventId } from "../../domain/event-id.ts";
import { entityName, type Envelope, type EntityEvent, type Priority, type StoredBody } from "../../domain/event.ts";
import { entityDefinition, lifecycleRank } from "../../domain/entities/index.ts";
import type { SourceConfig } from "../../domain/config.ts";
import type { OddPart, Part, SourceItem } from "../../sources/define.ts";
import { keepRaw, storePayload } from "./bodies.ts";
import type { Arrival, IngestPorts, LiveSource, Proven } from "./ports.ts";
import { correlationOf, newTrace, traceOf } from "./tracing.ts";

export interface Read {
  readonly arrival: Arrival;
  readonly proof: Proven;
  readonly parts: readonly Part[];
}

/** Makes a request's envelopes: one for every part, with the raw body beside them. */
export async function envelopes(read: Read, ports: IngestPorts): Promise<readonly Envelope[]> {
  const { arrival, parts, proof } = read;
  const bodyHash = await ports.sha256(arrival.body);
  // What a sender puts into its bodies as a live credential is taken out before anything is kept.
  const body = arrival.source.definition.forStorage?.(arrival.body) ?? arrival.body;
  const { raw, stored } = keepRaw({ ...arrival, body }, parts.length, ports);
  const base = common(read, { bodyHash, raw, random: ports.random });
  const place = { of: parts.length, bodyBytes: body.byteLength, source: arrival.source, ports };
  const wanted = [...parts.entries()].filter(([index]) => proof.onlyPart === undefined || proof.onlyPart === index);
  const made = wanted.map(([index, part], at) => {
    const id = at === 0 ? base.first : base.id();
    return "odd" in part ? oddEvent(base, part, { ...place, index, id }) : entityEvent(base, part, { ...place, index, id });
  });
  // The body goes to R2 while the data of its parts does.
  const [events] = await Promise.all([Promise.all(made), stored]);
  return events;
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
  return {
    id,
    first,
    deliveryId: proof.deliveryId,
    replayOf: proof.replayOf,
    replay: proof.replay,
    shared: {
      v: 1 as const,
      specversion: "1.0" as const,
      source: arrival.account === null ? `/in/${arrival.source.name}` : `/in/${arrival.source.name}/${arrival.account}`,
      correlationid: correlationOf(arrival.headers) ?? correlationIdOf(first),
      traceparent: traceOf(arrival.headers) ?? newTrace(facts.random),
      sourceName: arrival.source.name,
      ...(arrival.account === null ? {} : { account: arrival.account }),
      receivedAtMs: arrival.receivedAtMs,
      verdict: proof.verdict,
      secretId: proof.secretId,
      configVersion: arrival.source.configVersion,
      contentHash: facts.bodyHash,
      contentType: arrival.headers.get("content-type") ?? "",
      raw: facts.raw,
    },
  };
}

interface Place {
  readonly id: string;
  readonly index: number;
  readonly of: number;
  readonly bodyBytes: number;
  readonly source: LiveSource;
  readonly ports: IngestPorts;
}

const hashOf = (part: Part, base: Base, ports: IngestPorts): Promise<string> | string =>
  part.content === undefined ? base.shared.contentHash : ports.sha256(new TextEncoder().encode(part.content));

const partOf = (place: Place): { readonly part?: number } => (place.of > 1 ? { part: place.index } : {});

async function entityEvent(base: Base, item: SourceItem, place: Place): Promise<EntityEvent> {
  const { source, ports, id } = place;
  const { kind, data } = item.entity;
  const key = keyOf(item.entity.key, base, source.config);
  const contentHash = await hashOf(item, base, ports);
  const occurred = item.occurredAtMs === null ? undefined : new Date(item.occurredAtMs).toISOString();
  const known = item.deliveryId ?? base.deliveryId;
  const deliveryId =
    known ?? (await syntheticId({ item, id, parts: [source.name, kind, key, item.type, occurred ?? "", contentHash] }, ports));
  const subject = entityName({ kind, key });
  return {
    ...base.shared,
    ...partOf(place),
    id,
    contentHash,
    what: "entity",
    type: item.type,
    subject,
    partitionkey: subject,
    ...(occurred === undefined ? {} : { time: occurred }),
    // A planned replay never competes with live traffic.
    priority: base.replay === undefined ? priorityOf(source.config, kind) : "bulk",
    // One request can hold several items under one delivery id; each is a delivery of its own.
    deliveryId: item.deliveryId === null && place.of > 1 && known !== null ? `${deliveryId}#${place.index}` : deliveryId,
    synthetic: known === null,
    entity: { kind, key, schemaVersion: entityDefinition(kind).version },
    nature: item.nature,
    deleted: item.deleted,
    order: item.order,
    rank: lifecycleRank(kind, data),
    payload: await storePayload(id, data, place.bodyBytes, ports),
    ...(item.cleared === undefined ? {} : { cleared: [...item.cleared] }),
    ...(item.consecutive === true ? { consecutive: true } : {}),
    ...(item.scope === undefined ? {} : { scope: item.scope }),
    ...(base.replayOf === null ? {} : { replayOf: base.replayOf }),
    ...(base.replay === undefined ? {} : { replay: base.replay }),
  };
}

/**
 * An id for a delivery that its sender gave none: the same for the same news. A hint that names no time is equal to the
 * next one of its record, which may tell of a later change: each counts.
 */
const syntheticId = async (
  { item, id, parts }: { readonly item: SourceItem; readonly id: string; readonly parts: readonly string[] },
  ports: IngestPorts,
): Promise<string> => (item.nature === "hint" && item.occurredAtMs === null ? id : ports.sha256(new TextEncoder().encode(parts.join("|"))));

/** Record ids of one account say nothing of another's, unless the sender's ids are unique over all of them. */
const keyOf = (key: string, { shared }: Base, config: SourceConfig): string =>
  "account" in shared && config.accounts?.keys !== "shared" ? `${shared.account}:${key}` : key;

/** A genuine request, or a part of one, without an entity: nobody maps its type, or nobody can read it. */
async function oddEvent(base: Base, part: OddPart, place: Place): Promise<Envelope> {
  const contentHash = await hashOf(part, base, place.ports);
  const deliveryId = part.deliveryId ?? base.deliveryId;
  const named = {
    ...base.shared,
    ...partOf(place),
    id: place.id,
    contentHash,
    type: part.type,
    deliveryId: deliveryId === null ? contentHash : part.deliveryId === null && place.of > 1 ? `${deliveryId}#${place.index}` : deliveryId,
    synthetic: deliveryId === null,
    reason: part.detail,
  };
  return part.odd === "unmapped" ? { ...named, what: "ignored", priority: "bulk" } : { ...named, what: "quarantine", priority: "standard" };
}

const priorityOf = (config: SourceConfig, kind: EntityEvent["entity"]["kind"]): Priority =>
  typeof config.priority === "string" ? config.priority : (config.priority[kind] ?? "standard");
