import { base64Of, obtainToken, withBasic, withBearer } from "../../connection/oauth.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { hmacVerification } from "../../verification/hmac-settings.ts";
import { signHmac } from "../../verification/sign-hmac.ts";
import type { Authentication, Connection, Credential, Delivery, Failed, RequestSpec, Session } from "../define.ts";
import { signatureOf, type Proof, type Settings, type Signature } from "./settings.ts";

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const STANDARD_WEBHOOKS = {
  ...hmacVerification({
    header: "webhook-signature",
    prefix: "v1,",
    encoding: "base64",
    alg: "SHA-256",
    template: "{id}.{timestamp}.{body}",
    timestampHeader: "webhook-timestamp",
    timestampFormat: "s",
    toleranceSeconds: 300,
    secretEncoding: "base64",
    idHeader: "webhook-id",
    anyCase: false,
  }),
  rule: "must be whsec_ and base64",
};

/** The request with its signature. Fails with `config`, without the secret in its words, where that is not of the right form. */
export async function signed(
  request: RequestSpec,
  delivery: Delivery,
  connection: Connection<Settings>,
): Promise<Result<RequestSpec, Failed>> {
  const scheme = schemeOf(signatureOf(connection.settings));
  if (scheme === null) return ok(request);
  const message = { secret: connection.secrets["signing"] ?? "", id: delivery.idempotencyKey, nowMs: delivery.nowMs };
  const added = await (scheme === STANDARD_WEBHOOKS ? signedAsStandardWebhook(request, message) : signedBy(request, scheme, message));
  return added.ok ? added : fail({ kind: "failed", class: "config", detail: `the secret "signing" ${added.failure}` });
}

interface Message {
  readonly secret: string;
  readonly id: string;
  readonly nowMs: number;
}

/** A request signed as Standard Webhooks 1.0. Fails with the rule that its secret does not keep. */
export async function signedAsStandardWebhook(request: RequestSpec, { secret, ...message }: Message): Promise<Result<RequestSpec, string>> {
  const signature = await signedBy(request, STANDARD_WEBHOOKS, { ...message, secret: padded(secret.replace(/^whsec_/, "")) });
  return signature.ok ? signature : fail(STANDARD_WEBHOOKS.rule);
}

async function signedBy(
  request: RequestSpec,
  scheme: ReturnType<typeof hmacVerification>,
  message: Message,
): Promise<Result<RequestSpec, string>> {
  const { method, url, headers, body = "" } = request;
  const added = await signHmac({ method, url, headers, body }, scheme, message);
  return added.ok ? ok({ ...request, headers: { ...headers, ...added.value } }) : added;
}

function schemeOf(signature: Signature) {
  if (signature.type === "none") return null;
  return signature.type === "standardWebhooks"
    ? STANDARD_WEBHOOKS
    : hmacVerification({ ...signature, toleranceSeconds: 300, anyCase: false });
}

/** Base64 that came without its padding is as good. */
const padded = (base64: string): string => base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");

const SECRET_OF_PROOF: Readonly<Record<Proof["type"], readonly string[]>> = {
  none: [],
  basic: ["password"],
  bearer: ["token"],
  apiKey: ["apiKey"],
  oauth: ["clientSecret"],
};

export const secretNames = (settings: Settings): readonly string[] => [
  ...(signatureOf(settings).type === "none" ? [] : ["signing"]),
  ...SECRET_OF_PROOF[settings.authentication.type],
];

export const authentication: Authentication<Settings> = {
  obtains: ({ authentication: proof }) => proof.type === "oauth",
  obtain: async (session) => {
    const { authentication: proof } = session.settings;
    return proof.type === "oauth" ? obtainToken(session, tokenRequest(proof, session.secrets["clientSecret"] ?? "")) : NOTHING_TO_OBTAIN;
  },
  apply: (request, credential, session) => proven(request, credential, session),
};

const NOTHING_TO_OBTAIN = fail<Failed>({ kind: "failed", class: "config", detail: "these settings name no issuer of a credential" });

function proven(request: RequestSpec, credential: Credential | null, { settings, secrets }: Session<Settings>): RequestSpec {
  const { authentication: proof } = settings;
  switch (proof.type) {
    case "none":
      return request;
    case "basic":
      return withBasic(request, proof.user, secrets["password"] ?? "");
    case "bearer":
      return withBearer(request, { values: { token: secrets["token"] ?? "" }, expiresAtMs: null });
    case "apiKey":
      return {
        ...request,
        headers: { ...request.headers, [proof.header.toLowerCase()]: `${proof.prefix ?? ""}${secrets["apiKey"] ?? ""}` },
      };
    case "oauth":
      return withBearer(request, credential);
  }
}

function tokenRequest({ tokenUrl, clientId, scope, audience, clientIn }: Extract<Proof, { readonly type: "oauth" }>, secret: string) {
  return {
    url: tokenUrl,
    form: {
      grant_type: "client_credentials",
      ...(scope === undefined ? {} : { scope }),
      ...(audience === undefined ? {} : { audience }),
      ...(clientIn === "body" ? { client_id: clientId, client_secret: secret } : {}),
    },
    // Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1).
    ...(clientIn === "header" ? { headers: { authorization: `Basic ${base64Of(`${formText(clientId)}:${formText(secret)}`)}` } } : {}),
  };
}

const formText = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
