import { file } from "../../../../src/destinations/file.ts";
import { pendingUrl, recordOfPending } from "../../../../src/domain/exporting.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";

/** A bucket that takes whole objects by name. What it holds of a record is what the next file would: the last of its rows. */
function start(): FakeSystem {
  const time = { nowMs: NOW_MS };
  const rows = new Map<string, { readonly kind: string; readonly key: string }>();
  return {
    time,
    held: (kind, key) => {
      const own = [...rows].filter(([, row]) => row.kind === kind && row.key === key).map(([path]) => path);
      return [...new Set(own.map(recordOfPending))].map((id) => ({ id, fields: {} }));
    },
    answer: async (request) => {
      const { pathname } = new URL(request.url);
      if (request.method !== "PUT" || !/^\/pending\/legacy\/[a-z]+\/[0-9a-f]{64}\/\d{14}-[^/]+$/.test(pathname))
        return new Response(null, { status: 405 });
      rows.set(pathname, (await request.json()) as { readonly kind: string; readonly key: string });
      return new Response(null, { status: 204 });
    },
    tricks: {},
  };
}

const ONLY_A_BUCKET = "a bucket takes every object, whatever is in it";

export const fileTrial: Trial = {
  definition: file,
  connection: { baseUrl: pendingUrl("legacy"), settings: {}, secrets: {} },
  start,
  deliveries: {
    order: delivery({ entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 }, data: { status: "confirmed" }, occurredAtMs: null }),
    "a key that a path would take for another": delivery({ entity: { kind: "order", key: "../..", schemaVersion: 1 } }),
    "a long key": delivery({ entity: { kind: "customer", key: "東".repeat(256), schemaVersion: 1 } }),
    deletion: delivery({ deleted: true, data: {} }),
  },
  cannotHappen: {
    "credential expires under parallel callers": "the bucket is reached by a binding, without a credential",
    "credential cannot be had": "the bucket is reached by a binding, without a credential",
    "key of the wrong form": "it has no secrets",
    "refused data": ONLY_A_BUCKET,
    "row locked": ONLY_A_BUCKET,
    "record changed before our write": "each write is an object of its own; nobody else writes them",
    "key held by two records": "rows of one key are one record",
    "failure inside a success": ONLY_A_BUCKET,
    "silent no-op": ONLY_A_BUCKET,
    "CSRF token expires": "it has none",
    "row changed between pages": "it is not read from",
    "row committed late": "it is not read from",
    "change token refused": "it is not read from",
  },
};
