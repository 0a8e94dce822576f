import { eventIndex } from "../adapters/event-databases.ts";
import { factsOf } from "../adapters/flow-facts.ts";
import { findFlowRun, keepNews, nameWorkflow, overdueRuns, storeFlowRun, type StoredRun } from "../adapters/flow-runs.ts";
import { enqueue, queuesOf } from "../adapters/queues.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import { deploymentOf, type Deployment } from "../deployment.ts";
import type { EventDetail } from "../domain/audit-record.ts";
import type { FlowConfig } from "../domain/config.ts";
import type { FailureClass } from "../domain/failure.ts";
import { SYSTEM_ROLES, type Addressee, type AnyFlow } from "../domain/flows/definition.ts";
import type { Told, World } from "../domain/flows/effects.ts";
import { goesOnWith } from "../domain/flows/index.ts";
import { note, type Noted } from "../domain/flows/listening.ts";
import { advance } from "../domain/flows/machine.ts";
import { reportOf, reported } from "../domain/flows/report.ts";
import { awaited, isOver, newRun, outgoing, queued, type FlowRun, type Sent } from "../domain/flows/run.ts";
import { entityName, type EntityEvent, type Envelope } from "../domain/event.ts";
import type { EventOutcome, Status } from "../domain/outcome.ts";
import { ownEvent } from "../domain/own-event.ts";
import { flowRoute } from "../domain/routing.ts";

/** The type of the event that tells a run's workflow to look again. What there is to see lies in D1. */
export const FLOW_NEWS = "news";

const MINUTE_MS = 60_000;
/** A run that is due this long has missed its news: its workflow is told once more. */
const OVERDUE_MS = 2 * MINUTE_MS;
/** And after this long it is taken for dead, and another one goes on. */
const LOST_MS = 10 * MINUTE_MS;
const OVERDUE_AT_ONCE = 200;
/** A workflow waits no longer than this at once, which is what the platform allows. */
const LONGEST_WAIT_MS = 300 * 24 * 60 * MINUTE_MS;
/** While a flow is switched off, or its version is not known here, its runs are looked at this often. */
const UNKNOWN_MS = 10 * MINUTE_MS;

/** A person sees to a blocked run within this, unless the deployment says otherwise. */
const PERSON_WITHIN_HOURS = 8;

/** The id of the run that a record begins: always the same, so that it begins once. */
export const flowRunId = (flow: string, entity: { readonly kind: string; readonly key: string }): string =>
  `flow_${sha256Hex(`${flow}\n${entityName(entity)}`).slice(0, 26)}`;

/** An event with what became of it. */
interface Settled {
  readonly event: Envelope;
  readonly outcome: EventOutcome;
}

const ENDED: ReadonlySet<Status> = new Set(["delivered", "superseded", "ignored", "dead", "cancelled"]);

/** Tells flows of what a batch has brought. Nothing is asked of anybody unless a flow listens to one of its events. */
export async function tellFlows(env: Env, deployment: Deployment, settled: readonly Settled[]): Promise<void> {
  if (deployment.flows.length === 0) return;
  const entities = settled.flatMap(({ event, outcome }) => (event.what === "entity" ? [{ event, outcome }] : []));
  const notes = entities.flatMap(({ event, outcome }) => note(deployment.flows, event, outcome) ?? []);
  const ended = [...new Set(entities.flatMap(({ event, outcome }) => (ENDED.has(outcome.status) ? (event.flow?.run ?? []) : [])))];
  if (notes.length === 0 && ended.length === 0) return;
  const news = await keepNews(env.DB, { notes, begun: notes.flatMap(beginnings), ended }, Date.now());
  await Promise.all([
    begin(env, news.begun),
    nudge(
      env,
      news.woken.map(({ workflow }) => workflow),
    ),
  ]);
}

const beginnings = ({ begins, fact, correlationId }: Noted): readonly FlowRun[] =>
  begins.map((flow: AnyFlow) => {
    const { kind, key, data, eventId, atMs } = fact;
    return newRun(flow, { id: flowRunId(flow.name, fact), kind, key, subject: data, eventId, correlationId, atMs });
  });

/** What no consumer saw: events that an object took in the queue's stead, and effects that a retry has ended. */
export const tellFlowsOfEnds = (env: Env, settled: readonly Settled[]): Promise<void> => tellFlows(env, deploymentOf(env), settled);

/** What is not begun or told here, is by cron: the runs are stored. */
async function begin(env: Env, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  await attempt("flows could not be begun", env.FLOW.createBatch(runIds.map((id) => ({ id, params: { runId: id } }))));
}

async function nudge(env: Env, workflows: readonly string[]): Promise<void> {
  await Promise.all(workflows.map((id) => attempt(`the workflow ${id} could not be told`, tell(env, id))));
}

async function tell(env: Env, workflow: string): Promise<void> {
  const instance = await env.FLOW.get(workflow);
  await instance.sendEvent({ type: FLOW_NEWS, payload: {} });
}

async function attempt(message: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    console.warn(JSON.stringify({ level: "warn", message, problem: error instanceof Error ? error.message : String(error) }));
  }
}

/** By cron: runs that are overdue are told again; those whose workflow is gone get another one. */
export async function reviveFlows(env: Env, nowMs: number): Promise<void> {
  for (const stored of await overdueRuns(env.DB, nowMs - OVERDUE_MS, OVERDUE_AT_ONCE)) {
    const lost = nowMs - (stored.run.wakeAtMs ?? stored.updatedAtMs) > LOST_MS || !(await isAlive(env, stored.workflow));
    if (lost) await attempt("a flow could not be taken over", takeOver(env, stored, nowMs));
    else await nudge(env, [stored.workflow]);
  }
}

async function isAlive(env: Env, workflow: string): Promise<boolean> {
  try {
    const { status } = await (await env.FLOW.get(workflow)).status();
    return status === "queued" || status === "running" || status === "waiting" || status === "waitingForPause" || status === "paused";
  } catch {
    return false;
  }
}

/** Another workflow for a run; the one before, should it live after all, finds the run changed and does no harm. */
export async function takeOver(env: Env, { run }: Pick<StoredRun, "run">, nowMs: number): Promise<void> {
  const workflow = `${run.id}-${nowMs}`;
  await env.FLOW.create({ id: workflow, params: { runId: run.id } });
  await nameWorkflow(env.DB, run.id, workflow);
}

/** Goes on at once with a run that an operator has changed, whether its workflow still lives or not. */
export async function goOn(env: Env, stored: StoredRun, nowMs: number): Promise<void> {
  if (await isAlive(env, stored.workflow)) await nudge(env, [stored.workflow]);
  else await takeOver(env, stored, nowMs);
}

/**
 * Takes a stored run as far as it goes now: decides, stores, sends, and stores that it is sent. Done again after a crash at
 * any point it comes to the same. Answers how long to wait for news at most; null when the run is over.
 */
export async function advanceFlow(env: Env, deployment: Deployment, runId: string): Promise<number | null> {
  const stored = await findFlowRun(env.DB, runId);
  const live = deployment.flows.find(({ flow }) => flow.name === stored?.run.flow);
  if (stored === null || (isOver(stored.run) && !owesReport(stored.run, live?.config))) return null;
  const nowMs = Date.now();
  const going = goesOnWith(stored.run, nowMs);
  const policy = going?.flow.policy.safeParse(live?.config.policy ?? {});
  if (live === undefined || going === null || policy?.success !== true) return UNKNOWN_MS;
  const world: World = {
    nowMs,
    facts: await factsOf(env.DB, stored.run.ties),
    policy: policy.data,
    told: await toldOf(env, awaited(stored.run)),
    personWithinMs: (live.config.personWithinHours ?? PERSON_WITHIN_HOURS) * 60 * MINUTE_MS,
    has: (role) => live.config[role] !== undefined,
    digest,
  };
  const next = advance(going.run, going.flow, world);
  if (!(await storeFlowRun(env.DB, next, { rev: stored.rev, nowMs }))) return 0;
  const sent = await send(env, deployment, next);
  if (sent !== next && !(await storeFlowRun(env.DB, sent, { rev: stored.rev + 1, nowMs }))) return 0;
  if (next.ties.length > stored.run.ties.length) return 0;
  if (isOver(sent)) return null;
  return Math.max(1_000, Math.min(LONGEST_WAIT_MS, (sent.wakeAtMs ?? nowMs + LONGEST_WAIT_MS) - Date.now()));
}

async function toldOf(env: Env, eventIds: readonly string[]): Promise<World["told"]> {
  const rows = eventIds.length === 0 ? [] : await eventIndex(env).eventsByIds(eventIds);
  const told = new Map(
    rows.map(({ id, status, class: failure, detail }): [string, Told] => {
      const { lanes, reason } = JSON.parse(detail) as EventDetail;
      const worst = lanes.find((lane) => lane.status === "dead") ?? lanes[0];
      const remoteId = lanes.find(({ remote }) => remote !== undefined)?.remote?.id ?? null;
      const words = reason ?? worst?.reason ?? null;
      return [id, { status: status as Status, class: failure as FailureClass | null, reason: words, remoteId }];
    }),
  );
  return (id) => told.get(id) ?? null;
}

/** Puts what is decided into the queue, and answers the run with that noted. The same run comes back if there is nothing. */
async function send(env: Env, deployment: Deployment, run: FlowRun): Promise<FlowRun> {
  const effects = outgoing(run);
  const config = deployment.flows.find(({ flow }) => flow.name === run.flow)?.config;
  const events = effects.flatMap((sent) => envelopeOf(deployment, run, sent));
  const reports = owesReport(run, config);
  if (reports) events.push(...envelopeOf(deployment, run, reportOf(run, digest), [config.writeBack]));
  if (events.length === 0) return run;
  await enqueue(
    queuesOf(env).standard,
    events.map((event) => ({ text: JSON.stringify(event), record: entityName(event.entity) })),
  );
  const sent = queued(run, new Set(effects.map(({ eventId }) => eventId)));
  return reports ? { ...sent, reportedState: run.state } : sent;
}

const digest = (text: string): Uint8Array => Uint8Array.fromHex(sha256Hex(text));

const owesReport = (run: FlowRun, config: FlowConfig | undefined): config is FlowConfig & { readonly writeBack: string } =>
  config?.writeBack !== undefined && !reported(run);

/** The event of an effect. Without an address it goes nowhere, and is told as `ignored`. */
function envelopeOf(
  deployment: Deployment,
  run: FlowRun,
  sent: Sent,
  to: readonly string[] = addressOf(deployment, run, sent.to),
): EntityEvent[] {
  const { effect } = sent;
  if (effect === null) return [];
  const own = ownEvent({
    id: sent.eventId,
    sourceName: flowRoute(run.flow),
    type: sent.type,
    correlationId: run.correlationId,
    traceId: sha256Hex(run.id).slice(0, 32),
    receivedAtMs: sent.atMs,
    priority: "standard",
    madeBy: "flow",
    configVersion: deployment.config.version,
    deliveryId: sent.deliveryId,
    contentHash: sha256Hex(JSON.stringify(effect.data)),
    kind: effect.kind,
    key: effect.key,
    nature: effect.nature ?? "snapshot",
    order: { kind: "int", value: String(sent.order) },
    data: effect.data,
  });
  const step = sent.deliveryId.slice(`flow:${run.id}:`.length);
  // Runs say nothing of each other's order, so each is a stream of its own.
  return [{ ...own, scope: run.id, flow: { name: run.flow, run: run.id, step, to: [...to] } }];
}

function addressOf({ flows }: Deployment, run: FlowRun, to: Addressee): readonly string[] {
  const config = flows.find(({ flow }) => flow.name === run.flow)?.config;
  if (to === "publish") return config?.publishTo ?? [];
  const role = SYSTEM_ROLES.find((each) => each === to);
  const destination = role === undefined ? undefined : config?.[role];
  return destination === undefined ? [] : [destination];
}
