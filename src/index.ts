import { auditKeys } from "./adapters/audit-signing.ts";
import { deploymentOf } from "./deployment.ts";
import { fail } from "./domain/result.ts";
import { createApp } from "./http/app.ts";
import type { AppContext } from "./http/app-ports.ts";
import { credentialOf, type Authenticated } from "./http/auth.ts";
import { opsHandlers } from "./http/ops.ts";
import { authenticate } from "./wiring/access.ts";
import { consumeBatch } from "./wiring/consume.ts";
import { maintain } from "./wiring/maintain.ts";
import { isMetricsToken, readMetrics } from "./wiring/metrics.ts";
import { opsPorts } from "./wiring/ops.ts";
import { receivePorts } from "./wiring/receive.ts";

export { AuditLog } from "../durable-objects/audit-log.ts";
export { BacklogBoard } from "../durable-objects/backlog-board.ts";
export { CredentialKeeper } from "../durable-objects/credential-keeper.ts";
export { DestinationGovernor } from "../durable-objects/destination-governor.ts";
export { EntitySequencer } from "../durable-objects/entity-sequencer.ts";
export { BusinessFlow } from "./flows/business.ts";
export { ReconcileFlow } from "./flows/reconcile.ts";
export { ReplayRunner } from "../durable-objects/replay-runner.ts";
export { SourceRate } from "../durable-objects/source-rate.ts";

const waitUntil =
  (c: AppContext) =>
  (work: Promise<unknown>): void =>
    c.executionCtx.waitUntil(work);

/** Cloudflare says where a request comes from; on the machine itself there is one caller. */
const actorOf = (c: AppContext, credential: string): Promise<Authenticated> =>
  authenticate(c.env, deploymentOf(c.env), credential, {
    address: c.req.header("cf-connecting-ip") ?? "here",
    waitUntil: waitUntil(c),
  });

const app = createApp({
  receive: (c) => receivePorts(c.env, deploymentOf(c.env), waitUntil(c)),
  ops: (c) => opsHandlers(opsPorts(c.env, deploymentOf(c.env), waitUntil(c))),
  authenticate: async (c) => {
    const credential = credentialOf(c.req.raw.headers);
    return credential === null
      ? fail({ code: "unauthenticated", detail: "send a token or an API key: Authorization: Bearer <it>" })
      : actorOf(c, credential);
  },
  actorOf,
  problems: (c) => deploymentOf(c.env).problems,
  auditKeys: (c) => {
    const { read } = deploymentOf(c.env).settings;
    return auditKeys(read("AUDIT_SIGNING_KEY"), read("AUDIT_RETIRED_KEYS"));
  },
  isMetricsToken: (c) => isMetricsToken(deploymentOf(c.env), c.req.header("authorization")),
  metrics: (c) => readMetrics(c.env, deploymentOf(c.env)),
  log: (entry) => console.error(JSON.stringify(entry)),
});

export default {
  fetch: app.fetch,
  queue: (batch, env) => consumeBatch(batch, env, deploymentOf(env)),
  scheduled: (controller, env) => maintain(env, deploymentOf(env), controller.scheduledTime),
} satisfies ExportedHandler<Env>;
