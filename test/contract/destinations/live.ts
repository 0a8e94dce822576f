import { startSandbox, type Sandbox, type SandboxOptions } from "../../../sandbox/start.ts";
import { openSession } from "../../../src/connection/session.ts";
import { http } from "../../../src/destinations/http/index.ts";
import { fail, ok, type Result } from "../../../src/domain/result.ts";
import type {
  Connection,
  Delivery,
  DestinationDefinition,
  LookupOutcome,
  Outcome,
  RequestSpec,
  ResponseSeen,
} from "../../../src/destinations/define.ts";

/** A session over real sockets; a broken connection has no answer, as it has for the router. */
function sessionOf(module: DestinationDefinition, connection: Connection<unknown>) {
  const send = async ({ url, method, headers, body }: RequestSpec): Promise<Result<ResponseSeen, string>> => {
    try {
      const response = await fetch(url, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) });
      return ok({ status: response.status, headers: response.headers, body: await response.text(), nowMs: Date.now() });
    } catch (error) {
      return fail(`no answer: ${String(error)}`);
    }
  };
  const none = { kind: "failed" as const, class: "config" as const, detail: "it has no credential to obtain" };
  return openSession(module, connection, { clock: Date.now, send, credential: async () => fail(none) });
}

export const deliver = (module: DestinationDefinition, delivery: Delivery, connection: Connection<unknown>): Promise<Outcome> =>
  module.write(delivery, sessionOf(module, connection));

export async function readBack(module: DestinationDefinition, delivery: Delivery, connection: Connection<unknown>): Promise<LookupOutcome> {
  if (module.confirm === undefined) throw new Error(`${module.module} has no read-back`);
  return module.confirm(delivery, sessionOf(module, connection));
}

export interface LiveSandbox extends Sandbox {
  /** Calls any of its paths as JSON; the ERP's with its key. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; headers: Headers; body: Body }>;
}

/** Whatever JSON came; tests state what they expect of it. */
export interface Body {
  readonly [name: string]: unknown;
  readonly items: readonly Body[];
  readonly next: Readonly<Record<string, string>> | null;
}

export async function startLive(options: SandboxOptions = {}): Promise<LiveSandbox> {
  const sandbox = await startSandbox(options);
  const authorization = `Bearer ${sandbox.secrets.erpApiKey}`;
  return {
    ...sandbox,
    call: async (method, path, body, headers) => {
      const text = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
      const response = await fetch(sandbox.url + path, { method, headers: { authorization, ...headers }, ...text });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
    },
  };
}

export const erpConnection = (sandbox: Sandbox): Connection<unknown> => ({
  baseUrl: `${sandbox.url}/erp`,
  settings: {},
  secrets: { apiKey: sandbox.secrets.erpApiKey },
});

export const webhookConnection = (sandbox: Sandbox, system: "crm" | "support"): Connection<unknown> => ({
  baseUrl: `${sandbox.url}/${system}`,
  settings: http.settings.parse({ path: "/webhooks" }),
  secrets: { signing: sandbox.secrets.inboundWebhookSecret },
});
