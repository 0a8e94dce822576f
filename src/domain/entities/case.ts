import * as z from "zod";
import { Key, Time, defineEntity, shared, status } from "./define.ts";

const CASE_STATUSES = ["unknown", "new", "open", "pending", "on_hold", "resolved", "closed"] as const;

/** A customer's request for help. Support owns it. */
export const supportCase = defineEntity({
  kind: "case",
  version: 1,
  schema: z.object({
    number: Key.optional(),
    subject: z.string().max(2048).optional(),
    description: z.string().optional(),
    status: status(CASE_STATUSES).optional(),
    statusRaw: z.string().optional(),
    priority: status(["unknown", "low", "normal", "high", "urgent"]).optional(),
    priorityRaw: z.string().optional(),
    customerId: Key.optional(),
    requesterId: Key.optional(),
    requesterEmail: z.string().max(320).optional(),
    openedAt: Time.optional(),
    ...shared,
  }),
  lifecycle: { field: "status", ranks: CASE_STATUSES },
  drift: [{ field: "status" }, { field: "priority" }, { field: "customerId" }],
  personal: ["subject", "description", "requesterEmail"],
  upgrades: {},
});
