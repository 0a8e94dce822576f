import * as z from "zod";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible } from "../decoding/document.ts";
import { isJsonObject, readPath, type JsonObject } from "../domain/json.ts";
import { object, scalarText, text, time, word } from "../domain/mapping.ts";
import { ok, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({});

/** Names in camel case are ours: what the event says, and the data does not. */
const SAID = { type: text("type"), actorId: text("actor"), relatedId: text("incident.id"), happenedAt: time("happened") } as const;

const OBJECTS: ObjectMaps = {
  incident: object("case", "id", {
    number: text("number"),
    subject: text("title"),
    status: word("status", { triggered: "open", acknowledged: "open", resolved: "resolved" }),
    priority: word("urgency", { high: "high", low: "low" }),
    openedAt: time("created_at"),
  }),
  incident_note: object("activity", "recordKey", { ...SAID, body: text("content") }),
  incident_status_update: object("activity", "recordKey", { ...SAID, body: text("message") }),
};

/** One event a request. Its data, whose type is not always that of the event, is the record after the change. */
function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const event = document.value["event"];
  if (!isJsonObject(event)) return unintelligible('no "event": this is no V3 webhook of PagerDuty');
  const type = readName(event["event_type"]);
  if (type === null) return unintelligible('no "event.event_type"');
  const data = event["data"];
  if (!isJsonObject(data)) return unintelligible(`${type}: no record at "event.data"`);
  const order = orderByTimeAt(event, "occurred_at", "iso");
  if (!order.ok) return unintelligible(`${type}: event.${order.failure}`);
  const object = readName(data["type"]) ?? readName(event["resource_type"]) ?? "";
  const item = toItem(
    {
      type,
      object,
      record: object === "incident" ? data : withSaid(data, { event, object }),
      deliveryId: readName(event["id"]) ?? readName(request.headers.get("x-webhook-id")),
      occurredAtMs: order.value.kind === "time" ? Number(order.value.value) : null,
      order: order.value,
      nature: "snapshot",
      deleted: type.endsWith(".deleted"),
    },
    objects,
  );
  return item.ok ? ok([item.value]) : item;
}

function withSaid(data: JsonObject, { event, object }: { readonly event: JsonObject; readonly object: string }): JsonObject {
  const id = readName(data["id"]);
  const [actor, happened] = [scalarText(readPath(event, "agent.id")), scalarText(event["occurred_at"])];
  return {
    ...data,
    ...(id === null ? {} : { recordKey: `${object}:${id}` }),
    ...(actor === undefined ? {} : { actor }),
    ...(happened === undefined ? {} : { happened }),
  };
}

const PROVENANCE = "github.com/PagerDuty/developer-docs, docs/webhooks/01-Overview.md, read 2026-11-24; shortened, values made up";

const around = (type: string, data: string): string =>
  `{"event":{"id":"{id}","event_type":"${type}","resource_type":"incident","occurred_at":"{now:iso}","agent":{"id":"PLH1HKV","summary":"Jörg Weiß","type":"user_reference"},"client":{"name":"PagerDuty"},"data":${data}}}`;

/**
 * PagerDuty, V3 webhooks. Signs hex HMAC-SHA256 over the body; during a rotation there are several `v1`. It waits 5 seconds,
 * tries 5 times on 5xx and 429, and keeps the order of an incident. A 4xx drops the event at once, and three drops in a row
 * switch the subscription off for a day: so nothing is ever refused with one. No time is signed; the event's id dedupes.
 */
export const pagerduty = defineSource<z.infer<typeof Settings>>({
  scheme: "pagerduty",
  title: "PagerDuty",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "x-pagerduty-signature",
    form: { type: "pairs", signature: "v1" },
    algorithm: "SHA-256",
    encoding: "hex",
    secretEncoding: "utf8",
    template: "{body}",
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode: (request, { objects }) => decode(request, objects),
  handshakes: () => [{ kind: "ping", in: "body", at: "event.event_type", value: "pagey.ping" }],
  objects: () => OBJECTS,
  statusPolicy: { ...ANSWER_BY_STATUS, notVerified: 503, tooLarge: 503, wrongEncoding: 503 },
  behaviour: {
    retries: ["5xx", 429],
    harmful: ["4xx"],
    harmlessExceptions: [429],
    timeoutMs: 5_000,
    source: "github.com/PagerDuty/developer-docs, docs/webhooks/02-Behavior.md, read 2026-11-24",
  },
  setup: [
    "In PagerDuty, under Integrations, Generic Webhooks (v3), add one with the URL {url}, or make it with the Webhook Subscriptions API.",
    "Choose the scope and the incident events; notes and status updates come as activities.",
    "PagerDuty shows the signing secret once, when the webhook is made: keep it as {secret}.",
    "Send a test event: it is answered and listed as a handshake.",
  ],
  samples: [
    {
      name: "incident-acknowledged",
      provenance: PROVENANCE,
      contentType: "application/json; charset=utf-8",
      headers: { "x-webhook-id": "{id}", "x-webhook-subscription": "PJFWPEP" },
      body: around(
        "incident.acknowledged",
        `{"id":"PGR0VU2","type":"incident","html_url":"https://acme.pagerduty.com/incidents/PGR0VU2","number":2,"status":"acknowledged","incident_key":"900719925474099312","created_at":"2026-01-01T00:00:00Z","title":"Kein Strom im Lager Süd – 停電","service":{"id":"PF9KMXH","summary":"API Service"},"priority":{"id":"PSO75BM","summary":"P1"},"urgency":"high","resolve_reason":null}`,
      ),
      expect: {
        kind: "case",
        key: "PGR0VU2",
        type: "incident.acknowledged",
        data: {
          number: "2",
          subject: "Kein Strom im Lager Süd – 停電",
          status: "open",
          statusRaw: "acknowledged",
          priority: "high",
          priorityRaw: "high",
          openedAt: "2026-01-01T00:00:00.000Z",
          extra: { incident_key: "900719925474099312", priority: { id: "PSO75BM", summary: "P1" } },
        },
      },
    },
    {
      name: "incident-annotated",
      provenance: PROVENANCE,
      contentType: "application/json; charset=utf-8",
      headers: { "x-webhook-id": "{id}" },
      body: around(
        "incident.annotated",
        `{"incident":{"id":"PGR0VU2","type":"incident_reference","summary":"Kein Strom im Lager Süd"},"id":"P2LA89X","content":"Notstrom läuft","trimmed":false,"type":"incident_note"}`,
      ),
      expect: {
        kind: "activity",
        key: "incident_note:P2LA89X",
        type: "incident.annotated",
        data: {
          type: "incident_note",
          body: "Notstrom läuft",
          actorId: "PLH1HKV",
          relatedId: "PGR0VU2",
          extra: { trimmed: false },
        },
      },
    },
  ],
});
