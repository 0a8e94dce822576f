import { databasesOf, eventIndex } from "../adapters/event-databases.ts";
import { countOpenLetters, countWaiting, listRecent, type Waiting } from "../adapters/overview.ts";
import type { Deployment } from "../deployment.ts";
import { LIMITS } from "../domain/limits.ts";
import type { OverviewRead } from "../http/ops-ports.ts";
import { backlogBoard } from "./consume.ts";
import { destinationState } from "./destination-state.ts";

const LATEST = 6;

/** What an isolate read last. Values only: a promise belongs to the request that made it. */
const known = new WeakMap<Env, OverviewRead>();

/** The overview's counts, read once in LIMITS.overviewCacheMs however many dashboards are open. */
export async function overviewOf(env: Env, deployment: Deployment): Promise<OverviewRead> {
  const before = known.get(env);
  const atMs = Date.now();
  if (before !== undefined && atMs - before.atMs < LIMITS.overviewCacheMs) return before;
  const databases = databasesOf(env);
  const open = (list: string) => eventIndex(env).listDeadLetters({ list, status: "open", limit: LATEST });
  const [waiting, openLetters, recent, business, platform, backlog, destinations] = await Promise.all([
    Promise.all(databases.map(countWaiting)).then(summedWaiting),
    Promise.all(databases.map(countOpenLetters)).then((counts) => counts.flat()),
    Promise.all(databases.map(listRecent)).then((recents) => recents.flat().toSorted((a, b) => b.receivedAtMs - a.receivedAtMs)),
    open("business"),
    open("platform"),
    backlogBoard(env).read(),
    Promise.all(Object.keys(deployment.config.destinations).map((name) => destinationState(env, deployment, name))),
  ]);
  const latestLetters = [...business.items, ...platform.items].toSorted((a, b) => b.updatedAtMs - a.updatedAtMs).slice(0, LATEST);
  const read = { atMs, waiting, openLetters, recent, latestLetters, backlog, destinations };
  known.set(env, read);
  return read;
}

/** What waits over all databases, by status. */
function summedWaiting(parts: readonly (readonly Waiting[])[]): readonly Waiting[] {
  const sums = new Map<string, Waiting>();
  for (const each of parts.flat()) {
    const before = sums.get(each.status) ?? { status: each.status, events: 0, oldestId: null };
    const oldest = [before.oldestId, each.oldestId].filter((id) => id !== null).toSorted()[0] ?? null;
    sums.set(each.status, { status: each.status, events: before.events + each.events, oldestId: oldest });
  }
  return [...sums.values()];
}
