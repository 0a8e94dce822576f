import { streamOf, type EntityEvent } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import { headOf } from "../../domain/lane.ts";
import { outwardStream } from "../../domain/loops.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import type { Departure } from "../../domain/sequencing.ts";
import type { Wait } from "../../domain/waiting.ts";
import { patient, putsByKey, recoverAfterMs } from "../../domain/work.ts";
import { newDraft, type Book } from "./book.ts";
import { departuresOf, openDepartures } from "./departures.ts";
import { OUTWARD } from "./listening.ts";
import type { SequencePorts } from "./ports.ts";

type Planned = Pick<RoutePlan, "lanes">;

/**
 * First attempts leave no row before they are through, only marks: an object that dies of them leaves requests that may
 * still come in, each known by a departure without a line. What would have to come after such a request waits, as long as
 * one can take.
 */
export class Strays {
  readonly #ports: SequencePorts;
  readonly #book: Book;

  constructor(ports: SequencePorts, book: Book) {
    this.#ports = ports;
    this.#book = book;
  }

  /**
   * Whether an event that is admitted now must wait for what went out before it in its stream, or to a destination that
   * would not know a late request for a copy: there also for its own. Asked before its mark is moved.
   */
  waitFor(event: EntityEvent, { plan, behind }: { readonly plan: Planned; readonly behind: readonly Departure[] }): Wait | null {
    const nowMs = this.#ports.clock();
    const waiting = [...this.#book.work()].find((work) => work.waits === "stray" && streamOf(work.event) === streamOf(event))?.dueAtMs;
    const gone = [...behind, ...this.#inLanes(plan)].filter((departure) => !this.#book.isInFlight(departure.key));
    const untilMs = waiting ?? Math.max(0, ...gone.map(({ atMs }) => atMs)) + LIMITS.answerWithinMs + this.#longestMs(plan);
    return untilMs <= nowMs ? null : { for: "stray", untilMs, reason: "waits for a request of an object that died" };
  }

  /** What may be under way in an event's stream when the event is admitted. Asked before its mark is moved. */
  behind(event: EntityEvent, key: string): readonly Departure[] {
    return openDepartures(this.#book, this.#book.marks[streamOf(event)]).filter((departure) => departure.key !== key);
  }

  /**
   * Of an event that comes again after its object died of it: the keys of what went out before it, which may have come back
   * before it or after. Null for every other event: it goes where it arrives.
   */
  ahead(key: string, { lanes }: Planned): ReadonlySet<string> | null {
    const lines = this.#outward(lanes).map((stream) => departuresOf(this.#book.marks[stream]).map((departure) => departure.key));
    const own = lines.filter((keys) => keys.includes(key));
    return own.length === 0 ? null : new Set(own.flatMap((keys) => keys.slice(0, keys.indexOf(key))));
  }

  /** An event's first attempts begin. Made durable with its mark, before they are made. */
  departs({ id: eventId }: EntityEvent, key: string, { lanes }: Planned): void {
    for (const stream of this.#outward(lanes)) {
      const { behind: _behind, ...mark } = this.#book.marks[stream] ?? OUTWARD;
      const behind = openDepartures(this.#book, this.#book.marks[stream]).filter((departure) => departure.key !== key);
      this.#book.advance(stream, { ...mark, key, eventId, atMs: this.#ports.clock(), ...(behind.length === 0 ? {} : { behind }) });
    }
  }

  /** Stored work that came in behind such a request, in an object that has died since, waits too, and its lane with it. */
  outwait(): void {
    const nowMs = this.#ports.clock();
    const draft = newDraft();
    for (const destination of new Set([...this.#book.work()].map(({ plan }) => plan.destination))) {
      const head = headOf(this.#book.work(), destination, nowMs);
      // Where another state has been reached, the lane was not free for a first attempt.
      if (head?.state !== "waiting") continue;
      const wait = this.waitFor(head.event, { plan: { lanes: [head.plan] }, behind: this.behind(head.event, head.key) });
      if (wait !== null) draft.put.push(patient(head, wait));
    }
    if (draft.put.length > 0) this.#book.write(draft);
  }

  #inLanes({ lanes }: Planned): readonly Departure[] {
    return this.#outward(lanes).flatMap((stream) => openDepartures(this.#book, this.#book.marks[stream]));
  }

  /** Streams to destinations where the last request counts. */
  #outward(lanes: Planned["lanes"]): readonly string[] {
    return lanes.flatMap(({ destination }) => {
      const traits = this.#ports.traits(destination);
      return traits !== null && putsByKey(traits) ? [outwardStream(destination)] : [];
    });
  }

  /** How long a request of a plan's lanes can be under way. */
  #longestMs({ lanes }: Planned): number {
    const traits = lanes.map(({ destination }) => this.#ports.traits(destination)).filter((found) => found !== null);
    return Math.max(0, ...traits.map(recoverAfterMs));
  }
}
