import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestSpec, ResponseSeen } from "../../src/domain/http.ts";
import { businessCentral } from "../../src/sources/business-central.ts";
import type { Renewal, Subscription } from "../../src/sources/define.ts";
import { NOW_MS, bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const COMPANY = "b18aed47-c385-49d2-b954-dbdf8ad71780";
const ID = "26814998-936a-401c-81c1-0e848a64971d";
const CREDENTIAL = 's3cr3t "per" subscription \\ größe';

const notice = (changes: Record<string, unknown> = {}) => ({
  subscriptionId: "salesOrders-eu",
  clientState: CREDENTIAL,
  expirationDateTime: "2026-01-04T00:00:00Z",
  resource: `api/v2.0/companies(${COMPANY})/salesOrders(${ID})`,
  changeType: "updated",
  lastModifiedDateTime: "2026-01-01T00:00:00.467Z",
  ...changes,
});

const decodeText = (text: string, settings: Record<string, unknown> = {}) =>
  decodeWith(businessCentral, liveFor(businessCentral, { settings }), bytes(text));
const decode = (notices: readonly unknown[], settings: Record<string, unknown> = {}) =>
  decodeText(JSON.stringify({ value: notices }), settings);
const one = (changes: Record<string, unknown>, settings: Record<string, unknown> = {}) => {
  const decoded = decode([notice(changes)], settings);
  if (!decoded.ok || decoded.value.length !== 1) throw new Error(JSON.stringify(decoded));
  return decoded.value[0];
};

describe("a notice", () => {
  it("is a hint with the record's id, its time as order, and where it is", () => {
    expect(one({})).toMatchObject({
      deliveryId: null,
      type: "salesOrders.updated",
      nature: "hint",
      deleted: false,
      occurredAtMs: Date.UTC(2026, 0, 1, 0, 0, 0, 467),
      order: { kind: "time", value: String(Date.UTC(2026, 0, 1, 0, 0, 0, 467)) },
      entity: { kind: "order", key: ID, data: { extra: { companyId: COMPANY, subscriptionId: "salesOrders-eu", changeType: "updated" } } },
    });
  });

  it.each([
    `/api/v2.0/companies(${COMPANY})/salesOrders(${ID})`,
    `https://api.businesscentral.dynamics.com/v2.0/t/e/api/v2.0/companies(${COMPANY})/salesOrders(${ID})`,
    `api/acme/sales/v1.0/companies(${COMPANY})/salesOrders(${ID})`,
    `companies(${COMPANY})/salesOrders(${ID})`,
    `api/v2.0/companies(${COMPANY})/salesOrders('${ID}')`,
  ])("is of the same record however its resource is written: %s", (resource) => {
    expect(one({ resource })).toMatchObject({ entity: { kind: "order", key: ID, data: { extra: { companyId: COMPANY } } } });
  });

  it.each([
    ["customers", "customer"],
    ["salesInvoices", "invoice"],
    ["salesShipments", "shipment"],
    ["serviceOrders", "case"],
  ])("of %s is of the kind %s, as built in or configured", (collection, kind) => {
    const resource = `api/v2.0/companies(${COMPANY})/${collection}(${ID})`;
    expect(one({ resource }, { resources: { serviceOrders: "case" } })).toMatchObject({ entity: { kind, key: ID } });
  });

  it("of a deletion says so", () => {
    expect(one({ changeType: "deleted" })).toMatchObject({ deleted: true, nature: "hint", type: "salesOrders.deleted" });
  });

  it("without a time that can be read has no order", () => {
    for (const lastModifiedDateTime of [undefined, "yesterday", 5])
      expect(one({ lastModifiedDateTime })).toMatchObject({ order: { kind: "none" }, occurredAtMs: null, nature: "hint" });
  });

  it("that comes again after a renewal says the same, another change does not", () => {
    const content = (changes: Record<string, unknown>) => one(changes)?.content;
    expect(content({ expirationDateTime: "2026-01-07T00:00:00Z", clientState: "rotated" })).toBe(content({}));
    expect(content({ lastModifiedDateTime: "2026-01-01T00:00:01Z" })).not.toBe(content({}));
  });
});

describe("a batch", () => {
  it("has each notice on its own: what nobody maps and what nobody can read are set aside alone", () => {
    const decoded = decode([
      notice(),
      notice({ resource: `api/v2.0/companies(${COMPANY})/items(${ID})` }),
      notice({ resource: "salesOrders" }),
      notice({ changeType: "merged" }),
      "x",
      notice({ resource: `api/v2.0/companies(${COMPANY})/customers(${ID})` }),
    ]);
    expect(decoded.ok && decoded.value).toMatchObject([
      { entity: { kind: "order" } },
      { odd: "unmapped", type: "items.updated", detail: expect.stringContaining('"items"') },
      { odd: "unintelligible", detail: expect.stringContaining("resource") },
      { odd: "unintelligible", type: "salesOrders.merged", detail: expect.stringContaining("reconcile salesOrders") },
      { odd: "unintelligible" },
      { entity: { kind: "customer" } },
    ]);
  });

  it("tells by one notice that very many records have changed: a person must reconcile them", () => {
    const resource = `/api/v2.0/companies(${COMPANY})/salesInvoices?$filter=lastDateTimeModified%20gt%202018-10-15T11:00:00Z`;
    const part = one({ changeType: "collection", resource });
    expect(part).toMatchObject({
      odd: "unintelligible",
      type: "salesInvoices.collection",
      detail: expect.stringContaining(`${COMPANY} have changed`),
    });
    expect(part !== undefined && "odd" in part && part.detail).toContain("reconcile");
    expect(part !== undefined && "odd" in part && part.detail).toContain(resource);
  });

  it("that is empty concerns nobody; one without a list, or with too many, is not read", () => {
    expect(decode([])).toMatchObject({ ok: false, failure: { kind: "unmapped" } });
    expect(decodeText("{}")).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
    expect(decode(Array.from({ length: 1_001 }, () => notice()))).toMatchObject({
      ok: false,
      failure: { detail: expect.stringContaining("1001") },
    });
  });
});

describe("the shared secret", () => {
  const stored = (text: string): string =>
    new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(businessCentral.forStorage?.(bytes(text)));

  it("is in no part: neither in its content nor in its data", () => {
    const decoded = decode([
      notice(),
      notice({ clientstate: CREDENTIAL }),
      notice({ changeType: "collection" }),
      notice({ resource: "x" }),
    ]);
    expect(JSON.stringify(decoded)).not.toContain("s3cr3t");
  });

  it("is blanked in the body that is kept, and nothing else is touched", () => {
    const body = `\uFEFF{ "value" : [ {"n":1200.50,"clientState" : ${JSON.stringify(CREDENTIAL)}, "note":"\\"clientState\\":\\"x\\""}]}`;
    expect(stored(body)).toBe(body.replace(JSON.stringify(CREDENTIAL), '""'));
  });

  it("is blanked in whatever form it comes, and what is kept reads as what came", () => {
    const forms = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.replaceAll("clientState", String.raw`client\u0053tate`),
      (text: string) => text.replaceAll("clientState", "ClientState"),
      (text: string) => JSON.stringify(JSON.parse(text), null, 2),
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 3 }), forms, (secrets, form) => {
        const texts = secrets.map((secret) => `s3cr3t${secret}`);
        const body = form(JSON.stringify({ value: texts.map((clientState) => notice({ clientState })) }));
        const kept = stored(body);
        expect(kept).not.toContain("s3cr3t");
        expect(decodeText(kept)).toEqual(decodeText(body));
      }),
    );
  });

  it("is blanked in a body that is cut off inside it, and in one that is no list", () => {
    expect(stored('{"value":[{"clientState":"s3cr3t')).toBe('{"value":[{"clientState":"');
    expect(stored('{"value":[{"clientState":"s3cr3t\\')).not.toContain("s3cr3t");
    expect(stored('[{"clientState":"s3cr3t"}]')).toBe('[{"clientState":""}]');
  });

  it("is not there: the very bytes are kept", () => {
    const body = bytes('{"value":[{"clientState":"","x":1.0}]}');
    expect(businessCentral.forStorage?.(body)).toBe(body);
    const broken = new Uint8Array([0xff, 0x00, 0x7b]);
    expect(businessCentral.forStorage?.(broken)).toBe(broken);
  });
});

const URL_OURS = "https://edge.example.test/in/business-central";
const RENEWAL = {
  tenantId: "contoso.onmicrosoft.com",
  environment: "Production",
  notificationUrl: URL_OURS,
  secrets: { clientId: "BC_CLIENT_ID", clientSecret: "BC_CLIENT_SECRET", clientState: "BC_CLIENT_STATE" },
};
const renewalWith = (changes: Record<string, unknown> = {}): Renewal => {
  const renewal = businessCentral.renewal?.(businessCentral.settings.parse({ renewal: { ...RENEWAL, ...changes } }));
  if (renewal === undefined || renewal === null) throw new Error("no renewal");
  return renewal;
};
const answer = (status: number, body: unknown): ResponseSeen => ({
  status,
  headers: new Headers(),
  body: typeof body === "string" ? body : JSON.stringify(body),
  nowMs: NOW_MS,
});
const SECRETS = { clientId: "app", clientSecret: "p&ss=wörd", clientState: CREDENTIAL };
const API = "https://api.businesscentral.dynamics.com/v2.0/contoso.onmicrosoft.com/Production/api/v2.0/subscriptions";
const listed = (changes: Record<string, unknown> = {}) => ({
  "@odata.etag": 'W/"JzQ0O3Z1"',
  subscriptionId: "c670ea73cacb459bb51dc1740da2f1db",
  notificationUrl: URL_OURS,
  resource: `/api/v2.0/companies(${COMPANY})/salesOrders`,
  clientState: "old",
  expirationDateTime: "2026-11-25T06:00:00Z",
  ...changes,
});
const SUBSCRIPTION: Subscription = { id: "it's", resource: "/api/v2.0/companies(x)/customers", expiresAtMs: 0, etag: 'W/"1"' };

describe("its subscriptions", () => {
  it("are renewed only if the settings say how", () => {
    expect(businessCentral.renewal?.(businessCentral.settings.parse({}))).toBeNull();
    expect(renewalWith()).toMatchObject({ secrets: RENEWAL.secrets, windowMs: 86_400_000 });
    for (const wrong of [
      { tenantId: "a/b" },
      { notificationUrl: "http://x.test" },
      { api: "../x" },
      { secrets: { clientId: "X" } },
      { apiOrigin: "https://x/y" },
      { more: 1 },
    ])
      expect(businessCentral.settings.safeParse({ renewal: { ...RENEWAL, ...wrong } }).success).toBe(false);
  });

  it("are asked for with a token of the client credentials grant", () => {
    const request: RequestSpec = renewalWith().tokenRequest(SECRETS);
    expect(request).toMatchObject({ method: "POST", url: "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token" });
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "app",
      client_secret: "p&ss=wörd",
      scope: "https://api.businesscentral.dynamics.com/.default",
    });
    expect(renewalWith().readToken(answer(200, { token_type: "Bearer", access_token: "eyJ.x.y" }))).toEqual({ ok: true, value: "eyJ.x.y" });
    expect(renewalWith().listRequest("eyJ.x.y")).toMatchObject({ method: "GET", url: API, headers: { authorization: "Bearer eyJ.x.y" } });
    expect(renewalWith({ api: "api/acme/sales/v1.0" }).listRequest("t").url).toContain("/Production/api/acme/sales/v1.0/subscriptions");
  });

  it("are those whose notices come to this very address, of the company if one is named", () => {
    const list = answer(200, {
      value: [
        listed(),
        listed({ subscriptionId: "other", notificationUrl: "https://edge.example.test/in/other" }),
        listed({
          subscriptionId: "elsewhere",
          resource: "/api/v2.0/companies(00000000-0000-0000-0000-000000000001)/customers",
          "@odata.etag": undefined,
        }),
        listed({ subscriptionId: "near", expirationDateTime: "0001-01-01T00:00:00Z" }),
        listed({ subscriptionId: "" }),
        "x",
      ],
    });
    const ids = (renewal: Renewal) => {
      const read = renewal.readList(list);
      return read.ok ? read.value.map(({ id }) => id) : read;
    };
    expect(ids(renewalWith())).toEqual(["c670ea73cacb459bb51dc1740da2f1db", "elsewhere", "near"]);
    expect(ids(renewalWith({ companyId: COMPANY.toUpperCase() }))).toEqual(["c670ea73cacb459bb51dc1740da2f1db", "near"]);
    const read = renewalWith().readList(list);
    expect(read.ok && read.value).toMatchObject([{ etag: 'W/"JzQ0O3Z1"', expiresAtMs: Date.UTC(2026, 10, 25, 6) }, { etag: "*" }, {}]);
    expect(read.ok && (read.value[2]?.expiresAtMs ?? NOW_MS)).toBeLessThanOrEqual(0);
  });

  it("are renewed by PATCH with the tag that was seen, and carry the secret of today from then on", () => {
    const request = renewalWith().renewRequest(SUBSCRIPTION, { token: "t", secrets: SECRETS });
    expect(request).toMatchObject({
      method: "PATCH",
      url: `${API}('it''s')`,
      headers: { "if-match": 'W/"1"', authorization: "Bearer t", "content-type": "application/json" },
    });
    expect(JSON.parse(request.body ?? "")).toEqual({ notificationUrl: URL_OURS, resource: SUBSCRIPTION.resource, clientState: CREDENTIAL });
    expect(renewalWith().readRenewed(answer(200, listed({ expirationDateTime: "2026-11-27T12:00:00Z" })))).toEqual({
      ok: true,
      value: Date.UTC(2026, 10, 27, 12),
    });
    expect(renewalWith().readRenewed(answer(204, ""))).toEqual({ ok: true, value: null });
  });

  it("that cannot be renewed say who must act, and quote nothing that may be secret", () => {
    const told = (status: number, body: unknown) => ({
      token: renewalWith().readToken(answer(status, body)),
      list: renewalWith().readList(answer(status, body)),
      renewed: renewalWith().readRenewed(answer(status, body)),
    });
    const words = (status: number, body: unknown, which: keyof ReturnType<typeof told>) => {
      const read = told(status, body)[which];
      return read.ok ? "it went well" : read.failure;
    };
    const quoting = { error: { code: "BadRequest_X", message: `the secret ${CREDENTIAL}` } };
    expect(words(401, { error: "invalid_client", error_description: `AADSTS7000222: ${CREDENTIAL} is expired` }, "token")).toMatch(
      /401, invalid_client, AADSTS7000222.*app registration.*BC_CLIENT_SECRET/,
    );
    expect(words(503, "", "token")).toContain("next run");
    expect(words(200, { access_token: "a\nb" }, "token")).toContain("no token");
    expect(words(401, quoting, "list")).toContain("administrator");
    expect(words(403, quoting, "renewed")).toContain("permission");
    expect(words(404, "", "renewed")).toContain("create it again");
    expect(words(400, quoting, "renewed")).toMatch(/400 BadRequest_X.*handshake/);
    for (const status of [408, 409, 412, 429, 500, 503]) expect(words(status, quoting, "renewed")).toContain("next run");
    expect(words(200, '{"value":[{"cut', "list")).toContain("no JSON list");
    expect(words(200, { value: [], "@odata.nextLink": "https://x" }, "list")).toContain("one page");
    for (const status of [302, 400, 401, 403, 404, 409, 418, 500]) expect(JSON.stringify(told(status, quoting))).not.toContain("s3cr3t");
  });
});

it("answers nothing that deletes its subscription", () => {
  const { statusPolicy } = businessCentral;
  expect([statusPolicy.notVerified, statusPolicy.tooLarge, statusPolicy.wrongEncoding, statusPolicy.cannotStore]).toEqual([
    503, 503, 503, 503,
  ]);
  expect(statusPolicy).toMatchObject({ rateLimited: 429, stored: { status: 200 }, notUnderstood: { status: 200 } });
  expect(businessCentral.handshakes?.({})).toEqual([{ kind: "validationToken", parameter: "validationToken" }]);
  expect(itemsOf(decode([notice(), notice()])).length).toBe(2);
});
