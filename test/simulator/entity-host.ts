import { nobody } from "../support/world.ts";
import { bareSession } from "../../src/connection/session.ts";
import { hash } from "node:crypto";
import { auditRows } from "../../src/domain/audit-record.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { RoutePlan } from "../../src/domain/routing.ts";
import { ok } from "../../src/domain/result.ts";
import { nextDueMs } from "../../src/domain/lane.ts";
import type { Work } from "../../src/domain/work.ts";
import { deliver, inlineData, type DeliverPorts, type Target } from "../../src/pipeline/deliver.ts";
import type {
  LaneTraits,
  Ledger,
  LedgerChange,
  OperatorAction,
  OperatorAnswer,
  Permits,
  SequenceAnswer,
  SequencePorts,
} from "../../src/pipeline/sequence/ports.ts";
import { Sequencer } from "../../src/pipeline/sequence/sequencer.ts";
import type { Breach, Tally } from "./breach.ts";
import { Chance } from "./chance.ts";
import { EntityStorage } from "./entity-storage.ts";
import type { Governors } from "./governors.ts";
import type { IndexTable } from "./index-table.ts";
import type { Network } from "./network.ts";
import type { Plant } from "./plant.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What is around an entity's object. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly network: Network;
  readonly governors: Governors;
  readonly index: IndexTable;
  readonly plan: (event: EntityEvent) => RoutePlan;
  readonly targets: ReadonlyMap<string, Target>;
  readonly traits: ReadonlyMap<string, LaneTraits>;
  readonly tally: Tally;
  readonly breach: (breach: Breach) => void;
  readonly plant: Plant | null;
  /** Told of every step that an object takes, where someone wants to follow one. */
  readonly trace: ((entity: string, what: () => string) => void) | null;
}

/** Share of steps at which an object dies: between any two things that it does to the world. */
const DIES = 1 / 150;
/** Share of calls to an object at rest before which it was put away. */
const PUT_AWAY = 0.1;
/** The platform fires a failed alarm again after this long. */
const ALARM_AGAIN_MS = 2_000;
/** Clocks of two machines differ by at most this, in each direction. */
const SKEW_MS = 150;
/** An alarm may be this late after what is due. */
const ALARM_SLACK_MS = 3_000;

/** Made anew each time: what waits for one that all share is never let go of. */
const never = (): Promise<never> => new Promise(() => undefined);
const sha256 = (text: string): string => hash("sha256", text);

/** The platform's part for one entity: keeps its storage and its alarm, makes its object, and lets it die at any step. */
export class EntityHost {
  readonly name: string;
  readonly storage = new EntityStorage();
  readonly #around: Surroundings;
  readonly #chance: Chance;
  readonly #callers = new Set<(reason: Error) => void>();
  #sequencer: Sequencer | null = null;
  #generation = 0;
  #skewMs = 0;
  #stepsLeft: number;
  #inAlarm = false;
  #appointmentMs = Number.POSITIVE_INFINITY;
  /** From then on objects live as long as they are needed. */
  calm = false;

  constructor(name: string, chance: Chance, around: Surroundings) {
    this.name = name;
    this.#chance = chance;
    this.#around = around;
    this.#stepsLeft = chance.stepsUntil(DIES);
  }

  sequence(events: readonly EntityEvent[], permits: Permits): Promise<SequenceAnswer> {
    const { event } = this.#around.plant ?? {};
    this.#trace(() => `takes ${events.map((each) => `${each.id} (${each.contentHash})`).join(", ")} under ${JSON.stringify(permits)}`);
    return this.#call((sequencer) => sequencer.sequence(event === undefined ? events : events.map((each) => event(each)), permits));
  }

  spill(events: readonly EntityEvent[]): Promise<readonly EventOutcome[]> {
    this.#trace(() => `is spilled ${events.map((each) => `${each.id} (${each.contentHash})`).join(", ")}`);
    return this.#call((sequencer) => sequencer.spill(events));
  }

  operate(action: OperatorAction): Promise<OperatorAnswer> {
    this.#trace(() => `is told to ${action.verb} ${action.eventId} in ${action.destination}${action.force ? ", forced" : ""}`);
    return this.#call((sequencer) => sequencer.operate(action));
  }

  resume(destination: string): Promise<void> {
    this.#trace(() => `hears that ${destination} goes on`);
    return this.#call((sequencer) => sequencer.wake(destination));
  }

  /** The object dies: its memory is gone, nothing that it still does has an effect, and its callers hear that it was reset. */
  crash(): void {
    this.#trace(() => `dies, ${this.#callers.size} calls get no answer${this.#inAlarm ? ", its alarm among them" : ""}`);
    this.#around.tally.crashes++;
    this.#around.tally.lostAnswers += this.#callers.size;
    for (const reject of this.#callers) this.#around.time.after(this.#chance.below(2_000), () => reject(new Error("the object was reset")));
    this.#forget();
    this.#stepsLeft = this.calm ? Number.POSITIVE_INFINITY : this.#chance.stepsUntil(DIES);
    if (!this.#inAlarm) return;
    this.#inAlarm = false;
    this.#setAlarm(Math.min(this.storage.alarmAtMs ?? Number.POSITIVE_INFINITY, this.#around.time.nowMs + ALARM_AGAIN_MS));
  }

  #trace(what: () => string): void {
    this.#around.trace?.(this.name, what);
  }

  #forget(): void {
    this.#callers.clear();
    this.#generation++;
    this.#sequencer = null;
  }

  #call<T>(work: (sequencer: Sequencer) => Promise<T>): Promise<T> {
    const sequencer = this.#awake();
    const generation = this.#generation;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#callers.add(reject);
    const end = (settle: () => void): void => {
      if (generation !== this.#generation) return;
      this.#callers.delete(reject);
      settle();
      if (this.#callers.size === 0) this.#checkAlarm();
    };
    void work(sequencer).then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => this.#fail(error, reject)),
    );
    return promise;
  }

  /** A sequencer answers everything that can be expected with a value: what it throws is a mistake in it. */
  #fail(error: unknown, reject: (reason: Error) => void): void {
    this.#around.breach({ kind: "stuck", entity: this.name, what: `its object failed: ${String(error)}` });
    reject(error instanceof Error ? error : new Error(String(error)));
  }

  #awake(): Sequencer {
    if (this.#sequencer !== null && this.#callers.size === 0 && !this.calm && this.#chance.happens(PUT_AWAY)) {
      this.#around.tally.evictions++;
      this.#trace(() => "is put away");
      this.#forget();
    }
    if (this.#sequencer !== null) return this.#sequencer;
    this.#skewMs = this.#chance.between(-SKEW_MS, SKEW_MS);
    const ports = this.#ports();
    this.#sequencer = new Sequencer(this.#around.plant?.ports?.(ports, this.storage) ?? ports);
    return this.#sequencer;
  }

  #setAlarm(atMs: number | null): void {
    this.storage.alarmAtMs = atMs === null ? null : Math.max(atMs, this.#around.time.nowMs);
    this.#trace(() => `sets its alarm to ${this.storage.alarmAtMs ?? "never"}`);
    this.#appoint();
  }

  #appoint(): void {
    const { alarmAtMs } = this.storage;
    if (alarmAtMs === null || this.#inAlarm || alarmAtMs >= this.#appointmentMs) return;
    this.#appointmentMs = alarmAtMs;
    this.#around.time.after(alarmAtMs - this.#around.time.nowMs + this.#chance.between(1, 20), () => {
      if (this.#appointmentMs === alarmAtMs) this.#appointmentMs = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  #ring(): void {
    const { alarmAtMs } = this.storage;
    if (alarmAtMs === null || this.#inAlarm) return;
    if (alarmAtMs > this.#around.time.nowMs) return this.#appoint();
    this.storage.alarmAtMs = null;
    this.#inAlarm = true;
    this.#trace(() => "hears its alarm");
    void this.#call(async (sequencer) => {
      await sequencer.wake();
      this.#inAlarm = false;
      this.#appoint();
    }).catch(() => undefined);
  }

  /** Nobody is calling: what is due must have an alarm in time, or nobody will come for it. */
  #checkAlarm(): void {
    const { work, owed, alarmAtMs } = this.storage;
    const dueMs =
      nextDueMs(work.values(), this.#around.time.nowMs + this.#skewMs) ?? (owed.size === 0 ? null : this.#around.time.nowMs + 15_000);
    if (dueMs === null) return;
    const latestMs = Math.max(dueMs, this.#around.time.nowMs) + ALARM_SLACK_MS;
    if (alarmAtMs !== null && alarmAtMs <= latestMs) return;
    this.#trace(() => "has no alarm for what is due");
    const what = `something is due at ${dueMs}, the alarm is set to ${alarmAtMs ?? "never"}`;
    this.#around.breach({ kind: "stuck", entity: this.name, what });
  }

  #step(): void {
    if (!this.calm && --this.#stepsLeft <= 0) this.crash();
  }

  /** What an object of this generation can do; once it is dead, nothing, and no answer reaches it. */
  #ports(): SequencePorts {
    const generation = this.#generation;
    const alive = (): boolean => generation === this.#generation;
    const mortal = async <T>(work: () => Promise<T>): Promise<T> => {
      if (!alive()) return never();
      const value = await work().catch((error: unknown) => (alive() ? Promise.reject(error) : never()));
      if (alive()) this.#step();
      return alive() ? value : never();
    };
    const { time, governors, plan, traits } = this.#around;
    const deliverPorts = this.#deliverPorts(alive);
    return {
      ledger: this.#ledger(alive),
      clock: () => time.nowMs + this.#skewMs,
      random: () => this.#chance.next(),
      sha256,
      timer: (ms) => this.#timer(ms, alive),
      plan,
      traits: (destination) => traits.get(destination) ?? null,
      deliver: (work) => {
        this.#trace(() => `attempts ${work.event.id} in ${work.plan.destination}${alive() ? "" : ", but is dead"}`);
        return mortal(() => deliver(work, deliverPorts));
      },
      lease: (destination, priority, asker) => mortal(() => governors.lease(destination, { count: 1, priority, ...asker })),
      settleLease: (destination, settlement) => mortal(() => governors.settle(destination, settlement)),
      report: (owed) => mortal(() => this.#around.index.record(owed.map(({ event, outcome }) => this.#rows(event, outcome)))),
      peer: nobody,
      readAgain: async () => null,
      setAlarm: (atMs) => (alive() ? this.#setAlarm(atMs) : undefined),
    };
  }

  #rows(event: EntityEvent, outcome: EventOutcome) {
    return auditRows(event, outcome, {
      why: [],
      rawRef: null,
      ownerOf: () => "team",
      sourceOwner: "team",
      projections: () => [],
      slas: () => ({ spans: [], rates: [] }),
    });
  }

  /**
   * Storage keeps what an object writes without waiting in between as one: so it dies of a write only once all that it
   * does at that moment is done.
   */
  #ledger(alive: () => boolean): Ledger {
    const write = (act: () => void): void => {
      if (!alive()) return;
      act();
      if (this.calm || --this.#stepsLeft > 0) return;
      this.#stepsLeft = Number.POSITIVE_INFINITY;
      queueMicrotask(() => (alive() ? this.crash() : undefined));
    };
    const { storage } = this;
    return {
      load: () => storage.load(),
      find: (key) => storage.find(key),
      commit: (change) => {
        if (alive()) this.#count(change.put);
        this.#trace(() => `commits ${wordsOf(change)}${alive() ? "" : ", but is dead"}`);
        write(() => storage.commit(change));
      },
      saveMarks: (marks) => {
        this.#trace(() => `saves marks ${JSON.stringify(marks)}`);
        write(() => storage.saveMarks(marks));
      },
      settleOwed: (paid) => write(() => storage.settleOwed(paid)),
    };
  }

  #count(put: readonly Work[]): void {
    for (const work of put) {
      if (work.state === "held") this.#around.tally.holds++;
      if (work.state === "dead") this.#around.tally.deadLetters++;
    }
  }

  #deliverPorts(alive: () => boolean): DeliverPorts {
    const { time, network, targets, tally } = this.#around;
    const journey = {
      chance: this.#chance,
      alive,
      onEffect: () => {
        this.#trace(() => "reached the destination");
        if (alive()) this.#step();
      },
      onLost: () => void tally.lostAnswers++,
      onStray: () => void tally.strays++,
    };
    return {
      clock: () => time.nowMs + this.#skewMs,
      sha256,
      target: (destination) => {
        const target = targets.get(destination);
        return target === undefined ? { ok: false, failure: `no destination ${destination}` } : ok(target);
      },
      permit: (_work, data) => ok({ data, withheld: [] }),
      data: (work) => Promise.resolve(inlineData(work)),
      open: (_destination, { definition, connection, timeoutMs }) =>
        bareSession(definition, connection, {
          clock: () => time.nowMs + this.#skewMs,
          send: (request) => network.send(request, timeoutMs, journey),
        }),
    };
  }

  #timer(ms: number, alive: () => boolean): { done: Promise<void>; cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    let cancelled = false;
    this.#around.time.after(ms, () => {
      if (!cancelled && alive()) resolve();
    });
    return { done: promise, cancel: () => void (cancelled = true) };
  }
}

const wordsOf = ({ lines, put, drop, outcomes }: LedgerChange): string =>
  [
    ...lines.map(({ entry, known }) => `line ${entry.seq}${known === undefined ? "" : ` of ${entry.eventId}`}`),
    ...outcomes.map(
      ({ outcome }) => `${outcome.eventId} is ${outcome.status}${outcome.reason === undefined ? "" : ` (${outcome.reason})`}`,
    ),
    ...put.map((work) => `puts ${work.event.id} ${work.plan.destination} at ${work.position} ${work.state} due ${work.dueAtMs ?? "never"}`),
    ...drop.map((work) => `drops ${work.event.id} ${work.plan.destination}`),
  ].join("; ");
