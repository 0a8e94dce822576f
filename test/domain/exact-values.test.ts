import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareDecimals, fromMinorUnits, parseDecimal } from "../../src/domain/decimal.ts";
import { isJsonObject, parseJson } from "../../src/domain/json.ts";
import { mapRecord, money, object, text, word } from "../../src/domain/mapping.ts";
import { canonicalFields, parseEntity } from "../../src/domain/entities/index.ts";

const value = (literal: string): unknown => {
  const parsed = parseJson(`{"a":${literal}}`);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value["a"] : undefined;
};

describe("numbers in JSON", () => {
  it.each([
    ["820982911946154508", "820982911946154508"],
    ["1200.50", "1200.50"],
    ["0.10", "0.10"],
    ["1e3", "1e3"],
    ["-0", "-0"],
    ["12345678.123456789", "12345678.123456789"],
    ["42", 42],
    ["1200.5", 1200.5],
    ["9007199254740991", 9_007_199_254_740_991],
    ['"2026-01-01T00:00:00.000Z"', "2026-01-01T00:00:00.000Z"],
  ])("%s arrives as %j", (literal, expected) => {
    expect(value(literal)).toBe(expected);
  });

  it("lose no digit, wherever they stand: text or number, they print as they were sent", () => {
    const literal = fc
      .tuple(fc.constantFrom("", "-"), fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.option(fc.stringMatching(/^\d{1,18}$/)))
      .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? "" : `.${fraction}`}`);
    fc.assert(
      fc.property(fc.array(literal, { minLength: 1, maxLength: 5 }), (literals) => {
        const parsed = parseJson(`{"x":[${literals.join(", ")}],"y":{"z":${literals[0]}}}`);
        expect(parsed.ok && isJsonObject(parsed.value) && (parsed.value["x"] as unknown[]).map(String)).toEqual(literals);
      }),
    );
  });
});

describe("decimals", () => {
  it.each([
    ["1200.50", "1200.50"],
    ["+007.10", "7.10"],
    ["1.2E7", "12000000"],
    ["12e-3", "0.012"],
    ["-0.00", "0.00"],
    [" 5 ", "5"],
  ])("reads %j as %s", (given, expected) => {
    expect(parseDecimal(given)).toEqual({ ok: true, value: expected });
  });

  it.each(["", "abc", "1,5", "NaN", "Infinity", "0x10", "1e9999"])("refuses %j", (given) => {
    expect(parseDecimal(given).ok).toBe(false);
  });

  it.each([
    ["120050", "EUR", "1200.50"],
    ["5", "usd", "0.05"],
    ["500", "JPY", "500"],
    ["1", "KWD", "0.001"],
    ["-250", "EUR", "-2.50"],
  ])("turns %s minor units of %s into %s", (minor, currency, expected) => {
    expect(fromMinorUnits(minor, currency)).toEqual({ ok: true, value: expected });
  });

  it("compare by value, not by text, and never through a float", () => {
    expect(compareDecimals("1.5", "1.50")).toBe(0);
    expect(compareDecimals("90071992547409930.1", "90071992547409930.2")).toBe(-1);
    expect(compareDecimals("-1", "1")).toBe(-1);
  });
});

describe("mapping a sender's record", () => {
  const map = object("opportunity", "Id", {
    stage: word("StageName", { "closed won": "won" }, "open"),
    amount: money("Amount", "Currency", "EUR"),
    region: text("Region__c"),
    tier: text("Tier__c"),
  });
  const fields = canonicalFields("opportunity");

  it("puts canonical fields in their place, the team's own under custom, and everything else untouched under extra", () => {
    const record = {
      Id: "006",
      StageName: "Closed Won",
      Amount: "1200.50",
      Region__c: "EMEA",
      Tier__c: "gold",
      Score: 1.25,
      Nested: { a: [1] },
    };
    expect(mapRecord(record, map, fields)).toEqual({
      ok: true,
      value: {
        kind: "opportunity",
        key: "006",
        data: {
          stage: "won",
          stageRaw: "Closed Won",
          amount: { amount: "1200.50", currency: "EUR" },
          region: "EMEA",
          custom: { tier: "gold" },
          extra: { Score: 1.25, Nested: { a: [1] } },
        },
      },
    });
  });

  it("says which field cannot be read, from where, and why", () => {
    const read = mapRecord({ Id: "006", Amount: "a lot" }, map, fields);
    expect(read).toEqual({ ok: false, failure: 'amount (from "Amount"): "a lot" is not a decimal number' });
    expect(mapRecord({ StageName: "x" }, map, fields)).toEqual({ ok: false, failure: 'the record has no id at "Id"' });
  });

  it("refuses an amount that is not text and a currency that is none", () => {
    expect(parseEntity("order", { total: { amount: 12.5, currency: "EUR" } }).ok).toBe(false);
    expect(parseEntity("order", { total: { amount: "12.5", currency: "Euro" } }).ok).toBe(false);
  });
});
