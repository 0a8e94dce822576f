import { AccountCache } from "../adapters/account-cache.ts";
import { keySets } from "../adapters/key-sets.ts";
import { BacklogWatch } from "../adapters/backlog-watch.ts";
import { enqueue, enqueueTogether, queuesOf } from "../adapters/queues.ts";
import type { GroupTerms } from "../adapters/send-groups.ts";
import { registerSecret } from "../adapters/source-accounts.ts";
import { SourceRates } from "../adapters/source-rates.ts";
import { TallyLog } from "../adapters/tally-log.ts";
import type { Deployment } from "../deployment.ts";
import { REFUSED_SECONDS, refusesAtIngest } from "../domain/backlog.ts";
import type { Priority } from "../domain/event.ts";
import { LIMITS } from "../domain/limits.ts";
import type { Admission, ReceivePorts } from "../http/receive.ts";
import { prove, takeIn } from "../pipeline/ingest/ingest.ts";
import type { Arrival, IngestPorts, LiveSource } from "../pipeline/ingest/ports.ts";
import type { ClientCertificate } from "../verification/define.ts";
import { verify } from "../verification/index.ts";
import { hexHmac } from "../verification/keys.ts";
import { backlogBoard } from "./consume.ts";
import { secretOf } from "../verification/tokens.ts";

const rejections = new TallyLog("rejections");
const handshakes = new TallyLog("handshakes");
const accounts = new AccountCache();
const rates = new SourceRates();

/** Ingest over this environment's bindings. */
export function ingestPorts(env: Env): IngestPorts {
  const queues = queuesOf(env);
  return {
    verify: proofOf,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    sha256: async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex(),
    putBody: async (key, body) => void (await env.BODIES.put(key, body)),
    enqueue: (priority, messages) => enqueue(queues[priority], messages),
    spill: async (entity, events) => void (await env.ENTITY.getByName(entity).spill(events)),
  };
}

/** Over the bytes that came. Of a compressed body some senders sign what is in it: if the one does not prove, the other may. */
async function proofOf(arrival: Arrival): ReturnType<IngestPorts["verify"]> {
  const { source, secrets, body, compressed, method, headers, url, clientCertificate, receivedAtMs } = arrival;
  const unproven = { verification: source.verification, secrets, method, headers, url, clientCertificate, nowMs: receivedAtMs };
  const proof = await verify({ ...unproven, body: compressed ?? body }, keySets);
  return proof.ok || compressed === undefined ? proof : verify({ ...unproven, body }, keySets);
}

const certificateOf = (request: Request): ClientCertificate | null => {
  const { cf } = request as { readonly cf?: { readonly tlsClientAuth?: ClientCertificate } };
  return cf?.tlsClientAuth ?? null;
};

const watch = new BacklogWatch();

/** Bulk is told to come later once what was taken of it waits too long; nothing else ever is, and nobody waits to hear it. */
function pressed(env: Env, source: LiveSource, waitUntil: (work: Promise<unknown>) => void): boolean {
  if (source.config.priority !== "bulk") return false;
  const nowMs = Date.now();
  return refusesAtIngest(watch.known(backlogBoard(env), nowMs, waitUntil), "bulk", nowMs);
}

/** A source's own rate by leased tokens; without one, the edge's guard against abuse. */
async function admits(env: Env, source: LiveSource, waitUntil: (work: Promise<unknown>) => void): Promise<Admission> {
  const { rate } = source.config;
  if (pressed(env, source, waitUntil)) return { admitted: false, retryAfterSeconds: REFUSED_SECONDS };
  if (rate === undefined)
    return (await env.INGEST_RATE.limit({ key: source.name })).success ? { admitted: true } : { admitted: false, retryAfterSeconds: 10 };
  const policy = { perSecond: rate.perSecond, burst: rate.burst ?? rate.perSecond };
  return rates.admit(source.name, policy, {
    take: async (name, limits, asked) => env.SOURCE_RATE.getByName(name).take(limits, asked),
    nowMs: Date.now(),
    waitUntil,
  });
}

const TOGETHER: GroupTerms = { atOnce: LIMITS.sendsAtOnce, gatherMs: 0 };
const SENDS: Readonly<Record<Priority, GroupTerms>> = {
  critical: TOGETHER,
  standard: TOGETHER,
  bulk: { atOnce: LIMITS.bulkSendsAtOnce, gatherMs: LIMITS.bulkGatherMs },
};

export const receivePorts = (env: Env, deployment: Deployment, waitUntil: (work: Promise<unknown>) => void): ReceivePorts => {
  const queues = queuesOf(env);
  const ports: IngestPorts = {
    ...ingestPorts(env),
    enqueue: (priority, messages) => enqueueTogether(queues[priority], messages, { ...SENDS[priority], waitUntil }),
  };
  const keys = deployment.accountKeys;
  const flush = (work: Promise<void> | null): void => {
    if (work !== null) waitUntil(work);
  };
  return {
    source: deployment.source,
    account: (source, account, nowMs) => accounts.secretsOf(env.DB, keys, { source, account, nowMs }),
    register: (source, account, secret) => registerSecret(env.DB, keys, { source, account, secret, nowMs: Date.now() }),
    admits: (source) => admits(env, source, waitUntil),
    prove: (arrival) => prove(arrival, ports),
    takeIn: (arrival, proof) => takeIn(arrival, proof, ports),
    rejected: (source, reason, note) => flush(rejections.note(env.DB, { source, reason, note, atMs: Date.now() })),
    shook: (source, kind, note) => flush(handshakes.note(env.DB, { source, reason: kind, note, atMs: Date.now() })),
    isSecret: async (value, secrets) => (await secretOf(value, secrets)).ok,
    sign: hexHmac,
    clientCertificate: certificateOf,
    clock: Date.now,
  };
};
