import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWK } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { credentialOf, tokenCheck } from "../../src/http/auth.ts";

const AUDIENCE = "the-application";
const COOLDOWN_MS = 31_000;
const CACHED_MS = 600_000;

interface Signing {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

async function signing(kid: string, alg: "ES256" | "RS256" = "ES256"): Promise<Signing> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** An issuer on loopback: publishes the keys that it has at the moment, and counts who asks. */
class Issuer {
  keys: readonly Signing[] = [];
  asked = 0;
  answer: (() => { readonly status: number; readonly body: string }) | null = null;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((_request, response) => {
      this.asked++;
      const { status, body } = this.answer?.() ?? { status: 200, body: JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }) };
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  get origin(): string {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
  }
}

let issuer = new Issuer();
let check = tokenCheck({ OPS_ISSUER: "", OPS_AUDIENCE: "", OPS_JWKS_URL: "", OPS_JWKS: "" });
let first: Signing;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  issuer = new Issuer();
  await issuer.start();
  first = await signing("first");
  issuer.keys = [first];
  check = tokenCheck({ OPS_ISSUER: issuer.origin, OPS_AUDIENCE: AUDIENCE, OPS_JWKS_URL: `${issuer.origin}/certs`, OPS_JWKS: "" });
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer.stop();
});

type Claims = Readonly<Record<string, unknown>>;
const now = (): number => Math.floor(Date.now() / 1000);

function tokenBy({ kid, key, jwk }: Signing, claims: Claims = {}): Promise<string> {
  const payload = { iss: issuer.origin, aud: AUDIENCE, sub: "ada", role: "operator", iat: now(), exp: now() + 3_600, ...claims };
  const kept = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  return new SignJWT(kept).setProtectedHeader({ alg: jwk.alg ?? "ES256", kid }).sign(key);
}

const codeOf = async (token: string): Promise<string> => {
  const actor = await check(token);
  return actor.ok ? `${actor.value.name} as ${actor.value.role}` : actor.failure.code;
};

const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

describe("a token of the issuer", () => {
  it("is taken with the name and the role it claims, also where Access puts an identity provider's claims", async () => {
    expect(await codeOf(await tokenBy(first))).toBe("ada as operator");
    expect(await codeOf(await tokenBy(first, { email: "ada@example.com" }))).toBe("ada@example.com as operator");
    expect(await codeOf(await tokenBy(first, { role: undefined, custom: { role: "approver" } }))).toBe("ada as approver");
    expect(await codeOf(await tokenBy(first, { aud: ["another", AUDIENCE] }))).toBe("ada as operator");
  });

  it("never has the name of an API key", async () => {
    expect(await codeOf(await tokenBy(first, { email: "key:nightly" }))).toBe("person:key:nightly as operator");
  });

  it.each<[string, Claims]>([
    ["of another issuer", { iss: "https://elsewhere.example" }],
    ["of no issuer", { iss: undefined }],
    ["for another audience", { aud: "another" }],
    ["for nobody", { aud: undefined }],
    ["that has ended", { exp: now() - 120 }],
    ["that never ends", { exp: undefined }],
    ["that has not begun", { nbf: now() + 600 }],
    ["of nobody", { sub: undefined }],
    ["without a role", { role: undefined }],
    ["with a role that there is not", { role: "king" }],
    ["with a list for a role", { role: ["admin"] }],
  ])("%s is refused", async (_what, claims) => {
    expect(await codeOf(await tokenBy(first, claims))).toBe("unauthenticated");
  });

  it("is refused when its algorithm is none, or its signature is a MAC with the public key for a secret", async () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = encode({ iss: issuer.origin, aud: AUDIENCE, sub: "ada", role: "admin", exp: now() + 3_600 });
    expect(await codeOf(`${encode({ alg: "none" })}.${claims}.`)).toBe("unauthenticated");
    const head = encode({ alg: "HS256", kid: "first" });
    const mac = createHmac("sha256", JSON.stringify(first.jwk)).update(`${head}.${claims}`).digest("base64url");
    expect(await codeOf(`${head}.${claims}.${mac}`)).toBe("unauthenticated");
  });

  it("is refused when somebody else signed it under the issuer's key id", async () => {
    const forger = await signing("first");
    expect(await codeOf(await tokenBy({ ...forger, kid: "first" }))).toBe("unauthenticated");
  });
});

describe("the issuer's keys", () => {
  it("are fetched once for many tokens, also of several algorithms", async () => {
    const second = await signing("second", "RS256");
    issuer.keys = [first, second];
    for (let i = 0; i < 10; i++) expect(await codeOf(await tokenBy(i % 2 === 0 ? first : second))).toBe("ada as operator");
    expect(issuer.asked).toBe(1);
  });

  it("are fetched again when a token names a new one, so that a rotation needs no restart", async () => {
    expect(await codeOf(await tokenBy(first))).toBe("ada as operator");
    const second = await signing("second");
    issuer.keys = [first, second];
    later(COOLDOWN_MS);
    expect(await codeOf(await tokenBy(second))).toBe("ada as operator");
    expect(await codeOf(await tokenBy(first))).toBe("ada as operator");
    expect(issuer.asked).toBe(2);
  });

  it("are not good any more once the issuer has taken them back and ten minutes have passed", async () => {
    expect(await codeOf(await tokenBy(first))).toBe("ada as operator");
    const second = await signing("second");
    issuer.keys = [second];
    later(CACHED_MS + 1_000);
    expect(await codeOf(await tokenBy(first))).toBe("unauthenticated");
    expect(await codeOf(await tokenBy(second))).toBe("ada as operator");
  });

  it("are not asked for once a made-up key id: whoever invents them makes no load at the issuer", async () => {
    expect(await codeOf(await tokenBy(first))).toBe("ada as operator");
    for (let i = 0; i < 20; i++) expect(await codeOf(await tokenBy({ ...first, kid: `made-up-${i}` }))).toBe("unauthenticated");
    expect(issuer.asked).toBe(1);
    later(COOLDOWN_MS);
    for (let i = 0; i < 20; i++) await codeOf(await tokenBy({ ...first, kid: `made-up-${i}` }));
    expect(issuer.asked).toBe(2);
  });

  it.each([
    ["answers an error", { status: 500, body: "{}" }],
    ["answers a page", { status: 200, body: "<html>" }],
    ["answers no keys", { status: 200, body: "{}" }],
  ])("are out of reach while the issuer %s: nobody is let in, and nobody is told that their token is bad", async (_what, answer) => {
    issuer.answer = () => answer;
    expect(await codeOf(await tokenBy(first))).toBe("unavailable");
    issuer.answer = null;
    later(COOLDOWN_MS);
    expect(await codeOf(await tokenBy(first))).toBe("ada as operator");
  });

  it("are out of reach while nobody listens there", async () => {
    const gone = tokenCheck({ OPS_ISSUER: issuer.origin, OPS_AUDIENCE: AUDIENCE, OPS_JWKS_URL: "http://127.0.0.1:1/certs", OPS_JWKS: "" });
    const actor = await gone(await tokenBy(first));
    expect(actor).toMatchObject({ ok: false, failure: { code: "unavailable" } });
  });

  it("must be there at all", async () => {
    const without = tokenCheck({ OPS_ISSUER: issuer.origin, OPS_AUDIENCE: AUDIENCE, OPS_JWKS_URL: "", OPS_JWKS: "" });
    expect(await without(await tokenBy(first))).toMatchObject({ ok: false, failure: { code: "unauthenticated" } });
  });
});

describe("a request's credential", () => {
  it.each<[string, Record<string, string>, string | null]>([
    ["Authorization", { authorization: "Bearer a.b.c" }, "a.b.c"],
    ["Authorization, however it is written", { authorization: "bearer sbkey_1_2" }, "sbkey_1_2"],
    ["Access's header", { "cf-access-jwt-assertion": "d.e.f" }, "d.e.f"],
    ["Authorization before Access's header", { authorization: "Bearer a.b.c", "cf-access-jwt-assertion": "d.e.f" }, "a.b.c"],
    ["nowhere", {}, null],
    ["another scheme", { authorization: "Basic dTpw" }, null],
  ])("is taken from %s", (_from, headers, expected) => {
    expect(credentialOf(new Headers(headers))).toBe(expected);
  });
});
