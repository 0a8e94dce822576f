import { streamOf, type EntityEvent } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { EntityRef, JoinAnswer } from "../../domain/kin.ts";
import type { EventOutcome, Status } from "../../domain/outcome.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import { admit, type Admission, type Known } from "../../domain/sequencing.ts";
import { newDeadWork, newWork, patient, type Work } from "../../domain/work.ts";
import { Book, newDraft } from "./book.ts";
import { FirstAttempts } from "./first-attempts.ts";
import { begin, close } from "./first-row.ts";
import { Budget, Lanes } from "./lanes.ts";
import { Kinship } from "./kinship.ts";
import { recordLeftBehind } from "./left-behind.ts";
import { listen, loopWords } from "./listening.ts";
import { actOn } from "./mending.ts";
import type { OperatorAction, OperatorAnswer, Permits, SequenceAnswer, SequencePorts } from "./ports.ts";
import { Strays } from "./strays.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** A delivery on its way: copies that arrive meanwhile find it here and wait for its outcome. */
interface Flight extends Known {
  readonly outcome: EventOutcome | Promise<EventOutcome>;
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
  readonly #strays: Strays;
  readonly #kinship: Kinship;
  readonly #flights = new Map<string, Flight>();
  readonly #first: FirstAttempts;

  constructor(ports: SequencePorts) {
    this.#ports = ports;
    this.#book = new Book(ports);
    this.#lanes = new Lanes(ports, this.#book);
    this.#first = new FirstAttempts(ports, this.#book, this.#lanes, () => this.payDebts());
    this.#room = new WaitingRoom(ports, this.#book);
    this.#strays = new Strays(ports, this.#book);
    recordLeftBehind(this.#book, ports);
    this.#strays.outwait();
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
    const isKnown = (key: string): boolean => this.#flights.has(key) || this.#book.isOnRecord(key);
    const admission = admit(event, find, this.#book.marks[streamOf(event)], isKnown);
    switch (admission.kind) {
      case "redelivery":
        return Promise.resolve(admission.known.outcome);
      case "duplicate":
        return this.#copy(event, admission, budget);
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

  /**
   * A copy waits until the first is durable, so that neither can be answered and lost. One of a hint leaves a row: its
   * message may come again, and be read back as something else, which must not be taken for news.
   */
  async #copy(
    event: EntityEvent,
    { key, known }: { readonly key: string; readonly known: Flight },
    budget: Budget | null,
  ): Promise<EventOutcome> {
    const first = await known.outcome;
    const outcome = ending(event, "ignored", { reason: "a copy of the same delivery", of: first.eventId });
    if (event.readFrom !== undefined && this.#book.find(key) === null) return this.#close(event, key, outcome, budget);
    if (budget === null) this.#book.write({ ...newDraft(), owe: [{ event, outcome }] });
    return outcome;
  }

  #apply(event: EntityEvent, admission: Extract<Admission, { kind: "apply" }>, budget: Budget | null): Promise<EventOutcome> {
    const plan = this.#ports.plan(event);
    const { key } = admission;
    const behind = this.#strays.behind(event, key);
    const wait = this.#room.waitFor(event, plan) ?? this.#strays.waitFor(event, { plan, behind });
    const heard = listen(this.#book, event, admission.mark, { plan, ms: this.#ports.clock(), behind });
    if (heard.kind === "echo")
      return this.#close(event, key, ending(event, "ignored", { reason: `an echo of our own write to ${heard.destination}` }), budget);
    if (plan.lanes.length === 0) return this.#close(event, key, ending(event, "ignored", { reason: "no route wants it" }), budget);
    const position = this.#book.positionFor(event, this.#strays.ahead(key, plan));
    if (heard.kind === "loop") return Promise.resolve(this.#stop(event, { key, plan, position, reason: loopWords(heard) }, budget));
    const work = plan.lanes.map((lane) => newWork(event, key, { plan: lane, position }));
    const keep = (as: (item: Work) => Work): Promise<EventOutcome> =>
      Promise.resolve(
        begin(
          this.#book,
          { event, key, owe: budget === null },
          work.map((item) => ({ owed: as(item) })),
        ),
      );
    if (wait !== null) return keep((item) => patient(item, wait));
    this.#room.arrived(event);
    if (budget === null) return keep((item) => item);
    this.#strays.departs(event, key, plan);
    const outcome = this.#first.fly(event, work, budget).finally(() => this.#flights.delete(key));
    this.#flights.set(key, { eventId: event.id, contentHash: event.contentHash, order: event.order, outcome });
    return outcome;
  }

  /** Two systems set the record back in turns: nothing is sent, and a person hears of it, once for each destination. */
  #stop(
    event: EntityEvent,
    at: { readonly key: string; readonly plan: RoutePlan; readonly position: number; readonly reason: string },
    budget: Budget | null,
  ): EventOutcome {
    const why = { class: "conflict" as const, reason: at.reason };
    const results = at.plan.lanes.map((lane) => ({ owed: newDeadWork(event, at.key, { plan: lane, position: at.position }, why) }));
    return begin(this.#book, { event, key: at.key, owe: budget === null }, results);
  }

  async #close(event: EntityEvent, key: string, outcome: EventOutcome, budget: Budget | null): Promise<EventOutcome> {
    return close(this.#book, { event, key, owe: budget === null }, outcome);
  }

  /** Tries a dead letter again, with its data mended or as it is, or gives it up, on a person's word. */
  async operate(action: OperatorAction): Promise<OperatorAnswer> {
    await this.#kinship.settled([]);
    const { root } = this.#kinship;
    if (root !== null) return this.#ports.peer(root).operate(action);
    const acted = actOn(this.#book, action, this.#ports.clock());
    if (!acted.ok) return acted.failure;
    if (action.verb !== "skip") await this.#lanes.drain(action.destination, LIMITS.alarmBatch);
    else this.#book.arm();
    await this.payDebts();
    return { ok: true, outcome: this.#book.find(acted.value.key)?.outcome ?? null };
  }
}

const ending = (event: EntityEvent, status: Status, why: { readonly reason: string; readonly of?: string }): EventOutcome => ({
  eventId: event.id,
  rev: 1,
  status,
  ...why,
  lanes: [],
});
