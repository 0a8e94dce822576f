import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  flattenedVerify,
  jwtVerify,
  compactVerify,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWTPayload,
} from "jose";
import type { RejectionReason } from "../domain/failure.ts";
import { isJsonObject } from "../domain/json.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, JoseAlgorithm, JwsScheme, JwtScheme, KeySets, LiveSecret, Proof, Unproven } from "./define.ts";
import { digestOf } from "./keys.ts";
import { decodeBytes, equalBytes } from "./signature.ts";

type Header = { readonly kid?: string; readonly alg?: string };

/** Keys that may have signed: of a JWK set at a URL, or of the live secrets. `kind` names where a proof came from. */
interface Candidate {
  readonly id: string;
  readonly key: CryptoKey | Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * A JSON Web Token in a header (RFC 7519). Its algorithm must be one of the scheme's, whatever the token says of itself;
 * issuer and audience are compared as they are; `exp` and `iat` are required and at most a lifetime apart.
 */
export async function verifyJwt(request: Unproven, scheme: JwtScheme, keySets: KeySets): Promise<Checked<Proof>> {
  const value = request.headers.get(scheme.header);
  if (value === null || value === "") return fail("token_missing");
  if (value.slice(0, scheme.prefix.length).toLowerCase() !== scheme.prefix.toLowerCase()) return fail("token_mismatch");
  const token = value.slice(scheme.prefix.length);
  const proven = await proveJose(token.split(".")[0] ?? "", { ...scheme, request, keySets }, async (key) => {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...scheme.algorithms],
      issuer: scheme.issuer,
      audience: scheme.audience,
      currentDate: new Date(request.nowMs),
      clockTolerance: scheme.skewSeconds,
      requiredClaims: ["exp", "iat"],
    });
    return payload;
  });
  if (!proven.ok) return proven;
  const { value: claims, secretId } = proven.value;
  const wrong = lifetimeProblem(claims, scheme, request.nowMs) ?? (await bodyProblem(claims, scheme, request.body));
  if (wrong !== null) return fail(wrong);
  return ok({
    verdict: scheme.bodyHash === undefined ? "authenticated" : "verified",
    secretId,
    timestampMs: (claims.iat ?? 0) * 1000,
    deliveryId: readJti(claims),
  });
}

const VISIBLE = /^[\x21-\x7e]{1,256}$/;
const readJti = ({ jti }: JWTPayload): string | null => (typeof jti === "string" && VISIBLE.test(jti) ? jti : null);

function lifetimeProblem({ iat = 0, exp = 0 }: JWTPayload, scheme: JwtScheme, nowMs: number): RejectionReason | null {
  if (iat * 1000 - nowMs > scheme.skewSeconds * 1000) return "future";
  return exp - iat > scheme.maxLifetimeSeconds ? "token_claims" : null;
}

async function bodyProblem(claims: JWTPayload, { bodyHash }: JwtScheme, body: Uint8Array): Promise<RejectionReason | null> {
  if (bodyHash === undefined) return null;
  const claim = claims[bodyHash.claim];
  const claimed = typeof claim === "string" ? decodeBytes(claim, bodyHash.encoding) : null;
  if (claimed === null) return "token_claims";
  return equalBytes(claimed, await digestOf("SHA-256", body)) ? null : "digest_mismatch";
}

/** A body that is a compact JWS (RFC 7515), whose payload is then read, or a detached one over the body in a header. */
export async function verifyJws(request: Unproven, scheme: JwsScheme, keySets: KeySets): Promise<Checked<Proof>> {
  const { detachedHeader } = scheme;
  const text = detachedHeader === undefined ? new TextDecoder().decode(request.body).replace(/^\uFEFF/, "") : request.headers.get(detachedHeader);
  if (text === null || text === "") return fail("signature_missing");
  const parts = text.split(".");
  const [protectedHeader = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3 || (detachedHeader !== undefined && payload !== "")) return fail("signature_malformed");
  const algorithms = [...scheme.algorithms];
  const proven = await proveJose(protectedHeader, { ...scheme, request, keySets }, async (key) => {
    if (detachedHeader === undefined) return (await compactVerify(text, key, { algorithms })).payload;
    const jws: FlattenedJWSInput = { protected: protectedHeader, signature, payload: detachedPayload(protectedHeader, request.body) };
    await flattenedVerify(jws, key, { algorithms });
    return request.body;
  });
  if (!proven.ok) return proven;
  const proof: Proof = { verdict: "verified", secretId: proven.value.secretId, timestampMs: null, deliveryId: null };
  return ok(detachedHeader === undefined ? { ...proof, payload: proven.value.value } : proof);
}

/** RFC 7797: with `b64: false` the payload is signed as it is, else in base64url. */
const detachedPayload = (protectedHeader: string, body: Uint8Array): Uint8Array | string =>
  decodeProtectedHeader(`${protectedHeader}..`)["b64"] === false ? body : body.toBase64({ alphabet: "base64url", omitPadding: true });

interface Keys {
  readonly algorithms: readonly JoseAlgorithm[];
  readonly jwksUrl?: string;
  readonly request: Unproven;
  readonly keySets: KeySets;
}

/** Tries the keys that may have signed. The first failure that says more than "another key" is the one told. */
async function proveJose<T>(
  protectedHeader: string,
  keys: Keys,
  check: (key: CryptoKey | Uint8Array) => Promise<T>,
): Promise<Checked<{ readonly value: T; readonly secretId: string }>> {
  const header = readHeader(protectedHeader);
  if (header === null) return fail("signature_malformed");
  if (!keys.algorithms.includes(header.alg as JoseAlgorithm)) return fail("algorithm_not_allowed");
  const candidates = await candidatesFor(header, keys);
  if (!candidates.ok) return candidates;
  let told: RejectionReason = "signature_mismatch";
  for (const { id, key } of candidates.value) {
    try {
      return ok({ value: await check(key), secretId: id });
    } catch (error) {
      told = reasonOf(error);
      if (told !== "signature_mismatch") break;
    }
  }
  return fail(told);
}

function readHeader(protectedHeader: string): Header | null {
  try {
    const { kid, alg } = decodeProtectedHeader(`${protectedHeader}..`);
    return { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) };
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): RejectionReason {
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature_mismatch";
  if (error instanceof errors.JWTExpired) return "token_expired";
  if (error instanceof errors.JOSEAlgNotAllowed) return "algorithm_not_allowed";
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === "nbf" ? "future" : "token_claims";
  return error instanceof errors.JOSEError ? "signature_malformed" : "signature_mismatch";
}

async function candidatesFor(header: Header, { jwksUrl, request, keySets }: Keys): Promise<Checked<readonly Candidate[]>> {
  if (jwksUrl !== undefined) {
    const key = await keySets.keyFor(jwksUrl, header);
    return key.ok ? ok([{ id: header.kid ?? "jwks", key: key.value }]) : key;
  }
  if (request.secrets.length === 0) return fail("misconfigured");
  const found = await Promise.all(request.secrets.map((secret) => candidateOf(secret, header)));
  const usable = found.filter((candidate) => candidate !== null && candidate !== "unusable");
  if (usable.length > 0) return ok(usable);
  return fail(found.includes("unusable") ? "misconfigured" : "key_unknown");
}

/** A secret is a JWK set, one JWK, or for HS algorithms the text itself; null if none of its keys is the one named. */
async function candidateOf(secret: LiveSecret, header: Header): Promise<Candidate | null | "unusable"> {
  const symmetric = header.alg?.startsWith("HS") === true;
  const keySet = keySetOf(secret.value);
  if (keySet === null) return symmetric ? (secret.value === "" ? "unusable" : { id: secret.id, key: utf8.encode(secret.value) }) : "unusable";
  // The text of a public key is known to all the world: it never is an HS secret.
  if (symmetric) return null;
  try {
    const key = await keySet({ alg: header.alg ?? "", ...(header.kid === undefined ? {} : { kid: header.kid }) }, { payload: "", signature: "" });
    return { id: secret.id, key };
  } catch (error) {
    return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys ? null : "unusable";
  }
}

type LocalKeySet = ReturnType<typeof createLocalJWKSet>;
const keySetsByText = new Map<string, LocalKeySet | null>();
const KEY_SETS_KEPT = 256;

function keySetOf(text: string): LocalKeySet | null {
  const known = keySetsByText.get(text);
  if (known !== undefined) return known;
  const [oldest] = keySetsByText.keys();
  if (keySetsByText.size >= KEY_SETS_KEPT && oldest !== undefined) keySetsByText.delete(oldest);
  const made = makeKeySet(text);
  keySetsByText.set(text, made);
  return made;
}

function makeKeySet(text: string): LocalKeySet | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isJsonObject(parsed)) return null;
    const set = Array.isArray(parsed["keys"]) ? parsed : { keys: [parsed] };
    return createLocalJWKSet(set as unknown as JSONWebKeySet);
  } catch {
    return null;
  }
}
