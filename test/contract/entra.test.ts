import { X509Certificate, createHash } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { entraAuthentication, entraSecretNames, entraSettings, thumbprintOf, type EntraSettings } from "../../src/connection/entra.ts";
import type { RequestSpec, Session } from "../../src/destinations/define.ts";
import { ok } from "../../src/domain/result.ts";
import { CERTIFICATE, CLIENT_ID, TENANT } from "./destinations/fakes/entra-issuer.ts";

const Settings = z.strictObject(entraSettings);
const settingsOf = (more: object): EntraSettings => Settings.parse({ tenant: TENANT, clientId: CLIENT_ID, ...more });
const NOW_MS = Date.UTC(2026, 10, 24, 12, 0, 0);

/** What is asked of the token endpoint. */
async function asked(
  settings: EntraSettings,
  secrets: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; readonly form: URLSearchParams }> {
  const requests: RequestSpec[] = [];
  const session: Session<EntraSettings> = {
    baseUrl: "https://acme.crm4.dynamics.com/some/path",
    settings,
    secrets,
    nowMs: () => NOW_MS,
    send: (request) => {
      requests.push(request);
      return Promise.resolve(ok({ status: 200, headers: new Headers(), body: '{"access_token":"t","expires_in":3599}', nowMs: NOW_MS }));
    },
  };
  const credential = await entraAuthentication().obtain?.(session);
  expect(credential).toEqual(ok({ values: { token: "t" }, expiresAtMs: NOW_MS + 3_599_000 }));
  return { url: requests[0]?.url ?? "", form: new URLSearchParams(requests[0]?.body) };
}

describe("a certificate as proof", () => {
  const fingerprint = createHash("sha256").update(new X509Certificate(CERTIFICATE.certificate).raw).digest("base64url");

  it("is named by the SHA-256 of its DER, also from a secret on one line", async () => {
    expect(await thumbprintOf(CERTIFICATE.certificate)).toEqual(ok(fingerprint));
    expect(await thumbprintOf(CERTIFICATE.certificate.replaceAll("\n", "\\n"))).toEqual(ok(fingerprint));
    for (const wrong of ["", "MIIB", "-----BEGIN CERTIFICATE-----\nA===\n-----END CERTIFICATE-----", CERTIFICATE.privateKey])
      expect(await thumbprintOf(wrong)).toMatchObject({ ok: false });
  });

  it("signs an assertion for that endpoint alone, for five minutes, with an id of its own", async () => {
    const [one, two] = [await asked(settingsOf({}), { ...CERTIFICATE }), await asked(settingsOf({}), { ...CERTIFICATE })];
    expect(one.url).toBe(`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`);
    expect(one.form.get("scope")).toBe("https://acme.crm4.dynamics.com/.default");
    const assertion = one.form.get("client_assertion") ?? "";
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: "PS256", typ: "JWT", "x5t#S256": fingerprint });
    const { jti, ...claims } = decodeJwt(assertion);
    const now = NOW_MS / 1000;
    expect(claims).toEqual({ aud: one.url, iss: CLIENT_ID, sub: CLIENT_ID, nbf: now, iat: now, exp: now + 300 });
    expect(jti).not.toBe(decodeJwt(two.form.get("client_assertion") ?? "").jti);
  });

  it("is not needed itself where its thumbprint is a setting", async () => {
    const settings = settingsOf({ thumbprint: fingerprint, algorithm: "RS256" });
    expect(entraSecretNames(settings)).toEqual(["privateKey"]);
    const { form } = await asked(settings, { privateKey: CERTIFICATE.privateKey });
    expect(decodeProtectedHeader(form.get("client_assertion") ?? "")).toMatchObject({ alg: "RS256", "x5t#S256": fingerprint });
  });
});

it("a client secret is proof of its own, at another cloud's authority and for a scope of its own", async () => {
  const settings = settingsOf({ proof: "secret", authority: "https://login.microsoftonline.us", scope: "https://x.example/.default" });
  expect(entraSecretNames(settings)).toEqual(["clientSecret"]);
  const { url, form } = await asked(settings, { clientSecret: "s" });
  expect(url).toBe(`https://login.microsoftonline.us/${TENANT}/oauth2/v2.0/token`);
  expect(Object.fromEntries(form)).toEqual({
    grant_type: "client_credentials",
    client_id: CLIENT_ID,
    scope: "https://x.example/.default",
    client_secret: "s",
  });
});

it("settings that could send a secret elsewhere are refused", () => {
  for (const wrong of [
    { authority: "http://login.microsoftonline.com" },
    { authority: "https://a.example/path" },
    { tenant: "../x" },
    { tenant: "a/b" },
  ])
    expect(Settings.safeParse({ tenant: TENANT, clientId: CLIENT_ID, ...wrong }).success).toBe(false);
});
