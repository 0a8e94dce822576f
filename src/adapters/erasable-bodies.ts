import { parseRawRef } from "./archive-r2.ts";

/** The bytes that references lie in, one read for all of a batch's: by reference, and null where the object is gone. */
export async function readBodies(bucket: R2Bucket, references: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const byKey = Map.groupBy(references, (reference) => parseRawRef(reference).key);
  const bodies = new Map<string, Uint8Array>();
  for (const [key, within] of byKey) {
    const object = await bucket.get(key);
    if (object === null) continue;
    const bytes = new Uint8Array(await object.arrayBuffer());
    for (const reference of within) {
      const { offset, length } = parseRawRef(reference);
      bodies.set(reference, bytes.subarray(offset, offset + length));
    }
  }
  return bodies;
}

/**
 * Blanks bodies where they lie. A batch's object is written anew with blanks of the same length, so that every other
 * reference into it still holds. Answers how many were not blank already.
 */
export async function blankBodies(bucket: R2Bucket, references: readonly string[], dryRun: boolean): Promise<number> {
  const byKey = Map.groupBy(references, (reference) => parseRawRef(reference).key);
  let blanked = 0;
  for (const [key, within] of byKey) {
    const object = await bucket.get(key);
    if (object === null) continue;
    const bytes = new Uint8Array(await object.arrayBuffer());
    const before = blanked;
    for (const reference of within) {
      const { offset, length } = parseRawRef(reference);
      const body = bytes.subarray(offset, offset + length);
      if (body.every((byte) => byte === BLANK)) continue;
      body.fill(BLANK);
      blanked++;
    }
    if (!dryRun && blanked > before)
      await bucket.put(key, bytes, object.httpMetadata === undefined ? {} : { httpMetadata: object.httpMetadata });
  }
  return blanked;
}
const BLANK = 0x20;

/** Rewrites every JSON object below a prefix; answers how many changed. */
export async function rewriteBelow(bucket: R2Bucket, prefix: string, change: (text: string) => string, dryRun: boolean): Promise<number> {
  let changed = 0;
  for (let cursor: string | undefined; ;) {
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    for (const { key } of page.objects) {
      const text = await (await bucket.get(key))?.text();
      const left = text === undefined ? undefined : change(text);
      if (left === undefined || left === text) continue;
      changed++;
      if (!dryRun) await bucket.put(key, left);
    }
    if (!page.truncated) return changed;
    ({ cursor } = page);
  }
}
