import type { RejectionReason } from "../domain/failure.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { LiveSecret, Verification } from "./define.ts";
import { keyOf, sha256, tokenDigest, type KeySpec } from "./keys.ts";
import {
  SIGNATURE_BYTES,
  STANDARD_WEBHOOKS_TEMPLATE,
  decodeBytes,
  equalBytes,
  isSoundId,
  readPairs,
  readTimestamp,
  signedMessage,
  textBeforeBody,
  type Hmac,
  type TimestampFormat,
} from "./signature.ts";

/** Signatures in one request that are tried at most: twice what any sender gives while it rolls its keys over. */
const SIGNATURES_TRIED = 16;

export interface Unproven {
  readonly verification: Verification;
  /** Those that count now; whether one has expired is decided before. */
  readonly secrets: readonly LiveSecret[];
  /** The body exactly as it arrived. */
  readonly body: Uint8Array;
  readonly headers: Headers;
  readonly url: URL;
  readonly nowMs: number;
}

export interface Proof {
  /** Which secret proved it. */
  readonly secretId: string;
  /** The signed time of this attempt; null where the sender signs none. */
  readonly timestampMs: number | null;
  /** From the header that the scheme names; null where there is none. */
  readonly deliveryId: string | null;
}

type Checked<T> = Result<T, RejectionReason>;

/**
 * Proves a request by its raw bytes, with any of the live secrets. Never throws: a secret that cannot be a key is
 * passed over, and is `misconfigured` if no other one proves the request.
 */
export async function verify(request: Unproven): Promise<Checked<Proof>> {
  const { verification } = request;
  switch (verification.kind) {
    case "hmac":
      return verifyHmac(request, verification);
    case "standardWebhooks":
      return verifyStandardWebhooks(request, verification.windowMs);
    case "queryToken":
      return verifyToken(request, verification.parameter);
  }
}

async function verifyHmac(request: Unproven, scheme: Hmac): Promise<Checked<Proof>> {
  const header = request.headers.get(scheme.header);
  if (header === null || header === "") return fail("signature_missing");
  const shown = scheme.form.type === "bare" ? readBare(header, scheme.form.prefix ?? "") : readPaired(header, scheme.form);
  if (!shown.ok) return shown;
  const timestamp = hmacTimestamp(request, scheme, shown.value.timestamp);
  if (!timestamp.ok) return timestamp;
  const id = readDeliveryId(request.headers, scheme.idHeader, scheme.template);
  if (!id.ok) return id;
  const signatures = decodeAll(shown.value.signatures, scheme.algorithm, scheme.encoding);
  if (signatures.length === 0) return fail(header.includes(", ") ? "duplicate_header" : "signature_malformed");
  const before = textBeforeBody(scheme.template, { timestamp: timestamp.value?.text ?? "", id: id.value ?? "" });
  const secretId = await proveWith(request.secrets, {
    message: signedMessage(before, request.body),
    signatures: () => signatures,
    specOf: (secret) =>
      (scheme.refusedSecrets?.includes(secret) ?? false)
        ? null
        : { algorithm: scheme.algorithm, encoding: scheme.secretEncoding, text: secret },
  });
  return secretId.ok ? ok({ secretId: secretId.value, timestampMs: timestamp.value?.ms ?? null, deliveryId: id.value }) : secretId;
}

interface Shown {
  readonly signatures: readonly string[];
  readonly timestamp: string | null;
}

const readBare = (header: string, prefix: string): Checked<Shown> =>
  header.startsWith(prefix) ? ok({ signatures: [header.slice(prefix.length)], timestamp: null }) : fail("signature_malformed");

function readPaired(header: string, form: Extract<Hmac["form"], { readonly type: "pairs" }>): Checked<Shown> {
  const pairs = readPairs(header);
  if (pairs === null) return fail(header.includes(", ") ? "duplicate_header" : "signature_malformed");
  const timestamps = form.timestamp === undefined ? [] : (pairs.get(form.timestamp) ?? []);
  if (timestamps.length > 1) return fail("duplicate_header");
  const signatures = pairs.get(form.signature) ?? [];
  return signatures.length > 0 ? ok({ signatures, timestamp: timestamps[0] ?? null }) : fail("no_supported_version");
}

interface Stamp {
  readonly text: string;
  readonly ms: number;
}

function hmacTimestamp(request: Unproven, scheme: Hmac, paired: string | null): Checked<Stamp | null> {
  const inPairs = scheme.form.type === "pairs" && scheme.form.timestamp !== undefined;
  if (scheme.timestamp === undefined && !inPairs) return ok(null);
  const text = inPairs || scheme.timestamp?.header === undefined ? paired : request.headers.get(scheme.timestamp.header);
  return checkTimestamp(text, { format: scheme.timestamp?.format ?? "s", nowMs: request.nowMs, windowMs: scheme.windowMs });
}

/** Accepts times exactly as far away as the window is wide, in the past and in the future, and none further away. */
function checkTimestamp(
  text: string | null,
  rule: { readonly format: TimestampFormat; readonly nowMs: number; readonly windowMs: number },
): Checked<Stamp> {
  if (text === null || text === "") return fail("timestamp_missing");
  const ms = readTimestamp(text, rule.format);
  if (ms === null) return fail(text.includes(",") ? "duplicate_header" : "timestamp_malformed");
  if (rule.nowMs - ms > rule.windowMs) return fail("stale");
  if (ms - rule.nowMs > rule.windowMs) return fail("future");
  return ok({ text, ms });
}

function readDeliveryId(headers: Headers, name: string | undefined, template: string): Checked<string | null> {
  const id = name === undefined ? null : headers.get(name);
  if (id === null) return template.includes("{id}") ? fail("delivery_id_malformed") : ok(null);
  if (id.includes(",")) return fail("duplicate_header");
  return isSoundId(id, template) ? ok(id) : fail("delivery_id_malformed");
}

async function verifyStandardWebhooks(request: Unproven, windowMs: number): Promise<Checked<Proof>> {
  const { headers, nowMs } = request;
  const family = headers.has("webhook-signature") ? "webhook" : "svix";
  const list = headers.get(`${family}-signature`);
  if (list === null || list === "") return fail("signature_missing");
  if (list.includes(", ")) return fail("duplicate_header");
  const id = readDeliveryId(headers, `${family}-id`, STANDARD_WEBHOOKS_TEMPLATE);
  if (!id.ok) return id;
  const timestamp = checkTimestamp(headers.get(`${family}-timestamp`), { format: "s", nowMs, windowMs });
  if (!timestamp.ok) return timestamp;
  const signatures = readVersioned(list);
  if (!signatures.ok) return signatures;
  const before = textBeforeBody(STANDARD_WEBHOOKS_TEMPLATE, { timestamp: timestamp.value.text, id: id.value ?? "" });
  const secretId = await proveWith(request.secrets, {
    message: signedMessage(before, request.body),
    signatures: (algorithm) => (algorithm === "Ed25519" ? signatures.value.v1a : signatures.value.v1),
    specOf: standardWebhooksKey,
  });
  return secretId.ok ? ok({ secretId: secretId.value, timestampMs: timestamp.value.ms, deliveryId: id.value }) : secretId;
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

const standardWebhooksKey = (secret: string): KeySpec =>
  secret.startsWith("whpk_")
    ? { algorithm: "Ed25519", encoding: "base64", text: secret.slice("whpk_".length) }
    : { algorithm: "SHA-256", encoding: "base64", text: secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret };

function decodeAll(texts: readonly string[], algorithm: KeySpec["algorithm"], encoding: Hmac["encoding"]): readonly Uint8Array[] {
  const decoded = texts.slice(0, SIGNATURES_TRIED).map((text) => decodeBytes(text, encoding));
  return decoded.filter((bytes) => bytes !== null && bytes.length === SIGNATURE_BYTES[algorithm]) as Uint8Array[];
}

interface Signed {
  readonly message: Uint8Array;
  readonly signatures: (algorithm: KeySpec["algorithm"]) => readonly Uint8Array[];
  /** Null for a secret that must not be used. */
  readonly specOf: (secret: string) => KeySpec | null;
}

async function proveWith(secrets: readonly LiveSecret[], signed: Signed): Promise<Checked<string>> {
  let unusable = secrets.length === 0;
  let tried = false;
  for (const secret of secrets) {
    const spec = signed.specOf(secret.value);
    const key = spec === null ? null : await keyOf(spec);
    if (spec === null || key === null) {
      unusable = true;
      continue;
    }
    const signatures = signed.signatures(spec.algorithm);
    tried ||= signatures.length > 0;
    if (signatures.length > 0 && (await matches(key, signatures, signed.message))) return ok(secret.id);
  }
  return fail(unusable ? "misconfigured" : tried ? "signature_mismatch" : "no_supported_version");
}

/** One signature is left to WebCrypto; of several HMACs ours is computed once, so that a long list costs no more. */
async function matches(key: CryptoKey, signatures: readonly Uint8Array[], message: Uint8Array): Promise<boolean> {
  const [first, ...others] = signatures;
  if (first === undefined) return false;
  if (others.length === 0) return crypto.subtle.verify(key.algorithm.name, key, first, message);
  if (key.algorithm.name === "Ed25519") return anyVerifies(key, signatures, message);
  const expected = new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
  return signatures.some((signature) => equalBytes(signature, expected));
}

async function anyVerifies(key: CryptoKey, signatures: readonly Uint8Array[], message: Uint8Array): Promise<boolean> {
  for (const signature of signatures) if (await crypto.subtle.verify("Ed25519", key, signature, message)) return true;
  return false;
}

/** Compares digests, which are of one length, so that time tells nothing of the token; looks at every secret, as slow for each. */
async function verifyToken(request: Unproven, parameter: string): Promise<Checked<Proof>> {
  const [token, ...more] = request.url.searchParams.getAll(parameter);
  if (token === undefined || token === "") return fail("token_missing");
  const usable = request.secrets.filter((secret) => secret.value !== "");
  if (usable.length === 0) return fail("misconfigured");
  const given = await sha256(token);
  const digests = await Promise.all(usable.map(tokenDigest));
  const proven = usable.filter((_secret, index) => equalBytes(given, digests[index] ?? new Uint8Array()));
  const [secret] = proven;
  return secret === undefined || more.length > 0
    ? fail("token_mismatch")
    : ok({ secretId: secret.id, timestampMs: null, deliveryId: null });
}
