import { fail, ok, type Result } from "./result.ts";
import type { Sha256Hex } from "./timeline.ts";

/**
 * An API key as it is shown, once: `sbkey_`, 16 hex digits that name it, `_`, 64 that nobody can guess, and 8 that
 * follow from the rest. The prefix lets secret scanners find it (`sbkey_[0-9a-f]{16}_[0-9a-f]{72}`), the check digits
 * let them, and us, tell a key from what only looks like one without asking anybody.
 */
const FORM = /^(sbkey_([0-9a-f]{16})_[0-9a-f]{64})([0-9a-f]{8})$/;
const ID_BYTES = 8;
const SECRET_BYTES = 32;
export const KEY_RANDOM_BYTES = ID_BYTES + SECRET_BYTES;

export interface KeyText {
  readonly id: string;
  readonly text: string;
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const checkOf = (body: string, sha256: Sha256Hex): string => sha256(body).slice(0, 8);

/** Makes a key of KEY_RANDOM_BYTES of randomness. */
export function makeKey(random: Uint8Array, sha256: Sha256Hex): KeyText {
  const id = hex(random.subarray(0, ID_BYTES));
  const body = `sbkey_${id}_${hex(random.subarray(ID_BYTES, KEY_RANDOM_BYTES))}`;
  return { id, text: `${body}${checkOf(body, sha256)}` };
}

/** Whether a credential is meant as a key of ours, right or wrong. */
export const looksLikeKey = (credential: string): boolean => credential.startsWith("sbkey_");

/** The key that a credential is; null if it is none, or mistyped. */
export function readKey(credential: string, sha256: Sha256Hex): KeyText | null {
  const [, body = "", id = "", check = ""] = FORM.exec(credential) ?? [];
  return body !== "" && checkOf(body, sha256) === check ? { id, text: credential } : null;
}

/** What a key may do and until when. All of it is covered by the key's proof, so that no edit of its row gives it more. */
export interface KeyGrant {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly role: string;
  /** Names of the only operations it may call; null: all that its role may. */
  readonly operations: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** The text that a key's proof covers. */
export const provenText = (grant: KeyGrant, keyText: string): string =>
  JSON.stringify([
    "signalbox api key 1",
    grant.id,
    grant.name,
    grant.owner,
    grant.role,
    grant.operations,
    grant.createdBy,
    grant.createdAtMs,
    grant.expiresAtMs,
    keyText,
  ]);

export const KEY_NAME = /^[a-z0-9][a-z0-9-]{1,62}$/;

/** Who a key is in the audit trail: nobody's name has a colon there. */
export const actorOfKey = (name: string): string => `key:${name}`;

/** Whether a key that is genuine may be used now. */
export function usable(key: Pick<KeyGrant, "expiresAtMs"> & { readonly revokedAtMs: number | null }, nowMs: number): Result<null, string> {
  if (key.revokedAtMs !== null) return fail("the key is revoked");
  return nowMs < key.expiresAtMs ? ok(null) : fail("the key has expired");
}
