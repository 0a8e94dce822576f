import type { JsonRecord } from "./exact-json.ts";

/** One of the ERP's kinds of record. */
export interface Collection {
  readonly idPrefix: string;
  readonly numberPrefix: string;
  /** The webhook that a change sends, if any. `before` is absent on creation. */
  eventOf(before: JsonRecord | undefined, after: JsonRecord): string | null;
}

const FIRST_NUMBER = 1001;

export const COLLECTIONS: Readonly<Record<string, Collection>> = {
  customers: { idPrefix: "cus", numberPrefix: "C", eventOf: () => null },
  orders: { idPrefix: "ord", numberPrefix: "SO", eventOf: (before) => (before === undefined ? "order.confirmed" : "order.updated") },
  invoices: { idPrefix: "inv", numberPrefix: "INV", eventOf: invoiceEvent },
  entitlements: { idPrefix: "ent", numberPrefix: "ENT", eventOf: () => null },
};

function invoiceEvent(before: JsonRecord | undefined, after: JsonRecord): string | null {
  if (before === undefined) return "invoice.created";
  return after["status"] === "paid" && before["status"] !== "paid" ? "invoice.paid" : null;
}

/** What the ERP calls its n-th record of a collection, counted from 1. Ids sort as text. */
export const identityOf = ({ idPrefix, numberPrefix }: Collection, sequence: number): { readonly id: string; readonly number: string } => ({
  id: `${idPrefix}_${String(sequence).padStart(9, "0")}`,
  number: `${numberPrefix}-${FIRST_NUMBER + sequence - 1}`,
});

/** A collection that a route has checked to be there. */
export function collectionNamed(name: string): Collection {
  const collection = COLLECTIONS[name];
  if (collection === undefined) throw new Error(`no route may lead to the collection ${name}`);
  return collection;
}
