import { signAssertion } from "../../connection/assertion.ts";
import { CLIENT_ASSERTION_TYPE, obtainToken, withBearer } from "../../connection/oauth.ts";
import { withOAuth1 } from "../../connection/oauth1.ts";
import { toCanonical, toRemote } from "../../domain/field-pairs.ts";
import type { JsonObject } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { defineDestination, type Credential, type Delivery, type Failed, type RequestSpec, type Session } from "../define.ts";
import { contentOf } from "./body.ts";
import { KINDS, columnOf, shapeOf } from "./records.ts";
import { Settings, secretNames } from "./settings.ts";
import { page, read } from "./suiteql.ts";
import { write } from "./write.ts";

const TOKEN_PATH = "/services/rest/auth/oauth2/v1/token";
/** NetSuite takes up to an hour. */
const ASSERTION_LIFETIME_MS = 300_000;

/**
 * NetSuite by SuiteTalk REST: upserts by external id, reads by SuiteQL. OAuth 2.0 client credentials with a signed assertion
 * (secret `privateKey`, PKCS#8 PEM), or token-based authentication (OAuth 1.0a). The base URL is the account's own, such as
 * `https://1234567-sb1.suitetalk.api.netsuite.com`. The integration user's role needs SuiteAnalytics Workbook and REST web services.
 * Facts: docs.oracle.com, NetSuite online help, "SuiteTalk REST Web Services" (upsert, external ids, asynchronous requests, errors,
 * token-based authentication). SuiteQL's columns and the letters of states are from use, so that a team can name others.
 */
export const netsuite = defineDestination<Settings>({
  module: "netsuite",
  title: "NetSuite",
  settings: Settings,
  facts: {
    auth: "OAuth 2.0 client credentials with a PS256 or ES256 assertion, or OAuth 1.0a (HMAC-SHA256)",
    upsert: "PUT by external id, lines replaced; asynchronous with an idempotency key",
    order: "lastModifiedDate, whole seconds",
    changedSince: "SuiteQL keyset on (lastmodifieddate, id); deletions are not told",
    limits: "5 requests at a time for the whole account, or more by its tier; 1000 rows a page",
    proven: "strict fake",
  },
  secretNames,
  kinds: KINDS,
  deduplicates: true,
  authentication: { obtain, apply: prove },
  write,
  written: (delivery, settings) => written(delivery, settings),
  read,
  changes: { kinds: KINDS, resolutionMs: 1000, overlapMs: 300_000, lagMs: 60_000, tellsDeletions: false, page },
});

async function obtain(session: Session<Settings>): Promise<Result<Credential, Failed>> {
  const { auth } = session.settings;
  // Its tokens are secrets that do not end.
  if (auth.type === "tokenBased") return ok({ values: {}, expiresAtMs: null });
  const url = session.baseUrl + TOKEN_PATH;
  const assertion = await signAssertion({
    algorithm: auth.algorithm,
    privateKey: session.secrets["privateKey"] ?? "",
    header: { kid: auth.certificateId },
    claims: { iss: auth.clientId, scope: "rest_webservices", aud: url },
    issuedAtMs: session.nowMs(),
    lifetimeMs: ASSERTION_LIFETIME_MS,
  });
  if (!assertion.ok) return fail({ kind: "failed", class: "config", detail: assertion.failure });
  const form = { grant_type: "client_credentials", client_assertion_type: CLIENT_ASSERTION_TYPE, client_assertion: assertion.value };
  return obtainToken(session, { url, form });
}

function prove(
  request: RequestSpec,
  credential: Credential | null,
  { settings, secrets, nowMs }: Session<Settings>,
): RequestSpec | Promise<RequestSpec> {
  if (settings.auth.type === "oauth2") return withBearer(request, credential);
  const { consumerKey = "", consumerSecret = "", tokenId = "", tokenSecret = "" } = secrets;
  const client = { realm: settings.auth.account, consumerKey, consumerSecret, token: tokenId, tokenSecret };
  return withOAuth1(request, client, { nonce: crypto.randomUUID().replaceAll("-", ""), timestampSeconds: Math.floor(nowMs() / 1000) });
}

/** What a read would tell of exactly what is written. */
function written(delivery: Delivery, settings: Settings): JsonObject {
  const shape = shapeOf(delivery.entity.kind, settings);
  const record = toRemote(contentOf(delivery), shape.pairs);
  const readable = shape.pairs.filter(({ at }) => columnOf(shape, at) !== null);
  const told = record.ok ? toCanonical(shape.readAs, record.value, readable) : record;
  return told.ok ? told.value : {};
}
