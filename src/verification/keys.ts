import { remembering } from "../domain/remembering.ts";
import type { Digest, LiveSecret } from "./define.ts";
import { decodeBytes, hexOf } from "./signature.ts";

/** How the text of a secret becomes a key. */
export interface KeySpec {
  readonly algorithm: Digest | "Ed25519";
  readonly encoding: "utf8" | "base64" | "hex";
  readonly text: string;
}

const ED25519_BYTES = 32;

const utf8 = new TextEncoder();

const secretBytes = ({ encoding, text }: KeySpec): Uint8Array | null =>
  encoding === "utf8" ? utf8.encode(text) : decodeBytes(encoding === "hex" ? text.toLowerCase() : text, encoding);

/** The key of a secret, imported once an isolate; null if the secret is not one for its scheme. */
export const keyOf = remembering(
  async (spec: KeySpec): Promise<CryptoKey | null> => {
    const bytes = secretBytes(spec);
    if (bytes === null || bytes.length === 0) return null;
    if (spec.algorithm !== "Ed25519")
      return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: spec.algorithm }, false, ["sign", "verify"]);
    return bytes.length === ED25519_BYTES ? crypto.subtle.importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]) : null;
  },
  ({ algorithm, encoding, text }) => `${algorithm}\n${encoding}\n${text}`,
);

export const sha256 = async (text: string): Promise<Uint8Array> => new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)));

export const digestOf = async (algorithm: Digest, data: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest(algorithm, data));

/** The digest of a token that we hold. */
export const tokenDigest = remembering(
  (secret: LiveSecret) => sha256(secret.value),
  (secret) => secret.value,
);

/** Hex HMAC-SHA256 of a text under a secret that is text. */
export async function hexHmac(text: string, secret: string): Promise<string> {
  const key = await keyOf({ algorithm: "SHA-256", encoding: "utf8", text: secret });
  return key === null ? "" : hexOf(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))));
}
