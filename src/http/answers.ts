import type { RejectionReason } from "../domain/failure.ts";
import type { Ingested } from "../pipeline/ingest/ports.ts";
import type { Reply, StatusPolicy } from "../sources/define.ts";
import { problem, type ProblemCode } from "./problem.ts";

/** What a sender hears of a request that is durable now. */
export function accepted(stored: Extract<Ingested, { kind: "stored" }>, policy: StatusPolicy): Response {
  const form = stored.status === "quarantined" ? policy.notUnderstood : policy.stored;
  const headers = {
    "x-correlation-id": stored.correlationId,
    traceparent: stored.traceparent,
    "x-signalbox-event-id": stored.ids[0] ?? "",
  };
  if (form !== "accepted") return ownForm(form, headers);
  const more = stored.ids.length > 1 ? { ids: stored.ids } : {};
  return Response.json(
    { id: stored.ids[0], correlationId: stored.correlationId, status: stored.status, ...more },
    { status: 202, headers },
  );
}

const ownForm = (form: Reply, headers: Readonly<Record<string, string>>): Response =>
  new Response(form.body === "" ? null : form.body, {
    status: form.status,
    headers: { ...headers, "content-type": form.contentType, "x-content-type-options": "nosniff" },
  });

/** Seconds after which a refused sender may come again, where nothing tells better. */
const RETRY_AFTER_SECONDS = { cannotStore: 30, rateLimited: 10 };

/** What a sender hears for each reason it was not let in: deliberately little. */
export function refusal(reason: RejectionReason, policy: StatusPolicy, retryAfterSeconds?: number): Response {
  const code = refusalCode(reason);
  switch (code) {
    case "verification_failed":
      return problem(code, {
        status: policy.notVerified,
        ...(policy.notVerifiedHeaders === undefined ? {} : { headers: policy.notVerifiedHeaders }),
      });
    case "cannot_store":
      return problem(code, { status: policy.cannotStore, headers: { "retry-after": String(RETRY_AFTER_SECONDS.cannotStore) } });
    case "rate_limited":
      return problem(code, {
        status: policy.rateLimited,
        headers: { "retry-after": String(retryAfterSeconds ?? RETRY_AFTER_SECONDS.rateLimited) },
      });
    case "method_not_allowed":
      return problem(code, { headers: { allow: "POST" } });
    case "body_too_large":
      return problem(code, { status: policy.tooLarge });
    case "unsupported_encoding":
      return problem(code, { status: policy.wrongEncoding });
    case "not_found":
      return problem(code);
  }
}

type RefusalCode = Extract<
  ProblemCode,
  "verification_failed" | "cannot_store" | "rate_limited" | "method_not_allowed" | "not_found" | "body_too_large" | "unsupported_encoding"
>;

function refusalCode(reason: RejectionReason): RefusalCode {
  switch (reason) {
    case "unknown_source":
      return "not_found";
    case "method_not_allowed":
    case "body_too_large":
    case "unsupported_encoding":
    case "rate_limited":
    case "cannot_store":
      return reason;
    case "misconfigured":
    case "keys_unavailable":
      return "cannot_store";
    case "signature_missing":
    case "signature_malformed":
    case "signature_mismatch":
    case "no_supported_version":
    case "timestamp_missing":
    case "timestamp_malformed":
    case "stale":
    case "future":
    case "duplicate_header":
    case "delivery_id_malformed":
    case "token_missing":
    case "token_mismatch":
    case "token_expired":
    case "token_claims":
    case "algorithm_not_allowed":
    case "key_unknown":
    case "digest_mismatch":
    case "components_missing":
    case "certificate_missing":
    case "certificate_refused":
    case "address_not_allowed":
    case "verdict_not_allowed":
    case "handshake_refused":
    case "unknown_account":
    case "sender_not_allowed":
    case "doctype_forbidden":
      return "verification_failed";
  }
}
