import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, toCanonical } from "../../domain/field-pairs.ts";
import { objectsIn, type JsonObject } from "../../domain/json.ts";
import { timeToken, NO_ORDER } from "../../domain/order.ts";
import { fail, ok, allOk, type Result } from "../../domain/result.ts";
import type { Failed, RemoteState, Session } from "../define.ts";
import { READ_HEADERS, failed, get, type Talk } from "./api.ts";
import { keyCarried } from "./carried-key.ts";
import { customerQuery, customerTalk, customerWords, customersOf, keyOfCustomer, keysOfCustomers } from "./customers.ts";
import { ODATA, entityPath, instantOf, queryOf, textAt } from "./odata.ts";
import { itemsIn } from "./order-items.ts";
import { orderCarrier, orderQuery, orderTalk, ordersOf } from "./orders.ts";
import { PRICE, withPrices } from "./prices.ts";
import { orderServiceOf, pathOf } from "./services.ts";
import type { Settings } from "./settings.ts";
import { INVOICE_STATUS_FIELDS, invoiceStatus, orderStatus } from "./status.ts";
import { ORDER_KEY_FIELD, customerPairs, fieldNames, invoicePairs, linePairsOf, orderPairs, propertiesOf } from "./tables.ts";

const DAY_MS = 86_400_000;

/** How the records of one kind are found, and what they say in canonical words. */
export interface Collection {
  readonly talk: (session: Session<Settings>) => Talk;
  readonly set: (settings: Settings) => string;
  /** The property that is the system's own id; it never changes. */
  readonly id: string;
  readonly query: (settings: Settings) => Readonly<Record<string, string>>;
  /** The records that carry our key. */
  readonly byKey: (key: string, talk: Talk) => Promise<Result<readonly JsonObject[], Failed>>;
  /** A condition that holds for all that has changed since; records that have never been changed have only a day of creation. */
  readonly since: (fromMs: number, talk: Talk) => string;
  /** Reads what lies beside the records and belongs to them. */
  readonly whole?: (records: readonly JsonObject[], talk: Talk) => Promise<Result<readonly JsonObject[], Failed>>;
  readonly stateOf: (record: JsonObject, keys: ReadonlyMap<string, string>, settings: Settings) => Result<RemoteState, string>;
}

/** A sale is an order there, so both kinds are read from the same set and in an order's words. */
const orders = (kind: "order" | "opportunity"): Collection => ({
  talk: (session) => orderTalk(session, READ_HEADERS, kind),
  set: (settings) => orderServiceOf(settings).orders,
  id: "SalesOrder",
  query: (settings) => orderQuery(settings, kind),
  byKey: (key, talk) => ordersOf(key, talk, kind),
  since: (fromMs, { odata }) => `LastChangeDateTime ge ${odata.instant(fromMs)}`,
  whole: withPricedItems,
  stateOf: (record, keys, settings) => {
    const pairs = [...orderPairs(settings, kind), pair.json("lines", "lines")];
    const data = toCanonical("order", { ...record, ...linesRead(record, settings) }, pairs);
    if (!data.ok) return data;
    const whole = settings.keyField === undefined ? "" : textAt(record, settings.keyField);
    const carried = keyCarried(textAt(record, ORDER_KEY_FIELD.name), orderCarrier(settings));
    return ok({
      ...stateAt(instantOf(textAt(record, "LastChangeDateTime"))),
      remote: remoteOf(textAt(record, "SalesOrder")),
      key: whole === "" ? carried : whole,
      data: { ...orderStatus(record, settings.approvalStatuses), ...withOurCustomer(data.value, keys) },
      deleted: false,
    });
  },
});

/** Orders whose items have their prices, where these are ours. */
async function withPricedItems(records: readonly JsonObject[], talk: Talk): Promise<Result<readonly JsonObject[], Failed>> {
  const { settings } = talk.session;
  if (settings.priceCondition === undefined) return ok(records);
  const { part } = orderServiceOf(settings);
  const whole: JsonObject[] = [];
  for (const record of records) {
    const items = await withPrices(objectsIn(talk.odata.part(record, part)), talk);
    if (!items.ok) return items;
    whole.push({ ...record, ...talk.odata.asPart(part, items.value) });
  }
  return ok(whole);
}

/** The items as an order's lines; none where there are no items. */
function linesRead(record: JsonObject, settings: Settings): JsonObject {
  const items = itemsIn(objectsIn(ODATA[settings.dialect].part(record, orderServiceOf(settings).part)));
  const lines = items.map((item) => {
    const said = linePairsOf(settings).flatMap(({ field, at }) => (textAt(item, at) === "" ? [] : [[field, textAt(item, at)] as const]));
    return { quantity: "0", ...Object.fromEntries(said), ...(item[PRICE] === undefined ? {} : { [PRICE]: item[PRICE] }) };
  });
  return lines.length === 0 ? {} : { lines };
}

const customers: Collection = {
  talk: customerTalk,
  set: () => "A_BusinessPartner",
  id: "BusinessPartner",
  query: customerQuery,
  byKey: customersOf,
  // In days, of the system's own time zone: one more covers all zones.
  since: (fromMs, { odata }) => {
    const day = odata.day(fromMs - DAY_MS);
    return `(LastChangeDate ge ${day} or CreationDate ge ${day})`;
  },
  stateOf: (record, _keys, settings) => {
    const data = toCanonical("customer", record, customerPairs(settings));
    if (!data.ok) return data;
    const changed = instantOf(textAt(record, "LastChangeDate"), textAt(record, "LastChangeTime"));
    return ok({
      ...stateAt(changed ?? instantOf(textAt(record, "CreationDate"), textAt(record, "CreationTime"))),
      remote: remoteOf(textAt(record, "BusinessPartner")),
      key: keyOfCustomer(record, settings),
      data: { ...customerWords(record), ...data.value },
      deleted: record["IsMarkedForArchiving"] === true,
    });
  },
};

const INVOICE_FIELDS = [
  "BillingDocument",
  ORDER_KEY_FIELD.name,
  "LastChangeDateTime",
  "CreationDate",
  "CreationTime",
  ...INVOICE_STATUS_FIELDS,
];

/** Bills are made by the system itself, so its number is their key. */
const invoices: Collection = {
  talk: (session) => ({
    session,
    odata: ODATA.v2,
    root: `${session.baseUrl}${pathOf("invoice", session.settings)}`,
    headers: READ_HEADERS,
    fieldOf: fieldNames(invoicePairs(session.settings)),
  }),
  set: () => "A_BillingDocument",
  id: "BillingDocument",
  query: (settings) => ODATA.v2.select([...new Set([...INVOICE_FIELDS, ...propertiesOf(invoicePairs(settings))])], {}),
  byKey: async (key, talk) => {
    const record = await recordById(key, invoices, talk);
    return record.ok ? ok(record.value === "absent" ? [] : [record.value]) : record;
  },
  since: (fromMs, { odata }) => `(LastChangeDateTime ge ${odata.instant(fromMs)} or CreationDate ge ${odata.day(fromMs - DAY_MS)})`,
  stateOf: (record, keys, settings) => {
    const data = toCanonical("invoice", record, invoicePairs(settings));
    if (!data.ok) return data;
    const orderId = keyCarried(textAt(record, ORDER_KEY_FIELD.name), orderCarrier(settings));
    const created = instantOf(textAt(record, "CreationDate"), textAt(record, "CreationTime"));
    return ok({
      ...stateAt(instantOf(textAt(record, "LastChangeDateTime")) ?? created),
      remote: remoteOf(textAt(record, "BillingDocument")),
      key: textAt(record, "BillingDocument"),
      data: { ...invoiceStatus(record), ...withOurCustomer(data.value, keys), ...(orderId === null ? {} : { orderId }) },
      deleted: false,
    });
  },
};

export const COLLECTIONS = { customer: customers, opportunity: orders("opportunity"), order: orders("order"), invoice: invoices } as const;

export const collectionOf = (kind: EntityKind): Collection | undefined =>
  Object.hasOwn(COLLECTIONS, kind) ? COLLECTIONS[kind as keyof typeof COLLECTIONS] : undefined;

/** A record by the system's own id. */
export const recordById = (id: string, { set, query }: Collection, talk: Talk): Promise<Result<JsonObject | "absent", Failed>> =>
  get(talk, `${entityPath(set(talk.session.settings), id)}?${queryOf(query(talk.session.settings))}`);

/** Records in canonical words; the customers that they name are looked up together. */
export async function statesOf(
  records: readonly JsonObject[],
  { stateOf, whole = (each) => Promise.resolve(ok(each)) }: Collection,
  talk: Talk,
): Promise<Result<readonly RemoteState[], Failed>> {
  const complete = await whole(records, talk);
  if (!complete.ok) return complete;
  const keys = await keysOfCustomers(
    records.map((record) => textAt(record, "SoldToParty")),
    talk.session,
  );
  if (!keys.ok) return keys;
  const states = allOk(complete.value.map((record) => stateOf(record, keys.value, talk.session.settings)));
  return states.ok ? states : fail(failed("config", `a record cannot be read: ${states.failure}`));
}

const remoteOf = (id: string): RemoteState["remote"] => ({ id, number: id });

const stateAt = (atMs: number | null): Pick<RemoteState, "order" | "modifiedAtMs"> => ({
  order: atMs === null ? NO_ORDER : timeToken(atMs),
  modifiedAtMs: atMs,
});

/** The customer by our key; one that has none of ours stays as the system's number, where nobody takes it for a key. */
function withOurCustomer(data: JsonObject, keys: ReadonlyMap<string, string>): JsonObject {
  const { customerId: number, ...others } = data;
  if (typeof number !== "string") return data;
  const key = keys.get(number);
  return key === undefined ? { ...others, extra: { SoldToParty: number } } : { ...others, customerId: key };
}
