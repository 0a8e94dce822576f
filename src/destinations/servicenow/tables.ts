import { entityDefinition } from "../../domain/entities/index.ts";
import { pair, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed } from "../define.ts";
import { KINDS, type Kind, type Settings } from "./settings.ts";

/** Where a kind lives and how it is written there. */
export interface Table {
  readonly kind: Kind;
  readonly name: string;
  readonly keyField: string;
  readonly importSet: string | null;
  readonly whenDeleted: "delete" | Readonly<Record<string, string>>;
  /** As they are written: a reference column takes the other record's sys_id. */
  readonly pairs: readonly FieldPair[];
  /** As they are read: a reference is followed to the other record's key (`account.u_signalbox_key`). */
  readonly readPairs: readonly FieldPair[];
  readonly references: readonly Reference[];
}

/** A column that refers to a record of another kind. */
export interface Reference {
  readonly pair: FieldPair;
  readonly kind: Kind;
}

type Layout = Pick<Table, "pairs" | "keyField" | "whenDeleted">;

const REFERENCES: Readonly<Record<string, Kind>> = { customerId: "customer", orderId: "order" };

const TASK_KEY = "correlation_id";
const OWN_KEY = "u_signalbox_key";

const TASK: readonly FieldPair[] = [
  pair.text("number", "number", { way: "in" }),
  pair.text("subject", "short_description", { maxCharacters: 160 }),
  pair.text("description", "description", { maxCharacters: 4000 }),
  pair.sqlTime("openedAt", "opened_at"),
];
const PRIORITIES = { urgent: "1", high: "2", normal: "3", low: "4" };
const COMPANY: readonly FieldPair[] = [
  pair.text("name", "name", { maxCharacters: 80 }),
  pair.text("phone", "phone", { maxCharacters: 40 }),
  pair.text("region", "country"),
];

/** Words that are the canonical ones themselves, for tables that a team makes. */
const ownWords = (kind: Kind): Readonly<Record<string, string>> =>
  Object.fromEntries((entityDefinition(kind).lifecycle?.ranks ?? []).map((word) => [word, word]));

/** The tables of Customer Service Management and Incident, with the choices that they come with. From memory: a team moves what differs. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  customer_account: {
    keyField: OWN_KEY,
    whenDeleted: { active: "false" },
    pairs: [
      ...COMPANY,
      pair.text("number", "number", { way: "in" }),
      pair.text("email", "email", { maxCharacters: 100 }),
      // A prospect is an active account; there is no column that tells the two apart.
      pair.word("status", "active", { active: "true", prospect: "true", inactive: "false" }),
    ],
  },
  core_company: { keyField: OWN_KEY, whenDeleted: "delete", pairs: COMPANY },
  service_entitlement: {
    keyField: OWN_KEY,
    whenDeleted: { active: "false" },
    pairs: [
      pair.text("name", "name", { maxCharacters: 100 }),
      pair.text("customerId", "account"),
      // What is not active may not be used, whatever ended it.
      pair.word("status", "active", { active: "true", expired: "false", pending: "false", suspended: "false", cancelled: "false" }),
      pair.sqlTime("startsAt", "start_date"),
      pair.sqlTime("endsAt", "end_date"),
    ],
  },
  sn_customerservice_case: {
    keyField: TASK_KEY,
    whenDeleted: { state: "7" },
    pairs: [
      ...TASK,
      pair.word(
        "status",
        "state",
        { new: "1", open: "10", pending: "18", on_hold: "18", resolved: "6", closed: "3" },
        { readAs: { "7": "closed" } },
      ),
      pair.word("priority", "priority", PRIORITIES, { readAs: { "5": "low" } }),
      pair.text("customerId", "account"),
      pair.text("requesterId", "contact", { way: "in" }),
    ],
  },
  incident: {
    keyField: TASK_KEY,
    whenDeleted: { state: "8" },
    pairs: [
      ...TASK,
      pair.word(
        "status",
        "state",
        { new: "1", open: "2", on_hold: "3", pending: "3", resolved: "6", closed: "7" },
        { readAs: { "8": "closed" } },
      ),
      // Computed from impact and urgency.
      pair.word("priority", "priority", PRIORITIES, { way: "in", readAs: { "5": "low" } }),
      pair.text("customerId", "company"),
      pair.text("requesterId", "caller_id", { way: "in" }),
    ],
  },
};

/** The columns that a team's own tables have unless the team says otherwise. */
const OWN_LAYOUTS: Readonly<Record<"order" | "invoice", Layout>> = {
  order: {
    keyField: OWN_KEY,
    whenDeleted: "delete",
    pairs: [
      pair.text("number", "u_number"),
      pair.text("customerId", "u_customer"),
      pair.text("opportunityId", "u_opportunity_key"),
      pair.word("status", "u_status", ownWords("order")),
      pair.money("total", "u_total", { currencyAt: "u_currency" }),
      pair.sqlTime("orderedAt", "u_ordered_at"),
    ],
  },
  invoice: {
    keyField: OWN_KEY,
    whenDeleted: "delete",
    pairs: [
      pair.text("number", "u_number"),
      pair.text("customerId", "u_customer"),
      pair.text("orderId", "u_order"),
      pair.word("status", "u_status", ownWords("invoice")),
      pair.money("total", "u_total", { currencyAt: "u_currency" }),
      pair.money("amountDue", "u_amount_due", { currencyAt: "u_currency" }),
      pair.sqlTime("issuedAt", "u_issued_at"),
      pair.day("dueDate", "u_due_date"),
    ],
  },
};

const DEFAULT_TABLES: Readonly<Partial<Record<Kind, string>>> = {
  customer: "customer_account",
  entitlement: "service_entitlement",
  case: "sn_customerservice_case",
};

const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** The table of a kind as this deployment has it. Fails (`config`) for an order or invoice that nobody has given one. */
export function tableOf(kind: string, settings: Settings): Result<Table, Failed> {
  const set = isKind(kind) ? settings.tables[kind] : undefined;
  const name = set?.table ?? (isKind(kind) ? DEFAULT_TABLES[kind] : undefined);
  if (!isKind(kind) || name === undefined)
    return fail({
      kind: "failed",
      class: "config",
      detail: `ServiceNow has no table for ${kind}: name the team's own in the setting tables`,
    });
  // A table that extends one of the product's has its columns.
  const layout = LAYOUTS[name] ?? (kind === "order" || kind === "invoice" ? OWN_LAYOUTS[kind] : LAYOUTS[DEFAULT_TABLES[kind] ?? name]);
  if (layout === undefined) return fail({ kind: "failed", class: "config", detail: `nothing is known of the columns of ${name}` });
  const pairs = withTeamFields(layout.pairs, settings.fields?.[kind]).map(asText);
  const references = pairs.flatMap((each) => referenceOf(each, settings));
  return ok({
    kind,
    name,
    keyField: set?.keyField ?? layout.keyField,
    importSet: set?.importSet ?? null,
    whenDeleted: set?.whenDeleted ?? layout.whenDeleted,
    pairs,
    readPairs: pairs.map((each) => followed(each, references, settings)),
    references: references.map(({ kind: to, pair: each }) => ({ kind: to, pair: each })),
  });
}

/** Every column is text to the Table API, a team's additions too. */
const asText = (each: FieldPair): FieldPair => (each.as === "json" ? { ...each, as: "text" } : each);

function referenceOf(each: FieldPair, settings: Settings): readonly Reference[] {
  const kind = Object.hasOwn(REFERENCES, each.field) ? REFERENCES[each.field] : undefined;
  const known = kind !== undefined && (settings.tables[kind]?.table ?? DEFAULT_TABLES[kind]) !== undefined;
  return kind === undefined || !known ? [] : [{ pair: each, kind }];
}

function followed(each: FieldPair, references: readonly Reference[], settings: Settings): FieldPair {
  const kind = references.find(({ pair: { field } }) => field === each.field)?.kind;
  if (kind === undefined) return each;
  const table = settings.tables[kind]?.table ?? DEFAULT_TABLES[kind] ?? "";
  const keyField = settings.tables[kind]?.keyField ?? LAYOUTS[table]?.keyField ?? OWN_KEY;
  return { ...each, at: `${each.at}.${keyField}` };
}
