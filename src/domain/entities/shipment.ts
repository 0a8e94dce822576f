import * as z from "zod";
import { Decimal, Key, Time, defineEntity, shared, status } from "./define.ts";

const SHIPMENT_STATUSES = [
  "unknown",
  "planned",
  "picked",
  "packed",
  "shipped",
  "in_transit",
  "delivered",
  "returned",
  "cancelled",
] as const;

const ShipmentLine = z.object({ sku: Key.optional(), description: z.string().max(1024).optional(), quantity: Decimal });

/** Goods on their way to a customer: a delivery or fulfilment of an order, or of a part of one. The ERP owns it. */
export const shipment = defineEntity({
  kind: "shipment",
  version: 1,
  schema: z.object({
    number: Key.optional(),
    orderId: Key.optional(),
    customerId: Key.optional(),
    status: status(SHIPMENT_STATUSES).optional(),
    statusRaw: z.string().optional(),
    carrier: z.string().max(256).optional(),
    trackingNumber: z.string().max(256).optional(),
    shippedAt: Time.optional(),
    deliveredAt: Time.optional(),
    lines: z.array(ShipmentLine).max(10_000).optional(),
    ...shared,
  }),
  lifecycle: { field: "status", ranks: SHIPMENT_STATUSES },
  drift: [{ field: "status" }, { field: "orderId" }, { field: "trackingNumber" }],
  personal: [],
  upgrades: {},
});
