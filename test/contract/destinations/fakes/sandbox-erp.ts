import { Erp } from "../../../../sandbox/erp.ts";
import { Store, type StoredRecord } from "../../../../sandbox/store.ts";
import { sandboxErp } from "../../../../src/destinations/sandbox-erp.ts";
import { API_KEY, NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";

const COLLECTIONS: Readonly<Record<string, string>> = { opportunity: "orders", order: "orders" };
const collectionOf = (kind: string): string => COLLECTIONS[kind] ?? `${kind}s`;
const CAUSE = { idempotencyKey: null, correlationId: null, traceparent: null, occurredAt: null };

/** The sandbox's own ERP, without its server. */
function start(): FakeSystem {
  const time = { nowMs: NOW_MS };
  let stampMs: number | null = null;
  const store = new Store(":memory:", () => stampMs ?? time.nowMs);
  const erp = new Erp(store, API_KEY, null);
  const held = (kind: string, key: string): readonly StoredRecord[] =>
    store.all<StoredRecord>("SELECT * FROM records WHERE collection = ? AND externalKey = ?", collectionOf(kind), key);
  const write = (kind: string, key: string, content: Record<string, string>, atMs = time.nowMs): void => {
    stampMs = atMs;
    const identify = (sequence: number) => ({ id: `other_${String(sequence).padStart(9, "0")}`, number: null });
    store.write({ collection: collectionOf(kind), externalKey: key, content, cause: CAUSE, identify });
    stampMs = null;
  };
  return {
    time,
    held: (kind, key) =>
      held(kind, key).map((record) => ({ id: record.id, fields: JSON.parse(record.content) as Record<string, unknown> })),
    answer: async (request) => {
      const url = new URL(request.url);
      const answer = erp.answer({
        method: request.method,
        path: url.pathname.split("/").slice(2).map(decodeURIComponent),
        query: url.searchParams,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      });
      return new Response(answer.body, { status: answer.status, headers: answer.headers ?? {} });
    },
    tricks: {
      add: (kind, key, atMs) => write(kind, key, { name: "made by another" }, atMs),
      touch: (kind, key) => write(kind, key, { name: `changed at ${++time.nowMs}` }),
    },
  };
}

const order = delivery({
  entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
  data: { status: "confirmed", total: { amount: "10", currency: "EUR" } },
  occurredAtMs: null,
});

export const sandboxErpTrial: Trial = {
  definition: sandboxErp,
  connection: { baseUrl: "http://localhost:8790/erp", settings: {}, secrets: { apiKey: API_KEY } },
  start,
  deliveries: {
    opportunity: delivery(),
    order,
    customer: delivery({ entity: { kind: "customer", key: "001Ab", schemaVersion: 1 }, data: { name: "Acme" } }),
    invoice: delivery({ entity: { kind: "invoice", key: "in_1", schemaVersion: 1 }, data: { status: "open" } }),
    entitlement: delivery({ entity: { kind: "entitlement", key: "sub_1", schemaVersion: 1 }, data: { plan: "gold" } }),
    deletion: delivery({ deleted: true, data: {} }),
  },
  refused: {
    delivery: delivery({ data: { stage: "won", amount: { amount: "0.00", currency: "GBP" } } }),
    fields: ["total.amount", "total.currency"],
  },
  cannotHappen: {
    "credential expires under parallel callers": "its API key does not expire",
    "credential cannot be had": "it has a key, no issuer",
    "key of the wrong form": "any text can be its key",
    "row locked": "it locks no rows",
    "record changed before our write": "a whole state is put over whatever is there; order is the router's",
    "key held by two records": "its keys are unique",
    "failure inside a success": "its statuses say what happened",
    "silent no-op": "it answers with the record",
    "CSRF token expires": "it has none",
    "change token refused": "it reads by time",
  },
};
