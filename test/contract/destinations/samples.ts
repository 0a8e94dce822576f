import type { Connection, Delivery } from "../../../src/destinations/define.ts";

/** Any moment; later than every Retry-After date that the tests hold to be past. */
export const NOW_MS = Date.UTC(2026, 10, 24, 12, 0, 0);

export const API_KEY = "key-that-must-not-leak";
export const SIGNING_SECRET = `whsec_${btoa("signing-secret-that-must-not-leak")}`;

export function delivery(changes: Partial<Delivery> = {}): Delivery {
  return {
    eventId: "evt_01JDFW5T8Q0000000000000000AA",
    idempotencyKey: "evt_01JDFW5T8Q0000000000000000AA.0",
    type: "opportunity.won",
    source: "acme-crm",
    entity: { kind: "opportunity", key: "006Ab00000XyZ", schemaVersion: 1 },
    nature: "snapshot",
    deleted: false,
    cleared: [],
    data: {
      name: "Größte Weiche 🚂",
      stage: "won",
      amount: { amount: "1200.50", currency: "EUR" },
      customerId: "001Ab",
      region: "EMEA",
      custom: { margin: "0.10" },
      extra: { Legacy_Id__c: "900719925474099312", Score__c: 7 },
    },
    occurredAtMs: NOW_MS - 5000,
    receivedAtMs: NOW_MS - 4000,
    correlationId: "cor_01JDFW5T8Q0000000000000000AA",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    attempt: 1,
    nowMs: NOW_MS,
    ...changes,
  };
}

interface ModuleSamples {
  readonly connection: Connection<unknown>;
  readonly deliveries: Readonly<Record<string, Delivery>>;
  /** A body that this system answers a success with. */
  readonly successBody: string;
}

const order = delivery({
  entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
  data: { status: "confirmed", total: { amount: "10", currency: "EUR" } },
  occurredAtMs: null,
});

/** What the shared suite tries each destination module with. A module without samples fails there. */
export const SAMPLES: Readonly<Record<string, ModuleSamples>> = {
  http: {
    connection: {
      baseUrl: "https://hooks.example.com/base",
      settings: { path: "/inbox", headers: { "X-Tenant": "acme" } },
      secrets: { signing: SIGNING_SECRET },
    },
    deliveries: { opportunity: delivery(), order, deletion: delivery({ deleted: true, data: {} }) },
    successBody: "",
  },
  "sandbox-erp": {
    connection: { baseUrl: "http://localhost:8790/erp", settings: {}, secrets: { apiKey: API_KEY } },
    deliveries: {
      opportunity: delivery(),
      order,
      customer: delivery({ entity: { kind: "customer", key: "001Ab", schemaVersion: 1 }, data: { name: "Acme" } }),
      invoice: delivery({ entity: { kind: "invoice", key: "in_1", schemaVersion: 1 }, data: { status: "open" } }),
      entitlement: delivery({ entity: { kind: "entitlement", key: "sub_1", schemaVersion: 1 }, data: { plan: "gold" } }),
      deletion: delivery({ deleted: true, data: {} }),
    },
    successBody: JSON.stringify({ id: "ord_000000001", number: "SO-1001", version: 1, changed: true }),
  },
};
