import { signAssertion } from "../../connection/assertion.ts";
import { JWT_BEARER_GRANT, obtainToken, withBasic, withBearer } from "../../connection/oauth.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Authentication, Failed, Session } from "../define.ts";
import type { Settings } from "./settings.ts";

const ASSERTION_LIFETIME_MS = 300_000;

/** The secrets that each way of proving needs. */
export const SECRETS: Readonly<Record<Settings["authentication"]["by"], readonly string[]>> = {
  basic: ["password"],
  clientCredentials: ["clientSecret"],
  password: ["clientSecret", "password"],
  jwtBearer: ["clientSecret", "privateKey"],
};

/** Basic, or a bearer token of the instance's own endpoint `/oauth_token.do`. */
export const authentication: Authentication<Settings> = {
  obtain: async (session) => {
    const form = await grantOf(session);
    if (!form.ok) return form;
    // Basic needs no token: the secrets are all that is put on a request.
    if (form.value === null) return ok({ values: {}, expiresAtMs: null });
    const url = new URL("/oauth_token.do", session.baseUrl).href;
    return obtainToken(session, { url, form: { ...form.value, client_secret: session.secrets["clientSecret"] ?? "" } });
  },
  apply: (request, credential, { settings, secrets }) =>
    settings.authentication.by === "basic"
      ? withBasic(request, settings.authentication.user, secrets["password"] ?? "")
      : withBearer(request, credential),
};

async function grantOf(session: Session<Settings>): Promise<Result<Readonly<Record<string, string>> | null, Failed>> {
  const { secrets, settings } = session;
  const said = settings.authentication;
  switch (said.by) {
    case "basic":
      return ok(null);
    case "clientCredentials":
      return ok({ grant_type: "client_credentials", client_id: said.clientId });
    case "password":
      return ok({ grant_type: "password", client_id: said.clientId, username: said.user, password: secrets["password"] ?? "" });
    case "jwtBearer": {
      const assertion = await signAssertion({
        algorithm: "RS256",
        privateKey: secrets["privateKey"] ?? "",
        header: { kid: said.keyId },
        claims: { iss: said.clientId, sub: said.user, aud: said.clientId, jti: crypto.randomUUID() },
        issuedAtMs: session.nowMs(),
        lifetimeMs: ASSERTION_LIFETIME_MS,
      });
      return assertion.ok
        ? ok({ grant_type: JWT_BEARER_GRANT, client_id: said.clientId, assertion: assertion.value })
        : fail({ kind: "failed", class: "config", detail: assertion.failure });
    }
  }
}
