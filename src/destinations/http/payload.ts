import type { JsonObject } from "../../domain/json.ts";
import type { Delivery } from "../define.ts";
import type { FORMATS, Settings } from "./settings.ts";

interface Payload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is sent. Nothing in it tells of the attempt, so that every retry has the same body. */
export const payloadOf = (delivery: Delivery, settings: Settings): Payload => FORMS[settings.format](delivery, settings);

const FORMS: Readonly<Record<(typeof FORMATS)[number], (delivery: Delivery, settings: Settings) => Payload>> = {
  standardWebhooks: (delivery) => ({
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: typeOf(delivery), timestamp: timeOf(delivery), data: recordOf(delivery) }),
  }),
  // The JSON event format 1.0.2, section 3.
  cloudEventsStructured: (delivery, settings) => ({
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify({ ...attributesOf(delivery, settings), datacontenttype: "application/json", data: recordOf(delivery) }),
  }),
  // The HTTP protocol binding 1.0.2, section 3.1: attributes are headers, data is the body.
  cloudEventsBinary: (delivery, settings) => ({
    headers: {
      "content-type": "application/json",
      ...Object.fromEntries(Object.entries(attributesOf(delivery, settings)).map(([name, value]) => [`ce-${name}`, headerValue(value)])),
    },
    body: JSON.stringify(recordOf(delivery)),
  }),
  json: (delivery) => ({
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...recordOf(delivery), deleted: delivery.deleted }),
  }),
};

const typeOf = ({ entity, deleted }: Delivery): string => `${entity.kind}.${deleted ? "deleted" : "changed"}`;

const timeOf = ({ occurredAtMs, receivedAtMs }: Delivery): string => new Date(occurredAtMs ?? receivedAtMs).toISOString();

/** The canonical entity and what identifies it, which no field of the entity can override. */
const recordOf = (delivery: Delivery): JsonObject => ({
  ...delivery.data,
  kind: delivery.entity.kind,
  key: delivery.entity.key,
  ...(delivery.nature === "snapshot" ? {} : { nature: delivery.nature }),
  ...(delivery.cleared.length === 0 ? {} : { cleared: delivery.cleared }),
  occurredAt: delivery.occurredAtMs === null ? null : new Date(delivery.occurredAtMs).toISOString(),
  source: delivery.source,
  eventId: delivery.eventId,
});

/** CloudEvents 1.0.2; `partitionkey` and `traceparent` are its documented extensions. */
const attributesOf = (delivery: Delivery, { eventSource }: Settings): Readonly<Record<string, string>> => ({
  specversion: "1.0",
  id: delivery.idempotencyKey,
  source: eventSource,
  type: typeOf(delivery),
  time: timeOf(delivery),
  subject: `${delivery.entity.kind}/${delivery.entity.key}`,
  partitionkey: `${delivery.entity.kind}/${delivery.entity.key}`,
  correlationid: delivery.correlationId,
  traceparent: delivery.traceparent,
});

/** Section 3.1.3.2 of the binding: all but visible ASCII, the quotation mark and the percent sign as percent-encoded UTF-8. */
const headerValue = (text: string): string => text.toWellFormed().replace(/[^\x21\x23\x24\x26-\x7e]+/gu, encodeURIComponent);
