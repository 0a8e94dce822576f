import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { correlationIdOf, eventId } from "../../src/domain/event-id.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import worker from "../../src/index.ts";
import { orderEvent } from "./world.ts";

let serial = 0;

/** An order of the ERP's, as ingest would have put it into the queue. */
export function queued(key: string, version: number, more: Partial<EntityEvent> = {}): EntityEvent {
  const id = eventId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
  const base = orderEvent({ id, version, delivery: `${key}-${version}`, source: "sandbox-erp" });
  return {
    ...base,
    correlationid: correlationIdOf(id),
    entity: { kind: "order", key, schemaVersion: 1 },
    payload: { at: "inline", data: { number: key, status: "confirmed" } },
    ...more,
  };
}

/** Gives a queue's batch to the Worker, and counts what it does with its messages. */
export async function deliver(
  events: readonly unknown[],
  bindings: Env = env,
  queue = "signalbox-critical",
): Promise<{ acks: number; retries: number }> {
  const messages = events.map((body) => ({
    id: `m${++serial}`,
    timestamp: new Date(),
    attempts: 1,
    body: typeof body === "string" ? body : JSON.stringify(body),
  }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  await worker.queue(batch, bindings);
  const result = await getQueueResult(batch, context);
  return { acks: result.ackAll ? messages.length : result.explicitAcks.length, retries: result.retryMessages.length };
}
