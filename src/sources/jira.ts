import * as z from "zod";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { isJsonObject, readPath, type JsonObject } from "../domain/json.ts";
import { object, scalarText, text, time, word } from "../domain/mapping.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import { ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Sites disagree on how hooks of apps are proven: a webhook with a secret signs, an app's may bring a token instead. */
  authentication: Authentication.prefault({ type: "hmac", header: "x-hub-signature", prefix: "sha256=" }),
  /** What the site's own status names mean. One that is not known counts by its category. */
  statuses: z.record(z.string().min(1), z.enum(["new", "open", "pending", "on_hold", "resolved", "closed"])).default({}),
  /** Account ids of our own users and apps: what they do is an echo of our own. */
  ownAccountIds: z.array(z.string().min(1)).default([]),
});
type Settings = z.infer<typeof Settings>;

/** Keys of the three categories that every status has one of, whatever it is called. */
const CATEGORIES = { new: "new", indeterminate: "open", done: "closed" } as const;
const NAMES = {
  "to do": "new",
  open: "open",
  reopened: "open",
  "in progress": "open",
  "waiting for support": "open",
  "waiting for customer": "pending",
  pending: "pending",
  "on hold": "on_hold",
  resolved: "resolved",
  done: "closed",
  closed: "closed",
  canceled: "closed",
} as const;

const statusWords = ({ statuses }: Settings): Readonly<Record<string, string>> => ({
  ...CATEGORIES,
  ...NAMES,
  ...Object.fromEntries(Object.entries(statuses).map(([name, status]) => [name.toLowerCase(), status])),
});

const PRIORITIES = {
  blocker: "urgent",
  critical: "urgent",
  highest: "urgent",
  high: "high",
  major: "high",
  medium: "normal",
  low: "low",
  minor: "low",
  lowest: "low",
  trivial: "low",
} as const;

/** Fields of an issue stand beside its id and key. Names in camel case are ours: see `issueRecord` and `commentRecord`. */
const objects = (settings: Settings): ObjectMaps => ({
  issue: object("case", "id", {
    number: text("key"),
    subject: text("summary"),
    description: text("plainText"),
    status: word("statusWord", statusWords(settings)),
    priority: word("priority.name", PRIORITIES),
    requesterId: text("requester"),
    requesterEmail: text("reporter.emailAddress"),
    openedAt: time("created"),
  }),
  comment: object("activity", "recordKey", {
    type: text("recordType"),
    body: text("plainText"),
    actorId: text("requester"),
    relatedId: text("about"),
    happenedAt: time("created"),
  }),
});

/** What goes by another name in the body than in the type of its events. */
const MEMBERS: ReadonlyMap<string, string> = new Map([
  ["issuelink", "issueLink"],
  ["issuetype", "issueType"],
]);
const TYPE = /^(?:jira:)?(.+)_([a-z]+)$/;

/** Cloud names people by account id, Server and Data Center by key or name. */
const personAt = (record: JsonObject, path: string): string | undefined =>
  ["accountId", "key", "name"].map((id) => scalarText(readPath(record, `${path}.${id}`))).find((id) => id !== undefined);

const withKnown = (record: JsonObject, readings: Readonly<Record<string, string | undefined>>): JsonObject => ({
  ...record,
  ...Object.fromEntries(Object.entries(readings).filter((entry): entry is [string, string] => entry[1] !== undefined)),
});

/** Rich text comes as a document from some sites: it stays in `extra`, as it is no text. */
function issueRecord(issue: JsonObject, settings: Settings): JsonObject {
  const { fields, ...own } = issue;
  const record: JsonObject = { ...(isJsonObject(fields) ? fields : {}), ...own };
  const name = scalarText(readPath(record, "status.name"));
  const category = scalarText(readPath(record, "status.statusCategory.key"));
  const isKnown = name !== undefined && Object.hasOwn(statusWords(settings), name.toLowerCase());
  return withKnown(record, {
    statusWord: isKnown ? name : (category ?? name),
    plainText: scalarText(record["description"]),
    requester: personAt(record, "reporter"),
  });
}

/** Comments and issues count their ids apart. */
function commentRecord(comment: JsonObject, body: JsonObject): JsonObject {
  const id = readName(comment["id"]);
  return withKnown(comment, {
    recordType: "comment",
    recordKey: id === null ? undefined : `comment:${id}`,
    plainText: scalarText(comment["body"]),
    requester: personAt(comment, "author"),
    about: scalarText(readPath(body, "issue.id")),
  });
}

/** An event of a comment names nobody but who wrote it, and who changed it last. */
const actorOf = (body: JsonObject): string | undefined =>
  personAt(body, "user") ?? personAt(body, "comment.updateAuthor") ?? personAt(body, "comment.author");

function recordOf(name: string, body: JsonObject, settings: Settings): JsonObject {
  const record = body[MEMBERS.get(name) ?? name];
  if (!isJsonObject(record)) return {};
  return name === "issue" ? issueRecord(record, settings) : name === "comment" ? commentRecord(record, body) : record;
}

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** One event a request: the record after the change or, of a deletion, as it last was. */
function decode(request: GenuineRequest, { settings, objects: maps }: Context): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const body = document.value;
  const type = readName(body["webhookEvent"]);
  if (type === null) return unintelligible('no "webhookEvent": this is no event of Jira');
  const named = { type, deliveryId: readName(request.headers.get("x-atlassian-webhook-identifier")) };
  if (settings.ownAccountIds.includes(actorOf(body) ?? "")) return unmapped(named, "an echo: our own user or app did this");
  const stamp = readName(body["timestamp"]);
  const occurredAtMs = stamp === null ? null : readTimestamp(stamp, "ms");
  if (stamp !== null && occurredAtMs === null) return unintelligible(`${type}: "timestamp" is not a time in milliseconds since 1970`);
  const [, name = type, happening = ""] = TYPE.exec(type) ?? [];
  const late = request.headers.get("x-atlassian-webhook-flow") === "Secondary";
  const item = toItem(
    {
      ...named,
      object: name,
      record: { ...recordOf(name, body, settings), ...(late ? { webhookFlow: "Secondary" } : {}) },
      occurredAtMs,
      order: occurredAtMs === null ? NO_ORDER : timeToken(occurredAtMs),
      nature: "snapshot",
      deleted: happening === "deleted",
    },
    maps,
  );
  return item.ok ? ok([item.value]) : item;
}

const PROVENANCE =
  "payload of developer.atlassian.com/cloud/jira/platform/webhooks and the types of github.com/MrRefactoring/jira.js (src/webhooks), read 2026-11-24";

/**
 * Jira, Cloud and Data Center. A webhook with a secret signs hex HMAC-SHA256 over the body, in the header that others use
 * with SHA-1: only `sha256=` counts. No time is signed; `timestamp` in milliseconds orders. An identifier is the same on
 * every retry. It waits 20 seconds and retries 408, 409, 425, 429 and 5xx; consequences of bulk changes come in a slower flow.
 */
export const jira = defineSource<Settings>({
  scheme: "jira",
  title: "Jira",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  objects,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [408, 409, 425, 429, "5xx"],
    harmful: [],
    timeoutMs: 20_000,
    source:
      "community.developer.atlassian.com/t/new-jira-cloud-webhook-retry-policy/30554, read 2026-11-24; the time limit as third parties report",
  },
  setup: [
    "As a Jira administrator, under System, Webhooks, create one with the URL {url} and leave out no body.",
    "Enter {secret} as its secret: a webhook without one is not signed, and is refused.",
    "Tick the issue and comment events that matter and limit them by JQL.",
    "If the webhook is an app's and brings a token instead of a signature, say so in the source's authentication.",
    "Name the site's own statuses in the source's statuses; if this router's destinations write to Jira, list their account in ownAccountIds.",
  ],
  samples: [
    {
      name: "issue-updated",
      provenance: `${PROVENANCE}; shortened, values made up`,
      contentType: "application/json; charset=utf-8",
      headers: { "x-atlassian-webhook-identifier": "{id}", "x-atlassian-webhook-flow": "Primary" },
      settings: { statuses: { "In Prüfung": "on_hold" } },
      body: `{"timestamp":{now:ms},"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_generic","user":{"accountId":"5b10a2844c20165700ede21g","displayName":"Jörg Weiß"},"issue":{"id":"10002","self":"https://acme.atlassian.net/rest/api/2/issue/10002","key":"SUP-42","fields":{"summary":"Größe falsch – サイズ違い 👟","description":"Bitte prüfen","created":"2026-01-01T01:00:00.000+0100","updated":"2026-01-01T01:05:00.000+0100","priority":{"name":"High","id":"2"},"status":{"name":"In Prüfung","id":"10100","statusCategory":{"id":4,"key":"indeterminate"}},"reporter":{"accountId":"5b109f2e9729b51b54dc274d","emailAddress":"eva@example.com"},"customfield_10042":900719925474099312}},"changelog":{"id":"10124","items":[{"field":"status","fromString":"Open","toString":"In Prüfung"}]}}`,
      expect: {
        kind: "case",
        key: "10002",
        type: "jira:issue_updated",
        data: {
          number: "SUP-42",
          subject: "Größe falsch – サイズ違い 👟",
          description: "Bitte prüfen",
          status: "on_hold",
          statusRaw: "In Prüfung",
          priority: "high",
          priorityRaw: "High",
          requesterId: "5b109f2e9729b51b54dc274d",
          requesterEmail: "eva@example.com",
          openedAt: "2026-01-01T00:00:00.000Z",
          extra: { updated: "2026-01-01T01:05:00.000+0100", customfield_10042: "900719925474099312" },
        },
      },
    },
    {
      name: "comment-created",
      provenance: `${PROVENANCE}: of comments only the members' names are known; values made up`,
      contentType: "application/json; charset=utf-8",
      headers: { "x-atlassian-webhook-identifier": "{id}", "x-atlassian-webhook-flow": "Secondary" },
      body: `{"timestamp":{now:ms},"webhookEvent":"comment_created","comment":{"id":"10301","self":"https://acme.atlassian.net/rest/api/2/issue/10002/comment/10301","author":{"accountId":"5b10a2844c20165700ede21g","displayName":"Jörg Weiß"},"body":"Ersatz ist unterwegs 🚚","created":"2026-01-01T01:06:00.000+0100","updated":"2026-01-01T01:06:00.000+0100","jsdPublic":true},"issue":{"id":"10002","key":"SUP-42","fields":{"summary":"Größe falsch"}}}`,
      expect: {
        kind: "activity",
        key: "comment:10301",
        type: "comment_created",
        data: {
          type: "comment",
          body: "Ersatz ist unterwegs 🚚",
          actorId: "5b10a2844c20165700ede21g",
          relatedId: "10002",
          happenedAt: "2026-01-01T00:06:00.000Z",
          extra: { jsdPublic: true, webhookFlow: "Secondary" },
        },
      },
    },
    {
      name: "issue-deleted-of-an-app",
      provenance: `${PROVENANCE}; shortened, values made up; the token in the query is one of the ways that sites are set up with`,
      contentType: "application/json; charset=utf-8",
      headers: { "x-atlassian-webhook-identifier": "{id}" },
      settings: { authentication: { type: "query", parameter: "token" } },
      body: `{"timestamp":{now:ms},"webhookEvent":"jira:issue_deleted","user":{"accountId":"5b10a2844c20165700ede21g"},"issue":{"id":"10002","key":"SUP-42","fields":{"summary":"Größe falsch","status":{"name":"Zurückgestellt","statusCategory":{"key":"done"}}}}}`,
      expect: {
        kind: "case",
        key: "10002",
        type: "jira:issue_deleted",
        data: { number: "SUP-42", subject: "Größe falsch", status: "closed", statusRaw: "done" },
      },
    },
  ],
});
