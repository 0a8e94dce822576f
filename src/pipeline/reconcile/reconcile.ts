import type { Failed } from "../../destinations/define.ts";
import { isRepairedInVain, underRepair, type Finding } from "../../domain/reconciliation/findings.ts";
import { comparesAll, onward, type Run } from "../../domain/reconciliation/run.ts";
import { decode, newSketch, tally } from "../../domain/reconciliation/sketch.ts";
import { advanced } from "../../domain/reconciliation/watermark.ts";
import type { Result } from "../../domain/result.ts";
import { compared, foundOf, isCounted, lookAgain, lookAt } from "./look.ts";
import type { Plan, ReconcilePorts, StepResult } from "./ports.ts";

/** Repairs put in by one step. */
const REPAIRS_A_STEP = 25;
const RECHECKS_A_STEP = 50;
const REPAIR_WITHIN_MS = 600_000;
/** A full run whose difference is larger than it was made for is done again with this much more room. */
const GROWTH = 8;
const LARGEST_DIFFERENCE = 40_000;

const HOW_TO_BEGIN = "If the system was in use before it was first compared, run it once as a baseline";
const IN_VAIN = "it was repaired several times and came back: a person has to look";

type Step = (run: Run, plan: Plan, ports: ReconcilePorts) => Promise<Result<StepResult, Failed>>;

const STEPS: Readonly<Record<Run["phase"], Step | null>> = { pages, sweep, trace, recheck, repair, done: null };

/**
 * Takes a run one step further: one page, and what is found on it, stored together. Done again after a crash it begins
 * where the last stored page ended. Fails when the system does not answer; then nothing has changed.
 */
export async function stepRun(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<Run, Failed>> {
  const step = STEPS[run.phase];
  if (step === null) return { ok: true, value: run };
  const result = await step(run, plan, ports);
  if (!result.ok) return result;
  await ports.store(result.value);
  return { ok: true, value: result.value.run };
}

const stepped = (run: Run, more: Partial<StepResult> = {}): Result<StepResult, Failed> => ({
  ok: true,
  value: { run, put: [], drop: [], adopted: [], watermark: null, sketch: null, ...more },
});

const count = (run: Run, more: Partial<Run["progress"]>): Run => {
  const progress = Object.fromEntries(
    Object.entries(run.progress).map(([name, before]) => [name, before + (more[name as keyof Run["progress"]] ?? 0)]),
  ) as unknown as Run["progress"];
  return { ...run, progress };
};

async function pages(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const { window, cursor, watermark } = run;
  const token = comparesAll(run) ? null : watermark.token;
  const fromMs = comparesAll(run) ? null : window.fromMs;
  const sinceMs = ports.clock();
  const answer = await ports.page({ kind: plan.kind, fromMs, untilMs: window.untilMs, cursor, token, limit: plan.pageSize });
  if (!answer.ok) return answer;
  // The system has forgotten our place in it: everything is compared instead.
  if (answer.value === "restart")
    return stepped({ ...run, mode: "full", cursor: null, lastIds: [], watermark: { ...watermark, token: null } });
  const { records, nextCursor, serverNowMs } = answer.value;
  const fresh = records.filter(({ remote }) => !run.lastIds.includes(remote.id));
  const found = await compared(fresh.map(foundOf), { run, plan, ports, sinceMs });
  if (!found.ok) return found;
  const { settled, knownKeys } = found.value;
  const sketch = comparesAll(run) ? ((await ports.sketch()) ?? newSketch(run.differences)) : null;
  if (sketch !== null) for (const key of knownKeys) tally(sketch, ports.digest(key), 1);
  const next: Run = {
    ...count(run, { pages: 1, compared: fresh.length, opened: settled.opened, healed: settled.healed, adopted: settled.adopted.length }),
    serverAtStartMs: run.serverAtStartMs ?? serverNowMs,
    cursor: nextCursor,
    token: answer.value.token ?? run.token,
    lastIds: records.map(({ remote }) => remote.id),
  };
  return stepped(nextCursor === null ? onward(next) : next, {
    put: settled.put,
    drop: settled.drop,
    adopted: settled.adopted,
    sketch,
  });
}

/** Takes out of the difference all that we know. What is left, only one side has. */
async function sweep(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const known = await ports.knownAfter(run.cursor, plan.pageSize);
  const sketch = (await ports.sketch()) ?? newSketch(run.differences);
  for (const each of known) if (isCounted(each, run)) tally(sketch, ports.digest(each.key), -1);
  const last = known.at(-1);
  if (last !== undefined && known.length === plan.pageSize) return stepped({ ...run, cursor: last.key }, { sketch });
  const difference = decode(sketch);
  if (difference !== null) return stepped({ ...onward(run), missing: difference.missing }, { sketch });
  const larger = run.differences * GROWTH;
  if (larger > LARGEST_DIFFERENCE)
    return stepped({
      ...onward(run),
      problem: "more records are missing on one side than a run can name; look whether the right system is read",
    });
  return stepped({ ...run, phase: "pages", cursor: null, lastIds: [], differences: larger }, { sketch: newSketch(larger) });
}

/** Finds which of what we know the system does not have, and asks it for each by its key, since it may have moved between pages. */
async function trace(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  if (run.missing.length === 0) return stepped(onward(run));
  const wanted = new Set(run.missing);
  const known = await ports.knownAfter(run.cursor, plan.pageSize);
  const suspects = known.filter(({ key, deleted }) => !deleted && wanted.has(ports.digest(key)));
  const result = await lookAt(suspects, { run, plan, ports, sinceMs: ports.clock() });
  if (!result.ok) return result;
  const last = known.at(-1);
  const next = count(run, { opened: result.value.opened, healed: result.value.healed });
  const over = last === undefined || known.length < plan.pageSize;
  return stepped(over ? { ...onward(next), missing: [] } : { ...next, cursor: last.key }, {
    put: result.value.put,
    drop: result.value.drop,
  });
}

/** Looks again at what was suspected, is under repair, or is open: nothing stays a finding that is none any more. */
async function recheck(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const found = await ports.dueFindings(run.cursor, RECHECKS_A_STEP, ports.clock());
  const due = found.filter(({ lastSeenAtMs }) => lastSeenAtMs < run.startedAtMs);
  const result = await lookAgain(due, { run, plan, ports, sinceMs: ports.clock() });
  if (!result.ok) return result;
  const { put, drop, opened, healed } = result.value;
  const next = count(run, { opened, healed });
  const last = found.at(-1);
  return stepped(last === undefined || found.length < RECHECKS_A_STEP ? onward(next) : { ...next, cursor: last.id }, { put, drop });
}

/** Puts right what policy allows, a bounded number at a time. A storm is one alarm, and nothing is touched. */
async function repair(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const end = (problem: string | null): Result<StepResult, Failed> =>
    stepped({ ...onward(run), problem: problem ?? run.problem }, { watermark: advanced(run.watermark, endOf(run), plan.stamps) });
  const open = await ports.countOpen();
  if (open > plan.stormAbove)
    return end(`${open} findings are open, above ${plan.stormAbove}: nothing is repaired until a person has looked. ${HOW_TO_BEGIN}`);
  if (!ports.mayRepair()) return end(null);
  const findings = await ports.openFindings(run.cursor, REPAIRS_A_STEP);
  const put: Finding[] = [];
  for (const finding of findings) {
    const how = plan.repair[finding.type] ?? "alert";
    if (how === "alert") continue;
    if (isRepairedInVain(finding)) {
      put.push({ ...finding, reason: IN_VAIN });
      continue;
    }
    const made = await ports.repair(finding, how);
    const nowMs = ports.clock();
    put.push(
      made.ok
        ? underRepair(finding, made.value, nowMs + REPAIR_WITHIN_MS)
        : { ...finding, reason: `could not be repaired: ${made.failure}` },
    );
  }
  const next = count(run, { repairs: put.filter(({ state }) => state === "repairing").length });
  const last = findings.at(-1);
  if (last !== undefined && findings.length === REPAIRS_A_STEP) return stepped({ ...next, cursor: last.id }, { put });
  return stepped(onward(next), { put, watermark: advanced(run.watermark, endOf(run), plan.stamps) });
}

const endOf = ({ window, serverAtStartMs, startedAtMs, token }: Run) => ({ window, serverAtStartMs, startedAtMs, token });
