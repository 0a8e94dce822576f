import { createHash, createHmac, createPrivateKey, createSign, randomUUID, sign, type KeyObject } from "node:crypto";
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
  const jwk = JSON.parse(secret) as { alg: JoseAlgorithm; kid?: string };
  const key = createPrivateKey({ format: "jwk", key: jwk });
  return { alg: jwk.alg, key, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) };
}

function compact({ alg, kid, key }: SigningKey, payload: string | Uint8Array, more: object = {}): readonly [string, string, string] {
  const header = base64url(JSON.stringify({ alg, ...(kid === undefined ? {} : { kid }), ...more }));
  const content = base64url(payload);
  const message = `${header}.${content}`;
  const bits = alg.slice(2);
  if (typeof key === "string") return [header, content, createHmac(`sha${bits}`, key).update(message).digest("base64url")];
  if (alg === "EdDSA") return [header, content, sign(null, Buffer.from(message), key).toString("base64url")];
  if (alg.startsWith("ES")) return [header, content, sign(`sha${bits}`, Buffer.from(message), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")];
  return [header, content, createSign(`RSA-SHA${bits}`).update(message).sign(key).toString("base64url")];
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
  return { headers: {}, body: Buffer.from(`${header}.${payload}.${signature}`) };
}
