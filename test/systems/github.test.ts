import { sign, verify } from "@octokit/webhooks-methods";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import { object, text } from "../../src/domain/mapping.ts";
import type { SourceItem } from "../../src/sources/define.ts";
import { github } from "../../src/sources/github.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "It's a Secret to Everybody";
const FORM = "application/x-www-form-urlencoded";
const verification = github.verification(github.settings.parse({}));

describe("the @octokit/webhooks-methods package", () => {
  // It signs no empty body.
  const BODIES = [
    "Hello, World!",
    "{}",
    '{"title":"Größe 東京 🚂"}',
    "payload=%7B%22zen%22%3A%22Gr%C3%B6%C3%9Fe%22%7D",
    "x".repeat(70_000),
  ];
  const ours = (body: string, signature: string) =>
    prove({
      verification,
      body: bytes(body),
      signed: { url: URL_TEXT, headers: { "x-hub-signature-256": signature } },
      secrets: [{ id: "G", value: SECRET }],
    });

  it.each(BODIES)("signs what we prove: %.40s", async (body) => {
    expect(await ours(body, await sign(SECRET, body))).toMatchObject({ ok: true, value: { secretId: "G", timestampMs: null } });
    expect((await ours(`${body} `, await sign(SECRET, body))).ok).toBe(false);
    expect(await ours(body, await sign("another", body))).toEqual({ ok: false, failure: "signature_mismatch" });
  });

  it.each(BODIES)("proves what the sandbox signs: %.40s", async (body) => {
    const request = { verification, secret: SECRET, body: bytes(body), nowMs: NOW_MS, url: URL_TEXT, method: "POST", headers: {} };
    const signature = signRequest(request).headers["x-hub-signature-256"] ?? "";
    expect(await verify(SECRET, body, signature)).toBe(true);
    expect(await verify(SECRET, `${body} `, signature)).toBe(false);
  });

  it("counts with sha256 alone", async () => {
    const signature = await sign(SECRET, "{}");
    for (const other of [signature.replace("sha256=", "sha1="), signature.slice("sha256=".length), signature.toUpperCase()])
      expect(await ours("{}", other)).toEqual({ ok: false, failure: "signature_malformed" });
  });
});

const REPOSITORY = { id: 7, full_name: "acme/erp" };
const ISSUE = { id: 1, number: 42, title: "Größe", state: "open", user: { id: 9 }, updated_at: "2026-01-01T00:00:00Z" };

interface Sent {
  readonly event: string;
  readonly contentType?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

function decodeText(body: string, { event, contentType = "application/json", settings = {} }: Sent) {
  const headers = { ...(event === "" ? {} : { "x-github-event": event }), "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" };
  return decodeWith(github, liveFor(github, { settings }), bytes(body), { contentType, headers });
}
const decode = (event: string, body: object, settings: Readonly<Record<string, unknown>> = {}) =>
  decodeText(JSON.stringify({ repository: REPOSITORY, sender: { id: 3, login: "octocat" }, ...body }), { event, settings });

function itemOf(event: string, body: object): SourceItem {
  const [item] = itemsOf(decode(event, body));
  if (item === undefined) throw new Error("no event");
  return item;
}

describe("an event", () => {
  it("is a snapshot under the delivery's GUID, ordered by the record's own time", () => {
    expect(itemOf("issues", { action: "closed", issue: { ...ISSUE, state: "closed", state_reason: "not_planned" } })).toMatchObject({
      type: "issues.closed",
      deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      order: { kind: "time", value: "1767225600000" },
      nature: "snapshot",
      deleted: false,
      entity: { kind: "case", key: "1", data: { status: "closed", number: "42" } },
    });
  });

  it.each([
    ["issues", "deleted", "issue", true],
    ["issues", "transferred", "issue", true],
    ["issues", "closed", "issue", false],
    ["release", "unpublished", "release", false],
    ["discussion", "deleted", "discussion", true],
  ])("%s.%s says whether the record is gone", (event, action, member, deleted) => {
    expect(itemOf(event, { action, [member]: ISSUE }).deleted).toBe(deleted);
  });

  it.each([
    ["issue_comment", { comment: { id: 5 }, issue: { id: 1 } }, "issue_comment:5", "1"],
    ["pull_request_review", { review: { id: 5 }, pull_request: { id: 2 } }, "pull_request_review:5", "pull_request:2"],
    ["pull_request_review_comment", { comment: { id: 5 }, pull_request: { id: 2 } }, "pull_request_review_comment:5", "pull_request:2"],
    ["discussion_comment", { comment: { id: 5 }, discussion: { id: 3 } }, "discussion_comment:5", "discussion:3"],
    ["commit_comment", { comment: { id: 5, commit_id: "ec26c3e" } }, "commit_comment:5", "ec26c3e"],
    ["pull_request", { pull_request: { id: 5 } }, "pull_request:5", undefined],
    ["workflow_run", { workflow_run: { id: 5 } }, "workflow_run:5", undefined],
  ])("%s has the key of its kind, and names what it is on", (event, body, key, about) => {
    const { entity } = itemOf(event, { action: "created", ...body });
    expect(entity).toMatchObject({ kind: "activity", key, data: { channel: "acme/erp", actorId: "3" } });
    expect(entity.data["relatedId"]).toBe(about);
  });

  it("tells by a time of its own kind, where it has no updated_at", () => {
    const order = (record: object) => itemOf("pull_request_review", { action: "submitted", review: { id: 5, ...record } }).order;
    expect(order({ submitted_at: "2026-01-01T00:00:00Z" })).toEqual({ kind: "time", value: "1767225600000" });
    expect(order({ created_at: "2026-01-01T00:00:00.000-05:00" })).toEqual({ kind: "time", value: "1767243600000" });
    expect(order({})).toEqual({ kind: "none" });
  });

  it("that deletes a branch is a push as any other", () => {
    const push = {
      ref: "refs/heads/old",
      after: "0".repeat(40),
      deleted: true,
      head_commit: null,
      repository: { ...REPOSITORY, pushed_at: 1_767_225_600 },
    };
    expect(itemOf("push", push)).toMatchObject({
      type: "push",
      occurredAtMs: 1_767_225_600_000,
      deleted: false,
      entity: { key: `push:7:refs/heads/old:${"0".repeat(40)}` },
    });
  });

  it.each(["star", "installation", "meta", "constructor"])("of the kind %s is nobody's, whatever it looks like", (event) => {
    const failure = { kind: "unmapped", type: `${event}.created` };
    expect(decode(event, { action: "created", [event]: { id: 1, created_at: 1_557_933_565 } })).toMatchObject({ ok: false, failure });
  });

  it("of a kind that the team maps is read from under its own name", () => {
    const live = liveFor(github, { objects: { milestone: object("activity", "id", { subject: text("title") }) } });
    const body = bytes('{"action":"created","milestone":{"id":4,"title":"v1.0","updated_at":"2026-01-01T00:00:00Z"}}');
    const [item] = itemsOf(decodeWith(github, live, body, { headers: { "x-github-event": "milestone" } }));
    expect(item).toMatchObject({ deliveryId: null, entity: { kind: "activity", key: "4", data: { subject: "v1.0" } } });
  });

  it("that we caused ourselves is an echo", () => {
    const body = { action: "created", comment: { id: 5 }, issue: { id: 1 }, sender: { id: 8, login: "signalbox[bot]" } };
    expect(decode("issue_comment", body, { ownLogins: ["signalbox[bot]"] })).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
    expect(decode("issue_comment", body, { ownLogins: ["other"] })).toMatchObject({ ok: true });
  });

  it.each([
    ["no name in the header", "", JSON.stringify({ issue: ISSUE }), "application/json"],
    ["no record", "issues", '{"action":"opened"}', "application/json"],
    ["no id", "issues", '{"action":"opened","issue":{}}', "application/json"],
    ["a time that is none", "issues", '{"issue":{"id":1,"updated_at":"soon"}}', "application/json"],
    ["a form without its field", "issues", "zen=Design+for+failure.", FORM],
    ["a form whose field is no JSON", "issues", "payload=%7B", FORM],
    ["a form with a broken escape", "issues", "payload=%7B%7D%", FORM],
  ])("with %s is unintelligible", (_what, event, body, contentType) => {
    expect(decodeText(body, { event, contentType })).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

it("reads a form as it reads JSON", () => {
  const json = JSON.stringify({ action: "opened", issue: { ...ISSUE, body: "50 % + Zoll & Porto = ?" } });
  const form = new URLSearchParams({ payload: json }).toString();
  expect(itemsOf(decodeText(form, { event: "issues", contentType: `${FORM}; charset=utf-8` }))).toEqual(
    itemsOf(decodeText(json, { event: "issues" })),
  );
});

it("answers a greeting", () => {
  expect(github.handshakes?.({})).toEqual([{ kind: "ping", in: "header", at: "x-github-event", value: "ping" }]);
});
