import { pair, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import type { Settings } from "./settings.ts";

/** Our key of an order, and of the order that a bill is for. */
export const ORDER_KEY_FIELD = { name: "PurchaseOrderByCustomer", maxCharacters: 35, upperCase: false } as const;

/**
 * The header of an order. `customerId` is the number of the customer there, and put in our words outside. The net amount
 * is what the system's own prices come to; only the currency is ours.
 */
const ORDER: readonly FieldPair[] = [
  pair.text("customerId", "SoldToParty", { maxCharacters: 10 }),
  pair.text("total.currency", "TransactionCurrency", { way: "out" }),
  pair.money("total", "TotalNetAmount", { currencyAt: "TransactionCurrency", way: "in" }),
  pair.text("number", "SalesOrder", { way: "in" }),
  pair.time("orderedAt", "SalesOrderDate", { way: "in" }),
];

/** One line. Its price is no property of it: see prices.ts. */
const LINE = {
  v2: linePairs("Material", 40),
  v4: linePairs("Product", 18),
} as const;

function linePairs(material: string, maxCharacters: number): readonly FieldPair[] {
  return [
    pair.text("sku", material, { maxCharacters }),
    pair.text("description", "SalesOrderItemText", { maxCharacters: 40 }),
    pair.decimal("quantity", "RequestedQuantity"),
  ];
}

/** The header of a business partner. Its name has four fields, and is put together outside. */
const CUSTOMER: readonly FieldPair[] = [pair.text("number", "BusinessPartner", { way: "in" })];

const INVOICE: readonly FieldPair[] = [
  pair.text("number", "BillingDocument", { way: "in" }),
  pair.money("total", "TotalGrossAmount", { currencyAt: "TransactionCurrency", way: "in" }),
  pair.time("issuedAt", "BillingDocumentDate", { way: "in" }),
  pair.text("customerId", "SoldToParty", { way: "in" }),
];

export const orderPairs = ({ fields }: Settings, kind: "order" | "opportunity"): readonly FieldPair[] =>
  withTeamFields(ORDER, fields?.[kind]);
export const linePairsOf = ({ dialect }: Settings): readonly FieldPair[] => LINE[dialect];
export const customerPairs = ({ fields }: Settings): readonly FieldPair[] => withTeamFields(CUSTOMER, fields?.customer);
export const invoicePairs = ({ fields }: Settings): readonly FieldPair[] => withTeamFields(INVOICE, fields?.invoice);

/** The system's own fields that pairs read or write. */
export const propertiesOf = (pairs: readonly FieldPair[]): readonly string[] => [
  ...new Set(pairs.flatMap(({ at, currencyAt }) => (currencyAt === undefined ? [at] : [at, currencyAt]))),
];

/** What each property is called in canonical words, so that a refusal names the field to correct. */
export const fieldNames = (pairs: readonly FieldPair[], lines: readonly FieldPair[] = []): ((property: string) => string) => {
  const names = new Map([
    ...lines.map(({ field, at }) => [at, `lines.${field}`] as const),
    ...pairs.map(({ field, at }) => [at, field] as const),
  ]);
  return (property) => names.get(property) ?? property;
};
