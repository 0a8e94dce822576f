import { Signature } from "@hubspot/api-client/lib/src/utils/signature.js";
import { describe, expect, it } from "vitest";
import { signRequest } from "../../sandbox/sign.ts";
import type { Part, SourceItem } from "../../src/sources/define.ts";
import { hubspot } from "../../src/sources/hubspot.ts";
import { NOW_MS, URL_TEXT, bytes, decodeWith, liveFor, prove } from "./support.ts";

const SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const BODIES = ['[{"eventId":1}]', "", "[]", '[{"propertyValue":"Größe 東京 🚂"}]', `[{"long":"${"x".repeat(70_000)}"}]`];

const verificationFor = (...versions: readonly string[]) =>
  hubspot.verification(hubspot.settings.parse(versions.length === 0 ? {} : { versions }));

type Version = "v1" | "v2" | "v3";

/** The headers that HubSpot sends with a body, signed by its own package. */
function sdkHeaders(version: Version, requestBody: string, url = URL_TEXT): Record<string, string> {
  const signature = Signature.getSignature("POST", version, { clientSecret: SECRET, requestBody, url, timestamp: NOW_MS } as never);
  return version === "v3"
    ? { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": String(NOW_MS) }
    : { "x-hubspot-signature": signature, "x-hubspot-signature-version": version };
}

interface Proven {
  readonly versions?: readonly Version[];
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly url?: string;
  readonly nowMs?: number;
}

const proven = ({ versions = [], body, headers, url = URL_TEXT, nowMs = NOW_MS }: Proven) =>
  prove({
    verification: verificationFor(...versions),
    body: bytes(body),
    signed: { url, headers },
    secrets: [{ id: "H", value: SECRET }],
    nowMs,
  });

describe("the @hubspot/api-client package", () => {
  it.each(BODIES)("signs what we prove, by v3: %.40s", async (body) => {
    expect(await proven({ body, headers: sdkHeaders("v3", body) })).toMatchObject({
      ok: true,
      value: { secretId: "H", timestampMs: NOW_MS },
    });
  });

  it.each(BODIES)("signs what we prove, by v1 and v2 where they are allowed: %.40s", async (body) => {
    for (const version of ["v1", "v2"] as const) {
      const headers = sdkHeaders(version, body);
      expect(await proven({ versions: [version], body, headers })).toMatchObject({ ok: true, value: { secretId: "H", timestampMs: null } });
      expect(await proven({ versions: ["v3", "v2", "v1"], body, headers })).toMatchObject({ ok: true });
    }
  });

  it("has other signatures for other versions, so that only the allowed ones count", async () => {
    const body = BODIES[0] ?? "";
    expect(await proven({ body, headers: sdkHeaders("v1", body) })).toEqual({ ok: false, failure: "signature_missing" });
    expect(await proven({ versions: ["v2"], body, headers: sdkHeaders("v1", body) })).toEqual({ ok: false, failure: "signature_mismatch" });
    expect(await proven({ versions: ["v1"], body, headers: sdkHeaders("v2", body) })).toEqual({ ok: false, failure: "signature_mismatch" });
    expect(await proven({ versions: ["v1", "v2"], body, headers: sdkHeaders("v3", body) })).toEqual({
      ok: false,
      failure: "signature_missing",
    });
  });

  it.each(BODIES)("proves what the sandbox signs: %.40s", (body) => {
    const nowMs = Date.now();
    const { headers } = signRequest({
      verification: verificationFor(),
      secret: SECRET,
      body: bytes(body),
      nowMs,
      url: URL_TEXT,
      method: "POST",
      headers: {},
    });
    const valid = (requestBody: string) =>
      Signature.isValid({
        signatureVersion: "v3",
        method: "POST",
        clientSecret: SECRET,
        requestBody,
        url: URL_TEXT,
        timestamp: nowMs,
        signature: headers["x-hubspot-signature-v3"] ?? "",
      });
    expect(valid(body)).toBe(true);
    expect(valid(`${body} `)).toBe(false);
  });

  it("accepts a time in the far future, which we refuse", async () => {
    const headers = sdkHeaders("v3", "[]");
    expect(await proven({ body: "[]", headers, nowMs: NOW_MS - 300_001 })).toEqual({ ok: false, failure: "future" });
    expect(await proven({ body: "[]", headers, nowMs: NOW_MS + 300_001 })).toEqual({ ok: false, failure: "stale" });
  });
});

describe("the URL", () => {
  const sent = `${URL_TEXT}?who=a%40b.example&at=10%3A30&sp=a%20b`;

  it.each([
    ["as it came", sent],
    ["with the escapes that HubSpot decodes", `${URL_TEXT}?who=a@b.example&at=10:30&sp=a%20b`],
  ])("may have been signed %s", async (_how, signed) => {
    expect(await proven({ body: "[]", headers: sdkHeaders("v3", "[]", signed), url: sent })).toMatchObject({ ok: true });
  });

  it.each([
    ["another query", `${URL_TEXT}?who=c%40d.example&at=10%3A30&sp=a%20b`],
    ["all escapes decoded", `${URL_TEXT}?who=a@b.example&at=10:30&sp=a b`],
    ["no query", URL_TEXT],
  ])("must be the one that was signed, not with %s", async (_how, signed) => {
    expect(await proven({ body: "[]", headers: sdkHeaders("v3", "[]", signed), url: sent })).toEqual({
      ok: false,
      failure: "signature_mismatch",
    });
  });
});

const EVENT = {
  eventId: 1,
  subscriptionId: 12,
  portalId: 62515,
  appId: 54321,
  occurredAt: NOW_MS,
  attemptNumber: 0,
  objectId: 123,
  changeSource: "CRM_UI",
  sourceId: "userId:1",
};
const changed = (changes: Readonly<Record<string, unknown>>) => ({
  ...EVENT,
  subscriptionType: "deal.propertyChange",
  propertyName: "dealname",
  propertyValue: "A",
  ...changes,
});

const decode = (body: unknown, settings: Readonly<Record<string, unknown>> = {}) =>
  decodeWith(hubspot, liveFor(hubspot, { settings }), bytes(JSON.stringify(body)));

function partsOf(body: unknown, settings: Readonly<Record<string, unknown>> = {}): readonly Part[] {
  const decoded = decode(body, settings);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
  return decoded.value;
}

function itemOf(event: unknown, settings: Readonly<Record<string, unknown>> = {}): SourceItem {
  const [part, ...more] = partsOf([event], settings);
  if (part === undefined || "odd" in part || more.length > 0) throw new Error(`no single event: ${JSON.stringify([part, ...more])}`);
  return part;
}

describe("a change of a property", () => {
  it("is a delta of that property, ordered within it, under an id made of what makes it unique", () => {
    expect(itemOf(changed({}))).toMatchObject({
      deliveryId: `62515-12-123-dealname-${NOW_MS}-1`,
      type: "deal.propertyChange",
      occurredAtMs: NOW_MS,
      order: { kind: "time", value: String(NOW_MS) },
      nature: "delta",
      scope: "dealname",
      deleted: false,
      entity: { kind: "opportunity", key: "123", data: { name: "A" } },
    });
    expect(itemOf(changed({ propertyName: "dealstage", eventId: 1 })).deliveryId).not.toBe(itemOf(changed({})).deliveryId);
  });

  it("says the same on each attempt, and something else for another value", () => {
    expect(itemOf(changed({ attemptNumber: 3 }))).toEqual(itemOf(changed({})));
    expect(itemOf(changed({ propertyValue: "B" })).content).not.toBe(itemOf(changed({})).content);
  });

  it("to nothing clears the field", () => {
    for (const propertyValue of ["", null, undefined])
      expect(itemOf(changed({ propertyValue }))).toMatchObject({ cleared: ["name"], entity: { data: {} } });
  });

  it("reads dates given in milliseconds, and as dates", () => {
    for (const propertyValue of ["1767225600000", "2026-01-01", "2026-01-01T00:00:00Z"])
      expect(itemOf(changed({ propertyName: "closedate", propertyValue })).entity.data).toEqual({ closeDate: "2026-01-01" });
  });

  it("reads an amount only where one currency is configured for all", () => {
    const amount = changed({ propertyName: "amount", propertyValue: "1200.50" });
    expect(itemOf(amount).entity.data).toEqual({ extra: { amount: "1200.50" } });
    expect(itemOf(amount, { currency: "EUR" }).entity.data).toEqual({ amount: { amount: "1200.50", currency: "EUR" } });
  });

  it("knows the closed stages and those of the settings, in any case", () => {
    const stage = (propertyValue: string) =>
      itemOf(changed({ propertyName: "dealstage", propertyValue }), { stages: { Signed7: "won" } }).entity.data;
    expect(stage("closedlost")).toEqual({ stage: "lost", stageRaw: "closedlost" });
    expect(stage("signed7")).toEqual({ stage: "won", stageRaw: "signed7" });
    expect(stage("constructor")).toEqual({ stage: "open", stageRaw: "constructor" });
  });

  it("named like a part of every object stays data", () => {
    expect(Object.keys(itemOf(changed({ propertyName: "__proto__" })).entity.data["extra"] ?? {})).toEqual(["__proto__"]);
    expect(Object.hasOwn(Object.prototype, "A")).toBe(false);
  });

  it("without a property's name is set aside alone", () => {
    expect(partsOf([changed({ propertyName: undefined }), changed({})])).toMatchObject([
      { odd: "unintelligible", detail: expect.stringContaining("propertyName") },
      { nature: "delta" },
    ]);
  });
});

describe("other events", () => {
  it.each([
    ["deal.creation", "hint", false],
    ["deal.restore", "hint", false],
    ["deal.deletion", "snapshot", true],
    ["contact.privacyDeletion", "snapshot", true],
  ])("%s is a %s (record gone: %s) and holds no state", (subscriptionType, nature, deleted) => {
    const item = itemOf({ ...EVENT, subscriptionType });
    expect(item).toMatchObject({ nature, deleted, entity: { data: {} } });
    expect(item.scope).toBeUndefined();
  });

  it("a merge touches every record that went into it", () => {
    const parts = partsOf([
      {
        ...EVENT,
        subscriptionType: "company.merge",
        objectId: 9,
        primaryObjectId: 9,
        mergedObjectIds: [7, 9, 8],
        numberOfPropertiesMoved: 4,
      },
    ]);
    expect(parts.map((part) => ("odd" in part ? part.detail : [part.entity.key, part.nature]))).toEqual([
      ["9", "hint"],
      ["7", "hint"],
      ["8", "hint"],
    ]);
    expect(new Set(parts.map(({ deliveryId }) => deliveryId)).size).toBe(3);
  });

  it("an association touches the record that it starts from", () => {
    const { objectId: _none, ...event } = EVENT;
    const associated = {
      ...event,
      subscriptionType: "contact.associationChange",
      associationType: "CONTACT_TO_COMPANY",
      fromObjectId: 5,
      toObjectId: 6,
    };
    expect(itemOf(associated)).toMatchObject({
      nature: "hint",
      deliveryId: `62515-12-5-6-${NOW_MS}-1`,
      entity: { kind: "customer", key: "contact:5" },
    });
  });

  it("of the generic kind name their record type by its id", () => {
    const generic = (objectTypeId: string) => decode([{ ...EVENT, subscriptionType: "object.creation", objectTypeId }]);
    for (const [objectTypeId, kind, key] of [
      ["0-1", "customer", "contact:123"],
      ["0-2", "customer", "123"],
      ["0-3", "opportunity", "123"],
      ["0-5", "case", "123"],
      ["0-123", "order", "123"],
      ["0-53", "invoice", "123"],
    ])
      expect(generic(objectTypeId ?? "")).toMatchObject({ ok: true, value: [{ entity: { kind, key } }] });
    expect(generic("2-3456789")).toMatchObject({ ok: true, value: [{ odd: "unmapped", detail: expect.stringContaining('"2-3456789"') }] });
    expect(generic("constructor")).toMatchObject({ ok: true, value: [{ odd: "unmapped" }] });
  });
});

describe("what is not taken", () => {
  it("a change by one of our own apps is an echo", () => {
    const own = changed({ changeSource: "INTEGRATION", sourceId: "777" });
    expect(partsOf([own], { ownSourceIds: ["777"] })).toMatchObject([{ odd: "unmapped", detail: expect.stringContaining("echo") }]);
    expect(itemOf(own)).toMatchObject({ nature: "delta" });
    expect(itemOf(changed({ sourceId: "777" }), { ownSourceIds: ["777"] })).toMatchObject({ nature: "delta" });
  });

  it("an event of an account that may not send rejects the whole request", () => {
    const rejected = { ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } };
    expect(decode([changed({}), changed({ portalId: 1 })], { portalIds: ["62515"] })).toEqual(rejected);
    expect(decode([changed({ portalId: undefined })], { portalIds: ["62515"] })).toEqual(rejected);
  });

  it("of two accounts the records are kept apart", () => {
    const settings = { portalIds: ["62515", "1"] };
    expect(itemOf(changed({}), settings).entity.key).toBe("62515:123");
    expect(itemOf({ ...EVENT, portalId: 1, subscriptionType: "contact.creation" }, settings).entity.key).toBe("1:contact:123");
  });

  it("a request is kept whole when it is no list, or has more events than HubSpot sends", () => {
    expect(decode({})).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
    expect(decode([])).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
    const merged = Array.from({ length: 100 }, (_, at) => ({
      ...EVENT,
      subscriptionType: "deal.merge",
      mergedObjectIds: Array.from({ length: 11 }, (_id, id) => at * 100 + id + 1000),
    }));
    expect(decode(merged)).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("1200 events") },
    });
  });

  it("settings that cannot be meant are refused", () => {
    for (const settings of [
      { versions: [] },
      { versions: ["v4"] },
      { portalIds: [] },
      { portalIds: ["abc"] },
      { currency: "euro" },
      { stages: { x: "maybe" } },
    ])
      expect(hubspot.settings.safeParse(settings).success).toBe(false);
  });
});
