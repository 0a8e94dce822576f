import { enqueue, type Queues } from "../adapters/queues.ts";
import { RejectionLog } from "../adapters/rejection-log.ts";
import type { Deployment } from "../deployment.ts";
import type { ReceivePorts } from "../http/receive.ts";
import { ingest, type IngestPorts } from "../pipeline/ingest.ts";
import { verify } from "../sources/verify.ts";

const rejections = new RejectionLog();

export const queuesOf = (env: Env): Queues => ({ critical: env.QUEUE_CRITICAL, standard: env.QUEUE_STANDARD, bulk: env.QUEUE_BULK });

/** Ingest over this environment's bindings. */
export function ingestPorts(env: Env): IngestPorts {
  const queues = queuesOf(env);
  return {
    verify: ({ source, body, headers, url, receivedAtMs }) =>
      verify({
        verification: source.definition.verification(source.settings),
        secrets: source.secrets(receivedAtMs),
        body,
        headers,
        url,
        nowMs: receivedAtMs,
      }),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    sha256: async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex(),
    putBody: async (key, body) => void (await env.BODIES.put(key, body)),
    enqueue: (priority, messages) => enqueue(queues[priority], messages),
    spill: async (entity, events) => void (await env.ENTITY.getByName(entity).spill(events)),
  };
}

export const receivePorts = (env: Env, deployment: Deployment, waitUntil: (work: Promise<unknown>) => void): ReceivePorts => ({
  source: deployment.source,
  admits: async (source) => (await env.INGEST_RATE.limit({ key: source })).success,
  ingest: (arrival) => ingest(arrival, ingestPorts(env)),
  rejected: (source, reason, note) => {
    const flush = rejections.note(env.DB, { source, reason, note, atMs: Date.now() });
    if (flush !== null) waitUntil(flush);
  },
  clock: Date.now,
});
