import type { EntityEvent } from "../../domain/event.ts";
import { owedAliases, withRemote, type Kin } from "../../domain/kin.ts";
import { outcomeOfLanes, type EventOutcome, type LaneReport } from "../../domain/outcome.ts";
import type { Mark, Marks } from "../../domain/sequencing.ts";
import { chain, type ChainHead } from "../../domain/timeline.ts";
import { collapsible, headOf, nextDueMs, placeBetween } from "../../domain/lane.ts";
import { isWrittenDown, recoverAfterMs, reportOf, type Work } from "../../domain/work.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { LedgerChange, LedgerHit, LedgerLine, Owed, SequencePorts } from "./ports.ts";
import { lineOf } from "./timeline-lines.ts";

const workId = (work: Work): string => `${work.position}/${work.plan.destination}`;

/** More than the streams of any entity: only the newest event of each is asked of. */
const RECORDED_KEPT = 256;

/** A change in the making: collected in memory, written at once by `Book.write`. */
export interface Draft {
  readonly lines: {
    readonly eventId: string;
    readonly body: object;
    readonly known?: { readonly key: string; readonly contentHash: string };
  }[];
  readonly outcomes: { readonly key: string; readonly outcome: EventOutcome }[];
  readonly put: Work[];
  readonly drop: Work[];
  readonly owe: Owed[];
  kin?: Kin;
}

export const newDraft = (): Draft => ({ lines: [], outcomes: [], put: [], drop: [], owe: [] });

/**
 * An entity's state in memory beside its ledger, changed only together with it. One object holds it at a time, so
 * memory is never behind storage; after an eviction it is read again.
 */
export class Book {
  readonly #ports: SequencePorts;
  readonly #work = new Map<string, Work>();
  readonly #owed = new Map<string, Owed>();
  #head: ChainHead;
  #position: number;
  /** Places, by key, of events whose first attempts are under way in memory: no late change may be given one of them. */
  readonly #inFlight = new Map<string, number>();
  /** Work whose attempt is under way in this very object. */
  readonly #underWay = new Set<string>();
  /** Keys that the ledger is known to have a row of. */
  readonly #recorded = new Set<string>();
  #alarmAtMs: number | null = null;
  #owedDueAtMs: number | null = null;
  #kinDueAtMs: number | null = null;
  #marks: Marks;
  #savedMarks: Marks;
  #kin: Kin;

  constructor(ports: SequencePorts) {
    this.#ports = ports;
    const state = ports.ledger.load();
    this.#head = state.head;
    this.#marks = state.marks;
    this.#savedMarks = state.marks;
    this.#kin = state.kin;
    for (const work of state.work) this.#work.set(workId(work), work);
    for (const owed of state.owed) this.#owed.set(owed.event.id, owed);
    this.#position = Math.max(0, ...state.work.map((work) => work.position)) + 1;
    for (const destination of new Set(state.work.map((work) => work.plan.destination))) this.#expectLate(destination);
  }

  /** A head may have been tried already: its object died before it could write so, and the request may still come in. */
  #expectLate(destination: string): void {
    const nowMs = this.#ports.clock();
    const head = headOf(this.#work.values(), destination, nowMs);
    const traits = this.#ports.traits(destination);
    if (head === null || head.state === "dead" || traits === null) return;
    if (isWrittenDown(traits, { isStored: true }) && head.state !== "running") return;
    const lateUntilMs = Math.max(nowMs + recoverAfterMs(traits), head.lateUntilMs ?? 0);
    this.#work.set(workId(head), { ...head, lateUntilMs });
  }

  /** An attempt begins. */
  departs(work: Work): void {
    this.#underWay.add(workId(work));
  }

  /** An attempt has come to something. */
  returned(work: Work): void {
    this.#underWay.delete(workId(work));
  }

  /** What may be on its way is not left out, or it could come in after what is newer: it is sent again under the same key. */
  #collapsible(newer: Work): readonly Work[] {
    const nowMs = this.#ports.clock();
    return collapsible(this.#work.values(), newer).filter((work) => !this.#underWay.has(workId(work)) && (work.lateUntilMs ?? 0) < nowMs);
  }

  get nowMs(): number {
    return this.#ports.clock();
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** The entity's other names, and where its records are. */
  get kin(): Kin {
    return this.#kin;
  }

  nextPosition(): number {
    return this.#position++;
  }

  /** The place of an event that is admitted now: in between, where `placeBetween` finds one, else the next. */
  positionFor(event: EntityEvent, ahead: ReadonlySet<string> | null): number {
    if (this.#work.size === 0) return this.nextPosition();
    const between = placeBetween(event, { work: [...this.#work.values()], underWay: [...this.#inFlight.values()], ahead });
    return between ?? this.nextPosition();
  }

  /** First attempts begin in memory, of an event of that key and place, until their outcome is written. */
  departed(key: string, position: number): void {
    this.#inFlight.set(key, position);
  }

  arrived(key: string): void {
    this.#inFlight.delete(key);
  }

  /** Whether an event's first attempts are being made in this very object. */
  isInFlight(key: string): boolean {
    return this.#inFlight.has(key);
  }

  work(): IterableIterator<Work> {
    return this.#work.values();
  }

  /** The current state of a piece of work; null once it is finished. */
  current(work: Work): Work | null {
    return this.#work.get(workId(work)) ?? null;
  }

  deadWork(eventId: string, destination: string): Work | null {
    for (const work of this.#work.values()) {
      if (work.event.id === eventId && work.plan.destination === destination && work.state === "dead") return work;
    }
    return null;
  }

  /** The newest state admitted from each source, whether its event is finished or still under way. */
  get marks(): Marks {
    return this.#marks;
  }

  advance(source: string, mark: Mark): void {
    this.#marks = { ...this.#marks, [source]: mark };
  }

  /** Makes the marks durable, if they have changed: before any effect of the events that set them. */
  saveMarks(): void {
    if (this.#marks === this.#savedMarks) return;
    this.#ports.ledger.saveMarks(this.#marks);
    this.#savedMarks = this.#marks;
  }

  /** Replaces all marks by ones that hold them too. */
  takeMarks(marks: Marks): void {
    this.#marks = marks;
    this.saveMarks();
  }

  find(key: string): LedgerHit | null {
    return this.#ports.ledger.find(key);
  }

  /** Whether the ledger has an event's row. It is asked of the same newest events time and again. */
  isOnRecord(key: string): boolean {
    if (this.#recorded.has(key)) return true;
    if (this.find(key) === null) return false;
    this.#recorded.add(key);
    return true;
  }

  owed(): readonly Owed[] {
    return [...this.#owed.values()];
  }

  paid(owed: readonly Owed[]): void {
    for (const item of owed) if (this.#owed.get(item.event.id)?.outcome.rev === item.outcome.rev) this.#owed.delete(item.event.id);
    this.#ports.ledger.settleOwed(owed);
  }

  /** Writes a draft in one transaction, with the snapshots that its new work makes unnecessary, and arms the alarm. */
  write(draft: Draft): void {
    for (const newer of draft.put.slice()) {
      for (const older of this.#collapsible(newer))
        this.endLane(draft, older, { ...reportOf(older, "superseded"), reason: `collapsed into ${newer.event.id}` });
    }
    this.#ports.ledger.commit(this.#change(draft));
    if (this.#recorded.size > RECORDED_KEPT) this.#recorded.clear();
    for (const { known } of draft.lines) if (known !== undefined) this.#recorded.add(known.key);
    for (const work of draft.drop) this.#work.delete(workId(work));
    for (const work of draft.put) this.#work.set(workId(work), work);
    for (const owed of draft.owe) this.#owed.set(owed.event.id, owed);
    this.#kin = draft.kin ?? this.#kin;
    this.arm();
  }

  #change(draft: Draft): LedgerChange {
    const atMs = this.#ports.clock();
    const lines = draft.lines.map(({ known, eventId, body }): LedgerLine => {
      const entry = chain(this.#head, { atMs, eventId, body: JSON.stringify(body) }, this.#ports.sha256);
      this.#head = { seq: entry.seq, hash: entry.hash };
      return known === undefined ? { entry } : { entry, known };
    });
    return {
      lines,
      outcomes: draft.outcomes,
      put: draft.put,
      drop: draft.drop,
      owe: draft.owe,
      ...(draft.kin === undefined ? {} : { kin: draft.kin }),
    };
  }

  /** Adds a lane's later result to a draft: its line, the event's new outcome, and the debt to the index. */
  changeLane(draft: Draft, work: Work, report: LaneReport): EventOutcome {
    const before = draft.outcomes.findLast((change) => change.key === work.key)?.outcome ?? this.find(work.key)?.outcome;
    const others = (before?.lanes ?? []).filter((lane) => lane.destination !== report.destination);
    const outcome = outcomeOfLanes(work.event.id, (before?.rev ?? 0) + 1, [...others, report]);
    draft.lines.push({ eventId: work.event.id, body: { type: "lane", ...lineOf(report) } });
    draft.outcomes.push({ key: work.key, outcome });
    draft.owe.push({ event: work.event, outcome });
    return outcome;
  }

  endLane(draft: Draft, work: Work, report: LaneReport): EventOutcome {
    draft.drop.push(work);
    this.learn(draft, work, report);
    return this.changeLane(draft, work, report);
  }

  /** Remembers the record that a lane's effect made or found, in the same write as the effect's outcome. */
  learn(draft: Draft, { event, plan }: Work, { remote }: LaneReport): void {
    if (remote === undefined || event.deleted) return;
    const kin = draft.kin ?? this.#kin;
    const at = { destination: plan.destination, remote, joins: plan.joins === true };
    const learnt = withRemote(kin, { kind: event.entity.kind, key: event.entity.key }, at);
    if (learnt !== kin) draft.kin = learnt;
  }

  putLane(draft: Draft, work: Work): EventOutcome {
    draft.put.push(work);
    return this.changeLane(draft, work, reportOf(work));
  }

  /** Sets the alarm to the earliest thing due, if that has changed. */
  arm(): void {
    this.#owedDueAtMs = this.#owed.size === 0 ? null : (this.#owedDueAtMs ?? this.#ports.clock() + LIMITS.auditRetryMs);
    // What was given away is another's to do.
    const moved = this.#kin.movedTo !== undefined;
    const isOwedKin = !moved && owedAliases(this.#kin).length > 0;
    this.#kinDueAtMs = isOwedKin ? (this.#kinDueAtMs ?? this.#ports.clock() + LIMITS.joinRetryMs) : null;
    const due = [moved ? null : nextDueMs(this.#work.values(), this.#ports.clock()), this.#owedDueAtMs, this.#kinDueAtMs].filter(
      (ms) => ms !== null,
    );
    const atMs = due.length === 0 ? null : Math.min(...due);
    if (atMs === this.#alarmAtMs) return;
    this.#alarmAtMs = atMs;
    this.#ports.setAlarm(atMs);
  }

  /** The alarm has fired: the next `arm` sets one anew. */
  disarmed(): void {
    this.#alarmAtMs = null;
    this.#owedDueAtMs = null;
    this.#kinDueAtMs = null;
  }
}
