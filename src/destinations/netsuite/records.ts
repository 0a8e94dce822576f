import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import type { Settings } from "./settings.ts";

/** A field of ours that names another record, and the field of NetSuite's that refers to it. */
export interface Reference {
  readonly field: string;
  readonly kind: EntityKind;
  readonly at: string;
}

interface RecordTable {
  /** The record type in REST paths. */
  readonly record: string;
  /** Where SuiteQL finds it, as `t`. */
  readonly from: string;
  readonly where?: string;
  readonly references: readonly Reference[];
  readonly pairs: readonly FieldPair[];
  /** SuiteQL's expression for a REST path where it is not the column of the same name. */
  readonly columns: Readonly<Record<string, string>>;
  /** What stands for a deletion: a field's word, or that the record is deleted. */
  readonly deletedAs: { readonly field: string; readonly word: string } | "deleted";
}

const CURRENCY = { currencyAt: "currencySymbol" };
const CURRENCY_JOIN = " LEFT JOIN currency c ON t.currency = c.id";
const TRANSACTION = `transaction t LEFT JOIN customer e ON t.entity = e.id${CURRENCY_JOIN}`;
const TRANSACTION_COLUMNS = { "entity.externalId": "e.externalid", total: "t.foreigntotal", currencySymbol: "c.symbol" };
const ENTITY: Reference = { field: "customerId", kind: "customer", at: "entity" };

/** A person only approves or cancels an order; the other states follow from its fulfilments and invoices, and are only read. */
const ORDER_STATES_READ = {
  pending_approval: "A",
  confirmed: "B",
  cancelled: "C",
  partially_fulfilled: "D",
  partially_invoiced: "E",
  fulfilled: "F",
  invoiced: "G",
  closed: "H",
};
export const ORDER_STATES_WRITTEN: Readonly<Record<string, string>> = {
  draft: "A",
  pending_approval: "A",
  confirmed: "B",
  cancelled: "C",
  closed: "H",
};

const ORDER: RecordTable = {
  record: "salesOrder",
  from: TRANSACTION,
  where: "t.type = 'SalesOrd'",
  references: [ENTITY],
  pairs: [
    pair.text("number", "tranId", { way: "in" }),
    pair.text("opportunityId", "otherRefNum", { maxCharacters: 45 }),
    pair.word("status", "orderStatus.id", ORDER_STATES_READ, { way: "in" }),
    pair.word("status", "orderStatus.id", ORDER_STATES_WRITTEN, { way: "out" }),
    // NetSuite adds it up from the lines.
    pair.money("total", "total", { ...CURRENCY, way: "in" }),
    // It keeps the day alone.
    pair.day("orderedAt", "tranDate", { way: "out" }),
    pair.time("orderedAt", "tranDate", { way: "in" }),
  ],
  columns: { ...TRANSACTION_COLUMNS, "orderStatus.id": "t.status" },
  // An order that was sent on stays in the books, cancelled.
  deletedAs: { field: "status", word: "cancelled" },
};

/** Record types as a new account has them. A customer's tax number and region depend on its features: a team names the field. */
const TABLES = {
  customer: {
    record: "customer",
    from: "customer t",
    references: [],
    pairs: [
      pair.text("name", "companyName", { maxCharacters: 83 }),
      pair.text("email", "email", { maxCharacters: 254 }),
      pair.text("phone", "phone", { maxCharacters: 32 }),
      pair.text("number", "entityId", { way: "in" }),
      pair.word("status", "isInactive", { active: "F", prospect: "F", inactive: "T" }),
    ],
    columns: {},
    // One with transactions cannot be deleted.
    deletedAs: { field: "status", word: "inactive" },
  },
  opportunity: ORDER,
  order: ORDER,
  invoice: {
    record: "invoice",
    from: TRANSACTION,
    where: "t.type = 'CustInvc'",
    references: [ENTITY],
    pairs: [
      pair.text("number", "tranId", { way: "in" }),
      pair.word("status", "status.id", { open: "A", paid: "B", draft: "D", void: "V" }, { way: "in" }),
      pair.money("total", "total", { ...CURRENCY, way: "in" }),
      pair.money("amountDue", "amountRemaining", { ...CURRENCY, way: "in" }),
      pair.money("amountPaid", "amountPaid", { ...CURRENCY, way: "in" }),
      pair.day("issuedAt", "tranDate", { way: "out" }),
      pair.time("issuedAt", "tranDate", { way: "in" }),
      pair.day("dueDate", "dueDate"),
    ],
    columns: {
      ...TRANSACTION_COLUMNS,
      "status.id": "t.status",
      amountRemaining: "t.foreignamountunpaid",
      amountPaid: "t.foreignamountpaid",
    },
    // NetSuite refuses it for one that is paid or in a closed period.
    deletedAs: "deleted",
  },
  case: {
    record: "supportCase",
    from: "supportcase t LEFT JOIN customer e ON t.company = e.id",
    references: [{ field: "customerId", kind: "customer", at: "company" }],
    pairs: [
      pair.text("number", "caseNumber", { way: "in" }),
      pair.text("subject", "title", { maxCharacters: 300 }),
      pair.text("description", "incomingMessage", { way: "out" }),
      pair.word("status", "status.id", { new: "1", open: "2", on_hold: "3", pending: "4", closed: "5", resolved: "5" }),
      pair.word("priority", "priority.id", { high: "1", urgent: "1", normal: "2", low: "3" }),
      pair.text("requesterEmail", "email", { maxCharacters: 254 }),
    ],
    columns: { "company.externalId": "e.externalid" },
    deletedAs: { field: "status", word: "closed" },
  },
} as const satisfies Partial<Record<EntityKind, RecordTable>>;

export type Kind = keyof typeof TABLES;
export const KINDS = Object.keys(TABLES) as readonly Kind[];

/** One kind as this account has it. */
export interface Shape extends RecordTable {
  /** The canonical kind that the record is read as: a sale has become an order. */
  readonly readAs: EntityKind;
  /** Whether NetSuite owns it, so that its key is the internal id. */
  readonly own: boolean;
  /** References whose records carry our key as their external id. */
  readonly byExternalId: readonly (Reference & { readonly path: string })[];
}

export const isKind = (kind: EntityKind): kind is Kind => Object.hasOwn(TABLES, kind);

/** A kind's record type with the account's own fields. Throws for a kind that the module does not take. */
export function shapeOf(kind: EntityKind, { ownKinds, fields, currencies }: Settings): Shape {
  if (!isKind(kind)) throw new Error(`NetSuite takes no ${kind}`);
  const table: RecordTable = TABLES[kind];
  const references = table.references.map(({ field, kind: of, at }) =>
    pair.text(field, `${at}.${ownKinds.includes(of) ? "id" : "externalId"}`),
  );
  const usual = [...table.pairs, ...references].map((each) => inCurrency(each, currencies));
  const pairs = withTeamFields(usual, fields[kind]);
  const placed = table.references.flatMap((each) => {
    const path = pairs.find(({ field }) => field === each.field)?.at;
    return path === undefined ? [] : [{ ...each, at: path.split(".")[0] ?? path, path }];
  });
  return {
    ...table,
    from: typeof currencies === "string" ? table.from.replace(CURRENCY_JOIN, "") : table.from,
    readAs: kind === "opportunity" ? "order" : kind,
    own: kind !== "opportunity" && ownKinds.includes(kind),
    references: placed,
    byExternalId: placed.filter(({ path }) => path.endsWith(".externalId")),
    pairs,
  };
}

/** An account with one currency has no table of them. */
function inCurrency(each: FieldPair, currencies: Settings["currencies"]): FieldPair {
  if (each.as !== "money" || typeof currencies !== "string") return each;
  const { currencyAt: _, ...rest } = each;
  return { ...rest, currency: currencies };
}

/** SuiteQL's expression for a pair's field; null where it has none, such as a team's field of a sublist. */
export function columnOf(shape: Shape, path: string): string | null {
  const column = shape.columns[path] ?? `t.${path.replace(/\.id$/, "").toLowerCase()}`;
  return /^[a-z]\.[a-z_0-9]+$/.test(column) ? column : null;
}
