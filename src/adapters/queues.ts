import { Buffer } from "node:buffer";
import { bundled, type Measured } from "../domain/bundle.ts";
import type { Priority } from "../domain/event.ts";
import { shardOf } from "../domain/shards.ts";
import { LIMITS } from "../domain/limits.ts";
import { SendGroups, type GroupTerms } from "./send-groups.ts";

/** The queues of each class: one, or several that share its records by hash. */
export type Queues = Readonly<Record<Priority, readonly [Queue, ...Queue[]]>>;

/** A message, and the record that it is about: all of a record's go one way, so that they meet in one batch. */
export interface Outgoing {
  readonly text: string;
  readonly record: string;
}

/** `QUEUE_BULK`, and `QUEUE_BULK_2`, `QUEUE_BULK_3` ... as far as wrangler.toml binds them. */
export function queuesOf(env: Env): Queues {
  const known = queues.get(env) ?? boundQueues(env);
  queues.set(env, known);
  return known;
}

const queues = new WeakMap<Env, Queues>();

function boundQueues(env: Env): Queues {
  const bound = env as unknown as Readonly<Record<string, Queue | undefined>>;
  const all = (first: Queue, name: string): readonly [Queue, ...Queue[]] => {
    const more: Queue[] = [];
    for (let number = 2; ; number++) {
      const next = bound[`${name}_${number}`];
      if (next === undefined) return [first, ...more];
      more.push(next);
    }
  };
  return {
    critical: all(env.QUEUE_CRITICAL, "QUEUE_CRITICAL"),
    standard: all(env.QUEUE_STANDARD, "QUEUE_STANDARD"),
    bulk: all(env.QUEUE_BULK, "QUEUE_BULK"),
  };
}

/**
 * Puts messages in again, to come after `delaySeconds`: a retry would count against the queue's limit of them. Rejects as
 * `enqueue` does; then the messages are still where they were.
 */
export const enqueueLater = (queue: Queue, messages: readonly string[], delaySeconds: number): Promise<void> =>
  within(sendAll(queue, messages.map(measured), { delaySeconds }), LIMITS.queueSendMs);

/**
 * The durable write of ingest. Envelopes are sent as text, since we have measured and written the JSON ourselves, and
 * share messages. Rejects when one is too large, when the queue refuses, and when it takes longer than
 * LIMITS.queueSendMs; in the last case the message may still arrive, which the entity's ledger recognises.
 */
export async function enqueue(queues: readonly [Queue, ...Queue[]], messages: readonly Outgoing[]): Promise<void> {
  const parts = [...byQueue(queues, messages)].map(([queue, texts]) => sendAll(queue, bundled(texts)));
  await within(Promise.all(parts), LIMITS.queueSendMs);
}

/** As `enqueue`, for a request whose sends may go together with those of others. */
export async function enqueueTogether(
  queues: readonly [Queue, ...Queue[]],
  messages: readonly Outgoing[],
  { waitUntil, ...terms }: GroupTerms & { readonly waitUntil: (work: Promise<unknown>) => void },
): Promise<void> {
  const parts = [...byQueue(queues, messages)].flatMap(([queue, texts]) =>
    texts.map((text) => groupsOf(queue, terms).add(text, waitUntil)),
  );
  await within(Promise.all(parts), LIMITS.queueSendMs);
}

const groups = new WeakMap<Queue, SendGroups>();

function groupsOf(queue: Queue, terms: GroupTerms): SendGroups {
  const known = groups.get(queue) ?? new SendGroups(terms, (texts) => sendAll(queue, bundled(texts)));
  groups.set(queue, known);
  return known;
}

/** Every text measured, before anything is sent: what is too large must not take others down with it. */
function byQueue(queues: readonly [Queue, ...Queue[]], messages: readonly Outgoing[]): ReadonlyMap<Queue, readonly Measured[]> {
  const parts = new Map<Queue, Measured[]>();
  for (const { text, record } of messages) {
    const queue = queues[shardOf(record, queues.length)] ?? queues[0];
    const part = parts.get(queue) ?? [];
    part.push(measured(text));
    parts.set(queue, part);
  }
  return parts;
}

function measured(text: string): Measured {
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.messageBytes) throw new Error(`a queue message of ${bytes} bytes is above the limit of ${LIMITS.messageBytes}`);
  return { text, bytes };
}

/** One call, or as many as their size makes necessary. */
async function sendAll(queue: Queue, messages: readonly Measured[], options?: QueueSendBatchOptions): Promise<void> {
  const [only] = messages;
  if (messages.length === 1 && only !== undefined) {
    await queue.send(only.text, { contentType: "text", ...options });
    return;
  }
  let chunk: { body: string; contentType: "text" }[] = [];
  let chunkBytes = 0;
  for (const { text, bytes } of messages) {
    if (chunk.length === LIMITS.messageBatchCount || chunkBytes + bytes > LIMITS.messageBatchBytes) {
      await queue.sendBatch(chunk, options);
      chunk = [];
      chunkBytes = 0;
    }
    chunk.push({ body: text, contentType: "text" });
    chunkBytes += bytes;
  }
  if (chunk.length > 0) await queue.sendBatch(chunk, options);
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the queue did not answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
