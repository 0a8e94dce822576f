import { signAssertion } from "../../connection/assertion.ts";
import { CLIENT_ASSERTION_TYPE, JWT_BEARER_GRANT, base64Of, obtainToken, withBasic, withBearer } from "../../connection/oauth.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Authentication, Failed, Session } from "../define.ts";
import type { Settings } from "./settings.ts";

/** Audience of every assertion, whichever identity domain it goes to. */
const AUDIENCE = "https://identity.oraclecloud.com/";
const ASSERTION_LIFETIME_MS = 300_000;
const OWN_TOKEN_LIFETIME_MS = 1_800_000;

type Said = Settings["authentication"];
type Client = Exclude<Said, { by: "ownToken" | "basic" }>;
type Form = Readonly<Record<string, string>>;

/** The secrets that each way of proving needs. */
export function secretNames({ authentication: said }: Settings): readonly string[] {
  switch (said.by) {
    case "basic":
      return ["password"];
    case "clientSecret":
      return ["clientSecret"];
    case "userAssertion":
      return said.client === "secret" ? ["privateKey", "clientSecret"] : ["privateKey"];
    case "clientAssertion":
    case "ownToken":
      return ["privateKey"];
  }
}

/** The identity domain, which tokens come from. */
export const origins = ({ authentication: said }: Settings): readonly string[] => ("domain" in said ? [said.domain] : []);

/** Basic, a token of the identity domain bound to the environment, or a token that we sign ourselves. */
export const authentication: Authentication<Settings> = {
  obtain: async (session) => {
    const said = session.settings.authentication;
    switch (said.by) {
      case "basic":
        return ok({ values: {}, expiresAtMs: null });
      case "ownToken": {
        const claims = { iss: said.issuer, sub: said.user, prn: said.user, jti: crypto.randomUUID() };
        const token = await sign(session, { x5t: said.x5t }, claims, OWN_TOKEN_LIFETIME_MS);
        return token.ok ? ok({ values: { token: token.value }, expiresAtMs: session.nowMs() + OWN_TOKEN_LIFETIME_MS }) : token;
      }
      case "clientSecret":
      case "clientAssertion":
      case "userAssertion":
        return domainToken(said, session);
    }
  },
  apply: (request, credential, { settings, secrets }) =>
    settings.authentication.by === "basic"
      ? withBasic(request, settings.authentication.user, secrets["password"] ?? "")
      : withBearer(request, credential),
};

async function domainToken(said: Client, session: Session<Settings>): ReturnType<typeof obtainToken> {
  const [grant, proof] = [await grantOf(said, session), await proofOf(said, session)];
  if (!grant.ok) return grant;
  if (!proof.ok) return proof;
  const bySecret = Object.keys(proof.value).length === 0;
  return obtainToken(session, {
    url: `${said.domain.replace(/\/+$/, "")}/oauth2/v1/token`,
    form: { ...grant.value, ...proof.value, scope: said.scope },
    headers: bySecret ? { authorization: `Basic ${base64Of(`${said.clientId}:${session.secrets["clientSecret"] ?? ""}`)}` } : {},
  });
}

async function grantOf(said: Client, session: Session<Settings>): Promise<Result<Form, Failed>> {
  if (said.by !== "userAssertion") return ok({ grant_type: "client_credentials" });
  const assertion = await assertionAbout(said.user, said.clientId, said.certificate, session);
  return assertion.ok ? ok({ grant_type: JWT_BEARER_GRANT, assertion: assertion.value }) : assertion;
}

/** Empty where the client proves itself by its secret, which travels in a header. */
async function proofOf(said: Client, session: Session<Settings>): Promise<Result<Form, Failed>> {
  if (said.by === "clientSecret" || (said.by === "userAssertion" && said.client === "secret")) return ok({});
  const assertion = await assertionAbout(said.clientId, said.clientId, said.certificate, session);
  return assertion.ok
    ? ok({ client_id: said.clientId, client_assertion_type: CLIENT_ASSERTION_TYPE, client_assertion: assertion.value })
    : assertion;
}

function assertionAbout(
  subject: string,
  clientId: string,
  { keyId, x5t, x5tS256 }: Extract<Client, { by: "clientAssertion" }>["certificate"],
  session: Session<Settings>,
): Promise<Result<string, Failed>> {
  const header = { kid: keyId, x5t, ...(x5tS256 === undefined ? {} : { "x5t#S256": x5tS256 }) };
  const claims = { iss: clientId, sub: subject, prn: subject, aud: [AUDIENCE], jti: crypto.randomUUID() };
  return sign(session, header, claims, ASSERTION_LIFETIME_MS);
}

async function sign(session: Session<Settings>, header: Form, claims: object, lifetimeMs: number): Promise<Result<string, Failed>> {
  const signed = await signAssertion({
    algorithm: "RS256",
    privateKey: session.secrets["privateKey"] ?? "",
    header,
    claims: { ...claims },
    issuedAtMs: session.nowMs(),
    lifetimeMs,
  });
  return signed.ok ? signed : fail({ kind: "failed", class: "config", detail: signed.failure });
}
