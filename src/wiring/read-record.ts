import { ReadCache, unlessLate } from "../adapters/read-cache.ts";
import type { Deployment } from "../deployment.ts";
import { parseEntity } from "../domain/entities/index.ts";
import type { JsonObject } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { RecordAsked, RecordRead } from "../http/ops-ports.ts";
import { readState } from "./read-state.ts";

const caches = new WeakMap<Env, ReadCache<JsonObject | null>>();

const cacheOf = (env: Env): ReadCache<JsonObject | null> => {
  const cache = caches.get(env) ?? new ReadCache<JsonObject | null>();
  caches.set(env, cache);
  return cache;
};

/**
 * A record for somebody who waits: from memory if it is young enough, else from the system, under a permit of its governor,
 * as a standard attempt would be. Fails with words when the system is held, failing or too slow; a late answer is kept.
 */
export async function readRecord(
  env: Env,
  deployment: Deployment,
  asked: RecordAsked,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Result<RecordRead, string>> {
  const { destination, kind, by, value, maxAgeSeconds, deadlineMs } = asked;
  const cache = cacheOf(env);
  const name = [destination, kind, by, value].join("\n");
  const kept = cache.get(name, maxAgeSeconds * 1_000, Date.now());
  if (maxAgeSeconds > 0 && kept !== null) return ok({ data: kept.value, atMs: kept.atMs, source: "cache" });
  const reading = readLive(env, deployment, asked).then((live) => {
    if (live.ok) cache.put(name, live.value.data, live.value.atMs);
    return live;
  });
  waitUntil(reading.catch(() => undefined));
  return (await unlessLate(reading, deadlineMs)) ?? fail(`${destination} did not answer within ${deadlineMs} ms`);
}

async function readLive(
  env: Env,
  deployment: Deployment,
  { destination, kind, by, value }: RecordAsked,
): Promise<Result<RecordRead, string>> {
  const reader = { destination, priority: "standard" as const, fairKey: "services" };
  const state = await readState(env, deployment, reader, { kind, by, value });
  if (!state.ok) return state;
  const atMs = Date.now();
  if (state.value === "absent" || state.value.deleted) return ok({ data: null, atMs, source: "live" });
  const data = parseEntity(kind, state.value.data);
  return data.ok ? ok({ data: data.value, atMs, source: "live" }) : data;
}
