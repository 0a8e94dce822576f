import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import { Bench } from "./bench.ts";
import { OracleFusion, oracleFusionPricedTrial, oracleFusionTrial, saleDelivery } from "./fakes/oracle-fusion.ts";
import { delivery } from "./samples.ts";

const benchOf = (fusion = new OracleFusion()) => ({ fusion, bench: new Bench({ ...oracleFusionTrial, start: () => fusion }) });
const again = (changes: Partial<Delivery>): Delivery => ({ ...saleDelivery, idempotencyKey: "again", ...changes });
const withLines = (...lines: readonly (readonly [string, string])[]): Delivery =>
  again({ data: { ...saleDelivery.data, lines: lines.map(([sku, quantity]) => ({ sku, quantity })) } });
const orderOf = (fusion: OracleFusion) => fusion.held("order", saleDelivery.entity.key)[0]?.fields ?? {};
const linesOf = (fusion: OracleFusion) =>
  (orderOf(fusion)["lines"] as Record<string, unknown>[]).map((line) => [line["ProductNumber"], line["OrderedQuantity"]]);
const sample = (name: string): Delivery => {
  const found = oracleFusionTrial.deliveries[name];
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found;
};

describe("an order in Fusion", () => {
  it("is submitted with the sale that it comes from, under the sale's key", async () => {
    const { fusion, bench } = benchOf();
    const outcome = await bench.deliver(saleDelivery);
    expect(outcome).toMatchObject({ kind: "applied", duplicate: false, remote: { id: String(orderOf(fusion)["HeaderId"]) } });
    expect(orderOf(fusion)).toMatchObject({ StatusCode: "OPEN", SourceTransactionNumber: saleDelivery.entity.key, BusinessUnitId: 204 });
    expect(linesOf(fusion)).toEqual([
      ["SKU-1", 2],
      ["SKU-2", 0.5],
      ["SKU-1", 7],
    ]);
  });

  it("is written once more only where it differs, also in lines beyond the page that it is read with", async () => {
    const { fusion, bench } = benchOf();
    await bench.deliver(saleDelivery);
    const before = bench.requests.length;
    expect(await bench.deliver(again({}))).toMatchObject({ kind: "applied", duplicate: true });
    expect(bench.requests.slice(before).every(({ method }) => method === "GET")).toBe(true);
    await bench.deliver(withLines(["SKU-1", "2"], ["SKU-2", "0.5"], ["SKU-1", "8"]));
    expect(JSON.parse(bench.requests.at(-1)?.body ?? "")).toMatchObject({ lines: [{ OrderedQuantity: 8 }], SubmittedFlag: true });
    expect(linesOf(fusion)).toEqual([
      ["SKU-1", 2],
      ["SKU-2", 0.5],
      ["SKU-1", 8],
    ]);
    expect(orderOf(fusion)).toMatchObject({ StatusCode: "OPEN" });
  });

  it("has the lines of the last delivery, whatever came before", async () => {
    const line = fc.tuple(fc.constantFrom("SKU-1", "SKU-2", "SKU-3"), fc.constantFrom("1", "2.5", "30"));
    const lists = fc.array(fc.uniqueArray(line, { maxLength: 4, selector: ([sku, quantity]) => `${sku} ${quantity}` }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(lists, async (deliveries) => {
        const { fusion, bench } = benchOf();
        for (const lines of deliveries) expect(await bench.deliver(withLines(...lines))).toMatchObject({ kind: "applied" });
        const ordered = linesOf(fusion).filter(([, quantity]) => quantity !== 0);
        const wanted = (deliveries.at(-1) ?? []).map(([sku, quantity]) => [sku, Number(quantity)]);
        const sorted = (list: readonly unknown[]) => list.map((each) => JSON.stringify(each)).toSorted();
        expect(sorted(ordered)).toEqual(sorted(wanted));
      }),
      { numRuns: 40 },
    );
  });

  it("is never made of a sale that was lost, and is cancelled when one is lost later", async () => {
    const { fusion, bench } = benchOf();
    const lost = again({ data: { ...saleDelivery.data, stage: "lost" } });
    expect(await bench.deliver(lost)).toMatchObject({ kind: "applied" });
    expect(fusion.rows("salesOrdersForOrderHub")).toEqual([]);
    await bench.deliver(saleDelivery);
    await bench.deliver(lost);
    expect(orderOf(fusion)).toMatchObject({ StatusCode: "CANCELED" });
    expect(await bench.deliver(lost)).toMatchObject({ kind: "applied", duplicate: true });
  });

  it("changed by somebody else in between is read again, under the ETag of each reading", async () => {
    const { fusion, bench } = benchOf();
    await bench.deliver(saleDelivery);
    fusion.tricks.touchBeforeNextWrite("order", saleDelivery.entity.key);
    expect(await bench.deliver(again({}))).toMatchObject({ kind: "applied", duplicate: false });
    expect(linesOf(fusion)[0]).toEqual(["SKU-1", 2]);
    const patches = bench.requests.filter(({ method }) => method === "PATCH");
    expect(new Set(patches.map(({ headers }) => headers["if-match"])).size).toBe(2);
  });

  it("that the user's business units do not show is told as a question of rights, not made twice", async () => {
    const { fusion, bench } = benchOf();
    await bench.deliver(saleDelivery);
    fusion.hidden.add(orderOf(fusion)["HeaderId"]);
    expect(await bench.deliver(again({}))).toMatchObject({ class: "config", detail: expect.stringContaining("business unit") as string });
    expect(fusion.held("order", saleDelivery.entity.key)).toHaveLength(1);
  });

  it("for a customer that is not there says which to deliver first", async () => {
    const outcome = await benchOf().bench.deliver(again({ data: { ...saleDelivery.data, customerId: "001Zz" } }));
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "customerId", message: expect.stringContaining("001Zz") as string }],
    });
  });

  it("with lines that cannot be written names each of them", async () => {
    const lines = [{ quantity: "1" }, { sku: "x".repeat(60), quantity: "1" }];
    const outcome = await benchOf().bench.deliver(again({ data: { ...saleDelivery.data, lines } }));
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "lines.0.sku" }, { field: "lines.1.sku" }] });
  });
});

describe("a deletion in Fusion", () => {
  it.each([
    ["cancels a submitted order", saleDelivery, "salesOrdersForOrderHub", [{ StatusCode: "CANCELED" }]],
    ["deletes a draft that nobody has seen", sample("order"), "salesOrdersForOrderHub", []],
    ["deactivates a customer", sample("customer"), "hubOrganizations", [{ Status: "A" }, { Status: "I" }]],
    ["closes a case", sample("case"), "serviceRequests", [{ StatusCd: "ORA_SVC_CLOSED" }]],
  ])("%s, and is there already the second time", async (_what, made, resource, expected) => {
    const { fusion, bench } = benchOf();
    await bench.deliver(made);
    const deletion = { ...made, idempotencyKey: "deletion", deleted: true, data: {} };
    expect(await bench.deliver(deletion)).toMatchObject({ kind: "applied", duplicate: false });
    expect(fusion.rows(resource)).toMatchObject(expected);
    expect(await bench.deliver(deletion)).toMatchObject({ kind: "applied", duplicate: true });
  });
});

describe("a record in Fusion", () => {
  it("is not guessed where two hold our key", async () => {
    const { fusion, bench } = benchOf();
    for (let made = 0; made < 2; made++) fusion.tricks.add("case", "500Ab");
    expect(await bench.deliver(sample("case"))).toMatchObject({
      class: "business",
      detail: expect.stringContaining("two records") as string,
    });
  });

  it("keeps what a delta does not name, and loses what it clears", async () => {
    const { fusion, bench } = benchOf();
    await bench.deliver(sample("case"));
    await bench.deliver({ ...sample("case"), nature: "delta", data: { status: "resolved" }, cleared: ["description", "customerId"] });
    expect(fusion.rows("serviceRequests")).toMatchObject([
      { StatusCd: "ORA_SVC_RESOLVED", ProblemDescription: null, AccountPartyId: null, Title: "Weiche klemmt", SeverityCd: "ORA_SVC_SEV2" },
    ]);
  });

  it("that keeps its own value after a success is told with the canonical field", async () => {
    const { fusion, bench } = benchOf();
    await bench.deliver(sample("customer"));
    fusion.tricks.ignoreNextWrite();
    const outcome = await bench.deliver({ ...sample("customer"), data: { ...sample("customer").data, name: "Anders" } });
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "name" }] });
  });
});

describe("a refusal of Fusion", () => {
  const refusedWith = async (status: number, body: string, attempt = 1) => {
    const { bench } = benchOf();
    bench.interfere({ do: "answer", status, body });
    return bench.deliver({ ...saleDelivery, attempt });
  };

  it.each([
    [504, "<html>Gateway Timeout</html>", 1, "ambiguous"],
    [500, "Internal Server Error", 1, "transient"],
    [500, "Internal Server Error", 2, "config"],
    [400, "JBO-27024: Failed to validate a row", 1, "business"],
    [400, "JBO-26030: Failed to lock the record, another user holds the lock.", 1, "transient"],
    [400, '{"o:errorDetails":[{"detail":"no such attribute","o:errorCode":"JBO-25058","o:errorPath":"/Nope"}]}', 1, "config"],
    [404, "Not Found", 1, "config"],
    [403, "Forbidden", 1, "config"],
  ])("%i %s at attempt %i is %s", async (status, body, attempt, expected) => {
    expect(await refusedWith(status, body, attempt)).toMatchObject({ kind: "failed", class: expected });
  });

  it("in JSON names canonical fields where the table knows them", async () => {
    const details = [
      { detail: "too long", "o:errorPath": "/TransactionOn" },
      { detail: "unknown", "o:errorPath": "/Other" },
    ];
    expect(await refusedWith(400, JSON.stringify({ title: "Bad Request", "o:errorDetails": details }))).toMatchObject({
      detail: "too long; unknown",
      fields: [{ field: "orderedAt" }, { field: "Other" }],
    });
  });
});

describe("changes in Fusion", () => {
  it("are each told once, whatever shares a time, and although the count of all is wrong", async () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(offsets, fc.integer({ min: 1, max: 4 }), async (seconds, limit) => {
        const { fusion, bench } = benchOf();
        seconds.forEach((second, index) => fusion.tricks.add("order", `K${index}`, fusion.time.nowMs - 60_000 + second * 1000));
        const run = await bench.changes({ kind: "order", fromMs: fusion.time.nowMs - 59_000, untilMs: fusion.time.nowMs - 57_000, limit });
        expect(run.records.map(({ key }) => key)).toEqual(
          seconds.flatMap((second, index) => (second === 1 || second === 2 ? [`K${index}`] : [])),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("name customers by our keys, however many a page has, and leave out those of other systems", async () => {
    const { fusion, bench } = benchOf();
    for (let index = 0; index < 120; index++) {
      const system = index % 3 === 0 ? "OTHER" : "SIGNALBOX";
      const { PartyId: party } = fusion.insert("hubOrganizations", { SourceSystem: system, SourceSystemReferenceValue: `C${index}` });
      fusion.insert("salesOrdersForOrderHub", { SourceTransactionSystem: system, SourceTransactionId: `K${index}`, BuyingPartyId: party });
    }
    const run = await bench.changes({ kind: "order", limit: 500 });
    expect(run.records).toHaveLength(120);
    for (const [index, { key, data }] of run.records.entries()) {
      expect(key).toBe(index % 3 === 0 ? null : `K${index}`);
      expect(data["customerId"]).toBe(index % 3 === 0 ? undefined : `C${index}`);
    }
  });

  it("tell of invoices, exact to the cent, and as paid when nothing is due", async () => {
    const { fusion, bench } = benchOf();
    const invoice = {
      InvoiceStatus: "Complete",
      EnteredAmount: 1200.5,
      InvoiceCurrencyCode: "EUR",
      TransactionDate: "2026-11-01",
      DueDate: "2026-12-01",
    };
    fusion.insert("receivablesInvoices", { ...invoice, InvoiceBalanceAmount: 0.1 });
    fusion.insert("receivablesInvoices", { ...invoice, InvoiceBalanceAmount: 0 });
    const run = await bench.changes({ kind: "invoice" });
    expect(run.records.map(({ data }) => data)).toMatchObject([
      { status: "open", amountDue: { amount: "0.1", currency: "EUR" }, dueDate: "2026-12-01", issuedAt: "2026-11-01T00:00:00.000Z" },
      { status: "paid", total: { amount: "1200.5", currency: "EUR" } },
    ]);
    expect(await bench.read("invoice", run.records[0]?.key ?? "")).toMatchObject({ ok: true, value: { data: { status: "open" } } });
  });

  it("begin anew after a cursor that is none of ours", async () => {
    const { bench } = benchOf();
    const query = { kind: "order" as const, fromMs: null, untilMs: 1, cursor: "1 or HeaderId > 0", token: null, limit: 1 };
    expect(await oracleFusionTrial.definition.changes?.page(query, bench.session())).toEqual({ ok: true, value: "restart" });
  });
});

it("an order is refused in words where its key is longer than Fusion takes", async () => {
  const key = "k".repeat(51);
  const outcome = await benchOf().bench.deliver(delivery({ ...saleDelivery, entity: { ...saleDelivery.entity, key } }));
  expect(outcome).toMatchObject({ class: "business", fields: [{ field: "key" }] });
});

describe("a line's price in Fusion", () => {
  const priced = (...lines: readonly (readonly [string, string, string?])[]): Delivery =>
    again({
      data: {
        ...saleDelivery.data,
        lines: lines.map(([sku, quantity, amount]) => ({
          sku,
          quantity,
          ...(amount === undefined ? {} : { unitPrice: { amount, currency: "EUR" } }),
        })),
      },
    });
  const pricedBench = () => {
    const fusion = new OracleFusion();
    return { fusion, bench: new Bench({ ...oracleFusionPricedTrial, start: () => fusion }) };
  };
  const amountsOf = (fusion: OracleFusion) =>
    (orderOf(fusion)["lines"] as Record<string, unknown>[]).map((line) =>
      ((line["manualPriceAdjustments"] ?? []) as Record<string, unknown>[]).map((each) => each["AdjustmentAmount"]),
    );

  it("is an adjustment of ours, made with the line and changed by its id, also beyond the page that is read with the order", async () => {
    const { fusion, bench } = pricedBench();
    await bench.deliver(priced(["SKU-1", "2", "12.50"], ["SKU-2", "1"], ["SKU-3", "1", "3"]));
    expect(amountsOf(fusion)).toEqual([[12.5], [], [3]]);
    const before = bench.requests.length;
    expect(await bench.deliver(priced(["SKU-1", "2", "12.5"], ["SKU-2", "1"], ["SKU-3", "1", "3.00"]))).toMatchObject({ duplicate: true });
    expect(bench.requests.slice(before).every(({ method }) => method === "GET")).toBe(true);
    expect(await bench.deliver(priced(["SKU-1", "2", "14"], ["SKU-2", "1", "7"], ["SKU-3", "1", "4"]))).toMatchObject({ duplicate: false });
    expect(amountsOf(fusion)).toEqual([[14], [7], [4]]);
  });

  it("that people have adjusted otherwise stays theirs, and one that a delivery does not name stays as it is", async () => {
    const { fusion, bench } = pricedBench();
    await bench.deliver(priced(["SKU-1", "2", "12.50"]));
    const [line = {}] = orderOf(fusion)["lines"] as Record<string, unknown>[];
    (line["manualPriceAdjustments"] as unknown[]).unshift({
      ManualPriceAdjustmentId: 7,
      SourceManualPriceAdjustmentIdentifier: "of a person",
      AdjustmentAmount: 1,
    });
    await bench.deliver(priced(["SKU-1", "3"]));
    await bench.deliver(priced(["SKU-1", "3", "13"]));
    expect(amountsOf(fusion)).toEqual([[1, 13]]);
    const read = await bench.read("opportunity", saleDelivery.entity.key);
    expect(read.ok && read.value !== "absent" ? read.value.data["lines"] : read).toEqual([
      { sku: "SKU-1", quantity: "3", unitPrice: { amount: "13", currency: "EUR" } },
    ]);
  });

  it("is Fusion's own where the team does not say what an adjustment is", async () => {
    const { fusion, bench } = benchOf();
    await bench.deliver(priced(["SKU-1", "2", "12.50"]));
    expect(amountsOf(fusion)).toEqual([[]]);
  });
});
