import type { FoundFile } from "../domain/importing.ts";
import { fail, ok, type Result } from "../domain/result.ts";

/** R2 wants every part but the last to be of one size, and none of these below 5 MiB (R2, Multipart upload objects, read 2026-11-27). */
const PART_BYTES = 5 * 1024 * 1024;
/** R2 takes away so many keys in one call. */
const KEYS_AT_ONCE = 1_000;

/** The first file below a prefix, by name; empty objects that stand for folders do not count. */
export async function firstFile(bucket: R2Bucket, prefix: string): Promise<FoundFile | null> {
  for await (const { key, etag, size } of listed(bucket, prefix)) {
    if (!key.endsWith("/")) return { key, etag, bytes: size };
  }
  return null;
}

/** Every object below a prefix, in order of keys. */
export async function* listed(bucket: R2Bucket, prefix: string): AsyncGenerator<R2Object> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.objects;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

export async function removeAll(bucket: R2Bucket, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) await bucket.delete(keys.slice(at, at + KEYS_AT_ONCE));
}

type Version = Pick<FoundFile, "key" | "etag">;

/** The bytes of this very version of a file from an offset on. */
export async function openFile(
  bucket: R2Bucket,
  { key, etag, bytes }: FoundFile,
  offset: number,
): Promise<Result<AsyncIterable<Uint8Array>, "gone" | "replaced">> {
  // R2 refuses a range that begins at the end.
  const atEnd = offset >= bytes;
  const object = await bucket.get(key, { onlyIf: { etagMatches: etag }, ...(atEnd ? {} : { range: { offset } }) });
  if (object === null) return fail("gone");
  if (!("body" in object)) return fail("replaced");
  if (!atEnd) return ok(object.body as ReadableStream<Uint8Array>);
  await object.body.cancel();
  return ok(new Blob([]).stream());
}

/**
 * Moves this version of a file, and answers whether it is in its new place; again after a crash, it ends the same. What has
 * taken its place meanwhile stays where it is.
 * R2 deletes whatever has the name: a file that is put in its place in the moment before would go with it.
 */
export async function moveFile(bucket: R2Bucket, { key, etag }: Version, to: string): Promise<boolean> {
  const object = await bucket.get(key, { onlyIf: { etagMatches: etag } });
  if (object === null || !("body" in object)) return (await bucket.head(to)) !== null;
  await bucket.put(to, object.body);
  const now = await bucket.head(key);
  if (now?.etag === etag) await bucket.delete(key);
  return true;
}

/** Joins everything below a prefix into one object, unless that is there already, and takes the pieces away. */
export async function joinFiles(bucket: R2Bucket, prefix: string, to: string): Promise<void> {
  const pieces: string[] = [];
  for await (const { key } of listed(bucket, prefix)) pieces.push(key);
  if ((await bucket.head(to)) === null) {
    const writer = new FileWriter(bucket, to);
    for (const piece of pieces) {
      const object = await bucket.get(piece);
      if (object !== null) for await (const bytes of object.body as ReadableStream<Uint8Array>) await writer.write(bytes);
    }
    await writer.close();
  }
  await removeAll(bucket, pieces);
}

/**
 * Writes an object piece by piece with one part in memory. It is there whole once `close` is done, and not at all before;
 * R2 drops what is left of one that is never closed.
 */
export class FileWriter {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #buffer = new Uint8Array(PART_BYTES);
  #used = 0;
  #upload: R2MultipartUpload | null = null;
  readonly #parts: R2UploadedPart[] = [];

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      if (this.#used === PART_BYTES) await this.#flush();
      const taken = bytes.subarray(at, at + PART_BYTES - this.#used);
      this.#buffer.set(taken, this.#used);
      this.#used += taken.byteLength;
      at += taken.byteLength;
    }
  }

  async close(): Promise<void> {
    if (this.#upload === null) {
      await this.#bucket.put(this.#key, this.#buffer.subarray(0, this.#used));
      return;
    }
    await this.#flush();
    await this.#upload.complete(this.#parts);
  }

  async #flush(): Promise<void> {
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key);
    this.#parts.push(await this.#upload.uploadPart(this.#parts.length + 1, this.#buffer.slice(0, this.#used)));
    this.#used = 0;
  }
}
