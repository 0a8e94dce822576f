import type { Verdict } from "../domain/event.ts";
import type { RejectionReason } from "../domain/failure.ts";
import type { Result } from "../domain/result.ts";

/** How far a signed time may be from ours, both ways, unless a source says else: what Stripe's and the Standard Webhooks libraries use. */
export const DEFAULT_WINDOW_MS = 300_000;

export type Encoding = "hex" | "base64" | "base64url";
export type Digest = "SHA-1" | "SHA-256" | "SHA-512";

/**
 * Text that is signed with a secret, as a template of literals and `{body}`, `{timestamp}`, `{id}`, `{method}`, `{url}`,
 * `{path}`, `{host}`, `{query}` and `{header:name}`; with `construction: "hash"` also `{secret}`. The body stands in it
 * once, as the very bytes that came. A window refuses timestamps further away than this, in the past and in the future.
 */
export interface HmacScheme {
  readonly kind: "hmac";
  readonly header: string;
  /** `bare`: the value is the signature, after `prefix`. `pairs`: `t=1,v1=ab,v1=cd`, with these two names. */
  readonly form:
    | { readonly type: "bare"; readonly prefix?: string }
    | { readonly type: "pairs"; readonly timestamp?: string; readonly signature: string };
  readonly algorithm: Digest;
  readonly encoding: Encoding;
  readonly secretEncoding: "utf8" | "base64" | "hex";
  readonly template: string;
  /** `hash`: a plain digest of a text that holds the secret, as HubSpot's first two versions are. Absent: HMAC. */
  readonly construction?: "hmac" | "hash";
  /** Where the timestamp is, unless `pairs` holds it. Absent: the sender signs none. */
  readonly timestamp?: { readonly header?: string; readonly format: "s" | "ms" | "iso" };
  readonly idHeader?: string;
  readonly windowMs: number;
  /** Secrets that the whole world knows, such as a vendor's published test secret: never accepted as live ones. */
  readonly refusedSecrets?: readonly string[];
  /** Accepts hex in capitals too, where a sender's SDK writes it so. */
  readonly anyCase?: boolean;
  /** A second spelling of the URL that the sender may have signed: with these escapes (`%3A` ...) decoded. */
  readonly decodedEscapes?: readonly string[];
}

/** Algorithms of JOSE that may be pinned; `none` is none of them. */
export const JOSE_ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS512"] as const;
export type JoseAlgorithm = (typeof JOSE_ALGORITHMS)[number];

/** A JSON Web Token in a header (RFC 7519). Keys come from `jwksUrl`, else the secrets hold a JWK set (or HS text) each. */
export interface JwtScheme {
  readonly kind: "jwt";
  readonly header: string;
  /** Text before the token, such as `Bearer `. */
  readonly prefix: string;
  readonly issuer: string;
  readonly audience: string;
  /** The only ones accepted: what the token says of itself counts for nothing. */
  readonly algorithms: readonly JoseAlgorithm[];
  readonly jwksUrl?: string;
  /** The claim that holds the body's SHA-256: with it the body is proven, without it only the sender. */
  readonly bodyHash?: { readonly claim: string; readonly encoding: Encoding };
  readonly maxLifetimeSeconds: number;
  readonly skewSeconds: number;
}

/** A JSON Web Signature (RFC 7515): the body is a compact one, or `detachedHeader` holds one over the body. */
export interface JwsScheme {
  readonly kind: "jws";
  readonly algorithms: readonly JoseAlgorithm[];
  readonly jwksUrl?: string;
  readonly detachedHeader?: string;
}

export const HTTP_SIGNATURE_ALGORITHMS = ["hmac-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"] as const;

/**
 * HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530), which is computed anew. `components` must all be
 * covered by the signature. A secret is the key as `keyEncoding` says; asymmetric ones are SPKI in PEM or a JWK.
 */
export interface HttpSignatureScheme {
  readonly kind: "httpSignature";
  readonly algorithm: (typeof HTTP_SIGNATURE_ALGORITHMS)[number];
  readonly keyEncoding: "utf8" | "base64";
  readonly components: readonly string[];
  readonly windowMs: number;
}

export type Verification =
  | HmacScheme
  /** Standard Webhooks 1.0: `v1` HMAC and `v1a` ed25519, headers `webhook-*` or `svix-*`, secrets `whsec_` and `whpk_`. */
  | { readonly kind: "standardWebhooks"; readonly windowMs: number }
  /** Twilio: HMAC-SHA1 over URL and sorted form fields, or over a URL that holds the body's SHA-256. */
  | { readonly kind: "twilio" }
  | JwtScheme
  | JwsScheme
  | HttpSignatureScheme
  /** Secrets that prove the sender, not the body. */
  | { readonly kind: "queryToken"; readonly parameter: string }
  | { readonly kind: "headerToken"; readonly header: string; readonly prefix: string }
  /** RFC 7617; the secret is `user:password`. */
  | { readonly kind: "basic" }
  /** Every element of the list at `list` in the JSON body holds a live secret in its member `member`. */
  | { readonly kind: "tokenInBody"; readonly list: string; readonly member: string }
  /** The client certificate that the edge verified: one of these SHA-256 fingerprints, and/or these names. */
  | {
      readonly kind: "clientCertificate";
      readonly fingerprints: readonly string[];
      readonly subject?: string;
      readonly issuer?: string;
    }
  /** Addresses in CIDR form, v4 and v6. */
  | { readonly kind: "ipRanges"; readonly ranges: readonly string[] }
  /** Nothing is checked: the verdict is `unattempted`. */
  | { readonly kind: "none" }
  | { readonly kind: "anyOf"; readonly of: readonly Verification[] }
  | { readonly kind: "allOf"; readonly of: readonly Verification[] };

export interface LiveSecret {
  readonly id: string;
  readonly value: string;
  /** The kind of check that it is for, where a source makes several. Absent: any. */
  readonly for?: Verification["kind"];
  /** The id that a sender gives with its signature, where keys have one. Absent: any. */
  readonly keyId?: string;
}

/** What the edge tells of the connection: `request.cf.tlsClientAuth`, of which only these are read. */
export interface ClientCertificate {
  readonly certPresented: string;
  readonly certVerified: string;
  readonly certFingerprintSHA256: string;
  readonly certSubjectDNRFC2253: string;
  readonly certIssuerDNRFC2253: string;
}

export interface Unproven {
  readonly verification: Verification;
  /** Those that count now; whether one has expired is decided before. */
  readonly secrets: readonly LiveSecret[];
  /** The body exactly as it arrived. */
  readonly body: Uint8Array;
  readonly method: string;
  readonly headers: Headers;
  /** As the sender saw it. */
  readonly url: URL;
  readonly clientCertificate: ClientCertificate | null;
  readonly nowMs: number;
}

export interface Proof {
  /** `verified` covers the body, `authenticated` only who sent it, `unattempted` nothing. */
  readonly verdict: Exclude<Verdict, "failed">;
  /** Which secret proved it; the name of the check where none is needed. */
  readonly secretId: string;
  /** The signed time of this attempt; null where the sender signs none. */
  readonly timestampMs: number | null;
  /** From the header or claim that the scheme names; null where there is none. */
  readonly deliveryId: string | null;
  /** What was signed, where that is wrapped in the body. */
  readonly payload?: Uint8Array;
}

export type Checked<T> = Result<T, RejectionReason>;

export type KeyFailure = Extract<RejectionReason, "key_unknown" | "keys_unavailable">;

/** Keys of an issuer by the URL of its JWK set: fetched, cached and refetched by an adapter. Never rejects. */
export interface KeySets {
  readonly keyFor: (jwksUrl: string, header: { readonly kid?: string; readonly alg?: string }) => Promise<Result<CryptoKey, KeyFailure>>;
}
