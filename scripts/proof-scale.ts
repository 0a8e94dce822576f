import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Stage } from "./demo/stage.ts";
import { ROOT, freePort, run, startLocal, type Local } from "./local.ts";
import { HeapWatch } from "./proof/heap.ts";
import { peakOfWorkerdMb } from "./proof/memory.ts";
import { PAGE_SIZE } from "./proof/scale-deployment.ts";

/** How much a full comparison costs as the ERP grows: rows on the command line, else these. */
const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** Of those rows so many are gone from the ERP, so that the run has something to name. */
const DELETED = 3;
const WITHIN_MS = 900_000;

interface History {
  readonly runs: readonly {
    readonly id: string;
    readonly state: string;
    readonly tookMs: number;
    readonly compared: number;
    readonly found: number;
  }[];
}

const DATA = JSON.stringify({ status: "confirmed", total: { amount: "10.00", currency: "EUR" } });
const numbers = (count: number): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count} - 1)`;
const KEY = "printf('ord_%08d', n)";

/** Router and ERP with the same view of so many orders, but for those that the ERP has lost. */
async function withRows<T>(rows: number, work: (local: Local, heap: HeapWatch) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-scale-"));
  const hourAgoMs = Date.now() - 3_600_000;
  try {
    await run(["d1", "migrations", "apply", "DB", "--local", "--persist-to", dataDir]);
    const known = `${numbers(rows)} INSERT INTO projections (system, kind, entity_key, remote_id, data, deleted, event_id, at_ms)
      SELECT 'erp', 'order', ${KEY}, ${KEY}, '${DATA}', 0, 'evt', ${hourAgoMs} FROM numbers`;
    await run(["d1", "execute", "DB", "--local", "--persist-to", dataDir, "--command", known]);
    const inspectorPort = await freePort();
    const local = await startLocal({
      port: 0,
      inspectorPort,
      sandboxPort: 0,
      dataDir,
      fresh: false,
      routerConfig: path.join(ROOT, "scripts", "proof", "scale-deployment.ts"),
    });
    try {
      const { erp } = local.sandbox.systems;
      erp.store.run(`${numbers(rows - DELETED)} INSERT INTO records (id, collection, externalKey, version, updatedAt, content, contentHash)
        SELECT ${KEY}, 'orders', ${KEY}, 1, '${new Date(hourAgoMs).toISOString()}', '${DATA}', '' FROM numbers`);
      return await work(local, await HeapWatch.on(inspectorPort));
    } finally {
      await local.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(local: Local, heap: HeapWatch, rows: number): Promise<readonly string[]> {
  const stage = await Stage.open(local);
  heap.start();
  await stage.ops("/reconciliations/orders/run", { mode: "full", reason: "to see what it costs" });
  const last = await stage.until(
    async () => (await stage.ops<History>("/reconciliations/orders/history?limit=1")).runs[0],
    (one) => one !== undefined && one.state !== "running",
    WITHIN_MS,
  );
  if (last?.state !== "done" || last.compared !== rows - DELETED || last.found !== DELETED)
    throw new Error(`a comparison of ${rows} rows went wrong: ${JSON.stringify(last)}; the router's log: ${local.logFile}`);
  const heapMb = await heap.stop();
  const thousands = rows / 1_000;
  return [
    rows.toLocaleString("en-US"),
    (last.tookMs / 1_000).toFixed(1),
    (last.tookMs / 1_000 / thousands).toFixed(3),
    (Math.ceil(last.compared / PAGE_SIZE) / thousands).toFixed(2),
    heapMb.toFixed(1),
    String(peakOfWorkerdMb()),
    String(last.found),
  ];
}

const given = process.argv.slice(2).map(Number);
if (given.some((rows) => !Number.isInteger(rows) || rows < 100)) {
  console.error("How many rows? Run: npm run proof:scale [-- <rows> ...]");
  process.exit(2);
}
const HEADINGS = [
  "rows",
  "seconds",
  "s per 1,000",
  "ERP requests per 1,000",
  "router's heap MB",
  "workerd's peak MB",
  `found, of ${DELETED} deleted`,
];
console.log(HEADINGS.join("  "));
for (const rows of given.length === 0 ? SIZES : given) {
  const cells = await withRows(rows, (local, heap) => measure(local, heap, rows));
  console.log(cells.map((cell, index) => cell.padStart(HEADINGS[index]?.length ?? 0)).join("  "));
}
