import { lifecycleRank, entityDefinition, type EntityKind } from "./entities/index.ts";
import type { EntityEvent, Nature, Priority } from "./event.ts";
import type { JsonObject } from "./json.ts";
import type { OrderToken } from "./order.ts";

/** What an event of the router's own making says; the rest of its envelope follows. */
export interface OwnEvent {
  readonly id: string;
  readonly sourceName: string;
  readonly type: string;
  readonly correlationId: string;
  /** 32 hex digits. */
  readonly traceId: string;
  readonly receivedAtMs: number;
  readonly priority: Priority;
  /** What made it, in the place of a secret's name. */
  readonly madeBy: string;
  readonly configVersion: string;
  readonly deliveryId: string;
  readonly contentHash: string;
  readonly kind: EntityKind;
  readonly key: string;
  readonly nature: Nature;
  readonly order: OrderToken;
  readonly data: JsonObject;
}

/** An envelope that goes through the queue like any sender's: order, idempotency, retries and audit are the same. */
export function ownEvent(own: OwnEvent): EntityEvent {
  const { id, sourceName, type, receivedAtMs, priority, configVersion, deliveryId, contentHash, kind, key, nature, order, data } = own;
  return {
    v: 1,
    specversion: "1.0",
    id,
    source: `/in/${sourceName}`,
    type,
    correlationid: own.correlationId,
    traceparent: `00-${own.traceId}-${own.traceId.slice(0, 16)}-01`,
    sourceName,
    receivedAtMs,
    priority,
    verdict: "authenticated",
    secretId: own.madeBy,
    configVersion,
    deliveryId,
    synthetic: true,
    contentHash,
    contentType: "application/json",
    raw: { at: "text", text: JSON.stringify(data) },
    what: "entity",
    entity: { kind, key, schemaVersion: entityDefinition(kind).version },
    nature,
    deleted: false,
    order,
    rank: lifecycleRank(kind, data),
    payload: { at: "inline", data },
  };
}
