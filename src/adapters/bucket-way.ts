import { PENDING } from "../domain/exporting.ts";
import type { Way } from "./outbound.ts";

/**
 * A bucket as a destination is reached: PUT and GET of the object that a URL's path names, as it stands in the URL. Only
 * below `pending/`, so that no destination can write where files are read or handed out.
 */
export const bucketWay = (bucket: R2Bucket): Way => ({
  fetch: async (input, init) => {
    const request = new Request(input, init);
    const key = new URL(request.url).pathname.slice(1);
    if (!key.startsWith(PENDING)) return new Response("only rows that wait for their file can be written", { status: 403 });
    switch (request.method) {
      case "PUT": {
        await bucket.put(key, await request.arrayBuffer());
        return new Response(null, { status: 204 });
      }
      case "GET": {
        const object = await bucket.get(key);
        return object === null ? new Response(null, { status: 404 }) : new Response(object.body);
      }
      default:
        return new Response(null, { status: 405 });
    }
  },
});
