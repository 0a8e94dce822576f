import { describe, expect, it } from "vitest";
import { fillSample, signRequest } from "../../sandbox/sign.ts";
import { newSecret } from "../../sandbox/sign/secrets.ts";
import type { HmacScheme, JwtScheme, Verification } from "../../src/verification/define.ts";
import { needsSecret, verdictOf } from "../../src/verification/index.ts";
import { NOW_MS, URL_TEXT, bytes, prove, secretFor, signedFor } from "./support.ts";

const hmac: HmacScheme = {
  kind: "hmac",
  header: "x-signature",
  form: { type: "bare" },
  algorithm: "SHA-256",
  encoding: "hex",
  secretEncoding: "utf8",
  template: "{body}",
  windowMs: 300_000,
};
const jwt: JwtScheme = {
  kind: "jwt",
  header: "authorization",
  prefix: "Bearer ",
  issuer: "https://erp.example.test",
  audience: "https://edge.example.test",
  algorithms: ["ES256"],
  maxLifetimeSeconds: 3_600,
  skewSeconds: 60,
};
const basic: Verification = { kind: "basic" };
const token: Verification = { kind: "queryToken", parameter: "token" };
const ranges: Verification = { kind: "ipRanges", ranges: ["192.0.2.0/24", "2001:db8::/32"] };

const KINDS: Readonly<Record<string, Verification>> = {
  "an HMAC with the body in the midst": {
    ...hmac,
    template: "{method}\n{host}{path}?{query}\n{url}\n{id}.{timestamp}.{header:content-type}:{body}:end",
    idHeader: "x-id",
    timestamp: { header: "x-time", format: "iso" },
  },
  "an HMAC with a hex secret": {
    ...hmac,
    secretEncoding: "hex",
    form: { type: "pairs", timestamp: "t", signature: "v1" },
    template: "{timestamp}{body}",
  },
  "a hash": { ...hmac, construction: "hash", template: "{secret}{method}{url}{body}" },
  "Standard Webhooks": { kind: "standardWebhooks", windowMs: 300_000 },
  Twilio: { kind: "twilio" },
  "a token": jwt,
  "a token with the body's hash": { ...jwt, bodyHash: { claim: "hash", encoding: "hex" } },
  "a token with a shared secret": { ...jwt, algorithms: ["HS512"] },
  "a signed body": { kind: "jws", algorithms: ["RS256"] },
  "a detached signature": { kind: "jws", algorithms: ["ES384"], detachedHeader: "x-jws" },
  "an HTTP signature": {
    kind: "httpSignature",
    algorithm: "ed25519",
    keyEncoding: "utf8",
    components: ["@method", "@authority", "@path", "@query", '@query-param;name="tenant"', "content-type", "content-digest"],
    windowMs: 300_000,
  },
  "a token in the URL": token,
  "a token in a header": { kind: "headerToken", header: "x-api-key", prefix: "" },
  "Basic authentication": basic,
  "a client certificate": { kind: "clientCertificate", fingerprints: ["AB:".repeat(31) + "AB"], subject: "CN=sender" },
  "an address": ranges,
  nothing: { kind: "none" },
  "the first of two": { kind: "anyOf", of: [jwt, basic] },
  "an address and Basic authentication": { kind: "allOf", of: [ranges, basic] },
  "an address and a token": { kind: "allOf", of: [ranges, jwt] },
  "an HMAC over the URL, in which there is a token": { kind: "allOf", of: [{ ...hmac, template: "{url}{body}" }, token] },
  "an HMAC over a signed body": { kind: "allOf", of: [hmac, { kind: "jws", algorithms: ["HS256"] }] },
  "an encoded secret, and two that take any": {
    kind: "allOf",
    of: [hmac, { ...hmac, header: "x-other", secretEncoding: "base64" }, { kind: "headerToken", header: "x-key", prefix: "" }],
  },
};

describe.each(Object.entries(KINDS))("%s", (_name, verification) => {
  const [body, headers, query] = [bytes('{"name":"Größe"}'), { "content-type": "application/json" }, "?tenant=acme"];

  it("is proven as the sandbox signs it, with the secret that it makes", async () => {
    const signed = signedFor(verification, body, { headers, query });
    const proof = await prove({ verification, body, signed, headers });
    expect(proof).toMatchObject({
      ok: true,
      value: { verdict: verdictOf(verification), ...(needsSecret(verification) ? { secretId: expect.any(String) } : {}) },
    });
  });

  if (needsSecret(verification))
    it("is refused with another's secret", async () => {
      const signed = signedFor(verification, body, { headers, query, seed: "second" });
      expect((await prove({ verification, body, signed, headers })).ok).toBe(false);
    });

  it("has one secret for each seed", () => {
    expect(secretFor(verification, "one")).toBe(secretFor(verification, "one"));
    expect(secretFor(verification, "one")).not.toBe(secretFor(verification, "two"));
  });
});

it("different checks may be made with different secrets", async () => {
  const verification: Verification = { kind: "allOf", of: [jwt, basic] };
  const pair = newSecret(jwt, "first");
  const signed = signRequest({
    verification: { kind: "allOf", of: [{ ...jwt, header: "x-token", prefix: "" }, basic] },
    secret: pair.signingKey ?? "",
    secrets: { basic: "user:password" },
    body: "{}",
    nowMs: NOW_MS,
    url: URL_TEXT,
  });
  const secrets = [
    { id: "J", value: pair.secret, for: "jwt" as const },
    { id: "B", value: "user:password", for: "basic" as const },
  ];
  const both: Verification = { ...verification, of: [{ ...jwt, header: "x-token", prefix: "" }, basic] };
  expect(await prove({ verification: both, body: bytes("{}"), signed, secrets })).toMatchObject({ ok: true, value: { secretId: "J" } });
});

it("the secret stands in a sample's body where its sender puts it", () => {
  const fill = { nowMs: NOW_MS, id: "1", secret: "s$&cret" };
  expect(fillSample('{"a":"{secret}","b":"{id}","c":{now:s},"d":"{other}"}', fill)).toBe(
    `{"a":"s$&cret","b":"1","c":${NOW_MS / 1000},"d":"{other}"}`,
  );
});
