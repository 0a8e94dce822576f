import { importJWK, type JWK } from "jose";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, JoseAlgorithm, KeySets, LiveSecret } from "./define.ts";
import { remembering } from "../domain/remembering.ts";
import { keyOf } from "./keys.ts";

/** What a signature's header says of its key: a choice among our keys, no more. */
export interface JoseHeader {
  readonly alg: JoseAlgorithm;
  readonly kid?: string;
}

export interface KeySource {
  /** The only ones accepted. */
  readonly algorithms: readonly JoseAlgorithm[];
  readonly jwksUrl?: string;
  readonly secrets: readonly LiveSecret[];
  readonly keySets: KeySets;
}

/** Keys that may have signed, with the id that a proof by each is known by. `unusable`: a secret there is no key at all. */
export interface Candidates {
  readonly keys: readonly { readonly id: string; readonly key: CryptoKey }[];
  readonly unusable: boolean;
}

/** Keys of one secret that are tried: of a set without key ids, an old and a new one, and twice that. */
const KEYS_TRIED = 4;

const isSymmetric = (alg: JoseAlgorithm): boolean => alg.startsWith("HS");

/** The issuer's key where the scheme names its address, else those that the live secrets hold. */
export async function candidatesFor(header: JoseHeader, source: KeySource): Promise<Checked<Candidates>> {
  if (source.jwksUrl !== undefined) {
    // What an issuer publishes is known to all the world: no secret is among it.
    if (isSymmetric(header.alg)) return fail("algorithm_not_allowed");
    const key = await source.keySets.keyFor(source.jwksUrl, header);
    return key.ok ? ok({ keys: [{ id: header.kid ?? "jwks", key: key.value }], unusable: false }) : key;
  }
  const found = await Promise.all(
    source.secrets.map(async ({ id, value, keyId }) => {
      const keys = keyId === undefined || keyId === header.kid ? await keysOf(value, header, source.algorithms) : [];
      return keys.map((key) => ({ id, key }));
    }),
  );
  const keys = found.flat().flatMap(({ id, key }) => (key === null ? [] : [{ id, key }]));
  const unusable = source.secrets.length === 0 || keys.length < found.flat().length;
  if (keys.length > 0) return ok({ keys, unusable });
  return fail(unusable ? "misconfigured" : "key_unknown");
}

/** Null stands for what cannot be a key of this scheme. */
async function keysOf(text: string, header: JoseHeader, algorithms: readonly JoseAlgorithm[]): Promise<readonly (CryptoKey | null)[]> {
  const { alg, kid } = header;
  if (!looksPublic(text)) {
    if (isSymmetric(alg)) return [await keyOf({ algorithm: alg === "HS512" ? "SHA-512" : "SHA-256", encoding: "utf8", text })];
    return algorithms.some(isSymmetric) ? [] : [null];
  }
  // The text of a public key is known to all the world: it never is an HS secret.
  if (isSymmetric(alg)) return readJwks(text) === null ? [null] : [];
  const set = await keySetOf({ text, alg });
  if (set === null) return [null];
  return set
    .filter((member) => member.kid === undefined || kid === undefined || member.kid === kid)
    .slice(0, KEYS_TRIED)
    .map(({ key }) => key);
}

const looksPublic = (text: string): boolean => text.includes("-----BEGIN ") || /^\s*[[{]/.test(text);

interface Member {
  readonly kid: string | undefined;
  readonly key: CryptoKey | null;
}

/** The keys of a JWK set, or of one JWK, that are for this algorithm, imported once an isolate; null if the text is neither. */
const keySetOf = remembering(
  async ({ text, alg }: { readonly text: string; readonly alg: JoseAlgorithm }): Promise<readonly Member[] | null> => {
    const jwks = readJwks(text);
    return jwks === null ? null : Promise.all(jwks.filter((jwk) => isFor(jwk, alg)).map((jwk) => importPublic(jwk, alg)));
  },
  ({ text, alg }) => `${alg}\n${text}`,
);

function readJwks(text: string): readonly JsonObject[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isJsonObject(parsed)) return null;
    const { keys = [parsed] } = parsed;
    return Array.isArray(keys) && keys.length > 0 && keys.every((jwk) => isJsonObject(jwk) && typeof jwk["kty"] === "string")
      ? (keys as readonly JsonObject[])
      : null;
  } catch {
    return null;
  }
}

const keyTypeOf = (alg: JoseAlgorithm): string => (alg === "EdDSA" ? "OKP" : alg.startsWith("ES") ? "EC" : "RSA");

/** RFC 7517, section 4: of this type, and not kept for another use or algorithm. */
function isFor(jwk: JsonObject, alg: JoseAlgorithm): boolean {
  const { kty, use = "sig", alg: only = alg, key_ops: operations = ["verify"] } = jwk;
  return kty === keyTypeOf(alg) && use === "sig" && only === alg && Array.isArray(operations) && operations.includes("verify");
}

async function importPublic(jwk: JsonObject, alg: JoseAlgorithm): Promise<Member> {
  const kid = typeof jwk["kid"] === "string" ? jwk["kid"] : undefined;
  try {
    const key = await importJWK(jwk as JWK, alg);
    return { kid, key: key instanceof CryptoKey && key.type === "public" ? key : null };
  } catch {
    return { kid, key: null };
  }
}
