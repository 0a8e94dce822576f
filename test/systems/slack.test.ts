import { isValidSlackRequest } from "@slack/bolt/dist/receivers/verify-request.js";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import type { SourceItem } from "../../src/sources/define.ts";
import { slack } from "../../src/sources/slack.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const BODIES = [
  '{"type":"event_callback"}',
  "",
  "token=x&text=Gr%C3%B6%C3%9Fe+%E6%9D%B1",
  '{"text":"Größe 東京 🚂"}',
  `{"long":"${"x".repeat(70_000)}"}`,
];
const verification = slack.verification(slack.settings.parse({}));

const FORM = "application/x-www-form-urlencoded";
/** The example of Slack's documentation, "Verifying requests from Slack". */
const EXAMPLE = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: 1531420618,
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
} as const;

interface Asked {
  readonly body: string;
  readonly signature: string;
  readonly timestamp: number;
  readonly nowMs?: number;
}

const bolt = ({ body, signature, timestamp, nowMs = NOW_MS }: Asked): boolean =>
  isValidSlackRequest({
    signingSecret: SECRET,
    body,
    headers: { "x-slack-signature": signature, "x-slack-request-timestamp": timestamp },
    nowMilliseconds: nowMs,
  });

const ours = ({ body, signature, timestamp, nowMs = NOW_MS }: Asked) =>
  prove({
    verification,
    body: bytes(body),
    signed: { url: URL_TEXT, headers: { "x-slack-signature": signature, "x-slack-request-timestamp": String(timestamp) } },
    secrets: [{ id: "S", value: SECRET }],
    nowMs,
  });

describe("the @slack/bolt package", () => {
  const seconds = NOW_MS / 1000;
  const sign = (body: string): string =>
    signRequest({ verification, secret: SECRET, body: bytes(body), nowMs: NOW_MS, url: URL_TEXT, method: "POST", headers: {} }).headers[
      "x-slack-signature"
    ] ?? "";

  it.each(BODIES)("and we believe the same requests: %.40s", async (body) => {
    const signature = sign(body);
    const asked: readonly [Asked, boolean][] = [
      [{ body, signature, timestamp: seconds }, true],
      [{ body: `${body} `, signature, timestamp: seconds }, false],
      [{ body, signature, timestamp: seconds - 1 }, false],
      [{ body, signature: signature.replace("v0=", "v1="), timestamp: seconds }, false],
      [{ body, signature: signature.slice(0, -1), timestamp: seconds }, false],
      [{ body, signature, timestamp: seconds, nowMs: NOW_MS + 300_000 }, true],
      [{ body, signature, timestamp: seconds, nowMs: NOW_MS + 301_000 }, false],
    ];
    for (const [request, believed] of asked) {
      expect(bolt(request)).toBe(believed);
      expect((await ours(request)).ok).toBe(believed);
    }
  });

  it("believes a time in the future, which we do not", async () => {
    const request = { body: "{}", signature: sign("{}"), timestamp: seconds, nowMs: NOW_MS - 301_000 };
    expect(bolt(request)).toBe(true);
    expect(await ours(request)).toEqual({ ok: false, failure: "future" });
  });

  it("and we believe the example of the documentation", async () => {
    const { body, signature, timestamp } = EXAMPLE;
    expect(bolt({ body, signature, timestamp, nowMs: timestamp * 1000 })).toBe(true);
    expect(await ours({ body, signature, timestamp, nowMs: timestamp * 1000 })).toMatchObject({ ok: true, value: { secretId: "S" } });
  });
});

const TEAM = "T1";
const MESSAGE = {
  type: "message",
  channel: "C1",
  user: "U1",
  text: "hello",
  ts: "1767225600.000100",
  event_ts: "1767225600.000100",
  channel_type: "channel",
};
const around = (event: unknown, changes: Readonly<Record<string, unknown>> = {}) => ({
  token: "t",
  type: "event_callback",
  team_id: TEAM,
  event_id: "Ev1",
  event_time: 1_767_225_600,
  event,
  ...changes,
});

const decode = (body: unknown, settings: Readonly<Record<string, unknown>> = {}) =>
  decodeWith(slack, liveFor(slack, { settings }), bytes(JSON.stringify(body)));
function itemOf(event: unknown, settings: Readonly<Record<string, unknown>> = {}): SourceItem {
  const [item] = itemsOf(decode(around(event), settings));
  if (item === undefined) throw new Error("no event");
  return item;
}

describe("a message", () => {
  const key = `${TEAM}:C1:1767225600.000100`;
  const edited = {
    type: "message",
    subtype: "message_changed",
    channel: "C1",
    ts: "1767225660.000200",
    event_ts: "1767225660.000200",
    message: { type: "message", user: "U1", text: "bye", ts: MESSAGE.ts, edited: { user: "U1", ts: "1767225660.000000" } },
    previous_message: { type: "message", user: "U1", text: "hello", ts: MESSAGE.ts },
  };
  const deleted = {
    type: "message",
    subtype: "message_deleted",
    channel: "C1",
    deleted_ts: MESSAGE.ts,
    ts: "1767225700.000300",
    event_ts: "1767225700.000300",
    previous_message: edited.message,
  };

  it("keeps its key when it is edited and deleted, each later than the one before", () => {
    const items = [MESSAGE, edited, deleted].map((event) => itemOf(event));
    expect(items.map((item) => item.entity.key)).toEqual([key, key, key]);
    expect(items.map((item) => item.type)).toEqual(["message", "message_changed", "message_deleted"]);
    expect(items.map((item) => item.deleted)).toEqual([false, false, true]);
    expect(items.map((item) => item.entity.data["body"])).toEqual(["hello", "bye", undefined]);
    const tokens = items.map((item) => (item.order.kind === "lex" ? item.order.value : ""));
    expect(tokens.toSorted()).toEqual(tokens);
    expect(new Set(tokens).size).toBe(3);
  });

  it("that is deleted leaves none of its text", () => {
    expect(JSON.stringify(itemOf(deleted))).not.toContain("bye");
    expect(itemOf({ ...edited, message: { ...edited.message, subtype: "tombstone" } })).toMatchObject({ deleted: true });
  });

  it("in a thread is related to the message that began it", () => {
    expect(itemOf({ ...MESSAGE, thread_ts: "1767225000.000001" }).entity.data["relatedId"]).toBe(`${TEAM}:C1:1767225000.000001`);
    expect(itemOf({ ...MESSAGE, thread_ts: MESSAGE.ts }).entity.data).not.toHaveProperty("relatedId");
  });

  it("that mentions the app comes as two events, which do not contradict each other", () => {
    const mention = itemOf({ ...MESSAGE, type: "app_mention" });
    expect(mention).toMatchObject({ scope: "app_mention", entity: { key } });
    expect(itemOf(MESSAGE).scope).toBeUndefined();
  });

  it("of our own app is an echo, however it is named", () => {
    const settings = { ownBotIds: ["B0OWN", "A0OWN", "U0OWN"] };
    for (const own of [
      { ...MESSAGE, bot_id: "B0OWN" },
      { ...MESSAGE, app_id: "A0OWN" },
      { ...MESSAGE, user: "U0OWN" },
      { ...edited, message: { ...edited.message, bot_id: "B0OWN" } },
    ])
      expect(decode(around(own), settings)).toMatchObject({
        ok: false,
        failure: { kind: "unmapped", deliveryId: "Ev1", detail: expect.stringContaining("echo") },
      });
    expect(itemOf({ ...MESSAGE, bot_id: "B0OTHER" }, settings).entity.key).toBe(key);
    expect(slack.settings.safeParse({ ownBotIds: ["bot"] }).success).toBe(false);
  });
});

describe("other events", () => {
  it("are activities of their own, which never take a message's place", () => {
    expect(
      itemOf({
        type: "reaction_added",
        user: "U2",
        reaction: "eyes",
        item_user: "U1",
        item: { type: "message", channel: "C1", ts: MESSAGE.ts },
        event_ts: MESSAGE.ts,
      }),
    ).toMatchObject({
      type: "reaction_added",
      entity: {
        kind: "activity",
        key: `${TEAM}:C1:reaction_added:${MESSAGE.ts}`,
        data: {
          type: "reaction_added",
          actorId: "U2",
          channel: "C1",
          relatedId: `${TEAM}:C1:${MESSAGE.ts}`,
          happenedAt: "2026-01-01T00:00:00.000Z",
        },
      },
    });
  });

  it("may hold whole records where others hold ids", () => {
    expect(
      itemOf({ type: "channel_created", channel: { id: "C9", name: "neu", creator: "U3" }, event_ts: "1767225601.000000" }).entity,
    ).toMatchObject({
      key: `${TEAM}:C9:channel_created:1767225601.000000`,
      data: { channel: "C9" },
    });
    expect(itemOf({ type: "team_join", user: { id: "U9", name: "jo" }, event_ts: "1767225602.000000" }).entity).toMatchObject({
      key: `${TEAM}:team_join:1767225602.000000`,
      data: { actorId: "U9" },
    });
  });

  it("without a time stamp go by the event's id, in no order", () => {
    expect(itemOf({ type: "app_uninstalled" })).toMatchObject({ order: { kind: "none" }, entity: { key: `${TEAM}:app_uninstalled:Ev1` } });
  });

  it("with a time stamp of another width are held back, since text would compare them wrongly", () => {
    for (const event_ts of ["1767225600.1", "99999999999.000100", "soon"])
      expect(decode(around({ ...MESSAGE, event_ts }))).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

describe("what is no event", () => {
  it("an overflow tells the operator to read what was missed", () => {
    expect(
      decode({ token: "t", type: "app_rate_limited", team_id: TEAM, minute_rate_limited: 1518467820, api_app_id: "A1" }),
    ).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringMatching(/T1.*1518467820.*read/) },
    });
  });

  it("commands and interactions are kept unmapped, under the id of what the person did", () => {
    const form = (body: string) => decodeWith(slack, liveFor(slack, {}), bytes(body), { contentType: `${FORM}; charset=utf-8` });
    expect(form(EXAMPLE.body)).toMatchObject({
      ok: false,
      failure: {
        kind: "unmapped",
        type: "command /webhook-collect",
        deliveryId: expect.stringMatching(/^398738663015/),
        detail: expect.stringContaining("command"),
      },
    });
    expect(form(`payload=${encodeURIComponent('{"type":"block_actions","trigger_id":"1.2.a"}')}`)).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", type: "block_actions", deliveryId: "1.2.a" },
    });
    expect(form("payload=%7B")).toMatchObject({ ok: false, failure: { kind: "unmapped", type: "form" } });
    expect(form("a=%FF")).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

describe("the credentials in a body", () => {
  const kept = (body: string): string => new TextDecoder().decode(slack.forStorage?.(bytes(body)));

  it("are not kept, and all else is", () => {
    const body = JSON.stringify(
      around({ ...MESSAGE, text: 'my "token":"x" and ?a=1&token=b&c' }, { token: 'se"cr\\et', response_url: "https://hooks.example/T" }),
    );
    expect(kept(body)).not.toMatch(/cr|hooks/);
    expect(JSON.parse(kept(body))).toEqual({ ...JSON.parse(body), token: "", response_url: "" });
  });

  it("are not kept of a form, nor of the JSON in one", () => {
    expect(kept(EXAMPLE.body)).not.toMatch(/xyzz0|hooks\.slack/);
    expect(kept(EXAMPLE.body)).toContain("command=%2Fwebhook-collect&text=&response_url=&trigger_id=398");
    const payload = `payload=${encodeURIComponent('{"type":"block_actions","token":"abc","response_url":"https://hooks.example/T","x":1}')}`;
    expect(JSON.parse(decodeURIComponent(kept(payload).slice("payload=".length)))).toEqual({
      type: "block_actions",
      token: "",
      response_url: "",
      x: 1,
    });
  });

  it("where there are none leave the very bytes", () => {
    const body = bytes('{"type":"x"}');
    expect(slack.forStorage?.(body)).toBe(body);
    const broken = new Uint8Array([0xff]);
    expect(slack.forStorage?.(broken)).toBe(broken);
  });
});

it("is asked for its challenge, and told not to send again what we do not believe", () => {
  expect(slack.handshakes?.({})).toEqual([{ kind: "challengeInBody", typeAt: "type", type: "url_verification", challengeAt: "challenge" }]);
  expect(slack.statusPolicy).toMatchObject({ notVerified: 401, notVerifiedHeaders: { "x-slack-no-retry": "1" }, cannotStore: 503 });
});
