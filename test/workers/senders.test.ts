import { afterEach, describe, expect, it, vi } from "vitest";
import { SOURCES } from "../../src/sources/index.ts";
import { LOCAL_SOURCES, call, destinations, eventually, ops, sample, signed } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Every sample of every sender, under the source whose settings it needs; but for what only the edge can bring along. */
const CASES = Object.entries(LOCAL_SOURCES).flatMap(([source, { scheme, settings }]) =>
  (SOURCES[scheme]?.samples ?? [])
    .filter((each) => source.startsWith(scheme) && JSON.stringify(each.settings ?? {}) === JSON.stringify(settings ?? {}))
    .filter((each) => !JSON.stringify(each.settings ?? {}).includes("clientCertificate"))
    .map((each) => [source, each.name, each] as const),
);

/** Destinations that take everything and know no record. */
const nothingKnown = () =>
  destinations((post) =>
    post.method === "GET" ? Response.json({ code: "record_not_found" }, { status: 404 }) : Response.json({ id: "R1" }),
  );

it("every sender can be tried", () => {
  expect(new Set(Object.values(LOCAL_SOURCES).map(({ scheme }) => scheme))).toEqual(new Set(Object.keys(SOURCES)));
  expect(CASES.length).toBeGreaterThan(2 * Object.keys(SOURCES).length - 12);
});

describe("every sender, as the Worker hears it", () => {
  it.each(CASES)(
    "%s %s: is taken in as its sender expects, and arrives as the record it tells of",
    async (source, name, { expect: expected }) => {
      nothingKnown();
      const response = await call(signed(source, sample(source, name)));
      const policy = SOURCES[LOCAL_SOURCES[source]?.scheme ?? ""]?.statusPolicy.stored;
      expect(response.status).toBe(policy === "accepted" || policy === undefined ? 202 : policy.status);
      const id = response.headers.get("x-signalbox-event-id") ?? "";
      const event = await eventually(id);
      expect(event).toMatchObject({ type: expected.type, entity: { kind: expected.kind, key: expected.key } });
      expect(["delivered", "superseded", "ignored"]).toContain(event.status);
      const raw = await ops(`/events/${id}/raw`);
      expect(raw.status).toBe(200);
    },
  );
});

describe("a hint", () => {
  const hint = (id: string, order: string) =>
    signed("sap-event-mesh", {
      contentType: "application/cloudevents+json",
      body: JSON.stringify({
        specversion: "1.0",
        type: "sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1",
        source: "/default/sap.s4.beh/730431274",
        id,
        time: "2026-11-24T10:00:00Z",
        data: { SalesOrder: order },
      }),
    });

  it("is read back from its owner, and what the owner holds is delivered, with the version read as its order", async () => {
    const posts = destinations((post) =>
      post.method === "GET"
        ? Response.json({ id: "50001", number: "SO-50001", status: "confirmed", version: 7 })
        : Response.json({ id: "R1" }),
    );
    const id = (await call(hint("hint-1", "50001"))).headers.get("x-signalbox-event-id") ?? "";
    const event = await eventually(id);
    expect(event).toMatchObject({
      status: "delivered",
      nature: "snapshot",
      order: { kind: "int", value: "7" },
      entity: { kind: "order", key: "50001" },
    });
    expect(posts.map(({ method }) => method)).toEqual(["GET", "POST"]);
    expect(JSON.parse(posts[1]?.body ?? "")).toMatchObject({ data: { number: "SO-50001", status: "confirmed" } });
  });

  it("of a state that was read already ends as the same state again", async () => {
    destinations((post) =>
      post.method === "GET" ? Response.json({ id: "50002", status: "confirmed", version: 3 }) : Response.json({ id: "R1" }),
    );
    const ids = [];
    for (const delivery of ["hint-2", "hint-3"]) {
      const id = (await call(hint(delivery, "50002"))).headers.get("x-signalbox-event-id") ?? "";
      ids.push(await eventually(id));
    }
    expect(ids).toMatchObject([{ status: "delivered" }, { status: "ignored", reason: "the same state again" }]);
  });

  it("that cannot be read now comes again, and is delivered once it can", async () => {
    let reads = 0;
    destinations((post) => {
      if (post.method !== "GET") return Response.json({ id: "R1" });
      return ++reads < 2 ? new Response("down", { status: 503 }) : Response.json({ id: "50003", status: "confirmed", version: 1 });
    });
    const id = (await call(hint("hint-4", "50003"))).headers.get("x-signalbox-event-id") ?? "";
    expect(await eventually(id, undefined, 20_000)).toMatchObject({ status: "delivered" });
    expect(reads).toBe(2);
  }, 25_000);
});

describe("handshakes", () => {
  const slack = (challenge: string): Request =>
    signed("slack", { body: JSON.stringify({ token: "x", type: "url_verification", challenge }) });

  it("are answered before anything is captured, in text that no page can be made of, and are on record", async () => {
    const response = await call(slack("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"));
    expect([response.status, await response.text()]).toEqual([200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("x-signalbox-event-id")).toBeNull();
    await vi.waitFor(async () => {
      const found = await (await ops("/handshakes?source=slack")).json<{ items: readonly { reason: string; count: number }[] }>();
      expect(found.items).toMatchObject([{ reason: "challengeInBody" }]);
    });
  });

  it.each(["<script>alert(1)</script>", "a b", "x".repeat(600), ""])("refuse to return %s", async (challenge) => {
    expect((await call(slack(challenge))).status).toBe(401);
  });

  it("are not answered to those who cannot prove themselves, nor on sources that have none", async () => {
    const body = JSON.stringify({ type: "url_verification", challenge: "abc" });
    expect((await call(new Request("http://router.test/in/slack", { method: "POST", body }))).status).toBe(401);
    expect((await call(new Request("http://router.test/in/stripe?validationToken=abc", { method: "POST", body: "{}" }))).status).toBe(401);
    expect((await call(new Request("http://router.test/in/stripe", { method: "HEAD" }))).status).toBe(405);
    expect(
      (await call(new Request("http://router.test/in/stripe", { method: "OPTIONS", headers: { "webhook-request-origin": "a.example" } })))
        .status,
    ).toBe(405);
  });

  it("a HEAD finds somebody there, on a source whose sender asks so", async () => {
    expect((await call(new Request("http://router.test/in/intercom", { method: "HEAD" }))).status).toBe(200);
  });

  it("a CloudEvents origin is allowed with what its posts prove themselves by, and not without", async () => {
    const origin = { "webhook-request-origin": "eventmesh.example.com", "webhook-request-rate": "120" };
    const options = (headers: Record<string, string>): Request =>
      new Request("http://router.test/in/sap-event-mesh", { method: "OPTIONS", headers });
    const proof = signed("sap-event-mesh", { body: "" }).headers.get("authorization") ?? "";
    const allowed = await call(options({ ...origin, authorization: proof }));
    expect(allowed.status).toBe(200);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      "webhook-allowed-origin": "eventmesh.example.com",
      "webhook-allowed-rate": "120",
      allow: "POST",
    });
    for (const refused of [origin, { ...origin, authorization: `${proof}x` }]) {
      const answer = await call(options(refused));
      expect(answer.status).toBe(401);
      expect(answer.headers.get("webhook-allowed-origin")).toBeNull();
    }
  });
});

describe("bodies in any form", () => {
  const gzip = async (text: string): Promise<Uint8Array> =>
    new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
  const text = (id: string): string =>
    JSON.stringify({ eventId: id, type: "customer.updated", data: { id, name: "Größe", updatedAt: new Date().toISOString() } });

  it("a compressed body is proven by what came over the wire, or by what is in it", async () => {
    destinations();
    const plain = text("GZ-1");
    const packed = await gzip(plain);
    const byWire = signed("custom", { body: packed, headers: { "content-encoding": "gzip" } });
    const { headers } = signed("custom", { body: plain });
    const byContent = new Request("http://router.test/in/custom", {
      method: "POST",
      headers: { ...Object.fromEntries(headers), "content-encoding": "gzip" },
      body: packed,
    });
    for (const request of [byWire, byContent]) {
      const response = await call(request);
      expect(response.status).toBe(202);
      expect(await eventually(response.headers.get("x-signalbox-event-id") ?? "")).toMatchObject({
        entity: { kind: "customer", key: "GZ-1" },
      });
    }
  });

  it("a small body that swells above the limit is refused with 413", async () => {
    const bomb = await gzip("0".repeat(11 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(64 * 1024);
    expect((await call(signed("custom", { body: bomb, headers: { "content-encoding": "gzip" } }))).status).toBe(413);
  });

  it("what says gzip and is none is quarantined if it is genuine, and refused if not", async () => {
    const request = signed("custom", { body: "not gzip at all", headers: { "content-encoding": "gzip" } });
    expect(await (await call(request)).json()).toMatchObject({ status: "quarantined" });
    const forged = new Request("http://router.test/in/custom", {
      method: "POST",
      headers: { "content-encoding": "gzip" },
      body: "not gzip at all",
    });
    expect((await call(forged)).status).toBe(401);
  });

  it.each([
    ["empty", ""],
    ["invalid UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ["nested a thousand deep", `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`],
    ["truncated", '{"type":"customer.updated","data":{"id":"1"'],
  ])("a genuine body that is %s is kept, with the reader's words", async (_case, body) => {
    const response = await call(signed("custom", { body }));
    expect(response.status).toBe(202);
    const answer = await response.json<{ id: string; status: string }>();
    expect(answer.status).toBe("quarantined");
    const event = await eventually(answer.id);
    expect(event.reason?.length).toBeGreaterThan(10);
  });

  it("a body with a name twice is read one way only, and its bytes are kept", async () => {
    destinations();
    const body = `{"eventId":"D-1","type":"customer.updated","data":{"id":"first","id":"second","name":"N","updatedAt":"${new Date().toISOString()}"}}`;
    const response = await call(signed("custom", { body }));
    const id = response.headers.get("x-signalbox-event-id") ?? "";
    expect(await eventually(id)).toMatchObject({ entity: { key: "second" } });
    expect(await (await ops(`/events/${id}/raw`)).text()).toBe(body);
  });
});
