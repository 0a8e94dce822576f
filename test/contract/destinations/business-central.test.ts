import { describe, expect, it } from "vitest";
import { ERRORS } from "../../../src/destinations/business-central/errors.ts";
import { itemBody } from "../../../src/destinations/business-central/lines.ts";
import { resourceOf } from "../../../src/destinations/business-central/records.ts";
import type { Delivery, RemoteState } from "../../../src/destinations/define.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { Bench } from "./bench.ts";
import description from "./descriptions/business-central-v2.json" with { type: "json" };
import { FakeBusinessCentral, businessCentralTrial } from "./fakes/business-central.ts";
import { delivery } from "./samples.ts";

const SETTINGS = { orderKey: "externalDocumentNumber", fields: {} };
const RESOURCES = (["customer", "order", "invoice"] as const).map((kind) => resourceOf(kind, SETTINGS));
const propertiesOf = (set: string) =>
  (description.resources as Record<string, Record<string, { readOnly?: boolean; values?: readonly string[] }>>)[set] ?? {};

const order = (data: JsonObject, changes: Partial<Delivery> = {}) =>
  delivery({ entity: { kind: "order", key: "ORD-1", schemaVersion: 1 }, data: { customerId: "CUST-7", ...data }, ...changes });
const line = (sku: string, quantity: string) => ({ sku, description: sku, quantity, unitPrice: { amount: "2.50", currency: "EUR" } });

async function stateOf(bench: Bench, kind: "order" | "customer" | "invoice", key: string): Promise<RemoteState> {
  const read = await bench.read(kind, key);
  if (!read.ok || read.value === "absent") throw new Error(`no ${kind} ${key}`);
  return read.value;
}

describe("Business Central's published resources", () => {
  it.each(RESOURCES)("$set: every property of the table exists, and each written one can be written", ({ set, pairs, kind }) => {
    for (const { at, way, currencyAt } of pairs.filter(({ at: name }) => name !== "lines")) {
      expect(propertiesOf(set), at).toHaveProperty(at);
      if (way !== "in" && kind !== "invoice") expect(propertiesOf(set)[at]?.readOnly, at).toBeUndefined();
      if (currencyAt !== undefined) expect(propertiesOf(set)).toHaveProperty(currencyAt);
    }
  });

  it.each(RESOURCES)("$set: it is searched and walked by properties that exist", ({ set, keyField }) => {
    for (const name of [keyField, "number", "lastModifiedDateTime", "id"]) expect(propertiesOf(set)).toHaveProperty(name);
  });

  it.each(RESOURCES)("$set: its words are the published ones", ({ set, pairs }) => {
    for (const { at, words = {} } of pairs) {
      const values = propertiesOf(set)[at]?.values;
      if (values === undefined) continue;
      // "Shipped" is told by another property, fullyShipped.
      for (const word of Object.values(words).filter((each) => each !== "Shipped"))
        expect(values).toContain(String(word).replaceAll("_x0020_", " "));
    }
  });

  it("an order's lines are written by properties that exist and can be written", () => {
    for (const name of Object.keys(itemBody(line("A", "1"))))
      expect(propertiesOf("salesOrderLines")[name]).toMatchObject({ type: expect.any(String) as string });
    for (const name of Object.keys(itemBody(line("A", "1")))) expect(propertiesOf("salesOrderLines")[name]?.readOnly).toBeUndefined();
  });

  it("every error code of the table is a published one", () => {
    for (const code of ERRORS.flatMap((rule) => (rule.code instanceof RegExp ? [] : [rule.code ?? []].flat())))
      expect(description.errorCodes).toContain(code);
  });
});

describe("an order in Business Central", () => {
  it("gets the lines that are wanted: changed, added and taken away by place", async () => {
    const bench = new Bench(businessCentralTrial);
    await bench.deliver(order({ lines: [line("A", "1"), line("B", "2"), line("C", "3")] }));
    await bench.deliver(order({ lines: [line("A", "1"), line("B", "5")] }));
    expect((await stateOf(bench, "order", "ORD-1")).data["lines"]).toMatchObject([
      { sku: "A", quantity: "1" },
      { sku: "B", quantity: "5" },
    ]);
    await bench.deliver(order({ lines: [line("A", "1"), line("B", "5"), line("D", "4")] }));
    const { data } = await stateOf(bench, "order", "ORD-1");
    expect(data["lines"]).toMatchObject([{ sku: "A" }, { sku: "B" }, { sku: "D", quantity: "4" }]);
    expect(data["total"]).toEqual({ amount: "25", currency: "EUR" });
  });

  it("keeps its lines when a delivery says nothing of them", async () => {
    const bench = new Bench(businessCentralTrial);
    await bench.deliver(order({ lines: [line("A", "1")] }));
    await bench.deliver(order({ orderedAt: "2026-11-21T00:00:00.000Z" }, { nature: "delta" }));
    expect((await stateOf(bench, "order", "ORD-1")).data).toMatchObject({ lines: [{ sku: "A" }], orderedAt: "2026-11-21T00:00:00.000Z" });
  });

  it("is sent nothing when it is as it should be already", async () => {
    const bench = new Bench(businessCentralTrial);
    await bench.deliver(order({ lines: [line("A", "1")] }));
    const before = bench.requests.length;
    expect(await bench.deliver(order({ lines: [line("A", "1.0")] }))).toMatchObject({ kind: "applied", duplicate: true });
    expect(bench.requests.slice(before).map(({ method }) => method)).toEqual(["GET", "GET"]);
  });

  it("is taken away when it is cancelled, or when the sale is lost after all", async () => {
    for (const [kind, data] of [
      ["order", { status: "cancelled" }],
      ["opportunity", { stage: "lost" }],
    ] as const) {
      const bench = new Bench(businessCentralTrial);
      const made = delivery({ entity: { kind, key: "ORD-1", schemaVersion: 1 }, data: { customerId: "CUST-7", stage: "won" } });
      await bench.deliver(made);
      expect(bench.held(made)).toHaveLength(1);
      expect(await bench.deliver({ ...made, data })).toMatchObject({ kind: "applied", duplicate: false });
      expect(bench.held(made)).toHaveLength(0);
    }
  });

  it("names the customer that must be made first", async () => {
    const outcome = await new Bench(businessCentralTrial).deliver(order({ customerId: "NOBODY" }));
    expect(outcome).toMatchObject({
      kind: "failed",
      class: "business",
      fields: [{ field: "customerId", message: expect.stringContaining("NOBODY") as string }],
    });
  });
});

it("a change that another user made meanwhile is kept: the row is read again, and only our fields are written", async () => {
  const bench = new Bench(businessCentralTrial);
  const made = delivery({ entity: { kind: "customer", key: "C-1", schemaVersion: 1 }, data: { name: "Before", email: "a@example.com" } });
  await bench.deliver(made);
  bench.fake.tricks.touchBeforeNextWrite?.("customer", "C-1");
  const renamed = await bench.deliver({ ...made, nature: "delta", data: { name: "After" } });
  expect(renamed).toMatchObject({ kind: "applied", duplicate: false });
  expect((await stateOf(bench, "customer", "C-1")).data).toMatchObject({
    name: "After",
    email: expect.stringMatching(/^changed/) as string,
  });
});

it("a deleted customer is blocked, since documents refer to it", async () => {
  const bench = new Bench(businessCentralTrial);
  const made = delivery({ entity: { kind: "customer", key: "C-1", schemaVersion: 1 }, data: { name: "Acme" } });
  await bench.deliver(made);
  expect(await bench.deliver({ ...made, deleted: true, data: {} })).toMatchObject({ kind: "applied" });
  expect((await stateOf(bench, "customer", "C-1")).data["status"]).toBe("inactive");
});

it("a key is read back as its owner writes it, although the system keeps capitals", async () => {
  const bench = new Bench(businessCentralTrial);
  await bench.deliver(delivery());
  expect((await stateOf(bench, "order", "006Ab00000XyZ")).key).toBe("006Ab00000XyZ");
  expect((await bench.changes({ kind: "order" })).records.map(({ key }) => key)).toEqual(["006AB00000XYZ"]);
});

it("a posted invoice is read in canonical words", async () => {
  const bench = new Bench(businessCentralTrial);
  (bench.fake as FakeBusinessCentral).post({
    number: "103001",
    orderNumber: "S-1",
    customerNumber: "CUST-7",
    invoiceDate: "2026-11-20",
    dueDate: "2026-12-20",
    status: "Open",
    totalAmountIncludingTax: 119,
    remainingAmount: 19.5,
  });
  expect(await stateOf(bench, "invoice", "103001")).toMatchObject({
    key: "103001",
    data: {
      number: "103001",
      orderId: "S-1",
      customerId: "CUST-7",
      status: "open",
      statusRaw: "Open",
      total: { amount: "119", currency: "EUR" },
      amountDue: { amount: "19.5", currency: "EUR" },
      issuedAt: "2026-11-20T00:00:00.000Z",
      dueDate: "2026-12-20",
    },
  });
});
