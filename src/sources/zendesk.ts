import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { ZENDESK_BEHAVIOUR, ZendeskSettings, ticketFields, zendeskSignature } from "../decoding/zendesk.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { object, text } from "../domain/mapping.ts";
import { ok, type Result } from "../domain/result.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const TYPE_PREFIX = "zen:event-type:";
const SUBJECT = /^zen:([a-z_]+):/;
const DELETED = /\.(?:soft_|permanently_)?deleted$/;

const OBJECTS: ObjectMaps = {
  ticket: object("case", "id", { ...ticketFields, subject: text("subject"), description: text("description") }),
  organization: object("customer", "id", { name: text("name") }),
  user: object("customer", "id", { name: text("name"), email: text("email"), phone: text("phone") }),
};

/**
 * One event a request, of Zendesk's event subscriptions. `detail` is the record after the change; its `updated_at` has
 * whole seconds. Bodies of triggers and automations have no `type` of this kind and are quarantined.
 */
function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const event = document.value;
  const type = readName(event["type"]);
  if (type === null)
    return unintelligible('no "type": only event subscriptions are read; the bodies of triggers and automations have none');
  const deliveryId = readName(event["id"]);
  if (!type.startsWith(TYPE_PREFIX))
    return unmapped({ type, deliveryId }, `only types that begin with ${TYPE_PREFIX} are events of a subscription`);
  const record = event["detail"];
  if (!isJsonObject(record)) return unintelligible(`${type}: no record at "detail"`);
  const order = orderByTimeAt(record, "updated_at", "iso");
  if (!order.ok) return unintelligible(`${type}: detail.${order.failure}`);
  const object = objectName(event, type);
  const item = toItem(
    {
      type,
      object,
      record: object === "user" ? withOwnKey(record) : record,
      deliveryId,
      occurredAtMs: readTimestamp(readName(event["time"]) ?? "", "iso"),
      order: order.value,
      nature: "snapshot",
      deleted: DELETED.test(type),
    },
    objects,
  );
  return item.ok ? ok([item.value]) : item;
}

const objectName = (event: JsonObject, type: string): string =>
  SUBJECT.exec(readName(event["subject"]) ?? "")?.[1] ?? type.slice(TYPE_PREFIX.length).split(".")[0] ?? "";

/** Users and organizations are both customers here, and each counts its ids for itself. */
function withOwnKey(user: JsonObject): JsonObject {
  const id = readName(user["id"]);
  return id === null ? user : { ...user, id: `user:${id}` };
}

/**
 * Zendesk, event subscriptions. Signs as `zendeskSignature` says. One action of an agent gives several events, each with an
 * id of its own, which share `event.meta.sequence.id`; their `position` in it is not used, since Zendesk does not promise
 * it, nor any other order: `updated_at` counts. A user's key is `user:` and the id, an organization's the id alone.
 */
export const zendesk = defineSource<ZendeskSettings>({
  scheme: "zendesk",
  title: "Zendesk events",
  settings: ZendeskSettings,
  verification: zendeskSignature,
  decode: (request, { objects }) => decode(request, objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: ZENDESK_BEHAVIOUR,
  setup: [
    "In Admin Center, under Apps and integrations, Webhooks, create a webhook that is subscribed to Zendesk events.",
    "Choose the events of tickets, organizations and users that are to be told of.",
    "Enter {url} as its endpoint URL, with the request method POST and the format JSON.",
    "Show the webhook's signing secret once it is created, and store it as {secret}: Zendesk makes it, and each webhook has its own.",
  ],
  samples: [
    {
      name: "ticket-opened",
      provenance:
        "developer.zendesk.com/api-reference/webhooks/event-types/ticket-events, read 2026-11-24; values made up, legacy_ref added",
      contentType: "application/json",
      headers: {
        "x-zendesk-webhook-id": "01F1KRFQ6BG29CNWFR60NK5FNY",
        "x-zendesk-webhook-invocation-id": "{id}",
        "x-zendesk-account-id": "12514403",
      },
      body: `{"type":"zen:event-type:ticket.status_changed","account_id":12514403,"id":"{id}","time":"{now:iso}","zendesk_event_version":"2022-11-06","subject":"zen:ticket:35436","detail":{"id":"35436","status":"OPEN","priority":"HIGH","subject":"Größe falsch – サイズ違い 👟","requester_id":"111","organization_id":"222","created_at":"2026-01-01T00:00:00Z","updated_at":"{now:iso}","legacy_ref":820982911946154508,"is_public":true},"event":{"current":"OPEN","previous":"NEW","meta":{"sequence":{"id":"C20565CD","position":1}}}}`,
      expect: {
        kind: "case",
        key: "35436",
        type: "zen:event-type:ticket.status_changed",
        data: {
          number: "35436",
          subject: "Größe falsch – サイズ違い 👟",
          status: "open",
          statusRaw: "OPEN",
          priority: "high",
          priorityRaw: "HIGH",
          customerId: "222",
          requesterId: "111",
          openedAt: "2026-01-01T00:00:00.000Z",
          extra: { legacy_ref: "820982911946154508", is_public: true },
        },
      },
    },
    {
      name: "organization-renamed",
      provenance:
        "the ticket sample's envelope, 2026-11-24, with an organization's fields as developer.zendesk.com names them; values made up",
      contentType: "application/json",
      body: `{"type":"zen:event-type:organization.name_changed","account_id":12514403,"id":"{id}","time":"{now:iso}","zendesk_event_version":"2022-11-06","subject":"zen:organization:222","detail":{"id":"222","name":"Acme Düsseldorf","external_id":null,"shared_tickets":false,"created_at":"2026-01-01T00:00:00Z","updated_at":"{now:iso}"},"event":{"current":"Acme Düsseldorf","previous":"Acme"}}`,
      expect: {
        kind: "customer",
        key: "222",
        type: "zen:event-type:organization.name_changed",
        data: { name: "Acme Düsseldorf", extra: { shared_tickets: false } },
      },
    },
    {
      name: "user-created",
      provenance:
        "developer.zendesk.com/api-reference/webhooks/event-types/user-events, read 2026-11-24, with the envelope of the ticket sample; values made up",
      contentType: "application/json",
      body: `{"type":"zen:event-type:user.created","account_id":12514403,"id":"{id}","time":"{now:iso}","zendesk_event_version":"2022-11-06","subject":"zen:user:222","detail":{"id":"222","email":"jörg@example.com","external_id":"","default_group_id":"0","organization_id":"0","role":"end-user","created_at":"2026-01-01T00:00:00Z","updated_at":"{now:iso}"},"event":{}}`,
      expect: {
        kind: "customer",
        key: "user:222",
        type: "zen:event-type:user.created",
        data: { email: "jörg@example.com", extra: { external_id: "", default_group_id: "0", organization_id: "0", role: "end-user" } },
      },
    },
  ],
});
