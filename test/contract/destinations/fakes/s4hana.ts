import { s4hana } from "../../../../src/destinations/s4hana/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import { readEdmx, type EntitySet } from "../descriptions/edmx.ts";
import type { FakeRecord, FakeSystem, Trial } from "./define.ts";
import { BadQuery, compareValues, readFilter, type Value } from "./s4hana-query.ts";

type Dialect = "v2" | "v4";
type Auth = "basic" | "oauth";
type Row = Record<string, Value>;

const SECRETS = {
  basic: { user: "SIGNALBOX_COM_USER", password: "basic-secret-that-must-not-leak" },
  oauth: { clientId: "sb-client-7", clientSecret: "oauth-secret-that-must-not-leak" },
} as const;

const DAY_MS = 86_400_000;
const PAGE_ROWS = 3;
const MATERIALS: Readonly<Record<string, string>> = { TG11: "Trading good 11", TG12: "Trading good 12" };
const KEY_TYPE = "SIGBOX";
const STATUS_OF_NEW = {
  OverallSDProcessStatus: "A",
  OverallDeliveryStatus: "A",
  OverallOrdReltdBillgStatus: "A",
  OverallSDDocumentRejectionSts: "A",
};

interface Service {
  readonly root: string;
  readonly version: Dialect;
  readonly sets: ReadonlyMap<string, EntitySet>;
  /** Sets that are parts of another, by the name under which it is expanded. */
  readonly parts: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const SALES_V2: Service = {
  root: "/sap/opu/odata/sap/API_SALES_ORDER_SRV",
  version: "v2",
  sets: readEdmx("API_SALES_ORDER_SRV"),
  parts: { A_SalesOrder: { to_Item: "A_SalesOrderItem" }, A_SalesOrderItem: { to_PricingElement: "A_SalesOrderItemPrElement" } },
};
const SALES_V4: Service = {
  root: "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001",
  version: "v4",
  sets: readEdmx("CE_SALESORDER_0001"),
  parts: { SalesOrder: { _Item: "SalesOrderItem" }, SalesOrderItem: { _ItemPricingElement: "SalesOrderItemPricingElement" } },
};
const PARTNERS: Service = {
  root: "/sap/opu/odata/sap/API_BUSINESS_PARTNER",
  version: "v2",
  sets: readEdmx("API_BUSINESS_PARTNER"),
  parts: { A_BusinessPartner: { to_BuPaIdentification: "A_BuPaIdentification", to_BusinessPartnerRole: "A_BusinessPartnerRole" } },
};
const BILLS: Service = {
  root: "/sap/opu/odata/sap/API_BILLING_DOCUMENT_SRV",
  version: "v2",
  sets: readEdmx("API_BILLING_DOCUMENT_SRV"),
  parts: {},
};

/** A refusal as the gateway sends it. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly property: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, property = "", headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.property = property;
    this.headers = headers;
  }

  body(version: Dialect): string {
    const details = [{ code: this.code, message: this.message, propertyref: this.property, target: this.property, severity: "error" }];
    const message = version === "v2" ? { lang: "en", value: this.message } : this.message;
    const inner = { transactionid: "4A5B6C7D", timestamp: "20261124120000.0000000", errordetails: details };
    return JSON.stringify({ error: { code: this.code, message, ...(version === "v2" ? { innererror: inner } : { details }) } });
  }
}

/**
 * S/4HANA by its published service descriptions: every property that is written, selected, sorted or filtered by must be
 * in them, fit its length and be writable. Business rules are the least that a sales system has.
 */
export class S4Fake implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly tables = new Map<string, Row[]>();
  readonly tricks;
  readonly #sales: Service;
  readonly #auth: Auth;
  readonly #sessions = new Map<string, string>();
  readonly #tokens = new Set<string>();
  #issued = 0;
  #serial = 0;
  #beforeWrite: (() => void) | null = null;
  #locked = false;

  constructor(dialect: Dialect, auth: Auth) {
    this.#sales = dialect === "v2" ? SALES_V2 : SALES_V4;
    this.#auth = auth;
    this.tricks = {
      expireCredentials: () => {
        this.#sessions.clear();
        this.#tokens.clear();
      },
      credentialsIssued: () => this.#issued,
      expireCsrf: () => this.#sessions.clear(),
      lockNext: () => {
        this.#locked = true;
      },
      add: (kind: EntityKind, key: string, stampMs = this.time.nowMs) => this.#add(kind, key, stampMs),
      touch: (kind: EntityKind, key: string) => this.#touch(kind, key),
      touchBeforeNextWrite: (kind: EntityKind, key: string) => {
        this.#beforeWrite = () => this.#touch(kind, key);
      },
      doubleKey: (kind: EntityKind, key: string) => {
        this.#add(kind, key, this.time.nowMs);
        this.#add(kind, key, this.time.nowMs);
      },
    };
    this.#partner("10100001", "SB+001A_B", "Acme");
  }

  held(kind: EntityKind, key: string): readonly FakeRecord[] {
    if (kind === "customer")
      return this.rows("A_BuPaIdentification")
        .filter((row) => String(row["BPIdentificationNumber"]) === customerKey(key))
        .map((row) => ({ id: String(row["BusinessPartner"]), fields: row }));
    return this.rows(this.#orders)
      .filter((row) => row["PurchaseOrderByCustomer"] === `SB-${key}`)
      .map((row) => ({ id: String(row["SalesOrder"]), fields: row }));
  }

  rows(set: string): Row[] {
    const rows = this.tables.get(set) ?? [];
    this.tables.set(set, rows);
    return rows;
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const service = [this.#sales, PARTNERS, BILLS].find(({ root }) => url.pathname.startsWith(`${root}/`));
    try {
      if (url.pathname === "/sap/bc/sec/oauth2/token") return await this.#token(request);
      this.#authenticate(request);
      if (service === undefined) throw new Refusal(404, "/IWFND/MED/170", `No service found for ${url.pathname}`);
      return await this.#serve(request, url, service);
    } catch (error) {
      const refusal = error instanceof BadQuery ? new Refusal(400, "/IWFND/CM_BEC/027", error.message) : error;
      if (!(refusal instanceof Refusal)) throw error;
      return new Response(refusal.body(service?.version ?? "v2"), {
        status: refusal.status,
        headers: { "content-type": "application/json", ...refusal.headers },
      });
    }
  }

  async #token(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const { clientId, clientSecret } = SECRETS.oauth;
    if (request.method !== "POST" || form.get("grant_type") !== "client_credentials")
      return Response.json({ error: "unsupported_grant_type" }, { status: 400 });
    if (request.headers.get("authorization") !== `Basic ${btoa(`${clientId}:${clientSecret}`)}`)
      return Response.json({ error: "invalid_client" }, { status: 401 });
    const token = `token-${++this.#serial}`;
    this.#tokens.add(token);
    return Response.json({ access_token: token, token_type: "Bearer", expires_in: "3600", scope: "API_SALES_ORDER_SRV_0001" });
  }

  #authenticate(request: Request): void {
    const given = request.headers.get("authorization") ?? "";
    const { user, password } = SECRETS.basic;
    const valid =
      this.#auth === "basic" ? given === `Basic ${btoa(`${user}:${password}`)}` : this.#tokens.has(given.replace(/^Bearer /, ""));
    if (!valid) throw new Refusal(401, "401", "Anmeldung fehlgeschlagen", "", { "www-authenticate": 'Basic realm="SAP"' });
  }

  async #serve(request: Request, url: URL, service: Service): Promise<Response> {
    if (!(request.headers.get("accept") ?? "").startsWith("application/json"))
      throw new Refusal(406, "005056A509B11EE1B9A8FEC11C21D78E", "Not Acceptable");
    if (
      service.version === "v4" &&
      request.method !== "GET" &&
      request.method !== "DELETE" &&
      !/IEEE754Compatible=true/.test(request.headers.get("content-type") ?? "")
    )
      throw new Refusal(400, "/IWBEP/CM_V4_RUNTIME/002", "Decimals are expected as numbers without IEEE754Compatible=true");
    const path = decodeURIComponent(url.pathname.slice(service.root.length + 1));
    if (request.headers.get("x-csrf-token")?.toLowerCase() === "fetch" && request.method === "GET") return this.#fetchCsrf();
    if (request.method === "GET") return this.#get(path, new URLSearchParams(url.search), service);
    this.#demandCsrf(request);
    this.#beforeWrite?.();
    this.#beforeWrite = null;
    if (this.#locked) {
      this.#locked = false;
      throw new Refusal(400, "V1/042", "Sales document is currently being processed by user CB9980000012");
    }
    const body = request.method === "DELETE" ? {} : (JSON.parse(await request.text()) as Record<string, unknown>);
    return this.#write(request, path, body, service);
  }

  #fetchCsrf(): Response {
    this.#issued++;
    const [session, token] = [`sess${++this.#serial}`, `csrf-${this.#serial}==`];
    this.#sessions.set(session, token);
    const headers = new Headers({ "x-csrf-token": token, "content-type": "application/json" });
    headers.append("set-cookie", `SAP_SESSIONID_S4H_100=${session}; path=/; secure; HttpOnly`);
    headers.append("set-cookie", "sap-usercontext=sap-client=100; path=/");
    return new Response('{"d":{"EntitySets":[]}}', { headers });
  }

  #demandCsrf(request: Request): void {
    const cookies = new Map((request.headers.get("cookie") ?? "").split("; ").map((each) => each.split(/=(.*)/s, 2) as [string, string]));
    const expected = this.#sessions.get(cookies.get("SAP_SESSIONID_S4H_100") ?? "");
    if (expected === undefined || cookies.get("sap-usercontext") !== "sap-client=100" || request.headers.get("x-csrf-token") !== expected)
      throw new Refusal(403, "/IWFND/CM_COS/012", "CSRF token validation failed", "", { "x-csrf-token": "Required" });
  }

  #get(path: string, query: URLSearchParams, service: Service): Response {
    const [setName = "", key] = /^(\w+)(?:\((.*)\))?$/.exec(path)?.slice(1) ?? [];
    const set = setOf(service, setName);
    for (const option of query.keys())
      if (!["$filter", "$orderby", "$top", "$select", "$expand"].includes(option)) throw new BadQuery(`Invalid query option ${option}`);
    const show = this.#projection(service, set, query);
    if (key !== undefined) {
      const row = this.#find(set, key);
      if (row === undefined) throw new Refusal(404, "/IWBEP/CM_MGW_RT/020", `Resource not found for segment '${setName}'`);
      const shown = show(row);
      return json(service.version === "v2" ? { d: shown } : shown);
    }
    const terms = { version: service.version, typeOf: (name: string) => propertyOf(set, name).type };
    const filter = query.get("$filter");
    const matching = this.rows(setName).filter(filter === null ? () => true : readFilter(filter, terms));
    const order = (query.get("$orderby") ?? set.keys.join(",")).split(",").map((name) => propertyOf(set, name).name);
    const sorted = matching.toSorted((a, b) => order.map((name) => compareValues(a[name], b[name])).find((each) => each !== 0) ?? 0);
    const top = Number(query.get("$top") ?? Number.POSITIVE_INFINITY);
    const page = sorted.slice(0, Math.min(top, PAGE_ROWS)).map(show);
    const more =
      Math.min(top, sorted.length) > PAGE_ROWS
        ? `https://my1-api.s4hana.cloud.sap${service.root}/${setName}?$skiptoken=${PAGE_ROWS}`
        : undefined;
    if (service.version === "v2") return json({ d: { results: page, ...(more === undefined ? {} : { __next: more }) } }, this.time.nowMs);
    return json({ value: page, ...(more === undefined ? {} : { "@odata.nextLink": more }) }, this.time.nowMs);
  }

  /** What `$select` and `$expand` leave of a row, in the words of the version. */
  #projection(service: Service, set: EntitySet, query: URLSearchParams): (row: Row) => Record<string, unknown> {
    const parts = service.parts[set.name] ?? {};
    const selected = (query.get("$select") ?? "").split(",").filter((name) => name !== "");
    const own = selected.filter((name) => !name.includes("/")).map((name) => propertyOf(set, name).name);
    const expands = (query.get("$expand") ?? "").match(/\w+(?:\([^)]*\))?/g) ?? [];
    const expanded = expands.map((each) => {
      const [part = "", options = ""] = each.split(/[()]/);
      const target = setOf(service, parts[part] ?? part);
      const names =
        service.version === "v2"
          ? selected.filter((name) => name.startsWith(`${part}/`)).map((name) => name.slice(part.length + 1))
          : options.replace("$select=", "").split(",");
      return { part, target, names: names.map((name) => propertyOf(target, name).name) };
    });
    for (const name of selected.filter((each) => each.includes("/")))
      if (!expanded.some(({ part }) => name.startsWith(`${part}/`))) throw new BadQuery(`Invalid select: ${name} is not expanded`);
    const shown = (of: EntitySet, names: readonly string[], row: Row): Record<string, unknown> => {
      const values = Object.fromEntries(
        (names.length === 0 ? [...of.properties.keys()] : names).map((name) => [
          name,
          render(propertyOf(of, name).type, row[name] ?? null, service.version),
        ]),
      );
      const etag = this.#etag(of, row);
      if (service.version === "v4") return { ...(etag === null ? {} : { "@odata.etag": etag }), ...values };
      return { __metadata: { id: of.name, type: of.name, ...(etag === null ? {} : { etag }) }, ...values };
    };
    return (row) => ({
      ...shown(set, own, row),
      ...Object.fromEntries(
        expanded.map(({ part, target, names }) => {
          const rows = this.#partsOf(set, target, row).map((each) => shown(target, names, each));
          return [part, service.version === "v2" ? { results: rows } : rows];
        }),
      ),
    });
  }

  #partsOf(set: EntitySet, target: EntitySet, row: Row): Row[] {
    const [key = ""] = set.keys;
    return this.rows(target.name).filter((each) => each[key] === row[key]);
  }

  /** The header's stamp; items point at it too. */
  #etag(set: EntitySet, row: Row): string | null {
    if (!set.properties.has("SalesOrder")) return null;
    const header = set.keys.length === 1 ? row : this.rows(this.#orders).find((each) => each["SalesOrder"] === row["SalesOrder"]);
    return `W/"datetimeoffset'${new Date(Number(header?.["LastChangeDateTime"])).toISOString()}'"`;
  }

  #find(set: EntitySet, key: string): Row | undefined {
    const named = key.includes("=")
      ? [...key.matchAll(/(\w+)='((?:[^']|'')*)'/g)].map(([, name = "", value = ""]) => [name, value])
      : [[set.keys[0] ?? "", key.slice(1, -1)]];
    if (named.length !== set.keys.length) throw new BadQuery("Invalid key predicate");
    return this.rows(set.name).find((row) =>
      named.every(([name = "", value = ""]) => compareValues(row[name], value.replaceAll("''", "'")) === 0),
    );
  }

  #write(request: Request, path: string, body: Record<string, unknown>, service: Service): Response {
    const [setName = "", key, part] = /^(\w+)(?:\((.*?)\))?(?:\/(\w+))?$/.exec(path)?.slice(1) ?? [];
    const set = setOf(service, setName);
    if (request.method === "POST" && part !== undefined && key !== undefined) {
      const owner = this.#find(set, key);
      const target = setOf(service, service.parts[setName]?.[part] ?? part);
      if (owner === undefined) throw new Refusal(404, "/IWBEP/CM_MGW_RT/020", "Resource not found");
      const keys = Object.fromEntries(set.keys.map((name) => [name, String(owner[name])]));
      this.#insertWhole(service, target, { ...keys, ...body }, 0);
      this.#stamp(owner);
      return json({ d: {} }, this.time.nowMs, 201);
    }
    if (request.method === "POST" && key === undefined) return this.#create(service, set, body);
    const row = key === undefined ? undefined : this.#find(set, key);
    if (row === undefined) throw new Refusal(404, "/IWBEP/CM_MGW_RT/020", "Resource not found");
    this.#demandEtag(request, set, row);
    if (request.method === "DELETE") return this.#remove(set, row);
    if (request.method !== "PATCH") throw new Refusal(405, "/IWFND/CM_MGW_RT/010", "Method not allowed");
    const values = this.#checked(set, body, "updatable");
    this.#rules(set, { ...row, ...values });
    Object.assign(row, values);
    this.#stamp(row);
    return new Response(null, { status: 204 });
  }

  #demandEtag(request: Request, set: EntitySet, row: Row): void {
    const etag = this.#etag(set, row);
    const given = request.headers.get("if-match");
    if (etag === null) return;
    if (given === null) throw new Refusal(428, "/IWBEP/CM_MGW_RT/072", "Precondition required");
    if (given !== etag) throw new Refusal(412, "/IWBEP/CM_MGW_RT/071", "Precondition failed");
  }

  #remove(set: EntitySet, row: Row): Response {
    if (!set.deletable) throw new Refusal(405, "/IWFND/CM_MGW_RT/010", "Method not allowed");
    const own = (each: Row): boolean => set.keys.every((name) => each[name] === row[name]);
    for (const name of set.name === this.#items ? [set.name, this.#prices] : [set.name])
      this.tables.set(
        name,
        this.rows(name).filter((each) => !own(each)),
      );
    if (set.keys.length === 1)
      for (const [name, rows] of this.tables)
        this.tables.set(
          name,
          rows.filter((each) => each["SalesOrder"] !== row["SalesOrder"]),
        );
    else this.#stamp(row);
    return new Response(null, { status: 204 });
  }

  #create(service: Service, set: EntitySet, body: Record<string, unknown>): Response {
    if (!set.creatable) throw new Refusal(405, "/IWFND/CM_MGW_RT/010", "Method not allowed");
    const parts = service.parts[set.name] ?? {};
    const header = Object.fromEntries(Object.entries(body).filter(([name]) => parts[name] === undefined));
    const [key = ""] = set.keys;
    const before = new Map([...this.tables].map(([name, rows]) => [name, [...rows]]));
    try {
      const id = String(90_000_000 + ++this.#serial);
      const row = this.#insert(service, set, { ...header, [key]: id }, 0);
      for (const [part, target] of Object.entries(parts))
        for (const [at, each] of ((body[part] ?? []) as Record<string, unknown>[]).entries())
          this.#insertWhole(service, setOf(service, target), { ...each, [key]: id }, at);
      const { root } = service;
      const shown = this.#projection(service, set, new URLSearchParams())(row);
      return json(service.version === "v2" ? { d: shown } : shown, this.time.nowMs, 201, {
        location: `https://my1-api.s4hana.cloud.sap${root}/${set.name}('${id}')`,
      });
    } catch (error) {
      for (const [name, rows] of before) this.tables.set(name, rows);
      throw error;
    }
  }

  /** A row with its own parts, as a deep insert of any depth brings them. */
  #insertWhole(service: Service, set: EntitySet, body: Record<string, unknown>, at: number): Row {
    const parts = service.parts[set.name] ?? {};
    const own = Object.fromEntries(Object.entries(body).filter(([name]) => parts[name] === undefined));
    const row = this.#insert(service, set, own, at);
    const keys = Object.fromEntries(set.keys.map((name) => [name, row[name]]));
    for (const [part, target] of Object.entries(parts))
      for (const [place, each] of ((body[part] ?? []) as Record<string, unknown>[]).entries())
        this.#insert(service, setOf(service, target), { ...each, ...keys }, place);
    return row;
  }

  #insert(service: Service, set: EntitySet, body: Record<string, unknown>, at: number): Row {
    const values = this.#checked(set, body, "creatable");
    const [, itemKey] = set.keys;
    if (set.name.endsWith("SalesOrderItem") && itemKey !== undefined) {
      const numbers = this.rows(set.name).filter((each) => each["SalesOrder"] === values["SalesOrder"]);
      values[itemKey] = String((Math.max(0, ...numbers.map((each) => Number(each[itemKey]))) || at * 10) + 10);
      values["SalesOrderItemText"] ??= MATERIALS[String(values["Material"] ?? values["Product"])] ?? "";
      values["SalesDocumentRjcnReason"] ??= "";
    }
    if (set.name === this.#prices) {
      const taken = this.rows(set.name).filter((each) => set.keys.slice(0, 2).every((name) => each[name] === values[name]));
      Object.assign(values, { PricingProcedureStep: String(10 + taken.length), PricingProcedureCounter: "1" });
    }
    this.#rules(set, values);
    // What the system's own price list says, whatever else is agreed.
    if (set.name === this.#items)
      this.rows(this.#prices).push({
        SalesOrder: values["SalesOrder"] ?? null,
        SalesOrderItem: values["SalesOrderItem"] ?? null,
        PricingProcedureStep: "10",
        PricingProcedureCounter: "1",
        ConditionType: "PPR0",
        [this.#sales === SALES_V2 ? "ConditionRateValue" : "ConditionRateAmount"]: "99.99",
        ConditionCurrency: "EUR",
        ConditionQuantity: "1",
      });
    const ofOrder = set.name === this.#orders ? { ...STATUS_OF_NEW, TotalNetAmount: "0.00" } : {};
    const ofPartner =
      set.name === "A_BusinessPartner"
        ? { Customer: null, CreationDate: dayOf(this.time.nowMs), CreationTime: this.time.nowMs % DAY_MS }
        : {};
    const row: Row = { ...values, ...ofOrder, ...ofPartner };
    this.rows(set.name).push(row);
    this.#stamp(row);
    if (set.name === "A_BusinessPartnerRole" && row["BusinessPartnerRole"] === "FLCU01")
      for (const partner of this.rows("A_BusinessPartner"))
        if (partner["BusinessPartner"] === row["BusinessPartner"]) partner["Customer"] = String(row["BusinessPartner"]);
    return row;
  }

  /** Values that the description allows, in the fake's own words. */
  #checked(set: EntitySet, body: Record<string, unknown>, as: "creatable" | "updatable"): Row {
    const values: Row = {};
    for (const [name, value] of Object.entries(body)) {
      const property = set.properties.get(name);
      if (property === undefined) throw new Refusal(400, "/IWBEP/CM_MGW_RT/021", `Property ${name} not found in type ${set.name}`);
      if (!set.keys.includes(name) && !property[as]) throw new Refusal(400, "/IWBEP/CM_MGW_RT/022", `Property ${name} is read-only`, name);
      const expected = property.type === "Boolean" ? "boolean" : "string";
      if (value !== null && typeof value !== expected)
        throw new Refusal(400, "/IWBEP/CM_MGW_RT/023", `Failed to read property '${name}'`, name);
      if (typeof value === "string" && value.length > property.maxLength)
        throw new Refusal(400, "/IWBEP/CM_MGW_RT/024", `Property '${name}' is too long`, name);
      values[name] = typeof value === "string" && property.upperCase ? value.toUpperCase() : (value as Value);
    }
    return values;
  }

  #rules(set: EntitySet, row: Row): void {
    const material = row["Material"] ?? row["Product"];
    if (set.name === this.#orders && !this.rows("A_BusinessPartner").some(({ Customer: customer }) => customer === row["SoldToParty"]))
      throw new Refusal(400, "VP/199", `Sold-to party ${String(row["SoldToParty"])} is not maintained`, "SoldToParty");
    if (set.name === this.#prices && row["ConditionType"] !== PRICE_CONDITION)
      throw new Refusal(
        400,
        "V1/521",
        `Condition ${String(row["ConditionType"])} is not allowed in the pricing procedure`,
        "ConditionType",
      );
    if (set.name.endsWith("SalesOrderItem") && MATERIALS[String(material)] === undefined)
      throw new Refusal(
        400,
        "V1/382",
        `Material ${String(material)} is not defined`,
        `/#TRANSIENT#/to_Item/${row["Product"] === undefined ? "Material" : "Product"}`.replace("/#TRANSIENT#/", ""),
      );
    if (set.name === "A_BusinessPartner" && (row["OrganizationBPName1"] ?? "") === "")
      throw new Refusal(400, "R11/401", "Enter a name", "OrganizationBPName1");
  }

  /** Every change moves the header's stamp on, and its status follows its items. */
  #stamp(row: Row): void {
    this.time.nowMs += 1;
    const partner = this.rows("A_BusinessPartner").find((each) => each === row);
    if (partner !== undefined) Object.assign(partner, { LastChangeDate: dayOf(this.time.nowMs), LastChangeTime: this.time.nowMs % DAY_MS });
    const header = this.rows(this.#orders).find((each) => each["SalesOrder"] === row["SalesOrder"]);
    if (header === undefined) return;
    header["LastChangeDateTime"] = this.time.nowMs;
    const items = this.rows(this.#items).filter((each) => each["SalesOrder"] === header["SalesOrder"]);
    const rejected = items.filter((each) => (each["SalesDocumentRjcnReason"] ?? "") !== "").length;
    header["OverallSDDocumentRejectionSts"] = rejected === 0 ? "A" : rejected === items.length ? "C" : "B";
  }

  get #orders(): string {
    return this.#sales === SALES_V2 ? "A_SalesOrder" : "SalesOrder";
  }

  get #prices(): string {
    return this.#sales === SALES_V2 ? "A_SalesOrderItemPrElement" : "SalesOrderItemPricingElement";
  }

  get #items(): string {
    return this.#sales === SALES_V2 ? "A_SalesOrderItem" : "SalesOrderItem";
  }

  #partner(id: string, carried: string, name: string): void {
    const created = { CreationDate: dayOf(this.time.nowMs), CreationTime: this.time.nowMs % DAY_MS };
    this.rows("A_BusinessPartner").push({
      BusinessPartner: id,
      Customer: id,
      OrganizationBPName1: name,
      LastChangeDate: null,
      LastChangeTime: null,
      ...created,
    });
    this.rows("A_BuPaIdentification").push({ BusinessPartner: id, BPIdentificationType: KEY_TYPE, BPIdentificationNumber: carried });
  }

  #add(kind: EntityKind, key: string, stampMs: number): void {
    const id = String(80_000_000 + ++this.#serial);
    if (kind === "customer") this.#partner(id, customerKey(key), "Made by another");
    else
      this.rows(this.#orders).push({
        SalesOrder: id,
        SoldToParty: "10100001",
        PurchaseOrderByCustomer: `SB-${key}`,
        LastChangeDateTime: stampMs,
        ...STATUS_OF_NEW,
      });
  }

  #touch(kind: EntityKind, key: string): void {
    const [held] = this.held(kind, key);
    const set = kind === "customer" ? "A_BusinessPartner" : this.#orders;
    const row = this.rows(set).find((each) => (each["SalesOrder"] ?? each["BusinessPartner"]) === held?.id);
    if (row !== undefined) this.#stamp(row);
  }
}

/** The form in which the carrier's capitals keep a key of letters and digits. */
const customerKey = (key: string): string =>
  /[a-z_]/.test(key) ? `SB+${key.replace(/[a-z_]/g, (letter) => `_${letter.toUpperCase()}`)}` : `SB-${key}`;

function setOf({ sets }: Service, name: string): EntitySet {
  const set = sets.get(name);
  if (set === undefined) throw new Refusal(404, "/IWFND/CM_BEC/026", `Resource not found for segment '${name}'`);
  return set;
}

function propertyOf(set: EntitySet, name: string) {
  const property = set.properties.get(name);
  if (property === undefined) throw new BadQuery(`Property ${name} not found in type ${set.name}`);
  return property;
}

const dayOf = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;

function render(type: string, value: Value, version: Dialect): unknown {
  if (typeof value !== "number") return value;
  const iso = new Date(value).toISOString();
  if (type === "Time") return `PT${iso.slice(11, 13)}H${iso.slice(14, 16)}M${iso.slice(17, 19)}S`;
  if (version === "v4") return type === "Date" ? iso.slice(0, 10) : iso.replace("Z", "0000Z");
  return `/Date(${value}${type === "DateTime" ? "" : "+0000"})/`;
}

const json = (body: unknown, dateMs = NOW_MS, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", date: new Date(dateMs).toUTCString(), ...headers },
  });

/** Of the conditions, the one that may be entered by hand. */
export const PRICE_CONDITION = "PMP0";

const ONE_REQUEST = "it sends no $batch, and a single request's status says what happened";

const LINES = [
  { sku: "TG11", description: "Weiche, groß", quantity: "5" },
  { sku: "TG12", description: "Signal", quantity: "1.5" },
];

const order = delivery({
  entity: { kind: "order", key: "ord 1/ä'".replace(/[ ä]/g, "_"), schemaVersion: 1 },
  data: { status: "confirmed", customerId: "001Ab", total: { amount: "10.00", currency: "EUR" }, lines: LINES },
  occurredAtMs: null,
});

const trial = (dialect: Dialect, auth: Auth, settings: Readonly<Record<string, string>> = {}): Trial => ({
  definition: s4hana,
  connection: {
    baseUrl: "https://my1-api.s4hana.cloud.sap",
    settings: s4hana.settings.parse({
      dialect,
      auth,
      ...settings,
      salesOrder: { salesOrganization: "1010", distributionChannel: "10", division: "00" },
    }),
    secrets: SECRETS[auth],
  },
  start: () => new S4Fake(dialect, auth),
  deliveries: {
    order,
    opportunity: delivery(),
    customer: delivery({
      entity: { kind: "customer", key: "001Cd-9", schemaVersion: 1 },
      data: { name: "Größte Weichen- und Signalbau Gesellschaft mbH & Co. KG", status: "active" },
    }),
    "change of an opportunity": delivery({ nature: "delta", cleared: ["region"] }),
  },
  refused: {
    delivery: { ...order, data: { ...order.data, lines: [{ sku: "NO-SUCH", quantity: "1" }] } },
    fields: ["lines.sku"],
  },
  cannotHappen: {
    "key of the wrong form": "its secrets are passwords, of any form",
    "two creates of one key at once": "it has no upsert, so the router stores its intent first and serialises the writes of one entity",
    "failure inside a success": ONE_REQUEST,
    "silent no-op": "a create answers with the new document's number, and a refused change with an error",
    "change token refused": "it reads by time and number",
  },
});

export const s4hanaV2Trial = trial("v2", "basic");
export const s4hanaV4Trial = trial("v4", "oauth");

const euro = (amount: string) => ({ unitPrice: { amount, currency: "EUR" } });

/** A team whose lines bring their prices. */
const priced = (dialect: Dialect): Trial => {
  const base = trial(dialect, "basic", { priceCondition: PRICE_CONDITION });
  const lines = LINES.map((line, at) => ({ ...line, ...euro(at === 0 ? "12.50" : "1000.001") }));
  return { ...base, deliveries: { ...base.deliveries, order: { ...order, data: { ...order.data, lines } } } };
};
export const s4hanaPricedTrials = { "s4hana v2, prices ours": priced("v2"), "s4hana v4, prices ours": priced("v4") };
