import { createExecutionContext, createMessageBatch, getQueueResult, introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Erp } from "../support/fake-erp.ts";
import { correlationIdOf, eventId } from "../../src/domain/event-id.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { RunMode } from "../../src/domain/reconciliation/run.ts";
import worker from "../../src/index.ts";
import { ops } from "../support/router.ts";
import { orderEvent } from "../support/world.ts";

const MINUTE_MS = 60_000;
const erp = new Erp();
let serial = 0;

beforeEach(() => {
  erp.clear();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => erp.answer(new Request(input as Request, init as RequestInit)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An order that the ERP tells of, as its webhook would, some time ago. */
function told(id: string, status: string, version: number, ageMs: number): EntityEvent {
  const eventName = eventId(Date.now() - ageMs, crypto.getRandomValues(new Uint8Array(16)));
  return {
    ...orderEvent({ id: eventName, version, delivery: `${id}-${version}`, source: "sandbox-erp" }),
    correlationid: correlationIdOf(eventName),
    receivedAtMs: Date.now() - ageMs,
    entity: { kind: "order", key: id, schemaVersion: 1 },
    payload: { at: "inline", data: { number: id, status, total: { amount: "10.00", currency: "EUR" } } },
  };
}

async function consume(events: readonly EntityEvent[]): Promise<void> {
  const messages = events.map((body) => ({ id: `r${++serial}`, timestamp: new Date(), attempts: 1, body: JSON.stringify(body) }));
  // The class that nothing stands back for, since these messages are hours old.
  const batch = createMessageBatch("signalbox-bulk", messages);
  await worker.queue(batch, env);
  await getQueueResult(batch, createExecutionContext());
}

/** Runs one reconciliation to its end. */
async function reconcile(
  mode: RunMode,
): Promise<{ progress: { compared: number; opened: number; healed: number; repairs: number; adopted: number } }> {
  const workflows = await introspectWorkflow(env.RECONCILE);
  try {
    return await reconcileWatched(mode, workflows);
  } finally {
    await workflows.dispose();
  }
}

async function reconcileWatched(mode: RunMode, workflows: Awaited<ReturnType<typeof introspectWorkflow>>): ReturnType<typeof reconcile> {
  await workflows.modifyAll(async (each) => {
    await each.disableSleeps();
    await each.disableRetryDelays();
  });
  const started = await ops("/reconciliations/orders/run", "operator", { mode, reason: "a test" });
  expect(started.status, await started.clone().text()).toBe(200);
  const [instance] = await workflows.get();
  await instance?.waitForStatus("complete");
  const { items } = await (await ops("/reconciliations")).json<{ items: { name: string; lastRun: never }[] }>();
  const found = items.find(({ name }) => name === "orders");
  expect(found?.lastRun).toMatchObject({ state: "done", problem: null });
  return found?.lastRun as never;
}

interface FindingAnswer {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly state: string;
  readonly differences: readonly { readonly field: string }[];
}
interface DriftHistory {
  readonly runs: readonly { readonly mode: string; readonly found: number; readonly compared: number }[];
  readonly timeToDetect: { readonly count: number; readonly medianMs: number };
  readonly timeToRepair: { readonly count: number };
}
const drift = async (state = "open"): Promise<readonly FindingAnswer[]> =>
  (await (await ops(`/drift?state=${state}&reconciliation=orders`)).json<{ items: FindingAnswer[] }>()).items;

describe("a reconciliation of orders with the ERP", () => {
  it("finds every drift, is quiet about the rest, repairs by policy through the queue, and closes what holds", async () => {
    const hourAgo = 60 * MINUTE_MS;
    for (let index = 0; index < 12; index++) {
      erp.put(
        "orders",
        `ord_${index}`,
        { number: `ord_${index}`, status: "confirmed", total: { amount: "10.00", currency: "EUR" } },
        Date.now() - hourAgo,
      );
    }
    await consume(Array.from({ length: 12 }, (_, index) => told(`ord_${index}`, "confirmed", 1, hourAgo)));
    const first = await reconcile("full");
    expect(first.progress).toMatchObject({ compared: 12, opened: 0 });

    // Behind the router's back, and long enough ago.
    erp.put(
      "orders",
      "ord_1",
      { number: "ord_1", status: "fulfilled", total: { amount: "10.00", currency: "EUR" } },
      Date.now() - 20 * MINUTE_MS,
    );
    erp.put(
      "orders",
      "ord_new",
      { number: "ord_new", status: "confirmed", total: { amount: "5.00", currency: "EUR" } },
      Date.now() - 20 * MINUTE_MS,
    );
    erp.remove("orders", "ord_2");
    await reconcile("full");
    const found = [...(await drift("repairing")), ...(await drift())].map(({ type, key }) => `${type} ${key}`).toSorted();
    expect(found).toEqual(["mismatch ord_1", "missingHere ord_new", "missingInErp ord_2"]);

    // What was pulled arrives like any event of the ERP's, and the projection agrees from then on.
    await vi.waitUntil(
      async () => {
        const event = await (await ops("/entities/order/ord_1")).json<{ head: { seq: number } }>();
        return event.head.seq >= 2;
      },
      { timeout: 8_000, interval: 50 },
    );
    const after = await reconcile("changes");
    expect(after.progress.healed).toBeGreaterThan(0);
    expect((await drift("repaired")).map(({ key }) => key)).toContain("ord_1");

    const history = await (await ops("/reconciliations/orders/history?limit=2")).json<DriftHistory>();
    expect(history.runs.map(({ mode, found, compared }) => ({ mode, found, compared }))).toEqual([
      { mode: "changes", found: 0, compared: after.progress.compared },
      { mode: "full", found: 3, compared: 12 },
    ]);
    // Of a deletion nobody knows the moment, and what is still open has not ended.
    expect(history.timeToDetect.count).toBe(2);
    expect(history.timeToDetect.medianMs).toBeGreaterThanOrEqual(15 * MINUTE_MS);
    expect(history.timeToRepair.count).toBeGreaterThan(0);
    expect((await ops("/reconciliations/nothing/history")).status).toBe(404);
  });

  it("takes an ERP over as it is: what was there before is known, no event and no finding, and a later change is drift", async () => {
    const put = (id: string, status: string, agoMs: number): void =>
      erp.put("orders", id, { number: id, status, total: { amount: "10.00", currency: "EUR" } }, Date.now() - agoMs);
    const found = async (): Promise<readonly string[]> =>
      [...(await drift("repairing")), ...(await drift())].flatMap(({ type, key }) => (key.startsWith("old_") ? [`${type} ${key}`] : []));
    for (const id of ["old_1", "old_2", "old_3"]) put(id, "confirmed", 60 * MINUTE_MS);
    expect((await reconcile("baseline")).progress).toMatchObject({ compared: 3, adopted: 3 });
    expect((await reconcile("full")).progress).toMatchObject({ compared: 3, adopted: 0 });
    expect(await found()).toEqual([]);
    const events = await (await ops("/events?entity=order/old_1")).json<{ items: readonly unknown[] }>();
    expect(events.items).toEqual([]);
    put("old_2", "cancelled", 0);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20 * MINUTE_MS });
    await reconcile("full");
    expect(await found()).toEqual(["mismatch old_2"]);
  });

  it("lists sources that have gone silent and subscriptions that end beside open findings", async () => {
    const alert = (id: string, rule: string) => ({
      id,
      rule,
      subject: id,
      owner: "finance",
      severity: "warning",
      state: "open",
      summary: `${id} is quiet`,
      sinceMs: 1,
    });
    const put = env.DB.prepare(
      "INSERT INTO alerts (id, rev, state, owner, severity, opened_at_ms, ended_at_ms, alert, told) VALUES (?1, 1, 'open', 'finance', 'warning', 1, NULL, ?2, '{}')",
    );
    const rules = { stripe: "source-silent", zendesk: "subscription-ending", erp: "destination-open" };
    await env.DB.batch(Object.entries(rules).map(([id, rule]) => put.bind(id, JSON.stringify(alert(id, rule)))));
    const silence = async (query: string) =>
      (await (await ops(`/drift${query}`)).json<{ silence: { subject: string; nextStep: string }[] }>()).silence.map(
        ({ subject }) => subject,
      );
    expect(await silence("")).toEqual(["stripe", "zendesk"]);
    expect(await silence("?owner=support")).toEqual([]);
    expect(await silence("?state=repaired")).toEqual([]);
    await env.DB.prepare("DELETE FROM alerts").run();
  });

  it("never runs twice at once", async () => {
    await env.DB.prepare(
      "INSERT INTO reconciliation_runs (id, reconciliation, state, started_at_ms, updated_at_ms, run) VALUES ('run_x', 'orders', 'running', ?1, ?1, '{\"id\":\"run_x\"}')",
    )
      .bind(Date.now())
      .run();
    const refused = await ops("/reconciliations/orders/run", "operator", { reason: "a test" });
    expect([refused.status, (await refused.json<{ detail: string }>()).detail]).toEqual([409, "a run is under way: run_x"]);
    await env.DB.prepare("DELETE FROM reconciliation_runs WHERE id = 'run_x'").run();
  });

  it("says what a repair would do before it does it, and lets a difference be until a day", async () => {
    erp.put("orders", "ord_alone", { number: "ord_alone", status: "confirmed" }, Date.now() - 30 * MINUTE_MS);
    await env.DB.prepare("DELETE FROM watermarks").run();
    await reconcile("full");
    const all = [...(await drift("repairing")), ...(await drift())];
    const finding = all.find(({ key }) => key === "ord_alone");
    expect(finding).toMatchObject({ type: "missingHere" });
    const accepted = await ops(`/drift/${encodeURIComponent(finding?.id ?? "")}/accept`, "operator", {
      until: "2020-01-01T00:00:00Z",
      reason: "a test",
    });
    expect(accepted.status).toBe(400);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    expect((await ops(`/drift/${encodeURIComponent(finding?.id ?? "")}/accept`, "operator", { until, reason: "known" })).status).toBe(200);
    expect((await drift("accepted")).map(({ key }) => key)).toContain("ord_alone");
  });
});
