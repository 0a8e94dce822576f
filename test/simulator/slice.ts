import type { EntityEvent } from "../../src/domain/event.ts";
import { PRIORITIES, type Priority } from "../../src/domain/event.ts";
import { headOf } from "../../src/domain/lane.ts";
import type { Work } from "../../src/domain/work.ts";
import type { LaneTraits } from "../../src/pipeline/sequence/ports.ts";
import { type Breach, newTally, type Tally } from "./breach.ts";
import { Chance } from "./chance.ts";
import { EntityHost, type Surroundings } from "./entity-host.ts";
import { Governors } from "./governors.ts";
import { IndexTable } from "./index-table.ts";
import { Network, Skies } from "./network.ts";
import { Operators } from "./operators.ts";
import type { Plant } from "./plant.ts";
import { consumePorts, Queue } from "./queue.ts";
import { addressOf, definitionOf, lateTraitsOf, REMOTES, RemoteSystem, type Effect } from "./remote-systems.ts";
import { Owners } from "./owners.ts";
import { ECHO, echoOf, eventOf, isOrdered, newEventId, readerOf, saysOf, scriptOf, type State } from "./senders.ts";
import { VirtualTime } from "./virtual-time.ts";
import { Witness } from "./witness.ts";

const START_MS = 1_700_000_000_000;
/** Bad weather lasts this long after the last state was told. */
const AFTERMATH_MS = 60_000;
/** Longer than any retry, quiet or redelivery of the run can last. */
const QUIET_MS = 30 * 60_000;
/** How often a sender is taken in directly, the queue having refused. */
const SPILLED = 0.02;

const TRAITS: Omit<LaneTraits, "deduplicates" | "knowsLateCopies"> = {
  retry: { maxAttempts: 5, firstDelayMs: 1_000, maxDelayMs: 30_000, maxAgeMs: 3_600_000 },
  timeoutMs: 5_000,
};

/** A slice takes some 45 steps an event; one that takes this many never comes to rest. */
const MOST_STEPS = { atAll: 100_000, perEvent: 150 };

export interface SliceOptions {
  readonly seed: string;
  /** The numbers of its entities: each has its own part by its number, whoever else is there. */
  readonly entities: readonly number[];
  readonly eventsEach: number;
  readonly plant: Plant | null;
  /** Told of each step of an entity's object, with the time in ms since the start. */
  readonly trace?: (atMs: number, entity: string, what: string) => void;
}

export interface SliceReport {
  readonly tally: Tally;
  readonly breaches: readonly Breach[];
}

/** Some entities that share queues, governors, destinations and an index, from their first event to the last thing owed. */
export class Slice {
  readonly #options: SliceOptions;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #tally = newTally();
  readonly #breaches: Breach[] = [];
  readonly #remotes: ReadonlyMap<string, RemoteSystem>;
  readonly #witnesses = new Map<string, Witness>();
  readonly #hosts = new Map<string, EntityHost>();
  readonly #queues: ReadonlyMap<Priority, Queue>;
  readonly #governors: Governors;
  readonly #index: IndexTable;
  readonly #operators: Operators;
  readonly #owners: Owners;
  readonly #clearAtMs: number;

  constructor(options: SliceOptions) {
    this.#options = options;
    const { seed, plant } = options;
    this.#time = new VirtualTime(START_MS, MOST_STEPS.atAll + MOST_STEPS.perEvent * options.entities.length * options.eventsEach);
    this.#chance = new Chance(seed, "slice");
    const scripts = options.entities.map((number) =>
      scriptOf(`e${number}`, options.eventsEach, START_MS, new Chance(seed, number, "script")),
    );
    this.#clearAtMs = AFTERMATH_MS + Math.max(...scripts.flatMap((script) => script.states.map((state) => state.atMs)));
    const skies = new Skies(seed, this.#clearAtMs);
    this.#remotes = new Map(REMOTES.map((traits) => [traits.name, new RemoteSystem(traits, seed)]));
    this.#governors = new Governors(this.#time, new Chance(seed, "governors"), plant);
    this.#index = new IndexTable(this.#time, skies, new Chance(seed, "index"));
    this.#owners = new Owners({
      time: this.#time,
      skies,
      chance: new Chance(seed, "owners"),
      scriptOf: (key) => this.#witnesses.get(key)?.script,
      tally: this.#tally,
    });
    this.#tellOfEffects(new Chance(seed, "echoes"));
    const around = this.#surroundings(skies);
    for (const script of scripts) {
      this.#witnesses.set(script.key, new Witness(script));
      this.#hosts.set(script.key, new EntityHost(script.key, new Chance(seed, script.key, "host"), around));
    }
    this.#queues = this.#makeQueues(around);
    this.#operators = new Operators({
      time: this.#time,
      chance: new Chance(seed, "operators"),
      governors: this.#governors,
      index: this.#index,
      hosts: this.#hosts,
      witnesses: this.#witnesses,
      tally: this.#tally,
    });
  }

  async run(): Promise<SliceReport> {
    for (const witness of this.#witnesses.values()) this.#rehearse(witness);
    this.#operators.plan(START_MS, this.#clearAtMs);
    await this.#time.run(this.#clearAtMs);
    this.#calm();
    await this.#time.run(this.#clearAtMs + QUIET_MS);
    this.#checkOwed("after the weather cleared", (work, all) => isExcused(work, all) || this.#governors.isPaused(work.plan.destination));
    for (const round of [2, 3]) {
      this.#operators.settleAll();
      await this.#time.run(this.#clearAtMs + round * QUIET_MS);
    }
    this.#checkOwed("after everything was resumed and every dead letter dealt with", () => false);
    if (this.#time.exhausted) this.#breaches.push({ kind: "stuck", entity: "all", what: `no rest after ${this.#time.kept} steps` });
    for (const witness of this.#witnesses.values()) this.#breaches.push(...witness.judge(this.#index, this.#remotes));
    for (const remote of this.#remotes.values()) this.#tally.deliveries += remote.effects;
    this.#tally.indexRefusals = this.#index.refusals;
    return { tally: this.#tally, breaches: this.#breaches };
  }

  #surroundings(skies: Skies): Surroundings {
    const { trace } = this.#options;
    const connection = (name: string) => ({ baseUrl: addressOf(name), settings: {}, secrets: {} });
    const targets = REMOTES.map((traits) => ({
      definition: definitionOf(traits),
      connection: connection(traits.name),
      timeoutMs: TRAITS.timeoutMs,
    }));
    return {
      time: this.#time,
      network: new Network(this.#time, skies, this.#remotes),
      governors: this.#governors,
      index: this.#index,
      plan: (event) => this.#plan(event),
      targets: new Map(targets.map((target) => [target.definition.module, target])),
      traits: new Map(REMOTES.map((remote) => [remote.name, { ...TRAITS, ...lateTraitsOf(remote) }])),
      tally: this.#tally,
      breach: (breach) => void this.#breaches.push(breach),
      plant: this.#options.plant,
      trace: trace === undefined ? null : (entity, what) => trace(this.#time.nowMs - START_MS, entity, what()),
    };
  }

  /** As the configured routes do: only snapshots collapse, and only changes wait behind a dead one unless told otherwise. */
  #plan(event: EntityEvent) {
    const { lanes = [], echoes = false } = this.#witnesses.get(event.entity.key)?.script ?? {};
    return {
      lanes: lanes.map((lane) => ({ ...lane, collapse: lane.collapse && event.nature === "snapshot" })),
      why: [],
      ...(echoes ? { echoed: [ECHO.of] } : {}),
      ...(event.sourceName === ECHO.source ? { echoOf: [ECHO.of] } : {}),
    };
  }

  #makeQueues(around: Surroundings): ReadonlyMap<Priority, Queue> {
    const { plant, seed } = this.#options;
    const ports = consumePorts({
      plan: around.plan,
      hints: {
        readerOf,
        read: (owner, event) => this.#owners.read(owner, event.entity.key),
        sha256: (text) => Promise.resolve(text),
      },
      lease: (destination, wanted) => this.#governors.lease(destination, wanted),
      settleLease: (destination, settlement) => this.#governors.settle(destination, settlement),
      record: (rows) => this.#index.record(rows),
      sequence: async (entity, events, permits) => {
        await this.#time.sleep(this.#chance.between(1, 20));
        return this.#host(entity).sequence(events, permits);
      },
    });
    const consume = plant?.consume?.(ports) ?? ports;
    return new Map(
      PRIORITIES.map((priority) => [
        priority,
        new Queue(priority, { time: this.#time, chance: new Chance(seed, priority), consume, acksEarly: plant?.acksEarly ?? false }),
      ]),
    );
  }

  #host(entity: string): EntityHost {
    const host = this.#hosts.get(entity.slice(entity.indexOf("/") + 1));
    if (host === undefined) throw new Error(`no entity ${entity}`);
    return host;
  }

  /** Puts everything that an entity's senders and operators will do on the calendar. */
  #rehearse(witness: Witness): void {
    const { script } = witness;
    const chance = new Chance(this.#options.seed, script.key, "senders");
    for (const state of script.states) {
      const firstId = newEventId(state.atMs, chance);
      this.#at(state.atMs, () => this.#tell(witness, state, { id: firstId, chance }));
      this.#tally.events++;
      for (const atMs of state.copiesAtMs)
        this.#at(atMs, () => this.#tell(witness, state, { id: newEventId(atMs, chance), chance, copy: true }));
      for (const { atMs, force } of state.replays) this.#at(atMs, () => this.#replay(witness, state, { of: firstId, force, chance }));
    }
    for (const atMs of script.looksAtMs) this.#at(atMs, () => this.#operators.lookAt(script.key));
  }

  #at(atMs: number, act: () => void): void {
    this.#time.after(atMs - this.#time.nowMs, act);
  }

  #tell(witness: Witness, state: State, by: { readonly id: string; readonly chance: Chance; readonly copy?: true }): void {
    if (by.copy) this.#tally.copies++;
    const event = eventOf(witness.script, state, { id: by.id, nowMs: this.#time.nowMs });
    if (by.chance.happens(SPILLED))
      return state.order === "hint" ? this.#tellLater(witness, state, by.chance) : this.#spill(witness, state, event, by.chance);
    this.#enqueue(witness, state, event);
  }

  #enqueue(witness: Witness, state: State, event: EntityEvent): void {
    (witness.told.get(event.id) ?? witness.note(event, state)).acked = true;
    this.#queues.get(event.priority)?.send(event);
  }

  /** The queue has refused: the entity's object takes the event, or the sender hears "try again" and does. */
  #spill(witness: Witness, state: State, event: EntityEvent, chance: Chance): void {
    const told = witness.note(event, state);
    this.#host(event.entity.key)
      .spill([event])
      .then(
        () => (told.acked = true),
        () => this.#tellLater(witness, state, chance),
      );
  }

  /** The sender has heard "try again". */
  #tellLater(witness: Witness, state: State, chance: Chance): void {
    this.#time.after(5_000, () => this.#tell(witness, state, { id: newEventId(this.#time.nowMs, chance), chance, copy: true }));
  }

  /** Where the ERP tells of what was written to it, it does so a little later, and in order as far as its own versions tell. */
  #tellOfEffects(chance: Chance): void {
    const remote = this.#remotes.get(ECHO.of);
    if (remote === undefined) return;
    remote.onEffect = (effect) => {
      const witness = this.#witnesses.get(effect.entity);
      if (witness?.script.echoes === true) this.#echo(witness, effect, { number: remote.effects, chance });
    };
  }

  /** Only of states whose order is known, so that it can be told afterwards whether an echo brought an older one back. */
  #echo(witness: Witness, { eventId: of, content }: Effect, by: { readonly number: number; readonly chance: Chance }): void {
    const origin = witness.originOf(of);
    if (origin === undefined || !isOrdered(origin.state.order) || saysOf(origin.state) !== content) return;
    this.#tally.echoes++;
    const state = echoOf(content, by.number, this.#time.nowMs);
    this.#time.after(by.chance.between(20, 5_000), () => {
      const id = newEventId(this.#time.nowMs, by.chance);
      const event = eventOf(witness.script, state, { id, nowMs: this.#time.nowMs });
      witness.note(event, state, origin);
      this.#enqueue(witness, state, event);
    });
  }

  #replay(witness: Witness, state: State, how: { readonly of: string; readonly force: boolean; readonly chance: Chance }): void {
    this.#tally.replays++;
    const id = newEventId(this.#time.nowMs, how.chance);
    const event = eventOf(witness.script, state, { id, nowMs: this.#time.nowMs, replay: how });
    this.#enqueue(witness, state, { ...event, priority: "bulk" });
  }

  #calm(): void {
    this.#governors.calm = true;
    this.#owners.calm = true;
    for (const queue of this.#queues.values()) queue.calm = true;
    for (const host of this.#hosts.values()) host.calm = true;
    for (const remote of this.#remotes.values()) remote.mendedAtMs = this.#time.nowMs;
  }

  /** Nothing may be owed any more but what is excused. */
  #checkOwed(when: string, excused: (work: Work, all: readonly Work[]) => boolean): void {
    for (const [entity, { storage }] of this.#hosts) {
      const all = [...storage.work.values()];
      const stuck = all.find((work) => !excused(work, all));
      const what = (owed: string): Breach => ({ kind: "stuck", entity, what: `${owed} ${when}` });
      if (stuck !== undefined) this.#breaches.push(what(`${stuck.event.id} is ${stuck.state} for ${stuck.plan.destination}`));
      if (storage.owed.size > 0) this.#breaches.push(what(`${storage.owed.size} outcomes are owed to the index`));
    }
    for (const message of [...this.#queues.values()].flatMap((queue) => queue.unacked)) {
      const event = message.body as EntityEvent;
      this.#breaches.push({ kind: "stuck", entity: event.entity.key, what: `the message of ${event.id} is not acknowledged ${when}` });
    }
  }
}

/** Dead, or behind a dead letter that halts its lane. */
function isExcused(work: Work, all: readonly Work[]): boolean {
  return work.state === "dead" || headOf(all, work.plan.destination, Number.POSITIVE_INFINITY)?.state === "dead";
}
