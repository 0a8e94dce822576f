import { base64url, compactVerify, decodeProtectedHeader, errors, flattenedVerify, jwtVerify, type JWTPayload } from "jose";
import type { RejectionReason } from "../domain/failure.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, JoseAlgorithm, JwsScheme, JwtScheme, KeySets, Proof, Unproven } from "./define.ts";
import { candidatesFor, type JoseHeader, type KeySource } from "./jose-keys.ts";
import { digestOf } from "./keys.ts";
import { decodeBytes, equalBytes } from "./signature.ts";

/**
 * A JSON Web Token in a header (RFC 7519). Its algorithm must be one of the scheme's, whatever the token says of itself;
 * issuer and audience are compared as they are; `exp` and `iat` are required and at most a lifetime apart.
 */
export async function verifyJwt(request: Unproven, scheme: JwtScheme, keySets: KeySets): Promise<Checked<Proof>> {
  if (scheme.issuer === "" || scheme.audience === "") return fail("misconfigured");
  const value = request.headers.get(scheme.header);
  if (value === null || value === "") return fail("token_missing");
  if (value.slice(0, scheme.prefix.length).toLowerCase() !== scheme.prefix.toLowerCase()) return fail("token_mismatch");
  const token = value.slice(scheme.prefix.length);
  if (token.includes(",")) return fail("duplicate_header");
  const parts = readCompact(token);
  if (parts === null || parts.payload === "") return fail("signature_malformed");
  const proven = await proveJose(parts.header, { ...scheme, secrets: request.secrets, keySets }, async (key, algorithms) => {
    const { payload } = await jwtVerify(token, key, {
      algorithms,
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
  const { iat = 0 } = claims;
  const wrong = lifetimeProblem(claims, scheme, request.nowMs) ?? (await bodyProblem(claims, scheme, request.body));
  if (wrong !== null) return fail(wrong);
  const verdict = scheme.bodyHash === undefined ? "authenticated" : "verified";
  return ok({ verdict, secretId, timestampMs: Math.floor(iat * 1000), deliveryId: readJti(claims) });
}

const VISIBLE = /^[\x21-\x7e]{1,256}$/;
const readJti = ({ jti }: JWTPayload): string | null => (typeof jti === "string" && VISIBLE.test(jti) ? jti : null);

function lifetimeProblem({ iat = 0, exp = 0 }: JWTPayload, scheme: JwtScheme, nowMs: number): RejectionReason | null {
  if (iat * 1000 - nowMs > scheme.skewSeconds * 1000) return "future";
  return exp - iat <= scheme.maxLifetimeSeconds ? null : "token_claims";
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
  const detached = detachedHeader !== undefined;
  const text = detached ? request.headers.get(detachedHeader) : textOf(request.body);
  if (text === null || text === "") return fail("signature_missing");
  if (detached && text.includes(",")) return fail("duplicate_header");
  const parts = readCompact(text);
  if (parts === null || detached !== (parts.payload === "")) return fail("signature_malformed");
  const { header, signature } = parts;
  const proven = await proveJose(header, { ...scheme, secrets: request.secrets, keySets }, async (key, algorithms) => {
    if (!detached) return (await compactVerify(text, key, { algorithms })).payload;
    const payload = signsPlainBytes(header) ? request.body : base64url.encode(request.body);
    return (await flattenedVerify({ protected: header, payload, signature }, key, { algorithms })).payload;
  });
  if (!proven.ok) return proven;
  const proof: Proof = { verdict: "verified", secretId: proven.value.secretId, timestampMs: null, deliveryId: null };
  return ok(detached ? proof : { ...proof, payload: proven.value.value });
}

/** With a byte order mark left in it, which no JWS begins with. */
const textOf = (body: Uint8Array): string => new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(body);

/** RFC 7797: with `b64: false`, which must also be declared critical, the payload is signed as it is, else in base64url. */
const signsPlainBytes = (header: string): boolean => decodeProtectedHeader(`${header}..`)["b64"] === false;

interface Compact {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/** Null unless the parts are base64url, the signature in its one canonical spelling: no other text may pass for the same proof. */
function readCompact(text: string): Compact | null {
  const [header = "", payload = "", signature = "", ...more] = text.split(".", 4);
  const sound = more.length === 0 && header !== "" && [header, payload, signature].every((part) => /^[\w-]*$/.test(part));
  return sound && decodeBytes(signature, "base64url") !== null ? { header, payload, signature } : null;
}

type Check<T> = (key: CryptoKey, algorithms: JoseAlgorithm[]) => Promise<T>;

/** Tries the keys that may have signed; a failure that says more than "another key" is told at once. */
async function proveJose<T>(
  text: string,
  source: KeySource,
  check: Check<T>,
): Promise<Checked<{ readonly value: T; readonly secretId: string }>> {
  const header = readHeader(text, source.algorithms);
  if (!header.ok) return header;
  const candidates = await candidatesFor(header.value, source);
  if (!candidates.ok) return candidates;
  for (const { id, key } of candidates.value.keys) {
    try {
      return ok({ value: await check(key, [header.value.alg]), secretId: id });
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== "signature_mismatch") return fail(reason);
    }
  }
  return fail(candidates.value.unusable ? "misconfigured" : "signature_mismatch");
}

function readHeader(text: string, algorithms: readonly JoseAlgorithm[]): Checked<JoseHeader> {
  try {
    const { alg: named, kid } = decodeProtectedHeader(`${text}..`);
    const alg = algorithms.find((allowed) => allowed === named);
    if (alg === undefined) return fail("algorithm_not_allowed");
    if (kid !== undefined && typeof kid !== "string") return fail("signature_malformed");
    return ok({ alg, ...(kid === undefined ? {} : { kid }) });
  } catch {
    return fail("signature_malformed");
  }
}

function reasonOf(error: unknown): RejectionReason {
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature_mismatch";
  if (error instanceof errors.JWTExpired) return "token_expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === "nbf" && error.reason === "check_failed" ? "future" : "token_claims";
  if (error instanceof errors.JWTInvalid) return "token_claims";
  // What is not the token's fault is the key's, such as an RSA key that is too short.
  return error instanceof errors.JOSEError ? "signature_malformed" : "misconfigured";
}
