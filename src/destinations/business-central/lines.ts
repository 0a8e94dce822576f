import { canonicalLine, lineBody, type HeldLine, type LineFields } from "../../domain/document-lines.ts";
import { objectsIn, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";

/** Properties of dynamics_salesorderline. */
const FIELDS: LineFields = { sku: "lineObjectNumber", description: "description", quantity: "quantity", unitPrice: "unitPrice" };

/** An order's lines as they came with it. Only items are ours; comments and charges that somebody adds in the system stay. */
export function heldLines(row: JsonObject): readonly HeldLine[] {
  return objectsIn(row["salesOrderLines"])
    .filter((line) => line["lineType"] === "Item")
    .toSorted((left, right) => Number(left["sequence"] ?? 0) - Number(right["sequence"] ?? 0))
    .map((line) => ({ id: scalarText(line["id"]) ?? "", etag: scalarText(line["@odata.etag"]) ?? "*", values: line }));
}

/** The canonical lines of an order. */
export const linesOf = (row: JsonObject): readonly JsonObject[] =>
  heldLines(row).map(({ values }) => canonicalLine(values, FIELDS, scalarText(row["currencyCode"]) ?? ""));

export const itemBody = (line: JsonObject): JsonObject => ({ lineType: "Item", ...lineBody(line, FIELDS) });
