import { z } from "zod";
import { signatureHeaders } from "../connection/standard-webhooks.ts";
import { defineDestination, exchange, traceHeaders, type Connection, type Delivery, type RequestSpec } from "./define.ts";
import { outcomeOfStatus } from "./outcome-of-status.ts";

/** Headers that this module sets itself, or that would carry a credential in plain configuration. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "idempotency-key",
  "proxy-authorization",
  "traceparent",
  "user-agent",
  "webhook-id",
  "webhook-signature",
  "webhook-timestamp",
  "x-correlation-id",
  "x-signalbox-occurred-at",
]);

const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be an HTTP field name")
  .refine((name) => !RESERVED_HEADERS.has(name.toLowerCase()), "is set by the router, or would be a secret in the configuration");
const HeaderValue = z.string().regex(/^[\t\x20-\x7e]*$/, "must be printable ASCII");

const Settings = z.strictObject({
  /** Appended to the path of the base URL. */
  path: z
    .string()
    .regex(/^\/[^?#\\\s]*$/, "must begin with / and have no query")
    .optional(),
  /** Sent with every request. */
  headers: z.record(HeaderName, HeaderValue).optional(),
});
type Settings = z.infer<typeof Settings>;

/**
 * Any HTTP endpoint, as Standard Webhooks 1.0 (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 *
 * POST `{type, timestamp, data}`: type is `<kind>.changed` or `<kind>.deleted`, since a canonical entity says what is,
 * not what a sender called it; timestamp is when it occurred (received, where the sender does not say); data is the
 * canonical entity and `{kind, key, occurredAt, source, eventId}`. The receiver must drop a `webhook-id` that it has
 * seen: a retry repeats it, with the same body. Secret `signing`: `whsec_` and base64.
 */
export const http = defineDestination<Settings>({
  module: "http",
  title: "HTTP endpoint (Standard Webhooks)",
  facts: {
    auth: "HMAC-SHA256 signature over id, time and body",
    upsert: "POST; the receiver drops a `webhook-id` that it has seen",
    order: "as the router sends",
    changedSince: "not read",
    limits: "as configured",
    proven: "real system",
  },
  settings: Settings,
  secretNames: () => ["signing"],
  deduplicates: true,
  write: async (delivery, session) => exchange(session, await signedPost(delivery, session), outcomeOfStatus),
});

/** The one request of a delivery. */
export async function signedPost(delivery: Delivery, connection: Connection<Settings>): Promise<RequestSpec> {
  const body = JSON.stringify(payloadOf(delivery));
  const message = { id: delivery.idempotencyKey, atMs: delivery.nowMs, body };
  return {
    method: "POST",
    url: urlOf(connection),
    headers: {
      ...connection.settings.headers,
      ...traceHeaders(delivery),
      "content-type": "application/json",
      "idempotency-key": delivery.idempotencyKey,
      ...(await signatureHeaders(message, connection.secrets["signing"] ?? "")),
    },
    body,
  };
}

/** Says nothing of the attempt, so that every retry has the same body. */
function payloadOf(delivery: Delivery): object {
  return {
    type: `${delivery.entity.kind}.${delivery.deleted ? "deleted" : "changed"}`,
    timestamp: new Date(delivery.occurredAtMs ?? delivery.receivedAtMs).toISOString(),
    data: {
      ...delivery.data,
      kind: delivery.entity.kind,
      key: delivery.entity.key,
      ...(delivery.nature === "snapshot" ? {} : { nature: delivery.nature }),
      ...(delivery.cleared.length === 0 ? {} : { cleared: delivery.cleared }),
      occurredAt: delivery.occurredAtMs === null ? null : new Date(delivery.occurredAtMs).toISOString(),
      source: delivery.source,
      eventId: delivery.eventId,
    },
  };
}

function urlOf(connection: Connection<Settings>): string {
  const url = new URL(connection.baseUrl);
  const { path } = connection.settings;
  if (path !== undefined) url.pathname = url.pathname.replace(/\/$/, "") + path;
  return url.href;
}
