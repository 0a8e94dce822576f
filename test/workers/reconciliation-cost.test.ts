import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lastRuns } from "../../src/adapters/reconciliation-runs.ts";
import { deploymentOf } from "../../src/deployment.ts";
import { advanceRun, startRun } from "../../src/wiring/reconcile.ts";
import { Erp } from "../support/fake-erp.ts";
import { meteredDatabase, type D1Counts } from "../support/metered-database.ts";

const HOUR_MS = 3_600_000;
const PAGE = 200;
const erp = new Erp();
let requests = 0;

beforeEach(() => {
  erp.clear();
  requests = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    requests++;
    return erp.answer(new Request(input as Request, init as RequestInit));
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const numbered = (number: number): string => `ord_${String(number).padStart(7, "0")}`;

/** Orders of which router and ERP have the same view, told an hour ago. */
async function agreed(count: number): Promise<void> {
  const atMs = Date.now() - HOUR_MS;
  const data = { status: "confirmed", total: { amount: "10.00", currency: "EUR" } };
  for (let number = 0; number < count; number++) erp.put("orders", numbered(number), data, atMs);
  await env.DB.batch([
    env.DB.prepare("DELETE FROM watermarks"),
    env.DB.prepare("DELETE FROM projections"),
    env.DB.prepare(
      `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1 - 1)
       INSERT INTO projections (system, kind, entity_key, remote_id, data, deleted, event_id, at_ms)
       SELECT 'erp', 'order', printf('ord_%07d', n), printf('ord_%07d', n), ?2, 0, 'evt', ?3 FROM numbers`,
    ).bind(count, JSON.stringify(data), atMs),
  ]);
}

interface Cost extends D1Counts {
  steps: number;
  requests: number;
  compared: number;
}

async function costOf(mode: "full" | "changes"): Promise<Cost> {
  const counts = { calls: 0, rowsRead: 0, rowsWritten: 0 };
  // Taken step by step here, not by a workflow.
  const noWorkflow = { create: () => Promise.resolve(null) } as unknown as Env["RECONCILE"];
  const metered: Env = { ...env, DB: meteredDatabase(env.DB, counts), RECONCILE: noWorkflow };
  const deployment = deploymentOf(env);
  const started = await startRun(metered, deployment, "orders", { mode, by: "a test", nowMs: Date.now() });
  if (!started.ok) throw new Error(started.failure);
  const before = { ...counts, requests };
  let steps = 1;
  while ((await advanceRun(metered, deployment, started.value.id)) === "more") steps++;
  const [run] = await lastRuns(env.DB, 1);
  expect(run).toMatchObject({ state: "done", run: { problem: null, progress: { opened: 0 } } });
  return {
    steps,
    requests: requests - before.requests,
    compared: run?.run.progress.compared ?? 0,
    calls: counts.calls - before.calls,
    rowsRead: counts.rowsRead - before.rowsRead,
    rowsWritten: counts.rowsWritten - before.rowsWritten,
  };
}

describe("what a full comparison of records that agree costs", () => {
  it("grows with the pages alone, and writes nothing for a record", async () => {
    await agreed(1_000);
    const small = await costOf("full");
    await agreed(5_000);
    const large = await costOf("full");
    expect([small.compared, large.compared]).toEqual([1_000, 5_000]);
    const more = (name: keyof Cost): number => (large[name] - small[name]) / ((large.compared - small.compared) / PAGE);
    // A page is read and compared in one step, and what we know of as many records taken out in another.
    expect(more("steps")).toBe(2);
    expect(more("requests")).toBe(1);
    // A step reads its run and writes it, and asks for what is known and for its findings.
    expect(more("calls")).toBeLessThanOrEqual(8);
    // The run's own row, once a step: none is a record's.
    expect(more("rowsWritten")).toBeLessThanOrEqual(4);
    // Each record's row is read for its comparison and for the pass over all that is known; keys that are asked for count too.
    expect(more("rowsRead")).toBeLessThanOrEqual(5 * PAGE + 40);
    console.log(
      JSON.stringify({
        per1000: Object.fromEntries(
          (["steps", "requests", "calls", "rowsRead", "rowsWritten"] as const).map((name) => [name, more(name) * 5]),
        ),
      }),
    );
  });

  it("is next to nothing where nothing has changed", async () => {
    await agreed(1_000);
    await costOf("full");
    const cost = await costOf("changes");
    expect(cost).toMatchObject({ compared: 0, requests: 1 });
    expect(cost.steps).toBeLessThanOrEqual(4);
    expect(cost.rowsRead).toBeLessThanOrEqual(20);
  });
});
