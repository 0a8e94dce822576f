import { databasesOf, eventIndex } from "../adapters/event-databases.ts";
import { enqueue, queuesOf } from "../adapters/queues.ts";
import { knownUnder } from "../adapters/known-states.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import type { EventDetail } from "../domain/audit-record.ts";
import { parseEntity } from "../domain/entities/index.ts";
import { correlationIdOf, eventId } from "../domain/event-id.ts";
import { entityName, type EntityEvent } from "../domain/event.ts";
import type { JsonObject } from "../domain/json.ts";
import { OrderToken } from "../domain/order.ts";
import { ownEvent } from "../domain/own-event.ts";
import { systemOfDestination, systemOfSource } from "../domain/ownership.ts";
import type { Finding } from "../domain/reconciliation/findings.ts";
import { placeAfter, type LastWord, type Place } from "../domain/reconciliation/place.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { talkTo } from "./connect.ts";
import { readAnew } from "./read-anew.ts";
import { ingestPorts } from "./receive.ts";

/** Puts a repair in the queue like any event. `push`: what we last brought there, again; `pull`: what the system has, as told by it. */
export async function repairFinding(
  env: Env,
  deployment: Deployment,
  finding: Finding,
  how: "pull" | "push",
): Promise<Result<string, string>> {
  return how === "push" ? push(env, deployment, finding) : pull(env, deployment, finding);
}

async function push(env: Env, deployment: Deployment, finding: Finding): Promise<Result<string, string>> {
  const [known] = await knownUnder(databasesOf(env), finding, [finding.key]);
  const event = known === undefined ? null : await eventIndex(env).findEvent(known.eventId);
  if (event === null) return fail("nothing is known that could be brought there again");
  if (systemOfSource(deployment.config, event.source) === systemOfDestination(deployment.config, finding.system))
    return fail(`what is known of it is ${finding.system}'s own word; nobody else could bring it there`);
  const read = await readAnew(env, deployment, {
    event,
    atMs: Date.now(),
    ports: ingestPorts(env),
    replay: { id: finding.id, force: false, destinations: [finding.system] },
  });
  if (!read.ok) return read;
  const [id] = read.value.kind === "stored" ? read.value.ids : [];
  return id === undefined ? fail("its event could not be put in again") : ok(id);
}

async function pull(env: Env, deployment: Deployment, finding: Finding): Promise<Result<string, string>> {
  const target = deployment.target(finding.system);
  if (!target.ok) return target;
  const source = sourceOf(deployment, finding);
  if (source === null) return fail(`no source speaks for ${finding.system}: what it says cannot be taken over`);
  const ref = finding.remoteId === null ? { by: "key" as const, value: finding.key } : { by: "id" as const, value: finding.remoteId };
  const state = await target.value.definition.read?.({ kind: finding.kind, ...ref }, talkTo(env, finding.system, target.value));
  if (state?.ok !== true) return fail(state === undefined ? "the system cannot be read" : state.failure.detail);
  if (state.value === "absent") return fail("the system has no such record any more");
  const data = parseEntity(finding.kind, state.value.data);
  if (!data.ok) return fail(`what ${finding.system} holds is no ${finding.kind}: ${data.failure}`);
  const before = await lastWordOf(env, { finding, source, key: state.value.remote.id });
  const event = told(
    finding,
    source,
    { data: data.value, key: state.value.remote.id, ...placeAfter(before, state.value.order) },
    deployment.config.version,
  );
  await enqueue(queuesOf(env)[event.priority], [{ text: JSON.stringify(event), record: entityName(event.entity) }]);
  return ok(event.id);
}

const sourceOf = ({ config }: Deployment, { system }: Finding): string | null =>
  Object.keys(config.sources).find((name) => systemOfSource(config, name) === systemOfDestination(config, system)) ?? null;

/** The last event in which a source told of this very record. */
async function lastWordOf(
  env: Env,
  { finding, source, key }: { readonly finding: Finding; readonly source: string; readonly key: string },
): Promise<LastWord | null> {
  const [known] = await knownUnder(databasesOf(env), finding, [key]);
  const event = known === undefined ? null : await eventIndex(env).findEvent(known.eventId);
  if (event === null || event.source !== source) return null;
  const order = OrderToken.safeParse((JSON.parse(event.detail) as EventDetail).order);
  return order.success ? { eventId: event.id, order: order.data } : null;
}

/** The system's own word of its record, as its webhook would have told it. */
function told(
  finding: Finding,
  source: string,
  state: Place & { readonly data: JsonObject; readonly key: string },
  configVersion: string,
): EntityEvent {
  const nowMs = Date.now();
  const id = eventId(nowMs, crypto.getRandomValues(new Uint8Array(16)));
  const event = ownEvent({
    id,
    sourceName: source,
    type: `${finding.kind}.reconciled`,
    correlationId: correlationIdOf(id),
    traceId: crypto.getRandomValues(new Uint8Array(16)).toHex(),
    receivedAtMs: nowMs,
    // As a planned replay, it never competes with live traffic.
    priority: "bulk",
    madeBy: "reconciliation",
    configVersion,
    deliveryId: `repair:${finding.id}:${id}`,
    contentHash: sha256Hex(JSON.stringify(state.data)),
    kind: finding.kind,
    key: state.key,
    nature: "snapshot",
    order: state.order,
    data: state.data,
  });
  const { rank = event.rank, replayOf } = state;
  return { ...event, rank, repairOf: finding.id, ...(replayOf === undefined ? {} : { replayOf }) };
}
