import { describe, expect, it } from "vitest";
import { object, text, unixMs } from "../../src/domain/mapping.ts";
import { salesforceChangeEvents } from "../../src/sources/salesforce-change-events.ts";
import { NOW_MS, bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const settings = { authentication: { type: "bearer" }, currency: "EUR", ownClientIds: ["router"] };
const objects = { Shipped__e: object("shipment", "Shipment__c", { number: text("Tracking__c"), shippedAt: unixMs("At__c") }) };

const decode = (event: unknown, given: Record<string, unknown> = {}) =>
  decodeWith(
    salesforceChangeEvents,
    liveFor(salesforceChangeEvents, { settings: { ...settings, ...given }, objects }),
    bytes(JSON.stringify(event)),
  );

const ID = "0062400000Zz1aBAAR";

const header = (changes: Record<string, unknown> = {}) => ({
  entityName: "Opportunity",
  recordIds: [ID],
  changeType: "UPDATE",
  changeOrigin: "com/salesforce/api/rest/61.0;client=loader",
  transactionKey: "0002343d-9d90",
  sequenceNumber: 2,
  commitTimestamp: NOW_MS,
  commitNumber: 10585193272713,
  changedFields: [] as string[],
  nulledFields: [] as string[],
  diffFields: [] as string[],
  ...changes,
});

const payload = (changes: Record<string, unknown> = {}, fields: Record<string, unknown> = {}) => ({
  ChangeEventHeader: header(changes),
  ...fields,
});
const event = (changes: Record<string, unknown> = {}, fields: Record<string, unknown> = {}) => ({
  schema: "s",
  payload: payload(changes, fields),
  event: { replayId: 7 },
});
const only = (sent: unknown, given: Record<string, unknown> = {}) => itemsOf(decode(sent, given))[0];

describe("the layers around a change", () => {
  const fields = { Name: "N" };
  const bare = only(payload({}, fields));

  it.each([
    ["the event's own", event({}, fields), "Opportunity/7"],
    ["CometD's", { data: event({}, fields), channel: "/data/OpportunityChangeEvent" }, "OpportunityChangeEvent/7"],
    [
      "EventBridge's",
      {
        "detail-type": "OpportunityChangeEvent",
        source: "aws.partner/x",
        detail: { payload: payload({}, fields), schemaId: "s", id: "uuid-1" },
      },
      "uuid-1",
    ],
    ["none", payload({}, fields), "Opportunity/0002343d-9d90/2"],
  ])("are taken off, and only the delivery id depends on them: %s", (_what, sent, deliveryId) => {
    expect(only(sent)).toEqual({ ...bare, deliveryId });
  });

  it("may hold several events", () => {
    expect(itemsOf(decode([event(), event({ sequenceNumber: 3 })])).map(({ order }) => order)).toEqual([
      { kind: "int", value: "10585193272713000002" },
      { kind: "int", value: "10585193272713000003" },
    ]);
    expect(decode([])).toMatchObject({ ok: false });
    expect(decode([1])).toMatchObject({ ok: false });
  });
});

describe("an update", () => {
  it("is a delta, ordered by commit and place in it, of the time of the commit", () => {
    expect(only(event({}, { Name: "N" }))).toMatchObject({
      type: "Opportunity.UPDATE",
      nature: "delta",
      deleted: false,
      occurredAtMs: NOW_MS,
      order: { kind: "int", value: "10585193272713000002" },
    });
    expect(only(event({ commitNumber: null }))?.order).toEqual({ kind: "none" });
  });

  it("empties the fields that it names as nulled, sent or not", () => {
    const item = only(event({ nulledFields: ["AccountId", "CloseDate"] }, { CloseDate: null, Name: "N" }));
    expect(item?.cleared?.toSorted()).toEqual(["closeDate", "customerId"]);
    expect(item?.entity.data).toEqual({ name: "N" });
  });

  it("empties nothing that a relay sends as null without its having changed", () => {
    const expanded = { Name: "N", AccountId: null, StageName: null, Description: null };
    expect(only(event({ changedFields: ["Name"] }, expanded))).toMatchObject({ entity: { data: { name: "N" } } });
    expect(only(event({ changedFields: ["Name"] }, expanded))?.cleared).toBeUndefined();
    expect(only(event({ changedFields: ["Name", "AccountId"] }, expanded))?.cleared).toEqual(["customerId"]);
    expect(only(event({ changedFields: undefined, nulledFields: undefined }, { AccountId: null }))?.cleared).toEqual(["customerId"]);
  });

  it("whose lists of fields were not decoded only tells that the record changed", () => {
    expect(only(event({ changedFields: ["0x400002"] }, { Name: "N", AccountId: null }))).toMatchObject({ nature: "hint" });
    expect(only(event({ nulledFields: ["4-0x12"] }, { Name: "N" }))).toMatchObject({ nature: "hint" });
  });

  it("keeps a diff of a long text beside the record", () => {
    const diff = "--- a\n+++ b";
    const item = only(event({ entityName: "Case", diffFields: ["Description"] }, { Description: diff, Subject: "S" }));
    expect(item?.entity.data).toEqual({ subject: "S", extra: { diffFields: { Description: diff } } });
    expect(item?.cleared).toBeUndefined();
  });

  it("reads times in milliseconds as those in words", () => {
    const closed = Date.UTC(2026, 0, 31);
    expect(only(event({}, { CloseDate: closed }))?.entity.data).toEqual({ closeDate: "2026-01-31" });
    expect(only(event({}, { CloseDate: "2026-01-31" }))?.entity.data).toEqual({ closeDate: "2026-01-31" });
    expect(only(event({ entityName: "Case" }, { CreatedDate: closed }))?.entity.data).toEqual({ openedAt: "2026-01-31T00:00:00.000Z" });
  });
});

describe("compound fields", () => {
  it("give the parts of an address under their flat names, and stay in extra", () => {
    const BillingAddress = { Street: "Weg 1", Country: "Österreich", State: null };
    const item = only(event({ entityName: "Account", changedFields: ["BillingAddress.Country"] }, { BillingAddress }));
    expect(item?.entity.data).toEqual({ region: "Österreich", extra: { BillingAddress } });
  });

  it("empty a part only where the change says so", () => {
    const sent = { BillingAddress: { Street: "Weg 2", Country: null } };
    expect(only(event({ entityName: "Account", changedFields: ["BillingAddress.Street"] }, sent))?.cleared).toBeUndefined();
    expect(only(event({ entityName: "Account", changedFields: ["BillingAddress.Country"] }, sent))?.cleared).toEqual(["region"]);
    const gone = { entityName: "Account", nulledFields: ["BillingAddress"] };
    expect(only(event(gone, { BillingAddress: null }))?.cleared).toEqual(["region"]);
  });

  it("keep a name in parts whole, in extra", () => {
    const Name = { FirstName: "Jörg", LastName: "Weiß" };
    expect(only(event({ entityName: "Contact", changeType: "CREATE" }, { Name, Email: "j@example.com" }))?.entity.data).toEqual({
      email: "j@example.com",
      extra: { Name },
    });
  });
});

describe("the other changes", () => {
  it.each([
    ["CREATE", "snapshot", false],
    ["UNDELETE", "snapshot", false],
    ["DELETE", "snapshot", true],
    ["GAP_CREATE", "hint", false],
    ["GAP_UPDATE", "hint", false],
    ["GAP_DELETE", "hint", true],
    ["GAP_UNDELETE", "hint", false],
  ])("are what they are: %s", (changeType, nature, deleted) => {
    expect(only(event({ changeType }))).toMatchObject({ nature, deleted, entity: { key: ID }, type: `Opportunity.${changeType}` });
  });

  it("of several records are one part each, of its own delivery id", () => {
    const items = itemsOf(decode(event({ recordIds: ["0062400000Zz1aB", "0062400000Zz1aC"] }, { StageName: "Closed Won" })));
    expect(items.map(({ entity, deliveryId }) => [entity.key, deliveryId])).toEqual([
      [ID, "Opportunity/7#0"],
      ["0062400000Zz1aCAAR", "Opportunity/7#1"],
    ]);
    expect(items.every(({ entity }) => entity.data["stage"] === "won")).toBe(true);
    expect(new Set(items.map(({ content }) => content)).size).toBe(2);
  });

  it.each([
    ["a wildcard", { recordIds: ["006*"] }],
    ["an overflow", { changeType: "GAP_OVERFLOW", recordIds: ["000000000000000AAA"] }],
  ])("of records that nobody names ask for reconciliation: %s", (_what, changes) => {
    expect(decode(event(changes))).toMatchObject({
      ok: true,
      value: [
        { odd: "unintelligible", deliveryId: "Opportunity/7", detail: expect.stringContaining("reconcile all records of Opportunity") },
      ],
    });
  });

  it("of our own are ignored as echoes, however the client is written", () => {
    for (const end of ["router", "router/", "router;x=y"]) {
      const sent = event({ changeOrigin: `com/salesforce/api/rest/61.0;client=${end}` });
      expect(decode(sent)).toMatchObject({
        ok: true,
        value: [{ odd: "unmapped", detail: expect.stringContaining("echo of our own write") }],
      });
    }
    for (const end of ["router2", "Router", ""])
      expect(decode(event({ changeOrigin: `x;client=${end}` }))).toMatchObject({ ok: true, value: [{ nature: "delta" }] });
  });

  it.each([
    ["no record ids", { recordIds: [] }, "unintelligible"],
    ["too many record ids", { recordIds: Array.from({ length: 1001 }, () => ID) }, "unintelligible"],
    ["no entity", { entityName: undefined }, "unintelligible"],
    ["a change that is not known", { changeType: "SNAPSHOT" }, "unmapped"],
    ["an object that nobody maps", { entityName: "Lead" }, "unmapped"],
    ["names without end", { entityName: "x".repeat(256), recordIds: ["*"] }, "unintelligible"],
  ])("stand alone when they cannot be read: %s", (_what, changes, odd) => {
    const decoded = decode([event(changes), event()]);
    expect(decoded).toMatchObject({ ok: true, value: [{ odd }, { nature: "delta" }] });
    if (decoded.ok && decoded.value[0] !== undefined && "odd" in decoded.value[0])
      expect(decoded.value[0].detail.length).toBeLessThanOrEqual(400);
  });
});

describe("a platform event", () => {
  const shipped = { CreatedDate: "2026-11-24T12:00:00.123Z", CreatedById: "005", Shipment__c: "S-1", Tracking__c: "T" };

  it.each([
    ["CometD", { data: { payload: shipped, event: { replayId: 3, EventUuid: "u-1" } }, channel: "/event/Shipped__e" }, "u-1"],
    ["CometD without an id", { data: { payload: shipped, event: { replayId: 3 } }, channel: "/event/Shipped__e" }, "Shipped__e/3"],
    ["EventBridge", { "detail-type": "Shipped__e", detail: { payload: shipped, id: "u-1" } }, "u-1"],
    ["Apex", { "detail-type": "Shipped__e", detail: { ...shipped, EventUuid: "u-1" } }, "u-1"],
  ])("is read by the object of its name: %s", (_what, sent, deliveryId) => {
    expect(only(sent)).toMatchObject({
      type: "Shipped__e",
      deliveryId,
      nature: "snapshot",
      order: { kind: "time", value: String(Date.parse(shipped.CreatedDate)) },
      entity: { kind: "shipment", key: "S-1", data: { number: "T", extra: { CreatedById: "005", CreatedDate: shipped.CreatedDate } } },
    });
  });

  it("without a name is the one that the settings say, or set aside", () => {
    expect(decode(shipped)).toMatchObject({
      ok: true,
      value: [{ odd: "unintelligible", detail: expect.stringContaining("unnamedEvent") }],
    });
    expect(only(shipped, { unnamedEvent: "Shipped__e" })?.entity.key).toBe("S-1");
  });

  it("has the nature and the order that its settings say", () => {
    const given = {
      unnamedEvent: "Shipped__e",
      platformEvents: { Shipped__e: { nature: "delta", order: { field: "Seq__c", as: "int" } } },
    };
    expect(only({ ...shipped, Seq__c: 12 }, given)).toMatchObject({ nature: "delta", order: { kind: "int", value: "12" } });
    expect(only(shipped, given)).toMatchObject({ order: { kind: "none" } });
    expect(decode({ ...shipped, Seq__c: "soon" }, given)).toMatchObject({ ok: true, value: [{ odd: "unintelligible" }] });
    expect(decode({ "detail-type": "Other__e", detail: shipped })).toMatchObject({
      ok: true,
      value: [{ odd: "unmapped", type: "Other__e" }],
    });
  });
});
