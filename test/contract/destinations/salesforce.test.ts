import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_RULES } from "../../../src/destinations/salesforce/errors.ts";
import type { Connection, Delivery } from "../../../src/destinations/define.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { Bench } from "./bench.ts";
import enumerations from "./descriptions/salesforce-error-codes.json" with { type: "json" };
import { salesforceLinesTrial, salesforceTrial, startWithProducts, type Organization } from "./fakes/salesforce.ts";
import { delivery } from "./samples.ts";

const { order, opportunity } = salesforceTrial.deliveries;
if (order === undefined || opportunity === undefined) throw new Error("the trial has no such samples");

const withSettings = (settings: object): Connection<unknown> => ({
  ...salesforceTrial.connection,
  settings: { ...(salesforceTrial.connection.settings as object), ...settings },
});

const sent = (bench: Bench) =>
  bench.requests
    .filter(({ method, headers }) => method !== "GET" && headers["content-type"] === "application/json")
    .map(({ method, url, body }) => ({
      method,
      path: new URL(url).pathname.replace("/services/data/v62.0", ""),
      body: JSON.parse(body ?? "null") as unknown,
    }));

const answered = async (status: number, body: unknown, what: Delivery = opportunity) => {
  const bench = new Bench(salesforceTrial);
  bench.interfere({ do: "answer", status, body: JSON.stringify(body) });
  return bench.deliver(what);
};

it("knows only error codes that Salesforce publishes, and REST's own NOT_FOUND", () => {
  const published = new Set([...enumerations.StatusCode, ...enumerations.ExceptionCode, "NOT_FOUND"]);
  const known = ERROR_RULES.flatMap(({ code }) => (code instanceof RegExp || code === undefined ? [] : [code].flat()));
  expect(known.filter((code) => !published.has(code))).toEqual([]);
  expect(known.length).toBeGreaterThan(30);
});

describe("an order", () => {
  it("begins as a draft and is activated by a second write", async () => {
    const bench = new Bench(salesforceTrial);
    expect(await bench.deliver(order)).toMatchObject({ kind: "applied" });
    expect(sent(bench).map(({ body }) => body)).toEqual([
      { Status: "Draft", EffectiveDate: "2026-11-24", Account: { Signalbox_Key__c: "001Ab" } },
      { Status: "Activated" },
    ]);
  });

  it("is activated by the next attempt when the first one ended in between", async () => {
    const bench = new Bench(salesforceTrial);
    await bench.deliver({ ...order, data: { ...order.data, status: "draft" } });
    expect(await bench.deliver(order, true)).toMatchObject({ kind: "applied" });
    expect(bench.held(order)).toMatchObject([{ fields: { Status: "Activated" } }]);
  });

  it("that is activated already gets only what differs, and nothing when nothing does", async () => {
    const bench = new Bench(salesforceTrial);
    await bench.deliver(order);
    bench.requests.length = 0;
    expect(await bench.deliver({ ...order, attempt: 2 })).toMatchObject({ kind: "applied", duplicate: true });
    expect(sent(bench)).toEqual([]);
    await bench.deliver({ ...order, data: { ...order.data, status: "fulfilled", orderedAt: "2026-11-25T10:00:00.000Z" } });
    expect(sent(bench).map(({ body }) => body)).toEqual([{ EffectiveDate: "2026-11-25" }]);
  });

  it("that is cancelled needs the team's word for it", async () => {
    const cancelled = { ...order, data: { ...order.data, status: "cancelled" } };
    expect(await new Bench(salesforceTrial).deliver(cancelled)).toMatchObject({
      kind: "failed",
      class: "business",
      fields: [{ field: "status", message: expect.stringContaining('no word for "cancelled"') as string }],
    });
    const connection = withSettings({ fields: { order: { words: { status: { cancelled: "Draft" } } } } });
    expect(await new Bench(salesforceTrial, connection).deliver(cancelled)).toMatchObject({ kind: "applied" });
  });
});

describe("records that Salesforce owns", () => {
  const connection = withSettings({ ownKinds: ["opportunity", "customer"] });

  it("are found, named and referred to by their record ids", async () => {
    const bench = new Bench(salesforceTrial, connection);
    bench.fake.tricks.add?.("opportunity", "made elsewhere");
    const id = bench.fake.held("opportunity", "made elsewhere")[0]?.id ?? "";
    const read = await bench.read("opportunity", id);
    expect(read).toMatchObject({ ok: true, value: { key: id, remote: { id } } });
    const accountId = "a00000000000000001";
    const update = {
      ...opportunity,
      nature: "delta" as const,
      data: { closeDate: "2026-12-01", customerId: accountId },
      entity: { ...opportunity.entity, key: id },
    };
    expect(await bench.deliver(update)).toMatchObject({ kind: "applied" });
    expect(sent(bench)).toEqual([
      { method: "PATCH", path: `/sobjects/Opportunity/${id}`, body: { CloseDate: "2026-12-01", AccountId: accountId } },
    ]);
  });

  it("are not made here", async () => {
    const missing = { ...opportunity, data: { closeDate: "2026-12-01" }, entity: { ...opportunity.entity, key: "006000000000000AAA" } };
    expect(await new Bench(salesforceTrial, connection).deliver(missing)).toMatchObject({ kind: "failed", class: "business" });
  });
});

describe("what Salesforce refuses", () => {
  it("names the record that must be there first", async () => {
    const outcome = await new Bench(salesforceTrial).deliver({ ...opportunity, data: { ...opportunity.data, customerId: "C-9" } });
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "customerId", message: expect.stringMatching(/no customer .*c-9/) as string }],
    });
  });

  it("is told in our names of the fields", async () => {
    const { closeDate: _, ...rest } = opportunity.data;
    const outcome = await new Bench(salesforceTrial).deliver({ ...opportunity, data: rest });
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "closeDate" }] });
  });

  it.each([
    ["a used-up day", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", { class: "throttled", retryAfterMs: 3_600_000 }],
    ["too many long requests", 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", { class: "throttled" }],
    [
      "another first write of the key",
      400,
      "DUPLICATE_VALUE",
      "duplicate value found: Signalbox_Key__c duplicates value on record with id: 006",
      { class: "transient" },
    ],
    [
      "another unique field",
      400,
      "DUPLICATE_VALUE",
      "duplicate value found: Tax__c duplicates value on record with id: 006",
      { class: "business" },
    ],
    [
      "a lock that a trigger met",
      400,
      "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
      "T: System.DmlException: UNABLE_TO_LOCK_ROW",
      { class: "transient" },
    ],
    ["a trigger's own refusal", 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: no", { class: "business" }],
    ["an approval's lock", 400, "ENTITY_IS_LOCKED", "entity is locked for editing", { class: "business" }],
    ["an unknown field", 400, "INVALID_FIELD", "No such column 'X__c' on sobject of type Account", { class: "config" }],
    ["a missing right", 400, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", { class: "config" }],
  ])("%s", async (_what, status, errorCode, message, expected) => {
    expect(await answered(status, [{ errorCode, message, fields: [] }])).toMatchObject({ kind: "failed", ...expected });
  });
});

it("says each amount's currency where the organization has several, and what every record of a kind gets", async () => {
  const connection = withSettings({ currency: undefined, constants: { opportunity: { RecordTypeId: "012" } } });
  const bench = new Bench(salesforceTrial, connection);
  await bench.deliver(opportunity);
  expect(sent(bench)).toMatchObject([{ body: { Amount: 1200.5, CurrencyIsoCode: "EUR", RecordTypeId: "012" } }]);
});

it("clears a reference where the team has put it", async () => {
  const connection = withSettings({ fields: { opportunity: { fields: { customerId: "Payer__r.Signalbox_Key__c" } } } });
  const bench = new Bench(salesforceTrial, connection);
  await bench.deliver({ ...opportunity, nature: "delta", data: {}, cleared: ["customerId"] });
  expect(sent(bench)).toMatchObject([{ body: { Payer__c: null } }]);
});

it("clears a reference by its id, and a field by null", async () => {
  const bench = new Bench(salesforceTrial);
  await bench.deliver(opportunity);
  bench.requests.length = 0;
  const cleared = { ...opportunity, nature: "delta" as const, data: {}, cleared: ["customerId", "amount"] };
  expect(await bench.deliver(cleared)).toMatchObject({ kind: "applied" });
  expect(sent(bench)).toMatchObject([{ body: { AccountId: null, Amount: null } }]);
  expect(await bench.deliver(cleared, true)).toMatchObject({ kind: "applied" });
});

it("deletes what is there, and tells of it as a change", async () => {
  const bench = new Bench(salesforceTrial);
  await bench.deliver(opportunity);
  bench.fake.time.nowMs += 60_000;
  expect(await bench.deliver({ ...opportunity, deleted: true, data: {} })).toMatchObject({ kind: "applied", duplicate: false });
  expect(bench.held(opportunity)).toEqual([]);
  const { records } = await bench.changes({ kind: "opportunity" });
  expect(records).toMatchObject([{ key: opportunity.entity.key, deleted: true, data: { stage: "won" } }]);
});

it("writes and finds any key again, whatever its characters", async () => {
  const keys = fc.oneof(
    fc.string({ unit: "grapheme-composite", minLength: 1, maxLength: 60 }).filter((key) => key.trim() === key && key !== ""),
    fc.constantFrom(".", "..", "a.inc", "O'Brien\\", "100%", "a/../b", "?x=1#y"),
  );
  await fc.assert(
    fc.asyncProperty(keys, async (key) => {
      const bench = new Bench(salesforceTrial);
      const keyed = delivery({ entity: { kind: "customer", key, schemaVersion: 1 }, data: { name: "Ada" } });
      expect(await bench.deliver(keyed)).toMatchObject({ kind: "applied" });
      expect(await bench.read("customer", key)).toMatchObject({ ok: true, value: { key, data: { name: "Ada" } } });
    }),
    { numRuns: 60 },
  );
});

it("begins a run of changes anew where a cursor is not its own", async () => {
  const bench = new Bench(salesforceTrial);
  const { changes } = salesforceTrial.definition;
  const query = {
    kind: "opportunity" as const,
    fromMs: null,
    untilMs: bench.fake.time.nowMs,
    token: null,
    limit: 10,
    cursor: "' OR Name != '",
  };
  expect(await changes?.page(query, bench.session())).toEqual({ ok: true, value: "restart" });
});

describe("an order's products", () => {
  const line = (sku: string, quantity: string, amount: string) => ({ sku, quantity, unitPrice: { amount, currency: "EUR" } });
  const orderOf = (lines: readonly JsonObject[] | undefined, status = "confirmed"): Delivery => ({
    ...order,
    entity: { ...order.entity, key: "ord-1" },
    data: { status, customerId: "001Ab", orderedAt: "2026-11-24T10:00:00.000Z", ...(lines === undefined ? {} : { lines: [...lines] }) },
  });
  const benchWithLines = () => {
    const system = startWithProducts();
    return { bench: new Bench({ ...salesforceLinesTrial, start: () => system }), organization: system.organization };
  };
  const linesOf = (organization: Organization) =>
    organization.linesOf("ord-1").map((row) => [row["Signalbox_Key__c"], row["Quantity"], row["UnitPrice"]]);
  const readLines = async (bench: Bench): Promise<unknown> => {
    const read = await bench.read("order", "ord-1");
    return read.ok && read.value !== "absent" ? read.value.data["lines"] : read;
  };

  it("are written before it is activated, with the price of the price book where a line names none", async () => {
    const { bench, organization } = benchWithLines();
    expect(await bench.deliver(orderOf([line("W-1", "2", "12.50"), { sku: "W-2", quantity: "1" }]))).toMatchObject({ kind: "applied" });
    expect(linesOf(organization)).toEqual([
      ["ord-1-1", 2, 12.5],
      ["ord-1-2", 1, 10.5],
    ]);
    expect(sent(bench).map(({ path }) => path.replace(/\/sobjects\/(\w+)\/.*/, "$1"))).toEqual([
      "Order",
      "OrderItem",
      "OrderItem",
      "Order",
    ]);
    expect(bench.held(orderOf(undefined))).toMatchObject([{ fields: { Status: "Activated" } }]);
  });

  it("are changed, made anew for another product and taken away while the order is a draft again", async () => {
    const { bench, organization } = benchWithLines();
    await bench.deliver(orderOf([line("W-1", "2", "12.50"), line("W-2", "1", "3"), line("W-2", "9", "3")]));
    expect(await bench.deliver(orderOf([line("W-1", "3", "12.5"), line("W-1", "1", "4")]))).toMatchObject({ duplicate: false });
    expect(await readLines(bench)).toEqual([
      { sku: "W-1", quantity: "3", unitPrice: { amount: "12.5", currency: "EUR" } },
      { sku: "W-1", quantity: "1", unitPrice: { amount: "4", currency: "EUR" } },
    ]);
    expect(linesOf(organization)).toHaveLength(2);
    expect(bench.held(orderOf(undefined))).toMatchObject([{ fields: { Status: "Activated" } }]);
  });

  it("are left alone where they agree, and where a delivery says nothing of them", async () => {
    const { bench, organization } = benchWithLines();
    await bench.deliver(orderOf([line("W-1", "2", "12.50")]));
    const before = sent(bench).length;
    expect(await bench.deliver(orderOf([line("W-1", "2.0", "12.5")]))).toMatchObject({ kind: "applied", duplicate: true });
    expect(await bench.deliver(orderOf(undefined))).toMatchObject({ kind: "applied", duplicate: true });
    expect(sent(bench)).toHaveLength(before);
    expect(linesOf(organization)).toHaveLength(1);
  });

  it("whose code the price book does not have, or not any more, are refused by their place", async () => {
    const { bench, organization } = benchWithLines();
    const outcome = await bench.deliver(orderOf([line("W-1", "1", "1"), line("OLD", "1", "1"), line("NONE", "1", "1")]));
    expect(outcome).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "lines.1.sku" }, { field: "lines.2.sku" }] });
    expect(linesOf(organization)).toEqual([]);
  });

  it("that were lost on their way are written by the next attempt, and no order counts as written without them", async () => {
    const { bench, organization } = benchWithLines();
    await bench.deliver(orderOf([line("W-1", "1", "1")], "draft"));
    bench.interfere({ do: "loseRequest" });
    const more = orderOf([line("W-1", "1", "1"), line("W-2", "1", "2")], "draft");
    expect(await bench.deliver(more)).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await bench.deliver(more, true)).toMatchObject({ kind: "applied" });
    expect(linesOf(organization)).toHaveLength(2);
  });

  it("of people's are none of ours, and are told with no order's changes", async () => {
    const { bench, organization } = benchWithLines();
    await bench.deliver(orderOf([line("W-1", "1", "1"), line("W-2", "1", "2")], "draft"));
    const [, theirs] = organization.linesOf("ord-1") as Record<string, unknown>[];
    if (theirs !== undefined) theirs["Signalbox_Key__c"] = null;
    expect(await bench.deliver(orderOf([line("W-1", "1", "1")], "draft"))).toMatchObject({ duplicate: true });
    expect(organization.linesOf("ord-1")).toHaveLength(2);
    const { records } = await bench.changes({ kind: "order" });
    expect(records.find(({ key }) => key === "ord-1")?.data["lines"]).toHaveLength(1);
  });

  it("are only switched on with the currency that their prices are in", () => {
    const settings = { ...(salesforceLinesTrial.connection.settings as object), currency: undefined };
    expect(salesforceLinesTrial.definition.settings.safeParse(settings)).toMatchObject({ success: false });
  });
});
