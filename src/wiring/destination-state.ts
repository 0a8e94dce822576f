import type { Deployment } from "../deployment.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import { iso } from "../http/views.ts";

type DestinationState = Awaited<ReturnType<OpsPorts["destination"]>>;

/** How a destination is, as its governor knows it. */
export async function destinationState(env: Env, deployment: Deployment, name: string): Promise<DestinationState> {
  const config = deployment.config.destinations[name];
  const view = await env.GOVERNOR.getByName(name).view(name);
  const target = deployment.target(name);
  const quiet = view.quietUntilMs > Date.now();
  const untilMs = quiet ? view.quietUntilMs : view.breaker.state === "open" ? view.breaker.untilMs : null;
  return {
    name,
    title: config?.title ?? name,
    module: config?.module ?? "",
    owner: config?.owner ?? "",
    state: !target.ok ? "misconfigured" : view.pause !== null ? "paused" : quiet ? "quiet" : view.breaker.state,
    problem: target.ok ? null : target.failure,
    pausedBy: view.pause?.actor ?? null,
    until: untilMs === null ? null : iso(untilMs),
    running: view.running,
    limits: { ...view.limits, perMinute: view.limits.perMinute ?? null, perHour: view.limits.perHour ?? null },
    tokens: Math.floor(view.tokens),
    refusedLately: { classes: view.refusedLately.classes, keys: [...view.refusedLately.keys] },
  };
}
