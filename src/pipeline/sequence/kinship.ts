import type { EntityEvent } from "../../domain/event.ts";
import { leads, mergeMarks, owedAliases, renamed, type EntityRef, type Handover, type JoinAnswer } from "../../domain/kin.ts";
import type { EventOutcome } from "../../domain/outcome.ts";
import type { Mark, Marks } from "../../domain/sequencing.ts";
import { dedupeKey } from "../../domain/event.ts";
import type { Work } from "../../domain/work.ts";
import { newDraft, type Book } from "./book.ts";
import type { Permits, SequenceAnswer, SequencePorts } from "./ports.ts";

const OPEN: ReadonlySet<string> = new Set(["pending", "retrying", "held", "dead"]);

/**
 * How two keys of one entity come to share one sequencer. The key that was there first keeps it; the other's object, once
 * nothing is under way in it, gives away what it has in one step and passes everything on from then on.
 */
export class Kinship {
  readonly #ports: SequencePorts;
  readonly #book: Book;
  /** Whether no attempt is under way any more, within a bounded wait. */
  readonly #idle: () => Promise<boolean>;
  #leaving: Promise<void> | null = null;
  #homecoming: Promise<void> | null = null;

  constructor(ports: SequencePorts, book: Book, idle: () => Promise<boolean>) {
    this.#ports = ports;
    this.#book = book;
    this.#idle = idle;
  }

  get root(): EntityRef | null {
    return this.#book.kin.movedTo ?? null;
  }

  /** Whether these events may not be admitted at once: the object is leaving, or what came under their other key is not here yet. */
  mustWait(events: readonly EntityEvent[]): boolean {
    const { aliases } = this.#book.kin;
    return this.#leaving !== null || events.some(({ alias }) => alias !== undefined && aliases[alias] === "owed");
  }

  /** Waits for that. Answers the events that can be admitted now; the others must come again. */
  async settled(events: readonly EntityEvent[]): Promise<readonly EntityEvent[]> {
    while (this.#leaving !== null) await this.#leaving;
    if (this.root !== null || !this.mustWait(events)) return events;
    await this.bringHome();
    const { aliases } = this.#book.kin;
    return events.filter(({ alias }) => alias === undefined || aliases[alias] !== "owed");
  }

  /** Gives this object's part to the entity that it belongs to. Asked again, it answers the same until that entity has it. */
  async join(own: EntityRef, root: EntityRef): Promise<JoinAnswer> {
    while (this.#leaving !== null) await this.#leaving;
    const moved = this.root;
    if (moved !== null) return moved.key === root.key ? this.#handover() : { kind: "elsewhere", root: moved };
    if (this.#book.kin.aliases[root.key] !== undefined && leads(own, root)) return { kind: "elsewhere", root: own };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaving = promise;
    try {
      if (!(await this.#idle())) return { kind: "busy" };
      const draft = newDraft();
      draft.kin = { ...this.#book.kin, self: own, movedTo: root };
      draft.lines.push({ eventId: "", body: { type: "moved", to: root } });
      this.#book.write(draft);
      return this.#handover();
    } finally {
      this.#leaving = null;
      resolve();
    }
  }

  /** The other side has it: nothing of it is needed here any more. */
  handedOver(root: EntityRef): void {
    if (this.root?.key !== root.key) return;
    const draft = newDraft();
    draft.drop.push(...this.#book.work());
    this.#book.write(draft);
  }

  #handover(): JoinAnswer {
    const work = [...this.#book.work()].toSorted((left, right) => left.position - right.position);
    const keys = [...new Set(work.map(({ key }) => key))];
    const outcomes = keys.flatMap((key) => {
      const outcome = this.#book.find(key)?.outcome;
      return outcome === undefined ? [] : [{ key, outcome }];
    });
    return { kind: "handedOver", work, outcomes, marks: this.#marksToGive() };
  }

  /** The newest states. What has its line here is not waited for there, where that line is not known. */
  #marksToGive(): Marks {
    const isOpen = ({ key }: { readonly key: string }): boolean => !this.#book.isOnRecord(key);
    const given = Object.entries(this.#book.marks).map(([stream, { atMs, behind = [], ...mark }]): [string, Mark] => {
      const open = behind.filter(isOpen);
      const isUnderWay = atMs !== undefined && isOpen(mark);
      return [stream, { ...mark, ...(isUnderWay ? { atMs } : {}), ...(open.length === 0 ? {} : { behind: open }) }];
    });
    return Object.fromEntries(given);
  }

  /** Asks the objects of this entity's other keys for what they have. What cannot be had now is asked for again by alarm. */
  async bringHome(): Promise<void> {
    this.#homecoming ??= this.#bringAll().finally(() => {
      this.#homecoming = null;
      this.#book.arm();
    });
    return this.#homecoming;
  }

  async #bringAll(): Promise<void> {
    const { self } = this.#book.kin;
    if (self === undefined || this.root !== null) return;
    for (const key of owedAliases(this.#book.kin)) {
      const alias = { kind: self.kind, key };
      try {
        const answer = await this.#ports.peer(alias).join(alias, self);
        if (answer.kind === "busy" || this.root !== null) continue;
        this.#adopt(alias, answer.kind === "handedOver" ? answer : null, answer.kind === "elsewhere" ? answer.root : null);
        if (answer.kind === "handedOver") await this.#ports.peer(alias).handedOver(self);
      } catch {
        // Asked again by alarm; what was taken over already is known by its keys.
      }
    }
  }

  /** Takes over in one write: the newest states first, since no older one may pass them, then work, outcomes and the name. */
  #adopt(alias: EntityRef, handover: Handover | null, elsewhere: EntityRef | null): void {
    const { kin } = this.#book;
    const self = kin.self ?? alias;
    const draft = newDraft();
    draft.kin = { ...kin, aliases: { ...kin.aliases, [alias.key]: "joined" } };
    draft.lines.push({ eventId: "", body: { type: "joined", alias, ...(elsewhere === null ? {} : { butBelongsTo: elsewhere }) } });
    if (handover !== null) {
      this.#book.takeMarks(mergeMarks(this.#book.marks, handover.marks));
      const outcomes = new Map(handover.outcomes.map(({ key, outcome }) => [key, outcome]));
      for (const [theirKey, works] of Map.groupBy(handover.work, (work) => work.key)) {
        const [first] = works;
        const outcome = outcomes.get(theirKey);
        if (first === undefined || outcome === undefined) continue;
        // One delivery that told of both keys is known here by its other content.
        const key = this.#book.find(theirKey) === null ? theirKey : `${theirKey}\n${first.event.contentHash}`;
        if (this.#book.find(key) !== null) continue;
        const event = renamed(first.event, self);
        const position = this.#book.nextPosition();
        const body = { type: "adopted", from: alias, source: event.sourceName, order: event.order, status: outcome.status };
        draft.lines.push({ eventId: event.id, body, known: { key, contentHash: event.contentHash } });
        draft.outcomes.push({ key, outcome });
        draft.put.push(...works.map((work): Work => ({ ...work, key, event, position })));
      }
    }
    this.#book.write(draft);
  }

  /** What came under the other key goes on to the entity; what this object had finished by then it answers itself. */
  async forward(root: EntityRef, events: readonly EntityEvent[], permits: Permits): Promise<SequenceAnswer> {
    const { known, rest } = this.#sorted(events);
    if (rest.length === 0) return { outcomes: known, used: {} };
    const answer = await this.#ports.peer(root).sequence(
      rest.map((event) => renamed(event, root)),
      permits,
    );
    return { ...answer, outcomes: [...known, ...answer.outcomes] };
  }

  async forwardSpill(root: EntityRef, events: readonly EntityEvent[]): Promise<readonly EventOutcome[]> {
    const { known, rest } = this.#sorted(events);
    if (rest.length === 0) return known;
    return [...known, ...(await this.#ports.peer(root).spill(rest.map((event) => renamed(event, root))))];
  }

  #sorted(events: readonly EntityEvent[]): { readonly known: readonly EventOutcome[]; readonly rest: readonly EntityEvent[] } {
    const known: EventOutcome[] = [];
    const rest = events.filter((event) => {
      const hit = this.#book.find(dedupeKey(event));
      if (hit === null || hit.contentHash !== event.contentHash || OPEN.has(hit.outcome.status)) return true;
      known.push(
        hit.eventId === event.id
          ? hit.outcome
          : { eventId: event.id, rev: 1, status: "ignored", reason: "a copy of the same delivery", of: hit.eventId, lanes: [] },
      );
      return false;
    });
    return { known, rest };
  }
}
