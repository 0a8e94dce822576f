import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SourceItem } from "../../src/sources/define.ts";
import { jira } from "../../src/sources/jira.ts";
import { URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "It's a Secret to Everybody";

describe("the signature", () => {
  const verification = jira.verification(jira.settings.parse({}));
  const ours = (header: string, body: string) =>
    prove({
      verification,
      body: bytes(body),
      signed: { url: URL_TEXT, headers: { "x-hub-signature": header } },
      secrets: [{ id: "J", value: SECRET }],
    });
  const signed = (algorithm: "sha1" | "sha256", body: string): string =>
    `${algorithm}=${createHmac(algorithm, SECRET).update(body).digest("hex")}`;

  it("is the one of Atlassian's documentation, over any body", async () => {
    const known = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
    expect(await ours(known, "Hello World!")).toMatchObject({ ok: true, value: { secretId: "J" } });
    expect(await ours(signed("sha256", "Größe 東京"), "Größe 東京")).toMatchObject({ ok: true });
  });

  it("counts with sha256 alone: the same header with SHA-1 is another sender's", async () => {
    expect(await ours(signed("sha1", "{}"), "{}")).toEqual({ ok: false, failure: "signature_malformed" });
  });

  it("may be something else where an app's hooks bring it", () => {
    const authentication = { type: "jwt", issuer: "https://acme.atlassian.net", audience: "signalbox", algorithms: ["HS256"] };
    expect(jira.verification(jira.settings.parse({ authentication }))).toMatchObject({ kind: "jwt", header: "authorization" });
    expect(jira.verification(jira.settings.parse({ authentication: { type: "query" } }))).toMatchObject({ kind: "queryToken" });
    expect(jira.settings.safeParse({ authentication: { type: "sha1" } }).success).toBe(false);
  });
});

const ISSUE = {
  id: "10002",
  key: "SUP-42",
  fields: { summary: "Größe", status: { name: "In Prüfung", statusCategory: { key: "indeterminate" } } },
};
const issueEvent = (happening: string, fields: object = {}) => ({
  timestamp: 1_767_225_600_123,
  webhookEvent: `jira:issue_${happening}`,
  issue: { ...ISSUE, fields: { ...ISSUE.fields, ...fields } },
});

const decode = (body: unknown, settings: Readonly<Record<string, unknown>> = {}, headers: Readonly<Record<string, string>> = {}) =>
  decodeWith(jira, liveFor(jira, { settings }), bytes(JSON.stringify(body)), { headers });

function itemOf(...asked: Parameters<typeof decode>): SourceItem {
  const [item] = itemsOf(decode(...asked));
  if (item === undefined) throw new Error("no event");
  return item;
}

describe("an event", () => {
  it("is a snapshot under the identifier that its retries share, ordered by the time it was raised", () => {
    const headers = { "x-atlassian-webhook-identifier": "w-1", "x-atlassian-webhook-retry": "2" };
    expect(itemOf(issueEvent("updated"), {}, headers)).toMatchObject({
      deliveryId: "w-1",
      occurredAtMs: 1_767_225_600_123,
      order: { kind: "time", value: "1767225600123" },
      nature: "snapshot",
      deleted: false,
    });
    expect(itemOf(issueEvent("updated")).deliveryId).toBeNull();
  });

  it("tells when it came in the slower flow", () => {
    const extra = (flow: string) => itemOf(issueEvent("updated"), {}, { "x-atlassian-webhook-flow": flow }).entity.data["extra"];
    expect(extra("Secondary")).toMatchObject({ webhookFlow: "Secondary" });
    expect(extra("Primary")).not.toHaveProperty("webhookFlow");
  });

  it.each([
    ["jira:issue_deleted", true],
    ["jira:issue_updated", false],
    ["comment_deleted", true],
    ["comment_updated", false],
  ])("%s says whether the record is gone", (webhookEvent, deleted) => {
    expect(itemOf({ ...issueEvent("x"), webhookEvent, comment: { id: "1" } }).deleted).toBe(deleted);
  });

  it.each([
    "issue_property_set",
    "project_restored_deleted",
    "worklog_created",
    "jira:version_released",
    "option_voting_changed",
    "constructor",
  ])("%s is nobody's", (webhookEvent) => {
    const failure = { kind: "unmapped", type: webhookEvent, deliveryId: null };
    expect(decode({ ...issueEvent("x"), webhookEvent })).toMatchObject({ ok: false, failure });
  });

  it("that we caused ourselves is an echo, also where only the comment names who wrote it", () => {
    const settings = { ownAccountIds: ["5b10"] };
    const comment = { webhookEvent: "comment_created", comment: { id: "1", author: { accountId: "5b10" } } };
    for (const body of [{ ...issueEvent("updated"), user: { accountId: "5b10" } }, comment])
      expect(decode(body, settings)).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
    expect(decode({ ...issueEvent("updated"), user: { accountId: "other" } }, settings)).toMatchObject({ ok: true });
  });

  it.each([
    ["no webhookEvent", { timestamp: 1, issue: ISSUE }],
    ["no issue", { webhookEvent: "jira:issue_updated", timestamp: 1 }],
    ["no id", { webhookEvent: "jira:issue_updated", issue: { key: "SUP-42" } }],
    ["a time that is none", { ...issueEvent("updated"), timestamp: "soon" }],
  ])("with %s is unintelligible", (_what, body) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

describe("an issue", () => {
  const dataOf = (fields: object, settings: Readonly<Record<string, unknown>> = {}) =>
    itemOf(issueEvent("updated", fields), settings).entity.data;

  it("has the status that the site's own name means, else that of its category", () => {
    const settings = { statuses: { "IN PRÜFUNG": "pending" } };
    expect(dataOf({}, settings)).toMatchObject({ status: "pending", statusRaw: "In Prüfung" });
    expect(dataOf({})).toMatchObject({ status: "open", statusRaw: "indeterminate" });
    expect(dataOf({ status: { name: "Waiting for customer", statusCategory: { key: "indeterminate" } } })).toMatchObject({
      status: "pending",
    });
    expect(dataOf({ status: { name: "constructor" } })).toMatchObject({ status: "unknown", statusRaw: "constructor" });
    expect(jira.settings.safeParse({ statuses: { Offen: "offen" } }).success).toBe(false);
  });

  it("names people as Cloud does, or as Server and Data Center do", () => {
    expect(dataOf({ reporter: { accountId: "5b10", name: "eva" } })).toMatchObject({ requesterId: "5b10" });
    expect(dataOf({ reporter: { key: "JIRAUSER1", name: "eva" } })).toMatchObject({ requesterId: "JIRAUSER1" });
    expect(dataOf({ reporter: null })).not.toHaveProperty("requesterId");
  });

  it("keeps a description that is a document, since it is no text", () => {
    const description = { type: "doc", version: 1, content: [] };
    expect(dataOf({ description })).toMatchObject({ extra: { description } });
    expect(dataOf({ description })).not.toHaveProperty("description");
  });
});
