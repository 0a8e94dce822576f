import { fail, ok, type Result } from "../result.ts";
import { beginCompensation } from "./compensation.ts";
import { withDoubt } from "./effects.ts";
import { currentStep, isOver, newRecord, withLine, withStep, type FlowRun, type StepRecord } from "./run.ts";

/** What a person wants of a run. Without a step, a retry begins at the one that stands, and a skip goes past it. */
export interface Command {
  readonly verb: "retry" | "skip" | "cancel";
  readonly step?: string | undefined;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** Fails with words where the run is not in a state for it. */
export function command(run: FlowRun, order: Command): Result<FlowRun, string> {
  if (order.step !== undefined && !run.steps.some(({ name }) => name === order.step))
    return fail(`it has no step "${order.step}"; it has ${run.steps.map(({ name }) => name).join(", ")}`);
  switch (order.verb) {
    case "retry":
      return retry(run, order);
    case "skip":
      return skip(run, order);
    case "cancel":
      return cancel(run, order);
  }
}

const noted = (run: FlowRun, order: Command, step: string | null): FlowRun =>
  withLine({ ...run, wakeAtMs: order.atMs }, { atMs: order.atMs, what: order.verb, step, words: order.reason, by: order.by });

function retry(run: FlowRun, order: Command): Result<FlowRun, string> {
  switch (run.state) {
    case "uncompensated":
      return ok(noted({ ...run, state: "compensating", steps: run.steps.map(compensateAgain) }, order, null));
    case "done":
    case "compensating":
      return fail(`it is ${run.state}: there is nothing to try again`);
    case "running":
    case "blocked":
    case "stopped":
    case "cancelled":
      return from(run, order);
  }
}

const compensateAgain = (step: StepRecord): StepRecord =>
  step.state === "uncompensated" ? { ...step, state: "failed", undo: [], attempt: step.attempt + 1, endedAtMs: null } : step;

/** Goes on from a step: it and all behind it are done anew, under ids of a new attempt. */
function from(run: FlowRun, order: Command): Result<FlowRun, string> {
  const undone = run.steps.findIndex(({ state }) => state === "compensated");
  const stands = undone >= 0 ? undone : run.steps.findIndex(({ state }) => state !== "done" && state !== "skipped");
  const at = order.step === undefined ? stands : run.steps.findIndex(({ name }) => name === order.step);
  const name = run.steps[at]?.name ?? null;
  if (at < 0 || at > stands) return fail(`it stands at ${run.steps[stands]?.name ?? "its end"}: it cannot go on from a later step`);
  const steps = run.steps.map((step, index) => (index < at ? step : anew(step)));
  return ok(noted({ ...run, state: "running", endsAs: "stopped", reason: null, steps }, order, name));
}

/** What was taken back is as it was before: there is nothing to remember of it. What a failed step has done need not be done again. */
function anew(record: StepRecord): StepRecord {
  const { name, attempt, memory, state, effects } = record;
  if (state === "compensated") return { ...newRecord(name), attempt };
  const { mayHaveLeft } = withDoubt(record);
  return {
    ...newRecord(name),
    attempt,
    memory,
    effects: state === "failed" ? effects.filter((sent) => sent.state === "done") : [],
    ...(mayHaveLeft === undefined ? {} : { mayHaveLeft }),
  };
}

function skip(run: FlowRun, order: Command): Result<FlowRun, string> {
  const stands = currentStep(run);
  if (stands === undefined || (run.state !== "running" && run.state !== "blocked"))
    return fail(`it is ${run.state}: there is no step to go past`);
  if (order.step !== undefined && order.step !== stands.name) return fail(`it stands at ${stands.name}, not at ${order.step}`);
  const past: StepRecord = { ...stands, state: "skipped", endedAtMs: order.atMs, reason: `${order.by}: ${order.reason}` };
  return ok(noted({ ...withStep(run, past), state: "running", reason: null }, order, stands.name));
}

function cancel(run: FlowRun, order: Command): Result<FlowRun, string> {
  if (isOver(run) || run.state === "compensating") return fail(`it is ${run.state}: there is nothing to cancel`);
  const how = { reason: `${order.by}: ${order.reason}`, endsAs: "cancelled", nowMs: order.atMs } as const;
  return ok(beginCompensation(noted(run, order, null), how));
}
