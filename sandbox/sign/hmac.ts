import { createHash, createHmac, createPrivateKey, randomUUID, sign } from "node:crypto";
import { headersOf, timestampText, type OfKind, type SignRequest } from "./request.ts";

const HASHES = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512" } as const;

export function hmacHeaders(request: SignRequest, scheme: OfKind<"hmac">): Record<string, string> {
  const timestamp = timestampText(request.nowMs, scheme.timestamp?.format ?? "s");
  const id = request.deliveryId ?? randomUUID();
  const message = messageOf(request, scheme.template, { timestamp, id });
  const hash = HASHES[scheme.algorithm];
  const signature =
    scheme.construction === "hash"
      ? createHash(hash).update(message).digest(scheme.encoding)
      : createHmac(hash, Buffer.from(request.secret, scheme.secretEncoding)).update(message).digest(scheme.encoding);
  const headers: Record<string, string> = { [scheme.header]: signatureHeader(scheme, signature, timestamp) };
  if (scheme.timestamp?.header !== undefined) headers[scheme.timestamp.header] = timestamp;
  if (scheme.idHeader !== undefined) headers[scheme.idHeader] = id;
  return headers;
}

function messageOf(request: SignRequest, template: string, fill: { readonly timestamp: string; readonly id: string }): Buffer {
  const url = new URL(request.url);
  const values: Readonly<Record<string, string>> = {
    ...fill,
    secret: request.secret,
    method: request.method ?? "POST",
    url: url.href,
    path: url.pathname,
    host: url.host,
    query: url.search.slice(1),
  };
  const headers = headersOf(request);
  const text = (part: string): string =>
    part.replace(/\{([a-z]+)(?::([\w-]+))?\}/gi, (_placeholder, name: string, header: string | undefined) =>
      header === undefined ? (values[name] ?? "") : (headers.get(header) ?? ""),
    );
  const [before = "", after = ""] = template.split("{body}");
  return Buffer.concat([Buffer.from(text(before)), Buffer.from(request.body), Buffer.from(text(after))]);
}

function signatureHeader({ form }: OfKind<"hmac">, signature: string, timestamp: string): string {
  if (form.type === "bare") return `${form.prefix ?? ""}${signature}`;
  return `${form.timestamp === undefined ? "" : `${form.timestamp}=${timestamp},`}${form.signature}=${signature}`;
}

export function standardWebhooksHeaders({ secret, body, nowMs, deliveryId }: SignRequest): Record<string, string> {
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

/** Twilio signs the URL, with the form's sorted fields behind it; of any other body the URL holds the hash. */
export function twilioRequest(request: SignRequest): { url: string; headers: Record<string, string> } {
  const isForm = (headersOf(request).get("content-type") ?? "").startsWith("application/x-www-form-urlencoded");
  const url = new URL(request.url);
  if (!isForm && request.body.length > 0) url.searchParams.set("bodySHA256", createHash("sha256").update(request.body).digest("hex"));
  const fields = new Map<string, Set<string>>();
  const pairs = isForm ? new URLSearchParams(Buffer.from(request.body).toString("utf8")) : [];
  for (const [name, value] of pairs) fields.set(name, (fields.get(name) ?? new Set()).add(value));
  const text = [...fields.keys()].toSorted().flatMap((name) => [...(fields.get(name) ?? [])].toSorted().map((value) => name + value));
  const signature = createHmac("sha1", request.secret)
    .update(url.href + text.join(""))
    .digest("base64");
  return { url: url.href, headers: { "x-twilio-signature": signature } };
}
