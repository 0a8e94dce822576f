import { Hono, type Context } from "hono";
import { LIMITS } from "../domain/limits.ts";
import type { Result } from "../domain/result.ts";
import { mayActAs, type Actor } from "./auth.ts";
import { openapi } from "./openapi.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation, type OperationName } from "./operations.ts";
import type { Handlers, Refused } from "./ops-ports.ts";
import { problem } from "./problem.ts";
import { receive, type ReceivePorts } from "./receive.ts";

export type AppContext = Context<{ Bindings: Env }>;

/** Makes each request's ports from its environment, and only those it needs. */
export interface AppPorts {
  readonly receive: (context: AppContext) => ReceivePorts;
  readonly ops: (context: AppContext) => Handlers;
  readonly authenticate: (context: AppContext) => Promise<Result<Actor, string>>;
  /** What is wrong with this deployment; empty when all is well. */
  readonly problems: (context: AppContext) => readonly string[];
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}

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
  app.get("/openapi.json", (c) => c.json(openapi(new URL(c.req.url).origin)));
  for (const name of OPERATION_NAMES) mount(app, name, ports);
  app.notFound(() => problem("not_found"));
  app.onError((error, c) => {
    ports.log({ level: "error", message: "a request failed unexpectedly", path: c.req.routePath, error: String(error) });
    return problem("unavailable");
  });
  return app;
}

function mount(app: Hono<{ Bindings: Env }>, name: OperationName, ports: AppPorts): void {
  const operation: Operation = OPERATIONS[name];
  app[operation.method](`/ops/v1${operation.path}`, async (c) => {
    const actor = await ports.authenticate(c);
    if (!actor.ok) return problem("unauthenticated", { detail: actor.failure, headers: { "www-authenticate": "Bearer" } });
    if (!mayActAs(actor.value.role, operation.role))
      return problem("forbidden", { detail: `this needs the role ${operation.role}; yours is ${actor.value.role}` });
    const input = await readInput(c, operation);
    if (!input.ok) return problem("invalid_request", { detail: input.failure });
    // The table guarantees the input's shape for this name; TypeScript cannot follow a name it does not know.
    const handler = ports.ops(c)[name] as (call: object) => Promise<Result<unknown, Refused>>;
    const answer = await handler({ params: c.req.param(), ...input.value, actor: actor.value, origin: new URL(c.req.url).origin });
    if (!answer.ok) return problem(answer.failure.code, { detail: answer.failure.detail });
    return answer.value instanceof Response ? answer.value : Response.json(answer.value);
  });
}

async function readInput(c: Context, operation: Operation): Promise<Result<{ query: unknown; body: unknown }, string>> {
  const query = operation.query?.strict().safeParse(c.req.query());
  if (query !== undefined && !query.success) return { ok: false, failure: words(query.error.issues) };
  if (operation.body === undefined) return { ok: true, value: { query: query?.data ?? {}, body: {} } };
  if (Number(c.req.header("content-length") ?? 0) > LIMITS.responseBytesRead) return { ok: false, failure: "the body is too large" };
  const sent: unknown = await c.req.json().catch(() => undefined);
  const body = operation.body.strict().safeParse(sent);
  return body.success
    ? { ok: true, value: { query: query?.data ?? {}, body: body.data } }
    : { ok: false, failure: words(body.error.issues) };
}

const words = (issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string =>
  issues.map((issue) => `${issue.path.map(String).join(".") || "body"}: ${issue.message}`).join("; ");
