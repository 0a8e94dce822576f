import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import { Bench } from "./bench.ts";
import { odooRpcTrial, odooTrial } from "./fakes/odoo.ts";
import { delivery } from "./samples.ts";

const order = (data: Delivery["data"]): Delivery =>
  delivery({ type: "order.changed", entity: { kind: "order", key: "SO-1", schemaVersion: 1 }, data });
const sold = order({
  customerId: "001Ab",
  status: "confirmed",
  lines: [{ sku: "PLAN-PRO", quantity: "1", unitPrice: { amount: "10", currency: "EUR" } }],
});

const writesOf = (bench: Bench): readonly string[] =>
  bench.requests.flatMap(({ reads, url }) => (reads === true ? [] : [url.replace(/^.*\/json\/2\//, "")]));

describe("an order in Odoo", () => {
  it("is made and confirmed, and not touched again", async () => {
    const bench = new Bench(odooTrial);
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied", duplicate: false });
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied", duplicate: true });
    expect(writesOf(bench)).toEqual(["sale.order/create", "sale.order/action_confirm"]);
  });

  it("that is confirmed is not changed any more, but cancelled", async () => {
    const bench = new Bench(odooTrial);
    await bench.deliver(sold);
    const other = order({ ...sold.data, lines: [{ sku: "SETUP", quantity: "2" }] });
    expect(await bench.deliver(other)).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "lines" }] });
    expect(await bench.deliver(order({ status: "cancelled" }))).toMatchObject({ kind: "applied" });
    expect(bench.held(sold)).toEqual([]);
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied" });
    expect(writesOf(bench).slice(2)).toEqual(["sale.order/action_cancel", "sale.order/action_draft", "sale.order/action_confirm"]);
  });

  it("in a currency that its price list does not have is for a person", async () => {
    const bench = new Bench(odooTrial);
    await bench.deliver(order({ ...sold.data, status: "draft" }));
    const dollars = order({ ...sold.data, total: { amount: "10", currency: "USD" } });
    expect(await bench.deliver(dollars)).toMatchObject({ class: "business", fields: [{ field: "total.currency" }] });
  });
});

describe("a case", () => {
  it("is refused where no tickets are configured", async () => {
    const { tickets: _tickets, ...settings } = odooTrial.connection.settings as { readonly tickets: object };
    const bench = new Bench(odooTrial, { ...odooTrial.connection, settings });
    const { case: sample } = odooTrial.deliveries;
    expect(sample === undefined ? null : await bench.deliver(sample)).toMatchObject({ kind: "failed", class: "config" });
  });
});

describe.each([odooTrial, odooRpcTrial])("an error", (trial) => {
  it.each([
    ["odoo.exceptions.ValidationError", "business"],
    ["odoo.exceptions.AccessError", "config"],
    ["psycopg2.errors.SerializationFailure", "transient"],
    ["psycopg2.errors.UniqueViolation", "business"],
    ["builtins.ValueError", "config"],
    ["odoo.addons.some.Unknown", "transient"],
  ])("of the name %s is %s", async (name, is) => {
    const bench = new Bench(trial);
    const data = { name, message: "why", arguments: [], debug: "" };
    const isRpc = trial === odooRpcTrial;
    bench.interfere({
      do: "answer",
      status: isRpc ? 200 : 500,
      body: JSON.stringify(isRpc ? { jsonrpc: "2.0", id: 1, error: { code: 200, message: "Odoo Server Error", data } } : data),
    });
    expect(await bench.deliver(sold)).toMatchObject({ kind: "failed", class: is });
  });
});
