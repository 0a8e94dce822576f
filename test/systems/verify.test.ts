import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import type { Verification } from "../../src/verification/define.ts";
import { decodeBytes, readTimestamp } from "../../src/verification/signature.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { NOW_MS, URL_TEXT, bytes, prove, secretFor, signedFor } from "./support.ts";

const BODY = bytes('{"type":"a.b"}');
const standard: Verification = { kind: "standardWebhooks", windowMs: 300_000 };
const bare = (changes: Partial<Extract<Verification, { kind: "hmac" }>> = {}): Verification => ({
  kind: "hmac",
  header: "x-signature",
  form: { type: "bare" },
  algorithm: "SHA-256",
  encoding: "hex",
  secretEncoding: "utf8",
  template: "{body}",
  windowMs: 300_000,
  ...changes,
});
const paired = bare({
  form: { type: "pairs", timestamp: "t", signature: "v1" },
  template: "{timestamp}.{body}",
  timestamp: { format: "s" },
});

function ed25519(): { readonly publicKey: string; readonly privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const [open, shut] = [publicKey.export({ format: "jwk" }).x ?? "", privateKey.export({ format: "jwk" }).d ?? ""].map((half) =>
    Buffer.from(half, "base64url"),
  );
  if (open === undefined || shut === undefined) throw new Error("a key has two halves");
  return { publicKey: `whpk_${open.toString("base64")}`, privateKey: `whsk_${Buffer.concat([shut, open]).toString("base64")}` };
}

const post = (verification: Verification, headers: Record<string, string>, secrets?: readonly { id: string; value: string }[]) =>
  prove({ verification, body: BODY, signed: { url: URL_TEXT, headers }, ...(secrets === undefined ? {} : { secrets }) });

const refused = (failure: string) => ({ ok: false, failure });

describe("every form an HMAC can be configured in", () => {
  const form = fc.constantFrom<Extract<Verification, { kind: "hmac" }>["form"]>(
    { type: "bare" },
    { type: "bare", prefix: "sha256=" },
    { type: "pairs", signature: "v1" },
    { type: "pairs", timestamp: "t", signature: "v1" },
  );
  const scheme = fc.record({
    form,
    algorithm: fc.constantFrom("SHA-1" as const, "SHA-256" as const, "SHA-512" as const),
    encoding: fc.constantFrom("hex" as const, "base64" as const, "base64url" as const),
    secretEncoding: fc.constantFrom("utf8" as const, "base64" as const, "hex" as const),
    template: fc.constantFrom(
      "{body}",
      "{timestamp}.{body}",
      "{timestamp}{body}",
      "v0:{timestamp}:{body}",
      "{timestamp},{body}",
      "{id}.{timestamp}.{body}",
    ),
    format: fc.constantFrom("s" as const, "ms" as const, "iso" as const),
  });

  it("is proven as the sandbox signs it, and refused for another body or secret", async () => {
    await fc.assert(
      fc.asyncProperty(scheme, fc.uint8Array({ maxLength: 64 }), async ({ form: how, format, ...rest }, body) => {
        const inPairs = how.type === "pairs" && how.timestamp !== undefined;
        fc.pre(!inPairs || rest.template.includes("{timestamp}"));
        const stamped = rest.template.includes("{timestamp}") ? { timestamp: inPairs ? { format } : { header: "x-time", format } } : {};
        const verification = bare({ ...rest, form: how, ...stamped, ...(rest.template.includes("{id}") ? { idHeader: "x-id" } : {}) });
        const signed = signedFor(verification, body);
        expect(await prove({ verification, body, signed })).toMatchObject({
          ok: true,
          value: { deliveryId: rest.template.includes("{id}") ? "msg_1" : null },
        });
        expect(await prove({ verification, body: new Uint8Array([...body, 1]), signed })).toEqual(refused("signature_mismatch"));
        expect(await prove({ verification, body, signed, secrets: [{ id: "B", value: secretFor(verification, "other") }] })).toEqual(
          refused("signature_mismatch"),
        );
      }),
    );
  });

  it("says precisely why a signature is refused", async () => {
    const signature = signedFor(bare(), BODY).headers["x-signature"] ?? "";
    const of = (value: string) => post(bare(), { "x-signature": value });
    expect(await of(signature)).toMatchObject({ ok: true });
    expect(await post(bare(), {})).toEqual(refused("signature_missing"));
    expect(await of(signature.toUpperCase())).toEqual(refused("signature_malformed"));
    expect(await of(signature.slice(0, 62))).toEqual(refused("signature_malformed"));
    expect(await of(`${signature}00`)).toEqual(refused("signature_malformed"));
    expect(await of("0".repeat(64))).toEqual(refused("signature_mismatch"));
    expect(await of(`${signature}, ${signature}`)).toEqual(refused("duplicate_header"));
  });

  it("takes any match among several signatures, and looks at no more than sixteen", async () => {
    const { headers } = signedFor(paired, BODY);
    const value = headers["x-signature"] ?? "";
    const [time = "", right = ""] = value.split(",");
    const wrong = (count: number): string => `v1=${"0".repeat(64)},`.repeat(count);
    const of = (text: string) => post(paired, { "x-signature": text });
    expect(await of(`${time},${wrong(1)}${right}`)).toMatchObject({ ok: true });
    expect(await of(`${right},${time}`)).toMatchObject({ ok: true });
    expect(await of(`${time},${wrong(15)}${right}`)).toMatchObject({ ok: true });
    expect(await of(`${time},${wrong(16)}${right}`)).toEqual(refused("signature_mismatch"));
    expect(await of(`${time},v1=${"0".repeat(64)}`)).toEqual(refused("signature_mismatch"));
    expect(await of(`${time},v0=${right.slice(3)}`)).toEqual(refused("no_supported_version"));
    expect(await of(right)).toEqual(refused("timestamp_missing"));
    expect(await of(`${time},${time},${right}`)).toEqual(refused("duplicate_header"));
    expect(await of("nonsense")).toEqual(refused("signature_malformed"));
  });

  it.each(["", "NaN", "Infinity", "-1795521600", "+1795521600", "1.7955216e9", "1795521600.0", "0x6b051140", " ", "01795521600"])(
    "refuses the time %j",
    async (time) => {
      const signature = signedFor(bare(), bytes(`${time}.${new TextDecoder().decode(BODY)}`)).headers["x-signature"] ?? "";
      const proof = await post(paired, { "x-signature": `t=${time},v1=${signature}` });
      expect(proof).toEqual(refused(time.trim() === "" ? "timestamp_missing" : "timestamp_malformed"));
    },
  );

  it("refuses a known test secret as a live one, and still takes the other", async () => {
    const verification = bare({ refusedSecrets: ["public"] });
    const signed = (secret: string) => signRequest({ verification, secret, body: BODY, nowMs: NOW_MS, url: URL_TEXT });
    const secrets = [
      { id: "A", value: "public" },
      { id: "B", value: "own" },
    ];
    expect(await prove({ verification, body: BODY, signed: signed("public"), secrets })).toEqual(refused("misconfigured"));
    expect(await prove({ verification, body: BODY, signed: signed("own"), secrets })).toMatchObject({ ok: true, value: { secretId: "B" } });
  });

  it("refuses Zendesk's published test secret unless the settings allow it", async () => {
    const { zendesk } = SOURCES;
    if (zendesk === undefined) throw new Error("no zendesk");
    const secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
    for (const allowPublishedTestSecret of [false, true]) {
      const verification = zendesk.verification(zendesk.settings.parse({ allowPublishedTestSecret }));
      const signed = signRequest({ verification, secret, body: BODY, nowMs: NOW_MS, url: URL_TEXT });
      const proof = await prove({ verification, body: BODY, signed, secrets: [{ id: "Z", value: secret }] });
      expect(proof.ok).toBe(allowPublishedTestSecret);
      if (!proof.ok) expect(proof.failure).toBe("misconfigured");
    }
  });

  it.each(["", "not base64!", "QQ"])("takes %j for no base64 secret: misconfigured, and others still work", async (value) => {
    const verification = bare({ secretEncoding: "base64" });
    const signed = signedFor(verification, BODY);
    expect(await prove({ verification, body: BODY, signed, secrets: [{ id: "A", value }] })).toEqual(refused("misconfigured"));
    const secrets = [
      { id: "A", value },
      { id: "B", value: secretFor(verification) },
    ];
    expect(await prove({ verification, body: BODY, signed, secrets })).toMatchObject({ ok: true, value: { secretId: "B" } });
  });

  it("refuses ids that could pass part of the time off as their own, or that would break a key", async () => {
    const verification = bare({ template: "{id}:{timestamp}:{body}", idHeader: "x-id", timestamp: { header: "x-time", format: "s" } });
    const of = (deliveryId: string) =>
      prove({
        verification,
        body: BODY,
        signed: signRequest({ verification, secret: secretFor(verification), body: BODY, nowMs: NOW_MS, deliveryId, url: URL_TEXT }),
      });
    expect(await of("a.b_1")).toMatchObject({ ok: true, value: { deliveryId: "a.b_1" } });
    expect(await of("a:1")).toEqual(refused("delivery_id_malformed"));
    expect(await of("a b")).toEqual(refused("delivery_id_malformed"));
    expect(await of("x".repeat(257))).toEqual(refused("delivery_id_malformed"));
    expect(await of("a,b")).toEqual(refused("duplicate_header"));
  });

  it("puts an id into the signed text as it is, also one that looks like a placeholder or a replacement pattern", async () => {
    const verification = bare({ template: "{timestamp}.{id}{body}", idHeader: "x-id", timestamp: { header: "x-time", format: "s" } });
    for (const deliveryId of ["$&", "$1", "{timestamp}", "{body}"]) {
      const before = `${NOW_MS / 1000}.${deliveryId}`;
      const whole = signedFor(bare(), bytes(before + new TextDecoder().decode(BODY))).headers["x-signature"] ?? "";
      expect(await post(verification, { "x-signature": whole, "x-time": String(NOW_MS / 1000), "x-id": deliveryId })).toMatchObject({
        ok: true,
      });
    }
  });
});

describe("Standard Webhooks", () => {
  const keys = ed25519();
  const secret = { id: "H", value: secretFor(standard) };
  const publicKey = { id: "E", value: keys.publicKey };
  const signWith = (value: string, deliveryId = "msg_1") =>
    signRequest({ verification: standard, secret: value, body: BODY, nowMs: NOW_MS, deliveryId, url: URL_TEXT }).headers;
  const both = (first: string, second: string): Record<string, string> => ({
    ...signWith(first),
    "webhook-signature": `${signWith(first)["webhook-signature"]} ${signWith(second)["webhook-signature"]}`,
  });

  it("proves v1a with the public key, v1 with the secret, whichever of them is live", async () => {
    expect(await post(standard, signWith(keys.privateKey), [publicKey])).toMatchObject({ ok: true, value: { secretId: "E" } });
    expect(await post(standard, signWith(keys.privateKey), [secret, publicKey])).toMatchObject({ ok: true, value: { secretId: "E" } });
    expect(await post(standard, both(keys.privateKey, secret.value), [secret])).toMatchObject({ ok: true, value: { secretId: "H" } });
    expect(await post(standard, both(secret.value, keys.privateKey), [publicKey])).toMatchObject({ ok: true, value: { secretId: "E" } });
  });

  it("does not take a signature of one version for the other's", async () => {
    expect(await post(standard, signWith(secret.value), [publicKey])).toEqual(refused("no_supported_version"));
    expect(await post(standard, signWith(keys.privateKey), [secret])).toEqual(refused("no_supported_version"));
    const renamed = {
      ...signWith(secret.value),
      "webhook-signature": (signWith(secret.value)["webhook-signature"] ?? "").replace("v1,", "v1a,"),
    };
    expect(await post(standard, renamed, [secret, publicKey])).toEqual(refused("signature_malformed"));
  });

  it("refuses another Ed25519 key's signature, alone or in a list", async () => {
    const stranger = ed25519();
    expect(await post(standard, signWith(stranger.privateKey), [publicKey])).toEqual(refused("signature_mismatch"));
    expect(await post(standard, both(stranger.privateKey, stranger.privateKey), [publicKey])).toEqual(refused("signature_mismatch"));
    expect(await post(standard, both(stranger.privateKey, keys.privateKey), [publicKey])).toMatchObject({ ok: true });
  });

  it("accepts a rotation's two signatures, unknown versions beside them, and svix headers", async () => {
    const headers = signWith(secret.value);
    const old = signWith(secretFor(standard, "old"))["webhook-signature"];
    const list = `v9,AAAA ${old} ${headers["webhook-signature"]}`;
    expect(await post(standard, { ...headers, "webhook-signature": list }, [secret])).toMatchObject({ ok: true });
    const svix = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace("webhook-", "svix-"), value]));
    expect(await post(standard, svix, [secret])).toMatchObject({ ok: true, value: { deliveryId: "msg_1" } });
  });

  it("does not mix the two families of headers", async () => {
    const { "webhook-id": id = "", ...rest } = signWith(secret.value);
    expect(await post(standard, { ...rest, "svix-id": id }, [secret])).toEqual(refused("delivery_id_malformed"));
  });

  it("refuses ids with a dot", async () => {
    expect(await post(standard, signWith(secret.value, "msg.1"), [secret])).toEqual(refused("delivery_id_malformed"));
  });

  it.each(["whsec_", "whsec_%%%", "whpk_AAAA", "whpk_", "", "whsec_QQ"])(
    "takes %j for no key: misconfigured, and others still work",
    async (value) => {
      expect(await post(standard, signWith(secret.value), [{ id: "X", value }])).toEqual(refused("misconfigured"));
      expect(await post(standard, signWith(secret.value), [{ id: "X", value }, secret])).toMatchObject({
        ok: true,
        value: { secretId: "H" },
      });
    },
  );
});

describe("a token in the URL", () => {
  const token: Verification = { kind: "queryToken", parameter: "token" };
  const at = (
    query: string,
    secrets = [
      { id: "A", value: "first" },
      { id: "B", value: "sécond+/=&" },
    ],
  ) => prove({ verification, body: BODY, signed: { url: `${URL_TEXT}${query}`, headers: {} }, secrets });
  const verification = token;

  it("proves the sender by any live token, and only whole", async () => {
    expect(await at("?token=first")).toMatchObject({ ok: true, value: { secretId: "A", timestampMs: null, deliveryId: null } });
    expect(await at(`?x=1&token=${encodeURIComponent("sécond+/=&")}`)).toMatchObject({ ok: true, value: { secretId: "B" } });
    expect(await at("?token=firs")).toEqual(refused("token_mismatch"));
    expect(await at("?token=First")).toEqual(refused("token_mismatch"));
    expect(await at("?token=")).toEqual(refused("token_missing"));
    expect(await at("?Token=first")).toEqual(refused("token_missing"));
    expect(await at("?token=first&token=first")).toEqual(refused("token_mismatch"));
  });

  it("never lets an empty secret be a token", async () => {
    expect(await at("?token=", [{ id: "A", value: "" }])).toEqual(refused("token_missing"));
    expect(await at("?token=x", [{ id: "A", value: "" }])).toEqual(refused("misconfigured"));
  });
});

describe("strict reading", () => {
  it("knows one spelling of bytes in each encoding", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 70 }),
        fc.constantFrom("hex" as const, "base64" as const, "base64url" as const),
        (value, encoding) => {
          const text = Buffer.from(value).toString(encoding);
          expect(decodeBytes(text, encoding)).toEqual(new Uint8Array(value));
          for (const changed of [` ${text}`, `${text}\n`, `${text}!`, text.slice(0, -1)])
            if (text !== "") expect(decodeBytes(changed, encoding)).not.toEqual(new Uint8Array(value));
        },
      ),
    );
    for (const [text, encoding] of [
      ["QR==", "base64"],
      ["QQ", "base64"],
      ["QQ=", "base64url"],
      ["QR", "base64url"],
      ["+/8", "base64url"],
      ["AB", "hex"],
      ["a", "hex"],
    ] as const)
      expect(decodeBytes(text, encoding)).toBeNull();
    expect(decodeBytes("QQ==", "base64url")).toEqual(new Uint8Array([0x41]));
  });

  it("reads exactly the times that exist", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(2200, 0)), noInvalidDate: true }), (date) => {
        expect(readTimestamp(date.toISOString(), "iso")).toBe(date.getTime());
      }),
    );
    expect(readTimestamp("2026-01-01T02:00:00+02:00", "iso")).toBe(Date.UTC(2026, 0, 1));
    expect(readTimestamp("2026-01-01T00:00:00.123456789Z", "iso")).toBe(Date.UTC(2026, 0, 1) + 123);
    for (const text of [
      "2026-02-30T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01",
      "2026-01-01T00:00:00",
      "2026-01-01 00:00:00Z",
      "1767225600",
      "2026-13-01T00:00:00Z",
      "Thu, 01 Jan 2026 00:00:00 GMT",
    ])
      expect(readTimestamp(text, "iso")).toBeNull();
  });
});
