import type { Digest, Encoding } from "./define.ts";

export type TimestampFormat = "s" | "ms" | "iso";

/** Bytes of a signature by each algorithm; any other length is a truncated or padded one. */
export const SIGNATURE_BYTES: Readonly<Record<Digest | "Ed25519", number>> = { "SHA-1": 20, "SHA-256": 32, "SHA-512": 64, Ed25519: 64 };

/** Reads encoded bytes; null unless the text is the one canonical spelling: lower-case hex, full padding, no stray bits. */
export function decodeBytes(text: string, encoding: Encoding): Uint8Array | null {
  if (encoding === "hex") return decodeHex(text);
  if (encoding === "base64") return decodeBase64(text);
  if (/[+/]/.test(text)) return null;
  const unpadded = text
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/={1,2}$/, "");
  if (unpadded.length !== text.length && text.length % 4 !== 0) return null;
  return decodeBase64(unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "="));
}

function decodeHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    const high = nibble(text.charCodeAt(at * 2));
    const low = nibble(text.charCodeAt(at * 2 + 1));
    if (high < 0 || low < 0) return null;
    bytes[at] = high * 16 + low;
  }
  return bytes;
}

const nibble = (code: number): number => (code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1);

function decodeBase64(text: string): Uint8Array | null {
  try {
    const binary = atob(text);
    if (btoa(binary) !== text) return null;
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    return null;
  }
}

const SECONDS = /^(?:0|[1-9]\d{0,10})$/;
const MILLISECONDS = /^(?:0|[1-9]\d{0,13})$/;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads a time strictly, as milliseconds since 1970: no sign, no exponent, no spaces, no day that the month does not have. */
export function readTimestamp(text: string, format: TimestampFormat): number | null {
  if (format === "s") return SECONDS.test(text) ? Number(text) * 1000 : null;
  if (format === "ms") return MILLISECONDS.test(text) ? Number(text) : null;
  if (!ISO.test(text)) return null;
  const clock = text.slice(0, 19);
  const asWritten = Date.parse(`${clock}Z`);
  if (Number.isNaN(asWritten) || new Date(asWritten).toISOString().slice(0, 19) !== clock) return null;
  if (text === `${clock}Z`) return asWritten;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** Lower-case hex. */
export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Compares bytes without telling by its time where they differ. Only the length is not kept secret. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= (left[at] ?? 0) ^ (right[at] ?? 0);
  return difference === 0;
}

const VISIBLE = /^[\x21-\x7e]{1,256}$/;

/**
 * Whether a delivery id can be trusted to be what was signed: visible ASCII, and without the character that ends it in
 * the signed text, since an id that holds it could pass a part of the timestamp off as its own.
 */
export function isSoundId(id: string, template: string): boolean {
  const end = template.indexOf("{id}") < 0 ? undefined : template[template.indexOf("{id}") + "{id}".length];
  return VISIBLE.test(id) && (end === undefined || end === "{" || !id.includes(end));
}

/** The values of a header such as `t=1,v1=ab,v1=cd`, in order, by name; null if a part of it has no `=`. */
export function readPairs(value: string): ReadonlyMap<string, readonly string[]> | null {
  const pairs = new Map<string, string[]>();
  for (const part of value.split(",")) {
    const pair = part.trim();
    const end = pair.indexOf("=");
    if (end < 1) return null;
    const name = pair.slice(0, end);
    const values = pairs.get(name);
    if (values === undefined) pairs.set(name, [pair.slice(end + 1)]);
    else values.push(pair.slice(end + 1));
  }
  return pairs;
}
