import { eventIndex } from "../adapters/event-databases.ts";
import { enqueue, queuesOf, type Outgoing } from "../adapters/queues.ts";
import { findReplay, insertReplay, listReplays, moveReplay, recordProgress } from "../adapters/replays.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import type { StoredEvent } from "../domain/audit-record.ts";
import { ulid } from "../domain/event-id.ts";
import { Envelope, entityName } from "../domain/event.ts";
import { fail, ok } from "../domain/result.ts";
import type { Replays } from "../http/ops-ports.ts";
import { planReplay, type PlanPorts, type Prepared, type Repeat, type RunPorts } from "../pipeline/replay.ts";
import { onRecord, operatorAction } from "./operator-action.ts";
import { readAnew } from "./read-anew.ts";
import { ingestPorts } from "./receive.ts";

/** What the ops API asks of replays. */
export const replayPorts = (env: Env, deployment: Deployment): Replays => ({
  plan: (request) => planReplay(request, planPorts(env, deployment)),
  create: async (request, plan, by) => {
    const nowMs = Date.now();
    const id = `rpl_${ulid(nowMs, crypto.getRandomValues(new Uint8Array(16)))}`;
    const state = plan.needsApproval ? "waitingForApproval" : "planned";
    const who = { askedBy: by.actor, approvedBy: null, cancelledBy: null };
    return onRecord(env, operatorAction("replay", id, by), async () => {
      await insertReplay(env.DB, { id, state, request, plan, progress: null, ...who, createdAtMs: nowMs, updatedAtMs: nowMs });
      return state === "planned" && !(await startRunner(env, id, {})) ? fail("unavailable") : found(env, id);
    });
  },
  list: (query) => listReplays(env.DB, query),
  find: (id) => findReplay(env.DB, id),
  approve: async (id, by) => {
    return onRecord(env, operatorAction("approve replay", id, by), async () =>
      (await startRunner(env, id, { approvedBy: by.actor })) ? found(env, id) : fail("conflict"),
    );
  },
  cancel: async (id, by) => {
    const from = ["planned", "waitingForApproval", "running"] as const;
    return onRecord(env, operatorAction("cancel replay", id, by), async () =>
      (await moveReplay(env.DB, id, { from, to: "cancelled", atMs: Date.now(), cancelledBy: by.actor }))
        ? found(env, id)
        : fail("conflict"),
    );
  },
});

const found = async (env: Env, id: string): ReturnType<Replays["approve"]> => {
  const replay = await findReplay(env.DB, id);
  return replay === null ? fail("not_found") : ok(replay);
};

/** Arms the runner first: a replay that is stored as running always has one. False if its state was another. */
async function startRunner(env: Env, id: string, by: { readonly approvedBy?: string }): Promise<boolean> {
  await env.REPLAY.getByName(id).start(id);
  const from = by.approvedBy === undefined ? (["planned"] as const) : (["waitingForApproval"] as const);
  return moveReplay(env.DB, id, { from, to: "running", atMs: Date.now(), ...by });
}

const planPorts = (env: Env, deployment: Deployment): PlanPorts => ({
  clock: Date.now,
  config: deployment.config.replays,
  rowsInRange: (query, atMost) => eventIndex(env).countRange(query, atMost),
  tallies: (query) => eventIndex(env).tallyEvents(query),
  busiest: (query, limit) => eventIndex(env).busiestEntities(query, limit),
  candidates: (query, entities, limit) => eventIndex(env).entityCandidates(query, entities, limit),
  marks: async (entity) => (await env.ENTITY.getByName(entity).state()).marks,
});

/** A runner's step over this environment's bindings. */
export const runPorts = (env: Env, deployment: Deployment, id: string, memory: Pick<RunPorts, "memory" | "remember">): RunPorts => ({
  ...memory,
  clock: Date.now,
  config: deployment.config.replays,
  replay: async () => {
    const replay = await findReplay(env.DB, id);
    return replay === null ? null : { id, state: replay.state, request: replay.request, total: replay.plan.events };
  },
  page: (query, cursor, limit) => eventIndex(env).pageOfIds(query, cursor, limit),
  originals: (ids) => eventIndex(env).eventsByIds(ids),
  prepare: (repeat) => prepare(env, deployment, repeat),
  enqueue: async (messages) => {
    if (messages.length > 0) await enqueue(queuesOf(env).bulk, messages.map(addressed));
  },
  taken: (originals) => endQuarantined(env, originals),
  report: (progress, finished) => recordProgress(env.DB, id, { progress, finished, atMs: Date.now() }),
});

/** Makes an original's event anew, without sending it. What it is made of follows from replay, original and time alone. */
async function prepare(env: Env, deployment: Deployment, { replay, original, atMs }: Repeat): Promise<Prepared> {
  const messages: string[] = [];
  const ports = {
    ...ingestPorts(env),
    random: derivedRandom(`${replay.id}\n${original.id}`),
    enqueue: async (_priority: unknown, made: readonly { readonly text: string }[]) => void messages.push(...made.map(({ text }) => text)),
  };
  const { force, destinations } = replay.request;
  const mark = { id: replay.id, force, ...(destinations === null ? {} : { destinations: [...destinations] }) };
  const read = await readAnew(env, deployment, { event: original, atMs, ports, replay: mark });
  if (!read.ok) return { kind: "failed", why: read.failure };
  switch (read.value.kind) {
    case "stored":
      return whyNot(messages) ?? { kind: "ready", messages };
    case "rejected":
      return { kind: "failed", why: `its body is refused today: ${read.value.reason}` };
    case "notStored":
      throw new Error(read.value.detail);
  }
}

/** A message of ours goes the way of its record. */
export function addressed(text: string): Outgoing {
  const event = Envelope.parse(JSON.parse(text));
  return { text, record: event.what === "entity" ? entityName(event.entity) : event.id };
}

/** A body that today's mapping still makes nothing of would only add a second row of the same trouble. */
function whyNot(messages: readonly string[]): Prepared | null {
  for (const message of messages) {
    const event = Envelope.parse(JSON.parse(message));
    if (event.what === "quarantine") return { kind: "failed", why: `it still cannot be understood: ${event.reason}` };
    if (event.what === "ignored") return { kind: "refused", why: `it still concerns nobody: ${event.reason}` };
  }
  return null;
}

/** Bytes that look random and are the same for the same seed, so that an event made twice has one id. */
export function derivedRandom(seed: string): (bytes: number) => Uint8Array {
  let drawn = 0;
  return (bytes) => Uint8Array.fromHex(sha256Hex(`${seed}\n${drawn++}`)).slice(0, bytes);
}

/** A body that was in quarantine and is an event now: its row ends, and its letter closes. */
async function endQuarantined(env: Env, originals: readonly StoredEvent[]): Promise<void> {
  const atMs = Date.now();
  for (const { id, status } of originals) {
    if (status !== "quarantined") continue;
    await eventIndex(env).endDeadLetter(`${id}:-`, { status: "resolved", atMs });
    await eventIndex(env).endEvent(id, { status: "superseded", atMs });
  }
}
