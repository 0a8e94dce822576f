import { whyUnmet, type When } from "../conditions.ts";
import type { EntityKind } from "../entities/index.ts";
import { compensateOnce, beginCompensation } from "./compensation.ts";
import type { AnyFlow, DoStep, FlowStep, FollowStep, Otherwise, PublishStep, View, WaitStep } from "./definition.ts";
import { heard, make, type World } from "./effects.ts";
import { afterDead } from "./failures.ts";
import { currentStep, isOver, newRecord, withLine, withStep, type FlowRun, type Sent, type StepRecord } from "./run.ts";
import { viewOf } from "./view.ts";

/** Moves at one call: far more than any flow has steps. What is left goes on at the next. */
const MOVES = 200;
/** An effect is expected there within a day; after that a person is told, and it still counts when it comes. */
const EFFECT_WITHIN_MS = 24 * 3_600_000;
/** An effect's end is told as it happens; this is for what was not, and lazy enough that many runs do not crowd each other out. */
const POLL_FIRST_MS = 30_000;
const POLL_LAST_MS = 10 * 60_000;

/**
 * Takes a run as far as what is known allows. A function of its arguments: done again with the same ones, it answers the
 * same run, so a crash between two calls costs nothing.
 */
export function advance(run: FlowRun, flow: AnyFlow, world: World): FlowRun {
  let here = listen(run, world);
  for (let moves = 0; moves < MOVES; moves++) {
    const next = move(here, flow, world);
    if (next === null) break;
    here = next;
  }
  const ties = [...new Set([...here.ties, ...flow.ties(viewOf(here, world))])];
  return { ...here, ties, wakeAtMs: wakeAt(here, flow, world) };
}

/** Takes over what has been heard of the run's effects. */
function listen(run: FlowRun, world: World): FlowRun {
  if (isOver(run)) return run;
  const hear = (sent: readonly Sent[]): readonly Sent[] => sent.map((each) => heard(each, world));
  return { ...run, steps: run.steps.map((step) => ({ ...step, effects: hear(step.effects), undo: hear(step.undo) })) };
}

interface At {
  readonly run: FlowRun;
  readonly flow: AnyFlow;
  readonly world: World;
  readonly view: View;
  readonly record: StepRecord;
}

/** The next move, or null when the run can only wait. */
function move(run: FlowRun, flow: AnyFlow, world: World): FlowRun | null {
  if (isOver(run)) return null;
  if (run.state === "compensating") return compensateOnce(run, flow, world);
  const view = viewOf(run, world);
  const taken = takenBack(run, flow, view);
  if (taken !== null) return beginCompensation(run, { reason: taken, endsAs: "stopped", nowMs: world.nowMs });
  const record = currentStep(run);
  if (record === undefined)
    return withLine({ ...run, state: "done", reason: null }, { atMs: world.nowMs, what: "done", step: null, words: null });
  const step = flow.steps.find(({ name }) => name === record.name);
  if (step === undefined) return skip({ run, flow, world, view, record }, "this version of the flow has no such step");
  return moveStep({ run, flow, world, view, record }, step);
}

function takenBack(run: FlowRun, { takenBack: rule }: AnyFlow, view: View): string | null {
  if (rule === undefined || run.steps.some(({ name, state }) => name === rule.untilStep && state === "done")) return null;
  return rule.why(view);
}

function moveStep(at: At, step: FlowStep): FlowRun | null {
  const { record, world } = at;
  switch (record.state) {
    case "pending":
      return begin(at, step);
    case "retrying":
      return record.retryAtMs !== null && world.nowMs >= record.retryAtMs ? begin(at, step) : null;
    case "sent":
      return settle(at, step);
    case "waiting":
      return step.step === "wait" ? lookOut(at, step) : step.step === "follow" ? follow(at, step) : null;
    case "failed":
      return step.step === "check" ? recheck(at, step) : settleLate(at, step);
    case "done":
    case "skipped":
    case "compensating":
    case "compensated":
    case "uncompensated":
      return null;
  }
}

const recheck = (at: At, step: Extract<FlowStep, { step: "check" }>): FlowRun | null => {
  const problem = step.problem(at.view);
  if (problem === null) return finish(at);
  return problem === at.record.reason ? null : block(at, problem);
};

function begin(at: At, step: FlowStep): FlowRun {
  const needless = step.unless?.(at.view) ?? null;
  if (needless !== null) return skip(at, needless);
  const { world, view } = at;
  const record: StepRecord = {
    ...at.record,
    attempt: at.record.attempt + 1,
    startedAtMs: at.record.startedAtMs ?? world.nowMs,
    retryAtMs: null,
    reason: null,
  };
  const begun = { ...at, record };
  switch (step.step) {
    case "check": {
      const problem = step.problem(view);
      return problem === null ? finish(begun) : fails(begun, problem, step.otherwise);
    }
    case "do":
    case "publish":
      return send(begun, step);
    case "wait":
    case "follow":
      return change(begun, { state: "waiting", deadlineMs: world.nowMs + step.withinMs(view.policy, view), reason: step.title }, "waits");
  }
}

function send(at: At, step: DoStep<unknown> | PublishStep<unknown>): FlowRun {
  const { run, world, view, record } = at;
  if (step.step === "do" && !world.has(step.to)) return skip(at, `no system is configured as ${step.to}`);
  const [to, type] = step.step === "do" ? [step.to, `flow.${step.name}`] : (["publish", step.type] as const);
  const effects = make(run, { record, to, type, effects: step.effects(view), label: null }, world);
  if (effects.length === 0) return skip(at, "there is nothing to write");
  const made = { ...run, made: run.made + effects.length };
  return change({ ...at, run: made }, { state: "sent", effects, deadlineMs: world.nowMs + EFFECT_WITHIN_MS }, "sent");
}

/** Looks what has become of a step's effects. */
function settle(at: At, step: FlowStep): FlowRun | null {
  const { record, run, world } = at;
  const dead = record.effects.find(({ state }) => state === "dead");
  if (dead !== undefined) return died(at, dead, step.step === "do" || step.step === "publish" ? step.otherwise : "person");
  if (record.effects.every(({ state }) => state === "done")) return finish(at);
  if (run.state === "blocked" || record.deadlineMs === null || world.nowMs < record.deadlineMs) return null;
  return blocked(run, { record, words: "it is not there within its time, and still on its way", nowMs: world.nowMs });
}

/** A dead effect that an operator has brought through after all. */
const settleLate = (at: At, step: FlowStep): FlowRun | null =>
  at.record.effects.length > 0 && at.record.effects.every(({ state }) => state === "done")
    ? step.step === "follow"
      ? change(at, { state: "waiting", reason: step.title }, "goes on")
      : finish(at)
    : null;

function died(at: At, dead: Sent, otherwise: Otherwise): FlowRun {
  const { record, world } = at;
  const reason = `${dead.class}: ${dead.reason ?? ""}`;
  const next = afterDead(dead.class ?? "transient", record.retries, otherwise);
  switch (next.do) {
    case "again":
      return change(at, { state: "retrying", retries: record.retries + 1, retryAtMs: world.nowMs + next.afterMs, reason }, "retries");
    case "person":
      return block(at, reason);
    case "compensate":
      return fails(at, reason, "compensate");
  }
}

/** The latest fact of a kind that fulfils a condition. */
const factOf = (view: View, wanted: { readonly kind: EntityKind; readonly when: When }) =>
  view.facts.find(({ kind, data, deleted }) => kind === wanted.kind && !deleted && whyUnmet(wanted.when, data) === null);

function lookOut(at: At, step: WaitStep<unknown>): FlowRun | null {
  const { view, record, world } = at;
  const found = factOf(view, step.for);
  if (found !== undefined) return finish(at, `${found.kind} ${found.key}, told by ${found.eventId}`);
  const refused = step.refusedBy === undefined ? undefined : factOf(view, step.refusedBy);
  if (refused !== undefined)
    return fails(at, `${refused.kind} ${refused.key} says that it will not come (${refused.eventId})`, "compensate");
  return world.nowMs >= (record.deadlineMs ?? 0) ? late(at, step.late) : null;
}

function late(at: At, then: Otherwise | "goOn"): FlowRun {
  const words = "its deadline has passed";
  return then === "goOn" ? finish(at, words) : fails(at, words, then);
}

/** One thing after the other: what a follower has sent must be there before it looks again. */
function follow(at: At, step: FollowStep<unknown>): FlowRun | null {
  const { record, view, world, run } = at;
  const last = record.effects.filter(({ state }) => state !== "done");
  const dead = last.find(({ state }) => state === "dead");
  if (dead !== undefined) return died(at, dead, "person");
  if (last.length > 0) return null;
  const act = step.act(view, record.memory);
  if (act !== null && world.has(act.to)) {
    const turn = (typeof record.memory["turn"] === "number" ? record.memory["turn"] : 0) + 1;
    const making = { record, to: act.to, type: `flow.${step.name}`, effects: act.effects, label: String(turn) };
    const effects = make(run, making, world);
    const made = { ...run, made: run.made + effects.length };
    return change({ ...at, run: made }, { effects, memory: { ...act.memory, turn }, reason: act.why }, "acts");
  }
  if (step.settled(view)) return finish(at);
  return world.nowMs >= (record.deadlineMs ?? 0) ? late(at, step.late) : null;
}

const finish = (at: At, words: string | null = null): FlowRun => {
  const { run, world, record } = at;
  const done: StepRecord = { ...record, state: "done", endedAtMs: world.nowMs, reason: words };
  return withLine(
    { ...withStep(run, done), state: "running", reason: null },
    { atMs: world.nowMs, what: "done", step: record.name, words },
  );
};

const skip = ({ run, world, record }: At, reason: string): FlowRun =>
  withLine(withStep({ ...run, state: "running", reason: null }, { ...record, state: "skipped", endedAtMs: world.nowMs, reason }), {
    atMs: world.nowMs,
    what: "not needed",
    step: record.name,
    words: reason,
  });

const change = ({ run, world, record }: At, next: Partial<StepRecord>, what: string): FlowRun =>
  withLine(
    { ...withStep(run, { ...record, ...next }), state: "running", reason: null },
    {
      atMs: world.nowMs,
      what,
      step: record.name,
      words: next.reason ?? null,
    },
  );

function fails(at: At, reason: string, otherwise: Otherwise): FlowRun {
  if (otherwise === "person") return block(at, reason);
  const failed = withStep(at.run, { ...at.record, state: "failed", reason });
  return beginCompensation(failed, { reason: `${at.record.name}: ${reason}`, endsAs: "stopped", nowMs: at.world.nowMs });
}

const block = ({ run, record, world }: At, words: string): FlowRun =>
  blocked(run, { record: { ...record, state: "failed", reason: words }, words, nowMs: world.nowMs });

const blocked = (run: FlowRun, { record, words, nowMs }: { record: StepRecord; words: string; nowMs: number }): FlowRun =>
  withLine(
    { ...withStep(run, record), state: "blocked", reason: `${record.name}: ${words}` },
    {
      atMs: nowMs,
      what: "waits for a person",
      step: record.name,
      words,
    },
  );

/** When the run must be looked at although nobody told anything. */
function wakeAt(run: FlowRun, flow: AnyFlow, world: World): number | null {
  if (isOver(run)) return null;
  const times = run.steps.flatMap((record) => timesOf(record, run, flow, world));
  return times.length === 0 ? null : Math.max(world.nowMs, Math.min(...times));
}

function timesOf(record: StepRecord, run: FlowRun, flow: AnyFlow, world: World): readonly number[] {
  const open = [...record.effects, ...record.undo].filter(({ state }) => state === "made" || state === "queued");
  const idle = record.state === "done" || (record.state === "skipped" && run.state !== "compensating");
  const polls = idle ? [] : open.map(({ atMs }) => pollAt(atMs, world.nowMs));
  if (run.state === "compensating")
    return record.state === "compensating" && record.retryAtMs !== null ? [...polls, record.retryAtMs] : polls;
  const step = flow.steps.find(({ name }) => name === record.name);
  const again = record.state === "waiting" && step?.step === "follow" ? step.lookAgainAtMs?.(viewOf(run, world)) : null;
  const own = record.state === "retrying" ? record.retryAtMs : record.state === "waiting" ? record.deadlineMs : null;
  return [...polls, ...[again, own].filter((time) => typeof time === "number")];
}

const pollAt = (sinceMs: number, nowMs: number): number => nowMs + Math.min(POLL_LAST_MS, Math.max(POLL_FIRST_MS, nowMs - sinceMs));

/** A run of another version, as one of this: steps by name, those that are new are still to do. */
export function migrated(run: FlowRun, flow: AnyFlow, nowMs: number): FlowRun | null {
  const rule = flow.migrates?.[run.version];
  if (rule === undefined) return null;
  const known = new Map(run.steps.map((record) => [rule.rename[record.name] ?? record.name, record]));
  const steps = flow.steps.map(({ name }) => ({ ...(known.get(name) ?? newRecord(name)), name }));
  return withLine(
    { ...run, version: flow.version, steps },
    { atMs: nowMs, what: "migrated", step: null, words: `from version ${run.version} to ${flow.version}` },
  );
}
