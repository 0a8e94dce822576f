import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepsTo } from "../../../src/destinations/dataverse/steps.ts";
import { KINDS, tableOf } from "../../../src/destinations/dataverse/tables.ts";
import type { Delivery, RemoteState, RequestSpec } from "../../../src/destinations/define.ts";
import type { EntityKind } from "../../../src/domain/entities/index.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { Bench } from "./bench.ts";
import { FakeDataverse, SKU, connection, dataverseLinesTrial, dataverseTrial, dataverseUntrackedTrial } from "./fakes/dataverse.ts";
import { delivery } from "./samples.ts";

const of = (kind: EntityKind, data: JsonObject, changes: Partial<Delivery> = {}) =>
  delivery({ entity: { kind, key: "R-1", schemaVersion: 1 }, data, ...changes });

async function stateOf(bench: Bench, kind: EntityKind): Promise<RemoteState> {
  const read = await bench.read(kind, "R-1");
  if (!read.ok || read.value === "absent") throw new Error(`no ${kind}`);
  return read.value;
}

const sentAs = ({ method, url, body = "" }: Pick<RequestSpec, "method" | "url" | "body">): string => {
  const action = /v9\.2\/(\w+)$/.exec(new URL(url).pathname)?.[1];
  return action ?? `${method} ${Object.keys(JSON.parse(body) as object).join(",")}`;
};

const sent = (bench: Bench, from = 0): readonly string[] =>
  bench.requests
    .slice(from)
    .filter(({ method, headers }) => method !== "GET" && headers["content-type"] !== "application/x-www-form-urlencoded")
    .map(sentAs);

describe("the way of a row from one state to another", () => {
  const states = fc.constantFrom(...KINDS.map((kind) => tableOf(kind, {}))).chain((table) => {
    const words = table.pairs.flatMap(({ at, words: each }) => (at === "state" ? Object.values(each ?? {}).map(String) : []));
    return fc.record({
      table: fc.constant(table),
      from: fc.constantFrom(...words),
      to: fc.option(fc.constantFrom(...words)),
      changes: fc.boolean(),
    });
  });

  it("ends where it should, never changes a closed row that is locked, and never sets a state that needs an action", () => {
    fc.assert(
      fc.property(states, ({ table, from, to, changes }) => {
        let here = from;
        for (const step of stepsTo(table, from, to, changes ? { name: "x" } : {})) {
          if (step.do === "setColumns") expect(here.startsWith("0/") || table.editableWhenClosed).toBe(true);
          else if (step.do !== "setLines") here = step.state;
          if (step.do === "setState") expect(table.closings[step.state.split("/")[0] ?? ""]).toBeUndefined();
        }
        expect(here).toBe(to ?? from);
      }),
    );
  });

  it("is no step at all when nothing differs", () => {
    fc.assert(
      fc.property(states, ({ table, from }) => {
        expect(stepsTo(table, from, from, {})).toEqual([]);
      }),
    );
  });
});

describe("a case", () => {
  it("is resolved by CloseIncident, with the reason that the team's words say", async () => {
    const bench = new Bench(dataverseTrial, connection({ fields: { case: { words: { status: { resolved: "1/1000" } } } } }));
    await bench.deliver(of("case", { subject: "It squeaks", status: "open", customerId: "CUST-7" }));
    const before = bench.requests.length;
    await bench.deliver(of("case", { subject: "It squeaks", status: "resolved", customerId: "CUST-7" }));
    expect(sent(bench, before)).toEqual(["CloseIncident"]);
    expect(bench.held(of("case", {}))).toMatchObject([{ fields: { statecode: 1, statuscode: 1000 } }]);
  });

  it("that is closed is opened, changed and closed again", async () => {
    const bench = new Bench(dataverseTrial);
    await bench.deliver(of("case", { subject: "Before", status: "resolved", customerId: "CUST-7" }));
    const before = bench.requests.length;
    expect(await bench.deliver(of("case", { subject: "After" }, { nature: "delta" }))).toMatchObject({ kind: "applied", duplicate: false });
    expect(sent(bench, before)).toEqual(["PATCH statecode,statuscode", "PATCH title", "CloseIncident"]);
    expect((await stateOf(bench, "case")).data).toMatchObject({ subject: "After", status: "resolved" });
  });

  it("is opened again when its owner says so", async () => {
    const bench = new Bench(dataverseTrial);
    await bench.deliver(of("case", { subject: "A", status: "resolved", customerId: "CUST-7" }));
    await bench.deliver(of("case", { subject: "B", status: "pending", customerId: "CUST-7" }));
    expect((await stateOf(bench, "case")).data).toMatchObject({ subject: "B", status: "pending", statusRaw: "0/3" });
  });

  it("with a reason that no word stands for is read by its state", async () => {
    const bench = new Bench(dataverseTrial);
    await bench.deliver(of("case", { subject: "A", status: "open", customerId: "CUST-7" }));
    const [record] = bench.held(of("case", {})) as [{ fields: Record<string, unknown> }];
    Object.assign(record.fields, { statecode: 2, statuscode: 2000 });
    expect((await stateOf(bench, "case")).data).toMatchObject({ status: "closed", statusRaw: "2/2000" });
  });
});

it("a write that stopped between two steps is gone on with, not begun again", async () => {
  const bench = new Bench(dataverseTrial);
  const won = of("opportunity", { name: "Weiche", stage: "won" });
  await bench.deliver(of("opportunity", { name: "Weiche", stage: "open" }));
  bench.interfere({ do: "loseRequest" });
  expect(await bench.deliver(won)).toMatchObject({ kind: "failed", class: "ambiguous" });
  const before = bench.requests.length;
  expect(await bench.deliver(won, true)).toMatchObject({ kind: "applied" });
  expect(sent(bench, before)).toEqual(["WinOpportunity"]);
});

it("a change that another user made meanwhile is kept: the row is read again, and only our fields are written", async () => {
  const bench = new Bench(dataverseTrial);
  await bench.deliver(of("customer", { name: "Before", email: "a@example.com" }));
  bench.fake.tricks.touchBeforeNextWrite?.("customer", "R-1");
  expect(await bench.deliver(of("customer", { name: "After" }, { nature: "delta" }))).toMatchObject({ kind: "applied" });
  expect((await stateOf(bench, "customer")).data).toMatchObject({ name: "After", email: "changed@example.com" });
});

it("a row that is changed again before every try is handed back as a conflict after three rounds", async () => {
  const bench = new Bench(dataverseTrial);
  await bench.deliver(of("customer", { name: "Before" }));
  const answer = bench.fake.answer.bind(bench.fake);
  bench.fake.answer = (request) => {
    if (request.method === "PATCH") bench.fake.tricks.touch?.("customer", "R-1");
    return answer(request);
  };
  expect(await bench.deliver(of("customer", { name: "After" }))).toMatchObject({ kind: "failed", class: "conflict" });
});

it("a field that is cleared is empty afterwards, a lookup too", async () => {
  const bench = new Bench(dataverseTrial);
  await bench.deliver(of("customer", { name: "Acme", phone: "1", currency: "EUR" }));
  await bench.deliver(of("customer", {}, { nature: "delta", cleared: ["phone", "currency"] }));
  expect((await stateOf(bench, "customer")).data).toEqual({ name: "Acme", status: "active", statusRaw: "0/1" });
});

it("what is deleted at its owner is deactivated, cancelled or closed by default, and deleted where the team wants that", async () => {
  const made: readonly (readonly [EntityKind, JsonObject, JsonObject])[] = [
    ["customer", { name: "A" }, { status: "inactive" }],
    ["opportunity", { name: "A" }, { stage: "lost" }],
    ["order", { customerId: "CUST-7" }, { status: "cancelled" }],
    ["invoice", { customerId: "CUST-7" }, { status: "void" }],
    ["entitlement", { name: "A" }, { status: "cancelled" }],
    ["case", { subject: "A" }, { status: "closed" }],
  ];
  for (const [kind, data, ended] of made) {
    const bench = new Bench(dataverseTrial);
    await bench.deliver(of(kind, data));
    expect(await bench.deliver(of(kind, {}, { deleted: true }))).toMatchObject({ kind: "applied" });
    expect((await stateOf(bench, kind)).data).toMatchObject(ended);
    const deleting = new Bench(dataverseUntrackedTrial);
    await deleting.deliver(of(kind, data));
    expect(await deleting.deliver(of(kind, {}, { deleted: true }))).toMatchObject({ kind: "applied" });
    expect(deleting.held(of(kind, {}))).toEqual([]);
  }
});

describe("data that Dataverse refuses", () => {
  it("names the record that must be made first", async () => {
    const outcome = await new Bench(dataverseTrial).deliver(of("invoice", { orderId: "ORD-404", status: "draft" }));
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "orderId", message: expect.stringContaining("order first") as string }],
    });
  });

  it("names the currency that the organisation does not have", async () => {
    const outcome = await new Bench(dataverseTrial).deliver(of("order", { total: { amount: "1", currency: "XTS" } }));
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "total", message: expect.stringContaining("XTS") as string }] });
  });

  it("names the canonical field of a choice that does not exist there", async () => {
    const words = connection({ fields: { case: { words: { priority: { low: 9 } } } } });
    const outcome = await new Bench(dataverseTrial, words).deliver(of("case", { subject: "A", priority: "low" }));
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "priority" }] });
  });

  it("is the configuration's fault where a team's column does not exist", async () => {
    const bench = new Bench(dataverseTrial, connection({ fields: { case: { fields: { "custom.margin": "new_margin" } } } }));
    expect(await bench.deliver(of("case", { subject: "A", custom: { margin: "1" } }))).toMatchObject({ class: "config" });
  });

  it("is not even sent under a key that no alternate key can have", async () => {
    const bench = new Bench(dataverseTrial);
    const outcome = await bench.deliver({ ...of("case", { subject: "A" }), entity: { kind: "case", key: "a/b", schemaVersion: 1 } });
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "rtr_externalid" }] });
    expect(bench.requests).toEqual([]);
  });
});

it("a service protection limit names the time to wait, also while reading", async () => {
  const bench = new Bench(dataverseTrial);
  (bench.fake as FakeDataverse).limitNext();
  expect(await bench.deliver(of("customer", { name: "A" }))).toMatchObject({ class: "throttled", retryAfterMs: 34_000 });
});

describe("changes", () => {
  it("tell lookups by our keys and money by its currency, as a read does", async () => {
    for (const trial of [dataverseTrial, dataverseUntrackedTrial]) {
      const bench = new Bench(trial);
      await bench.deliver(
        of("order", { customerId: "CUST-7", opportunityId: "OPP-1", status: "confirmed", total: { amount: "37.50", currency: "USD" } }),
      );
      const { records } = await bench.changes({ kind: "order" });
      expect(records).toEqual([await stateOf(bench, "order")]);
      expect(records[0]?.data).toMatchObject({ customerId: "CUST-7", opportunityId: "OPP-1", total: { amount: "37.5", currency: "USD" } });
    }
  });

  it("tell a deletion by the id of the row", async () => {
    const bench = new Bench(dataverseTrial);
    await bench.deliver(of("case", { subject: "A" }));
    const { remote } = await stateOf(bench, "case");
    const { token } = await bench.changes({ kind: "case" });
    (bench.fake as FakeDataverse).drop("case", "R-1");
    const { records } = await bench.changes({ kind: "case", token });
    expect(records).toMatchObject([{ deleted: true, key: null, remote: { id: remote.id } }]);
  });

  it("begin again from a place that is none of the table's own", async () => {
    const bench = new Bench(dataverseTrial);
    expect(await bench.changes({ kind: "case", token: "https://elsewhere.example.com/incidents?x=1" })).toMatchObject({ restart: true });
  });

  it("order reads by row version", async () => {
    const bench = new Bench(dataverseTrial);
    await bench.deliver(of("case", { subject: "A" }));
    const before = (await stateOf(bench, "case")).order;
    await bench.deliver(of("case", { subject: "B" }));
    const after = (await stateOf(bench, "case")).order;
    expect([before.kind, after.kind]).toEqual(["int", "int"]);
    expect(BigInt(after.kind === "int" ? after.value : 0)).toBeGreaterThan(BigInt(before.kind === "int" ? before.value : 0));
  });
});

describe("an order's lines", () => {
  const line = (sku: string, quantity: string, amount: string) => ({ sku, quantity, unitPrice: { amount, currency: "EUR" } });
  const orderOf = (lines: readonly JsonObject[], status = "confirmed") => of("order", { customerId: "CUST-7", status, lines });
  const benchWithLines = () => {
    const bench = new Bench(dataverseLinesTrial);
    if (!(bench.fake instanceof FakeDataverse)) throw new Error("a bench of another system");
    return { bench, fake: bench.fake };
  };
  const linesOf = (fake: FakeDataverse) =>
    fake.linesOf("R-1").map((row) => [row["lineitemnumber"], row[SKU], row["quantity"], row["priceperunit"]]);

  it("are written as products that are written in, changed, added and taken away by their place", async () => {
    const { bench, fake } = benchWithLines();
    await bench.deliver(orderOf([line("A", "1", "10"), line("B", "2", "20")]));
    expect(fake.linesOf("R-1")).toMatchObject([{ isproductoverridden: true, productdescription: "A" }, { productdescription: "B" }]);
    await bench.deliver(orderOf([line("A", "1.0", "10.00"), line("C", "3", "30"), line("B", "2", "20")]));
    expect(linesOf(fake)).toEqual([
      [1, "A", 1, 10],
      [2, "C", 3, 30],
      [3, "B", 2, 20],
    ]);
    await bench.deliver(orderOf([line("C", "3", "30")]));
    expect(linesOf(fake)).toEqual([[1, "C", 3, 30]]);
  });

  it("are left alone where they agree, and where a delivery says nothing of them", async () => {
    const { bench, fake } = benchWithLines();
    await bench.deliver(orderOf([line("A", "1", "10")]));
    const before = bench.requests.length;
    expect(await bench.deliver(orderOf([line("A", "1", "10.0")]))).toMatchObject({ kind: "applied", duplicate: true });
    await bench.deliver(of("order", { status: "confirmed" }, { nature: "delta" }));
    expect(sent(bench, before)).toEqual([]);
    expect(linesOf(fake)).toHaveLength(1);
  });

  it.each([
    ["fulfilled", "FulfillSalesOrder"],
    ["confirmed", "PATCH statecode,statuscode"],
  ])("of an order that is %s are changed while it is open for them, against what was read", async (status, closing) => {
    const { bench, fake } = benchWithLines();
    await bench.deliver(orderOf([line("A", "1", "10"), line("B", "1", "10")], status));
    const before = bench.requests.length;
    expect(await bench.deliver(orderOf([line("A", "2", "10")], status))).toMatchObject({ kind: "applied", duplicate: false });
    const changes = bench.requests.slice(before).filter(({ method }) => method !== "GET");
    expect(changes.map(({ method, url, body = "" }) => (method === "DELETE" ? method : sentAs({ method, url, body })))).toEqual([
      "PATCH statecode,statuscode",
      "PATCH isproductoverridden,lineitemnumber,rtr_sku,productdescription,quantity,priceperunit",
      "DELETE",
      closing,
    ]);
    for (const { url, headers } of changes) if (url.includes("salesorderdetails(")) expect(headers["if-match"]).toMatch(/^W\/"\d+"$/);
    expect(linesOf(fake)).toEqual([[1, "A", 2, 10]]);
  });

  it("that people have added from the catalogue stay, and are told as none of ours", async () => {
    const { bench, fake } = benchWithLines();
    await bench.deliver(orderOf([line("A", "1", "10"), line("B", "1", "10")]));
    const [, theirs] = fake.linesOf("R-1") as [unknown, Record<string, unknown>];
    theirs["isproductoverridden"] = false;
    await bench.deliver(orderOf([line("A", "1", "10")]));
    expect(fake.linesOf("R-1")).toHaveLength(2);
    expect((await stateOf(bench, "order")).data["lines"]).toEqual([
      { sku: "A", description: "A", quantity: "1", unitPrice: { amount: "10", currency: "EUR" } },
    ]);
    const { records } = await bench.changes({ kind: "order" });
    expect(records.find(({ key }) => key === "R-1")?.data["lines"]).toHaveLength(1);
  });

  it("that were lost on their way are written by the next attempt, and no order counts as written without them", async () => {
    const { bench, fake } = benchWithLines();
    await bench.deliver(orderOf([line("A", "1", "10")]));
    bench.interfere({ do: "loseRequest" });
    expect(await bench.deliver(orderOf([line("A", "1", "10"), line("B", "1", "10")]))).toMatchObject({
      kind: "failed",
      class: "ambiguous",
    });
    expect(linesOf(fake)).toHaveLength(1);
    expect(await bench.deliver(orderOf([line("A", "1", "10"), line("B", "1", "10")]), true)).toMatchObject({ kind: "applied" });
    expect(linesOf(fake)).toHaveLength(2);
  });
});
