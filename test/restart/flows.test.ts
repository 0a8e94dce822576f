import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Stage } from "../../scripts/demo/stage.ts";
import { bill, each, effectsOf, ordersOf, runStates, saleKey, sell } from "../../scripts/flows/sales.ts";
import { ROOT } from "../../scripts/local.ts";
import { KilledRouter } from "./killed-router.ts";

const SALES = Array.from({ length: 12 }, (_none, index) => index);
const RECOVERY_MS = 150_000;

const router = new KilledRouter(path.join(ROOT, "scripts", "flows", "router.config.ts"));

afterAll(() => router.close());

interface RunSeen {
  readonly id: string;
  readonly entity: { readonly key: string };
  readonly step: string | null;
  readonly state: string;
}

const runs = async (stage: Stage, flow: string): Promise<readonly RunSeen[]> =>
  (await stage.ops<{ items: readonly RunSeen[] }>(`/flows?flow=${flow}&limit=200`)).items;

/** Until every sale's run stands at a step whose effect an object has, since the local queue forgets what it holds. */
async function standAt(stage: Stage, step: string): Promise<void> {
  const found = await stage.until(
    async () => {
      const all = await runs(stage, "quote-to-cash");
      const there = all.filter((run) => run.step === step);
      const events = await stage.ops<{ items: readonly { status: string; type: string }[] }>("/events?source=flow:quote-to-cash&limit=200");
      const waiting = events.items.filter(
        ({ type, status }) => type === `flow.${step}` && ["retrying", "held", "pending"].includes(status),
      );
      return { there: there.length, waiting: waiting.length, seen: all.map((run) => `${run.state} ${run.step}`) };
    },
    ({ there, waiting }) => there === SALES.length && waiting === SALES.length,
    RECOVERY_MS,
  );
  expect(found, JSON.stringify(found)).toMatchObject({ there: SALES.length, waiting: SALES.length });
}

const breakDown = (stage: Stage, system: string): Promise<unknown> =>
  stage.sandbox("/faults", { method: "POST", body: { system, mode: "status", status: 503 } });

/** Records in a system by key, each with the number of times that something was changed in it. */
async function changes(stage: Stage, system: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const page = await stage.sandbox<{ items: readonly { collection: string; externalKey: string }[] }>(`/${system}/effects?limit=1000`);
  for (const { collection, externalKey } of page.items)
    counts.set(`${collection} ${externalKey}`, (counts.get(`${collection} ${externalKey}`) ?? 0) + 1);
  return counts;
}

describe("a router killed while flows run", () => {
  it("takes every flow to its end when it runs again, with one effect of each step", { timeout: 600_000 }, async () => {
    const before = await Stage.open(await router.start());
    await breakDown(before, "erp");
    await sell(before, SALES, "EMEA");
    await standAt(before, "customer");
    await router.crash();

    const between = await Stage.open(await router.start());
    await breakDown(between, "support");
    await standAt(between, "support");
    await router.crash();

    const after = await Stage.open(await router.start());
    const billed = new Set<string>();
    await each(await ordersOf(after), ({ externalKey }) =>
      after.sandbox(`/erp/orders/by-key/${externalKey}`, { method: "PATCH", body: { status: "fulfilled" } }),
    );
    const ended = await after.until(
      async () => {
        await bill(after, billed);
        return { sales: await runStates(after, "quote-to-cash"), orders: await runStates(after, "order-to-fulfilment") };
      },
      ({ sales, orders }) => sales.get("done") === SALES.length && orders.get("done") === SALES.length,
      RECOVERY_MS,
    );
    expect([...ended.sales]).toEqual([["done", SALES.length]]);
    expect([...ended.orders]).toEqual([["done", SALES.length]]);

    const created = (await effectsOf(after)).filter(({ collection, change }) => collection === "orders" && change === "created");
    expect(created.map(({ externalKey }) => externalKey).toSorted()).toEqual(SALES.map(saleKey).toSorted());
    const inSupport = await changes(after, "support");
    for (const key of SALES.map(saleKey)) {
      const of = [...inSupport].filter(([record]) => record.includes(`${key}:`));
      expect(
        of.map(([, times]) => times),
        JSON.stringify(of),
      ).toEqual([1, 1]);
    }
  });
});
