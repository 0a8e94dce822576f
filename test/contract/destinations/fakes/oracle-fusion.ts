import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { jwtVerify } from "jose";
import { oracleFusion } from "../../../../src/destinations/oracle-fusion/index.ts";
import { Settings } from "../../../../src/destinations/oracle-fusion/settings.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { API_KEY, NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";
import { parseExpression } from "./oracle-expression.ts";

type Type = "text" | "number" | "boolean" | "time" | "date";
interface Attribute {
  readonly type: Type;
  readonly max?: number;
  readonly required?: true;
  readonly readOnly?: true;
}
type Attributes = Readonly<Record<string, Attribute>>;
type Item = Record<string, unknown>;

interface Shape {
  readonly api: "fscmRestApi" | "crmRestApi";
  readonly attributes: Attributes;
  readonly idAt: string;
  readonly keyAt: string;
  readonly kinds: readonly EntityKind[];
}

const STAMP: Attributes = { LastUpdateDate: { type: "time", readOnly: true } };
const ID = { type: "number", readOnly: true } as const;
const NUMBER = { type: "text", readOnly: true } as const;

const RESOURCES: Readonly<Record<string, Shape>> = {
  salesOrdersForOrderHub: {
    api: "fscmRestApi",
    idAt: "HeaderId",
    keyAt: "SourceTransactionId",
    kinds: ["order", "opportunity"],
    attributes: {
      ...STAMP,
      HeaderId: ID,
      OrderNumber: NUMBER,
      StatusCode: NUMBER,
      SourceTransactionNumber: { type: "text", max: 50, required: true },
      SourceTransactionId: { type: "text", max: 50, required: true },
      SourceTransactionSystem: { type: "text", max: 30, required: true },
      BusinessUnitId: { type: "number", required: true },
      BuyingPartyId: { type: "number", required: true },
      TransactionalCurrencyCode: { type: "text", max: 15, required: true },
      TransactionOn: { type: "time" },
      SubmittedFlag: { type: "boolean" },
      CanceledFlag: { type: "boolean" },
    },
  },
  hubOrganizations: {
    api: "crmRestApi",
    idAt: "PartyNumber",
    keyAt: "SourceSystemReferenceValue",
    kinds: ["customer"],
    attributes: {
      ...STAMP,
      PartyId: ID,
      PartyNumber: NUMBER,
      SourceSystem: { type: "text", max: 30 },
      SourceSystemReferenceValue: { type: "text", max: 240 },
      OrganizationName: { type: "text", max: 360, required: true },
      EmailAddress: { type: "text", max: 320 },
      JgzzFiscalCode: { type: "text", max: 20 },
      Status: { type: "text", max: 1 },
      Margin_c: { type: "text" },
    },
  },
  serviceRequests: {
    api: "crmRestApi",
    idAt: "SrNumber",
    keyAt: "SignalboxKey_c",
    kinds: ["case"],
    attributes: {
      ...STAMP,
      SrId: ID,
      SrNumber: NUMBER,
      SignalboxKey_c: { type: "text", max: 100 },
      Title: { type: "text", max: 400, required: true },
      ProblemDescription: { type: "text", max: 1000 },
      StatusCd: { type: "text" },
      SeverityCd: { type: "text" },
      AccountPartyId: { type: "number" },
    },
  },
  receivablesInvoices: {
    api: "fscmRestApi",
    idAt: "CustomerTransactionId",
    keyAt: "CustomerTransactionId",
    kinds: ["invoice"],
    attributes: {
      ...STAMP,
      CustomerTransactionId: ID,
      TransactionNumber: NUMBER,
      InvoiceStatus: { type: "text" },
      EnteredAmount: { type: "number" },
      InvoiceBalanceAmount: { type: "number" },
      InvoiceCurrencyCode: { type: "text" },
      TransactionDate: { type: "date" },
      DueDate: { type: "date" },
    },
  },
};
const LINE: Attributes = {
  FulfillLineId: { type: "number" },
  SourceTransactionLineId: { type: "text", max: 50 },
  SourceTransactionLineNumber: { type: "text", max: 50 },
  SourceTransactionScheduleId: { type: "text", max: 50 },
  SourceScheduleNumber: { type: "text", max: 50 },
  ProductNumber: { type: "text", max: 300 },
  OrderedQuantity: { type: "number" },
  OrderedUOMCode: { type: "text", max: 3 },
  TransactionCategoryCode: { type: "text" },
  CancelReasonCode: { type: "text" },
};
const ADJUSTMENT: Attributes = {
  ManualPriceAdjustmentId: { type: "number" },
  SourceManualPriceAdjustmentIdentifier: { type: "text", max: 120, required: true },
  AdjustmentAmount: { type: "number", required: true },
  AdjustmentTypeCode: { type: "text", required: true },
  ChargeDefinitionCode: { type: "text", required: true },
  ReasonCode: { type: "text" },
};
const ADJUSTMENTS = "manualPriceAdjustments";
const PRODUCTS = new Set(["SKU-1", "SKU-2", "SKU-3"]);
const LINES_EXPANDED = 2;

const DOMAIN = "https://idcs-1a2b3c.identity.oraclecloud.com";
const CLIENT = { id: "client-1", secret: API_KEY, scope: "urn:opc:resource:fa:instanceid=1urn:opc:resource:consumer::all" };
const USER = { name: "signalbox.integration@example.com", password: "password-that-must-not-leak" };
const CERTIFICATE = { keyId: "signalbox-1", x5t: "dGh1bWJwcmludC1vZi1zaGEtMQ" };
const KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PRIVATE_KEY = KEYS.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const PKCS1_KEY = (KEYS.privateKey as KeyObject).export({ type: "pkcs1", format: "pem" }).toString();
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

class Refusal extends Error {
  readonly status: number;
  readonly details: readonly { detail: string; code?: string; path?: string }[];

  constructor(status: number, detail: string, code?: string, path?: string) {
    super(detail);
    this.status = status;
    this.details = [{ detail, ...(code === undefined ? {} : { code }), ...(path === undefined ? {} : { path }) }];
  }
}

/** A Fusion environment and the identity domain bound to it, in memory. */
export class OracleFusion implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly items = new Map<string, Item[]>(Object.keys(RESOURCES).map((name) => [name, []]));
  /** Orders that the integration user's business units do not show, by header id. */
  readonly hidden = new Set<unknown>();
  #serial = 0;
  #issued = 0;
  #tokens = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #jtis = new Set<string>();
  #beforeWrite: (() => void) | null = null;
  #next: "lock" | "ignore" | null = null;

  constructor() {
    this.insert("hubOrganizations", {
      SourceSystem: "SIGNALBOX",
      SourceSystemReferenceValue: "001Ab",
      OrganizationName: "Acme",
      Status: "A",
    });
  }

  readonly tricks = {
    expireCredentials: () => {
      this.#tokens = new Set();
      for (const token of this.#seen) this.#refused.add(token);
    },
    credentialsIssued: () => this.#issued + this.#seen.size,
    add: (kind: EntityKind, key: string, stampMs?: number) => {
      this.insert(nameOf(kind), keyed(kind, key), stampMs);
    },
    touch: (kind: EntityKind, key: string) => this.touch(kind, key, {}),
    touchBeforeNextWrite: (kind: EntityKind, key: string) => {
      this.touch(kind, key, { TransactionalCurrencyCode: "CHF" });
      const [line] = (this.held(kind, key)[0]?.fields["lines"] ?? []) as Item[];
      if (line !== undefined) line["OrderedQuantity"] = 99;
      this.#beforeWrite = () => this.touch(kind, key, {});
    },
    ignoreNextWrite: () => void (this.#next = "ignore"),
    lockNext: () => void (this.#next = "lock"),
  };

  rows(name: string): Item[] {
    const rows = this.items.get(name);
    if (rows === undefined) throw new Error(`no resource ${name}`);
    return rows;
  }

  insert(name: string, values: Item, stampMs = this.time.nowMs): Item {
    const serial = ++this.#serial;
    const id = 300_100_000_000_000 + serial;
    const assigned: Readonly<Record<string, Item>> = {
      salesOrdersForOrderHub: { HeaderId: id, OrderNumber: String(1000 + serial), StatusCode: "DOO_DRAFT", lines: [] },
      hubOrganizations: { PartyId: id, PartyNumber: `CDRM_${serial}`, Status: "A" },
      serviceRequests: { SrId: id, SrNumber: `SR${String(serial).padStart(10, "0")}` },
      receivablesInvoices: { CustomerTransactionId: id, TransactionNumber: String(5000 + serial) },
    };
    const item: Item = { ...assigned[name], ...values, LastUpdateDate: stamp(stampMs), etag: `"${serial}.0"`, revision: 0 };
    this.rows(name).push(item);
    return item;
  }

  touch(kind: EntityKind, key: string, values: Item): void {
    for (const { fields } of this.held(kind, key)) this.#change(fields as Item, values);
  }

  held(kind: EntityKind, key: string) {
    const { keyAt, idAt } = RESOURCES[nameOf(kind)] ?? { keyAt: "", idAt: "" };
    return this.rows(nameOf(kind))
      .filter((item) => String(item[keyAt]) === key)
      .map((item) => ({ id: String(item[idAt]), fields: item }));
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const body = await request.text();
    if (url.origin === DOMAIN) return this.#token(request, url, new URLSearchParams(body));
    if (!(await this.#isLetIn(request.headers.get("authorization") ?? ""))) return new Response("Unauthorized", { status: 401 });
    try {
      return this.#resource(request, url, body);
    } catch (error) {
      return error instanceof Refusal ? refused(error, request) : refused(new Refusal(400, String(error)), request);
    }
  }

  #resource(request: Request, url: URL, body: string): Response {
    const [, api, resources, version, name = "", address, child, ofChild] = url.pathname.split("/").map(decodeURIComponent);
    const shape = RESOURCES[name];
    if (shape === undefined || shape.api !== api || resources !== "resources" || version !== "11.13.18.05")
      throw new Refusal(404, "Not Found");
    if (request.headers.get("rest-framework-version") !== "4") throw new Refusal(400, "q would be read as a query by example");
    if (child !== undefined) return this.#lines(url, name, address ?? "", ofChild ?? "");
    if (request.method === "GET" && address === undefined) return this.#collection(url, name, shape);
    if (request.method !== "GET") this.#prepareWrite(request);
    if (request.method === "POST" && address === undefined) return this.#create(request, name, shape, JSON.parse(body) as Item);
    const item = this.#addressed(name, shape, address ?? "");
    if (item === undefined) throw new Refusal(404, "Not Found");
    if (request.method === "GET") return json(200, this.#shown(item, name, url, false), { etag: String(item["etag"]) });
    const match = request.headers.get("if-match");
    if (match !== null && match !== item["etag"]) throw new Refusal(412, "Precondition failed");
    if (request.method === "DELETE") return this.#remove(name, item);
    if (request.method !== "PATCH") throw new Refusal(405, "Method Not Allowed");
    this.#update(name, shape, item, JSON.parse(body) as Item);
    return json(200, this.#shown(item, name, url, false), { etag: String(item["etag"]) });
  }

  #prepareWrite(request: Request): void {
    const type = request.headers.get("content-type");
    if (request.method !== "DELETE" && type !== "application/vnd.oracle.adf.resourceitem+json")
      throw new Refusal(415, "Unsupported Media Type");
    this.#beforeWrite?.();
    this.#beforeWrite = null;
    if (this.#next !== "lock") return;
    this.#next = null;
    throw new Refusal(400, "Failed to lock the record, another user holds the lock.", "JBO-26030");
  }

  #create(request: Request, name: string, shape: Shape, body: Item): Response {
    const held = this.rows(name).find(
      (item) => item[shape.keyAt] === body[shape.keyAt] && (name === "serviceRequests" ? false : sameSystem(item, body)),
    );
    if (held !== undefined && request.headers.get("upsert-mode") === "true") {
      this.#update(name, shape, held, body);
      return json(200, this.#shown(held, name, new URL(request.url), false));
    }
    check(body, shape.attributes, true);
    if (held !== undefined) throw new Refusal(400, `A record with this ${shape.keyAt} already exists.`, "JBO-25013");
    if (this.#next === "ignore") {
      this.#next = null;
      return json(201, { links: [] });
    }
    this.#references(body);
    const { lines = [], SubmittedFlag: submitted, ...values } = body;
    const item = this.insert(name, values);
    if (name === "salesOrdersForOrderHub") {
      item["lines"] = (lines as Item[]).map((line, index) => this.#line(line, index));
      if (submitted === true) item["StatusCode"] = "OPEN";
    }
    return json(201, this.#shown(item, name, new URL(request.url), false));
  }

  #update(name: string, shape: Shape, item: Item, body: Item): void {
    check(body, shape.attributes, false);
    this.#references(body);
    if (this.#next === "ignore") {
      this.#next = null;
      return;
    }
    const { lines = [], SubmittedFlag: submitted, CanceledFlag: cancelled, ...values } = body;
    if (name === "salesOrdersForOrderHub") {
      // A change of a submitted order is a draft until it is submitted too.
      item["StatusCode"] = cancelled === true ? "CANCELED" : submitted === true ? "OPEN" : "DOO_DRAFT";
      const held = item["lines"] as Item[];
      for (const [index, line] of (lines as Item[]).entries()) {
        const known = held.find((each) => each["FulfillLineId"] === line["FulfillLineId"]);
        if (known === undefined) held.push(this.#line(line, index));
        else Object.assign(known, line, this.#adjusted(known, line));
      }
    }
    this.#change(item, values);
  }

  #line(line: Item, index: number): Item {
    check(line, LINE, false, `/lines/${index}`);
    if (!PRODUCTS.has(String(line["ProductNumber"])))
      throw new Refusal(400, `The item ${String(line["ProductNumber"])} isn't valid.`, "JBO-27024", `/lines/${index}/ProductNumber`);
    return { ...line, FulfillLineId: 300_200_000_000_000 + ++this.#serial, ...this.#adjusted({}, line) };
  }

  /** A line's adjustments with those of a change: known ones by their id, new ones whole. */
  #adjusted(line: Item, change: Item): Item {
    if (change[ADJUSTMENTS] === undefined) return {};
    const held = ((line[ADJUSTMENTS] ?? []) as Item[]).map((each) => ({ ...each }));
    for (const each of change[ADJUSTMENTS] as Item[]) {
      const known = held.find(({ ManualPriceAdjustmentId: id }) => id === each["ManualPriceAdjustmentId"]);
      check(each, ADJUSTMENT, known === undefined, `/lines/0/${ADJUSTMENTS}/0`);
      if (known !== undefined) Object.assign(known, each);
      else held.push({ ...each, ManualPriceAdjustmentId: 300_300_000_000_000 + ++this.#serial });
    }
    return { [ADJUSTMENTS]: held };
  }

  /** A line with its adjustments where these are asked for. */
  #shownLine({ [ADJUSTMENTS]: adjustments = [], ...line }: Item, expanded: boolean): Item {
    return expanded ? { ...line, [ADJUSTMENTS]: { items: adjustments, hasMore: false } } : line;
  }

  #references(body: Item): void {
    for (const name of ["BuyingPartyId", "AccountPartyId"])
      if (typeof body[name] === "number" && !this.rows("hubOrganizations").some(({ PartyId: id }) => id === body[name]))
        throw new Refusal(400, `${name} isn't valid.`, "JBO-27024", `/${name}`);
  }

  #change(item: Item, values: Item): void {
    Object.assign(item, values, { LastUpdateDate: stamp(this.time.nowMs), revision: Number(item["revision"]) + 1 });
    item["etag"] = String(item["etag"]).replace(/\.\d+"$/, `.${String(item["revision"])}"`);
  }

  #remove(name: string, item: Item): Response {
    if (item["StatusCode"] !== undefined && item["StatusCode"] !== "DOO_DRAFT")
      throw new Refusal(400, "A submitted order can't be deleted.");
    this.rows(name).splice(this.rows(name).indexOf(item), 1);
    return new Response(null, { status: 204 });
  }

  #addressed(name: string, shape: Shape, address: string): Item | undefined {
    const [system, ...key] = address.split(":");
    return this.rows(name)
      .filter((item) => !this.hidden.has(item[shape.idAt]))
      .findLast((item) =>
        key.length > 0
          ? item["SourceTransactionSystem"] === system && item["SourceTransactionId"] === key.join(":")
          : String(item[shape.idAt]) === address,
      );
  }

  #collection(url: URL, name: string, { attributes }: Shape): Response {
    const types = Object.fromEntries(Object.entries(attributes).map(([attribute, { type }]) => [attribute, type]));
    const query = url.searchParams;
    for (const parameter of query.keys())
      if (!["q", "orderBy", "fields", "onlyData", "limit", "offset", "expand"].includes(parameter))
        throw new Refusal(400, `unknown parameter ${parameter}`);
    const expression = query.get("q");
    const found = this.rows(name).filter(expression === null ? () => true : parseExpression(expression, types));
    const [by = "", direction] = (query.get("orderBy") ?? "LastUpdateDate:asc").split(":");
    if (types[by] === undefined) throw new Refusal(400, `orderBy: ${by} is no attribute`);
    const sorted = found.toSorted((a, b) => ((a[by] as string) < (b[by] as string) === (direction === "asc") ? -1 : 1));
    const [limit, offset] = [Math.min(499, Number(query.get("limit") ?? "25")), Number(query.get("offset") ?? "0")];
    const page = sorted.slice(offset, offset + limit);
    const body = {
      items: page.map((item) => this.#shown(item, name, url, true)),
      // Wrong on purpose: nobody may count on it.
      totalResults: 0,
      count: page.length,
      hasMore: offset + limit < sorted.length,
      limit,
      offset,
    };
    return json(200, body, { date: new Date(this.time.nowMs).toUTCString() });
  }

  #lines(url: URL, name: string, address: string, child: string): Response {
    const item = this.#addressed(name, RESOURCES[name] as Shape, address);
    if (item === undefined || child !== "lines") throw new Refusal(404, "Not Found");
    const lines = item["lines"] as Item[];
    const [limit, offset] = [Number(url.searchParams.get("limit") ?? "25"), Number(url.searchParams.get("offset") ?? "0")];
    const shown = lines.slice(offset, offset + limit).map((line) => this.#shownLine(line, url.searchParams.get("expand") === ADJUSTMENTS));
    return json(200, { items: shown, hasMore: offset + limit < lines.length });
  }

  #shown(item: Item, name: string, url: URL, listed: boolean): Item {
    const fields = url.searchParams.get("fields")?.split(",");
    const { etag, revision: _revision, lines, ...values } = item;
    for (const field of fields ?? [])
      if (RESOURCES[name]?.attributes[field] === undefined) throw new Refusal(400, `fields: ${field} is no attribute`);
    const shown = Object.fromEntries(Object.entries(values).filter(([attribute]) => fields === undefined || fields.includes(attribute)));
    const items = (lines ?? []) as Item[];
    const expand = url.searchParams.get("expand");
    const expanded = {
      items: items.slice(0, LINES_EXPANDED).map((line) => this.#shownLine(line, expand === `lines.${ADJUSTMENTS}`)),
      hasMore: items.length > LINES_EXPANDED,
    };
    return {
      ...shown,
      ...((expand === "lines" || expand === `lines.${ADJUSTMENTS}`) && lines !== undefined ? { lines: expanded } : {}),
      ...(listed && url.searchParams.get("onlyData") !== "true" ? { "@context": { headers: { ETag: etag } } } : {}),
    };
  }

  async #isLetIn(authorization: string): Promise<boolean> {
    if (authorization.startsWith("Basic ")) return atob(authorization.slice(6)) === `${USER.name}:${USER.password}`;
    const token = authorization.replace(/^Bearer /, "");
    if (this.#tokens.has(token)) return true;
    if (this.#refused.has(token) || token.split(".").length !== 3) return false;
    const isGood = await this.#isSigned(token, { issuer: "signalbox.example.com", kid: undefined });
    if (isGood) this.#seen.add(token);
    return isGood;
  }

  async #token(request: Request, url: URL, form: URLSearchParams): Promise<Response> {
    const refusal = (error: string): Response =>
      json(error === "invalid_client" ? 401 : 400, { error, error_description: `refused: ${error}` });
    if (url.pathname !== "/oauth2/v1/token" || request.method !== "POST") return new Response("Not Found", { status: 404 });
    if (!(await this.#isClient(request, form))) return refusal("invalid_client");
    if (form.get("scope") !== CLIENT.scope) return refusal("invalid_scope");
    const grant = form.get("grant_type");
    if (grant === JWT_BEARER) {
      const isGood = await this.#isFresh(form.get("assertion") ?? "", { issuer: CLIENT.id, kid: CERTIFICATE.keyId, subject: USER.name });
      if (!isGood) return refusal("invalid_grant");
    } else if (grant !== "client_credentials") return refusal("unsupported_grant_type");
    const token = `fusion-${++this.#issued}`;
    this.#tokens.add(token);
    return json(200, { access_token: token, token_type: "Bearer", expires_in: 3600 });
  }

  async #isClient(request: Request, form: URLSearchParams): Promise<boolean> {
    if (request.headers.get("authorization") === `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`) return true;
    if (form.get("client_assertion_type") !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") return false;
    const said = { issuer: CLIENT.id, kid: CERTIFICATE.keyId, subject: CLIENT.id };
    return form.get("client_id") === CLIENT.id && this.#isFresh(form.get("client_assertion") ?? "", said);
  }

  /** An assertion is taken once. */
  async #isFresh(assertion: string, said: { issuer: string; kid: string; subject: string }): Promise<boolean> {
    return (await this.#isSigned(assertion, { ...said, audience: "https://identity.oraclecloud.com/" })) && !this.#isKnown(assertion);
  }

  #isKnown(assertion: string): boolean {
    const known = this.#jtis.has(assertion);
    this.#jtis.add(assertion);
    return known;
  }

  async #isSigned(token: string, said: { issuer: string; kid: string | undefined; subject?: string; audience?: string }): Promise<boolean> {
    const verified = await jwtVerify(token, KEYS.publicKey, {
      algorithms: ["RS256"],
      issuer: said.issuer,
      subject: said.subject ?? USER.name,
      ...(said.audience === undefined ? {} : { audience: said.audience }),
      requiredClaims: ["jti", "iat", "exp", "prn"],
      currentDate: new Date(this.time.nowMs),
    }).catch(() => null);
    return verified?.protectedHeader.x5t === CERTIFICATE.x5t && verified.protectedHeader.kid === said.kid;
  }
}

const nameOf = (kind: EntityKind): string => Object.entries(RESOURCES).find(([, { kinds }]) => kinds.includes(kind))?.[0] ?? "";
const stamp = (ms: number): string => new Date(ms).toISOString().replace("Z", "+00:00");

const sameSystem = (left: Item, right: Item): boolean =>
  left["SourceTransactionSystem"] === right["SourceTransactionSystem"] && left["SourceSystem"] === right["SourceSystem"];

const keyed = (kind: EntityKind, key: string): Item =>
  kind === "customer"
    ? { SourceSystem: "SIGNALBOX", SourceSystemReferenceValue: key, OrganizationName: "made by another" }
    : kind === "case"
      ? { SignalboxKey_c: key, Title: "made by another" }
      : { SourceTransactionSystem: "SIGNALBOX", SourceTransactionId: key, TransactionalCurrencyCode: "EUR" };

function check(body: Item, attributes: Attributes, whole: boolean, at = ""): void {
  for (const [name, value] of Object.entries(body)) {
    if (name === "lines" || name === ADJUSTMENTS) continue;
    const attribute = attributes[name];
    if (attribute === undefined) throw new Refusal(400, `Definition ${name} of type Attribute is not found.`, "JBO-25058", `${at}/${name}`);
    if (attribute.readOnly === true) throw new Refusal(400, `Attribute ${name} can't be updated.`, "JBO-27008", `${at}/${name}`);
    if (value !== null && !isOf(attribute.type, value))
      throw new Refusal(400, `${name} must be a ${attribute.type}.`, "JBO-25009", `${at}/${name}`);
    if (attribute.max !== undefined && String(value).length > attribute.max)
      throw new Refusal(400, `${name} is too long.`, "JBO-27024", `${at}/${name}`);
  }
  const missing = Object.entries(attributes).find(
    ([name, { required }]) => required === true && (body[name] === null || (whole && body[name] === undefined)),
  );
  if (missing !== undefined)
    throw new Refusal(400, `You must provide a value for the attribute ${missing[0]}.`, "JBO-27014", `/${missing[0]}`);
}

function isOf(type: Type, value: unknown): boolean {
  if (type === "number" || type === "boolean") return typeof value === type;
  if (typeof value !== "string") return false;
  return type === "text" || (!Number.isNaN(Date.parse(value)) && (type === "date") === (value.length === 10));
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** With details where the error media type is accepted, else plain text. */
function refused({ status, message, details }: Refusal, request: Request): Response {
  if (request.headers.get("accept")?.includes("application/vnd.oracle.adf.error+json") !== true) return new Response(message, { status });
  const listed = details.map(({ detail, code, path }) => ({ detail, "o:errorCode": code ?? "", "o:errorPath": path ?? "" }));
  return json(status, { title: "Refused", status: String(status), "o:errorDetails": listed });
}

export const saleDelivery = delivery({
  data: {
    name: "Größte Weiche 🚂",
    stage: "won",
    amount: { amount: "1200.50", currency: "EUR" },
    customerId: "001Ab",
    lines: [
      { sku: "SKU-1", quantity: "2" },
      { sku: "SKU-2", quantity: "0.50" },
      { sku: "SKU-1", quantity: "7" },
    ],
  },
});

const DELIVERIES = {
  opportunity: saleDelivery,
  order: delivery({
    entity: { kind: "order", key: "ord 1:ä'", schemaVersion: 1 },
    data: { status: "draft", customerId: "001Ab", total: { amount: "10", currency: "EUR" }, orderedAt: "2026-11-20T08:15:30.000Z" },
  }),
  customer: delivery({
    entity: { kind: "customer", key: "001Cd'ä", schemaVersion: 1 },
    data: { name: "Größte Weiche", email: "a@example.com", taxId: "DE123", status: "active", custom: { margin: "0.10" } },
  }),
  case: delivery({
    entity: { kind: "case", key: "500Ab", schemaVersion: 1 },
    data: { subject: "Weiche klemmt", description: "seit gestern", status: "pending", priority: "high", customerId: "001Ab" },
  }),
  "deletion of an order": delivery({ entity: { kind: "order", key: "gone", schemaVersion: 1 }, deleted: true, data: {} }),
};

const SETTINGS = {
  defaults: { order: { BusinessUnitId: 204 } },
  fields: { customer: { fields: { "custom.margin": "Margin_c" } } },
};
export const BASE_URL = "https://acme.fa.em2.oraclecloud.com";

const connectionBy = (authentication: unknown, secrets: Record<string, string>, more: object = {}): Trial["connection"] => ({
  baseUrl: BASE_URL,
  settings: Settings.parse({ ...SETTINGS, authentication, ...more }),
  secrets,
});
const OAUTH = { domain: DOMAIN, clientId: CLIENT.id, scope: CLIENT.scope };
const BY_USER = { by: "userAssertion", ...OAUTH, user: USER.name, certificate: CERTIFICATE };

const NEVER = {
  "key held by two records": "an order's key is unique; two cases of one key are tried with the module itself",
  "failure inside a success": "every change is a request of its own, not a part of a batch",
  "CSRF token expires": "it asks for none of a caller with a token",
  "change token refused": "it reads by time",
} as const;

/** OAuth for a user whom we assert; the client proves itself by an assertion too. */
export const oracleFusionTrial: Trial = {
  definition: oracleFusion,
  connection: connectionBy({ ...BY_USER, client: "assertion" }, { privateKey: PRIVATE_KEY }),
  start: () => new OracleFusion(),
  deliveries: DELIVERIES,
  refused: {
    delivery: { ...saleDelivery, data: { ...saleDelivery.data, lines: [{ sku: "SKU-9", quantity: "1" }] } },
    fields: ["lines.0.sku"],
  },
  wrongKeys: [{ connection: connectionBy({ ...BY_USER, client: "assertion" }, { privateKey: PKCS1_KEY }), says: /pkcs8/ }],
  cannotHappen: NEVER,
};

/** OAuth for the client alone by its secret, and the server's own upsert. */
export const oracleFusionClientTrial: Trial = {
  ...oracleFusionTrial,
  connection: connectionBy({ by: "clientSecret", ...OAUTH }, { clientSecret: CLIENT.secret }, { upsertMode: true }),
  cannotHappen: { ...NEVER, "key of the wrong form": "any text can be a client secret" },
};

/** A JWT that we issue ourselves. */
export const oracleFusionOwnTokenTrial: Trial = {
  ...oracleFusionTrial,
  connection: connectionBy(
    { by: "ownToken", issuer: "signalbox.example.com", user: USER.name, x5t: CERTIFICATE.x5t },
    { privateKey: PRIVATE_KEY },
  ),
  wrongKeys: [
    {
      connection: connectionBy(
        { by: "ownToken", issuer: "signalbox.example.com", user: USER.name, x5t: CERTIFICATE.x5t },
        { privateKey: PKCS1_KEY },
      ),
      says: /pkcs8/,
    },
  ],
};

/** Lines bring their prices. */
export const oracleFusionPricedTrial: Trial = {
  ...oracleFusionTrial,
  connection: connectionBy(
    { ...BY_USER, client: "assertion" },
    { privateKey: PRIVATE_KEY },
    { priceAdjustment: { AdjustmentTypeCode: "PRICE_OVERRIDE", ChargeDefinitionCode: "QP_SALE_PRICE", ReasonCode: "ORA_PRICE_MATCH" } },
  ),
  deliveries: {
    opportunity: {
      ...saleDelivery,
      data: {
        ...saleDelivery.data,
        lines: [
          { sku: "SKU-1", quantity: "2", unitPrice: { amount: "12.50", currency: "EUR" } },
          { sku: "SKU-2", quantity: "0.50" },
          { sku: "SKU-1", quantity: "7", unitPrice: { amount: "1000.001", currency: "EUR" } },
        ],
      },
    },
    order: DELIVERIES.order,
    customer: DELIVERIES.customer,
    case: DELIVERIES.case,
  },
};

export const oracleFusionBasicTrial: Trial = {
  ...oracleFusionTrial,
  connection: connectionBy({ by: "basic", user: USER.name }, { password: USER.password }),
  cannotHappen: {
    ...NEVER,
    "credential expires under parallel callers": "a password does not expire from one request to the next",
    "key of the wrong form": "any text can be a password",
  },
};
