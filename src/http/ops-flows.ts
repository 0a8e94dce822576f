import type { Command } from "../domain/flows/commands.ts";
import { flowNamed } from "../domain/flows/index.ts";
import { currentStep, type FlowRun, type Sent, type StepRecord } from "../domain/flows/run.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { RunSummary, RunView } from "./operations-flows.ts";
import type { AnswerOf, QueryOf } from "./operations.ts";
import type { Call, Handlers, OpsPorts, Refused, RunRead } from "./ops-ports.ts";
import { iso, type Owner } from "./views.ts";

type FlowHandlers = Pick<Handlers, "listFlows" | "getFlow" | "retryFlow" | "skipFlow" | "cancelFlow">;

/** The ops API's calls about runs of business flows. */
export function flowHandlers(ports: OpsPorts, ownerNamed: (name: string) => Owner): FlowHandlers {
  const viewed = (read: RunRead): RunView => runView(read, ownerOf(ports, read.run, ownerNamed));
  const steer =
    (verb: Command["verb"]) =>
    async ({ params, body, actor }: Pick<Call<"retryFlow">, "params" | "body" | "actor">): Promise<Result<RunView, Refused>> => {
      const order = { verb, by: actor.name, reason: body.reason, step: body.step, atMs: ports.clock() };
      const steered = await ports.flows.steer(params["id"] ?? "", order);
      return steered.ok ? ok(viewed(steered.value)) : steered;
    };
  return {
    listFlows: ({ query }) => list(ports, query, ownerNamed),
    getFlow: async ({ params }) => {
      const read = await ports.flows.find(params["id"] ?? "");
      return read === null ? fail({ code: "not_found", detail: `no run has the id ${params["id"]}` }) : ok(viewed(read));
    },
    retryFlow: steer("retry"),
    skipFlow: steer("skip"),
    cancelFlow: ({ body, ...call }) => steer("cancel")({ ...call, body: { reason: body.reason } }),
  };
}

const CURSOR = /^(\d+)~(flow_[0-9a-f]+)$/;

async function list(
  ports: OpsPorts,
  { cursor, limit, ...filter }: QueryOf<"listFlows">,
  ownerNamed: (name: string) => Owner,
): Promise<Result<AnswerOf<"listFlows">, Refused>> {
  const [, startedAtMs, id] = CURSOR.exec(cursor ?? "") ?? [];
  if (cursor !== undefined && id === undefined) return fail({ code: "invalid_request", detail: "cursor: not one that this API gave" });
  const after = id === undefined ? undefined : { startedAtMs: Number(startedAtMs), id };
  const found = await ports.flows.list({ flow: filter.flow, state: filter.state, entityKey: filter.key, after, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1)?.run : undefined;
  return ok({
    items: items.map((read) => summaryOf(read, ownerOf(ports, read.run, ownerNamed))),
    nextCursor: last === undefined ? null : `${last.startedAtMs}~${last.id}`,
  });
}

const ownerOf = ({ config }: OpsPorts, { flow }: FlowRun, ownerNamed: (name: string) => Owner): Owner =>
  ownerNamed((config.flows as Readonly<Record<string, { readonly owner: string }>> | undefined)?.[flow]?.owner ?? "nobody");

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

const summaryOf = ({ run, updatedAtMs }: RunRead, owner: Owner): RunSummary => ({
  id: run.id,
  flow: run.flow,
  title: flowNamed(run.flow)?.title ?? run.flow,
  version: run.version,
  entity: { kind: run.kind, key: run.key },
  state: run.state,
  reason: run.reason,
  step: run.state === "running" || run.state === "blocked" ? (currentStep(run)?.name ?? null) : null,
  owner,
  startedAt: iso(run.startedAtMs),
  updatedAt: iso(updatedAtMs),
  personBy: isoOrNull(run.state === "blocked" ? (run.personByMs ?? null) : null),
  looksAgainAt: isoOrNull(run.wakeAtMs),
});

function runView(read: RunRead, owner: Owner): RunView {
  const { run } = read;
  const titles = new Map(flowNamed(run.flow)?.steps.map(({ name, title }) => [name, title]));
  return {
    ...summaryOf(read, owner),
    correlationId: run.correlationId,
    startedBy: run.startedBy,
    steps: run.steps.map((step) => stepView(step, titles.get(step.name) ?? null)),
    timeline: run.timeline.map(({ atMs, ...line }) => ({ at: iso(atMs), ...line })),
  };
}

const stepView = (step: StepRecord, title: string | null): RunView["steps"][number] => ({
  name: step.name,
  title,
  state: step.state,
  attempt: step.attempt,
  startedAt: isoOrNull(step.startedAtMs),
  endedAt: isoOrNull(step.endedAtMs),
  deadline: isoOrNull(step.deadlineMs),
  retryAt: isoOrNull(step.retryAtMs),
  reason: step.reason,
  effects: step.effects.map(effectView),
  compensations: step.undo.map(effectView),
});

const effectView = ({ eventId, to, kind, key, state, class: failure, reason }: Sent): RunView["steps"][number]["effects"][number] => ({
  eventId,
  to,
  entity: { kind, key },
  state,
  class: failure ?? null,
  reason: reason ?? null,
});
