import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const FieldName = z.string().regex(/^[a-z][a-z0-9_]*$/, "must be a field's name, such as custom_router_key");

export const Settings = z.strictObject({
  /** The custom field that holds our key: type Data, unique, in every document type that is written (Customize Form). */
  keyField: FieldName.default("custom_router_key"),
  /** The site's time zone (System Settings), in which ERPNext tells and takes its times. */
  timeZone: z.string().refine(isTimeZone, "must be a time zone such as Europe/Brussels").default("UTC"),
  /** The company in whose books orders and invoices are kept. */
  company: z.string().min(1),
  /** Item that stands for the whole of a sale that tells an amount and no lines. Absent: such a sale is refused. */
  amountItem: z.string().min(1).optional(),
  /** Of new customers, where the site has no default: names of a Customer Group and a Territory that are no groups. */
  customerGroup: z.string().min(1).optional(),
  territory: z.string().min(1).optional(),
  /** The method that makes an invoice of an order. From memory of version 14 and later, hence a setting. */
  invoiceMethod: z
    .string()
    .regex(/^[\w.]+$/)
    .default("erpnext.selling.doctype.sales_order.sales_order.make_sales_invoice"),
  /** The team's own fields and words, by kind. */
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
