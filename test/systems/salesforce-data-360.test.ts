import { describe, expect, it } from "vitest";
import { object, text } from "../../src/domain/mapping.ts";
import { salesforceData360 } from "../../src/sources/salesforce-data-360.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const objects = { Unified__dlm: object("customer", "Id__c", { name: text("Name__c") }) };

const event = (changes: Record<string, unknown> = {}) => ({
  EventUuid: "u-1",
  ActionDeveloperName: "A",
  EventPrompt: "UPDATE",
  SourceObjectDeveloperName: "Unified__dlm",
  EventCreationDateTime: "2026-01-01T00:00:00.500Z",
  PayloadCurrentValue: { Id__c: "1", Name__c: "Acme" },
  ...changes,
});

const decode = (events: unknown, settings: Record<string, unknown> = {}) =>
  decodeWith(salesforceData360, liveFor(salesforceData360, { settings, objects }), bytes(JSON.stringify({ count: 1, events })));

describe("a data action", () => {
  it("is an event for each of its list, whether its payload is JSON or the text of it", () => {
    const items = itemsOf(decode([event(), event({ EventUuid: undefined, PayloadCurrentValue: '{"Id__c":820982911946154508}' })]));
    expect(items).toMatchObject([
      { deliveryId: "u-1", type: "Unified__dlm.UPDATE", nature: "snapshot", deleted: false, entity: { key: "1", data: { name: "Acme" } } },
      { deliveryId: null, entity: { key: "820982911946154508" } },
    ]);
    expect(items[0]?.order).toEqual({ kind: "time", value: String(Date.UTC(2026, 0, 1) + 500) });
  });

  it("of a deletion may hold only what was", () => {
    const gone = event({ EventPrompt: "Delete", PayloadCurrentValue: {}, PayloadPrevValue: '{"Id__c":"1"}' });
    expect(itemsOf(decode([gone], { nature: "delta" }))[0]).toMatchObject({ deleted: true, nature: "snapshot", entity: { key: "1" } });
  });

  it.each([
    ["no payload", event({ PayloadCurrentValue: undefined }), "unintelligible"],
    ["a payload that is no JSON", event({ PayloadCurrentValue: "{" }), "unintelligible"],
    ["a payload nested without end", event({ PayloadCurrentValue: `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}` }), "unintelligible"],
    ["no object", 1, "unintelligible"],
    ["an object that nobody maps", event({ SourceObjectDeveloperName: "Other__dlm" }), "unmapped"],
  ])("sets aside one event alone: %s", (_what, spoilt, odd) => {
    expect(decode([spoilt, event()])).toMatchObject({ ok: true, value: [{ odd }, { deliveryId: "u-1" }] });
  });

  it("is not understood without a list of events", () => {
    expect(decode(undefined)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
    expect(decode(Array.from({ length: 1001 }, () => event()))).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});
