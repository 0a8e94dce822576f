import { databasesOf } from "../adapters/event-databases.ts";
import { expireSlas, joinReadings, listLate, readSla, turnDue } from "../adapters/slas.ts";
import type { Deployment } from "../deployment.ts";
import { LIMITS } from "../domain/limits.ts";
import { bucketMsOf, durationMs } from "../domain/slas/declare.ts";
import type { SlaReading } from "../domain/slas/standing.ts";
import type { Slas } from "../http/ops-ports.ts";

const countedSlas = ({ config }: Deployment) =>
  Object.entries(config.slas ?? {}).map(([sla, { window }]) => {
    const windowMs = durationMs(window) ?? 0;
    return { sla, windowMs, bucketMs: bucketMsOf(windowMs) };
  });

/** How every declared SLA stands now, over all databases: what an alert or a page starts from. */
export const readSlas = (env: Env, deployment: Deployment, nowMs: number): Promise<readonly SlaReading[]> =>
  Promise.all(
    countedSlas(deployment).map(async (sla) => {
      const [first, ...rest] = databasesOf(env);
      const readings = await Promise.all([first, ...rest].map((db) => readSla(db, sla, nowMs)));
      return readings.reduce(joinReadings);
    }),
  );

/** What an isolate read last. Values only: a promise belongs to the request that made it. */
const known = new WeakMap<Env, readonly SlaReading[]>();

export const slaPorts = (env: Env, deployment: Deployment): Slas => ({
  readings: async () => {
    const before = known.get(env);
    const nowMs = Date.now();
    if (before?.every(({ atMs }) => Math.abs(nowMs - atMs) < LIMITS.overviewCacheMs) === true) return before;
    const readings = await readSlas(env, deployment, nowMs);
    known.set(env, readings);
    return readings;
  },
  late: async (query) => {
    const found = await Promise.all(databasesOf(env).map((db) => listLate(db, query, Date.now())));
    return found
      .flat()
      .toSorted((a, b) => b.dueMs - a.dueMs || (a.subject < b.subject ? 1 : -1))
      .slice(0, query.limit);
  },
});

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** At night, and not with what else comes on the hour. */
const EXPIRY_MINUTE = 3 * 60 + 23;

/** The minute's part: what is due is late; once a day, what is old is forgotten. */
export async function maintainSlas(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  const slas = countedSlas(deployment);
  await Promise.all(databasesOf(env).map((db) => turnDue(db, slas, nowMs)));
  if (Math.floor(nowMs / MINUTE_MS) % DAY_MINUTES !== EXPIRY_MINUTE) return;
  const longestMs = Math.max(0, ...slas.map(({ windowMs }) => windowMs));
  const beforeMs = nowMs - Math.max(deployment.indexDays * DAY_MINUTES * MINUTE_MS, 2 * longestMs);
  await Promise.all(databasesOf(env).map((db) => expireSlas(db, beforeMs)));
}
