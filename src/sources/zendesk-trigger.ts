import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible } from "../decoding/document.ts";
import { ZENDESK_BEHAVIOUR, ZendeskSettings, ticketFields, zendeskSignature } from "../decoding/zendesk.ts";
import { isJsonObject } from "../domain/json.ts";
import { object, text } from "../domain/mapping.ts";
import { NO_ORDER } from "../domain/order.ts";
import { ok, type Result } from "../domain/result.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Sample, type SourceItem } from "./define.ts";

const OBJECTS: ObjectMaps = { ticket: object("case", "id", { ...ticketFields, requesterEmail: text("requester_email") }) };

const WITHOUT_SECONDS = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})Z$/;

/**
 * One ticket a request, in the JSON of integrations/zendesk/trigger-template.json. Its time has whole minutes, so it is a
 * hint: it carries the ticket as far as the template shows it, but does not say which of two is newer.
 */
function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const type = readName(document.value["type"]);
  const ticket = document.value["ticket"];
  if (type === null || !isJsonObject(ticket))
    return unintelligible("the trigger's JSON must have type and ticket, as in trigger-template.json");
  const { updated_at: updatedAt, ...record } = ticket;
  const item = toItem(
    {
      type,
      object: "ticket",
      record,
      deliveryId: readName(request.headers.get("x-zendesk-webhook-invocation-id") ?? undefined),
      occurredAtMs: readTimestamp((readName(updatedAt) ?? "").replace(WITHOUT_SECONDS, "$1:00Z"), "iso"),
      order: NO_ORDER,
      nature: "hint",
      deleted: false,
    },
    objects,
  );
  return item.ok ? ok([item.value]) : item;
}

const sampled: Pick<Sample, "contentType" | "provenance" | "headers"> = {
  provenance:
    "integrations/zendesk/trigger-template.json of 2026-11-24, with placeholders as support.zendesk.com/hc/en-us/articles/4408886858138 " +
    "shows them (read 2026-11-24); values made up, legacy_ref added",
  contentType: "application/json",
  headers: {
    "x-zendesk-webhook-id": "01F1KRFQ6BG29CNWFR60NK5FNY",
    "x-zendesk-webhook-invocation-id": "{id}",
    "x-zendesk-account-id": "12514403",
  },
};

/**
 * Zendesk, triggers and automations: the body is a template that the administrator enters, for which we publish one. Signs
 * like event subscriptions. Placeholders are put into the JSON as they are, so a quote in a value breaks it: such a body is
 * quarantined, and our template has no free text. The invocation's id identifies the call; it is not signed.
 */
export const zendeskTrigger = defineSource<ZendeskSettings>({
  scheme: "zendesk-trigger",
  title: "Zendesk triggers",
  settings: ZendeskSettings,
  verification: zendeskSignature,
  decode: (request, { objects }) => decode(request, objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: ZENDESK_BEHAVIOUR,
  setup: [
    "In Admin Center, under Apps and integrations, Webhooks, create a webhook that is connected to a trigger or automation.",
    "Enter {url} as its endpoint URL, with the request method POST and the format JSON.",
    "Show the webhook's signing secret once it is created, and store it as {secret}: Zendesk makes it, and each webhook has its own.",
    "Create a trigger with the action Notify by, Active webhook, and paste integrations/zendesk/trigger-template.json as its JSON body.",
    "Give the trigger the condition Current user, Is not, and the user that writes for this router, or its writes come back.",
  ],
  samples: [
    {
      ...sampled,
      name: "ticket-updated",
      body: `{"type":"ticket.updated","ticket":{"id":"35436","external_id":"","status":"On-hold","priority":"High","ticket_type":"Problem","requester_id":"111","requester_email":"jörg@example.com","organization_id":"222","tags":"vip größe","created_at":"2026-01-01T05:35Z","updated_at":"2026-01-01T05:36Z","legacy_ref":820982911946154508}}`,
      expect: {
        kind: "case",
        key: "35436",
        type: "ticket.updated",
        data: {
          number: "35436",
          status: "on_hold",
          statusRaw: "On-hold",
          priority: "high",
          priorityRaw: "High",
          customerId: "222",
          requesterId: "111",
          requesterEmail: "jörg@example.com",
          openedAt: "2026-01-01T05:35:00.000Z",
          extra: { ticket_type: "Problem", tags: "vip größe", legacy_ref: "820982911946154508" },
        },
      },
    },
    {
      ...sampled,
      name: "ticket-without-organization",
      body: `{"type":"ticket.created","ticket":{"id":"35437","status":"New","priority":"","requester_id":"111","organization_id":"","tags":"","created_at":"2026-01-01T05:35Z","updated_at":"2026-01-01T05:35Z"}}`,
      expect: {
        kind: "case",
        key: "35437",
        type: "ticket.created",
        data: { number: "35437", status: "new", statusRaw: "New", requesterId: "111", openedAt: "2026-01-01T05:35:00.000Z" },
      },
    },
  ],
});
