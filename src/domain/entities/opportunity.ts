import * as z from "zod";
import { Day, Key, Money, defineEntity, shared, status } from "./define.ts";

/** A possible sale. The CRM owns it; won, it becomes an order in the ERP. */
export const opportunity = defineEntity({
  kind: "opportunity",
  version: 1,
  schema: z.object({
    name: z.string().max(512).optional(),
    stage: status(["open", "won", "lost", "unknown"]).optional(),
    stageRaw: z.string().optional(),
    amount: Money.optional(),
    customerId: Key.optional(),
    ownerId: Key.optional(),
    closeDate: Day.optional(),
    region: z.string().max(64).optional(),
    ...shared,
  }),
  lifecycle: { field: "stage", ranks: ["unknown", "open", "lost", "won"] },
  drift: [{ field: "stage" }, { field: "amount", tolerance: "0.01" }, { field: "customerId" }, { field: "closeDate" }],
  personal: [],
  upgrades: {},
});
