import { CloudEvent, HTTP, type Message } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { object, text } from "../../src/domain/mapping.ts";
import { cloudevents } from "../../src/sources/cloudevents.ts";
import type { ObjectMaps, Part, SourceItem } from "../../src/sources/define.ts";

const OBJECTS: ObjectMaps = {
  "com.acme.order": object("order", "id", { number: text("number") }),
  bySubject: object("order", "ce.subject", {}),
};
const AUTHENTICATION = { authentication: { type: "bearer" } };
const BY_TYPE = { objectByType: { "com.acme.order": "com.acme.order", "com.acme.order.touched": "bySubject" } };

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly settings?: Readonly<Record<string, unknown>>;
}

function decode({ headers = {}, body = "", settings = {} }: Sent) {
  const sent = new Headers(headers);
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return cloudevents.decode(
    { body: bytes, headers: sent, url: new URL("https://edge.test/in/ce"), contentType: sent.get("content-type") ?? "", receivedAtMs: 0 },
    { settings: cloudevents.settings.parse({ ...AUTHENTICATION, ...BY_TYPE, ...settings }), objects: OBJECTS },
  );
}

function partsOf(sent: Sent): readonly Part[] {
  const decoded = decode(sent);
  if (!decoded.ok) throw new Error(`not understood: ${JSON.stringify(decoded.failure)}`);
  return decoded.value;
}

function itemOf(sent: Sent): SourceItem {
  const [part, ...more] = partsOf(sent);
  if (part === undefined || "odd" in part || more.length > 0) throw new Error(`no single event: ${JSON.stringify([part, ...more])}`);
  return part;
}

const unintelligible = (words: string) => ({ ok: false, failure: { kind: "unintelligible", detail: expect.stringContaining(words) } });

const ATTRIBUTES = { specversion: "1.0", id: "E-1", source: "/shops/1", type: "com.acme.order.changed" };
const STRUCTURED = { "content-type": "application/cloudevents+json" };
const inBinary = (attributes: Readonly<Record<string, string>>): Record<string, string> => ({
  "content-type": "application/json",
  ...Object.fromEntries(Object.entries({ ...ATTRIBUTES, ...attributes }).map(([name, value]) => [`ce-${name}`, value])),
});
const structured = (changes: Readonly<Record<string, unknown>>, settings: Sent["settings"] = {}): Sent => ({
  headers: STRUCTURED,
  body: { ...ATTRIBUTES, data: { id: "50001" }, ...changes },
  settings,
});

const sentBy = ({ headers, body }: Message): Sent => ({ headers: headers as Record<string, string>, body });

describe("an event as the CNCF's SDK writes it", () => {
  const event = new CloudEvent({
    id: "1fad4742-0001",
    source: "/default/sap.s4.beh/730431274",
    type: "com.acme.order.touched",
    time: "2026-01-01T00:00:00.000Z",
    subject: "50001",
    sequence: "0000000000000042",
    datacontenttype: "application/json",
    data: { SalesOrder: "50001" },
  });
  const expected = {
    deliveryId: "/default/sap.s4.beh/730431274|1fad4742-0001",
    type: "com.acme.order.touched",
    occurredAtMs: Date.UTC(2026, 0, 1),
    order: { kind: "lex", value: "0000000000000042" },
    scope: "/default/sap.s4.beh/730431274",
    entity: { kind: "order", key: "50001", data: { extra: { SalesOrder: "50001" } } },
  };

  it("is read in binary and in structured mode, and passed on as plain JSON", () => {
    expect(itemOf(sentBy(HTTP.binary(event)))).toMatchObject(expected);
    expect(itemOf(sentBy(HTTP.structured(event)))).toMatchObject(expected);
    expect(itemOf({ ...sentBy(HTTP.structured(event)), headers: { "content-type": "application/json" } })).toMatchObject(expected);
    expect(itemOf({ ...sentBy(HTTP.structured(event)), headers: {} })).toMatchObject(expected);
  });

  it("is read in a batch, each with its own content", () => {
    const second = event.cloneWith({ id: "1fad4742-0002", sequence: "0000000000000043" });
    const body = `[${[event, second].map((one) => HTTP.structured(one).body).join(",")}]`;
    const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
    expect([HTTP.toEvent({ headers, body })].flat().map(({ id }) => id)).toEqual(["1fad4742-0001", "1fad4742-0002"]);
    const parts = partsOf({ headers, body });
    expect(parts).toMatchObject([expected, { ...expected, deliveryId: `${expected.scope}|1fad4742-0002`, order: { kind: "lex" } }]);
    expect(new Set(parts.map(({ content }) => content)).size).toBe(2);
    expect(parts.map(({ content }) => JSON.parse(content ?? "") as unknown)).toEqual([event.toJSON(), second.toJSON()]);
  });

  it("means the same to us as to the SDK, whatever it holds", () => {
    const name = fc.stringMatching(/^[a-z0-9./-]{1,30}$/);
    const sdkEvent = fc
      .record({ id: name, source: name.map((path) => `/${path}`), subject: name, sequence: name, data: fc.dictionary(name, fc.string()) })
      .map((given) => new CloudEvent({ ...given, type: "com.acme.order.touched" }));
    fc.assert(
      fc.property(sdkEvent, fc.boolean(), (given, binary) => {
        const sent = binary ? HTTP.binary(given) : HTTP.structured(given);
        const theirs = HTTP.toEvent(sent) as CloudEvent<Record<string, string>>;
        const ours = itemOf(sentBy(sent));
        expect(ours.deliveryId).toBe(`${theirs.source}|${theirs.id}`);
        expect(ours.entity.key).toBe(theirs.subject);
        expect(ours.occurredAtMs).toBe(Date.parse(theirs.time ?? ""));
        expect(ours.entity.data["extra"] ?? {}).toEqual(theirs.data);
      }),
    );
  });

  it("may have its data in base64", () => {
    const bytes = new CloudEvent({ ...ATTRIBUTES, datacontenttype: "application/json", data: new TextEncoder().encode('{"id":"50001"}') });
    expect(JSON.parse(String(HTTP.structured(bytes).body))).toHaveProperty("data_base64");
    expect(itemOf(sentBy(HTTP.structured(bytes))).entity.key).toBe("50001");
  });
});

describe("the value of a header", () => {
  const subjectOf = (value: string): string => itemOf({ headers: inBinary({ type: "com.acme.order.touched", subject: value }) }).entity.key;

  it.each([
    ["Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"],
    ["%e2%82%ac", "€"],
    ["%41", "A"],
    ["%2541", "%41"],
    ['"quoted, with \\"quotes\\" and \\\\"', 'quoted, with "quotes" and \\'],
    ['"a%20b"', "a b"],
    ['5"', '5"'],
    ["50%", "50%"],
    ["%zz", "%zz"],
  ])("%s is read as %s", (value, expected) => {
    expect(subjectOf(value)).toBe(expected);
  });

  it.each(["%C0%A0", "%ff", "%E2%82", "a%80b"])("%s is refused: no UTF-8", (value) => {
    expect(decode({ headers: inBinary({ subject: value }) })).toMatchObject(unintelligible("ce-subject holds percent-encoded bytes"));
  });

  it("may not bring control characters into an identity", () => {
    expect(decode({ headers: inBinary({ id: "a%0Ab" }) })).toMatchObject(unintelligible("id, source and type"));
  });

  it("counts whatever the case of its name, and ce-datacontenttype not at all", () => {
    const headers = { ...inBinary({ datacontenttype: "text/plain" }), "CE-Subject": "S-1" };
    expect(itemOf({ headers, body: { id: "7" } }).entity.key).toBe("7");
  });
});

describe("what is no event, or not one that is read here", () => {
  it.each([
    ["application/cloudevents+avro", "not supported"],
    ["application/cloudevents-batch+protobuf", "not supported"],
    ["application/cloudevents-other", "not supported"],
    ["text/plain", "no CloudEvent"],
    ["application/json", "no CloudEvent"],
  ])("%s is %s", (contentType, words) => {
    expect(decode({ headers: { "content-type": contentType }, body: "{}" })).toMatchObject(unintelligible(words));
  });

  it("names the headers that binary mode lacks", () => {
    const { "ce-id": _id, ...headers } = inBinary({});
    expect(decode({ headers, body: {} })).toMatchObject(unintelligible("ce-id"));
  });

  it.each([
    [{ specversion: "0.3" }, "specversion"],
    [{ id: "" }, "id, source and type"],
    [{ source: null }, "id, source and type"],
    [{ type: { a: 1 } }, "id, source and type"],
    [{ source: "/a b" }, "URI reference"],
    [{ source: "/a|b" }, "URI reference"],
    [{ id: "x".repeat(250) }, "longer than 255"],
    [{ time: "yesterday" }, "RFC 3339"],
    [{ time: 1767225600 }, "RFC 3339"],
    [{ subject: 7 }, "subject"],
    [{ sequence: 42 }, "sequence"],
    [{ sequence: "" }, "sequence"],
    [{ sequence: "a", sequencetype: "Integer" }, "sequencetype"],
    [{ data_base64: "e30=" }, "both"],
    [{ data: undefined, data_base64: "e30" }, "base64"],
    [{ data: undefined, data_base64: "AAAA" }, "not UTF-8|JSON"],
  ])("refuses %j", (changes, words) => {
    expect(decode(structured(changes))).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringMatching(words) },
    });
  });

  it("reads an empty batch as nothing to do, and sets one bad event of a batch aside alone", () => {
    const headers = { "content-type": "application/cloudevents-batch+json" };
    expect(decode({ headers, body: "[]" })).toMatchObject({ ok: false, failure: { kind: "unmapped", detail: "an empty batch" } });
    expect(decode({ headers, body: "{}" })).toMatchObject(unintelligible("no list"));
    const body = [
      { ...ATTRIBUTES, data: { id: "1" } },
      { ...ATTRIBUTES, id: undefined },
      { ...ATTRIBUTES, type: "com.other" },
    ];
    expect(partsOf({ headers, body })).toMatchObject([
      { entity: { key: "1" } },
      { odd: "unintelligible", deliveryId: null },
      { odd: "unmapped", type: "com.other", deliveryId: "/shops/1|E-1", detail: expect.stringContaining('no object "com.other"') },
    ]);
  });

  it("never throws, whatever the headers and bytes", () => {
    const value = fc.stringMatching(/^[!-~]{0,20}$/);
    const type = fc.constantFrom(
      "",
      "application/json",
      "application/cloudevents+json",
      "application/cloudevents-batch+json",
      "text/plain",
      "image/png",
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json(),
      fc.json().map((data) => `{"specversion":"1.0","id":"1","source":"/","type":"a","data":${data}}`),
    );
    fc.assert(
      fc.property(
        fc.record({ id: value, source: value, type: value, subject: value, time: value }),
        type,
        body,
        (attributes, contentType, sent) => {
          const decoded = decode({ headers: { ...inBinary(attributes), "content-type": contentType }, body: sent });
          expect(() => JSON.stringify(decoded)).not.toThrow();
          if (!decoded.ok && decoded.failure.kind === "unintelligible") expect(decoded.failure.detail.length).toBeGreaterThan(5);
        },
      ),
    );
  });
});

describe("the settings of a CloudEvents source", () => {
  it("find the record in the data, and the attributes at ce, where no member of the data hides them", () => {
    expect(itemOf(structured({ data: { after: { id: "7" } } }, { record: "after" })).entity.key).toBe("7");
    expect(decode(structured({}, { record: "after" }))).toMatchObject(unintelligible('no record at "after"'));
    const touched = { type: "com.acme.order.touched", subject: "S-9" };
    expect(itemOf(structured({ ...touched, data: undefined })).entity).toEqual({ kind: "order", key: "S-9", data: {} });
    expect(itemOf(structured({ ...touched, data: ["x"] })).entity.data).toEqual({ extra: { data: ["x"] } });
    expect(itemOf(structured({ ...touched, data: { ce: { subject: "theirs" } } })).entity.key).toBe("theirs");
  });

  it("read data as JSON or as text, and leave anything else to the stored body", () => {
    const headers = inBinary({ type: "com.acme.order.touched", subject: "S-1" });
    const extraOf = (contentType: string, body: unknown) =>
      itemOf({ headers: { ...headers, "content-type": contentType }, body }).entity.data["extra"];
    expect(extraOf("application/vnd.acme+json; charset=utf-8", { a: 900719925474099312n.toString() })).toEqual({ a: "900719925474099312" });
    expect(extraOf("text/plain", "Größe")).toEqual({ data: "Größe" });
    expect(extraOf("application/xml", "<a/>")).toEqual({ data: "<a/>" });
    expect(extraOf("image/png", new Uint8Array([0x89, 0x50]))).toBeUndefined();
    expect(extraOf("text/plain", new Uint8Array([0xff]))).toBeUndefined();
    expect(extraOf("application/json", "")).toBeUndefined();
    expect(decode({ headers, body: "{" })).toMatchObject(unintelligible("not JSON"));
  });

  it("name the object by the longest beginning of the type, or the type names it", () => {
    const kindOf = (type: string) => decode(structured({ type, subject: "S" }));
    expect(kindOf("com.acme.order.touched.v2")).toMatchObject({ ok: true, value: [{ entity: { key: "S" } }] });
    expect(kindOf("com.acme.order.v2")).toMatchObject({ ok: true, value: [{ entity: { key: "50001" } }] });
    expect(kindOf("com.acme.order")).toMatchObject({ ok: true });
    expect(kindOf("com.acme.orders")).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
    expect(kindOf("constructor")).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
  });

  it.each([
    [{}, {}, { kind: "none" }],
    [{ time: "2026-01-01t01:00:00.5+01:00" }, {}, { kind: "time", value: "1767225600500" }],
    [{ sequence: "0010", time: "2026-01-01T00:00:00Z" }, {}, { kind: "lex", value: "0010" }],
    [{ sequence: "10", sequencetype: "Integer" }, {}, { kind: "int", value: "10" }],
    [{ sequence: 10 }, { order: { path: "ce.sequence", as: "int" } }, { kind: "int", value: "10" }],
    [{ data: { id: "1", rev: 12 } }, { order: { path: "rev", as: "int" } }, { kind: "int", value: "12" }],
    [{ data: { id: "1", at: 1767225600 } }, { order: { path: "at", as: "s" } }, { kind: "time", value: "1767225600000" }],
    [{ data: { id: "1", at: "a9" } }, { order: { path: "at", as: "lex" } }, { kind: "lex", value: "a9" }],
    [{ sequence: "9" }, { order: { path: "rev", as: "int" } }, { kind: "none" }],
  ])("order %j with %j by %j", (changes, settings, order) => {
    expect(itemOf(structured(changes, settings)).order).toEqual(order);
  });

  it("refuse an order that cannot be read, rather than none", () => {
    expect(decode(structured({}, { order: { path: "id", as: "iso" } }))).toMatchObject(unintelligible('the order at "id"'));
  });

  it("compare sequences within one CloudEvents source, and never lose an older change", () => {
    expect(itemOf(structured({ sequence: "1" })).scope).toBe("/shops/1");
    expect(itemOf(structured({ sequence: "1" }, { nature: "delta" }))).not.toHaveProperty("scope");
    expect(itemOf(structured({ time: "2026-01-01T00:00:00Z" }))).not.toHaveProperty("scope");
  });

  it("say what is a deletion, and what a delta clears", () => {
    const settings = { deletedTypes: [ATTRIBUTES.type], nature: "delta" };
    expect(itemOf(structured({ data: { id: "1", number: null } }, settings))).toMatchObject({
      deleted: true,
      nature: "delta",
      cleared: ["number"],
    });
  });

  it("give consent to the origins that are named, and to none by default", () => {
    const handshakes = (settings: object) => cloudevents.handshakes?.(cloudevents.settings.parse({ ...AUTHENTICATION, ...settings }));
    expect(handshakes({})).toEqual([{ kind: "cloudEventsOptions", origins: [], ratePerMinute: 6000, authorized: false }]);
    expect(handshakes({ allowedOrigins: ["a.example"], ratePerMinute: 120 })).toMatchObject([
      { origins: ["a.example"], ratePerMinute: 120 },
    ]);
  });
});
