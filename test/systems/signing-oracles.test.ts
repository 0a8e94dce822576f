import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import { SOURCES } from "../../src/sources/index.ts";
import type { Verification } from "../../src/verification/define.ts";
import { NOW_MS, URL_TEXT, bytes, prove } from "./support.ts";

const BODIES = ['{"type":"invoice.paid","data":{"id":"1"}}', "", "{}", '{"name":"Größe 東京 🚂"}', `{"long":"${"x".repeat(70_000)}"}`];

function verificationOf(scheme: string): Verification {
  const source = SOURCES[scheme];
  if (source === undefined) throw new Error(`no source ${scheme}`);
  return source.verification(source.settings.parse({}));
}

describe("the standardwebhooks package", () => {
  const verification = verificationOf("standard-webhooks");
  const secret = `whsec_${Buffer.from("a secret that is at least 24 bytes").toString("base64")}`;
  const webhook = new Webhook(secret);

  it.each(BODIES)("signs what we prove: %.40s", async (body) => {
    const headers = {
      "webhook-id": "msg_9",
      "webhook-timestamp": String(NOW_MS / 1000),
      "webhook-signature": webhook.sign("msg_9", new Date(NOW_MS), body),
    };
    const proof = await prove({
      verification,
      body: bytes(body),
      signed: { url: URL_TEXT, headers },
      secrets: [{ id: "P", value: secret }],
    });
    expect(proof).toMatchObject({ ok: true, value: { secretId: "P", timestampMs: NOW_MS, deliveryId: "msg_9" } });
  });

  it.each(BODIES)("proves what the sandbox signs: %.40s", (body) => {
    const nowMs = Date.now();
    const { headers } = signRequest({ verification, secret, body, nowMs, url: URL_TEXT });
    expect(() => webhook.verify(body, headers, { jsonParse: false })).not.toThrow();
    expect(() => webhook.verify(`${body} `, headers, { jsonParse: false })).toThrow();
  });
});

describe("the svix package", () => {
  const verification = verificationOf("standard-webhooks");
  const secret = `whsec_${Buffer.from("a secret that is at least 24 bytes").toString("base64")}`;
  const webhook = new SvixWebhook(secret);

  it.each(BODIES)("signs what we prove, under its own header names: %.40s", async (body) => {
    const headers = {
      "svix-id": "msg_9",
      "svix-timestamp": String(NOW_MS / 1000),
      "svix-signature": webhook.sign("msg_9", new Date(NOW_MS), body),
    };
    const proof = await prove({
      verification,
      body: bytes(body),
      signed: { url: URL_TEXT, headers },
      secrets: [{ id: "V", value: secret }],
    });
    expect(proof).toMatchObject({ ok: true, value: { secretId: "V", timestampMs: NOW_MS, deliveryId: "msg_9" } });
  });
});

describe("the stripe package", () => {
  const verification = verificationOf("stripe");
  const secret = "whsec_used_as_text_with_its_prefix";
  const { webhooks } = new Stripe("sk_test_not_used");

  it.each(BODIES)("signs what we prove: %.40s", async (payload) => {
    const header = webhooks.generateTestHeaderString({ payload, secret, timestamp: NOW_MS / 1000 });
    const proof = await prove({
      verification,
      body: bytes(payload),
      signed: { url: URL_TEXT, headers: { "stripe-signature": header } },
      secrets: [{ id: "S", value: secret }],
    });
    expect(proof).toMatchObject({ ok: true, value: { secretId: "S", timestampMs: NOW_MS, deliveryId: null } });
  });

  it.each(BODIES.filter((body) => body.startsWith("{")))("proves what the sandbox signs: %.40s", (body) => {
    const { headers } = signRequest({ verification, secret, body, nowMs: NOW_MS, url: URL_TEXT });
    const header = headers["stripe-signature"] ?? "";
    expect(webhooks.constructEvent(body, header, secret, 300, undefined, NOW_MS)).toEqual(JSON.parse(body));
    expect(() => webhooks.constructEvent(`${body} `, header, secret, 300, undefined, NOW_MS)).toThrow();
  });
});
