import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { Erp } from "./erp.ts";
import { Faults } from "./faults.ts";
import type { System, SystemName } from "./http-types.ts";
import { Records } from "./records.ts";
import { createSandboxServer } from "./server.ts";
import { Store } from "./store.ts";
import { Outbox } from "./webhooks.ts";

export interface SandboxSecrets {
  /** Bearer token of the ERP's API. */
  readonly erpApiKey: string;
  /** `whsec_...` that the ERP signs its webhooks with. */
  readonly erpWebhookSecret: string;
  /** `whsec_...` that CRM and support check what they are sent with. */
  readonly inboundWebhookSecret: string;
}

export interface SandboxOptions extends Partial<SandboxSecrets> {
  /** 0, the default, takes any free one. */
  readonly port?: number;
  /** A directory for one SQLite file a system, or `:memory:` (the default). */
  readonly data?: string;
  /** The router, such as `http://localhost:8787`; absent: the ERP sends no webhooks. */
  readonly routerUrl?: string;
  /** Delay before the first retry of a webhook, 1 s unless told. */
  readonly webhookFirstRetryMs?: number;
  /** The clock of records and effects. */
  readonly nowMs?: () => number;
}

export interface Sandbox {
  /** Without a slash at its end; the systems are at `/erp`, `/crm` and `/support`. */
  readonly url: string;
  /** Those given, and fresh ones for those that were not. */
  readonly secrets: SandboxSecrets;
  /** The systems themselves, for looking into their storage. */
  readonly systems: Readonly<Record<SystemName, System>>;
  close(): Promise<void>;
}

/** Starts ERP, CRM and support on 127.0.0.1. Rejects when the port is taken or the data cannot be opened. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const secrets: SandboxSecrets = {
    erpApiKey: options.erpApiKey ?? randomBytes(24).toString("base64url"),
    erpWebhookSecret: options.erpWebhookSecret ?? freshWebhookSecret(),
    inboundWebhookSecret: options.inboundWebhookSecret ?? freshWebhookSecret(),
  };
  const systems = openSystems(options, secrets);
  const server = createSandboxServer(new Map(Object.entries(systems)), new Faults());
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the sandbox listens on no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    secrets,
    systems,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.all(Object.values(systems).map((system) => system.close()));
    },
  };
}

function openSystems(options: SandboxOptions, secrets: SandboxSecrets): Readonly<Record<SystemName, System>> {
  const directory = options.data ?? ":memory:";
  if (directory !== ":memory:") mkdirSync(directory, { recursive: true });
  const open = (name: SystemName): Store =>
    new Store(directory === ":memory:" ? directory : path.join(directory, `${name}.sqlite`), options.nowMs ?? Date.now);
  const erp = open("erp");
  return {
    erp: new Erp(erp, secrets.erpApiKey, outboxOf(erp, options, secrets)),
    crm: new Records(open("crm"), secrets.inboundWebhookSecret),
    support: new Records(open("support"), secrets.inboundWebhookSecret),
  };
}

function outboxOf(store: Store, options: SandboxOptions, secrets: SandboxSecrets): Outbox | null {
  if (options.routerUrl === undefined) return null;
  return new Outbox(store, {
    url: `${options.routerUrl.replace(/\/$/, "")}/in/sandbox-erp`,
    secret: secrets.erpWebhookSecret,
    firstRetryMs: options.webhookFirstRetryMs ?? 1000,
  });
}

const freshWebhookSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

const ENVIRONMENT = {
  ROUTER_URL: "routerUrl",
  ERP_API_KEY: "erpApiKey",
  ERP_WEBHOOK_SECRET: "erpWebhookSecret",
  INBOUND_WEBHOOK_SECRET: "inboundWebhookSecret",
} as const satisfies Readonly<Record<string, keyof SandboxOptions>>;

/**
 * `--port` and `--data`, else SANDBOX_PORT and SANDBOX_DATA; everything else from the environment. Prints where it
 * is, and the secrets it had to make up.
 */
async function startFromCommandLine(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string" }, data: { type: "string" } } });
  const given = Object.entries(ENVIRONMENT).flatMap(([name, option]) => {
    const value = process.env[name];
    return value === undefined || value === "" ? [] : [[option, value] as const];
  });
  const sandbox = await startSandbox({
    ...Object.fromEntries(given),
    port: Number(values.port ?? process.env["SANDBOX_PORT"] ?? 8790),
    data: values.data ?? process.env["SANDBOX_DATA"] ?? ".local/sandbox",
  });
  const named = new Set<string>(given.map(([option]) => option));
  const generated = Object.fromEntries(Object.entries(sandbox.secrets).filter(([name]) => !named.has(name)));
  process.stdout.write(`${JSON.stringify({ url: sandbox.url, pid: process.pid, generated })}\n`);
  const stop = (): void => void sandbox.close().then(() => process.exit(0));
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

if (import.meta.main) await startFromCommandLine();
