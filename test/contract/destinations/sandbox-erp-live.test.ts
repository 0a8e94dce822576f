import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sandboxErp } from "../../../src/destinations/sandbox-erp.ts";
import { deliver, erpConnection, readBack, startLive, type LiveSandbox } from "./live.ts";
import { delivery } from "./samples.ts";

let sandbox: LiveSandbox;
beforeEach(async () => {
  sandbox = await startLive();
});
afterEach(() => sandbox.close());

const put = (changes: Parameters<typeof delivery>[0] = {}) => deliver(sandboxErp, delivery(changes), erpConnection(sandbox));
const summary = async () => (await sandbox.call("GET", "/erp/summary")).body;
const fault = (body: object) => sandbox.call("POST", "/faults", { system: "erp", ...body });

describe("a delivery to the running ERP", () => {
  it("makes one order, with number, version and every field as it was sent", async () => {
    const remote = { id: "ord_000000001", number: "SO-1001", version: "1" };
    expect(await put()).toEqual({ kind: "applied", duplicate: false, remote });
    const { body } = await sandbox.call("GET", "/erp/orders/by-key/006Ab00000XyZ");
    expect(body).toMatchObject({
      total: { amount: "1200.50", currency: "EUR" },
      custom: { margin: "0.10" },
      extra: { Legacy_Id__c: "900719925474099312" },
    });
    const effects = (await sandbox.call("GET", "/erp/effects?key=006Ab00000XyZ")).body;
    expect(effects).toMatchObject({
      items: [
        {
          collection: "orders",
          change: "created",
          version: 1,
          idempotencyKey: delivery().idempotencyKey,
          correlationId: delivery().correlationId,
          occurredAt: "2026-11-24T11:59:55.000Z",
        },
      ],
      next: null,
    });
  });

  it("has no second effect when it is repeated under its key", async () => {
    await put();
    expect(await put({ attempt: 2 })).toMatchObject({ kind: "applied", duplicate: true, remote: { version: "1" } });
    expect(await summary()).toMatchObject({ records: 1, effects: 1, requests: 2, duplicateRequests: 1, duplicateEffects: 0 });
  });

  it("has no second effect when copies of it arrive at once", async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => put()));
    expect(outcomes.filter((outcome) => outcome.kind === "applied" && !outcome.duplicate)).toHaveLength(1);
    expect(await summary()).toMatchObject({ effects: 1, duplicateRequests: 19, duplicateEffects: 0 });
  });

  it("is a duplicate when another event says what the ERP has already, and a new version when it says more", async () => {
    await put();
    expect(await put({ idempotencyKey: "second" })).toMatchObject({ duplicate: true, remote: { version: "1" } });
    expect(await put({ idempotencyKey: "third", data: { stage: "lost" } })).toMatchObject({ duplicate: false, remote: { version: "2" } });
    expect(await summary()).toMatchObject({ effects: 2 });
  });

  it("is refused field by field, and goes through once the ERP takes the currency", async () => {
    const pounds = { data: { stage: "won", amount: { amount: "0.00", currency: "GBP" } } };
    expect(await put(pounds)).toMatchObject({
      kind: "failed",
      class: "business",
      fields: [
        { field: "total.amount", message: "must be greater than 0" },
        { field: "total.currency", message: 'currency "GBP" is not enabled' },
      ],
    });
    await sandbox.call("POST", "/erp/settings/currencies", { currency: "GBP" });
    expect(await put({ data: { stage: "won", amount: { amount: "0.01", currency: "GBP" } } })).toMatchObject({ kind: "applied" });
  });

  it("deletes, and deleting again is applied too", async () => {
    await put();
    expect(await put({ idempotencyKey: "d1", deleted: true })).toMatchObject({ kind: "applied", duplicate: false });
    expect(await put({ idempotencyKey: "d2", deleted: true })).toEqual({ kind: "applied", duplicate: true });
    expect(await summary()).toMatchObject({ records: 0, effects: 2 });
  });

  it("is an auth failure with a wrong key", async () => {
    const wrong = { ...erpConnection(sandbox), secrets: { apiKey: "wrong" } };
    expect(await deliver(sandboxErp, delivery(), wrong)).toMatchObject({ kind: "failed", class: "auth" });
  });
});

describe("a delivery whose answer is lost", () => {
  it("is found applied by the read-back when the connection broke after the commit", async () => {
    await fault({ mode: "cutAfterCommit", times: 1 });
    expect(await put()).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await readBack(sandboxErp, delivery(), erpConnection(sandbox))).toMatchObject({
      kind: "applied",
      remote: { number: "SO-1001" },
    });
    expect(await put({ attempt: 2 })).toMatchObject({ kind: "applied", duplicate: true });
    expect(await summary()).toMatchObject({ effects: 1, duplicateEffects: 0 });
  });

  it("is found absent when it broke before", async () => {
    await fault({ mode: "cutBefore", times: 1 });
    expect(await put()).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await readBack(sandboxErp, delivery(), erpConnection(sandbox))).toEqual({ kind: "absent" });
    expect(await summary()).toMatchObject({ effects: 0 });
  });

  it("is found absent while the ERP has older content", async () => {
    await put();
    const newer = delivery({ idempotencyKey: "newer", data: { stage: "lost" } });
    expect(await readBack(sandboxErp, newer, erpConnection(sandbox))).toEqual({ kind: "absent" });
  });
});

describe("a fault that is switched on", () => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();

  it.each([
    [
      { mode: "throttle", retryAfter: 3 },
      { class: "throttled", retryAfterMs: 3000 },
    ],
    [{ mode: "throttle" }, { class: "throttled", retryAfterMs: 1000 }],
    [
      { mode: "status", status: 503, retryAfter: "4" },
      { class: "transient", retryAfterMs: 4000 },
    ],
    [{ mode: "status", status: 500 }, { class: "transient" }],
    [{ mode: "status", status: 409 }, { class: "conflict" }],
    [{ mode: "status", status: 404 }, { class: "config" }],
    [
      { mode: "validation", message: "period closed" },
      { class: "business", fields: [{ field: "record", message: "period closed" }] },
    ],
  ])("%j is classed as %j, without an effect", async (given, expected) => {
    await fault(given);
    expect(await put()).toMatchObject({ kind: "failed", ...expected });
    expect(await summary()).toMatchObject({ effects: 0, requests: 1 });
  });

  it("names a date to wait for", async () => {
    await fault({ mode: "throttle", retryAfter: date });
    const outcome = await put();
    const waitMs = outcome.kind === "failed" ? (outcome.retryAfterMs ?? 0) : 0;
    expect(waitMs).toBeGreaterThan(3_590_000);
    expect(waitMs).toBeLessThanOrEqual(3_600_000);
  });
});
