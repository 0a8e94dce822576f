import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { http, signedPost } from "../../../src/destinations/http.ts";
import { NOW_MS, SIGNING_SECRET, delivery } from "./samples.ts";

const connection = { baseUrl: "https://hooks.example.com/base/", settings: {}, secrets: { signing: SIGNING_SECRET } };

/** The oracle compares with the real clock. */
const now = { nowMs: Date.now() };

describe("the http destination", () => {
  it("signs what the official library verifies, and one changed byte does not", async () => {
    const { body = "", headers } = await signedPost(delivery(now), connection);
    const oracle = new Webhook(SIGNING_SECRET);
    expect(oracle.verify(body, headers)).toMatchObject({ type: "opportunity.changed" });
    expect(() => oracle.verify(body.replace("1200.50", "1200.51"), headers)).toThrow("No matching signature");
    expect(() => oracle.verify(body, { ...headers, "webhook-id": "other" })).toThrow("No matching signature");
  });

  it("signs alike with and without the secret's prefix", async () => {
    const bare = { ...connection, secrets: { signing: SIGNING_SECRET.slice("whsec_".length) } };
    const [left, right] = await Promise.all([signedPost(delivery(), connection), signedPost(delivery(), bare)]);
    expect(left.headers["webhook-signature"]).toBe(right.headers["webhook-signature"]);
  });

  it.each([{}, { signing: "" }, { signing: "whsec_not base64!" }])(
    "refuses to sign with %j, and does not tell the secret",
    async (secrets) => {
      const made = signedPost(delivery(), { ...connection, secrets: secrets as Record<string, string> });
      await expect(made).rejects.toThrow('the secret "signing" must be whsec_ and base64');
    },
  );

  it("sends the entity with what identifies it, which no field of the entity can override", async () => {
    const forged = delivery({ data: { name: "Acme", kind: "invoice", key: "other", eventId: "evt_other" } });
    const { body = "" } = await signedPost(forged, connection);
    expect(JSON.parse(body)).toEqual({
      type: "opportunity.changed",
      timestamp: new Date(NOW_MS - 5000).toISOString(),
      data: {
        name: "Acme",
        kind: "opportunity",
        key: "006Ab00000XyZ",
        occurredAt: new Date(NOW_MS - 5000).toISOString(),
        source: "acme-crm",
        eventId: "evt_01JDFW5T8Q0000000000000000AA",
      },
    });
  });

  it("says deleted of a deletion, and the time of receipt where the sender gives none", async () => {
    const { body = "" } = await signedPost(delivery({ deleted: true, occurredAtMs: null }), connection);
    const sent: unknown = JSON.parse(body);
    expect(sent).toMatchObject({
      type: "opportunity.deleted",
      timestamp: new Date(NOW_MS - 4000).toISOString(),
      data: { occurredAt: null },
    });
  });

  it.each([
    ["https://h.example.com", undefined, "https://h.example.com/"],
    ["https://h.example.com", "/in", "https://h.example.com/in"],
    ["https://h.example.com/a/", "/in", "https://h.example.com/a/in"],
    ["https://h.example.com/a?tenant=1", "/in", "https://h.example.com/a/in?tenant=1"],
    ["https://h.example.com", "//other.example.com/in", "https://h.example.com//other.example.com/in"],
    ["https://h.example.com", "/@other.example.com", "https://h.example.com/@other.example.com"],
  ] as const)("posts to %s with path %s at %s", async (baseUrl, path, expected) => {
    const request = await signedPost(delivery(), { ...connection, baseUrl, settings: path === undefined ? {} : { path } });
    expect(request.url).toBe(expected);
  });

  it.each([
    { path: "in" },
    { path: "/in?x=1" },
    { headers: { "Webhook-Signature": "v1,forged" } },
    { headers: { Authorization: "Bearer secret" } },
    { headers: { "bad name": "x" } },
    { headers: { "x-split": "a\r\nb: c" } },
    { retries: 3 },
  ])("refuses the settings %j", (settings) => expect(http.settings.safeParse(settings).success).toBe(false));
});
