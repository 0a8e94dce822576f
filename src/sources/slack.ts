import * as z from "zod";
import { isJsonObject, parseJson, readPath, type JsonObject, type JsonValue } from "../domain/json.ts";
import { object, text, unixSeconds } from "../domain/mapping.ts";
import { NO_ORDER, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { ANSWER_BY_STATUS, readJson, readName, readText, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { firstOf, isForm, readForm } from "../decoding/form.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Our own app, bot or user ids (`A...`, `B...`, `U...`): what they write is an echo of our own. */
  ownBotIds: z.array(z.string().regex(/^[ABUW][A-Z0-9]+$/, "must be the id of an app, a bot or a user")).default([]),
});
type Settings = z.infer<typeof Settings>;

/** Names in camel case are ours: Slack puts ids of channel, user and message elsewhere from event to event. */
const FIELDS = {
  type: text("type"),
  body: text("text"),
  channel: text("channelId"),
  actorId: text("userId"),
  relatedId: text("about"),
  happenedAt: unixSeconds("happened"),
} as const;

/** `event` stands for every type without an object of its own name. */
const OBJECTS: ObjectMaps = {
  message: object("activity", "recordKey", FIELDS),
  event: object("activity", "recordKey", FIELDS),
};

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

function decode(request: GenuineRequest, context: Context): Result<readonly SourceItem[], DecodeFailure> {
  if (isForm(request.contentType)) return decodeForm(request.body);
  const document = readJson(request.body);
  if (!document.ok) return document;
  const envelope = document.value;
  const type = readName(envelope["type"]);
  if (type === null) return unintelligible('no "type": this is no request of the Events API');
  if (type === "app_rate_limited") {
    const [team, minute] = [readName(envelope["team_id"]), readName(envelope["minute_rate_limited"])];
    return unintelligible(
      `${type}: Slack held events of team ${team} back from minute ${minute} on; read what changed since then from Slack itself`,
    );
  }
  const event = envelope["event"];
  if (type !== "event_callback") return unmapped({ type, deliveryId: null }, "only event_callback carries an event");
  if (!isJsonObject(event)) return unintelligible(`${type}: no event at "event"`);
  const item = readEvent(envelope, event, context);
  return item.ok ? ok([item.value]) : item;
}

/** Commands and buttons wait for an answer in the conversation, which only the app that shows them can give. */
function decodeForm(body: Uint8Array): Result<never, DecodeFailure> {
  const form = readForm(body);
  if (!form.ok) return form;
  const command = readName(firstOf(form.value, "command"));
  if (command !== null)
    return unmapped(
      { type: `command ${command}`, deliveryId: readName(firstOf(form.value, "trigger_id")) },
      "a slash command: only events are read",
    );
  const parsed = parseJson(firstOf(form.value, "payload") ?? "");
  const payload = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const deliveryId = readName(payload["trigger_id"]);
  return unmapped(
    { type: readName(payload["type"]) ?? "form", deliveryId },
    "an interaction with a button, menu or dialog: only events are read",
  );
}

/** What became of a message, as one event tells it. */
interface Told {
  readonly type: string;
  readonly record: JsonObject;
  readonly deleted: boolean;
}

/** Edits and deletions are events about another message, with its own time stamp; the text of a deleted one is not kept. */
function toldBy(event: JsonObject): Told {
  const [type, subtype] = [readName(event["type"]) ?? "", readName(event["subtype"])];
  const { channel = null, deleted_ts: deletedTs = null, message } = event;
  if (type === "message" && subtype === "message_deleted")
    return { type: subtype, record: { type, channel, ts: deletedTs }, deleted: true };
  if (type === "message" && isJsonObject(message))
    return { type: subtype ?? type, record: { ...message, type, channel }, deleted: message["subtype"] === "tombstone" };
  return { type: type === "message" ? (subtype ?? type) : type, record: event, deleted: false };
}

const isOneMessage = (record: JsonObject): boolean => record["type"] === "message" || record["type"] === "app_mention";

function readEvent(envelope: JsonObject, event: JsonObject, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  const deliveryId = readName(envelope["event_id"]);
  const { type, record, deleted } = toldBy(event);
  if (type === "") return unintelligible('event_callback: no "event.type"');
  if (isEcho([event, record], settings)) return unmapped({ type, deliveryId }, "an echo: our own app wrote this");
  const order = orderOf(event);
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const keyed = withKeys(record, { team: readName(envelope["team_id"]) ?? "", eventTs: readName(event["event_ts"]) ?? deliveryId });
  if (keyed === null) return unintelligible(`${type}: no "ts", "event_ts" or "event_id" to know it by`);
  const named = readName(record["type"]) ?? "";
  return toItem(
    {
      type,
      object: Object.hasOwn(objects, named) ? named : "event",
      record: keyed,
      deliveryId,
      occurredAtMs: readTimestamp(readName(envelope["event_time"]) ?? "", "s"),
      order: order.value,
      nature: "snapshot",
      deleted,
      // The same message comes as an event of its channel too: neither is newer than the other.
      ...(named === "app_mention" ? { scope: named } : {}),
    },
    objects,
  );
}

const isEcho = (records: readonly JsonObject[], { ownBotIds }: Settings): boolean =>
  records.some((record) => ["bot_id", "app_id", "user"].some((name) => ownBotIds.includes(readName(record[name]) ?? "")));

const FIXED_WIDTH = /^\d{10}\.\d{6}$/;

/** Of one width until the year 2286, so that text compares as the time does. */
function orderOf(event: JsonObject): Result<OrderToken, string> {
  const stamp = readName(event["event_ts"]);
  if (stamp === null) return ok(NO_ORDER);
  return FIXED_WIDTH.test(stamp) ? ok({ kind: "lex", value: stamp }) : fail('the "event_ts" is not 10 digits, a dot and 6 digits');
}

const idIn = (value: JsonValue | undefined): string | null => (isJsonObject(value) ? readName(value["id"]) : readName(value));

/** A message is known by team, channel and time; any other event has its type in its key, so as not to be taken for one. */
function withKeys(record: JsonObject, { team, eventTs }: { team: string; eventTs: string | null }): JsonObject | null {
  const channel = idIn(record["channel"]) ?? idIn(readPath(record, "item.channel"));
  const stamp = isOneMessage(record) ? readName(record["ts"]) : eventTs;
  if (stamp === null) return null;
  const place = [team, ...(channel === null ? [] : [channel])];
  const about = readName(readPath(record, "item.ts")) ?? readName(record["thread_ts"]);
  const user = idIn(record["user"]) ?? readName(record["bot_id"]);
  return {
    ...record,
    recordKey: [...place, ...(isOneMessage(record) ? [] : [readName(record["type"]) ?? ""]), stamp].join(":"),
    ...(channel === null ? {} : { channelId: channel }),
    ...(user === null ? {} : { userId: user }),
    ...(about === null || (isOneMessage(record) && about === stamp) ? {} : { about: [...place, about].join(":") }),
    ...(FIXED_WIDTH.test(stamp) ? { happened: stamp } : {}),
  };
}

/** The old verification token, and the address that lets anybody answer a command: in JSON, in a form, in JSON in a form. */
const IN_JSON = /("(?:token|response_url)"\s*:\s*")(?:[^"\\]|\\.)*/g;
const IN_FORM = /((?:^|&)(?:token|response_url)=)[^&]*/g;
const IN_PAYLOAD = /(%22(?:token|response_url)%22(?:%3A|:)\+?%22)(?:(?!%22)[^&])*/gi;

function withoutCredentials(body: Uint8Array): Uint8Array {
  const sent = readText(body);
  if (sent === null) return body;
  const kept = /^\s*[[{]/.test(sent) ? sent.replace(IN_JSON, "$1") : sent.replace(IN_FORM, "$1").replace(IN_PAYLOAD, "$1");
  return kept === sent ? body : new TextEncoder().encode(kept);
}

const PROVENANCE = "types of the @slack/types package that @slack/bolt 5.1.0 brings (events/message), read 2026-11-24; values made up";
const around = (event: string): string =>
  `{"token":"","team_id":"T02NDBHSWSG","api_app_id":"A03BLN935DK","event":${event},"type":"event_callback","event_id":"Ev{id}","event_time":{now:s},"authorizations":[{"team_id":"T02NDBHSWSG","user_id":"U0BOT","is_bot":true}]}`;

/**
 * Slack, Events API. Signs hex HMAC-SHA256 over `v0`, time and body with the app's signing secret; Slack's SDK accepts any
 * future time, we do not. It waits 3 seconds and tries 3 times more: at once, after one and after five minutes. A request
 * that we do not believe need not come again, which a header says. `event_ts` orders, also between a message and its edits.
 */
export const slack = defineSource<Settings>({
  scheme: "slack",
  title: "Slack",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "x-slack-signature",
    form: { type: "bare", prefix: "v0=" },
    algorithm: "SHA-256",
    encoding: "hex",
    secretEncoding: "utf8",
    template: "v0:{timestamp}:{body}",
    timestamp: { header: "x-slack-request-timestamp", format: "s" },
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode,
  handshakes: () => [{ kind: "challengeInBody", typeAt: "type", type: "url_verification", challengeAt: "challenge" }],
  forStorage: withoutCredentials,
  objects: () => OBJECTS,
  statusPolicy: { ...ANSWER_BY_STATUS, notVerifiedHeaders: { "x-slack-no-retry": "1" } },
  behaviour: {
    retries: ["4xx", "5xx"],
    harmful: [],
    timeoutMs: 3_000,
    source:
      "api.slack.com/events/app_rate_limited, read 2026-11-24: a share of failures within an hour, not one status, disables; retries as third parties report",
  },
  setup: [
    "In the app's settings, under Event Subscriptions, enter {url} as the Request URL: Slack asks for its challenge at once.",
    "Subscribe to the bot events that matter, such as message.channels, and reinstall the app.",
    "Use the Signing Secret of the app's Basic Information as {secret}.",
    "If this router's destinations post to Slack, list the app's id in the source's ownBotIds.",
  ],
  samples: [
    {
      name: "message-posted",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: around(
        `{"client_msg_id":"0837851c-2d34-4d4d-804c-7aed753c3421","type":"message","user":"U02N85E78QM","text":"Lieferung für Größe GmbH – 東京 🚂","ts":"1767225600.000100","team":"T02NDBHSWSG","channel":"C02ND7J4QTX","event_ts":"{now:s}.000100","channel_type":"channel","metadata":{"erp_document":900719925474099312}}`,
      ),
      expect: {
        kind: "activity",
        key: "T02NDBHSWSG:C02ND7J4QTX:1767225600.000100",
        type: "message",
        data: {
          type: "message",
          body: "Lieferung für Größe GmbH – 東京 🚂",
          channel: "C02ND7J4QTX",
          actorId: "U02N85E78QM",
          happenedAt: "2026-01-01T00:00:00.000Z",
          extra: { channel_type: "channel", metadata: { erp_document: "900719925474099312" } },
        },
      },
    },
    {
      name: "message-edited",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: around(
        `{"type":"message","subtype":"message_changed","message":{"client_msg_id":"0837851c-2d34-4d4d-804c-7aed753c3421","type":"message","text":"Lieferung am Dienstag","user":"U02N85E78QM","edited":{"user":"U02N85E78QM","ts":"1767225660.000000"},"ts":"1767225600.000100"},"previous_message":{"type":"message","text":"Lieferung für Größe GmbH","user":"U02N85E78QM","ts":"1767225600.000100"},"channel":"C02ND7J4QTX","hidden":true,"ts":"{now:s}.000200","event_ts":"{now:s}.000200","channel_type":"channel"}`,
      ),
      expect: {
        kind: "activity",
        key: "T02NDBHSWSG:C02ND7J4QTX:1767225600.000100",
        type: "message_changed",
        data: {
          type: "message",
          body: "Lieferung am Dienstag",
          channel: "C02ND7J4QTX",
          actorId: "U02N85E78QM",
          happenedAt: "2026-01-01T00:00:00.000Z",
          extra: { edited: { user: "U02N85E78QM", ts: "1767225660.000000" } },
        },
      },
    },
    {
      name: "message-deleted",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: around(
        `{"type":"message","subtype":"message_deleted","previous_message":{"type":"message","text":"Lieferung am Dienstag","user":"U02N85E78QM","ts":"1767225600.000100"},"channel":"C02ND7J4QTX","hidden":true,"deleted_ts":"1767225600.000100","ts":"{now:s}.000300","event_ts":"{now:s}.000300","channel_type":"channel"}`,
      ),
      expect: {
        kind: "activity",
        key: "T02NDBHSWSG:C02ND7J4QTX:1767225600.000100",
        type: "message_deleted",
        data: { type: "message", channel: "C02ND7J4QTX", happenedAt: "2026-01-01T00:00:00.000Z" },
      },
    },
  ],
});
