import { z } from "zod";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { object, text, time, word } from "../domain/mapping.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { readTimestamp } from "../verification/signature.ts";

const Settings = z.strictObject({
  /** Accept the secret that Zendesk signs test calls with before a webhook exists. All the world knows it: never in production. */
  allowPublishedTestSecret: z.boolean().default(false),
});

/** https://developer.zendesk.com/documentation/webhooks/verifying/ (read 2026-11-24): signs test calls of webhooks that are not created yet. */
const PUBLISHED_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

const TYPE_PREFIX = "zen:event-type:";
const SUBJECT = /^zen:([a-z_]+):/;
const DELETED = /\.(?:soft_|permanently_)?deleted$/;

const OBJECTS: ObjectMaps = {
  ticket: object("case", "id", {
    number: text("id"),
    subject: text("subject"),
    description: text("description"),
    status: word("status", { new: "new", open: "open", pending: "pending", hold: "on_hold", solved: "resolved", closed: "closed" }),
    priority: word("priority", { low: "low", normal: "normal", high: "high", urgent: "urgent" }),
    customerId: text("organization_id"),
    requesterId: text("requester_id"),
    openedAt: time("created_at"),
  }),
  organization: object("customer", "id", { name: text("name") }),
  user: object("customer", "id", { name: text("name"), email: text("email"), phone: text("phone") }),
};

/**
 * One event a request, of Zendesk's event subscriptions. `detail` is the record after the change; its `updated_at` has
 * whole seconds. Bodies of triggers and automations have no fixed shape and are quarantined.
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
  const item = toItem(
    {
      type,
      object: objectName(event, type),
      record,
      deliveryId,
      occurredAtMs: readTimestamp(readName(event["time"]) ?? "", "iso"),
      order: order.value,
      nature: "snapshot",
      deleted: DELETED.test(type),
    },
    objects,
  );
  return item.ok ? ok([item.value]) : fail(item.failure);
}

const objectName = (event: JsonObject, type: string): string =>
  SUBJECT.exec(readName(event["subject"]) ?? "")?.[1] ?? type.slice(TYPE_PREFIX.length).split(".")[0] ?? "";

/**
 * Zendesk, event subscriptions. Signs base64 HMAC-SHA256 over time and body without anything between; the secret is
 * text although it looks like base64. Retries 409, 429 and 503; its breaker opens when most calls fail within 5 minutes.
 */
export const zendesk = defineSource<z.infer<typeof Settings>>({
  scheme: "zendesk",
  title: "Zendesk",
  settings: Settings,
  verification: (settings) => ({
    kind: "hmac",
    header: "x-zendesk-webhook-signature",
    form: { type: "bare" },
    algorithm: "SHA-256",
    encoding: "base64",
    secretEncoding: "utf8",
    template: "{timestamp}{body}",
    timestamp: { header: "x-zendesk-webhook-signature-timestamp", format: "iso" },
    windowMs: DEFAULT_WINDOW_MS,
    ...(settings.allowPublishedTestSecret ? {} : { refusedSecrets: [PUBLISHED_TEST_SECRET] }),
  }),
  decode: (request, { objects }) => decode(request, objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [409, 429, 503],
    harmful: [],
    timeoutMs: 10_000,
    source: "developer.zendesk.com/documentation/webhooks, seen 2026-11-24; the breaker opens at 70 % errors in 5 minutes (third party)",
  },
  setup: [
    "In Admin Center, Apps and integrations, create a webhook of the kind Zendesk events with the address {url}, POST and JSON.",
    "Subscribe it to the ticket, organization and user events that you want.",
    "Reveal its signing secret and put it into the source as {secret}, as it stands: it is text although it looks like base64.",
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
  ],
});
