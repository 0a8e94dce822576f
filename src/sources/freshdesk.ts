import * as z from "zod";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import type { JsonValue } from "../domain/json.ts";
import { object, text, word } from "../domain/mapping.ts";
import { NO_ORDER } from "../domain/order.ts";
import { ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Sample, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** How the webhook of the rule proves itself: "header" (a custom header), "basic", or "query" (a token in the URL). */
  authentication: Authentication.default({ type: "header", name: "x-signalbox-token", prefix: "" }),
  /** The tag of tickets that this router has just written: an event of a ticket that has it is our own echo. */
  ownTag: z.string().min(1).optional(),
});
type Settings = z.infer<typeof Settings>;

/** Freshdesk's own numbers, and the English words that placeholders show for them. */
const OBJECTS: ObjectMaps = {
  ticket: object("case", "ticket_id", {
    number: text("ticket_id"),
    status: word("status", {
      "2": "open",
      open: "open",
      "3": "pending",
      pending: "pending",
      "4": "resolved",
      resolved: "resolved",
      "5": "closed",
      closed: "closed",
      "6": "pending",
      "waiting on customer": "pending",
      "7": "on_hold",
      "waiting on third party": "on_hold",
    }),
    priority: word("priority", {
      "1": "low",
      low: "low",
      "2": "normal",
      medium: "normal",
      "3": "high",
      high: "high",
      "4": "urgent",
      urgent: "urgent",
    }),
    requesterEmail: text("requester_email"),
  }),
};

/**
 * One ticket a request, in the JSON of integrations/freshdesk/template.json. Nothing in it says which of two is newer: it
 * is a hint, and what is delivered is read back.
 */
function decode(request: GenuineRequest, settings: Settings, objects: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const { type: said, updated_at: updatedAt, ...record } = document.value;
  const type = readName(said);
  if (type === null) return unintelligible('no "type": the rule must send the JSON of integrations/freshdesk/template.json');
  if (settings.ownTag !== undefined && tagsOf(record["tags"]).includes(settings.ownTag.toLowerCase()))
    return unmapped({ type, deliveryId: null }, `our own write: the ticket has the tag "${settings.ownTag}"`);
  const item = toItem(
    {
      type,
      object: "ticket",
      record,
      deliveryId: null,
      occurredAtMs: readTimestamp(readName(updatedAt) ?? "", "iso"),
      order: NO_ORDER,
      nature: "hint",
      deleted: type === "ticket.deleted",
    },
    objects,
  );
  return item.ok ? ok([item.value]) : item;
}

/** The placeholder shows tags with commas between them. */
const tagsOf = (value: JsonValue | undefined): readonly string[] =>
  (typeof value === "string" ? value.split(",") : []).map((tag) => tag.trim().toLowerCase());

const sampled: Pick<Sample, "contentType" | "provenance"> = {
  provenance:
    "integrations/freshdesk/template.json of 2026-11-24, with placeholders as public guides to Freshdesk's rules show them (read 2026-11-24); values made up",
  contentType: "application/json",
};

/**
 * Freshdesk, the action Trigger webhook of an automation rule, with the advanced content that we publish. It signs nothing:
 * a custom header, Basic, or a token in the URL says who sends. It has no id of the event, no version and no promise of
 * order. A call that failed is made again after 5, 30 and 60 minutes.
 */
export const freshdesk = defineSource<Settings>({
  scheme: "freshdesk",
  title: "Freshdesk rules",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode: (request, context) => decode(request, context.settings, context.objects),
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: null,
    source:
      "supportsandbox.freshdesk.com/support/solutions/articles/11000000028141-receiving-webhook-failure-emails, read 2026-11-24; " +
      "it does not say which answers count as failures",
  },
  setup: [
    "In Admin, Workflows, Automations, create a rule that runs on ticket creation and one that runs on ticket updates.",
    "Let each perform Trigger webhook, with the request type POST and the URL {url}.",
    "Add the custom header x-signalbox-token with the value {secret}, or what settings.authentication says instead.",
    "Choose the encoding JSON and the content Advanced, and paste integrations/freshdesk/template.json; let type say what the rule is for.",
    "Leave the agent that writes for this router out of those whose actions run the rule, or its writes come back.",
  ],
  samples: [
    {
      ...sampled,
      name: "ticket-status-changed",
      body: `{"type":"ticket.updated","event":"{status:{from:Open,to:Pending}}","ticket_id":"35436","status":"Pending","priority":"Urgent","ticket_type":"Größe falsch","requester_email":"jorg@example.com","tags":"vip, größe","updated_at":"{now:iso}","legacy_ref":820982911946154508}`,
      expect: {
        kind: "case",
        key: "35436",
        type: "ticket.updated",
        data: {
          number: "35436",
          status: "pending",
          statusRaw: "Pending",
          priority: "urgent",
          priorityRaw: "Urgent",
          requesterEmail: "jorg@example.com",
          extra: {
            event: "{status:{from:Open,to:Pending}}",
            ticket_type: "Größe falsch",
            tags: "vip, größe",
            legacy_ref: "820982911946154508",
          },
        },
      },
    },
    {
      ...sampled,
      name: "ticket-created-by-numbers",
      settings: { authentication: { type: "basic" }, ownTag: "signalbox" },
      body: `{"type":"ticket.created","event":"","ticket_id":35437,"status":2,"priority":1,"requester_email":"","tags":"","updated_at":""}`,
      expect: {
        kind: "case",
        key: "35437",
        type: "ticket.created",
        data: { number: "35437", status: "open", statusRaw: "2", priority: "low", priorityRaw: "1" },
      },
    },
  ],
});
