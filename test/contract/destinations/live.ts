import { startSandbox, type Sandbox, type SandboxOptions } from "../../../sandbox/start.ts";
import type {
  Connection,
  Delivery,
  DestinationDefinition,
  LookupOutcome,
  Outcome,
  RequestSpec,
  ResponseSeen,
} from "../../../src/destinations/define.ts";

/** Sends a request as it is described; rejects when the connection breaks, as it does for the router. */
export async function send(request: RequestSpec): Promise<ResponseSeen> {
  const { url, method, headers, body } = request;
  const response = await fetch(url, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) });
  return { status: response.status, headers: response.headers, body: await response.text(), nowMs: Date.now() };
}

export async function deliver(module: DestinationDefinition, delivery: Delivery, connection: Connection<unknown>): Promise<Outcome> {
  return module.classify(await send(await module.toRequest(delivery, connection)));
}

export async function readBack(module: DestinationDefinition, delivery: Delivery, connection: Connection<unknown>): Promise<LookupOutcome> {
  if (module.lookup === undefined) throw new Error(`${module.module} has no read-back`);
  return module.lookup.classify(await send(await module.lookup.toRequest(delivery, connection)), delivery);
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
  settings: { path: "/webhooks" },
  secrets: { signing: sandbox.secrets.inboundWebhookSecret },
});
