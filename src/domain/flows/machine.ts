import { beginCompensation, compensateOnce } from "./compensation.ts";
import type { AnyFlow, DoStep, FlowStep, PublishStep, View } from "./definition.ts";
import { heard, make, withDoubt, type World } from "./effects.ts";
import { block, blocked, change, died, fails, finish, skip, type At } from "./moves.ts";
import { currentStep, isOver, withLine, type FlowRun, type Sent, type StepRecord } from "./run.ts";
import { viewOf } from "./view.ts";
import { cameLate, follow, lookOut, settleLate } from "./waiting-steps.ts";
import { wakeAt } from "./wake.ts";

/** Moves at one call: far more than any flow has steps. What is left goes on at the next. */
const MOVES = 200;
/** An effect is expected there within a day; after that a person is told, and it still counts when it comes. */
const EFFECT_WITHIN_MS = 24 * 3_600_000;

/**
 * Takes a run as far as what is known allows. A function of its arguments: done again with the same ones, it answers the
 * same run, so a crash between two calls costs nothing.
 */
export function advance(run: FlowRun, flow: AnyFlow, world: World): FlowRun {
  let here = listen(run, world);
  // What else it is tied to must be read before anything is decided: the same run comes back, with that named.
  const tied = tiesOf(here, flow, world);
  if (tied.length > here.ties.length) return { ...here, ties: tied, wakeAtMs: world.nowMs };
  for (let moves = 0; moves < MOVES; moves++) {
    const next = move(here, flow, world);
    if (next === null) break;
    here = next;
  }
  return { ...here, ties: tiesOf(here, flow, world), wakeAtMs: wakeAt(here, flow, world) };
}

const tiesOf = (run: FlowRun, flow: AnyFlow, world: World): readonly string[] => [
  ...new Set([...run.ties, ...flow.ties(viewOf(run, world))]),
];

/** Takes over what has been heard of the run's effects. */
function listen(run: FlowRun, world: World): FlowRun {
  if (isOver(run)) return run;
  const hear = (sent: readonly Sent[]): readonly Sent[] => sent.map((each) => heard(each, world));
  return { ...run, steps: run.steps.map((step) => ({ ...step, effects: hear(step.effects), undo: hear(step.undo) })) };
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
      return step.step === "check" ? recheck(at, step) : (cameLate(at, step) ?? settleLate(at, step));
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
    ...withDoubt(at.record),
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
  const remembers = step.step === "do" && step.remember !== undefined && Object.keys(record.memory).length === 0;
  const memory = remembers ? step.remember(view) : record.memory;
  return change({ ...at, run: made }, { state: "sent", effects, memory, deadlineMs: world.nowMs + EFFECT_WITHIN_MS }, "sent");
}

/** Looks what has become of a step's effects. */
function settle(at: At, step: FlowStep): FlowRun | null {
  const { record, run, world } = at;
  const dead = record.effects.find(({ state }) => state === "dead");
  if (dead !== undefined) return died(at, dead, step.step === "do" || step.step === "publish" ? step.otherwise : "person");
  if (record.effects.every(({ state }) => state === "done")) return finish(at);
  if (run.state === "blocked" || record.deadlineMs === null || world.nowMs < record.deadlineMs) return null;
  return blocked(run, { record, words: "it is not there within its time, and still on its way" }, world);
}
