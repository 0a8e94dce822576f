import { differences } from "../../domain/differences.ts";
import { exactNumber, readPath, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { FieldError } from "../define.ts";
import type { Settings } from "./settings.ts";
import { decimal } from "./values.ts";

/** The lines of a sale as it was read, in canonical words. */
export const linesOf = (row: JsonObject): readonly JsonObject[] =>
  objectsIn(row["lines"]).map((line) => {
    const price = scalarText(line["unit_price"]);
    const currency = scalarText(readPath(row, "currency.code"));
    const sku = scalarText(readPath(line, "product.code"));
    const description = scalarText(line["description"]);
    return {
      ...(sku === undefined ? {} : { sku }),
      ...(description === undefined ? {} : { description }),
      quantity: scalarText(line["quantity"]) ?? "0",
      ...(price === undefined || currency === undefined ? {} : { unitPrice: { amount: price, currency } }),
    };
  });

/**
 * The lines that an order wants, in canonical words; null where it tells none. An order that tells only an amount has one
 * line of the product that the settings name for it.
 */
export function wantedLines(data: JsonObject, { amountProduct }: Settings): Result<readonly JsonObject[] | null, readonly FieldError[]> {
  const lines = data["lines"] === undefined ? null : objectsIn(data["lines"]);
  if (lines !== null) {
    const nameless = lines.flatMap((line, index) => (scalarText(line["sku"]) === undefined ? [`lines.${index}.sku`] : []));
    return nameless.length === 0 ? ok(lines) : fail(nameless.map((field) => ({ field, message: "a line of a sale needs its product" })));
  }
  if (data["total"] === undefined) return ok(null);
  if (amountProduct === undefined)
    return fail([{ field: "lines", message: "the sale tells an amount and no lines, and no product is configured to stand for it" }]);
  return ok([{ sku: amountProduct, quantity: "1", unitPrice: data["total"] }]);
}

/** Whether the lines held differ from those wanted. What a wanted line does not tell, such as a price, is Tryton's to choose. */
export function linesDiffer(wanted: readonly JsonObject[], held: readonly JsonObject[]): boolean {
  if (wanted.length !== held.length) return true;
  return wanted.some((line, index) => {
    const fields = Object.keys(line).map((field) => ({ field }));
    return differences(line, held[index] ?? {}, fields).length > 0;
  });
}

/** The one currency that an order is in: of its total, or of its lines' prices. */
export const currencyOf = (data: JsonObject): string | undefined =>
  scalarText(readPath(data, "total.currency")) ?? scalarText(readPath(objectsIn(data["lines"])[0] ?? {}, "unitPrice.currency"));

/** Values of a new line: product, unit and taxes as Tryton's own rules chose them, price and quantity as they are wanted. */
export function lineValues(line: JsonObject, chosen: JsonObject, product: JsonValue): JsonObject {
  const price = scalarText(readPath(line, "unitPrice.amount")) ?? scalarText(chosen["unit_price"]);
  const taxes = objectIds(readPath(chosen, "taxes.add"));
  return {
    type: "line",
    product,
    quantity: exactNumber(scalarText(line["quantity"]) ?? "0"),
    unit: chosen["unit"] ?? null,
    ...(price === undefined ? {} : { unit_price: decimal(price) }),
    ...(line["description"] === undefined ? {} : { description: line["description"] }),
    ...(taxes.length === 0 ? {} : { taxes: [["add", taxes]] }),
  };
}

/** `[[0, {id: 1}], ...]`: how a change of a list of records is told. */
const objectIds = (added: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(added) ? (added as readonly JsonValue[]).flatMap((each) => readPath(each, "1.id") ?? []) : [];
