import { base64url } from "jose";
import * as z from "zod";
import type { Authentication, Credential, Failed, Session } from "../destinations/define.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { signAssertion } from "./assertion.ts";
import { CLIENT_ASSERTION_TYPE, obtainToken, withBearer } from "./oauth.ts";

/**
 * How an application proves itself to Microsoft Entra ID, as settings of a module
 * (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
 */
export const entraSettings = {
  /** Directory (tenant) id, or one of its domain names. */
  tenant: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, "must be a tenant id or a domain name"),
  /** Application (client) id of the app registration. */
  clientId: z.string().min(1),
  /** Where tokens come from. National clouds have their own, such as https://login.microsoftonline.us. */
  authority: z
    .string()
    .regex(/^https:\/\/[^/?#\s]+$/, "must be https:// and a host, without a slash at its end")
    .default("https://login.microsoftonline.com"),
  /** What the token is for; default: `/.default` of the base URL's origin. */
  scope: z.string().min(1).optional(),
  /** `certificate`: a signed assertion, from the secrets `privateKey` and `certificate`. `secret`: the secret `clientSecret`. */
  proof: z.enum(["certificate", "secret"]).default("certificate"),
  /** What the assertion is signed with. Microsoft's documentation asks for PS256; RS256 is for registrations of before. */
  algorithm: z.enum(["PS256", "RS256"]).default("PS256"),
  /** Base64url SHA-256 of the certificate (DER); with it the secret `certificate` is not needed. */
  thumbprint: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, "must be a SHA-256 in base64url")
    .optional(),
};
export type EntraSettings = z.infer<z.ZodObject<typeof entraSettings>>;

export const entraSecretNames = ({ proof, thumbprint }: EntraSettings): readonly string[] => {
  if (proof === "secret") return ["clientSecret"];
  return thumbprint === undefined ? ["privateKey", "certificate"] : ["privateKey"];
};

export const entraOrigins = ({ authority }: EntraSettings): readonly string[] => [authority];

/** Client credentials of Microsoft Entra ID (RFC 6749 section 4.4), as a bearer token on every request. */
export const entraAuthentication = <Settings extends EntraSettings>(): Authentication<Settings> => ({
  obtain: (session) => obtain(session),
  apply: (request, credential) => withBearer(request, credential),
});

async function obtain(session: Session<EntraSettings>): Promise<Result<Credential, Failed>> {
  const { tenant, clientId, authority, scope } = session.settings;
  const url = `${authority}/${tenant}/oauth2/v2.0/token`;
  const proof = await proofOf(session, url);
  if (!proof.ok) return fail({ kind: "failed", class: "config", detail: proof.failure });
  return obtainToken(session, {
    url,
    form: {
      grant_type: "client_credentials",
      client_id: clientId,
      scope: scope ?? `${new URL(session.baseUrl).origin}/.default`,
      ...proof.value,
    },
  });
}

const ASSERTION_LIFETIME_MS = 300_000;

/**
 * A client secret, or an assertion whose header names the certificate by `x5t#S256`
 * (https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials).
 */
async function proofOf(session: Session<EntraSettings>, url: string): Promise<Result<Readonly<Record<string, string>>, string>> {
  const { settings, secrets } = session;
  if (settings.proof === "secret") return ok({ client_secret: secrets["clientSecret"] ?? "" });
  const thumbprint = settings.thumbprint === undefined ? await thumbprintOf(secrets["certificate"] ?? "") : ok(settings.thumbprint);
  if (!thumbprint.ok) return thumbprint;
  const nowMs = session.nowMs();
  const assertion = await signAssertion({
    algorithm: settings.algorithm,
    privateKey: secrets["privateKey"] ?? "",
    header: { "x5t#S256": thumbprint.value },
    claims: {
      aud: url,
      iss: settings.clientId,
      sub: settings.clientId,
      jti: crypto.randomUUID(),
      nbf: Math.floor(nowMs / 1000),
    },
    issuedAtMs: nowMs,
    lifetimeMs: ASSERTION_LIFETIME_MS,
  });
  return assertion.ok ? ok({ client_assertion_type: CLIENT_ASSERTION_TYPE, client_assertion: assertion.value }) : assertion;
}

/** Base64url of the SHA-256 of a certificate's DER; literal `\n` of a one-line secret are taken as line ends. */
export async function thumbprintOf(certificate: string): Promise<Result<string, string>> {
  const pem = certificate.replaceAll("\\n", "\n").trim();
  const body = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1]?.replaceAll(/\s/g, "") ?? "";
  if (!/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(body))
    return fail("the certificate is no PEM that begins with BEGIN CERTIFICATE");
  const der = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  return ok(base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", der))));
}
