import { parseDecimal } from "../../domain/decimal.ts";
import { exactNumber, isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, FieldError, Session } from "../define.ts";
import { collection } from "./collection.ts";
import { expansionOf, priceChange, priceHeld, priceWanted, type HeldPrice, type Price } from "./prices.ts";
import type { Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

const LINES_A_PAGE = 200;
const LINE_ID_CHARACTERS = 50;

/** A line as the order holds it. */
export interface HeldLine {
  readonly fulfillLineId: string;
  /** As we named it. */
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: string;
  readonly price: HeldPrice | undefined;
}

/** A line as it shall be. */
export interface WantedLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: string;
  readonly price: Price | undefined;
}

/**
 * The lines of canonical data. A line is known by its product and how many lines of that product come before it, since
 * canonical lines have no id: so a change of place is none, and a product taken out is a line cancelled.
 */
export function wantedLines(data: JsonObject, settings: Settings): Result<readonly WantedLine[] | null, readonly FieldError[]> {
  const { lines } = data;
  if (!Array.isArray(lines)) return ok(null);
  const seen = new Map<string, number>();
  const problems: FieldError[] = [];
  const wanted = (lines as readonly JsonValue[]).flatMap((line, index): readonly WantedLine[] => {
    const { sku, quantity, unitPrice } = isJsonObject(line) ? line : {};
    const [product, amount] = [scalarText(sku), parseDecimal(scalarText(quantity) ?? "")];
    if (product === undefined) problems.push({ field: `lines.${index}.sku`, message: "a line needs a product" });
    if (!amount.ok) problems.push({ field: `lines.${index}.quantity`, message: amount.failure });
    if (product === undefined || !amount.ok) return [];
    const before = seen.get(product) ?? 0;
    seen.set(product, before + 1);
    const lineId = `${product}.${before + 1}`;
    if (lineId.length > LINE_ID_CHARACTERS)
      problems.push({ field: `lines.${index}.sku`, message: `is longer than ${LINE_ID_CHARACTERS - 2} characters` });
    return [{ lineId, sku: product, quantity: amount.value, price: priceWanted(unitPrice, settings) }];
  });
  return problems.length === 0 ? ok(wanted) : fail(problems);
}

/** Lines in canonical words, in the order of their ids, so that two lists can be compared. Cancelled ones are gone. */
export const linesOf = (lines: readonly WantedLine[]): readonly JsonObject[] =>
  lines
    .filter(({ quantity }) => !/^0+(\.0+)?$/.test(quantity))
    .toSorted((left, right) => (left.lineId < right.lineId ? -1 : 1))
    .map(({ sku, quantity, price }) => ({
      sku,
      quantity,
      ...(price === undefined ? {} : { unitPrice: { amount: price.amount, currency: price.currency } }),
    }));

/** Every line of a new order. */
export const newLines = (lines: readonly WantedLine[], settings: Settings): readonly JsonObject[] =>
  lines.map(({ lineId, sku, quantity, price }, index) => ({
    ...settings.lineDefaults,
    SourceTransactionLineId: lineId,
    SourceTransactionLineNumber: String(index + 1),
    SourceTransactionScheduleId: lineId,
    SourceScheduleNumber: "1",
    ProductNumber: sku,
    OrderedQuantity: exactNumber(quantity),
    ...priceChange(lineId, price, undefined, settings),
  }));

/** What makes the lines held into those wanted: other quantities and prices, new lines, and none of what is wanted no more. */
export function lineChanges(wanted: readonly WantedLine[], held: readonly HeldLine[], settings: Settings): readonly JsonObject[] {
  const wantedById = new Map(wanted.map((line) => [line.lineId, line]));
  const heldIds = new Set(held.map(({ lineId }) => lineId));
  const changed = held.flatMap(({ fulfillLineId, lineId, quantity, price }): readonly JsonObject[] => {
    const line = wantedById.get(lineId);
    const now = line?.quantity ?? "0";
    const changes = {
      ...(Number(now) === Number(quantity) ? {} : { OrderedQuantity: exactNumber(now) }),
      ...priceChange(lineId, line?.price, price, settings),
    };
    if (Object.keys(changes).length === 0) return [];
    return [{ FulfillLineId: exactNumber(fulfillLineId), ...changes, ...(line === undefined ? settings.cancelLineWith : {}) }];
  });
  const added = wanted.filter(({ lineId }) => !heldIds.has(lineId));
  return [...changed, ...newLines(added, settings)];
}

/** The lines that an order was read with, and the rest of them where that was only a page. */
export async function heldLines(
  order: JsonObject,
  resource: Resource,
  session: Session<Settings>,
): Promise<Result<readonly HeldLine[], Failed>> {
  const given = order["lines"];
  const inline = isJsonObject(given) && Array.isArray(given["items"]) ? (given["items"] as readonly JsonValue[]) : [];
  const id = scalarText(order["HeaderId"]) ?? "";
  const currency = scalarText(order["TransactionalCurrencyCode"]) ?? "";
  const { line: expand } = expansionOf(session.settings);
  if (!isJsonObject(given) || given["hasMore"] !== true) return ok(inline.flatMap((line) => heldLine(line, currency)));
  const lines: JsonValue[] = [];
  for (let more = true; more;) {
    const query = {
      onlyData: "true",
      limit: String(LINES_A_PAGE),
      offset: String(lines.length),
      orderBy: "FulfillLineId:asc",
      ...(expand === undefined ? {} : { expand }),
    };
    const page = await collection(session, resource, query, `/${id}/child/lines`);
    if (!page.ok) return page;
    lines.push(...page.value.items);
    more = page.value.hasMore && page.value.items.length > 0;
  }
  return ok(lines.flatMap((line) => heldLine(line, currency)));
}

function heldLine(line: JsonValue, currency: string): readonly HeldLine[] {
  if (!isJsonObject(line)) return [];
  const [fulfillLineId, lineId, sku] = ["FulfillLineId", "SourceTransactionLineId", "ProductNumber"].map(
    (name) => scalarText(line[name]) ?? "",
  );
  const quantity = parseDecimal(scalarText(line["OrderedQuantity"]) ?? "0");
  if (!fulfillLineId || !lineId || !sku || !quantity.ok) return [];
  return [{ fulfillLineId, lineId, sku, quantity: quantity.value, price: priceHeld(line, lineId, currency) }];
}
