import { Hono } from "hono";
import { LIMITS } from "../domain/limits.ts";
import { OPEN_METRICS_TYPE, openMetrics } from "../domain/signals/open-metrics.ts";
import type { AppPorts } from "./app-ports.ts";
import { mountDashboard } from "./dashboard/dashboard.tsx";
import { openapi } from "./openapi.ts";
import { addressOf } from "./operation.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation, type OperationName } from "./operations.ts";
import { perform, whyNotAllowed } from "./perform.ts";
import { problem } from "./problem.ts";
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
    const may = await ports.mayReadMetrics(c);
    if (!may.ok) return problem("unauthenticated", { detail: may.failure, headers: { "www-authenticate": "Bearer" } });
    return new Response(openMetrics(await ports.metrics(c)), {
      headers: { "content-type": OPEN_METRICS_TYPE, "cache-control": "no-store" },
    });
  });
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

function mount(app: Hono<{ Bindings: Env }>, name: OperationName, ports: AppPorts): void {
  const operation: Operation = OPERATIONS[name];
  app[operation.method](addressOf(operation), async (c) => {
    // A browser says where a request was made; behind Cloudflare Access another site's would carry the visitor's token.
    if (operation.method === "post" && (c.req.header("origin") ?? new URL(c.req.url).origin) !== new URL(c.req.url).origin)
      return problem("forbidden", { detail: "calls of other sites' pages are not taken" });
    const actor = await ports.authenticate(c);
    if (!actor.ok) return problem("unauthenticated", { detail: actor.failure, headers: { "www-authenticate": "Bearer" } });
    // Whoever may not call it does not get their body read.
    const refused = whyNotAllowed(name, actor.value);
    if (refused !== null) return problem(refused.code, { detail: refused.detail });
    if (Number(c.req.header("content-length") ?? 0) > LIMITS.responseBytesRead)
      return problem("invalid_request", { detail: "the body is too large" });
    const body: unknown = operation.body === undefined ? {} : await c.req.json().catch(() => undefined);
    const call = { params: c.req.param(), query: c.req.query(), body };
    const answer = await perform(ports.ops(c), name, { ...call, actor: actor.value, origin: new URL(c.req.url).origin });
    if (!answer.ok) return problem(answer.failure.code, { detail: answer.failure.detail });
    return answer.value instanceof Response ? answer.value : Response.json(answer.value);
  });
}
