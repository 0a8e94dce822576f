import { same } from "../../domain/differences.ts";
import { toRemote } from "../../domain/field-pairs.ts";
import { objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import type { Failed } from "../define.ts";
import { change, etagOf, failed, list, type Talk } from "./api.ts";
import { entityPath, literal, queryOf, textAt } from "./odata.ts";
import { PRICE, changePrice, newItem, priceWanted, withPrices } from "./prices.ts";
import { orderServiceOf } from "./services.ts";
import type { Settings } from "./settings.ts";
import { linePairsOf, propertiesOf } from "./tables.ts";

const REJECTION = "SalesDocumentRjcnReason";
/** Read of an item beside its line. */
export const ITEM_FIELDS = ["SalesOrder", "SalesOrderItem", "HigherLevelItem", REJECTION] as const;
/** Items changed in one attempt: each takes two requests, and the next attempt goes on where this one ends. */
const CHANGES_PER_ATTEMPT = 20;

/** A delivery's lines in the system's words; undefined where it has none. */
export function linesOf(data: JsonObject, settings: Settings): Result<readonly JsonObject[] | undefined, Failed> {
  const { lines } = data;
  if (!Array.isArray(lines)) return ok(undefined);
  const written = objectsIn(lines).map((line) => toRemote(line, linePairsOf(settings)));
  const problems = written.flatMap((line, at) =>
    line.ok ? [] : line.failure.map(({ field, message }) => ({ field: `lines.${at}.${field}`, message })),
  );
  if (problems.length > 0) return fail(unwritable(problems));
  const given = objectsIn(lines);
  return ok(written.flatMap((line, at) => (line.ok ? [{ ...line.value, ...priceWanted(given[at] ?? {}, settings) }] : [])));
}

/** The items that stand for lines, in their order: not those that the system has added below one, such as the parts of a set. */
export const itemsIn = (rows: readonly JsonObject[]): readonly JsonObject[] =>
  rows
    .filter((item) => /^0*$/.test(textAt(item, "HigherLevelItem")))
    .toSorted((left, right) => Number(textAt(left, "SalesOrderItem")) - Number(textAt(right, "SalesOrderItem")));

/** The items of a new order, in their order, rejected at once where the order is cancelled already. */
export const itemsOfNew = (lines: readonly JsonObject[], cancelled: boolean, settings: Settings): readonly JsonObject[] =>
  lines.map((line) => ({ ...newItem(line, settings), ...(cancelled ? { [REJECTION]: settings.rejectionReason } : {}) }));

interface ItemsWanted {
  readonly order: string;
  /** As they were when the order was read. */
  readonly items: readonly JsonObject[];
  readonly lines: readonly JsonObject[] | undefined;
  readonly cancelled: boolean | undefined;
}

type ItemChange =
  | { readonly do: "add"; readonly fields: JsonObject }
  | { readonly do: "change"; readonly item: JsonObject; readonly fields: JsonObject }
  | { readonly do: "price"; readonly item: JsonObject; readonly price: JsonValue }
  | { readonly do: "remove"; readonly item: JsonObject };

/**
 * Brings the items of an order to the lines wanted, one by one. Every change moves the header's stamp, which is the ETag
 * of the items too, so they are read anew before each. Null when all is as wanted.
 */
export async function changeItems(wanted: ItemsWanted, talk: Talk): Promise<Failed | null> {
  if (nextChange(wanted, wanted.items, talk.session.settings) === null) return null;
  for (let changes = 0; changes < CHANGES_PER_ATTEMPT; changes++) {
    const items = await itemsOf(wanted.order, talk);
    if (!items.ok) return items.failure;
    const next = nextChange(wanted, items.value, talk.session.settings);
    if (next === null) return null;
    const done = await perform(next, wanted.order, talk);
    if (done !== null && done.class !== "conflict") return done;
  }
  return failed("transient", `${CHANGES_PER_ATTEMPT} items of the order were changed; the others follow with the next attempt`);
}

async function itemsOf(order: string, talk: Talk): Promise<Result<readonly JsonObject[], Failed>> {
  const { settings } = talk.session;
  const select = [...ITEM_FIELDS, ...propertiesOf(linePairsOf(settings))].join(",");
  const rows: JsonObject[] = [];
  // By the item's own number, so that pages of any size fit together.
  for (let last = ""; ; last = textAt(rows.at(-1) ?? {}, "SalesOrderItem")) {
    const filter = `SalesOrder eq ${literal(order)}${last === "" ? "" : ` and SalesOrderItem gt ${literal(last)}`}`;
    const page = await list(talk, `${orderServiceOf(settings).items}?${queryOf({ filter, orderby: "SalesOrderItem", select })}`);
    if (!page.ok) return page;
    rows.push(...page.value.rows);
    if (!page.value.more || page.value.rows.length === 0) return withPrices(itemsIn(rows), talk);
  }
}

/** The first difference between items and lines, by their place; null where there is none. */
function nextChange({ lines, cancelled }: ItemsWanted, items: readonly JsonObject[], settings: Settings): ItemChange | null {
  const rejection = { [REJECTION]: settings.rejectionReason };
  for (const [at, line] of (lines ?? []).entries()) {
    const item = items[at];
    if (item === undefined) return { do: "add", fields: cancelled === true ? { ...line, ...rejection } : line };
    const { [PRICE]: price, ...fields } = Object.fromEntries(Object.entries(line).filter(([name, value]) => !same(value, item[name])));
    if (Object.keys(fields).length > 0) return { do: "change", item, fields };
    if (price !== undefined) return { do: "price", item, price };
  }
  const surplus = lines === undefined ? undefined : items[lines.length];
  if (surplus !== undefined) return { do: "remove", item: surplus };
  const standing = cancelled === true ? items.find((item) => textAt(item, REJECTION) === "") : undefined;
  if (standing !== undefined) return { do: "change", item: standing, fields: rejection };
  // Only our own rejections are taken back: one with another reason is a decision of people there.
  const revived = cancelled === false ? items.find((item) => textAt(item, REJECTION) === settings.rejectionReason) : undefined;
  return revived === undefined ? null : { do: "change", item: revived, fields: { [REJECTION]: "" } };
}

async function perform(step: ItemChange, order: string, talk: Talk): Promise<Failed | null> {
  const { orders, items, part } = orderServiceOf(talk.session.settings);
  if (step.do === "price") {
    const priced = await changePrice(step.item, step.price, talk);
    return priced.ok ? null : priced.failure;
  }
  const pathOf = (item: JsonObject): string => entityPath(items, ["SalesOrder", order], ["SalesOrderItem", textAt(item, "SalesOrderItem")]);
  const done = await (step.do === "add"
    ? change(talk, "POST", `${entityPath(orders, order)}/${part}`, { body: newItem(step.fields, talk.session.settings) })
    : step.do === "change"
      ? change(talk, "PATCH", pathOf(step.item), { etag: etagOf(talk, step.item), body: step.fields })
      : change(talk, "DELETE", pathOf(step.item), { etag: etagOf(talk, step.item) }));
  return done.ok ? null : done.failure;
}
