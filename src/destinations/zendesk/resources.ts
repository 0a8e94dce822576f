import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import type { Settings } from "./settings.ts";

export const KINDS = ["customer", "order", "invoice", "entitlement", "case"] as const;
type Kind = (typeof KINDS)[number];

/** A canonical field that names another record by our key, while Zendesk names it by its own id. */
export interface Reference {
  readonly field: string;
  readonly to: "customer" | "order";
}

/** Where the records of a kind are in Zendesk, and how its fields and ours correspond. Paths are below `/api/v2/`. */
export interface Resource {
  readonly kind: Kind;
  readonly path: string;
  /** The name of one record in a body, and of a list of them. */
  readonly one: string;
  readonly many: string;
  /** Query that finds records by external id. */
  readonly byKey: { readonly path: string; readonly parameter: string };
  /** Query that finds records by a list of ids. */
  readonly byIds: { readonly path: string; readonly parameter: string };
  readonly changes: { readonly path: string; readonly by: "cursor" | "time" };
  readonly pairs: readonly FieldPair[];
  readonly references: readonly Reference[];
}

/** https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ (read 2026-11-24) */
const TICKET_STATUSES = { new: "new", open: "open", pending: "pending", on_hold: "hold", resolved: "solved", closed: "closed" };
const PRIORITIES = { low: "low", normal: "normal", high: "high", urgent: "urgent" };

/** The words of these fields are the team's own drop-down options; these are ours as they are. */
const same = (...words: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries(words.map((word) => [word, word]));
const CUSTOMER_STATUSES = same("prospect", "active", "inactive");
const ORDER_STATUSES = same(
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
);
const INVOICE_STATUSES = same("draft", "open", "past_due", "paid", "uncollectible", "void");
const ENTITLEMENT_STATUSES = same("pending", "active", "suspended", "expired", "cancelled");

/** A ticket's description is its first comment, which is written once and never changes; so is who asked. */
const TICKET: readonly FieldPair[] = [
  pair.text("number", "id", { way: "in" }),
  pair.text("subject", "subject"),
  pair.word("status", "status", TICKET_STATUSES),
  pair.word("priority", "priority", PRIORITIES),
  pair.time("openedAt", "created_at", { way: "in" }),
];

/** A person who is the customer is the one who asks. */
const TICKET_CUSTOMER: Readonly<Record<Settings["customersAs"], readonly FieldPair[]>> = {
  organizations: [pair.text("customerId", "organization_id"), pair.text("requesterId", "requester_id", { way: "in" })],
  users: [pair.text("customerId", "requester_id")],
};

const ORGANIZATION: readonly FieldPair[] = [
  pair.text("name", "name"),
  pair.text("number", "organization_fields.number"),
  pair.text("taxId", "organization_fields.tax_id"),
  pair.text("region", "organization_fields.region"),
  pair.word("status", "organization_fields.status", CUSTOMER_STATUSES),
];

const USER: readonly FieldPair[] = [
  pair.text("name", "name"),
  pair.text("email", "email"),
  pair.text("phone", "phone"),
  pair.text("number", "user_fields.number"),
  pair.text("taxId", "user_fields.tax_id"),
  pair.text("region", "user_fields.region"),
  pair.word("status", "user_fields.status", CUSTOMER_STATUSES),
];

const CUSTOM: Readonly<Record<"order" | "invoice" | "entitlement", readonly FieldPair[]>> = {
  order: [
    pair.text("number", "custom_object_fields.number"),
    pair.text("customerId", "custom_object_fields.customer"),
    pair.text("opportunityId", "custom_object_fields.opportunity_key"),
    pair.word("status", "custom_object_fields.status", ORDER_STATUSES),
    pair.money("total", "custom_object_fields.total", { currencyAt: "custom_object_fields.currency" }),
    pair.time("orderedAt", "custom_object_fields.ordered_at"),
    pair.text("region", "custom_object_fields.region"),
  ],
  invoice: [
    pair.text("number", "custom_object_fields.number"),
    pair.text("customerId", "custom_object_fields.customer"),
    pair.text("orderId", "custom_object_fields.order"),
    pair.word("status", "custom_object_fields.status", INVOICE_STATUSES),
    pair.money("total", "custom_object_fields.total", { currencyAt: "custom_object_fields.currency" }),
    pair.money("amountDue", "custom_object_fields.amount_due", { currencyAt: "custom_object_fields.currency" }),
    pair.time("issuedAt", "custom_object_fields.issued_at"),
    pair.day("dueDate", "custom_object_fields.due_date"),
  ],
  entitlement: [
    pair.text("name", "name"),
    pair.text("customerId", "custom_object_fields.customer"),
    pair.text("orderId", "custom_object_fields.order"),
    pair.text("plan", "custom_object_fields.plan"),
    pair.text("serviceLevel", "custom_object_fields.service_level"),
    pair.word("status", "custom_object_fields.status", ENTITLEMENT_STATUSES),
    pair.time("startsAt", "custom_object_fields.starts_at"),
    pair.time("endsAt", "custom_object_fields.ends_at"),
  ],
};

const TO_CUSTOMER: Reference = { field: "customerId", to: "customer" };
const TO_ORDER: Reference = { field: "orderId", to: "order" };

type Described = Omit<Resource, "kind" | "pairs"> & { readonly table: readonly FieldPair[] };

const tickets = (settings: Settings): Described => ({
  path: "tickets",
  one: "ticket",
  many: "tickets",
  byKey: { path: "tickets", parameter: "external_id" },
  byIds: { path: "tickets/show_many", parameter: "ids" },
  changes: { path: "incremental/tickets/cursor", by: "cursor" },
  table: [...TICKET, ...TICKET_CUSTOMER[settings.customersAs]],
  references: [TO_CUSTOMER],
});

const CUSTOMERS: Readonly<Record<Settings["customersAs"], Described>> = {
  organizations: {
    path: "organizations",
    one: "organization",
    many: "organizations",
    byKey: { path: "organizations/search", parameter: "external_id" },
    byIds: { path: "organizations/show_many", parameter: "ids" },
    changes: { path: "incremental/organizations", by: "time" },
    table: ORGANIZATION,
    references: [],
  },
  users: {
    path: "users",
    one: "user",
    many: "users",
    byKey: { path: "users/search", parameter: "external_id" },
    byIds: { path: "users/show_many", parameter: "ids" },
    changes: { path: "incremental/users/cursor", by: "cursor" },
    table: USER,
    references: [],
  },
};

const customObject = (kind: "order" | "invoice" | "entitlement", key: string): Described => ({
  path: `custom_objects/${key}/records`,
  one: "custom_object_record",
  many: "custom_object_records",
  byKey: { path: `custom_objects/${key}/records`, parameter: "filter[external_ids]" },
  byIds: { path: `custom_objects/${key}/records`, parameter: "filter[ids]" },
  changes: { path: `incremental/custom_objects/${key}/cursor`, by: "cursor" },
  table: CUSTOM[kind],
  references: kind === "order" ? [TO_CUSTOMER] : [TO_CUSTOMER, TO_ORDER],
});

/** Null for a kind that Zendesk has no place for. */
export function resourceOf(kind: EntityKind, settings: Settings): Resource | null {
  const known = KINDS.find((each) => each === kind);
  if (known === undefined) return null;
  const { table, ...described } = describe(known, settings);
  return { ...described, kind: known, pairs: withTeamFields(table, settings.fields?.[known]) };
}

function describe(kind: Kind, settings: Settings): Described {
  switch (kind) {
    case "case":
      return tickets(settings);
    case "customer":
      return CUSTOMERS[settings.customersAs];
    case "order":
    case "invoice":
    case "entitlement":
      return customObject(kind, settings.customObjects[kind]);
  }
}
