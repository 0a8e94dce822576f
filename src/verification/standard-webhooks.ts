import { fail, ok } from "../domain/result.ts";
import type { Checked, Proof, Unproven } from "./define.ts";
import { checkTimestamp, readDeliveryId } from "./hmac.ts";
import { keyOf } from "./keys.ts";
import { decodeAll, proveWith } from "./prove.ts";
import { signedBytes } from "./template.ts";

/** What the specification signs: https://github.com/standard-webhooks/standard-webhooks */
const TEMPLATE = "{id}.{timestamp}.{body}";

/** Standard Webhooks 1.0, and Svix under its own header names. */
export async function verifyStandardWebhooks(request: Unproven, windowMs: number): Promise<Checked<Proof>> {
  const { headers, nowMs } = request;
  const family = headers.has("webhook-signature") ? "webhook" : "svix";
  const list = headers.get(`${family}-signature`);
  if (list === null || list === "") return fail("signature_missing");
  if (list.includes(", ")) return fail("duplicate_header");
  const id = readDeliveryId(headers, `${family}-id`, TEMPLATE);
  if (!id.ok) return id;
  const timestamp = checkTimestamp(headers.get(`${family}-timestamp`), { format: "s", nowMs, windowMs });
  if (!timestamp.ok) return timestamp;
  const signatures = readVersioned(list);
  if (!signatures.ok) return signatures;
  const secretId = await proveWith(request.secrets, {
    message: () => signedBytes(TEMPLATE, { request, timestamp: timestamp.value.text, id: id.value ?? "", secret: "" }),
    signatures: (algorithm) => (algorithm === "Ed25519" ? signatures.value.v1a : signatures.value.v1),
    keyOf: standardWebhooksKey,
  });
  if (!secretId.ok) return secretId;
  return ok({ verdict: "verified", secretId: secretId.value, timestampMs: timestamp.value.ms, deliveryId: id.value });
}

interface Versioned {
  readonly v1: readonly Uint8Array[];
  readonly v1a: readonly Uint8Array[];
}

/** `v1,<base64> v1a,<base64> ...`; versions that we do not know are passed over, as the specification asks. */
function readVersioned(list: string): Checked<Versioned> {
  const entries = list.split(" ");
  const of = (version: string): readonly string[] =>
    entries.flatMap((entry) => (entry.startsWith(`${version},`) ? [entry.slice(version.length + 1)] : []));
  const known = { v1: of("v1"), v1a: of("v1a") };
  if (known.v1.length + known.v1a.length === 0) return fail(list.includes(",") ? "no_supported_version" : "signature_malformed");
  const signatures = { v1: decodeAll(known.v1, "SHA-256", "base64"), v1a: decodeAll(known.v1a, "Ed25519", "base64") };
  return signatures.v1.length + signatures.v1a.length === 0 ? fail("signature_malformed") : ok(signatures);
}

const standardWebhooksKey = (secret: string): Promise<CryptoKey | null> =>
  secret.startsWith("whpk_")
    ? keyOf({ algorithm: "Ed25519", encoding: "base64", text: secret.slice("whpk_".length) })
    : keyOf({ algorithm: "SHA-256", encoding: "base64", text: secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret });
