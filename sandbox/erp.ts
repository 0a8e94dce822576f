import { COLLECTIONS, collectionNamed, identityOf } from "./erp-collections.ts";
import { orderErrors } from "./erp-rules.ts";
import { isRecord, parseRecord, type JsonRecord } from "./exact-json.ts";
import { causeOf, json, problem, validation, type Answer, type Call, type System } from "./http-types.ts";
import { once } from "./idempotency.ts";
import { listChanged, shown } from "./reports.ts";
import type { Cause, Change, Store, StoredRecord } from "./store.ts";
import type { Outbox } from "./webhooks.ts";

interface Route {
  readonly method: string;
  /** A segment in braces takes any text. */
  readonly path: string;
  run(erp: Erp, call: Call): Answer;
}

const ROUTES: readonly Route[] = [
  { method: "GET", path: "settings/currencies", run: (erp) => json(200, { items: [...erp.currencies()] }) },
  { method: "POST", path: "settings/currencies", run: (erp, call) => erp.enableCurrency(call) },
  { method: "POST", path: "orders/{id}/invoice", run: (erp, call) => once(erp.store, call, () => erp.invoice(call)) },
  { method: "POST", path: "invoices/{id}/pay", run: (erp, call) => once(erp.store, call, () => erp.pay(call)) },
  { method: "PUT", path: "{collection}/by-key/{key}", run: (erp, call) => once(erp.store, call, () => erp.put(call)) },
  { method: "PATCH", path: "{collection}/by-key/{key}", run: (erp, call) => once(erp.store, call, () => erp.patch(call)) },
  { method: "DELETE", path: "{collection}/by-key/{key}", run: (erp, call) => once(erp.store, call, () => erp.remove(call)) },
  { method: "GET", path: "{collection}/by-key/{key}", run: (erp, call) => erp.show(call, erp.store.byKey(part(call, 0), part(call, 2))) },
  { method: "GET", path: "{collection}/{id}", run: (erp, call) => erp.show(call, erp.store.byId(part(call, 0), part(call, 1))) },
  { method: "GET", path: "{collection}", run: (erp, call) => erp.list(call) },
];

/** The stand-in of an ERP: upsert by external key, idempotency keys, versions, changed-since, and webhooks of what changed. */
export class Erp implements System {
  readonly store: Store;
  readonly #apiKey: string;
  readonly #outbox: Outbox | null;

  constructor(store: Store, apiKey: string, outbox: Outbox | null) {
    this.store = store;
    this.#apiKey = apiKey;
    this.#outbox = outbox;
    store.database.exec("CREATE TABLE IF NOT EXISTS currencies (code TEXT PRIMARY KEY) STRICT");
    store.run("INSERT OR IGNORE INTO currencies VALUES ('EUR'), ('USD')");
  }

  answer(call: Call): Answer {
    if (call.headers["authorization"] !== `Bearer ${this.#apiKey}`) return problem(401, "unauthorized", "a valid API key is needed");
    const here = ROUTES.filter((route) => fits(route.path, call.path));
    const route = here.find(({ method }) => method === call.method);
    if (here.length === 0) return problem(404, "no_such_route", "there is nothing at this path");
    return route?.run(this, call) ?? problem(405, "method_not_allowed", `${call.method} is not possible here`);
  }

  counts(): Readonly<Record<string, number>> {
    return this.#outbox?.counts() ?? {};
  }

  async close(): Promise<void> {
    await this.#outbox?.close();
    this.store.close();
  }

  put(call: Call): Answer {
    const content = parseRecord(call.body);
    return content === undefined ? malformed() : this.#upsert(call, content, call.body);
  }

  /** Merges what is sent into the record (RFC 7396, at the top level): null takes a field away. */
  patch(call: Call): Answer {
    const change = parseRecord(call.body);
    if (change === undefined) return malformed();
    const record = this.store.byKey(part(call, 0), part(call, 2));
    const merged = { ...(record === undefined ? {} : parseRecord(record.content)), ...change };
    const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
    return this.#upsert(call, kept);
  }

  #upsert(call: Call, content: JsonRecord, text?: string): Answer {
    const collection = part(call, 0);
    const errors = collection === "orders" ? orderErrors(content, this.currencies()) : [];
    if (errors.length > 0) return validation(errors);
    const write = { collection, externalKey: part(call, 2), content, cause: causeOf(call) };
    return this.#write(text === undefined ? write : { ...write, text });
  }

  remove(call: Call): Answer {
    const record = this.store.byKey(part(call, 0), part(call, 2));
    if (record === undefined) return missing();
    this.store.remove(record, causeOf(call));
    return json(200, { ...written(record, true), version: record.version + 1, deleted: true });
  }

  /** An order is invoiced once; asking again answers with the invoice there is. */
  invoice(call: Call): Answer {
    const order = this.store.byId("orders", part(call, 1));
    if (order === undefined) return missing();
    const sql = "SELECT * FROM records WHERE collection = 'invoices' AND content ->> 'orderId' = ?";
    const known = this.store.one<StoredRecord>(sql, order.id);
    if (known !== undefined) return json(200, written(known, false));
    const { total, customerId, opportunityId } = parseRecord(order.content) ?? {};
    if (!isRecord(total)) return validation([{ field: "total", message: "an order without a total cannot be invoiced" }]);
    const facts = { orderId: order.id, orderNumber: order.number, opportunityId, customerId };
    const due = { status: "open", total, amountDue: total, issuedAt: this.store.nowIso() };
    const content = Object.fromEntries(Object.entries({ ...facts, ...due }).filter(([, value]) => value !== undefined)) as JsonRecord;
    return this.#write({ collection: "invoices", externalKey: null, content, cause: inherited(causeOf(call), order) });
  }

  pay(call: Call): Answer {
    const record = this.store.byId("invoices", part(call, 1));
    if (record === undefined) return missing();
    const content = parseRecord(record.content) ?? {};
    if (content["status"] === "paid") return json(200, written(record, false));
    const { total } = content;
    const amounts = isRecord(total) ? { amountPaid: total, amountDue: { ...total, amount: "0.00" } } : {};
    const paid = { ...content, status: "paid", ...amounts };
    return this.#write({ collection: "invoices", externalKey: record.externalKey, content: paid, cause: inherited(causeOf(call), record) });
  }

  show(call: Call, record: StoredRecord | undefined): Answer {
    return record === undefined ? missing() : json(200, shown(record));
  }

  list(call: Call): Answer {
    return listChanged(this.store, part(call, 0), call);
  }

  currencies(): ReadonlySet<string> {
    return new Set(this.store.all<{ code: string }>("SELECT code FROM currencies ORDER BY code").map(({ code }) => code));
  }

  enableCurrency(call: Call): Answer {
    const currency = parseRecord(call.body)?.["currency"];
    if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
      return validation([{ field: "currency", message: "must be an ISO 4217 code" }]);
    }
    this.store.run("INSERT OR IGNORE INTO currencies VALUES (?)", currency);
    return json(200, { items: [...this.currencies()] });
  }

  /** Without an external key, the record's own id is one: it was born here. */
  #write(write: { collection: string; externalKey: string | null; content: JsonRecord; text?: string; cause: Cause }): Answer {
    const collection = collectionNamed(write.collection);
    const before = write.externalKey === null ? undefined : this.store.byKey(write.collection, write.externalKey);
    const { record, change } = this.store.write({
      ...write,
      externalKey: write.externalKey ?? "",
      identify: (sequence) => {
        const identity = identityOf(collection, sequence);
        return { ...identity, ...(write.externalKey === null ? { externalKey: identity.id } : {}) };
      },
    });
    const type = change === "unchanged" ? null : collection.eventOf(before && parseRecord(before.content), write.content);
    if (type !== null) this.#outbox?.enqueue(type, record);
    return json(STATUS_OF_CHANGE[change], written(record, change !== "unchanged"));
  }
}

const STATUS_OF_CHANGE: Readonly<Record<Change, number>> = { created: 201, updated: 200, unchanged: 200 };

const part = (call: Call, index: number): string => call.path[index] ?? "";

const malformed = (): Answer => problem(400, "malformed", "the body must be a JSON object");

const missing = (): Answer => problem(404, "record_not_found", "there is no such record");

const written = ({ id, number, externalKey, version, updatedAt }: StoredRecord, changed: boolean): object => ({
  id,
  number,
  externalKey,
  version,
  updatedAt,
  changed,
});

/** A change without a trace of its own belongs to the trace of the record it came from. */
const inherited = (cause: Cause, from: StoredRecord): Cause => ({
  ...cause,
  correlationId: cause.correlationId ?? from.correlationId,
  traceparent: cause.traceparent ?? from.traceparent,
});

function fits(pattern: string, path: readonly string[]): boolean {
  const segments = pattern.split("/");
  return segments.length === path.length && segments.every((segment, index) => segmentFits(segment, path[index] ?? ""));
}

function segmentFits(segment: string, text: string): boolean {
  if (segment === "{collection}") return Object.hasOwn(COLLECTIONS, text);
  return segment.startsWith("{") ? text !== "" : segment === text;
}
