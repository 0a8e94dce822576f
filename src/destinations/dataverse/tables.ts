import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, withTeamFields, type FieldPair, type TeamFields } from "../../domain/field-pairs.ts";

export const KINDS = ["customer", "opportunity", "order", "invoice", "entitlement", "case"] as const;
export type TableKind = (typeof KINDS)[number];

/** A lookup: written by `<navigation>@odata.bind`, read as the id in `column`. */
export interface Reference {
  readonly navigation: string;
  readonly column: string;
  readonly set: string;
  readonly id: string;
  /** Its logical name, as error messages have it. */
  readonly table: string;
  /** The kind whose key the referenced row holds; null for a currency, which is known by its ISO code. */
  readonly to: TableKind | null;
}

/** The action that must be used to reach a state, since a plain update is refused. */
export interface Closing {
  readonly action: string;
  readonly parameter: string;
  /** The activity that it makes, which names the row it closes. */
  readonly activity: string;
  readonly navigation: string;
}

export interface Table {
  readonly kind: TableKind;
  readonly set: string;
  readonly id: string;
  readonly pairs: readonly FieldPair[];
  readonly references: readonly Reference[];
  /** Actions by the state they lead to. */
  readonly closings: Readonly<Record<string, Closing>>;
  /** Whether a row that is not in state 0 can be changed. */
  readonly editableWhenClosed: boolean;
  /** The canonical word of a state whose reason is none of the words'. */
  readonly otherwise: Readonly<Record<string, string>>;
  /** What a record that is gone at its owner becomes here. */
  readonly ended: Readonly<Record<string, string>>;
}

/** Where a table keeps `statecode` and `statuscode` for the words: `1/5` is reason 5 of state 1. */
export const STATE = "state";
/** Where the lines that an order is to have stand among its changes. */
export const LINES = "lines";

const ACCOUNT: Reference = {
  navigation: "customerid_account",
  column: "_customerid_value",
  set: "accounts",
  id: "accountid",
  table: "account",
  to: "customer",
};
const OPPORTUNITY: Reference = {
  navigation: "opportunityid",
  column: "_opportunityid_value",
  set: "opportunities",
  id: "opportunityid",
  table: "opportunity",
  to: "opportunity",
};
const ORDER: Reference = {
  navigation: "salesorderid",
  column: "_salesorderid_value",
  set: "salesorders",
  id: "salesorderid",
  table: "salesorder",
  to: "order",
};
export const CURRENCY: Reference = {
  navigation: "transactioncurrencyid",
  column: "_transactioncurrencyid_value",
  set: "transactioncurrencies",
  id: "transactioncurrencyid",
  table: "transactioncurrency",
  to: null,
};
const inCurrency = { currencyAt: CURRENCY.navigation };

/**
 * Tables, columns and their choices (https://learn.microsoft.com/en-us/dynamics365/sales/developer/entities/salesorder and
 * its neighbours). Choices can be changed by customizers; a team says its own by the setting `fields`.
 */
const TABLES: Readonly<Record<TableKind, Table>> = {
  customer: {
    kind: "customer",
    set: "accounts",
    id: "accountid",
    pairs: [
      pair.text("name", "name", { maxCharacters: 160 }),
      pair.text("number", "accountnumber", { maxCharacters: 20 }),
      pair.text("email", "emailaddress1", { maxCharacters: 100 }),
      pair.text("phone", "telephone1", { maxCharacters: 50 }),
      pair.text("currency", CURRENCY.navigation),
      pair.word("status", STATE, { active: "0/1", prospect: "0/1", inactive: "1/2" }),
    ],
    references: [CURRENCY],
    closings: {},
    editableWhenClosed: true,
    otherwise: { "0": "active", "1": "inactive" },
    ended: { status: "inactive" },
  },
  opportunity: {
    kind: "opportunity",
    set: "opportunities",
    id: "opportunityid",
    pairs: [
      pair.text("name", "name", { maxCharacters: 300 }),
      pair.word("stage", STATE, { open: "0/1", won: "1/3", lost: "2/4" }),
      pair.moneyNumber("amount", "estimatedvalue", inCurrency),
      pair.text("customerId", ACCOUNT.navigation),
      pair.day("closeDate", "estimatedclosedate"),
    ],
    references: [ACCOUNT, CURRENCY],
    closings: {
      "1": { action: "WinOpportunity", parameter: "OpportunityClose", activity: "opportunityclose", navigation: "opportunityid" },
      "2": { action: "LoseOpportunity", parameter: "OpportunityClose", activity: "opportunityclose", navigation: "opportunityid" },
    },
    editableWhenClosed: false,
    otherwise: { "0": "open", "1": "won", "2": "lost" },
    ended: { stage: "lost" },
  },
  order: {
    kind: "order",
    set: "salesorders",
    id: "salesorderid",
    pairs: [
      pair.text("number", "ordernumber", { way: "in" }),
      pair.text("customerId", ACCOUNT.navigation),
      pair.text("opportunityId", OPPORTUNITY.navigation),
      pair.word("status", STATE, {
        draft: "0/1",
        pending_approval: "0/2",
        confirmed: "1/3",
        cancelled: "2/4",
        fulfilled: "3/100001",
        partially_fulfilled: "3/100002",
        invoiced: "4/100003",
      }),
      // Kept as it is written only where the organisation does not calculate prices itself.
      pair.moneyNumber("total", "totalamount", inCurrency),
    ],
    references: [ACCOUNT, OPPORTUNITY, CURRENCY],
    closings: {
      "2": { action: "CancelSalesOrder", parameter: "OrderClose", activity: "orderclose", navigation: "salesorderid" },
      "3": { action: "FulfillSalesOrder", parameter: "OrderClose", activity: "orderclose", navigation: "salesorderid" },
    },
    editableWhenClosed: false,
    otherwise: { "0": "draft", "1": "confirmed", "2": "cancelled", "3": "fulfilled", "4": "invoiced" },
    ended: { status: "cancelled" },
  },
  invoice: {
    kind: "invoice",
    set: "invoices",
    id: "invoiceid",
    pairs: [
      pair.text("number", "invoicenumber", { way: "in" }),
      pair.text("customerId", ACCOUNT.navigation),
      pair.text("orderId", ORDER.navigation),
      pair.text("opportunityId", OPPORTUNITY.navigation),
      pair.word("status", STATE, { draft: "0/1", open: "0/4", past_due: "0/4", paid: "2/100001", void: "3/100003" }),
      pair.moneyNumber("total", "totalamount", inCurrency),
      pair.day("dueDate", "duedate"),
    ],
    references: [ACCOUNT, ORDER, OPPORTUNITY, CURRENCY],
    closings: {},
    editableWhenClosed: false,
    otherwise: { "0": "open", "2": "paid", "3": "void" },
    ended: { status: "void" },
  },
  entitlement: {
    kind: "entitlement",
    set: "entitlements",
    id: "entitlementid",
    pairs: [
      pair.text("name", "name", { maxCharacters: 100 }),
      pair.text("customerId", ACCOUNT.navigation),
      pair.word("status", STATE, { pending: "0/0", active: "1/1", cancelled: "2/2", expired: "3/3" }),
      pair.day("startsAt", "startdate", { way: "out" }),
      pair.time("startsAt", "startdate", { way: "in" }),
      pair.day("endsAt", "enddate", { way: "out" }),
      pair.time("endsAt", "enddate", { way: "in" }),
    ],
    references: [ACCOUNT],
    closings: {},
    editableWhenClosed: false,
    otherwise: { "0": "pending", "1": "active", "2": "cancelled", "3": "expired", "4": "pending" },
    ended: { status: "cancelled" },
  },
  case: {
    kind: "case",
    set: "incidents",
    id: "incidentid",
    pairs: [
      pair.text("number", "ticketnumber", { way: "in" }),
      pair.text("subject", "title", { maxCharacters: 200 }),
      pair.text("description", "description"),
      pair.word("status", STATE, { open: "0/1", new: "0/1", on_hold: "0/2", pending: "0/3", resolved: "1/5", closed: "1/1000" }),
      pair.word("priority", "prioritycode", { high: 1, urgent: 1, normal: 2, low: 3 }),
      pair.text("customerId", ACCOUNT.navigation),
      pair.text("requesterEmail", "emailaddress", { maxCharacters: 100 }),
      pair.time("openedAt", "createdon", { way: "in" }),
    ],
    references: [ACCOUNT],
    closings: {
      "1": { action: "CloseIncident", parameter: "IncidentResolution", activity: "incidentresolution", navigation: "incidentid" },
    },
    editableWhenClosed: false,
    otherwise: { "0": "open", "1": "resolved", "2": "closed" },
    ended: { status: "closed" },
  },
};

export const isTableKind = (kind: EntityKind): kind is TableKind => KINDS.some((each) => each === kind);

/** A kind's table as this team has it; only lookups that are still used are read. */
export function tableOf(kind: TableKind, fields: Readonly<Partial<Record<EntityKind, TeamFields>>>): Table {
  const table = TABLES[kind];
  const pairs = withTeamFields(table.pairs, fields[kind]);
  const used = new Set(pairs.flatMap(({ at, currencyAt }) => [at, currencyAt]));
  return { ...table, pairs, references: table.references.filter(({ navigation }) => used.has(navigation)) };
}
