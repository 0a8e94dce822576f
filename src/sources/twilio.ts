import * as z from "zod";
import type { JsonObject } from "../domain/json.ts";
import { object, text, word } from "../domain/mapping.ts";
import { NO_ORDER, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { ANSWER_BY_STATUS, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { isForm, readForm, recordOf } from "../decoding/form.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Reply, type SourceItem } from "./define.ts";

const Settings = z.strictObject({});

/** How far along a message is. Callbacks carry no time and overtake each other, so this is all that orders them. */
const MESSAGE_RANKS: Readonly<Record<string, number>> = {
  scheduled: 0,
  accepted: 1,
  queued: 2,
  receiving: 2,
  sending: 3,
  sent: 4,
  received: 5,
  delivered: 5,
  partially_delivered: 5,
  undelivered: 5,
  failed: 5,
  canceled: 5,
  read: 6,
};

const CALL_RANKS: Readonly<Record<string, number>> = {
  queued: 0,
  initiated: 1,
  ringing: 2,
  "in-progress": 3,
  answered: 3,
  completed: 4,
  busy: 4,
  failed: 4,
  "no-answer": 4,
  canceled: 4,
};

/** `category` and `state` are ours: Twilio names the status otherwise for messages, old messages and calls. */
const OBJECTS: ObjectMaps = {
  message: object("activity", "MessageSid", {
    type: text("category"),
    body: text("Body"),
    status: word("state", {
      scheduled: "queued",
      accepted: "queued",
      queued: "queued",
      sending: "queued",
      sent: "sent",
      delivered: "delivered",
      partially_delivered: "delivered",
      read: "read",
      undelivered: "failed",
      failed: "failed",
      canceled: "failed",
      received: "done",
    }),
    channel: text("ChannelPrefix"),
    actorId: text("From"),
    recipient: text("To"),
  }),
  call: object("activity", "CallSid", {
    type: text("category"),
    status: word("state", {
      queued: "queued",
      initiated: "queued",
      ringing: "sent",
      "in-progress": "delivered",
      answered: "delivered",
      completed: "done",
      busy: "failed",
      failed: "failed",
      "no-answer": "failed",
      canceled: "failed",
    }),
    actorId: text("From"),
    recipient: text("To"),
  }),
};

/** What the callback speaks of, by the id in it; null if of neither. Recordings and conferences name their call too. */
function subjectOf(form: JsonObject): { readonly object: "message" | "call"; readonly state: string | null; readonly sid: string } | null {
  const message = readName(form["MessageSid"]) ?? readName(form["SmsSid"]);
  if (message !== null) return { object: "message", state: readName(form["MessageStatus"]) ?? readName(form["SmsStatus"]), sid: message };
  const call = readName(form["CallSid"]);
  return call === null || form["CallStatus"] === undefined ? null : { object: "call", state: readName(form["CallStatus"]), sid: call };
}

function rankOf(ranks: Readonly<Record<string, number>>, state: string): OrderToken {
  const rank = Object.hasOwn(ranks, state) ? ranks[state] : undefined;
  return rank === undefined ? NO_ORDER : { kind: "int", value: String(rank) };
}

/** One callback a request. The id header is the same on a retry; without it the content tells callbacks apart. */
function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const deliveryId = readName(request.headers.get("i-twilio-idempotency-token") ?? undefined);
  if (!isForm(request.contentType))
    return unmapped({ type: "other", deliveryId }, "no form: only callbacks of messages and calls are read");
  const form = readForm(request.body);
  if (!form.ok) return form;
  const record = recordOf(form.value);
  const subject = subjectOf(record);
  if (subject === null) return unmapped({ type: "other", deliveryId }, "neither the status of a message nor of a call");
  if (subject.state === null) return unintelligible(`${subject.object} ${subject.sid}: its status is missing or given twice`);
  const state = subject.state.toLowerCase();
  const item = toItem(
    {
      type: `${subject.object}.${state}`,
      object: subject.object,
      record: {
        ...record,
        ...(subject.object === "message" ? { MessageSid: subject.sid } : {}),
        category: subject.object,
        state: subject.state,
      },
      deliveryId,
      occurredAtMs: timeOf(record),
      order: rankOf(subject.object === "message" ? MESSAGE_RANKS : CALL_RANKS, state),
      nature: "snapshot",
      deleted: false,
    },
    objects,
  );
  return item.ok ? ok([item.value]) : fail(item.failure);
}

const RFC_2822 = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}$/;

/** Only callbacks of calls have a time. */
function timeOf(form: JsonObject): number | null {
  const timestamp = readName(form["Timestamp"]) ?? "";
  const ms = RFC_2822.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** To an incoming message or call Twilio does what the answer says: here, nothing. Status callbacks ignore it. */
const NOTHING_TO_DO: Reply = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
};

/**
 * Twilio: status callbacks and incoming messages, as forms. Signs base64 HMAC-SHA1 with the account's auth token over the
 * URL and the sorted fields. Callbacks overtake each other and have no version: the status itself says which is the
 * later, and two different ends of one message are a contradiction that is put on record. By itself it retries nothing.
 */
export const twilio = defineSource<z.infer<typeof Settings>>({
  scheme: "twilio",
  title: "Twilio",
  settings: Settings,
  verification: () => ({ kind: "twilio" }),
  decode: (request, { objects }) => decode(request, objects),
  objects: () => OBJECTS,
  statusPolicy: { ...ANSWER_BY_STATUS, stored: NOTHING_TO_DO, notUnderstood: NOTHING_TO_DO },
  behaviour: {
    retries: [],
    harmful: [],
    timeoutMs: 15_000,
    source:
      "twilio.com/docs/usage/webhooks/webhooks-connection-overrides, read 2026-11-24: answers are retried only where the URL's fragment says so",
  },
  setup: [
    "Enter {url} as the status callback of a messaging service, a phone number or a call, with the method POST.",
    "Use the account's primary auth token as {secret}; during a rotation hold the secondary one beside it. Subaccounts have tokens of their own.",
    "Name the public address in the source's publicOrigin if requests reach the router under another one: the URL is signed.",
    "To have failed callbacks sent again, append #rc=5&rp=all to the URL; check with a test message that signatures still match.",
  ],
  samples: [
    {
      name: "message-delivered",
      provenance:
        "fields of twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks, seen 2026-11-24; values made up, CarrierRef added",
      contentType: "application/x-www-form-urlencoded; charset=utf-8",
      headers: { "i-twilio-idempotency-token": "{id}" },
      body: "SmsSid=SM1f0e8ae6ade43cb3c0ce4525424e404f&SmsStatus=delivered&MessageStatus=delivered&To=%2B4915112345678&MessageSid=SM1f0e8ae6ade43cb3c0ce4525424e404f&AccountSid=AC00000000000000000000000000000001&From=%2B4930123456&ApiVersion=2010-04-01&CarrierRef=900719925474099312",
      expect: {
        kind: "activity",
        key: "SM1f0e8ae6ade43cb3c0ce4525424e404f",
        type: "message.delivered",
        data: {
          type: "message",
          status: "delivered",
          statusRaw: "delivered",
          actorId: "+4930123456",
          recipient: "+4915112345678",
          extra: { ApiVersion: "2010-04-01", CarrierRef: "900719925474099312" },
        },
      },
    },
    {
      name: "message-received",
      provenance: "twilio.com/docs/messaging/guides/webhook-request, seen 2026-11-24; values made up",
      contentType: "application/x-www-form-urlencoded; charset=utf-8",
      headers: { "i-twilio-idempotency-token": "{id}" },
      body: "ToCountry=DE&ToZip=&SmsMessageSid=SM77e1&NumMedia=0&FromZip=00420&SmsSid=SM77e1&SmsStatus=received&Body=Gr%C3%B6%C3%9Fe+stimmt+nicht+%E2%80%93+%E3%82%B5%E3%82%A4%E3%82%BA%F0%9F%91%9F&To=%2B4930123456&NumSegments=1&MessageSid=SM77e1&AccountSid=AC00000000000000000000000000000001&From=%2B4915112345678&ApiVersion=2010-04-01",
      expect: {
        kind: "activity",
        key: "SM77e1",
        type: "message.received",
        data: {
          type: "message",
          body: "Größe stimmt nicht – サイズ👟",
          status: "done",
          statusRaw: "received",
          actorId: "+4915112345678",
          recipient: "+4930123456",
          extra: { FromZip: "00420", NumMedia: "0" },
        },
      },
    },
    {
      name: "call-completed",
      provenance: "fields of twilio.com/docs/voice/api/call-resource#statuscallback as known on 2026-11-24, not read again; values made up",
      contentType: "application/x-www-form-urlencoded; charset=utf-8",
      body: "Called=%2B4915112345678&To=%2B4915112345678&CallStatus=completed&Duration=1&From=%2B4930123456&Direction=outbound-api&CallDuration=42&Timestamp=Tue%2C+24+Nov+2026+11%3A59%3A30+%2B0000&AccountSid=AC00000000000000000000000000000001&CallbackSource=call-progress-events&CallSid=CA1234567890ABCDE&SequenceNumber=3",
      expect: {
        kind: "activity",
        key: "CA1234567890ABCDE",
        type: "call.completed",
        data: {
          type: "call",
          status: "done",
          statusRaw: "completed",
          actorId: "+4930123456",
          recipient: "+4915112345678",
          extra: { CallDuration: "42", SequenceNumber: "3" },
        },
      },
    },
  ],
});
