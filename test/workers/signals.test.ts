import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { recordAll } from "../../src/adapters/event-databases.ts";
import { foldMeasures, MeasureLog, readMeasures } from "../../src/adapters/measures.ts";
import { send } from "../../src/adapters/outbound.ts";
import { deploymentOf, type Deployment } from "../../src/deployment.ts";
import { auditRows } from "../../src/domain/audit-record.ts";
import type { AlertsConfig } from "../../src/domain/alerts/define.ts";
import type { RouterConfig } from "../../src/domain/config.ts";
import { correlationIdOf, eventId } from "../../src/domain/event-id.ts";
import { parseTraceparent } from "../../src/domain/signals/trace-context.ts";
import type { AnswerOf } from "../../src/http/operations.ts";
import { consumeBatch } from "../../src/wiring/consume.ts";
import { maintain } from "../../src/wiring/maintain.ts";
import { call, customer, destinations, eventually, ops, signed, token, type Post } from "../support/router.ts";
import { orderEvent } from "../support/world.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const ORIGIN = "http://router.test";
const MINUTE_MS = 60_000;
const SECRET = `whsec_${btoa("for the alerts of tests only, 32")}`;
const SETTINGS: Readonly<Record<string, string>> = {
  ALERTS_URL: "https://alerts.example.com/hook",
  ALERTS_SECRET: SECRET,
  ROUTER_URL: "https://router.example.com",
  OTLP_URL: "https://otlp.example.com/v1/traces",
  OTLP_KEY: "Bearer of-tests",
};

/** This deployment with more configuration, and with the variables that it names. */
function deployedWith(more: Partial<RouterConfig>): Deployment {
  const deployment = deploymentOf(env);
  const read = (name: string): string | undefined => SETTINGS[name] ?? deployment.settings.read(name);
  return { ...deployment, config: { ...deployment.config, ...more }, settings: { ...deployment.settings, read } };
}

const quiet: AlertsConfig["rules"] = {
  "dead-letters": { off: true },
  "destination-open": { off: true },
  "destination-paused": { off: true },
  "backlog-age": { off: true },
  "signature-failures": { off: true },
};
const channels = { finance: { shape: "webhook", url: { env: "ALERTS_URL" }, secret: "ALERTS_SECRET" } } as const;
const alerting = (rules: AlertsConfig["rules"], sources?: RouterConfig["sources"]): Deployment =>
  deployedWith({
    alerts: { origin: { env: "ROUTER_URL" }, channels, rules: { ...quiet, ...rules } },
    ...(sources === undefined ? {} : { sources }),
  });

/** The cron of so many minutes from now, in an isolate that has read nothing before. */
const cron = (deployment: Deployment, minute: number): Promise<void> =>
  maintain({ ...env } as Env, deployment, Date.now() + minute * MINUTE_MS);

type AlertView = AnswerOf<"acknowledgeAlert">;
const alert = async (id: string, state = ""): Promise<AlertView | undefined> => {
  const { items } = await (await ops(`/alerts?limit=200${state === "" ? "" : `&state=${state}`}`, "viewer")).json<{ items: AlertView[] }>();
  return items.find((each) => each.id === id);
};

const shown = async (path: string): Promise<string> =>
  (await call(new Request(`${ORIGIN}${path}`, { headers: { cookie: `signalbox_session=${await token("operator")}` } }))).text();

async function deadLetter(owner: string): Promise<string> {
  const id = eventId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
  const lanes = [{ destination: "erp", route: "r", status: "dead" as const, class: "business" as const, reason: "no", attempts: [] }];
  const context = {
    why: [],
    rawRef: null,
    ownerOf: () => owner,
    sourceOwner: owner,
    projections: () => [],
    slas: () => ({ spans: [], rates: [] }),
  };
  await recordAll(env, [auditRows(orderEvent({ id, version: 1 }), { eventId: id, rev: 1, status: "dead", lanes }, context)], Date.now());
  return `${id}:erp`;
}

interface Tidings {
  readonly type: string;
  readonly data: { readonly id: string; readonly runbook: string; readonly page: string; readonly owner: { readonly team: string } };
}

/** What the channel heard, each message checked by the vendor-neutral library. */
const heard = (posts: readonly Post[]): readonly Tidings[] =>
  posts
    .filter(({ url }) => url === SETTINGS["ALERTS_URL"])
    .map(({ body, headers }) => new Webhook(SECRET).verify(body, Object.fromEntries(headers)) as Tidings);

describe("alerts", () => {
  it("open by the cron after the rule's time, are told once with a valid signature, acknowledged by an operator, and resolved", async () => {
    const deployment = alerting({ "dead-letters": { forMinutes: 2 } });
    const posts = destinations();
    const letter = await deadLetter("finance");
    await cron(deployment, 0);
    expect((await alert("dead-letters:finance", "pending"))?.severity).toBe("warning");
    expect(heard(posts)).toEqual([]);
    await cron(deployment, 2);
    await cron(deployment, 3);
    const opened = heard(posts);
    expect(opened.map(({ type }) => type)).toEqual(["alert.opened"]);
    expect(opened[0]?.data).toMatchObject({
      id: "dead-letters:finance",
      owner: { team: "Finance systems" },
      runbook: "https://runbooks.example.com/finance",
      page: "https://router.example.com/ops/dead-letters?owner=finance",
    });
    expect(await shown("/ops")).toContain("1 open alert:");
    const page = await shown("/ops/alerts");
    for (const word of ["Dead letters wait for somebody", "Finance systems", "https://runbooks.example.com/finance", "Acknowledge"])
      expect(page).toContain(word);
    const acknowledged = await ops("/alerts/dead-letters%3Afinance/acknowledge", "operator", { reason: "looking at it" });
    expect(acknowledged.status, await acknowledged.clone().text()).toBe(200);
    expect(await acknowledged.json()).toMatchObject({
      state: "acknowledged",
      acknowledged: { by: "test-operator", reason: "looking at it" },
    });
    expect((await ops("/alerts/dead-letters%3Afinance/acknowledge", "operator", { reason: "again" })).status).toBe(409);
    await cron(deployment, 4);
    expect((await ops(`/dead-letters/${encodeURIComponent(letter)}/skip`, "operator", { reason: "a test" })).status).toBeLessThan(500);
    await env.DB.prepare("UPDATE dead_letters SET status = 'skipped' WHERE id = ?1").bind(letter).run();
    await cron(deployment, 5);
    await cron(deployment, 9);
    expect((await alert("dead-letters:finance"))?.state).toBe("acknowledged");
    await cron(deployment, 10);
    await cron(deployment, 11);
    expect((await alert("dead-letters:finance", "resolved"))?.endedAt).not.toBeNull();
    expect(heard(posts).map(({ type }) => type)).toEqual(["alert.opened", "alert.acknowledged", "alert.resolved"]);
    const actions = await (await ops("/operator-actions?actor=test-operator")).json<{ items: { action: string; subject: string }[] }>();
    expect(actions.items).toContainEqual(expect.objectContaining({ action: "acknowledge alert", subject: "dead-letters:finance" }));
  });

  it("tell nobody while silenced, tell afterwards, and tell again with a later minute what was not taken", async () => {
    const deployment = alerting({ "dead-letters": { forMinutes: 1 } });
    let status = 503;
    const posts = destinations(() => new Response(null, { status }));
    await deadLetter("revops");
    await cron(deployment, 0);
    const until = (minutes: number): string => new Date(Date.now() + minutes * MINUTE_MS).toISOString();
    const silenced = await ops("/alerts/dead-letters%3Arevops/silence", "operator", { reason: "known", until: until(5) });
    expect(silenced.status, await silenced.clone().text()).toBe(200);
    await cron(deployment, 1);
    await cron(deployment, 4);
    expect((await alert("dead-letters:revops"))?.state).toBe("open");
    expect(heard(posts)).toEqual([]);
    await cron(deployment, 6);
    expect(heard(posts)).toHaveLength(1);
    expect((await alert("dead-letters:revops"))?.channels).toEqual([
      { channel: "finance", told: null, at: null, problem: "it answered 503" },
    ]);
    status = 204;
    await cron(deployment, 7);
    await cron(deployment, 8);
    const ids = posts
      .filter(({ url }) => url === SETTINGS["ALERTS_URL"])
      .map(({ headers, body }) => `${headers.get("webhook-id")} ${body}`);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    for (const wrong of [until(-1), until(60 * 24 * 31)])
      expect((await ops("/alerts/dead-letters%3Arevops/silence", "operator", { reason: "known", until: wrong })).status).toBe(400);
  });

  it("write nothing while all is well", async () => {
    const deployment = alerting({});
    await cron(deployment, 60);
    await cron(deployment, 66);
    const before = await env.DB.prepare("SELECT id, rev FROM alerts ORDER BY id").all();
    await cron(deployment, 120);
    expect((await env.DB.prepare("SELECT id, rev FROM alerts ORDER BY id").all()).results).toEqual(before.results);
  });

  it("tell of a source that has gone silent, counted from when it was last heard of, not from when it was set up", async () => {
    const { sources } = deploymentOf(env).config;
    const { custom } = sources;
    if (custom === undefined) throw new Error("no source custom");
    const deployment = alerting({ "source-silent": { forMinutes: 0 } }, { ...sources, custom: { ...custom, expectEveryMinutes: 10 } });
    const posts = destinations();
    await cron(deployment, 0);
    await cron(deployment, 9);
    expect(await alert("source-silent:custom")).toBeUndefined();
    await cron(deployment, 12);
    expect(await alert("source-silent:custom")).toMatchObject({ owner: { name: "platform" }, severity: "warning" });
    const { id } = await (await call(signed("custom", customer({ id: "SIL-1" })))).json<{ id: string }>();
    await eventually(id);
    await cron(deployment, 3);
    expect((await alert("source-silent:custom"))?.state).toBe("open");
    await cron(deployment, 9);
    expect((await alert("source-silent:custom", "resolved"))?.state).toBe("resolved");
    expect(
      heard(posts)
        .filter(({ data }) => data.id === "source-silent:custom")
        .map(({ data, type }) => `${data.id} ${type}`),
    ).toEqual(["source-silent:custom alert.opened", "source-silent:custom alert.resolved"]);
  });
});

describe("counts", () => {
  it("of all isolates add up to one total that never falls, also while the cron folds them", async () => {
    const earlier = await readMeasures(env.DB);
    const [one, other] = [new MeasureLog(), new MeasureLog()];
    one.add({ "events|x|delivered": 3, "last|x": 10 });
    other.add({ "events|x|delivered": 4, "last|x": 7 });
    await one.flush(env.DB, 1_000_000, 60_000);
    await other.flush(env.DB, 1_000_000, 60_000);
    const sums = { "events|x|delivered": 7, "last|x": 10 };
    expect(await readMeasures(env.DB)).toEqual({ ...earlier, ...sums });
    await foldMeasures(env.DB);
    await foldMeasures(env.DB);
    expect(await readMeasures(env.DB)).toEqual({ ...earlier, ...sums });
    expect((await env.DB.prepare("SELECT count(*) AS n FROM measures").first<{ n: number }>())?.n).toBe(1);
    one.add({ "events|x|delivered": 1 });
    await one.flush(env.DB, 1_059_999, 60_000);
    expect((await env.DB.prepare("SELECT count(*) AS n FROM measures").first<{ n: number }>())?.n).toBe(1);
    await one.flush(env.DB, 1_060_000, 60_000);
    expect((await readMeasures(env.DB))["events|x|delivered"]).toBe(8);
  });
});

const metrics = (bearer: string | null, bindings: Env = env): Promise<Response> =>
  call(new Request(`${ORIGIN}/metrics`, bearer === null ? {} : { headers: { authorization: `Bearer ${bearer}` } }), bindings);

describe("/metrics", () => {
  it("is for viewers and for the metrics token, which opens nothing else", async () => {
    const scraper = "a-token-of-the-tests-with-more-than-32-characters";
    const bindings = { ...env, METRICS_TOKEN: scraper } as unknown as Env;
    expect((await metrics(null)).status).toBe(401);
    expect((await metrics(scraper)).status).toBe(401);
    expect((await metrics(`${scraper}x`, bindings)).status).toBe(401);
    expect((await metrics("short", { ...env, METRICS_TOKEN: "short" } as unknown as Env)).status).toBe(401);
    expect((await metrics(await token("viewer"))).status).toBe(200);
    const scraped = await metrics(scraper, bindings);
    expect([scraped.status, scraped.headers.get("content-type")]).toEqual([
      200,
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ]);
    const elsewhere = new Request(`${ORIGIN}/ops/v1/metrics.json`, { headers: { authorization: `Bearer ${scraper}` } });
    expect((await call(elsewhere, bindings)).status).toBe(401);
  });

  it("tells of an event that was delivered, as text and as JSON, and of nothing personal", async () => {
    destinations();
    const { id } = await (await call(signed("custom", customer({ id: "ada@example.com", name: "Ada Lovelace" })))).json<{ id: string }>();
    await eventually(id);
    await cron(alerting({}), 0);
    const text = await (await metrics(await token("viewer"), { ...env } as Env)).text();
    expect(text).toMatch(/^signalbox_events_total\{source="custom",status="delivered"\} [1-9]/m);
    expect(text).toMatch(/^signalbox_attempts_total\{destination="erp",result="applied"\} [1-9]/m);
    expect(text).toMatch(/^signalbox_destination_state\{destination="erp",signalbox_destination_state="closed"\} 1$/m);
    expect(text).toMatch(/\n# EOF\n$/);
    expect(text).not.toMatch(/ada/i);
    const { metrics: families } = await (await ops("/metrics.json", "viewer")).json<AnswerOf<"getMetrics">>();
    expect(families.find(({ name }) => name === "signalbox_events")?.samples).toContainEqual({
      name: "signalbox_events_total",
      labels: { source: "custom", status: "delivered" },
      value: expect.any(Number) as number,
    });
  });
});

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

async function consumed(deployment: Deployment, bindings: Env, traceparent: string): Promise<string> {
  const id = eventId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
  const event = {
    ...orderEvent({ id, version: 1, delivery: id, source: "sandbox-erp" }),
    correlationid: correlationIdOf(id),
    traceparent,
    receivedAtMs: Date.now(),
    entity: { kind: "order" as const, key: id, schemaVersion: 1 },
    payload: { at: "inline" as const, data: { number: id, status: "confirmed" } },
  };
  const batch = createMessageBatch("signalbox-critical", [{ id, timestamp: new Date(), attempts: 1, body: JSON.stringify(event) }]);
  await consumeBatch(batch, bindings, deployment);
  return id;
}

describe("traces", () => {
  const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  const SENDERS = `00-${TRACE}-00f067aa0ba902b7-01`;

  it("go to the collector by batch: under the sender's span, over every hop, to the span that the destination was told", async () => {
    const posts = destinations();
    const traces = { url: { env: "OTLP_URL" }, headers: { authorization: "OTLP_KEY" }, sample: 1 };
    const id = await consumed(deployedWith({ traces }), env, SENDERS);
    const exported = posts.filter(({ url }) => url === SETTINGS["OTLP_URL"]);
    expect(exported).toHaveLength(1);
    expect(exported[0]?.headers.get("authorization")).toBe("Bearer of-tests");
    const { resourceSpans } = JSON.parse(exported[0]?.body ?? "{}") as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
    const spans = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    const [event, queue, attempt] = spans;
    expect(spans.map(({ traceId }) => traceId)).toEqual([TRACE, TRACE, TRACE]);
    expect(event).toMatchObject({ name: "event sandbox-erp", parentSpanId: "00f067aa0ba902b7" });
    expect([queue?.parentSpanId, attempt?.parentSpanId]).toEqual([event?.spanId, event?.spanId]);
    const delivered = posts.find(({ body }) => body.includes(id) && !body.includes("resourceSpans"));
    expect(parseTraceparent(delivered?.headers.get("traceparent") ?? "")).toEqual({
      traceId: TRACE,
      spanId: attempt?.spanId,
      sampled: true,
    });
  });

  it("go nowhere unless they are set up, nor against the sender's wish; a collector that fails holds up no event", async () => {
    const posts = destinations(({ url }) =>
      url === SETTINGS["OTLP_URL"] ? new Response(null, { status: 500 }) : Response.json({ id: "R" }),
    );
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const toCollector = (): number => posts.filter(({ url }) => url === SETTINGS["OTLP_URL"]).length;
    await consumed(deployedWith({}), env, SENDERS);
    const traces = { url: { env: "OTLP_URL" }, sample: 1 };
    await consumed(deployedWith({ traces: { ...traces, url: { env: "NOT_SET" } } }), env, SENDERS);
    await consumed(deployedWith({ traces }), env, SENDERS.replace(/01$/, "00"));
    expect(toCollector()).toBe(0);
    const first = await consumed(deployedWith({ traces }), env, SENDERS);
    const second = await consumed(deployedWith({ traces }), env, SENDERS);
    expect(toCollector()).toBe(1);
    for (const id of [first, second]) expect((await eventually(id)).status).toBe("delivered");
  });

  it("are counted as points of Analytics Engine, several events in one, where a dataset is bound", async () => {
    destinations();
    const points: { blobs: string[]; doubles: number[] }[] = [];
    const ANALYTICS = { writeDataPoint: (point: (typeof points)[number]) => points.push(point) };
    await consumed(deployedWith({}), { ...env, ANALYTICS } as unknown as Env, SENDERS);
    expect(points).toContainEqual({ indexes: ["sandbox-erp"], blobs: ["events", "sandbox-erp", "delivered"], doubles: [1] });
    expect(points).toContainEqual({ indexes: ["crm"], blobs: ["attempts", "crm", "applied"], doubles: [1] });
  });
});

describe("requests to the outside", () => {
  it("reach the network by the runtime's own fetch, without a stand-in", async () => {
    const sent = await send({ method: "GET", url: "http://127.0.0.1:1/", headers: {} }, 2_000);
    expect(sent.ok ? "answered" : sent.failure).not.toContain("Illegal invocation");
  });
});
