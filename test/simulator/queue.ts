import type { AuditRows } from "../../src/domain/audit-record.ts";
import type { EntityEvent, Priority } from "../../src/domain/event.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { consume, type ConsumePorts, type Message } from "../../src/pipeline/consume/consume.ts";
import type { Chance } from "./chance.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What goes wrong with messages, as shares of them or of batches. */
const FAULTS = { twice: 0.02, late: 0.05, consumerDies: 0.01, ackLost: 0.01 };
const BATCH = 10;
const BATCH_WAIT_MS = 100;
const LATE_MS = 20_000;
/** A message without an acknowledgement comes again after this long, also while its consumer is still at it. */
const PATIENCE_MS = 30_000;

export interface QueuePorts {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly consume: ConsumePorts;
  readonly acksEarly: boolean;
}

/** One queue of a class: at least once, in no certain order, in batches, until acknowledged; and its consumers. */
export class Queue {
  readonly #ports: QueuePorts;
  readonly #priority: Priority;
  readonly #unacked = new Map<string, Message>();
  #ready: Message[] = [];
  #waiting = false;
  #sent = 0;
  calm = false;

  constructor(priority: Priority, ports: QueuePorts) {
    this.#priority = priority;
    this.#ports = ports;
  }

  /** Messages that nobody has acknowledged. */
  get unacked(): readonly Message[] {
    return [...this.#unacked.values()];
  }

  send(event: EntityEvent): void {
    const message = { id: `m${this.#sent++}`, body: event };
    this.#unacked.set(message.id, message);
    const { chance } = this.#ports;
    const ways = !this.calm && chance.happens(FAULTS.twice) ? 2 : 1;
    for (let i = 0; i < ways; i++)
      this.#offer(message, !this.calm && chance.happens(FAULTS.late) ? chance.below(LATE_MS) : chance.below(50));
  }

  #offer(message: Message, inMs: number): void {
    this.#ports.time.after(inMs, () => {
      this.#ready.push(message);
      if (this.#ready.length >= BATCH) this.#dispatch();
      else if (!this.#waiting) {
        this.#waiting = true;
        this.#ports.time.after(BATCH_WAIT_MS, () => {
          this.#waiting = false;
          while (this.#ready.length > 0) this.#dispatch();
        });
      }
    });
  }

  #dispatch(): void {
    const batch = this.#ready.slice(0, BATCH);
    this.#ready = this.#ready.slice(BATCH);
    if (batch.length > 0) void this.#run(batch);
  }

  async #run(batch: readonly Message[]): Promise<void> {
    const { chance, time, acksEarly } = this.#ports;
    const dies = !this.calm && chance.happens(FAULTS.consumerDies);
    if (acksEarly) for (const message of batch) this.#unacked.delete(message.id);
    let over = false;
    time.after(PATIENCE_MS, () => {
      if (!over) this.#again(batch, 0);
    });
    const dispositions = await consume(batch, this.#priority, this.#ports.consume);
    if (dies) return;
    over = true;
    const again: Message[] = [];
    for (const message of batch) {
      const acked = dispositions.get(message.id)?.do === "ack";
      if (!acked || (!this.calm && chance.happens(FAULTS.ackLost))) again.push(message);
      else this.#unacked.delete(message.id);
    }
    this.#again(again, LIMITS.consumerRetrySeconds * 1_000);
  }

  #again(messages: readonly Message[], inMs: number): void {
    for (const message of messages) if (this.#unacked.has(message.id)) this.#offer(message, inMs + this.#ports.chance.below(1_000));
  }
}

/** Ports of a consumer whose batches always find their archive, in front of the given entities, governors and index. */
export const consumePorts = (
  parts: Pick<ConsumePorts, "plan" | "hints" | "lease" | "settleLease" | "sequence"> & {
    readonly record: (rows: readonly AuditRows[]) => Promise<void>;
  },
): ConsumePorts => ({
  ...parts,
  ownerOf: () => "team",
  sourceOwner: () => "team",
  projections: () => [],
  slas: () => ({ spans: [], rates: [] }),
  archive: (events) => ({ refs: events.map(() => null), stored: Promise.resolve() }),
  recordPoison: () => Promise.resolve(),
});
