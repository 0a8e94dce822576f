import { allAlerts, dropAlert, findAlert, listAlerts, putAlert, type StoredAlert } from "../adapters/alerts.ts";
import type { Deployment } from "../deployment.ts";
import { alertId, type SlaBurn } from "../domain/alerts/define.ts";
import { looked } from "../domain/alerts/life.ts";
import { conditionsIn, heldBackMs } from "../domain/alerts/rules.ts";
import { fail, ok } from "../domain/result.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import { readAlertFacts } from "./alert-facts.ts";
import { operatorAction, onRecord } from "./operator-action.ts";
import { tellChannels } from "./tell-channels.ts";

/** How long a condition must be over before its alert is resolved. */
const CLEAR_MS = 300_000;

/**
 * What the minute's cron does about alerts: holds the rules against one snapshot of facts, stores what changed, and tells
 * the channels what they have not heard yet. While all is well it writes nothing.
 */
export async function watchAlerts(env: Env, deployment: Deployment, nowMs: number, slas: readonly SlaBurn[]): Promise<void> {
  const settings = deployment.config.alerts?.rules;
  const [facts, stored] = await Promise.all([readAlertFacts(env, deployment, { nowMs, slas }), allAlerts(env.DB)]);
  const conditions = new Map(conditionsIn(facts, settings).map((condition) => [alertId(condition), condition]));
  const known = new Map(stored.map((each) => [each.alert.id, each]));
  const current: StoredAlert[] = [];
  for (const id of new Set([...known.keys(), ...conditions.keys()])) {
    const before = known.get(id) ?? null;
    const condition = conditions.get(id) ?? null;
    const rule = condition?.rule ?? before?.alert.rule;
    if (rule === undefined) continue;
    const after = looked(before?.alert ?? null, condition, { nowMs, heldBackMs: heldBackMs(rule, settings), clearMs: CLEAR_MS });
    const kept = await store(env, before, after);
    if (kept !== null) current.push(kept);
  }
  await tellChannels(env, deployment, current, nowMs);
}

/** As it is stored now; null if it is not, or if an operator changed it at the same time: then the next minute looks again. */
async function store(env: Env, before: StoredAlert | null, after: StoredAlert["alert"] | null): Promise<StoredAlert | null> {
  if (after === null) {
    if (before !== null) await dropAlert(env.DB, before);
    return null;
  }
  if (before !== null && JSON.stringify(before.alert) === JSON.stringify(after)) return before;
  if (!(await putAlert(env.DB, after, before))) return null;
  return { alert: after, rev: (before?.rev ?? 0) + 1, told: before?.told ?? {} };
}

/** What the ops API asks of alerts. */
export const alertPorts = (env: Env): OpsPorts["alerts"] => ({
  list: (query) => listAlerts(env.DB, query),
  find: (id) => findAlert(env.DB, id),
  change: async (id, verb, { by, change }) => {
    const before = await findAlert(env.DB, id);
    if (before === null) return fail({ code: "not_found", detail: `no alert has the id ${id}` });
    const changed = change(before.alert);
    if (!changed.ok) return fail({ code: "conflict", detail: changed.failure });
    return onRecord(env, operatorAction(verb, id, by), async () =>
      (await putAlert(env.DB, changed.value, before))
        ? ok({ ...before, alert: changed.value })
        : fail({ code: "conflict", detail: "another change came first: look at it again" }),
    );
  },
});
