import { parseRawRef, readRaw } from "../adapters/archive-r2.ts";
import { eventIndex } from "../adapters/event-databases.ts";
import { listTallies } from "../adapters/event-queries.ts";
import { enqueue, queuesOf } from "../adapters/queues.ts";
import { listOperatorActions } from "../adapters/operator-actions.ts";
import type { Deployment } from "../deployment.ts";
import type { EventDetail, StoredDeadLetter, StoredEvent } from "../domain/audit-record.ts";
import { entityName } from "../domain/event.ts";
import { fail, ok } from "../domain/result.ts";
import type { Acted, LetterAction, OpsPorts } from "../http/ops-ports.ts";
import { alertPorts } from "./alerts.ts";
import { keyPorts } from "./api-keys.ts";
import { erasurePorts } from "./erasures.ts";
import { exportPorts } from "./audit-export.ts";
import { verifyPart } from "./audit.ts";
import { backlogBoard } from "./consume.ts";
import { destinationState } from "./destination-state.ts";
import { readMetrics } from "./metrics.ts";
import { ingestPorts } from "./receive.ts";
import { onRecord, operatorAction as action, recordAction } from "./operator-action.ts";
import { driftPorts } from "./drift.ts";
import { overviewOf } from "./overview.ts";
import { filePorts } from "./ops-files.ts";
import { flowPorts } from "./ops-flows.ts";
import { sourcePorts } from "./ops-sources.ts";
import { slaPorts } from "./slas.ts";
import { payloadOf } from "./payload.ts";
import { readAnew } from "./read-anew.ts";
import { readRecord } from "./read-record.ts";
import { addressed, replayPorts } from "./replay.ts";

/** The ops API over this environment's bindings. */
export function opsPorts(env: Env, deployment: Deployment, waitUntil: (work: Promise<unknown>) => void): OpsPorts {
  const object = (entity: { readonly kind: string; readonly key: string }) => env.ENTITY.getByName(entityName(entity));
  const index = eventIndex(env);
  return {
    config: deployment.config,
    clock: Date.now,
    indexDays: deployment.indexDays,
    events: (query) => index.listEvents(query),
    event: (id) => index.findEvent(id),
    correlated: (correlationId, originId) => index.findCorrelated(correlationId, originId),
    links: (term) => index.findLinks(term),
    raw: (event) => rawResponse(env, event),
    payload: (event) => payloadOf(env, deployment, event),
    entity: async (entity) => object(entity).state(),
    timeline: async (entity, afterSeq, limit) => object(entity).timeline(afterSeq, limit),
    verify: async (entity) => object(entity).verify(),
    deadLetters: (query) => index.listDeadLetters(query),
    deadLetter: (id) => index.findDeadLetter(id),
    act: (letter, order) => onRecord(env, action(order.verb, letter.id, order), () => act(env, deployment, { letter, ...order })),
    destination: (name) => destinationState(env, deployment, name),
    pause: async (name, by) => {
      await recordAction(env, action("pause", name, by));
      await env.GOVERNOR.getByName(name).pause(name, { ...by, atMs: Date.now() });
    },
    resume: async (name, by) => {
      await recordAction(env, action("resume", name, by));
      await env.GOVERNOR.getByName(name).resume(name);
      waitUntil(wakeHeld(env, name));
    },
    rejections: (query) => listTallies(env.DB, "rejections", query),
    backlog: () => backlogBoard(env).read(),
    handshakes: (query) => listTallies(env.DB, "handshakes", query),
    ...sourcePorts(env, deployment),
    replays: replayPorts(env, deployment),
    flows: flowPorts(env, waitUntil),
    drift: driftPorts(env, deployment),
    overview: () => overviewOf(env, deployment),
    metrics: () => readMetrics(env, deployment),
    alerts: alertPorts(env),
    slas: slaPorts(env, deployment),
    readRecord: (asked) => readRecord(env, deployment, asked, waitUntil),
    operatorActions: (query) => listOperatorActions(env.DB, query),
    files: filePorts(env, deployment),
    keys: keyPorts(env, deployment),
    erasures: erasurePorts(env, deployment),
    audit: { verify: (scope, from) => verifyPart(env, deployment, scope, from), export: exportPorts(env, deployment) },
  };
}

/** Entities that wait for a destination go on at once; those not found here go on by their own alarm. */
async function wakeHeld(env: Env, destination: string): Promise<void> {
  for (const { kind, entityKey } of await eventIndex(env).entitiesHeldFor(destination)) {
    if (kind !== null && entityKey !== null) await env.ENTITY.getByName(entityName({ kind, key: entityKey })).resume(destination);
  }
}

async function rawResponse(env: Env, event: StoredEvent): Promise<Response | null> {
  const raw = event.rawRef === null ? null : await readRaw(env.BODIES, event.rawRef);
  if (raw === null) return null;
  const { contentType } = JSON.parse(event.detail) as EventDetail;
  // Never as a page: whatever the sender wrote, a browser must only offer to save it.
  const headers = {
    "content-type": "application/octet-stream",
    "x-original-content-type": contentType,
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
  };
  return new Response(raw, { headers });
}

interface Order extends LetterAction {
  readonly letter: StoredDeadLetter;
}

/** A letter of an entity's lane is its object's business; the others have no entity and are dealt with here. */
async function act(env: Env, deployment: Deployment, order: Order): Promise<Acted> {
  const { letter, verb } = order;
  if (letter.kind === null || letter.entityKey === null) return verb === "skip" ? giveUp(env, order) : putInAgain(env, deployment, order);
  const object = env.ENTITY.getByName(entityName({ kind: letter.kind, key: letter.entityKey }));
  const { actor, reason, force, patch } = order;
  if (verb === "edit" && patch === undefined) return fail({ code: "invalid_request", detail: "a letter of an entity is mended by patch" });
  const answer = await object.operate({
    verb,
    eventId: letter.eventId,
    destination: letter.destination,
    actor,
    reason,
    force,
    ...(patch === undefined ? {} : { patch }),
  });
  if (!answer.ok && answer.code === "not_editable") return fail({ code: answer.code, detail: answer.problem });
  if (!answer.ok && answer.code === "under_way") return fail({ code: answer.code, detail: stillUnderWay(answer.untilMs) });
  if (!answer.ok) return fail(answer.code);
  return ok({ status: answer.outcome?.status ?? "pending", eventIds: [letter.eventId] });
}

const stillUnderWay = (untilMs: number): string =>
  `its last attempt had no clear answer and may still have its effect; skip it after ${new Date(untilMs).toISOString()}`;

async function giveUp(env: Env, order: Order): Promise<Acted> {
  const atMs = Date.now();
  await eventIndex(env).endDeadLetter(order.letter.id, { status: "skipped", atMs });
  await eventIndex(env).endEvent(order.letter.eventId, { status: "cancelled", atMs });
  return ok({ status: "cancelled", eventIds: [order.letter.eventId] });
}

/** Quarantined bodies are read anew with today's mapping; messages that a queue gave up go into the queue again. */
async function putInAgain(env: Env, deployment: Deployment, order: Order): Promise<Acted> {
  const { letter } = order;
  if (letter.rawRef === null && (await verdictOf(env, letter.eventId)) === "failed") return fail("not_verified");
  if (order.verb === "edit" && (order.body === undefined || letter.rawRef !== null))
    return fail({ code: "invalid_request", detail: "only a body that could not be read can be edited here, by body" });
  const eventIds =
    letter.rawRef === null ? await readLetterAnew(env, deployment, letter, order.body) : await requeue(env, letter.rawRef, letter.eventId);
  if (eventIds === null) return fail("unavailable");
  await eventIndex(env).endDeadLetter(letter.id, { status: "resolved", atMs: Date.now() });
  return ok({ status: "pending", eventIds });
}

/** A body whose sender failed to prove itself is kept to be looked at; nobody can put it in. */
async function verdictOf(env: Env, eventId: string): Promise<string | null> {
  const event = await eventIndex(env).findEvent(eventId);
  return event === null ? null : (JSON.parse(event.detail) as EventDetail).verdict;
}

async function requeue(env: Env, rawRef: string, eventId: string): Promise<readonly string[] | null> {
  const stored = await env.BODIES.get(parseRawRef(rawRef).key);
  if (stored === null) return null;
  await enqueue(queuesOf(env).standard, [addressed(await stored.text())]);
  return [eventId];
}

/** `edited` takes the place of the body that came, which stays where it is, under the event that it was. */
async function readLetterAnew(
  env: Env,
  deployment: Deployment,
  letter: StoredDeadLetter,
  edited?: string,
): Promise<readonly string[] | null> {
  const event = await eventIndex(env).findEvent(letter.eventId);
  if (event === null) return null;
  const read = await readAnew(env, deployment, { event, atMs: Date.now(), ports: ingestPorts(env), edited });
  if (!read.ok || read.value.kind !== "stored") return null;
  await eventIndex(env).endEvent(event.id, { status: "superseded", atMs: Date.now() });
  return read.value.ids;
}
