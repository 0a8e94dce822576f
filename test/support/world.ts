import { createHash } from "node:crypto";
import type { EntityEvent, Nature } from "../../src/domain/event.ts";
import type { OrderToken } from "../../src/domain/order.ts";
import type { RoutePlan } from "../../src/domain/routing.ts";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { AttemptResult, Work } from "../../src/domain/work.ts";
import { idempotencyKey } from "../../src/pipeline/deliver.ts";
import type { LaneTraits, Ledger, Owed, Permits, SequencePorts } from "../../src/pipeline/sequence/ports.ts";
import { Sequencer } from "../../src/pipeline/sequence/sequencer.ts";
import { MemoryLedger, MemoryStorage } from "./memory-ledger.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export interface EventSpec {
  readonly id: string;
  readonly delivery?: string;
  readonly version?: number;
  readonly content?: string;
  readonly nature?: Nature;
  readonly source?: string;
  readonly order?: OrderToken;
  readonly rank?: number;
}

/** An event about one order, as small as the sequencer needs it. */
export function orderEvent(spec: EventSpec): EntityEvent {
  const content = spec.content ?? `v${spec.version ?? 0}`;
  return {
    v: 1,
    specversion: "1.0",
    id: spec.id,
    source: "/in/crm",
    type: "order.changed",
    correlationid: `cor_${spec.id}`,
    traceparent: "00-00000000000000000000000000000001-0000000000000001-01",
    sourceName: spec.source ?? "crm",
    receivedAtMs: 1_000,
    priority: "critical",
    verdict: "verified",
    secretId: "S",
    configVersion: "1",
    deliveryId: spec.delivery ?? spec.id,
    synthetic: false,
    contentHash: sha256(content),
    contentType: "application/json",
    raw: { at: "text", text: content },
    what: "entity",
    entity: { kind: "order", key: "SO-1", schemaVersion: 1 },
    nature: spec.nature ?? "snapshot",
    deleted: false,
    order: spec.order ?? (spec.version === undefined ? { kind: "none" } : { kind: "int", value: String(spec.version) }),
    rank: spec.rank ?? 0,
    payload: { at: "inline", data: { number: content } },
  };
}

export interface Effect {
  readonly destination: string;
  readonly key: string;
  readonly eventId: string;
  readonly content: string;
}

/** What a destination does with one request; `apply` says whether the effect happens, `answer` whether the answer arrives. */
export type Weather = "ok" | "down" | "lostBefore" | "lostAfter" | "refuse" | "throttle" | "never";

/** A destination in memory: applies an idempotency key once, and keeps every effect in order. */
export class Destination {
  readonly effects: Effect[] = [];
  readonly requests: Effect[] = [];
  readonly #seen = new Map<string, string>();
  weather: (request: Effect) => Weather = () => "ok";
  /** Whether it recognises a key it has seen. */
  deduplicates = true;

  receive(request: Effect): Weather {
    const weather = this.weather(request);
    this.requests.push(request);
    if (weather === "ok" || weather === "lostAfter") {
      if (!this.deduplicates || !this.#seen.has(request.key)) this.effects.push(request);
      this.#seen.set(request.key, request.content);
    }
    return weather;
  }

  has(request: Effect): boolean {
    return this.effects.some((effect) => effect.key === request.key);
  }
}

/** Time by hand: nothing happens until a test lets it. */
class HandClock {
  nowMs = 1_000_000;
  readonly #timers: { atMs: number; resolve: () => void }[] = [];

  timer(ms: number): { done: Promise<void>; cancel: () => void } {
    let entry: { atMs: number; resolve: () => void } | null = null;
    const done = new Promise<void>((resolve) => {
      entry = { atMs: this.nowMs + ms, resolve };
      this.#timers.push(entry);
    });
    return { done, cancel: () => void this.#timers.splice(this.#timers.findIndex((item) => item === entry) >>> 0, 1) };
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const due of this.#timers.filter((timer) => timer.atMs <= this.nowMs)) {
      this.#timers.splice(this.#timers.indexOf(due), 1);
      due.resolve();
    }
  }
}

export interface WorldOptions {
  readonly plan?: (event: EntityEvent) => RoutePlan;
  readonly traits?: Partial<LaneTraits>;
  readonly destinations?: readonly string[];
  readonly peer?: SequencePorts["peer"];
  /** In the place of one in memory. */
  readonly ledger?: Ledger;
  readonly readAgain?: SequencePorts["readAgain"];
}

/** No entity has another name unless a test gives it one. */
export const nobody: SequencePorts["peer"] = (entity) => {
  throw new Error(`nothing should be asked of ${entity.key}`);
};

const TRAITS: LaneTraits = {
  retry: { maxAttempts: 5, firstDelayMs: 1_000, maxDelayMs: 8_000, maxAgeMs: 3_600_000 },
  timeoutMs: 5_000,
  deduplicates: true,
  knowsLateCopies: true,
};

/**
 * One entity's sequencer with everything around it in memory: storage that survives evictions, destinations with
 * weather, an index that may be down, a clock and an alarm that tests drive.
 */
export class World {
  readonly storage = new MemoryStorage();
  readonly clock = new HandClock();
  readonly destinations = new Map<string, Destination>();
  readonly index = new Map<string, EventOutcome>();
  indexDown = false;
  paused = new Set<string>();
  alarmAtMs: number | null = null;
  alarmsSet = 0;
  sequencer: Sequencer;
  readonly #options: WorldOptions;
  #generation = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    for (const name of options.destinations ?? ["erp"]) this.destinations.set(name, new Destination());
    this.sequencer = this.#make();
  }

  destination(name = "erp"): Destination {
    const found = this.destinations.get(name);
    if (found === undefined) throw new Error(`no destination ${name}`);
    return found;
  }

  /** Drops the object as the platform may: memory is gone, attempts under way never report back, storage stays. */
  evict(): void {
    this.#generation++;
    this.sequencer = this.#make();
  }

  async sequence(events: readonly EntityEvent[], permits: Permits = {}): Promise<readonly EventOutcome[]> {
    const generation = this.#generation;
    const { outcomes } = await this.sequencer.sequence(events, permits);
    // The answer of an object that was dropped never arrives.
    if (generation !== this.#generation) return new Promise(() => undefined);
    for (const outcome of outcomes) this.#tell(outcome);
    return outcomes;
  }

  /** Moves time on and lets the alarm fire as often as it is due, until nothing is owed or `maxMs` have passed. */
  async settle(maxMs = 86_400_000): Promise<void> {
    const endMs = this.clock.nowMs + maxMs;
    for (let round = 0; this.alarmAtMs !== null && this.clock.nowMs < endMs && round < 1_000; round++) {
      this.clock.advance(Math.max(0, this.alarmAtMs - this.clock.nowMs));
      this.alarmAtMs = null;
      await this.sequencer.wake();
    }
  }

  #tell(outcome: EventOutcome): void {
    if ((this.index.get(outcome.eventId)?.rev ?? 0) <= outcome.rev) this.index.set(outcome.eventId, outcome);
  }

  #make(): Sequencer {
    const generation = this.#generation;
    const alive = (): boolean => generation === this.#generation;
    const never = new Promise<never>(() => undefined);
    const traits = { ...TRAITS, ...this.#options.traits };
    const ports: SequencePorts = {
      ledger: mortal(this.#options.ledger ?? new MemoryLedger(this.storage), alive),
      clock: () => this.clock.nowMs,
      random: () => 0.5,
      sha256,
      timer: (ms) => {
        const { done, cancel } = this.clock.timer(ms);
        return { done: done.then(() => (alive() ? undefined : never)), cancel };
      },
      plan: this.#options.plan ?? (() => planTo([...this.destinations.keys()])),
      traits: (name) => (this.destinations.has(name) ? traits : null),
      deliver: async (work) => {
        const result = await this.#deliver(work);
        return alive() && result !== null ? result : never;
      },
      lease: async (destination) => {
        if (!alive()) return never;
        return this.paused.has(destination)
          ? { id: "", granted: 0, refusal: { why: "paused", untilMs: null } }
          : { id: "l", granted: 1, refusal: null };
      },
      settleLease: async () => undefined,
      report: async (owed: readonly Owed[]) => {
        if (!alive()) return never;
        if (this.indexDown) throw new Error("the index is down");
        for (const item of owed) this.#tell(item.outcome);
      },
      peer: this.#options.peer ?? nobody,
      readAgain: async (event) => (alive() ? ((await this.#options.readAgain?.(event)) ?? null) : never),
      setAlarm: (atMs) => {
        if (!alive()) return;
        this.alarmAtMs = atMs;
        this.alarmsSet++;
      },
    };
    return new Sequencer(ports);
  }

  /** Null when the answer never comes. */
  async #deliver(work: Work): Promise<AttemptResult | null> {
    const destination = this.destination(work.plan.destination);
    const key = idempotencyKey(work, sha256);
    const content = work.event.payload.at === "inline" ? String(work.event.payload.data["number"]) : "";
    const request: Effect = { destination: work.plan.destination, key, eventId: work.event.id, content };
    await Promise.resolve();
    if (work.ambiguous && destination.has(request)) return { kind: "applied", record: record("confirmed") };
    switch (destination.receive(request)) {
      case "ok":
        return { kind: "applied", record: record("applied"), remote: { id: "R-1" } };
      case "down":
        return failed("transient");
      case "lostBefore":
      case "lostAfter":
        return failed("ambiguous");
      case "refuse":
        return failed("business");
      case "throttle":
        return { ...failed("throttled"), retryAfterMs: 10_000 };
      case "never":
        return null;
    }
  }
}

/** A dropped object's code may run on here, but nothing it does reaches storage. */
const mortal = (ledger: Ledger, alive: () => boolean): Ledger => ({
  load: () => ledger.load(),
  find: (key) => ledger.find(key),
  commit: (change) => (alive() ? ledger.commit(change) : undefined),
  saveMarks: (marks) => (alive() ? ledger.saveMarks(marks) : undefined),
  settleOwed: (paid) => (alive() ? ledger.settleOwed(paid) : undefined),
});

const record = (result: Extract<AttemptResult, { kind: "applied" }>["record"]["result"]) => ({ startedAtMs: 0, durationMs: 1, result });
const failed = (failure: Extract<AttemptResult, { kind: "failed" }>["class"]) => ({
  kind: "failed" as const,
  class: failure,
  detail: failure,
  record: record(failure),
});

export const planTo = (
  destinations: readonly string[],
  route: { collapse?: boolean; afterDead?: "halt" | "continue" } = {},
): RoutePlan => ({
  lanes: destinations.map((destination) => ({
    destination,
    route: "r",
    collapse: route.collapse ?? false,
    afterDead: route.afterDead ?? "continue",
  })),
  why: [],
});
