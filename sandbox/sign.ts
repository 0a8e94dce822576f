import { createHmac, createPrivateKey, randomUUID, sign } from "node:crypto";
import type { Sample, Verification } from "../src/sources/define.ts";

export interface SignRequest {
  readonly verification: Verification;
  /** As a deployment holds it; for ed25519 the sender's half, `whsk_` and base64 of 64 bytes. */
  readonly secret: string;
  readonly body: Uint8Array | string;
  /** The sender's clock. */
  readonly nowMs: number;
  readonly deliveryId?: string;
  readonly url: string;
}

export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Hmac = Extract<Verification, { readonly kind: "hmac" }>;

const HASHES = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512" } as const;

const timestampText = (nowMs: number, format: "s" | "ms" | "iso"): string =>
  format === "iso" ? new Date(nowMs).toISOString() : String(format === "s" ? Math.floor(nowMs / 1000) : nowMs);

/** Signs a request as its sender would: the headers to add, and the URL with the token where that is the proof. */
export function signRequest(request: SignRequest): SignedRequest {
  const { verification } = request;
  switch (verification.kind) {
    case "hmac":
      return { url: request.url, headers: hmacHeaders(request, verification) };
    case "standardWebhooks":
      return { url: request.url, headers: standardWebhooksHeaders(request) };
    case "queryToken": {
      const url = new URL(request.url);
      url.searchParams.set(verification.parameter, request.secret);
      return { url: url.href, headers: {} };
    }
  }
}

function hmacHeaders(request: SignRequest, scheme: Hmac): Record<string, string> {
  const timestamp = timestampText(request.nowMs, scheme.timestamp?.format ?? "s");
  const id = request.deliveryId ?? randomUUID();
  const before = scheme.template
    .replace("{body}", "")
    .replace("{timestamp}", timestamp)
    .replace("{id}", () => id);
  const key = Buffer.from(request.secret, scheme.secretEncoding);
  const signature = createHmac(HASHES[scheme.algorithm], key).update(before).update(request.body).digest(scheme.encoding);
  const headers: Record<string, string> = { [scheme.header]: signatureHeader(scheme, signature, timestamp) };
  if (scheme.timestamp?.header !== undefined) headers[scheme.timestamp.header] = timestamp;
  if (scheme.idHeader !== undefined) headers[scheme.idHeader] = id;
  return headers;
}

function signatureHeader({ form }: Hmac, signature: string, timestamp: string): string {
  if (form.type === "bare") return `${form.prefix ?? ""}${signature}`;
  return `${form.timestamp === undefined ? "" : `${form.timestamp}=${timestamp},`}${form.signature}=${signature}`;
}

function standardWebhooksHeaders({ secret, body, nowMs, deliveryId }: SignRequest): Record<string, string> {
  const id = deliveryId ?? `msg_${randomUUID()}`;
  const timestamp = timestampText(nowMs, "s");
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  const signature = secret.startsWith("whsk_")
    ? `v1a,${sign(null, message, ed25519Key(secret.slice("whsk_".length))).toString("base64")}`
    : `v1,${createHmac("sha256", Buffer.from(secret.replace(/^whsec_/, ""), "base64"))
        .update(message)
        .digest("base64")}`;
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
}

/** Private half, then public half: 32 bytes each (the form that Svix prints). */
function ed25519Key(base64: string): ReturnType<typeof createPrivateKey> {
  const bytes = Buffer.from(base64, "base64");
  const [d, x] = [bytes.subarray(0, 32).toString("base64url"), bytes.subarray(32).toString("base64url")];
  return createPrivateKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", d, x } });
}

/** Fills the placeholders of a sample's text: `{now:iso}`, `{now:s}`, `{now:ms}` and `{id}`. */
export const fillSample = (template: string, fill: { readonly nowMs: number; readonly id: string }): string =>
  template.replace(/\{now:(iso|s|ms)\}|\{id\}/g, (_placeholder, format: "iso" | "s" | "ms" | undefined) =>
    format === undefined ? fill.id : timestampText(fill.nowMs, format),
  );

/** A sample as it is posted: its body and headers, filled for this moment. */
export const sampleRequest = (
  sample: Sample,
  fill: { readonly nowMs: number; readonly id: string },
): { readonly body: string; readonly headers: Readonly<Record<string, string>> } => ({
  body: fillSample(sample.body, fill),
  headers: {
    "content-type": sample.contentType,
    ...Object.fromEntries(Object.entries(sample.headers ?? {}).map(([name, value]) => [name, fillSample(value, fill)])),
  },
});
