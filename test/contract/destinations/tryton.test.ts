import { describe, expect, it } from "vitest";
import { tryton } from "../../../src/destinations/tryton/index.ts";
import { ERROR_RULES } from "../../../src/destinations/tryton/rpc.ts";
import { decimal, microsOfStamp, moment, plain, stampOfMs } from "../../../src/destinations/tryton/values.ts";
import type { Delivery } from "../../../src/destinations/define.ts";
import { Bench } from "./bench.ts";
import { trytonTrial } from "./fakes/tryton.ts";
import { NOW_MS, delivery } from "./samples.ts";

const order = (data: Delivery["data"], key = "SO-1"): Delivery =>
  delivery({ type: "order.changed", entity: { kind: "order", key, schemaVersion: 1 }, data });

const sold = order({
  customerId: "001Ab",
  status: "confirmed",
  lines: [{ sku: "PLAN-PRO", quantity: "1", unitPrice: { amount: "10", currency: "EUR" } }],
});
const customer = (name: string): Delivery =>
  delivery({ type: "customer.changed", entity: { kind: "customer", key: "C-1", schemaVersion: 1 }, data: { name } });

const methodsOf = (bench: Bench): readonly string[] =>
  bench.requests.filter(({ reads }) => reads !== true).map(({ body = "{}" }) => (JSON.parse(body) as { method: string }).method);

/** An answer of Tryton's to the first call that changes something. */
async function answered(body: string) {
  const bench = new Bench(trytonTrial);
  bench.interfere({ do: "answer", status: 200, body });
  return bench.deliver(customer("Ada"));
}

describe("a sale in Tryton", () => {
  it("goes from draft to processed by quote and confirm, and is not touched again", async () => {
    const bench = new Bench(trytonTrial);
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied", duplicate: false });
    expect(methodsOf(bench)).toEqual(["model.sale.sale.create", "model.sale.sale.quote", "model.sale.sale.confirm"]);
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied", duplicate: true });
    expect(methodsOf(bench)).toHaveLength(3);
  });

  it("is not changed once it is processed, and says with which field it is too late", async () => {
    const bench = new Bench(trytonTrial);
    await bench.deliver(sold);
    const other = { ...sold, data: { ...sold.data, lines: [{ sku: "PLAN-PRO", quantity: "2" }] } };
    expect(await bench.deliver(other)).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "lines" }] });
    expect(await bench.deliver({ ...sold, data: { status: "cancelled" } })).toMatchObject({
      class: "business",
      fields: [{ field: "status" }],
    });
    expect(methodsOf(bench)).toHaveLength(3);
  });

  it("changes as a draft, and is cancelled as one", async () => {
    const bench = new Bench(trytonTrial);
    const draft = { ...sold, data: { ...sold.data, status: "draft" } };
    await bench.deliver(draft);
    const other = { ...draft, data: { ...draft.data, lines: [{ sku: "SETUP", quantity: "2" }] } };
    expect(await bench.deliver(other)).toMatchObject({ kind: "applied", duplicate: false });
    const read = await bench.read("order", "SO-1");
    expect(read).toMatchObject({
      value: { data: { status: "draft", lines: [{ sku: "SETUP", unitPrice: { amount: "80.00", currency: "EUR" } }] } },
    });
    expect(await bench.deliver({ ...draft, deleted: true, data: {} })).toMatchObject({ kind: "applied" });
    expect(bench.held(draft)).toHaveLength(0);
  });

  it("of two drafts that the router's user made, since an answer came too late, keeps one", async () => {
    const bench = new Bench(trytonTrial);
    const outcomes = await Promise.all([bench.deliver(sold), bench.deliver(sold), bench.deliver(sold)]);
    expect(outcomes.filter(({ kind }) => kind === "applied").length).toBeGreaterThan(0);
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied" });
    expect(bench.held(sold)).toHaveLength(1);
  });

  it("names the customer, currency or product that Tryton does not have", async () => {
    const refused = async (data: Delivery["data"]) => new Bench(trytonTrial).deliver(order({ ...sold.data, ...data }));
    expect(await refused({ customerId: "nobody" })).toMatchObject({ class: "business", fields: [{ field: "customerId" }] });
    expect(await refused({ total: { amount: "1", currency: "GBP" } })).toMatchObject({
      class: "business",
      fields: [{ field: "total.currency" }],
    });
    expect(await refused({ lines: [{ sku: "no", quantity: "1" }] })).toMatchObject({
      class: "business",
      fields: [{ field: "lines.0.sku" }],
    });
    expect(await refused({ lines: [{ quantity: "1" }] })).toMatchObject({ class: "business", fields: [{ field: "lines.0.sku" }] });
  });
});

describe("a party in Tryton", () => {
  it("is read again and written once more when a person was first", async () => {
    const bench = new Bench(trytonTrial);
    await bench.deliver(customer("Ada"));
    bench.fake.tricks.touchBeforeNextWrite?.("customer", "C-1");
    expect(await bench.deliver(customer("Ada Ltd"))).toMatchObject({ kind: "applied", duplicate: false });
    expect(methodsOf(bench)).toEqual(["model.party.party.create", "model.party.party.write", "model.party.party.write"]);
    expect(bench.held(customer(""))).toMatchObject([{ fields: { name: "Ada Ltd" } }]);
  });
});

describe("an error of Tryton's", () => {
  it.each([
    [["UserError", ['A value is required for field "Name" in "Party".', "", null]], "business", ["name"]],
    [["UserError", ['The European VAT Number "BE123" for party "Ada" is not valid.', "", null]], "business", ["taxId"]],
    [["UserError", ['You are not allowed to write to records "1" of "Party".', "", null]], "config", []],
    [["UserWarning", ["some_warning", "Are you sure?", "It cannot be undone."]], "business", []],
    [["RateLimitException", ""], "throttled", []],
    [["'nosuch'", ""], "config", []],
    [["database is locked", ""], "transient", []],
    [["something nobody has seen", ""], "transient", []],
  ])("%j is %s", async (error, is, fields) => {
    const outcome = await answered(JSON.stringify({ id: 1, error }));
    expect(outcome).toMatchObject({ kind: "failed", class: is });
    if (outcome.kind === "failed") expect((outcome.fields ?? []).map(({ field }) => field)).toEqual(fields);
  });

  it("is understood by its beginning where its third part is too large to be read", async () => {
    const whole = JSON.stringify({
      id: 1,
      error: ["UserError", ['The value for field "Name" in "Party" is not valid.', "", [{ fields: "x".repeat(200_000) }]]],
    });
    const outcome = await answered(whole.slice(0, 65_536));
    expect(outcome).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "name" }] });
    if (outcome.kind === "failed") expect(outcome.detail.length).toBeLessThan(400);
  });

  it("has no rule that an earlier one hides", () => {
    const codes = ERROR_RULES.flatMap(({ code, says }) => (typeof code === "string" && says === undefined ? [code] : []));
    expect(new Set(codes).size).toBe(codes.length);
  });

  it("that is a login told to wait, is throttled", async () => {
    const wrong = { ...trytonTrial.connection, secrets: { password: "a guess" } };
    const bench = new Bench(trytonTrial, wrong);
    const login = {
      method: "POST" as const,
      url: "https://erp.example.com/books/",
      headers: { "content-type": "application/json" },
      reads: true as const,
    };
    for (let guesses = 0; guesses < 8; guesses++)
      await bench.fake.answer(
        new Request(login.url, {
          ...login,
          body: JSON.stringify({ id: 1, method: "common.db.login", params: ["signalbox", { password: "x" }, "en"] }),
        }),
      );
    expect(await bench.deliver(customer("Ada"))).toMatchObject({ kind: "failed", class: "throttled" });
  });
});

describe("Tryton's forms of values", () => {
  it("keep every digit and every microsecond", () => {
    expect(
      plain({
        total: decimal("1200.50"),
        "party.": { code: "C-1", id: 2 },
        at: moment("2026-11-24T12:00:00.000123Z"),
        "unit.": { rec_name: "Unit" },
        unit: 1,
      }),
    ).toEqual({
      total: "1200.50",
      party: { code: "C-1", id: 2 },
      at: "2026-11-24T12:00:00.000123Z",
      unit: 1,
    });
    expect(stampOfMs(NOW_MS)).toBe("2026-11-24T12:00:00.000000Z");
    expect(microsOfStamp("1970-01-01T00:00:01.000002Z")).toBe("1000002");
  });

  it("refuses a cursor that is not its own", async () => {
    const page = tryton.changes?.page(
      { kind: "customer", fromMs: null, untilMs: NOW_MS, cursor: "written~yesterday~1", token: null, limit: 2 },
      new Bench(trytonTrial).session(),
    );
    expect(await page).toMatchObject({ ok: false, failure: { class: "config" } });
  });
});
