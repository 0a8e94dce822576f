import { differences, allFields } from "../../domain/differences.ts";
import { exactNumber, isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";

/** What has to happen to an order's lines, in this order. Lines are told apart by their place, since they have no key of ours. */
export interface LineSteps {
  readonly change: readonly { readonly id: string; readonly etag: string; readonly body: JsonObject }[];
  readonly add: readonly JsonObject[];
  readonly remove: readonly { readonly id: string; readonly etag: string }[];
}

/** Only items are ours; comments and charges that somebody adds in the system stay. */
const itemLines = (row: JsonObject): readonly JsonObject[] => {
  const lines = row["salesOrderLines"];
  const items = Array.isArray(lines) ? (lines as readonly JsonValue[]).filter(isJsonObject) : [];
  return items
    .filter((line) => line["lineType"] === "Item")
    .toSorted((left, right) => Number(left["sequence"] ?? 0) - Number(right["sequence"] ?? 0));
};

/** The canonical lines of an order. */
export function linesOf(row: JsonObject): readonly JsonObject[] {
  const currency = scalarText(row["currencyCode"]) ?? "";
  return itemLines(row).map((line) => {
    const [sku, description] = [scalarText(line["lineObjectNumber"]) ?? "", scalarText(line["description"]) ?? ""];
    const unitPrice = scalarText(line["unitPrice"]);
    return {
      ...(sku === "" ? {} : { sku }),
      ...(description === "" ? {} : { description }),
      quantity: scalarText(line["quantity"]) ?? "0",
      ...(unitPrice === undefined || currency === "" ? {} : { unitPrice: { amount: unitPrice, currency } }),
    };
  });
}

/** A canonical line as the system's (dynamics_salesorderline). What is not given, the system takes from the item. */
export function lineBody(line: JsonObject): JsonObject {
  const { sku, description, quantity, unitPrice } = line;
  const amount = isJsonObject(unitPrice) ? scalarText(unitPrice["amount"]) : undefined;
  return {
    lineType: "Item",
    ...(sku === undefined ? {} : { lineObjectNumber: sku }),
    ...(description === undefined ? {} : { description }),
    quantity: exactNumber(scalarText(quantity) ?? "0"),
    ...(amount === undefined ? {} : { unitPrice: exactNumber(amount) }),
  };
}

/** The canonical lines of a delivery; undefined where it says nothing of them. */
export function linesIn(data: JsonObject): readonly JsonObject[] | undefined {
  const lines = data["lines"];
  return Array.isArray(lines) ? (lines as readonly JsonValue[]).filter(isJsonObject) : undefined;
}

/** The steps from the lines that an order has to those that it should have. */
export function lineSteps(row: JsonObject, wanted: readonly JsonObject[]): LineSteps {
  const held = itemLines(row);
  const named = (line: JsonObject): { readonly id: string; readonly etag: string } => ({
    id: scalarText(line["id"]) ?? "",
    etag: scalarText(line["@odata.etag"]) ?? "*",
  });
  const pairs = held.slice(0, wanted.length).map((line, at) => ({ line, body: lineBody(wanted[at] ?? {}) }));
  return {
    change: pairs.flatMap(({ line, body }) => {
      const plain = JSON.parse(JSON.stringify(body)) as JsonObject;
      return differences(plain, line, allFields(plain)).length === 0 ? [] : [{ ...named(line), body }];
    }),
    add: wanted.slice(held.length).map(lineBody),
    remove: held.slice(wanted.length).map(named),
  };
}
