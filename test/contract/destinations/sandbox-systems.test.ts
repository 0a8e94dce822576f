import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { SandboxOptions } from "../../../sandbox/start.ts";
import { startLive, type Body, type LiveSandbox } from "./live.ts";

const open: LiveSandbox[] = [];
async function start(options: SandboxOptions = {}): Promise<LiveSandbox> {
  const sandbox = await startLive(options);
  open.push(sandbox);
  return sandbox;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
});

const ORDER = { status: "confirmed", total: { amount: "99.90", currency: "EUR" }, customerId: "001" };

async function readAll(sandbox: LiveSandbox, list: string, limit: number): Promise<readonly Body[]> {
  const items: Body[] = [];
  let next: Body["next"] = { changedSince: "1970-01-01T00:00:00.000Z" };
  while (next !== null) {
    const { body } = await sandbox.call("GET", `${list}?${new URLSearchParams({ ...next, limit: String(limit) })}`);
    items.push(...body.items);
    next = body.next;
  }
  return items;
}

describe("the ERP's list of changes", () => {
  it("loses and repeats nothing over equal times, at any page size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (ticks, limit) => {
          let nowMs = Date.UTC(2026, 0, 1);
          const sandbox = await startLive({ nowMs: () => nowMs });
          for (const [index, tick] of ticks.entries()) {
            nowMs = Date.UTC(2026, 0, 1) + tick;
            await sandbox.call("PUT", `/erp/customers/by-key/k${index}`, { name: `n${index}` });
          }
          const items = await readAll(sandbox, "/erp/customers", limit);
          await sandbox.close();
          expect(items.map(({ externalKey }) => externalKey).toSorted()).toEqual(ticks.map((_, index) => `k${index}`).toSorted());
          const order = items.map(({ updatedAt, id }) => `${String(updatedAt)} ${String(id)}`);
          expect(order).toEqual(order.toSorted());
        },
      ),
      { numRuns: 25 },
    );
  });

  it("begins at the very time that is asked for, and refuses what is no time", async () => {
    let nowMs = 1_000;
    const sandbox = await start({ nowMs: () => nowMs });
    await sandbox.call("PUT", "/erp/customers/by-key/old", { name: "old" });
    nowMs = 2_000;
    await sandbox.call("PUT", "/erp/customers/by-key/new", { name: "new" });
    const { body } = await sandbox.call("GET", `/erp/customers?changedSince=${new Date(2_000).toISOString()}`);
    expect(body.items.map(({ externalKey }) => externalKey)).toEqual(["new"]);
    expect((await sandbox.call("GET", "/erp/customers?changedSince=yesterday")).status).toBe(400);
    expect((await sandbox.call("GET", "/erp/customers?limit=0")).status).toBe(400);
  });
});

describe("the ERP's API", () => {
  it("answers 401 without its key and has no effect", async () => {
    const sandbox = await start();
    const answer = await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER, { authorization: "Bearer nobody" });
    expect([answer.status, answer.body["code"]]).toEqual([401, "unauthorized"]);
    expect((await sandbox.call("GET", "/erp/summary")).body).toMatchObject({ effects: 0 });
  });

  it("gives every digit and unknown field back as it was sent", async () => {
    const sandbox = await start();
    const text = '{"ratio":1.50,"big":123456789012345678901,"exponent":1E+2,"nested":{"zero":-0.0}}';
    await sandbox.call("PUT", "/erp/customers/by-key/a", text);
    const response = await fetch(`${sandbox.url}/erp/customers/by-key/a`, {
      headers: { authorization: `Bearer ${sandbox.secrets.erpApiKey}` },
    });
    expect(await response.text()).toContain(text.slice(1, -1));
  });

  it("numbers records, raises the version by one per change, and replays the very answer under a used key", async () => {
    const sandbox = await start();
    const key = { "idempotency-key": "k1" };
    const created = await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER, key);
    expect(created).toMatchObject({ status: 201, body: { number: "SO-1001", externalKey: "a", version: 1, changed: true } });
    const changed = await sandbox.call("PUT", "/erp/orders/by-key/a", { ...ORDER, region: "EMEA" });
    expect(changed).toMatchObject({ status: 200, body: { number: "SO-1001", version: 2, changed: true } });
    const replayed = await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER, key);
    expect([replayed.status, replayed.body, replayed.headers.get("idempotent-replay")]).toEqual([201, created.body, "true"]);
    expect((await sandbox.call("PUT", "/erp/orders/by-key/b", ORDER)).body["number"]).toBe("SO-1002");
    expect((await sandbox.call("GET", `/erp/orders/${String(created.body["id"])}`)).body).toMatchObject({ version: 2, region: "EMEA" });
  });

  it("refuses another request under a used key", async () => {
    const sandbox = await start();
    await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER, { "idempotency-key": "k1" });
    const answer = await sandbox.call("PUT", "/erp/orders/by-key/b", ORDER, { "idempotency-key": "k1" });
    expect(answer).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  });

  it("keeps no refusal under the key, so that a mended one goes through", async () => {
    const sandbox = await start();
    const key = { "idempotency-key": "k1" };
    const pounds = { ...ORDER, total: { amount: "1", currency: "GBP" } };
    expect((await sandbox.call("PUT", "/erp/orders/by-key/a", pounds, key)).status).toBe(422);
    await sandbox.call("POST", "/erp/settings/currencies", { currency: "GBP" });
    expect((await sandbox.call("PUT", "/erp/orders/by-key/a", pounds, key)).status).toBe(201);
  });

  it.each([
    [{ total: { amount: "0.00", currency: "EUR" } }, "total.amount"],
    [{ total: { amount: "-1", currency: "EUR" } }, "total.amount"],
    [{ total: { amount: 12.5, currency: "EUR" } }, "total.amount"],
    [{ total: { amount: "1e3", currency: "EUR" } }, "total.amount"],
    [{ total: { amount: "1", currency: "GBP" } }, "total.currency"],
    [{ total: "12.50" }, "total"],
    [{ status: "won" }, "status"],
  ])("refuses the order %j for its %s", async (order, field) => {
    const sandbox = await start();
    const { status, body } = await sandbox.call("PUT", "/erp/orders/by-key/a", order);
    expect([status, body["code"]]).toEqual([422, "validation"]);
    expect(body["errors"]).toEqual([expect.objectContaining({ field })]);
  });

  it("invoices an order once and pays the invoice once", async () => {
    const sandbox = await start();
    const order = (await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER)).body;
    const invoiced = await sandbox.call("POST", `/erp/orders/${String(order["id"])}/invoice`);
    const id = String(invoiced.body["id"]);
    expect(invoiced).toMatchObject({ status: 201, body: { number: "INV-1001", externalKey: id } });
    expect(await sandbox.call("POST", `/erp/orders/${String(order["id"])}/invoice`)).toMatchObject({
      status: 200,
      body: { id, changed: false },
    });
    const facts = { orderId: order["id"], status: "open", total: ORDER.total, amountDue: ORDER.total, customerId: "001" };
    expect((await sandbox.call("GET", `/erp/invoices/${id}`)).body).toMatchObject(facts);
    expect((await sandbox.call("POST", `/erp/invoices/${id}/pay`)).body).toMatchObject({ version: 2, changed: true });
    expect((await sandbox.call("POST", `/erp/invoices/${id}/pay`)).body).toMatchObject({ version: 2, changed: false });
    const paid = { status: "paid", amountPaid: ORDER.total, amountDue: { amount: "0.00", currency: "EUR" } };
    expect((await sandbox.call("GET", `/erp/invoices/by-key/${id}`)).body).toMatchObject(paid);
  });

  it.each([
    ["GET", "/erp/planets", 404],
    ["GET", "/erp/constructor", 404],
    ["PUT", "/erp/orders/by-key/", 404],
    ["DELETE", "/erp/orders", 405],
    ["GET", "/erp/orders/by-key/none", 404],
    ["PUT", "/erp/orders/by-key/%zz", 400],
    ["PUT", "/erp/orders/by-key/a", 400],
    ["GET", "/nowhere", 404],
  ])("answers %s %s with %i", async (method, where, status) => {
    const sandbox = await start();
    expect((await sandbox.call(method, where, method === "PUT" ? "not json" : undefined)).status).toBe(status);
  });
});

describe("the evidence of effects", () => {
  it("counts effects that one key brought about twice", async () => {
    const sandbox = await start();
    await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER, { "idempotency-key": "k1" });
    const { store } = sandbox.systems.erp;
    const record = store.byKey("orders", "a");
    if (record === undefined) throw new Error("the order was not stored");
    const cause = { idempotencyKey: "k1", correlationId: null, traceparent: null, occurredAt: null };
    expect((await sandbox.call("GET", "/erp/summary")).body).toMatchObject({ duplicateEffects: 0 });
    store.logEffect(record, "updated", cause);
    store.logEffect(record, "updated", { ...cause, idempotencyKey: "k2" });
    expect((await sandbox.call("GET", "/erp/summary")).body).toMatchObject({ effects: 3, duplicateEffects: 2 });
  });

  it("is listed page by page in order, for all records or one", async () => {
    const sandbox = await start();
    for (const key of ["a", "b", "a", "c", "a"]) await sandbox.call("PUT", `/erp/customers/by-key/${key}`, { name: `${Math.random()}` });
    const first = (await sandbox.call("GET", "/erp/effects?limit=3")).body;
    const rest = (await sandbox.call("GET", `/erp/effects?limit=3&afterId=${first.next?.["afterId"]}`)).body;
    expect([...first.items, ...rest.items].map(({ externalKey }) => externalKey)).toEqual(["a", "b", "a", "c", "a"]);
    expect(rest.next).toBeNull();
    expect((await sandbox.call("GET", "/erp/effects?key=a")).body.items.map(({ version }) => version)).toEqual([1, 2, 3]);
  });
});

describe("faults", () => {
  it("strike only their system and path, as often as told, and are counted and cleared", async () => {
    const sandbox = await start();
    const made = await sandbox.call("POST", "/faults", { system: "erp", mode: "status", status: 500, times: 2, match: "/orders/" });
    const put = async (collection: string) => (await sandbox.call("PUT", `/erp/${collection}/by-key/a`, ORDER)).status;
    expect([await put("customers"), await put("orders"), await put("orders"), await put("orders")]).toEqual([201, 500, 500, 201]);
    expect((await sandbox.call("GET", "/faults")).body.items).toMatchObject([{ id: made.body["id"], struck: 2, remaining: 0 }]);
    await sandbox.call("POST", "/faults", { system: "erp", mode: "status", status: 502 });
    expect(await put("orders")).toBe(502);
    expect((await sandbox.call("GET", "/erp/summary")).status).toBe(200);
    await sandbox.call("DELETE", "/faults");
    expect(await put("orders")).toBe(200);
  });

  it("delay an answer without changing it", async () => {
    const sandbox = await start();
    await sandbox.call("POST", "/faults", { system: "erp", mode: "delay", delayMs: 120 });
    const startedAtMs = performance.now();
    expect((await sandbox.call("PUT", "/erp/orders/by-key/a", ORDER)).status).toBe(201);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(115);
  });

  it("of unknown kinds are refused", async () => {
    const sandbox = await start();
    expect((await sandbox.call("POST", "/faults", { system: "erp", mode: "explode" })).status).toBe(422);
    expect((await sandbox.call("POST", "/faults", { system: "hr", mode: "status" })).status).toBe(422);
  });
});

it("keeps records, keys and settings over a restart", async () => {
  const data = mkdtempSync(path.join(tmpdir(), "sandbox-"));
  try {
    const first = await startLive({ data });
    await first.call("POST", "/erp/settings/currencies", { currency: "GBP" });
    await first.call("PUT", "/erp/orders/by-key/a", ORDER, { "idempotency-key": "k1" });
    await first.close();
    const second = await start({ data });
    const replayed = await second.call("PUT", "/erp/orders/by-key/a", ORDER, { "idempotency-key": "k1" });
    expect(replayed.headers.get("idempotent-replay")).toBe("true");
    expect((await second.call("GET", "/erp/settings/currencies")).body.items).toContain("GBP");
    expect((await second.call("PUT", "/erp/orders/by-key/b", ORDER)).body["number"]).toBe("SO-1002");
    await second.close();
    open.length = 0;
  } finally {
    rmSync(data, { recursive: true });
  }
});
