import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { object, text } from "../../src/domain/mapping.ts";
import { mergeObjects, type ObjectMaps, type Part, type SourceDefinition, type SourceItem } from "../../src/sources/define.ts";
import { oracleBusinessEvent } from "../../src/sources/oracle-business-event.ts";
import { oracleIntegration } from "../../src/sources/oracle-integration.ts";
import { oracleOrderManagement } from "../../src/sources/oracle-order-management.ts";

const BASIC = { authentication: { type: "basic" } };

function decode(source: SourceDefinition, body: string, settings: object = {}, objects: ObjectMaps = {}) {
  const live = source.settings.parse({ ...BASIC, ...settings });
  const headers = new Headers({ "content-type": "text/plain" });
  return source.decode(
    {
      body: new TextEncoder().encode(body),
      headers,
      url: new URL("https://edge.test/in/oracle"),
      contentType: "text/plain",
      receivedAtMs: 0,
    },
    { settings: live, objects: mergeObjects(source.objects(live), objects) },
  );
}

function parts(decoded: ReturnType<typeof decode>): readonly Part[] {
  if (!decoded.ok) throw new Error(`not understood: ${JSON.stringify(decoded.failure)}`);
  return decoded.value;
}

function only(decoded: ReturnType<typeof decode>): SourceItem {
  const [part, ...more] = parts(decoded);
  if (part === undefined || "odd" in part || more.length > 0) throw new Error(`no single event: ${JSON.stringify([part, ...more])}`);
  return part;
}

const unintelligible = (words: string) => ({ ok: false, failure: { kind: "unintelligible", detail: expect.stringContaining(words) } });
const REJECTED = { ok: false, failure: { kind: "rejected", reason: "doctype_forbidden" } };

describe("the envelope for flows of Oracle Integration", () => {
  const envelope = { eventId: "E-1", event: "SalesOrder.Updated", entity: "SalesOrder", key: "300100543210987654" };
  const flow = (changes: object, settings: object = {}) => decode(oracleIntegration, JSON.stringify({ ...envelope, ...changes }), settings);

  it("as published is read into the entity that it shows", () => {
    const published = readFileSync(path.join(import.meta.dirname, "../../integrations/oracle/envelope.json"), "utf8");
    expect(only(decode(oracleIntegration, published))).toMatchObject({
      deliveryId: expect.stringMatching(/./),
      nature: "snapshot",
      order: { kind: "int" },
      entity: {
        kind: "order",
        key: "300100543210987654",
        data: { number: "50001", status: "confirmed", total: { amount: "1200.50", currency: "EUR" } },
      },
    });
  });

  it("is a snapshot with fields and a hint without", () => {
    expect(only(flow({ fields: { OrderNumber: "7", key: "other" } }))).toMatchObject({
      nature: "snapshot",
      entity: { key: envelope.key, data: { number: "7" } },
    });
    for (const fields of [undefined, null, {}])
      expect(only(flow({ fields }))).toMatchObject({ nature: "hint", entity: { key: envelope.key, data: {} } });
    expect(flow({ fields: "x" })).toMatchObject(unintelligible("fields are no object"));
  });

  it("is ordered by the version, else by the time, else by nothing", () => {
    const at = { lastUpdateDate: "2026-01-01T01:00:00.500+01:00" };
    expect(only(flow({ ...at, objectVersionNumber: 12 }))).toMatchObject({
      order: { kind: "int", value: "12" },
      occurredAtMs: 1767225600500,
    });
    expect(only(flow(at)).order).toEqual({ kind: "time", value: "1767225600500" });
    expect(only(flow({})).order).toEqual({ kind: "none" });
    expect(flow({ objectVersionNumber: "7a" })).toMatchObject(unintelligible("objectVersionNumber"));
    expect(flow({ lastUpdateDate: "01/02/2026" })).toMatchObject(unintelligible("lastUpdateDate"));
    expect(flow({ lastUpdateDate: "2026-01-01T00:00:00" })).toMatchObject(unintelligible("with its zone"));
  });

  it("needs event, entity and key, and may lack an id", () => {
    for (const name of ["event", "entity", "key"])
      expect(flow({ [name]: undefined })).toMatchObject(unintelligible("event, entity and key"));
    expect(only(flow({ eventId: undefined })).deliveryId).toBeNull();
    expect(only(flow({ deleted: true })).deleted).toBe(true);
    expect(flow({ entity: "Item" })).toMatchObject({ ok: false, failure: { kind: "unmapped", deliveryId: "E-1" } });
  });

  it.each([
    ["SalesOrder", { StatusCode: "CANCELED" }, { status: "cancelled", statusRaw: "CANCELED" }],
    [
      "Invoice",
      { EnteredAmount: 10.5, InvoiceStatus: "Complete", DueDate: "2026-02-01" },
      { status: "open", total: { amount: "10.5", currency: "USD" }, dueDate: "2026-02-01" },
    ],
    ["Account", { OrganizationName: "Acme" }, { name: "Acme" }],
    ["Customer", { PartyNumber: "00042" }, { number: "00042" }],
    ["ServiceRequest", { StatusCd: "ORA_SVC_WAITING", SeverityCd: "ORA_SVC_SEV1" }, { status: "pending", priority: "high" }],
    [
      "Shipment",
      { ShipmentStatus: "Confirmed", OrderHeaderId: "300100543210987654" },
      { status: "shipped", orderId: "300100543210987654" },
    ],
  ])("of %s with %j", (entity, fields, data) => {
    expect(only(flow({ entity, fields }, { currency: "USD" })).entity.data).toMatchObject(data);
  });
});

describe("a business event in Fusion's own XML", () => {
  const events = { ApInvHoldAppliedInfo: { object: "SalesOrder", key: "InvoiceId", occurredAt: "HoldDate" } };
  const field = (name: string, now: string, before = "") =>
    `<${name}><newValue${now === "" ? "" : ` value="${now}"`}/><oldValue${before === "" ? "" : ` value="${before}"`}/></${name}>`;
  const info = (fields: string, name = "ApInvHoldAppliedInfo") => `<${name}>${fields}</${name}>`;
  const posted = (infos: string, settings: object = {}, objects: ObjectMaps = {}) =>
    decode(oracleBusinessEvent, `<onEvent>${infos}</onEvent>`, { events, ...settings }, objects);

  it("is a hint with the new values, ids as text, and the old ones apart", () => {
    const fields = field("InvoiceId", "300000012345678901") + field("Reason", "b", "a") + field("Gone", "", "x") + field("Empty", "");
    expect(only(posted(info(fields + field("HoldDate", "2026-01-01T06:27:33"))))).toMatchObject({
      type: "ApInvHoldAppliedInfo",
      deliveryId: null,
      occurredAtMs: Date.UTC(2026, 0, 1, 6, 27, 33),
      order: { kind: "none" },
      nature: "hint",
      entity: {
        kind: "order",
        key: "300000012345678901",
        data: { extra: { Reason: "b", Gone: null, HoldDate: "2026-01-01T06:27:33", oldValues: { Reason: "a", Gone: "x" } } },
      },
    });
    expect(JSON.stringify(posted(info(fields)))).not.toContain("Empty");
  });

  it("is found in any namespace, in a SOAP envelope, and several at a time", () => {
    const namespaced = `<e:onEvent xmlns:e="urn:e"><n:ApInvHoldAppliedInfo xmlns:n="urn:n"><n:InvoiceId><n:newValue value="1"/></n:InvoiceId></n:ApInvHoldAppliedInfo></e:onEvent>`;
    expect(only(decode(oracleBusinessEvent, namespaced, { events })).entity.key).toBe("1");
    const soap = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>${namespaced}</s:Body></s:Envelope>`;
    expect(only(decode(oracleBusinessEvent, soap, { events })).entity.key).toBe("1");
    const two = parts(posted(info(field("InvoiceId", "1")) + info(field("InvoiceId", "2")) + info("", "OtherInfo")));
    expect(two).toMatchObject([{ entity: { key: "1" } }, { entity: { key: "2" } }, { odd: "unmapped", type: "OtherInfo" }]);
    expect(new Set(two.map(({ content }) => content)).size).toBe(3);
  });

  it("is ordered only by a field that the settings name", () => {
    const fields = field("InvoiceId", "1") + field("Version", "8") + field("At", "2026-01-01T00:00:00.5");
    const orderBy = (order: object) =>
      posted(info(fields), { events: { ApInvHoldAppliedInfo: { ...events.ApInvHoldAppliedInfo, order } } });
    expect(only(orderBy({ field: "Version", as: "int" })).order).toEqual({ kind: "int", value: "8" });
    expect(only(orderBy({ field: "At", as: "time" })).order).toEqual({ kind: "time", value: "1767225600500" });
    expect(only(orderBy({ field: "Nowhere", as: "int" })).order).toEqual({ kind: "none" });
    expect(parts(orderBy({ field: "At", as: "int" }))).toMatchObject([{ odd: "unintelligible" }]);
    expect(parts(orderBy({ field: "Version", as: "time" }))).toMatchObject([{ odd: "unintelligible" }]);
  });

  it("takes its key from the field that the settings name, for a team's objects too", () => {
    const objects: ObjectMaps = { SalesOrder: object("order", "Other", { number: text("Number") }) };
    expect(only(posted(info(field("InvoiceId", "9") + field("Number", "N-1")), {}, objects)).entity).toMatchObject({
      key: "9",
      data: { number: "N-1" },
    });
    const unknown = { events: { ApInvHoldAppliedInfo: { object: "Nothing", key: "InvoiceId" } } };
    expect(parts(posted(info(field("InvoiceId", "9")), unknown))).toMatchObject([
      { odd: "unmapped", detail: expect.stringContaining('"Nothing"') },
    ]);
    expect(parts(posted(info(""), {}))).toMatchObject([{ odd: "unintelligible", detail: expect.stringContaining("InvoiceId") }]);
    expect(oracleBusinessEvent.settings.safeParse({ ...BASIC, events: {} }).success).toBe(false);
  });

  it("refuses declarations, and says what is no event", () => {
    expect(decode(oracleBusinessEvent, `<!DOCTYPE a [<!ENTITY b "c">]><onEvent/>`, { events })).toEqual(REJECTED);
    for (const body of ["<onEvent/>", "<other><onEvent/></other>", "<onEvent>text</onEvent>"])
      expect(decode(oracleBusinessEvent, body, { events })).toMatchObject(unintelligible("no onEvent element"));
    expect(decode(oracleBusinessEvent, "<onEvent><a></onEvent>", { events })).toMatchObject(unintelligible("not well-formed"));
  });
});

describe("pushPayload of the Order Management connector", () => {
  const posted = (payload: string, header = "") =>
    decode(
      oracleOrderManagement,
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>${header}</s:Header><s:Body><c:pushPayload xmlns:c="urn:c">${payload}</c:pushPayload></s:Body></s:Envelope>`,
    );
  const order = (id: string, rest = "") => `<OrderHeader><OrchestrationOrderId>${id}</OrchestrationOrderId>${rest}</OrderHeader>`;
  const escaped = (xml: string) => xml.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

  it("is read as elements, as escaped text and as CDATA, with or without an XML declaration", () => {
    const xml = `<results>${order("300100543210987654", "<StatusCodeNewValue>OPEN</StatusCodeNewValue><Note>a &amp; b</Note>")}</results>`;
    const expected = { entity: { kind: "order", key: "300100543210987654", data: { status: "confirmed", extra: { Note: "a & b" } } } };
    for (const payload of [
      xml,
      escaped(xml),
      `<payload>${escaped(`<?xml version="1.0"?>\n${xml}`)}</payload>`,
      `<p><![CDATA[ ${xml}]]></p>`,
    ])
      expect(only(posted(payload)), payload).toMatchObject({ ...expected, deliveryId: null, nature: "hint", order: { kind: "none" } });
  });

  it("knows the names of REST resources too, in any element, and the time of the change", () => {
    const rest = `<order><HeaderId>1</HeaderId><OrderNumber>50001</OrderNumber><BuyingPartyId>2</BuyingPartyId><StatusCode>CANCELED</StatusCode><LastUpdateDate>2026-01-01T00:00:00.500+00:00</LastUpdateDate></order>`;
    expect(only(posted(rest))).toMatchObject({
      type: "pushPayload",
      order: { kind: "time", value: "1767225600500" },
      occurredAtMs: 1767225600500,
      entity: { key: "1", data: { number: "50001", customerId: "2", status: "cancelled" } },
    });
  });

  it("keeps every line, what is nil, and both names where both are there", () => {
    const line = (id: string) =>
      `<OrderLine><EventCode>HOLD</EventCode><OrchestrationOrderLineId>${id}</OrchestrationOrderLineId></OrderLine>`;
    const nil = `<HoldCode xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`;
    expect(only(posted(order("7", line("1") + line("2") + line("3") + nil + "<HeaderId>8</HeaderId>")))).toMatchObject({
      type: "HOLD",
      entity: {
        key: "8",
        data: {
          extra: {
            OrchestrationOrderId: "7",
            HoldCode: null,
            OrderLine: ["1", "2", "3"].map((id) => ({ EventCode: "HOLD", OrchestrationOrderLineId: id })),
          },
        },
      },
    });
  });

  it("has one part an order, each with an id and a content of its own", () => {
    const id = `<w:MessageID xmlns:w="http://www.w3.org/2005/08/addressing"> urn:uuid:1 </w:MessageID>`;
    const two = parts(posted(`<results>${order("1")}${order("2")}</results>`, id));
    expect(two).toMatchObject([
      { deliveryId: "urn:uuid:1#0", entity: { key: "1" } },
      { deliveryId: "urn:uuid:1#1", entity: { key: "2" } },
    ]);
    expect(new Set(two.map(({ content }) => content)).size).toBe(2);
    expect(only(posted(order("1"), id)).deliveryId).toBe("urn:uuid:1");
  });

  it("leaves out what names only lines, and keeps for a person what names nothing", () => {
    expect(parts(posted("<OrderHeader><OrderLine><EventCode>JEOPARDY</EventCode></OrderLine></OrderHeader>"))).toMatchObject([
      { odd: "unmapped", type: "JEOPARDY", detail: expect.stringContaining("no order header") },
    ]);
    expect(parts(posted("<OrderHeader><EventCode>X</EventCode></OrderHeader>"))).toMatchObject([{ odd: "unintelligible" }]);
    expect(posted("hello")).toMatchObject(unintelligible("no order header"));
    expect(posted("<a>&lt;b></a>")).toMatchObject(unintelligible("the text in pushPayload"));
    expect(decode(oracleOrderManagement, "<pushPayload/>")).toMatchObject(unintelligible("no SOAP envelope"));
    expect(decode(oracleOrderManagement, "<Envelope><Body><process/></Body></Envelope>")).toMatchObject(unintelligible("no SOAP envelope"));
  });

  it("refuses declarations of types and entities, also in the text inside", () => {
    const attack = `<!DOCTYPE a [<!ENTITY b "c">]><OrderHeader><HeaderId>&b;</HeaderId></OrderHeader>`;
    expect(decode(oracleOrderManagement, attack)).toEqual(REJECTED);
    expect(posted(escaped(attack))).toEqual(REJECTED);
  });

  it("is stored without the credentials that a policy puts into its header", () => {
    const stored = (xml: string) => new TextDecoder().decode(oracleOrderManagement.forStorage?.(new TextEncoder().encode(xml)));
    expect(
      stored(`<w:UsernameToken><w:Username>u</w:Username><w:Password Type="#PasswordText">s3cret</w:Password></w:UsernameToken>`),
    ).toBe(`<w:UsernameToken><w:Username>u</w:Username><w:Password Type="#PasswordText"></w:Password></w:UsernameToken>`);
    expect(stored("<BinarySecurityToken>abc")).toBe("<BinarySecurityToken>");
    const body = new TextEncoder().encode("<a><Password/><PasswordHint>x</PasswordHint></a>");
    expect(oracleOrderManagement.forStorage?.(body)).toBe(body);
  });
});
