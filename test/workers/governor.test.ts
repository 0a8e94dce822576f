import { abortAllDurableObjects, createExecutionContext, createMessageBatch, getQueueResult, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DestinationConfig } from "../../src/domain/config.ts";
import { correlationIdOf, eventId } from "../../src/domain/event-id.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { Lease, Wanted } from "../../src/domain/governor.ts";
import worker from "../../src/index.ts";
import { router } from "../../src/router.config.ts";
import { destinations, eventually, ops, type EventAnswer } from "../support/router.ts";
import { orderEvent } from "../support/world.ts";

const crm = router.destinations["crm"] as { -readonly [Field in keyof DestinationConfig]: DestinationConfig[Field] };
const { limits } = crm;

/** Gives the CRM limits of the test's choice, as its configuration would. */
function limited(to: NonNullable<DestinationConfig["limits"]>): void {
  crm.limits = to;
}

afterEach(() => {
  vi.restoreAllMocks();
  if (limits !== undefined) crm.limits = limits;
  delete crm.breaker;
});

/** A governor of its own for each test, with the CRM's configuration. */
const governor = (name: string) => env.GOVERNOR.getByName(`governor-test/${name}`);
const want = (count: number, more: Partial<Wanted> = {}): Wanted => ({ count, priority: "standard", ...more });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a destination's governor", () => {
  it("grants what the rate allows to many who ask at once, and tells the others when to come", async () => {
    limited({ perSecond: 20, concurrency: 1_000 });
    const many = governor("many");
    const leases = await Promise.all(Array.from({ length: 60 }, () => many.lease("crm", want(1))));
    const granted = leases.filter((lease) => lease.granted === 1);
    expect(granted.length).toBeGreaterThanOrEqual(20);
    expect(granted.length).toBeLessThanOrEqual(40);
    const told = leases.flatMap((lease) => (lease.refusal?.untilMs == null ? [] : [lease.refusal.untilMs]));
    expect(told).toHaveLength(60 - granted.length);
    expect(new Set(told).size).toBeGreaterThan(told.length / 2);
    await pause(Math.max(...told) - Date.now() + 5);
    expect((await many.lease("crm", want(1))).granted).toBe(1);
  });

  it("lets exactly one probe through when fifty ask at once after it was open", async () => {
    crm.breaker = { failures: 3, openMs: 200 };
    const ill = governor("ill");
    await ill.settle("crm", { leaseId: "", results: ["transient", "transient", "transient"], quietUntilMs: null });
    expect((await ill.lease("crm", want(1))).refusal?.why).toBe("open");
    await pause(250);
    const leases: Lease[] = await Promise.all(Array.from({ length: 50 }, (_, i) => ill.lease("crm", want(3, { fairKey: `k${i % 5}` }))));
    expect(leases.map((lease) => lease.granted).filter((granted) => granted > 0)).toEqual([1]);
    const probe = leases.find((lease) => lease.granted === 1)?.id ?? "";
    await ill.settle("crm", { leaseId: probe, results: [null], quietUntilMs: null });
    expect((await ill.lease("crm", want(5))).granted).toBe(5);
  });

  it("shares by weight between classes that press it together, and gives critical its token within a moment", async () => {
    limited({ perSecond: 40, concurrency: 10_000 });
    const busy = governor("busy");
    await busy.lease("crm", want(40, { priority: "bulk" }));
    const served = { critical: 0, standard: 0, bulk: 0 };
    const untilMs = Date.now() + 3_000;
    const press = async (priority: keyof typeof served): Promise<void> => {
      for (let again = false; Date.now() < untilMs;) {
        const lease = await busy.lease("crm", want(1, { priority, again }));
        served[priority] += lease.granted;
        again = lease.refusal !== null;
        if (again) await pause(Math.max(1, (lease.refusal?.untilMs ?? 0) - Date.now()));
      }
    };
    await Promise.all((["critical", "standard", "bulk"] as const).flatMap((priority) => Array.from({ length: 8 }, () => press(priority))));
    const total = served.critical + served.standard + served.bulk;
    expect(total).toBeLessThanOrEqual(40 * 3.3);
    expect(total).toBeGreaterThanOrEqual(40 * 2);
    // By weight, but for twice the lead of a class: a quarter of a second's tokens times its weight.
    expect(served.critical).toBeGreaterThanOrEqual(Math.floor(total * 0.6) - 12);
    expect(served.standard).toBeGreaterThanOrEqual(Math.floor(total * 0.3) - 6);
    expect(served.bulk).toBeGreaterThanOrEqual(Math.floor(total * 0.1) - 2);
  });

  it("keeps a pause, and what an hour's rate has spent, when its object is made anew", async () => {
    limited({ perSecond: 100, perHour: 60, burst: 10, concurrency: 100 });
    const name = "anew";
    expect((await governor(name).lease("crm", want(50))).granted).toBe(10);
    await governor(name).pause("crm", { actor: "someone", reason: "maintenance", atMs: Date.now() });
    await abortAllDurableObjects();
    expect((await governor(name).lease("crm", want(1))).refusal).toEqual({ why: "paused", untilMs: null });
    await governor(name).resume("crm");
    const { granted, refusal } = await governor(name).lease("crm", want(5));
    expect(granted).toBe(0);
    // A token a minute.
    expect(refusal?.why).toBe("limit");
    expect((refusal?.untilMs ?? 0) - Date.now()).toBeGreaterThan(50_000);
  });

  it("writes nothing for a destination that has only a rate per second, and one row a grant for a slower rate", async () => {
    const plain = governor("plain");
    await plain.lease("crm", want(1));
    const written = (of: typeof plain): Promise<number> =>
      runInDurableObject(of, (_object, state) => state.storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
    const before = await written(plain);
    for (let i = 0; i < 20; i++) {
      const { id } = await plain.lease("crm", want(3));
      await plain.settle("crm", { leaseId: id, results: [null, "business", "transient"], quietUntilMs: null });
    }
    expect(await written(plain)).toBe(before);
    limited({ perSecond: 100, perMinute: 600 });
    const slower = governor("slower");
    for (let i = 0; i < 5; i++) expect((await slower.lease("crm", want(1))).granted).toBe(1);
    expect(await written(slower)).toBe(5);
  });

  it("shows an operator its limits, what is left, what runs, and who was refused", async () => {
    limited({ perSecond: 10, perMinute: 300, concurrency: 50, weights: { bulk: 2 } });
    const shown = governor("shown");
    await shown.lease("crm", want(40, { priority: "bulk", keys: { "partner/loud": 36, "partner/calm": 4 } }));
    expect(await shown.view("crm")).toMatchObject({
      limits: { perSecond: 10, perMinute: 300, concurrency: 50, weights: { critical: 6, standard: 3, bulk: 2 } },
      tokens: 0,
      running: 5,
      breaker: { state: "closed" },
      refusedLately: {
        classes: { critical: 0, standard: 0, bulk: 35 },
        keys: [
          { key: "partner/loud", refused: 33 },
          { key: "partner/calm", refused: 2 },
        ],
      },
    });
  });
});

/** An order of the ERP's from one of its accounts, as ingest would have put it into the queue. */
function queued(account: string, key: string): EntityEvent {
  const id = eventId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
  return {
    ...orderEvent({ id, version: 1, delivery: key, source: "sandbox-erp" }),
    account,
    correlationid: correlationIdOf(id),
    entity: { kind: "order", key, schemaVersion: 1 },
    payload: { at: "inline", data: { number: key, status: "confirmed" } },
  };
}

describe("a consumer batch of two tenants", () => {
  it("asks a destination's governor once, and the one who sends little is delivered although the other sends much", async () => {
    limited({ perSecond: 10, concurrency: 1_000 });
    destinations();
    const asked: Wanted[] = [];
    const GOVERNOR = {
      getByName: (name: string) => ({
        lease: (destination: string, wanted: Wanted) => {
          asked.push(wanted);
          return env.GOVERNOR.getByName(`tenants/${name}`).lease(destination, wanted);
        },
        settle: () => Promise.resolve(),
      }),
    } as unknown as Env["GOVERNOR"];
    const loud = Array.from({ length: 30 }, (_, i) => queued("loud", `loud-${i}`));
    const calm = Array.from({ length: 4 }, (_, i) => queued("calm", `calm-${i}`));
    const messages = [...loud, ...calm].map((event) => ({ id: event.id, timestamp: new Date(), attempts: 1, body: JSON.stringify(event) }));
    const batch = createMessageBatch("signalbox-standard", messages);
    const context = createExecutionContext();
    await worker.queue(batch, { ...env, GOVERNOR });
    expect((await getQueueResult(batch, context)).retryMessages).toEqual([]);
    expect(asked).toEqual([{ count: 34, priority: "standard", keys: { "sandbox-erp/loud": 30, "sandbox-erp/calm": 4 } }]);
    const statusOf = async (event: EntityEvent): Promise<string> => (await (await ops(`/events/${event.id}`)).json<EventAnswer>()).status;
    expect(await Promise.all(calm.map(statusOf))).toEqual(["delivered", "delivered", "delivered", "delivered"]);
    const rest = await Promise.all(loud.map(statusOf));
    expect(rest.filter((status) => status === "delivered").length).toBeGreaterThanOrEqual(6);
    expect(rest.filter((status) => status === "held").length).toBeGreaterThanOrEqual(1);
    for (const event of loud) await eventually(event.id, ({ status }) => status === "delivered");
  });
});
