import { toRemote, writtenPart } from "../../domain/field-pairs.ts";
import { objectsIn, type JsonObject } from "../../domain/json.ts";
import { ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type Session } from "../define.ts";
import { change, converge, etagOf, failed, idOfNew, list, type Talk } from "./api.ts";
import { carriedKey, type Carrier } from "./carried-key.ts";
import { customerNumber } from "./customers.ts";
import { ODATA, entityPath, literal, queryOf, textAt } from "./odata.ts";
import { ITEM_FIELDS, changeItems, itemsIn, itemsOfNew, linesOf } from "./order-items.ts";
import { priceWanted, withPrices } from "./prices.ts";
import { orderServiceOf, pathOf } from "./services.ts";
import type { Settings } from "./settings.ts";
import { ORDER_STATUS_FIELDS } from "./status.ts";
import { ORDER_KEY_FIELD, fieldNames, linePairsOf, orderPairs, propertiesOf } from "./tables.ts";

type OrderKind = "order" | "opportunity";

export const orderTalk = (session: Session<Settings>, headers: Talk["headers"], kind: OrderKind): Talk => ({
  session,
  odata: ODATA[session.settings.dialect],
  root: `${session.baseUrl}${pathOf("order", session.settings)}`,
  headers,
  fieldOf: fieldNames(orderPairs(session.settings, kind), linePairsOf(session.settings)),
});

export const orderCarrier = ({ keyMark }: Settings): Carrier => ({ mark: keyMark, ...ORDER_KEY_FIELD });

/** What is read of an order, with its items. */
export function orderQuery(settings: Settings, kind: OrderKind): Readonly<Record<string, string>> {
  const { part } = orderServiceOf(settings);
  const fields = [
    "SalesOrder",
    ...propertiesOf(orderPairs(settings, kind)),
    ...ORDER_STATUS_FIELDS[settings.dialect],
    ORDER_KEY_FIELD.name,
    "LastChangeDateTime",
    ...(settings.keyField === undefined ? [] : [settings.keyField]),
  ];
  const ofItems = [...propertiesOf(linePairsOf(settings)), ...ITEM_FIELDS];
  return ODATA[settings.dialect].select([...new Set(fields)], { [part]: ofItems });
}

/**
 * The orders that carry our key: one, unless somebody has copied it. Not narrowed to the customer: an order whose
 * customer has changed is the same order, and the mark keeps people's own order numbers apart.
 */
export async function ordersOf(key: string, talk: Talk, kind: OrderKind): Promise<Result<readonly JsonObject[], Failed>> {
  const { settings } = talk.session;
  const filter = `${ORDER_KEY_FIELD.name} eq ${literal(await carriedKey(key, orderCarrier(settings)))}`;
  const found = await list(talk, `${orderServiceOf(settings).orders}?${queryOf({ filter, top: "2", ...orderQuery(settings, kind) })}`);
  return found.ok ? ok(found.value.rows) : found;
}

/**
 * Makes or changes the order of a key. A new one is made with its items in one request; of one that is there the header
 * is changed against its ETag, then the items that differ. Cancelling is rejecting every item, which keeps the
 * document; an order without items has nothing to reject and is deleted.
 */
export async function writeOrder(delivery: Delivery, kind: OrderKind, session: Session<Settings>): Promise<Outcome> {
  const { key } = delivery.entity;
  const talk = orderTalk(session, traceHeaders(delivery), kind);
  const data = contentForErp(delivery);
  const header = await headerOf(data, delivery, kind, session);
  if (!header.ok) return header.failure;
  const lines = linesOf(data, session.settings);
  if (!lines.ok) return lines.failure;
  const wanted = { header: header.value, lines: lines.value, cancelled: cancels(delivery, data) };
  return converge({
    key,
    idOf: (order) => textAt(order, "SalesOrder"),
    find: () => ordersOf(key, talk, kind),
    create: () => (delivery.deleted ? Promise.resolve({ kind: "applied", duplicate: true }) : createOrder(key, wanted, talk)),
    update: (order) => updateOrder(order, wanted, talk),
  });
}

interface Wanted {
  readonly header: JsonObject;
  /** Lines as items; undefined where the delivery says nothing of them. */
  readonly lines: readonly JsonObject[] | undefined;
  /** Undefined where the delivery says nothing of it. */
  readonly cancelled: boolean | undefined;
}

/** A part of a sale without its stage says nothing of the order's status. */
function cancels({ deleted, entity, data }: Delivery, { status }: JsonObject): boolean | undefined {
  if (deleted) return true;
  const silent = status === undefined || (entity.kind === "opportunity" && data["stage"] === undefined);
  return silent ? undefined : status === "cancelled";
}

/** The header's fields in the system's words, the customer by its number there. */
async function headerOf(
  data: JsonObject,
  delivery: Delivery,
  kind: OrderKind,
  session: Session<Settings>,
): Promise<Result<JsonObject, Failed>> {
  if (delivery.deleted) return ok({});
  const { customerId } = data;
  const number = typeof customerId === "string" ? await customerNumber(customerId, session) : ok(undefined);
  if (!number.ok) return number;
  const named = number.value === undefined ? data : { ...data, customerId: number.value };
  const header = toRemote(named, orderPairs(session.settings, kind), delivery.nature === "delta" ? delivery.cleared : []);
  return header.ok ? header : { ok: false, failure: unwritable(header.failure) };
}

async function createOrder(key: string, { header, lines = [], cancelled = false }: Wanted, talk: Talk): Promise<Outcome> {
  const { settings } = talk.session;
  const { salesOrder, keyField } = settings;
  if (salesOrder === undefined) return failed("config", "the settings name no `salesOrder`: the type and sales area that new orders get");
  if (header["SoldToParty"] === undefined)
    return unwritable([{ field: "customerId", message: "a new order needs a customer, and this one names none" }]);
  const service = orderServiceOf(settings);
  const body = {
    SalesOrderType: salesOrder.type,
    SalesOrganization: salesOrder.salesOrganization,
    DistributionChannel: salesOrder.distributionChannel,
    OrganizationDivision: salesOrder.division,
    [ORDER_KEY_FIELD.name]: await carriedKey(key, orderCarrier(settings)),
    ...(keyField === undefined ? {} : { [keyField]: key }),
    ...header,
    [service.part]: itemsOfNew(lines, cancelled, settings),
  };
  const answer = await change(talk, "POST", service.orders, { body });
  if (!answer.ok) return answer.failure;
  const id = idOfNew(answer.value, "SalesOrder", talk.odata);
  if (id === null) return failed("ambiguous", "the answer says success but names no order");
  return { kind: "applied", duplicate: false, remote: { id, number: id } };
}

async function updateOrder(order: JsonObject, { header, lines, cancelled }: Wanted, talk: Talk): Promise<Outcome> {
  const id = textAt(order, "SalesOrder");
  const { orders, part } = orderServiceOf(talk.session.settings);
  const items = itemsIn(objectsIn(talk.odata.part(order, part)));
  const applied: Outcome = { kind: "applied", duplicate: false, remote: { id, number: id } };
  if (cancelled === true && items.length === 0 && (lines ?? []).length === 0) {
    const gone = await change(talk, "DELETE", entityPath(orders, id), { etag: etagOf(talk, order) });
    return gone.ok ? applied : gone.failure;
  }
  if (Object.keys(header).length > 0) {
    const changed = await change(talk, "PATCH", entityPath(orders, id), { etag: etagOf(talk, order), body: header });
    if (!changed.ok) return changed.failure;
  }
  const priced = await withPrices(items, talk);
  if (!priced.ok) return priced.failure;
  return (await changeItems({ order: id, items: priced.value, lines, cancelled }, talk)) ?? applied;
}

/** What a later read tells of what was written; an item's text that the system has added is not ours. */
export function writtenOrder(delivery: Delivery, kind: OrderKind, settings: Settings): JsonObject {
  const data = contentForErp(delivery);
  const { lines } = data;
  return {
    ...writtenPart(data, orderPairs(settings, kind)),
    ...(Array.isArray(lines)
      ? { lines: objectsIn(lines).map((line) => ({ ...writtenPart(line, linePairsOf(settings)), ...priceWanted(line, settings) })) }
      : {}),
    ...(data["status"] === "cancelled" ? { status: "cancelled" } : {}),
  };
}
