import type { Sample } from "../src/sources/define.ts";
import type { Verification } from "../src/verification/define.ts";
import { hmacHeaders, standardWebhooksHeaders, twilioRequest } from "./sign/hmac.ts";
import { httpSignatureHeaders } from "./sign/http-signature.ts";
import { jwsRequest, jwtHeaders } from "./sign/jose.ts";
import { timestampText, type OfKind, type SignedRequest, type SignRequest } from "./sign/request.ts";

export type { SignedRequest, SignRequest } from "./sign/request.ts";

/** Signs a request as its sender would: the headers to add, and URL or body where the proof is in them. */
export function signRequest(request: SignRequest): SignedRequest {
  const { verification, secret, url } = request;
  switch (verification.kind) {
    case "hmac":
      return { url, headers: hmacHeaders(request, verification) };
    case "standardWebhooks":
      return { url, headers: standardWebhooksHeaders(request) };
    case "twilio":
      return twilioRequest(request);
    case "jwt":
      return { url, headers: jwtHeaders(request, verification) };
    case "jws":
      return { url, ...jwsRequest(request, verification) };
    case "httpSignature":
      return { url, headers: httpSignatureHeaders(request, verification) };
    case "queryToken": {
      const withToken = new URL(url);
      withToken.searchParams.set(verification.parameter, secret);
      return { url: withToken.href, headers: {} };
    }
    case "headerToken":
      return { url, headers: { [verification.header]: `${verification.prefix}${secret}` } };
    case "basic":
      return { url, headers: { authorization: `Basic ${Buffer.from(secret).toString("base64")}` } };
    case "clientCertificate":
      return { url, headers: {}, clientCertificate: certificateFor(verification) };
    case "ipRanges":
      return { url, headers: { "cf-connecting-ip": verification.ranges[0]?.split("/")[0] ?? "" } };
    // The sample's body holds the secret, or nothing proves it.
    case "tokenInBody":
    case "none":
      return { url, headers: {} };
    case "anyOf":
      return signRequest(partOf(request, verification.of[0] ?? { kind: "none" }));
    case "allOf":
      return allOf(request, verification.of);
  }
}

const partOf = (request: SignRequest, verification: Verification): SignRequest => ({
  ...request,
  verification,
  secret: request.secrets?.[verification.kind] ?? request.secret,
});

/** Those that change the body or the URL come first, since the others may sign it. */
const FIRST: readonly Verification["kind"][] = ["jws", "queryToken", "twilio"];
const rank = ({ kind }: Verification): number => (FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length);

/** Each proof is made over what the ones before it left. */
function allOf(request: SignRequest, of: readonly Verification[]): SignedRequest {
  let signed: SignedRequest = { url: request.url, headers: {} };
  for (const verification of of.toSorted((left, right) => rank(left) - rank(right))) {
    const next = signRequest({ ...partOf(request, verification), url: signed.url, body: signed.body ?? request.body });
    signed = { ...signed, ...next, headers: { ...signed.headers, ...next.headers } };
  }
  return signed;
}

const certificateFor = (rule: OfKind<"clientCertificate">): NonNullable<SignedRequest["clientCertificate"]> => ({
  certPresented: "1",
  certVerified: "SUCCESS",
  certFingerprintSHA256: rule.fingerprints[0] ?? "",
  certSubjectDNRFC2253: rule.subject ?? "",
  certIssuerDNRFC2253: rule.issuer ?? "",
});

interface Fill {
  readonly nowMs: number;
  readonly id: string;
  /** What `{secret}` stands for, where the sender puts it into the body. */
  readonly secret?: string;
}

/** Fills the placeholders of a sample's text: `{now:iso}`, `{now:s}`, `{now:ms}`, `{id}` and `{secret}`. */
export const fillSample = (template: string, fill: Fill): string =>
  template.replace(/\{now:(iso|s|ms)\}|\{id\}|\{secret\}/g, (placeholder, format: "iso" | "s" | "ms" | undefined) =>
    format !== undefined ? timestampText(fill.nowMs, format) : placeholder === "{id}" ? fill.id : (fill.secret ?? ""),
  );

/** A sample as it is posted: its body and headers, filled for this moment. */
export const sampleRequest = (
  sample: Sample,
  fill: Fill,
): { readonly body: string; readonly headers: Readonly<Record<string, string>> } => ({
  body: fillSample(sample.body, fill),
  headers: {
    "content-type": sample.contentType,
    ...Object.fromEntries(Object.entries(sample.headers ?? {}).map(([name, value]) => [name, fillSample(value, fill)])),
  },
});
