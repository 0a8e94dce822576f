import fc from "fast-check";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { describe, expect, it } from "vitest";
import { firstOf, isForm, readForm, recordOf, type Form } from "../../src/decoding/form.ts";
import { compareTokens } from "../../src/domain/order.ts";
import type { SourceItem } from "../../src/sources/define.ts";
import { twilio } from "../../src/sources/twilio.ts";
import { URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const FORM = "application/x-www-form-urlencoded";

const read = (text: string): Form => {
  const form = readForm(bytes(text));
  if (!form.ok) throw new Error(JSON.stringify(form.failure));
  return form.value;
};

describe("a form", () => {
  it("is read as browsers write it, with every value as text", () => {
    const fields = [
      ["Body", "Größe + 東京 & 100 % = 🚂"],
      ["FromZip", "00420"],
      ["Id", "900719925474099312"],
      ["Empty", ""],
      ["__proto__", "x"],
    ] as const;
    const record = recordOf(read(new URLSearchParams(fields.map(([name, value]) => [name, value])).toString()));
    expect(Object.entries(record)).toEqual(fields);
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  it("keeps a field that comes more than once, in order", () => {
    const form = read("a=1&b=2&a=3&a=1&=4&c&&");
    expect(form).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
      ["a", "1"],
      ["", "4"],
      ["c", ""],
    ]);
    expect(recordOf(form)).toEqual({ a: ["1", "3", "1"], b: "2", "": "4", c: "" });
    expect(firstOf(form, "a")).toBe("1");
    expect(firstOf(form, "d")).toBeUndefined();
  });

  it.each([
    ["a broken escape", "a=100%"],
    ["half an escape", "a=%C3"],
    ["an overlong escape", "a=%C0%AF"],
    ["a lone surrogate", "a=%ED%A0%80"],
    ["a broken name", "%ZZ=1"],
  ])("is not guessed at: %s", (_what, text) => {
    expect(readForm(bytes(text))).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("field 1") },
    });
  });

  it("is bounded, and not read at all where its bytes are no UTF-8", () => {
    expect(read("a=1&".repeat(999))).toHaveLength(999);
    expect(readForm(bytes("a=1&".repeat(2_000)))).toMatchObject({
      ok: false,
      failure: { detail: expect.stringContaining("more than 1000") },
    });
    expect(readForm(new Uint8Array([0x61, 0x3d, 0xff]))).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });

  it("is read the same as by the platform, wherever both can read it", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), { maxLength: 20 }), (fields) => {
        const text = new URLSearchParams(fields).toString();
        expect(read(text)).toEqual([...new URLSearchParams(text)]);
      }),
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.string({ unit: "binary" }).map(bytes)), (body) => {
        const form = readForm(body);
        if (!form.ok) expect(form.failure).toMatchObject({ kind: "unintelligible" });
      }),
    );
  });

  it("is known by its content type", () => {
    for (const type of [FORM, `${FORM}; charset=utf-8`, `${FORM.toUpperCase()};x`]) expect(isForm(type)).toBe(true);
    for (const type of ["", "application/json", `${FORM}2`, `text/plain; ${FORM}`]) expect(isForm(type)).toBe(false);
  });
});

describe("the twilio package", () => {
  const SECRET = "12345";
  const ours = (body: string, signature: string, url = URL_TEXT) =>
    prove({
      verification: twilio.verification({}),
      body: bytes(body),
      signed: { url, headers: { "x-twilio-signature": signature } },
      headers: { "content-type": FORM },
      secrets: [{ id: "T", value: SECRET }],
    });

  it.each([URL_TEXT, `${URL_TEXT}?foo=1&bar=2`])("signs the forms that we prove and read: %s", async (url) => {
    for (const sample of twilio.samples) {
      const body = sample.body.replaceAll("{id}", "1");
      const signature = getExpectedTwilioSignature(SECRET, url, recordOf(read(body)) as Record<string, unknown>);
      expect(await ours(body, signature, url)).toMatchObject({ ok: true, value: { secretId: "T" } });
      expect((await ours(`${body}x`, signature, url)).ok).toBe(false);
    }
  });

  it("signs a field that comes more than once as we do", async () => {
    const body = "MessageSid=SM1&MediaUrl=b&MediaUrl=a&MediaUrl=b&MessageStatus=sent";
    expect(await ours(body, getExpectedTwilioSignature(SECRET, URL_TEXT, recordOf(read(body)) as Record<string, unknown>))).toMatchObject({
      ok: true,
    });
  });

  it("has signed this known form", async () => {
    const body = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    expect(await ours(body, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "https://mycompany.com/myapp.php?foo=1&bar=2")).toMatchObject({ ok: true });
  });
});

const decode = (body: string, headers: Readonly<Record<string, string>> = {}, contentType = FORM) =>
  decodeWith(twilio, liveFor(twilio, {}), bytes(body), { contentType, headers });

function itemOf(fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): SourceItem {
  const [item] = itemsOf(decode(new URLSearchParams(fields).toString(), headers));
  if (item === undefined) throw new Error("no event");
  return item;
}

describe("a status", () => {
  const message = (MessageStatus: string) => itemOf({ MessageSid: "SM1", MessageStatus, To: "+49" });
  const call = (CallStatus: string) => itemOf({ CallSid: "CA1", CallStatus });

  it("that comes late is older than one further along: of messages", () => {
    const along = ["scheduled", "accepted", "queued", "sending", "sent", "delivered", "read"].map(message);
    for (const [at, item] of along.entries())
      for (const [other, than] of along.entries())
        expect(compareTokens(item.order, than.order)).toBe(at > other ? "newer" : at < other ? "older" : "equal");
  });

  it("that comes late is older than one further along: of calls", () => {
    const along = ["queued", "initiated", "ringing", "in-progress", "completed"].map(call);
    for (const [at, item] of along.entries()) expect(item.order).toEqual({ kind: "int", value: String(at) });
  });

  it.each([
    ["message", ["delivered", "undelivered", "failed", "canceled"]],
    ["call", ["completed", "busy", "no-answer", "failed", "canceled"]],
  ])("at the end of a %s is neither newer nor older than another end", (subject, ends) => {
    const items = ends.map(subject === "message" ? message : call);
    for (const item of items) expect(compareTokens(item.order, items[0]?.order ?? { kind: "none" })).toBe("equal");
  });

  it("that we do not know has no order, and is kept as it was said", () => {
    expect(message("Teleported")).toMatchObject({
      type: "message.teleported",
      order: { kind: "none" },
      entity: { data: { status: "unknown", statusRaw: "Teleported" } },
    });
    expect(call("constructor").order).toEqual({ kind: "none" });
  });

  it("is a snapshot under the id that is the same on a retry, or under none", () => {
    expect(itemOf({ MessageSid: "SM1", MessageStatus: "sent" }, { "i-twilio-idempotency-token": "abc" })).toMatchObject({
      nature: "snapshot",
      deliveryId: "abc",
    });
    expect(message("sent")).toMatchObject({ deliveryId: null, occurredAtMs: null });
  });

  it("of an old message goes by its old names", () => {
    expect(itemOf({ SmsSid: "SM2", SmsStatus: "sent" }).entity).toMatchObject({ key: "SM2", data: { status: "sent" } });
  });

  it("of a call has its time", () => {
    expect(itemOf({ CallSid: "CA1", CallStatus: "ringing", Timestamp: "Tue, 24 Nov 2026 12:00:00 +0000" }).occurredAtMs).toBe(
      Date.UTC(2026, 10, 24, 12),
    );
    expect(itemOf({ CallSid: "CA1", CallStatus: "ringing", Timestamp: "noon" }).occurredAtMs).toBeNull();
  });
});

describe("what is no status", () => {
  it.each(["RecordingSid=RE1&CallSid=CA1&RecordingStatus=completed", "ConferenceSid=CF1&StatusCallbackEvent=conference-end", "a=b", ""])(
    "%s is unmapped",
    (body) => {
      expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unmapped", detail: expect.stringContaining("neither") } });
    },
  );

  it("a body that is no form is unmapped", () => {
    expect(decode("[]", { "i-twilio-idempotency-token": "abc" }, "application/json")).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", deliveryId: "abc" },
    });
  });

  it("a status that is missing, or given twice, is unintelligible", () => {
    for (const body of ["MessageSid=SM1", "MessageSid=SM1&MessageStatus=sent&MessageStatus=read", "CallSid=CA1&CallStatus=a&CallStatus=b"])
      expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unintelligible", detail: expect.stringContaining("status") } });
  });
});

it("answers with nothing to do, which Twilio reads as its own markup", () => {
  const { stored, notUnderstood } = twilio.statusPolicy;
  expect(stored).toEqual({
    status: 200,
    contentType: "text/xml; charset=utf-8",
    body: '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
  });
  expect(notUnderstood).toEqual(stored);
});
