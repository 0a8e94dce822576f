import { originOf } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { LaneReport } from "../../domain/outcome.ts";
import { headOf, letsBy } from "../../domain/lane.ts";
import { hold, isWrittenDown, recoverAfterMs, settle, type AttemptResult, type Settled, type Work } from "../../domain/work.ts";
import { newDraft, type Book } from "./book.ts";
import { sayAgain } from "./listening.ts";
import type { LaneTraits, Permits, SequencePorts, Used } from "./ports.ts";

/** What a lane did with one piece of work in its turn. */
export type LaneResult = { readonly ended: LaneReport } | { readonly owed: Work };

/** Of what nobody waits for. */
const NEVER = new Promise<void>(() => undefined);

/** What a call brought: permits, counted down as attempts are made, and how long its caller waits. */
export class Budget {
  readonly #left = new Map<string, { readonly leaseId: string; count: number; readonly refusal: Permits[string]["refusal"] }>();
  readonly used: Used = {};
  /** Resolves when the caller has waited long enough for first attempts. */
  readonly late: Promise<void>;

  constructor(permits: Permits, late: Promise<void>) {
    this.late = late;
    for (const [destination, permit] of Object.entries(permits)) this.#left.set(destination, { ...permit });
  }

  take(destination: string): "granted" | "refused" | "none" {
    const left = this.#left.get(destination);
    if (left === undefined || this.isQuiet(destination)) return left === undefined ? "none" : "refused";
    if (left.count === 0) return left.refusal === null ? "none" : "refused";
    left.count--;
    return "granted";
  }

  refusalOf(destination: string): Permits[string]["refusal"] {
    const quietUntilMs = this.used[destination]?.quietUntilMs ?? null;
    return quietUntilMs === null ? (this.#left.get(destination)?.refusal ?? null) : { why: "quiet", untilMs: quietUntilMs };
  }

  isQuiet(destination: string): boolean {
    return (this.used[destination]?.quietUntilMs ?? null) !== null;
  }

  note(destination: string, result: AttemptResult, quietUntilMs: number | null): void {
    const used = (this.used[destination] ??= { results: [], quietUntilMs: null });
    used.results.push(result.kind === "failed" ? result.class : null);
    used.quietUntilMs = quietUntilMs === null ? used.quietUntilMs : Math.max(quietUntilMs, used.quietUntilMs ?? 0);
  }
}

const HELD_WORDS = {
  paused: "the destination is paused",
  open: "the destination's breaker is open",
  quiet: "the destination asked for quiet",
  limit: "the destination is at its limit",
};

/** Makes attempts on behalf of lanes: permit, intent where needed, delivery, settlement. One turn at a time per lane. */
export class Lanes {
  readonly #ports: SequencePorts;
  readonly #book: Book;
  readonly #tails = new Map<string, Promise<void>>();
  /** Places of events that wait in memory for their turn: nothing stored that is newer goes before them. */
  readonly #queued = new Map<string, Set<number>>();
  /** Work whose attempt is under way in this very object. */
  readonly running = new Map<string, Promise<unknown>>();

  constructor(ports: SequencePorts, book: Book) {
    this.#ports = ports;
    this.#book = book;
  }

  /** Waits for a turn in a lane, with an event of that place if it is one's; the lane is the caller's until it calls `release`. */
  enter(destination: string, position?: number): { readonly turn: Promise<void>; readonly release: () => void } {
    const queued = this.#queued.get(destination) ?? new Set<number>();
    this.#queued.set(destination, queued);
    if (position !== undefined) queued.add(position);
    const turn = this.#tails.get(destination) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(
      destination,
      turn.then(() => promise),
    );
    return {
      turn,
      release: () => {
        if (position !== undefined) queued.delete(position);
        resolve();
      },
    };
  }

  /** Resolves when what was in line or under way is through. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#tails.values(), ...this.running.values()]);
  }

  /** One attempt in the caller's turn, under the caller's permits or a permit of its own. */
  async attempt(work: Work, budget: Budget): Promise<LaneResult> {
    const destination = work.plan.destination;
    const traits = this.#ports.traits(destination);
    if (traits === null)
      return {
        ended: {
          destination,
          route: work.plan.route,
          status: "cancelled",
          attempts: work.history,
          reason: "the destination is no longer configured",
        },
      };
    const permit = budget.take(destination);
    if (permit === "refused") return { owed: this.#held(work, budget.refusalOf(destination)) };
    const own = permit === "none" ? await this.#lease(destination, work) : null;
    if (own !== null && own.granted === 0) return { owed: this.#held(work, own.refusal) };
    const { result, settled } = await this.#deliver(work, traits);
    const quietUntilMs = settled.done ? null : settled.pauseUntilMs;
    if (own === null) budget.note(destination, result, quietUntilMs);
    else await this.#settleOwn(destination, own.id, result, quietUntilMs);
    return settled.done ? { ended: settled.report } : { owed: settled.work };
  }

  async #deliver(work: Work, traits: LaneTraits): Promise<{ result: AttemptResult; settled: Settled }> {
    const startedAtMs = this.#ports.clock();
    const isStored = this.#book.current(work) !== null;
    if (isWrittenDown(traits, { isStored })) this.#intend(work, startedAtMs, traits);
    const id = `${work.key}\n${work.plan.destination}`;
    this.#book.departs(work);
    const delivering = this.#ports.deliver(work);
    this.running.set(id, delivering);
    try {
      const result = await delivering;
      return { result, settled: settle(work, result, traits, { ms: this.#ports.clock(), random: this.#ports.random() }) };
    } finally {
      this.running.delete(id);
      this.#book.returned(work);
    }
  }

  /** Writes down that an effect is about to happen: an object that finds it so after the death of another waits, and reads back. */
  #intend(work: Work, nowMs: number, traits: LaneTraits): void {
    const draft = newDraft();
    draft.put.push({ ...work, state: "running", dueAtMs: nowMs + recoverAfterMs(traits) });
    this.#book.write(draft);
  }

  #held(work: Work, refusal: Permits[string]["refusal"]): Work {
    const untilMs = refusal?.untilMs ?? this.#ports.clock() + LIMITS.heldRecheckMs * (1 + this.#ports.random());
    return hold(work, HELD_WORDS[refusal?.why ?? "limit"], Math.round(untilMs));
  }

  async #lease(destination: string, { event, state }: Work): Promise<{ id: string; granted: number; refusal: Permits[string]["refusal"] }> {
    try {
      return await this.#ports.lease(destination, event.priority, { fairKey: originOf(event), again: state === "held" });
    } catch {
      return { id: "", granted: 0, refusal: { why: "limit", untilMs: this.#ports.clock() + 1_000 } };
    }
  }

  async #settleOwn(destination: string, leaseId: string, result: AttemptResult, quietUntilMs: number | null): Promise<void> {
    const results = [result.kind === "failed" ? result.class : null];
    // A lease that cannot be given back runs out by itself; the attempt stands.
    await this.#ports.settleLease(destination, { leaseId, results, quietUntilMs }).catch(() => undefined);
  }

  /**
   * Works through what is due in a lane, head first, until the head is not due or the allowance is spent. With
   * `evenHeld`, held work is due now: someone has let the destination go on. Returns attempts made.
   */
  async drain(destination: string, allowance: number, evenHeld = false): Promise<number> {
    const { turn, release } = this.enter(destination);
    await turn;
    try {
      let made = 0;
      for (; made < allowance; made++) {
        const head = this.#dueHead(destination, evenHeld);
        if (head === null) break;
        sayAgain(this.#book, head, { plan: this.#ports.plan(head.event), ms: this.#ports.clock() });
        if (!this.record(head, await this.attempt(head, new Budget({}, NEVER)))) break;
      }
      return made;
    } finally {
      release();
    }
  }

  #dueHead(destination: string, evenHeld: boolean): Work | null {
    const head = headOf(this.#book.work(), destination, this.#ports.clock());
    if (head === null || head.state === "dead") return null;
    for (const position of this.#queued.get(destination) ?? []) if (position < head.position) return null;
    if (head.state === "waiting" || (evenHeld && head.state === "held" && head.waits === undefined)) return head;
    if (this.running.has(`${head.key}\n${destination}`)) return null;
    if (head.dueAtMs === null || head.dueAtMs > this.#ports.clock()) return null;
    // Found running but not by this object: an attempt was cut off by an eviction, its answer is lost.
    return head.state === "running" ? { ...head, ambiguous: true } : head;
  }

  /** Writes what an attempt on stored work came to. True if the lane may go on with its next. */
  record(work: Work, result: LaneResult): boolean {
    const draft = newDraft();
    if (this.#book.current(work) === null) return true;
    if ("ended" in result) this.#book.endLane(draft, work, result.ended);
    // Still held, as before: nothing to tell anyone, only the next look to remember.
    else if (work.state === "held" && result.owed.state === "held") draft.put.push(result.owed);
    else this.#book.putLane(draft, result.owed);
    this.#book.write(draft);
    return "ended" in result || letsBy(result.owed, this.#ports.clock());
  }
}
