import { tryton } from "../../../../src/destinations/tryton/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery, erpCustomer, euroLine } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";
import { Books, RpcError, type Json, type Row } from "./tryton-books.ts";

const USER = "signalbox";
const PASSWORD = "password-that-must-not-leak";
/** Wrong passwords of one user before it is told to wait, as `[session] max_attempt` is by default. */
const MAX_ATTEMPTS = 5;

const page = (status: number): Response =>
  new Response(`<!doctype html>\n<title>${status}</title>`, { status, headers: { "content-type": "text/html" } });
const json = (body: object): Response => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });

const isRow = (value: Json | undefined): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

const MODEL_OF: Readonly<Partial<Record<EntityKind, string>>> = {
  customer: "party.party",
  opportunity: "sale.sale",
  order: "sale.sale",
  invoice: "account.invoice",
};

/**
 * Tryton 6.0's JSON-RPC as it was seen to answer: exactly `{id, method, params}` with the context last, errors inside 200,
 * sessions, one transaction a call, workflow calls that a state does not allow without a word, `_timestamp` checks.
 */
function start(processes: boolean): FakeSystem {
  const time = { nowMs: NOW_MS };
  const books = new Books(() => time.nowMs, { processes });
  const sessions = new Map<string, number>();
  let issued = 0;
  let wrong = 0;
  let fault: "refuse" | "ignore" | "lock" | null = null;
  let touchFirst: { readonly model: string; readonly id: number } | null = null;

  const logIn = (params: readonly Json[]): Response => {
    const [user, secrets] = params as readonly [string, { readonly password?: string }];
    if (wrong > MAX_ATTEMPTS) return page(429);
    if (secrets.password === undefined)
      return json({ id: 1, error: ["LoginException", ["password", "Password for signalbox", "password"]] });
    if (user !== USER || secrets.password !== PASSWORD) {
      wrong++;
      return page(401);
    }
    const key = `session-${++issued}`;
    sessions.set(key, 1);
    return json({ id: 1, result: [1, key] });
  };

  const isKnown = (header: string): boolean => {
    const [scheme, proof = ""] = header.split(" ");
    const said = Buffer.from(proof, "base64").toString("utf8");
    if (scheme === "Basic") return said === `${USER}:${PASSWORD}`;
    const [user, uid, key = ""] = said.split(":");
    return scheme === "Session" && user === USER && uid === "1" && sessions.has(key);
  };

  const call = (name: string, params: readonly Json[]): Json => {
    const [, model = "", method = ""] = /^model\.(.+)\.(\w+)$/.exec(name) ?? [];
    const context = params.at(-1);
    if (!isRow(context) || context["__class__"] !== undefined) throw new RpcError("Missing context argument");
    const changes = !["search_read", "read", "search"].includes(method) && !method.startsWith("on_change");
    if (changes && touchFirst !== null) {
      books.touch(touchFirst.model, touchFirst.id);
      touchFirst = null;
    }
    const now = changes ? fault : null;
    if (changes) fault = null;
    if (now === "refuse") throw new RpcError("UserError", ["Refused for once.", "", null]);
    if (now === "lock") throw new RpcError("database is locked", "");
    if (now === "ignore") return method === "create" ? [4711] : null;
    return books.transaction(() => books.call(model, method, params.slice(0, -1), context));
  };

  return {
    time,
    held: (kind, key) =>
      books
        .all(MODEL_OF[kind] ?? "")
        .filter((row) => (kind === "customer" ? row["code"] : row["reference"]) === key && row["state"] !== "cancelled")
        .map((row) => ({ id: String(row["id"]), fields: row })),
    answer: async (request) => {
      if (new URL(request.url).pathname !== "/books/" || request.method !== "POST") return page(404);
      if (!(request.headers.get("content-type") ?? "").includes("json")) return page(400);
      const body = JSON.parse(await request.text()) as { readonly method: string; readonly params: readonly Json[] };
      const exact = JSON.stringify(Object.keys(body).toSorted()) === '["id","method","params"]';
      if (!exact) return page(400);
      if (body.method === "common.db.login") return logIn(body.params);
      if (!isKnown(request.headers.get("authorization") ?? "")) return new Response(null, { status: 401 });
      if (!books.exposes(body.method)) return page(403);
      try {
        return json({ id: 1, result: call(body.method, body.params) });
      } catch (error) {
        if (error instanceof RpcError) return json({ id: 1, error: error.args });
        throw error;
      }
    },
    tricks: {
      expireCredentials: () => sessions.clear(),
      credentialsIssued: () => issued,
      failInsideSuccess: () => void (fault = "refuse"),
      ignoreNextWrite: () => void (fault = "ignore"),
      lockNext: () => void (fault = "lock"),
      add: (kind, key, stampMs) => books.byAnother(kind, key, stampMs),
      touch: (kind, key) => books.touch(MODEL_OF[kind] ?? "", books.idOf(MODEL_OF[kind] ?? "", key)),
      touchBeforeNextWrite: (kind, key) => void (touchFirst = { model: MODEL_OF[kind] ?? "", id: books.idOf(MODEL_OF[kind] ?? "", key) }),
      doubleKey: (kind, key) => {
        books.byAnother(kind, key);
        books.byAnother(kind, key);
      },
    },
  };
}

const order = delivery({
  type: "order.changed",
  entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
  data: {
    customerId: "001Ab",
    status: "confirmed",
    orderedAt: "2026-11-20T09:30:00.000Z",
    total: { amount: "250.25", currency: "EUR" },
    lines: [euroLine("PLAN-PRO", "2", "125.125"), { sku: "SETUP", quantity: "0.5" }],
  },
});

const settings = {
  user: USER,
  login: "session" as const,
  company: 1,
  amountProduct: "PLAN-PRO",
  process: true,
  taxIdType: null,
  types: { margin: "numeric" as const },
  fields: { customer: { fields: { region: "region" } }, opportunity: { fields: { "custom.margin": "margin" } } },
};

const trial = (login: "session" | "basic", cannotHappen: Trial["cannotHappen"], processes = true): Trial => ({
  definition: tryton,
  connection: { baseUrl: "https://erp.example.com/books", settings: { ...settings, login }, secrets: { password: PASSWORD } },
  start: () => start(processes),
  deliveries: {
    opportunity: delivery(),
    order,
    "order that is cancelled": { ...order, entity: { ...order.entity, key: "gone" }, deleted: true, data: {} },
    customer: erpCustomer,
    "customer that is cleared": { ...erpCustomer, nature: "delta", data: { name: "Ada" }, cleared: ["email", "taxId"] },
    "customer that is gone": { ...erpCustomer, deleted: true, data: {} },
    invoice: delivery({
      type: "invoice.changed",
      entity: { kind: "invoice", key: "in_1", schemaVersion: 1 },
      data: { orderId: "SOLD-1", status: "open", issuedAt: "2026-11-24T00:00:00.000Z" },
    }),
  },
  refused: {
    delivery: { ...order, data: { ...order.data, lines: [euroLine("PLAN-PRO", "1.5", "1.00001")] } },
    fields: ["lines.unitPrice"],
  },
  cannotHappen: {
    "key of the wrong form": "any text can be a password",
    "CSRF token expires": "it has none",
    "change token refused": "it reads by time",
    ...cannotHappen,
  },
});

export const trytonTrial = trial("session", {});
export const trytonWorkerTrial = trial("session", {}, false);
export const trytonBasicTrial = trial("basic", {
  "credential expires under parallel callers": "the password goes with every call and does not expire",
});
