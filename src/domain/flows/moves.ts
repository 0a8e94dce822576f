import { beginCompensation } from "./compensation.ts";
import type { AnyFlow, Otherwise, View } from "./definition.ts";
import type { World } from "./effects.ts";
import { afterDead } from "./failures.ts";
import { withLine, withStep, type FlowRun, type Sent, type StepRecord } from "./run.ts";

/** Where a run stands as it is moved. */
export interface At {
  readonly run: FlowRun;
  readonly flow: AnyFlow;
  readonly world: World;
  readonly view: View;
  readonly record: StepRecord;
}

/** The step is done; the run goes on with the next. */
export const finish = (at: At, words: string | null = null): FlowRun => {
  const { run, world, record } = at;
  const done: StepRecord = { ...record, state: "done", endedAtMs: world.nowMs, reason: words };
  return withLine(
    { ...withStep(run, done), state: "running", reason: null },
    { atMs: world.nowMs, what: "done", step: record.name, words },
  );
};

/** The step need not be done. */
export const skip = ({ run, world, record }: At, reason: string): FlowRun =>
  withLine(withStep({ ...run, state: "running", reason: null }, { ...record, state: "skipped", endedAtMs: world.nowMs, reason }), {
    atMs: world.nowMs,
    what: "not needed",
    step: record.name,
    words: reason,
  });

/** The step is somewhere else now, which is a line of the timeline. */
export const change = ({ run, world, record }: At, next: Partial<StepRecord>, what: string): FlowRun =>
  withLine(
    { ...withStep(run, { ...record, ...next }), state: "running", reason: null },
    {
      atMs: world.nowMs,
      what,
      step: record.name,
      words: next.reason ?? null,
    },
  );

/** The step cannot be done: everything is taken back, or a person decides. */
export function fails(at: At, reason: string, otherwise: Otherwise): FlowRun {
  if (otherwise === "person") return block(at, reason);
  const failed = withStep(at.run, { ...at.record, state: "failed", reason });
  return beginCompensation(failed, { reason: `${at.record.name}: ${reason}`, endsAs: "stopped", nowMs: at.world.nowMs });
}

/** The step failed, and only a person or news of its record helps. */
export const block = ({ run, record, world }: At, words: string): FlowRun =>
  blocked(run, { record: { ...record, state: "failed", reason: words }, words }, world);

/** A run that waits already has no more time for another reason. */
export function blocked(run: FlowRun, { record, words }: { record: StepRecord; words: string }, { nowMs, personWithinMs }: World): FlowRun {
  const personByMs = run.state === "blocked" && run.personByMs !== undefined ? run.personByMs : nowMs + personWithinMs;
  return withLine(
    { ...withStep(run, record), state: "blocked", reason: `${record.name}: ${words}`, personByMs },
    { atMs: nowMs, what: "waits for a person", step: record.name, words },
  );
}

/** What a step comes to whose effect is a dead letter. */
export function died(at: At, dead: Sent, otherwise: Otherwise): FlowRun {
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
