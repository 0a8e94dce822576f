import { constants, createHash, createHmac, createPrivateKey, randomUUID, sign, type KeyObject } from "node:crypto";
import type { JoseAlgorithm } from "../../src/verification/define.ts";
import type { OfKind, SignRequest } from "./request.ts";

const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url");

interface SigningKey {
  readonly alg: JoseAlgorithm;
  readonly kid?: string;
  readonly key: KeyObject | string;
}

/** The sender's half: a private JWK, or the text of an HS secret. */
function signingKey(secret: string, algorithms: readonly JoseAlgorithm[]): SigningKey {
  if (!secret.trimStart().startsWith("{")) return { alg: algorithms.find((name) => name.startsWith("HS")) ?? "HS256", key: secret };
  const jwk = JSON.parse(secret) as { readonly alg: JoseAlgorithm; readonly kid?: string };
  const key = createPrivateKey({ format: "jwk", key: jwk });
  return { alg: jwk.alg, key, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) };
}

function compact(
  { alg, kid, key }: SigningKey,
  payload: string | Uint8Array,
): readonly [header: string, payload: string, signature: string] {
  const header = base64url(JSON.stringify({ alg, ...(kid === undefined ? {} : { kid }) }));
  const content = base64url(payload);
  return [header, content, signatureOf(alg, key, Buffer.from(`${header}.${content}`)).toString("base64url")];
}

/** As text, since workerd's `node:crypto` takes no key object beside options; the workers' tests sign there. */
const pemOf = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();

/** RFC 7518, section 3, and RFC 8037. */
function signatureOf(alg: JoseAlgorithm, key: KeyObject | string, message: Buffer): Buffer {
  const bits = alg.slice(2);
  if (typeof key === "string") return createHmac(`sha${bits}`, key).update(message).digest();
  if (alg === "EdDSA") return sign(null, message, key);
  if (alg.startsWith("ES")) return sign(`sha${bits}`, message, { key: pemOf(key), dsaEncoding: "ieee-p1363" });
  if (alg.startsWith("RS")) return sign(`sha${bits}`, message, key);
  const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return sign(`sha${bits}`, message, { key: pemOf(key), ...options });
}

export function jwtHeaders(request: SignRequest, scheme: OfKind<"jwt">): Record<string, string> {
  const iat = Math.floor(request.nowMs / 1000);
  const hash = createHash("sha256").update(request.body);
  const claims = {
    iss: scheme.issuer,
    aud: scheme.audience,
    iat,
    exp: iat + Math.min(300, scheme.maxLifetimeSeconds),
    jti: request.deliveryId ?? randomUUID(),
    ...(scheme.bodyHash === undefined ? {} : { [scheme.bodyHash.claim]: hash.digest(scheme.bodyHash.encoding) }),
  };
  return { [scheme.header]: `${scheme.prefix}${compact(signingKey(request.secret, scheme.algorithms), JSON.stringify(claims)).join(".")}` };
}

/** The body as a compact JWS, or a header with a detached one over it. */
export function jwsRequest(request: SignRequest, scheme: OfKind<"jws">): { headers: Record<string, string>; body?: Uint8Array } {
  const [header, payload, signature] = compact(signingKey(request.secret, scheme.algorithms), Buffer.from(request.body));
  if (scheme.detachedHeader !== undefined) return { headers: { [scheme.detachedHeader]: `${header}..${signature}` } };
  return { headers: {}, body: new TextEncoder().encode(`${header}.${payload}.${signature}`) };
}
