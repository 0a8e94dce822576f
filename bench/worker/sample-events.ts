import { auditRows, type AuditRows } from "../../src/domain/audit-record.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import { correlationIdOf, eventId } from "../../src/domain/event-id.ts";

const HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
let serial = 0;

/** A customer's next state, which no route wants: it is admitted, ordered and written, and ends without a delivery. */
export function customerEvent(key: string): EntityEvent {
  const number = ++serial;
  const receivedAtMs = Date.now();
  const id = eventId(receivedAtMs, crypto.getRandomValues(new Uint8Array(16)));
  return {
    v: 1,
    specversion: "1.0",
    id,
    source: "/in/orders",
    type: "customer.updated",
    subject: `customer/${key}`,
    partitionkey: `customer/${key}`,
    correlationid: correlationIdOf(id),
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    sourceName: "orders",
    receivedAtMs,
    priority: "standard",
    verdict: "verified",
    secretId: "ORDER_SECRET",
    configVersion: "bench-1",
    deliveryId: `bench-${receivedAtMs}-${number}`,
    synthetic: false,
    contentHash: HASH,
    contentType: "application/json",
    raw: { at: "text", text: "{}" },
    what: "entity",
    entity: { kind: "customer", key, schemaVersion: 1 },
    nature: "snapshot",
    deleted: false,
    order: { kind: "int", value: String(BigInt(receivedAtMs) * 100_000n + BigInt(number)) },
    rank: 0,
    payload: { at: "inline", data: { name: "Acme & Sons", email: "orders@acme.example", region: "EMEA" } },
  };
}

/** The index row of an event that went well. */
export function indexRow(key: string): AuditRows {
  const event = customerEvent(key);
  const attempts = [{ startedAtMs: event.receivedAtMs, durationMs: 12, result: "applied" as const, httpStatus: 200 }];
  const lanes = [{ destination: "sink", route: "orders-to-sink", status: "delivered" as const, attempts }];
  const outcome = { eventId: event.id, rev: 1, status: "delivered" as const, lanes };
  return auditRows(event, outcome, {
    why: [{ route: "orders-to-sink", matched: true, because: "kind" }],
    rawRef: "raw/batch/1|0|4096",
    ownerOf: () => "bench",
    sourceOwner: "bench",
    projections: () => [],
    slas: () => ({ spans: [], rates: [] }),
  });
}
