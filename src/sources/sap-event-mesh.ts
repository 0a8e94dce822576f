import * as z from "zod";
import { decodeCloudEvents, recordOf, type CloudEvent } from "../decoding/cloud-events.ts";
import { ANSWER_BY_STATUS, readName, toItem, unmapped } from "../decoding/document.ts";
import { isJsonObject, readPath, type JsonValue } from "../domain/json.ts";
import { object, text, type ObjectMap } from "../domain/mapping.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type ObjectMaps, type Sample, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** As the webhook subscription is set up: "basic", "header" (an API key), "jwt" (OAuth 2.0), "clientCertificate". */
  authentication: Authentication,
  /** The systems that may send, by what their CloudEvents source ends in, such as "730431274". */
  systems: z.array(z.string().min(1), "must list the systems that may send").min(1, "must list the systems that may send"),
  /** What Event Mesh gives as WebHook-Request-Origin, or "*" for whatever it gives; its authorization is checked as well. */
  allowedOrigins: z.array(z.string().min(1), 'must list origins, or be ["*"]').min(1, 'must list origins, or be ["*"]'),
  ratePerMinute: z.int().min(1).default(6_000),
  /** Keys and numbers without the zeros that SAP fills them up with: 0000050001 is 50001, as people and other systems write it. */
  stripLeadingZeros: z.boolean().default(true),
});
type Settings = z.infer<typeof Settings>;

const OBJECTS: ObjectMaps = {
  SalesOrder: object("order", "SalesOrder", { number: text("SalesOrder"), customerId: text("SoldToParty") }),
  BusinessPartner: object("customer", "BusinessPartner", { number: text("BusinessPartner"), name: text("BusinessPartnerName") }),
  BillingDocument: object("invoice", "BillingDocument", { number: text("BillingDocument"), customerId: text("SoldToParty") }),
  OutboundDelivery: object("shipment", "OutboundDelivery", { number: text("OutboundDelivery"), customerId: text("SoldToParty") }),
};

/** `sap.s4.beh.<object>.v1.<Object>.<Action>.v1`; of a custom event only the end has this form. */
const TYPE = /(?:^|\.)([A-Za-z]\w*)\.([A-Za-z]\w*)\.v\d+$/;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

function readEvent(event: CloudEvent, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  const { type, deliveryId } = event;
  if (!settings.systems.includes(event.source.split("/").at(-1) ?? "")) return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const [, name, action] = TYPE.exec(type) ?? [];
  if (name === undefined) return unmapped({ type, deliveryId }, "its type does not end in <Object>.<Action>.v<n>, so it names no object");
  const item = toItem(
    {
      type,
      object: name,
      record: recordOf(event, event.data),
      deliveryId,
      occurredAtMs: event.timeMs,
      order: orderOf(event),
      nature: "hint",
      deleted: action === "Deleted",
    },
    objects,
  );
  const map = objects[name];
  return item.ok && map !== undefined && settings.stripLeadingZeros ? ok(withoutLeadingZeros(item.value, map)) : item;
}

/** `time` has whole seconds and says nothing of the record's state; only events that a team derives tell the moment of the change. */
function orderOf({ data }: CloudEvent): OrderToken {
  const ms = readTimestamp(readName(readPath(data ?? null, "EventRaisedDateTime")) ?? "", "iso");
  return ms === null ? NO_ORDER : timeToken(ms);
}

const shortened = (value: string): string => (/^\d+$/.test(value) ? value.replace(/^0+(?=\d)/, "") : value);

/** Canonical fields by which records are matched. Others, such as a postcode, keep their zeros. */
const MATCHED = ["number", "customerId", "orderId"] as const;

/** The item as other systems write its keys; what was sent stays in `extra`, under the sender's own names. */
function withoutLeadingZeros(item: SourceItem, map: ObjectMap): SourceItem {
  const { key } = item.entity;
  const data: Record<string, JsonValue> = { ...item.entity.data };
  const sent: Record<string, JsonValue> = shortened(key) === key ? {} : { [map.key]: key };
  for (const field of MATCHED) {
    const value = data[field];
    const rule = map.fields[field];
    if (rule === undefined || typeof value !== "string" || shortened(value) === value) continue;
    data[field] = shortened(value);
    sent[rule.from] = value;
  }
  if (Object.keys(sent).length === 0) return item;
  data["extra"] = { ...(isJsonObject(data["extra"]) ? data["extra"] : {}), ...sent };
  return { ...item, entity: { ...item.entity, key: shortened(key), data } };
}

const sampled: Pick<Sample, "contentType" | "settings"> = {
  contentType: "application/cloudevents+json",
  settings: { authentication: { type: "basic" }, systems: ["730431274"], allowedOrigins: ["*"] },
};

/**
 * SAP S/4HANA through Event Mesh, whose webhook subscription posts one CloudEvent a request and signs nothing. Events
 * name a record and hold little of it, up to 18 are on their way at once, and none is ordered: the record is to be read
 * back. With QoS 1 whatever is not answered by 2xx is sent again, from 15 minutes to once a day, and 18 unanswered
 * messages stop the queue, so what cannot be understood is acknowledged too.
 */
export const sapEventMesh = defineSource<Settings>({
  scheme: "sap-event-mesh",
  title: "SAP S/4HANA, Event Mesh",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode: (request, context) => decodeCloudEvents(request, (event) => readEvent(event, context)),
  handshakes: ({ allowedOrigins, ratePerMinute }) => [
    { kind: "cloudEventsOptions", origins: allowedOrigins, ratePerMinute, authorized: true },
  ],
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: null,
    source: "github.com/SAP-docs/btp-integration-suite, ISuite_Event_Mesh (webhook subscriptions, QoS 1), read 2026-11-24",
  },
  setup: [
    "In S/4HANA, bind the outbound topics of the business objects to the channel of your Event Mesh instance.",
    "In Event Mesh, create a queue for the router alone and subscribe it to those topics.",
    "Create a webhook subscription on the queue: QoS 1, URL {url}, and the authentication that settings.authentication says, with {secret}.",
    "Set its content type to application/cloudevents+json. Leave the handshake on: the router answers it.",
    "List in settings.systems what the CloudEvents source of your system ends in, and nothing else: every tenant is a source of its own.",
    "Let the route read the record back by OData: the event holds hardly more than its key.",
  ],
  samples: [
    {
      ...sampled,
      name: "sales-order-changed",
      provenance:
        "S/4HANA's type grammar as in SAP's teaching repositories and Event Mesh's documentation (github.com/SAP-docs/btp-integration-suite), read 2026-11-24; values made up",
      body: `{"type":"sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1","specversion":"1.0","source":"/default/sap.s4.beh/730431274","id":"{id}","time":"{now:iso}","datacontenttype":"application/json","data":{"SalesOrder":"0000050001"}}`,
      expect: {
        kind: "order",
        key: "50001",
        type: "sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1",
        data: { number: "50001", extra: { SalesOrder: "0000050001" } },
      },
    },
    {
      ...sampled,
      name: "sales-order-status-derived",
      provenance:
        "fields of the derived events in github.com/ndbs-rti/rap-zs4sc-poc (ZDEMOEVENT_SalesOrder_Ovr_B0BF), read 2026-11-24; values made up, two custom fields added",
      contentType: "application/json",
      body: `{"type":"zdemo.salesorder.v1.SalesOrder.OverallStatusChanged.v1","specversion":"1.0","source":"/default/sap.s4.beh/730431274","id":"{id}","time":"{now:iso}","datacontenttype":"application/json","data":{"SalesOrder":"50002","EventRaisedDateTime":"2026-01-01T00:00:00.1234560Z","SalesOrderType":"OR","SoldToParty":"0010100001","OverallDeliveryStatus":"B","PreviousOverallDeliveryStatus":"A","YY1_Hinweis":"Größe prüfen – 至急","YY1_Legacy":900719925474099312}}`,
      expect: {
        kind: "order",
        key: "50002",
        type: "zdemo.salesorder.v1.SalesOrder.OverallStatusChanged.v1",
        data: {
          number: "50002",
          customerId: "10100001",
          extra: {
            EventRaisedDateTime: "2026-01-01T00:00:00.1234560Z",
            SalesOrderType: "OR",
            SoldToParty: "0010100001",
            OverallDeliveryStatus: "B",
            PreviousOverallDeliveryStatus: "A",
            YY1_Hinweis: "Größe prüfen – 至急",
            YY1_Legacy: "900719925474099312",
          },
        },
      },
    },
  ],
});
