import * as z from "zod";
import { Day, Key, Money, Time, defineEntity, shared, status } from "./define.ts";

const INVOICE_STATUSES = ["unknown", "draft", "open", "past_due", "paid", "uncollectible", "void"] as const;

/** A bill sent to a customer. The ERP owns it. */
export const invoice = defineEntity({
  kind: "invoice",
  version: 1,
  schema: z.object({
    number: Key.optional(),
    orderId: Key.optional(),
    opportunityId: Key.optional(),
    customerId: Key.optional(),
    status: status(INVOICE_STATUSES).optional(),
    statusRaw: z.string().optional(),
    total: Money.optional(),
    amountDue: Money.optional(),
    amountPaid: Money.optional(),
    issuedAt: Time.optional(),
    dueDate: Day.optional(),
    ...shared,
  }),
  lifecycle: { field: "status", ranks: INVOICE_STATUSES },
  drift: [{ field: "number" }, { field: "status" }, { field: "total", tolerance: "0.01" }, { field: "amountDue", tolerance: "0.01" }],
  personal: [],
  upgrades: {},
});
