import * as z from "zod";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible } from "../decoding/document.ts";
import { ORACLE_INTEGRATION } from "../decoding/oracle-integration.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { day, money, object, text, time, word, type ObjectMap } from "../domain/mapping.ts";
import type { OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Sample, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** As the flow's REST adapter connection is set up: "basic", "header" (an API key), "jwt" (OAuth 2.0 or a JWT assertion). */
  authentication: Authentication,
  /** ISO 4217 code of amounts that come without one. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR")
    .optional(),
});
type Settings = z.infer<typeof Settings>;

const customer: ObjectMap = object("customer", "key", {
  name: text("OrganizationName"),
  number: text("PartyNumber"),
  email: text("EmailAddress"),
  phone: text("FormattedPhoneNumber"),
  region: text("Country"),
});

/** Fields as Fusion's REST resources name them. The key is the envelope's: the id of the record in Fusion. */
const objects = ({ currency }: Settings): ObjectMaps => ({
  SalesOrder: object("order", "key", {
    number: text("OrderNumber"),
    customerId: text("BuyingPartyId"),
    status: word("StatusCode", {
      doo_draft: "draft",
      open: "confirmed",
      partial_close: "partially_fulfilled",
      closed: "closed",
      canceled: "cancelled",
    }),
    total: money("TotalAmount", "TransactionalCurrencyCode", currency),
    orderedAt: time("SubmittedDate"),
  }),
  Invoice: object("invoice", "key", {
    number: text("TransactionNumber"),
    customerId: text("BillToCustomerNumber"),
    status: word("InvoiceStatus", { incomplete: "draft", complete: "open", frozen: "open" }),
    total: money("EnteredAmount", "InvoiceCurrencyCode", currency),
    amountDue: money("InvoiceBalanceAmount", "InvoiceCurrencyCode", currency),
    issuedAt: time("TransactionDate"),
    dueDate: day("DueDate"),
  }),
  Customer: customer,
  Account: customer,
  ServiceRequest: object("case", "key", {
    number: text("SrNumber"),
    subject: text("Title"),
    description: text("ProblemDescription"),
    status: word("StatusCd", {
      ora_svc_new: "new",
      ora_svc_inprogress: "open",
      ora_svc_waiting: "pending",
      ora_svc_resolved: "resolved",
      ora_svc_closed: "closed",
    }),
    priority: word("SeverityCd", { ora_svc_sev1: "high", ora_svc_sev2: "normal", ora_svc_sev3: "low" }),
    customerId: text("AccountPartyId"),
    requesterId: text("PrimaryContactPartyId"),
    openedAt: time("CreationDate"),
  }),
  Shipment: object("shipment", "key", {
    number: text("Shipment"),
    orderId: text("OrderHeaderId"),
    status: word("ShipmentStatus", { open: "planned", confirmed: "shipped", in_transit: "in_transit", delivered: "delivered" }),
    carrier: text("CarrierName"),
    trackingNumber: text("TrackingNumber"),
    shippedAt: time("ActualShipDate"),
  }),
});

/** Reads the envelope that flow authors are given: with `fields` the record's state, without them a hint to read it. */
function decode(request: GenuineRequest, objectMaps: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const envelope = document.value;
  const [type, entity, key] = [readName(envelope["event"]), readName(envelope["entity"]), readName(envelope["key"])];
  if (type === null || entity === null || key === null) return unintelligible("the envelope must have event, entity and key");
  const { fields, deleted, lastUpdateDate } = envelope;
  if (fields !== undefined && fields !== null && !isJsonObject(fields)) return unintelligible(`${type}: its fields are no object`);
  const order = orderOf(envelope);
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const item = toItem(
    {
      type,
      object: entity,
      record: { ...fields, key },
      deliveryId: readName(envelope["eventId"]),
      occurredAtMs: readTimestamp(readName(lastUpdateDate) ?? "", "iso"),
      order: order.value,
      nature: isJsonObject(fields) && Object.keys(fields).length > 0 ? "snapshot" : "hint",
      deleted: deleted === true,
    },
    objectMaps,
  );
  return item.ok ? ok([item.value]) : item;
}

/** The object version number grows with every change of the record; the time of the change stands in where a flow has none. */
function orderOf(envelope: JsonObject): Result<OrderToken, string> {
  const version = envelope["objectVersionNumber"];
  if (version === undefined || version === null) return orderByTimeAt(envelope, "lastUpdateDate", "iso");
  const value = readName(version) ?? "";
  return /^\d+$/.test(value) ? ok({ kind: "int", value }) : fail("its objectVersionNumber is not a whole number");
}

const sampled: Pick<Sample, "contentType" | "provenance" | "settings"> = {
  contentType: "application/json",
  provenance:
    "integrations/oracle/envelope.json, with field names of Fusion's REST resources as docs.oracle.com lists them, read 2026-11-24; values made up",
  settings: { authentication: { type: "basic" }, currency: "EUR" },
};

/**
 * Oracle Fusion through a flow of Oracle Integration, which takes Fusion's business event, reads the record if it can,
 * and posts the envelope that we publish for it. Fusion itself signs nothing and posts to no URL of others. What failed
 * is not sent again unless the flow, or a retry configured in its project, does so.
 */
export const oracleIntegration = defineSource<Settings>({
  scheme: "oracle-integration",
  title: "Oracle Fusion, Oracle Integration flow",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode: (request, context) => decode(request, context.objects),
  objects,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: ORACLE_INTEGRATION,
  setup: [
    "In Oracle Integration, create a REST adapter connection (invoke) to {url} with the security policy that settings.authentication says and {secret}.",
    "Create a flow that is triggered by the business event (ERP Cloud adapter), enable the event in Fusion, and let the flow read the record.",
    "Map to integrations/oracle/envelope.json; integrations/oracle/README.md says what each member must hold.",
    "Configure the retry of invoke connections in the project, or a fault handler in the flow that sends again with the same eventId.",
  ],
  samples: [
    {
      ...sampled,
      name: "sales-order-closed",
      body: `{"eventId":"{id}","event":"SalesOrder.StatusUpdated","entity":"SalesOrder","key":300100543210987654,"lastUpdateDate":"{now:iso}","objectVersionNumber":7,"fields":{"OrderNumber":"50001","BuyingPartyId":300000012345678,"StatusCode":"CLOSED","TotalAmount":1200.50,"TransactionalCurrencyCode":"EUR","SubmittedDate":"2026-01-01T00:00:00.000+00:00","Comments":"Größe geprüft – 確認済み"}}`,
      expect: {
        kind: "order",
        key: "300100543210987654",
        type: "SalesOrder.StatusUpdated",
        data: {
          number: "50001",
          customerId: "300000012345678",
          status: "closed",
          statusRaw: "CLOSED",
          total: { amount: "1200.50", currency: "EUR" },
          orderedAt: "2026-01-01T00:00:00.000Z",
          extra: { Comments: "Größe geprüft – 確認済み" },
        },
      },
    },
    {
      ...sampled,
      name: "service-request-hint",
      body: `{"eventId":"{id}","event":"ServiceRequest.Updated","entity":"ServiceRequest","key":"300100543210987999","lastUpdateDate":"{now:iso}"}`,
      expect: { kind: "case", key: "300100543210987999", type: "ServiceRequest.Updated", data: {} },
    },
  ],
});
