import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./bundle.ts";
import { childrenNamed } from "./processes.ts";
import { table, type SuiteResult } from "./report.ts";
import { removeScratches, scratch } from "./settings.ts";
import { cost } from "./suites/cost.ts";
import { entities } from "./suites/entities.ts";
import { endToEnd } from "./suites/end-to-end.ts";
import { ingest } from "./suites/ingest.ts";
import { peer } from "./suites/peer.ts";
import { size } from "./suites/size.ts";
import { proving } from "./suites/verify.ts";
import { batching, history } from "./suites/storage.ts";
import type { Scope, Suite } from "./suites/suite.ts";

const SUITES: Readonly<Record<string, Suite>> = { ingest, proving, "end-to-end": endToEnd, peer, entities, cost, batching, history, size };

const USAGE = `usage: npm run bench -- [--quick] [--full] [--only <name>]...
  --quick   shorter slots and fewer rounds, about 2 minutes
  --full    also a history of a million events
  --only    ${Object.keys(SUITES).join(", ")}; may be given several times`;

interface Chosen extends Pick<Scope, "quick" | "full"> {
  readonly names: readonly string[];
}

function choose(): Chosen | null {
  const options = { quick: { type: "boolean" }, full: { type: "boolean" }, only: { type: "string", multiple: true } } as const;
  const { values } = parseArgs({ options, strict: true });
  const names = values.only ?? Object.keys(SUITES);
  return names.every((name) => Object.hasOwn(SUITES, name)) ? { quick: values.quick ?? false, full: values.full ?? false, names } : null;
}

interface Done extends SuiteResult {
  readonly name: string;
  readonly seconds: number;
}

const MINUTE_MS = 60_000;

/** Rejects when a suite hangs: nothing here takes that long. */
async function within<T>(work: Promise<T>, minutes: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done after ${minutes} minutes`)), minutes * MINUTE_MS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runSuite(name: string, chosen: Chosen): Promise<Done> {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`no benchmark ${name}`);
  process.stderr.write(`${name} ...`);
  const startedMs = performance.now();
  const { directory, remove } = scratch();
  try {
    const result = await within(suite({ quick: chosen.quick, full: chosen.full, directory }), chosen.full ? 40 : 8);
    const seconds = (performance.now() - startedMs) / 1000;
    process.stderr.write(` ${seconds.toFixed(0)} s\n`);
    return { ...result, name, seconds };
  } finally {
    remove();
  }
}

function writeJson(done: readonly Done[], startedAt: string): string {
  const directory = path.join(ROOT, "bench", "results");
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${startedAt.replaceAll(":", "-")}.json`);
  const machine = { node: process.version, cores: cpus().length, model: cpus()[0]?.model ?? "", load: loadavg() };
  writeFileSync(file, `${JSON.stringify({ startedAt, machine, suites: done }, null, 2)}\n`);
  return path.relative(ROOT, file);
}

async function main(chosen: Chosen): Promise<void> {
  const startedAt = new Date().toISOString();
  const { onTmpfs, remove } = scratch();
  remove();
  process.stdout.write(
    `Signalbox benchmarks, ${startedAt}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? "?"}; all storage on ${onTmpfs ? "tmpfs (/dev/shm)" : "disk: there is no /dev/shm"}\n`,
  );
  const done: Done[] = [];
  for (const name of chosen.names) {
    try {
      done.push(await runSuite(name, chosen));
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(` failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
  }
  process.stdout.write(`\n${table(done.flatMap(({ rows }) => rows))}\n\n`);
  process.stdout.write(done.flatMap(({ notes }) => notes.map((note) => `- ${note}\n`)).join(""));
  process.stdout.write(
    `- one local workerd and a load generator share this machine: nothing here measures Cloudflare's network, queues, D1 or objects\n`,
  );
  process.stdout.write(`written to ${writeJson(done, startedAt)}\n`);
}

/** Whatever ends this process, no runtime and no directory stays behind. */
process.once("exit", () => {
  for (const pid of childrenNamed("workerd")) process.kill(pid, "SIGKILL");
  removeScratches();
});
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

const chosen = choose();
if (chosen === null) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
} else {
  await main(chosen);
  // A suite that hung may still hold servers open.
  process.exit();
}
