import * as z from "zod";
import { ANSWER_BY_STATUS, readEvents, readName, toItem, unintelligible } from "../decoding/document.ts";
import { longId, recordShape, salesforceObjects } from "../decoding/salesforce-records.ts";
import {
  changedRecord,
  readChangeHeader,
  readInstant,
  unwrapEvent,
  type ChangeHeader,
  type RelayedEvent,
} from "../decoding/salesforce-relayed-event.ts";
import { NATURES, type Nature } from "../domain/event.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { object, text, time, word } from "../domain/mapping.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type OddPart, type Part } from "./define.ts";

const EventName = z.string().min(1).max(256);

const PlatformEvent = z.strictObject({
  /** Whether the event holds the record's whole state, a part of it, or only tells that it changed. */
  nature: z.enum(NATURES).default("snapshot"),
  /** The field that says which of two events is newer. */
  order: z.strictObject({ field: z.string().min(1), as: z.enum(["time", "int"]) }).default({ field: "CreatedDate", as: "time" }),
});
type PlatformEvent = z.infer<typeof PlatformEvent>;

const Settings = z.strictObject({
  /** How the relay proves itself. */
  authentication: Authentication,
  /** Client ids under which we ourselves write to the organization: their changes are echoes, and ignored. */
  ownClientIds: z.array(z.string().min(1)).default([]),
  /** What differs from the defaults, by the name of a platform event. The source's object of that name reads its fields. */
  platformEvents: z.record(EventName, PlatformEvent).default({}),
  /** The platform event that a body is which names none, as the relay of a single channel may send it. */
  unnamedEvent: EventName.optional(),
  ...recordShape,
});
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

const MOST_EVENTS = 1_000;

/** One part for every record of every event of the body, which holds one event or a list of them. */
function decode(request: GenuineRequest, context: Context): Result<readonly Part[], DecodeFailure> {
  const events = readEvents(request.body, MOST_EVENTS);
  if (!events.ok) return events;
  if (events.value.length === 0) return unintelligible("an empty list of events");
  return ok(events.value.flatMap((event) => partsOf(unwrapEvent(event), context)));
}

function partsOf(event: RelayedEvent, context: Context): readonly Part[] {
  const head = event.payload["ChangeEventHeader"];
  if (!isJsonObject(head)) return [platformPart(event, context)];
  const header = readChangeHeader(head);
  if (header !== null) return changeParts(event, header, context);
  const lacking = "ChangeEventHeader lacks entityName, changeType or recordIds (1 to 1,000 ids)";
  return [odd({ type: "unreadable", deliveryId: null, content: JSON.stringify(event.payload) }, "unintelligible", lacking)];
}

/** What is known of a part whether or not it can be read. */
interface Labels {
  readonly type: string;
  readonly deliveryId: string | null;
  readonly content: string;
}

const LONGEST_DETAIL = 400;
const odd = (labels: Labels, kind: OddPart["odd"], detail: string): OddPart => ({
  odd: kind,
  ...labels,
  detail: detail.slice(0, LONGEST_DETAIL),
});

function changeParts(event: RelayedEvent, header: ChangeHeader, { settings, objects }: Context): readonly Part[] {
  const { entity, changeType, recordIds, clientId } = header;
  const type = `${entity}.${changeType}`;
  const deliveryId = changeDeliveryId(event, header);
  if (changeType === "GAP_OVERFLOW" || recordIds.some((id) => id.includes("*"))) {
    const which = `any ${entity} may have changed, and Salesforce does not say which: reconcile all records of ${entity}`;
    return [odd({ type, deliveryId, content: JSON.stringify(event.payload) }, "unintelligible", which)];
  }
  const map = Object.hasOwn(objects, entity) ? objects[entity] : undefined;
  const { record, aside } = changeType.startsWith("GAP_") ? NOTHING : changedRecord(event.payload, header, map);
  return recordIds.map((recordId, index) => {
    const change = { header, record: { ...record, Id: longId(recordId) }, aside };
    const content = JSON.stringify([type, header.order, change.record, aside]);
    const labels = { type, content, deliveryId: deliveryId === null || recordIds.length === 1 ? deliveryId : `${deliveryId}#${index}` };
    return clientId !== null && settings.ownClientIds.includes(clientId)
      ? odd(labels, "unmapped", `an echo of our own write: its origin is client ${clientId}`)
      : changePart(labels, change, objects);
  });
}

const NOTHING = { record: {}, aside: {} };

/** The place in the channel; where the relay left it out, the event's own id or its place in the transaction. */
function changeDeliveryId({ name, replayId, uuid }: RelayedEvent, { entity, transaction, sequence }: ChangeHeader): string | null {
  if (replayId !== null) return `${name ?? entity}/${replayId}`;
  return uuid ?? (transaction === null || sequence === null ? null : `${entity}/${transaction}/${sequence}`);
}

interface Change {
  readonly header: ChangeHeader;
  readonly record: JsonObject;
  readonly aside: JsonObject;
}

function changePart(labels: Labels, { header, record, aside }: Change, objects: ObjectMaps): Part {
  const nature = natureOf(header);
  if (nature === null) return odd(labels, "unmapped", `changes of type ${header.changeType} are not read`);
  const { entity, occurredAtMs, order, changeType } = header;
  const deleted = changeType === "DELETE" || changeType === "GAP_DELETE";
  const part = itemOr(labels, toItem({ ...labels, object: entity, record, occurredAtMs, order, nature, deleted }, objects));
  if ("odd" in part || Object.keys(aside).length === 0) return part;
  const extra = part.entity.data["extra"];
  const data = { ...part.entity.data, extra: { ...(isJsonObject(extra) ? extra : {}), ...aside } };
  return { ...part, entity: { ...part.entity, data } };
}

const itemOr = (labels: Labels, read: ReturnType<typeof toItem>): Part =>
  read.ok
    ? read.value
    : odd(labels, read.failure.kind === "unmapped" ? "unmapped" : "unintelligible", "detail" in read.failure ? read.failure.detail : "");

/** A change whose lists of fields the relay did not decode does not say what was emptied: the record must be read. */
function natureOf({ changeType, changed, nulled, diffs }: ChangeHeader): Nature | null {
  switch (changeType) {
    case "CREATE":
    case "UNDELETE":
    case "DELETE":
      return "snapshot";
    case "UPDATE":
      return [changed, nulled, diffs].includes("bitmap") ? "hint" : "delta";
    case "GAP_CREATE":
    case "GAP_UPDATE":
    case "GAP_DELETE":
    case "GAP_UNDELETE":
      return "hint";
    default:
      return null;
  }
}

const DEFAULTS = PlatformEvent.parse({});

function platformPart({ payload, name: named, replayId, uuid }: RelayedEvent, { settings, objects }: Context): Part {
  const name = named ?? settings.unnamedEvent ?? null;
  const content = JSON.stringify([name, payload]);
  if (name === null) {
    const lacking = "neither a ChangeEventHeader nor the name of a platform event; settings.unnamedEvent can name it";
    return odd({ type: "unreadable", deliveryId: null, content }, "unintelligible", lacking);
  }
  const labels = { type: name, content, deliveryId: uuid ?? (replayId === null ? null : `${name}/${replayId}`) };
  const { nature, order } = Object.hasOwn(settings.platformEvents, name) ? (settings.platformEvents[name] ?? DEFAULTS) : DEFAULTS;
  const token = orderOf(payload, order);
  if (token === null) return odd(labels, "unintelligible", `${name}: the order at "${order.field}" is no ${order.as}`);
  const occurredAtMs = readInstant(payload["CreatedDate"]);
  const { EventUuid: _uuid, ...record } = payload;
  return itemOr(labels, toItem({ ...labels, object: name, record, occurredAtMs, order: token, nature, deleted: false }, objects));
}

/** None where the field is missing; null where it cannot be read. */
function orderOf(payload: JsonObject, { field, as }: PlatformEvent["order"]): OrderToken | null {
  const value = payload[field];
  if (value === undefined || value === null) return NO_ORDER;
  if (as === "int") return /^-?\d{1,40}$/.test(readName(value) ?? "") ? { kind: "int", value: readName(value) ?? "" } : null;
  const ms = readInstant(value);
  return ms === null ? null : timeToken(ms);
}

const CDC_PROVENANCE =
  "developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta, cdc_message_structure and cdc_subscribe_compound_fields, " +
  "read 2026-11-24; values made up";

const sampled = { contentType: "application/json", settings: { authentication: { type: "bearer" }, currency: "EUR" } };

/**
 * Salesforce change events and platform events. Salesforce has no webhook for them: a relay posts them, such as Event Relay
 * with an API destination of Amazon EventBridge or an integration platform, and proves itself as `authentication` says; so
 * its retries count, not Salesforce's. An UPDATE holds only changed fields. `commitNumber`, then `sequenceNumber` order the
 * changes of a record, within one database instance of Salesforce. `diffFields` hold a diff, no value, and compound names
 * (`Name` of a contact) have no agreed order of parts: both are kept in `extra`, and a team can map `Name.LastName`. Facts:
 * the Change Data Capture and Platform Events developer guides; what EventBridge puts around an event is not documented there.
 */
export const salesforceChangeEvents = defineSource<Settings>({
  scheme: "salesforce-change-events",
  title: "Salesforce change and platform events, relayed",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  objects: salesforceObjects,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [401, 407, 409, 429, "5xx"],
    harmful: [],
    timeoutMs: 5_000,
    source:
      "docs.aws.amazon.com/eventbridge/latest/userguide, eb-api-destinations and eb-rule-retry-policy, read 2026-11-24; other relays differ",
  },
  setup: [
    "In Setup, under Change Data Capture, select the objects, or create a custom channel with them.",
    "Create an event relay from the channel to Amazon EventBridge, and associate its partner event source with an event bus.",
    "In EventBridge create a connection that sends the secret {secret} as the source's authentication says, and an API destination with URL {url}.",
    "Create a rule for the partner event source with the API destination as its target, without an input transformer, and with a dead-letter queue.",
    "Put the client id under which the router writes to Salesforce, as the Sforce-Call-Options header has it, into ownClientIds.",
  ],
  samples: [
    {
      ...sampled,
      name: "opportunity-updated",
      provenance: CDC_PROVENANCE,
      body: `{"schema":"IeRuaY6cbI_HsV8Rv1Mc5g","payload":{"ChangeEventHeader":{"entityName":"Opportunity","recordIds":["0062400000Zz1aBAAR"],"changeType":"UPDATE","changeOrigin":"com/salesforce/api/rest/61.0;client=loader","transactionKey":"{id}","sequenceNumber":1,"commitTimestamp":{now:ms},"commitNumber":10585193272713,"commitUser":"0052400000Ef1gHAAR","nulledFields":["AccountId"],"diffFields":[],"changedFields":["StageName","Amount","Name","AccountId","Legacy_Number__c","LastModifiedDate"]},"Name":"Größenwahn & Co – 東京 🚂","StageName":"Closed Won","Amount":1200.50,"Legacy_Number__c":820982911946154508,"LastModifiedDate":"{now:iso}"},"event":{"replayId":2481}}`,
      expect: {
        kind: "opportunity",
        key: "0062400000Zz1aBAAR",
        type: "Opportunity.UPDATE",
        data: {
          name: "Größenwahn & Co – 東京 🚂",
          stage: "won",
          stageRaw: "Closed Won",
          amount: { amount: "1200.50", currency: "EUR" },
          extra: { Legacy_Number__c: "820982911946154508" },
        },
      },
    },
    {
      ...sampled,
      name: "account-created-through-eventbridge",
      provenance: `${CDC_PROVENANCE}; the layer of EventBridge is from memory, and its account number is an example`,
      body: `{"version":"0","id":"{id}","detail-type":"AccountChangeEvent","source":"aws.partner/salesforce.com/00D24000000abcDEAQ/0YL24000000KyzEGAS","account":"123456789012","time":"{now:iso}","region":"eu-central-1","resources":[],"detail":{"payload":{"ChangeEventHeader":{"entityName":"Account","recordIds":["0012400000Ab1cDAAR"],"changeType":"CREATE","changeOrigin":"","transactionKey":"{id}","sequenceNumber":1,"commitTimestamp":{now:ms},"commitNumber":1100670838951,"commitUser":"0052400000Ef1gHAAR","nulledFields":[],"diffFields":[],"changedFields":[]},"Name":"Müller & Söhne","AccountNumber":"00420","Phone":null,"BillingAddress":{"Street":"Hauptstraße 1","City":"Wien","State":null,"PostalCode":"1010","Country":"Österreich"},"CreatedDate":{now:ms}},"schemaId":"Jx8Hz9ElkIUaBf-heF1ShA","id":"{id}"}}`,
      expect: {
        kind: "customer",
        key: "0012400000Ab1cDAAR",
        type: "Account.CREATE",
        data: {
          name: "Müller & Söhne",
          number: "00420",
          region: "Österreich",
          extra: { BillingAddress: { Street: "Hauptstraße 1", City: "Wien", State: null, PostalCode: "1010", Country: "Österreich" } },
        },
      },
    },
    {
      ...sampled,
      name: "platform-event",
      provenance: "developer.salesforce.com/docs/atlas.en-us.platform_events.meta, event message, read 2026-11-24; event made up",
      objects: {
        Order_Shipped__e: object("shipment", "Shipment_Id__c", {
          number: text("Tracking__c"),
          status: word("Status__c", { gone: "shipped" }),
          shippedAt: time("CreatedDate"),
        }),
      },
      body: `{"data":{"schema":"5E5OtZj5_Gm6Vax9XMXH9A","payload":{"CreatedDate":"{now:iso}","CreatedById":"0052400000Ef1gHAAR","Shipment_Id__c":"a012400000Hk3lMAAR","Tracking__c":"JJD000390007882349871","Status__c":"Gone","Carrier__c":"Österreichische Post"},"event":{"EventUuid":"{id}","replayId":3}},"channel":"/event/Order_Shipped__e"}`,
      expect: {
        kind: "shipment",
        key: "a012400000Hk3lMAAR",
        type: "Order_Shipped__e",
        data: {
          number: "JJD000390007882349871",
          status: "shipped",
          statusRaw: "Gone",
          extra: { CreatedById: "0052400000Ef1gHAAR", Carrier__c: "Österreichische Post" },
        },
      },
    },
  ],
});
