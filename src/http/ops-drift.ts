import { RULES } from "../domain/alerts/rules.ts";
import type { ReconciliationConfig, RepairPolicy } from "../domain/config.ts";
import { entityDefinition } from "../domain/entities/index.ts";
import type { Finding } from "../domain/reconciliation/findings.ts";
import { isOver } from "../domain/reconciliation/findings.ts";
import { pointOf, spreadsOf } from "../domain/reconciliation/history.ts";
import { NO_PROGRESS } from "../domain/reconciliation/run.ts";
import { LIMITS } from "../domain/limits.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { SILENCE_RULES, type FindingView, type RunView } from "./operations-drift.ts";
import type { AnswerOf, QueryOf } from "./operations.ts";
import type { Call, Handlers, OpsPorts, Refused, RunRecord } from "./ops-ports.ts";
import type { ProblemCode } from "./problem.ts";
import { iso, type Owner } from "./views.ts";

const refuse = (code: ProblemCode, detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

type DriftHandlers = Pick<
  Handlers,
  "listReconciliations" | "runReconciliation" | "getDriftHistory" | "listDrift" | "getDrift" | "repairDrift" | "acceptDrift"
>;

/** The ops API's calls about reconciliations and what they find. */
export const driftHandlers = (ports: OpsPorts, ownerNamed: (name: string) => Owner): DriftHandlers => ({
  listReconciliations: () => list(ports),
  runReconciliation: async ({ params, body, actor }) => {
    const name = params["name"] ?? "";
    if (ports.config.reconciliations?.[name] === undefined) return refuse("not_found", `there is no reconciliation "${name}"`);
    const run = await ports.drift.run(name, { mode: body.mode, actor: actor.name, reason: body.reason });
    return run.ok ? ok(runView(run.value)) : refuse("conflict", run.failure);
  },
  getDriftHistory: ({ params, query }) => history(ports, params["name"] ?? "", query.limit),
  listDrift: ({ query }) => findings(ports, query, ownerNamed),
  getDrift: ({ params }) => withFinding(ports, params, async (finding) => ok(findingView(finding, ownerNamed))),
  repairDrift: (call) => withFinding(ports, call.params, (finding) => repair(ports, finding, call, ownerNamed)),
  acceptDrift: ({ params, body, actor }) =>
    withFinding(ports, params, async (finding) => {
      if (isOver(finding)) return refuse("conflict", `it is ${finding.state} already`);
      const untilMs = Date.parse(body.until);
      if (untilMs <= ports.clock()) return refuse("invalid_request", "until: must be in the future; repair it, or let it be found again");
      const accepted = await ports.drift.accept(finding, { untilMs, actor: actor.name, reason: body.reason });
      return ok(findingView(accepted, ownerNamed));
    }),
});

async function list(ports: OpsPorts): Promise<Result<AnswerOf<"listReconciliations">, Refused>> {
  const { places, totals, runs } = await ports.drift.overview();
  const items = Object.entries(ports.config.reconciliations ?? {}).map(([name, config]) => {
    const place = places[name];
    const own = totals.filter(({ reconciliation }) => reconciliation === name);
    const ended = own.filter(({ state }) => state === "repaired" || state === "healed");
    const endedCount = ended.reduce((sum, { count }) => sum + count, 0);
    const run = runs.find((each) => each.run.reconciliation === name);
    const timeOf = (ms: number | null | undefined): string | null => (ms === undefined || ms === null || ms === 0 ? null : iso(ms));
    return {
      name,
      kind: config.kind,
      system: config.system,
      owner: config.owner,
      everyMinutes: config.everyMinutes,
      fullEveryHours: config.fullEveryHours ?? 24,
      fields: fieldsOf(config),
      repair: { ...config.repair },
      problem: ports.drift.problem(name),
      readUpTo: timeOf(place?.watermark.atMs),
      clockAheadMs: place?.watermark.skewMs ?? 0,
      lastChangesAt: timeOf(place?.changesAtMs),
      lastFullAt: timeOf(place?.fullAtMs),
      findings: Object.fromEntries(own.map(({ state, count }) => [state, count])),
      meanRepairMs:
        endedCount === 0 ? null : Math.round(ended.reduce((sum, { count, repairMs }) => sum + count * (repairMs ?? 0), 0) / endedCount),
      lastRun: run === undefined ? null : runView(run),
    };
  });
  return ok({ items, nextCursor: null });
}

const fieldsOf = ({ kind, fields }: ReconciliationConfig): string[] => (fields ?? entityDefinition(kind).drift).map(({ field }) => field);

async function history(ports: OpsPorts, name: string, limit: number): Promise<Result<AnswerOf<"getDriftHistory">, Refused>> {
  if (ports.config.reconciliations?.[name] === undefined) return refuse("not_found", `there is no reconciliation "${name}"`);
  const { runs, sinceMs, times } = await ports.drift.history(name, limit);
  const { detect, repair } = spreadsOf(times);
  return ok({
    name,
    runs: runs.map(pointOf).map(({ startedAtMs, ...point }) => ({ ...point, startedAt: iso(startedAtMs) })),
    since: iso(sinceMs),
    timeToDetect: detect,
    timeToRepair: repair,
  });
}

async function findings(
  ports: OpsPorts,
  { cursor, limit, ...query }: QueryOf<"listDrift">,
  ownerNamed: (name: string) => Owner,
): Promise<Result<AnswerOf<"listDrift">, Refused>> {
  const found = await ports.drift.list({ ...query, afterId: cursor, limit: limit + 1 });
  const items = found.slice(0, limit);
  const isFirst = cursor === undefined && query.state === "open" && query.reconciliation === undefined && query.type === undefined;
  return ok({
    silence: isFirst ? await silence(ports, query.owner, ownerNamed) : [],
    items: items.map((each) => findingView(each, ownerNamed)),
    nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null,
  });
}

async function silence(
  ports: OpsPorts,
  owner: string | undefined,
  ownerNamed: (name: string) => Owner,
): Promise<AnswerOf<"listDrift">["silence"]> {
  const open = await ports.alerts.list({ owner, limit: LIMITS.pageItems });
  return open.flatMap(({ alert }) => {
    const rule = SILENCE_RULES.find((name) => name === alert.rule);
    if (rule === undefined) return [];
    const { id, subject, severity, summary, sinceMs } = alert;
    const { nextStep } = RULES[rule];
    return [{ alertId: id, rule, subject, severity, summary, nextStep, owner: ownerNamed(alert.owner), since: iso(sinceMs) }];
  });
}

async function withFinding<T>(
  ports: OpsPorts,
  params: Readonly<Record<string, string>>,
  then: (finding: Finding) => Promise<Result<T, Refused>>,
): Promise<Result<T, Refused>> {
  const finding = await ports.drift.find(params["id"] ?? "");
  return finding === null ? refuse("not_found", `no finding has the id ${params["id"]}`) : then(finding);
}

async function repair(
  ports: OpsPorts,
  finding: Finding,
  { body, actor }: Call<"repairDrift">,
  ownerNamed: (name: string) => Owner,
): Promise<Result<AnswerOf<"repairDrift">, Refused>> {
  if (isOver(finding) || finding.state === "repairing") return refuse("conflict", `it is ${finding.state}`);
  const policy: RepairPolicy | undefined = ports.config.reconciliations?.[finding.reconciliation]?.repair?.[finding.type];
  const how = body.how ?? (policy === "pull" || policy === "push" ? policy : null);
  if (how === null) return refuse("invalid_request", 'how: the policy of this type is to tell only; say "push" or "pull"');
  const would = wordsFor(how, finding);
  if (body.dryRun) return ok({ finding: findingView(finding, ownerNamed), how, eventId: null, would });
  const repaired = await ports.drift.repair(finding, how, { actor: actor.name, reason: body.reason });
  if (!repaired.ok) return refuse("conflict", repaired.failure);
  return ok({ finding: findingView(repaired.value, ownerNamed), how, eventId: repaired.value.repairEventId, would });
}

const wordsFor = (how: "push" | "pull", { kind, key, system, differences }: Finding): string => {
  const fields = differences.map(({ field }) => field).join(", ");
  const what = fields === "" ? "the whole record" : fields;
  return how === "push"
    ? `the last state that we brought to ${system} of ${kind}/${key} is sent there again (${what}), unless a newer one was taken since`
    : `what ${system} has of ${kind}/${key} is taken over like an event of its own (${what}), and goes where such events go`;
};

export const runView = ({ run, state, updatedAtMs }: RunRecord): RunView => ({
  id: run.id,
  reconciliation: run.reconciliation,
  mode: run.mode,
  state,
  phase: run.phase,
  startedAt: iso(run.startedAtMs),
  updatedAt: iso(updatedAtMs),
  startedBy: run.startedBy,
  window: { from: run.window.fromMs === null ? null : iso(run.window.fromMs), until: iso(run.window.untilMs) },
  progress: { ...NO_PROGRESS, ...run.progress },
  problem: run.problem,
});

const findingView = (finding: Finding, ownerNamed: (name: string) => Owner): FindingView => ({
  id: finding.id,
  reconciliation: finding.reconciliation,
  type: finding.type,
  severity: finding.severity,
  state: finding.state,
  system: finding.system,
  kind: finding.kind,
  key: finding.key,
  remoteId: finding.remoteId,
  differences: finding.differences.map(({ field, expected, found }) => ({ field, expected, found })),
  owner: ownerNamed(finding.owner),
  firstSeenAt: iso(finding.firstSeenAtMs),
  lastSeenAt: iso(finding.lastSeenAtMs),
  timesSeen: finding.timesSeen,
  openedAt: finding.openedAtMs === null ? null : iso(finding.openedAtMs),
  endedAt: finding.endedAtMs === null ? null : iso(finding.endedAtMs),
  repairEventId: finding.repairEventId,
  repairs: finding.repairs ?? 0,
  reason: finding.reason,
  acceptedUntil: finding.acceptedUntilMs === null ? null : iso(finding.acceptedUntilMs),
});
