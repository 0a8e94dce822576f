import { BacklogWatch, type Board } from "../adapters/backlog-watch.ts";
import { archiveBatch, formatRawRef } from "../adapters/archive-r2.ts";
import { recordAll, recordAllPoison } from "../adapters/event-databases.ts";
import type { PoisonRow } from "../adapters/event-index.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import { enqueueLater, queuesOf } from "../adapters/queues.ts";
import type { Deployment } from "../deployment.ts";
import { DEFERRED_SECONDS, deferral } from "../domain/backlog.ts";
import { auditRows, type EventRow } from "../domain/audit-record.ts";
import { unbundled } from "../domain/bundle.ts";
import { NEXT_STEP } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import { Envelope, originOf, PRIORITIES, type Priority } from "../domain/event.ts";
import { observe } from "./observe.ts";
import { NO_SLA_FACTS } from "../domain/slas/spans.ts";
import { tellFlows } from "./flows.ts";
import { readState, readerOf } from "./read-state.ts";
import { consume, type ConsumePorts, type Disposition, type Message } from "../pipeline/consume/consume.ts";
import type { HintPorts } from "../pipeline/consume/hints.ts";

/** Consuming over this environment's bindings. `batchId` names the batch's archive object; `recorded` gets the rows once they are in the index. */
function consumePorts(env: Env, deployment: Deployment, batchId: string, recorded: EventRow[]): ConsumePorts {
  const governor = (destination: string) => env.GOVERNOR.getByName(destination);
  return {
    hints: hintPorts(env, deployment),
    plan: deployment.plan,
    ownerOf: deployment.ownerOf,
    sourceOwner: deployment.sourceOwner,
    projections: deployment.projections,
    slas: deployment.slas,
    lease: (destination, wanted) => governor(destination).lease(destination, wanted),
    settleLease: (destination, settlement) => governor(destination).settle(destination, settlement),
    sequence: (entity, events, permits) => env.ENTITY.getByName(entity).sequence(events, permits),
    archive: (events: readonly Envelope[]) => archiveBatch(env.BODIES, `raw/batch/${batchId}`, events),
    record: async (rows) => {
      await recordAll(env, rows, Date.now());
      recorded.push(...rows.map(({ event }) => event));
    },
    tellFlows: (settled) => tellFlows(env, deployment, settled),
    recordPoison: (messages) =>
      keepPoison(
        env,
        messages.map(({ message, reason }) => ({ message, reason, queue: "" })),
      ),
  };
}

/** Reads records from the destinations that hints are read back from. */
const hintPorts = (env: Env, deployment: Deployment): HintPorts => ({
  readerOf: (source, kind) => readerOf(deployment, source, kind),
  read: (destination, event) =>
    readState(
      env,
      deployment,
      { destination, priority: event.priority, fairKey: originOf(event) },
      { kind: event.entity.kind, value: event.entity.key },
    ),
  sha256: async (text) => sha256Hex(text),
});

/** The class a queue's name tells: it ends in `-critical`, `-standard` or `-bulk`, before the environment's suffix. */
const priorityOf = (queue: string): Priority => PRIORITIES.find((priority) => queue.includes(`-${priority}`)) ?? "standard";

/** Which of its class' queues a name tells: `signalbox-bulk` is the first, `signalbox-bulk-2` the second. */
const numberOf = (queue: string): number => Number(/-(?:critical|standard|bulk)-(\d+)/.exec(queue)?.[1] ?? 1);

const watch = new BacklogWatch();

/** The one board of this deployment. */
export const backlogBoard = (env: Env): Board => {
  const board = env.BACKLOG.getByName("all");
  return { note: async (priority, reading) => board.note(priority, reading), read: async () => board.read() };
};

/** When an event was taken in, without reading the whole envelope; a message that was put in again is as old as its event. */
const receivedAtMs = ({ body, timestamp }: QueueMessage): number => {
  const found = typeof body === "string" ? /"receivedAtMs":(\d+)/.exec(body)?.[1] : undefined;
  return found === undefined ? timestamp.getTime() : Number(found);
};

type QueueMessage = MessageBatch["messages"][number];

/** Why this batch stands back for more urgent ones; null if it goes on. */
async function standsBack(batch: MessageBatch, env: Env, priority: Priority): Promise<string | null> {
  const nowMs = Date.now();
  const ageMs = Math.max(0, ...batch.messages.map((message) => nowMs - receivedAtMs(message)));
  return deferral(await watch.tell(backlogBoard(env), priority, { ageMs, atMs: nowMs }), priority, nowMs);
}

/** Puts the batch in again for later, into the queue that it came from, and only then lets it go. */
async function defer(batch: MessageBatch, env: Env, reason: string): Promise<void> {
  console.warn(JSON.stringify({ level: "warn", message: "bulk messages are deferred", count: batch.messages.length, reason }));
  const texts = batch.messages.map(({ body }) => (typeof body === "string" ? body : JSON.stringify(body)));
  const { bulk } = queuesOf(env);
  try {
    await enqueueLater(bulk[numberOf(batch.queue) - 1] ?? bulk[0], texts, DEFERRED_SECONDS);
    batch.ackAll();
  } catch {
    batch.retryAll({ delaySeconds: DEFERRED_SECONDS });
  }
}

/** What shares a queue message, each as a message of its own. */
function partsOf({ id, body }: Pick<QueueMessage, "id" | "body">): readonly Message[] {
  if (typeof body !== "string") return [{ id, body }];
  const texts = unbundled(body);
  return texts.map((text, index) => ({ id: texts.length === 1 ? id : `${id}.${index}`, body: text }));
}

/** A message comes again as a whole if any part of it must: the ledgers know the others. */
const together = (parts: readonly (Disposition | undefined)[]): Disposition =>
  parts.find((part) => part?.do === "retry") ??
  (parts.includes(undefined) ? { do: "retry", reason: "the message was not dealt with" } : { do: "ack" });

export async function consumeBatch(batch: MessageBatch, env: Env, deployment: Deployment): Promise<void> {
  if (batch.queue.includes("-dead")) return keepDead(batch, env);
  const deferred = await standsBack(batch, env, priorityOf(batch.queue));
  if (deferred !== null) return defer(batch, env, deferred);
  const takenAtMs = Date.now();
  const recorded: EventRow[] = [];
  const parts = new Map(batch.messages.map((message) => [message.id, partsOf(message)]));
  const dispositions = await consume(
    [...parts.values()].flat(),
    priorityOf(batch.queue),
    consumePorts(env, deployment, `${takenAtMs}-${batch.messages[0]?.id ?? "empty"}`, recorded),
  );
  for (const message of batch.messages) {
    const disposition = together((parts.get(message.id) ?? []).map(({ id }) => dispositions.get(id)));
    switch (disposition.do) {
      case "ack":
        message.ack();
        break;
      case "retry":
        console.warn(
          JSON.stringify({
            level: "warn",
            message: "a message comes again",
            queue: batch.queue,
            attempts: message.attempts,
            reason: disposition.reason,
          }),
        );
        message.retry({ delaySeconds: LIMITS.consumerRetrySeconds });
        break;
    }
  }
  await observe(env, deployment, { rows: recorded, takenAtMs });
}

/** What the queues gave up on: kept as platform dead letters, with the message itself, to be put in again. */
async function keepDead(batch: MessageBatch, env: Env): Promise<void> {
  const reason = "the queue gave it up after its last retry: its entity's object or the index could not be reached";
  await keepPoison(
    env,
    batch.messages.flatMap(partsOf).map((message) => ({ message, reason, queue: batch.queue })),
  );
  batch.ackAll();
}

interface Poison {
  readonly message: Message;
  readonly reason: string;
  readonly queue: string;
}

async function keepPoison(env: Env, poison: readonly Poison[]): Promise<void> {
  const rows = await Promise.all(poison.map((item) => poisonRow(env, item)));
  await recordAllPoison(env, rows, Date.now());
}

function readEnvelope(text: string): Envelope | null {
  try {
    return Envelope.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Revision 0: whatever the entity's object says of the event, before or after, counts for more. */
const deadRow = (event: Envelope, reason: string): EventRow =>
  auditRows(
    event,
    { eventId: event.id, rev: 0, status: "dead", class: "poison", reason, lanes: [] },
    { why: [], rawRef: null, ownerOf: () => "platform", sourceOwner: "platform", projections: () => [], slas: () => NO_SLA_FACTS },
  ).event;

async function poisonRow(env: Env, { message, reason }: Poison): Promise<PoisonRow> {
  const text = typeof message.body === "string" ? message.body : JSON.stringify(message.body);
  const bytes = new TextEncoder().encode(text);
  const key = `poison/${message.id}`;
  await env.BODIES.put(key, bytes);
  const event = readEnvelope(text);
  const eventId = event?.id ?? `msg_${message.id}`;
  return {
    event: event === null ? null : deadRow(event, reason),
    letter: {
      id: `${eventId}:queue`,
      list: "platform",
      eventId,
      destination: "queue",
      kind: null,
      entityKey: null,
      class: "poison",
      reason: reason.slice(0, LIMITS.detailCharacters),
      fields: undefined,
      owner: "platform",
      nextStep: NEXT_STEP.poison,
      status: "open",
      attempts: 0,
      rawRef: formatRawRef({ key, offset: 0, length: bytes.byteLength }),
    },
  };
}
