import { listDeadLetters } from "../adapters/event-queries.ts";
import { countOpenLetters, countWaiting, listRecent } from "../adapters/overview.ts";
import type { Deployment } from "../deployment.ts";
import { LIMITS } from "../domain/limits.ts";
import type { OverviewRead } from "../http/ops-ports.ts";
import { backlogBoard } from "./consume.ts";

const LATEST = 6;

/** What an isolate read last. Values only: a promise belongs to the request that made it. */
const known = new WeakMap<Env, OverviewRead>();

/** The overview's counts, read once in LIMITS.overviewCacheMs however many dashboards are open. */
export async function overviewOf(
  env: Env,
  deployment: Deployment,
  destination: (name: string) => Promise<OverviewRead["destinations"][number]>,
): Promise<OverviewRead> {
  const before = known.get(env);
  const atMs = Date.now();
  if (before !== undefined && atMs - before.atMs < LIMITS.overviewCacheMs) return before;
  const open = (list: string) => listDeadLetters(env.DB, { list, status: "open", limit: LATEST });
  const [waiting, openLetters, recent, business, platform, backlog, destinations] = await Promise.all([
    countWaiting(env.DB),
    countOpenLetters(env.DB),
    listRecent(env.DB),
    open("business"),
    open("platform"),
    backlogBoard(env).read(),
    Promise.all(Object.keys(deployment.config.destinations).map(destination)),
  ]);
  const latestLetters = [...business.items, ...platform.items].toSorted((a, b) => b.updatedAtMs - a.updatedAtMs).slice(0, LATEST);
  const read = { atMs, waiting, openLetters, recent, latestLetters, backlog, destinations };
  known.set(env, read);
  return read;
}
