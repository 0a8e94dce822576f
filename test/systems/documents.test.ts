import { describe, expect, it } from "vitest";
import { object, text, word } from "../../src/domain/mapping.ts";
import { mergeObjects, type ObjectMaps } from "../../src/sources/define.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const OBJECTS: ObjectMaps = {
  customer: object("customer", "id", { name: text("name") }),
  order: object("order", "id", { status: word("status", { done: "fulfilled" }) }),
};

function sourceOf(scheme: string) {
  const source = SOURCES[scheme];
  if (source === undefined) throw new Error(`no source ${scheme}`);
  return source;
}

const decode = (scheme: string, document: unknown, settings: Record<string, unknown> = {}, objects: ObjectMaps = {}) => {
  const source = sourceOf(scheme);
  return decodeWith(
    source,
    liveFor(source, { settings, objects }),
    bytes(typeof document === "string" ? document : JSON.stringify(document)),
  );
};
const one = (...given: Parameters<typeof decode>) => itemsOf(decode(...given))[0];
const unintelligible = (words: string | RegExp) => ({
  ok: false,
  failure: { kind: "unintelligible", detail: expect.stringMatching(words) },
});
const unmapped = (words: string) => ({ ok: false, failure: { kind: "unmapped", detail: expect.stringContaining(words) } });

describe("a custom service's document", () => {
  const custom = (document: unknown, settings: Record<string, unknown> = {}) =>
    decode("hmac", document, { header: "x-signature", ...settings }, OBJECTS);
  const first = (document: unknown, settings: Record<string, unknown> = {}) => itemsOf(custom(document, settings))[0];

  it("is read from where the settings say", () => {
    const settings = {
      type: "meta.kind",
      record: "payload.after",
      object: { path: "meta.table" },
      occurredAt: { path: "meta.at", as: "s" },
      order: { path: "payload.after.rev", as: "int" },
      deliveryId: { path: "meta.uid" },
      nature: "hint",
      deletedTypes: ["gone"],
    };
    const document = (kind: string) =>
      `{"meta":{"kind":"${kind}","table":"customer","at":1767225600,"uid":"u-1"},"payload":{"after":{"id":7,"name":"N","rev":90071992547409931234}}}`;
    expect(first(document("changed"), settings)).toEqual({
      type: "changed",
      deliveryId: "u-1",
      occurredAtMs: Date.UTC(2026, 0, 1),
      order: { kind: "int", value: "90071992547409931234" },
      nature: "hint",
      deleted: false,
      entity: { kind: "customer", key: "7", data: { name: "N", extra: { rev: "90071992547409931234" } } },
    });
    expect(first(document("gone"), settings)?.deleted).toBe(true);
  });

  it("belongs to the object that is named: by a constant, by a path, or by the type up to its first dot", () => {
    const document = { type: "order.status.changed", data: { id: "1" }, table: "customer" };
    expect(first(document)?.entity.kind).toBe("order");
    expect(first(document, { object: "customer" })?.entity.kind).toBe("customer");
    expect(first(document, { object: { path: "table" } })?.entity.kind).toBe("customer");
    expect(custom(document, { object: { path: "nowhere" } })).toMatchObject(unintelligible("record type"));
  });

  it.each([
    ["int", 7, { kind: "int", value: "7" }],
    ["int", "-12345678901234567890", { kind: "int", value: "-12345678901234567890" }],
    ["iso", "2026-01-01T01:00:00+01:00", { kind: "time", value: "1767225600000" }],
    ["s", 1767225600, { kind: "time", value: "1767225600000" }],
    ["ms", "1767225600123", { kind: "time", value: "1767225600123" }],
    ["lex", "000042.1", { kind: "lex", value: "000042.1" }],
    ["int", undefined, { kind: "none" }],
    ["iso", null, { kind: "none" }],
  ])("orders by %s %j", (as, value, expected) => {
    expect(first({ type: "order.x", data: { id: "1", v: value } }, { order: { path: "data.v", as } })?.order).toEqual(expected);
  });

  it.each([
    ["int", "1.5"],
    ["int", "NaN"],
    ["iso", "yesterday"],
    ["iso", "2026-01-01"],
    ["s", "1e9"],
    ["ms", -1],
    ["lex", ""],
    ["lex", {}],
  ])("never orders by a broken %s such as %j, but says so", (as, value) => {
    expect(custom({ type: "order.x", data: { id: "1", v: value } }, { order: { path: "data.v", as } })).toMatchObject(
      unintelligible('order at "data.v" is not'),
    );
  });

  it("is not held up by a time that cannot be read, nor by a delivery id that is missing", () => {
    const item = first(
      { type: "order.x", at: "soon", data: { id: "1" } },
      { occurredAt: { path: "at", as: "iso" }, deliveryId: { path: "uid" } },
    );
    expect(item).toMatchObject({ occurredAtMs: null, deliveryId: null });
  });

  it.each([
    ["text that is no JSON", "{oops", "not JSON"],
    ["no object", "[1]", "no object"],
    ["no type", { data: { id: "1" } }, 'no type at "type"'],
    ["a type that is no text", { type: {}, data: { id: "1" } }, 'no type at "type"'],
    ["no record", { type: "order.x" }, 'no record at "data"'],
    ["a record without an id", { type: "order.x", data: { status: "done" } }, 'no id at "id"'],
    ["an id with control characters", { type: "order.x", data: { id: "a\nb" } }, "control characters"],
    ["an id that is too long", { type: "order.x", data: { id: "x".repeat(300) } }, "256 characters"],
    ["a value of the wrong kind", { type: "order.x", data: { id: "1", status: {} } }, "status"],
  ])("is kept as unintelligible with words: %s", (_what, document, words) => {
    expect(custom(document)).toMatchObject(unintelligible(words));
  });

  it("that is not UTF-8 is kept as unintelligible", () => {
    const source = sourceOf("hmac");
    expect(decodeWith(source, liveFor(source, { settings: { header: "x" } }), new Uint8Array([0x7b, 0xff, 0x7d]))).toMatchObject(
      unintelligible("UTF-8"),
    );
  });

  it("of a type that nobody maps is unmapped, also if it is named like a part of every object", () => {
    expect(custom({ type: "lead.created", data: { id: "1" } })).toMatchObject(unmapped('no object "lead"'));
    expect(custom({ type: "constructor.x", data: { id: "1" } })).toMatchObject(unmapped("constructor"));
  });
});

describe("the settings of a custom service", () => {
  const problems = (settings: Record<string, unknown>): string =>
    (sourceOf("hmac").settings.safeParse({ header: "x-signature", ...settings }).error?.issues ?? [])
      .map(({ path, message }) => `${path.join(".")} ${message}`)
      .join("; ");

  it.each([
    [{ template: "{timestamp}.{body}" }, "template has {timestamp}, but nothing says where"],
    [{ template: "{body}", timestampHeader: "x-time" }, "template lacks {timestamp}"],
    [{ template: "{body}", pairs: { timestamp: "t", signature: "v1" } }, "template lacks {timestamp}"],
    [{ template: "{id}.{body}" }, "template has {id}"],
    [{ template: "{id}{id}{body}", idHeader: "x-id" }, "once at most"],
    [{ template: "{timestamp}", timestampHeader: "x-time" }, "and one {body}"],
    [{ template: "{body}{timestamp}{body}", timestampHeader: "x-time" }, "and one {body}"],
    [{ template: "{timestamp}.{uri}{body}", timestampHeader: "x-time" }, "template must be made of"],
    [{ template: "{secret}{body}" }, "template must be made of"],
    [{ template: "{id}{body}", idHeader: "x-id" }, "a character after {id}"],
    [{ template: "{header:x-a}{body}" }, "a character after {id}"],
    [{ template: "{timestamp}.{body}", timestampHeader: "x-time", pairs: { timestamp: "t", signature: "v1" } }, "exclude each other"],
    [{ prefix: "sha256=", pairs: { signature: "v1" } }, "prefix and pairs"],
    [{ idHeader: "x-id", deliveryId: { header: "x-id" } }, "idHeader and deliveryId.header"],
    [{ header: "x signature" }, "name of a header"],
    [{ toleranceSeconds: 0 }, "whole number of seconds"],
    [{ alg: "MD5" }, "alg"],
    [{ record: "a..b" }, "dotted path"],
    [{ tolerance: 5 }, "tolerance"],
  ])("%j are refused: %s", (settings, words) => {
    expect(problems(settings)).toContain(words);
  });

  it.each([
    {},
    { template: "v0:{timestamp}:{body}", timestampHeader: "x-time" },
    { template: "{id}.{timestamp}.{body}", idHeader: "webhook-id", pairs: { timestamp: "t", signature: "v1" } },
    { alg: "SHA512", encoding: "base64url" },
    { deliveryId: { header: "x-id" } },
  ])("%j are accepted", (settings) => {
    expect(problems(settings)).toBe("");
  });

  it("take the delivery id from the header that they name", () => {
    const source = sourceOf("hmac");
    expect(source.verification(source.settings.parse({ header: "x-signature", deliveryId: { header: "x-delivery" } }))).toMatchObject({
      idHeader: "x-delivery",
    });
  });
});

describe("a Standard Webhooks document", () => {
  const document = { type: "order.x", timestamp: "2026-01-01T00:00:00Z", data: { id: "1", version: 3 } };

  it("is ordered by what the settings name, else by its own timestamp, else by nothing", () => {
    const orderOf = (given: unknown, settings = {}) => one("standard-webhooks", given, settings, OBJECTS)?.order;
    expect(orderOf(document, { order: { path: "data.version", as: "int" } })).toEqual({ kind: "int", value: "3" });
    expect(orderOf(document)).toEqual({ kind: "time", value: "1767225600000" });
    expect(orderOf({ ...document, timestamp: "whenever" })).toEqual({ kind: "none" });
    expect(orderOf({ ...document, timestamp: undefined }, { order: { path: "data.nothing", as: "int" } })).toEqual({ kind: "none" });
  });

  it("has its delivery id in the header, which the proof names", () => {
    expect(one("standard-webhooks", { ...document, id: "other" }, {}, OBJECTS)?.deliveryId).toBeNull();
  });
});

describe("Zendesk", () => {
  const event = (changes: Record<string, unknown> = {}) => ({
    type: "zen:event-type:ticket.status_changed",
    id: "E1",
    time: "2026-01-01T00:00:01Z",
    subject: "zen:ticket:5",
    detail: { id: "5", updated_at: "2026-01-01T00:00:00Z" },
    ...changes,
  });
  const zendesk = (document: unknown) => decode("zendesk", document);

  it.each([
    ["NEW", "new"],
    ["OPEN", "open"],
    ["PENDING", "pending"],
    ["HOLD", "on_hold"],
    ["SOLVED", "resolved"],
    ["CLOSED", "closed"],
    ["ODD", "unknown"],
  ])("calls the status %s %s", (status, expected) => {
    expect(itemsOf(zendesk(event({ detail: { id: "5", status } })))[0]?.entity.data).toMatchObject({ status: expected, statusRaw: status });
  });

  it.each([
    ["LOW", "low"],
    ["NORMAL", "normal"],
    ["HIGH", "high"],
    ["URGENT", "urgent"],
  ])("calls the priority %s %s", (priority, expected) => {
    expect(itemsOf(zendesk(event({ detail: { id: "5", priority } })))[0]?.entity.data).toMatchObject({
      priority: expected,
      priorityRaw: priority,
    });
  });

  it("names the object by the subject, else by the type", () => {
    expect(itemsOf(zendesk(event({ type: "zen:event-type:messaging_ticket.message_added" })))[0]?.entity.kind).toBe("case");
    expect(itemsOf(zendesk(event({ type: "zen:event-type:user.created", subject: undefined })))[0]?.entity.kind).toBe("customer");
    expect(zendesk(event({ type: "zen:event-type:article.published", subject: "zen:article:9" }))).toMatchObject(
      unmapped('no object "article"'),
    );
  });

  it("marks what is deleted, and nothing else", () => {
    const deletedBy = (what: string) => itemsOf(zendesk(event({ type: `zen:event-type:ticket.${what}` })))[0]?.deleted;
    expect(["soft_deleted", "permanently_deleted", "deleted"].map(deletedBy)).toEqual([true, true, true]);
    expect(["undeleted", "status_changed", "comment_deleted_by_agent"].map(deletedBy)).toEqual([false, false, false]);
  });

  it("keeps the body of a trigger for a person to look at", () => {
    expect(zendesk({ ticket: { id: 5 } })).toMatchObject(unintelligible("triggers and automations"));
    expect(zendesk('{"title":"a "quoted" word"}')).toMatchObject(unintelligible("not JSON"));
    expect(zendesk(event({ type: "my.own.type" }))).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", type: "my.own.type", deliveryId: "E1" },
    });
  });

  it("never orders by a broken time", () => {
    expect(zendesk(event({ detail: { id: "5", updated_at: "now" } }))).toMatchObject(unintelligible("updated_at"));
    expect(itemsOf(zendesk(event({ detail: { id: "5" } })))[0]?.order).toEqual({ kind: "none" });
  });
});

describe("Stripe", () => {
  const event = (changes: Record<string, unknown> = {}) => ({
    id: "evt_1",
    object: "event",
    created: 1767225600,
    livemode: true,
    type: "invoice.paid",
    data: { object: { id: "in_1", object: "invoice" } },
    ...changes,
  });
  const stripe = (document: unknown, settings = {}) => decode("stripe", document, settings);

  it.each([
    ["eur", 120050, "1200.50"],
    ["jpy", 1200, "1200"],
    ["kwd", 1200500, "1200.500"],
    ["usd", -5, "-0.05"],
  ])("moves the point of an amount in %s as that currency has it", (currency, total, amount) => {
    const item = itemsOf(stripe(event({ data: { object: { id: "in_1", object: "invoice", currency, total } } })))[0];
    expect(item?.entity.data["total"]).toEqual({ amount, currency: currency.toUpperCase() });
  });

  it("leaves out what it has no map for, thin events and previews, and says why", () => {
    expect(stripe(event({ type: "charge.succeeded", data: { object: { id: "ch_1", object: "charge" } } }))).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", type: "charge.succeeded", deliveryId: "evt_1" },
    });
    expect(
      stripe({ id: "evt_2", object: "v2.core.event", type: "v1.billing.meter.error_report_triggered", created: "2026-01-01T00:00:00Z" }),
    ).toMatchObject(unmapped("thin event"));
    expect(stripe(event({ type: "invoice.upcoming", data: { object: { object: "invoice" } } }))).toMatchObject(unmapped("preview"));
  });

  it("lets in only the mode that the settings name", () => {
    const refused = { ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } };
    expect(stripe(event(), { livemode: false })).toEqual(refused);
    expect(stripe(event({ livemode: false }), { livemode: true })).toEqual(refused);
    expect(stripe(event({ livemode: undefined }), { livemode: true })).toEqual(refused);
    expect(stripe(event(), { livemode: true })).toMatchObject({ ok: true });
    expect(stripe(event({ livemode: false }))).toMatchObject({ ok: true });
  });

  it("names the object by data.object.object, also where the type begins with another", () => {
    const subscription = { id: "sub_1", object: "subscription", status: "canceled" };
    expect(itemsOf(stripe(event({ type: "customer.subscription.deleted", data: { object: subscription } })))[0]).toMatchObject({
      deleted: true,
      entity: { kind: "entitlement", key: "sub_1", data: { status: "cancelled" } },
    });
    expect(itemsOf(stripe(event()))[0]).toMatchObject({
      deleted: false,
      nature: "snapshot",
      order: { kind: "time", value: "1767225600000" },
      occurredAtMs: 1767225600000,
    });
  });
});

describe("a team's objects over the built-in ones", () => {
  const builtIn: ObjectMaps = { Opportunity: object("opportunity", "Id", { name: text("Name"), region: text("Region") }) };

  it("add and override fields, may change the key, and add objects", () => {
    const merged = mergeObjects(builtIn, {
      Opportunity: object("opportunity", "External__c", { region: text("Region__c"), tier: text("Tier__c") }),
      Extra__c: object("case", "Id", {}),
    });
    expect(merged["Opportunity"]).toEqual({
      kind: "opportunity",
      key: "External__c",
      fields: { name: text("Name"), region: text("Region__c"), tier: text("Tier__c") },
    });
    expect(Object.keys(merged)).toEqual(["Opportunity", "Extra__c"]);
    expect(builtIn["Opportunity"]?.key).toBe("Id");
  });

  it("stand alone under another kind: the built-in fields would mean nothing there", () => {
    const merged = mergeObjects(builtIn, { Opportunity: object("order", "Id", { number: text("Number__c") }) });
    expect(merged["Opportunity"]).toEqual({ kind: "order", key: "Id", fields: { number: text("Number__c") } });
  });

  it("put fields that the kind does not have under custom", () => {
    expect(
      one(
        "zendesk",
        { type: "zen:event-type:ticket.created", detail: { id: "5", tier: "gold" } },
        {},
        { ticket: object("case", "id", { tier: text("tier") }) },
      )?.entity.data,
    ).toEqual({ number: "5", custom: { tier: "gold" } });
  });
});

describe("the ways a custom service may prove itself", () => {
  const problems = (authentication: unknown): string =>
    (sourceOf("custom").settings.safeParse({ authentication }).error?.issues ?? [])
      .map(({ path, message }) => `${path.join(".")} ${message}`)
      .join("; ");

  it.each([
    [{ type: "baisc" }, "authentication.type must be one of hmac, standardWebhooks, basic"],
    [{ type: "jwt", issuer: "a", audiance: "b" }, 'Unrecognized key: "audiance"'],
    [[{ type: "basic" }, { type: "header" }], "authentication.1.name"],
    [[], "authentication must name at least one way"],
    [
      { type: "jwt", issuer: "a", audience: "b", algorithms: ["HS256"], jwksUrl: "https://keys.example.com" },
      "authentication.algorithms cannot hold HS256",
    ],
    [{ type: "httpSignature", algorithm: "ed25519", components: ["@method"] }, "must hold content-digest"],
    [undefined, "authentication "],
  ])("%j are refused where the mistake is: %s", (authentication, words) => {
    expect(problems(authentication)).toContain(words);
  });
});
