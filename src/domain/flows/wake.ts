import type { AnyFlow } from "./definition.ts";
import type { World } from "./effects.ts";
import { isOver, type FlowRun, type StepRecord } from "./run.ts";
import { viewOf } from "./view.ts";

/** An effect's end is told as it happens; this is for what was not, and lazy enough that many runs do not crowd each other out. */
const POLL_FIRST_MS = 30_000;
const POLL_LAST_MS = 10 * 60_000;

/** When the run must be looked at although nobody told anything. */
export function wakeAt(run: FlowRun, flow: AnyFlow, world: World): number | null {
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
