import { expireAlerts } from "../adapters/alerts.ts";
import { expireDigests } from "../adapters/digests.ts";
import { databasesOf } from "../adapters/event-databases.ts";
import { expireIndex } from "../adapters/index-expiry.ts";
import { foldMeasures } from "../adapters/measures.ts";
import type { Deployment } from "../deployment.ts";
import { firstEventIdAt } from "../domain/event-id.ts";
import { burnsOf } from "../domain/slas/statement.ts";
import { expireFlows } from "../adapters/flow-runs.ts";
import { expireReconciliations } from "../adapters/reconciliation-runs.ts";
import { watchAlerts } from "./alerts.ts";
import { tellDigest } from "./digest.ts";
import { flushMeasures } from "./observe.ts";
import { runExports } from "./exports.ts";
import { runImports } from "./imports.ts";
import { reviveFlows } from "./flows.ts";
import { startDue } from "./reconcile.ts";
import { renew } from "./renew.ts";
import { maintainSlas, readSlas } from "./slas.ts";

/** Rejection and handshake counts are kept this long. */
const TALLIES_KEPT_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Of the minute that the cron has until it comes again. */
const EXPIRY_MS = 20_000;
/** Minute of the hour in which subscriptions are looked at: not the full hour, when everybody calls. */
const RENEWAL_MINUTE = 17;

/** What the minute's cron does. Alerts are watched and files moved whatever becomes of the rest, and the other way round. */
export async function maintain(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  const done = await Promise.allSettled([
    tidy(env, deployment, nowMs),
    watchSignals(env, deployment, nowMs),
    moveFiles(env, deployment, nowMs),
  ]);
  const failures = done.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("; "));
}

async function watchSignals(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  await flushMeasures(env);
  await foldMeasures(env.DB);
  const readings = await readSlas(env, deployment, nowMs);
  const slas = burnsOf(deployment.config.slas ?? {}, readings);
  await Promise.all([watchAlerts(env, deployment, nowMs, slas), tellDigest(env, deployment, { nowMs, slas })]);
}

/** Keeps tables bounded, starts what is due, and once an hour keeps subscriptions alive. Rows go in small portions. */
async function tidy(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  const before = nowMs - TALLIES_KEPT_MS;
  await env.DB.batch([
    env.DB.prepare("DELETE FROM rejections WHERE minute_ms < ?1").bind(before),
    env.DB.prepare("DELETE FROM handshakes WHERE minute_ms < ?1").bind(before),
    ...expireReconciliations(env.DB, nowMs - deployment.indexDays * DAY_MS),
    expireAlerts(env.DB, nowMs - deployment.indexDays * DAY_MS),
    expireDigests(env.DB, new Date(nowMs - deployment.indexDays * DAY_MS).toISOString().slice(0, 10)),
  ]);
  const beforeId = firstEventIdAt(nowMs - deployment.indexDays * DAY_MS);
  await Promise.all(databasesOf(env).map((db) => expireIndex(db, beforeId, Date.now() + EXPIRY_MS)));
  await maintainSlas(env, deployment, nowMs);
  await startDue(env, deployment, nowMs);
  await reviveFlows(env, nowMs);
  if (Math.floor(nowMs / MINUTE_MS) % 60 !== RENEWAL_MINUTE) return;
  await env.DB.batch([...expireFlows(env.DB, nowMs - deployment.indexDays * DAY_MS)]);
  await renew(env, deployment);
}

/** A large file takes most of the minute: nothing else waits for it. */
async function moveFiles(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  await runExports(env, deployment, nowMs);
  await runImports(env, deployment);
}
