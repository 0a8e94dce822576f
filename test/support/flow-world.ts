import { createHash } from "node:crypto";
import type { FailureClass } from "../../src/domain/failure.ts";
import { command, type Command } from "../../src/domain/flows/commands.ts";
import type { AnyFlow, Fact } from "../../src/domain/flows/definition.ts";
import type { Told, World } from "../../src/domain/flows/effects.ts";
import { advance } from "../../src/domain/flows/machine.ts";
import { isOver, newRun, outgoing, queued, type FlowRun, type Sent } from "../../src/domain/flows/run.ts";
import type { JsonObject } from "../../src/domain/json.ts";

export const FIRST_MS = Date.UTC(2026, 0, 5);

/** What a system does with an effect: takes it, refuses it, or takes it without a word of it getting back. */
export type Fate = { readonly applied: true } | { readonly applied: boolean; readonly dead: FailureClass };

export interface Applied {
  readonly deliveryId: string;
  readonly step: string;
  readonly undo: boolean;
  readonly key: string;
  readonly data: JsonObject;
  readonly atMs: number;
}

/** Where a driver may die: after deciding, after storing, after sending. */
export type CrashPoint = "decided" | "stored" | "sent" | null;

export interface FlowWorldOptions {
  readonly flow: AnyFlow;
  readonly subject: JsonObject;
  readonly policy?: unknown;
  readonly roles?: readonly string[];
  readonly fate?: (sent: Sent, step: string, undo: boolean) => Fate;
  /** How long the router takes with an effect. */
  readonly takesMs?: number;
}

/** One run with everything around it in memory: a stored row, a router that applies each delivery once, facts, a clock. */
export class FlowWorld {
  nowMs = FIRST_MS;
  row: string;
  readonly applied: Applied[] = [];
  /** Every time that an effect was put into the queue. */
  readonly queuedIds: string[] = [];
  readonly #facts = new Map<string, Fact>();
  readonly #told = new Map<string, { readonly told: Told; readonly fromMs: number }>();
  readonly #options: FlowWorldOptions;
  readonly #policy: unknown;
  #serial = 0;

  constructor(options: FlowWorldOptions) {
    this.#options = options;
    this.#policy = options.flow.policy.parse(options.policy ?? {});
    const { kind } = options.flow.startsOn;
    const start = { id: "flow_1", kind, key: "K-1", subject: options.subject, eventId: "evt_1", correlationId: "cor_1", atMs: FIRST_MS };
    this.row = JSON.stringify(newRun(options.flow, start));
  }

  get run(): FlowRun {
    return JSON.parse(this.row) as FlowRun;
  }

  /** A record as its system tells of it; told twice or late, it changes nothing. */
  tell(kind: Fact["kind"], key: string, data: JsonObject, serial = ++this.#serial): void {
    const known = this.#facts.get(`${kind}/${key}`);
    const eventId = `evt_${String(serial).padStart(6, "0")}`;
    if (known !== undefined && known.eventId >= eventId) return;
    this.#facts.set(`${kind}/${key}`, { kind, key, data, deleted: false, eventId, atMs: this.nowMs });
  }

  #world(): World {
    return {
      nowMs: this.nowMs,
      facts: [...this.#facts.values()],
      policy: this.#policy,
      told: (eventId) => {
        const known = this.#told.get(eventId);
        return known !== undefined && known.fromMs <= this.nowMs ? known.told : null;
      },
      personWithinMs: 8 * 3_600_000,
      has: (role) => (this.#options.roles ?? ["erp", "crm", "support", "provisioning"]).includes(role),
      digest: (text) => new Uint8Array(createHash("sha256").update(text).digest()),
    };
  }

  /** What a workflow's step does, until it dies. */
  drive(crash: CrashPoint = null): void {
    const next = advance(this.run, this.#options.flow, this.#world());
    if (crash === "decided") return;
    this.row = JSON.stringify(next);
    if (crash === "stored") return;
    const effects = outgoing(next);
    for (const sent of effects) this.#queue(sent);
    if (crash === "sent") return;
    this.row = JSON.stringify(queued(next, new Set(effects.map(({ eventId }) => eventId))));
  }

  /** The router: a delivery id that it knows has no second effect. */
  #queue(sent: Sent): void {
    this.queuedIds.push(sent.deliveryId);
    if (this.#told.has(sent.eventId)) return;
    if (this.applied.some(({ deliveryId }) => deliveryId === sent.deliveryId)) throw new Error(`${sent.deliveryId} is two events`);
    const [, , step = ""] = sent.deliveryId.split(/[:.#]/);
    const undo = sent.deliveryId.includes(":compensate");
    const fate = this.#options.fate?.(sent, step, undo) ?? { applied: true };
    const { deliveryId, key, effect } = sent;
    if (fate.applied) this.applied.push({ deliveryId, step, undo, key, data: effect?.data ?? {}, atMs: this.nowMs });
    const told: Told =
      "dead" in fate
        ? { status: "dead", class: fate.dead, reason: "as the test wants", remoteId: null }
        : { status: "delivered", class: null, reason: null, remoteId: `r-${sent.key}` };
    this.#told.set(sent.eventId, { told, fromMs: this.nowMs + (this.#options.takesMs ?? 0) });
  }

  /** An operator brings a dead effect through. */
  mend(step: string): void {
    const record = this.run.steps.find(({ name }) => name === step);
    for (const { eventId, state } of [...(record?.effects ?? []), ...(record?.undo ?? [])])
      if (state === "dead")
        this.#told.set(eventId, { told: { status: "delivered", class: null, reason: null, remoteId: null }, fromMs: 0 });
  }

  operate(order: Pick<Command, "verb" | "step">): string | null {
    const result = command(this.run, { ...order, by: "ann", reason: "a test", atMs: this.nowMs });
    if (result.ok) this.row = JSON.stringify(result.value);
    return result.ok ? null : result.failure;
  }

  /** Goes on until it is over, or only a person or news can help; a run that goes round in circles is an error. */
  settle(until: (run: FlowRun) => boolean = () => false, crashes: readonly CrashPoint[] = []): FlowRun {
    const left = [...crashes];
    for (let round = 0; round < 2_000; round++) {
      this.drive(left.shift() ?? null);
      const { run } = this;
      if (isOver(run) || until(run)) return run;
      if (left.length > 0) continue;
      if (run.wakeAtMs === null) return run;
      this.nowMs = Math.max(this.nowMs + 1, run.wakeAtMs);
    }
    throw new Error(`the run does not come to an end: ${this.row}`);
  }
}
