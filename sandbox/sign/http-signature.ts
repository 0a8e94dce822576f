import { constants, createHash, createHmac, createPrivateKey, sign } from "node:crypto";
import { headersOf, type OfKind, type SignRequest } from "./request.ts";

/** RFC 9421 with a Content-Digest (RFC 9530), as a sender would put them on a request. */
export function httpSignatureHeaders(request: SignRequest, scheme: OfKind<"httpSignature">): Record<string, string> {
  const digest = `sha-256=:${createHash("sha256").update(request.body).digest("base64")}:`;
  const created = Math.floor(request.nowMs / 1000);
  const identifiers = scheme.components.map(identifierOf);
  const parameters = `(${identifiers.join(" ")});created=${created};keyid="k1";alg="${scheme.algorithm}"`;
  const lines = scheme.components.map((name) => `${identifierOf(name)}: ${valueOf(request, name, digest)}`);
  const base = [...lines, `"@signature-params": ${parameters}`].join("\n");
  const signature = signatureOf(scheme, request.secret, Buffer.from(base)).toString("base64");
  return { "content-digest": digest, "signature-input": `sig1=${parameters}`, signature: `sig1=:${signature}:` };
}

const QUERY_PARAMETER = /^@query-param;name="(.*)"$/;

const identifierOf = (name: string): string => (QUERY_PARAMETER.test(name) ? name.replace("@query-param", '"@query-param"') : `"${name}"`);

function valueOf(request: SignRequest, name: string, digest: string): string {
  const url = new URL(request.url);
  const parameter = QUERY_PARAMETER.exec(name)?.[1];
  if (parameter !== undefined) return encodeURIComponent(url.searchParams.get(decodeURIComponent(parameter)) ?? "");
  const derived: Readonly<Record<string, string>> = {
    "@method": request.method ?? "POST",
    "@target-uri": url.href,
    "@authority": url.host,
    "@scheme": url.protocol.slice(0, -1),
    "@request-target": `${url.pathname}${url.search}`,
    "@path": url.pathname,
    "@query": url.search === "" ? "?" : url.search,
    "content-digest": digest,
    host: url.host,
  };
  return derived[name] ?? headersOf(request).get(name)?.trim() ?? "";
}

function signatureOf(scheme: OfKind<"httpSignature">, secret: string, message: Buffer): Buffer {
  if (scheme.algorithm === "hmac-sha256") return createHmac("sha256", Buffer.from(secret, scheme.keyEncoding)).update(message).digest();
  const key = createPrivateKey({ format: "jwk", key: JSON.parse(secret) as Record<string, string> });
  switch (scheme.algorithm) {
    case "ed25519":
      return sign(null, message, key);
    case "ecdsa-p256-sha256":
      return sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
    case "rsa-pss-sha512":
      return sign("sha512", message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 });
    case "rsa-v1_5-sha256":
      return sign("sha256", message, key);
  }
}
