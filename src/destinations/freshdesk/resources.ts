import * as z from "zod";
import type { EntityKind } from "../../domain/entities/index.ts";
import { TeamFieldsByKind, pair, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";

const FieldName = z.string().regex(/^[a-z0-9_]+$/, 'must be the name of a custom field, such as "cf_router_key"');

export const Settings = z.strictObject({
  /** Custom text field of tickets that holds our key. */
  ticketKeyField: FieldName.default("cf_router_key"),
  /** Custom text field of tickets that holds our key of the customer: a ticket's own company follows from its requester. */
  ticketCustomerField: FieldName.default("cf_router_customer"),
  /** Custom text field of companies that holds our key; marked as unique, no two companies can carry one key. */
  companyKeyField: FieldName.default("router_key"),
  /** Who asks in tickets that name nobody. Freshdesk takes none without a requester. */
  defaultRequesterEmail: z.email().optional(),
  /** How far behind the search index may be [from experience: minutes]; what is younger is looked for in lists. */
  searchLagMs: z.int().min(0).max(3_600_000).default(600_000),
  /** The team's own fields and words, by kind; custom fields are `custom_fields.<name>`. Own statuses are numbers from 6. */
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;

export const KINDS = ["customer", "case"] as const;

export interface Resource {
  readonly kind: (typeof KINDS)[number];
  readonly path: "companies" | "tickets";
  /** The custom field that holds our key. */
  readonly keyField: string;
  readonly pairs: readonly FieldPair[];
}

/** https://developers.freshdesk.com/api/#tickets (read 2026-11-24). A new ticket is an open one; nothing else is on hold. */
export const STATUSES = { open: 2, new: 2, pending: 3, resolved: 4, closed: 5 };
export const PRIORITIES = { low: 1, normal: 2, high: 3, urgent: 4 };

const TICKET: readonly FieldPair[] = [
  pair.text("number", "id", { way: "in" }),
  pair.text("subject", "subject"),
  // Freshdesk keeps it as HTML and leaves it out of lists.
  pair.text("description", "description", { way: "out" }),
  pair.word("status", "status", STATUSES),
  pair.word("priority", "priority", PRIORITIES),
  pair.text("requesterId", "requester_id", { way: "in" }),
  pair.time("openedAt", "created_at", { way: "in" }),
];

const COMPANY: readonly FieldPair[] = [
  pair.text("name", "name"),
  pair.text("number", "custom_fields.customer_number"),
  pair.text("region", "custom_fields.region"),
];

/** Null for a kind that Freshdesk has no documented place for. */
export function resourceOf(kind: EntityKind, settings: Settings): Resource | null {
  const team = settings.fields?.[kind];
  if (kind === "customer") return { kind, path: "companies", keyField: settings.companyKeyField, pairs: withTeamFields(COMPANY, team) };
  if (kind !== "case") return null;
  const table = [...TICKET, pair.text("customerId", `custom_fields.${settings.ticketCustomerField}`)];
  return { kind, path: "tickets", keyField: settings.ticketKeyField, pairs: withTeamFields(table, team) };
}
