import type { EntityKind } from "../entities/index.ts";
import type { FailureClass } from "../failure.ts";
import type { JsonObject } from "../json.ts";
import type { Addressee, AnyFlow, Effect, View } from "./definition.ts";

/**
 * `blocked` waits for a person, or for data that somebody mends. The last four are ends: `stopped` and `cancelled` with
 * all that was done taken back, `uncompensated` with something that could not be.
 */
export const RUN_STATES = ["running", "blocked", "compensating", "done", "stopped", "cancelled", "uncompensated"] as const;
export type RunState = (typeof RUN_STATES)[number];

export const STEP_STATES = [
  "pending",
  "sent",
  "retrying",
  "waiting",
  "failed",
  "done",
  "skipped",
  "compensating",
  "compensated",
  "uncompensated",
] as const;
export type StepState = (typeof STEP_STATES)[number];

/**
 * An effect on its way, as an event of the router's own. `made` is decided and stored, `queued` is in the queue; an
 * effect that is `made` may be in the queue all the same, and comes there again under the same ids.
 */
export interface Sent {
  readonly eventId: string;
  readonly deliveryId: string;
  /** Rises within the run: a later effect on a record is never overwritten by an earlier one. */
  readonly order: number;
  readonly to: Addressee;
  readonly type: string;
  readonly kind: EntityKind;
  readonly key: string;
  /** Null once the effect is there: nobody needs it any more. */
  readonly effect: Effect | null;
  /** Of what it says: a part of a step that is there already is not sent again with the others. */
  readonly hash?: string;
  readonly state: "made" | "queued" | "done" | "dead";
  readonly atMs: number;
  readonly remoteId?: string;
  readonly class?: FailureClass;
  readonly reason?: string;
}

export interface StepRecord {
  readonly name: string;
  readonly state: StepState;
  /** Rises whenever the step is begun again, so that what it sends then is news to everybody. */
  readonly attempt: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly deadlineMs: number | null;
  readonly retryAtMs: number | null;
  /** Automatic attempts since a person last looked. */
  readonly retries: number;
  readonly reason: string | null;
  readonly effects: readonly Sent[];
  /** An attempt before this one may have left something in its system: it is taken back with the rest. */
  readonly mayHaveLeft?: true;
  /** What takes its effects back. */
  readonly undo: readonly Sent[];
  /** What a follower remembers of what it did; or what a step remembers of how it was before. */
  readonly memory: JsonObject;
}

/** One line of a run's timeline. */
export interface Line {
  readonly atMs: number;
  readonly what: string;
  readonly step: string | null;
  readonly words: string | null;
  readonly by: string | null;
}

/** A run as it is stored after every step: all that the next one needs. */
export interface FlowRun {
  readonly id: string;
  readonly flow: string;
  readonly version: number;
  /** The record that it is about. */
  readonly kind: EntityKind;
  readonly key: string;
  /** That record as it was when the run began. */
  readonly subject: JsonObject;
  readonly startedBy: string;
  readonly startedAtMs: number;
  readonly correlationId: string;
  readonly state: RunState;
  /** What it will be once all is taken back. */
  readonly endsAs: "stopped" | "cancelled";
  readonly reason: string | null;
  readonly steps: readonly StepRecord[];
  /** Effects made so far. */
  readonly made: number;
  /** Records that it is tied to: `<kind>/<key>`. */
  readonly ties: readonly string[];
  /** When to look again though nobody told anything; null where only a person or news makes a difference. */
  readonly wakeAtMs: number | null;
  readonly timeline: readonly Line[];
  /** Of a blocked run: by when a person should have seen to it. Its owner hears of those who have not. */
  readonly personByMs?: number;
  /** The last state that was written back, where a system keeps a record of runs. */
  readonly reportedState: RunState | null;
}

/** What is kept of a run's timeline, newest last. */
const LINES_KEPT = 200;

export const isOver = (run: FlowRun): boolean => ["done", "stopped", "cancelled", "uncompensated"].includes(run.state);

export const newRecord = (name: string): StepRecord => ({
  name,
  state: "pending",
  attempt: 0,
  startedAtMs: null,
  endedAtMs: null,
  deadlineMs: null,
  retryAtMs: null,
  retries: 0,
  reason: null,
  effects: [],
  undo: [],
  memory: {},
});

export interface Start {
  readonly id: string;
  readonly kind: EntityKind;
  readonly key: string;
  readonly subject: JsonObject;
  readonly eventId: string;
  readonly correlationId: string;
  readonly atMs: number;
}

/** All that is known as a run begins. */
const atFirst = ({ key, subject, atMs }: Start): View => ({
  key,
  subject,
  facts: [],
  policy: undefined,
  nowMs: atMs,
  remoteIds: {},
  memories: {},
  has: () => false,
});

export const newRun = (flow: AnyFlow, start: Start): FlowRun => ({
  id: start.id,
  flow: flow.name,
  version: flow.version,
  kind: start.kind,
  key: start.key,
  subject: start.subject,
  startedBy: start.eventId,
  startedAtMs: start.atMs,
  correlationId: start.correlationId,
  state: "running",
  endsAs: "stopped",
  reason: null,
  steps: flow.steps.map(({ name }) => newRecord(name)),
  made: 0,
  ties: [...new Set([`${start.kind}/${start.key}`, ...flow.ties(atFirst(start))])],
  wakeAtMs: start.atMs,
  timeline: [{ atMs: start.atMs, what: "begun", step: null, words: `by ${start.eventId}`, by: null }],
  reportedState: null,
});

export const withLine = (run: FlowRun, line: Omit<Line, "by"> & { readonly by?: string }): FlowRun => ({
  ...run,
  timeline: [...run.timeline, { by: null, ...line }].slice(-LINES_KEPT),
});

export const withStep = (run: FlowRun, step: StepRecord): FlowRun => ({
  ...run,
  steps: run.steps.map((each) => (each.name === step.name ? step : each)),
});

export const currentStep = (run: FlowRun): StepRecord | undefined => run.steps.find(({ state }) => state !== "done" && state !== "skipped");

/** Effects that are decided and may not be in the queue yet. */
export const outgoing = (run: FlowRun): readonly Sent[] =>
  run.steps.flatMap(({ effects, undo }) => [...effects, ...undo]).filter(({ state }) => state === "made");

/** The run once those effects are in the queue. */
export function queued(run: FlowRun, eventIds: ReadonlySet<string>): FlowRun {
  const mark = (sent: readonly Sent[]): readonly Sent[] =>
    sent.map((each) => (each.state === "made" && eventIds.has(each.eventId) ? { ...each, state: "queued" as const } : each));
  return { ...run, steps: run.steps.map((step) => ({ ...step, effects: mark(step.effects), undo: mark(step.undo) })) };
}

/** Events whose outcome makes a difference to the run: those on their way, and dead ones that somebody may bring through. */
export const awaited = (run: FlowRun): readonly string[] =>
  run.steps
    .flatMap(({ state, effects, undo }) =>
      [...effects, ...undo].filter((sent) => sent.state === "queued" || (sent.state === "dead" && !["done", "skipped"].includes(state))),
    )
    .map(({ eventId }) => eventId);
