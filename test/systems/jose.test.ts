import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import fc from "fast-check";
import {
  CompactSign,
  FlattenedSign,
  SignJWT,
  compactVerify,
  createLocalJWKSet,
  flattenedVerify,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from "jose";
import { describe, expect, it } from "vitest";
import { newSecret } from "../../sandbox/sign/secrets.ts";
import { signRequest } from "../../sandbox/sign.ts";
import { REJECTION_REASONS } from "../../src/domain/failure.ts";
import { fail, ok } from "../../src/domain/result.ts";
import {
  JOSE_ALGORITHMS,
  type JoseAlgorithm,
  type JwsScheme,
  type JwtScheme,
  type KeySets,
  type LiveSecret,
} from "../../src/verification/define.ts";
import { verifyJws, verifyJwt } from "../../src/verification/jose.ts";
import { NOW_MS, URL_TEXT, bytes } from "./support.ts";

const ISSUER = "https://erp.example.test";
const AUDIENCE = "https://edge.example.test";
const BODY = '{"name":"Größe 東京 🚂"}';
const NOW_S = NOW_MS / 1000;
const NO_SETS: KeySets = { keyFor: () => Promise.resolve(fail("keys_unavailable")) };

const jwtOf = (changes: Partial<JwtScheme> = {}): JwtScheme => ({
  kind: "jwt",
  header: "authorization",
  prefix: "Bearer ",
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["ES256"],
  maxLifetimeSeconds: 3_600,
  skewSeconds: 60,
  ...changes,
});
const jwsOf = (changes: Partial<JwsScheme> = {}): JwsScheme => ({ kind: "jws", algorithms: ["ES256"], ...changes });

interface Sent {
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: string | Uint8Array;
  readonly nowMs?: number;
  readonly secrets?: readonly LiveSecret[];
  readonly keySets?: KeySets;
}

const request = (scheme: JwtScheme | JwsScheme, { headers = {}, body = BODY, nowMs = NOW_MS, secrets = [] }: Sent) => ({
  verification: scheme,
  secrets,
  body: typeof body === "string" ? bytes(body) : body,
  method: "POST",
  headers: new Headers(headers),
  url: new URL(URL_TEXT),
  clientCertificate: null,
  nowMs,
});
const refused = (failure: string) => ({ ok: false, failure });

interface Pair {
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

function pairOf(alg: JoseAlgorithm, more: Readonly<Record<string, unknown>> = { kid: "k1", alg, use: "sig" }): Pair {
  const { publicKey, privateKey } =
    alg === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : alg.startsWith("ES")
        ? generateKeyPairSync("ec", { namedCurve: alg === "ES384" ? "P-384" : "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { privateKey, jwk: { ...publicKey.export({ format: "jwk" }), ...more } };
}

const ec = pairOf("ES256");
const secretOf = (...pairs: readonly Pair[]): LiveSecret => ({ id: "A", value: JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }) });
const SECRET = secretOf(ec);

const CLAIMS = { iss: ISSUER, aud: AUDIENCE, iat: NOW_S, exp: NOW_S + 300, jti: "evt-1" };

interface Made {
  readonly claims?: JWTPayload;
  readonly key?: KeyObject | Uint8Array;
  readonly header?: Readonly<Record<string, unknown>> & { readonly alg: string };
}

/** A token by jose's own signer. */
const tokenOf = ({ claims = CLAIMS, key = ec.privateKey, header = { alg: "ES256", kid: "k1" } }: Made = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader(header).sign(key);

const without = (name: keyof typeof CLAIMS): JWTPayload => Object.fromEntries(Object.entries(CLAIMS).filter(([claim]) => claim !== name));
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

const proveToken = async (made: Made | string, { scheme = jwtOf(), ...sent }: Sent & { readonly scheme?: JwtScheme } = {}) =>
  verifyJwt(
    request(scheme, { secrets: [SECRET], headers: bearer(typeof made === "string" ? made : await tokenOf(made)), ...sent }),
    scheme,
    sent.keySets ?? NO_SETS,
  );

describe("a token", () => {
  it("proves its sender and not the body, with its id and time", async () => {
    const value = { verdict: "authenticated", secretId: "A", timestampMs: NOW_MS, deliveryId: "evt-1" };
    expect(await proveToken({})).toEqual({ ok: true, value });
    expect(await proveToken({ claims: without("jti") })).toEqual({ ok: true, value: { ...value, deliveryId: null } });
    expect(await proveToken({ claims: { ...CLAIMS, aud: ["https://other.test", AUDIENCE] } })).toMatchObject({ ok: true });
    expect(await proveToken({ claims: { ...CLAIMS, jti: "a b" } })).toEqual({ ok: true, value: { ...value, deliveryId: null } });
    expect(await proveToken({ claims: { ...CLAIMS, iat: NOW_S - 0.5 } })).toMatchObject({ ok: true, value: { timestampMs: NOW_MS - 500 } });
  });

  it("is read from the header that the source names, behind its prefix", async () => {
    const scheme = jwtOf({ header: "x-token", prefix: "" });
    const token = await tokenOf();
    expect(await proveToken(token, { scheme, headers: { "x-token": token } })).toMatchObject({ ok: true });
    expect(await proveToken(token, { headers: { authorization: `bearer ${token}` } })).toMatchObject({ ok: true });
    expect(await proveToken(token, { headers: {} })).toEqual(refused("token_missing"));
    expect(await proveToken(token, { headers: { authorization: "" } })).toEqual(refused("token_missing"));
    expect(await proveToken(token, { headers: { authorization: `Basic ${token}` } })).toEqual(refused("token_mismatch"));
    const twice = new Headers([
      ["authorization", `Bearer ${token}`],
      ["authorization", `Bearer ${token}`],
    ]);
    expect(await proveToken(token, { headers: twice })).toEqual(refused("duplicate_header"));
  });

  it.each([
    ["issuer is another", { ...CLAIMS, iss: `${ISSUER}/` }],
    ["issuer is in a list", { ...CLAIMS, iss: [ISSUER] as unknown as string }],
    ["issuer is missing", without("iss")],
    ["audience is another", { ...CLAIMS, aud: "https://edge.example.test.evil" }],
    ["audience is missing", without("aud")],
    ["end is missing", without("exp")],
    ["beginning is missing", without("iat")],
    ["end is text", { ...CLAIMS, exp: String(NOW_S + 300) as unknown as number }],
    ["beginning is text", { ...CLAIMS, iat: String(NOW_S) as unknown as number }],
    ["life is longer than the source allows", { ...CLAIMS, exp: NOW_S + 3_601 }],
    ["life is longer, counted from a past beginning", { ...CLAIMS, iat: NOW_S - 3_500, exp: NOW_S + 200 }],
  ])("is refused when its %s", async (_what, claims) => {
    expect(await proveToken({ claims })).toEqual(refused("token_claims"));
  });

  it("may be off by the skew at either end of its life, and no second more", async () => {
    expect(await proveToken({ claims: { ...CLAIMS, iat: NOW_S - 600, exp: NOW_S - 59 } })).toMatchObject({ ok: true });
    expect(await proveToken({ claims: { ...CLAIMS, iat: NOW_S - 600, exp: NOW_S - 60 } })).toEqual(refused("token_expired"));
    expect(await proveToken({ claims: { ...CLAIMS, iat: NOW_S + 60, exp: NOW_S + 90 } })).toMatchObject({ ok: true });
    expect(await proveToken({ claims: { ...CLAIMS, iat: NOW_S + 61, exp: NOW_S + 90 } })).toEqual(refused("future"));
    expect(await proveToken({ claims: { ...CLAIMS, nbf: NOW_S + 60 } })).toMatchObject({ ok: true });
    expect(await proveToken({ claims: { ...CLAIMS, nbf: NOW_S + 61 } })).toEqual(refused("future"));
    expect(await proveToken({ claims: { ...CLAIMS, exp: NOW_S + 3_600 } })).toMatchObject({ ok: true });
  });

  it("is refused where the source names no issuer or audience, since any would do", async () => {
    expect(await proveToken({}, { scheme: jwtOf({ issuer: "" }) })).toEqual(refused("misconfigured"));
    expect(await proveToken({}, { scheme: jwtOf({ audience: "" }) })).toEqual(refused("misconfigured"));
  });

  it("with numbers beyond all bounds is refused", async () => {
    const part = (text: string): string => Buffer.from(text).toString("base64url");
    for (const claims of [`"iat":-1e400,"exp":${NOW_S + 10}`, `"iat":${NOW_S},"exp":1e400`, `"iat":1e400,"exp":1e400`]) {
      const { signature } = await new FlattenedSign(bytes(`{"iss":"${ISSUER}","aud":"${AUDIENCE}",${claims}}`))
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .sign(ec.privateKey);
      const token = `${part('{"alg":"ES256","kid":"k1"}')}.${part(`{"iss":"${ISSUER}","aud":"${AUDIENCE}",${claims}}`)}.${signature}`;
      expect((await proveToken(token)).ok, claims).toBe(false);
    }
  });
});

describe("a token with the body's hash", () => {
  const scheme = jwtOf({ bodyHash: { claim: "body_sha256", encoding: "base64url" } });
  const hash = (encoding: "hex" | "base64" | "base64url"): string => createHash("sha256").update(BODY).digest(encoding);
  const claims = { ...CLAIMS, body_sha256: hash("base64url") };

  it("proves the body", async () => {
    expect(await proveToken({ claims }, { scheme })).toMatchObject({ ok: true, value: { verdict: "verified" } });
    for (const encoding of ["hex", "base64"] as const)
      expect(
        await proveToken({ claims: { ...CLAIMS, h: hash(encoding) } }, { scheme: jwtOf({ bodyHash: { claim: "h", encoding } }) }),
      ).toMatchObject({ ok: true });
  });

  it("is refused for any other body, and when it holds no hash that could be one", async () => {
    for (const body of [`${BODY} `, BODY.slice(1), "", BODY.replace("ö", "o")])
      expect(await proveToken({ claims }, { scheme, body })).toEqual(refused("digest_mismatch"));
    expect(await proveToken({ claims: { ...CLAIMS, body_sha256: hash("base64url").slice(0, -4) } }, { scheme })).toEqual(
      refused("digest_mismatch"),
    );
    for (const claim of [undefined, null, 1, "", "!", hash("base64"), [hash("base64url")]])
      expect((await proveToken({ claims: { ...CLAIMS, body_sha256: claim } }, { scheme })).ok).toBe(false);
  });
});

describe("the algorithm", () => {
  it.each(JOSE_ALGORITHMS.filter((alg) => !alg.startsWith("HS")))(
    "%s is proven with its key, as jose signs it, and as the sandbox does",
    async (alg) => {
      const scheme = jwtOf({ algorithms: [alg] });
      const pair = pairOf(alg);
      const made = { key: pair.privateKey, header: { alg, kid: "k1" } };
      expect(await proveToken(made, { scheme, secrets: [secretOf(pair)] })).toMatchObject({ ok: true });
      expect(await proveToken(made, { scheme, secrets: [secretOf(pairOf(alg))] })).toEqual(refused("signature_mismatch"));
      const { secret, signingKey = "" } = newSecret(scheme, "first");
      const { headers } = signRequest({
        verification: scheme,
        secret: signingKey,
        body: BODY,
        nowMs: NOW_MS,
        url: URL_TEXT,
        deliveryId: "evt-1",
      });
      expect(await proveToken("", { scheme, headers, secrets: [{ id: "A", value: secret }] })).toMatchObject({
        ok: true,
        value: { deliveryId: "evt-1" },
      });
      const set = createLocalJWKSet(JSON.parse(secret) as JSONWebKeySet);
      const checks = { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg], currentDate: new Date(NOW_MS) };
      await expect(jwtVerify(headers["authorization"]?.slice("Bearer ".length) ?? "", set, checks)).resolves.toMatchObject({
        payload: { jti: "evt-1" },
      });
    },
  );

  it.each(["HS256", "HS512"] as const)("%s is proven with a shared text", async (alg) => {
    const scheme = jwtOf({ algorithms: [alg] });
    const value = "shared text, größer als nötig".repeat(3);
    const token = await tokenOf({ key: bytes(value), header: { alg } });
    expect(await proveToken(token, { scheme, secrets: [{ id: "S", value }] })).toMatchObject({ ok: true, value: { secretId: "S" } });
    expect(await proveToken(token, { scheme, secrets: [{ id: "S", value: `${value}x` }] })).toEqual(refused("signature_mismatch"));
    expect(await proveToken(token, { scheme, secrets: [{ id: "S", value: "" }] })).toEqual(refused("misconfigured"));
    const { headers } = signRequest({ verification: scheme, secret: value, body: BODY, nowMs: NOW_MS, url: URL_TEXT });
    expect(await proveToken("", { scheme, headers, secrets: [{ id: "S", value }] })).toMatchObject({ ok: true });
  });

  it("is pinned by the source: none, or another's, is refused before any key is looked at", async () => {
    const [, payload = ""] = (await tokenOf()).split(".");
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const header of [{ alg: "none" }, { alg: "None" }, {}, { alg: ["ES256"] }, { alg: "es256" }, { alg: "RS256" }]) {
      expect(await proveToken(`${part(header)}.${payload}.${"A".repeat(86)}`)).toEqual(refused("algorithm_not_allowed"));
    }
    expect((await proveToken(`${part({ alg: "none" })}.${payload}.`)).ok).toBe(false);
    const other = pairOf("RS256");
    expect(await proveToken({ key: other.privateKey, header: { alg: "RS256", kid: "k1" } }, { secrets: [secretOf(other)] })).toEqual(
      refused("algorithm_not_allowed"),
    );
  });

  it("never takes the text of a public key for a shared secret", async () => {
    const scheme = jwtOf({ algorithms: ["ES256", "RS256", "HS256"] });
    const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "pem", type: "spki" }).toString();
    for (const [value, failure] of [
      [SECRET.value, "key_unknown"],
      [JSON.stringify(ec.jwk), "key_unknown"],
      [`  ${JSON.stringify(ec.jwk, null, 2)}`, "key_unknown"],
      [JSON.stringify([ec.jwk]), "misconfigured"],
      [pem, "misconfigured"],
      [pem.trim(), "misconfigured"],
    ] as const) {
      const made = { key: bytes(value), header: { alg: "HS256" } };
      expect(await proveToken(made, { scheme, secrets: [{ id: "A", value }] }), value.slice(0, 40)).toEqual(refused(failure));
    }
    const keySets: KeySets = { keyFor: () => Promise.reject(new Error("must not be asked")) };
    const issuer = jwtOf({ ...scheme, jwksUrl: "https://issuer.test/jwks" });
    expect(await proveToken({ key: bytes("x".repeat(32)), header: { alg: "HS256" } }, { scheme: issuer, keySets })).toEqual(
      refused("algorithm_not_allowed"),
    );
  });
});

describe("keys of a secret", () => {
  it("are a JWK set or one JWK, found by key id where both sides have one", async () => {
    const [first, second] = [pairOf("ES256", { kid: "k0" }), pairOf("ES256", { kid: "k1" })];
    const byId = { key: second.privateKey, header: { alg: "ES256", kid: "k1" } };
    const nameless = { key: second.privateKey, header: { alg: "ES256" } };
    for (const value of [secretOf(first, second).value, JSON.stringify(second.jwk), JSON.stringify({ ...second.jwk, kid: undefined })]) {
      expect(await proveToken(byId, { secrets: [{ id: "A", value }] })).toMatchObject({ ok: true });
      expect(await proveToken(nameless, { secrets: [{ id: "A", value }] })).toMatchObject({ ok: true });
    }
    expect(await proveToken(byId, { secrets: [secretOf(first)] })).toEqual(refused("key_unknown"));
    expect(await proveToken({ ...byId, header: { alg: "ES256", kid: "k0" } }, { secrets: [secretOf(first, second)] })).toEqual(
      refused("signature_mismatch"),
    );
  });

  it("are told by the secret that proved, of several that are live", async () => {
    const old = { id: "old", value: secretOf(pairOf("ES256")).value };
    expect(await proveToken({}, { secrets: [old, SECRET] })).toMatchObject({ ok: true, value: { secretId: "A" } });
    expect(await proveToken({}, { secrets: [old] })).toEqual(refused("signature_mismatch"));
    expect(await proveToken({}, { secrets: [] })).toEqual(refused("misconfigured"));
    expect(await proveToken({}, { secrets: [{ ...SECRET, keyId: "k1" }] })).toMatchObject({ ok: true });
    expect(await proveToken({}, { secrets: [{ ...SECRET, keyId: "k2" }] })).toEqual(refused("key_unknown"));
  });

  it("for another use, type or algorithm are none for this one", async () => {
    for (const more of [{ use: "enc" }, { alg: "ES384" }, { key_ops: ["sign"] }, { key_ops: "verify" }])
      expect(await proveToken({}, { secrets: [{ id: "A", value: JSON.stringify({ ...ec.jwk, ...more }) }] })).toEqual(
        refused("key_unknown"),
      );
    expect(await proveToken({}, { secrets: [secretOf(pairOf("RS256"))] })).toEqual(refused("key_unknown"));
    expect(await proveToken({}, { secrets: [{ id: "A", value: JSON.stringify({ ...ec.jwk, key_ops: ["verify"] }) }] })).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ["nothing", ""],
    ["text", "no key"],
    ["an empty set", '{"keys":[]}'],
    ["a set of something else", '{"keys":[1]}'],
    ["no set", "[1]"],
    ["broken JSON", '{"keys":'],
    ["a key without its numbers", '{"kty":"EC","crv":"P-256"}'],
    ["another curve's", JSON.stringify({ ...generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" }) })],
    ["the private half", JSON.stringify(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }))],
  ])("cannot be %s: misconfigured, and others still work", async (_what, value) => {
    expect(await proveToken({}, { secrets: [{ id: "X", value }] })).toEqual(refused("misconfigured"));
    expect(await proveToken({}, { secrets: [{ id: "X", value }, SECRET] })).toMatchObject({ ok: true, value: { secretId: "A" } });
  });

  it("of RSA are not taken below 2048 bits", async () => {
    const pair = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256" })}.${part(CLAIMS)}`;
    const token = `${text}.${sign("sha256", bytes(text), pair.privateKey).toString("base64url")}`;
    const secrets = [{ id: "A", value: JSON.stringify(pair.publicKey.export({ format: "jwk" })) }];
    expect(await proveToken(token, { scheme: jwtOf({ algorithms: ["RS256"] }), secrets })).toEqual(refused("misconfigured"));
  });
});

describe("keys of an issuer", () => {
  const scheme = jwtOf({ jwksUrl: "https://issuer.test/jwks" });

  it("are asked for at the configured address only, with the token's key id", async () => {
    const asked: unknown[] = [];
    const key = await crypto.subtle.importKey(
      "jwk",
      { ...ec.jwk } as unknown as JsonWebKey,
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["verify"],
    );
    const keySets: KeySets = {
      keyFor: async (url, header) => {
        asked.push([url, header]);
        return ok(key);
      },
    };
    const header = { alg: "ES256", kid: "k1", jku: "https://evil.test/jwks", jwk: pairOf("ES256").jwk, x5u: "https://evil.test/x" };
    expect(await proveToken({ header }, { scheme, secrets: [], keySets })).toMatchObject({ ok: true, value: { secretId: "k1" } });
    expect(await proveToken({ header: { alg: "ES256" } }, { scheme, secrets: [], keySets })).toMatchObject({
      ok: true,
      value: { secretId: "jwks" },
    });
    expect(asked).toEqual([
      ["https://issuer.test/jwks", { alg: "ES256", kid: "k1" }],
      ["https://issuer.test/jwks", { alg: "ES256" }],
    ]);
    expect(await proveToken({ key: pairOf("ES256").privateKey }, { scheme, keySets })).toEqual(refused("signature_mismatch"));
  });

  it("that are unknown or cannot be had are told apart", async () => {
    for (const failure of ["key_unknown", "keys_unavailable"] as const)
      expect(await proveToken({}, { scheme, keySets: { keyFor: () => Promise.resolve(fail(failure)) } })).toEqual(refused(failure));
  });
});

const proveSigned = (scheme: JwsScheme, sent: Sent) =>
  verifyJws(request(scheme, { secrets: [SECRET], ...sent }), scheme, sent.keySets ?? NO_SETS);
const compactOf = (header: Record<string, unknown> & { alg: string } = { alg: "ES256", kid: "k1" }, payload = BODY): Promise<string> =>
  new CompactSign(bytes(payload)).setProtectedHeader(header).sign(ec.privateKey);

describe("a signed body", () => {
  it("is proven, and what it wraps is what gets read", async () => {
    const proof = await proveSigned(jwsOf(), { body: await compactOf() });
    const value = { verdict: "verified", secretId: "A", timestampMs: null, deliveryId: null, payload: bytes(BODY) };
    expect(proof).toEqual({ ok: true, value: { ...value, payload: expect.anything() as unknown } });
    expect(new TextDecoder().decode(proof.ok ? proof.value.payload : undefined)).toBe(BODY);
  });

  it.each(["plain JSON", BODY, "", "a.b", "a.b.c.d", "..", "\u{feff}x.y.z", "é.é.é"])("is refused when it is %s", async (body) => {
    expect(await proveSigned(jwsOf(), { body })).toEqual(refused(body === "" ? "signature_missing" : "signature_malformed"));
  });

  it("is refused with anything around it, without its payload, and when it is not text", async () => {
    const text = await compactOf();
    const [header = "", , signature = ""] = text.split(".");
    for (const body of [`\u{feff}${text}`, `${text}\n`, ` ${text}`, `${text}=`, `${header}..${signature}`])
      expect(await proveSigned(jwsOf(), { body })).toEqual(refused("signature_malformed"));
    expect(await proveSigned(jwsOf(), { body: new Uint8Array([0xff, 0xfe, 0x2e]) })).toEqual(refused("signature_malformed"));
  });

  it("is proven as the sandbox signs it, which jose proves too", async () => {
    for (const algorithms of [["EdDSA"], ["PS256"], ["HS256"]] as const) {
      const scheme = jwsOf({ algorithms: [...algorithms] });
      const { secret, signingKey = secret } = newSecret(scheme, "first");
      const { body = new Uint8Array() } = signRequest({
        verification: scheme,
        secret: signingKey,
        body: BODY,
        nowMs: NOW_MS,
        url: URL_TEXT,
      });
      const proof = await proveSigned(scheme, { body, secrets: [{ id: "A", value: secret }] });
      expect(proof.ok && new TextDecoder().decode(proof.value.payload)).toBe(BODY);
      if (algorithms[0] === "HS256") await expect(compactVerify(body, bytes(secret))).resolves.toBeDefined();
      else await expect(compactVerify(body, createLocalJWKSet(JSON.parse(secret) as JSONWebKeySet))).resolves.toBeDefined();
    }
  });
});

describe("a detached signature", () => {
  const scheme = jwsOf({ detachedHeader: "x-jws-signature" });
  const detachedOf = async (header: Record<string, unknown>, payload: string | Uint8Array = BODY): Promise<string> => {
    const made = await new FlattenedSign(typeof payload === "string" ? bytes(payload) : payload)
      .setProtectedHeader({ alg: "ES256", kid: "k1", ...header })
      .sign(ec.privateKey);
    return `${made.protected}..${made.signature}`;
  };
  const sent = (signature: string): Sent => ({ headers: { "x-jws-signature": signature } });

  it("proves the body as it came, encoded or as plain bytes, and leaves it as it is", async () => {
    for (const header of [{}, { b64: false, crit: ["b64"] }, { b64: true, crit: ["b64"] }]) {
      const signature = await detachedOf(header);
      const value = { verdict: "verified", secretId: "A", timestampMs: null, deliveryId: null };
      expect(await proveSigned(scheme, sent(signature))).toEqual({ ok: true, value });
      expect(await proveSigned(scheme, { ...sent(signature), body: `${BODY} ` })).toEqual(refused("signature_mismatch"));
    }
    const binary = Uint8Array.from({ length: 1_000 }, (_value, at) => at % 256);
    expect(await proveSigned(scheme, { ...sent(await detachedOf({ b64: false, crit: ["b64"] }, binary)), body: binary })).toMatchObject({
      ok: true,
    });
    expect(await proveSigned(scheme, { ...sent(await detachedOf({}, "")), body: "" })).toMatchObject({ ok: true });
  });

  it("is refused where what is critical is not known, or plain bytes are not declared critical", async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [, , signature = ""] = (await detachedOf({})).split(".");
    for (const header of [
      { b64: false },
      { crit: ["exp"], exp: 1 },
      { crit: [] },
      { crit: "b64", b64: false },
      { b64: "no", crit: ["b64"] },
    ])
      expect(await proveSigned(scheme, sent(`${part({ alg: "ES256", kid: "k1", ...header })}..${signature}`))).toEqual(
        refused("signature_malformed"),
      );
  });

  it("is refused when it is missing, given twice, or carries a payload of its own", async () => {
    expect(await proveSigned(scheme, {})).toEqual(refused("signature_missing"));
    expect(await proveSigned(scheme, sent(""))).toEqual(refused("signature_missing"));
    expect(await proveSigned(scheme, sent(await compactOf()))).toEqual(refused("signature_malformed"));
    const signature = await detachedOf({});
    expect(await proveSigned(scheme, sent(`${signature}, ${signature}`))).toEqual(refused("duplicate_header"));
    expect(await proveSigned(scheme, sent("nonsense"))).toEqual(refused("signature_malformed"));
  });

  it("is made by the sandbox as jose proves it", async () => {
    const { secret, signingKey = "" } = newSecret(scheme, "first");
    const made = signRequest({ verification: scheme, secret: signingKey, body: BODY, nowMs: NOW_MS, url: URL_TEXT });
    expect(await proveSigned(scheme, { headers: made.headers, secrets: [{ id: "A", value: secret }] })).toMatchObject({ ok: true });
    const [header = "", , signature = ""] = (made.headers["x-jws-signature"] ?? "").split(".");
    const set = createLocalJWKSet(JSON.parse(secret) as JSONWebKeySet);
    await expect(
      flattenedVerify({ protected: header, payload: Buffer.from(BODY).toString("base64url"), signature }, set),
    ).resolves.toBeDefined();
  });
});

describe("any change", () => {
  const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
  const changed = (text: string, where: number, character: string): string =>
    `${text.slice(0, where % text.length)}${character}${text.slice((where % text.length) + 1)}`;

  it("of one character of a token or a signed body is refused", async () => {
    const [token, body] = [await tokenOf(), await compactOf()];
    const rsa = pairOf("RS256");
    const long = await tokenOf({ key: rsa.privateKey, header: { alg: "RS256", kid: "k1" } });
    const scheme = jwtOf({ algorithms: ["RS256"] });
    await fc.assert(
      fc.asyncProperty(fc.nat(), visible, async (where, character) => {
        for (const [text, prove] of [
          [token, (text: string) => proveToken(text)],
          [long, (text: string) => proveToken(text, { scheme, secrets: [secretOf(rsa)] })],
          [body, (text: string) => proveSigned(jwsOf(), { body: text })],
        ] as const) {
          const other = changed(text, where, character);
          if (other === text) continue;
          const proof = await prove(other);
          expect(proof.ok, other).toBe(false);
          if (!proof.ok) expect(REJECTION_REASONS).toContain(proof.failure);
        }
      }),
      { numRuns: 600 },
    );
  });

  it("of the last character, whose spare bits say nothing, is refused too", async () => {
    const token = await tokenOf();
    for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
      if (!token.endsWith(character)) expect((await proveToken(token.slice(0, -1) + character)).ok).toBe(false);
    for (const text of [`${token}=`, `${token}==`, `${token}A`, token.slice(0, -1), `${token} `.trimStart().replace(" ", "%20")])
      expect((await proveToken(text)).ok).toBe(false);
  });

  it("into whatever else is refused without a throw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), fc.json({ maxDepth: 2 }), async (text, json) => {
        const part = Buffer.from(json).toString("base64url");
        for (const body of [text, `${part}.${part}.${part}`, `${part}.${text}.${part}`]) {
          expect((await proveSigned(jwsOf(), { body })).ok).toBe(false);
          expect((await proveToken(body.replace(/[^\x21-\x7e]/g, ""))).ok).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
