import { Webhook } from "standardwebhooks";
import { http } from "../../../../src/destinations/http.ts";
import { SIGNING_SECRET, delivery } from "../samples.ts";
import type { FakeRecord, FakeSystem, Trial } from "./define.ts";

/** A receiver that checks with the official library, and drops an id that it has seen, as the specification asks. */
function start(): FakeSystem {
  // The library compares with the real clock.
  const time = { nowMs: Date.now() };
  const seen = new Set<string>();
  const records: (FakeRecord & { readonly name: string })[] = [];
  return {
    time,
    held: (kind, key) => records.filter(({ name }) => name === `${kind}/${key}`),
    answer: async (request) => {
      const body = await request.text();
      try {
        new Webhook(SIGNING_SECRET).verify(body, Object.fromEntries(request.headers));
      } catch {
        return new Response("no", { status: 401 });
      }
      const id = request.headers.get("webhook-id") ?? "";
      const { data } = JSON.parse(body) as { data: Record<string, string> };
      if (!seen.has(id)) records.push({ id, fields: data, name: `${data["kind"]}/${data["key"]}` });
      seen.add(id);
      return new Response(null, { status: 204 });
    },
    tricks: {},
  };
}

const ONLY_POSTED = "it is only posted to; what it answers is its status";

export const httpTrial: Trial = {
  definition: http,
  connection: {
    baseUrl: "https://hooks.example.com/base",
    settings: { path: "/inbox", headers: { "X-Tenant": "acme" } },
    secrets: { signing: SIGNING_SECRET },
  },
  start,
  deliveries: {
    opportunity: delivery(),
    order: delivery({ entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 }, data: { status: "confirmed" }, occurredAtMs: null }),
    deletion: delivery({ deleted: true, data: {} }),
  },
  cannotHappen: {
    "credential expires under parallel callers": "it is signed with a secret that does not expire",
    "credential cannot be had": "it is signed with a secret, no issuer is asked",
    "key of the wrong form": "tested with the module itself: every secret that is no base64 is refused with words",
    "refused data": ONLY_POSTED,
    "row locked": ONLY_POSTED,
    "record changed before our write": ONLY_POSTED,
    "key held by two records": ONLY_POSTED,
    "failure inside a success": ONLY_POSTED,
    "silent no-op": ONLY_POSTED,
    "CSRF token expires": "it has none",
    "row changed between pages": "it is not read from",
    "row committed late": "it is not read from",
    "change token refused": "it is not read from",
  },
};
