import { same } from "../../domain/differences.ts";
import { toRemote, withTeamFields } from "../../domain/field-pairs.ts";
import { exactNumber, isJsonObject, readPath, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type FieldError } from "../define.ts";
import { ask, create, get, list, remove, update, type Session } from "./api.ts";
import type { DocumentKind } from "./documents.ts";
import type { Settings } from "./settings.ts";

/** One call: a new document, other values of one, or its end. */
export type Step = { readonly does: "create" | "update" | "submit" | "cancel" | "delete"; readonly values?: JsonObject };

export interface Wanted {
  readonly document: DocumentKind;
  readonly delivery: Delivery;
  readonly session: Session;
}

/** The whole document that carries our key: that is unique, so there is one at most. */
export async function find(session: Session, document: DocumentKind, key: string, headers: Readonly<Record<string, string>> = {}) {
  const { keyField } = session.settings;
  const rows = await list(session, { doctype: document.doctype, fields: ["name"], filters: [[keyField, "=", key]], limit: 1 }, headers);
  if (!rows.ok) return rows;
  const name = scalarText(rows.value[0]?.["name"]);
  return name === undefined ? ok(null) : get(session, document.doctype, name, headers);
}

export async function next(row: JsonObject | null, wanted: Wanted): Promise<Result<Step | "done", Failed>> {
  const { document, delivery, session } = wanted;
  if (delivery.deleted) return gone(row, document);
  const words = contentForErp(delivery);
  const remote = toRemote(words, withTeamFields(document.pairs, session.settings.fields?.[delivery.entity.kind]), delivery.cleared);
  if (!remote.ok) return fail(unwritable(remote.failure));
  const { stage, ...others } = remote.value;
  const { status, ...rest } = others;
  // Of what is submitted, ERPNext derives the status itself.
  const values = document.isSubmitted || status === undefined ? rest : { ...rest, status };
  const goal = document.isSubmitted ? docstatusOf(scalarText(stage ?? status)) : null;
  if (goal === CANCELLED) return gone(row, document);
  const whole = await withReferences(values, words, wanted);
  if (!whole.ok) return whole;
  if (row === null) return creation(whole.value, wanted);
  const changes = Object.fromEntries(Object.entries(whole.value).filter(([name, value]) => differs(name, value, row)));
  const docstatus = Number(scalarText(row["docstatus"]) ?? "0");
  if (Object.keys(changes).length > 0) {
    if (docstatus === DRAFT) return ok({ does: "update", values: changes });
    return fail(tooLate(row, document, Object.keys(changes)));
  }
  if (goal === SUBMITTED && docstatus === DRAFT) return ok({ does: "submit" });
  return goal === null || docstatus === goal || (goal === DRAFT && docstatus === SUBMITTED)
    ? ok("done")
    : fail(tooLate(row, document, ["docstatus"]));
}

const DRAFT = 0;
const SUBMITTED = 1;
const CANCELLED = 2;

const docstatusOf = (status: string | undefined): number | null =>
  status === undefined ? null : status === "Draft" ? DRAFT : status === "Cancelled" ? CANCELLED : SUBMITTED;

/** A draft goes, what was submitted is cancelled and stays, and what others refer to is retired. */
function gone(row: JsonObject | null, document: DocumentKind): Result<Step | "done", Failed> {
  if (row === null) return ok("done");
  const { retired } = document;
  if (retired !== undefined)
    return ok(Object.entries(retired).every(([name, value]) => same(value, row[name])) ? "done" : { does: "update", values: retired });
  const docstatus = Number(scalarText(row["docstatus"]) ?? "0");
  return ok(docstatus === DRAFT ? { does: "delete" } : docstatus === SUBMITTED ? { does: "cancel" } : "done");
}

/** Every change says which state of the document was read, so that Frappe refuses it when somebody else was first. */
export async function take({ does, values }: Step, row: JsonObject | null, wanted: Wanted): Promise<Result<JsonValue, Failed>> {
  const { document, delivery, session } = wanted;
  const headers = traceHeaders(delivery);
  if (does === "create" || row === null) return create(session, document.doctype, values ?? {}, headers);
  const name = scalarText(row["name"]) ?? "";
  if (does === "delete") return remove(session, document.doctype, name, headers);
  const docstatus = does === "submit" ? { docstatus: SUBMITTED } : does === "cancel" ? { docstatus: CANCELLED } : {};
  return update(session, { doctype: document.doctype, name }, { ...values, ...docstatus, modified: row["modified"] ?? null }, headers);
}

async function creation(values: JsonObject, wanted: Wanted): Promise<Result<Step, Failed>> {
  const { document, delivery, session } = wanted;
  const { settings } = session;
  const day = new Date(delivery.occurredAtMs ?? delivery.receivedAtMs).toISOString().slice(0, 10);
  const own = { ...document.initially(settings, day), ...values, [settings.keyField]: delivery.entity.key };
  if (document.doctype !== "Sales Invoice") return ok({ does: "create", values: own });
  const made = await invoiceOfOrder(wanted);
  return made.ok ? ok({ does: "create", values: { ...made.value, ...own } }) : made;
}

/** What ERPNext itself would bill of the order that the invoice names. */
async function invoiceOfOrder({ delivery, session }: Wanted): Promise<Result<JsonObject, Failed>> {
  const key = scalarText(delivery.data["orderId"]) ?? scalarText(delivery.data["opportunityId"]);
  if (key === undefined) return fail(unwritable([{ field: "orderId", message: "an invoice is made of an order; say which" }]));
  const headers = traceHeaders(delivery);
  const order = await nameOf(session, { doctype: "Sales Order", key, field: "orderId" }, headers);
  if (!order.ok) return order;
  const made = await ask(session, session.settings.invoiceMethod, { source_name: order.value }, headers);
  if (!made.ok) return made;
  return isJsonObject(made.value)
    ? ok(made.value)
    : fail({ kind: "failed", class: "config", detail: "the invoice method answers no document" });
}

/** The values with the names of what they refer to, and the lines. */
async function withReferences(
  values: JsonObject,
  words: JsonObject,
  { document, delivery, session }: Wanted,
): Promise<Result<JsonObject, Failed>> {
  const key = document.hasCustomer ? scalarText(words["customerId"]) : undefined;
  const customer =
    key === undefined ? ok(null) : await nameOf(session, { doctype: "Customer", key, field: "customerId" }, traceHeaders(delivery));
  if (!customer.ok) return customer;
  const items = document.hasLines ? itemsOf(words, session.settings) : ok(null);
  if (!items.ok) return fail(unwritable(items.failure));
  const currency = document.hasLines ? scalarText(readPath(words, "total.currency")) : undefined;
  return ok({
    ...values,
    ...(customer.value === null ? {} : { customer: customer.value }),
    ...(currency === undefined ? {} : { currency }),
    ...(items.value === null ? {} : { items: [...items.value] }),
  });
}

/** The name of a document by our key. A missing one is for a person, who creates it first. */
async function nameOf(
  session: Session,
  { doctype, key, field }: { readonly doctype: string; readonly key: string; readonly field: string },
  headers: Readonly<Record<string, string>>,
): Promise<Result<string, Failed>> {
  const rows = await list(session, { doctype, fields: ["name"], filters: [[session.settings.keyField, "=", key]], limit: 1 }, headers);
  if (!rows.ok) return rows;
  const name = scalarText(rows.value[0]?.["name"]);
  return name === undefined
    ? fail(unwritable([{ field, message: `ERPNext has no ${doctype} with our key "${key}"; create it first` }]))
    : ok(name);
}

/** The lines that an order wants; null where it tells none. One that tells only an amount has one line of the configured item. */
export function itemsOf(words: JsonObject, { amountItem }: Settings): Result<readonly JsonObject[] | null, readonly FieldError[]> {
  const lines = wantedLines(words, amountItem);
  if (lines === null)
    return words["total"] === undefined
      ? ok(null)
      : fail([{ field: "lines", message: "it tells an amount and no lines, and no item is configured to stand for it" }]);
  const nameless = lines.flatMap((line, index) => (scalarText(line["sku"]) === undefined ? [`lines.${index}.sku`] : []));
  if (nameless.length > 0) return fail(nameless.map((field) => ({ field, message: "a line of an order needs its item" })));
  return ok(
    lines.map((line) => {
      const rate = scalarText(readPath(line, "unitPrice.amount"));
      return {
        item_code: line["sku"] ?? null,
        qty: exactNumber(scalarText(line["quantity"]) ?? "0"),
        ...(rate === undefined ? {} : { rate: exactNumber(rate) }),
        ...(line["description"] === undefined ? {} : { description: line["description"] }),
      };
    }),
  );
}

export function wantedLines(words: JsonObject, amountItem: string | undefined): readonly JsonObject[] | null {
  const { lines, total } = words;
  if (Array.isArray(lines)) return objectsIn(lines);
  return total === undefined || amountItem === undefined ? null : [{ sku: amountItem, quantity: "1", unitPrice: total }];
}

/** Child rows carry much that ERPNext adds; only what is wanted of them is compared. */
function differs(name: string, value: JsonValue, row: JsonObject): boolean {
  if (name !== "items") return !same(value, row[name]);
  const [wanted, held] = [objectsIn(value), objectsIn(row[name])];
  if (wanted.length !== held.length) return true;
  return wanted.some((line, index) => Object.entries(line).some(([field, each]) => !same(text(each), text(held[index]?.[field]))));
}

/** Numbers that keep every digit are objects until they are written. */
const text = (value: JsonValue | undefined): string | undefined =>
  value === undefined || value === null ? undefined : (scalarText(value) ?? JSON.stringify(value));

const tooLate = (row: JsonObject, document: DocumentKind, fields: readonly string[]): Failed =>
  unwritable(
    fields.map((field) => ({
      field:
        { customer: "customerId", items: "lines", docstatus: "status" }[field] ??
        document.pairs.find(({ at }) => at === field)?.field ??
        field,
      message: `${document.doctype} ${scalarText(row["name"]) ?? ""} is "${scalarText(row["status"]) ?? ""}" and cannot be changed any more; amend it in ERPNext`,
    })),
  );
