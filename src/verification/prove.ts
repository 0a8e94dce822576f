import { fail, ok } from "../domain/result.ts";
import type { Checked, Encoding, LiveSecret } from "./define.ts";
import type { KeySpec } from "./keys.ts";
import { SIGNATURE_BYTES, decodeBytes, equalBytes } from "./signature.ts";

/** Signatures in one request that are tried at most: twice what any sender gives while it rolls its keys over. */
const SIGNATURES_TRIED = 16;

/** The signatures that could be ones of this algorithm: rightly spelled and of its length. */
export function decodeAll(texts: readonly string[], algorithm: KeySpec["algorithm"], encoding: Encoding): readonly Uint8Array[] {
  const decoded = texts.slice(0, SIGNATURES_TRIED).map((text) => decodeBytes(text, encoding));
  return decoded.filter((bytes) => bytes !== null && bytes.length === SIGNATURE_BYTES[algorithm]) as Uint8Array[];
}

export interface Signed {
  /** Made anew for each use, and handed to WebCrypto at once: it may lie in memory that the next request uses too. */
  readonly message: () => Uint8Array;
  readonly signatures: (algorithm: "HMAC" | "Ed25519") => readonly Uint8Array[];
  /** Null for a secret that cannot be a key. */
  readonly keyOf: (secret: string) => Promise<CryptoKey | null>;
}

/** Which live secret signed a message. A secret that cannot be a key is passed over; it is `misconfigured` if no other one proves. */
export async function proveWith(secrets: readonly LiveSecret[], signed: Signed): Promise<Checked<string>> {
  let unusable = secrets.length === 0;
  let tried = false;
  for (const secret of secrets) {
    const key = await signed.keyOf(secret.value);
    if (key === null) {
      unusable = true;
      continue;
    }
    const signatures = signed.signatures(key.algorithm.name === "Ed25519" ? "Ed25519" : "HMAC");
    tried ||= signatures.length > 0;
    if (signatures.length > 0 && (await matches(key, signatures, signed.message))) return ok(secret.id);
  }
  return fail(unusable ? "misconfigured" : tried ? "signature_mismatch" : "no_supported_version");
}

/** One signature is left to WebCrypto; of several HMACs ours is computed once, so that a long list costs no more. */
function matches(key: CryptoKey, signatures: readonly Uint8Array[], message: Signed["message"]): Promise<boolean> {
  const [first, ...others] = signatures;
  if (first === undefined) return Promise.resolve(false);
  if (others.length === 0) return crypto.subtle.verify(key.algorithm.name, key, first, message());
  if (key.algorithm.name === "Ed25519") return anyVerifies(key, signatures, message);
  return anyIsExpected(key, signatures, message);
}

async function anyIsExpected(key: CryptoKey, signatures: readonly Uint8Array[], message: Signed["message"]): Promise<boolean> {
  const expected = new Uint8Array(await crypto.subtle.sign("HMAC", key, message()));
  return signatures.some((signature) => equalBytes(signature, expected));
}

async function anyVerifies(key: CryptoKey, signatures: readonly Uint8Array[], message: Signed["message"]): Promise<boolean> {
  for (const signature of signatures) if (await crypto.subtle.verify("Ed25519", key, signature, message())) return true;
  return false;
}
