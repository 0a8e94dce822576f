import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findFlowRun } from "../../src/adapters/flow-runs.ts";
import { deploymentOf } from "../../src/deployment.ts";
import type { FlowRun } from "../../src/domain/flows/run.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import worker from "../../src/index.ts";
import { advanceFlow, reviveFlows, tellFlows } from "../../src/wiring/flows.ts";
import { flowPorts } from "../../src/wiring/ops-flows.ts";
import { at, invoice, order, post, runOf, sale, steer, systems, told, until } from "../support/flow-story.ts";
import { ops, type Post } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const LATER_MS = 180_000;
const HOUR_MS = 3_600_000;

/** What was written to one system about one sale, as `PUT orders confirmed`. */
const writesTo = (posts: readonly Post[], system: "erp" | "crm" | "support", key: string): readonly string[] =>
  posts.flatMap(({ method, url, body }) => {
    if (!url.includes(`/${system}/`) || !`${url}${body}`.includes(key)) return [];
    const { status, data, type } = JSON.parse(body) as { status?: string; type?: string; data?: JsonObject };
    const [, , collection = ""] = new URL(url).pathname.split("/");
    return system === "erp"
      ? [`${method} ${collection} ${status ?? ""}`.trim()]
      : [`${type ?? ""} ${String(data?.["statusRaw"] ?? data?.["status"])}`];
  });

/** Brings a sale to where its invoices are followed. */
async function toPayment(key: string): Promise<FlowRun> {
  await post(sale(key));
  await until(key, (run) => at(run, "acceptance") === "waiting");
  await post(order(key));
  return until(key, (run) => at(run, "payment") === "waiting");
}

describe("quote to cash over real queues, D1 and Workflows", () => {
  it("goes from a sale that is won to one that is paid, with a record of it in the CRM and a timeline", async () => {
    const posts = systems();
    await toPayment("H1-sale");
    await post(invoice("H1-sale", "open"));
    await post(invoice("H1-sale", "paid"));
    const run = await until("H1-sale", ({ state }) => state === "done");
    expect(run.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "account done",
      "tax done",
      "products done",
      "customer done",
      "create-order done",
      "acceptance done",
      "accepted done",
      "provision skipped",
      "support done",
      "onboarding done",
      "payment done",
    ]);
    await vi.waitUntil(() => writesTo(posts, "crm", run.id).includes("activity.changed done"), { timeout: 9_000 });
    expect(writesTo(posts, "erp", "H1-sale")).toEqual(["PATCH customers active", "PUT orders confirmed"]);
    expect(writesTo(posts, "support", "H1-sale")).toEqual(
      expect.arrayContaining(["entitlement.changed active", "case.changed new", "case.changed new", "case.changed new"]),
    );
    const seen = await (
      await ops(`/flows/${run.id}`, "viewer")
    ).json<{ title: string; owner: { name: string }; timeline: { what: string }[] }>();
    expect(seen).toMatchObject({ title: "Quote to cash", owner: { name: "revops" } });
    expect(seen.timeline.at(0)?.what).toBe("begun");
    const listed = await (await ops("/flows?state=done&key=H1-sale", "viewer")).json<{ items: { id: string }[] }>();
    expect(listed.items.map(({ id }) => id)).toEqual([run.id]);
    const trace = await (await ops(`/trace/${run.correlationId}`, "viewer")).json<{ events: { source: string }[] }>();
    expect(trace.events.filter(({ source }) => source === "flow:quote-to-cash").length).toBeGreaterThanOrEqual(7);
  });

  it.each([
    ["customer", (post: Post) => post.url.includes("/customers/"), "stopped", []],
    ["create-order", (post: Post) => post.url.includes("/orders/"), "stopped", []],
    ["accepted", (post: Post) => post.url.includes("/crm/") && post.body.includes('"order.changed"'), "blocked", []],
    [
      "support",
      (post: Post) => post.url.includes("/support/") && post.body.includes("entitlement"),
      "stopped",
      ["create-order", "accepted"],
    ],
    ["onboarding", (post: Post) => post.url.includes("/support/") && post.body.includes("case.changed"), "blocked", []],
  ])("comes to what %s declares when its system refuses it", async (step, refuses, state, compensated) => {
    const key = `F-${step}`;
    const posts = systems((request) => `${request.url}${request.body}`.includes(key) && refuses(request));
    await post(sale(key));
    await post(order(key));
    const run = await until(key, (each) => each.state !== "running" && each.state !== "compensating");
    expect(run).toMatchObject({ state, reason: expect.stringContaining(`${step}: business`) });
    expect(run.steps.filter((each) => each.state === "compensated").map(({ name }) => name)).toEqual(compensated);
    const cancelled = writesTo(posts, "erp", key).filter((write) => write === "PUT orders cancelled");
    expect(cancelled).toHaveLength(compensated.length > 0 ? 1 : 0);
    const letters = await (await ops("/dead-letters?owner=revops", "viewer")).json<{ items: { entity: { key: string } | null }[] }>();
    expect(JSON.stringify(letters.items)).toContain(key);
  });

  it("leaves a dead letter with an owner where the ERP refuses to take back, and takes back when told again", async () => {
    let refusing = true;
    const posts = systems(
      ({ url, body }) => body.includes("entitlement.changed") || (refusing && url.includes("/orders/") && body.includes('"cancelled"')),
    );
    await post(sale("U-1"));
    await post(order("U-1"));
    await until("U-1", ({ state }) => state === "uncompensated");
    const letters = await (await ops("/dead-letters?owner=revops&destination=erp", "viewer")).json<object>();
    expect(JSON.stringify(letters)).toContain("U-1");
    refusing = false;
    expect((await steer("U-1", "retry", "operator", { reason: "the ERP is mended" })).status).toBe(200);
    await until("U-1", ({ state }) => state === "stopped");
    expect(writesTo(posts, "erp", "U-1").filter((write) => write === "PUT orders cancelled")).toHaveLength(2);
  });

  it("is taken over by another workflow when its own is killed, and nothing is done twice", async () => {
    const posts = systems();
    await post(sale("K-1"));
    const run = await until("K-1", (each) => at(each, "acceptance") === "waiting");
    await (await env.FLOW.get(run.id)).terminate();
    await post(order("K-1"));
    await vi.waitUntil(async () => (await findFlowRun(env.DB, run.id))?.rev !== undefined && (await dueBy(run.id)) <= Date.now(), {
      timeout: 9_000,
    });
    expect(at((await runOf("K-1")) ?? run, "acceptance")).toBe("waiting");
    await reviveFlows(env, Date.now() + LATER_MS);
    await until("K-1", (each) => at(each, "payment") === "waiting");
    expect((await findFlowRun(env.DB, run.id))?.workflow).not.toBe(run.id);
    expect(writesTo(posts, "erp", "K-1")).toEqual(["PATCH customers active", "PUT orders confirmed"]);
  });

  it("does everything once though five drivers take it further at the same time", async () => {
    const posts = systems();
    await post(sale("D-1"));
    const run = await until("D-1", () => true);
    const drive = async (): Promise<void> => {
      for (let round = 0; round < 15; round++) await advanceFlow(env, deploymentOf(env), run.id);
    };
    await Promise.all([drive(), drive(), drive(), drive(), drive()]);
    await post(order("D-1"));
    await until("D-1", (each) => at(each, "payment") === "waiting");
    expect(writesTo(posts, "erp", "D-1")).toEqual(["PATCH customers active", "PUT orders confirmed"]);
    expect(writesTo(posts, "support", "D-1")).toHaveLength(4);
  });

  it("loses no news that its workflow was not told of: it lies in D1, and cron finds who has not looked", async () => {
    systems();
    await post(sale("N-1"));
    const run = await until("N-1", (each) => at(each, "acceptance") === "waiting");
    const deaf = { ...env, FLOW: { get: () => Promise.reject(new Error("out of reach")) } as unknown as Env["FLOW"] };
    const event = order("N-1");
    await tellFlows(deaf, deploymentOf(env), [{ event, outcome: { eventId: event.id, rev: 1, status: "ignored", lanes: [] } }]);
    expect(await dueBy(run.id)).toBeLessThanOrEqual(Date.now());
    await reviveFlows(env, Date.now() + LATER_MS);
    await until("N-1", (each) => at(each, "payment") === "waiting");
  });

  it("hears news that comes before its workflow waits for it", async () => {
    systems();
    await Promise.all([post(sale("B-1")), post(order("B-1")), post(invoice("B-1", "paid"))]);
    await until("B-1", ({ state }) => state === "done");
  });

  it("begins once, however often the sale is told, and not for a sale outside its region", async () => {
    const posts = systems();
    await Promise.all([post(sale("S-1")), post(sale("S-1")), post(sale("S-1")), post(sale("S-2", { region: "EMEA" }))]);
    await until("S-1", (each) => at(each, "acceptance") === "waiting");
    await vi.waitUntil(() => writesTo(posts, "erp", "S-2").length > 0, { timeout: 9_000 });
    expect(writesTo(posts, "erp", "S-1")).toEqual(["PATCH customers active", "PUT orders confirmed"]);
    expect(await runOf("S-2")).toBeNull();
  });

  it("asks nothing of D1 for a batch that no flow listens to", async () => {
    const touched = { ...env, DB: new Proxy(env.DB, { get: () => () => Promise.reject(new Error("nobody should ask")) }) };
    const event = told("zendesk", "case", "C-1", { status: "open" });
    await tellFlows(touched, deploymentOf(env), [{ event, outcome: { eventId: event.id, rev: 1, status: "delivered", lanes: [] } }]);
  });
});

const dueBy = async (id: string): Promise<number> =>
  (await env.DB.prepare("SELECT coalesce(due_at_ms, 9e15) AS due FROM flow_runs WHERE id = ?1").bind(id).first<number>("due")) ??
  Number.POSITIVE_INFINITY;

describe("a run that waits for a person", () => {
  it("is an alert to the flow's owner once its time is over", async () => {
    systems();
    await post(sale("P-1", { customerId: "" }));
    await until("P-1", ({ state }) => state === "blocked");
    const forsaken = async (laterMs: number): Promise<string | undefined> => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + laterMs });
      await worker.scheduled?.(createScheduledController({ scheduledTime: new Date() }), env);
      const { items } = await (
        await ops("/alerts", "viewer")
      ).json<{ items: { rule: string; state: string; owner: { name: string }; summary: string }[] }>();
      vi.useRealTimers();
      const found = items.find(({ rule, owner }) => rule === "flow-waits" && owner.name === "revops");
      return found === undefined ? undefined : `${found.state}: ${found.summary}`;
    };
    expect(await forsaken(7 * HOUR_MS)).toBeUndefined();
    expect(await forsaken(10 * HOUR_MS)).toMatch(/^open: Quote to cash: \d+ runs? waits? for a person, the first for 2 h longer/);
  });
});

describe("an operator of flows", () => {
  it("is obeyed although the run has news at that very moment, but not tried for ever", async () => {
    systems();
    const { id } = await toPayment("O-0");
    // As each event of the run's records does that comes in.
    const withNews = (times: number, what: string): Env => {
      let left = times;
      const batch = async (...args: Parameters<D1Database["batch"]>) => {
        if (left-- > 0) await env.DB.prepare(`UPDATE flow_runs SET rev = rev + 1${what} WHERE id = ?`).bind(id).run();
        return env.DB.batch(...args);
      };
      return { ...env, DB: { prepare: env.DB.prepare.bind(env.DB), batch } as unknown as D1Database };
    };
    const order = { verb: "cancel", by: "op", reason: "sold by mistake", atMs: Date.now() } as const;
    const steered = (times: number, what = "") => flowPorts(withNews(times, what), () => undefined).steer(id, order);
    expect(await steered(9)).toMatchObject({ ok: false, failure: { code: "conflict" } });
    // Not where the run stands as nobody saw it.
    expect(await steered(1, ", run = json_set(run, '$.state', 'blocked')")).toMatchObject({ ok: false, failure: { code: "conflict" } });
    expect(await steered(2)).toMatchObject({ ok: true });
    expect(await steered(0)).toMatchObject({ ok: false, failure: { code: "conflict" } });
  });

  it("cancels with everything taken back, by role and reason, on record", async () => {
    const posts = systems();
    await toPayment("O-1");
    expect((await steer("O-1", "cancel", "viewer", { reason: "not mine to do" })).status).toBe(403);
    expect((await steer("O-1", "cancel", "operator", {})).status).toBe(400);
    expect((await steer("O-1", "cancel", "operator", { reason: "sold by mistake" })).status).toBe(200);
    const run = await until("O-1", ({ state }) => state === "cancelled");
    expect(run.steps.filter(({ state }) => state === "compensated").map(({ name }) => name)).toEqual([
      "create-order",
      "accepted",
      "support",
      "onboarding",
    ]);
    expect(writesTo(posts, "erp", "O-1").at(-1)).toBe("PUT orders cancelled");
    const actions = await (await ops("/operator-actions?actor=test-operator", "viewer")).json<{ items: object[] }>();
    expect(actions.items).toContainEqual(expect.objectContaining({ action: "cancel flow", subject: run.id, reason: "sold by mistake" }));
    expect((await steer("O-1", "cancel", "operator", { reason: "once more" })).status).toBe(409);
    expect((await ops("/flows/flow_0", "viewer")).status).toBe(404);
  });

  it("retries what was refused, and goes past a step only as approver", async () => {
    let refusing = true;
    systems(({ body }) => refusing && body.includes("case.changed"));
    await post(sale("O-2"));
    await post(order("O-2"));
    await until("O-2", ({ state }) => state === "blocked");
    expect((await steer("O-2", "skip", "operator", { reason: "does not matter" })).status).toBe(403);
    refusing = false;
    expect((await steer("O-2", "retry", "operator", { reason: "support is mended" })).status).toBe(200);
    await until("O-2", (run) => at(run, "payment") === "waiting");
    expect((await steer("O-2", "skip", "approver", { reason: "paid in cash", step: "onboarding" })).status).toBe(409);
    expect((await steer("O-2", "skip", "approver", { reason: "paid in cash" })).status).toBe(200);
    expect((await until("O-2", ({ state }) => state === "done")).steps.at(-1)).toMatchObject({
      state: "skipped",
      reason: "test-approver: paid in cash",
    });
  });
});

const RUNS = 40;

describe("many runs at once", () => {
  // For a thousand, over the whole local router: npm run proof:flows.
  it("all come to their end, with one order each", { timeout: 120_000 }, async () => {
    const posts = systems();
    const keys = Array.from({ length: RUNS }, (_, i) => `M-${i}-x`);
    for (const event of [...keys.map((key) => sale(key)), ...keys.map((key) => order(key)), ...keys.map((key) => invoice(key, "paid"))])
      await post(event);
    const done = () =>
      env.DB.prepare("SELECT count(*) AS n FROM flow_runs WHERE entity_key LIKE 'M-%' AND state = 'done'").first<number>("n");
    await vi.waitUntil(async () => (await done()) === RUNS, { timeout: 100_000, interval: 200 });
    const orders = posts.filter(({ method, url }) => method === "PUT" && url.includes("/orders/by-key/M-")).map(({ url }) => url);
    expect(orders).toHaveLength(RUNS);
    expect(new Set(orders).size).toBe(RUNS);
  });
});
