import { fail, ok, type Result } from "../domain/result.ts";
import type { LiveSecret } from "../verification/define.ts";

/** A secret of an account as it is kept: AES-256-GCM, bound to the account by its additional data. */
export interface SealedSecret {
  readonly id: string;
  readonly iv: string;
  readonly ciphertext: string;
  /** Which key sealed it: the first 8 hex digits of its SHA-256. */
  readonly keyId: string;
  readonly sinceMs: number;
  readonly untilMs: number | null;
}

/** The keys that seal, newest first: the first one seals, all of them open. Base64 of 32 bytes each. */
export type SealingKeys = readonly string[];

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const utf8 = new TextEncoder();

interface OpenKey {
  readonly id: string;
  readonly key: CryptoKey;
}

const keysByText = new Map<string, OpenKey>();

async function keyOf(text: string): Promise<OpenKey | null> {
  const known = keysByText.get(text);
  if (known !== undefined) return known;
  try {
    const bytes = fromBase64(text);
    if (bytes.byteLength !== 32) return null;
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    const id = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 8);
    keysByText.set(text, { id, key });
    return { id, key };
  } catch {
    return null;
  }
}

/** What a ciphertext belongs to: moved to another account, or another secret's place, it does not open. */
const boundTo = (source: string, account: string, id: string): Uint8Array =>
  utf8.encode(JSON.stringify(["signalbox account", source, account, id]));

/** Seals a secret with the newest key. Fails with words for a person where that is none. */
export async function seal(
  keys: SealingKeys,
  to: { readonly source: string; readonly account: string },
  secret: { readonly id: string; readonly value: string; readonly sinceMs: number },
): Promise<Result<SealedSecret, string>> {
  const key = await keyOf(keys[0] ?? "");
  if (key === null) return fail("ACCOUNT_KEY is no base64 of 32 bytes; make one with: openssl rand -base64 32");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = boundTo(to.source, to.account, secret.id);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key.key, utf8.encode(secret.value));
  const ciphertext = toBase64(new Uint8Array(sealed));
  return ok({ id: secret.id, iv: toBase64(iv), ciphertext, keyId: key.id, sinceMs: secret.sinceMs, untilMs: null });
}

/** Opens a secret with whichever key sealed it; null if none of them did, or if it belongs elsewhere. */
export async function open(
  keys: SealingKeys,
  of: { readonly source: string; readonly account: string },
  secret: SealedSecret,
): Promise<LiveSecret | null> {
  for (const text of keys) {
    const key = await keyOf(text);
    if (key === null || key.id !== secret.keyId) continue;
    try {
      const additionalData = boundTo(of.source, of.account, secret.id);
      const plain = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: fromBase64(secret.iv), additionalData },
        key.key,
        fromBase64(secret.ciphertext),
      );
      return { id: secret.id, value: new TextDecoder().decode(plain) };
    } catch {
      return null;
    }
  }
  return null;
}
