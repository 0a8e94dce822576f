import { SqlLedger } from "../../src/adapters/ledger-sql.ts";
import { unbundled } from "../../src/domain/bundle.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import router, { DestinationGovernor as Governor, EntitySequencer as Sequencer } from "../../src/index.ts";
import type { Permits, SequenceAnswer } from "../../src/pipeline/sequence/ports.ts";
import { counts, settleCursors, type WakeCost } from "./counts.ts";
import { metered, operationsFor } from "./metered-bindings.ts";
import { meterStorage } from "./metered-storage.ts";
import { PROBE_PREFIX, probe } from "./probes.ts";

/** The product's object, with its calls, alarms, time and rows counted. */
export class EntitySequencer extends Sequencer {
  readonly #storage: DurableObjectStorage;
  #calls = 0;
  #sinceMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    meterStorage(ctx.storage);
    super(ctx, metered(env));
    this.#storage = ctx.storage;
  }

  override async sequence(events: readonly EntityEvent[], permits: Permits): Promise<SequenceAnswer> {
    if (this.#calls++ === 0) this.#sinceMs = Date.now();
    try {
      return await super.sequence(events, permits);
    } finally {
      if (--this.#calls === 0) counts.objectMs += Date.now() - this.#sinceMs;
    }
  }

  override async alarm(): Promise<void> {
    counts.alarms++;
    await super.alarm();
  }

  /** What it costs to make this object again from its storage. */
  wakeCost(): WakeCost {
    settleCursors();
    const before = counts.objectRowsRead;
    new SqlLedger(this.#storage, 30, (error) => {
      throw error;
    }).load();
    settleCursors();
    return { rowsRead: counts.objectRowsRead - before };
  }
}

export { BacklogBoard, SourceRate } from "../../src/index.ts";

export class DestinationGovernor extends Governor {
  constructor(ctx: DurableObjectState, env: Env) {
    meterStorage(ctx.storage);
    super(ctx, metered(env));
  }
}

/** Counts a message's read, and its delete or its next read by what the consumer made of it. */
function meteredMessage(message: Message): Message {
  const operations = operationsFor(new TextEncoder().encode(String(message.body)).byteLength);
  counts.queueReads += operations;
  return new Proxy(message, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]) => {
        if (name === "ack") counts.queueDeletes += operations;
        if (name === "retry") counts.queueRetries += operations;
        return (member as (...args: readonly unknown[]) => unknown).apply(target, [...args]);
      };
    },
  });
}

const entityOf = (text: string): string => (JSON.parse(text) as { readonly partitionkey?: string }).partitionkey ?? "";

async function meteredQueue(batch: MessageBatch, env: Env): Promise<void> {
  counts.workerRequests++;
  const before = { ...counts };
  const messages = batch.messages.map(meteredMessage);
  const view = new Proxy(batch, { get: (target, name): unknown => (name === "messages" ? messages : Reflect.get(target, name, target)) });
  await router.queue(view, metered(env));
  const events = batch.messages.flatMap(({ body }) => unbundled(String(body)));
  counts.batches.push({
    messages: messages.length,
    events: events.length,
    entities: new Set(events.map(entityOf)).size,
    entityCalls: counts.entityCalls - before.entityCalls,
    governorCalls: counts.governorCalls - before.governorCalls,
    d1Calls: counts.d1Calls - before.d1Calls,
  });
}

export default {
  fetch: (request, env, context) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(PROBE_PREFIX)) return probe(request, metered(env));
    counts.workerRequests++;
    return router.fetch(request, metered(env), context);
  },
  queue: meteredQueue,
} satisfies ExportedHandler<Env>;
