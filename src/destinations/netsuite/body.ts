import { toRemote, type PairProblem } from "../../domain/field-pairs.ts";
import { exactNumber, isJsonObject, readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import type { Delivery } from "../define.ts";
import { externalIdOf } from "./external-id.ts";
import { ORDER_STATES_WRITTEN, type Shape } from "./records.ts";
import type { Settings } from "./settings.ts";

/** The data as it is written: a sale as its order, and no status that NetSuite finds out by itself. */
export function contentOf({ entity, data, nature }: Delivery): JsonObject {
  const content = contentForErp({ entity, data });
  const { status, ...rest } = content;
  const isOrder = entity.kind === "opportunity" || entity.kind === "order";
  // Part of a sale that does not say its stage says nothing of the order's.
  const unsaid = entity.kind === "opportunity" && nature === "delta" && data["stage"] === undefined;
  const derived = isOrder && !Object.hasOwn(ORDER_STATES_WRITTEN, scalarText(status) ?? "");
  return status === undefined || unsaid || derived ? rest : content;
}

/**
 * The record's REST body: the fields that the data has, for a snapshot too, since NetSuite leaves the others alone; but lines
 * are all that there are then. Every field that cannot be written is named.
 */
export async function bodyOf(delivery: Delivery, shape: Shape, settings: Settings): Promise<Result<JsonObject, readonly PairProblem[]>> {
  const content = contentOf(delivery);
  const written = toRemote(content, shape.pairs);
  const lines = await linesOf(content, delivery, settings);
  const currency = currencyOf(content, settings);
  const problems = [...(written.ok ? [] : written.failure), ...(lines.ok ? [] : lines.failure), ...(currency.ok ? [] : [currency.failure])];
  if (!written.ok || !lines.ok || !currency.ok) return fail(problems);
  const record = asRest(await withExternalIds(written.value, shape, settings), shape);
  return ok({ ...settings.constants[delivery.entity.kind], ...record, ...emptied(delivery, shape), ...lines.value, ...currency.value });
}

/** A field of a reference or list is emptied as a whole. */
const emptied = ({ cleared }: Delivery, { pairs }: Shape): JsonObject =>
  Object.fromEntries(
    pairs.filter(({ field, way }) => way !== "in" && cleared.includes(field)).map(({ at }) => [at.split(".")[0] ?? at, null]),
  );

async function withExternalIds(record: JsonObject, { byExternalId }: Shape, settings: Settings): Promise<JsonObject> {
  const named = byExternalId.flatMap(({ at, path }) => {
    const key = scalarText(readPath(record, path));
    return key === undefined ? [] : [externalIdOf(key, settings.externalIdCharacters).then((externalId) => [at, { externalId }] as const)];
  });
  return { ...record, ...Object.fromEntries(await Promise.all(named)) };
}

/** SuiteQL has T and F for a checkbox, REST true and false. */
export const asRest = (record: JsonObject, { pairs }: Pick<Shape, "pairs">): JsonObject => {
  const checkboxes = new Set(pairs.filter(({ words = {} }) => Object.values(words).includes("T")).map(({ at }) => at));
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, checkboxes.has(name) ? value === "T" : value]));
};

async function linesOf(
  content: JsonObject,
  { entity }: Delivery,
  { amountItem, skuIs, externalIdCharacters }: Settings,
): Promise<Result<JsonObject, readonly PairProblem[]>> {
  const { lines, total } = content;
  if (Array.isArray(lines) && lines.length > 0 && (entity.kind === "order" || entity.kind === "opportunity")) {
    const items = await Promise.all(
      (lines as readonly JsonValue[]).map(async (line) => {
        const sku = scalarText(readPath(line, "sku"));
        if (sku === undefined) return null;
        const item = skuIs === "id" ? { id: sku } : { externalId: await externalIdOf(sku, externalIdCharacters) };
        return lineOf(item, line);
      }),
    );
    const missing = items.flatMap((item, at) => (item === null ? [{ field: `lines.${at}.sku`, message: "must name an item" }] : []));
    return missing.length > 0 ? fail(missing) : ok({ item: { items: items.filter((item) => item !== null) } });
  }
  const amount = isJsonObject(total) ? scalarText(total["amount"]) : undefined;
  const carries = amountItem !== undefined && amount !== undefined && entity.kind !== "order";
  return ok(carries ? { item: { items: [{ item: { id: amountItem }, quantity: 1, rate: exactNumber(amount) }] } } : {});
}

function lineOf(item: JsonObject, line: JsonValue): JsonObject {
  const [quantity, rate, description] = ["quantity", "unitPrice.amount", "description"].map((path) => scalarText(readPath(line, path)));
  return {
    item,
    ...(quantity === undefined ? {} : { quantity: exactNumber(quantity) }),
    ...(rate === undefined ? {} : { rate: exactNumber(rate) }),
    ...(description === undefined ? {} : { description }),
  };
}

/** The currency of the record's amounts, which must be one that the account is known to have. */
function currencyOf(content: JsonObject, { currencies }: Settings): Result<JsonObject, PairProblem> {
  const said = ["total.currency", "lines.0.unitPrice.currency"].map((path) => scalarText(readPath(content, path)));
  const currency = said.find((each) => each !== undefined);
  if (currency === undefined) return ok({});
  if (currency === currencies) return ok({});
  const ids = typeof currencies === "string" ? {} : currencies;
  const id = Object.hasOwn(ids, currency) ? ids[currency] : undefined;
  const known = typeof currencies === "string" ? currencies : Object.keys(ids).join(", ");
  return id === undefined
    ? fail({ field: "total.currency", message: `is ${currency}, and the setting currencies has ${known === "" ? "none" : known}` })
    : ok({ currency: { id } });
}
