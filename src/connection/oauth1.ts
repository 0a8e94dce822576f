import type { RequestSpec } from "../destinations/define.ts";
import { base64OfBytes } from "./oauth.ts";

export interface OAuth1Client {
  /** The protected space that the header names; no part of the signature (RFC 5849 section 3.5.1). */
  readonly realm: string;
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly token: string;
  readonly tokenSecret: string;
}

/** What must be new with every attempt: a server refuses a nonce that it has seen, and a time that is not about now. */
export interface OAuth1Attempt {
  readonly nonce: string;
  readonly timestampSeconds: number;
}

/**
 * Signs a request with OAuth 1.0a (RFC 5849) and HMAC-SHA256, a method that the RFC leaves to servers to define. The
 * query's parameters are signed; a body that is no form is not (section 3.4.1.3.1).
 */
export async function withOAuth1(request: RequestSpec, client: OAuth1Client, attempt: OAuth1Attempt): Promise<RequestSpec> {
  const protocol = {
    oauth_consumer_key: client.consumerKey,
    oauth_token: client.token,
    oauth_nonce: attempt.nonce,
    oauth_timestamp: String(attempt.timestampSeconds),
    oauth_signature_method: "HMAC-SHA256",
    oauth_version: "1.0",
  };
  const key = `${percentEncoded(client.consumerSecret)}&${percentEncoded(client.tokenSecret)}`;
  const signature = await hmacSha256(key, signatureBase(request, Object.entries(protocol)));
  const parameters = Object.entries({ realm: client.realm, ...protocol, oauth_signature: signature });
  const header = parameters.map(([name, value]) => `${name}="${percentEncoded(value)}"`).join(", ");
  return { ...request, headers: { ...request.headers, authorization: `OAuth ${header}` } };
}

/** The signature base string (RFC 5849 section 3.4.1): method, address without query, and all parameters encoded and sorted. */
export function signatureBase(
  { method, url }: Pick<RequestSpec, "method" | "url">,
  parameters: readonly (readonly [string, string])[],
): string {
  const { origin, pathname, searchParams } = new URL(url);
  const pairs = [...searchParams, ...parameters]
    .map(([name, value]): readonly [string, string] => [percentEncoded(name), percentEncoded(value)])
    .toSorted(([name, value], [otherName, otherValue]) => byteOrder(name, otherName) || byteOrder(value, otherValue))
    .map(([name, value]) => `${name}=${value}`);
  return [method, origin + pathname, pairs.join("&")].map(percentEncoded).join("&");
}

const byteOrder = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** RFC 5849 section 3.6: everything but the unreserved characters, which encodeURIComponent exceeds by five. */
const percentEncoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

async function hmacSha256(key: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return base64OfBytes(new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text))));
}
