/** A field that carries our key, and what it does to text. */
export interface Carrier {
  readonly mark: string;
  readonly maxCharacters: number;
  /** It turns lower-case letters into capitals. */
  readonly upperCase: boolean;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Hexadecimal digits of a hash where there is room: 80 bits. */
const HASH_CHARACTERS = 20;

/**
 * Our key as a short field holds it: the mark, a sign for its form, and
 * `-` the key itself · `.` a UUID without its dashes, which is one character too long for 35 · `+` with `_` before what was
 * a lower-case letter · `~` its beginning and a hash. All but the last can be read back.
 */
export async function carriedKey(key: string, { mark, maxCharacters, upperCase }: Carrier): Promise<string> {
  const fits = (body: string): boolean => mark.length + 1 + body.length <= maxCharacters;
  const ascii = /^[\x21-\x7e]+$/.test(key);
  if (ascii && fits(key) && (!upperCase || !/[a-z]/.test(key))) return `${mark}-${key}`;
  const bare = key.replaceAll("-", "");
  if (UUID.test(key) && fits(bare)) return `${mark}.${upperCase ? bare.toUpperCase() : bare}`;
  const escaped = key.replace(/[a-z_]/g, (letter) => `_${letter.toUpperCase()}`);
  if (ascii && upperCase && fits(escaped)) return `${mark}+${escaped}`;
  const hash = (await sha256Hex(key)).slice(0, Math.min(HASH_CHARACTERS, maxCharacters - mark.length - 2)).toUpperCase();
  const beginning = key.replace(/[^A-Za-z0-9-]/g, "").slice(0, maxCharacters - mark.length - 2 - hash.length);
  return `${mark}~${upperCase ? beginning.toUpperCase() : beginning}~${hash}`;
}

/** The key that a field carries; null where it is none of ours, or only its hash is there. */
export function keyCarried(text: string, { mark }: Pick<Carrier, "mark">): string | null {
  if (!text.startsWith(mark)) return null;
  const body = text.slice(mark.length + 1);
  switch (text.charAt(mark.length)) {
    case "-":
      return body === "" ? null : body;
    case ".":
      return /^[0-9a-f]{32}$/i.test(body) ? body.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : null;
    case "+":
      return body.replace(/_([A-Z_])/g, (_all, letter: string) => letter.toLowerCase());
    default:
      return null;
  }
}

async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
