import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Stage } from "./demo/stage.ts";
import { bill, effectsOf, ordersOf, runStates, sell } from "./flows/sales.ts";
import { startLocal } from "./local.ts";

const { values: flags } = parseArgs({
  options: { count: { type: "string", default: "1000" }, minutes: { type: "string", default: "30" } },
});
const [count, minutes] = [Number(flags.count), Number(flags.minutes)];
if (!Number.isInteger(count) || count < 1 || !(minutes > 0)) {
  console.error("How many runs at once, and for how long at most? Run: npm run proof:flows [-- --count 1000 --minutes 30]");
  process.exit(2);
}

const dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-flows-"));
const local = await startLocal({ port: 0, sandboxPort: 0, dataDir, fresh: true });
const stage = await Stage.open(local);
const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1);
const say = (line: string): void => console.log(`${seconds().padStart(7)} s  ${line}`);

await sell(
  stage,
  Array.from({ length: count }, (_none, index) => index),
  "DACH",
);
say(`${count} won sales are told, each of which begins a run of quote to cash`);
const billed = new Set<string>();
let states: ReadonlyMap<string, number> = new Map();
while ((states.get("done") ?? 0) < count && performance.now() - started < minutes * 60_000) {
  await bill(stage, billed);
  states = await runStates(stage, "quote-to-cash");
  say(`${billed.size} orders are there, invoiced and paid; runs: ${[...states].map(([state, runs]) => `${runs} ${state}`).join(", ")}`);
  await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 1_000 + count * 5)));
}

const orders = await ordersOf(stage);
const made = (await effectsOf(stage)).filter(({ collection, change }) => collection === "orders" && change === "created");
const { duplicateEffects } = await stage.sandbox<{ readonly duplicateEffects: number }>("/erp/summary");
const done = states.get("done") ?? 0;
const keys = new Set(orders.map(({ externalKey }) => externalKey));
const duplicates = duplicateEffects + made.length - keys.size;
console.log(`
runs          ${count}
done          ${done}
stuck         ${count - done}
orders        ${orders.length}, of ${keys.size} sales
duplicates    ${duplicates}
seconds       ${seconds()}, ${(count / ((performance.now() - started) / 1_000)).toFixed(1)} runs a second`);
await local.stop();
if (done !== count || orders.length !== count || keys.size !== count || duplicates !== 0) {
  console.log(`\nIt does not hold. The router's log: ${local.logFile}`);
  process.exit(1);
}
rmSync(dataDir, { recursive: true, force: true });
