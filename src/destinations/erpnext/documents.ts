import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, type FieldPair } from "../../domain/field-pairs.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import type { Settings } from "./settings.ts";

/** How one document type of ERPNext holds one kind. */
export interface DocumentKind {
  readonly doctype: string;
  readonly pairs: readonly FieldPair[];
  /** Read besides the pairs' own fields. */
  readonly fields: readonly string[];
  /** Fields of the pairs that `view` makes of others. */
  readonly made: readonly string[];
  /** Drafts that are submitted, after which their contents stay as they are. */
  readonly isSubmitted: boolean;
  /** Whether it names a customer (canonical `customerId`, ERPNext's `customer`). */
  readonly hasCustomer: boolean;
  readonly hasLines: boolean;
  readonly view: (row: JsonObject) => JsonObject;
  /** Values that a new one needs beside those of the pairs. */
  readonly initially: (settings: Settings, today: string) => JsonObject;
  /** What stands for a deletion of a document that is not submitted; absent: the draft is deleted. */
  readonly retired?: JsonObject;
}

const asIs = (row: JsonObject): JsonObject => row;

const customer: DocumentKind = {
  doctype: "Customer",
  pairs: [
    pair.text("name", "customer_name", { maxCharacters: 140 }),
    pair.text("email", "email_id", { maxCharacters: 140 }),
    pair.text("phone", "mobile_no", { maxCharacters: 140 }),
    pair.text("taxId", "tax_id", { maxCharacters: 140 }),
    pair.text("currency", "default_currency"),
    pair.text("number", "name", { way: "in" }),
    pair.word("status", "disabled", { active: 0, prospect: 0, inactive: 1 }),
  ],
  fields: [],
  made: [],
  isSubmitted: false,
  hasCustomer: false,
  hasLines: false,
  view: asIs,
  initially: ({ customerGroup, territory }) => ({
    customer_type: "Company",
    ...(customerGroup === undefined ? {} : { customer_group: customerGroup }),
    ...(territory === undefined ? {} : { territory }),
  }),
  // Documents refer to it, so it is never deleted.
  retired: { disabled: 1 },
};

/** Where a document must come to for each canonical word; ERPNext derives its own status from that and from what follows. */
const salesOrder: DocumentKind = {
  doctype: "Sales Order",
  pairs: [
    pair.text("number", "name", { way: "in" }),
    pair.word("status", "stage", {
      draft: "Draft",
      confirmed: "To Deliver and Bill",
      on_hold: "On Hold",
      partially_fulfilled: "partly delivered",
      partially_invoiced: "partly billed",
      fulfilled: "To Bill",
      invoiced: "To Deliver",
      closed: "Completed",
      cancelled: "Cancelled",
    }),
    pair.money("total", "grand_total", { currencyAt: "currency", way: "in" }),
    pair.day("orderedAt", "transaction_date", { way: "out" }),
    pair.time("orderedAt", "transaction_date", { way: "in" }),
  ],
  fields: ["docstatus", "customer", "currency", "status", "per_delivered", "per_billed"],
  made: ["stage"],
  isSubmitted: true,
  hasCustomer: true,
  hasLines: true,
  view: (row) => ({ ...row, stage: orderStage(row) }),
  initially: ({ company }, today) => ({ company, transaction_date: today, delivery_date: today }),
};

/** The status and, while an order is both to deliver and to bill, how much of either is done. */
function orderStage(row: JsonObject): JsonValue {
  const status = scalarText(row["status"]) ?? "";
  if (status === "Closed") return "Completed";
  if (status !== "To Deliver and Bill") return status;
  const part = (field: string): boolean => Number(scalarText(row[field]) ?? "0") > 0;
  return part("per_delivered") ? "partly delivered" : part("per_billed") ? "partly billed" : status;
}

const salesInvoice: DocumentKind = {
  doctype: "Sales Invoice",
  pairs: [
    pair.text("number", "name", { way: "in" }),
    pair.word("status", "status", {
      draft: "Draft",
      open: "Unpaid",
      past_due: "Overdue",
      paid: "Paid",
      uncollectible: "Credit Note Issued",
      void: "Cancelled",
    }),
    pair.money("total", "grand_total", { currencyAt: "currency", way: "in" }),
    pair.money("amountDue", "outstanding_amount", { currencyAt: "currency", way: "in" }),
    pair.day("issuedAt", "posting_date", { way: "out" }),
    pair.time("issuedAt", "posting_date", { way: "in" }),
    pair.day("dueDate", "due_date"),
  ],
  fields: ["docstatus", "customer", "currency"],
  made: [],
  isSubmitted: true,
  hasCustomer: true,
  hasLines: false,
  view: asIs,
  // Without this, the day of posting is today whatever is said.
  initially: ({ company }) => ({ company, set_posting_time: 1 }),
};

const issue: DocumentKind = {
  doctype: "Issue",
  pairs: [
    pair.text("number", "name", { way: "in" }),
    pair.text("subject", "subject", { maxCharacters: 140 }),
    pair.text("description", "description"),
    pair.text("requesterEmail", "raised_by", { maxCharacters: 140 }),
    pair.word("status", "status", {
      open: "Open",
      new: "Open",
      pending: "Replied",
      on_hold: "On Hold",
      resolved: "Resolved",
      closed: "Closed",
    }),
    pair.word("priority", "priority", { low: "Low", normal: "Medium", high: "High", urgent: "Urgent" }),
  ],
  fields: ["customer"],
  made: [],
  isSubmitted: false,
  hasCustomer: true,
  hasLines: false,
  view: asIs,
  initially: ({ company }) => ({ company }),
  retired: { status: "Closed" },
};

export const DOCUMENTS: Readonly<Partial<Record<EntityKind, DocumentKind>>> = {
  opportunity: salesOrder,
  order: salesOrder,
  customer,
  invoice: salesInvoice,
  case: issue,
};
