import type { EntityEvent, Priority } from "../../domain/event.ts";
import type { FailureClass } from "../../domain/failure.ts";
import type { Lease, Settlement } from "../../domain/governor.ts";
import type { EntityRef, JoinAnswer, Kin } from "../../domain/kin.ts";
import type { EventOutcome } from "../../domain/outcome.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import type { Known, Marks } from "../../domain/sequencing.ts";
import type { ChainHead, Entry } from "../../domain/timeline.ts";
import type { AttemptResult, AttemptTerms, Work } from "../../domain/work.ts";

export interface LedgerHit extends Known {
  readonly outcome: EventOutcome;
}

/** A line of the timeline; with `known` it is also what the ledger remembers of a delivery under `key`. */
export interface LedgerLine {
  readonly entry: Entry;
  readonly known?: { readonly key: string; readonly contentHash: string };
}

export interface LedgerChange {
  readonly lines: readonly LedgerLine[];
  /** New outcomes of deliveries remembered earlier. */
  readonly outcomes: readonly { readonly key: string; readonly outcome: EventOutcome }[];
  readonly put: readonly Work[];
  readonly drop: readonly Work[];
  /** Outcomes that the index must still be told of. */
  readonly owe: readonly Owed[];
  /** The entity's other names, where they have changed. */
  readonly kin?: Kin;
}

/** An event and what became of it, on its way to the index. */
export interface Owed {
  readonly event: EntityEvent;
  readonly outcome: EventOutcome;
}

export interface LedgerState {
  readonly head: ChainHead;
  readonly marks: Marks;
  readonly work: readonly Work[];
  readonly owed: readonly Owed[];
  readonly kin: Kin;
}

/** One entity's memory. `commit` is atomic and durable before any answer leaves; all calls are synchronous. */
export interface Ledger {
  load(): LedgerState;
  find(key: string): LedgerHit | null;
  commit(change: LedgerChange): void;
  /** Writes the newest state admitted from each source; durable before any effect that follows. */
  saveMarks(marks: Marks): void;
  /** Forgets what the index has accepted, unless a newer outcome is owed by now. */
  settleOwed(paid: readonly Owed[]): void;
}

/** What the sequencer must know of a destination. */
export interface LaneTraits extends AttemptTerms {
  readonly deduplicates: boolean;
}

export interface SequencePorts {
  readonly ledger: Ledger;
  readonly clock: () => number;
  readonly random: () => number;
  readonly sha256: (text: string) => string;
  /** Resolves after `ms`, or never once cancelled. */
  readonly timer: (ms: number) => { readonly done: Promise<void>; readonly cancel: () => void };
  readonly plan: (event: EntityEvent) => RoutePlan;
  /** Null for a destination that is no longer configured. */
  readonly traits: (destination: string) => LaneTraits | null;
  /** Makes one attempt, reading back first where an effect may already exist. Never rejects. */
  readonly deliver: (work: Work) => Promise<AttemptResult>;
  /** Asks for one permit, as part of what its class and its fair key have. `again`: it was refused before. */
  readonly lease: (
    destination: string,
    priority: Priority,
    asker?: { readonly fairKey: string; readonly again: boolean },
  ) => Promise<Lease>;
  readonly settleLease: (destination: string, settlement: Settlement) => Promise<void>;
  /** Tells the index; rejects if it could not be told. */
  readonly report: (owed: readonly Owed[]) => Promise<void>;
  /** Another entity's sequencer. Rejects when it cannot be reached. */
  readonly peer: (entity: EntityRef) => Peer;
  /** The current state of an event's record, from where its source's states are read; null where nothing can be read. */
  readonly readAgain: (event: EntityEvent) => Promise<Result<JsonObject | "absent", string> | null>;
  /** Sets the one alarm; null clears it. */
  readonly setAlarm: (atMs: number | null) => void;
}

/** What one sequencer asks of another: to join it, and to do what came under its other name. */
export interface Peer {
  readonly sequence: (events: readonly EntityEvent[], permits: Permits) => Promise<SequenceAnswer>;
  readonly spill: (events: readonly EntityEvent[]) => Promise<readonly EventOutcome[]>;
  readonly operate: (action: OperatorAction) => Promise<OperatorAnswer>;
  readonly join: (own: EntityRef, root: EntityRef) => Promise<JoinAnswer>;
  readonly handedOver: (root: EntityRef) => Promise<void>;
}

/** Attempts that the caller has leased for this call, by destination. */
export type Permits = Readonly<Record<string, { readonly leaseId: string; readonly count: number; readonly refusal: Lease["refusal"] }>>;

/** What became of the caller's permits, for it to settle: a class for a failure, null for a success. */
export type Used = Record<string, { results: (FailureClass | null)[]; quietUntilMs: number | null }>;

export interface SequenceAnswer {
  readonly outcomes: readonly EventOutcome[];
  readonly used: Used;
}

export interface OperatorAction {
  readonly verb: "retry" | "skip" | "edit";
  /** Of an edit: a JSON Merge Patch of the entity's data. */
  readonly patch?: JsonObject;
  readonly eventId: string;
  readonly destination: string;
  readonly actor: string;
  readonly reason: string;
  /** Retry although a newer state from the same source was taken since. */
  readonly force: boolean;
}

export type OperatorAnswer =
  | { readonly ok: true; readonly outcome: EventOutcome | null }
  | { readonly ok: false; readonly code: "not_dead" | "moved_on" }
  /** Of a skip: a request for it may still come in, and must not find newer work done already. */
  | { readonly ok: false; readonly code: "under_way"; readonly untilMs: number }
  /** `problem` says in words what is wrong with the edited data. */
  | { readonly ok: false; readonly code: "not_editable"; readonly problem: string };
