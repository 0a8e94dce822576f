import { databasesOf, recordKnown } from "../adapters/event-databases.ts";
import { countOpen, findingsOf, unfinished } from "../adapters/findings.ts";
import { knownAfter, knownUnder, toldSince } from "../adapters/known-states.ts";
import { beginRun, failRun, findRun, modeDue, placeOf, storeStep, underWay } from "../adapters/reconciliation-runs.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import type { DestinationDefinition } from "../destinations/define.ts";
import type { ReconciliationConfig } from "../domain/config.ts";
import { entityDefinition } from "../domain/entities/index.ts";
import { eventTimeMs, ulid } from "../domain/event-id.ts";
import { entityName } from "../domain/event.ts";
import { NO_PROGRESS, type Run, type RunMode } from "../domain/reconciliation/run.ts";
import { windowOf } from "../domain/reconciliation/watermark.ts";
import { mayRun } from "../domain/replay-window.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Plan, ReconcilePorts } from "../pipeline/reconcile/ports.ts";
import { stepRun } from "../pipeline/reconcile/reconcile.ts";
import { talkTo } from "./connect.ts";
import { repairFinding } from "./repair-drift.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A run whose last page is older than this has lost its workflow: another one goes on with it. */
const STALE_MS = 10 * MINUTE_MS;
const PAGE_RECORDS = 200;
/** Differences that a full run can name at first; it makes more room when it must. */
const DIFFERENCES = 625;

/** A reconciliation with everything that the configuration leaves to defaults. Fails with words if its system cannot be read. */
export function planOf(deployment: Deployment, name: string): Result<Plan, string> {
  const config = deployment.config.reconciliations?.[name];
  if (config === undefined) return fail(`there is no reconciliation "${name}"`);
  const target = deployment.target(config.system);
  if (!target.ok) return target;
  const { changes } = target.value.definition;
  if (changes === undefined || !changes.kinds.includes(config.kind))
    return fail(`${config.system} does not tell what has changed of ${config.kind}`);
  return ok({
    name,
    kind: config.kind,
    system: config.system,
    owner: config.owner,
    fields: config.fields ?? entityDefinition(config.kind).drift,
    ownership: deployment.config.ownership?.[config.kind],
    stamps: stampsOf(config, changes),
    graceMs: (config.graceMinutes ?? 15) * MINUTE_MS,
    pageSize: config.pageSize ?? PAGE_RECORDS,
    repair: config.repair ?? {},
    stormAbove: config.stormAbove ?? 100,
  });
}

const stampsOf = (config: ReconciliationConfig, changes: NonNullable<DestinationDefinition["changes"]>): Plan["stamps"] => ({
  resolutionMs: changes.resolutionMs,
  overlapMs: config.overlapMs ?? changes.overlapMs,
  lagMs: config.lagMs ?? changes.lagMs,
});

/** Starts what is due, and goes on with what has lost its workflow. */
export async function startDue(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  for (const [name, config] of Object.entries(deployment.config.reconciliations ?? {})) {
    const running = await underWay(env.DB, name);
    if (running !== null) {
      if (nowMs - running.updatedAtMs > STALE_MS)
        await env.RECONCILE.create({ id: `${running.run.id}-${nowMs}`, params: { runId: running.run.id } });
      continue;
    }
    const place = await placeOf(env.DB, name);
    const mode = modeDue(place, { changesMs: config.everyMinutes * MINUTE_MS, fullMs: (config.fullEveryHours ?? 24) * HOUR_MS }, nowMs);
    if (mode === null) continue;
    const started = await startRun(env, deployment, name, { mode, by: "cron", nowMs });
    if (!started.ok)
      console.warn(JSON.stringify({ level: "warn", message: "a reconciliation could not be started", name, problem: started.failure }));
  }
}

/** Starts a run by a workflow of its own. Fails with words if one is under way, or the system cannot be read. */
export async function startRun(
  env: Env,
  deployment: Deployment,
  name: string,
  how: { readonly mode: RunMode; readonly by: string; readonly nowMs: number },
): Promise<Result<Run, string>> {
  const plan = planOf(deployment, name);
  if (!plan.ok) return plan;
  const { watermark } = await placeOf(env.DB, name);
  const run: Run = {
    id: `run_${ulid(how.nowMs, crypto.getRandomValues(new Uint8Array(16)))}`,
    reconciliation: name,
    // What has never been read whole has no watermark to go on from.
    mode: watermark.atMs === null && watermark.token === null && how.mode === "changes" ? "full" : how.mode,
    phase: "pages",
    startedAtMs: how.nowMs,
    startedBy: how.by,
    window: windowOf(watermark, plan.value.stamps, how.nowMs),
    watermark,
    serverAtStartMs: null,
    cursor: null,
    token: null,
    lastIds: [],
    missing: [],
    differences: DIFFERENCES,
    progress: NO_PROGRESS,
    problem: null,
  };
  const begun = await beginRun(env.DB, run);
  if (!begun.ok) return fail(`a run is under way: ${begun.failure}`);
  await env.RECONCILE.create({ id: run.id, params: { runId: run.id } });
  return ok(run);
}

/** Takes a stored run one step further. Throws what a workflow should try again; answers whether the run is over. */
export async function advanceRun(env: Env, deployment: Deployment, runId: string): Promise<"more" | "done"> {
  const stored = await findRun(env.DB, runId);
  if (stored?.state !== "running") return "done";
  const plan = planOf(deployment, stored.run.reconciliation);
  if (!plan.ok) {
    await failRun(env.DB, stored.run, plan.failure, Date.now());
    return "done";
  }
  const stepped = await stepRun(stored.run, plan.value, reconcilePorts(env, deployment, plan.value, stored.sketch));
  if (!stepped.ok) throw new Error(`${plan.value.system}: ${stepped.failure.class}: ${stepped.failure.detail}`);
  return stepped.value.phase === "done" ? "done" : "more";
}

export async function abandonRun(env: Env, runId: string, problem: string): Promise<void> {
  const stored = await findRun(env.DB, runId);
  if (stored !== null) await failRun(env.DB, stored.run, problem, Date.now());
}

function reconcilePorts(
  env: Env,
  deployment: Deployment,
  plan: Plan,
  sketch: Awaited<ReturnType<ReconcilePorts["sketch"]>>,
): ReconcilePorts {
  const databases = databasesOf(env);
  const { kind, system, name } = plan;
  const target = deployment.target(system);
  if (!target.ok) throw new Error(target.failure);
  const { definition } = target.value;
  const session = talkTo(env, system, target.value);
  const unreadable = fail({ kind: "failed" as const, class: "config" as const, detail: `${system} cannot be read` });
  return {
    clock: Date.now,
    page: async (query) => (await definition.changes?.page(query, session)) ?? unreadable,
    read: async (ref) => (await definition.read?.(ref, session)) ?? unreadable,
    known: (keys) => knownUnder(databases, { system, kind }, keys),
    knownAfter: (key, limit) => knownAfter(databases, { system, kind }, { key, limit }),
    inFlight: (keys) => inFlight(env, plan, keys),
    toldSince: (eventIds, sinceMs) => toldSince(databases, eventIds, sinceMs),
    findingsOf: (keys) => findingsOf(env.DB, name, keys),
    dueFindings: (after, limit, nowMs) => unfinished(env.DB, name, { after, limit, dueMs: nowMs }),
    openFindings: (after, limit) => unfinished(env.DB, name, { after, limit, dueMs: null }),
    countOpen: () => countOpen(env.DB, name),
    sketch: async () => sketch,
    store: async (result) => {
      await recordKnown(env, { system, kind }, result.adopted);
      await storeStep(env.DB, { ...result, nowMs: Date.now() });
    },
    repair: (finding, how) => repairFinding(env, deployment, finding, how),
    mayRepair: () => mayRun(null, deployment.config.replays, Date.now()),
    digest: (key) => sha256Hex(key).slice(0, 16),
  };
}

/** Since when records owe the system something, as their objects say. An order may be a sale that is on its way. */
async function inFlight(env: Env, { kind, system }: Plan, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const names = kind === "order" ? (["order", "opportunity"] as const) : ([kind] as const);
  const waiting = await Promise.all(
    keys.flatMap((key) =>
      names.map(async (each) => {
        const { work, settled } = await env.ENTITY.getByName(entityName({ kind: each, key })).state();
        const owed = work.filter(({ destination, status }) => destination === system && status !== "dead");
        const since = owed.map(({ eventId }) => eventTimeMs(eventId));
        return (settled ? since : [...since, Date.now()]).map((atMs) => [key, atMs] as const);
      }),
    ),
  );
  const since = new Map<string, number>();
  for (const [key, atMs] of waiting.flat()) since.set(key, Math.min(atMs, since.get(key) ?? atMs));
  return since;
}
