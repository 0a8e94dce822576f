import { deploymentOf } from "./deployment.ts";
import { createApp } from "./http/app.ts";
import type { AppContext } from "./http/app-ports.ts";
import { tokenCheck, type TokenCheck } from "./http/auth.ts";
import { opsHandlers } from "./http/ops.ts";
import { consumeBatch } from "./wiring/consume.ts";
import { maintain } from "./wiring/maintain.ts";
import { isMetricsToken, readMetrics } from "./wiring/metrics.ts";
import { opsPorts } from "./wiring/ops.ts";
import { receivePorts } from "./wiring/receive.ts";

export { BacklogBoard } from "../durable-objects/backlog-board.ts";
export { CredentialKeeper } from "../durable-objects/credential-keeper.ts";
export { DestinationGovernor } from "../durable-objects/destination-governor.ts";
export { EntitySequencer } from "../durable-objects/entity-sequencer.ts";
export { ReconcileFlow } from "./flows/reconcile.ts";
export { ReplayRunner } from "../durable-objects/replay-runner.ts";
export { SourceRate } from "../durable-objects/source-rate.ts";

const checks = new WeakMap<Env, TokenCheck>();

function checkOf(env: Env): TokenCheck {
  const check = checks.get(env) ?? tokenCheck(deploymentOf(env).settings);
  checks.set(env, check);
  return check;
}

const waitUntil =
  (c: AppContext) =>
  (work: Promise<unknown>): void =>
    c.executionCtx.waitUntil(work);

const app = createApp({
  receive: (c) => receivePorts(c.env, deploymentOf(c.env), waitUntil(c)),
  ops: (c) => opsHandlers(opsPorts(c.env, deploymentOf(c.env), waitUntil(c))),
  authenticate: (c) => checkOf(c.env).ofRequest(c.req.raw),
  actorOf: (c, token) => checkOf(c.env).ofToken(token),
  problems: (c) => deploymentOf(c.env).problems,
  mayReadMetrics: async (c) => {
    if (await isMetricsToken(deploymentOf(c.env), c.req.header("authorization"))) return { ok: true, value: null };
    const viewer = await checkOf(c.env).ofRequest(c.req.raw);
    return viewer.ok ? { ok: true, value: null } : viewer;
  },
  metrics: (c) => readMetrics(c.env, deploymentOf(c.env)),
  log: (entry) => console.error(JSON.stringify(entry)),
});

export default {
  fetch: app.fetch,
  queue: (batch, env) => consumeBatch(batch, env, deploymentOf(env)),
  scheduled: (controller, env) => maintain(env, deploymentOf(env), controller.scheduledTime),
} satisfies ExportedHandler<Env>;
