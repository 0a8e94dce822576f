import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences, same } from "../../src/domain/differences.ts";
import { pair, toCanonical, toRemote, withTeamFields, writtenPart } from "../../src/domain/field-pairs.ts";

const PAIRS = [
  pair.text("number", "tranId", { maxCharacters: 10 }),
  pair.text("customerId", "entity.externalId"),
  pair.word("status", "orderStatus.id", { confirmed: "B", draft: "A", on_hold: "A" }),
  pair.moneyNumber("total", "total", { currencyAt: "currency.refName" }),
  pair.time("orderedAt", "tranDate"),
  pair.text("custom.margin", "custbody_margin"),
  pair.text("statusRaw", "state", { way: "in" }),
];

describe("field pairs", () => {
  it("put canonical data into a system's words, amounts with every digit", () => {
    const data = {
      number: "SO-1",
      customerId: "001Ab",
      status: "confirmed",
      total: { amount: "1200.50", currency: "EUR" },
      custom: { margin: "0.10" },
    };
    const written = toRemote(data, PAIRS);
    expect(JSON.stringify(written.ok ? written.value : written.failure)).toBe(
      '{"tranId":"SO-1","entity":{"externalId":"001Ab"},"orderStatus":{"id":"B"},"total":1200.50,"currency":{"refName":"EUR"},"custbody_margin":"0.10"}',
    );
  });

  it("read back what they wrote, whatever the amounts and texts", () => {
    const amount = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: 0, max: 99 }))
      .map(([whole, cents]) => `${whole}.${String(cents).padStart(2, "0")}`);
    const text = fc.string({ minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(amount, text, text, (value, number, customerId) => {
        const data = { number, customerId, status: "confirmed", total: { amount: value, currency: "EUR" } };
        const record = toRemote(data, PAIRS);
        if (!record.ok) throw new Error(JSON.stringify(record.failure));
        // As text of its own, since a parser that is not careful would lose the digits.
        const read = toCanonical("order", { ...record.value, total: value }, PAIRS);
        if (!read.ok) throw new Error(read.failure);
        expect(
          differences(
            writtenPart(data, PAIRS),
            read.value,
            PAIRS.map(({ field }) => ({ field })),
          ),
        ).toEqual([]);
      }),
    );
  });

  it("name every field that cannot be written, with what the system has instead", () => {
    const written = toRemote({ number: "far too long a number", status: "closed", total: { amount: "1" } }, PAIRS);
    expect(written).toMatchObject({
      ok: false,
      failure: [
        { field: "number", message: "has 21 characters, and the system takes 10" },
        { field: "status", message: expect.stringContaining("confirmed, draft, on_hold") as string },
        { field: "total", message: "expected an amount and a currency" },
      ],
    });
  });

  it("take a system's unknown word as unknown, and the first of several canonical words that share one", () => {
    const status = (id: string) => toCanonical("order", { orderStatus: { id } }, PAIRS);
    expect(status("A")).toMatchObject({ value: { status: "draft", statusRaw: "A" } });
    expect(status("Z")).toMatchObject({ value: { status: "unknown", statusRaw: "Z" } });
  });

  it("are changed by the team: another place, a field more, none at all, words of its own", () => {
    const mine = withTeamFields(PAIRS, {
      fields: { number: "custbody_no", "custom.tier": "custbody_tier", total: null },
      words: { status: { closed: "H" } },
    });
    const written = toRemote({ number: "1", status: "closed", total: { amount: "1", currency: "EUR" }, custom: { tier: "gold" } }, mine);
    expect(written).toEqual({ ok: true, value: { custbody_no: "1", orderStatus: { id: "H" }, custbody_tier: "gold" } });
  });

  it("read further words of a system that are never written", () => {
    const pairs = [pair.word("status", "state", { closed: "3" }, { readAs: { "7": "cancelled" } })];
    expect(toCanonical("order", { state: "7" }, pairs)).toMatchObject({ value: { status: "cancelled", statusRaw: "7" } });
    expect(toRemote({ status: "cancelled" }, pairs)).toMatchObject({ ok: false });
  });

  it("keep a time whose system leaves the zone unsaid, to the second", () => {
    const pairs = [pair.sqlTime("openedAt", "opened_at")];
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }), (date) => {
        const openedAt = new Date(Math.floor(date.getTime() / 1000) * 1000).toISOString();
        const record = toRemote({ openedAt }, pairs);
        expect(record).toEqual({ ok: true, value: { opened_at: openedAt.slice(0, 19).replace("T", " ") } });
        expect(record.ok && toCanonical("case", record.value, pairs)).toEqual({ ok: true, value: { openedAt } });
      }),
    );
  });

  it("write null for what a change has cleared", () => {
    expect(toRemote({}, PAIRS, ["customerId"])).toEqual({ ok: true, value: { entity: { externalId: null } } });
  });
});

describe("two values", () => {
  it.each([
    ["1.5", "1.50", true],
    ["1.5", "1.51", false],
    ["007", "7", false],
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", true],
    ["", null, true],
    ["a", undefined, false],
  ])("%j and %j: same is %s", (left, right, expected) => expect(same(left, right ?? undefined)).toBe(expected));

  it("differ by less than the tolerance, in money too", () => {
    const fields = [{ field: "total", tolerance: "0.01" }];
    const of = (amount: string, currency = "EUR") => ({ total: { amount, currency } });
    expect(differences(of("10.00"), of("10.01"), fields)).toEqual([]);
    expect(differences(of("10.00"), of("10.02"), fields)).toHaveLength(1);
    expect(differences(of("10.00"), of("10.00", "USD"), fields)).toHaveLength(1);
  });
});
