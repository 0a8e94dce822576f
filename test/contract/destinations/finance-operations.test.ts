import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import type { EntityKind } from "../../../src/domain/entities/index.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { Bench } from "./bench.ts";
import { FakeFinanceOperations, financeOperationsReferenceTrial, financeOperationsTrial } from "./fakes/finance-operations.ts";
import { delivery } from "./samples.ts";

const of = (kind: EntityKind, data: JsonObject, changes: Partial<Delivery> = {}) =>
  delivery({ entity: { kind, key: "R-1", schemaVersion: 1 }, data, ...changes });

const methods = (bench: Bench): readonly string[] =>
  bench.requests.filter(({ headers }) => headers["content-type"] !== "application/x-www-form-urlencoded").map(({ method }) => method);

it("asks across companies always, since the application's own company may be another one", async () => {
  const bench = new Bench(financeOperationsTrial);
  await bench.deliver(of("customer", { name: "Acme" }));
  await bench.changes({ kind: "customer" });
  const calls = bench.requests.filter(({ url }) => url.includes("/data/"));
  expect(calls.filter(({ url }) => new URL(url).searchParams.get("cross-company") !== "true")).toEqual([]);
});

it("updates what is there with one request, and makes it only where nothing is", async () => {
  const bench = new Bench(financeOperationsTrial);
  await bench.deliver(of("customer", { name: "Acme" }));
  expect(methods(bench)).toEqual(["PATCH", "POST"]);
  await bench.deliver(of("customer", { name: "Acme GmbH" }));
  expect(methods(bench)).toEqual(["PATCH", "POST", "PATCH"]);
});

it("a record that somebody made between our two requests is updated after all", async () => {
  const bench = new Bench(financeOperationsTrial);
  const answer = bench.fake.answer.bind(bench.fake);
  bench.fake.answer = (request) => {
    if (request.method === "POST" && request.url.includes("CustomersV3") && bench.held(of("customer", {})).length === 0)
      (bench.fake as FakeFinanceOperations).put("CustomersV3", { CustomerAccount: "R-1", CustomerGroupId: "10" });
    return answer(request);
  };
  expect(await bench.deliver(of("customer", { name: "Acme" }))).toMatchObject({ kind: "applied" });
  expect(bench.held(of("customer", {}))).toMatchObject([{ fields: { OrganizationName: "Acme", CustomerGroupId: "10" } }]);
});

it("an order that is numbered by the system is found by our reference, and known by its number", async () => {
  const bench = new Bench(financeOperationsReferenceTrial);
  const made = await bench.deliver(of("order", { customerId: "CUST-7" }));
  expect(made).toMatchObject({ kind: "applied", remote: { number: expect.stringMatching(/^SO-\d{6}$/) as string } });
  expect(await bench.read("order", "R-1")).toMatchObject({
    ok: true,
    value: { key: "R-1", remote: made.kind === "applied" ? made.remote : {} },
  });
});

it("an order gets the lines that are wanted: changed, added and taken away by place", async () => {
  for (const trial of [financeOperationsTrial, financeOperationsReferenceTrial]) {
    const bench = new Bench(trial);
    const line = (sku: string, quantity: string) => ({ sku, quantity, unitPrice: { amount: "2.50", currency: "USD" } });
    const linesOf = async () => {
      const read = await bench.read("order", "R-1");
      return read.ok && read.value !== "absent" ? read.value.data["lines"] : undefined;
    };
    await bench.deliver(of("order", { customerId: "CUST-7", lines: [line("A", "1"), line("B", "2"), line("C", "3")] }));
    await bench.deliver(of("order", { customerId: "CUST-7", lines: [line("A", "1"), line("B", "5")] }));
    expect(await linesOf()).toEqual(
      [line("A", "1"), line("B", "5")].map((each) => ({ ...each, unitPrice: { amount: "2.5", currency: "USD" } })),
    );
    bench.interfere({ do: "loseAnswer" });
    const grown = of("order", { customerId: "CUST-7", lines: [line("A", "1"), line("B", "5"), line("D", "4")] });
    expect(await bench.deliver(grown)).toMatchObject({ class: "ambiguous" });
    expect(await bench.deliver(grown, true)).toMatchObject({ kind: "applied" });
    expect(await linesOf()).toMatchObject([{ sku: "A" }, { sku: "B" }, { sku: "D", quantity: "4" }]);
    await bench.deliver(of("order", { customerId: "CUST-7" }));
    expect(await linesOf()).toHaveLength(3);
  }
});

it("an order that is cancelled, or whose sale is lost after all, is taken away", async () => {
  for (const trial of [financeOperationsTrial, financeOperationsReferenceTrial]) {
    for (const [kind, data] of [
      ["order", { status: "cancelled" }],
      ["opportunity", { stage: "lost" }],
    ] as const) {
      const bench = new Bench(trial);
      await bench.deliver(of(kind, { customerId: "CUST-7", stage: "won" }));
      expect(bench.held(of(kind, {}))).toHaveLength(1);
      expect(await bench.deliver(of(kind, data))).toMatchObject({ kind: "applied", duplicate: false });
      expect(bench.held(of(kind, {}))).toHaveLength(0);
    }
  }
});

it("a deleted customer is put on hold, since documents refer to it", async () => {
  const bench = new Bench(financeOperationsTrial);
  await bench.deliver(of("customer", { name: "Acme" }));
  await bench.deliver(of("customer", {}, { deleted: true }));
  expect(bench.held(of("customer", {}))).toMatchObject([{ fields: { OnHoldStatus: "All", OrganizationName: "Acme" } }]);
});

describe("data that the business logic refuses", () => {
  it("is told in the log's own words, with no stack trace and no frame", async () => {
    const outcome = await new Bench(financeOperationsTrial).deliver(
      of("order", { customerId: "CUST-7", total: { amount: "1", currency: "XTS" } }),
    );
    expect(outcome).toMatchObject({
      class: "business",
      detail: "Infolog: The value 'XTS' in field 'Currency' is not found in the related table 'Currencies'.",
      fields: [{ field: "total.currency" }],
    });
  });

  it("names the customer that must be made first", async () => {
    const outcome = await new Bench(financeOperationsTrial).deliver(of("order", { customerId: "NOBODY" }));
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "customerId", message: expect.stringContaining("NOBODY") as string }],
    });
  });

  it("is the configuration's fault where a team's field does not exist", async () => {
    const { connection } = financeOperationsTrial;
    const settings = { ...(connection.settings as object), fields: { customer: { fields: { "custom.margin": "Margin" } } } };
    const bench = new Bench(financeOperationsTrial, { ...connection, settings });
    expect(await bench.deliver(of("customer", { name: "A", custom: { margin: "1" } }))).toMatchObject({ class: "config" });
  });
});

it("without a time of change only documents that are open are compared", async () => {
  const bench = new Bench(financeOperationsTrial);
  const fake = bench.fake as FakeFinanceOperations;
  for (const number of ["A", "B", "C"])
    fake.put("SalesOrderHeadersV2", { SalesOrderNumber: number, SalesOrderStatus: number === "B" ? "Invoiced" : "Backorder" });
  fake.put("SalesOrderHeadersV2", { SalesOrderNumber: "D", dataAreaId: "demf" });
  const { records } = await bench.changes({ kind: "order" });
  expect(records.map(({ key, modifiedAtMs, order }) => [key, modifiedAtMs, order.kind])).toEqual([
    ["A", null, "none"],
    ["C", null, "none"],
  ]);
});

it("a posted invoice is read in canonical words", async () => {
  const bench = new Bench(financeOperationsTrial);
  (bench.fake as FakeFinanceOperations).put("SalesInvoiceHeadersV2", {
    InvoiceNumber: "CIV-1",
    InvoiceDate: "2026-11-20T12:00:00Z",
    SalesOrderNumber: "SO-1",
    InvoiceCustomerAccountNumber: "CUST-7",
    CurrencyCode: "EUR",
    TotalInvoiceAmount: 6.9,
  });
  expect(await bench.read("invoice", "CIV-1")).toMatchObject({
    ok: true,
    value: {
      key: "CIV-1",
      data: {
        number: "CIV-1",
        orderId: "SO-1",
        customerId: "CUST-7",
        total: { amount: "6.9", currency: "EUR" },
        issuedAt: "2026-11-20T12:00:00.000Z",
      },
    },
  });
});
