import { fail, ok } from "../domain/result.ts";
import type { Checked, HttpSignatureScheme, LiveSecret } from "./define.ts";
import { remembering } from "../domain/remembering.ts";
import { decodeBytes } from "./signature.ts";

const utf8 = new TextEncoder();

/** WebCrypto's names of the registered algorithms (RFC 9421, section 3.3). */
const ALGORITHMS = {
  "hmac-sha256": { key: { name: "HMAC", hash: "SHA-256" }, verify: { name: "HMAC" } },
  ed25519: { key: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  "ecdsa-p256-sha256": { key: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
  "rsa-pss-sha512": { key: { name: "RSA-PSS", hash: "SHA-512" }, verify: { name: "RSA-PSS", saltLength: 64 } },
  "rsa-v1_5-sha256": { key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: { name: "RSASSA-PKCS1-v1_5" } },
} as const;

export interface SignedMessage {
  readonly scheme: HttpSignatureScheme;
  readonly message: string;
  readonly signature: Uint8Array;
}

/** Which secret signed. One that cannot be a key of the scheme is passed over; it is `misconfigured` if no other one proves. */
export async function secretThatSigned(
  secrets: readonly LiveSecret[],
  { scheme, message, signature }: SignedMessage,
): Promise<Checked<string>> {
  let unusable = secrets.length === 0;
  for (const secret of secrets) {
    const key = await importedKey({ scheme, text: secret.value });
    if (key === null) unusable = true;
    else if (await verifies(key, scheme.algorithm, { signature, message: utf8.encode(message) })) return ok(secret.id);
  }
  return fail(unusable ? "misconfigured" : "signature_mismatch");
}

interface Bytes {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/** A runtime may refuse a signature of a wrong length by throwing. */
async function verifies(key: CryptoKey, algorithm: HttpSignatureScheme["algorithm"], { signature, message }: Bytes): Promise<boolean> {
  try {
    return await crypto.subtle.verify(ALGORITHMS[algorithm].verify, key, signature, message);
  } catch {
    return false;
  }
}

interface KeyText {
  readonly scheme: Pick<HttpSignatureScheme, "algorithm" | "keyEncoding">;
  readonly text: string;
}

/** The key of a secret, imported once an isolate; null if the secret is not one for its scheme. */
const importedKey = remembering(
  async (spec: KeyText): Promise<CryptoKey | null> => {
    try {
      return spec.scheme.algorithm === "hmac-sha256" ? await sharedKey(spec) : await publicKey(spec);
    } catch {
      return null;
    }
  },
  ({ scheme, text }) => `${scheme.algorithm}\n${scheme.keyEncoding}\n${text}`,
);

async function sharedKey({ scheme, text }: KeyText): Promise<CryptoKey | null> {
  const bytes = scheme.keyEncoding === "base64" ? decodeBytes(text, "base64") : utf8.encode(text);
  if (bytes === null || bytes.length === 0) return null;
  return crypto.subtle.importKey("raw", bytes, ALGORITHMS["hmac-sha256"].key, false, ["verify"]);
}

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/;
/** As the other verifiers of RSA have it (RFC 7518, section 3.3). */
const SHORTEST_RSA_BITS = 2048;

/** SPKI in PEM, or a JWK. */
async function publicKey({ scheme, text }: KeyText): Promise<CryptoKey | null> {
  const algorithm = ALGORITHMS[scheme.algorithm].key;
  if (text.trimStart().startsWith("{"))
    return sound(await crypto.subtle.importKey("jwk", JSON.parse(text) as JsonWebKey, algorithm, false, ["verify"]));
  const der = decodeBytes((PEM.exec(text)?.[1] ?? "").replace(/\s/g, ""), "base64");
  return der === null ? null : sound(await crypto.subtle.importKey("spki", der, algorithm, false, ["verify"]));
}

function sound(key: CryptoKey): CryptoKey | null {
  const { modulusLength = SHORTEST_RSA_BITS } = key.algorithm as { readonly modulusLength?: number };
  return modulusLength >= SHORTEST_RSA_BITS ? key : null;
}
