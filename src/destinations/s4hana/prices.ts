import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { ok, type Result } from "../../domain/result.ts";
import type { Failed } from "../define.ts";
import { change, etagOf, list, type Talk } from "./api.ts";
import { entityPath, literal, queryOf, textAt } from "./odata.ts";
import { orderServiceOf } from "./services.ts";
import type { Settings } from "./settings.ts";

/**
 * A line's price beside the item's own properties. The system keeps it as a pricing element of the item, one among those
 * that it finds itself; which condition type is ours, the settings say. Without one, prices are the system's alone.
 */
export const PRICE = "unitPrice";

/** Where an item that was read carries the element that its price is from. */
const ELEMENT = "priceElement";

const STEP = ["SalesOrder", "SalesOrderItem", "PricingProcedureStep", "PricingProcedureCounter"] as const;

/** The price that a canonical line wants; nothing where prices are the system's. */
export const priceWanted = (line: JsonObject, { priceCondition }: Settings): JsonObject =>
  priceCondition === undefined || line[PRICE] === undefined ? {} : { [PRICE]: line[PRICE] };

/** The items with their prices, which are elements of their own: those of our condition type, read by order. */
export async function withPrices(items: readonly JsonObject[], talk: Talk): Promise<Result<readonly JsonObject[], Failed>> {
  const { settings } = talk.session;
  const orders = [...new Set(items.map((item) => textAt(item, "SalesOrder")))];
  if (settings.priceCondition === undefined || orders.length === 0) return ok(items);
  const elements = new Map<string, JsonObject>();
  for (const order of orders) {
    const found = await elementsOf(order, settings.priceCondition, talk);
    if (!found.ok) return found;
    for (const element of found.value) elements.set(placeOf(element), element);
  }
  return ok(
    items.map((item) => {
      const element = elements.get(placeOf(item));
      const price = element === undefined ? undefined : priceOf(element, talk);
      return element === undefined || price === undefined ? item : { ...item, [ELEMENT]: element, [PRICE]: price };
    }),
  );
}

const placeOf = (row: JsonObject): string => `${textAt(row, "SalesOrder")} ${Number(textAt(row, "SalesOrderItem"))}`;

async function elementsOf(order: string, condition: string, talk: Talk): Promise<Result<readonly JsonObject[], Failed>> {
  const { prices, rate } = orderServiceOf(talk.session.settings);
  const filter = `SalesOrder eq ${literal(order)} and ConditionType eq ${literal(condition)}`;
  const select = [...STEP, "ConditionType", rate, "ConditionCurrency", "ConditionQuantity"].join(",");
  const elements: JsonObject[] = [];
  // By the item's number, so that pages of any size fit together; the last item of a page may come twice.
  for (let last = ""; ; last = textAt(elements.at(-1) ?? {}, "SalesOrderItem")) {
    const from = last === "" ? filter : `${filter} and SalesOrderItem ge ${literal(last)}`;
    const page = await list(talk, `${prices}?${queryOf({ filter: from, orderby: "SalesOrderItem", select })}`);
    if (!page.ok) return page;
    elements.push(...page.value.rows);
    if (!page.value.more || page.value.rows.length === 0 || textAt(page.value.rows.at(-1) ?? {}, "SalesOrderItem") === last)
      return ok(elements);
  }
}

/** A price is for one unit here, and for `ConditionQuantity` units there. */
function priceOf(element: JsonObject, talk: Talk): JsonObject | undefined {
  const amount = scalarText(element[orderServiceOf(talk.session.settings).rate]);
  const currency = textAt(element, "ConditionCurrency");
  const units = Number(textAt(element, "ConditionQuantity") || "1");
  if (amount === undefined || currency === "" || !(units > 0)) return undefined;
  return { amount: units === 1 ? amount : String(Number(amount) / units), currency };
}

/** An item about to be made, its price as an element of it. */
export function newItem({ [PRICE]: price, ...fields }: JsonObject, settings: Settings): JsonObject {
  const element = price === undefined ? undefined : elementOf(price, settings);
  return element === undefined ? fields : { ...fields, [orderServiceOf(settings).pricePart]: [element] };
}

function elementOf(price: JsonValue, settings: Settings): JsonObject | undefined {
  const { amount, currency } = isJsonObject(price) ? price : {};
  if (amount === undefined || currency === undefined || settings.priceCondition === undefined) return undefined;
  return {
    ConditionType: settings.priceCondition,
    [orderServiceOf(settings).rate]: amount,
    ConditionCurrency: currency,
    ConditionQuantity: "1",
  };
}

/** Gives an item that is there another price: by the element that it has, else by a new one. */
export function changePrice(item: JsonObject, price: JsonValue, talk: Talk): Promise<Result<unknown, Failed>> {
  const { settings } = talk.session;
  const { items, prices, pricePart } = orderServiceOf(settings);
  const body = elementOf(price, settings) ?? {};
  const element = item[ELEMENT];
  if (!isJsonObject(element)) {
    const path = entityPath(items, ["SalesOrder", textAt(item, "SalesOrder")], ["SalesOrderItem", textAt(item, "SalesOrderItem")]);
    return change(talk, "POST", `${path}/${pricePart}`, { body });
  }
  const key = STEP.map((name): readonly [string, string] => [name, textAt(element, name)]);
  const { ConditionType: _kept, ...values } = body;
  return change(talk, "PATCH", entityPath(prices, ...key), { etag: etagOf(talk, element), body: values });
}
