import type { Delivery } from "../../../src/destinations/define.ts";

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

/** A line of an order or invoice. */
export const euroLine = (sku: string, quantity: string, amount: string) => ({ sku, quantity, unitPrice: { amount, currency: "EUR" } });

/** A customer with all that an ERP keeps of one. */
export const erpCustomer = delivery({
  type: "customer.changed",
  entity: { kind: "customer", key: "C-1", schemaVersion: 1 },
  data: {
    name: "Größte Weiche 🚂",
    email: "ada@example.com",
    phone: "+32 2 555 01 02",
    taxId: "BE0477472701",
    status: "active",
    region: "EMEA",
  },
});
