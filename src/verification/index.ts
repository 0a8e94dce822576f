import type { RejectionReason } from "../domain/failure.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, KeySets, Proof, Unproven, Verification } from "./define.ts";
import { verifyClientCertificate, verifyIpRange } from "./edge.ts";
import { verifyHmac } from "./hmac.ts";
import { verifyHttpSignature } from "./http-signature.ts";
import { verifyJws, verifyJwt } from "./jose.ts";
import { verifyStandardWebhooks } from "./standard-webhooks.ts";
import { verifyBasic, verifyHeaderToken, verifyQueryToken, verifyTokenInBody } from "./tokens.ts";
import { verifyTwilio } from "./twilio.ts";

/**
 * Proves a request by its raw bytes, with any of the live secrets. Never throws: a secret that cannot be a key is
 * passed over, and is `misconfigured` if no other one proves the request.
 */
export function verify(request: Unproven, keySets: KeySets): Promise<Checked<Proof>> {
  const { verification } = request;
  switch (verification.kind) {
    case "hmac":
      return verifyHmac(request, verification);
    case "standardWebhooks":
      return verifyStandardWebhooks(request, verification.windowMs);
    case "twilio":
      return verifyTwilio(request);
    case "jwt":
      return verifyJwt(request, verification, keySets);
    case "jws":
      return verifyJws(request, verification, keySets);
    case "httpSignature":
      return verifyHttpSignature(request, verification);
    case "queryToken":
      return verifyQueryToken(request, verification.parameter);
    case "headerToken":
      return verifyHeaderToken(request, verification);
    case "basic":
      return verifyBasic(request);
    case "tokenInBody":
      return verifyTokenInBody(request, verification);
    case "clientCertificate":
      return Promise.resolve(verifyClientCertificate(request, verification));
    case "ipRanges":
      return Promise.resolve(verifyIpRange(request, verification.ranges));
    case "none":
      return Promise.resolve(ok({ verdict: "unattempted", secretId: "none", timestampMs: null, deliveryId: null }));
    case "anyOf":
      return verifyAny(request, verification.of, keySets);
    case "allOf":
      return verifyAll(request, verification.of, keySets);
  }
}

const only = (request: Unproven, verification: Verification): Unproven => ({
  ...request,
  verification,
  secrets: request.secrets.filter((secret) => secret.for === undefined || secret.for === verification.kind),
});

/** The first that proves. Of the failures the most telling is given: one that had something to look at. */
async function verifyAny(request: Unproven, of: readonly Verification[], keySets: KeySets): Promise<Checked<Proof>> {
  let told: RejectionReason = "signature_missing";
  for (const verification of of) {
    const proof = await verify(only(request, verification), keySets);
    if (proof.ok) return proof;
    if (!ABSENT.has(proof.failure)) told = proof.failure;
  }
  return fail(told);
}

const ABSENT: ReadonlySet<RejectionReason> = new Set(["signature_missing", "token_missing", "certificate_missing"]);

/** All must prove; what they prove adds up. */
async function verifyAll(request: Unproven, of: readonly Verification[], keySets: KeySets): Promise<Checked<Proof>> {
  const proofs: Proof[] = [];
  for (const verification of of) {
    const proof = await verify(only(request, verification), keySets);
    if (!proof.ok) return proof;
    proofs.push(proof.value);
  }
  const [first] = proofs;
  if (first === undefined) return fail("misconfigured");
  const payload = proofs.find((proof) => proof.payload !== undefined)?.payload;
  return ok({
    verdict: STRENGTH.find((verdict) => proofs.some((proof) => proof.verdict === verdict)) ?? "unattempted",
    secretId: (proofs.find((proof) => proof.verdict === "verified") ?? first).secretId,
    timestampMs: proofs.find((proof) => proof.timestampMs !== null)?.timestampMs ?? null,
    deliveryId: proofs.find((proof) => proof.deliveryId !== null)?.deliveryId ?? null,
    ...(payload === undefined ? {} : { payload }),
  });
}

const STRENGTH: readonly Proof["verdict"][] = ["verified", "authenticated", "unattempted"];

/** The strongest verdict that a scheme can reach: what its source promises. */
export function verdictOf(verification: Verification): Proof["verdict"] {
  switch (verification.kind) {
    case "hmac":
    case "standardWebhooks":
    case "twilio":
    case "jws":
    case "httpSignature":
      return "verified";
    case "jwt":
      return verification.bodyHash === undefined ? "authenticated" : "verified";
    case "queryToken":
    case "headerToken":
    case "basic":
    case "tokenInBody":
    case "clientCertificate":
    case "ipRanges":
      return "authenticated";
    case "none":
      return "unattempted";
    case "anyOf":
    case "allOf":
      return STRENGTH.find((verdict) => verification.of.some((part) => verdictOf(part) === verdict)) ?? "unattempted";
  }
}

/** Whether a source with this scheme must be given a secret. */
export function needsSecret(verification: Verification): boolean {
  switch (verification.kind) {
    case "hmac":
    case "standardWebhooks":
    case "twilio":
    case "httpSignature":
    case "queryToken":
    case "headerToken":
    case "basic":
    case "tokenInBody":
      return true;
    case "jwt":
    case "jws":
      return verification.jwksUrl === undefined;
    case "clientCertificate":
    case "ipRanges":
    case "none":
      return false;
    case "anyOf":
    case "allOf":
      return verification.of.some(needsSecret);
  }
}

/** How requests are proven, in a few words for people. */
export function describeVerification(verification: Verification): string {
  switch (verification.kind) {
    case "hmac":
      return `${verification.construction === "hash" ? "" : "HMAC-"}${verification.algorithm} ${verification.encoding} of ${verification.template} in ${verification.header}`;
    case "standardWebhooks":
      return "Standard Webhooks v1 and v1a";
    case "twilio":
      return "Twilio's HMAC-SHA1 of URL and form";
    case "jwt":
      return `JWT (${verification.algorithms.join(", ")}) in ${verification.header}${verification.bodyHash === undefined ? "" : ", with the body's hash"}`;
    case "jws":
      return `JWS (${verification.algorithms.join(", ")})${verification.detachedHeader === undefined ? "" : ` in ${verification.detachedHeader}`}`;
    case "httpSignature":
      return `HTTP Message Signatures, ${verification.algorithm}`;
    case "queryToken":
      return `token in ?${verification.parameter}=`;
    case "headerToken":
      return `token in ${verification.header}`;
    case "basic":
      return "Basic authentication";
    case "tokenInBody":
      return `${verification.member} of every item`;
    case "clientCertificate":
      return "client certificate";
    case "ipRanges":
      return "address";
    case "none":
      return "nothing";
    case "anyOf":
      return verification.of.map(describeVerification).join(", or ");
    case "allOf":
      return verification.of.map(describeVerification).join(", and ");
  }
}
