import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { workerdPath } from "./bundle.ts";
import { freePort } from "./processes.ts";
import { wrangler } from "./settings.ts";

export interface Served {
  readonly port: number;
  /** Of the process whose tree does the work. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface BareWorker {
  readonly name: string;
  readonly script: string;
  readonly vars: Readonly<Record<string, string>>;
  /** Bindings of queues, and of a bucket, to the stub services. */
  readonly queues: readonly string[];
  readonly buckets: readonly string[];
  /** Object classes by binding. */
  readonly objects: Readonly<Record<string, string>>;
}

export interface Stubs {
  readonly queue: string;
  readonly bucket: string;
}

/** Serves a Worker by the runtime alone, on loopback, with queue and bucket that swallow what they are given. */
export async function serveBare(worker: BareWorker, stubs: Stubs, directory: string): Promise<Served> {
  const home = path.join(directory, worker.name);
  mkdirSync(path.join(home, "objects"), { recursive: true });
  const port = await freePort();
  writeFileSync(path.join(home, "main.mjs"), worker.script);
  writeFileSync(path.join(home, "queue.mjs"), stubs.queue);
  writeFileSync(path.join(home, "bucket.mjs"), stubs.bucket);
  writeFileSync(path.join(home, "config.capnp"), configOf(worker, port, home));
  const child = spawn(workerdPath(), ["serve", "--experimental", path.join(home, "config.capnp")], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
  await answering(port, child, () => errors);
  return { port, pid: child.pid ?? 0, stop: () => end(child) };
}

const text = (value: string): string => JSON.stringify(value);

/** Cap'n Proto text of what the Worker needs (schema: workerd.capnp in the runtime's package). */
function configOf(worker: BareWorker, port: number, home: string): string {
  const { compatibilityDate } = wrangler();
  const service = (name: string, more = ""): string =>
    `(name = ${text(name)}, worker = (compatibilityDate = ${text(compatibilityDate)}, modules = [(name = "main.mjs", esModule = embed ${text(`${name}.mjs`)})]${more}))`;
  const bindings = [
    ...Object.entries(worker.vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...worker.queues.map((name) => `(name = ${text(name)}, queue = "queue")`),
    ...worker.buckets.map((name) => `(name = ${text(name)}, r2Bucket = "bucket")`),
    ...Object.entries(worker.objects).map(([name, className]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`),
  ];
  const objects = Object.values(worker.objects).map(
    (className) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`,
  );
  const main = `, bindings = [${bindings.join(", ")}], durableObjectNamespaces = [${objects.join(", ")}], durableObjectStorage = (localDisk = "disk")`;
  const disk = `(name = "disk", disk = (path = ${text(path.join(home, "objects"))}, writable = true))`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${service("main", main)}, ${service("queue")}, ${service("bucket")}, ${disk}],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;
}

async function answering(port: number, child: ChildProcess, errors: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    const socket = connect({ port, host: "127.0.0.1" });
    const up = await Promise.race([once(socket, "connect").then(() => true), once(socket, "close").then(() => false)]).catch(() => false);
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await end(child);
  throw new Error(`workerd did not start:\n${errors()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
