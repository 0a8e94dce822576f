import * as z from "zod";
import { hmacMistakes, hmacShape } from "../../verification/hmac-settings.ts";

/** Headers that this module sets itself, or that would carry a credential in plain configuration. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "idempotency-key",
  "proxy-authorization",
  "traceparent",
  "user-agent",
  "webhook-id",
  "webhook-signature",
  "webhook-timestamp",
  "x-correlation-id",
  "x-signalbox-occurred-at",
]);

const isReserved = (name: string): boolean => RESERVED_HEADERS.has(name.toLowerCase()) || /^ce-/i.test(name);
const FieldName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be an HTTP field name");
const HeaderName = FieldName.refine((name) => !isReserved(name), "is set by the router, or would be a secret in the configuration");
/** Where a secret is put by the router itself, so `authorization` may be it. */
const CredentialHeader = FieldName.refine(
  (name) => !isReserved(name) || name.toLowerCase() === "authorization",
  "is set by the router to something else",
);
const HeaderValue = z.string().regex(/^[\t\x20-\x7e]*$/, "must be printable ASCII");

/** Of what describes an HMAC, what is only of use to the one who verifies. */
const { toleranceSeconds: _tolerance, anyCase: _anyCase, ...signingShape } = hmacShape;

/** How the request is signed. */
const Signature = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  /** Standard Webhooks 1.0; the secret `signing` is `whsec_` and base64. */
  z.strictObject({ type: z.literal("standardWebhooks") }),
  /** A scheme of the receiver's own, in the words in which a source of type `hmac` is described; the secret is `signing`. */
  z
    .strictObject({ type: z.literal("hmac"), ...signingShape })
    .superRefine((settings, context) => hmacMistakes({ ...settings, toleranceSeconds: 300, anyCase: false }, context)),
]);
export type Signature = z.infer<typeof Signature>;

/** How the request proves who sends it, beside or instead of a signature. */
const Proof = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  /** RFC 7617; the secret is `password`. */
  z.strictObject({ type: z.literal("basic"), user: z.string().regex(/^[^:]+$/, "must not hold a colon") }),
  /** RFC 6750; the secret is `token`. */
  z.strictObject({ type: z.literal("bearer") }),
  /** The secret `apiKey` in a header of the receiver's choice, such as `x-api-key`, after `prefix`. */
  z.strictObject({ type: z.literal("apiKey"), header: CredentialHeader, prefix: HeaderValue.optional() }),
  /** Client credentials (RFC 6749 section 4.4); the secret is `clientSecret`. */
  z.strictObject({
    type: z.literal("oauth"),
    tokenUrl: z.url({ protocol: /^https?$/ }),
    clientId: z.string().min(1),
    scope: z.string().min(1).optional(),
    /** Some issuers want to know for whom the token is. */
    audience: z.string().min(1).optional(),
    /** Where the client's id and secret go (RFC 6749 section 2.3.1). */
    clientIn: z.enum(["header", "body"]).default("header"),
  }),
]);
export type Proof = z.infer<typeof Proof>;

export const FORMATS = ["standardWebhooks", "cloudEventsStructured", "cloudEventsBinary", "json"] as const;
const Method = z.enum(["POST", "PUT", "PATCH", "DELETE"]);

export const Settings = z
  .strictObject({
    /** Appended to the path of the base URL. `{kind}` and `{key}` in it stand for the record's. */
    path: z
      .string()
      .regex(/^\/[^?#\\\s]*$/, "must begin with / and have no query")
      .optional(),
    /** Sent with every request. */
    headers: z.record(HeaderName, HeaderValue).optional(),
    /** What the body is: Standard Webhooks' envelope, CloudEvents 1.0 in either mode, or the canonical entity alone. */
    format: z.enum(FORMATS).default("standardWebhooks"),
    /** `source` of CloudEvents. */
    eventSource: z
      .string()
      .regex(/^[\x21-\x7e]+$/, "must be a URI reference")
      .default("signalbox"),
    method: Method.default("POST"),
    /** The method of a deletion, where it is another one. */
    deletionMethod: Method.optional(),
    /** Default: Standard Webhooks' for its own format, none for the others. */
    signature: Signature.optional(),
    authentication: Proof.default({ type: "none" }),
  })
  .superRefine((settings, context) => {
    const named = [...Object.keys(settings.headers ?? {}), ...headersOfProof(settings.authentication, settings.signature)];
    const twice = named.map((name) => name.toLowerCase()).find((name, index, all) => all.indexOf(name) !== index);
    if (twice !== undefined) context.addIssue({ code: "custom", path: ["headers"], message: `"${twice}" would be set twice` });
    const reserved = headersOfSignature(settings.signature).find(isReserved);
    if (reserved !== undefined)
      context.addIssue({ code: "custom", path: ["signature"], message: `the header "${reserved}" is set by the router to something else` });
  });
export type Settings = z.infer<typeof Settings>;

const headersOfProof = (proof: Proof, signature: Signature | undefined): readonly string[] => [
  ...(proof.type === "apiKey" ? [proof.header] : []),
  ...headersOfSignature(signature),
];

const headersOfSignature = (signature: Signature | undefined): readonly string[] =>
  signature?.type === "hmac"
    ? [signature.header, signature.timestampHeader, signature.idHeader].filter((name): name is string => name !== undefined)
    : [];

/** How requests are signed by these settings. */
export const signatureOf = ({ signature, format }: Settings): Signature =>
  signature ?? { type: format === "standardWebhooks" ? "standardWebhooks" : "none" };
