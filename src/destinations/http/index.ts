import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import { defineDestination, exchange, traceHeaders, type Connection, type Delivery, type Failed, type RequestSpec } from "../define.ts";
import { outcomeOfStatus } from "../outcome-of-status.ts";
import { payloadOf } from "./payload.ts";
import { authentication, secretNames, signed } from "./proof.ts";
import { Settings } from "./settings.ts";

/**
 * Any HTTP endpoint. By default as Standard Webhooks 1.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): POST `{type, timestamp,
 * data}`, signed with the secret `signing`, which is `whsec_` and base64. By settings as CloudEvents 1.0 or as the
 * canonical entity alone, signed in a way of the receiver's own or not, and with any of the usual proofs of who sends.
 * A client certificate comes with the destination's `via` binding.
 *
 * The type is `<kind>.changed` or `<kind>.deleted`, since a canonical entity says what is, not what a sender called it;
 * the time is when it occurred (received, where the sender does not say); data is the canonical entity and `{kind, key,
 * occurredAt, source, eventId}`. The receiver must drop what it has seen: a retry repeats `webhook-id`,
 * `idempotency-key` or the CloudEvents id, whichever it looks at, with the same body.
 */
export const http = defineDestination<Settings>({
  module: "http",
  title: "HTTP endpoint (Standard Webhooks, CloudEvents, JSON)",
  facts: {
    auth: "HMAC signature over id, time and body, Basic, bearer, API key, OAuth 2.0 client credentials, or several",
    upsert: "as configured; the receiver drops an id that it has seen",
    order: "as the router sends",
    changedSince: "not read",
    limits: "as configured",
    proven: "real system",
  },
  settings: Settings,
  secretNames,
  deduplicates: true,
  knowsLateCopies: true,
  authentication,
  origins: ({ authentication: proof }) => (proof.type === "oauth" ? [proof.tokenUrl] : []),
  write: async (delivery, session) => {
    const request = await requestOf(delivery, session);
    return request.ok ? exchange(session, request.value, outcomeOfStatus) : request.failure;
  },
});

/** The one request of a delivery, signed; its sender is proven when it is sent. */
export async function requestOf(delivery: Delivery, connection: Connection<Settings>): Promise<Result<RequestSpec, Failed>> {
  const { settings } = connection;
  const url = urlOf(delivery, connection);
  if (!url.ok) return url;
  const payload = payloadOf(delivery, settings);
  const request: RequestSpec = {
    method: (delivery.deleted ? settings.deletionMethod : undefined) ?? settings.method,
    url: url.value,
    headers: {
      ...Object.fromEntries(Object.entries(settings.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
      ...traceHeaders(delivery),
      ...payload.headers,
      "idempotency-key": delivery.idempotencyKey,
    },
    body: payload.body,
  };
  return signed(request, delivery, connection);
}

function urlOf({ entity }: Delivery, { baseUrl, settings }: Connection<Settings>): Result<string, Failed> {
  const url = new URL(baseUrl);
  const { path } = settings;
  if (path === undefined) return ok(url.href);
  // A step of dots would lead to another address (WHATWG URL, single- and double-dot segments).
  if (path.includes("{key}") && /^\.{1,2}$/.test(entity.key))
    return fail(unwritable([{ field: "key", message: "a key of dots cannot be a part of an address" }]));
  const named = path.replaceAll("{kind}", entity.kind).replaceAll("{key}", () => encodeURIComponent(entity.key.toWellFormed()));
  url.pathname = url.pathname.replace(/\/$/, "") + named;
  return ok(url.href);
}
