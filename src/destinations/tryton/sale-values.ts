import { objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Failed } from "../define.ts";
import { typed, type Step, type Wanted } from "./converge.ts";
import { query, searchRead } from "./rpc.ts";
import { currencyOf, lineValues } from "./sale-lines.ts";

/** What a draft is to hold. Customer and currency by code; lines as wanted, null where they stay as they are. */
export interface SaleContent {
  readonly customerId: string | undefined;
  readonly lines: readonly JsonObject[] | null;
  /** Values of the sale's own fields, by Tryton's names. */
  readonly own: JsonObject;
  /** The order in canonical words. */
  readonly order: JsonObject;
}

/** The step that makes the draft, under our key. */
export async function creation(content: SaleContent, wanted: Wanted): Promise<Result<Step, Failed>> {
  if (content.customerId === undefined) return fail(unwritable([{ field: "customerId", message: "a new sale needs its customer" }]));
  const values = await valuesOf(content, wanted);
  const { delivery, session } = wanted;
  return values.ok
    ? ok({ method: "create", values: { company: session.settings.company, reference: delivery.entity.key, ...values.value } })
    : values;
}

/** The step that gives a draft other contents. New lines take the place of all that it has. */
export async function rewriting(row: JsonObject, content: SaleContent, wanted: Wanted): Promise<Result<Step, Failed>> {
  const values = await valuesOf(content, wanted);
  if (!values.ok) return values;
  const held = objectsIn(row["lines"]).map((line) => line["id"] ?? null);
  const { lines } = values.value;
  const replaced = Array.isArray(lines) && held.length > 0 ? { lines: [["delete", held], ...(lines as readonly JsonValue[])] } : {};
  return ok({ method: "write", values: { ...values.value, ...replaced } });
}

/** Looks up what the content refers to, and lets Tryton's own rules choose addresses, payment term, units and taxes, as its client does. */
async function valuesOf(content: SaleContent, wanted: Wanted): Promise<Result<JsonObject, Failed>> {
  const { settings } = wanted.session;
  const code = currencyOf(content.order);
  const currency = code === undefined ? ok(null) : await idOf("currency.currency", { code, field: "total.currency" }, wanted);
  if (!currency.ok) return currency;
  const { customerId } = content;
  const party = customerId === undefined ? ok(null) : await idOf("party.party", { code: customerId, field: "customerId" }, wanted);
  if (!party.ok) return party;
  const inCurrency = currency.value === null ? {} : { currency: currency.value };
  const ofParty = party.value === null ? ok({}) : await partyValues(party.value, wanted);
  if (!ofParty.ok) return ofParty;
  const head = { ...inCurrency, ...ofParty.value, ...typed(content.own, settings) };
  if (content.lines === null) return ok(head);
  const lines = await linesToCreate(content.lines, { party: party.value, ...inCurrency }, wanted);
  return lines.ok ? ok({ ...head, lines: [["create", [...lines.value]]] }) : lines;
}

async function partyValues(party: JsonValue, wanted: Wanted): Promise<Result<JsonObject, Failed>> {
  const chosen = await onChange("sale.sale", "on_change_party", { party, company: wanted.session.settings.company }, wanted);
  if (!chosen.ok) return chosen;
  const { invoice_address: invoice = null, shipment_address: shipment = null, payment_term: term = null } = chosen.value;
  return ok({ party, invoice_address: invoice, shipment_address: shipment, payment_term: term });
}

async function linesToCreate(
  lines: readonly JsonObject[],
  sale: JsonObject,
  wanted: Wanted,
): Promise<Result<readonly JsonObject[], Failed>> {
  const made: JsonObject[] = [];
  const parents = { company: wanted.session.settings.company, ...sale };
  const ofSale = Object.fromEntries(Object.entries(parents).map(([name, value]) => [`_parent_sale.${name}`, value]));
  for (const [index, line] of lines.entries()) {
    const product = await idOf("product.product", { code: scalarText(line["sku"]) ?? "", field: `lines.${index}.sku` }, wanted);
    if (!product.ok) return product;
    const { quantity } = lineValues(line, {}, null);
    const chosen = await onChange(
      "sale.line",
      "on_change_product",
      { product: product.value, quantity: quantity ?? null, ...ofSale },
      wanted,
    );
    if (!chosen.ok) return chosen;
    made.push(lineValues(line, chosen.value, product.value));
  }
  return ok(made);
}

const NOUNS: Readonly<Record<string, string>> = { "party.party": "party", "currency.currency": "currency", "product.product": "product" };

/** Tryton's id of a record by its code. A missing one is for a person, who creates it first. */
async function idOf(
  model: string,
  { code, field }: { readonly code: string; readonly field: string },
  { session, delivery }: Wanted,
): Promise<Result<JsonValue, Failed>> {
  const rows = await searchRead(session, {
    model,
    domain: [["code", "=", code]],
    fields: ["code"],
    limit: 2,
    headers: traceHeaders(delivery),
  });
  if (!rows.ok) return rows;
  const [row, another] = rows.value;
  const noun = NOUNS[model] ?? model;
  if (row === undefined)
    return fail(unwritable([{ field, message: `Tryton has no active ${noun} with the code "${code}"; create it first` }]));
  return another === undefined
    ? ok(row["id"] ?? null)
    : fail(unwritable([{ field, message: `Tryton has several of ${noun} with the code "${code}"` }]));
}

async function onChange(
  model: string,
  method: string,
  values: JsonObject,
  { session, delivery }: Wanted,
): Promise<Result<JsonObject, Failed>> {
  const answer = await query(session, { model, method, params: [values], headers: traceHeaders(delivery) });
  if (!answer.ok) return answer;
  return ok(typeof answer.value === "object" && answer.value !== null && !Array.isArray(answer.value) ? (answer.value as JsonObject) : {});
}
