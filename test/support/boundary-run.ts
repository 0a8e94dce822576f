import {
  createExecutionContext,
  createMessageBatch,
  evictDurableObject,
  getQueueResult,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { EntitySequencer } from "../../durable-objects/entity-sequencer.ts";
import worker from "../../src/index.ts";
import { realEntity, sleep, type Boundary, type Faults } from "./boundaries.ts";
import { call, signed, type Outgoing } from "./router.ts";
import { versionText } from "./struck-destinations.ts";

/** The records of a run: what tells of them, through which queue, and where they go. */
export const RECORDS = [
  { kind: "order", source: "sandbox-erp", queue: "critical", to: ["crm"] },
  { kind: "invoice", source: "sandbox-erp", queue: "critical", to: ["crm", "support"] },
  { kind: "invoice", source: "sandbox-erp", queue: "critical", to: ["crm", "support"] },
  { kind: "customer", source: "custom", queue: "standard", to: ["erp"] },
] as const;
const QUEUES = ["critical", "standard"] as const;

/** What happens next; before it, a fault is armed. `record` is a place in RECORDS. */
export interface Step {
  readonly fault: Boundary | null;
  readonly does: "tell" | "tellAgain" | "consume" | "consumeReversed" | "wait";
  readonly record: number;
  readonly waitMs: number;
}

/** What a sender has heard "accepted" for. */
export interface Accepted {
  readonly id: string;
  readonly entity: string;
  readonly version: number;
}

interface Request {
  readonly record: number;
  readonly version: number;
}

interface Queued {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
}

export interface RunParts {
  readonly faults: Faults;
  readonly clock: { nowMs: number };
  readonly doomed: string[];
  /** Planted: messages are acknowledged as they are taken from the queue. */
  readonly acksEarly: boolean;
  /** Planted: nobody hears an alarm. */
  readonly deaf: boolean;
}

const BATCH = 10;
/** Rounds of everything that is due, half a minute apart, until nothing is; more than any backoff or quiet takes. */
const ROUNDS = 60;
const ROUND_MS = 30_000;

/** One schedule on records of its own, from the first request to the last thing due. */
export class BoundaryRun {
  readonly accepted: Accepted[] = [];
  readonly #name: string;
  readonly #parts: RunParts;
  readonly #queued: Queued[] = [];
  readonly #told = RECORDS.map(() => 0);
  /** Requests whose sender has not heard "accepted" yet. */
  #unheard: Request[] = [];
  #serial = 0;

  constructor(name: string, parts: RunParts) {
    this.#name = name;
    this.#parts = parts;
  }

  /** Where the bindings put what ingest sends. */
  take(queue: string, body: string): void {
    this.#queued.push({ id: `${this.#name}-m${++this.#serial}`, queue, body });
  }

  entityOf(record: number): string {
    return `${RECORDS[record]?.kind ?? "none"}/${this.#name}-${record}`;
  }

  object(record: number): DurableObjectStub<EntitySequencer> {
    return realEntity(this.entityOf(record));
  }

  async step({ fault, does, record, waitMs }: Step): Promise<void> {
    if (fault !== null) this.#parts.faults.arm(fault);
    switch (does) {
      case "tell":
        this.#told[record] = (this.#told[record] ?? 0) + 1;
        return this.#tell({ record, version: this.#told[record] });
      case "tellAgain":
        return this.#tell({ record, version: this.#anEarlierOne(record, waitMs) });
      case "consume":
        return this.#consumeAll((messages) => messages);
      case "consumeReversed":
        return this.#consumeAll((messages) => messages.toReversed());
      case "wait":
        this.#parts.clock.nowMs += waitMs;
        return this.#ringAll();
    }
  }

  #anEarlierOne(record: number, lot: number): number {
    const newest = Math.max(1, this.#told[record] ?? 0);
    this.#told[record] = newest;
    return Math.max(1, newest - (lot % 3));
  }

  /** Nothing fails any more: senders repeat what was not accepted, queues and alarms go on. True once nothing is left to do. */
  async settle(): Promise<boolean> {
    this.#parts.faults.calm();
    for (let round = 0; round < ROUNDS; round++) {
      for (const request of this.#unheard.splice(0)) await this.#tell(request);
      await this.#consumeAll((messages) => messages);
      if (this.#queued.length + this.#unheard.length === 0 && (await this.#isQuiet())) return true;
      this.#parts.clock.nowMs += ROUND_MS;
      await this.#ringAll();
    }
    return false;
  }

  async #isQuiet(): Promise<boolean> {
    const alarms = await Promise.all(RECORDS.map((_, record) => this.#alarmOf(record)));
    return alarms.every((atMs) => atMs === null);
  }

  async #tell(request: Request): Promise<void> {
    const { record, version } = request;
    const response = await this.#whileSomeDie(call(signed(RECORDS[record]?.source ?? "", this.#outgoing(request))));
    const { id } = await response.json<{ id?: string }>();
    if (response.status === 202 && id !== undefined) this.accepted.push({ id, entity: this.entityOf(record), version });
    else this.#unheard.push(request);
  }

  #outgoing({ record, version }: Request): Outgoing {
    const key = `${this.#name}-${record}`;
    const deliveryId = `${key}-${version}`;
    if (RECORDS[record]?.source === "custom") {
      const data = { id: key, name: versionText(version), updatedAt: new Date(1_700_000_000_000 + 1_000 * version).toISOString() };
      return { body: JSON.stringify({ eventId: deliveryId, type: "customer.updated", data }) };
    }
    const data = { id: key, number: versionText(version), version, status: "closed" };
    return {
      body: JSON.stringify({ type: `${RECORDS[record]?.kind ?? ""}.updated`, timestamp: "2026-11-24T10:00:00Z", data }),
      deliveryId,
    };
  }

  async #consumeAll(order: (messages: readonly Queued[]) => readonly Queued[]): Promise<void> {
    if (this.#parts.faults.strike("objectAtRest") !== null) await this.#evictAll();
    await Promise.all(QUEUES.map((queue) => this.#consume(queue, order)));
  }

  async #consume(queue: string, order: (messages: readonly Queued[]) => readonly Queued[]): Promise<void> {
    const { faults } = this.#parts;
    const messages = order(this.#queued.filter((message) => message.queue === queue)).slice(0, BATCH);
    if (messages.length === 0) return;
    if (this.#parts.acksEarly) this.#acknowledge(messages.map(({ id }) => id));
    const twice = faults.strike("message") !== null;
    const results = await this.#whileSomeDie(Promise.all((twice ? [1, 2] : [1]).map(() => consumeOnce(queue, messages))));
    if (faults.strike("consumer") === null) this.#acknowledge(results.flat());
  }

  #acknowledge(ids: readonly string[]): void {
    for (const id of ids) {
      const at = this.#queued.findIndex((message) => message.id === id);
      if (at !== -1) this.#queued.splice(at, 1);
    }
  }

  async #evictAll(): Promise<void> {
    // One that is not there cannot be evicted.
    await Promise.all(RECORDS.map((_, record) => evictDurableObject(this.object(record)).catch(() => undefined)));
  }

  async #ringAll(): Promise<void> {
    if (this.#parts.deaf) return;
    await this.#whileSomeDie(Promise.all(RECORDS.map((_, record) => this.#ring(record))));
  }

  async #ring(record: number): Promise<void> {
    const { faults, clock } = this.#parts;
    const atMs = await this.#alarmOf(record);
    if (atMs === null || atMs > clock.nowMs) return;
    const how = faults.strike("alarm");
    if (how === "ringsLate") return;
    const object = this.object(record);
    const second = how === "ringsTwice" ? runInDurableObject(object, (instance: EntitySequencer) => instance.alarm()) : Promise.resolve();
    const [first] = await Promise.allSettled([runDurableObjectAlarm(object), second]);
    // The platform rings again for an object that died of its alarm.
    if (first.status === "rejected") await this.#inStorage(record, (storage) => storage.setAlarm(clock.nowMs + 2_000));
  }

  #alarmOf(record: number): Promise<number | null> {
    return this.#inStorage(record, (storage) => storage.getAlarm());
  }

  /** An object that is ended meanwhile is made again. */
  async #inStorage<T>(record: number, work: (storage: DurableObjectStorage) => Promise<T>): Promise<T> {
    const go = (): Promise<T> => runInDurableObject(this.object(record), (_instance, { storage }) => work(storage));
    return go().catch(go);
  }

  /** Waits for the work, and meanwhile ends the objects whose time has come. */
  async #whileSomeDie<T>(work: Promise<T>): Promise<T> {
    const { doomed } = this.#parts;
    const done = work.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([done, sleep(5)]))) for (const name of doomed.splice(0)) await end(name);
    return work;
  }
}

const end = (name: string): Promise<unknown> =>
  runInDurableObject(realEntity(name), (_instance, state) => state.abort("it dies here")).catch(() => undefined);

/** One consumer's go at a batch: the ids of what it acknowledges. */
async function consumeOnce(queue: string, messages: readonly Queued[]): Promise<readonly string[]> {
  const bodies = messages.map(({ id, body }) => ({ id, body, timestamp: new Date(), attempts: 1 }));
  const batch = createMessageBatch(`signalbox-${queue}`, bodies);
  await worker.queue(batch, env);
  const result = await getQueueResult(batch, createExecutionContext());
  return result.ackAll ? messages.map(({ id }) => id) : result.explicitAcks;
}
