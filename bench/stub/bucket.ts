interface Asked {
  readonly object?: string;
}

/**
 * An R2 bucket that takes every object and keeps none. In the protocol between runtime and bucket, a request's and an
 * answer's metadata is JSON, as long as the header says (workerd, src/workerd/api/r2-bucket.c++).
 */
export default {
  fetch: async (request: Request): Promise<Response> => {
    const metadataBytes = Number(request.headers.get("cf-r2-metadata-size") ?? 0);
    const body = await request.arrayBuffer();
    const asked = JSON.parse(new TextDecoder().decode(body.slice(0, metadataBytes))) as Asked;
    const stored = JSON.stringify({
      name: asked.object ?? "",
      version: "1",
      size: String(body.byteLength - metadataBytes),
      etag: "00000000000000000000000000000000",
      uploaded: "1790000000000",
      httpFields: {},
      customFields: [],
      checksums: {},
      storageClass: "Standard",
    });
    return new Response(stored, { headers: { "cf-r2-metadata-size": String(stored.length), "content-type": "application/json" } });
  },
};
