import type { RejectionReason } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import type { Result } from "../domain/result.ts";
import type { Arrival, Ingested, LiveSource } from "../pipeline/ingest.ts";
import type { Reply, StatusPolicy } from "../sources/define.ts";
import { problem, type ProblemCode } from "./problem.ts";

export interface ReceivePorts {
  readonly source: (name: string) => Result<LiveSource, "unknown" | "misconfigured">;
  /** Whether this source may send another request now. */
  readonly admits: (source: string) => Promise<boolean>;
  readonly ingest: (arrival: Arrival) => Promise<Ingested>;
  /** Counts a request that was not let in. `source` is null when it names none of ours. */
  readonly rejected: (source: string | null, reason: RejectionReason, note: string) => void;
  readonly clock: () => number;
}

const RETRY_AFTER = { "retry-after": "30" };
const notFound = (): Response => problem("not_found");

/** Answers `/in/{source}`: the outward half of ingest. Stores first, then says so, in the form this sender needs. */
export async function receive(request: Request, name: string, ports: ReceivePorts): Promise<Response> {
  const receivedAtMs = ports.clock();
  const source = ports.source(name);
  if (!source.ok && source.failure === "unknown") {
    ports.rejected(null, "unknown_source", "");
    return notFound();
  }
  if (!source.ok) {
    ports.rejected(name, "misconfigured", "a setting or secret of this source is missing; see /healthz");
    return problem("cannot_store", { headers: RETRY_AFTER });
  }
  const refuse = (reason: RejectionReason, note = ""): Response => {
    ports.rejected(name, reason, note);
    return refusal(reason, source.value.definition.statusPolicy);
  };
  if (request.method !== "POST") return refuse("method_not_allowed", request.method);
  if (!isPlain(request.headers.get("content-encoding")))
    return refuse("unsupported_encoding", request.headers.get("content-encoding") ?? "");
  const [admitted, body] = await Promise.all([ports.admits(name), readBody(request, source.value.config.maxBodyBytes ?? LIMITS.bodyBytes)]);
  if (!admitted) return refuse("rate_limited");
  if (body === null) return refuse("body_too_large");
  const ingested = await ports.ingest({ source: source.value, body, headers: request.headers, url: new URL(request.url), receivedAtMs });
  switch (ingested.kind) {
    case "rejected":
      return refuse(ingested.reason);
    case "notStored":
      return refuse("cannot_store", ingested.detail);
    case "stored":
      return accepted(ingested, source.value.definition.statusPolicy);
  }
}

function accepted(stored: Extract<Ingested, { kind: "stored" }>, policy: StatusPolicy): Response {
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

/** What a sender hears for each reason it was not let in: deliberately little. */
function refusal(reason: RejectionReason, policy: StatusPolicy): Response {
  const code = refusalCode(reason);
  switch (code) {
    case "verification_failed":
      return problem(code, { status: policy.notVerified });
    case "cannot_store":
      return problem(code, { status: policy.cannotStore, headers: RETRY_AFTER });
    case "rate_limited":
      return problem(code, { headers: { "retry-after": "10" } });
    case "method_not_allowed":
      return problem(code, { headers: { allow: "POST" } });
    case "not_found":
    case "body_too_large":
    case "unsupported_encoding":
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
    case "sender_not_allowed":
    case "doctype_forbidden":
      return "verification_failed";
  }
}

const isPlain = (encoding: string | null): boolean =>
  encoding === null || encoding.trim() === "" || encoding.trim().toLowerCase() === "identity";

/** The body's bytes, or null once it is above the limit; no more than the limit is ever held. */
async function readBody(request: Request, limitBytes: number): Promise<Uint8Array | null> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limitBytes) return null;
    const body = new Uint8Array(await request.arrayBuffer());
    return body.byteLength > limitBytes ? null : body;
  }
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
