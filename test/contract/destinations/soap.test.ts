import { XmlElement, parseXml } from "@rgrove/parse-xml";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponseSeen } from "../../../src/destinations/define.ts";
import { outcomeOf } from "../../../src/destinations/soap/answer.ts";
import { envelopeOf, withUsernameToken } from "../../../src/destinations/soap/envelope.ts";
import { Settings, type Operation } from "../../../src/destinations/soap/settings.ts";
import { soap } from "../../../src/destinations/soap/index.ts";
import { Bench } from "./bench.ts";
import { soapTrials } from "./fakes/soap.ts";
import { NOW_MS, delivery } from "./samples.ts";

const answer = { namespace: "urn:a", element: "DoResponse" };
const settingsWith = (body: string, more: object = {}) =>
  Settings.parse({ operations: { opportunity: { changed: { action: "urn:a:Do", body, answer } } }, ...more });

function operationIn({ operations }: Settings): Operation {
  const operation = operations.opportunity?.changed;
  if (operation === undefined) throw new Error("no operation");
  return operation;
}

/** The Body's own element, as an independent parser reads it. */
function callIn(envelope: string): XmlElement {
  const body = parseXml(envelope).root?.children.find((each) => each instanceof XmlElement && each.name === "soap:Body");
  const call = body instanceof XmlElement ? body.children[0] : undefined;
  if (!(call instanceof XmlElement)) throw new Error("the Body is empty");
  return call;
}

/** Any UTF-16, halves of pairs and control characters among it. */
const anyText = fc.array(fc.nat(0xffff), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes));

describe("a template of an envelope", () => {
  it("keeps every value a value, wherever it may stand and whatever it holds", () => {
    const settings = settingsWith(`<do a="{name}" b='{name}'>{name}</do>`);
    const value = fc.oneof(anyText, fc.constantFrom("]]>", "</do><x>", `"'><x y="`, "&amp;", "{#x}{key}", "a\r\nb", "\uD800"));
    fc.assert(
      fc.property(value, (name) => {
        const call = callIn(envelopeOf(delivery({ data: { name } }), operationIn(settings), settings));
        const possible = name.toWellFormed().replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
        expect(call.text).toBe(possible);
        expect([call.attributes["a"], call.attributes["b"]]).toEqual([possible, possible]);
        expect(call.children.every((each) => !(each instanceof XmlElement))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("repeats a section for each item, leaves it out for what is not there, and is empty for what is cleared", () => {
    const settings = settingsWith(
      "<do>{#lines}<l><s>{sku}</s>{#tags}<t>{.}</t>{/tags}<k>{@key}</k></l>{/lines}{#region}<r>{region}</r>{/region}{#custom.a}<a>{custom.a}</a>{/custom.a}</do>",
    );
    const data = { lines: [{ sku: "1", tags: ["x", "y"] }, { sku: "2" }] };
    const sent = envelopeOf(delivery({ data, cleared: ["custom.a"], nature: "delta" }), operationIn(settings), settings);
    expect(sent).toContain("<do><l><s>1</s><t>x</t><t>y</t><k>006Ab00000XyZ</k></l><l><s>2</s><k>006Ab00000XyZ</k></l><a></a></do>");
  });

  it.each([
    "<do {name}='1'/>",
    "<do a={name}/>",
    "<{name}/>",
    "<do{#name} a='{name}'{/name}/>{/name}",
    "{#a}<do>{/a}</do>",
    "<do>{#a}</do>",
    "<do>{/a}</do>",
    "<do><!-- {name} --></do>",
    "<do><![CDATA[{name}]]></do>",
    `<!DOCTYPE do [<!ENTITY x "y">]><do/>`,
    "<do>",
  ])("is refused when a value could break it, or it is broken itself: %s", (body) => {
    expect(() => settingsWith(body)).toThrow();
  });
});

const DIGEST = "ZeRVIOGV1raXUZEOIUQrQfBtKyo=";

describe("a UsernameToken", () => {
  // The digest is Base64(SHA-1(nonce + created + password)), worked out with: printf '%s' <nonce><created><password> | openssl sha1 -binary | base64
  const token = { user: "a<b", password: "s3cr&t", nonce: new TextEncoder().encode("0123456789abcdef"), nowMs: NOW_MS };
  const bare = envelopeOf(delivery(), operationIn(settingsWith("<do>{name}</do>")), settingsWith("<do/>"));

  it("is a digest over nonce, time and password", async () => {
    const sent = await withUsernameToken(bare, { ...token, as: "digest" });
    expect(sent).toContain(`#PasswordDigest">${DIGEST}</wsse:Password>`);
    expect(sent).toContain("<wsu:Created>2026-11-24T12:00:00.000Z</wsu:Created>");
    expect(sent).not.toContain("s3cr");
    expect(() => parseXml(sent)).not.toThrow();
  });

  it("is the password itself only where the settings say so", async () => {
    const sent = await withUsernameToken(bare, { ...token, as: "text" });
    expect(sent).toContain(`<wsse:Username>a&lt;b</wsse:Username>`);
    expect(sent).toContain(`#PasswordText">s3cr&amp;t</wsse:Password>`);
  });
});

const SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12 = "http://www.w3.org/2003/05/soap-envelope";
const enveloped = (inner: string, namespace = SOAP_11) => `<e:Envelope xmlns:e="${namespace}"><e:Body>${inner}</e:Body></e:Envelope>`;
const fault = (code: string, detail = "") =>
  enveloped(`<e:Fault><faultcode>${code}</faultcode><faultstring>it says so</faultstring><detail>${detail}</detail></e:Fault>`);
const fault12 = (code: string, sub: string) =>
  enveloped(
    `<e:Fault><e:Code><e:Value>e:${code}</e:Value><e:Subcode><e:Value>x:${sub}</e:Value></e:Subcode></e:Code><e:Reason><e:Text>it says so</e:Text></e:Reason></e:Fault>`,
    SOAP_12,
  );
const seen = (status: number, body: string): ResponseSeen => ({ status, headers: new Headers(), body, nowMs: NOW_MS });

describe("an answer", () => {
  const settings = settingsWith("<do/>", {
    faults: [
      { code: "Busy", is: "throttled" },
      { says: "already (there)", is: "duplicate" },
    ],
  });
  const outcome = (status: number, body: string) => outcomeOf(seen(status, body), operationIn(settings), settings);

  it.each([
    [500, fault("e:Client"), "business"],
    [200, fault("e:Client"), "business"],
    [500, fault("e:Client.Authentication"), "business"],
    [500, fault("e:Server"), "transient"],
    [500, fault("e:Server.Busy"), "throttled"],
    [500, fault("e:Server", "<Busy>x</Busy>"), "throttled"],
    [500, fault("e:MustUnderstand"), "config"],
    [500, fault("wsse:FailedAuthentication"), "auth"],
    [500, fault12("Sender", "FailedAuthentication"), "auth"],
    [400, fault12("Sender", "Unknown"), "business"],
    [500, fault12("Receiver", "Unknown"), "transient"],
    [500, fault("vendor:Odd"), "transient"],
    [503, fault("e:Client"), "transient"],
    [401, fault("e:Client"), "auth"],
    [500, "no XML", "transient"],
    [404, "<html/>", "config"],
    // A success that is not the one expected may have had its effect.
    [200, "<html>welcome</html>", "ambiguous"],
    [200, enveloped(`<OtherResponse xmlns="urn:a"/>`), "ambiguous"],
    [200, enveloped(`<DoResponse xmlns="urn:b"/>`), "ambiguous"],
    [200, `<!DOCTYPE x [<!ENTITY y "z">]>${enveloped(`<DoResponse xmlns="urn:a"/>`)}`, "ambiguous"],
  ])("with status %i and body %s is classed %s", (status, body, is) =>
    expect(outcome(status, body)).toMatchObject({ kind: "failed", class: is }),
  );

  it("is a success only with the element that is expected", () =>
    expect(outcome(200, enveloped(`<DoResponse xmlns="urn:a"/>`))).toEqual({ kind: "applied", duplicate: false }));

  it("is a duplicate where the settings say so of the fault's text, taken literally", () => {
    expect(outcome(500, fault("e:Client").replace("it says so", "Key 7 is ALREADY (there)"))).toEqual({ kind: "applied", duplicate: true });
    expect(outcome(500, fault("e:Client").replace("it says so", "already there"))).toMatchObject({ class: "business" });
  });
});

describe("a call", () => {
  it("whose answer was lost is left to a person, unless the service is said to be idempotent by key", async () => {
    const trial = soapTrials["soap 1.2, Basic"];
    if (trial === undefined) throw new Error("no trial");
    const settings = { ...(trial.connection.settings as object), idempotentByKey: false };
    const bench = new Bench(trial, { ...trial.connection, settings });
    bench.interfere({ do: "loseAnswer" });
    const [sent] = Object.values(trial.deliveries);
    if (sent === undefined) throw new Error("no delivery");
    expect(await bench.deliver(sent)).toMatchObject({ kind: "failed", class: "ambiguous" });
    const requests = bench.requests.length;
    expect(await bench.deliver(sent, true)).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(bench.requests).toHaveLength(requests);
  });

  it("is a mistake of configuration for a kind or a deletion that has no operation", async () => {
    const trial = soapTrials["soap 1.2, Basic"];
    if (trial === undefined) throw new Error("no trial");
    const bench = new Bench(trial);
    const invoice = delivery({ entity: { kind: "invoice", key: "1", schemaVersion: 1 } });
    expect(await bench.deliver(invoice)).toMatchObject({ class: "config" });
    expect(soap.kinds).toBeUndefined();
  });
});
