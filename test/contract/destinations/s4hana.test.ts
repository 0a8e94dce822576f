import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriedKey, keyCarried } from "../../../src/destinations/s4hana/carried-key.ts";
import { s4hana } from "../../../src/destinations/s4hana/index.ts";
import { ORDER_STATUS_FIELDS, invoiceStatus, orderStatus } from "../../../src/destinations/s4hana/status.ts";
import type { Delivery } from "../../../src/destinations/define.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { Bench } from "./bench.ts";
import { readEdmx } from "./descriptions/edmx.ts";
import { S4Fake, s4hanaPricedTrials, s4hanaV2Trial, s4hanaV4Trial } from "./fakes/s4hana.ts";
import { NOW_MS, delivery } from "./samples.ts";

const benchOf = (trial = s4hanaV2Trial, changes: object = {}): { bench: Bench; fake: S4Fake } => {
  const settings = s4hana.settings.parse({ ...(trial.connection.settings as object), ...changes });
  const bench = new Bench({ ...trial, connection: { ...trial.connection, settings } });
  if (!(bench.fake instanceof S4Fake)) throw new Error("a bench of another system");
  return { bench, fake: bench.fake };
};

const LINES = [
  { sku: "TG11", description: "Weiche", quantity: "5" },
  { sku: "TG12", description: "Signal", quantity: "1.5" },
];
const orderOf = (data: JsonObject = {}, changes: Partial<Delivery> = {}): Delivery =>
  delivery({
    entity: { kind: "order", key: "ord-1", schemaVersion: 1 },
    data: { customerId: "001Ab", status: "confirmed", lines: LINES, ...data },
    ...changes,
  });
const customerOf = (data: JsonObject = {}, changes: Partial<Delivery> = {}): Delivery =>
  delivery({ entity: { kind: "customer", key: "001Cd", schemaVersion: 1 }, data: { name: "Acme", ...data }, ...changes });

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

describe("our key in a short field", () => {
  const carrier = fc.record({
    mark: fc.constantFrom("SB", "R2D2"),
    maxCharacters: fc.constantFrom(20, 35, 60),
    upperCase: fc.boolean(),
  });
  const key = fc.oneof(
    fc.string({ minLength: 1, maxLength: 80, unit: "binary" }),
    fc.string({ minLength: 1, maxLength: 40, unit: "grapheme-ascii" }),
    fc.uuid(),
  );

  it("always fits, survives the field's capitals, and is read back as it was or not at all", async () => {
    await fc.assert(
      fc.asyncProperty(key, carrier, async (text, into) => {
        const carried = await carriedKey(text, into);
        expect(carried.length).toBeLessThanOrEqual(into.maxCharacters);
        if (into.upperCase) expect(carried.toUpperCase()).toBe(carried);
        expect([text, null]).toContain(keyCarried(carried, into));
      }),
      { numRuns: 500 },
    );
  });

  it("differs for different keys", async () => {
    await fc.assert(
      fc.asyncProperty(key, key, carrier, async (left, right, into) => {
        if (left !== right) expect(await carriedKey(left, into)).not.toBe(await carriedKey(right, into));
      }),
      { numRuns: 500 },
    );
  });

  it("is readable back for the keys of CRMs: 18 letters and digits, and a UUID", async () => {
    for (const upperCase of [true, false])
      for (const text of ["006Ab00000XyZaBQAV", "0f8fad5b-d9cb-469f-a165-70867728950e"]) {
        const into = { mark: "SB", maxCharacters: upperCase ? 60 : 35, upperCase };
        expect(keyCarried(await carriedKey(text, into), into)).toBe(text);
      }
  });

  it("is none of ours without the mark", () => {
    for (const text of ["", "PO-4711", "SB", "SB-", "SB~ABC~0123", "SB.nothex", "SX-1"])
      expect(keyCarried(text, { mark: "SB" })).toBeNull();
  });
});

describe("the published descriptions", () => {
  const [v2, v4] = [readEdmx("API_SALES_ORDER_SRV").get("A_SalesOrder"), readEdmx("CE_SALESORDER_0001").get("SalesOrder")];
  const partner = readEdmx("API_BUSINESS_PARTNER");

  it("give the carrier of an order's key 35 characters, and let it keep its letters", () => {
    expect([v2, v4].map((set) => set?.properties.get("PurchaseOrderByCustomer"))).toMatchObject([
      { maxLength: 35, upperCase: false, creatable: true },
      { maxLength: 35, upperCase: false },
    ]);
  });

  it("close the fields made for external ids, which is why they do not carry it", () => {
    for (const name of ["ExternalDocumentID", "SenderBusinessSystemName"])
      expect(v2?.properties.get(name)).toMatchObject({ creatable: false });
  });

  it("give the carriers of a customer's key 60 and 20 characters, in capitals", () => {
    expect(partner.get("A_BuPaIdentification")?.properties.get("BPIdentificationNumber")).toMatchObject({ maxLength: 60, upperCase: true });
    for (const name of ["BusinessPartnerIDByExtSystem", "SearchTerm1", "SearchTerm2"])
      expect(partner.get("A_BusinessPartner")?.properties.get(name)).toMatchObject({ maxLength: 20, upperCase: true, creatable: true });
  });

  it("let no business partner be deleted and no bill be made", () => {
    expect(partner.get("A_BusinessPartner")?.deletable).toBe(false);
    expect(readEdmx("API_BILLING_DOCUMENT_SRV").get("A_BillingDocument")?.creatable).toBe(false);
  });

  it("have every field of the status table", () => {
    expect(ORDER_STATUS_FIELDS.v2.filter((name) => v2?.properties.has(name) !== true)).toEqual([]);
    expect(ORDER_STATUS_FIELDS.v4.filter((name) => v4?.properties.has(name) !== true)).toEqual([]);
  });
});

describe("a status told by letters", () => {
  const APPROVALS = { A: "pending_approval", D: "draft" };

  it.each([
    [{ OverallSDProcessStatus: "A" }, "confirmed"],
    [{ OverallSDProcessStatus: "B", OverallDeliveryStatus: "B" }, "partially_fulfilled"],
    [{ OverallTotalDeliveryStatus: "C", OverallOrdReltdBillgStatus: "A" }, "fulfilled"],
    [{ OverallDeliveryStatus: "C", OverallOrdReltdBillgStatus: "B" }, "partially_invoiced"],
    [{ OverallDeliveryStatus: "C", OverallOrdReltdBillgStatus: "C", OverallSDProcessStatus: "B" }, "invoiced"],
    [{ OverallDeliveryStatus: "C", OverallOrdReltdBillgStatus: "C", OverallSDProcessStatus: "C" }, "closed"],
    [{ OverallSDDocumentRejectionSts: "C", OverallSDProcessStatus: "C" }, "cancelled"],
    [{ OverallSDDocumentRejectionSts: "B", OverallSDProcessStatus: "A" }, "confirmed"],
    [{ TotalBlockStatus: "C", OverallDeliveryStatus: "B" }, "on_hold"],
    [{ TotalBlockStatus: "A" }, "confirmed"],
    [{ SalesDocApprovalStatus: "A", OverallSDProcessStatus: "A" }, "pending_approval"],
    [{ SalesDocApprovalStatus: "D" }, "draft"],
    [{ SalesDocApprovalStatus: "Z" }, "confirmed"],
  ])("takes the order %o as %s", (record, status) => expect(orderStatus(record, APPROVALS)).toMatchObject({ status }));

  it("keeps the letters beside the word", () =>
    expect(orderStatus({ OverallSDProcessStatus: "B", OverallDeliveryStatus: "C" }, {})["statusRaw"]).toBe(
      "OverallSDProcessStatus=B OverallDeliveryStatus=C",
    ));

  it.each([
    [{ OverallBillingStatus: "A", AccountingTransferStatus: "C", InvoiceClearingStatus: "C" }, "paid"],
    [{ OverallBillingStatus: "A", AccountingTransferStatus: "C", InvoiceClearingStatus: "B" }, "open"],
    [{ OverallBillingStatus: "A", BillingDocumentIsCancelled: true }, "void"],
    [{ OverallBillingStatus: "B" }, "draft"],
    [{ OverallBillingStatus: "X" }, "unknown"],
  ])("takes the bill %o as %s", (record, status) => expect(invoiceStatus(record)).toMatchObject({ status }));
});

describe.each([
  ["v2", s4hanaV2Trial],
  ["v4", s4hanaV4Trial],
])("an order in OData %s", (_dialect, trial) => {
  const items = (fake: S4Fake) => [...fake.rows("A_SalesOrderItem"), ...fake.rows("SalesOrderItem")];

  it("is read again and changed when another changed it in between, against the new ETag", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf());
    fake.tricks.touchBeforeNextWrite("order", "ord-1");
    expect(await bench.deliver(orderOf())).toMatchObject({ kind: "applied" });
    const etags = bench.requests.filter(({ method }) => method === "PATCH").map(({ headers }) => headers["if-match"]);
    expect(new Set(etags).size).toBe(2);
  });

  it("comes to its lines item by item, and is left alone where they agree", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf());
    const before = bench.requests.length;
    await bench.deliver(orderOf());
    expect(bench.requests.slice(before).filter(({ method }) => method !== "GET")).toHaveLength(1);
    await bench.deliver(orderOf({ lines: [{ sku: "TG12", quantity: "2" }, LINES[1] ?? {}, { sku: "TG11", quantity: "3" }] }));
    expect(items(fake).map((item) => [item["Material"] ?? item["Product"], item["RequestedQuantity"]])).toEqual([
      ["TG12", "2"],
      ["TG12", "1.5"],
      ["TG11", "3"],
    ]);
    await bench.deliver(orderOf({ lines: [{ sku: "TG12", quantity: "2.000" }] }));
    expect(items(fake)).toHaveLength(1);
  });

  it("goes on with the next attempt where many items differ", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf({ lines: [] }));
    const many = orderOf({ lines: Array.from({ length: 25 }, () => ({ sku: "TG11", quantity: "1" })) });
    expect(await bench.deliver(many)).toMatchObject({ kind: "failed", class: "transient", detail: matching(/next attempt/) });
    expect(await bench.deliver(many)).toMatchObject({ kind: "applied" });
    expect(items(fake)).toHaveLength(25);
  });

  it("is cancelled by rejecting its items, again without effect, and only our own rejection is taken back", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf());
    const [first] = items(fake);
    if (first !== undefined) first["SalesDocumentRjcnReason"] = "07";
    for (const attempt of [1, 2])
      expect(await bench.deliver(orderOf({}, { deleted: true, data: {}, attempt }))).toMatchObject({ kind: "applied" });
    expect(items(fake).map((item) => item["SalesDocumentRjcnReason"])).toEqual(["07", "10"]);
    expect(await bench.read("order", "ord-1")).toMatchObject({ value: { data: { status: "cancelled" } } });
    await bench.deliver(orderOf());
    expect(items(fake).map((item) => item["SalesDocumentRjcnReason"])).toEqual(["07", ""]);
  });

  it("is deleted where it has no items to reject, and one that is not there needs nothing", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf({ lines: [] }));
    const gone = orderOf({}, { deleted: true, data: {} });
    expect(await bench.deliver(gone)).toMatchObject({ kind: "applied", duplicate: false });
    expect(fake.held("order", "ord-1")).toEqual([]);
    expect(await bench.deliver(gone)).toMatchObject({ kind: "applied", duplicate: true });
    expect(await bench.deliver(gone, true)).toMatchObject({ kind: "applied" });
  });

  it("keeps its rejected items when a part of a sale comes that says nothing of its stage", async () => {
    const { bench, fake } = benchOf(trial);
    const sale = (data: JsonObject) => delivery({ nature: "delta", data: { customerId: "001Ab", ...data } });
    await bench.deliver(sale({ stage: "lost", lines: LINES }));
    await bench.deliver(sale({ region: "EMEA" }));
    expect(items(fake).map((item) => item["SalesDocumentRjcnReason"])).toEqual(["10", "10"]);
    await bench.deliver(sale({ stage: "won" }));
    expect(items(fake).map((item) => item["SalesDocumentRjcnReason"])).toEqual(["", ""]);
  });

  it("is read with a customer of people's as what it is: not our key", async () => {
    const { bench, fake } = benchOf(trial);
    fake.rows("A_BusinessPartner").push({ BusinessPartner: "5", Customer: "5" });
    await bench.deliver(orderOf());
    for (const row of [...fake.rows("A_SalesOrder"), ...fake.rows("SalesOrder")]) row["SoldToParty"] = "5";
    const read = await bench.read("order", "ord-1");
    expect(read).toMatchObject({ value: { data: { extra: { SoldToParty: "5" } } } });
    expect(read.ok && read.value !== "absent" ? read.value.data["customerId"] : "none").toBeUndefined();
  });

  it("clears what a part of a state clears, by null", async () => {
    const { bench } = benchOf(trial, { fields: { order: { fields: { "custom.term": "CustomerPaymentTerms" } } } });
    await bench.deliver(orderOf({ custom: { term: "0001" } }));
    await bench.deliver(orderOf({}, { nature: "delta", data: {}, cleared: ["custom.term"] }));
    expect(JSON.parse(bench.requests.findLast(({ method }) => method === "PATCH")?.body ?? "")).toEqual({ CustomerPaymentTerms: null });
  });
});

describe("a customer that an order names", () => {
  const refusal = (message: RegExp) => ({
    kind: "failed",
    class: "business",
    fields: [{ field: "customerId", message: matching(message) }],
  });

  it("must be there first, once, and in a customer's role", async () => {
    const { bench, fake } = benchOf(s4hanaV2Trial, { customerRoles: [] });
    expect(await bench.deliver(orderOf({ customerId: "001Cd" }))).toMatchObject(refusal(/create it first/));
    await bench.deliver(customerOf());
    expect(await bench.deliver(orderOf({ customerId: "001Cd" }))).toMatchObject(refusal(/no customer's role/));
    fake.tricks.add("customer", "001Cd");
    expect(await bench.deliver(orderOf({ customerId: "001Cd" }))).toMatchObject(refusal(/more than one/));
    const { customerId: _none, ...without } = orderOf().data;
    expect(await bench.deliver({ ...orderOf(), data: without })).toMatchObject(refusal(/names none/));
  });
});

describe("a business partner", () => {
  it("is found by its key in a field of its header where the settings say so", async () => {
    const { bench, fake } = benchOf(s4hanaV2Trial, { customerKey: { field: "SearchTerm1" } });
    const long = customerOf({}, { entity: { kind: "customer", key: "a-key-longer-than-its-field", schemaVersion: 1 } });
    for (const each of [customerOf(), long, customerOf(), long]) expect(await bench.deliver(each)).toMatchObject({ kind: "applied" });
    expect(fake.rows("A_BusinessPartner").map((row) => row["SearchTerm1"])).toEqual([
      undefined,
      "SB+001_CD".replace("_CD", "C_D"),
      matching(/^SB~.{17}$/),
    ]);
    expect(await bench.read("customer", "001Cd")).toMatchObject({ value: { key: "001Cd", data: { name: "Acme" } } });
    const { records } = await bench.changes({ kind: "customer" });
    // Of the one that is too long for the field only the hash is there.
    expect(records.map(({ key }) => key)).toEqual([null, "001Cd", null]);
  });

  it("has its name in as many fields as it needs, and reads as it was", async () => {
    const name = fc.array(fc.stringMatching(/^[A-Za-zäß.&-]{1,30}$/), { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const { bench } = benchOf();
        const outcome = await bench.deliver(customerOf({ name: text }));
        expect(outcome).toMatchObject({ kind: "applied" });
        expect(await bench.read("customer", "001Cd")).toMatchObject({ value: { data: { name: text } } });
      }),
      {
        numRuns: 30,
        examples: [["Größte Weichen- und Signalbau Gesellschaft mbH & Co. KG"]],
      },
    );
    const { bench } = benchOf();
    expect(await bench.deliver(customerOf({ name: "x".repeat(161) }))).toMatchObject({ class: "business", fields: [{ field: "name" }] });
    expect(await bench.deliver(customerOf({ name: "" }))).toMatchObject({ class: "business", fields: [{ field: "name" }] });
  });

  it("is blocked and marked instead of deleted, read as deleted, and comes back with its next state", async () => {
    const { bench, fake } = benchOf();
    await bench.deliver(customerOf());
    const gone = customerOf({}, { deleted: true, data: {} });
    expect(await bench.deliver(gone)).toMatchObject({ kind: "applied" });
    expect(fake.rows("A_BusinessPartner").at(-1)).toMatchObject({ BusinessPartnerIsBlocked: true, IsMarkedForArchiving: true });
    expect(await bench.read("customer", "001Cd")).toMatchObject({ value: { deleted: true } });
    expect(await bench.deliver(gone, true)).toMatchObject({ kind: "applied" });
    await bench.deliver(customerOf({ status: "active" }));
    expect(await bench.read("customer", "001Cd")).toMatchObject({ value: { deleted: false, data: { status: "active" } } });
  });

  it("is told as changed by day: with one that was only made, and one of the day before", async () => {
    const { bench, fake } = benchOf();
    fake.tricks.add("customer", "K1");
    fake.time.nowMs += 20 * 3_600_000;
    fake.tricks.add("customer", "K2");
    const run = await bench.changes({ kind: "customer", fromMs: fake.time.nowMs });
    expect(run.records.map(({ key }) => key).toSorted()).toEqual(["001Ab", "K1", "K2"]);
    fake.time.nowMs += 3 * 86_400_000;
    fake.tricks.touch("customer", "K1");
    const next = await bench.changes({ kind: "customer", fromMs: fake.time.nowMs });
    expect(next.records.map(({ key, modifiedAtMs }) => [key, modifiedAtMs])).toEqual([["K1", Math.floor(fake.time.nowMs / 1000) * 1000]]);
  });
});

describe("an answer of the system", () => {
  const answered = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const { bench } = benchOf();
    bench.interfere({ do: "answer", status, headers, body: typeof body === "string" ? body : JSON.stringify(body) });
    return bench.deliver(orderOf());
  };
  const error = (code: string, value: string, details: readonly object[] = []) => ({
    error: { code, message: { lang: "en", value }, innererror: { transactionid: "TX1", errordetails: details } },
  });

  it.each([
    ["a lock by its code", 400, error("VL/045", "Der Auftrag wird gerade bearbeitet"), "transient"],
    ["a lock by its words", 400, error("ZZ/001", "Order 7 is currently being processed by user CB1"), "transient"],
    ["a lock by its status", 423, error("ZZ/001", "no"), "transient"],
    ["a refusal sent as 500", 500, error("V1/555", "Enter a plant"), "business"],
    ["a dump", 500, error("SY/530", "An exception was raised"), "transient"],
    ["a gateway's own failure", 500, error("/IWFND/CM_MGW/500", "RFC error"), "transient"],
    ["a refusal sent as 400", 400, error("V1/555", "Enter a plant"), "business"],
    ["a service that is not active", 403, error("/IWFND/MED/170", "No service found for namespace"), "config"],
    ["a field that does not exist", 400, error("/IWBEP/CM_MGW_RT/021", "Property YY1_X not found in type A_SalesOrderType"), "config"],
    ["a precondition that was forgotten", 428, error("/IWBEP/CM_MGW_RT/072", "Precondition required"), "conflict"],
  ])("that is %s is classed so", async (_what, status, body, is) => {
    expect(await answered(status, body)).toMatchObject({ kind: "failed", class: is });
  });

  it("names each field once, in canonical words, leaves out what is no error, and keeps the transaction", async () => {
    const outcome = await answered(
      400,
      error("V4/219", "Sales document was not changed", [
        { code: "V1/1", message: "Sold-to 9 is blocked", propertyref: "SoldToParty", severity: "error" },
        { code: "V1/2", message: "Material is locked", propertyref: "to_Item/Material", severity: "error" },
        { code: "V1/2", message: "Material is locked", propertyref: "to_Item/Material", severity: "error" },
        { code: "V1/3", message: "Enter a plant", propertyref: "ProductionPlant", severity: "error" },
        { code: "V1/4", message: "Credit limit is near", propertyref: "TotalNetAmount", severity: "warning" },
      ]),
    );
    expect(outcome).toMatchObject({
      class: "business",
      detail: matching(
        /^HTTP 400 V4\/219: Sales document was not changed; Sold-to 9 is blocked; Material is locked; Enter a plant \(transaction TX1\)$/,
      ),
      fields: [
        { field: "customerId", message: "Sold-to 9 is blocked" },
        { field: "lines.sku", message: "Material is locked" },
        { field: "ProductionPlant", message: "Enter a plant" },
      ],
    });
  });

  it("that is cut before its end still names the order, by its address", async () => {
    const location = "https://my1-api.s4hana.cloud.sap/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder('4711')";
    expect(await answered(201, '{"d":{"SalesOr', { location })).toEqual({
      kind: "applied",
      duplicate: false,
      remote: { id: "4711", number: "4711" },
    });
    expect(await answered(201, '{"d":{"SalesOr')).toMatchObject({ kind: "failed", class: "ambiguous" });
  });

  it("that refuses a new CSRF token too is a matter of rights, and no third is asked for", async () => {
    const { bench, fake } = benchOf();
    const answer = fake.answer.bind(fake);
    fake.answer = async (request) =>
      request.method === "POST" ? new Response("", { status: 403, headers: { "x-csrf-token": "Required" } }) : answer(request);
    expect(await bench.deliver(orderOf())).toMatchObject({ kind: "failed", class: "auth" });
    expect(fake.tricks.credentialsIssued()).toBe(2);
  });
});

describe("the connection", () => {
  it("asks an issuer of its own only where the settings name one", () => {
    const parse = (settings: object) => s4hana.settings.parse(settings);
    expect(s4hana.origins?.(parse({ auth: "oauth", tokenUrl: "https://issuer.example.com/token" }))).toEqual([
      "https://issuer.example.com/token",
    ]);
    expect(s4hana.origins?.(parse({ tokenUrl: "https://issuer.example.com/token" }))).toEqual([]);
  });

  it("says which setting new orders need", async () => {
    const { bench } = benchOf(s4hanaV2Trial, { salesOrder: undefined });
    expect(await bench.deliver(orderOf())).toMatchObject({ kind: "failed", class: "config", detail: matching(/salesOrder/) });
  });

  it("reads on where the server keeps rows of a page back, however many were asked for", async () => {
    const { bench, fake } = benchOf();
    const keys = ["K1", "K2", "K3", "K4", "K5", "K6", "K7"];
    for (const key of keys) fake.tricks.add("order", key);
    const { records } = await bench.changes({ kind: "order", limit: 50 });
    expect(records.map(({ key }) => key)).toEqual(keys);
  });

  it("begins a run anew where a cursor is none of ours", async () => {
    const { bench } = benchOf();
    const query = { kind: "order", fromMs: 0, untilMs: NOW_MS, token: null, limit: 5 } as const;
    for (const cursor of ["", "1' or true", "12345678901"])
      expect(await s4hana.changes?.page({ ...query, cursor }, bench.session())).toEqual({ ok: true, value: "restart" });
  });
});

describe.each(Object.entries(s4hanaPricedTrials))("a line's price in %s", (_name, trial) => {
  const euro = (sku: string, amount: string) => ({ sku, quantity: "1", unitPrice: { amount, currency: "EUR" } });
  const conditions = (fake: S4Fake) =>
    [...fake.rows("A_SalesOrderItemPrElement"), ...fake.rows("SalesOrderItemPricingElement")].map((row) => [
      Number(row["SalesOrderItem"]),
      row["ConditionType"],
      row["ConditionRateValue"] ?? row["ConditionRateAmount"],
    ]);

  it("is a condition of the item beside those that the system finds, made with it and changed where it is", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf({ lines: [euro("TG11", "12.50"), { sku: "TG12", quantity: "1" }] }));
    expect(conditions(fake)).toEqual([
      [10, "PPR0", "99.99"],
      [10, "PMP0", "12.50"],
      [20, "PPR0", "99.99"],
    ]);
    await bench.deliver(orderOf({ lines: [euro("TG11", "12.500"), euro("TG12", "3")] }));
    await bench.deliver(orderOf({ lines: [euro("TG11", "14"), euro("TG12", "3.00"), euro("TG12", "4")] }));
    expect(conditions(fake).filter(([, type]) => type === "PMP0")).toEqual([
      [10, "PMP0", "14"],
      [20, "PMP0", "3"],
      [30, "PMP0", "4"],
    ]);
  });

  it("is left to the system where a delivery says nothing of it, and read as ours alone", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf({ lines: [euro("TG11", "12.50")] }));
    await bench.deliver(
      orderOf({
        lines: [
          { sku: "TG11", quantity: "2" },
          { sku: "TG12", quantity: "1" },
        ],
      }),
    );
    expect(conditions(fake).filter(([, type]) => type === "PMP0")).toEqual([[10, "PMP0", "12.50"]]);
    const read = await bench.read("order", "ord-1");
    expect(read.ok && read.value !== "absent" ? read.value.data["lines"] : read).toMatchObject([
      { sku: "TG11", unitPrice: { amount: "12.50", currency: "EUR" } },
      { sku: "TG12" },
    ]);
    expect(JSON.stringify(read)).not.toContain("99.99");
  });

  it("that is there for several units is told for one", async () => {
    const { bench, fake } = benchOf(trial);
    await bench.deliver(orderOf({ lines: [euro("TG11", "12.50")] }));
    for (const row of [...fake.rows("A_SalesOrderItemPrElement"), ...fake.rows("SalesOrderItemPricingElement")])
      row["ConditionQuantity"] = "10";
    expect(await bench.read("order", "ord-1")).toMatchObject({ ok: true, value: { data: { lines: [{ unitPrice: { amount: "1.25" } }] } } });
    await bench.deliver(orderOf({ lines: [euro("TG11", "12.50")] }));
    expect(await bench.read("order", "ord-1")).toMatchObject({
      ok: true,
      value: { data: { lines: [{ unitPrice: { amount: "12.50" } }] } },
    });
  });
});
