import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { deadLetter, forgeries, lateSnapshot, outage, quoteToCash, reckoning, storm, supportCase } from "./demo/scenes.ts";
import { Stage } from "./demo/stage.ts";
import * as inTryton from "./demo/tryton-scenes.ts";
import { ROOT, startLocal } from "./local.ts";
import { startTryton } from "./tryton/server.ts";

const { values: flags } = parseArgs({ options: { erp: { type: "string", default: "sandbox" } } });
if (flags.erp !== "sandbox" && flags.erp !== "tryton") {
  console.error("Which ERP? Run: npm run demo [-- --erp tryton]");
  process.exit(2);
}

const dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-demo-"));
const started = performance.now();
console.log(`Starting the router in workerd and ${flags.erp === "tryton" ? "a real Tryton" : "the sandbox ERP, CRM and support"} ...`);
const erp = flags.erp === "tryton" ? await startTryton(dataDir) : null;
const local = await startLocal({
  port: 0,
  sandboxPort: 0,
  dataDir,
  fresh: false,
  ...(erp === null
    ? {}
    : {
        routerConfig: path.join(ROOT, "scripts", "tryton", "router.config.ts"),
        vars: { ERP_URL: erp.url, TRYTON_PASSWORD: erp.password },
      }),
});
const stage = await Stage.open(local);
console.log(`Ready after ${Math.round(performance.now() - started)} ms: ${local.routerUrl}`);

type Scene = (stage: Stage) => Promise<void>;
const scenes: readonly Scene[] =
  erp === null
    ? [quoteToCash, supportCase, storm, lateSnapshot, outage, deadLetter, forgeries, reckoning]
    : [
        (stage) => inTryton.quoteToCash(stage, erp),
        (stage) => inTryton.storm(stage, erp),
        (stage) => inTryton.powerCut(stage, erp),
        inTryton.deadLetter,
        forgeries,
        (stage) => inTryton.reckoning(stage, erp),
      ];
try {
  for (const scene of scenes) await scene(stage);
} catch (error) {
  stage.check(`the demo went through: ${error instanceof Error ? error.message : String(error)}`, false);
}
await local.stop();
await erp?.stop();
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
