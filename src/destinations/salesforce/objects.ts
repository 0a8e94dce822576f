import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, toRemote, withTeamFields, type FieldPair, type PairProblem } from "../../domain/field-pairs.ts";
import { readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { ok, type Result } from "../../domain/result.ts";
import type { Delivery } from "../define.ts";
import type { Settings } from "./settings.ts";

/** A field of ours that names another record, and the relationship by which Salesforce does. */
interface Parent {
  readonly field: string;
  readonly kind: EntityKind;
  readonly relationship: string;
}

interface ObjectTable {
  readonly object: string;
  readonly parents: readonly Parent[];
  readonly pairs: readonly FieldPair[];
}

const parent = (field: string, kind: EntityKind, relationship: string): Parent => ({ field, kind, relationship });

const ACCOUNT = parent("customerId", "customer", "Account");

const INVOICE_WORDS = Object.fromEntries(
  ["draft", "open", "past_due", "paid", "uncollectible", "void"].map((word) => [word, word]),
) satisfies Record<string, string>;

/**
 * Salesforce's standard objects, with the picklist words of a new organization, and a custom one for invoices. What they
 * have no standard field for (a customer's e-mail address, an order's lines) is not written unless the team names a field.
 */
const TABLES = {
  customer: {
    object: "Account",
    parents: [],
    pairs: [
      pair.text("name", "Name", { maxCharacters: 255 }),
      pair.text("number", "AccountNumber", { maxCharacters: 40 }),
      pair.text("phone", "Phone", { maxCharacters: 40 }),
      pair.text("region", "BillingCountry", { maxCharacters: 80 }),
    ],
  },
  opportunity: {
    object: "Opportunity",
    parents: [ACCOUNT],
    pairs: [
      pair.text("name", "Name", { maxCharacters: 120 }),
      pair.word("stage", "StageName", { open: "Prospecting", won: "Closed Won", lost: "Closed Lost" }, { otherwise: "open" }),
      pair.moneyNumber("amount", "Amount"),
      pair.day("closeDate", "CloseDate"),
      pair.text("ownerId", "OwnerId", { way: "in" }),
    ],
  },
  order: {
    object: "Order",
    parents: [ACCOUNT, parent("opportunityId", "opportunity", "Opportunity")],
    pairs: [
      pair.text("number", "OrderNumber", { way: "in" }),
      // Only Draft or Activated to Salesforce (OrderStatus.StatusCode). No word stands for `cancelled`: the team must choose one.
      pair.word("status", "Status", {
        draft: "Draft",
        pending_approval: "Draft",
        confirmed: "Activated",
        on_hold: "Activated",
        partially_fulfilled: "Activated",
        fulfilled: "Activated",
        partially_invoiced: "Activated",
        invoiced: "Activated",
        closed: "Activated",
      }),
      // Salesforce adds it up from the order's products.
      pair.moneyNumber("total", "TotalAmount", { way: "in" }),
      // It keeps the day alone.
      pair.day("orderedAt", "EffectiveDate", { way: "out" }),
      pair.time("orderedAt", "EffectiveDate", { way: "in" }),
    ],
  },
  invoice: {
    object: "Invoice__c",
    parents: [parent("customerId", "customer", "Account__r"), parent("orderId", "order", "Order__r")],
    pairs: [
      pair.text("number", "Name", { maxCharacters: 80 }),
      pair.word("status", "Status__c", INVOICE_WORDS),
      pair.moneyNumber("total", "Total__c"),
      pair.moneyNumber("amountDue", "Amount_Due__c"),
      pair.time("issuedAt", "Issued_At__c"),
      pair.day("dueDate", "Due_Date__c"),
    ],
  },
  entitlement: {
    object: "Entitlement",
    parents: [ACCOUNT],
    pairs: [
      pair.text("name", "Name", { maxCharacters: 255 }),
      pair.text("plan", "Type", { maxCharacters: 40 }),
      // Salesforce derives it from the days.
      pair.word("status", "Status", { active: "Active", expired: "Expired", pending: "Inactive" }, { way: "in" }),
      pair.day("startsAt", "StartDate", { way: "out" }),
      pair.time("startsAt", "StartDate", { way: "in" }),
      pair.day("endsAt", "EndDate", { way: "out" }),
      pair.time("endsAt", "EndDate", { way: "in" }),
    ],
  },
  case: {
    object: "Case",
    parents: [ACCOUNT],
    pairs: [
      pair.text("number", "CaseNumber", { way: "in" }),
      pair.text("subject", "Subject", { maxCharacters: 255 }),
      pair.text("description", "Description", { maxCharacters: 32_000 }),
      pair.word("status", "Status", {
        new: "New",
        open: "Working",
        pending: "Escalated",
        on_hold: "On Hold",
        closed: "Closed",
        resolved: "Closed",
      }),
      pair.word("priority", "Priority", { high: "High", urgent: "High", normal: "Medium", low: "Low" }),
      pair.text("requesterEmail", "SuppliedEmail", { maxCharacters: 80 }),
      pair.time("openedAt", "CreatedDate", { way: "in" }),
    ],
  },
} as const satisfies Partial<Record<EntityKind, ObjectTable>>;

export type Kind = keyof typeof TABLES;
export const KINDS = Object.keys(TABLES) as readonly Kind[];

/** One kind as this organization has it. */
export interface Shape {
  readonly kind: Kind;
  readonly object: string;
  /** The field that holds our key: the external id, or Salesforce's own where it owns the kind. */
  readonly keyField: string;
  /** Fields that name another record: its kind and object, and the field with that one's id. */
  readonly parents: readonly { readonly field: string; readonly kind: EntityKind; readonly object: string; readonly idField: string }[];
  readonly pairs: readonly FieldPair[];
  readonly constants: JsonObject;
}

export const isKind = (kind: EntityKind): kind is Kind => Object.hasOwn(TABLES, kind);

const objectOf = (kind: EntityKind, settings: Settings): string => (isKind(kind) ? (settings.objects[kind] ?? TABLES[kind].object) : kind);

/** `Account` is found by `AccountId`, `Order__r` by `Order__c`. */
const idFieldOf = (relationship: string): string =>
  relationship.endsWith("__r") ? relationship.replace(/__r$/, "__c") : `${relationship}Id`;

/** A kind's object with the organization's own names. Throws for a kind that the module does not take. */
export function shapeOf(kind: EntityKind, settings: Settings): Shape {
  if (!isKind(kind)) throw new Error(`Salesforce takes no ${kind}`);
  const table: ObjectTable = TABLES[kind];
  const { externalIdField, ownKinds, currency } = settings;
  const references = table.parents.map(({ field, kind: of, relationship }) =>
    pair.text(field, ownKinds.includes(of) ? idFieldOf(relationship) : `${relationship}.${externalIdField}`),
  );
  const money = currency === undefined ? { currencyAt: "CurrencyIsoCode" } : { currency };
  const usual = [...table.pairs, ...references].map((each) => (each.as === "moneyNumber" ? { ...each, ...money } : each));
  const pairs = withTeamFields(usual, settings.fields[kind]);
  return {
    kind,
    object: objectOf(kind, settings),
    keyField: ownKinds.includes(kind) ? "Id" : externalIdField,
    parents: table.parents.flatMap((each) => {
      const at = pairs.find(({ field }) => field === each.field)?.at;
      if (at === undefined) return [];
      const [relationship, ofParent] = at.split(".");
      const idField = ofParent === undefined || relationship === undefined ? at : idFieldOf(relationship);
      return [{ field: each.field, kind: each.kind, object: objectOf(each.kind, settings), idField }];
    }),
    pairs,
    constants: settings.constants[kind] ?? {},
  };
}

/**
 * The record's fields in Salesforce's words: those that the data has, for a snapshot too, since a PATCH leaves the others
 * alone. A reference that is cleared is cleared by its id, as a relationship cannot be set to null.
 */
export function recordOf({ data, cleared }: Delivery, shape: Shape): Result<JsonObject, readonly PairProblem[]> {
  const isReference = (field: string): boolean => shape.parents.some((each) => each.field === field);
  const written = toRemote(
    data,
    shape.pairs,
    cleared.filter((field) => !isReference(field)),
  );
  if (!written.ok) return written;
  const emptied = shape.parents.flatMap(({ field, idField }): readonly (readonly [string, JsonValue])[] =>
    cleared.includes(field) && readPath(data, field) === undefined ? [[idField, null]] : [],
  );
  return ok({ ...shape.constants, ...written.value, ...Object.fromEntries(emptied) });
}

/** Our name of a field of Salesforce's, where the table tells. */
export const canonicalField = (shape: Shape, field: string): string =>
  shape.parents.find(({ idField }) => idField === field)?.field ?? shape.pairs.find(({ at }) => at === field)?.field ?? field;
