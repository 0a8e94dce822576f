import { Hono } from "hono";
import { LIMITS } from "../domain/limits.ts";
import { OPEN_METRICS_TYPE, openMetrics } from "../domain/signals/open-metrics.ts";
import type { AppContext, AppPorts } from "./app-ports.ts";
import { mountDashboard } from "./dashboard/dashboard.tsx";
import { openapi } from "./openapi.ts";
import { addressOf } from "./operation.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation, type OperationName } from "./operations.ts";
import type { Refused } from "./ops-ports.ts";
import { perform, whyNotAllowed } from "./perform.ts";
import { problem, type ProblemCode } from "./problem.ts";
import { receive } from "./receive.ts";

/** The HTTP surface: ingest, health, the ops API and its description. */
export function createApp(ports: AppPorts): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.all("/in/:source/:account?", (c) =>
    receive(c.req.raw, { source: c.req.param("source"), account: c.req.param("account") ?? null }, ports.receive(c)),
  );
  app.get("/healthz", (c) => {
    const problems = ports.problems(c);
    return c.json(
      { status: problems.length === 0 ? "ok" : "misconfigured", environment: c.env.ENVIRONMENT, problems },
      problems.length === 0 ? 200 : 503,
    );
  });
  app.get("/metrics", async (c) => {
    const refused = (await ports.isMetricsToken(c)) ? null : await whyNotMetrics(c, ports);
    if (refused !== null) return refusal(refused);
    return new Response(openMetrics(await ports.metrics(c)), {
      headers: { "content-type": OPEN_METRICS_TYPE, "cache-control": "no-store" },
    });
  });
  app.get("/.well-known/signalbox-audit-keys.json", async (c) => c.json(await ports.auditKeys(c)));
  app.get("/openapi.json", (c) => c.json(openapi(new URL(c.req.url).origin)));
  for (const name of OPERATION_NAMES) mount(app, name, ports);
  mountDashboard(app, ports);
  app.notFound(() => problem("not_found"));
  app.onError((error, c) => {
    ports.log({ level: "error", message: "a request failed unexpectedly", path: c.req.routePath, error: String(error) });
    return problem("unavailable");
  });
  return app;
}

/** Headers that some refusals need, so that a client knows what to do. */
const REFUSAL_HEADERS: Readonly<Partial<Record<ProblemCode, Readonly<Record<string, string>>>>> = {
  unauthenticated: { "www-authenticate": "Bearer" },
  rate_limited: { "retry-after": String(LIMITS.opsRateSeconds) },
};

const refusal = ({ code, detail }: Refused): Response => problem(code, { detail, headers: REFUSAL_HEADERS[code] ?? {} });

/** `/metrics` is what the call getMetrics answers, in another form: who may make that call may read it. */
async function whyNotMetrics(c: AppContext, ports: AppPorts): Promise<Refused | null> {
  const actor = await ports.authenticate(c);
  return actor.ok ? whyNotAllowed("getMetrics", actor.value) : actor.failure;
}

function mount(app: Hono<{ Bindings: Env }>, name: OperationName, ports: AppPorts): void {
  const operation: Operation = OPERATIONS[name];
  app[operation.method](addressOf(operation), async (c) => {
    // A browser says where a request was made; behind Cloudflare Access another site's would carry the visitor's token.
    if (operation.method === "post" && (c.req.header("origin") ?? new URL(c.req.url).origin) !== new URL(c.req.url).origin)
      return problem("forbidden", { detail: "calls of other sites' pages are not taken" });
    const actor = await ports.authenticate(c);
    if (!actor.ok) return refusal(actor.failure);
    // Whoever may not call it does not get their body read.
    const refused = whyNotAllowed(name, actor.value);
    if (refused !== null) return refusal(refused);
    if (Number(c.req.header("content-length") ?? 0) > LIMITS.responseBytesRead)
      return problem("invalid_request", { detail: "the body is too large" });
    const body: unknown = operation.body === undefined ? {} : await c.req.json().catch(() => undefined);
    const call = { params: c.req.param(), query: c.req.query(), body };
    const answer = await perform(ports.ops(c), name, { ...call, actor: actor.value, origin: new URL(c.req.url).origin });
    if (!answer.ok) return refusal(answer.failure);
    return answer.value instanceof Response ? answer.value : Response.json(answer.value);
  });
}
