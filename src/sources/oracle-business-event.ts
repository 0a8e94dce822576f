import * as z from "zod";
import { ANSWER_BY_STATUS, readParts, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { ORACLE_INTEGRATION } from "../decoding/oracle-integration.ts";
import { attributeOf, childrenOf, readXml, textOf, type XmlNode } from "../decoding/xml.ts";
import type { JsonObject, JsonValue } from "../domain/json.ts";
import { object, text } from "../domain/mapping.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import {
  defineSource,
  type DecodeFailure,
  type GenuineRequest,
  type ObjectMaps,
  type Part,
  type Sample,
  type SourceItem,
} from "./define.ts";

const FieldName = z.string().min(1);

const Event = z.strictObject({
  /** The object that the event is about: SalesOrder, Invoice, Customer, Shipment, ServiceRequest or one of your own. */
  object: z.string().min(1),
  /** The field that holds the record's id. */
  key: FieldName,
  /** The field that holds the moment of the event. Without a zone it counts as UTC, which Fusion stores. */
  occurredAt: FieldName.optional(),
  /** A field of the record itself that grows with every change of it. */
  order: z.strictObject({ field: FieldName, as: z.enum(["int", "time"]) }).optional(),
  /** The event says that the record is gone. */
  deleted: z.boolean().default(false),
});

const Settings = z.strictObject({
  authentication: Authentication,
  /** What each event is about, by the name of its element in onEvent, such as "OrderOrchestrationStatusUpdateInfo". */
  events: z
    .record(z.string().min(1), Event)
    .refine((events) => Object.keys(events).length > 0, "must say what at least one event is about"),
});
type Settings = z.infer<typeof Settings>;

const OBJECTS: ObjectMaps = {
  SalesOrder: object("order", "HeaderId", { number: text("OrderNumber") }),
  Invoice: object("invoice", "CustomerTrxId", { number: text("TrxNumber") }),
  Customer: object("customer", "PartyId", { name: text("PartyName"), number: text("PartyNumber") }),
  Shipment: object("shipment", "DeliveryId", { number: text("DeliveryName") }),
  ServiceRequest: object("case", "SrId", { number: text("SrNumber"), subject: text("Title") }),
};

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

interface Info {
  readonly type: string;
  readonly record: JsonObject;
}

function decode(request: GenuineRequest, context: Context): Result<readonly Part[], DecodeFailure> {
  const root = readXml(request.body);
  if (!root.ok) return root;
  const event = onEventIn(root.value);
  const infos = event === null ? [] : childrenOf(event).map(infoOf);
  if (infos.length === 0) return unintelligible("no onEvent element that holds the event's information");
  return readParts(
    infos,
    (info) => readInfo(info, context),
    ({ type, record }) => JSON.stringify([type, record]),
  );
}

/** The event, bare or in the body of a SOAP envelope. A flow may have given it any namespace. */
function onEventIn(root: XmlNode): XmlNode | null {
  if (root.local === "onEvent") return root;
  const body = root.local === "Envelope" ? childrenOf(root).find(({ local }) => local === "Body") : undefined;
  return (body === undefined ? undefined : childrenOf(body).find(({ local }) => local === "onEvent")) ?? null;
}

/** New values under the fields' own names; those that were there before, if any, under `oldValues`. */
function infoOf(element: XmlNode): Info {
  const now = new Map<string, JsonValue>();
  const before = new Map<string, JsonValue>();
  for (const field of childrenOf(element)) {
    const [fresh, old] = ["newValue", "oldValue"].map((name) => childrenOf(field).find(({ local }) => local === name));
    const changed = fresh !== undefined || old !== undefined;
    const value = changed ? valueOf(fresh) : textOf(field);
    const oldValue = valueOf(old);
    if (value !== "" || oldValue !== "") now.set(field.local, value === "" ? null : value);
    if (oldValue !== "") before.set(field.local, oldValue);
  }
  if (before.size > 0) now.set("oldValues", Object.fromEntries(before));
  return { type: element.local, record: Object.fromEntries(now) };
}

const valueOf = (element: XmlNode | undefined): string =>
  element === undefined ? "" : (attributeOf(element, "", "value") ?? textOf(element));

function readInfo({ type, record }: Info, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  const event = Object.hasOwn(settings.events, type) ? settings.events[type] : undefined;
  if (event === undefined) return unmapped({ type, deliveryId: null }, `settings.events does not say what ${type} is about`);
  const map = Object.hasOwn(objects, event.object) ? objects[event.object] : undefined;
  const order = orderOf(record, event.order);
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  return toItem(
    {
      type,
      object: event.object,
      record,
      deliveryId: null,
      occurredAtMs: event.occurredAt === undefined ? null : readTime(record[event.occurredAt]),
      order: order.value,
      nature: "hint",
      deleted: event.deleted,
    },
    map === undefined ? objects : { ...objects, [event.object]: { ...map, key: event.key } },
  );
}

function orderOf(record: JsonObject, order: z.infer<typeof Event>["order"]): Result<OrderToken, string> {
  const value = order === undefined ? null : (record[order.field] ?? null);
  if (order === undefined || value === null) return ok(NO_ORDER);
  if (order.as === "int")
    return typeof value === "string" && /^\d+$/.test(value) ? ok({ kind: "int", value }) : fail(`its ${order.field} is not a whole number`);
  const ms = readTime(value);
  return ms === null ? fail(`its ${order.field} is not a time`) : ok(timeToken(ms));
}

const WITHOUT_ZONE = /T\d{2}:\d{2}:\d{2}(?:\.\d+)?$/;

function readTime(value: JsonValue | undefined): number | null {
  if (typeof value !== "string") return null;
  return readTimestamp(WITHOUT_ZONE.test(value) ? `${value}Z` : value, "iso");
}

const sampled: Pick<Sample, "contentType"> = { contentType: "application/xml; charset=utf-8" };

/**
 * Business events of Oracle Fusion in their own XML, with old and new values as attributes, passed on as they are by a
 * flow of Oracle Integration or another subscriber. They have no id and no version, and tell of a part of the record:
 * it is to be read back. Two events that say the very same with no time in them count as one.
 */
export const oracleBusinessEvent = defineSource<Settings>({
  scheme: "oracle-business-event",
  title: "Oracle Fusion, business event XML",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: ORACLE_INTEGRATION,
  setup: [
    "Enable the business event in Fusion: many are off by default.",
    "In Oracle Integration, create a flow that is triggered by the event (ERP Cloud adapter) and posts the event's XML unchanged to {url}, with the security policy that settings.authentication says and {secret}.",
    "List in settings.events, for each element that stands in onEvent, the object and the field with the record's id, and a field with the moment where there is one.",
    "Let the route read the record back.",
  ],
  samples: [
    {
      ...sampled,
      name: "order-status-update",
      provenance:
        "OrderOrchestrationStatusUpdateInfo of FulfillLineEO as an Oracle SOA mapping of the order status composite reads it (found by code search on GitHub), read 2026-11-24; values made up, two fields added",
      settings: {
        authentication: { type: "basic" },
        events: { OrderOrchestrationStatusUpdateInfo: { object: "SalesOrder", key: "SourceOrderId", occurredAt: "StatusDate" } },
      },
      body: `<?xml version="1.0" encoding="UTF-8"?>
<ns01:onEvent xmlns:ns01="http://xmlns.oracle.com/cloud/adapter/erp/">
 <ns0:OrderOrchestrationStatusUpdateInfo xmlns:ns0="/oracle/apps/scm/doo/processOrder/model/entity/events/schema/FulfillLineEO">
  <ns0:SourceOrderId><ns0:newValue value="300100543210987654"/><ns0:oldValue/></ns0:SourceOrderId>
  <ns0:SourceLineNumber><ns0:newValue value="1"/><ns0:oldValue/></ns0:SourceLineNumber>
  <ns0:StatusCode><ns0:newValue value="SHIPPED"/><ns0:oldValue value="AWAIT_SHIP"/></ns0:StatusCode>
  <ns0:StatusDate><ns0:newValue value="2026-01-01T06:27:33"/><ns0:oldValue/></ns0:StatusDate>
  <ns0:LegacyNumber>820982911946154508</ns0:LegacyNumber>
 </ns0:OrderOrchestrationStatusUpdateInfo>
</ns01:onEvent>`,
      expect: {
        kind: "order",
        key: "300100543210987654",
        type: "OrderOrchestrationStatusUpdateInfo",
        data: {
          extra: {
            SourceLineNumber: "1",
            StatusCode: "SHIPPED",
            StatusDate: "2026-01-01T06:27:33",
            LegacyNumber: "820982911946154508",
            oldValues: { StatusCode: "AWAIT_SHIP" },
          },
        },
      },
    },
    {
      ...sampled,
      name: "invoice-hold-applied",
      provenance: "soavijaya.blogspot.com/2021/06/oic-erp-adapter-filter-business-events.html, read 2026-11-24; shortened, values made up",
      settings: {
        authentication: { type: "basic" },
        events: { ApInvHoldAppliedInfo: { object: "PayablesHold", key: "HoldId", occurredAt: "HoldDate" } },
      },
      objects: {
        PayablesHold: object("activity", "HoldId", {
          type: text("HoldLookupCode"),
          body: text("HoldReason"),
          relatedId: text("InvoiceId"),
        }),
      },
      body: `<ns01:onEvent xmlns:ns01="http://xmlns.oracle.com/cloud/adapter/erp/"><ns0:ApInvHoldAppliedInfo xmlns:ns0="/oracle/apps/financials/payables/invoices/events/"><ns0:InvoiceId><ns0:newValue value="300000012345678"/><ns0:oldValue/></ns0:InvoiceId><ns0:HoldId><ns0:newValue value="72011"/><ns0:oldValue/></ns0:HoldId><ns0:HoldLookupCode><ns0:newValue value="AMT REC"/><ns0:oldValue/></ns0:HoldLookupCode><ns0:HoldReason><ns0:newValue value="Betrag größer als geliefert – 超過"/><ns0:oldValue/></ns0:HoldReason><ns0:LineNumber><ns0:newValue value=""/><ns0:oldValue/></ns0:LineNumber><ns0:HoldDate><ns0:newValue value="2026-01-01T06:27:33"/><ns0:oldValue/></ns0:HoldDate></ns0:ApInvHoldAppliedInfo></ns01:onEvent>`,
      expect: {
        kind: "activity",
        key: "72011",
        type: "ApInvHoldAppliedInfo",
        data: {
          type: "AMT REC",
          body: "Betrag größer als geliefert – 超過",
          relatedId: "300000012345678",
          extra: { HoldDate: "2026-01-01T06:27:33" },
        },
      },
    },
  ],
});
