import { describe, expect, it } from "vitest";
import { longId } from "../../src/decoding/salesforce-records.ts";
import { salesforceOutboundMessage } from "../../src/sources/salesforce-outbound-message.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const SESSION = "00D24000000abcD!AQ0AQLive.Session_Credential";
const settings = { organizationIds: ["00D24000000abcDEAQ"], currency: "EUR" };

const decode = (xml: string | Uint8Array, given: Record<string, unknown> = settings) =>
  decodeWith(
    salesforceOutboundMessage,
    liveFor(salesforceOutboundMessage, { settings: given }),
    typeof xml === "string" ? bytes(xml) : xml,
    "text/xml; charset=utf-8",
  );

const notification = (
  index: number,
  fields = "",
  type = "Opportunity",
): string => `<Notification><Id>04l24000002${String(index).padStart(4, "0")}</Id>
  <sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>00624000000${String(index).padStart(4, "0")}</sf:Id>${fields}</sObject></Notification>`;

interface Parts {
  readonly before?: string;
  readonly organization?: string;
  readonly session?: string;
}

const message = (
  notifications: string,
  {
    before = '<?xml version="1.0" encoding="UTF-8"?>',
    organization = "00D24000000abcDEAQ",
    session = '<SessionId xsi:nil="true"/>',
  }: Parts = {},
): string =>
  `${before}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${organization}</OrganizationId><ActionId>04k24000000PXYZAA4</ActionId>${session}
<EnterpriseUrl>https://acme.example/c</EnterpriseUrl><PartnerUrl>https://acme.example/u</PartnerUrl>${notifications}</notifications></soapenv:Body></soapenv:Envelope>`;

const batch = (count: number): string =>
  message(Array.from({ length: count }, (_, index) => notification(index, `<sf:Name>No ${index}</sf:Name>`)).join(""));

const unintelligible = (words: string | RegExp) => ({
  ok: false,
  failure: { kind: "unintelligible", detail: expect.stringMatching(words) },
});
/** A message of which one notification, the only one or another, is set aside. */
const oddAlone = (words: string | RegExp) => ({
  ok: true,
  value: [{ odd: "unintelligible", type: "unreadable", deliveryId: null, detail: expect.stringMatching(words) }],
});
const rejected = (reason: string) => ({ ok: false, failure: { kind: "rejected", reason } });

describe("a batch", () => {
  it("of a hundred becomes a hundred events in the order sent, each under its own delivery id", () => {
    const items = itemsOf(decode(batch(100)));
    expect(items.map(({ entity }) => entity.data["name"])).toEqual(Array.from({ length: 100 }, (_, index) => `No ${index}`));
    expect(new Set(items.map(({ deliveryId }) => deliveryId)).size).toBe(100);
    expect(new Set(items.map(({ entity }) => entity.key)).size).toBe(100);
  });

  it.each([0, 101])("of %i is kept as unintelligible", (count) => {
    expect(decode(batch(count))).toMatchObject(unintelligible(`^${count} notifications`));
  });

  it("sent again in another company has the same ids and content, notification by notification", () => {
    const again = itemsOf(decode(message(notification(2, "<sf:Name>No 2</sf:Name>"))))[0];
    const first = itemsOf(decode(batch(3)))[2];
    expect(again).toEqual(first);
    expect(again?.content).toContain("No 2");
    expect(itemsOf(decode(message(notification(2, "<sf:Name>No 3</sf:Name>"))))[0]?.content).not.toBe(first?.content);
  });

  it("sets aside the notification that cannot be read, by its place, and goes on with the others", () => {
    const bad = message(
      notification(0) + notification(1, "<sf:Amount>a lot</sf:Amount>") + notification(2, "<x:Name>N</x:Name>") + notification(3),
    );
    expect(decode(bad)).toMatchObject({
      ok: true,
      value: [
        { deliveryId: longId("04l240000020000"), type: "Opportunity" },
        { odd: "unintelligible", detail: expect.stringMatching(/^Opportunity.*amount/), content: expect.stringContaining("a lot") },
        { odd: "unintelligible", detail: expect.stringMatching(/^notification 3 of 4: the prefix of x:Name/) },
        { deliveryId: longId("04l240000020003"), type: "Opportunity" },
      ],
    });
  });

  it("tells copies of what cannot be read by what they hold, wherever they are sent", () => {
    const contentOf = (xml: string): unknown => JSON.stringify(decode(xml)).match(/"content":.*/)?.[0];
    const odd = notification(1, "<x:Name>N</x:Name>");
    expect(contentOf(message(odd))).toEqual(contentOf(message(odd, { session: `<SessionId>${SESSION}</SessionId>` })));
    expect(contentOf(message(odd))).not.toEqual(contentOf(message(odd.replace(">N<", ">M<"))));
  });

  it("ignores each notification of a type that nobody maps, also among others", () => {
    const lead = { odd: "unmapped", type: "Lead", deliveryId: longId("04l240000020001") };
    expect(decode(message(notification(1, "", "Lead")))).toMatchObject({ ok: true, value: [lead] });
    expect(decode(message(notification(0) + notification(1, "", "Lead")))).toMatchObject({
      ok: true,
      value: [{ type: "Opportunity" }, lead],
    });
    expect(decode(message(notification(0, "", "constructor")))).toMatchObject({ ok: true, value: [{ odd: "unmapped" }] });
  });
});

describe("names", () => {
  const plain = itemsOf(decode(message(notification(1, "<sf:Name>N</sf:Name><sf:StageName>Closed Won</sf:StageName>"))));

  it.each([
    [
      "other prefixes",
      (xml: string) => xml.replaceAll("sf:", "n0:").replaceAll("xmlns:sf", "xmlns:n0").replaceAll("soapenv", "S").replaceAll("xsi", "i"),
    ],
    [
      "a prefix for the notifications",
      (xml: string) =>
        xml
          .replaceAll(
            /<(\/?)(notifications|OrganizationId|ActionId|SessionId|EnterpriseUrl|PartnerUrl|Notification|Id|sObject)\b/g,
            "<$1o:$2",
          )
          .replace("xmlns=", "xmlns:o="),
    ],
    [
      "fields in the default namespace",
      (xml: string) => xml.replaceAll(/<sf:(\w+)>/g, '<$1 xmlns="urn:sobject.enterprise.soap.sforce.com">').replaceAll("</sf:", "</"),
    ],
    [
      "comments, CDATA and processing instructions",
      (xml: string) => xml.replace("<sf:Name>N<", "<!-- <x> --><?go on?><sf:Name><![CDATA[N]]><"),
    ],
  ])("are resolved by namespace: %s", (_what, rewrite) => {
    const xml = message(notification(1, "<sf:Name>N</sf:Name><sf:StageName>Closed Won</sf:StageName>"));
    expect(rewrite(xml)).not.toBe(xml);
    expect(itemsOf(decode(rewrite(xml)))).toEqual(plain);
  });

  it.each([
    ["the namespace is another's", (xml: string) => xml.replace("2005/09/outbound", "2005/09/inbound")],
    [
      "the envelope is SOAP 1.2",
      (xml: string) => xml.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"),
    ],
    ["a tag is not closed", (xml: string) => xml.replace("</sf:Name>", "")],
    ["the end is missing", (xml: string) => xml.slice(0, -20)],
    ["something follows the end", (xml: string) => `${xml}<again/>`],
    ["an entity is not known", (xml: string) => xml.replace(">N<", ">&nbsp;<")],
    ["there is a NUL", (xml: string) => xml.replace(">N<", ">\0<")],
    ["the declared encoding is another", (xml: string) => xml.replace("UTF-8", "ISO-8859-1")],
  ])("and a body is kept as unintelligible when %s", (_what, spoil) => {
    const xml = message(notification(1, "<sf:Name>N</sf:Name>"));
    expect(spoil(xml)).not.toBe(xml);
    expect(decode(spoil(xml))).toMatchObject(unintelligible(/.+/));
  });
});

describe("a notification", () => {
  it.each([
    ["a prefix is not declared", (xml: string) => xml.replace(' xmlns:sf="urn:sobject.enterprise.soap.sforce.com"', "")],
    ["the type is not in the schema instance namespace", (xml: string) => xml.replace("XMLSchema-instance", "XMLSchema")],
    ["a field is there twice", (xml: string) => xml.replace("<sf:Name>N</sf:Name>", "<sf:Name>N</sf:Name><sf:Name>M</sf:Name>")],
    ["the record has two ids", (xml: string) => xml.replace("</sf:Id>", "</sf:Id><sf:Id>x</sf:Id>")],
    ["there are two records", (xml: string) => xml.replace("</Notification>", '<sObject xsi:type="soapenv:X"/></Notification>')],
  ])("is set aside when %s", (_what, spoil) => {
    const xml = message(notification(1, "<sf:Name>N</sf:Name>"));
    expect(spoil(xml)).not.toBe(xml);
    expect(decode(spoil(xml))).toMatchObject(oddAlone(/^notification 1 of 1: .+/));
  });
});

describe("the parser cannot be attacked", () => {
  const laughs = Array.from({ length: 9 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`).join("");

  it.each([
    ["a document type", '<?xml version="1.0"?><!DOCTYPE x>'],
    ["in small letters", '<?xml version="1.0"?><!doctype x>'],
    ["an external entity", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'],
    ["an entity alone", '<!ENTITY e "x">'],
    ["a billion laughs", `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]>`],
    ["one behind a comment", "<!-- innocent --><!DocType x>"],
  ])("by %s", (_what, before) => {
    expect(decode(message(notification(1), { before }))).toEqual(rejected("doctype_forbidden"));
  });

  it("by another encoding of the same", () => {
    const utf16 = message(notification(1), { before: "<!DOCTYPE x>" });
    const wide = new Uint8Array(new Uint16Array([...utf16].map((character) => character.charCodeAt(0))).buffer);
    expect(decode(wide)).toMatchObject(unintelligible(/.+/));
    expect(decode(new Uint8Array([0xff, 0xfe, ...wide]))).toMatchObject(unintelligible("UTF-8"));
  });

  it("by deep nests, many elements or unfinished markup, in linear time", () => {
    const nest = `${"<sf:a>".repeat(20_000)}${"</sf:a>".repeat(20_000)}`;
    expect(decode(message(notification(1, nest)))).toMatchObject(unintelligible("deeper than"));
    expect(decode(message(notification(1, "<sf:a/>".repeat(100_001))))).toMatchObject(unintelligible("more than"));
    const startedMs = performance.now();
    for (const unfinished of ['<a "', "<!--", "<![CDATA[", "<?x ", "<a", "<SessionId>"]) {
      expect(decode(unfinished.repeat(200_000))).toMatchObject(unintelligible(/.+/));
      salesforceOutboundMessage.forStorage?.(bytes(unfinished.repeat(200_000)));
    }
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it("by fields named like parts of every object", () => {
    const [item] = itemsOf(
      decode(message(notification(1, "<sf:__proto__><sf:admin>true</sf:admin></sf:__proto__><sf:constructor>x</sf:constructor>"))),
    );
    expect(Object.keys(item?.entity.data["extra"] ?? {})).toEqual(["__proto__", "constructor"]);
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });
});

describe("what is read", () => {
  it("keeps every value as the text that was sent", () => {
    const [item] = itemsOf(
      decode(
        message(
          notification(
            1,
            '<sf:Amount>1200.50</sf:Amount><sf:Zip__c>00420</sf:Zip__c><sf:Big__c>820982911946154508</sf:Big__c><sf:Flag__c>true</sf:Flag__c><sf:Note__c> a &lt;b&gt;\n</sf:Note__c><sf:Gone__c xsi:nil="true"/><sf:Owner><sf:Name>Jo</sf:Name></sf:Owner>',
          ),
        ),
      ),
    );
    expect(item?.entity.data).toEqual({
      amount: { amount: "1200.50", currency: "EUR" },
      extra: { Zip__c: "00420", Big__c: "820982911946154508", Flag__c: "true", Note__c: " a <b>\n", Gone__c: null, Owner: { Name: "Jo" } },
    });
  });

  it("takes the currency of the record before that of the settings, and asks for one if there is none", () => {
    const amount = (fields: string, given = settings as Record<string, unknown>) =>
      decode(message(notification(1, `<sf:Amount>5</sf:Amount>${fields}`)), given);
    expect(itemsOf(amount("<sf:CurrencyIsoCode>JPY</sf:CurrencyIsoCode>"))[0]?.entity.data["amount"]).toEqual({
      amount: "5",
      currency: "JPY",
    });
    expect(amount("", { organizationIds: settings.organizationIds })).toMatchObject(oddAlone("no default currency"));
  });

  it("orders by LastModifiedDate, else by SystemModstamp, else not at all", () => {
    const orderOf = (fields: string) => itemsOf(decode(message(notification(1, fields))))[0]?.order;
    const [older, newer] = ["2026-01-01T00:00:00.123Z", "2026-01-02T00:00:00.000+0000"];
    expect(
      orderOf(`<sf:LastModifiedDate>${older}</sf:LastModifiedDate><sf:SystemModstamp>2026-01-03T00:00:00.000Z</sf:SystemModstamp>`),
    ).toEqual({ kind: "time", value: String(Date.parse(older)) });
    expect(orderOf("<sf:SystemModstamp>2026-01-03T00:00:00.000Z</sf:SystemModstamp>")).toEqual({
      kind: "time",
      value: String(Date.UTC(2026, 0, 3)),
    });
    expect(orderOf("")).toEqual({ kind: "none" });
    expect(decode(message(notification(1, `<sf:LastModifiedDate>${newer}</sf:LastModifiedDate>`)))).toMatchObject(
      oddAlone("LastModifiedDate"),
    );
  });

  it("knows the two closed stages and those of the settings, and takes all others as open", () => {
    const given = { ...settings, stages: { "Signed (Legal)": "won" } };
    const stageOf = (stage: string) =>
      itemsOf(decode(message(notification(1, `<sf:StageName>${stage}</sf:StageName>`)), given))[0]?.entity.data;
    expect(stageOf("Closed Won")).toMatchObject({ stage: "won", stageRaw: "Closed Won" });
    expect(stageOf("closed lost")).toMatchObject({ stage: "lost" });
    expect(stageOf("Signed (legal)")).toMatchObject({ stage: "won" });
    expect(stageOf("Prospecting")).toMatchObject({ stage: "open", stageRaw: "Prospecting" });
    expect(stageOf("constructor")).toMatchObject({ stage: "open", stageRaw: "constructor" });
  });
});

describe("ids", () => {
  it("are lengthened as Salesforce does: upper case of each block of five in one character", () => {
    expect(longId("001D000000IRFma")).toBe("001D000000IRFmaIAH");
    expect(longId("0062400000Zz1aB")).toBe("0062400000Zz1aBAAR");
    expect(longId("0062400000Zz1aBAAR")).toBe("0062400000Zz1aBAAR");
    expect(longId("not an id")).toBe("not an id");
  });

  it("of the organization are compared in their long form, whichever was configured or sent", () => {
    for (const organization of ["00D24000000abcD", "00D24000000abcDEAQ"]) {
      for (const allowed of ["00D24000000abcD", "00D24000000abcDEAQ"]) {
        expect(decode(message(notification(1), { organization }), { organizationIds: ["00D000000000000", allowed] })).toMatchObject({
          ok: true,
        });
      }
    }
  });

  it.each(["00D24000000ABCD", "00D24000000abcE", "", "00d24000000abcDEAQ"])("of the organization %j are not let in", (organization) => {
    expect(decode(message(notification(1), { organization }))).toEqual(rejected("sender_not_allowed"));
  });

  it("of no organization, or of two, are not let in", () => {
    expect(decode(message(notification(1)).replace(/<OrganizationId>.*<\/OrganizationId>/, ""))).toEqual(rejected("sender_not_allowed"));
    expect(decode(message(notification(1), { session: "<OrganizationId>00D000000000000</OrganizationId>" }))).toEqual(
      rejected("sender_not_allowed"),
    );
  });

  it("must be configured, as ids", () => {
    const problems = (given: unknown) => JSON.stringify(salesforceOutboundMessage.settings.safeParse(given).error?.issues ?? []);
    expect(problems({})).toContain("must list the organizations");
    expect(problems({ organizationIds: [] })).toContain("must list the organizations");
    expect(problems({ organizationIds: ["001D000000IRFma"] })).toContain("organization id");
    expect(problems(settings)).toBe("[]");
  });
});

describe("the session id", () => {
  it.each([
    ["in a good message", message(notification(1), { session: `<SessionId>${SESSION}</SessionId>` })],
    ["in broken XML", message(notification(1), { session: `<SessionId>${SESSION}</SessionId><oops>` })],
    ["itself broken", message(notification(1), { session: `<SessionId>${SESSION}&bad;</SessionId>` })],
    [
      "in CDATA, under a prefix",
      message(notification(1), { session: `<o:SessionId xmlns:o="x" y="z"><![CDATA[${SESSION}]]></o:SessionId>` }),
    ],
    ["never closed", message(notification(1), { session: `<SessionId>${SESSION}` })],
  ])("is nowhere in what is read or kept: %s", (_what, xml) => {
    expect(xml).toContain(SESSION);
    expect(JSON.stringify(decode(xml))).not.toContain("Session_Credential");
    const kept = new TextDecoder().decode(salesforceOutboundMessage.forStorage?.(bytes(xml)));
    expect(kept).toContain("SessionId");
    expect(kept).not.toContain("Session_Credential");
  });

  it("is all that is taken out of a body before it is kept", () => {
    const xml = message(notification(1, "<sf:Name>Größe</sf:Name>"), { session: `<SessionId>${SESSION}</SessionId>` });
    expect(new TextDecoder().decode(salesforceOutboundMessage.forStorage?.(bytes(xml)))).toBe(xml.replace(SESSION, ""));
    const without = bytes(message(notification(1)));
    expect(salesforceOutboundMessage.forStorage?.(without)).toBe(without);
  });
});

it("is proven by a token in the URL, or as its settings say", () => {
  const verification = (given: Record<string, unknown>) =>
    salesforceOutboundMessage.verification(salesforceOutboundMessage.settings.parse({ ...settings, ...given }));
  expect(verification({})).toEqual({ kind: "queryToken", parameter: "token" });
  expect(verification({ authentication: { type: "basic" } })).toEqual({ kind: "basic" });
});

it("acknowledges what is stored, also what is not understood, with exactly the answer that ends the retries", () => {
  const { stored, notUnderstood, notVerified, cannotStore } = salesforceOutboundMessage.statusPolicy;
  expect(notUnderstood).toBe(stored);
  expect([notVerified, cannotStore]).toEqual([401, 503]);
  expect(stored).toEqual({
    status: 200,
    contentType: "text/xml; charset=utf-8",
    body: '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>',
  });
});
