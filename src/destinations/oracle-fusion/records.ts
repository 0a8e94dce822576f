import { compareDecimals } from "../../domain/decimal.ts";
import { toCanonical } from "../../domain/field-pairs.ts";
import { isJsonObject, readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { NO_ORDER, timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, RecordRef, RemoteRecord, RemoteState, Session } from "../define.ts";
import { READ_HEADERS, bodyOf, collection, failed } from "./collection.ts";
import { readRefusalOf } from "./errors.ts";
import { heldLines, linesOf, type HeldLine } from "./lines.ts";
import { expansionOf } from "./prices.ts";
import { resourceOf, type Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

/** Customers asked for at a time, so that the address stays short. */
const PARTIES_A_QUERY = 50;

/** A record as it was found, and what an update of it needs. */
export interface Held {
  readonly state: RemoteState;
  readonly etag: string | null;
  readonly lines: readonly HeldLine[];
}

/** A text in an expression. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** What addresses a record of ours: orders by source system and key, which is the latest version of the order. */
export const addressOf = (kind: Resource["kind"], { settings }: Session<Settings>, key: string, id: string): string =>
  kind === "order"
    ? `${encodeURIComponent(settings.sourceSystem)}:${encodeURIComponent(key.toWellFormed())}`
    : encodeURIComponent(id.toWellFormed());

/** Reads one record by key or id, with an order's lines, and customers by our keys. */
export async function find(ref: RecordRef, resource: Resource, session: Session<Settings>): Promise<Result<Held | "absent", Failed>> {
  const found = await findItem(ref, resource, session);
  if (!found.ok) return found;
  if (found.value === "absent") return ok("absent");
  const { item, etag } = found.value;
  const lines = resource.kind === "order" ? await heldLines(item, resource, session) : ok([]);
  if (!lines.ok) return lines;
  const named = await withCustomerKeys([item], resource, session);
  if (!named.ok) return named;
  const state = stateOf(named.value[0] ?? item, resource, session.settings);
  if (!state.ok) return fail(failed("business", state.failure));
  const data = resource.kind === "order" ? { ...state.value.data, lines: linesOf(lines.value) } : state.value.data;
  return ok({ state: { ...state.value, data }, etag, lines: lines.value });
}

interface Item {
  readonly item: JsonObject;
  readonly etag: string | null;
}

async function findItem(
  { by, value }: RecordRef,
  resource: Resource,
  session: Session<Settings>,
): Promise<Result<Item | "absent", Failed>> {
  const { kind } = resource;
  if (by === "key" && (kind === "customer" || kind === "case")) return searchItem(value, resource, session);
  const address = by === "key" ? addressOf(kind, session, value, value) : encodeURIComponent(value.toWellFormed());
  const expand = kind === "order" ? `?expand=${expansionOf(session.settings).order}` : "";
  const answer = await session.send({
    method: "GET",
    url: `${session.baseUrl}${resource.path}/${address}${expand}`,
    headers: READ_HEADERS,
  });
  if (!answer.ok) return answer;
  // Also what a record says that this user's business units do not show; a create then finds out.
  if (answer.value.status === 404) return ok("absent");
  if (answer.value.status !== 200) return fail(readRefusalOf(answer.value, resource));
  const item = bodyOf(answer.value);
  return item === undefined
    ? fail(failed("transient", "the answer is no record"))
    : ok({ item, etag: answer.value.headers.get("etag") ?? etagIn(item) });
}

async function searchItem(key: string, resource: Resource, session: Session<Settings>): Promise<Result<Item | "absent", Failed>> {
  const { customerReference, sourceSystem } = session.settings;
  const expression =
    resource.kind === "customer"
      ? `${customerReference.system} = ${quoted(sourceSystem)} and ${customerReference.value} = ${quoted(key)}`
      : `${resource.keyAt} = ${quoted(key)}`;
  const page = await collection(session, resource, { q: expression, limit: "2" });
  if (!page.ok) return page;
  const [first, second] = page.value.items;
  if (second !== undefined) return fail(failed("business", `two records of ${resource.path} hold our key ${key}; merge them`));
  if (first === undefined) return ok("absent");
  return keyOf(first, resource, session.settings) === key
    ? ok({ item: first, etag: etagIn(first) })
    : fail(failed("config", `the query by ${resource.keyAt} gave another record: the field does not hold our key`));
}

/** In a collection an item's ETag is in its context, or in its link to itself. */
function etagIn(item: JsonObject): string | null {
  const links = item["links"];
  const self = Array.isArray(links)
    ? (links as readonly JsonValue[]).find((link) => isJsonObject(link) && link["rel"] === "self")
    : undefined;
  const said = readPath(item, "@context.headers.ETag") ?? readPath(self ?? null, "properties.changeIndicator");
  return scalarText(said) ?? null;
}

export const keyOf = (item: JsonObject, { keyAt, systemAt }: Resource, settings: Settings): string | null =>
  systemAt === null || item[systemAt] === settings.sourceSystem ? (scalarText(item[keyAt]) ?? null) : null;

export function remoteOf(item: JsonObject, { idAt, numberAt }: Resource): RemoteRecord | null {
  const [id, number, version] = [idAt, numberAt, "LastUpdateDate"].map((name) => scalarText(item[name]) ?? "");
  return id ? { id, ...(number ? { number } : {}), ...(version ? { version } : {}) } : null;
}

/** A record whose customer is already named by our key. */
export function stateOf(item: JsonObject, resource: Resource, settings: Settings): Result<RemoteState, string> {
  const remote = remoteOf(item, resource);
  if (remote === null) return fail(`a record of ${resource.path} has no ${resource.idAt}`);
  const data = toCanonical(resource.kind, item, resource.pairs);
  if (!data.ok) return fail(`${resource.path} ${remote.id}: ${data.failure}`);
  const modifiedAtMs = Date.parse(remote.version ?? "");
  return ok({
    remote,
    key: keyOf(item, resource, settings),
    data: resource.kind === "invoice" ? settled(data.value) : data.value,
    order: Number.isNaN(modifiedAtMs) ? NO_ORDER : timeToken(modifiedAtMs),
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: false,
  });
}

/** A complete invoice with nothing due is a paid one; Fusion has no status for that. */
function settled(invoice: JsonObject): JsonObject {
  const due = scalarText(readPath(invoice, "amountDue.amount"));
  return invoice["status"] === "open" && due !== undefined && compareDecimals(due, "0") === 0 ? { ...invoice, status: "paid" } : invoice;
}

/** Puts our key in the place of the customer's party id; a customer that is not ours is left out. */
export async function withCustomerKeys(
  items: readonly JsonObject[],
  resource: Resource,
  session: Session<Settings>,
): Promise<Result<readonly JsonObject[], Failed>> {
  const at = resource.customerAt;
  if (at === null) return ok(items);
  const parties = [...new Set(items.map((item) => scalarText(item[at]) ?? "").filter((id) => /^\d+$/.test(id)))];
  const keys = await keysOfParties(parties, session);
  return keys.ok ? ok(items.map((item) => ({ ...item, [at]: keys.value.get(scalarText(item[at]) ?? "") ?? null }))) : keys;
}

async function keysOfParties(parties: readonly string[], session: Session<Settings>): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  const keys = new Map<string, string>();
  const customers = resourceOf("customer", session.settings);
  if (!customers.ok) return customers;
  const { keyAt, systemAt } = customers.value;
  for (let from = 0; from < parties.length; from += PARTIES_A_QUERY) {
    const q = parties
      .slice(from, from + PARTIES_A_QUERY)
      .map((id) => `PartyId = ${id}`)
      .join(" or ");
    const fields = ["PartyId", "PartyNumber", keyAt, systemAt ?? keyAt].join(",");
    const page = await collection(session, customers.value, { q, fields, onlyData: "true", limit: String(PARTIES_A_QUERY) });
    if (!page.ok) return page;
    for (const item of page.value.items) {
      const [party, key] = [scalarText(item["PartyId"]), keyOf(item, customers.value, session.settings)];
      if (party !== undefined && key !== null) keys.set(party, key);
    }
  }
  return ok(keys);
}

/** The party id of a customer by our key; null where there is none. */
export async function partyIdOf(key: string, session: Session<Settings>): Promise<Result<string | null, Failed>> {
  const customers = resourceOf("customer", session.settings);
  if (!customers.ok) return customers;
  const found = await searchItem(key, customers.value, session);
  if (!found.ok) return found;
  return ok(found.value === "absent" ? null : (scalarText(found.value.item["PartyId"]) ?? null));
}
