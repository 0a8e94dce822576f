import * as z from "zod";
import { Key, defineEntity, shared, status } from "./define.ts";

/** A company or person we sell to. The CRM owns engagement fields, the ERP the financial customer. */
export const customer = defineEntity({
  kind: "customer",
  version: 1,
  schema: z.object({
    name: z.string().max(512).optional(),
    number: Key.optional(),
    email: z.string().max(320).optional(),
    phone: z.string().max(64).optional(),
    taxId: z.string().max(64).optional(),
    region: z.string().max(64).optional(),
    currency: z.string().length(3).optional(),
    status: status(["prospect", "active", "inactive", "unknown"]).optional(),
    statusRaw: z.string().optional(),
    ...shared,
  }),
  drift: [{ field: "name" }, { field: "number" }, { field: "taxId" }, { field: "region" }, { field: "status" }],
  personal: ["name", "email", "phone", "taxId"],
  upgrades: {},
});
