import { streamOf, tellsAll, type EntityEvent } from "../../domain/event.ts";
import type { JsonObject } from "../../domain/json.ts";
import { LIMITS } from "../../domain/limits.ts";
import { compareTokens } from "../../domain/order.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import { DEFAULT_PATIENCE, countOf, throughWith, waitOf, type Wait } from "../../domain/waiting.ts";
import { released, reportOf, type Work } from "../../domain/work.ts";
import { newDraft, type Book } from "./book.ts";
import type { SequencePorts } from "./ports.ts";

/** Times a record is read again that could not be read, before its changes go without what is missing. */
const REREADS = 5;

/** Where changes wait for the ones before them. What waits is stored like all work; this decides when it may go. */
export class WaitingRoom {
  readonly #ports: SequencePorts;
  readonly #book: Book;

  constructor(ports: SequencePorts, book: Book) {
    this.#ports = ports;
    this.#book = book;
  }

  /** Whether an event that is admitted now must wait for others. Asked before its mark is moved. */
  waitFor(event: EntityEvent, plan: RoutePlan): Wait | null {
    return waitOf(event, this.#throughOf(event), { ...DEFAULT_PATIENCE, ...plan.patience }, this.#ports.clock());
  }

  /** An event goes to its lanes: changes that waited only for it may follow, and those that it makes unnecessary end. */
  arrived(event: EntityEvent): void {
    if (tellsAll(event)) this.#overtake(event);
    const waiting = this.#waitingIn(event);
    const count = countOf(event);
    const mark = this.#book.marks[streamOf(event)];
    if (count === null || mark === undefined) return;
    const held = waiting.flatMap((work) => (work.waits === "gap" ? (countOf(work.event) ?? []) : []));
    const before = this.#throughOf(event);
    const last = throughWith(tellsAll(event) && before !== null && count > before ? count - 1n : before, count, held);
    this.#book.advance(streamOf(event), { ...mark, through: String(last) });
    this.#release(waiting.filter((work) => work.waits === "gap" && (countOf(work.event) ?? last) <= last));
  }

  /**
   * Changes that have waited long enough go on. Where a change before them is missing and the record can be read, its
   * state as it is now goes in their place; else they go without it. What is missing is not waited for again.
   */
  async giveUp(): Promise<void> {
    const nowMs = this.#ports.clock();
    const isDue = (work: Work): boolean => work.dueAtMs !== null && work.dueAtMs <= nowMs;
    const gaps = Map.groupBy(
      this.#waiting().filter((work) => work.waits === "gap" && isDue(work)),
      (work) => streamOf(work.event),
    );
    for (const due of gaps.values()) await this.#readAgain(due);
    this.#goWithout(this.#waiting().filter(isDue));
  }

  /** Puts the record's current state in the place of the changes that wait for a missing one. What fails to be read is read later, a few times. */
  async #readAgain(due: readonly Work[]): Promise<void> {
    const newest = due.reduce((last, work) => (compareTokens(work.event.order, last.event.order) === "newer" ? work : last));
    const state = await this.#ports.readAgain(newest.event);
    const waiting = this.#waitingIn(newest.event).filter((work) => work.waits === "gap");
    const isStillWanted = waiting.some((work) => work.event.id === newest.event.id);
    if (state === null || !isStillWanted || (state.ok && state.value === "absent")) return;
    if (!state.ok) return this.#postpone(waiting, state.failure);
    this.#replace(waiting, newest.event, state.value as JsonObject);
  }

  #postpone(waiting: readonly Work[], why: string): void {
    const draft = newDraft();
    for (const work of waiting.filter(({ rereads = 0 }) => rereads < REREADS)) {
      const dueAtMs = this.#ports.clock() + LIMITS.rereadAfterMs;
      this.#book.putLane(draft, { ...work, rereads: (work.rereads ?? 0) + 1, dueAtMs, reason: `could not be read again: ${why}` });
    }
    this.#book.write(draft);
  }

  #replace(waiting: readonly Work[], newest: EntityEvent, data: JsonObject): void {
    const draft = newDraft();
    draft.lines.push({ eventId: newest.id, body: { type: "readAgain", instead: waiting.length } });
    const { cleared: _cleared, ...event } = newest;
    for (const work of waiting) {
      if (work.event.id === newest.id)
        draft.put.push(released({ ...work, event: { ...event, nature: "snapshot", payload: { at: "inline", data } } }));
      else if (compareTokens(work.event.order, newest.order) === "older")
        this.#book.endLane(draft, work, {
          ...reportOf(work, "superseded"),
          reason: `a change before it is missing; ${newest.id} carries the state read instead`,
        });
    }
    this.#passOver(newest);
    this.#book.saveMarks();
    this.#book.write(draft);
  }

  #passOver(event: EntityEvent): void {
    const count = countOf(event);
    const mark = this.#book.marks[streamOf(event)];
    if (count !== null && mark !== undefined && count > (this.#throughOf(event) ?? 0n))
      this.#book.advance(streamOf(event), { ...mark, through: String(count) });
  }

  #goWithout(due: readonly Work[]): void {
    for (const { event } of due) this.#passOver(event);
    this.#book.saveMarks();
    this.#release(due);
  }

  #waiting(): readonly Work[] {
    return [...this.#book.work()].filter((work) => work.waits !== undefined && work.state === "held");
  }

  #throughOf(event: EntityEvent): bigint | null {
    const { through } = this.#book.marks[streamOf(event)] ?? {};
    return through === undefined ? null : BigInt(through);
  }

  #waitingIn(event: EntityEvent): readonly Work[] {
    return this.#waiting().filter((work) => streamOf(work.event) === streamOf(event));
  }

  #overtake(event: EntityEvent): void {
    const older = this.#waitingIn(event).filter((work) => compareTokens(work.event.order, event.order) === "older");
    if (older.length === 0) return;
    const draft = newDraft();
    for (const work of older)
      this.#book.endLane(draft, work, { ...reportOf(work, "superseded"), reason: `a whole state came that is newer: ${event.id}` });
    this.#book.write(draft);
  }

  #release(waiting: readonly Work[]): void {
    if (waiting.length === 0) return;
    const draft = newDraft();
    for (const work of waiting) draft.put.push(released(work));
    this.#book.write(draft);
  }
}
