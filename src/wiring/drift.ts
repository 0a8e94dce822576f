import { driftTotals, findFinding, findingTimes, listFindings, putFindings } from "../adapters/findings.ts";
import { lastRuns, placeOf, runsOf } from "../adapters/reconciliation-runs.ts";
import type { Deployment } from "../deployment.ts";
import { accept, underRepair } from "../domain/reconciliation/findings.ts";
import { ok } from "../domain/result.ts";
import type { Drift } from "../http/ops-ports.ts";
import { onRecord, operatorAction, recordAction } from "./operator-action.ts";
import { planOf, startRun } from "./reconcile.ts";
import { repairFinding } from "./repair-drift.ts";

const LOOKED_BACK_MS = 30 * 86_400_000;
const RUNS_LOOKED = 100;
/** Enough for a percentile, and no more than one answer should read. */
const FINDINGS_TIMED = 2_000;
const REPAIR_WITHIN_MS = 600_000;

/** What the ops API asks of reconciliations: each change is on record with who made it and why. */
export const driftPorts = (env: Env, deployment: Deployment): Drift => ({
  problem: (name) => {
    const plan = planOf(deployment, name);
    return plan.ok ? null : plan.failure;
  },
  overview: async () => {
    const names = Object.keys(deployment.config.reconciliations ?? {});
    const [places, totals, runs] = await Promise.all([
      Promise.all(names.map(async (name) => [name, await placeOf(env.DB, name)] as const)),
      driftTotals(env.DB, Date.now() - LOOKED_BACK_MS),
      lastRuns(env.DB, RUNS_LOOKED),
    ]);
    return { places: Object.fromEntries(places), totals, runs };
  },
  history: async (name, limit) => {
    const sinceMs = Date.now() - LOOKED_BACK_MS;
    const [runs, times] = await Promise.all([runsOf(env.DB, name, limit), findingTimes(env.DB, name, { sinceMs, limit: FINDINGS_TIMED })]);
    return { runs, sinceMs, times };
  },
  run: async (name, { mode, actor, reason }) => {
    const nowMs = Date.now();
    const verb = mode === "baseline" ? "take over as baseline" : "reconcile";
    const started = await onRecord(env, operatorAction(verb, name, { actor, reason }), () =>
      startRun(env, deployment, name, { mode, by: actor, nowMs }),
    );
    return started.ok ? ok({ run: started.value, state: "running" as const, updatedAtMs: nowMs }) : started;
  },
  list: (filter) => listFindings(env.DB, filter),
  find: (id) => findFinding(env.DB, id),
  accept: async (finding, { untilMs, actor, reason }) => {
    const accepted = accept(finding, { reason: `${actor}: ${reason}`, untilMs, nowMs: Date.now() });
    await recordAction(env, operatorAction("accept drift", finding.id, { actor, reason }));
    await env.DB.batch([putFindings(env.DB, [accepted])]);
    return accepted;
  },
  repair: async (finding, how, by) => {
    const made = await onRecord(env, operatorAction(`repair drift by ${how}`, finding.id, by), () =>
      repairFinding(env, deployment, finding, how),
    );
    if (!made.ok) return made;
    const repairing = underRepair(finding, made.value, Date.now() + REPAIR_WITHIN_MS);
    await env.DB.batch([putFindings(env.DB, [repairing])]);
    return ok(repairing);
  },
});
