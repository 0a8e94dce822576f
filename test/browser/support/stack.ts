import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Stage } from "../../../scripts/demo/stage.ts";
import { run, startLocal } from "../../../scripts/local.ts";
import { eventId } from "../../../src/domain/event-id.ts";
import { badMorning } from "./morning.ts";

/** The real router and the sandbox systems, with what a bad morning leaves behind. */
export interface Stack {
  readonly stage: Stage;
  readonly url: string;
  /** Events of a record whose states tell of a person. */
  readonly customerEvents: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Starts it with `stored` events of the past in the index, and then lets every kind of thing happen once. */
export async function startStack(stored: number): Promise<Stack> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-browser-"));
  await run(["d1", "migrations", "apply", "DB", "--local", "--persist-to", dataDir]);
  fillIndex(dataDir, stored);
  const routerConfig = path.join(import.meta.dirname, "router.config.ts");
  const local = await startLocal({ port: 0, sandboxPort: 0, dataDir, fresh: false, routerConfig });
  const stop = async (): Promise<void> => {
    await local.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const stage = await Stage.open(local);
    return { stage, url: local.routerUrl, customerEvents: await badMorning(stage), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const DAY_MS = 86_400_000;
const KINDS = ["invoice", "customer", "order", "case"];

/** Events that all went well, spread over the last thirty days, as consumers would have written them. */
function fillIndex(dataDir: string, stored: number): void {
  const database = new DatabaseSync(indexFile(dataDir));
  const insert = database.prepare(
    `INSERT INTO events (id, rev, received_at_ms, updated_at_ms, source, type, kind, entity_key, status, priority, delivery_id, detail)
     VALUES (?, 1, ?, ?, 'stripe', ?, ?, ?, 'delivered', 'standard', ?, ?)`,
  );
  const nowMs = Date.now() - DAY_MS;
  database.exec("BEGIN");
  for (let i = 0; i < stored; i++) {
    const atMs = nowMs - Math.floor(((stored - i) * 30 * DAY_MS) / stored);
    const kind = KINDS[i % KINDS.length] ?? "invoice";
    insert.run(eventId(atMs, randomBytes(i)), atMs, atMs, `${kind}.updated`, kind, `OLD-${i}`, `past-${i}`, pastDetail(i, atMs));
  }
  database.exec("COMMIT");
  database.close();
}

const randomBytes = (seed: number): Uint8Array => Uint8Array.from({ length: 16 }, (_none, index) => (seed >> ((index % 4) * 8)) & 255);

const pastDetail = (i: number, atMs: number): string =>
  JSON.stringify({
    traceparent: "00-00000000000000000000000000000001-0000000000000001-01",
    contentHash: String(i).padStart(64, "0"),
    contentType: "application/json",
    verdict: "verified",
    secretId: "STRIPE_SECRET",
    configVersion: "2026-11-24",
    synthetic: false,
    nature: "snapshot",
    order: { kind: "int", value: String(i) },
    lanes: [
      {
        destination: "crm",
        route: "invoices-to-crm-and-support",
        status: "delivered",
        attempts: [{ startedAtMs: atMs + 20, durationMs: 40 + (i % 900), result: "applied", httpStatus: 200 }],
        remote: { id: `R-${i}` },
      },
    ],
    why: [{ route: "invoices-to-crm-and-support", matched: true, because: "kind and source fit" }],
  });

/** The local D1's file: the one database that has the index's table. */
function indexFile(dataDir: string): string {
  const files = readdirSync(dataDir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
  const found = files
    .map((name) => path.join(dataDir, name))
    .find((file) => {
      const database = new DatabaseSync(file, { readOnly: true });
      const tables = database.prepare("SELECT count(*) AS found FROM sqlite_master WHERE name = 'events'").get();
      database.close();
      return tables?.["found"] === 1;
    });
  if (found === undefined) throw new Error("the local D1's file was not found");
  return found;
}
