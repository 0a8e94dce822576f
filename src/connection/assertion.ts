import { SignJWT, importPKCS8, type JWTPayload } from "jose";
import { fail, ok, type Result } from "../domain/result.ts";

export type AssertionAlgorithm = "RS256" | "PS256" | "ES256";

export interface Assertion {
  readonly algorithm: AssertionAlgorithm;
  /** A private key as PKCS#8 PEM; literal `\n` of a one-line secret are taken as line ends. */
  readonly privateKey: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly claims: JWTPayload;
  readonly issuedAtMs: number;
  readonly lifetimeMs: number;
}

/**
 * Signs a JWT (RFC 7519) as an assertion of RFC 7523, with `iat` and `exp`. Fails with words, without the key in them,
 * when the secret is no key of that algorithm: a PKCS#1 key names the command that converts it.
 */
export async function signAssertion({ privateKey, algorithm, ...assertion }: Assertion): Promise<Result<string, string>> {
  const pem = privateKey.replaceAll("\\n", "\n").trim();
  if (/^-----BEGIN (RSA|EC) PRIVATE KEY-----/.test(pem))
    return fail("the private key is not PKCS#8; convert it with: openssl pkcs8 -topk8 -nocrypt -in key.pem");
  if (pem.startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
    return fail("the private key is encrypted; decrypt it with: openssl pkcs8 -in key.pem, and keep it as a Worker secret");
  if (!pem.startsWith("-----BEGIN PRIVATE KEY-----")) return fail("the private key is no PEM that begins with BEGIN PRIVATE KEY");
  const key = await importPKCS8(pem, algorithm).catch(() => null);
  if (key === null) return fail(`the private key cannot sign ${algorithm}: it is damaged, or of another type`);
  const issuedAtSeconds = Math.floor(assertion.issuedAtMs / 1000);
  const signed = await new SignJWT(assertion.claims)
    .setProtectedHeader({ typ: "JWT", ...assertion.header, alg: algorithm })
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(issuedAtSeconds + Math.floor(assertion.lifetimeMs / 1000))
    .sign(key);
  return ok(signed);
}
