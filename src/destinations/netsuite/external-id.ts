/**
 * Our keys as NetSuite's external ids, which take letters, digits, `_` and `-` alone (a `|` would list several). Such keys
 * stay as they are, unless they hold `__`; every other character becomes `__` and the hex of its UTF-8 bytes, so that the key can be
 * read again. One that is too long then is held as its SHA-256. External ids are held to differ by more than case.
 */
export async function externalIdOf(key: string, maxCharacters: number): Promise<string> {
  const escaped = key.toWellFormed().replace(/__|[^A-Za-z0-9_-]/gu, (part) => `__${hexOf(new TextEncoder().encode(part)).join("__")}`);
  if (escaped.length <= maxCharacters) return escaped;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return `${HASHED}${hexOf(new Uint8Array(digest)).join("")}`;
}

const HASHED = "__h";

/** The key that an external id stands for; null for a hash, and for what is no key of ours. */
export function keyOf(externalId: string): string | null {
  const parts = externalId.split(/__([0-9a-f]{2})/);
  if (parts.some((part, at) => at % 2 === 0 && part.includes("__"))) return null;
  const encoder = new TextEncoder();
  const bytes = parts.flatMap((part, at) => (at % 2 === 0 ? [...encoder.encode(part)] : [Number.parseInt(part, 16)]));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return null;
  }
}

const hexOf = (bytes: Uint8Array): readonly string[] => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
