import { findFlowRun, listFlowRuns, storeFlowRun } from "../adapters/flow-runs.ts";
import { command } from "../domain/flows/commands.ts";
import { fail, ok } from "../domain/result.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import { goOn } from "./flows.ts";
import { onRecord, operatorAction } from "./operator-action.ts";

/** What the ops API asks of flows. A command is on record with who gave it and why, in the run's timeline and in the audit. */
export const flowPorts = (env: Env, waitUntil: (work: Promise<unknown>) => void): OpsPorts["flows"] => ({
  list: (query) => listFlowRuns(env.DB, query),
  find: (id) => findFlowRun(env.DB, id),
  steer: async (id, order) => {
    const stored = await findFlowRun(env.DB, id);
    if (stored === null) return fail({ code: "not_found", detail: `no run has the id ${id}` });
    const steered = command(stored.run, order);
    if (!steered.ok) return fail({ code: "conflict", detail: steered.failure });
    const asked = operatorAction(`${order.verb} flow`, id, { actor: order.by, reason: order.reason });
    const done = await onRecord(env, asked, async () =>
      (await storeFlowRun(env.DB, steered.value, { rev: stored.rev, nowMs: order.atMs }))
        ? ok({ run: steered.value, updatedAtMs: order.atMs })
        : fail({ code: "conflict" as const, detail: "the run has moved meanwhile: look at it again" }),
    );
    if (done.ok) waitUntil(goOn(env, stored, order.atMs));
    return done;
  },
});
