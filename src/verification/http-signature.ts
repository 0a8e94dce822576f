import type { RejectionReason } from "../domain/failure.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, HttpSignatureScheme, LiveSecret, Proof, Unproven } from "./define.ts";
import { digestOf, remembering } from "./keys.ts";
import { decodeBytes, equalBytes } from "./signature.ts";
import { readByteSequences, readSignatureInputs, type InnerList, type ListItem } from "./structured-fields.ts";

/** Signatures of one request that are looked at. */
const LABELS_TRIED = 4;
const utf8 = new TextEncoder();

/**
 * HTTP Message Signatures (RFC 9421). Any label whose key and algorithm fit may prove the request; it must cover what
 * the scheme asks for. The signature covers only the digest's header, so the digest itself is computed anew over the body.
 */
export async function verifyHttpSignature(request: Unproven, scheme: HttpSignatureScheme): Promise<Checked<Proof>> {
  const [inputText, signatureText] = [request.headers.get("signature-input"), request.headers.get("signature")];
  if (inputText === null || inputText === "" || signatureText === null || signatureText === "") return fail("signature_missing");
  const [inputs, signatures] = [readSignatureInputs(inputText), readByteSequences(signatureText)];
  if (inputs === null || signatures === null) return fail("signature_malformed");
  let told: RejectionReason = "signature_missing";
  for (const [label, input] of [...inputs].slice(0, LABELS_TRIED)) {
    const signature = decodeBytes(signatures.get(label) ?? "", "base64");
    const proof = signature === null || signature.length === 0 ? fail("signature_malformed" as const) : await proveLabel(request, scheme, { input, signature });
    if (proof.ok) return proof;
    told = proof.failure;
  }
  return fail(told);
}

interface Label {
  readonly input: InnerList;
  readonly signature: Uint8Array;
}

async function proveLabel(request: Unproven, scheme: HttpSignatureScheme, { input, signature }: Label): Promise<Checked<Proof>> {
  const createdMs = timeProblem(input, request.nowMs, scheme.windowMs);
  if (!createdMs.ok) return createdMs;
  const { alg, keyid } = Object.fromEntries(input.parameters);
  if (alg !== undefined && alg !== scheme.algorithm) return fail("algorithm_not_allowed");
  const covered = input.items.map(({ name }) => name);
  if (!scheme.components.every((component) => covered.includes(component))) return fail("components_missing");
  const base = signatureBase(request, input);
  if (!base.ok) return base;
  const digested = covered.includes("content-digest");
  const wrong = digested ? await digestProblem(request) : null;
  if (wrong !== null) return fail(wrong);
  const secretId = await keyThatSigned(request.secrets, { scheme, keyId: keyid, signature, message: utf8.encode(base.value) });
  if (!secretId.ok) return secretId;
  return ok({ verdict: digested ? "verified" : "authenticated", secretId: secretId.value, timestampMs: createdMs.value, deliveryId: null });
}

/** `created` must be within the window, and `expires` still ahead. */
function timeProblem({ parameters }: InnerList, nowMs: number, windowMs: number): Checked<number> {
  const [created, expires] = [parameters.get("created"), parameters.get("expires")];
  if (created === undefined) return fail("timestamp_missing");
  if (typeof created !== "number" || (expires !== undefined && typeof expires !== "number")) return fail("timestamp_malformed");
  if (nowMs - created * 1000 > windowMs) return fail("stale");
  if (created * 1000 - nowMs > windowMs) return fail("future");
  return expires !== undefined && expires * 1000 < nowMs ? fail("token_expired") : ok(created * 1000);
}

/** The lines that were signed (section 2.5), the last one being the parameters letter by letter as they came. */
function signatureBase(request: Unproven, input: InnerList): Checked<string> {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const item of input.items) {
    const identifier = identifierOf(item);
    const value = identifier === null || seen.has(identifier) ? null : valueOf(request, item);
    if (identifier === null || value === null) return fail("signature_malformed");
    seen.add(identifier);
    lines.push(`${identifier}: ${value}`);
  }
  return ok([...lines, `"@signature-params": ${input.raw}`].join("\n"));
}

/** A component's name as it is signed; null for a parameter that we do not know, since it would change what is meant. */
function identifierOf({ name, parameters }: ListItem): string | null {
  if (name !== name.toLowerCase()) return null;
  const parameterName = parameters.get("name");
  if (name === "@query-param") return parameters.size === 1 && typeof parameterName === "string" ? `"${name}";name="${parameterName}"` : null;
  return parameters.size === 0 ? `"${name}"` : null;
}

function valueOf(request: Unproven, item: ListItem): string | null {
  const { url, method, headers } = request;
  switch (item.name) {
    case "@method":
      return method;
    case "@target-uri":
      return url.href;
    case "@authority":
      return url.host.toLowerCase();
    case "@scheme":
      return url.protocol.slice(0, -1).toLowerCase();
    case "@request-target":
      return `${url.pathname}${url.search}`;
    case "@path":
      return url.pathname;
    case "@query":
      return url.search === "" ? "?" : url.search;
    case "@query-param":
      return queryParameter(url, String(item.parameters.get("name")));
    default:
      if (item.name.startsWith("@")) return null;
      // The URL is what the client connected to; a Host header of its own says nothing more.
      return headers.get(item.name)?.trim() ?? (item.name === "host" ? url.host : null);
  }
}

/** Section 2.2.8: a parameter that is there once, with name and value encoded anew. */
function queryParameter(url: URL, name: string): string | null {
  const values = url.searchParams.getAll(decodeOrSame(name));
  return values.length === 1 ? encodeURIComponent(values[0] ?? "").replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`) : null;
}

function decodeOrSame(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const DIGESTS = { "sha-256": "SHA-256", "sha-512": "SHA-512" } as const;

/** RFC 9530: of the algorithms that we know every one must fit, and one must be there. */
async function digestProblem({ headers, body }: Unproven): Promise<RejectionReason | null> {
  const digests = readByteSequences(headers.get("content-digest") ?? "");
  const known = Object.entries(DIGESTS).filter(([name]) => digests?.has(name) === true);
  if (digests === null || known.length === 0) return "digest_mismatch";
  for (const [name, algorithm] of known) {
    const claimed = decodeBytes(digests.get(name) ?? "", "base64");
    if (claimed === null || !equalBytes(claimed, await digestOf(algorithm, body))) return "digest_mismatch";
  }
  return null;
}

interface Signed {
  readonly scheme: HttpSignatureScheme;
  readonly keyId: string | number | boolean | undefined;
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

async function keyThatSigned(secrets: readonly LiveSecret[], { scheme, keyId, signature, message }: Signed): Promise<Checked<string>> {
  const named = secrets.filter((secret) => secret.keyId === undefined || secret.keyId === keyId);
  if (secrets.length === 0) return fail("misconfigured");
  if (named.length === 0) return fail("key_unknown");
  let usable = false;
  for (const secret of named) {
    const key = await importedKey({ scheme, text: secret.value });
    if (key === null) continue;
    usable = true;
    if (await crypto.subtle.verify(ALGORITHMS[scheme.algorithm].verify, key, signature, message)) return ok(secret.id);
  }
  return fail(usable ? "signature_mismatch" : "misconfigured");
}

/** WebCrypto's names of the registered algorithms (RFC 9421, section 6.2.2). */
const ALGORITHMS = {
  "hmac-sha256": { import: { name: "HMAC", hash: "SHA-256" }, verify: { name: "HMAC" } },
  ed25519: { import: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  "ecdsa-p256-sha256": { import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
  "rsa-pss-sha512": { import: { name: "RSA-PSS", hash: "SHA-512" }, verify: { name: "RSA-PSS", saltLength: 64 } },
  "rsa-v1_5-sha256": { import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: { name: "RSASSA-PKCS1-v1_5" } },
} as const;

interface KeyText {
  readonly scheme: HttpSignatureScheme;
  readonly text: string;
}

/** The key that a secret holds: raw for HMAC, else SPKI in PEM or a JWK; null if it is none. */
const importedKey = remembering(
  async ({ scheme, text }: KeyText): Promise<CryptoKey | null> => {
    const algorithm = ALGORITHMS[scheme.algorithm].import;
    try {
      if (scheme.algorithm === "hmac-sha256") {
        const bytes = scheme.keyEncoding === "base64" ? decodeBytes(text, "base64") : utf8.encode(text);
        return bytes === null || bytes.length === 0 ? null : await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
      }
      if (text.trimStart().startsWith("{")) return await crypto.subtle.importKey("jwk", JSON.parse(text) as JsonWebKey, algorithm, false, ["verify"]);
      const der = decodeBytes(text.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
      return der === null ? null : await crypto.subtle.importKey("spki", der, algorithm, false, ["verify"]);
    } catch {
      return null;
    }
  },
  ({ scheme, text }) => `${scheme.algorithm}\n${scheme.keyEncoding}\n${text}`,
);
