import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, type FieldPair } from "../../domain/field-pairs.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import type { Settings } from "./settings.ts";

/** The buttons that lead on from each state of a record; a state that is not named is as far as wanted. */
type Ways = Readonly<Record<string, string>>;

/** How one of Odoo's models holds one kind. */
export interface RecordKind {
  readonly model: string;
  readonly noun: string;
  readonly pairs: readonly FieldPair[];
  readonly fields: readonly string[];
  readonly made: readonly string[];
  readonly keyField: (settings: Settings) => string;
  /** Beside every search. */
  readonly scope: readonly JsonValue[];
  readonly hasPartner: boolean;
  readonly hasLines: boolean;
  readonly view: (row: JsonObject, settings: Settings) => JsonObject;
  readonly initially: (settings: Settings) => JsonObject;
  /** Values that are not the pairs' own form. */
  readonly outward: (values: JsonObject, settings: Settings) => JsonObject;
  /** By the state that is wanted. */
  readonly workflow?: Readonly<Record<string, Ways>>;
  /** What stands for a deletion, where no button does. */
  readonly retired?: (settings: Settings) => JsonObject;
}

/** Odoo tells nothing as false. */
export const clean = (row: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== false || name === "active"));

/** `[id, name]` of a record that is referred to. */
export const idIn = (value: JsonValue | undefined): JsonValue | undefined =>
  Array.isArray(value) ? (value as readonly JsonValue[])[0] : undefined;
const nameIn = (value: JsonValue | undefined): string | undefined =>
  scalarText(Array.isArray(value) ? (value as readonly JsonValue[])[1] : undefined);

const asIs = (values: JsonObject): JsonObject => values;

const customer: RecordKind = {
  model: "res.partner",
  noun: "partner",
  pairs: [
    pair.text("name", "name"),
    pair.text("email", "email"),
    pair.text("phone", "phone"),
    pair.text("taxId", "vat"),
    pair.word("status", "active", { active: "true", prospect: "true", inactive: "false" }),
  ],
  fields: ["ref"],
  made: [],
  keyField: () => "ref",
  scope: [],
  hasPartner: false,
  hasLines: false,
  view: (row) => ({ ...clean(row), active: row["active"] === true ? "true" : "false" }),
  initially: () => ({ is_company: true }),
  outward: ({ active, ...others }) => ({ ...others, ...(active === undefined ? {} : { active: active === "true" }) }),
  // Documents refer to it, so it is archived.
  retired: () => ({ active: false }),
};

const order: RecordKind = {
  model: "sale.order",
  noun: "order",
  pairs: [
    pair.text("number", "name", { way: "in" }),
    pair.word("status", "stage", {
      draft: "draft",
      confirmed: "sale",
      fulfilled: "delivered",
      partially_fulfilled: "partly delivered",
      partially_invoiced: "partly invoiced",
      invoiced: "invoiced",
      closed: "done",
      cancelled: "cancel",
    }),
    pair.money("total", "amount_total", { currencyAt: "currency", way: "in" }),
  ],
  fields: ["client_order_ref", "state", "invoice_status", "partner_id", "currency_id", "order_line", "amount_total", "name"],
  made: ["stage", "currency"],
  keyField: () => "client_order_ref",
  scope: [],
  hasPartner: true,
  hasLines: true,
  view: (row) => ({ ...clean(row), stage: stageOf(row), ...currencyOf(row) }),
  initially: () => ({}),
  outward: asIs,
  workflow: {
    sale: { draft: "action_confirm", sent: "action_confirm", cancel: "action_draft" },
    draft: { cancel: "action_draft" },
    cancel: { draft: "action_cancel", sent: "action_cancel", sale: "action_cancel", done: "action_cancel" },
  },
};

function stageOf(row: JsonObject): string {
  const state = scalarText(row["state"]) ?? "";
  if (state === "sent") return "draft";
  return state === "sale" && row["invoice_status"] === "invoiced" ? "invoiced" : state;
}

const currencyOf = (row: JsonObject): JsonObject => {
  const currency = nameIn(row["currency_id"]);
  return currency === undefined ? {} : { currency };
};

const invoice: RecordKind = {
  model: "account.move",
  noun: "invoice",
  pairs: [
    pair.text("number", "name", { way: "in" }),
    pair.word("status", "stage", {
      draft: "draft",
      open: "posted",
      past_due: "posted",
      uncollectible: "posted",
      paid: "paid",
      void: "cancel",
    }),
    pair.money("total", "amount_total", { currencyAt: "currency", way: "in" }),
    pair.money("amountDue", "amount_residual", { currencyAt: "currency", way: "in" }),
    pair.day("issuedAt", "invoice_date", { way: "out" }),
    pair.time("issuedAt", "invoice_date", { way: "in" }),
    pair.day("dueDate", "invoice_date_due"),
  ],
  fields: ["ref", "state", "payment_state", "partner_id", "currency_id", "name"],
  made: ["stage", "currency"],
  keyField: () => "ref",
  scope: [["move_type", "=", "out_invoice"]],
  hasPartner: true,
  hasLines: false,
  view: (row) => ({
    ...clean(row),
    stage: ["paid", "in_payment"].includes(scalarText(row["payment_state"]) ?? "") ? "paid" : (row["state"] ?? null),
    ...currencyOf(row),
  }),
  initially: () => ({}),
  outward: asIs,
  workflow: {
    posted: { draft: "action_post" },
    paid: { draft: "action_post" },
    draft: {},
    cancel: { draft: "button_cancel" },
  },
};

const ticket: RecordKind = {
  model: "helpdesk.ticket",
  noun: "ticket",
  pairs: [
    pair.text("number", "ticket_ref", { way: "in" }),
    pair.text("subject", "name"),
    pair.text("description", "description"),
    pair.text("requesterEmail", "partner_email"),
    pair.word("priority", "priority", { low: "0", normal: "1", high: "2", urgent: "3" }),
    pair.text("status", "stage"),
  ],
  fields: ["stage_id", "partner_id"],
  made: ["stage"],
  keyField: ({ tickets }) => tickets?.keyField ?? "x_router_key",
  scope: [],
  hasPartner: true,
  hasLines: false,
  view: (row, { tickets }) => {
    const stage = Object.entries(tickets?.stages ?? {}).find(([, id]) => id === idIn(row["stage_id"]))?.[0];
    return { ...clean(row), stage: stage ?? "unknown" };
  },
  initially: ({ tickets }) => (tickets?.team === undefined ? {} : { team_id: tickets.team }),
  outward: ({ stage, ...others }, { tickets }) => ({
    ...others,
    ...(stage === undefined ? {} : { stage_id: tickets?.stages[scalarText(stage) ?? ""] ?? false }),
  }),
  // A case that is gone at its owner's is closed here, with what was said in it.
  retired: ({ tickets }) => ({ stage_id: tickets?.stages["closed"] ?? false }),
};

const RECORDS: Readonly<Partial<Record<EntityKind, RecordKind>>> = { opportunity: order, order, customer, invoice, case: ticket };

export const KINDS = Object.keys(RECORDS) as readonly EntityKind[];

/** The model that holds a kind; undefined where this deployment has none for it. */
export const recordOf = (kind: EntityKind, { tickets }: Settings): RecordKind | undefined =>
  kind === "case" && tickets === undefined ? undefined : RECORDS[kind];
