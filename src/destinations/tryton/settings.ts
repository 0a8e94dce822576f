import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

export const Settings = z.strictObject({
  /** The user that the router works as; give it a user of its own, so that its records can be told from people's. */
  user: z.string().min(1),
  /** `session`: logs in once and keeps the session. `basic`: sends the password with every call, which costs Tryton a password hash each. */
  login: z.enum(["session", "basic"]).default("session"),
  /** Id of the company in whose books orders and invoices are kept; the user must belong to it. */
  company: z.int().positive(),
  /** Code of the product that stands for the whole of a sale that tells an amount and no lines. Absent: such a sale is refused. */
  amountProduct: z.string().min(1).optional(),
  /** Whether a confirmed sale is processed at once, so that Tryton makes its invoice and shipment; else Tryton's own queue decides. */
  process: z.boolean().default(true),
  /** Type of the identifier that holds a customer's tax id, such as `eu_vat`; null for one without a type, which Tryton does not check. */
  taxIdType: z.string().min(1).nullable().default(null),
  /** Tryton's types of the team's own fields that are more than text, by Tryton's name of the field. */
  types: z.record(z.string().min(1), z.enum(["numeric", "date"])).optional(),
  /** The team's own fields and words, by kind. */
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;
