import { streamOf, type EntityEvent } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { EntityRef, JoinAnswer } from "../../domain/kin.ts";
import { outcomeOfLanes, type EventOutcome, type LaneReport, type Status } from "../../domain/outcome.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import { admit, movedOn, type Admission, type Known, type Mark } from "../../domain/sequencing.ts";
import { headOf, newDeadWork, newWork, patient, recoverAfterMs, reportOf, supersedesInLine, type Work } from "../../domain/work.ts";
import { Book, eventLine, newDraft } from "./book.ts";
import { Budget, Lanes, type LaneResult } from "./lanes.ts";
import { Kinship } from "./kinship.ts";
import { listen, loopWords } from "./listening.ts";
import { revivedBy } from "./mending.ts";
import type { OperatorAction, OperatorAnswer, Permits, SequenceAnswer, SequencePorts } from "./ports.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** A delivery on its way: copies that arrive meanwhile find it here and wait for its outcome. */
interface Flight extends Known {
  readonly outcome: EventOutcome | Promise<EventOutcome>;
}

/** One lane's part in a flight. `parked` once the outcome was written without it. */
interface Run {
  work: Work;
  result: LaneResult | null;
  parked: boolean;
  readonly release: () => void;
  readonly finished: Promise<void>;
}

/**
 * One entity's sequencer: admits events in the order they arrive, brings their effects about one at a time per
 * destination, and answers each with what became of it. A thin object hosts it; it may be dropped between any two
 * steps and made again from its ledger.
 */
export class Sequencer {
  readonly #ports: SequencePorts;
  readonly #book: Book;
  readonly #lanes: Lanes;
  readonly #room: WaitingRoom;
  readonly #kinship: Kinship;
  readonly #flights = new Map<string, Flight>();
  readonly #runs = new Set<Run>();

  constructor(ports: SequencePorts) {
    this.#ports = ports;
    this.#book = new Book(ports);
    this.#lanes = new Lanes(ports, this.#book);
    this.#room = new WaitingRoom(ports, this.#book);
    this.#kinship = new Kinship(ports, this.#book, () => this.#idle());
  }

  get book(): Book {
    return this.#book;
  }

  /**
   * Takes events in array order. Each outcome is durable when it is answered; what is slow goes on by alarm. An event
   * without an outcome must come again: to be read back once more, or since what came under its other key is not here yet.
   */
  async sequence(arriving: readonly EntityEvent[], permits: Permits): Promise<SequenceAnswer> {
    const events = this.#kinship.mustWait(arriving) ? await this.#kinship.settled(arriving) : arriving;
    const { root } = this.#kinship;
    if (root !== null) return this.#kinship.forward(root, events, permits);
    const bound = this.#ports.timer(LIMITS.answerWithinMs);
    const budget = new Budget(permits, bound.done);
    const answers = events.map((event) => this.#accept(event, budget));
    // One row for the whole call, before its first effect: if the object dies between an effect and its line, an older
    // state that arrives before the message comes again must find the newer one's mark.
    this.#book.saveMarks();
    const outcomes = (await Promise.all(answers).finally(bound.cancel)).filter((outcome) => outcome !== null);
    await this.payDebts();
    await this.#kinship.bringHome();
    return { outcomes, used: budget.used };
  }

  /** Takes events without trying to deliver: durable at once, and the alarm brings their effects about. */
  async spill(arriving: readonly EntityEvent[]): Promise<readonly EventOutcome[]> {
    const events = this.#kinship.mustWait(arriving) ? await this.#kinship.settled(arriving) : arriving;
    if (events.length < arriving.length) throw new Error("what came under this entity's other key is not here yet");
    const { root } = this.#kinship;
    if (root !== null) return this.#kinship.forwardSpill(root, events);
    const answers = events.map((event) => this.#accept(event, null));
    this.#book.saveMarks();
    return (await Promise.all(answers)).filter((outcome) => outcome !== null);
  }

  /** Does what is due: by alarm, or because someone asked. `resumed` is a destination whose held work may go on at once. */
  async wake(resumed?: string): Promise<void> {
    this.#book.disarmed();
    await this.#kinship.settled([]);
    if (this.#kinship.root !== null) return this.payDebts();
    await this.#room.giveUp();
    const destinations = new Set([...this.#book.work()].map((work) => work.plan.destination));
    await Promise.all([...destinations].map((destination) => this.#lanes.drain(destination, LIMITS.alarmBatch, destination === resumed)));
    await this.payDebts();
    await this.#kinship.bringHome();
    this.#book.arm();
  }

  /** Leads this key's part to the entity that it turned out to be. */
  join(own: EntityRef, root: EntityRef): Promise<JoinAnswer> {
    return this.#kinship.join(own, root);
  }

  handedOver(root: EntityRef): void {
    this.#kinship.handedOver(root);
  }

  /** Whether nothing is under way in memory, which would still write what it holds. */
  get isQuiet(): boolean {
    return this.#flights.size === 0 && this.#lanes.running.size === 0;
  }

  /** Waits, not for ever, until nothing is under way in memory. */
  async #idle(): Promise<boolean> {
    const bound = this.#ports.timer(LIMITS.joinWithinMs);
    const over = bound.done.then(() => "late" as const);
    for (;;) {
      const { isQuiet } = this;
      const under = [...[...this.#flights.values()].map(async ({ outcome }) => outcome), this.#lanes.idle()];
      const first = await Promise.race([Promise.allSettled(under), over]);
      if (first === "late") return false;
      if (!isQuiet) continue;
      bound.cancel();
      return true;
    }
  }

  /** Tells the index what it does not know yet; what it refuses is offered again by alarm. */
  async payDebts(): Promise<void> {
    const owed = this.#book.owed();
    if (owed.length === 0) return;
    try {
      await this.#ports.report(owed);
      this.#book.paid(owed);
      this.#book.arm();
    } catch {
      this.#book.arm();
    }
  }

  /** `budget` is null for events that are only to be kept. Everything up to the first await decides the order. */
  #accept(event: EntityEvent, budget: Budget | null): Promise<EventOutcome | null> {
    const find = (key: string): Flight | null => this.#flights.get(key) ?? this.#book.find(key);
    const admission = admit(event, find, this.#book.marks[streamOf(event)]);
    switch (admission.kind) {
      case "redelivery":
        return Promise.resolve(admission.known.outcome);
      case "duplicate":
        return this.#copy(event, admission.known, budget);
      case "readAgain":
        return Promise.resolve(null);
      case "apply":
        return this.#apply(event, admission, budget);
      case "repeat":
        return this.#close(event, admission.key, ending(event, "ignored", { reason: "the same state again", of: admission.of }), budget);
      case "conflict":
        return this.#close(
          event,
          admission.key,
          { ...ending(event, "ignored", { reason: admission.reason, of: admission.of }), class: "conflict" },
          budget,
        );
      case "superseded":
        return this.#close(
          event,
          admission.key,
          ending(event, "superseded", { reason: "a newer state was applied", of: admission.by }),
          budget,
        );
    }
  }

  /** A copy waits until the first is durable, so that neither can be answered and lost. */
  async #copy(event: EntityEvent, known: Flight, budget: Budget | null): Promise<EventOutcome> {
    const first = await known.outcome;
    const outcome = ending(event, "ignored", { reason: "a copy of the same delivery", of: first.eventId });
    if (budget === null) this.#book.write({ ...newDraft(), owe: [{ event, outcome }] });
    return outcome;
  }

  #apply(event: EntityEvent, admission: Extract<Admission, { kind: "apply" }>, budget: Budget | null): Promise<EventOutcome> {
    const plan = this.#ports.plan(event);
    const { key } = admission;
    const wait = this.#room.waitFor(event, plan, this.#orphanOf(event));
    const heard = listen(this.#book, event, admission.mark, { plan, ms: this.#ports.clock() });
    if (heard.kind === "echo")
      return this.#close(event, key, ending(event, "ignored", { reason: `an echo of our own write to ${heard.destination}` }), budget);
    if (plan.lanes.length === 0) return this.#close(event, key, ending(event, "ignored", { reason: "no route wants it" }), budget);
    const position = this.#book.positionFor(event);
    if (heard.kind === "loop") return Promise.resolve(this.#stop(event, { key, plan, position, reason: loopWords(heard) }, budget));
    const work = plan.lanes.map((lane) => newWork(event, key, { plan: lane, position }));
    if (wait !== null)
      return Promise.resolve(
        this.#commit(event, key, { results: work.map((item) => ({ owed: patient(item, wait) })), owe: budget === null }),
      );
    this.#room.arrived(event);
    if (budget === null) return Promise.resolve(this.#commit(event, key, { results: work.map((item) => ({ owed: item })), owe: true }));
    const blind = work.some((item) => this.#ports.traits(item.plan.destination)?.deduplicates === false);
    const outcome = (blind ? this.#walk(event, work, budget) : this.#fly(event, work, budget)).finally(() => this.#flights.delete(key));
    this.#flights.set(key, { eventId: event.id, contentHash: event.contentHash, order: event.order, outcome });
    return outcome;
  }

  /** The stream's newest event, if it is another one that is not under way here and has left no line: its object died of it. */
  #orphanOf(event: EntityEvent): Mark | null {
    const newest = this.#book.marks[streamOf(event)];
    if (newest === undefined || newest.eventId === event.id || this.#flights.has(newest.key)) return null;
    return this.#book.find(newest.key) === null ? newest : null;
  }

  /** Two systems set the record back in turns: nothing is sent, and a person hears of it, once for each destination. */
  #stop(
    event: EntityEvent,
    at: { readonly key: string; readonly plan: RoutePlan; readonly position: number; readonly reason: string },
    budget: Budget | null,
  ): EventOutcome {
    const why = { class: "conflict" as const, reason: at.reason };
    const results = at.plan.lanes.map((lane) => ({ owed: newDeadWork(event, at.key, { plan: lane, position: at.position }, why) }));
    return this.#commit(event, at.key, { results, owe: budget === null });
  }

  /** Ends an event that has no effects: its line is written, its outcome remembered. */
  async #close(event: EntityEvent, key: string, outcome: EventOutcome, budget: Budget | null): Promise<EventOutcome> {
    const draft = newDraft();
    draft.lines.push({ eventId: event.id, body: eventLine(event, outcome), known: { key, contentHash: event.contentHash } });
    draft.outcomes.push({ key, outcome });
    if (budget === null) draft.owe.push({ event, outcome });
    this.#book.write(draft);
    return outcome;
  }

  /** Where a destination could not tell a second effect: everything is stored before the first attempt, and read back after a crash. */
  async #walk(event: EntityEvent, work: readonly Work[], budget: Budget): Promise<EventOutcome> {
    const [{ key }] = work as [Work];
    const kept = this.#commit(event, key, { results: work.map((item) => ({ owed: item })), owe: false });
    await Promise.race([Promise.all(work.map((item) => this.#lanes.drain(item.plan.destination, LIMITS.alarmBatch))), budget.late]);
    return this.#book.find(key)?.outcome ?? kept;
  }

  /** First attempts inside the caller's call; the outcome is one row, written when all lanes are through or time is up. */
  async #fly(event: EntityEvent, work: readonly Work[], budget: Budget): Promise<EventOutcome> {
    const [{ position, key }] = work as [Work];
    this.#book.departed(position);
    const runs = work.map((item) => this.#run(item, budget));
    try {
      await this.#bounded(runs, budget.late);
      for (const run of runs) run.parked = run.result === null;
      const results = runs.map((run) => run.result ?? { owed: this.#unfinished(run.work) });
      return this.#commit(event, key, { results, owe: false, runs });
    } finally {
      this.#book.arrived(position);
      for (const run of runs) {
        run.release();
        this.#runs.delete(run);
        if (run.parked) void run.finished.then(() => this.#finishLate(run));
      }
    }
  }

  #run(work: Work, budget: Budget): Run {
    const { turn, release } = this.#lanes.enter(work.plan.destination, work.position);
    const finished = turn.then(async () => {
      if (!run.parked) run.result = await this.#inTurn(run, budget);
    });
    const run: Run = { work, result: null, parked: false, release, finished };
    this.#runs.add(run);
    return run;
  }

  /** The lane is ours: but work stored before us goes first, and a newer snapshot in line may make this one unnecessary. */
  async #inTurn(run: Run, budget: Budget): Promise<LaneResult> {
    const { work } = run;
    const head = headOf(this.#book.work(), work.plan.destination, this.#ports.clock());
    // What waits for changes before it lets those pass.
    if (head !== null && head.position < work.position)
      return { owed: head.state === "dead" ? { ...work, reason: `waits behind the dead letter of ${head.event.id}` } : work };
    const newer = [...this.#runs].find((other) => supersedesInLine(other.work, work));
    if (newer !== undefined) return { ended: { ...reportOf(work, "superseded"), reason: `collapsed into ${newer.work.event.id}` } };
    return this.#lanes.attempt(work, budget);
  }

  /** Waits until all lanes are through, but not long for the slow ones once others are, and never beyond the bound. */
  async #bounded(runs: readonly Run[], late: Promise<void>): Promise<void> {
    const all = Promise.all(runs.map((run) => run.finished));
    const first = runs.length < 2 ? new Promise<void>(() => undefined) : Promise.race(runs.map((run) => run.finished));
    let spread: { readonly done: Promise<void>; readonly cancel: () => void } | null = null;
    const spreadOver = first.then(() => (spread = this.#ports.timer(LIMITS.laneSpreadMs)).done);
    await Promise.race([all, late, spreadOver]);
    (spread as { cancel: () => void } | null)?.cancel();
  }

  #unfinished(work: Work): Work {
    const traits = this.#ports.traits(work.plan.destination);
    const started = this.#lanes.running.has(`${work.key}\n${work.plan.destination}`);
    return started && traits !== null ? { ...work, state: "running", dueAtMs: this.#ports.clock() + recoverAfterMs(traits) } : work;
  }

  /** An attempt that outlived its answer: its result is written when it comes, and the lane goes on. */
  async #finishLate(run: Run): Promise<void> {
    if (run.result === null) return;
    this.#lanes.record(run.work, run.result);
    await this.payDebts();
  }

  /** An event's first row: what it is, what its lanes came to, and the work that is still owed. */
  #commit(
    event: EntityEvent,
    key: string,
    after: { readonly results: readonly LaneResult[]; readonly owe: boolean; readonly runs?: readonly Run[] },
  ): EventOutcome {
    const lanes = after.results.map((result): LaneReport => ("ended" in result ? result.ended : reportOf(result.owed)));
    const outcome = outcomeOfLanes(event.id, 1, lanes);
    const draft = newDraft();
    draft.lines.push({ eventId: event.id, body: eventLine(event, outcome), known: { key, contentHash: event.contentHash } });
    draft.outcomes.push({ key, outcome });
    draft.put.push(...after.results.flatMap((result) => ("owed" in result ? [result.owed] : [])));
    for (const { work, result } of after.runs ?? []) if (result !== null && "ended" in result) this.#book.learn(draft, work, result.ended);
    if (after.owe) draft.owe.push({ event, outcome });
    this.#book.write(draft);
    return outcome;
  }

  /** Tries a dead letter again, with its data mended or as it is, or gives it up, on a person's word. */
  async operate(action: OperatorAction): Promise<OperatorAnswer> {
    await this.#kinship.settled([]);
    const { root } = this.#kinship;
    if (root !== null) return this.#ports.peer(root).operate(action);
    const work = this.#book.deadWork(action.eventId, action.destination);
    if (work === null) return { ok: false, code: "not_dead" };
    if (action.verb !== "skip" && movedOn(work.event, this.#book.marks[streamOf(work.event)]) && !action.force)
      return { ok: false, code: "moved_on" };
    const { lateUntilMs = 0 } = work;
    if (action.verb === "skip" && lateUntilMs > this.#ports.clock()) return { ok: false, code: "under_way", untilMs: lateUntilMs };
    const again = revivedBy(action, work);
    if (!again.ok) return { ok: false, code: "not_editable", problem: again.failure };
    const draft = newDraft();
    const { verb, actor, reason, destination, eventId, patch } = action;
    draft.lines.push({ eventId, body: { type: "operator", action: verb, destination, actor, reason, patch } });
    if (verb === "skip") this.#book.endLane(draft, work, { ...reportOf(work, "cancelled"), reason: `skipped by ${actor}: ${reason}` });
    else this.#book.putLane(draft, again.value);
    this.#book.write(draft);
    if (verb !== "skip") await this.#lanes.drain(destination, LIMITS.alarmBatch);
    else this.#book.arm();
    await this.payDebts();
    return { ok: true, outcome: this.#book.find(work.key)?.outcome ?? null };
  }
}

const ending = (event: EntityEvent, status: Status, why: { readonly reason: string; readonly of?: string }): EventOutcome => ({
  eventId: event.id,
  rev: 1,
  status,
  ...why,
  lanes: [],
});
