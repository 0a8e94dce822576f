import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDate } from "../../src/decoding/remote-execution-context.ts";
import { dataverse } from "../../src/sources/dataverse.ts";
import type { SourceItem } from "../../src/sources/define.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const ID = "6d81597f-0f9f-e711-8122-000d3aa2331c";
const ORGANIZATION = "4ef5b371-e89e-e711-8122-000d3aa2331c";
const USER = "75c2dd85-e89e-e711-8122-000d3aa2331c";
const EURO = "083081e1-0737-eb11-bf68-0022489b563d";
const ZERO = "00000000-0000-0000-0000-000000000000";
const XRM = "http://schemas.microsoft.com/xrm/2011/Contracts";

const pairs = (columns: Record<string, unknown>) => Object.entries(columns).map(([key, value]) => ({ key, value }));
const row = (columns: Record<string, unknown>) => ({
  Attributes: pairs(columns),
  FormattedValues: [],
  Id: ID,
  LogicalName: "salesorder",
  RowVersion: null,
});
const choice = (value: number) => ({ __type: `OptionSetValue:${XRM}`, Value: value });
const reference = (id: string) => ({
  __type: `EntityReference:${XRM}`,
  Id: id,
  KeyAttributes: [],
  LogicalName: "account",
  Name: null,
  RowVersion: null,
});
const NAME_IMAGE = { key: "AsynchronousStepPrimaryName", value: row({ name: "SO-1001", salesorderid: ID }) };
const image = (columns: Record<string, unknown>, alias = "PostImage") => [NAME_IMAGE, { key: alias, value: row(columns) }];

/** As Dataverse posts an update of an order from an asynchronous step, with what a test changes. */
const context = (changes: Record<string, unknown> = {}) => ({
  CorrelationId: "b374239d-4233-41a9-8b17-a86cb4f737b5",
  Depth: 1,
  InitiatingUserId: USER,
  InputParameters: [{ key: "Target", value: { __type: `Entity:${XRM}`, ...row({ modifiedon: "/Date(1506384247000)/" }) } }],
  MessageName: "Update",
  Mode: 1,
  OperationCreatedOn: "/Date(1506409448000-0700)/",
  OperationId: "4af10637-4ea2-e711-8122-000d3aa2331c",
  OrganizationId: ORGANIZATION,
  PostEntityImages: [NAME_IMAGE],
  PreEntityImages: [],
  PrimaryEntityId: ID,
  PrimaryEntityName: "salesorder",
  Stage: 40,
  ...changes,
});

function decode(
  changes: Record<string, unknown> | string = {},
  settings: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const body = typeof changes === "string" ? changes : JSON.stringify(context(changes));
  return decodeWith(dataverse, liveFor(dataverse, { settings: { currency: "EUR", ...settings } }), bytes(body), { headers });
}

function itemOf(...given: Parameters<typeof decode>): SourceItem {
  const [item] = itemsOf(decode(...given));
  if (item === undefined) throw new Error("no item");
  return item;
}

const target = (columns: Record<string, unknown>) => ({ InputParameters: [{ key: "Target", value: row(columns) }] });
const failure = (kind: string, words: string) => ({ ok: false, failure: { kind, detail: expect.stringContaining(words) } });

describe("what an operation tells of a row", () => {
  it("is its whole state where somebody registered an image, whatever the target holds beside", () => {
    const item = itemOf({ PostEntityImages: image({ ordernumber: "SO-1001", statuscode: choice(3), versionnumber: 7 }) });
    expect(item).toMatchObject({ nature: "snapshot", deleted: false, type: "salesorder.Update", order: { kind: "int", value: "7" } });
    expect(item.entity).toMatchObject({ kind: "order", key: ID, data: { number: "SO-1001", status: "confirmed", statusRaw: "3" } });
  });

  it("is only what has changed where the one image is Dataverse's own, which holds the name alone", () => {
    const item = itemOf(target({ statuscode: choice(4), opportunityid: null, modifiedon: "/Date(1506384247000)/" }));
    expect(item).toMatchObject({ nature: "delta", cleared: ["opportunityId"], order: { kind: "time", value: "1506384247000" } });
    expect(item.entity.data).toMatchObject({ status: "cancelled" });
    expect(item.entity.data["number"]).toBeUndefined();
  });

  it("is the whole state of a row that it creates", () => {
    expect(itemOf({ MessageName: "Create", ...target({ ordernumber: "SO-1" }) })).toMatchObject({
      nature: "snapshot",
      entity: { data: { number: "SO-1" } },
    });
  });

  it("is read from the image that the settings name", () => {
    const images = [...image({ ordernumber: "first" }, "A"), { key: "B", value: row({ ordernumber: "second" }) }];
    expect(itemOf({ PostEntityImages: images }).entity.data).toMatchObject({ number: "first" });
    expect(itemOf({ PostEntityImages: images }, { image: "B" }).entity.data).toMatchObject({ number: "second" });
    expect(itemOf({ PostEntityImages: images }, { image: "constructor" }).nature).toBe("delta");
  });

  it.each([
    ["lost its row to the limit of 256 KB", { InputParameters: undefined, PostEntityImages: undefined, PreEntityImages: undefined }, {}],
    [
      "says so in a header",
      { PostEntityImages: image({ ordernumber: "SO-1", versionnumber: 7 }) },
      { "x-ms-dynamics-msg-size-exceeded": "true" },
    ],
    ["only names the row", { MessageName: "Assign", InputParameters: [{ key: "Target", value: reference(ID) }] }, {}],
  ])("is a hint when it %s", (_case, changes, headers) => {
    const item = itemOf(changes, {}, headers as Record<string, string>);
    expect(item).toMatchObject({ nature: "hint", order: { kind: "none" }, entity: { kind: "order", key: ID, data: {} } });
    expect(item.entity.data["number"]).toBeUndefined();
  });

  it("has typed values as what they hold, references as ids, dates in ISO 8601, and no digit lost", () => {
    const body = JSON.stringify(
      context({
        PostEntityImages: image({
          totalamount: { __type: `Money:${XRM}`, Value: "MONEY" },
          customerid: reference("90b482ac-0f9f-e711-8122-000d3aa2331c"),
          aliased: { __type: `AliasedValue:${XRM}`, AttributeLogicalName: "x", EntityLogicalName: "y", Value: choice(5) },
          choices: [choice(1), choice(2)],
          lines: { __type: `EntityCollection:${XRM}`, Entities: [row({ quantity: 2 })] },
          createdon: "/Date(1767225600000)/",
          versionnumber: "VERSION",
        }),
      }),
    )
      .replace('"MONEY"', "1200.50")
      .replace('"VERSION"', "9007199254740993");
    const item = itemOf(body);
    expect(item.order).toEqual({ kind: "int", value: "9007199254740993" });
    expect(item.entity.data).toMatchObject({
      total: { amount: "1200.50", currency: "EUR" },
      customerId: "90b482ac-0f9f-e711-8122-000d3aa2331c",
      orderedAt: "2026-01-01T00:00:00.000Z",
      extra: { aliased: 5, choices: [1, 2], lines: [{ quantity: 2 }], versionnumber: "9007199254740993" },
    });
  });

  it("names its currency by the row that it refers to, and never by a default that may be another", () => {
    const several = { currency: "USD", currencies: { [EURO.toUpperCase()]: "EUR" } };
    const money = { totalamount: { Value: 5 } };
    expect(itemOf(target({ ...money, transactioncurrencyid: reference(EURO) }), several).entity.data).toMatchObject({
      total: { amount: "5", currency: "EUR" },
    });
    expect(decode(target({ ...money, transactioncurrencyid: reference(USER) }), several)).toEqual(failure("unintelligible", "no currency"));
    expect(decode(target(money), several)).toEqual(failure("unintelligible", "no currency"));
  });
});

describe("a deletion", () => {
  const deletion = (before: Record<string, unknown> | null) => ({
    MessageName: "Delete",
    InputParameters: [{ key: "Target", value: reference(ID) }],
    PostEntityImages: [],
    PreEntityImages: before === null ? [] : image(before, "PreImage"),
  });

  it("comes right after the last state, by version or by time", () => {
    expect(itemOf(deletion({ versionnumber: 7, ordernumber: "SO-1" }))).toMatchObject({
      deleted: true,
      nature: "snapshot",
      order: { kind: "int", value: "8" },
      entity: { key: ID, data: { number: "SO-1" } },
      occurredAtMs: 1506384248000,
    });
    expect(itemOf(deletion({ modifiedon: "/Date(1506384247000)/" })).order).toEqual({ kind: "time", value: "1506384247001" });
  });

  it("without an image has the key alone and no order", () => {
    expect(itemOf(deletion(null))).toMatchObject({ deleted: true, nature: "hint", order: { kind: "none" }, entity: { key: ID } });
  });
});

describe("a date", () => {
  it("in the two forms of Microsoft's example is one second apart, as the events were", () => {
    expect((readDate("/Date(1506409448000-0700)/") ?? 0) - (readDate("/Date(1506384247000)/") ?? 0)).toBe(1000);
  });

  it("is UTC without an offset, and has a given one added", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), fc.constantFrom("+", "-"), fc.nat(14), fc.nat(59), (ms, sign, hours, minutes) => {
        const two = (number: number): string => String(number).padStart(2, "0");
        const offset = (hours * 60 + minutes) * 60_000 * (sign === "-" ? -1 : 1);
        expect(readDate(`/Date(${ms})/`)).toBe(ms);
        expect(readDate(`/Date(${ms}${sign}${two(hours)}${two(minutes)})/`)).toBe(ms + offset);
      }),
    );
  });

  it.each(["/Date(x)/", "/Date(1)", "Date(1)", "/Date(1+07)/", "/Date(9999999999999999)/", "2026-01-01", ""])(
    "is not read from %j",
    (text) => {
      expect(readDate(text)).toBeNull();
    },
  );

  it("of the operation stands in only where the row has none", () => {
    expect(itemOf().occurredAtMs).toBe(1506384247000);
    expect(itemOf(target({ name: "x" })).occurredAtMs).toBe(1506384248000);
  });
});

describe("the identity of an operation", () => {
  it("is made of organization, job, message, row and stage, which a second attempt has again", () => {
    expect(itemOf().deliveryId).toBe(`${ORGANIZATION}|4af10637-4ea2-e711-8122-000d3aa2331c|Update|${ID}|40`);
  });

  it("is made of what it was part of, and when, where there was no job", () => {
    expect(itemOf({ OperationId: ZERO }).deliveryId).toBe(
      `${ORGANIZATION}|b374239d-4233-41a9-8b17-a86cb4f737b5|/Date(1506409448000-0700)/|Update|${ID}|40`,
    );
    expect(itemOf({ OperationId: ZERO, CorrelationId: ZERO }).deliveryId).toBeNull();
  });

  it("says the same of one version when two steps tell it", () => {
    const state = { PostEntityImages: image({ ordernumber: "SO-1", versionnumber: 7 }) };
    const [one, other] = [itemOf(state), itemOf({ ...state, OperationId: USER, Depth: 2 })];
    expect(one.deliveryId).not.toBe(other.deliveryId);
    expect(one.content).toBe(other.content);
    expect(itemOf({ PostEntityImages: image({ ordernumber: "SO-2", versionnumber: 7 }) }).content).not.toBe(one.content);
  });
});

describe("what is not let in", () => {
  it("is another organization, when the settings list some; case does not count", () => {
    const allowed = { organizationIds: [ORGANIZATION.toUpperCase()] };
    expect(decode({}, allowed)).toMatchObject({ ok: true });
    for (const OrganizationId of [USER, ZERO, undefined])
      expect(decode({ OrganizationId }, allowed)).toEqual({ ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } });
  });

  it("is an echo: deeper than allowed, or by a user of ours", () => {
    expect(decode({ Depth: 2 })).toMatchObject({ ok: true });
    expect(decode({ Depth: 2 }, { ignoreDepthAbove: 1 })).toMatchObject(failure("unmapped", "echo"));
    expect(decode({ Depth: 1 }, { ignoreDepthAbove: 1 })).toMatchObject({ ok: true });
    expect(decode({}, { ownUserIds: [USER.toUpperCase()] })).toMatchObject(failure("unmapped", "echo of our own write"));
  });

  it("is a step before the change, which may still be refused", () => {
    for (const Stage of [10, 20]) expect(decode({ Stage })).toMatchObject(failure("unmapped", "PostOperation"));
  });

  it("is what has no single row, no version that can be compared, or is no execution context", () => {
    expect(decode({ MessageName: "UpdateMultiple", PrimaryEntityId: ZERO, InputParameters: [] })).toEqual(
      failure("unintelligible", "no single row"),
    );
    expect(decode(target({ versionnumber: "seven" }))).toEqual(failure("unintelligible", "versionnumber"));
    expect(decode({ MessageName: undefined })).toEqual(failure("unintelligible", "execution context"));
    expect(decode({ PrimaryEntityName: "lead" })).toMatchObject(failure("unmapped", "lead"));
  });

  it("finds the new row's id where the operation itself has none yet", () => {
    const created = { MessageName: "Create", PrimaryEntityId: ZERO, InputParameters: [{ key: "Target", value: { ...row({}), Id: ZERO } }] };
    expect(itemOf({ ...created, OutputParameters: [{ key: "id", value: ID }] }).entity.key).toBe(ID);
  });
});

describe("its settings", () => {
  it("take what Dataverse can prove itself by, and nothing else", () => {
    const verification = (authentication?: unknown) => dataverse.verification(dataverse.settings.parse({ authentication }));
    expect(verification()).toEqual({ kind: "queryToken", parameter: "code" });
    expect(verification({ type: "query", parameter: "key" })).toEqual({ kind: "queryToken", parameter: "key" });
    expect(verification({ type: "header", name: "x-key" })).toEqual({ kind: "headerToken", header: "x-key", prefix: "" });
    for (const authentication of [{ type: "hmac", header: "x" }, { type: "basic" }, { type: "none" }, []])
      expect(dataverse.settings.safeParse({ authentication }).success).toBe(false);
  });

  it("refuse ids and codes that are none", () => {
    for (const settings of [
      { organizationIds: [] },
      { organizationIds: ["acme"] },
      { currency: "euro" },
      { currencies: { x: "EUR" } },
      { ignoreDepthAbove: 0 },
    ])
      expect(dataverse.settings.safeParse(settings).success).toBe(false);
  });
});
