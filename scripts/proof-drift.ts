import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { proveDrift } from "./proof/drift-proof.ts";
import { holds, report } from "./proof/report.ts";

const [drifts = 1_000, entities = drifts * 10] = process.argv.slice(2).map(Number);
if (!Number.isInteger(drifts) || !Number.isInteger(entities) || drifts < 1 || entities < drifts * 5) {
  console.error("How many drifts, in how many entities? Run: npm run proof:drift [-- <drifts> [<entities, five times as many or more>]]");
  process.exit(2);
}

const directory = mkdtempSync(path.join(tmpdir(), "signalbox-drift-"));
const started = performance.now();
const say = (line: string): void => console.log(`${((performance.now() - started) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
const isLarge = drifts > 200;
const terms = isLarge
  ? { everySeconds: 20, fullEverySeconds: 60, graceSeconds: 20, stormAbove: drifts * 2 }
  : { everySeconds: 8, fullEverySeconds: 16, graceSeconds: 10, stormAbove: drifts * 2 };
const reckoning = await proveDrift({ drifts, entities, terms }, directory, say);
console.log(`\n${report(reckoning)}`);
if (!holds(reckoning)) {
  writeFileSync(path.join(directory, "reckoning.json"), JSON.stringify(reckoning, null, 2));
  console.log(`\nIt does not hold. Logs and the whole reckoning are in ${directory}`);
  process.exit(1);
}
rmSync(directory, { recursive: true, force: true });
