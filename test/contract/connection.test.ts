import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { decodeProtectedHeader, importSPKI, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { signAssertion } from "../../src/connection/assertion.ts";
import { Credentials } from "../../src/connection/credentials.ts";
import { obtainToken } from "../../src/connection/oauth.ts";
import { bareSession, openSession } from "../../src/connection/session.ts";
import { sandboxErp } from "../../src/destinations/sandbox-erp.ts";
import type { Authentication, DestinationDefinition, Failed, RequestSpec, ResponseSeen } from "../../src/destinations/define.ts";
import { fail, ok } from "../../src/domain/result.ts";

const seen = (status: number, body: string, headers: Record<string, string> = {}): ResponseSeen => ({
  status,
  body,
  headers: new Headers(headers),
  nowMs: 0,
});
const connection = { baseUrl: "https://erp.example.com/api/", settings: {}, secrets: { apiKey: "k" } };
const request: RequestSpec = { method: "POST", url: "https://erp.example.com/api/x", headers: {} };

describe("a credential", () => {
  const held = (id: string, expiresAtMs: number | null = null) => ok({ id, credential: { values: { token: id }, expiresAtMs } });

  it("is obtained once for any number of callers, and once more when it is refused, however many were refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), async (callers, refusals) => {
        let obtained = 0;
        const credentials = new Credentials(
          async () => held(String(++obtained)),
          () => 0,
        );
        const first = await Promise.all(Array.from({ length: callers }, () => credentials.get(null)));
        expect(new Set(first.map((each) => each.ok && each.value.id))).toEqual(new Set(["1"]));
        await Promise.all(Array.from({ length: refusals }, () => credentials.get("1")));
        await credentials.get("1");
        expect(obtained).toBe(2);
      }),
    );
  });

  it("is renewed when four fifths of its life are over, before it ends", async () => {
    let nowMs = 0;
    let obtained = 0;
    const credentials = new Credentials(
      async () => held(String(++obtained), nowMs + 1_000),
      () => nowMs,
    );
    await credentials.get(null);
    nowMs = 799;
    await credentials.get(null);
    expect(obtained).toBe(1);
    nowMs = 800;
    expect(await credentials.get(null)).toMatchObject({ value: { id: "2" } });
  });

  it("is not asked for again at once when its issuer refused, and then for as long as the issuer says", async () => {
    let nowMs = 0;
    let asked = 0;
    const refusal: Failed = { kind: "failed", class: "throttled", detail: "later", retryAfterMs: 60_000 };
    const credentials = new Credentials(
      async () => (++asked, fail(refusal)),
      () => nowMs,
    );
    await Promise.all([credentials.get(null), credentials.get(null)]);
    nowMs = 59_999;
    expect(await credentials.get(null)).toEqual(fail(refusal));
    expect(asked).toBe(1);
    nowMs = 60_000;
    await credentials.get(null);
    expect(asked).toBe(2);
  });
});

describe("a session", () => {
  const sent: RequestSpec[] = [];
  const wire = (answer: (spec: RequestSpec) => ResponseSeen) => ({
    clock: () => 0,
    send: async (spec: RequestSpec) => (sent.push(spec), ok(answer(spec))),
  });

  it("reaches only the hosts that its module names", async () => {
    const session = bareSession(
      { origins: () => ["https://login.example.com/token"] },
      connection,
      wire(() => seen(200, "")),
    );
    for (const url of ["https://login.example.com/other", "https://erp.example.com:443/x"])
      expect((await session.send({ ...request, url })).ok).toBe(true);
    for (const url of ["https://evil.example.com/", "http://erp.example.com/", "https://erp.example.com.evil.example/", "no url"])
      expect(await session.send({ ...request, url })).toMatchObject({ ok: false, failure: { class: "config" } });
  });

  it("calls an unanswered write ambiguous, an unanswered read transient", async () => {
    const session = bareSession({}, connection, { clock: () => 0, send: async () => fail("no answer") });
    expect(await session.send(request)).toMatchObject({ failure: { class: "ambiguous" } });
    expect(await session.send({ ...request, reads: true })).toMatchObject({ failure: { class: "transient" } });
    expect(session.exchanges).toEqual([
      { reads: false, status: null },
      { reads: true, status: null },
    ]);
  });

  it("renews a refused credential once, and then takes the answer as it is", async () => {
    const authentication: Authentication<unknown> = {
      obtain: async () => ok({ values: {}, expiresAtMs: null }),
      apply: (spec, credential) => ({ ...spec, headers: { authorization: credential?.values["token"] ?? "" } }),
    };
    const refused: (string | null)[] = [];
    const session = openSession({ ...sandboxErp, authentication } as DestinationDefinition, connection, {
      ...wire(() => seen(401, "no")),
      credential: async (id) => (
        refused.push(id),
        ok({ id: `c${refused.length}`, credential: { values: { token: `t${refused.length}` }, expiresAtMs: null } })
      ),
    });
    sent.length = 0;
    expect(await session.send(request)).toMatchObject({ ok: true, value: { status: 401 } });
    expect(refused).toEqual([null, "c1"]);
    expect(sent.map(({ headers }) => headers["authorization"])).toEqual(["t1", "t2"]);
  });
});

describe("a token endpoint", () => {
  const ask = (answer: ResponseSeen) =>
    obtainToken(bareSession({}, connection, { clock: () => 1_000, send: async () => ok(answer) }), {
      url: "https://erp.example.com/token",
      form: { client_assertion: "a" },
    });

  it("gives a token and its end", async () => {
    expect(await ask(seen(200, '{"access_token":"t","expires_in":"3600"}'))).toEqual(
      ok({ values: { token: "t" }, expiresAtMs: 3_601_000 }),
    );
    expect(await ask(seen(200, '{"access_token":"t"}'))).toEqual(ok({ values: { token: "t" }, expiresAtMs: null }));
  });

  it.each([
    [seen(400, '{"error":"invalid_grant","error_description":"user not approved"}'), "config", "invalid_grant: user not approved"],
    [seen(401, `{"error":"invalid_client","error_description":"bad ${"e".repeat(60)}.abc.def"}`), "config", "bad [token removed]"],
    [seen(503, "<html>"), "transient", "HTTP 503"],
    [seen(429, "", { "retry-after": "7" }), "throttled", "429"],
    [seen(200, "<html>"), "transient", "no access_token"],
  ])("refusing with %j is %s, in words without tokens", async (answer, kind, words) => {
    expect(await ask(answer)).toMatchObject({ ok: false, failure: { class: kind, detail: expect.stringContaining(words) as string } });
  });
});

describe("an assertion", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = (key: typeof rsa.privateKey, type: "pkcs8" | "pkcs1" | "sec1") => key.export({ format: "pem", type }).toString();
  const sign = (privateKey: string, algorithm: "RS256" | "PS256" | "ES256") =>
    signAssertion({
      algorithm,
      privateKey,
      header: { kid: "k1" },
      claims: { iss: "us", aud: "them" },
      issuedAtMs: Date.now(),
      lifetimeMs: 300_000,
    });

  it.each([
    ["RS256", rsa],
    ["PS256", rsa],
    ["ES256", ec],
  ] as const)("is signed with %s, and verifies", async (algorithm, keys) => {
    const signed = await sign(pem(keys.privateKey, "pkcs8").replaceAll("\n", "\\n"), algorithm);
    if (!signed.ok) throw new Error(signed.failure);
    expect(decodeProtectedHeader(signed.value)).toEqual({ alg: algorithm, typ: "JWT", kid: "k1" });
    const key = await importSPKI(keys.publicKey.export({ format: "pem", type: "spki" }).toString(), algorithm);
    const { payload } = await jwtVerify(signed.value, key, { issuer: "us", audience: "them" });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  });

  it.each([
    [pem(rsa.privateKey, "pkcs1"), "openssl pkcs8 -topk8"],
    [pem(ec.privateKey, "sec1"), "openssl pkcs8 -topk8"],
    [pem(ec.privateKey, "pkcs8"), "cannot sign RS256"],
    ["-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----", "cannot sign RS256"],
    ["hunter2", "no PEM"],
  ])("says of a key of the wrong form what to do, without the key", async (key, words) => {
    const signed = await sign(key, "RS256");
    expect(signed).toMatchObject({ ok: false, failure: expect.stringContaining(words) as string });
    expect(JSON.stringify(signed)).not.toContain(key.slice(30, 60) || key);
  });
});
