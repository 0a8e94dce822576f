import type { AnyFlow } from "./definition.ts";
import { make, mayBeThere, type World } from "./effects.ts";
import { afterDead } from "./failures.ts";
import { withLine, withStep, type FlowRun, type StepRecord } from "./run.ts";
import { viewOf } from "./view.ts";

/** Begins to take back what was done. A step whose effects may be there counts as done, also if it failed half way. */
export function beginCompensation(
  run: FlowRun,
  { reason, endsAs, nowMs }: { readonly reason: string; readonly endsAs: FlowRun["endsAs"]; readonly nowMs: number },
): FlowRun {
  return withLine({ ...run, state: "compensating", endsAs, reason }, { atMs: nowMs, what: "takes back", step: null, words: reason });
}

const ENDED: ReadonlySet<StepRecord["state"]> = new Set(["compensated", "uncompensated"]);

/** One move of compensation: the last step that is not taken back yet. Null while its compensation is on its way. */
export function compensateOnce(run: FlowRun, flow: AnyFlow, world: World): FlowRun | null {
  const record = run.steps.findLast((each) => owes(each, flow));
  if (record === undefined) return ended(run, world);
  // What is still on its way may arrive or not: only then one knows whether there is anything to take back.
  if (record.effects.some(({ state }) => state === "made" || state === "queued")) return null;
  if (record.state !== "compensating") return begin(run, record, { flow, world });
  const dead = record.undo.find(({ state }) => state === "dead");
  if (dead !== undefined) {
    const reason = `${dead.class}: ${dead.reason ?? ""}`;
    const next = afterDead(dead.class ?? "transient", record.retries, "person");
    if (next.do !== "again") return close(run, { ...record, state: "uncompensated", reason }, world);
    const dueAtMs = (record.retryAtMs ?? world.nowMs + next.afterMs) - world.nowMs;
    if (record.retryAtMs === null) return withStep(run, { ...record, retryAtMs: world.nowMs + next.afterMs, reason });
    return dueAtMs > 0 ? null : begin(run, { ...record, retries: record.retries + 1 }, { flow, world });
  }
  return record.undo.every(({ state }) => state === "done") ? close(run, { ...record, state: "compensated", reason: null }, world) : null;
}

/** Whether a step has something that must be taken back, and has not been. */
function owes(record: StepRecord, flow: AnyFlow): boolean {
  const step = flow.steps.find(({ name }) => name === record.name);
  if ((step?.step !== "do" && step?.step !== "publish") || step.compensate === undefined) return false;
  return !ENDED.has(record.state) && (record.state === "compensating" || record.mayHaveLeft === true || record.effects.some(mayBeThere));
}

function begin(run: FlowRun, record: StepRecord, { flow, world }: { readonly flow: AnyFlow; readonly world: World }): FlowRun {
  const step = flow.steps.find(({ name }) => name === record.name);
  if (step?.step !== "do" && step?.step !== "publish") return run;
  const effects = step.compensate?.(viewOf(run, world), record.memory) ?? [];
  const attempt = record.undo.length === 0 ? { ...record, retries: 0 } : { ...record, attempt: record.attempt + 1 };
  const to = step.step === "do" ? step.to : ("publish" as const);
  const type = step.step === "do" ? `flow.${step.name}.compensate` : `${step.type}.revoked`;
  const undo = make(run, { record: attempt, to, type, effects, label: "compensate" }, world);
  if (undo.length === 0) return close(run, { ...record, state: "compensated", reason: "there is nothing to take back" }, world);
  const next: StepRecord = { ...attempt, state: "compensating", undo, retryAtMs: null };
  return withLine(withStep({ ...run, made: run.made + undo.length }, next), {
    atMs: world.nowMs,
    what: "compensates",
    step: record.name,
    words: null,
  });
}

const close = (run: FlowRun, record: StepRecord, { nowMs }: World): FlowRun =>
  withLine(withStep(run, { ...record, endedAtMs: nowMs }), { atMs: nowMs, what: record.state, step: record.name, words: record.reason });

function ended(run: FlowRun, { nowMs }: World): FlowRun {
  const failed = run.steps.filter(({ state }) => state === "uncompensated").map(({ name }) => name);
  const state = failed.length > 0 ? ("uncompensated" as const) : run.endsAs;
  return withLine(
    { ...run, state },
    { atMs: nowMs, what: state, step: null, words: failed.length > 0 ? `not taken back: ${failed.join(", ")}` : run.reason },
  );
}
