import * as z from "zod";
import { Decimal, Key, Money, Time, defineEntity, shared, status } from "./define.ts";

const ORDER_STATUSES = [
  "unknown",
  "draft",
  "pending_approval",
  "confirmed",
  "on_hold",
  "partially_fulfilled",
  "fulfilled",
  "partially_invoiced",
  "invoiced",
  "closed",
  "cancelled",
] as const;

const OrderLine = z.object({
  sku: Key.optional(),
  description: z.string().max(1024).optional(),
  quantity: Decimal,
  unitPrice: Money.optional(),
});

/** A sales order. The ERP owns it. */
export const order = defineEntity({
  kind: "order",
  version: 1,
  schema: z.object({
    number: Key.optional(),
    customerId: Key.optional(),
    opportunityId: Key.optional(),
    status: status(ORDER_STATUSES).optional(),
    statusRaw: z.string().optional(),
    total: Money.optional(),
    orderedAt: Time.optional(),
    region: z.string().max(64).optional(),
    lines: z.array(OrderLine).max(10_000).optional(),
    ...shared,
  }),
  lifecycle: { field: "status", ranks: ORDER_STATUSES },
  drift: [{ field: "number" }, { field: "status" }, { field: "total", tolerance: "0.01" }, { field: "customerId" }],
  personal: [],
  upgrades: {},
});
