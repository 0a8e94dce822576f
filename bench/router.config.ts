import { defineRouter } from "../src/domain/config.ts";
import { json, money, object, text, time, word } from "../src/domain/mapping.ts";

const orders = {
  order: object("order", "id", {
    number: text("number"),
    customerId: text("customerId"),
    opportunityId: text("opportunityId"),
    status: word("status", { confirmed: "confirmed", cancelled: "cancelled" }),
    total: money("total.amount", "total.currency"),
    orderedAt: time("orderedAt"),
    region: text("region"),
    lines: json("lines"),
    seq: text("seq"),
  }),
};

const signedOrders = {
  scheme: "hmac",
  owner: "bench",
  secrets: [{ env: "ORDER_SECRET" }],
  settings: {
    header: "x-signature",
    timestampHeader: "x-timestamp",
    timestampFormat: "s",
    template: "{timestamp}.{body}",
    encoding: "hex",
    alg: "SHA-256",
    deliveryId: { path: "eventId" },
    order: { path: "data.version", as: "int" },
  },
  objects: orders,
} as const;

/**
 * What the benchmarks route: one kind of order from an HMAC source, in two priority classes, to one sink; Salesforce for
 * the cost of SOAP; and nothing for customers, whose events therefore are admitted, written and end without a delivery.
 * The destination's limits are far above what a laptop reaches, so the governor is asked but never refuses.
 */
export const router = defineRouter({
  version: "bench-1",
  owners: { bench: { team: "Bench", contact: "bench@example.com" } },
  sources: {
    orders: { ...signedOrders, priority: "standard" },
    "orders-rated": { ...signedOrders, priority: "standard", rate: { perSecond: 1_000_000 } },
    "orders-bulk": { ...signedOrders, priority: "bulk" },
    salesforce: {
      scheme: "salesforce-outbound-message",
      owner: "bench",
      secrets: [{ env: "SALESFORCE_TOKEN" }],
      settings: { organizationIds: ["00D24000000abcDEAQ"], currency: "EUR" },
      priority: "standard",
    },
  },
  destinations: {
    sink: {
      module: "http",
      owner: "bench",
      url: { env: "SINK_URL" },
      settings: { path: "/events" },
      secrets: { signing: "SINK_SECRET" },
      limits: { perSecond: 1_000_000, concurrency: 100_000 },
    },
  },
  routes: [
    { name: "orders-to-sink", owner: "bench", kind: "order", to: ["sink"] },
    { name: "opportunities-to-sink", owner: "bench", kind: "opportunity", to: ["sink"] },
  ],
});
