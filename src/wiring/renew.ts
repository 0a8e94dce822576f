import { listSubscriptions, recordSubscriptions } from "../adapters/event-queries.ts";
import { send } from "../adapters/outbound.ts";
import type { Deployment } from "../deployment.ts";
import { renewSubscriptions, type PlannedRenewal } from "../pipeline/renew.ts";

/** Looks at senders' subscriptions, and renews those that end soon. One source that fails does not hold up the others. */
export async function renew(env: Env, deployment: Deployment): Promise<void> {
  const sources = Object.keys(deployment.config.sources).flatMap((name) => {
    const source = deployment.source(name);
    const renewal = source.ok ? (source.value.definition.renewal?.(source.value.settings) ?? null) : null;
    return renewal === null ? [] : [{ source: name, renewal }];
  });
  if (sources.length === 0) return;
  const known = await listSubscriptions(env.DB);
  const plan: PlannedRenewal[] = sources.map((planned) => ({ ...planned, known: known.filter((row) => row.source === planned.source) }));
  const reports = await renewSubscriptions(plan, {
    clock: Date.now,
    secret: deployment.settings.read,
    send: async (request, timeoutMs) => {
      const answer = await send(request, timeoutMs);
      return answer.ok ? { ok: true, value: { ...answer.value, nowMs: Date.now() } } : answer;
    },
  });
  for (const { source, subscriptions, problem } of reports) {
    if (problem !== null) console.warn(JSON.stringify({ level: "warn", message: "subscriptions could not be renewed", source, problem }));
    await recordSubscriptions(env.DB, source, subscriptions);
  }
}
