import { allAlerts } from "../adapters/alerts.ts";
import { listSubscriptions } from "../adapters/event-queries.ts";
import { readMeasures } from "../adapters/measures.ts";
import { sumRejections } from "../adapters/overview.ts";
import type { Deployment } from "../deployment.ts";
import { METRICS_TOKEN_LEAST } from "../deployment/signal-problems.ts";
import { ageOf } from "../domain/backlog.ts";
import { eventTimeMs } from "../domain/event-id.ts";
import { PRIORITIES } from "../domain/event.ts";
import { summarize } from "../domain/overview.ts";
import { metricsOf } from "../domain/signals/metrics.ts";
import type { Family } from "../domain/signals/open-metrics.ts";
import { secretOf } from "../verification/tokens.ts";
import { readDrift } from "./alert-facts.ts";
import { overviewOf } from "./overview.ts";

/** A token for scrapers alone, which cannot renew one: the secret METRICS_TOKEN, compared in constant time. It opens nothing else. */
export async function isMetricsToken({ settings }: Deployment, authorization: string | undefined): Promise<boolean> {
  const token = settings.read("METRICS_TOKEN");
  const [, given] = /^Bearer (\S+)$/i.exec(authorization ?? "") ?? [];
  if (token === undefined || token.length < METRICS_TOKEN_LEAST || given === undefined) return false;
  return (await secretOf(given, [{ id: "METRICS_TOKEN", value: token }])).ok;
}

const HOUR_MS = 3_600_000;

/** Every metric as it is now, from bounded reads alone; those of the overview are some seconds old at most. */
export async function readMetrics(env: Env, deployment: Deployment): Promise<readonly Family[]> {
  const nowMs = Date.now();
  const [overview, drift, rejections, subscriptions, measures, alerts] = await Promise.all([
    overviewOf(env, deployment),
    readDrift(env, deployment),
    sumRejections(env.DB, nowMs - HOUR_MS),
    listSubscriptions(env.DB),
    readMeasures(env.DB),
    allAlerts(env.DB),
  ]);
  return metricsOf({
    nowMs,
    environment: deployment.settings.ENVIRONMENT,
    configVersion: deployment.config.version,
    waiting: overview.waiting.map(({ status, events, oldestId }) => ({
      status,
      events,
      oldestAtMs: oldestId === null ? null : eventTimeMs(oldestId),
    })),
    deadLetters: overview.openLetters,
    backlog: PRIORITIES.map((priority) => ({ priority, ageSeconds: ageOf(overview.backlog, priority, overview.atMs) / 1000 })),
    destinations: overview.destinations,
    recent: summarize(overview.recent),
    rejections,
    drift,
    alerts: alerts.map(({ alert }) => alert).filter(({ state }) => state === "open" || state === "acknowledged"),
    subscriptions,
    measures,
  });
}
