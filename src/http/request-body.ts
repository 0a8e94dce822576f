/** Whether a body comes as it is. */
export const isPlain = (encoding: string | null): boolean =>
  encoding === null || encoding.trim() === "" || encoding.trim().toLowerCase() === "identity";

const FORMATS: Readonly<Record<string, "gzip" | "deflate">> = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" };

/**
 * The plain bytes of a compressed body, of at most `limitBytes`: no more than that is ever held, however small the body
 * that swells to it. A body that is not what its header says is passed on as it is, for its signature to decide about.
 */
export async function inflate(body: Uint8Array, encoding: string, limitBytes: number): Promise<Uint8Array | "unsupported" | "too_large"> {
  const format = FORMATS[encoding.trim().toLowerCase()];
  if (format === undefined) return "unsupported";
  try {
    const stream = new Blob([body]).stream().pipeThrough(new DecompressionStream(format));
    return (await readBounded(stream, limitBytes)) ?? "too_large";
  } catch {
    return body;
  }
}

/** The body's bytes, or null once it is above the limit; no more than the limit is ever held. */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array | null> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limitBytes) return null;
    const body = new Uint8Array(await request.arrayBuffer());
    return body.byteLength > limitBytes ? null : body;
  }
  return request.body === null ? new Uint8Array() : readBounded(request.body as ReadableStream<Uint8Array>, limitBytes);
}

async function readBounded(stream: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
