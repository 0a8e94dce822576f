import type { LineFields } from "../../domain/document-lines.ts";
import type { EntityKind } from "../../domain/entities/index.ts";
import {
  pair,
  toCanonical,
  toRemote,
  withTeamFields,
  type FieldPair,
  type PairProblem,
  type TeamFields,
} from "../../domain/field-pairs.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { NO_ORDER, timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, RemoteState } from "../define.ts";
import { linesOf } from "./lines.ts";

export type RecordKind = "customer" | "order" | "invoice";

/** What the settings say of records. */
export interface RecordSettings {
  readonly company: string;
  readonly orderKey: string;
  readonly lineSet: string;
  readonly lineFields: LineFields;
  readonly stamps: Readonly<Partial<Record<RecordKind, string>>>;
  readonly fields: Readonly<Partial<Record<EntityKind, TeamFields>>>;
}

/** A public data entity. */
export interface Resource {
  readonly kind: RecordKind;
  readonly set: string;
  /** The field that, with `dataAreaId`, is the entity's key; null where the key has more parts than we know. */
  readonly addressedBy: string | null;
  /** The field that holds our key. */
  readonly keyField: string;
  readonly pairs: readonly FieldPair[];
  /** The field of the last change, where the entity has one. */
  readonly stamp: string | undefined;
  /** Of orders: where their lines are, and in which fields. */
  readonly lines?: { readonly set: string; readonly fields: LineFields };
}

/**
 * Fields of the entities Customers V3, Sales order headers V2 and Sales invoice headers V2, as Microsoft lists them
 * (https://learn.microsoft.com/en-us/common-data-model/schema/core/operationscommon/entities/finance/accountsreceivable/custcustomerv3entity,
 * .../supplychain/salesandmarketing/salesorderheaderv2entity). `/data/$metadata` of an environment is what counts; a
 * team moves fields by the setting `fields`.
 */
const CUSTOMER: readonly FieldPair[] = [
  pair.text("name", "OrganizationName"),
  pair.text("number", "CustomerAccount", { way: "in" }),
  pair.text("email", "PrimaryContactEmail"),
  pair.text("phone", "PrimaryContactPhone"),
  pair.text("taxId", "TaxExemptNumber"),
  pair.text("currency", "SalesCurrencyCode"),
  // On hold for some transactions only is read as unknown, so that nothing lifts it.
  pair.word("status", "OnHoldStatus", { active: "No", prospect: "No", inactive: "All" }),
];

/** The status moves by confirming, delivering and invoicing there; a total is the sum of its lines. */
const ORDER: readonly FieldPair[] = [
  pair.text("number", "SalesOrderNumber", { way: "in" }),
  pair.text("customerId", "OrderingCustomerAccountNumber"),
  pair.text("opportunityId", "CustomersOrderReference"),
  pair.word(
    "status",
    "SalesOrderStatus",
    { draft: "None", confirmed: "Backorder", fulfilled: "Delivered", invoiced: "Invoiced", cancelled: "Canceled" },
    { way: "in" },
  ),
  pair.text("total.currency", "CurrencyCode", { way: "out" }),
  pair.money("total", "OrderTotalAmount", { currencyAt: "CurrencyCode", way: "in" }),
  pair.time("orderedAt", "OrderCreationDateTime", { way: "in" }),
  // Written by lines.ts, since each is a record of its own.
  pair.json("lines", "lines", { way: "in" }),
];

const INVOICE: readonly FieldPair[] = [
  pair.text("number", "InvoiceNumber"),
  pair.text("orderId", "SalesOrderNumber"),
  pair.text("customerId", "InvoiceCustomerAccountNumber"),
  pair.money("total", "TotalInvoiceAmount", { currencyAt: "CurrencyCode" }),
  pair.time("issuedAt", "InvoiceDate"),
];

/** The entity that a kind is kept in; an opportunity is kept as the order that it becomes. */
export function resourceOf(kind: EntityKind, { orderKey, stamps, fields, lineSet, lineFields }: RecordSettings): Resource {
  const pairs = (own: readonly FieldPair[]): readonly FieldPair[] => withTeamFields(own, fields[kind]);
  if (kind === "customer")
    return {
      kind,
      set: "CustomersV3",
      addressedBy: "CustomerAccount",
      keyField: "CustomerAccount",
      pairs: pairs(CUSTOMER),
      stamp: stamps.customer,
    };
  if (kind === "invoice")
    return {
      kind,
      set: "SalesInvoiceHeadersV2",
      addressedBy: null,
      keyField: "InvoiceNumber",
      pairs: pairs(INVOICE),
      stamp: stamps.invoice,
    };
  return {
    kind: "order",
    set: "SalesOrderHeadersV2",
    addressedBy: "SalesOrderNumber",
    keyField: orderKey,
    pairs: pairs(ORDER).filter(({ at }) => at !== orderKey || orderKey === "SalesOrderNumber"),
    stamp: stamps.order,
    lines: { set: lineSet, fields: lineFields },
  };
}

/** A delivery as the entity's fields. X++ has no null: a text that is cleared is empty. */
export function bodyOf(data: JsonObject, cleared: readonly string[], { pairs }: Resource): Result<JsonObject, readonly PairProblem[]> {
  const body = toRemote(data, pairs, cleared);
  return body.ok ? ok(Object.fromEntries(Object.entries(body.value).map(([name, value]) => [name, value ?? ""]))) : body;
}

/** A row as canonical state; keys compare without regard to case there, as its database does. */
export function stateOf(row: JsonObject, resource: Resource, askedFor?: string): Result<RemoteState, Failed> {
  const stored = scalarText(row[resource.keyField]) ?? "";
  const id = scalarText(row[resource.addressedBy ?? resource.keyField]) ?? "";
  const lines = resource.lines === undefined ? [] : linesOf(row, resource.lines.fields);
  const data = toCanonical(resource.kind, { ...withoutEmptyTimes(row), ...(lines.length === 0 ? {} : { lines }) }, resource.pairs);
  if (!data.ok || id === "")
    return fail({ kind: "failed", class: "business", detail: `${resource.set} ${id}: ${data.ok ? "has no key" : data.failure}` });
  const modifiedAtMs = Date.parse(scalarText(resource.stamp === undefined ? undefined : row[resource.stamp]) ?? "");
  return ok({
    remote: { id, number: id },
    key: stored === "" ? null : askedFor?.toUpperCase() === stored.toUpperCase() ? askedFor : stored,
    data: data.value,
    order: Number.isNaN(modifiedAtMs) ? NO_ORDER : timeToken(modifiedAtMs),
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: false,
  });
}

/** A time that was never set is the first day of 1900. */
const withoutEmptyTimes = (row: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]): [string, JsonValue] => [
      name,
      typeof value === "string" && value.startsWith("1900-01-01T") ? null : value,
    ]),
  );
