import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FlowWorld, WITHIN_MS, type RunSeen } from "../flow-world.ts";
import { CASES, ORDERS, SALES } from "./cases.ts";

let world: FlowWorld;

beforeAll(async () => {
  world = await FlowWorld.open(path.join(import.meta.dirname, "router.config.ts"));
}, 240_000);

afterAll(async () => {
  await world?.close();
}, 30_000);

const stands = ({ state }: RunSeen): boolean => !["running", "compensating"].includes(state);
const over = ({ state }: RunSeen): boolean => ["stopped", "cancelled", "uncompensated"].includes(state);

/** The steps as their compensations began. */
const takenBack = ({ timeline }: RunSeen): readonly (string | null)[] =>
  timeline.filter(({ what }) => what === "compensates").map(({ step }) => step);

interface Change {
  readonly collection: string;
  readonly externalKey: string;
  readonly idempotencyKey: string;
}

/** Changes that a system made twice for one cause. */
async function repeated(system: "crm" | "support", key: string): Promise<readonly string[]> {
  const { items } = await world.stage.sandbox<{ readonly items: readonly Change[] }>(`/${system}/effects?limit=1000`);
  const made = items.filter(({ externalKey }) => externalKey.startsWith(key)).map((each) => `${each.externalKey} ${each.idempotencyKey}`);
  return made.filter((each, index) => made.indexOf(each) < index);
}

describe.each([
  ["quote-to-cash", SALES],
  ["order-to-fulfilment", ORDERS],
  ["case-to-resolution", CASES],
] as const)("%s with a real Tryton", (flow, cases) => {
  it.concurrent.each(cases)(
    "takes back what its steps did, newest first and each once, when at $step $fault",
    { timeout: 3 * WITHIN_MS },
    async ({ key, story, step, takesBack, onCancel, sale }) => {
      await story(world, key);
      const stood = await world.run(flow, key, stands);
      expect({ state: stood.state, reason: stood.reason }).toEqual({
        state: takesBack === null ? "blocked" : "stopped",
        reason: expect.stringContaining(step),
      });
      if (takesBack === null) await world.stage.ops(`/flows/${stood.id}/cancel`, { reason: "it cannot be mended" });
      const ended = await world.run(flow, key, over);
      const expected = takesBack ?? onCancel ?? [];
      expect(takenBack(ended)).toEqual(expected);
      expect(ended.steps.filter(({ state }) => state === "compensated").map(({ name }) => name)).toEqual(expected.toReversed());
      const sales = await world.salesOf(sale?.reference ?? key);
      expect(sales.map(({ state }) => state)).toEqual(sale === undefined ? [] : [sale.state]);
      expect([...(await repeated("crm", key)), ...(await repeated("support", key))]).toEqual([]);
    },
  );
});

describe("Tryton", () => {
  it("was asked to cancel each sale that was taken back, and each once", () => {
    const cancelled = [...SALES, ...ORDERS, ...CASES].filter(({ sale }) => sale?.state === "cancelled");
    expect(world.proxy.calls.filter((method) => method === "model.sale.sale.cancel")).toHaveLength(cancelled.length);
  });
});
