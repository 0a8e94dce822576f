import { canonicalLine, type HeldLine, type LineFields } from "../../domain/document-lines.ts";
import { objectsIn, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";

/** The navigation property of a sales order to its lines. */
export const LINES = "SalesOrderLines";

/** A line's key beside the company: a number that the system gives, which rises. */
export const LOT = "InventoryLotId";

/** An order's lines as they came with it, in the order in which they were made. */
export function heldLines(row: JsonObject): readonly HeldLine[] {
  return objectsIn(row[LINES])
    .map((values) => ({ id: scalarText(values[LOT]) ?? "", values }))
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** The canonical lines of an order. */
export const linesOf = (row: JsonObject, fields: LineFields): readonly JsonObject[] =>
  heldLines(row).map(({ values }) => canonicalLine(values, fields, scalarText(row["CurrencyCode"]) ?? ""));
