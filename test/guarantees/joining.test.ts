import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entityName, type EntityEvent } from "../../src/domain/event.ts";
import type { EntityRef } from "../../src/domain/kin.ts";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { Work } from "../../src/domain/work.ts";
import { idempotencyKey } from "../../src/pipeline/deliver.ts";
import type { Ledger, Peer, SequencePorts } from "../../src/pipeline/sequence/ports.ts";
import { Sequencer } from "../../src/pipeline/sequence/sequencer.ts";
import { MemoryLedger, MemoryStorage } from "../support/memory-ledger.ts";
import { orderEvent, planTo, sha256 } from "../support/world.ts";

const CRM_KEY = "001Ab";
const ERP_KEY = "C-77";
const DONE = new Set(["delivered", "superseded", "ignored", "cancelled"]);
const never = new Promise<never>(() => undefined);
const mute: Peer = { sequence: () => never, spill: () => never, operate: () => never, join: () => never, handedOver: () => never };

interface Effect {
  readonly destination: string;
  readonly idempotencyKey: string;
  readonly source: string;
  readonly version: number;
  readonly entityKey: string;
}

/** An entity's object: its storage survives it. */
interface Hosted {
  readonly storage: MemoryStorage;
  sequencer: Sequencer;
  generation: number;
  alarmAtMs: number | null;
  /** Whether its alarm is at work: cut short, it comes again. */
  waking: boolean;
}

/**
 * Two systems that tell of one customer under two keys. The CRM's events go to the ERP, which makes a record and tells of
 * it under its own key; the ERP's events go to the CRM. Destinations can be down; objects are dropped at any moment.
 */
class Town {
  nowMs = 1_000_000;
  readonly effects: Effect[] = [];
  readonly outcomes = new Map<string, EventOutcome>();
  readonly down = new Set<string>();
  readonly #objects = new Map<string, Hosted>();
  readonly #events: EntityEvent[] = [];
  readonly #applied = new Set<string>();
  #requests = 0;
  #timers: { atMs: number; resolve: () => void }[] = [];

  object(name: string): Hosted {
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    const storage = new MemoryStorage();
    const made: Hosted = { storage, generation: 0, alarmAtMs: null, waking: false, sequencer: undefined as unknown as Sequencer };
    this.#objects.set(name, made);
    made.sequencer = this.#make(made);
    return made;
  }

  evict(key: string): void {
    const hosted = this.object(`customer/${key}`);
    hosted.generation++;
    if (hosted.waking) hosted.alarmAtMs = this.nowMs + 2_000;
    hosted.waking = false;
    hosted.sequencer = this.#make(hosted);
  }

  /** A queue: a message whose answer does not come, or has no outcome for it, comes again at the end. */
  send(source: "crm" | "erp", version: number): void {
    const key = source === "crm" ? CRM_KEY : ERP_KEY;
    const known = this.#events.find(
      (event) => event.sourceName === source && event.order.kind === "int" && event.order.value === String(version),
    );
    const event = known ?? {
      ...orderEvent({ id: `${source}-${version}`, source, version }),
      entity: { kind: "customer" as const, key, schemaVersion: 1 },
    };
    if (known === undefined) this.#events.push(event);
    void this.#deliverMessage(event);
  }

  async #deliverMessage(event: EntityEvent): Promise<void> {
    try {
      const { outcomes } = await this.#peer(event.entity).sequence([event], {});
      for (const outcome of outcomes) this.#tell(outcome);
    } catch {
      // It comes again in `heal`.
    }
  }

  /** Lets time pass, with what is due in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      for (let tick = 0; tick < 30; tick++) await Promise.resolve();
      const alarms = [...this.#objects.values()].filter(({ alarmAtMs }) => alarmAtMs !== null && alarmAtMs <= endMs);
      const nextMs = Math.min(...alarms.map(({ alarmAtMs }) => alarmAtMs ?? 0), ...this.#timers.map(({ atMs }) => atMs));
      if (nextMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const timer of this.#timers.filter(({ atMs }) => atMs <= this.nowMs)) {
        this.#timers = this.#timers.filter((other) => other !== timer);
        timer.resolve();
      }
      for (const hosted of alarms.filter(({ alarmAtMs }) => (alarmAtMs ?? Infinity) <= this.nowMs)) {
        hosted.alarmAtMs = null;
        hosted.waking = true;
        const { generation } = hosted;
        void hosted.sequencer
          .wake()
          .catch(() => undefined)
          .finally(() => {
            if (generation === hosted.generation) hosted.waking = false;
          });
      }
    }
    this.nowMs = endMs;
  }

  /** All is well again: messages without an outcome come again, and alarms do the rest. */
  async heal(): Promise<void> {
    this.down.clear();
    for (let round = 0; round < 12; round++) {
      for (const event of this.#events) if (!DONE.has(this.outcomes.get(event.id)?.status ?? "")) void this.#deliverMessage(event);
      await this.pass(120_000);
    }
  }

  events(): readonly EntityEvent[] {
    return this.#events;
  }

  #tell(outcome: EventOutcome): void {
    if ((this.outcomes.get(outcome.eventId)?.rev ?? 0) <= outcome.rev) this.outcomes.set(outcome.eventId, outcome);
  }

  /** A call to an object that is dropped meanwhile never answers; here it fails, as it does for callers. */
  #peer(entity: EntityRef): Peer {
    const hosted = this.object(entityName(entity));
    const generation = hosted.generation;
    const standing = (): void => {
      if (generation !== hosted.generation) throw new Error("the object was dropped");
    };
    // There and back each take their time, and the object may be gone at either end.
    const alive = async <T>(call: () => Promise<T> | T): Promise<T> => {
      await this.#timer(20).done;
      standing();
      const value = await call();
      standing();
      await this.#timer(20).done;
      return value;
    };
    return {
      sequence: (...args) => alive(() => hosted.sequencer.sequence(...args)),
      spill: (...args) => alive(() => hosted.sequencer.spill(...args)),
      operate: (...args) => alive(() => hosted.sequencer.operate(...args)),
      join: (...args) => alive(() => hosted.sequencer.join(...args)),
      handedOver: (...args) => alive(() => hosted.sequencer.handedOver(...args)),
    };
  }

  #make(hosted: Hosted): Sequencer {
    const generation = hosted.generation;
    const alive = (): boolean => generation === hosted.generation;
    const ledger = new MemoryLedger(hosted.storage);
    const mortal: Ledger = {
      load: () => ledger.load(),
      find: (key) => ledger.find(key),
      commit: (change) => (alive() ? ledger.commit(change) : undefined),
      saveMarks: (marks) => (alive() ? ledger.saveMarks(marks) : undefined),
      settleOwed: (paid) => (alive() ? ledger.settleOwed(paid) : undefined),
    };
    const ports: SequencePorts = {
      ledger: mortal,
      clock: () => this.nowMs,
      random: () => 0.5,
      sha256,
      timer: (ms) => this.#timer(ms),
      plan: (event) => {
        const plan = planTo(event.sourceName === "crm" ? ["erp"] : ["crm"]);
        return { ...plan, lanes: plan.lanes.map((lane) => (lane.destination === "erp" ? { ...lane, joins: true } : lane)) };
      },
      traits: () => ({
        retry: { maxAttempts: 5_000, firstDelayMs: 1_000, maxDelayMs: 8_000, maxAgeMs: 86_400_000 },
        timeoutMs: 5_000,
        deduplicates: true,
        knowsLateCopies: true,
      }),
      deliver: async (work) => (alive() ? this.#deliver(work, alive) : never),
      lease: async () => ({ id: "l", granted: 1, refusal: null }),
      settleLease: async () => undefined,
      report: async (owed) => (alive() ? owed.forEach(({ outcome }) => this.#tell(outcome)) : never),
      // What is dead says nothing any more: not even that it has taken over what it could not write.
      peer: (entity) => (alive() ? this.#peer(entity) : mute),
      readAgain: async () => null,
      setAlarm: (atMs) => {
        if (alive()) hosted.alarmAtMs = atMs;
      },
    };
    return new Sequencer(ports);
  }

  async #deliver(work: Work, alive: () => boolean): ReturnType<SequencePorts["deliver"]> {
    await this.#timer(this.#wayMs()).done;
    if (!alive()) return never;
    const record = { startedAtMs: 0, durationMs: 50 };
    const { destination } = work.plan;
    if (this.down.has(destination))
      return { kind: "failed", class: "transient", detail: "down", record: { ...record, result: "transient" } };
    const key = idempotencyKey(work, sha256);
    if (!this.#applied.has(key)) {
      const version = work.event.order.kind === "int" ? Number(work.event.order.value) : 0;
      this.effects.push({ destination, idempotencyKey: key, source: work.event.sourceName, version, entityKey: work.event.entity.key });
    }
    this.#applied.add(key);
    return { kind: "applied", record: { ...record, result: "applied" }, remote: { id: destination === "erp" ? ERP_KEY : CRM_KEY } };
  }

  /** Some requests take long, most do not. */
  #wayMs(): number {
    this.#requests++;
    return this.#requests % 3 === 0 ? 400 : 20;
  }

  #timer(ms: number): { done: Promise<void>; cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = { atMs: this.nowMs + ms, resolve };
    this.#timers.push(timer);
    return { done: promise, cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }
}

/** Promises 1 to 4, over both keys as the one entity that they are. */
function judge(town: Town): void {
  for (const event of town.events()) expect(DONE, event.id).toContain(town.outcomes.get(event.id)?.status);
  const keys = town.effects.map(({ idempotencyKey: key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const destination of ["crm", "erp"]) {
    const versions = town.effects.filter((effect) => effect.destination === destination).map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
  }
  const newest = (source: string): number =>
    Math.max(
      0,
      ...town.events().flatMap((event) => (event.sourceName === source && event.order.kind === "int" ? [Number(event.order.value)] : [])),
    );
  const last = (destination: string): number => town.effects.findLast((effect) => effect.destination === destination)?.version ?? 0;
  expect([last("erp"), last("crm")]).toEqual([newest("crm"), newest("erp")]);
}

describe("two keys of one entity", () => {
  it("share the sequencer of the key that came first, once the second is known to be the same", async () => {
    const town = new Town();
    town.send("crm", 1);
    await town.pass(1_000);
    expect(town.object(`customer/${CRM_KEY}`).sequencer.book.kin).toMatchObject({
      aliases: { [ERP_KEY]: "joined" },
      remotes: { erp: { id: ERP_KEY } },
    });
    town.send("erp", 1);
    await town.pass(1_000);
    expect(town.effects.map(({ destination, entityKey }) => [destination, entityKey])).toEqual([
      ["erp", CRM_KEY],
      ["crm", CRM_KEY],
    ]);
    expect(town.object(`customer/${ERP_KEY}`).sequencer.book.kin.movedTo).toEqual({ kind: "customer", key: CRM_KEY });
    judge(town);
  });

  it("hand over what had begun under the second key before it was known, in its order", async () => {
    const town = new Town();
    town.down.add("crm");
    town.send("erp", 1);
    town.send("erp", 2);
    await town.pass(2_000);
    town.send("crm", 1);
    await town.pass(40_000);
    const root = town.object(`customer/${CRM_KEY}`).sequencer.book;
    expect([...root.work()].map(({ event }) => [event.id, event.entity.key, event.alias])).toEqual([
      ["erp-1", CRM_KEY, ERP_KEY],
      ["erp-2", CRM_KEY, ERP_KEY],
    ]);
    await town.heal();
    judge(town);
    expect(town.object(`customer/${ERP_KEY}`).storage.work.size).toBe(0);
  });

  it("lose nothing, double nothing and reorder nothing, whatever dies and whichever is heard of first", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("crm" as const, "erp" as const), version: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1, 15, 25, 60, 110, 3_000, 40_000) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("evict" as const), key: fc.constantFrom(CRM_KEY, ERP_KEY) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom("fall" as const, "rise" as const), destination: fc.constantFrom("crm", "erp") }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40, size: "max" }), async (steps) => {
        const town = new Town();
        for (const each of steps) {
          if ("version" in each) town.send(each.do, each.version);
          else if ("ms" in each) await town.pass(each.ms);
          else if ("key" in each) town.evict(each.key);
          else if (each.do === "fall") town.down.add(each.destination);
          else town.down.delete(each.destination);
        }
        await town.heal();
        judge(town);
      }),
      { numRuns: 1_000 },
    );
  });
});
