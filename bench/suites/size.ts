import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { serveBare } from "../bare-workerd.ts";
import { ROOT, gzipBytes } from "../bundle.ts";
import { cpuMs } from "../processes.ts";
import { judged, number, type SuiteResult } from "../report.ts";
import { median } from "../statistics.ts";
import type { Scope } from "./suite.ts";

const WRANGLER = path.join(path.dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin", "wrangler.js");
const QUIET = { CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_HIDE_BANNER: "true" };

/** The deployed bundle itself, made by wrangler without an account. */
async function deployedBundle(directory: string): Promise<string> {
  const outdir = path.join(directory, "dist");
  const child = spawn(process.execPath, [WRANGLER, "deploy", "--dry-run", "--env=production", "--outdir", outdir], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  const [script] = readdirSync(outdir).filter((name) => name.endsWith(".js"));
  if (code !== 0 || script === undefined) throw new Error(`wrangler deploy --dry-run failed (exit ${String(code)}):\n${errors}`);
  return readFileSync(path.join(outdir, script), "utf8");
}

const EMPTY = `import { DurableObject } from "cloudflare:workers";
export class EntitySequencer extends DurableObject {}
export class DestinationGovernor extends DurableObject {}
export class SourceRate extends DurableObject {}
export class BacklogBoard extends DurableObject {}
export default { fetch: () => new Response("") };`;

/** CPU of a runtime from its start to the first answer, ms. */
async function startCpuMs(script: string, directory: string, name: string): Promise<number> {
  const objects = { ENTITY: "EntitySequencer", GOVERNOR: "DestinationGovernor", SOURCE_RATE: "SourceRate", BACKLOG: "BacklogBoard" };
  const vars = { ENVIRONMENT: "local", OPS_ISSUER: "bench", OPS_AUDIENCE: "bench", OPS_JWKS_URL: "" };
  const served = await serveBare({ name, script, vars, queues: [], buckets: [], objects }, { queue: EMPTY, bucket: EMPTY }, directory);
  try {
    await (await fetch(`http://127.0.0.1:${served.port}/nothing-here`)).arrayBuffer();
    return cpuMs(served.pid);
  } finally {
    await served.stop();
  }
}

/** Size of what is deployed, and what its start takes beyond an empty Worker's. */
export async function size({ quick, directory }: Scope): Promise<SuiteResult> {
  const script = await deployedBundle(directory);
  const kilobytes = gzipBytes(script) / 1024;
  const differences: number[] = [];
  for (let round = 0; round < (quick ? 5 : 11); round++) {
    const empty = await startCpuMs(EMPTY, directory, "empty");
    differences.push((await startCpuMs(script, directory, "deployed")) - empty);
  }
  const start = median(differences);
  return {
    rows: [
      judged({ what: "Worker, KB gzip (wrangler deploy --dry-run)", ours: number(kilobytes) }, kilobytes, {
        atMost: 500,
        unit: " KB",
        limitedBy: "its packages",
      }),
      judged({ what: "Worker start and first request, CPU ms beyond an empty Worker", ours: number(start) }, start, {
        atMost: 100,
        unit: " ms",
        limitedBy: "evaluating the bundle",
      }),
    ],
    notes: ["start: CPU is counted in ticks of 10 ms, of the whole runtime on all its threads"],
    data: { kilobytes, startMs: differences },
  };
}
