import { createHash } from "node:crypto";
import { createSigner, httpbis } from "http-message-signatures";
import { CompactSign, SignJWT, exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { object, text } from "../../src/domain/mapping.ts";
import type { Sample } from "../../src/sources/define.ts";
import { custom } from "../../src/sources/custom.ts";
import type { Verification } from "../../src/verification/define.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove, type Read } from "./support.ts";

const verificationFor = (authentication: unknown): Verification => custom.verification(custom.settings.parse({ authentication }));

describe("the jose package", () => {
  const keys = generateKeyPair("ES256", { extractable: true });
  const jwks = async () =>
    JSON.stringify({ keys: [{ ...(await exportJWK((await keys).publicKey)), kid: "k1", alg: "ES256", use: "sig" }] });

  it("makes tokens with the body's hash that we prove, for that body alone", async () => {
    const body = '{"name":"Größe 東京"}';
    const verification = verificationFor({
      type: "jwt",
      issuer: "https://id.acme.example",
      audience: "signalbox",
      bodyHash: { claim: "hash" },
    });
    const token = await new SignJWT({ hash: createHash("sha256").update(body).digest("base64url") })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setIssuer("https://id.acme.example")
      .setAudience("signalbox")
      .setIssuedAt(NOW_MS / 1000)
      .setExpirationTime(NOW_MS / 1000 + 300)
      .sign((await keys).privateKey);
    const signed = { url: URL_TEXT, headers: { authorization: `Bearer ${token}` } };
    const secrets = [{ id: "J", value: await jwks() }];
    expect(await prove({ verification, body: bytes(body), signed, secrets })).toMatchObject({ ok: true, value: { verdict: "verified" } });
    expect((await prove({ verification, body: bytes(`${body} `), signed, secrets })).ok).toBe(false);
  });

  it("wraps bodies that we unwrap", async () => {
    const wrapped = bytes(
      await new CompactSign(bytes('{"a":1}')).setProtectedHeader({ alg: "ES256", kid: "k1" }).sign((await keys).privateKey),
    );
    const proof = await prove({
      verification: verificationFor({ type: "jws" }),
      body: wrapped,
      signed: { url: URL_TEXT, headers: {} },
      secrets: [{ id: "J", value: await jwks() }],
    });
    expect(proof.ok && new TextDecoder().decode(proof.value.payload)).toBe('{"a":1}');
  });
});

it("proves what the http-message-signatures package signs", async () => {
  const body = '{"name":"Größe"}';
  const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  const { headers } = await httpbis.signMessage(
    {
      key: createSigner("shared key", "hmac-sha256", "k1"),
      fields: ["@method", "@target-uri", "content-digest"],
      params: ["created", "keyid", "alg"],
      paramValues: { created: new Date(NOW_MS) },
    },
    { method: "POST", url: URL_TEXT, headers: { "content-digest": digest } },
  );
  const given = {
    verification: verificationFor({ type: "httpSignature", algorithm: "hmac-sha256" }),
    signed: { url: URL_TEXT, headers },
    secrets: [{ id: "H", value: "shared key" }],
  };
  expect(await prove({ ...given, body: bytes(body) })).toMatchObject({ ok: true, value: { verdict: "verified", timestampMs: NOW_MS } });
  expect((await prove({ ...given, body: bytes(`${body} `) })).ok).toBe(false);
});

describe("the settings", () => {
  const failureOf = (settings: object): string => JSON.stringify(custom.settings.safeParse(settings).error?.issues ?? null);

  it("must say how the service proves itself: one way, or several that must all hold", () => {
    expect(failureOf({})).toContain("authentication");
    expect(failureOf({ authentication: { type: "none" } })).toBe("null");
    const several = [{ type: "basic" }, { type: "ipRanges", ranges: ["192.0.2.0/24"] }];
    expect(verificationFor(several)).toEqual({ kind: "allOf", of: [{ kind: "basic" }, { kind: "ipRanges", ranges: ["192.0.2.0/24"] }] });
  });

  it.each(["zoom", "asana"])("take the question of %s only from a sender that signs", (handshake) => {
    expect(failureOf({ authentication: { type: "basic" }, handshake })).toContain("authentication must be hmac");
    expect(failureOf({ authentication: [{ type: "basic" }, { type: "hmac", header: "x-sign" }], handshake })).toBe("null");
  });

  it.each([
    ["hub", { kind: "hubChallenge" }],
    ["zoom", { kind: "signedChallenge", typeAt: "event", type: "endpoint.url_validation", tokenAt: "payload.plainToken" }],
    ["okta", { kind: "headerChallenge", header: "x-okta-verification-challenge", member: "verification" }],
    ["asana", { kind: "hookSecret", header: "x-hook-secret" }],
    ["validationToken", { kind: "validationToken", parameter: "validationToken" }],
    ["probe", { kind: "probe" }],
  ])("name the question of %s", (handshake, expected) => {
    const settings = custom.settings.parse({ authentication: { type: "hmac", header: "x-sign" }, handshake });
    expect(custom.handshakes?.(settings)).toEqual([expected]);
    expect(custom.handshakes?.(custom.settings.parse({ authentication: { type: "basic" } }))).toEqual([]);
  });
});

const OBJECTS: Sample["objects"] = { customer: object("customer", "id", { name: text("name"), number: text("number") }) };
const decode = (body: string, settings: object, read: Read = {}) =>
  decodeWith(
    custom,
    liveFor(custom, { settings: { authentication: { type: "basic" }, ...settings }, objects: OBJECTS }),
    bytes(body),
    read,
  );

describe("a document", () => {
  it("has its delivery id in a path or in a header", () => {
    const body = '{"eventId":900719925474099312,"type":"customer.updated","data":{"id":"C-1"}}';
    const idOf = (settings: object, headers: Read["headers"] = {}) => itemsOf(decode(body, settings, { headers }))[0]?.deliveryId;
    expect(idOf({ deliveryId: { path: "eventId" } })).toBe("900719925474099312");
    expect(idOf({ deliveryId: { header: "x-request-id" } }, { "x-request-id": "r-1" })).toBe("r-1");
    expect([idOf({}), idOf({ deliveryId: { header: "x-request-id" } }), idOf({ deliveryId: { path: "nowhere" } })]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it("may be the record itself, without losing a digit or a field", () => {
    const body = '{"event":"customer.updated","id":900719925474099312,"name":"Größe","number":"00420","$":"its own"}';
    const [item] = itemsOf(decode(body, { type: "event", record: "$" }));
    expect(item).toMatchObject({ type: "customer.updated", entity: { key: "900719925474099312" } });
    expect(item?.entity.data).toEqual({ name: "Größe", number: "00420", extra: { event: "customer.updated", $: "its own" } });
  });

  it("may be a form, in which a field that comes twice is a list", () => {
    const [item] = itemsOf(
      decode("event=customer.updated&id=C-1&number=00420&tag=a&tag=b", { format: "form", type: "event", record: "$" }),
    );
    expect(item?.entity).toMatchObject({ key: "C-1", data: { number: "00420", extra: { tag: ["a", "b"] } } });
  });

  it.each([
    ["a form with a broken escape", "event=customer.updated&id=%", { format: "form", type: "event", record: "$" }],
    ["a form that is JSON", '{"event":"customer.updated"}', { format: "form", type: "event", record: "$" }],
    ["JSON that is a list", "[]", { record: "$" }],
    ["JSON that is broken", "{", { record: "$" }],
    ["no record where it is said to be", '{"type":"customer.updated"}', {}],
  ])("that is %s is unintelligible", (_what, body, settings) => {
    expect(decode(body, settings)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});
