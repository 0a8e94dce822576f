import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { Connection, Delivery, RequestSpec } from "../../../src/destinations/define.ts";
import { http, requestOf } from "../../../src/destinations/http/index.ts";
import { Settings } from "../../../src/destinations/http/settings.ts";
import { hmacShape, hmacVerification } from "../../../src/verification/hmac-settings.ts";
import { verifyHmac } from "../../../src/verification/hmac.ts";
import { NOW_MS, SIGNING_SECRET, delivery } from "./samples.ts";

const connected = (settings: unknown = {}, secrets: Readonly<Record<string, string>> = { signing: SIGNING_SECRET }) => ({
  baseUrl: "https://hooks.example.com/base/",
  settings: Settings.parse(settings),
  secrets,
});
const connection = connected();

async function made(sent: Delivery, to: Connection<Settings> = connection): Promise<RequestSpec> {
  const request = await requestOf(sent, to);
  if (!request.ok) throw new Error(request.failure.detail);
  return request.value;
}

/** The oracle compares with the real clock. */
const now = { nowMs: Date.now() };

describe("the http destination", () => {
  it("signs what the official library verifies, and one changed byte does not", async () => {
    const { body = "", headers } = await made(delivery(now));
    const oracle = new Webhook(SIGNING_SECRET);
    expect(oracle.verify(body, headers)).toMatchObject({ type: "opportunity.changed" });
    expect(() => oracle.verify(body.replace("1200.50", "1200.51"), headers)).toThrow("No matching signature");
    expect(() => oracle.verify(body, { ...headers, "webhook-id": "other" })).toThrow("No matching signature");
  });

  it("signs alike with and without the secret's prefix", async () => {
    const bare = { ...connection, secrets: { signing: SIGNING_SECRET.slice("whsec_".length) } };
    const [left, right] = await Promise.all([made(delivery()), made(delivery(), bare)]);
    expect(left.headers["webhook-signature"]).toBe(right.headers["webhook-signature"]);
  });

  it.each([{}, { signing: "" }, { signing: "whsec_not base64!" }])(
    "refuses to sign with %j, and does not tell the secret",
    async (secrets) => {
      expect(await requestOf(delivery(), connected({}, secrets as Record<string, string>))).toEqual({
        ok: false,
        failure: { kind: "failed", class: "config", detail: 'the secret "signing" must be whsec_ and base64' },
      });
    },
  );

  it("sends the entity with what identifies it, which no field of the entity can override", async () => {
    const forged = delivery({ data: { name: "Acme", kind: "invoice", key: "other", eventId: "evt_other" } });
    const { body = "" } = await made(forged);
    expect(JSON.parse(body)).toEqual({
      type: "opportunity.changed",
      timestamp: new Date(NOW_MS - 5000).toISOString(),
      data: {
        name: "Acme",
        kind: "opportunity",
        key: "006Ab00000XyZ",
        occurredAt: new Date(NOW_MS - 5000).toISOString(),
        source: "acme-crm",
        eventId: "evt_01JDFW5T8Q0000000000000000AA",
      },
    });
  });

  it("says deleted of a deletion, and the time of receipt where the sender gives none", async () => {
    const { body = "" } = await made(delivery({ deleted: true, occurredAtMs: null }));
    const sent: unknown = JSON.parse(body);
    expect(sent).toMatchObject({
      type: "opportunity.deleted",
      timestamp: new Date(NOW_MS - 4000).toISOString(),
      data: { occurredAt: null },
    });
  });

  it.each([
    ["https://h.example.com", undefined, "https://h.example.com/"],
    ["https://h.example.com", "/in", "https://h.example.com/in"],
    ["https://h.example.com/a/", "/in", "https://h.example.com/a/in"],
    ["https://h.example.com/a?tenant=1", "/in", "https://h.example.com/a/in?tenant=1"],
    ["https://h.example.com", "//other.example.com/in", "https://h.example.com//other.example.com/in"],
    ["https://h.example.com", "/@other.example.com", "https://h.example.com/@other.example.com"],
  ] as const)("posts to %s with path %s at %s", async (baseUrl, path, expected) => {
    const request = await made(delivery(), { ...connected(path === undefined ? {} : { path }), baseUrl });
    expect(request.url).toBe(expected);
  });

  it.each([
    { path: "in" },
    { path: "/in?x=1" },
    { headers: { "Webhook-Signature": "v1,forged" } },
    { headers: { Authorization: "Bearer secret" } },
    { headers: { "bad name": "x" } },
    { headers: { "x-split": "a\r\nb: c" } },
    { headers: { "x-a": "1", "X-A": "2" } },
    { headers: { "x-key": "1" }, authentication: { type: "apiKey", header: "X-Key" } },
    { authentication: { type: "apiKey", header: "content-type" } },
    { authentication: { type: "basic", user: "a:b" } },
    { authentication: { type: "oauth", clientId: "c", tokenUrl: "file:///etc/passwd" } },
    { signature: { type: "hmac", header: "Idempotency-Key" } },
    { signature: { type: "hmac", header: "x-signature", template: "{timestamp}.{body}" } },
    { signature: { type: "hmac", header: "x-signature", toleranceSeconds: 5 } },
    { retries: 3 },
  ])("refuses the settings %j", (settings) => expect(http.settings.safeParse(settings).success).toBe(false));

  it.each([
    [{}, ["signing"]],
    [{ format: "json" }, []],
    [{ format: "json", signature: { type: "standardWebhooks" } }, ["signing"]],
    [{ authentication: { type: "bearer" } }, ["signing", "token"]],
    [{ signature: { type: "none" }, authentication: { type: "basic", user: "u" } }, ["password"]],
    [{ format: "json", authentication: { type: "oauth", tokenUrl: "https://id.example.com/token", clientId: "c" } }, ["clientSecret"]],
  ])("with the settings %j, asks for the secrets %j", (settings, names) =>
    expect(http.secretNames(http.settings.parse(settings))).toEqual(names),
  );

  it("puts kind and key into the path, so that neither can leave it", async () => {
    const to = connected({ path: "/records/{kind}/{key}", method: "PUT", deletionMethod: "DELETE" });
    const request = await made(delivery({ entity: { kind: "order", key: "a/../$& ü", schemaVersion: 1 } }), to);
    expect([request.method, request.url]).toEqual(["PUT", "https://hooks.example.com/base/records/order/a%2F..%2F%24%26%20%C3%BC"]);
    expect((await made(delivery({ deleted: true }), to)).method).toBe("DELETE");
    const dots = await requestOf(delivery({ entity: { kind: "order", key: "..", schemaVersion: 1 } }), to);
    expect(dots).toMatchObject({ ok: false, failure: { class: "business", fields: [{ field: "key" }] } });
  });
});

const TEXT_SECRET = "a secret of the receiver's own choice";

/** Every way to put time, id and signature into headers that a source of ours can be configured to read. */
const SCHEMES = fc.record({
  alg: fc.constantFrom("SHA-256", "SHA-512", "SHA-1"),
  encoding: fc.constantFrom("hex", "base64", "base64url"),
  timestampFormat: fc.constantFrom("s", "ms", "iso"),
  place: fc.constantFrom(
    { template: "{body}" },
    { prefix: "sha256=", template: "{method} {path} {host} {header:content-type}|{body}" },
    { timestampHeader: "X-Time", template: "{timestamp}.{body}" },
    { pairs: { timestamp: "t", signature: "v1" }, template: "{timestamp}.{body}" },
    { idHeader: "x-id", timestampHeader: "x-time", template: "{id}:{timestamp}:{body}" },
    { template: "{url} {query}|{body}" },
  ),
});

describe("a signature of the receiver's own", () => {
  it("is proven by the verifier of a source with the same words, and one changed byte is not", async () => {
    await fc.assert(
      fc.asyncProperty(SCHEMES, fc.array(fc.nat(0xffff), { maxLength: 50 }), async ({ place, ...scheme }, codes) => {
        const words = { header: "X-Signature", ...scheme, ...place };
        const to = connected({ format: "json", signature: { type: "hmac", ...words } }, { signing: TEXT_SECRET });
        const request = await made(delivery({ data: { name: String.fromCharCode(...codes) }, idempotencyKey: "sb_1" }), to);
        const verify = (body: string) =>
          verifyHmac(
            {
              method: request.method,
              url: new URL(request.url),
              headers: new Headers(request.headers),
              body: new TextEncoder().encode(body),
              secrets: [{ id: "S", value: TEXT_SECRET }],
              nowMs: NOW_MS,
            } as unknown as Parameters<typeof verifyHmac>[0],
            hmacVerification(z.object(hmacShape).parse(words)),
          );
        expect(await verify(request.body ?? "")).toMatchObject({ ok: true, value: { verdict: "verified" } });
        expect(await verify(`${request.body} `)).toMatchObject({ ok: false });
      }),
      { numRuns: 60 },
    );
  });

  it("says which form its secret must have", async () => {
    const to = connected({ format: "json", signature: { type: "hmac", header: "x-s", secretEncoding: "hex" } }, { signing: "not hex" });
    expect(await requestOf(delivery(), to)).toMatchObject({
      ok: false,
      failure: { class: "config", detail: 'the secret "signing" must be hex, and not empty' },
    });
  });
});
