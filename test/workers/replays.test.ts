import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { firstEventIdAt } from "../../src/domain/event-id.ts";
import { ReplayView } from "../../src/http/operations-replays.ts";
import { call, customer, destinations, eventually, ops, signed, type Outgoing, type Post } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** An invoice of the ERP's: it goes to the CRM and to the support platform. */
const invoice = (id: string, version: number): Outgoing => ({
  body: JSON.stringify({
    type: "invoice.paid",
    timestamp: new Date().toISOString(),
    data: { id, number: `N-${id}-${version}`, status: "paid", total: { amount: "10.00", currency: "EUR" }, version },
  }),
  deliveryId: crypto.randomUUID(),
});

/** Posts them, waits until all are through, and says in which time that was. */
async function delivered(source: string, outgoing: readonly Outgoing[]): Promise<{ ids: string[]; from: string; to: string }> {
  const from = new Date(Date.now() - 1).toISOString();
  const ids: string[] = [];
  for (const each of outgoing) {
    const response = await call(signed(source, each));
    ids.push((await response.json<{ id: string }>()).id);
  }
  for (const id of ids) await eventually(id, (event) => ["delivered", "superseded"].includes(event.status));
  await pause(5);
  return { ids, from, to: new Date().toISOString() };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(body: object, as: Parameters<typeof ops>[1] = "operator"): Promise<ReplayView> {
  const response = await ops("/replays", as, { reason: "the CRM lost a day", ...body });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return ReplayView.strict().parse(JSON.parse(text));
}

const seen = async (id: string | null): Promise<ReplayView> => (await ops(`/replays/${id}`, "viewer")).json<ReplayView>();

const until = (id: string | null, state: ReplayView["state"], withinMs = 9_000): Promise<ReplayView> =>
  vi.waitUntil(
    async () => {
      const replay = await seen(id);
      return replay.state === state ? replay : false;
    },
    { timeout: withinMs, interval: 50 },
  );

const numbers = (posts: readonly Post[]): string[] => posts.map((post) => /N-[\w-]+/.exec(post.body)?.[0] ?? "").toSorted();
const stored = async (): Promise<number> => (await (await ops("/replays")).json<{ items: unknown[] }>()).items.length;

/** Posts that came since the last call, once none has come for a while. */
async function settled(posts: Post[]): Promise<Post[]> {
  for (let count = -1; count !== posts.length;) {
    count = posts.length;
    await pause(400);
  }
  return posts.splice(0);
}

describe("a dry run", () => {
  it("answers counts, entities and what cannot be replayed, and stores nothing", async () => {
    const posts = destinations();
    const before = await stored();
    const { from, to } = await delivered("sandbox-erp", [invoice("DR-1", 1), invoice("DR-1", 2), invoice("DR-2", 1)]);
    await settled(posts);
    const replay = await ask({ query: { source: "sandbox-erp", from, to } });
    expect(replay).toMatchObject({
      id: null,
      state: "dryRun",
      plan: { events: 3, replayable: 3, byStatus: { delivered: 3 }, bySource: { "sandbox-erp": 3 }, byKind: { invoice: 3 }, entities: 2 },
    });
    expect(await stored()).toBe(before);
    expect(await settled(posts)).toHaveLength(0);
  });

  it("counts what newer states would keep out, entity by entity, and those events end superseded", async () => {
    const posts = destinations();
    const old = await delivered("sandbox-erp", [invoice("MV-1", 1), invoice("MV-2", 1)]);
    await delivered("sandbox-erp", [invoice("MV-1", 2)]);
    await settled(posts);
    const query = { source: "sandbox-erp", from: old.from, to: old.to };
    const { plan } = await ask({ query });
    expect(plan.movedOn).toEqual({ events: 1, entitiesAsked: 2, complete: true });
    expect(plan.sample.find((effect) => effect.entity === "invoice/MV-1")).toEqual({
      entity: "invoice/MV-1",
      events: 1,
      newestOrder: { kind: "int", value: "1" },
      appliedOrder: { kind: "int", value: "2" },
      refused: 1,
    });
    const { id } = await ask({ query, destinations: ["crm"], dryRun: false });
    await until(id, "done");
    expect(numbers(await settled(posts))).toEqual(["N-MV-2-1"]);
    const { items } = await (await ops("/events?entity=invoice/MV-1")).json<{ items: { status: string; of: string | null }[] }>();
    expect(items[0]?.status).toBe("superseded");
  });

  it("tells what stands in the way: a body that is not kept, a sender that failed to prove itself", async () => {
    destinations();
    const { ids, from, to } = await delivered("sandbox-erp", [invoice("NR-1", 1), invoice("NR-2", 1), invoice("NR-3", 1)]);
    await env.DB.prepare("UPDATE events SET raw_ref = NULL WHERE id = ?1").bind(ids[0]).run();
    await env.DB.prepare("UPDATE events SET detail = json_set(detail, '$.verdict', 'failed') WHERE id = ?1").bind(ids[1]).run();
    const { plan } = await ask({ query: { from, to } });
    expect(plan).toMatchObject({ events: 3, replayable: 1 });
    expect(plan.notReplayable.map(({ why, events }) => `${events}: ${why}`).toSorted()).toEqual([
      "1: its raw body is not kept",
      "1: its sender failed to prove itself",
    ]);
  });

  it("refuses what it does not know and a time without a length, by name", async () => {
    const [from, to] = [new Date(0).toISOString(), new Date(1_000).toISOString()];
    for (const [query, word] of [
      [{ from: to, to: from }, "before"],
      [{ from, to, destination: "nowhere" }, "nowhere"],
      [{ from, to, source: "nobody" }, "nobody"],
      [{ from, to, colour: "red" }, "colour"],
    ] as const) {
      const response = await ops("/replays", "operator", { query, reason: "a test" });
      expect(response.status).toBe(400);
      expect((await response.json<{ detail: string }>()).detail).toContain(word);
    }
  });
});

describe("a replay", () => {
  it("puts each of 25 delivered events of one destination in once, to that destination only", async () => {
    const posts = destinations();
    const all = Array.from({ length: 25 }, (_, i) => invoice(`RP-${i + 10}`, 1));
    const { from, to } = await delivered("sandbox-erp", all);
    const first = await settled(posts);
    expect(first).toHaveLength(50);
    const { id, state } = await ask({ query: { destination: "crm", status: "delivered", from, to }, dryRun: false });
    expect(state).toBe("running");
    const done = await until(id, "done");
    expect(done.progress).toMatchObject({ done: 25, refused: 0, failed: 0, total: 25, problems: [] });
    const again = await settled(posts);
    expect(again.every((post) => post.url.includes("/crm/"))).toBe(true);
    expect(numbers(again)).toEqual(numbers(first.filter((post) => post.url.includes("/crm/"))));
    const keys = [...first, ...again].map((post) => `${post.url} ${post.headers.get("webhook-id")}`);
    expect(new Set(keys).size).toBe(75);
    const { items } = await (await ops("/replays?limit=1")).json<{ items: { id: string }[] }>();
    expect(items.map((replay) => replay.id)).toEqual([id]);
    const actions = await env.DB.prepare("SELECT actor, action, reason FROM operator_actions WHERE subject = ?1").bind(id).all();
    expect(actions.results).toEqual([{ actor: "test-operator", action: "replay", reason: "the CRM lost a day" }]);
  });

  it("does not put in twice what an earlier replay put in already, and a second replay has effects of its own", async () => {
    const posts = destinations();
    const { from, to } = await delivered("sandbox-erp", [invoice("TW-1", 1), invoice("TW-2", 1)]);
    await settled(posts);
    const body = { query: { destination: "crm", from, to }, dryRun: false };
    await until((await ask(body)).id, "done");
    expect(await settled(posts)).toHaveLength(2);
    const second = await ask({ query: { destination: "crm", from, to: new Date().toISOString() }, dryRun: false });
    expect(second.plan.events).toBe(2);
    await until(second.id, "done");
    expect(await settled(posts)).toHaveLength(2);
  });

  it("counts single events that fail, with words, and goes on", async () => {
    const posts = destinations();
    const { ids, from, to } = await delivered("sandbox-erp", [invoice("FL-1", 1), invoice("FL-2", 1), invoice("FL-3", 1)]);
    await settled(posts);
    await env.DB.prepare("UPDATE events SET raw_ref = 'raw/gone|0|10' WHERE id = ?1").bind(ids[0]).run();
    const { id } = await ask({ query: { destination: "crm", from, to }, dryRun: false });
    const done = await until(id, "done");
    expect(done.progress).toMatchObject({
      done: 2,
      failed: 1,
      problems: [{ why: "its raw body is not kept any more", events: 1, example: ids[0] }],
    });
    expect(done.nextStep).toContain("problems");
    expect(numbers(await settled(posts))).toEqual(["N-FL-2-1", "N-FL-3-1"]);
  });

  it("goes over a newer state only by force, which takes an approver who did not ask", async () => {
    const posts = destinations();
    const old = await delivered("custom", [customer({ id: "FO-1", name: "Older", atMs: 1_700_000_000_000 })]);
    await delivered("custom", [customer({ id: "FO-1", name: "Newer", atMs: 1_700_000_001_000 })]);
    await settled(posts);
    const body = { query: { entity: "customer/FO-1", from: old.from, to: old.to }, force: true, dryRun: false };
    const asked = await ask(body, "admin");
    expect(asked.state).toBe("waitingForApproval");
    expect((await ops(`/replays/${asked.id}/approve`, "operator", { reason: "I looked" })).status).toBe(403);
    const own = await ops(`/replays/${asked.id}/approve`, "admin", { reason: "I looked" });
    expect(own.status).toBe(403);
    expect(await own.json()).toMatchObject({ code: "forbidden" });
    expect(await settled(posts)).toHaveLength(0);
    const approved = await ops(`/replays/${asked.id}/approve`, "approver", { reason: "I looked" });
    expect(await approved.json()).toMatchObject({ state: "running", askedBy: "test-admin", approvedBy: "test-approver" });
    expect((await ops(`/replays/${asked.id}/approve`, "approver", { reason: "once more" })).status).toBe(409);
    await until(asked.id, "done");
    expect((await settled(posts)).map((post) => post.body.includes("Older"))).toEqual([true]);
  });

  it("of more events than configured waits for a second person", async () => {
    destinations();
    const [from, to] = ["2020-01-01T00:00:00.000Z", "2020-01-02T00:00:00.000Z"];
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO events (id, rev, received_at_ms, updated_at_ms, source, type, status, priority, delivery_id, raw_ref, detail)
       SELECT ?1 || printf('%06d', i), 1, 0, 0, 'sandbox-erp', 'invoice.paid', 'delivered', 'standard', i, 'raw/gone|0|1', ?3 FROM n`,
    )
      .bind(
        firstEventIdAt(Date.parse(from)).slice(0, -8),
        1_001,
        '{"verdict":"verified","secretId":"s","contentType":"application/json","lanes":[],"why":[]}',
      )
      .run();
    const asked = await ask({ query: { from, to }, dryRun: false });
    expect(asked).toMatchObject({ state: "waitingForApproval", plan: { events: 1_001, needsApproval: true } });
    expect(asked.nextStep).toContain("other than test-operator");
    expect((await ops(`/replays/${asked.id}/approve`, "approver", { reason: "I looked" })).status).toBe(200);
    await vi.waitUntil(async () => ((await seen(asked.id)).progress?.failed ?? 0) > 0, { timeout: 25_000, interval: 250 });
    await ops(`/replays/${asked.id}/cancel`, "operator", { reason: "a test" });
    const small = await ask({ query: { from, to, entity: "invoice/none" } });
    expect(small.plan).toMatchObject({ events: 0, needsApproval: false });
  });

  it("stops when it is cancelled, within one step, and never begins again", async () => {
    const posts = destinations();
    const all = Array.from({ length: 12 }, (_, i) => invoice(`CA-${i + 10}`, 1));
    const { from, to } = await delivered("sandbox-erp", all);
    await settled(posts);
    const { id } = await ask({ query: { destination: "crm", from, to }, ratePerSecond: 2, dryRun: false });
    await vi.waitUntil(async () => ((await seen(id)).progress?.done ?? 0) >= 2, { timeout: 5_000 });
    expect(await (await ops(`/replays/${id}/cancel`, "operator", { reason: "wrong day" })).json()).toMatchObject({ state: "cancelled" });
    await pause(2_500);
    const { state, progress, cancelledBy } = await seen(id);
    expect([state, cancelledBy]).toEqual(["cancelled", "test-operator"]);
    expect(progress?.done).toBeLessThan(8);
    expect(await settled(posts)).toHaveLength(progress?.done ?? -1);
    expect((await ops(`/replays/${id}/cancel`, "operator", { reason: "again" })).status).toBe(409);
  });

  it("goes on where it was after its runner was evicted in mid-run, and repeats nothing", async () => {
    const posts = destinations();
    const all = Array.from({ length: 12 }, (_, i) => invoice(`EV-${i + 10}`, 1));
    const { from, to } = await delivered("sandbox-erp", all);
    const first = await settled(posts);
    const { id } = await ask({ query: { destination: "crm", from, to }, ratePerSecond: 4, dryRun: false });
    await vi.waitUntil(async () => ((await seen(id)).progress?.done ?? 0) >= 4, { timeout: 5_000 });
    await abortAllDurableObjects();
    const done = await until(id, "done", 15_000);
    expect(done.progress).toMatchObject({ done: 12, total: 12 });
    expect(numbers(await settled(posts))).toEqual(numbers(first.filter((post) => post.url.includes("/crm/"))));
  });

  it("recognises a step that it does again because it died after sending and before it could note so", async () => {
    const posts = destinations();
    const { from, to } = await delivered("sandbox-erp", [invoice("CR-1", 1), invoice("CR-2", 1), invoice("CR-3", 1)]);
    await settled(posts);
    const { id } = await ask({ query: { destination: "crm", from, to }, force: true, dryRun: false });
    const runner = env.REPLAY.getByName(id ?? "");
    let sent = 0;
    await runInDurableObject(runner, (instance) => {
      const held = instance as unknown as { env: Env };
      const own = held.env;
      const send: Queue["send"] = async (...message) => {
        await own.QUEUE_BULK.send(...message);
        if (++sent === 1) throw new Error("the connection was lost after the queue had taken them");
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      };
      held.env = { ...own, QUEUE_BULK: { send } as unknown as Queue };
    });
    await ops(`/replays/${id}/approve`, "approver", { reason: "a test" });
    await vi.waitUntil(() => sent === 1, { timeout: 5_000 });
    expect(await settled(posts)).toHaveLength(3);
    await runDurableObjectAlarm(runner);
    expect(sent).toBe(2);
    expect((await until(id, "done")).progress).toMatchObject({ done: 3 });
    expect(await settled(posts)).toHaveLength(0);
  });

  it("waits outside its window, and says until when", async () => {
    const posts = destinations();
    const { from, to } = await delivered("sandbox-erp", [invoice("WI-1", 1)]);
    await settled(posts);
    const hour = (ahead: number): string => `${String((new Date().getUTCHours() + ahead) % 24).padStart(2, "0")}:00`;
    const { id } = await ask({ query: { destination: "crm", from, to }, window: { from: hour(3), to: hour(4) }, dryRun: false });
    const waiting = await vi.waitUntil(
      async () => {
        const replay = await seen(id);
        return replay.progress === null ? false : replay;
      },
      { timeout: 5_000 },
    );
    expect(waiting.progress?.waitsUntil?.slice(11, 16)).toBe(hour(3));
    expect(waiting.nextStep).toContain("window");
    expect(await settled(posts)).toHaveLength(0);
    await ops(`/replays/${id}/cancel`, "operator", { reason: "a test" });
  });
});
