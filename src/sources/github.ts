import * as z from "zod";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { firstOf, isForm, readForm } from "../decoding/form.ts";
import { isJsonObject, readPath, type JsonObject } from "../domain/json.ts";
import { object, scalarText, text, time, word } from "../domain/mapping.ts";
import { ok, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Logins of our own users and apps, such as `signalbox[bot]`: what they do is an echo of our own. */
  ownLogins: z.array(z.string().min(1)).default([]),
});
type Settings = z.infer<typeof Settings>;

/** Names in camel case are ours, read from where the kinds of record put the same thing: see `withReadings`. */
const FIELDS = {
  type: text("eventName"),
  body: text("body"),
  channel: text("repositoryName"),
  actorId: text("actor"),
  relatedId: text("about"),
  url: text("html_url"),
  happenedAt: time("happened"),
} as const;

const FINISHED = { success: "done", failure: "failed", error: "failed", cancelled: "failed", timed_out: "failed" } as const;

/** By the event's name, except that `issues` is about an issue. A team may add any event whose record has an id. */
const OBJECTS: ObjectMaps = {
  issue: object("case", "id", {
    number: text("number"),
    subject: text("title"),
    description: text("body"),
    status: word("state", { open: "open", closed: "closed" }),
    requesterId: text("user.id"),
    openedAt: time("created_at"),
  }),
  issue_comment: object("activity", "recordKey", FIELDS),
  pull_request: object("activity", "recordKey", { ...FIELDS, subject: text("title") }),
  pull_request_review: object("activity", "recordKey", FIELDS),
  pull_request_review_comment: object("activity", "recordKey", FIELDS),
  commit_comment: object("activity", "recordKey", FIELDS),
  discussion: object("activity", "recordKey", { ...FIELDS, subject: text("title") }),
  discussion_comment: object("activity", "recordKey", FIELDS),
  release: object("activity", "recordKey", { ...FIELDS, subject: text("name") }),
  deployment_status: object("activity", "recordKey", { ...FIELDS, status: word("state", FINISHED, "queued") }),
  workflow_run: object("activity", "recordKey", { ...FIELDS, subject: text("name"), status: word("conclusion", FINISHED) }),
  push: object("activity", "recordKey", { ...FIELDS, subject: text("ref"), body: text("head_commit.message"), url: text("compare") }),
};

/** Where an event's record is, if not under the event's own name. */
const RECORDS: ReadonlyMap<string, string> = new Map([
  ["issues", "issue"],
  ["issue_comment", "comment"],
  ["pull_request_review", "review"],
  ["pull_request_review_comment", "comment"],
  ["commit_comment", "comment"],
  ["discussion_comment", "comment"],
]);

/** A transferred record goes on in another repository under another id. */
const GONE: ReadonlySet<string> = new Set(["deleted", "transferred"]);

const firstAt = (record: JsonObject, paths: readonly string[]): string | undefined =>
  paths.map((path) => scalarText(readPath(record, path))).find((value) => value !== undefined && value !== "");

/** An event as GitHub sends it: its name is in a header, all else in the body. */
interface Sent {
  readonly event: string;
  readonly body: JsonObject;
}

/** The record of an event that has one; a push is its own, of which the repository and people around it are left out. */
function recordOf({ event, body }: Sent): JsonObject | null {
  const record = body[RECORDS.get(event) ?? event];
  if (isJsonObject(record)) return record;
  if (event !== "push") return null;
  const { repository: _repository, sender: _sender, organization: _organization, installation: _installation, ...push } = body;
  return push;
}

/** What a record does not say itself, or not always in the same place. Of an issue GitHub's own names suffice. */
function withReadings(record: JsonObject, sent: Sent): JsonObject {
  const repositoryName = firstAt(sent.body, ["repository.full_name"]);
  const readings = { repositoryName, ...(sent.event === "issues" ? {} : activityReadings(record, sent)) };
  const known = Object.entries(readings).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...record, ...Object.fromEntries(known) };
}

/** Ids are unique among records of one kind only, so that the key of an activity has its kind before it. */
function activityReadings(record: JsonObject, { event, body }: Sent): Readonly<Record<string, string | undefined>> {
  const id = event === "push" ? pushId(body) : readName(record["id"]);
  return {
    eventName: event,
    recordKey: id === null ? undefined : `${event}:${id}`,
    actor: firstAt(record, ["user.id", "author.id", "creator.id", "actor.id"]) ?? firstAt(body, ["sender.id"]),
    about: aboutOf({ event, body }),
    happened: changedAt(record, body),
  };
}

const pushId = (body: JsonObject): string | null => {
  const parts = ["repository.id", "ref", "after"].map((path) => readName(readPath(body, path)));
  return parts.includes(null) ? null : parts.join(":");
};

/** The record that a comment or review is on, by the key that we know it by. */
function aboutOf({ event, body }: Sent): string | undefined {
  if (event === "issue_comment") return firstAt(body, ["issue.id"]);
  if (event === "commit_comment") return firstAt(body, ["comment.commit_id"]);
  const about = event.startsWith("pull_request_review") ? "pull_request" : event === "discussion_comment" ? "discussion" : null;
  const id = about === null ? undefined : firstAt(body, [`${about}.id`]);
  return id === undefined ? undefined : `${about}:${id}`;
}

const CHANGED = ["updated_at", "submitted_at", "published_at", "created_at"] as const;

/** When the record last changed, in whole seconds. Of a push the repository tells it; a commit's own time is its author's. */
function changedAt(record: JsonObject, body: JsonObject): string | undefined {
  const changed = firstAt(record, CHANGED);
  if (changed !== undefined) return changed;
  const pushed = readTimestamp(firstAt(body, ["repository.pushed_at"]) ?? "", "s");
  return pushed === null ? undefined : new Date(pushed).toISOString();
}

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** One event a request: the record as it is after the change. */
function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly SourceItem[], DecodeFailure> {
  const document = readBody(request);
  if (!document.ok) return document;
  const event = readName(request.headers.get("x-github-event"));
  if (event === null) return unintelligible("no X-GitHub-Event header: this is no event of GitHub");
  const sent: Sent = { event, body: document.value };
  const action = readName(sent.body["action"]);
  const named: Named = {
    type: action === null ? event : `${event}.${action}`,
    deliveryId: readName(request.headers.get("x-github-delivery")),
    deleted: action !== null && GONE.has(action),
  };
  if (settings.ownLogins.includes(firstAt(sent.body, ["sender.login"]) ?? ""))
    return unmapped(named, "an echo: our own user or app did this");
  const item = readEvent(sent, named, objects);
  return item.ok ? ok([item.value]) : item;
}

type Named = Pick<SourceItem, "type" | "deliveryId" | "deleted">;

function readEvent(sent: Sent, named: Named, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  const { event, body } = sent;
  const object = event === "issues" ? "issue" : event;
  if (!Object.hasOwn(objects, object)) return unmapped(named, `no object "${object}" is configured`);
  const record = recordOf(sent);
  if (record === null) return unintelligible(`${named.type}: no record at "${RECORDS.get(event) ?? event}"`);
  const order = orderByTimeAt({ changedAt: changedAt(record, body) ?? null }, "changedAt", "iso");
  if (!order.ok) return unintelligible(`${named.type}: ${order.failure}`);
  return toItem(
    {
      ...named,
      object,
      record: withReadings(record, sent),
      occurredAtMs: order.value.kind === "time" ? Number(order.value.value) : null,
      order: order.value,
      nature: "snapshot",
    },
    objects,
  );
}

/** A form has the document in its field `payload`. */
function readBody({ body, contentType }: GenuineRequest): Result<JsonObject, DecodeFailure> {
  if (!isForm(contentType)) return readJson(body);
  const form = readForm(body);
  if (!form.ok) return form;
  const payload = firstOf(form.value, "payload");
  return payload === undefined ? unintelligible('the form has no field "payload"') : readJson(new TextEncoder().encode(payload));
}

const SHAPE = "payload examples of @octokit/webhooks-examples 7.6.1";
const REPOSITORY = `"repository":{"id":186853002,"full_name":"Codertocat/Hello-World","pushed_at":1767225600},"sender":{"login":"Codertocat","id":21031067}`;

/** A form as GitHub writes it, in which the placeholders are still to be filled. */
const asForm = (json: string): string =>
  new URLSearchParams({ payload: json }).toString().replaceAll(/%7B(now%3Aiso)%7D/g, (escaped) => decodeURIComponent(escaped));

/**
 * GitHub, as JSON or as a form. Signs hex HMAC-SHA256 over the body alone, form or not; the event's name and the delivery's
 * GUID are headers that nothing signs. It waits 10 seconds and never repeats by itself: what was missed is redelivered by
 * hand or through the API, under the same GUID. Order is by the record's own time of change, in whole seconds.
 */
export const github = defineSource<Settings>({
  scheme: "github",
  title: "GitHub",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "x-hub-signature-256",
    form: { type: "bare", prefix: "sha256=" },
    algorithm: "SHA-256",
    encoding: "hex",
    secretEncoding: "utf8",
    template: "{body}",
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode,
  handshakes: () => [{ kind: "ping", in: "header", at: "x-github-event", value: "ping" }],
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [],
    harmful: [],
    timeoutMs: 10_000,
    source: "docs.github.com/en/webhooks (handling failed deliveries, best practices), read 2026-11-24",
  },
  setup: [
    "In the settings of the repository, organization or app, under Webhooks, add {url} as the payload URL; application/json is the better content type.",
    "Enter {secret} as its secret and leave SSL verification on: GitHub greets with a ping at once.",
    "Choose the individual events that matter, such as issues, issue comments, pull requests, releases and pushes.",
    "GitHub repeats nothing by itself: after an outage, redeliver what failed from Recent Deliveries or through the API.",
    "If this router's destinations write to GitHub, list the login they use in the source's ownLogins.",
  ],
  samples: [
    {
      name: "issue-opened",
      provenance: `${SHAPE} (issues), read 2026-11-24; shortened, values made up, erp_document added`,
      contentType: "application/json",
      headers: { "x-github-event": "issues", "x-github-delivery": "{id}", "x-github-hook-id": "109948940" },
      body: `{"action":"opened","issue":{"id":444500041,"node_id":"MDU6SXNzdWU0NDQ1MDAwNDE=","number":1,"title":"Größe falsch – サイズ違い 👟","user":{"login":"Codertocat","id":21031067},"state":"open","locked":false,"created_at":"2026-01-01T00:00:00Z","updated_at":"{now:iso}","closed_at":null,"body":"Bitte prüfen","erp_document":900719925474099312},${REPOSITORY}}`,
      expect: {
        kind: "case",
        key: "444500041",
        type: "issues.opened",
        data: {
          number: "1",
          subject: "Größe falsch – サイズ違い 👟",
          description: "Bitte prüfen",
          status: "open",
          statusRaw: "open",
          requesterId: "21031067",
          openedAt: "2026-01-01T00:00:00.000Z",
          extra: { locked: false, closed_at: null, repositoryName: "Codertocat/Hello-World", erp_document: "900719925474099312" },
        },
      },
    },
    {
      name: "comment-as-form",
      provenance: `${SHAPE} (issue_comment) as a form, read 2026-11-24; shortened, values made up`,
      contentType: "application/x-www-form-urlencoded",
      headers: { "x-github-event": "issue_comment", "x-github-delivery": "{id}" },
      body: asForm(
        `{"action":"created","issue":{"id":444500041,"number":1},"comment":{"id":492700400,"html_url":"https://github.com/Codertocat/Hello-World/issues/1#issuecomment-492700400","user":{"login":"Codertocat","id":21031067},"created_at":"{now:iso}","updated_at":"{now:iso}","author_association":"OWNER","body":"Prüfe + melde mich, 100 %"},${REPOSITORY}}`,
      ),
      expect: {
        kind: "activity",
        key: "issue_comment:492700400",
        type: "issue_comment.created",
        data: {
          type: "issue_comment",
          body: "Prüfe + melde mich, 100 %",
          channel: "Codertocat/Hello-World",
          actorId: "21031067",
          relatedId: "444500041",
          url: "https://github.com/Codertocat/Hello-World/issues/1#issuecomment-492700400",
          extra: { author_association: "OWNER" },
        },
      },
    },
    {
      name: "push",
      provenance: `${SHAPE} (push), read 2026-11-24; shortened, values made up`,
      contentType: "application/json",
      headers: { "x-github-event": "push", "x-github-delivery": "{id}" },
      body: `{"ref":"refs/heads/main","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","after":"ec26c3e57ca3a959ca5aad62de7213c562f8c821","created":false,"deleted":false,"forced":false,"compare":"https://github.com/Codertocat/Hello-World/compare/6113728f27ae...ec26c3e57ca3","commits":[],"head_commit":{"id":"ec26c3e57ca3a959ca5aad62de7213c562f8c821","message":"Größe berichtigt","timestamp":"2025-12-31T23:00:00+01:00"},${REPOSITORY}}`,
      expect: {
        kind: "activity",
        key: "push:186853002:refs/heads/main:ec26c3e57ca3a959ca5aad62de7213c562f8c821",
        type: "push",
        data: {
          type: "push",
          subject: "refs/heads/main",
          body: "Größe berichtigt",
          channel: "Codertocat/Hello-World",
          actorId: "21031067",
          url: "https://github.com/Codertocat/Hello-World/compare/6113728f27ae...ec26c3e57ca3",
          happenedAt: "2026-01-01T00:00:00.000Z",
          extra: { forced: false, commits: [] },
        },
      },
    },
  ],
});
