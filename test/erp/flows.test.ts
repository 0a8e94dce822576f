import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stage, json, opportunity } from "../../scripts/demo/stage.ts";
import { ROOT, startLocal, type Local } from "../../scripts/local.ts";
import type { Row } from "../../scripts/tryton/rpc.ts";
import { startTryton, type Tryton } from "../../scripts/tryton/server.ts";

const WITHIN_MS = 60_000;
const ACCOUNT = "0012400000Ab1cDAAR";

const directory = mkdtempSync(path.join(tmpdir(), "signalbox-tryton-flows-"));
let erp: Tryton;
let local: Local;
let stage: Stage;

beforeAll(async () => {
  erp = await startTryton(directory, { processes: false });
  local = await startLocal({
    port: 0,
    sandboxPort: 0,
    dataDir: path.join(directory, "router"),
    fresh: true,
    routerConfig: path.join(ROOT, "scripts", "flows", "tryton.router.config.ts"),
    vars: { ERP_URL: erp.url, TRYTON_PASSWORD: erp.password },
  });
  stage = await Stage.open(local);
}, 240_000);

afterAll(async () => {
  await local?.stop();
  await erp?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

const keyOf = (word: string): string => `0062400${word.padEnd(8, "0")}AAR`;

interface RunSeen {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly step: string | null;
  readonly steps: readonly { readonly name: string; readonly state: string }[];
}

/** The run of a record once it is somewhere, or as it is when time is up. */
async function run(flow: string, key: string, there: (seen: RunSeen) => boolean): Promise<RunSeen> {
  const seen = await stage.until(
    async () => {
      const [first] = (await stage.ops<{ items: readonly RunSeen[] }>(`/flows?flow=${flow}&key=${encodeURIComponent(key)}`)).items;
      return first === undefined ? null : stage.ops<RunSeen>(`/flows/${first.id}`);
    },
    (found) => found !== null && there(found),
    WITHIN_MS,
  );
  if (seen === null || !there(seen)) throw new Error(`the run of ${key} did not come there: ${JSON.stringify(seen, null, 1)}`);
  return seen;
}

const standsAt = (step: string) => (seen: RunSeen) => seen.step === step && seen.state === "running";

/** Tryton's sales under a key. */
const salesOf = (reference: string): Promise<readonly Row[]> =>
  erp.admin.rows("sale.sale", [["reference", "=", reference]], ["number", "state", "party.code"]);

const ORDER_STATUS: Readonly<Record<string, string>> = {
  confirmed: "confirmed",
  processing: "confirmed",
  done: "fulfilled",
  cancelled: "cancelled",
};
let version = 0;

/** Tells of a sale what Tryton says of it: Tryton sends no webhooks by itself, so a company has something that does this. */
async function relay(reference: string): Promise<string> {
  const [sale] = await salesOf(reference);
  if (sale === undefined) throw new Error(`Tryton has no sale ${reference}`);
  const id = String(sale["id"]);
  const status = ORDER_STATUS[String(sale["state"])] ?? "draft";
  const data = { id, version: ++version, number: sale["number"], externalKey: reference, customerId: ACCOUNT, status };
  await stage.send("sandbox-erp", json({ type: "order.updated", timestamp: new Date().toISOString(), data }));
  return id;
}

async function changeSale(reference: string, ...methods: readonly string[]): Promise<void> {
  const ids = (await salesOf(reference)).map((sale) => Number(sale["id"]));
  for (const method of methods) await erp.admin.call(`model.sale.sale.${method}`, [ids]);
}

/** Tells of the sale's invoice what Tryton says of it. */
async function relayInvoice(reference: string): Promise<string> {
  const [invoice] = await erp.admin.rows("account.invoice", [["sales.reference", "=", reference]], ["state"]);
  const id = `inv-${String(invoice?.["id"])}`;
  const status = { draft: "draft", posted: "open", paid: "paid", cancelled: "void" }[String(invoice?.["state"])];
  const data = { id, version: ++version, status, opportunityId: reference, total: { amount: "10.00", currency: "EUR" } };
  await stage.send("sandbox-erp", json({ type: "invoice.updated", timestamp: new Date().toISOString(), data }));
  return id;
}

const openCase = (id: string, more: object = {}) =>
  stage.send(
    "custom",
    json({
      eventId: randomUUID(),
      type: "case.changed",
      data: { id, customerId: ACCOUNT, status: "new", priority: "low", type: "warranty", updatedAt: new Date().toISOString(), ...more },
    }),
  );

const inSystem = async (system: "crm" | "support", kind: string, key: string): Promise<{ readonly status?: string } | null> => {
  const found = await stage.sandbox<{ status?: string | number }>(`/${system}/records/${kind}/${encodeURIComponent(key)}`);
  return found.status === 404 ? null : (found as { status?: string });
};

describe("flows with a real Tryton as the ERP", () => {
  it("take a won sale to its confirmed order, and to its end once the invoice is settled", { timeout: 3 * WITHIN_MS }, async () => {
    const key = keyOf("Flow");
    await stage.send("salesforce", opportunity({ id: key, name: "Flow", amount: "10.00" }));
    await run("quote-to-cash", key, standsAt("acceptance"));
    expect(await salesOf(key)).toMatchObject([{ state: "confirmed", "party.": { code: ACCOUNT } }]);
    const id = await relay(key);
    await run("quote-to-cash", key, standsAt("payment"));
    expect(await inSystem("crm", "order", id)).toMatchObject({ status: "confirmed" });
    expect(await inSystem("support", "entitlement", `${key}:support`)).toMatchObject({ status: "active" });
    await changeSale(key, "process");
    await relayInvoice(key);
    const [invoice] = await erp.admin.ids("account.invoice", [["sales.reference", "=", key]]);
    await erp.admin.call("model.account.invoice.cancel", [[invoice ?? 0]]);
    await relayInvoice(key);
    await run("quote-to-cash", key, ({ state }) => state === "done");
    expect((await salesOf(key)).map(({ state }) => state)).toHaveLength(1);
  });

  it("cancel the order in Tryton, once, when a later step is refused", { timeout: 2 * WITHIN_MS }, async () => {
    const key = keyOf("Taken");
    await stage.send("salesforce", opportunity({ id: key, name: "Taken", amount: "20.00" }));
    await run("quote-to-cash", key, standsAt("acceptance"));
    const { id: fault } = await stage.sandbox<{ id: string }>("/faults", {
      method: "POST",
      body: { system: "support", mode: "validation" },
    });
    await relay(key);
    const seen = await run("quote-to-cash", key, ({ state }) => state === "stopped" || state === "uncompensated");
    await stage.sandbox(`/faults/${fault}`, { method: "DELETE" });
    expect(seen.steps.filter(({ state }) => state === "compensated").map(({ name }) => name)).toEqual(["create-order", "accepted"]);
    expect(await salesOf(key)).toMatchObject([{ state: "cancelled" }]);
  });

  it(
    "tell CRM and support of an order until it is fulfilled, and leave a credit to Tryton's own wizard",
    { timeout: 3 * WITHIN_MS },
    async () => {
      const key = keyOf("Order");
      await stage.send("salesforce", opportunity({ id: key, name: "Order", amount: "30.00" }));
      await run("quote-to-cash", key, standsAt("acceptance"));
      const id = await relay(key);
      await run("order-to-fulfilment", id, standsAt("fulfilment"));
      await changeSale(key, "process");
      const invoice = await relayInvoice(key);
      const told = json({
        type: "invoice.updated",
        timestamp: new Date().toISOString(),
        data: {
          id: invoice,
          version: ++version,
          status: "open",
          opportunityId: key,
          orderId: id,
          total: { amount: "30.00", currency: "EUR" },
        },
      });
      await stage.send("sandbox-erp", told);
      await stage.send(
        "sandbox-erp",
        json({
          type: "order.updated",
          timestamp: new Date().toISOString(),
          data: { id, version: ++version, externalKey: key, customerId: ACCOUNT, status: "cancelled" },
        }),
      );
      const seen = await run("order-to-fulfilment", id, ({ state }) => state === "blocked");
      expect(seen).toMatchObject({ step: "credit", reason: expect.stringContaining("wizard") });
      // The invoice that there is was not taken for its credit.
      expect(await erp.admin.rows("account.invoice", [["sales.reference", "=", key]], ["state", "reference"])).toMatchObject([
        { reference: null },
      ]);
      expect(await inSystem("support", "order", id)).toMatchObject({ status: "cancelled" });
      await stage.ops(`/flows/${seen.id}/cancel`, { reason: "it was credited by hand" });
      await run("order-to-fulfilment", id, ({ state }) => state === "cancelled");
    },
  );

  it("make a return order of a case, and cancel it with the case's run", { timeout: 2 * WITHIN_MS }, async () => {
    await openCase("case-1");
    await run("case-to-resolution", "case-1", standsAt("first-answer"));
    expect(await salesOf("case-1:return")).toMatchObject([{ state: "confirmed", "party.": { code: ACCOUNT } }]);
    await openCase("case-1", { status: "resolved" });
    await run("case-to-resolution", "case-1", ({ state }) => state === "done");
    expect(await inSystem("crm", "case", "case-1")).toMatchObject({ status: "resolved" });

    await openCase("case-2");
    const standing = await run("case-to-resolution", "case-2", standsAt("first-answer"));
    await stage.ops(`/flows/${standing.id}/cancel`, { reason: "opened by mistake" });
    await run("case-to-resolution", "case-2", ({ state }) => state === "cancelled");
    expect(await salesOf("case-2:return")).toMatchObject([{ state: "cancelled" }]);
  });
});
