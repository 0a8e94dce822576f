import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/local.ts";
import { ACCOUNT, FlowWorld, WITHIN_MS, saleKey, standsAt } from "./flow-world.ts";

let world: FlowWorld;

beforeAll(async () => {
  world = await FlowWorld.open(path.join(ROOT, "scripts", "flows", "tryton.router.config.ts"));
}, 240_000);

afterAll(async () => {
  await world?.close();
}, 30_000);

const openCase = (id: string, more: object = {}): Promise<void> =>
  world.ours("case", id, { customerId: ACCOUNT, status: "new", priority: "low", type: "warranty", ...more });

describe("flows with a real Tryton as the ERP", () => {
  it("take a won sale to its confirmed order, and to its end once the invoice is settled", { timeout: 3 * WITHIN_MS }, async () => {
    const key = saleKey("Flow");
    await world.sell({ id: key, name: "Flow", amount: "10.00" });
    await world.run("quote-to-cash", key, standsAt("acceptance"));
    expect(await world.salesOf(key)).toMatchObject([{ state: "confirmed", "party.": { code: ACCOUNT } }]);
    const id = await world.relay(key);
    await world.run("quote-to-cash", key, standsAt("payment"));
    expect(await world.inSystem("crm", "order", id)).toMatchObject({ status: "confirmed" });
    expect(await world.inSystem("support", "entitlement", `${key}:support`)).toMatchObject({ status: "active" });
    await world.changeSale(key, "process");
    await world.relayInvoice(key);
    const [invoice] = await world.erp.admin.ids("account.invoice", [["sales.reference", "=", key]]);
    await world.erp.admin.call("model.account.invoice.cancel", [[invoice ?? 0]]);
    await world.relayInvoice(key);
    await world.run("quote-to-cash", key, ({ state }) => state === "done");
    expect((await world.salesOf(key)).map(({ state }) => state)).toHaveLength(1);
  });

  it("cancel the order in Tryton, once, when a later step is refused", { timeout: 2 * WITHIN_MS }, async () => {
    const key = saleKey("Taken");
    await world.sell({ id: key, name: "Taken", amount: "20.00" });
    await world.run("quote-to-cash", key, standsAt("acceptance"));
    await world.refuses("support", `${key}:support`);
    await world.relay(key);
    const seen = await world.run("quote-to-cash", key, ({ state }) => state === "stopped" || state === "uncompensated");
    expect(seen.steps.filter(({ state }) => state === "compensated").map(({ name }) => name)).toEqual(["create-order", "accepted"]);
    expect(await world.salesOf(key)).toMatchObject([{ state: "cancelled" }]);
  });

  it(
    "tell CRM and support of an order until it is fulfilled, and leave a credit to Tryton's own wizard",
    { timeout: 3 * WITHIN_MS },
    async () => {
      const key = saleKey("Order");
      await world.sell({ id: key, name: "Order", amount: "30.00" });
      await world.run("quote-to-cash", key, standsAt("acceptance"));
      const id = await world.relay(key);
      await world.run("order-to-fulfilment", id, standsAt("fulfilment"));
      await world.changeSale(key, "process");
      const invoice = await world.relayInvoice(key);
      const total = { amount: "30.00", currency: "EUR" };
      await world.told("invoice", invoice, { status: "open", opportunityId: key, orderId: id, total });
      await world.relay(key, { status: "cancelled" });
      const seen = await world.run("order-to-fulfilment", id, ({ state }) => state === "blocked");
      expect(seen).toMatchObject({ step: "credit", reason: expect.stringContaining("wizard") });
      // The invoice that there is was not taken for its credit.
      expect(await world.erp.admin.rows("account.invoice", [["sales.reference", "=", key]], ["state", "reference"])).toMatchObject([
        { reference: null },
      ]);
      expect(await world.inSystem("support", "order", id)).toMatchObject({ status: "cancelled" });
      await world.stage.ops(`/flows/${seen.id}/cancel`, { reason: "it was credited by hand" });
      await world.run("order-to-fulfilment", id, ({ state }) => state === "cancelled");
    },
  );

  it("make a return order of a case, and cancel it with the case's run", { timeout: 2 * WITHIN_MS }, async () => {
    await openCase("case-1");
    await world.run("case-to-resolution", "case-1", standsAt("first-answer"));
    expect(await world.salesOf("case-1:return")).toMatchObject([{ state: "confirmed", "party.": { code: ACCOUNT } }]);
    await openCase("case-1", { status: "resolved" });
    await world.run("case-to-resolution", "case-1", ({ state }) => state === "done");
    expect(await world.inSystem("crm", "case", "case-1")).toMatchObject({ status: "resolved" });

    await openCase("case-2");
    const standing = await world.run("case-to-resolution", "case-2", standsAt("first-answer"));
    await world.stage.ops(`/flows/${standing.id}/cancel`, { reason: "opened by mistake" });
    await world.run("case-to-resolution", "case-2", ({ state }) => state === "cancelled");
    expect(await world.salesOf("case-2:return")).toMatchObject([{ state: "cancelled" }]);
  });
});
