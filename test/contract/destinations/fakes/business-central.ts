import { randomUUID } from "node:crypto";
import { businessCentral } from "../../../../src/destinations/business-central/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import description from "../descriptions/business-central-v2.json" with { type: "json" };
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeRecord, FakeSystem, Trial, Tricks } from "./define.ts";
import { AUTHORITY, CERTIFICATE, CLIENT_ID, CLIENT_SECRET, EntraIssuer, PKCS1_KEY, TENANT } from "./entra-issuer.ts";
import { QueryError, parseFilter, parseOrder, type FilterRules, type Row } from "./odata-query.ts";

const ORIGIN = "https://api.businesscentral.dynamics.com";
const COMPANY = "9a2c7d6e-1f3b-4c8d-a5e0-6b7c8d9e0f11";
export const BASE_URL = `${ORIGIN}/v2.0/${TENANT}/Production/api/v2.0`;

interface Property {
  readonly type: string;
  readonly readOnly?: boolean;
  readonly values?: readonly string[];
}
type SetName = keyof typeof description.resources;
const propertiesOf = (set: SetName): Readonly<Record<string, Property>> => description.resources[set];

const SETS: Readonly<Partial<Record<EntityKind, SetName>>> = {
  customer: "customers",
  opportunity: "salesOrders",
  order: "salesOrders",
  invoice: "salesInvoices",
};
/** Fields of the AL type Code are kept in capitals, and have a length. */
const CODES: Readonly<Record<string, number>> = {
  number: 20,
  externalDocumentNumber: 35,
  customerNumber: 20,
  currencyCode: 10,
  lineObjectNumber: 20,
};
/** Customers that the samples' orders name. */
const REFERRED_TO = ["001AB", "CUST-7"];
const CURRENCIES = ["EUR", "USD"];

interface Stored extends Record<string, unknown> {
  id: string;
  lastModifiedDateTime: string;
  version: number;
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Business Central's API v2.0 for one company, as its documentation describes it. */
export class FakeBusinessCentral implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly #issuer = new EntraIssuer(`${ORIGIN}/.default`, this.time);
  readonly #sets: Record<SetName, Stored[]> = { customers: [], salesOrders: [], salesInvoices: [], salesOrderLines: [] };
  #serial = 0;
  #beforeWrite: (() => void) | null = null;
  #lock = false;

  constructor() {
    for (const number of REFERRED_TO) this.#insert("customers", { number, displayName: `Customer ${number}` });
  }

  readonly tricks: Tricks = {
    ...this.#issuer.tricks,
    add: (kind, key, stampMs) => {
      // Whoever counts what is added wants to see nothing else.
      this.#sets.customers = this.#sets.customers.filter(({ number }) => !REFERRED_TO.includes(String(number)));
      const set = this.#setOf(kind);
      const keyed = set === "salesOrders" ? { externalDocumentNumber: key, customerNumber: "CUST-7" } : { number: key };
      this.#insert(set, keyed, stampMs ?? this.time.nowMs);
    },
    touch: (kind, key) => this.#touch(kind, key),
    touchBeforeNextWrite: (kind, key) => {
      this.#beforeWrite = () => this.#touch(kind, key);
    },
    lockNext: () => {
      this.#lock = true;
    },
    doubleKey: (kind, key) => {
      const set = this.#setOf(kind);
      const keyed = set === "salesOrders" ? { externalDocumentNumber: key } : { number: key };
      for (let twice = 0; twice < 2; twice++) this.#insert(set, keyed);
    },
  };

  held(kind: EntityKind, key: string): readonly FakeRecord[] {
    const set = this.#setOf(kind);
    const field = set === "salesOrders" ? "externalDocumentNumber" : "number";
    return this.#sets[set]
      .filter((row) => row[field] === key.toUpperCase())
      .map((row) => ({ id: row.id, fields: this.#shown(set, row, true) }));
  }

  /** Puts an invoice in place, as posting does. */
  post(fields: Readonly<Record<string, unknown>>): void {
    this.#insert("salesInvoices", fields);
  }

  async answer(request: Request): Promise<Response> {
    const issued = await this.#issuer.answer(request.clone() as Request);
    if (issued !== undefined) return issued;
    try {
      if (!this.#issuer.accepts(request))
        throw new Refused(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.");
      return await this.#route(request);
    } catch (error) {
      if (error instanceof QueryError) return failure(new Refused(400, "BadRequest_NotFound", error.message));
      if (error instanceof Refused) return failure(error);
      throw error;
    }
  }

  async #route(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const root = `${new URL(BASE_URL).pathname}/companies(${COMPANY})/`;
    if (!url.pathname.startsWith(root))
      throw new Refused(404, "Internal_CompanyNotFound", "Cannot process the request because the default company cannot be found.");
    const match = /^(\w+)(?:\(([^)]*)\))?(?:\/(\w+)(?:\(([^)]*)\))?)?$/.exec(decodeURIComponent(url.pathname.slice(root.length)));
    const [, set = "", id, child, childId] = match ?? [];
    if (!(set in this.#sets) || (child !== undefined && child !== "salesOrderLines"))
      throw new Refused(404, "BadRequest_ResourceNotFound", `Resource not found for the segment '${set}'.`);
    if (request.method === "GET")
      return id === undefined ? this.#list(set as SetName, url.searchParams) : this.#one(set as SetName, id, url.searchParams);
    this.#disturb();
    if (child !== undefined) return this.#write(request, "salesOrderLines", childId, id);
    return this.#write(request, set as SetName, id);
  }

  #disturb(): void {
    const before = this.#beforeWrite;
    this.#beforeWrite = null;
    before?.();
    if (!this.#lock) return;
    this.#lock = false;
    throw new Refused(
      400,
      "Application_DialogException",
      "The operation could not complete because a record in the Sales Header table was locked by another user. Please retry the activity.",
    );
  }

  #list(set: SetName, query: URLSearchParams): Response {
    for (const name of query.keys())
      if (!["$filter", "$orderby", "$top", "$expand"].includes(name))
        throw new Refused(400, "BadRequest", `The query parameter '${name}' is not supported.`);
    const rules: FilterRules = { properties: new Set(Object.keys(propertiesOf(set))), noOrAcrossProperties: true, ignoreCase: true };
    const filter = query.get("$filter");
    for (const code of filter?.matchAll(/(number|externalDocumentNumber) eq '([^']*)'/g) ?? [])
      if ((code[2] ?? "").length > (CODES[code[1] ?? ""] ?? 0))
        throw new Refused(
          400,
          "Application_FilterErrorException",
          `The filter is not valid for the No. field. The length of the string is ${code[2]?.length}.`,
        );
    const rows = this.#sets[set].filter(filter === null ? () => true : parseFilter(filter, rules));
    const ordered = rows.toSorted(parseOrder(query.get("$orderby") ?? "id", rules));
    const top = query.get("$top");
    const shown = ordered
      .slice(0, top === null ? 20_000 : Number(top))
      .map((row) => this.#shown(set, row, query.get("$expand") === "salesOrderLines"));
    return this.#json(200, { "@odata.context": `${BASE_URL}/$metadata#companies(${COMPANY})/${set}`, value: shown });
  }

  #one(set: SetName, id: string, query: URLSearchParams): Response {
    return this.#json(200, this.#shown(set, this.#row(set, id), query.get("$expand") === "salesOrderLines"));
  }

  async #write(request: Request, set: SetName, id: string | undefined, parent?: string): Promise<Response> {
    if (request.method === "POST") {
      if (id !== undefined) throw new Refused(405, "BadRequest_MethodNotAllowed", "'POST' requests are not allowed here.");
      const body = checked(set, await bodyOf(request), true);
      const row = this.#create(set, parent === undefined ? body : { ...body, documentId: parent });
      return this.#json(201, this.#shown(set, row, true));
    }
    const row = this.#row(set, id ?? "");
    const match = request.headers.get("if-match");
    if (match === null)
      throw new Refused(
        400,
        "BadRequest_InvalidToken",
        "Could not validate the client concurrency token required by the service. Please provide a valid token in the client request.",
      );
    if (match !== "*" && match !== etagOf(row))
      throw new Refused(409, "Request_EntityChanged", "Another user has already changed the record.");
    if (request.method === "DELETE") {
      this.#sets[set] = this.#sets[set].filter((each) => each !== row);
      return new Response(null, { status: 204 });
    }
    if (request.method !== "PATCH") throw new Refused(405, "BadRequest_MethodNotAllowed", "The method is not allowed.");
    const body = checked(set, await bodyOf(request), false);
    this.#valid(set, body);
    Object.assign(row, body, this.#stamp());
    return this.#json(200, this.#shown(set, row, false));
  }

  #create(set: SetName, body: Record<string, unknown>): Stored {
    const { salesOrderLines: lines, ...fields } = body;
    this.#valid(set, fields);
    if (set === "salesOrders" && fields["customerNumber"] === undefined)
      throw new Refused(400, "Application_DialogException", "A customerNumber or a customerID must be provided.");
    if (set === "customers" && this.#sets.customers.some(({ number }) => number === fields["number"]))
      throw new Refused(
        400,
        "Internal_EntityWithSameKeyExists",
        `The Customer already exists. Identification fields and values: No.='${String(fields["number"])}'`,
      );
    const row = this.#insert(set, fields);
    for (const line of (lines ?? []) as Record<string, unknown>[])
      this.#create("salesOrderLines", { ...checked("salesOrderLines", line, true), documentId: row.id });
    return row;
  }

  #valid(set: SetName, fields: Readonly<Record<string, unknown>>): void {
    const { customerNumber, currencyCode } = fields;
    if (set === "salesOrders" && customerNumber !== undefined && !this.#sets.customers.some(({ number }) => number === customerNumber))
      throw new Refused(400, "Application_DialogException", "The customer does not exist.");
    if (currencyCode !== undefined && !CURRENCIES.includes(String(currencyCode)))
      throw new Refused(
        400,
        "Internal_InvalidTableRelation",
        `The field Currency Code of table Sales Header contains a value (${String(currencyCode)}) that cannot be found in the related table (Currency).`,
      );
  }

  #insert(set: SetName, fields: Readonly<Record<string, unknown>>, atMs = this.time.nowMs): Stored {
    const serial = ++this.#serial;
    const documents = set === "salesOrders" ? { status: "Draft", fullyShipped: false, orderDate: "0001-01-01" } : {};
    const coded = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, name in CODES ? String(value).toUpperCase() : value]),
    );
    const row: Stored = {
      ...(set === "salesOrderLines" ? {} : { number: `S-${String(100_000 + serial)}`, currencyCode: "EUR" }),
      ...(set === "customers" ? { blocked: "_x0020_" } : {}),
      ...documents,
      ...coded,
      sequence: serial * 10_000,
      ...this.#stamp(atMs),
      id: randomUUID(),
    };
    this.#sets[set].push(row);
    return row;
  }

  #stamp(atMs = this.time.nowMs): { readonly lastModifiedDateTime: string; readonly version: number } {
    return { lastModifiedDateTime: new Date(atMs).toISOString(), version: ++this.#serial };
  }

  #touch(kind: EntityKind, key: string): void {
    for (const row of this.#sets[this.#setOf(kind)])
      if (row["number"] === key || row["externalDocumentNumber"] === key)
        Object.assign(row, { email: `changed${this.#serial}@example.com` }, this.#stamp());
  }

  #setOf(kind: EntityKind): SetName {
    const set = SETS[kind];
    if (set === undefined) throw new Error(`no set for ${kind}`);
    return set;
  }

  #row(set: SetName, id: string): Stored {
    const row = this.#sets[set].find((each) => each.id === id);
    if (row === undefined) throw new Refused(404, "BadRequest_ResourceNotFound", `Bad Request - Error in query syntax`);
    return row;
  }

  #shown(set: SetName, row: Stored, expand: boolean): Row {
    const known = Object.keys(propertiesOf(set)).map((name) => [name, row[name] ?? (propertiesOf(set)[name]?.type === "decimal" ? 0 : "")]);
    const lines = this.#sets.salesOrderLines.filter(({ documentId }) => documentId === row.id);
    const total = lines.reduce((sum, line) => sum + Number(line["quantity"] ?? 0) * Number(line["unitPrice"] ?? 0), 0);
    return {
      "@odata.etag": etagOf(row),
      ...Object.fromEntries(known),
      ...(set === "salesOrders" ? { totalAmountIncludingTax: total } : {}),
      ...(set === "salesInvoices" ? { totalAmountIncludingTax: row["totalAmountIncludingTax"] ?? 0 } : {}),
      ...(expand && set === "salesOrders" ? { salesOrderLines: lines.map((line) => this.#shown("salesOrderLines", line, false)) } : {}),
    };
  }

  #json(status: number, body: unknown): Response {
    return Response.json(body, { status, headers: { date: new Date(this.time.nowMs).toUTCString() } });
  }
}

const etagOf = (row: Stored): string => `W/"${btoa(`19;${row.version};1;00;`)}"`;

const failure = ({ status, code, message }: Refused): Response =>
  Response.json({ error: { code, message: `${message}  CorrelationId:  ${randomUUID()}.` } }, { status });

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  if (!(request.headers.get("content-type") ?? "").startsWith("application/json"))
    throw new Refused(415, "BadRequest", "Unsupported media type.");
  return JSON.parse(await request.text()) as Record<string, unknown>;
}

/** Only what the resource has, can be written, and is of its type. */
function checked(set: SetName, body: Record<string, unknown>, creates: boolean): Record<string, unknown> {
  for (const [name, value] of Object.entries(body)) {
    if (creates && set === "salesOrders" && name === "salesOrderLines" && Array.isArray(value)) continue;
    const property = propertiesOf(set)[name];
    if (property === undefined)
      throw new Refused(400, "BadRequest", `The property '${name}' does not exist on type 'Microsoft.NAV.${set}'.`);
    if (property.readOnly === true) throw new Refused(400, "BadRequest_InvalidOperation", `Control '${name}' is read-only.`);
    const fits =
      property.type === "decimal"
        ? typeof value === "number"
        : property.type === "boolean"
          ? typeof value === "boolean"
          : typeof value === "string";
    if (value !== null && !fits)
      throw new Refused(400, "BadRequest", `Cannot convert the literal to the expected type 'Edm.${property.type}' of '${name}'.`);
    if (property.type === "date" && value !== null && !/^\d{4}-\d\d-\d\d$/.test(String(value)))
      throw new Refused(400, "BadRequest", "Unable to convert value to Date");
    if (property.values?.some((word) => word === String(value).replaceAll("_x0020_", " ")) === false)
      throw new Refused(400, "Application_EvaluateException", `The value "${String(value)}" cannot be evaluated into type Option.`);
    const length = CODES[name] ?? 100;
    if (typeof value === "string" && value.length > length)
      throw new Refused(
        400,
        "Application_StringExceededLength",
        `The length of the string is ${value.length}, but it must be less than or equal to ${length} characters. Value: ${value}`,
      );
  }
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, name in CODES ? String(value).toUpperCase() : value]));
}

const settings = (proof: object): unknown =>
  businessCentral.settings.parse({ tenant: TENANT, clientId: CLIENT_ID, company: COMPANY, ...proof });

const connection = (proof: object, secrets: Readonly<Record<string, string>>) => ({
  baseUrl: BASE_URL,
  settings: settings(proof),
  secrets,
});

const line = (sku: string, quantity: string) => ({
  sku,
  description: `Item ${sku}`,
  quantity,
  unitPrice: { amount: "12.50", currency: "EUR" },
});

export const businessCentralTrial: Trial = {
  definition: businessCentral,
  connection: connection({}, { ...CERTIFICATE }),
  start: () => new FakeBusinessCentral(),
  deliveries: {
    customer: delivery({
      entity: { kind: "customer", key: "C-1001", schemaVersion: 1 },
      data: { name: "Größte O'Weiche", email: "ap@example.com", phone: "+49 30 1", currency: "EUR", status: "active" },
    }),
    opportunity: delivery({ entity: { kind: "opportunity", key: "006Ab00000XyZ", schemaVersion: 1 } }),
    order: delivery({
      entity: { kind: "order", key: "ORD 1/Ä?#", schemaVersion: 1 },
      data: {
        customerId: "CUST-7",
        status: "confirmed",
        total: { amount: "37.50", currency: "EUR" },
        orderedAt: "2026-11-20T09:00:00.000Z",
        lines: [line("1896-S", "2"), line("1900-S", "1")],
      },
    }),
    "customer changed in part": delivery({
      nature: "delta",
      entity: { kind: "customer", key: "CUST-7", schemaVersion: 1 },
      data: { email: "new@example.com" },
    }),
    "customer deleted": delivery({ entity: { kind: "customer", key: "NEVER-MADE", schemaVersion: 1 }, deleted: true, data: {} }),
    "order deleted": delivery({ entity: { kind: "order", key: "NEVER-MADE", schemaVersion: 1 }, deleted: true, data: {} }),
  },
  refused: {
    delivery: delivery({
      entity: { kind: "order", key: "ORD-9", schemaVersion: 1 },
      data: { customerId: "CUST-7", total: { amount: "1", currency: "XTS" } },
    }),
    fields: ["total.currency"],
  },
  wrongKeys: [
    { connection: connection({}, { ...CERTIFICATE, privateKey: PKCS1_KEY }), says: /PKCS#8/ },
    { connection: connection({}, { ...CERTIFICATE, certificate: "MIIC" }), says: /certificate is no PEM/ },
  ],
  cannotHappen: {
    "failure inside a success": "its statuses say what happened",
    "silent no-op": "it answers a write with the record as it is then",
    "CSRF token expires": "it has none",
    "change token refused": "it is read by the time of change, without a token",
  },
};

export const businessCentralSecretTrial: Trial = {
  ...businessCentralTrial,
  connection: connection({ proof: "secret", authority: AUTHORITY }, { clientSecret: CLIENT_SECRET }),
  wrongKeys: [],
  cannotHappen: { ...businessCentralTrial.cannotHappen, "key of the wrong form": "any text can be a client secret" },
};
