import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { answerProbe, answerProven, type Answered, type Asked } from "../../src/http/handshakes.ts";
import type { Handshake } from "../../src/sources/define.ts";

interface Question {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly proves?: boolean;
  readonly secrets?: readonly string[];
  readonly registers?: boolean;
}

const asked = (question: Question, registered: string[] = []): Asked => ({
  method: question.method ?? "POST",
  url: new URL(`https://edge.example.test/in/source${question.query ?? ""}`),
  headers: new Headers(question.headers),
  proves: () => Promise.resolve(question.proves ?? false),
  isSecret: (value) => Promise.resolve((question.secrets ?? []).includes(value)),
  register: (secret) => {
    if (question.registers === true) registered.push(secret);
    return Promise.resolve(question.registers ?? false);
  },
});

async function answerOf(shaken: Answered): Promise<unknown> {
  if (shaken === null) return null;
  if (!shaken.answer.ok) return "refused";
  const { status, headers } = shaken.answer.value;
  const type = headers.get("content-type");
  return {
    status,
    text: await shaken.answer.value.text(),
    ...(type === null ? {} : { type, nosniff: headers.get("x-content-type-options") }),
  };
}

const probe = async (handshake: Handshake, question: Question): Promise<unknown> =>
  answerOf(await answerProbe([handshake], asked(question)));

const TEXT = { type: "text/plain; charset=utf-8", nosniff: "nosniff" };
const JSON_TYPE = { type: "application/json", nosniff: "nosniff" };
const HOSTILE = ["<script>alert(1)</script>", "x".repeat(513), "a\tb", "a b", '{"a":1}', ""];

describe("a validation token (Business Central, Microsoft Graph)", () => {
  const handshake: Handshake = { kind: "validationToken", parameter: "validationToken" };

  it.each(["GET", "POST", "OPTIONS"])("comes back decoded, as text that is no page, by %s", async (method) => {
    expect(await probe(handshake, { method, query: "?validationToken=Validation%3aTesting%2f1".replace("%3a", "-") })).toEqual({
      status: 200,
      text: "Validation-Testing/1",
      ...TEXT,
    });
  });

  it.each(HOSTILE)("is refused where it is %j", async (token) => {
    expect(await probe(handshake, { query: `?validationToken=${encodeURIComponent(token)}` })).toBe("refused");
  });

  it("is not asked for where there is none", async () => {
    expect(await probe(handshake, { query: "?other=1" })).toBeNull();
  });
});

describe("a CloudEvents origin", () => {
  const handshake: Handshake = { kind: "cloudEventsOptions", origins: ["events.example.com"], ratePerMinute: 600, authorized: false };
  const options = (headers: Record<string, string>): Question => ({ method: "OPTIONS", headers });

  it("is allowed by name, at the rate asked for or ours, whichever is less", async () => {
    for (const [rate, granted] of [
      ["120", "120"],
      ["100000", "600"],
      ["-1", "600"],
      ["1e3", "600"],
    ] as const) {
      const shaken = await answerProbe(
        [handshake],
        asked(options({ "webhook-request-origin": "events.example.com", "webhook-request-rate": rate })),
      );
      if (shaken?.answer.ok !== true) throw new Error("not answered");
      expect(Object.fromEntries(shaken.answer.value.headers)).toEqual({
        "webhook-allowed-origin": "events.example.com",
        "webhook-allowed-rate": granted,
        allow: "POST",
      });
    }
  });

  it("is refused where it is not listed, or no name", async () => {
    for (const origin of ["other.example.com", "events.example.com, x", "<b>", "*"])
      expect(await probe(handshake, options({ "webhook-request-origin": origin }))).toBe("refused");
  });

  it("of a sender that must prove itself is allowed only with its proof", async () => {
    const authorized: Handshake = { ...handshake, origins: ["*"], authorized: true };
    const headers = { "webhook-request-origin": "anybody.example" };
    expect(await probe(authorized, { method: "OPTIONS", headers, proves: false })).toBe("refused");
    expect(await probe(authorized, { method: "OPTIONS", headers, proves: true })).toMatchObject({ status: 200 });
  });

  it("is not asked about by other methods, nor without its header", async () => {
    expect(await probe(handshake, { method: "GET", headers: { "webhook-request-origin": "events.example.com" } })).toBeNull();
    expect(await probe(handshake, { method: "OPTIONS" })).toBeNull();
  });
});

describe("other probes", () => {
  it("Meta's challenge comes back only with a verify token that is one of the secrets", async () => {
    const query = (token: string): string => `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`;
    const handshake: Handshake = { kind: "hubChallenge" };
    expect(await probe(handshake, { method: "GET", query: query("right"), secrets: ["right"] })).toEqual({
      status: 200,
      text: "1158201444",
      ...TEXT,
    });
    expect(await probe(handshake, { method: "GET", query: query("wrong"), secrets: ["right"] })).toBe("refused");
    expect(await probe(handshake, { method: "POST", query: query("right"), secrets: ["right"] })).toBeNull();
  });

  it("Okta's challenge comes back as JSON", async () => {
    const handshake: Handshake = { kind: "headerChallenge", header: "x-okta-verification-challenge", member: "verification" };
    expect(await probe(handshake, { method: "GET", headers: { "x-okta-verification-challenge": "abc-123" } })).toEqual({
      status: 200,
      text: '{"verification":"abc-123"}',
      ...JSON_TYPE,
    });
    expect(await probe(handshake, { method: "GET", headers: { "x-okta-verification-challenge": '"}<script>' } })).toBe("refused");
  });

  it("Asana's secret is taken only while an operator's window is open, and comes back in its header", async () => {
    const handshake: Handshake = { kind: "hookSecret", header: "x-hook-secret" };
    const headers = { "x-hook-secret": "b537207f20cbfa02357cf448134da559" };
    const taken: string[] = [];
    const shaken = await answerProbe([handshake], asked({ headers, registers: true }, taken));
    if (shaken?.answer.ok !== true) throw new Error("not answered");
    expect(shaken.answer.value.headers.get("x-hook-secret")).toBe(headers["x-hook-secret"]);
    expect(taken).toEqual([headers["x-hook-secret"]]);
    expect(await probe(handshake, { headers, registers: false })).toBe("refused");
    expect(await probe(handshake, { headers: { "x-hook-secret": "short" }, registers: true })).toBe("refused");
    expect(await probe(handshake, {})).toBeNull();
  });

  it("a HEAD is answered with nothing but its status", async () => {
    expect(await probe({ kind: "probe" }, { method: "HEAD" })).toEqual({ status: 200, text: "" });
    expect(await probe({ kind: "probe" }, { method: "GET" })).toBeNull();
  });
});

describe("a proven body that asks", () => {
  const secret = "zoom's secret";
  const sign = (text: string): Promise<string> => Promise.resolve(createHmac("sha256", secret).update(text).digest("hex"));
  const proven = async (handshake: Handshake, body: unknown, headers: Record<string, string> = {}): Promise<unknown> =>
    answerOf(
      await answerProven([handshake], {
        headers: new Headers(headers),
        body: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
        sign,
      }),
    );

  const zoom: Handshake = { kind: "signedChallenge", typeAt: "event", type: "endpoint.url_validation", tokenAt: "payload.plainToken" };

  it("Zoom's plain token comes back with its HMAC", async () => {
    const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
    const encryptedToken = createHmac("sha256", secret).update(plainToken).digest("hex");
    expect(await proven(zoom, { event: "endpoint.url_validation", payload: { plainToken } })).toEqual({
      status: 200,
      text: JSON.stringify({ plainToken, encryptedToken }),
      ...JSON_TYPE,
    });
  });

  // What Zoom signs is v0:{timestamp}:{body}: a token with a colon or a brace could be one.
  it.each(["v0:1767225600:{}", '{"event":"x"}', "1767225600.{}", "a b", "x".repeat(129), ""])(
    "never gets a signature for %j",
    async (plainToken) => {
      expect(await proven(zoom, { event: "endpoint.url_validation", payload: { plainToken } })).toBe("refused");
    },
  );

  it("Slack's challenge comes back as text; its events are no handshake", async () => {
    const slack: Handshake = { kind: "challengeInBody", typeAt: "type", type: "url_verification", challengeAt: "challenge" };
    expect(await proven(slack, { type: "url_verification", challenge: "3eZbrw" })).toEqual({ status: 200, text: "3eZbrw", ...TEXT });
    expect(await proven(slack, { type: "event_callback", challenge: "3eZbrw" })).toBeNull();
    expect(await proven(slack, "not json")).toBeNull();
    for (const challenge of HOSTILE) expect(await proven(slack, { type: "url_verification", challenge })).toBe("refused");
  });

  it("a ping by header or in the body is greeted, whatever else it holds", async () => {
    expect(
      await proven(
        { kind: "ping", in: "header", at: "x-github-event", value: "ping" },
        { zen: "x".repeat(20_000) },
        { "x-github-event": "ping" },
      ),
    ).toEqual({ status: 200, text: "" });
    expect(await proven({ kind: "ping", in: "body", at: "topic", value: "ping" }, { topic: "ping" })).toEqual({ status: 200, text: "" });
    expect(await proven({ kind: "ping", in: "body", at: "topic", value: "ping" }, { topic: "contact.created" })).toBeNull();
  });
});
