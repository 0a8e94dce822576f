import { describe, expect, it } from "vitest";
import { object, text } from "../../src/domain/mapping.ts";
import { mergeObjects, type ObjectMaps, type SourceItem } from "../../src/sources/define.ts";
import { sapEventMesh } from "../../src/sources/sap-event-mesh.ts";

const SETTINGS = { authentication: { type: "basic" }, systems: ["730431274"], allowedOrigins: ["*"] };
const TYPE = "sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1";
const TEAM: ObjectMaps = {
  ServiceOrder: object("case", "ServiceOrder", { number: text("ServiceOrder"), customerId: text("SoldToParty") }),
};

interface Sent {
  readonly event?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function decode({ event = {}, settings = {}, headers, body }: Sent) {
  const live = sapEventMesh.settings.parse({ ...SETTINGS, ...settings });
  const document = {
    specversion: "1.0",
    id: "E-1",
    source: "/default/sap.s4.beh/730431274",
    type: TYPE,
    data: { SalesOrder: "50001" },
    ...event,
  };
  const sent = new Headers(headers ?? { "content-type": "application/cloudevents+json" });
  return sapEventMesh.decode(
    {
      body: new TextEncoder().encode(body ?? JSON.stringify(document)),
      headers: sent,
      url: new URL("https://edge.test/in/sap"),
      contentType: sent.get("content-type") ?? "",
      receivedAtMs: 0,
    },
    { settings: live, objects: mergeObjects(sapEventMesh.objects(live), TEAM) },
  );
}

function itemOf(sent: Sent): SourceItem {
  const decoded = decode(sent);
  const part = decoded.ok ? decoded.value[0] : undefined;
  if (part === undefined || "odd" in part) throw new Error(`no event: ${JSON.stringify(decoded)}`);
  return part;
}

const unmapped = (words: string) => ({ ok: false, failure: { kind: "unmapped", detail: expect.stringContaining(words) } });

describe("an event of S/4HANA", () => {
  it("is a hint with the key alone, from binary mode as well", () => {
    const expected = {
      type: TYPE,
      deliveryId: "/default/sap.s4.beh/730431274|E-1",
      occurredAtMs: Date.UTC(2026, 0, 1),
      order: { kind: "none" },
      nature: "hint",
      deleted: false,
      entity: { kind: "order", key: "50001", data: { number: "50001" } },
    };
    expect(itemOf({ event: { time: "2026-01-01T00:00:00Z" } })).toEqual(expected);
    const headers = {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "E-1",
      "ce-source": "/default/sap.s4.beh/730431274",
      "ce-type": TYPE,
      "ce-time": "2026-01-01T00:00:00Z",
    };
    expect(itemOf({ headers, body: '{"SalesOrder":"50001"}' })).toEqual(expected);
  });

  it.each([
    ["sap.s4.beh.businesspartner.v1.BusinessPartner.Created.v1", { BusinessPartner: "1000" }, "customer"],
    ["sap.s4.beh.billingdocument.v1.BillingDocument.Created.v1", { BillingDocument: "1000" }, "invoice"],
    ["sap.s4.beh.outbounddelivery.v2.OutboundDelivery.Changed.v12", { OutboundDelivery: "1000" }, "shipment"],
    ["zown.ServiceOrder.Released.v1", { ServiceOrder: "1000" }, "case"],
    ["ServiceOrder.Released.v1", { ServiceOrder: "1000" }, "case"],
  ])("of type %s with %j is of a %s", (type, data, kind) => {
    expect(itemOf({ event: { type, data } }).entity).toMatchObject({ kind, key: "1000" });
  });

  it("says that the record is gone by its action alone", () => {
    const deletedBy = (action: string) => itemOf({ event: { type: `sap.s4.beh.salesorder.v1.SalesOrder.${action}.v1` } }).deleted;
    expect(["Deleted", "Changed", "ItemDeleted", "DeletedFlagSet"].map(deletedBy)).toEqual([true, false, false, false]);
  });

  it("is left out where its type names no object, or one that nobody maps", () => {
    expect(decode({ event: { type: "com.acme.something" } })).toMatchObject(unmapped("names no object"));
    expect(decode({ event: { type: "sap.s4.beh.purchaseorder.v1.PurchaseOrder.Changed.v1" } })).toMatchObject(unmapped('"PurchaseOrder"'));
    expect(decode({ event: { type: "a.constructor.Changed.v1" } })).toMatchObject(unmapped('"constructor"'));
  });

  it("is kept for a person where its key is missing", () => {
    expect(decode({ event: { data: {} } })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining('no id at "SalesOrder"') },
    });
  });

  it("is ordered only by the moment that a derived event carries", () => {
    const orderOf = (EventRaisedDateTime: unknown) => itemOf({ event: { data: { SalesOrder: "1", EventRaisedDateTime } } }).order;
    expect(orderOf("2026-01-01T00:00:00.1234567Z")).toEqual({ kind: "time", value: "1767225600123" });
    for (const odd of ["20260101000000.1234567", "", null, {}, undefined]) expect(orderOf(odd)).toEqual({ kind: "none" });
  });
});

describe("the zeros that SAP fills keys up with", () => {
  const derived = { data: { SalesOrder: "0000050001", SoldToParty: "0010100001", PostalCode: "01067" } };

  it("are taken off what records are matched by, and stay in extra as sent", () => {
    expect(itemOf({ event: derived }).entity).toEqual({
      kind: "order",
      key: "50001",
      data: {
        number: "50001",
        customerId: "10100001",
        extra: { PostalCode: "01067", SalesOrder: "0000050001", SoldToParty: "0010100001" },
      },
    });
  });

  it("stay where the settings say so, and in keys that are no numbers", () => {
    expect(itemOf({ event: derived, settings: { stripLeadingZeros: false } }).entity).toEqual({
      kind: "order",
      key: "0000050001",
      data: { number: "0000050001", customerId: "0010100001", extra: { PostalCode: "01067" } },
    });
    const keyOf = (SalesOrder: string) => itemOf({ event: { data: { SalesOrder } } }).entity.key;
    expect(["00A1", "0000", "7", "0-1"].map(keyOf)).toEqual(["00A1", "0", "7", "0-1"]);
  });
});

describe("the settings of an Event Mesh source", () => {
  it("let in only the systems that they list, by the end of the source", () => {
    const refused = { ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } };
    for (const source of ["/default/sap.s4.beh/730431275", "/default/sap.s4.beh/x730431274", "/730431274/other", "730431274/"])
      expect(decode({ event: { source } }), source).toEqual(refused);
    expect(decode({ event: { source: "730431274" } })).toMatchObject({ ok: true });
    const batch = [{ source: "/a/730431274" }, { source: "/a/1" }].map((event) => ({
      specversion: "1.0",
      id: "1",
      type: TYPE,
      data: { SalesOrder: "1" },
      ...event,
    }));
    expect(decode({ headers: { "content-type": "application/cloudevents-batch+json" }, body: JSON.stringify(batch) })).toEqual(refused);
  });

  it("must list systems and origins, and have the handshake prove itself as the posts do", () => {
    const problems = (settings: object) =>
      JSON.stringify(sapEventMesh.settings.safeParse({ ...SETTINGS, ...settings }).error?.issues ?? []);
    expect(problems({ systems: [] })).toContain("must list the systems");
    expect(problems({ systems: undefined })).toContain("must list the systems");
    expect(problems({ allowedOrigins: [] })).toContain("must list origins");
    expect(problems({ authentication: undefined })).toContain("authentication");
    expect(sapEventMesh.handshakes?.(sapEventMesh.settings.parse(SETTINGS))).toEqual([
      { kind: "cloudEventsOptions", origins: ["*"], ratePerMinute: 6000, authorized: true },
    ]);
  });

  it.each([
    [{ type: "basic" }, "basic"],
    [{ type: "header", name: "x-api-key" }, "headerToken"],
    [
      {
        type: "jwt",
        issuer: "https://acme.authentication.eu10.hana.ondemand.com/oauth/token",
        audience: "signalbox",
        jwksUrl: "https://acme.example/token_keys",
      },
      "jwt",
    ],
    [{ type: "clientCertificate", subject: "CN=event-mesh" }, "clientCertificate"],
  ])("authenticate by %j", (authentication, kind) => {
    expect(sapEventMesh.verification(sapEventMesh.settings.parse({ ...SETTINGS, authentication })).kind).toBe(kind);
  });
});
