import type { Priority } from "../domain/event.ts";
import { LIMITS } from "../domain/limits.ts";

export type Queues = Readonly<Record<Priority, Queue>>;

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

async function sendChunks(queue: Queue, messages: readonly string[]): Promise<void> {
  let chunk: { body: string; contentType: "text" }[] = [];
  let bytes = 0;
  for (const message of messages.map(checked)) {
    if (chunk.length === LIMITS.messageBatchCount || bytes + message.bytes > LIMITS.messageBatchBytes) {
      await queue.sendBatch(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push({ body: message.body, contentType: "text" });
    bytes += message.bytes;
  }
  if (chunk.length > 0) await queue.sendBatch(chunk);
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
