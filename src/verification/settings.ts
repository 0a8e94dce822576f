import * as z from "zod";
import { HTTP_SIGNATURE_ALGORITHMS, JOSE_ALGORITHMS, type Verification } from "./define.ts";
import { readRange } from "./edge.ts";
import { hmacMistakes, hmacShape, hmacVerification } from "./hmac-settings.ts";

export const HeaderName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header, such as "x-signature"');
const Window = z.int().min(1, "must be a whole number of seconds, 1 or more").max(86_400, "must be a day or less").default(300);
const Https = z.url({ protocol: /^https$/, error: "must be an https URL" });
const EncodingName = z.enum(["hex", "base64", "base64url"]);
const Algorithms = z.array(z.enum(JOSE_ALGORITHMS)).min(1, "must pin at least one algorithm").default(["ES256", "RS256"]);

/** Shared secrets are in no public key set. */
const noSharedSecretByUrl = (rule: { readonly algorithms: readonly string[]; readonly jwksUrl?: string | undefined }): boolean =>
  rule.jwksUrl === undefined || !rule.algorithms.some((name) => name.startsWith("HS"));
const NO_SHARED_SECRET = "cannot hold HS256 or HS512 beside jwksUrl: a key set that all can read has no shared secrets";

const Jwt = z
  .strictObject({
    type: z.literal("jwt"),
    header: HeaderName.default("authorization"),
    prefix: z.string().default("Bearer "),
    issuer: z.string().min(1),
    audience: z.string().min(1),
    algorithms: Algorithms,
    /** Where the issuer's keys are. Absent: the secret is a JWK set, or the text of an HS key. */
    jwksUrl: Https.optional(),
    /** The claim that holds the body's SHA-256; without it the token proves who sent, not what. */
    bodyHash: z.strictObject({ claim: z.string().min(1), encoding: EncodingName.default("base64url") }).optional(),
    maxLifetimeSeconds: z.int().min(1).max(86_400).default(3_600),
    skewSeconds: z.int().min(0).max(300).default(60),
  })
  .refine(noSharedSecretByUrl, { path: ["algorithms"], error: NO_SHARED_SECRET });

const Jws = z
  .strictObject({
    type: z.literal("jws"),
    algorithms: Algorithms,
    jwksUrl: Https.optional(),
    /** The header with a detached signature over the body. Absent: the body is a compact JWS. */
    header: HeaderName.optional(),
  })
  .refine(noSharedSecretByUrl, { path: ["algorithms"], error: NO_SHARED_SECRET });

const DERIVED: ReadonlySet<string> = new Set(["@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"]);

const HttpSignature = z.strictObject({
  type: z.literal("httpSignature"),
  algorithm: z.enum(HTTP_SIGNATURE_ALGORITHMS),
  keyEncoding: z.enum(["utf8", "base64"]).default("utf8"),
  /** What every signature must cover. Without content-digest the body would not be proven. */
  components: z
    .array(z.string().min(1))
    .default(["@method", "@target-uri", "content-digest"])
    .refine((list) => list.includes("content-digest"), "must hold content-digest, or the body is not signed")
    .refine(
      (list) => list.every((name) => !name.startsWith("@") || DERIVED.has(name)),
      `knows of derived components only ${[...DERIVED].join(", ")}`,
    ),
  toleranceSeconds: Window,
});

const Certificate = z
  .strictObject({
    type: z.literal("clientCertificate"),
    /** SHA-256, hex. Two during a renewal. */
    fingerprints: z.array(z.string().regex(/^(?:[0-9a-fA-F]{2}:?){32}$/, "must be a SHA-256 fingerprint in hex")).default([]),
    /** Distinguished names as in RFC 2253, compared letter by letter. */
    subject: z.string().min(1).optional(),
    issuer: z.string().min(1).optional(),
  })
  .refine(
    (rule) => rule.fingerprints.length > 0 || rule.subject !== undefined,
    "must name fingerprints or a subject: else every certificate of the authority would do",
  );

export const IpRanges = z.strictObject({
  type: z.literal("ipRanges"),
  ranges: z.array(z.string().refine((range) => readRange(range) !== null, "must be an address or a range such as 192.0.2.0/24")).min(1),
});

/** The ways a sender may prove itself that are configuration, not code. */
const One = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("hmac"), ...hmacShape }).superRefine(hmacMistakes),
    z.strictObject({ type: z.literal("standardWebhooks"), toleranceSeconds: Window }),
    z.strictObject({ type: z.literal("basic") }),
    z.strictObject({ type: z.literal("bearer") }),
    z.strictObject({ type: z.literal("header"), name: HeaderName, prefix: z.string().default("") }),
    z.strictObject({ type: z.literal("query"), parameter: z.string().min(1).default("token") }),
    Jwt,
    Jws,
    HttpSignature,
    Certificate,
    IpRanges,
    /** Only for networks that prove the sender otherwise; the source must also say `unattempted: "accept"`. */
    z.strictObject({ type: z.literal("none") }),
  ],
  {
    error: (issue) =>
      issue.code === "invalid_union"
        ? "must be one of hmac, standardWebhooks, basic, bearer, header, query, jwt, jws, httpSignature, clientCertificate, ipRanges, none"
        : undefined,
  },
);
type One = z.infer<typeof One>;

const Several = z.array(One).min(1, "must name at least one way");

/** One way, or a list of ways that must all prove the request. Read by its own shape, so that a mistake is named where it is. */
export const Authentication = z.unknown().transform((value, context): One | One[] => {
  const parsed = (Array.isArray(value) ? Several : One).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: "custom", path, message });
  return z.NEVER;
});
export type Authentication = z.infer<typeof Authentication>;

export const verificationOf = (authentication: Authentication): Verification =>
  Array.isArray(authentication) ? { kind: "allOf", of: authentication.map(verificationOfOne) } : verificationOfOne(authentication);

function verificationOfOne(one: One): Verification {
  switch (one.type) {
    case "hmac":
      return hmacVerification(one);
    case "standardWebhooks":
      return { kind: "standardWebhooks", windowMs: one.toleranceSeconds * 1000 };
    case "basic":
      return { kind: "basic" };
    case "bearer":
      return { kind: "headerToken", header: "authorization", prefix: "Bearer " };
    case "header":
      return { kind: "headerToken", header: one.name, prefix: one.prefix };
    case "query":
      return { kind: "queryToken", parameter: one.parameter };
    case "jwt": {
      const { type: _type, jwksUrl, bodyHash, ...rest } = one;
      return { kind: "jwt", ...rest, ...(jwksUrl === undefined ? {} : { jwksUrl }), ...(bodyHash === undefined ? {} : { bodyHash }) };
    }
    case "jws":
      return {
        kind: "jws",
        algorithms: one.algorithms,
        ...(one.jwksUrl === undefined ? {} : { jwksUrl: one.jwksUrl }),
        ...(one.header === undefined ? {} : { detachedHeader: one.header }),
      };
    case "httpSignature":
      return {
        kind: "httpSignature",
        algorithm: one.algorithm,
        keyEncoding: one.keyEncoding,
        components: one.components,
        windowMs: one.toleranceSeconds * 1000,
      };
    case "clientCertificate":
      return {
        kind: "clientCertificate",
        fingerprints: one.fingerprints,
        ...(one.subject === undefined ? {} : { subject: one.subject }),
        ...(one.issuer === undefined ? {} : { issuer: one.issuer }),
      };
    case "ipRanges":
      return { kind: "ipRanges", ranges: one.ranges };
    case "none":
      return { kind: "none" };
  }
}
