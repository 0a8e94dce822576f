import type { Priority } from "../domain/event.ts";
import { LIMITS } from "../domain/limits.ts";

export type Queues = Readonly<Record<Priority, Queue>>;

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
export async function enqueue(queue: Queue, messages: readonly string[]): Promise<void> {
  const [only] = messages;
  const sending =
    messages.length === 1 && only !== undefined ? queue.send(checked(only).body, { contentType: "text" }) : sendChunks(queue, messages);
  await within(sending, LIMITS.queueSendMs);
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
