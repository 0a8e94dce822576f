import type { Priority } from "../domain/event.ts";
import { shardOf } from "../domain/shards.ts";
import { LIMITS } from "../domain/limits.ts";

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
  within(sendChunks(queue, messages, { delaySeconds }), LIMITS.queueSendMs);

/**
 * The durable write of ingest. Messages are sent as text, since we have measured and written the JSON ourselves.
 * Rejects when a message is too large, when the queue refuses, and when it takes longer than LIMITS.queueSendMs; in the
 * last case the message may still arrive, which the entity's ledger recognises.
 */
export async function enqueue(queues: readonly [Queue, ...Queue[]], messages: readonly Outgoing[]): Promise<void> {
  await within(sendAll(queues, messages), LIMITS.queueSendMs);
}

async function sendAll(queues: readonly [Queue, ...Queue[]], messages: readonly Outgoing[]): Promise<void> {
  const [only] = messages;
  if (messages.length === 1 && only !== undefined) {
    const queue = queues[shardOf(only.record, queues.length)] ?? queues[0];
    await queue.send(checked(only.text).body, { contentType: "text" });
    return;
  }
  const byQueue = Map.groupBy(messages, ({ record }) => shardOf(record, queues.length));
  const parts = [...byQueue].map(([shard, part]) =>
    sendChunks(
      queues[shard] ?? queues[0],
      part.map(({ text }) => text),
    ),
  );
  await Promise.all(parts);
}

async function sendChunks(queue: Queue, messages: readonly string[], options?: QueueSendBatchOptions): Promise<void> {
  let chunk: { body: string; contentType: "text" }[] = [];
  let bytes = 0;
  for (const message of messages.map(checked)) {
    if (chunk.length === LIMITS.messageBatchCount || bytes + message.bytes > LIMITS.messageBatchBytes) {
      await queue.sendBatch(chunk, options);
      chunk = [];
      bytes = 0;
    }
    chunk.push({ body: message.body, contentType: "text" });
    bytes += message.bytes;
  }
  if (chunk.length > 0) await queue.sendBatch(chunk, options);
}

function checked(body: string): { body: string; bytes: number } {
  // Three bytes a character at most: only a message that might be too large is counted.
  const bytes = body.length * 3 <= LIMITS.messageBytes ? body.length : new TextEncoder().encode(body).byteLength;
  if (bytes > LIMITS.messageBytes) throw new Error(`a queue message of ${bytes} bytes is above the limit of ${LIMITS.messageBytes}`);
  return { body, bytes };
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
