import { createHash } from "node:crypto";
import fc from "fast-check";
import { getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from "twilio/lib/webhooks/webhooks.js";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import type { LiveSecret } from "../../src/verification/define.ts";
import { verifyTwilio } from "../../src/verification/twilio.ts";
import { NOW_MS, bytes } from "./support.ts";

const TOKEN = "12345";
const URL_TEXT = "https://edge.example.test/in/twilio?tenant=acme";
const FORM = "application/x-www-form-urlencoded";
const FIELDS = { MessageSid: "SM1", Body: "Größe + 東京 & 100 % = 🚂", From: "+14158675309", FromZip: "00420", Empty: "" };

interface Sent {
  readonly url?: string;
  readonly body?: string | Uint8Array;
  readonly signature?: string | undefined;
  readonly contentType?: string;
  readonly secrets?: readonly LiveSecret[];
  readonly method?: string;
}

const prove = ({
  url = URL_TEXT,
  body = "",
  signature,
  contentType = FORM,
  secrets = [{ id: "A", value: TOKEN }],
  method = "POST",
}: Sent) =>
  verifyTwilio({
    verification: { kind: "twilio" },
    secrets,
    body: typeof body === "string" ? bytes(body) : body,
    method,
    headers: new Headers({ "content-type": contentType, ...(signature === undefined ? {} : { "x-twilio-signature": signature }) }),
    url: new URL(url),
    clientCertificate: null,
    nowMs: NOW_MS,
  });

const PROVEN = { ok: true, value: { verdict: "verified", secretId: "A", timestampMs: null, deliveryId: null } };
const refused = (failure: string) => ({ ok: false, failure });
const signature = (url: string, fields: Record<string, string | readonly string[]> = {}): string =>
  getExpectedTwilioSignature(TOKEN, url, fields);
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("a form", () => {
  it("is proven as the twilio package signs it, by the secret that did", async () => {
    const sent = { body: form(FIELDS), signature: signature(URL_TEXT, FIELDS) };
    expect(await prove(sent)).toEqual(PROVEN);
    expect(await prove({ ...sent, contentType: "Application/X-WWW-Form-Urlencoded; charset=UTF-8" })).toEqual(PROVEN);
    const secrets = [
      { id: "old", value: "other" },
      { id: "A", value: TOKEN },
    ];
    expect(await prove({ ...sent, secrets })).toEqual(PROVEN);
    expect(await prove({ ...sent, secrets: secrets.slice(0, 1) })).toEqual(refused("signature_mismatch"));
    expect(await prove({ ...sent, secrets: [] })).toEqual(refused("misconfigured"));
    expect(await prove({ ...sent, secrets: [{ id: "A", value: "" }] })).toEqual(refused("misconfigured"));
  });

  it("is proven whatever its fields and address, and so the package finds what the sandbox signs", async () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    const fields = fc.dictionary(
      name.filter((text) => text !== "__proto__"),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      { minKeys: 1, noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fields, fc.webUrl({ validSchemes: ["https"], withQueryParameters: true }), async (given, text) => {
        const url = new URL(text).href;
        fc.pre(!new URL(url).searchParams.has("bodySHA256"));
        const body = form(given);
        expect(await prove({ url, body, signature: signature(url, given) })).toEqual(PROVEN);
        const made = signRequest({ verification: { kind: "twilio" }, secret: TOKEN, body, nowMs: NOW_MS, url, contentType: FORM });
        expect(made.url).toBe(url);
        expect(validateRequest(TOKEN, made.headers["x-twilio-signature"] ?? "", url, given)).toBe(true);
        expect(await prove({ url, body, signature: made.headers["x-twilio-signature"] })).toEqual(PROVEN);
      }),
      { numRuns: 200 },
    );
  });

  it("may repeat a name: every different value counts, in order of the values", async () => {
    const list = { a: ["2", "10", "2", "1"], B: "x", b: "y" };
    expect(await prove({ body: "a=2&b=y&a=10&a=2&B=x&a=1", signature: signature(URL_TEXT, list) })).toEqual(PROVEN);
    expect(await prove({ body: "a=2&b=y&a=10&a=3&B=x&a=1", signature: signature(URL_TEXT, list) })).toEqual(refused("signature_mismatch"));
  });

  it.each([
    ["bytes that are no UTF-8", new Uint8Array([0x61, 0x3d, 0xff])],
    ["an escape that is no UTF-8", "a=%FF"],
    ["a broken escape", "a=100%"],
    ["half an escape", "a=%C3"],
    ["an overlong escape", "a=%C0%AF"],
    ["a name without a value", "ab"],
    ["a value without a name", "=ab"],
    ["an empty field", "a=b&"],
    ["more fields than anybody has", "a=b&".repeat(1_000) + "a=b"],
  ])("is refused, not guessed at, with %s, even though a lenient reader's text is signed", async (_what, body) => {
    const text = typeof body === "string" ? body : "a=�";
    const lenient = Object.fromEntries(new URLSearchParams(text));
    expect(await prove({ body, signature: signature(URL_TEXT, lenient) })).toEqual(refused("digest_mismatch"));
  });

  it("is refused when any of its bytes changes what a field says, or one is left out or added", async () => {
    const [body, right] = [form(FIELDS), signature(URL_TEXT, FIELDS)];
    const meaning = (text: string): string => JSON.stringify([...new URLSearchParams(text)].toSorted());
    for (let at = 0; at < body.length; at++) {
      for (const character of ["", "0", "A", "=", "&", "%", "+", body[at] === "a" ? "b" : "a"]) {
        for (const changed of [body.slice(0, at) + character + body.slice(at + 1), body.slice(0, at) + character + body.slice(at)]) {
          if (meaning(changed) === meaning(body)) continue;
          expect((await prove({ body: changed, signature: right })).ok, changed).toBe(false);
        }
      }
    }
  });
});

describe("a body that is no form", () => {
  const body = '{"name":"Größe 東京"}';
  const url = `${URL_TEXT}&bodySHA256=${sha256(body)}`;
  const json = { contentType: "application/json", url, body };

  it("is proven by its hash in the signed address, as the twilio package does", async () => {
    expect(validateRequestWithBody(TOKEN, signature(url), url, body)).toBe(true);
    expect(await prove({ ...json, signature: signature(url) })).toEqual(PROVEN);
    expect(await prove({ ...json, body: `${body} `, signature: signature(url) })).toEqual(refused("digest_mismatch"));
    expect(await prove({ ...json, body: "", signature: signature(url) })).toEqual(refused("digest_mismatch"));
  });

  it("is signed so by the sandbox, and the package agrees", async () => {
    const made = signRequest({
      verification: { kind: "twilio" },
      secret: TOKEN,
      body,
      nowMs: NOW_MS,
      url: URL_TEXT,
      contentType: "application/json",
    });
    expect(validateRequestWithBody(TOKEN, made.headers["x-twilio-signature"] ?? "", made.url, body)).toBe(true);
    expect(await prove({ ...json, url: made.url, signature: made.headers["x-twilio-signature"] })).toEqual(PROVEN);
  });

  it("is refused with a hash that is not signed, is another body's, is cut short, comes twice or is missing", async () => {
    expect(await prove({ ...json, signature: signature(URL_TEXT) })).toEqual(refused("signature_mismatch"));
    for (const query of [
      `bodySHA256=${sha256("x")}`,
      `bodySHA256=${sha256(body).slice(2)}`,
      "bodySHA256=",
      `bodySHA256=${sha256(body)}&bodySHA256=${sha256(body)}`,
      "x=1",
    ]) {
      const other = `${URL_TEXT}&${query}`;
      expect(await prove({ ...json, url: other, signature: signature(other) }), query).toEqual(refused("digest_mismatch"));
    }
  });

  it("passes for no form: its bytes would not be signed", async () => {
    const sent = { body: "MessageSid=SM1", signature: signature(URL_TEXT, { MessageSid: "SM1" }) };
    expect(await prove(sent)).toEqual(PROVEN);
    for (const contentType of ["text/plain", `${FORM}x`, "multipart/form-data; boundary=x", `text/plain; ${FORM}`])
      expect(await prove({ ...sent, contentType })).toEqual(refused("digest_mismatch"));
  });
});

describe("no body", () => {
  it("leaves the address alone signed, by whatever method", async () => {
    for (const method of ["GET", "POST"]) expect(await prove({ method, signature: signature(URL_TEXT) })).toEqual(PROVEN);
    expect(await prove({ url: `${URL_TEXT}x`, signature: signature(URL_TEXT) })).toEqual(refused("signature_mismatch"));
    const made = signRequest({ verification: { kind: "twilio" }, secret: TOKEN, body: "", nowMs: NOW_MS, url: URL_TEXT });
    expect([made.url, made.headers["x-twilio-signature"]]).toEqual([URL_TEXT, signature(URL_TEXT)]);
  });
});

describe("the address", () => {
  it.each([
    ["https://edge.example.test/in/twilio", "https://edge.example.test:443/in/twilio"],
    ["http://edge.example.test/in/twilio?a=1", "http://edge.example.test:80/in/twilio?a=1"],
    ["https://edge.example.test:8443/in/twilio", "https://edge.example.test/in/twilio"],
    ["https://s/in/s", "https://s:443/in/s"],
    ["https://[2001:db8::8443]:8443/in/x", "https://[2001:db8::8443]/in/x"],
  ])("%s may be signed as %s, as the package allows", async (url, spelled) => {
    expect(validateRequest(TOKEN, signature(spelled), url, {})).toBe(true);
    expect(await prove({ url, signature: signature(spelled) })).toEqual(PROVEN);
    expect(await prove({ url, signature: signature(url) })).toEqual(PROVEN);
    expect(await prove({ url, signature: signature(spelled.replace("/in/", "/on/")) })).toEqual(refused("signature_mismatch"));
  });

  it.each([
    ["https://edge.example.test/x?a=it%27s", "https://edge.example.test/x?a=it's"],
    ["https://edge.example.test/x?a=b,c|d", "https://edge.example.test/x?a=b%2Cc%7Cd"],
    ["https://edge.example.test/x?flag&a=1+2", "https://edge.example.test/x?flag=&a=1%202"],
  ])("%s may be signed as %s, with its query's escapes made anew", async (url, spelled) => {
    expect(validateRequest(TOKEN, signature(spelled), url, {})).toBe(true);
    expect(await prove({ url, signature: signature(spelled) })).toEqual(PROVEN);
  });
});

describe("the signature", () => {
  it("is refused with any one of its characters changed, in another spelling, twice, cut short or missing", async () => {
    const [body, right] = [form(FIELDS), signature(URL_TEXT, FIELDS)];
    for (let at = 0; at < right.length; at++) {
      for (const character of "ABab01+/=") {
        if (right[at] === character) continue;
        expect((await prove({ body, signature: right.slice(0, at) + character + right.slice(at + 1) })).ok).toBe(false);
      }
    }
    expect(await prove({ body })).toEqual(refused("signature_missing"));
    expect(await prove({ body, signature: "" })).toEqual(refused("signature_missing"));
    expect(await prove({ body, signature: `${right}, ${right}` })).toEqual(refused("duplicate_header"));
    for (const spelled of [
      right.slice(0, -1),
      `${right}=`,
      Buffer.from(right, "base64").toString("hex"),
      Buffer.from(right, "base64").toString("base64url"),
    ])
      expect(await prove({ body, signature: spelled })).toEqual(refused("signature_malformed"));
  });
});
