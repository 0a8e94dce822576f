import type { Envelope, StoredBody } from "../domain/event.ts";

/** Where an archived body lies: a whole object, or a stretch of a batch's. */
export interface RawRef {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
}

const SEPARATOR = "|";

export const formatRawRef = (ref: RawRef): string => [ref.key, ref.offset, ref.length].join(SEPARATOR);

export function parseRawRef(text: string): RawRef {
  const [key = "", offset = "0", length = "0"] = text.split(SEPARATOR);
  return { key, offset: Number(offset), length: Number(length) };
}

/** The bytes that travelled with an event; null if they wait in R2 already. */
function carriedBytes(raw: StoredBody): Uint8Array | null {
  switch (raw.at) {
    case "text":
      return new TextEncoder().encode(raw.text);
    case "base64":
      return Uint8Array.from(atob(raw.base64), (character) => character.charCodeAt(0));
    case "r2":
      return null;
  }
}

/**
 * Archives a batch's raw bodies as one object, since R2 asks $4.50 a million writes: the references are known at once,
 * `stored` rejects if the object could not be written. Bodies that are in R2 already keep their own key.
 */
export function archiveBatch(
  bucket: R2Bucket,
  name: string,
  events: readonly Envelope[],
): { refs: (string | null)[]; stored: Promise<void> } {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const refs = events.map((event): string => {
    if (event.raw.at === "r2") return formatRawRef({ key: event.raw.key, offset: 0, length: event.raw.bytes });
    const bytes = carriedBytes(event.raw) ?? new Uint8Array();
    const ref = formatRawRef({ key: name, offset, length: bytes.byteLength });
    parts.push(bytes);
    offset += bytes.byteLength;
    return ref;
  });
  const stored = parts.length === 0 ? Promise.resolve() : bucket.put(name, new Blob(parts)).then(() => undefined);
  return { refs, stored };
}

/** The raw bytes of an event as they came; null if the object is gone. */
export async function readRaw(bucket: R2Bucket, reference: string): Promise<ReadableStream | Uint8Array | null> {
  const ref = parseRawRef(reference);
  if (ref.length === 0) return new Uint8Array();
  const object = await bucket.get(ref.key, { range: { offset: ref.offset, length: ref.length } });
  return object?.body ?? null;
}
