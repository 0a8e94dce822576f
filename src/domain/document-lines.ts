import { changedPart } from "./differences.ts";
import { exactNumber, isJsonObject, objectsIn, type JsonObject } from "./json.ts";
import { scalarText } from "./mapping.ts";

/** Where a system keeps what a canonical line says; a description is left out where it has no place. */
export interface LineFields {
  readonly sku: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly description?: string | undefined;
}

/** A line as a system holds it. */
export interface HeldLine {
  readonly id: string;
  /** Its version, where the system asks for it. */
  readonly etag?: string;
  readonly values: JsonObject;
}

/** What has to happen to a document's lines. Lines are told apart by their place, since they have no key of ours. */
export interface LineSteps {
  readonly change: readonly HeldLine[];
  readonly add: readonly JsonObject[];
  readonly remove: readonly HeldLine[];
}

/** The canonical lines of a document; undefined where it says nothing of them. */
export function linesIn(data: JsonObject): readonly JsonObject[] | undefined {
  const lines = data["lines"];
  return Array.isArray(lines) ? objectsIn(lines) : undefined;
}

/** A canonical line in a system's fields. What is not given, the system takes from its own product. */
export function lineBody({ sku, description, quantity, unitPrice }: JsonObject, fields: LineFields): JsonObject {
  const amount = isJsonObject(unitPrice) ? scalarText(unitPrice["amount"]) : undefined;
  return {
    ...(sku === undefined ? {} : { [fields.sku]: sku }),
    ...(description === undefined || fields.description === undefined ? {} : { [fields.description]: description }),
    [fields.quantity]: exactNumber(scalarText(quantity) ?? "0"),
    ...(amount === undefined ? {} : { [fields.unitPrice]: exactNumber(amount) }),
  };
}

/** A system's line in canonical words; a price in nobody knows which currency says nothing. */
export function canonicalLine(values: JsonObject, fields: LineFields, currency: string): JsonObject {
  const sku = scalarText(values[fields.sku]) ?? "";
  const description = fields.description === undefined ? "" : (scalarText(values[fields.description]) ?? "");
  const amount = scalarText(values[fields.unitPrice]);
  return {
    ...(sku === "" ? {} : { sku }),
    ...(description === "" ? {} : { description }),
    quantity: scalarText(values[fields.quantity]) ?? "0",
    ...(amount === undefined || currency === "" ? {} : { unitPrice: { amount, currency } }),
  };
}

/** The steps from the lines that a document has, in their order, to those that it should have. A changed line carries its new values. */
export function lineSteps(held: readonly HeldLine[], wanted: readonly JsonObject[]): LineSteps {
  return {
    change: held.slice(0, wanted.length).flatMap((line, at) => {
      const values = wanted[at] ?? {};
      return Object.keys(changedPart(values, line.values)).length === 0 ? [] : [{ ...line, values }];
    }),
    add: wanted.slice(held.length),
    remove: held.slice(wanted.length),
  };
}
