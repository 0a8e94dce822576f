import * as z from "zod";
import { Key, Time, defineEntity, shared, status } from "./define.ts";

const ENTITLEMENT_STATUSES = ["unknown", "pending", "active", "suspended", "expired", "cancelled"] as const;

/** What a customer may use or be supported for, and until when. Support owns the service side. */
export const entitlement = defineEntity({
  kind: "entitlement",
  version: 1,
  schema: z.object({
    name: z.string().max(512).optional(),
    customerId: Key.optional(),
    orderId: Key.optional(),
    plan: Key.optional(),
    serviceLevel: z.string().max(64).optional(),
    status: status(ENTITLEMENT_STATUSES).optional(),
    statusRaw: z.string().optional(),
    startsAt: Time.optional(),
    endsAt: Time.optional(),
    ...shared,
  }),
  lifecycle: { field: "status", ranks: ENTITLEMENT_STATUSES },
  drift: [{ field: "status" }, { field: "plan" }, { field: "serviceLevel" }, { field: "startsAt" }, { field: "endsAt" }],
  personal: [],
  upgrades: {},
});
