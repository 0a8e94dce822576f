import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import type { SourceItem } from "../../src/sources/define.ts";
import { intercom } from "../../src/sources/intercom.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "client-secret";
const verification = intercom.verification({});

/** Computed apart from the project's code: a vector that was made elsewhere, and Node's own HMAC. */
describe("the signature", () => {
  const body = '{"type":"notification_event","id":"notif_1","topic":"conversation.admin.replied","created_at":1767225600}';
  const KNOWN = "sha1=b77ad0b46e67d64e16abba15965fb6a591ce6e80";
  const ours = (header: string, sent = body) =>
    prove({
      verification,
      body: bytes(sent),
      signed: { url: URL_TEXT, headers: { "x-hub-signature": header } },
      secrets: [{ id: "I", value: SECRET }],
    });
  const signed = (algorithm: "sha1" | "sha256", sent = body): string =>
    `${algorithm}=${createHmac(algorithm, SECRET).update(sent).digest("hex")}`;

  it("is what others compute", async () => {
    expect(signed("sha1")).toBe(KNOWN);
    expect(await ours(KNOWN)).toMatchObject({ ok: true, value: { secretId: "I", timestampMs: null } });
    expect(await ours(signed("sha1", "Größe 東京"), "Größe 東京")).toMatchObject({ ok: true });
    const { headers } = signRequest({
      verification,
      secret: SECRET,
      body: bytes(body),
      nowMs: NOW_MS,
      url: URL_TEXT,
      method: "POST",
      headers: {},
    });
    expect(headers["x-hub-signature"]).toBe(KNOWN);
  });

  it("counts with sha1 alone: the same header with SHA-256 is another sender's", async () => {
    for (const header of [
      signed("sha256"),
      KNOWN.replace("sha1=", "sha256="),
      KNOWN.replace("sha1=", ""),
      KNOWN.replace("sha1", "SHA1"),
      KNOWN.toUpperCase(),
    ])
      expect(await ours(header)).toEqual({ ok: false, failure: "signature_malformed" });
  });
});

const CONVERSATION = { type: "conversation", id: "1", created_at: 1_767_225_600, updated_at: 1_767_225_700, state: "open" };
const around = (topic: string, item: unknown, changes: Readonly<Record<string, unknown>> = {}) => ({
  type: "notification_event",
  app_id: "w1",
  id: "notif_1",
  topic,
  created_at: 1_767_225_800,
  delivery_attempts: 1,
  delivery_status: "pending",
  delivered_at: 0,
  first_sent_at: 1_767_225_800,
  data: { type: "notification_event_data", item },
  ...changes,
});

const decode = (body: unknown, settings: Readonly<Record<string, unknown>> = {}) =>
  decodeWith(intercom, liveFor(intercom, { settings }), bytes(JSON.stringify(body)));

function itemOf(body: unknown, settings: Readonly<Record<string, unknown>> = {}): SourceItem {
  const [item] = itemsOf(decode(body, settings));
  if (item === undefined) throw new Error("no event");
  return item;
}

describe("a notification", () => {
  it("is a snapshot, ordered by the record's own time, under the notification's id", () => {
    expect(itemOf(around("conversation.admin.closed", CONVERSATION))).toMatchObject({
      deliveryId: "notif_1",
      occurredAtMs: 1_767_225_800_000,
      order: { kind: "time", value: "1767225700000" },
      nature: "snapshot",
      deleted: false,
    });
  });

  it("says the same on each attempt, and something else of another record", () => {
    const once = itemOf(around("conversation.admin.closed", CONVERSATION));
    const again = { delivery_attempts: 2, delivery_status: "retry", delivered_at: 5, first_sent_at: 6 };
    expect(itemOf(around("conversation.admin.closed", CONVERSATION, again))).toEqual(once);
    expect(itemOf(around("conversation.admin.closed", { ...CONVERSATION, title: "x" })).content).not.toBe(once.content);
  });

  it("of a deletion brings little more than an id, and is later than every change", () => {
    expect(itemOf(around("conversation.deleted", { type: "conversation", id: "1" }))).toMatchObject({
      deleted: true,
      order: { kind: "time", value: "1767225800000" },
      entity: { kind: "case", key: "1" },
    });
    expect(itemOf(around("contact.archived", { type: "contact", id: "1" })).deleted).toBe(false);
  });

  it.each([
    ["contact", "customer", "contact:1"],
    ["user", "customer", "contact:1"],
    ["lead", "customer", "contact:1"],
    ["company", "customer", "1"],
    ["conversation", "case", "1"],
    ["ticket", "case", "ticket:1"],
  ])("about a %s is a %s under the key %s", (type, kind, key) => {
    expect(itemOf(around(`${type}.created`, { type, id: "1", updated_at: 1 })).entity).toMatchObject({ kind, key });
  });

  it.each(["admin", "contact_tag", "conversation_part", "constructor"])("about a %s is nobody's", (type) => {
    expect(decode(around("a.b", { type, id: "1" }))).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", type: "a.b", deliveryId: "notif_1" },
    });
  });

  it("of a workspace that is not listed is not let in", () => {
    const body = around("company.created", { type: "company", id: "1" });
    expect(decode(body, { workspaceIds: ["w2"] })).toEqual({ ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } });
    expect(decode(body, { workspaceIds: ["w2", "w1"] })).toMatchObject({ ok: true });
    expect(intercom.settings.safeParse({ workspaceIds: [] }).success).toBe(false);
  });

  it.each([
    ["no topic", { ...around("x", CONVERSATION), topic: undefined }],
    ["no record", around("conversation.admin.closed", null)],
    ["no id", around("conversation.admin.closed", { type: "conversation" })],
    ["an id that is too long with its prefix", around("contact.created", { type: "contact", id: "9".repeat(250) })],
    ["a time that is none", around("conversation.admin.closed", { ...CONVERSATION, updated_at: "soon" })],
  ])("with %s is unintelligible", (_what, body) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

describe("what the API's versions put elsewhere", () => {
  it("is read from where it is: an older conversation", () => {
    const old = {
      ...CONVERSATION,
      user: { id: "u1", email: "bob@example.com" },
      conversation_message: { subject: "Hi", body: "<p>hi</p>" },
    };
    expect(itemOf(around("conversation.user.created", old)).entity.data).toMatchObject({
      subject: "Hi",
      description: "<p>hi</p>",
      requesterId: "contact:u1",
      requesterEmail: "bob@example.com",
    });
  });

  it.each([["in_progress"], [{ type: "ticket_state", id: "7", category: "in_progress" }]])(
    "is read from where it is: a ticket's state %j",
    (ticket_state) => {
      const ticket = {
        type: "ticket",
        id: "1",
        ticket_id: "42",
        ticket_state,
        ticket_attributes: { _default_title_: "Größe" },
        updated_at: 1,
      };
      expect(itemOf(around("ticket.state.updated", ticket)).entity).toMatchObject({
        key: "ticket:1",
        data: { number: "42", subject: "Größe", status: "open", statusRaw: "in_progress" },
      });
    },
  );
});

it("answers a look whether somebody is there, and a greeting", () => {
  expect(intercom.handshakes?.({})).toEqual([{ kind: "probe" }, { kind: "ping", in: "body", at: "topic", value: "ping" }]);
});
