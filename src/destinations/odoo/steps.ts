import { differences, same } from "../../domain/differences.ts";
import { toRemote, withTeamFields } from "../../domain/field-pairs.ts";
import { exactNumber, readPath, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type FieldError } from "../define.ts";
import { change, searchRead, type Session } from "./api.ts";
import { rowsOf, wholeRows } from "./read.ts";
import { recordOf, type RecordKind } from "./records.ts";

/** A new record, other values of one, a button, or the invoice of an order. */
export type Step =
  | { readonly does: "create"; readonly values: JsonObject }
  | { readonly does: "write"; readonly values: JsonObject }
  | { readonly does: "press"; readonly button: string }
  | { readonly does: "bill"; readonly order: JsonValue };

export interface Wanted {
  readonly record: RecordKind;
  readonly delivery: Delivery;
  readonly session: Session;
}

/** The one record that carries our key; of an invoice that carries none yet, that of the order it names. */
export async function find(wanted: Wanted): Promise<Result<JsonObject | null, Failed>> {
  const { record, delivery, session } = wanted;
  const key = record.keyField(session.settings);
  const search = { record, kind: delivery.entity.kind, limit: 3, headers: traceHeaders(delivery) };
  const rows = await wholeRows(session, { ...search, domain: [[key, "=", delivery.entity.key]] });
  if (!rows.ok) return rows;
  const live = rows.value.filter((row) => row["state"] !== "cancel");
  if (live.length > 1)
    return fail(unwritable([{ field: key, message: `several of ${record.noun} in Odoo carry it; take it off all but one` }]));
  const row = live[0] ?? rows.value[0];
  if (row !== undefined || record.model !== "account.move") return ok(row ?? null);
  const bills = await rowsOf(session, {
    ...search,
    domain: [
      ["ref", "=", false],
      ["state", "!=", "cancel"],
      ["invoice_line_ids.sale_line_ids.order_id.client_order_ref", "=", orderKey(delivery) ?? false],
    ],
  });
  return bills.ok ? ok(orderKey(delivery) === undefined ? null : (bills.value[0] ?? null)) : bills;
}

const orderKey = ({ data }: Delivery): string | undefined => scalarText(data["orderId"]) ?? scalarText(data["opportunityId"]);

export async function next(row: JsonObject | null, wanted: Wanted): Promise<Result<Step | "done", Failed>> {
  const { record, delivery, session } = wanted;
  const { settings } = session;
  if (delivery.deleted) return gone(row, wanted);
  const words = contentForErp(delivery);
  const remote = toRemote(words, withTeamFields(record.pairs, settings.fields?.[delivery.entity.kind]), delivery.cleared);
  if (!remote.ok) return fail(unwritable(remote.failure));
  const { stage, ...fields } = record.workflow === undefined ? { ...remote.value, stage: undefined } : remote.value;
  const goal = goalOf(scalarText(stage));
  if (goal === "cancel") return gone(row, wanted);
  const held = row === null ? {} : record.view(row, settings);
  const changes = Object.fromEntries(Object.entries(fields).filter((entry) => entry[1] !== undefined && !same(entry[1], held[entry[0]])));
  const lines = record.hasLines ? wantedLines(words, settings.amountProduct) : ok(null);
  if (!lines.ok) return fail(unwritable(lines.failure));
  const other = {
    customer:
      record.hasPartner &&
      record.model !== "account.move" &&
      words["customerId"] !== undefined &&
      words["customerId"] !== row?.["customerId"],
    lines: lines.value !== null && linesDiffer(lines.value, objectsIn(row?.["lines"])),
  };
  if (row === null) return creation({ changes, words, lines: lines.value }, wanted);
  const currency = record.hasLines ? scalarText(readPath(words, "total.currency")) : undefined;
  if (currency !== undefined && currency !== held["currency"])
    return fail(
      unwritable([
        {
          field: "total.currency",
          message: `it is in ${currency}, and the price list of the customer in Odoo in another; give it one in ${currency}`,
        },
      ]),
    );
  const key = record.model === "account.move" && row["ref"] !== delivery.entity.key ? { ref: delivery.entity.key } : {};
  if (Object.keys(changes).length > 0 || Object.keys(key).length > 0 || other.customer || other.lines) {
    const state = scalarText(row["state"]);
    if (state !== undefined && !["draft", "sent"].includes(state))
      return state === "cancel"
        ? ok({ does: "press", button: record.model === "sale.order" ? "action_draft" : "button_draft" })
        : fail(
            tooLate(row, wanted, [...Object.keys(changes), ...(other.customer ? ["customerId"] : []), ...(other.lines ? ["lines"] : [])]),
          );
    const values = await valuesOf({ changes, words, lines: other.lines ? lines.value : null }, wanted, other.customer);
    return values.ok ? ok({ does: "write", values: { ...values.value, ...key } }) : values;
  }
  const button = goal === null ? undefined : record.workflow?.[goal]?.[scalarText(row["state"]) ?? ""];
  return ok(button === undefined ? "done" : { does: "press", button });
}

/** What Odoo comes to by itself, such as delivered, begins with what we bring about. */
const goalOf = (stage: string | undefined): string | null =>
  stage === undefined ? null : ["draft", "cancel", "posted", "paid"].includes(stage) ? stage : "sale";

function gone(row: JsonObject | null, { record, session }: Wanted): Result<Step | "done", Failed> {
  if (row === null) return ok("done");
  const retired = record.retired?.(session.settings);
  if (retired === undefined) {
    const button = record.workflow?.["cancel"]?.[scalarText(row["state"]) ?? ""];
    if (button !== undefined) return ok({ does: "press", button });
    return row["state"] === "cancel" ? ok("done") : fail(tooLate(row, { record }, ["status"]));
  }
  const held = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Array.isArray(value) ? ((value as readonly JsonValue[])[0] ?? null) : value]),
  );
  return ok(Object.entries(retired).every(([name, value]) => held[name] === value) ? "done" : { does: "write", values: retired });
}

interface Content {
  readonly changes: JsonObject;
  readonly words: JsonObject;
  readonly lines: readonly JsonObject[] | null;
}

async function creation(content: Content, wanted: Wanted): Promise<Result<Step, Failed>> {
  const { record, delivery, session } = wanted;
  if (record.model === "account.move") return billing(wanted);
  if (record.model === "sale.order" && content.words["customerId"] === undefined)
    return fail(unwritable([{ field: "customerId", message: "a new order needs its customer" }]));
  const values = await valuesOf(content, wanted, record.hasPartner && content.words["customerId"] !== undefined);
  if (!values.ok) return values;
  return ok({
    does: "create",
    values: { ...record.initially(session.settings), ...values.value, [record.keyField(session.settings)]: delivery.entity.key },
  });
}

/** An invoice is made of a confirmed order, by Odoo's own wizard. */
async function billing({ delivery, session }: Wanted): Promise<Result<Step, Failed>> {
  const key = orderKey(delivery);
  if (key === undefined) return fail(unwritable([{ field: "orderId", message: "an invoice is made of an order; say which" }]));
  const order = recordOf("order", session.settings);
  if (order === undefined) return fail(unwritable([{ field: "orderId", message: "there are no orders" }]));
  const rows = await rowsOf(session, {
    record: order,
    kind: "order",
    domain: [
      ["client_order_ref", "=", key],
      ["state", "=", "sale"],
    ],
    limit: 1,
    headers: traceHeaders(delivery),
  });
  if (!rows.ok) return rows;
  const id = rows.value[0]?.["id"];
  return id === undefined
    ? fail(unwritable([{ field: "orderId", message: `Odoo has no confirmed order "${key}"; confirm it first` }]))
    : ok({ does: "bill", order: id });
}

async function valuesOf(
  { changes, words, lines }: Content,
  { record, delivery, session }: Wanted,
  withPartner: boolean,
): Promise<Result<JsonObject, Failed>> {
  const headers = traceHeaders(delivery);
  const partner = withPartner
    ? await idOf(session, { model: "res.partner", at: "ref", key: scalarText(words["customerId"]) ?? "", field: "customerId" }, headers)
    : ok(null);
  if (!partner.ok) return partner;
  const commands: JsonValue[] = [];
  for (const [index, line] of (lines ?? []).entries()) {
    const product = await idOf(
      session,
      { model: "product.product", at: "default_code", key: scalarText(line["sku"]) ?? "", field: `lines.${index}.sku` },
      headers,
    );
    if (!product.ok) return product;
    const price = scalarText(readPath(line, "unitPrice.amount"));
    const values = {
      product_id: product.value,
      product_uom_qty: exactNumber(scalarText(line["quantity"]) ?? "0"),
      ...(price === undefined ? {} : { price_unit: exactNumber(price) }),
      ...(line["description"] === undefined ? {} : { name: line["description"] }),
    };
    commands.push([0, 0, values]);
  }
  // 5 takes all lines away, so that done again it comes to the same.
  return ok({
    ...record.outward(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? false])), session.settings),
    ...(partner.value === null ? {} : { partner_id: partner.value }),
    ...(lines === null ? {} : { order_line: [[5, 0, 0], ...commands] }),
  });
}

async function idOf(
  session: Session,
  { model, at, key, field }: { readonly model: string; readonly at: string; readonly key: string; readonly field: string },
  headers: Readonly<Record<string, string>>,
): Promise<Result<JsonValue, Failed>> {
  const rows = await searchRead(session, { model, domain: [[at, "=", key]], fields: [at], limit: 1, headers });
  if (!rows.ok) return rows;
  const id = rows.value[0]?.["id"];
  return id === undefined ? fail(unwritable([{ field, message: `Odoo has no ${model} with ${at} "${key}"; create it first` }])) : ok(id);
}

/** The lines that an order wants; null where it tells none. One that tells only an amount has one line of the configured product. */
export function wantedLines(
  { lines, total }: JsonObject,
  product: string | undefined,
): Result<readonly JsonObject[] | null, readonly FieldError[]> {
  if (Array.isArray(lines)) {
    const wanted = objectsIn(lines);
    const nameless = wanted.flatMap((line, index) => (scalarText(line["sku"]) === undefined ? [`lines.${index}.sku`] : []));
    return nameless.length === 0 ? ok(wanted) : fail(nameless.map((field) => ({ field, message: "a line of an order needs its product" })));
  }
  if (total === undefined) return ok(null);
  if (product === undefined)
    return fail([{ field: "lines", message: "it tells an amount and no lines, and no product is configured to stand for it" }]);
  return ok([{ sku: product, quantity: "1", unitPrice: total }]);
}

const linesDiffer = (wanted: readonly JsonObject[], held: readonly JsonObject[]): boolean =>
  wanted.length !== held.length ||
  wanted.some(
    ({ description: _description, ...line }, index) =>
      differences(
        line,
        held[index] ?? {},
        Object.keys(line).map((field) => ({ field })),
      ).length > 0,
  );

/** Odoo has no versions to check: what differs is written, and nothing else. */
export async function take(step: Step, row: JsonObject | null, { record, delivery, session }: Wanted): Promise<Result<unknown, Failed>> {
  const headers = traceHeaders(delivery);
  const { model } = record;
  if (step.does === "create") return change(session, { model, method: "create", named: { vals_list: [step.values] }, headers });
  const ids = [row?.["id"] ?? null];
  if (step.does === "write") return change(session, { model, method: "write", ids, named: { vals: step.values }, headers });
  // Without the context, cancelling only asks a person whether it is meant.
  if (step.does === "press")
    return change(session, { model, method: step.button, ids, context: { disable_cancel_warning: true }, headers });
  const wizard = { model: "sale.advance.payment.inv", headers };
  const values = { advance_payment_method: "delivered", sale_order_ids: [[6, 0, [step.order]]] };
  const opened = await change(session, { ...wizard, method: "create", named: { vals_list: [values] } });
  if (!opened.ok) return opened;
  return change(session, { ...wizard, method: "create_invoices", ids: Array.isArray(opened.value) ? opened.value : [opened.value] });
}

function tooLate(row: JsonObject, { record }: Pick<Wanted, "record">, fields: readonly string[]): Failed {
  const message = `${record.noun} ${scalarText(row["name"]) ?? ""} is "${scalarText(row["state"]) ?? ""}" in Odoo, too late for this change; correct it there`;
  return unwritable(fields.map((field) => ({ field: record.pairs.find(({ at }) => at === field)?.field ?? field, message })));
}
