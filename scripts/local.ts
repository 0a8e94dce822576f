import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { startSandbox, type Sandbox } from "../sandbox/start.ts";
import { ensureLocalSecrets, type LocalSecrets } from "./local-secrets.ts";

export const ROOT = path.join(import.meta.dirname, "..");
const DEV_VARS = path.join(ROOT, ".dev.vars");
const WRANGLER = path.join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");

/** Where the local runtime takes a call of the minute's cron. */
export const CRON_PATH = `/cdn-cgi/handler/scheduled?cron=${encodeURIComponent("* * * * *")}`;

/** Keeps wrangler quiet and off the network. */
export const QUIET = {
  CI: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  // Else every call of every object is stored as a trace, which costs several times the call.
  X_LOCAL_OBSERVABILITY: "false",
};

export interface LocalOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly sandboxPort: number;
  /** Where the router and the sandbox keep their data; emptied first if `fresh`. */
  readonly dataDir: string;
  readonly fresh: boolean;
  /** Takes the place of src/router.config.ts. */
  readonly routerConfig?: string;
  /** Where Chrome's protocol looks into the router; absent: wherever there is room. */
  readonly inspectorPort?: number;
  /** False: whoever starts it calls the cron too. */
  readonly cron?: false;
  /** Variables and secrets beside the usual ones, or instead of them. */
  readonly vars?: Readonly<Record<string, string>>;
}

export interface Local {
  readonly routerUrl: string;
  readonly sandbox: Sandbox;
  readonly secrets: LocalSecrets;
  readonly logFile: string;
  /** Rejects when the router ends by itself. */
  readonly ended: Promise<never>;
  readonly stop: () => Promise<void>;
}

/** Starts the router in workerd (by `wrangler dev`) and the sandbox systems, on loopback, with everything kept under `dataDir`. */
export async function startLocal(options: LocalOptions): Promise<Local> {
  const secrets = ensureLocalSecrets(ROOT);
  if (options.fresh) rmSync(options.dataDir, { recursive: true, force: true });
  mkdirSync(options.dataDir, { recursive: true });
  const port = options.port === 0 ? await freePort() : options.port;
  await assertFree(port, "PORT");
  if (options.sandboxPort !== 0) await assertFree(options.sandboxPort, "SANDBOX_PORT");
  const routerUrl = `http://localhost:${port}`;
  const sandbox = await startSandbox({
    port: options.sandboxPort,
    data: path.join(options.dataDir, "sandbox"),
    routerUrl: `http://127.0.0.1:${port}`,
    erpApiKey: secrets.vars["ERP_API_KEY"] ?? "",
    erpWebhookSecret: secrets.vars["ERP_WEBHOOK_SECRET"] ?? "",
    inboundWebhookSecret: secrets.vars["CRM_SIGNING_SECRET"] ?? "",
  });
  const logFile = path.join(options.dataDir, "router.log");
  await run(["d1", "migrations", "apply", "DB", "--local", "--persist-to", options.dataDir]);
  const child = startRouter({
    port,
    dataDir: options.dataDir,
    logFile,
    sandboxUrl: sandbox.url,
    vars: { ...secrets.vars, LOCAL_SENDER_SECRETS: JSON.stringify(secrets.localSenders) },
    given: options.vars ?? {},
    ...(options.routerConfig === undefined ? {} : { routerConfig: options.routerConfig }),
    ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the router ended by itself (exit ${String(code)}); its log is ${logFile}`);
  });
  ended.catch(() => undefined);
  await Promise.race([answering(`${routerUrl}/healthz`), ended]);
  const callCron = (): void => void fetch(`${routerUrl}${CRON_PATH}`).catch(() => undefined);
  const cron = options.cron === false ? undefined : setInterval(callCron, 60_000);
  const stop = async (): Promise<void> => {
    clearInterval(cron);
    await Promise.all([end(child), sandbox.close()]);
  };
  return { routerUrl, sandbox, secrets, logFile, ended, stop };
}

interface RouterOptions {
  readonly port: number;
  readonly dataDir: string;
  readonly logFile: string;
  readonly sandboxUrl: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Given on the command line, over those of wrangler.toml. */
  readonly given: Readonly<Record<string, string>>;
  readonly routerConfig?: string;
  readonly inspectorPort?: number;
}

/** A copy of wrangler.toml by which another file takes the place of src/router.config.ts; `wrangler dev` has no flag for that. */
function configWith(routerConfig: string, dataDir: string): string {
  const own = readFileSync(path.join(ROOT, "wrangler.toml"), "utf8");
  const main = `main = ${JSON.stringify(path.join(ROOT, "src", "index.ts"))}`;
  const file = path.join(dataDir, "wrangler.toml");
  writeFileSync(file, `${own.replace(/^main = .*$/m, main)}\n[alias]\n"./router.config.ts" = ${JSON.stringify(routerConfig)}\n`);
  return file;
}

function startRouter(options: RouterOptions): ChildProcess {
  const urls = { ERP_URL: `${options.sandboxUrl}/erp`, CRM_URL: `${options.sandboxUrl}/crm`, SUPPORT_URL: `${options.sandboxUrl}/support` };
  // What wrangler.toml does not list as required is not read from .dev.vars, so it is given here; the rest stays off the process list.
  const optional = Object.entries(options.vars).filter(
    ([name]) => name === "OPS_JWKS" || name === "LOCAL_SENDER_SECRETS" || name.endsWith("_NEXT"),
  );
  const vars = Object.entries({ ...Object.fromEntries(optional), ...urls, ...options.given }).flatMap(([name, value]) => [
    "--var",
    `${name}:${value}`,
  ]);
  const child = spawn(
    process.execPath,
    [
      WRANGLER,
      "dev",
      "--ip",
      "127.0.0.1",
      "--port",
      String(options.port),
      "--persist-to",
      options.dataDir,
      "--show-interactive-dev-session=false",
      ...(options.inspectorPort === undefined ? [] : ["--inspector-port", String(options.inspectorPort)]),
      ...(options.routerConfig === undefined
        ? []
        : ["--config", configWith(options.routerConfig, options.dataDir), "--env-file", DEV_VARS]),
      ...vars,
    ],
    { cwd: ROOT, env: { ...process.env, ...QUIET }, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  const log = createWriteStream(options.logFile, { flags: "a" });
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  return child;
}

/** Ends a child and all that it started: it leads a process group of its own. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  const hard = setTimeout(() => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGKILL"), 5_000);
  await gone;
  clearTimeout(hard);
}

/** Runs one wrangler command to its end; rejects with its output if it fails. */
export async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`wrangler ${args.join(" ")} failed (exit ${String(code)}):\n${output}`);
  return output;
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const up = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer within 30 s`);
}

/** A port of loopback that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function assertFree(port: number, variable: string): Promise<void> {
  const server = createServer();
  const taken = new Promise<void>((resolve, reject) => {
    server.once("error", () => reject(new Error(`port ${port} is taken; end what uses it, or choose another with ${variable}=<port>`)));
    server.listen(port, "127.0.0.1", resolve);
  });
  await taken;
  server.close();
  await once(server, "close");
}
