import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const Common = {
  /** Id of the company in whose books orders and invoices are kept; absent: the user's own. */
  company: z.int().positive().optional(),
  /** Internal reference of the product that stands for the whole of a sale that tells an amount and no lines. Absent: such a sale is refused. */
  amountProduct: z.string().min(1).optional(),
  /** Cases as tickets of the Helpdesk app, which Odoo Enterprise has; absent: cases are refused. */
  tickets: z
    .strictObject({
      /** The field of a ticket that holds our key; a custom one, since tickets have none for it. */
      keyField: z
        .string()
        .regex(/^x_[a-z0-9_]+$/, "must be a custom field such as x_router_key")
        .default("x_router_key"),
      /** Ids of the team's stages, by our status. */
      stages: z.record(z.string().min(1), z.int().positive()),
      team: z.int().positive().optional(),
    })
    .optional(),
  /** The team's own fields and words, by kind. */
  fields: TeamFieldsByKind.optional(),
};

/** `json2` is the API of Odoo 19 and later, by bearer; `jsonrpc` the one of the versions before, by user and key in each body. */
export const Settings = z.discriminatedUnion("api", [
  z.strictObject({
    api: z.literal("json2"),
    /** Needed where the server has several. */
    database: z.string().min(1).optional(),
    ...Common,
  }),
  z.strictObject({ api: z.literal("jsonrpc"), database: z.string().min(1), user: z.string().min(1), ...Common }),
]);
export type Settings = z.infer<typeof Settings>;
