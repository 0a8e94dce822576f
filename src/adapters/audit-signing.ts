import { CompactSign, calculateJwkThumbprint, importJWK, type JWK } from "jose";
import { fail, ok, type Result } from "../domain/result.ts";

/** What signs exports, and the keys that whoever was given one checks it with. */
export interface AuditSigner {
  readonly sign: (payload: object) => Promise<string>;
}

const ALGORITHMS: Readonly<Record<string, string>> = { "P-256": "ES256", Ed25519: "EdDSA" };

interface Parsed {
  readonly jwk: JWK;
  readonly alg: string;
}

function parsed(text: string | undefined): Result<Parsed, string> {
  if (text === undefined) return fail("there is no secret AUDIT_SIGNING_KEY; make one as docs/audit.md says");
  try {
    const jwk = JSON.parse(text) as JWK;
    const alg = ALGORITHMS[jwk.crv ?? ""];
    return alg === undefined || jwk.d === undefined ? fail(UNFIT) : ok({ jwk, alg });
  } catch {
    return fail(UNFIT);
  }
}

const UNFIT = "the secret AUDIT_SIGNING_KEY is no private JWK of P-256 or Ed25519";

/** The signer of this deployment; fails with words if it has no key, or one that does not do. */
export async function auditSigner(signingKey: string | undefined): Promise<Result<AuditSigner, string>> {
  const key = parsed(signingKey);
  if (!key.ok) return key;
  const { jwk, alg } = key.value;
  const [priv, kid] = await Promise.all([importJWK(jwk, alg), calculateJwkThumbprint(jwk)]);
  return ok({
    sign: (payload) => new CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader({ alg, kid }).sign(priv),
  });
}

/** The public halves of the key that signs, and of those that did: only what is public, whatever the secret holds. */
export async function auditKeys(signingKey: string | undefined, retired: string | undefined): Promise<{ readonly keys: readonly JWK[] }> {
  const key = parsed(signingKey);
  const own = key.ok ? [await publicOf(key.value.jwk, key.value.alg)] : [];
  const before = (JSON.parse(retired ?? '{"keys":[]}') as { readonly keys: readonly JWK[] }).keys;
  return { keys: [...own, ...(await Promise.all(before.map((jwk) => publicOf(jwk, ALGORITHMS[jwk.crv ?? ""] ?? ""))))] };
}

async function publicOf({ kty, crv, x, y }: JWK, alg: string): Promise<JWK> {
  const half = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JWK;
  return { ...half, alg, use: "sig", kid: await calculateJwkThumbprint(half) };
}
