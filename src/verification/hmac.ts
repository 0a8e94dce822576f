import { fail, ok } from "../domain/result.ts";
import type { Checked, HmacScheme, LiveSecret, Proof, Unproven } from "./define.ts";
import { digestOf, keyOf } from "./keys.ts";
import { decodeAll, proveWith } from "./prove.ts";
import { equalBytes, isSoundId, readPairs, readTimestamp, type TimestampFormat } from "./signature.ts";
import { signedBytes, urlSpellings, type Fill } from "./template.ts";

/** Proves a request by a signature over a text that its scheme's template makes of it. */
export async function verifyHmac(request: Unproven, scheme: HmacScheme): Promise<Checked<Proof>> {
  const header = request.headers.get(scheme.header);
  if (header === null || header === "") return fail("signature_missing");
  const shown = scheme.form.type === "bare" ? readBare(header, scheme.form.prefix ?? "") : readPaired(header, scheme.form);
  if (!shown.ok) return shown;
  const timestamp = hmacTimestamp(request, scheme, shown.value.timestamp);
  if (!timestamp.ok) return timestamp;
  const id = readDeliveryId(request.headers, scheme.idHeader, scheme.template);
  if (!id.ok) return id;
  const spelled = scheme.anyCase === true ? shown.value.signatures.map((text) => text.toLowerCase()) : shown.value.signatures;
  const signatures = decodeAll(spelled, scheme.algorithm, scheme.encoding);
  if (signatures.length === 0) return fail(header.includes(", ") ? "duplicate_header" : "signature_malformed");
  const fill: Fill = { request, timestamp: timestamp.value?.text ?? "", id: id.value ?? "", secret: "" };
  const secretId = await prove(scheme, fill, { signatures, secrets: request.secrets });
  if (!secretId.ok) return secretId;
  return ok({ verdict: "verified", secretId: secretId.value, timestampMs: timestamp.value?.ms ?? null, deliveryId: id.value });
}

/** Tries each spelling of the URL that the sender may have signed; nearly always there is one. */
async function prove(scheme: HmacScheme, fill: Fill, candidates: Candidates): Promise<Checked<string>> {
  const spellings = urlSpellings(scheme, fill.request.url);
  if (spellings.length === 1) return proveSpelled(scheme, fill, candidates);
  let last: Checked<string> = fail("misconfigured");
  for (const url of spellings) {
    last = await proveSpelled(scheme, url === undefined ? fill : { ...fill, url }, candidates);
    if (last.ok || last.failure !== "signature_mismatch") return last;
  }
  return last;
}

const proveSpelled = (scheme: HmacScheme, fill: Fill, { signatures, secrets }: Candidates): Promise<Checked<string>> =>
  scheme.construction === "hash"
    ? proveByHash(scheme, fill, { signatures, secrets })
    : proveWith(secrets, {
        message: () => signedBytes(scheme.template, fill),
        signatures: () => signatures,
        keyOf: (secret) => keyFor(scheme, secret),
      });

const keyFor = (scheme: HmacScheme, secret: string): Promise<CryptoKey | null> =>
  scheme.refusedSecrets?.includes(secret) === true
    ? Promise.resolve(null)
    : keyOf({ algorithm: scheme.algorithm, encoding: scheme.secretEncoding, text: secret });

interface Candidates {
  readonly signatures: readonly Uint8Array[];
  readonly secrets: readonly LiveSecret[];
}

async function proveByHash(scheme: HmacScheme, fill: Fill, { signatures, secrets }: Candidates): Promise<Checked<string>> {
  const usable = secrets.filter(({ value }) => value !== "");
  for (const secret of usable) {
    const expected = await digestOf(scheme.algorithm, signedBytes(scheme.template, { ...fill, secret: secret.value }));
    if (signatures.some((signature) => equalBytes(signature, expected))) return ok(secret.id);
  }
  return fail(usable.length === 0 ? "misconfigured" : "signature_mismatch");
}

interface Shown {
  readonly signatures: readonly string[];
  readonly timestamp: string | null;
}

const readBare = (header: string, prefix: string): Checked<Shown> =>
  header.startsWith(prefix) ? ok({ signatures: [header.slice(prefix.length)], timestamp: null }) : fail("signature_malformed");

function readPaired(header: string, form: Extract<HmacScheme["form"], { readonly type: "pairs" }>): Checked<Shown> {
  const pairs = readPairs(header);
  if (pairs === null) return fail(header.includes(", ") ? "duplicate_header" : "signature_malformed");
  const timestamps = form.timestamp === undefined ? [] : (pairs.get(form.timestamp) ?? []);
  if (timestamps.length > 1) return fail("duplicate_header");
  const signatures = pairs.get(form.signature) ?? [];
  return signatures.length > 0 ? ok({ signatures, timestamp: timestamps[0] ?? null }) : fail("no_supported_version");
}

export interface Stamp {
  readonly text: string;
  readonly ms: number;
}

function hmacTimestamp(request: Unproven, scheme: HmacScheme, paired: string | null): Checked<Stamp | null> {
  const inPairs = scheme.form.type === "pairs" && scheme.form.timestamp !== undefined;
  if (scheme.timestamp === undefined && !inPairs) return ok(null);
  const text = inPairs || scheme.timestamp?.header === undefined ? paired : request.headers.get(scheme.timestamp.header);
  return checkTimestamp(text, { format: scheme.timestamp?.format ?? "s", nowMs: request.nowMs, windowMs: scheme.windowMs });
}

/** Accepts times exactly as far away as the window is wide, in the past and in the future, and none further away. */
export function checkTimestamp(
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

export function readDeliveryId(headers: Headers, name: string | undefined, template: string): Checked<string | null> {
  const id = name === undefined ? null : headers.get(name);
  if (id === null) return template.includes("{id}") ? fail("delivery_id_malformed") : ok(null);
  if (id.includes(",")) return fail("duplicate_header");
  return isSoundId(id, template) ? ok(id) : fail("delivery_id_malformed");
}
