import { signAssertion } from "../../connection/assertion.ts";
import { JWT_BEARER_GRANT, obtainToken, withBearer } from "../../connection/oauth.ts";
import { toCanonical } from "../../domain/field-pairs.ts";
import type { JsonObject } from "../../domain/json.ts";
import { fail } from "../../domain/result.ts";
import type { Result } from "../../domain/result.ts";
import { defineDestination, type Credential, type Delivery, type Failed, type Session } from "../define.ts";
import { linesWanted } from "./lines.ts";
import { KINDS, recordOf, shapeOf } from "./objects.ts";
import { SECRETS, Settings, tokenUrlOf } from "./settings.ts";
import { page, read } from "./soql.ts";
import { write } from "./write.ts";

/** Salesforce refuses an assertion that ends more than about five minutes ahead. */
const ASSERTION_LIFETIME_MS = 180_000;

/**
 * Salesforce by its REST API: upserts by an external id field that holds our key, references to other records by theirs, reads by
 * SOQL. OAuth 2.0 JWT bearer (RS256): the secret `privateKey` is PKCS#8 PEM, its certificate is with the external client app.
 * The base URL is the My Domain host, such as `https://acme.my.salesforce.com`. External ids match without regard to case.
 * Facts: developer.salesforce.com, REST API guide ("Upsert", "Query") and object reference; help.salesforce.com, JWT bearer flow.
 */
export const salesforce = defineDestination<Settings>({
  module: "salesforce",
  title: "Salesforce",
  settings: Settings,
  facts: {
    auth: "OAuth 2.0 JWT bearer, RS256",
    upsert: "PATCH by an external id field; several matches are refused (300)",
    order: "SystemModstamp, whole seconds",
    changedSince: "SOQL keyset on (SystemModstamp, Id) with queryAll, deletions included",
    limits: "requests of a rolling day for the whole organization; 25 long requests at a time",
    proven: "strict fake",
  },
  secretNames: () => SECRETS,
  kinds: KINDS,
  deduplicates: true,
  authentication: { obtain, apply: withBearer },
  origins: (settings) => [tokenUrlOf(settings)],
  write,
  written: (delivery, settings) => written(delivery, settings),
  read,
  changes: { kinds: KINDS, resolutionMs: 1000, overlapMs: 300_000, lagMs: 60_000, tellsDeletions: true, page },
});

/** The token has no stated end: it is used until it is refused. */
async function obtain(session: Session<Settings>): Promise<Result<Credential, Failed>> {
  const { clientId, username, audience } = session.settings;
  const assertion = await signAssertion({
    algorithm: "RS256",
    privateKey: session.secrets["privateKey"] ?? "",
    claims: { iss: clientId, sub: username, aud: audience },
    issuedAtMs: session.nowMs(),
    lifetimeMs: ASSERTION_LIFETIME_MS,
  });
  if (!assertion.ok) return fail({ kind: "failed", class: "config", detail: assertion.failure });
  return obtainToken(session, { url: tokenUrlOf(session.settings), form: { grant_type: JWT_BEARER_GRANT, assertion: assertion.value } });
}

/** What a read would tell of exactly what is written. */
function written(delivery: Delivery, settings: Settings): JsonObject {
  const shape = shapeOf(delivery.entity.kind, settings);
  const record = recordOf(delivery, shape);
  const told = record.ok ? toCanonical(shape.kind, record.value, shape.pairs) : record;
  if (!told.ok) return {};
  const lines = linesWanted(delivery, settings);
  return lines === undefined || lines.length === 0 ? told.value : { ...told.value, lines: [...lines] };
}
