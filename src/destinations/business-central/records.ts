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
import { timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, RemoteState } from "../define.ts";
import { linesOf } from "./lines.ts";

/** What the modules' settings say of records. */
export interface RecordSettings {
  readonly orderKey: string;
  readonly fields: Readonly<Partial<Record<EntityKind, TeamFields>>>;
}

/** A resource of API v2.0, and the key by which it is found. */
export interface Resource {
  readonly kind: "customer" | "order" | "invoice";
  readonly set: string;
  readonly keyField: string;
  readonly pairs: readonly FieldPair[];
  readonly expand?: string;
}

/** Resources and their properties: https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_customer (dynamics_salesorder, dynamics_salesinvoice). */
const CUSTOMER: readonly FieldPair[] = [
  pair.text("name", "displayName"),
  pair.text("number", "number", { way: "in" }),
  pair.text("email", "email"),
  pair.text("phone", "phoneNumber"),
  pair.text("taxId", "taxRegistrationNumber"),
  pair.text("currency", "currencyCode"),
  // Blocked for some transactions only ("Ship", "Invoice") is read as unknown, so that nothing reactivates it.
  pair.word("status", "blocked", { active: "_x0020_", prospect: "_x0020_", inactive: "All" }),
];

/** Amounts and status are the system's own; it computes them from lines and posting. */
const ORDER: readonly FieldPair[] = [
  pair.text("number", "number", { way: "in" }),
  pair.text("customerId", "customerNumber"),
  pair.word("status", "status", { draft: "Draft", pending_approval: "In Review", confirmed: "Open", fulfilled: "Shipped" }, { way: "in" }),
  pair.text("total.currency", "currencyCode", { way: "out" }),
  pair.money("total", "totalAmountIncludingTax", { currencyAt: "currencyCode", way: "in" }),
  pair.day("orderedAt", "orderDate", { way: "out" }),
  pair.time("orderedAt", "orderDate", { way: "in" }),
  // Written by lines.ts, since each is a record of its own.
  pair.json("lines", "lines", { way: "in" }),
];

const INVOICE: readonly FieldPair[] = [
  pair.text("number", "number"),
  pair.text("orderId", "orderNumber"),
  pair.text("customerId", "customerNumber"),
  pair.word(
    "status",
    "status",
    { draft: "Draft", open: "Open", paid: "Paid", void: "Canceled" },
    // A corrective document takes an invoice back; it is none that is due.
    { otherwise: "unknown" },
  ),
  pair.money("total", "totalAmountIncludingTax", { currencyAt: "currencyCode" }),
  pair.money("amountDue", "remainingAmount", { currencyAt: "currencyCode" }),
  pair.time("issuedAt", "invoiceDate"),
  pair.day("dueDate", "dueDate"),
];

/** The resource that a kind is kept in; an opportunity is kept as the order that it becomes. */
export function resourceOf(kind: EntityKind, settings: RecordSettings): Resource {
  const pairs = (own: readonly FieldPair[]): readonly FieldPair[] => withTeamFields(own, settings.fields[kind]);
  if (kind === "customer") return { kind, set: "customers", keyField: "number", pairs: pairs(CUSTOMER) };
  if (kind === "invoice") return { kind, set: "salesInvoices", keyField: "number", pairs: pairs(INVOICE) };
  return { kind: "order", set: "salesOrders", keyField: settings.orderKey, pairs: pairs(ORDER), expand: "salesOrderLines" };
}

/** A delivery as the system's properties. AL has no null: a text that is cleared is empty, a day is 0001-01-01. */
export function bodyOf(data: JsonObject, cleared: readonly string[], { pairs }: Resource): Result<JsonObject, readonly PairProblem[]> {
  const body = toRemote(data, pairs, cleared);
  if (!body.ok) return body;
  const days = new Set(pairs.flatMap(({ at, as }) => (as === "day" ? [at] : [])));
  const empty = (name: string): JsonValue => (days.has(name) ? NO_DAY : "");
  return ok(Object.fromEntries(Object.entries(body.value).map(([name, value]) => [name, value ?? empty(name)])));
}

const NO_DAY = "0001-01-01";

/**
 * A row as canonical state. Keys are fields of the type Code, which the system keeps in capitals
 * (https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/developer/methods-auto/code/code-data-type):
 * `askedFor` is the key as its owner writes it, where the row was asked for by it.
 */
export function stateOf(row: JsonObject, resource: Resource, askedFor?: string): Result<RemoteState, Failed> {
  const id = scalarText(row["id"]) ?? "";
  const data = toCanonical(resource.kind, readable(row, resource), resource.pairs);
  if (!data.ok || id === "")
    return fail({ kind: "failed", class: "business", detail: `${resource.set}(${id}): ${data.ok ? "has no id" : data.failure}` });
  const stored = scalarText(row[resource.keyField]) ?? "";
  const modifiedAtMs = Date.parse(scalarText(row["lastModifiedDateTime"]) ?? "");
  const number = scalarText(row["number"]) ?? "";
  return ok({
    remote: { id, ...(number === "" ? {} : { number }), version: scalarText(row["@odata.etag"]) ?? "" },
    key: stored === "" ? null : askedFor !== undefined && sameCode(askedFor, stored) ? askedFor : stored,
    data: data.value,
    order: timeToken(modifiedAtMs),
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: false,
  });
}

const sameCode = (left: string, right: string): boolean => left.trim().toUpperCase() === right.trim().toUpperCase();

/** The row in the words of the tables: what the system tells by several properties is told by one. */
function readable(row: JsonObject, { kind }: Resource): JsonObject {
  const plain = Object.fromEntries(Object.entries(row).map(([name, value]): [string, JsonValue] => [name, plainOf(name, value)]));
  if (kind !== "order") return plain;
  const lines = linesOf(row);
  return { ...plain, ...(row["fullyShipped"] === true ? { status: "Shipped" } : {}), ...(lines.length === 0 ? {} : { lines }) };
}

/** Option values with a space travel escaped (`_x0020_`) or not; a day that was never set is 0001-01-01. */
const plainOf = (name: string, value: JsonValue): JsonValue => {
  if (value === NO_DAY) return null;
  if (name === "status" && typeof value === "string") return value.replaceAll("_x0020_", " ");
  return name === "blocked" && value === " " ? "_x0020_" : value;
};
