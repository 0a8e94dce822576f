import { findFlowRun, listFlowRuns, storeFlowRun, type StoredRun } from "../adapters/flow-runs.ts";
import { command, type Command } from "../domain/flows/commands.ts";
import { currentStep, type FlowRun } from "../domain/flows/run.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { OpsPorts, Refused, RunRead } from "../http/ops-ports.ts";
import { goOn } from "./flows.ts";
import { onRecord, operatorAction } from "./operator-action.ts";

/** What the ops API asks of flows. A command is on record with who gave it and why, in the run's timeline and in the audit. */
export const flowPorts = (env: Env, waitUntil: (work: Promise<unknown>) => void): OpsPorts["flows"] => ({
  list: (query) => listFlowRuns(env.DB, query),
  find: (id) => findFlowRun(env.DB, id),
  steer: async (id, order) => {
    const found = await findFlowRun(env.DB, id);
    if (found === null) return fail({ code: "not_found", detail: `no run has the id ${id}` });
    const possible = command(found.run, order);
    if (!possible.ok) return fail({ code: "conflict", detail: possible.failure });
    const asked = operatorAction(`${order.verb} flow`, id, { actor: order.by, reason: order.reason });
    const done = await onRecord(env, asked, () => commanded(env, found, order));
    if (!done.ok) return done;
    waitUntil(goOn(env, found, order.atMs));
    return done;
  },
});

/** Times that a command is given to a run which has news at that very moment. */
const TRIES = 3;

/**
 * Stores what a command makes of a run. News of the run do not stand in its way: it is given again as long as the run
 * stands where the person saw it.
 */
async function commanded(env: Env, found: StoredRun, order: Command): Promise<Result<RunRead, Refused>> {
  let stored: StoredRun | null = found;
  for (let tried = 0; tried < TRIES && stored !== null && standsAlike(stored.run, found.run); tried++) {
    const steered = command(stored.run, order);
    if (!steered.ok) return fail({ code: "conflict", detail: steered.failure });
    if (await storeFlowRun(env.DB, steered.value, { rev: stored.rev, nowMs: order.atMs }))
      return ok({ run: steered.value, updatedAtMs: order.atMs });
    stored = await findFlowRun(env.DB, found.run.id);
  }
  return fail({ code: "conflict", detail: "the run has moved meanwhile: look at it again" });
}

const standsAlike = (run: FlowRun, seen: FlowRun): boolean =>
  run.state === seen.state && currentStep(run)?.name === currentStep(seen)?.name;
