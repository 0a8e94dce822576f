import { eventIndex } from "../adapters/event-databases.ts";
import { listSubscriptions } from "../adapters/event-queries.ts";
import { countForsaken } from "../adapters/flow-runs.ts";
import { readMeasures, watchSources } from "../adapters/measures.ts";
import { sumRejections } from "../adapters/overview.ts";
import { countOpen } from "../adapters/findings.ts";
import type { Deployment } from "../deployment.ts";
import type { AlertFacts, SlaBurn } from "../domain/alerts/define.ts";
import { ageOf } from "../domain/backlog.ts";
import { PRIORITIES } from "../domain/event.ts";
import { isUnproven } from "../domain/failure.ts";
import { series, type Measures } from "../domain/signals/measures.ts";
import { overviewOf } from "./overview.ts";

const UNPROVEN_WITHIN_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

/** One snapshot of everything that the rules look at: the overview's bounded reads, and a few more of their kind. */
export async function readAlertFacts(
  env: Env,
  deployment: Deployment,
  { nowMs, slas }: { readonly nowMs: number; readonly slas: readonly SlaBurn[] },
): Promise<AlertFacts> {
  const [overview, drift, flows, rejections, subscriptions, measures] = await Promise.all([
    overviewOf(env, deployment),
    readDrift(env, deployment),
    forsakenFlows(env, deployment, nowMs),
    sumRejections(env.DB, nowMs - UNPROVEN_WITHIN_MS),
    listSubscriptions(env.DB),
    readMeasures(env.DB),
  ]);
  return {
    nowMs,
    destinations: overview.destinations,
    deadLetters: overview.openLetters,
    backlog: PRIORITIES.map((priority) => ({ priority, ageSeconds: ageOf(overview.backlog, priority, overview.atMs) / 1000 })),
    drift,
    flows,
    expected: await expectedSources(env, deployment, measures, nowMs),
    unproven: [
      ...Map.groupBy(
        rejections.filter(({ reason }) => isUnproven(reason)),
        ({ source }) => source,
      ),
    ].map(([source, rows]) => ({
      source,
      owner: deployment.sourceOwner(source),
      count: rows.reduce((sum, { count }) => sum + count, 0),
    })),
    subscriptions: subscriptions.map((row) => ({ ...row, owner: deployment.sourceOwner(row.source) })),
    slas,
  };
}

export const readDrift = (env: Env, { config }: Deployment): Promise<AlertFacts["drift"]> =>
  Promise.all(
    Object.entries(config.reconciliations ?? {}).map(async ([reconciliation, { owner }]) => ({
      reconciliation,
      owner,
      open: await countOpen(env.DB, reconciliation),
    })),
  );

const forsakenFlows = async (env: Env, { flows }: Deployment, nowMs: number): Promise<AlertFacts["flows"]> =>
  (await countForsaken(env.DB, nowMs)).flatMap((row) =>
    flows
      .filter(({ flow }) => flow.name === row.flow)
      .map(({ flow, config }) => ({ ...row, name: flow.name, title: flow.title, owner: config.owner })),
  );

/**
 * When each source that should be heard of last was. Consumers count that; a source that seems silent by their count is
 * looked for among the newest events too, since the last count of an isolate may be missing.
 */
async function expectedSources(env: Env, deployment: Deployment, measures: Measures, nowMs: number): Promise<AlertFacts["expected"]> {
  const sources = Object.entries(deployment.config.sources).flatMap(([source, { expectEveryMinutes, owner, title }]) =>
    expectEveryMinutes === undefined
      ? []
      : [{ source, owner, title: title ?? source, everyMinutes: expectEveryMinutes, lastAtMs: measures[series("last", source)] }],
  );
  const unheard = sources.filter(({ lastAtMs }) => lastAtMs === undefined);
  await watchSources(env.DB, Object.fromEntries(unheard.map(({ source }) => [series("last", source), nowMs])));
  const counted = sources.map((each) => ({ ...each, lastAtMs: each.lastAtMs ?? nowMs }));
  if (counted.every(({ everyMinutes, lastAtMs }) => nowMs - lastAtMs <= everyMinutes * MINUTE_MS)) return counted;
  const accepted = (await eventIndex(env).lastContacts()).filter(({ what }) => what === "accepted");
  const newest = (source: string): number => Math.max(0, ...accepted.filter((row) => row.source === source).map(({ atMs }) => atMs));
  return counted.map((each) => ({ ...each, lastAtMs: Math.max(each.lastAtMs, newest(each.source)) }));
}
