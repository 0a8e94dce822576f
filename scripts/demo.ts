import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deadLetter, forgeries, lateSnapshot, outage, quoteToCash, reckoning, storm, supportCase } from "./demo/scenes.ts";
import { Stage } from "./demo/stage.ts";
import { startLocal } from "./local.ts";

const SCENES = [quoteToCash, supportCase, storm, lateSnapshot, outage, deadLetter, forgeries, reckoning];

const dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-demo-"));
const started = performance.now();
console.log("Starting the router in workerd and the sandbox ERP, CRM and support ...");
const local = await startLocal({ port: 0, sandboxPort: 0, dataDir, fresh: false });
const stage = await Stage.open(local);
console.log(`Ready after ${Math.round(performance.now() - started)} ms: ${local.routerUrl}`);
try {
  for (const scene of SCENES) await scene(stage);
} catch (error) {
  stage.check(`the demo went through: ${error instanceof Error ? error.message : String(error)}`, false);
}
await local.stop();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
if (stage.broken.length > 0) {
  console.log(`\n${stage.broken.length} promises did not hold (${seconds} s). The router's log: ${local.logFile}`);
  process.exit(1);
}
rmSync(dataDir, { recursive: true, force: true });
console.log(`
All promises held (${seconds} s). To look around yourself, start it with: npm run dev
  dashboard     http://localhost:8787/ops
  events        http://localhost:8787/ops/v1/events
  dead letters  http://localhost:8787/ops/v1/dead-letters
  description   http://localhost:8787/openapi.json
with the token of: npm run --silent token -- viewer`);
