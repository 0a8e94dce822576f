import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ExportConfig } from "../../src/domain/config.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { router } from "../../src/router.config.ts";
import { runExports } from "../../src/wiring/exports.ts";
import { talkTo } from "../../src/wiring/connect.ts";
import { file } from "../../src/destinations/file.ts";
import type { Delivery } from "../../src/destinations/define.ts";
import { crashing, deploymentWith } from "../support/deployments.ts";

const LEGACY: ExportConfig = {
  destination: "legacy",
  kind: "order",
  owner: "finance",
  folder: "outbox/legacy/",
  format: "csv",
  at: "02:00",
  columns: [
    { header: "No", field: "key" },
    { header: "Status", field: "status" },
    { header: "Total", field: "total.amount" },
  ],
};
const deploymentOf = (changes: Partial<ExportConfig> = {}) =>
  deploymentWith({
    destinations: { ...router.destinations, legacy: { module: "file", owner: "finance", via: { bucket: "FILES" } } },
    exports: { legacy: { ...LEGACY, ...changes } },
  });
const deployment = deploymentOf();

const NIGHT_MS = Date.parse("2026-11-27T02:00:30Z");
const DAY_MS = 86_400_000;
const FILE = "outbox/legacy/2026-11-27T0200Z.csv";

afterEach(async () => {
  vi.restoreAllMocks();
  const { objects } = await env.FILES.list();
  await env.FILES.delete(objects.map(({ key }) => key));
  await env.DB.exec("DELETE FROM file_work");
});

let clockMs = NIGHT_MS - 3_600_000;
let serial = 0;

/** Brings a state of an order to the destination, as its lane would. */
async function bring(key: string, status: string, changes: Partial<Delivery> = {}): Promise<void> {
  const target = deployment.target("legacy");
  if (!target.ok) throw new Error(target.failure);
  const delivery: Delivery = {
    eventId: `evt_${++serial}`,
    idempotencyKey: `sb_${serial}`,
    type: "order.changed",
    source: "shop",
    entity: { kind: "order", key, schemaVersion: 1 },
    nature: "snapshot",
    deleted: false,
    data: { status, total: { amount: "12.50", currency: "EUR" } },
    cleared: [],
    occurredAtMs: null,
    receivedAtMs: clockMs,
    correlationId: "cor_1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    attempt: 1,
    nowMs: ++clockMs,
    ...changes,
  };
  expect(await file.write(delivery, talkTo(env, "legacy", target.value))).toMatchObject({ kind: "applied" });
}

const keys = async (prefix: string): Promise<readonly string[]> => (await env.FILES.list({ prefix })).objects.map(({ key }) => key);
const rowsOf = async (key: string): Promise<readonly string[]> =>
  ((await (await env.FILES.get(key))?.text()) ?? "")
    .split("\r\n")
    .filter((line) => line !== "")
    .slice(1)
    .toSorted();

/** All lines of all files, in the order in which the files were made. */
async function exported(): Promise<readonly string[]> {
  const files = await keys("outbox/");
  return (await Promise.all(files.map(rowsOf))).flat();
}

const run = (bindings: Env = env, nowMs = NIGHT_MS) => runExports(bindings, deployment, nowMs);
const leasesEnd = () => env.DB.exec("UPDATE file_work SET lease_until_ms = 0");

describe("a file export", () => {
  it("writes each record's last state into one file when it is due, once, and removes what it wrote", async () => {
    await bring("SO-1", "confirmed");
    await bring("SO-2", "confirmed");
    await bring("SO-1", "fulfilled");
    await run();
    await run();
    expect(await (await env.FILES.get(FILE))?.text()).toMatch(/^No,Status,Total\r\n/);
    expect(await keys("outbox/")).toEqual([FILE]);
    expect(await rowsOf(FILE)).toEqual(["SO-1,fulfilled,12.50", "SO-2,confirmed,12.50"]);
    expect(await keys("pending/")).toEqual([]);
  });

  it("writes what has come since into the next file, and no file where nothing has", async () => {
    await bring("SO-1", "confirmed");
    await run();
    await run(env, NIGHT_MS + DAY_MS);
    await bring("SO-1", "closed");
    await run(env, NIGHT_MS + 2 * DAY_MS);
    expect(await keys("outbox/")).toEqual([FILE, "outbox/legacy/2026-11-29T0200Z.csv"]);
    expect(await exported()).toEqual(["SO-1,confirmed,12.50", "SO-1,closed,12.50"]);
  });

  it("leaves a row that comes while the file is written for the next one", async () => {
    await bring("SO-1", "confirmed");
    const meanwhile = new Proxy(env.FILES, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          if (name === "delete") await bring("SO-1", "fulfilled");
          return Reflect.apply(member as (...given: unknown[]) => unknown, target, args);
        };
      },
    });
    await run({ ...env, FILES: meanwhile });
    expect(await rowsOf(FILE)).toEqual(["SO-1,confirmed,12.50"]);
    expect(await keys("pending/")).toHaveLength(1);
    await run(env, NIGHT_MS + DAY_MS);
    expect(await exported()).toEqual(["SO-1,confirmed,12.50", "SO-1,fulfilled,12.50"]);
  });

  it("writes every row once, wherever a run crashes and whatever comes before the next", async () => {
    const whole = crashing(["FILES", "DB"], { at: Number.POSITIVE_INFINITY, when: "before" });
    await bring("SO-0", "open");
    await run(whole.bindings);
    const crashes = Array.from({ length: whole.calls() }, (_, index) => index + 1);
    expect(crashes.length).toBeGreaterThanOrEqual(10);
    for (const [at, when] of crashes.flatMap((each) => [[each, "before"] as const, [each, "after"] as const])) {
      await env.FILES.delete([...(await keys("outbox/"))]);
      await env.DB.exec("DELETE FROM file_work");
      for (let order = 0; order < 8; order++) await bring(`SO-${order}`, "confirmed");
      await run(crashing(["FILES", "DB"], { at, when }).bindings);
      await leasesEnd();
      await bring("SO-0", "closed");
      await run();
      await run(env, NIGHT_MS + DAY_MS);
      const lines = await exported();
      expect(lines.filter((line) => line.includes("confirmed")).length, `crashed ${when} call ${at}`).toBeLessThanOrEqual(8);
      expect(new Set(lines).size).toBe(lines.length);
      for (let order = 1; order < 8; order++) expect(lines).toContain(`SO-${order},confirmed,12.50`);
      // The newest state is the last that the files tell of it.
      expect(lines.findLast((line) => line.startsWith("SO-0,"))).toBe("SO-0,closed,12.50");
      expect(await keys("pending/")).toEqual([]);
    }
  }, 60_000);

  it("is written by one of several crons that come at once", async () => {
    await bring("SO-1", "confirmed");
    await Promise.all([run(), run(), run()]);
    expect(await keys("outbox/")).toEqual([FILE]);
    expect(await rowsOf(FILE)).toEqual(["SO-1,confirmed,12.50"]);
  });

  it("goes on in a further file when there are more rows than one holds", async () => {
    const limits = LIMITS as Record<string, number>;
    const { exportRows } = LIMITS;
    limits["exportRows"] = 10;
    try {
      for (let order = 0; order < 13; order++) await bring(`SO-${order}`, "confirmed");
      await run();
      await run();
    } finally {
      limits["exportRows"] = exportRows;
    }
    expect(await rowsOf(FILE)).toHaveLength(10);
    expect(await rowsOf("outbox/legacy/2026-11-27T0200Z-2.csv")).toHaveLength(3);
    expect(new Set(await exported()).size).toBe(13);
    expect(await keys("pending/")).toEqual([]);
  });

  it("never writes over a file that is there already", async () => {
    await env.FILES.put(FILE, "of somebody else");
    await bring("SO-1", "confirmed");
    await run();
    expect(await (await env.FILES.get(FILE))?.text()).toBe("of somebody else");
    expect(await rowsOf("outbox/legacy/2026-11-27T0200Z-2.csv")).toEqual(["SO-1,confirmed,12.50"]);
  });

  it("tells of a deleted record where a column can, and leaves it out and counts it where none can", async () => {
    await bring("SO-1", "confirmed");
    await bring("SO-1", "", { deleted: true, data: {} });
    await bring("SO-2", "confirmed");
    await run();
    expect(await rowsOf(FILE)).toEqual(["SO-2,confirmed,12.50"]);
    const state = await env.DB.prepare("SELECT state FROM file_work").first<string>("state");
    expect(JSON.parse(state ?? "")).toMatchObject({ last: [{ file: FILE, rows: 1, leftOut: 1 }] });
    await bring("SO-1", "", { deleted: true, data: {} });
    const telling = deploymentOf({ columns: [...LEGACY.columns, { header: "Deleted", field: "deleted" }] });
    await runExports(env, telling, NIGHT_MS + DAY_MS);
    expect(await rowsOf("outbox/legacy/2026-11-28T0200Z.csv")).toEqual(["SO-1,,,true"]);
  });

  it("does not take a part of a state, which a line would show as the whole", async () => {
    const target = deployment.target("legacy");
    if (!target.ok) throw new Error(target.failure);
    const delta = { nature: "delta", entity: { kind: "order", key: "SO-1", schemaVersion: 1 } } as unknown as Delivery;
    expect(await file.write(delta, talkTo(env, "legacy", target.value))).toMatchObject({ kind: "failed", class: "business" });
  });
});
