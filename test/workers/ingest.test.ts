import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { router } from "../../src/router.config.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { verdictOf } from "../../src/verification/index.ts";
import { call, customer, destinations, eventually, ops, sample, signed } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const refusing = {
  send: () => Promise.reject(new Error("Queue is overloaded")),
  sendBatch: () => Promise.reject(new Error("Queue is overloaded")),
} as unknown as Queue;

describe("POST /in/{source}", () => {
  it("answers 202 with id, correlation id and status once the event is durable, and it is delivered", async () => {
    const posts = destinations();
    const response = await call(signed("custom", customer({ id: "I-1" })));
    expect(response.status).toBe(202);
    const body = await response.json<{ id: string; correlationId: string; status: string }>();
    expect(body).toEqual({ id: expect.stringMatching(/^evt_[0-9A-Z]{28}$/), correlationId: body.correlationId, status: "accepted" });
    const event = await eventually(body.id);
    expect(event.status).toBe("delivered");
    expect(posts).toHaveLength(1);
    expect(posts[0]?.headers.get("x-correlation-id")).toBe(body.correlationId);
  });

  it("carries the sender's correlation id and trace on, and makes new ones for malformed ones", async () => {
    const posts = destinations();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const response = await call(
      signed("custom", { ...customer({ id: "I-2" }), headers: { "x-correlation-id": "order-4711", traceparent } }),
    );
    const { id, correlationId } = await response.json<{ id: string; correlationId: string }>();
    expect(correlationId).toBe("order-4711");
    await eventually(id);
    // The same trace; its caller is our attempt now.
    expect(posts[0]?.headers.get("traceparent")).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/);
    const odd = await call(
      signed("custom", { ...customer({ id: "I-3" }), headers: { "x-correlation-id": "no spaces allowed", traceparent: "00-zz" } }),
    );
    expect(odd.headers.get("x-correlation-id")).toMatch(/^cor_/);
    expect(odd.headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it.each(Object.keys(router.sources))("refuses a changed body, a changed proof and a stale time of %s with a vague 401", async (name) => {
    const definition = SOURCES[router.sources[name]?.scheme ?? ""];
    const first = definition?.samples[0]?.name ?? "";
    const honest = sample(name, first);
    const proof = signed(name, honest);
    const url = new URL(proof.url);
    if (url.search !== "") url.search = `${url.search.slice(0, -1)}${url.search.endsWith("A") ? "B" : "A"}`;
    const headers = new Headers(
      [...proof.headers].map(([key, value]) => [
        key,
        /signature/.test(key) ? value.replace(/.$/, (last) => (last === "0" ? "1" : "0")) : value,
      ]),
    );
    const forgeries: Request[] = [new Request(url, { method: "POST", headers, body: honest.body })];
    if (
      definition !== undefined &&
      verdictOf(definition.verification(definition.settings.parse(router.sources[name]?.settings ?? {}))) === "verified"
    ) {
      forgeries.push(new Request(proof.url, { method: "POST", headers: proof.headers, body: `${String(honest.body)} ` }));
      forgeries.push(signed(name, { ...honest, nowMs: Date.now() - 302_000 }), signed(name, { ...honest, nowMs: Date.now() + 302_000 }));
    }
    for (const forged of forgeries) {
      const response = await call(forged);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: "verification_failed" });
    }
  });

  it("answers an unknown source as any other address that does not exist", async () => {
    const unknown = await call(new Request("http://router.test/in/nobody", { method: "POST", body: "{}" }));
    const nowhere = await call(new Request("http://router.test/nowhere"));
    expect([unknown.status, await unknown.text()]).toEqual([nowhere.status, await nowhere.text()]);
    expect(unknown.status).toBe(404);
  });

  it("refuses other methods with 405, other encodings with 415, and more than 10 MiB with 413, declared or not", async () => {
    expect((await call(new Request("http://router.test/in/custom"))).status).toBe(405);
    expect((await call(signed("custom", { ...customer({ id: "x" }), headers: { "content-encoding": "br" } }))).status).toBe(415);
    const tooMuch = new Uint8Array(LIMITS.bodyBytes + 1);
    expect((await call(new Request("http://router.test/in/custom", { method: "POST", body: tooMuch }))).status).toBe(413);
    const stream = new Blob([tooMuch]).stream();
    expect((await call(new Request("http://router.test/in/custom", { method: "POST", body: stream }))).status).toBe(413);
  });

  it("answers Salesforce with exactly its Ack, also for a batch, and takes each notification as an event", async () => {
    destinations();
    const response = await call(signed("salesforce", sample("salesforce", "opportunity-won")));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/xml; charset=utf-8");
    expect(await response.text()).toContain("<Ack>true</Ack>");
    const event = await eventually(response.headers.get("x-signalbox-event-id") ?? "");
    expect(event.destinations.map((leg) => leg.destination)).toEqual(["erp"]);
    expect(event.routing).toContainEqual({
      route: "won-opportunities-become-orders",
      matched: true,
      because: 'kind opportunity; from salesforce; stage in "won"; region in {"not":"DACH"}',
    });
  });

  it("keeps no session id of Salesforce's anywhere", async () => {
    destinations();
    const { body, ...rest } = sample("salesforce", "opportunity-won");
    const text = String(body).replace(/<SessionId[^>]*\/>/, "<SessionId>00D-live-credential</SessionId>");
    expect(text).toContain("live-credential");
    const response = await call(signed("salesforce", { ...rest, body: text }));
    const id = response.headers.get("x-signalbox-event-id") ?? "";
    await eventually(id);
    const raw = await (await ops(`/events/${id}/raw`)).text();
    expect(raw).toContain("<Notification>");
    expect(raw).not.toContain("live-credential");
  });

  it("quarantines a genuine body that it cannot understand, lists it for its owner, and reads it anew on request", async () => {
    destinations();
    const response = await call(signed("custom", { body: '{"type":"customer.updated","data":{}}' }));
    expect(response.status).toBe(202);
    const { id, status } = await response.json<{ id: string; status: string }>();
    expect(status).toBe("quarantined");
    expect((await eventually(id)).status).toBe("quarantined");
    const letters = await (
      await ops("/dead-letters?list=platform")
    ).json<{ items: { id: string; eventId: string; reason: string; owner: { name: string } }[] }>();
    const letter = letters.items.find((item) => item.eventId === id);
    expect(letter).toMatchObject({ owner: { name: "platform" } });
    expect(letter?.reason).toContain("id");
    const retried = await ops(`/dead-letters/${encodeURIComponent(letter?.id ?? "")}/retry`, "operator", { reason: "try again" });
    expect(retried.status).toBe(200);
  });

  it("keeps an 18-digit integer, an exact amount and unknown fields up to the destination", async () => {
    const posts = destinations();
    const { body } = customer({ id: "I-9" });
    const text = String(body).replace('"name":"Ada"', '"name":"Ada","bigId":820982911946154508,"rate":1200.50,"nested":{"a":[1,2.25]}');
    const { id } = await (await call(signed("custom", { body: text }))).json<{ id: string }>();
    await eventually(id);
    expect(posts[0]?.body).toContain("820982911946154508");
    expect(posts[0]?.body).toContain("1200.50");
    expect(posts[0]?.body).toContain('"nested":{"a":[1,2.25]}');
    expect(await (await ops(`/events/${id}/raw`)).text()).toBe(text);
  });
});

describe("large bodies", () => {
  it("takes 3 MB, delivers the event, and gives the raw bytes back unchanged", async () => {
    const posts = destinations();
    const note = "é".repeat(1_500_000);
    const outgoing = customer({ id: "L-1", extra: { note } });
    const response = await call(signed("custom", outgoing));
    expect(response.status).toBe(202);
    const { id } = await response.json<{ id: string }>();
    expect((await eventually(id)).status).toBe("delivered");
    expect(posts[0]?.body).toContain(note);
    expect(await (await ops(`/events/${id}/raw`)).text()).toBe(outgoing.body);
  });

  it("go to R2 at the same time as their data, and nothing is queued or answered before both are there", async () => {
    const puts: { readonly key: string; readonly end: (error?: Error) => void }[] = [];
    const put = (key: string): Promise<unknown> =>
      new Promise((resolve, reject) => puts.push({ key, end: (error) => (error === undefined ? resolve(null) : reject(error)) }));
    const sent = vi.fn().mockResolvedValue(null);
    const queue = { send: sent, sendBatch: sent } as unknown as Queue;
    const bindings = { ...env, BODIES: { put } as unknown as R2Bucket, QUEUE_STANDARD: queue };
    const post = () => call(signed("custom", customer({ id: "L-3", extra: { note: "x".repeat(100_000) } })), bindings);
    for (const refused of [0, 1, null]) {
      const answer = post();
      await vi.waitUntil(() => puts.length === 2);
      const [raw, data] = puts.splice(0) as [(typeof puts)[number], (typeof puts)[number]];
      expect([raw.key.split("/")[0], data.key.split("/")[0]]).toEqual(["raw", "data"]);
      const ends = refused === 1 ? [raw, data] : [data, raw];
      ends[0]?.end();
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(sent).not.toHaveBeenCalled();
      ends[1]?.end(refused === null ? undefined : new Error("R2 is down"));
      expect((await answer).status).toBe(refused === null ? 202 : 503);
    }
    expect(sent).toHaveBeenCalledTimes(1);
  });

  it("routes an entity that is too large to carry by its short fields", async () => {
    const posts = destinations();
    const { body, ...rest } = sample("salesforce", "opportunity-won");
    const text = String(body).replace("<sf:Name>", `<sf:Notes__c>${"long ".repeat(20_000)}</sf:Notes__c><sf:Name>`);
    const response = await call(signed("salesforce", { ...rest, body: text }));
    const event = await eventually(response.headers.get("x-signalbox-event-id") ?? "");
    expect(event.status).toBe("delivered");
    expect(posts[0]?.body).toContain("long long");
  });

  it("gives bytes back that are not text", async () => {
    const bytes = new Uint8Array([0xff, 0xfe, 0, 1, 2]);
    const { id, status } = await (await call(signed("custom", { body: bytes }))).json<{ id: string; status: string }>();
    expect(status).toBe("quarantined");
    await eventually(id);
    expect(new Uint8Array(await (await ops(`/events/${id}/raw`)).arrayBuffer())).toEqual(bytes);
  });
});

describe("when the queue refuses", () => {
  it("hands the event to its entity's object, which delivers it by alarm and tells the index", async () => {
    const posts = destinations();
    const response = await call(signed("custom", customer({ id: "S-1" })), { ...env, QUEUE_STANDARD: refusing });
    expect(response.status).toBe(202);
    const { id } = await response.json<{ id: string }>();
    expect((await eventually(id, (event) => event.status === "delivered")).status).toBe("delivered");
    expect(posts).toHaveLength(1);
  });

  it("answers 503 for a hint that must be read back first, and hands nothing to its object", async () => {
    const spill = vi.fn();
    const bindings = { ...env, QUEUE_STANDARD: refusing, ENTITY: { getByName: () => ({ spill }) } as unknown as Env["ENTITY"] };
    const name = SOURCES["business-central"]?.samples[0]?.name ?? "none";
    const response = await call(signed("business-central", sample("business-central", name)), bindings);
    expect(response.status).toBe(503);
    expect(spill).not.toHaveBeenCalled();
  });

  it("answers 503 with Retry-After when the object cannot take it either, and stores nothing", async () => {
    const broken = { getByName: () => ({ spill: () => Promise.reject(new Error("overloaded")) }) } as unknown as Env["ENTITY"];
    const response = await call(signed("custom", customer({ id: "S-2" })), { ...env, QUEUE_STANDARD: refusing, ENTITY: broken });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("30");
    expect(await response.json()).toMatchObject({ code: "cannot_store" });
  });
});

describe("rejections", () => {
  it("are counted by source, reason and minute, so that a flood writes no row a request", async () => {
    const flood = Array.from({ length: 200 }, () => call(new Request("http://router.test/in/zendesk", { method: "POST", body: "{}" })));
    const made = Array.from({ length: 50 }, (_, i) =>
      call(new Request(`http://router.test/in/made-up-${i}`, { method: "POST", body: "{}" })),
    );
    await Promise.all([...flood, ...made]);
    type Row = { source: string; reason: string; count: number };
    const sum = (rows: readonly Row[]): number => rows.reduce((total, row) => total + row.count, 0);
    const counted = async (): Promise<readonly Row[]> => (await (await ops("/rejections")).json<{ items: Row[] }>()).items;
    const rows = await vi.waitUntil(
      async () => {
        const items = await counted();
        return sum(items.filter((row) => row.source === "zendesk" && row.reason === "signature_missing")) >= 200 ? items : false;
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(sum(rows.filter((row) => row.source === "zendesk" && row.reason === "signature_missing"))).toBe(200);
    expect(rows.filter((row) => row.source === "zendesk" && row.reason === "signature_missing").length).toBeLessThanOrEqual(2);
    expect(sum(rows.filter((row) => row.source === "(unknown)"))).toBeGreaterThanOrEqual(50);
    expect(rows.some((row) => row.source.startsWith("made-up"))).toBe(false);
  }, 20_000);
});
