import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { jwtVerify } from "jose";
import { salesforce } from "../../../../src/destinations/salesforce/index.ts";
import { JWT_BEARER_GRANT } from "../../../../src/connection/oauth.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";
import { QueryError, compare, holds, parseQuery, type Row } from "./query-language.ts";

const KEY = "Signalbox_Key__c";
const PRICEBOOK = "01s000000000001AAA";
const LOGIN = "https://login.salesforce.com";
const CLIENT_ID = "3MVG9.consumer.key";
const USERNAME = "signalbox@acme.example";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key: KeyObject, type: "pkcs8" | "pkcs1"): string => key.export({ type, format: "pem" }).toString();

type Value = string | number | boolean | null;
interface Field {
  readonly is: "text" | "picklist" | "number" | "day" | "time" | "reference";
  readonly length?: number;
  readonly words?: readonly string[];
  readonly readOnly?: true;
  readonly required?: true;
  /** Of a reference: its relationship's name and object. */
  readonly by?: string;
  readonly to?: string;
}

const text = (length: number): Field => ({ is: "text", length });
const computed = (is: Field["is"]): Field => ({ is, readOnly: true });
const ACCOUNT: Field = { is: "reference", by: "Account", to: "Account" };
const SYSTEM: Readonly<Record<string, Field>> = {
  Id: computed("text"),
  SystemModstamp: computed("time"),
  CreatedDate: computed("time"),
  IsDeleted: computed("text"),
  [KEY]: text(255),
};

/** The part of each object's description that the module could touch, in an organization with one currency. */
const OBJECTS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  Account: { ...SYSTEM, Name: { ...text(255), required: true }, AccountNumber: text(40), Phone: text(40), BillingCountry: text(80) },
  Opportunity: {
    ...SYSTEM,
    Name: { ...text(120), required: true },
    StageName: { is: "picklist", required: true, words: ["Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost"] },
    Amount: { is: "number" },
    CloseDate: { is: "day", required: true },
    OwnerId: { is: "text" },
    AccountId: ACCOUNT,
    Margin__c: text(20),
  },
  Order: {
    ...SYSTEM,
    OrderNumber: computed("text"),
    Status: { is: "picklist", required: true, words: ["Draft", "Activated"] },
    TotalAmount: computed("number"),
    EffectiveDate: { is: "day", required: true },
    AccountId: { ...ACCOUNT, required: true },
    OpportunityId: { is: "reference", by: "Opportunity", to: "Opportunity" },
    Pricebook2Id: { is: "text" },
  },
  OrderItem: {
    ...SYSTEM,
    OrderId: { is: "reference", by: "Order", to: "Order", required: true },
    PricebookEntryId: { is: "reference", by: "PricebookEntry", to: "PricebookEntry", required: true },
    Product2Id: { is: "reference", by: "Product2", to: "Product2", readOnly: true },
    Quantity: { is: "number", required: true },
    UnitPrice: { is: "number", required: true },
    Description: text(255),
  },
  PricebookEntry: {
    ...SYSTEM,
    Pricebook2Id: { is: "text" },
    Product2Id: { is: "reference", by: "Product2", to: "Product2" },
    UnitPrice: { is: "number" },
    IsActive: { is: "text" },
  },
  Product2: { ...SYSTEM, Name: text(255), ProductCode: text(255) },
  Invoice__c: {
    ...SYSTEM,
    Name: text(80),
    Status__c: { is: "picklist", words: ["draft", "open", "past_due", "paid", "uncollectible", "void"] },
    Total__c: { is: "number" },
    Amount_Due__c: { is: "number" },
    Issued_At__c: { is: "time" },
    Due_Date__c: { is: "day" },
    Account__c: { is: "reference", by: "Account__r", to: "Account" },
    Order__c: { is: "reference", by: "Order__r", to: "Order" },
  },
  Entitlement: {
    ...SYSTEM,
    Name: { ...text(255), required: true },
    Type: { is: "picklist", words: ["Phone Support", "Web Support", "gold"] },
    Status: computed("text"),
    StartDate: { is: "day" },
    EndDate: { is: "day" },
    AccountId: { ...ACCOUNT, required: true },
  },
  Case: {
    ...SYSTEM,
    CaseNumber: computed("text"),
    Subject: text(255),
    Description: text(32_000),
    Status: { is: "picklist", words: ["New", "Working", "Escalated", "On Hold", "Closed"] },
    Priority: { is: "picklist", words: ["High", "Medium", "Low"] },
    SuppliedEmail: text(80),
    AccountId: ACCOUNT,
  },
};

const OBJECT_OF: Partial<Record<EntityKind, string>> = {
  customer: "Account",
  opportunity: "Opportunity",
  order: "Order",
  invoice: "Invoice__c",
  entitlement: "Entitlement",
  case: "Case",
};

interface Stored {
  readonly object: string;
  fields: Record<string, Value>;
}

/** An answer that refuses: status and body as the REST API gives them. */
class Refusal extends Error {
  readonly status: number;
  readonly errorCode: string;
  readonly fields: readonly string[];
  constructor(status: number, errorCode: string, message: string, fields: readonly string[] = []) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
    this.fields = fields;
  }
}

const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json;charset=UTF-8" } });

/** One organization in memory. */
export class Organization {
  readonly time = { nowMs: NOW_MS };
  readonly #records: Stored[] = [];
  readonly #tokens = new Set<string>();
  #issued = 0;
  #serial = 0;
  #beforeWrite: (() => void) | null = null;
  #refuseNext: Refusal | "inside" | null = null;

  constructor(sellsProducts = false) {
    this.#insert("Account", { Name: "Acme", [KEY]: "001Ab" });
    if (!sellsProducts) return;
    for (const [code, price, isActive] of [
      ["W-1", 99, true],
      ["W-2", 10.5, true],
      ["OLD", 1, false],
    ] as const) {
      const { fields } = this.#insert("Product2", { Name: code, ProductCode: code });
      const product = String(fields["Id"]);
      this.#insert("PricebookEntry", { Pricebook2Id: PRICEBOOK, Product2Id: product, UnitPrice: price, IsActive: isActive });
    }
  }

  readonly tricks = {
    expireCredentials: () => this.#tokens.clear(),
    credentialsIssued: () => this.#issued,
    add: (kind: EntityKind, key: string, stampMs = this.time.nowMs) =>
      void this.#insert(this.#objectOf(kind), { Name: `made by another ${key}`, [KEY]: key }, stampMs),
    touch: (kind: EntityKind, key: string) => this.#touch(kind, key),
    touchBeforeNextWrite: (kind: EntityKind, key: string) => {
      this.#beforeWrite = () => this.#touch(kind, key);
    },
    failInsideSuccess: () => {
      this.#refuseNext = "inside";
    },
    lockNext: () => {
      this.#refuseNext = new Refusal(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record");
    },
    doubleKey: (kind: EntityKind, key: string) => [1, 2].forEach(() => this.#insert(this.#objectOf(kind), { Name: "double", [KEY]: key })),
  };

  held(kind: EntityKind, key: string) {
    return this.#live(this.#objectOf(kind))
      .filter(({ fields }) => fields[KEY] === key)
      .map(({ fields }) => ({ id: String(fields["Id"]), fields }));
  }

  /** Products of an order by our key, deleted ones left out. */
  linesOf(key: string): readonly Record<string, Value>[] {
    const order = this.#live("Order").find(({ fields }) => fields[KEY] === key);
    return this.#live("OrderItem")
      .filter(({ fields }) => fields["OrderId"] === order?.fields["Id"])
      .map(({ fields }) => fields);
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.origin === LOGIN && url.pathname === "/services/oauth2/token") return this.#token(request);
    try {
      const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
      if (!this.#tokens.has(token)) throw new Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
      const path = /^\/services\/data\/v62\.0\/(.+)$/.exec(url.pathname)?.[1];
      if (path === undefined) throw new Refusal(404, "NOT_FOUND", "The requested resource does not exist");
      return await this.#resource(request, path.split("/").map(decodeURIComponent), url);
    } catch (error) {
      if (error instanceof QueryError) return json(400, [{ message: error.message, errorCode: "MALFORMED_QUERY" }]);
      if (!(error instanceof Refusal)) throw error;
      const { message, errorCode, fields } = error;
      return json(error.status, [{ message, errorCode, ...(fields.length === 0 ? {} : { fields }) }]);
    }
  }

  async #token(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const refuse = (error: string, description: string) => json(400, { error, error_description: description });
    if (form.get("grant_type") !== JWT_BEARER_GRANT) return refuse("unsupported_grant_type", "grant type not supported");
    const options = {
      algorithms: ["RS256"],
      issuer: CLIENT_ID,
      subject: USERNAME,
      audience: LOGIN,
      currentDate: new Date(this.time.nowMs),
    };
    const verified = await jwtVerify(form.get("assertion") ?? "", publicKey, options).catch(() => null);
    if (verified === null) return refuse("invalid_grant", "invalid assertion");
    if ((verified.payload.exp ?? Infinity) * 1000 > this.time.nowMs + 300_000) return refuse("invalid_grant", "assertion lives too long");
    const token = `00D!${++this.#issued}`;
    this.#tokens.add(token);
    return json(200, { access_token: token, instance_url: "https://acme.my.salesforce.com", token_type: "Bearer", scope: "api" });
  }

  async #resource(request: Request, path: readonly string[], url: URL): Promise<Response> {
    const { method } = request;
    const [first, object = "", third, fourth] = path;
    if (method === "GET" && (first === "query" || first === "queryAll"))
      return this.#query(url.searchParams.get("q") ?? "", first === "queryAll");
    if (request.headers.get("content-type") !== "application/json" && method === "PATCH")
      throw new Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "media type not supported");
    if (first === "composite" && method === "PATCH" && object === "sobjects" && third !== undefined && fourth === KEY)
      return this.#collection(third, (await request.json()) as { records: Record<string, unknown>[] });
    if (first !== "sobjects" || third === undefined || OBJECTS[object] === undefined)
      throw new Refusal(404, "NOT_FOUND", "The requested resource does not exist");
    if (fourth === undefined) {
      const found = this.#live(object).find(({ fields }) => fields["Id"] === third);
      if (found === undefined) throw new Refusal(404, "NOT_FOUND", "Provided ID does not exist");
      if (object === "OrderItem") this.#demandDraft(String(found.fields["OrderId"]));
      if (method === "DELETE") this.#stamp(found, { IsDeleted: true });
      else this.#update(found, (await request.json()) as Record<string, unknown>);
      return new Response(null, { status: 204 });
    }
    if (third !== KEY) throw new Refusal(404, "NOT_FOUND", `Provided external ID field does not exist or is not accessible: ${third}`);
    if (/\.[A-Za-z0-9]+$/.test(fourth)) throw new Refusal(404, "NOT_FOUND", "The requested resource does not exist");
    const body = (await request.json()) as Record<string, unknown>;
    if (KEY in body || "Id" in body)
      throw new Refusal(400, "INVALID_FIELD", `The ${KEY} field should not be specified in the sobject data.`, [KEY]);
    return this.#upsert(object, fourth, body);
  }

  #upsert(object: string, key: string, body: Record<string, unknown>): Response {
    this.#beforeWrite?.();
    this.#beforeWrite = null;
    const refusal = this.#refuseNext;
    this.#refuseNext = null;
    const errors = [{ statusCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "not today", fields: [] }];
    if (refusal === "inside") return json(200, { id: null, success: false, errors });
    if (refusal !== null) throw refusal;
    const matches = this.#live(object).filter(({ fields }) => String(fields[KEY]).toLowerCase() === key.toLowerCase());
    if (matches.length > 1)
      return json(
        300,
        matches.map(({ fields }) => `/services/data/v62.0/sobjects/${object}/${fields["Id"]}`),
      );
    const [found] = matches;
    if (found !== undefined) {
      this.#update(found, body);
      return json(200, { id: found.fields["Id"], success: true, errors: [], created: false });
    }
    const fields = this.#valid(object, body);
    const missing = Object.entries(OBJECTS[object] ?? {}).flatMap(([name, field]) =>
      field.required && (fields[name] ?? null) === null ? [name] : [],
    );
    if (missing.length > 0)
      throw new Refusal(400, "REQUIRED_FIELD_MISSING", `Required fields are missing: [${missing.join(", ")}]`, missing);
    if (object === "Order" && fields["Status"] !== "Draft")
      throw new Refusal(400, "FAILED_ACTIVATION", "Choose a valid order status: a new order is a draft", ["Status"]);
    const made = this.#insert(object, { ...fields, ...(object === "OrderItem" ? this.#productOf(fields) : {}), [KEY]: key });
    return json(201, { id: made.fields["Id"], success: true, errors: [], created: true });
  }

  #collection(object: string, { records }: { records: Record<string, unknown>[] }): Response {
    const results = records.map(({ attributes, [KEY]: key, ...body }) => {
      if ((attributes as { type?: string } | undefined)?.type !== object || typeof key !== "string")
        throw new Refusal(400, "INVALID_FIELD", "a record needs its type and its external id");
      try {
        const [found] = this.held(Object.keys(OBJECT_OF).find((kind) => OBJECT_OF[kind as EntityKind] === object) as EntityKind, key);
        const made = found === undefined ? this.#insert(object, { ...this.#valid(object, body), [KEY]: key }) : null;
        const stored = this.#live(object).find(({ fields }) => fields["Id"] === (found?.id ?? made?.fields["Id"]));
        if (stored !== undefined && made === null) this.#update(stored, body);
        return { id: stored?.fields["Id"], success: true, errors: [], created: made !== null };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { success: false, errors: [{ statusCode: error.errorCode, message: error.message, fields: error.fields }] };
      }
    });
    return json(200, results);
  }

  /** Products of an order are changed while it is a draft. */
  #demandDraft(order: string): Stored {
    const found = this.#live("Order").find(({ fields }) => fields["Id"] === order);
    if (found === undefined) throw new Refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["OrderId"]);
    if (found.fields["Status"] !== "Draft") throw new Refusal(400, "FIELD_INTEGRITY_EXCEPTION", "an activated order keeps its products");
    return found;
  }

  /** A line's product is its entry's, which must be of the order's price book. */
  #productOf(fields: Record<string, Value>): Record<string, Value> {
    const order = this.#demandDraft(String(fields["OrderId"]));
    const entry = this.#live("PricebookEntry").find((each) => each.fields["Id"] === fields["PricebookEntryId"]);
    if (entry === undefined || entry.fields["Pricebook2Id"] !== order.fields["Pricebook2Id"])
      throw new Refusal(400, "FIELD_INTEGRITY_EXCEPTION", "the price book entry is not of the order's price book", ["PricebookEntryId"]);
    return { Product2Id: entry.fields["Product2Id"] ?? null };
  }

  #update(found: Stored, body: Record<string, unknown>): void {
    const fields = this.#valid(found.object, body);
    if (found.object === "OrderItem" && ("OrderId" in fields || "PricebookEntryId" in fields))
      throw new Refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: OrderId, PricebookEntryId", ["OrderId"]);
    if (found.object === "Order" && found.fields["Status"] === "Activated" && "AccountId" in fields)
      throw new Refusal(400, "FIELD_INTEGRITY_EXCEPTION", "an activated order keeps its account", ["AccountId"]);
    this.#stamp(found, fields);
  }

  /** A body's fields, checked against the object's description; relationships become ids. */
  #valid(object: string, body: Record<string, unknown>): Record<string, Value> {
    const description = OBJECTS[object] ?? {};
    return Object.fromEntries(
      Object.entries(body).map(([name, value]) => {
        const relation = Object.entries(description).find(([, { by }]) => by === name);
        if (relation !== undefined) return [relation[0], this.#parent(relation[1].to ?? "", value)];
        const field = description[name];
        if (field === undefined) throw new Refusal(400, "INVALID_FIELD", `No such column '${name}' on sobject of type ${object}`);
        if (field.readOnly) throw new Refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", `Unable to create/update fields: ${name}`, [name]);
        if (field.required && value === null)
          throw new Refusal(400, "REQUIRED_FIELD_MISSING", `Required fields are missing: [${name}]`, [name]);
        if (value !== null) check(name, field, value);
        return [name, value as Value];
      }),
    );
  }

  #parent(object: string, value: unknown): string {
    const key = (value as Record<string, unknown> | null)?.[KEY];
    const found = this.#live(object).find(({ fields }) => String(fields[KEY]).toLowerCase() === String(key).toLowerCase());
    if (typeof key === "string" && found !== undefined) return String(found.fields["Id"]);
    throw new Refusal(
      400,
      "INVALID_FIELD",
      `Foreign key external ID: ${String(key).toLowerCase()} not found for field ${KEY} in entity ${object}`,
    );
  }

  #query(soql: string, deletedToo: boolean): Response {
    const query = parseQuery(soql, "backslash");
    if (OBJECTS[query.table] === undefined) throw new Refusal(400, "INVALID_TYPE", `sObject type '${query.table}' is not supported.`);
    const rows = this.#records
      .filter(({ object, fields }) => object === query.table && (deletedToo || fields["IsDeleted"] === false))
      .filter((record) => query.where === null || holds(query.where, this.#row(record)))
      .toSorted((left, right) => {
        for (const name of query.orderBy) {
          const order = compare(this.#read(left, name) ?? "", this.#read(right, name) ?? "");
          if (order !== 0) return order;
        }
        return 0;
      })
      .slice(0, query.limit ?? 2000);
    const names = query.columns.map(({ operand }) => {
      if (operand.is !== "column") throw new QueryError("only columns can be selected here");
      // Also where there are no rows.
      this.#field(query.table, operand.name);
      return operand.name;
    });
    return json(200, { totalSize: rows.length, done: true, records: rows.map((record) => this.#shown(record, names)) });
  }

  #shown(record: Stored, names: readonly string[]): Record<string, unknown> {
    const shown: Record<string, unknown> = { attributes: { type: record.object } };
    for (const name of names) {
      const value = this.#read(record, name);
      const [relation = "", inner] = name.split(".");
      const seen =
        OBJECTS[record.object]?.[name]?.is === "time" && typeof value === "string" ? value.replace(/(?:\.\d+)?Z$/, ".000+0000") : value;
      shown[relation] = inner === undefined ? seen : value === null ? null : { attributes: {}, [inner]: value };
    }
    return shown;
  }

  #row = (record: Stored): Row => ({
    column: (name) => this.#read(record, name),
    call: (name) => {
      throw new QueryError(`unknown function ${name}`);
    },
  });

  #field(object: string, name: string): Field {
    const [relation, inner] = name.split(".");
    const parent = Object.values(OBJECTS[object] ?? {}).find(({ by }) => inner !== undefined && by === relation);
    const field = inner === undefined ? OBJECTS[object]?.[name] : OBJECTS[parent?.to ?? ""]?.[inner];
    if (field === undefined) throw new Refusal(400, "INVALID_FIELD", `No such column '${name}' on entity '${object}'.`);
    return field;
  }

  #read(record: Stored, name: string): Value {
    this.#field(record.object, name);
    const [relation, inner] = name.split(".");
    if (inner === undefined) return record.fields[name] ?? null;
    const [idField] = Object.entries(OBJECTS[record.object] ?? {}).find(([, { by }]) => by === relation) ?? [""];
    return this.#records.find(({ fields }) => fields["Id"] === record.fields[idField])?.fields[inner] ?? null;
  }

  readonly #objectOf = (kind: EntityKind): string => OBJECT_OF[kind] ?? "";
  readonly #live = (object: string): readonly Stored[] =>
    this.#records.filter((record) => record.object === object && record.fields["IsDeleted"] === false);

  #insert(object: string, fields: Record<string, Value>, atMs = this.time.nowMs): Stored {
    const number = String(++this.#serial).padStart(8, "0");
    const assigned = {
      Id: `a00${number.padStart(15, "0")}`,
      OrderNumber: number,
      CaseNumber: number,
      CreatedDate: stampOf(atMs),
      IsDeleted: false,
    };
    const known = Object.entries({ ...assigned, ...fields }).filter(([name]) => OBJECTS[object]?.[name] !== undefined);
    const record: Stored = { object, fields: { ...Object.fromEntries(known), SystemModstamp: stampOf(atMs) } };
    this.#records.push(record);
    return record;
  }

  #touch(kind: EntityKind, key: string): void {
    for (const record of this.#live(this.#objectOf(kind)).filter(({ fields }) => fields[KEY] === key))
      this.#stamp(record, { BillingCountry: null });
  }

  #stamp(record: Stored, fields: Record<string, Value>): void {
    record.fields = { ...record.fields, ...fields, SystemModstamp: stampOf(this.time.nowMs) };
  }
}

/** Whole seconds. */
const stampOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function check(name: string, field: Field, value: unknown): void {
  const wrong = (what: string) =>
    new Refusal(400, "JSON_PARSER_ERROR", `Cannot deserialize instance of ${what} from ${typeof value} value ${String(value)}`);
  if (field.is === "number") {
    if (typeof value !== "number") throw wrong("currency");
    return;
  }
  if (typeof value !== "string") throw wrong("string");
  if (field.is === "day" && !/^\d{4}-\d{2}-\d{2}$/.test(value)) throw wrong("date");
  if (field.is === "time" && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/.test(value)) throw wrong("datetime");
  if (field.is === "reference" && !/^[A-Za-z0-9]{15,18}$/.test(value))
    throw new Refusal(400, "MALFORMED_ID", `${name}: id value of incorrect type: ${value}`, [name]);
  if (field.words !== undefined && !field.words.includes(value))
    throw new Refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", `${name}: bad value for restricted picklist field: ${value}`, [name]);
  if (field.length !== undefined && value.length > field.length)
    throw new Refusal(400, "STRING_TOO_LONG", `${name}: data value too large: ${value} (max length=${field.length})`, [name]);
}

function start(sellsProducts = false): FakeSystem & { readonly organization: Organization } {
  const organization = new Organization(sellsProducts);
  return {
    time: organization.time,
    held: (kind, key) => organization.held(kind, key),
    answer: (request) => organization.answer(request),
    tricks: organization.tricks,
    organization,
  };
}

const settings = salesforce.settings.parse({
  clientId: CLIENT_ID,
  username: USERNAME,
  currency: "EUR",
  fields: { opportunity: { fields: { "custom.margin": "Margin__c" } } },
});
const connection = { baseUrl: "https://acme.my.salesforce.com", settings, secrets: { privateKey: pem(privateKey, "pkcs8") } };

export const startWithProducts = () => start(true);

/** With lines, whose products are in a price book. */
export const withLinesOn = { ...connection, settings: { ...(settings as object), lines: { pricebook: PRICEBOOK } } };

const opportunity = {
  name: "Größte Weiche 🚂",
  stage: "won",
  amount: { amount: "1200.50", currency: "EUR" },
  closeDate: "2026-11-30",
  customerId: "001Ab",
  custom: { margin: "0.10" },
};

export const salesforceTrial: Trial = {
  definition: salesforce,
  connection,
  start: () => start(),
  deliveries: {
    opportunity: delivery({ data: opportunity }),
    "part of an opportunity": delivery({ nature: "delta", data: opportunity, cleared: ["region"] }),
    "key that ends like a file": delivery({ data: opportunity, entity: { kind: "opportunity", key: "o'brien.inc", schemaVersion: 1 } }),
    order: delivery({
      entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
      data: { number: "SO-1", status: "confirmed", customerId: "001Ab", orderedAt: "2026-11-24T10:00:00.000Z" },
    }),
    customer: delivery({
      entity: { kind: "customer", key: "C-1", schemaVersion: 1 },
      data: { name: "Ada Ltd", number: "4711", phone: "+49 1" },
    }),
    invoice: delivery({
      entity: { kind: "invoice", key: "in_1", schemaVersion: 1 },
      data: {
        number: "RE-1",
        status: "open",
        total: { amount: "10.10", currency: "EUR" },
        customerId: "001Ab",
        issuedAt: "2026-11-24T10:00:00.000Z",
      },
    }),
    entitlement: delivery({
      entity: { kind: "entitlement", key: "sub_1", schemaVersion: 1 },
      data: { name: "Gold", plan: "gold", customerId: "001Ab", status: "active", startsAt: "2026-11-01T00:00:00.000Z" },
    }),
    case: delivery({
      entity: { kind: "case", key: "77", schemaVersion: 1 },
      data: { subject: "Broken", status: "resolved", priority: "urgent", customerId: "001Ab", requesterEmail: "ada@example.com" },
    }),
    deletion: delivery({ deleted: true, data: {} }),
  },
  refused: { delivery: delivery({ data: { ...opportunity, customerId: "nobody" } }), fields: ["customerId"] },
  wrongKeys: [
    { connection: { ...connection, secrets: { privateKey: pem(privateKey, "pkcs1") } }, says: /openssl pkcs8/ },
    {
      connection: { ...connection, secrets: { privateKey: pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "pkcs8") } },
      says: /cannot sign RS256/,
    },
  ],
  cannotHappen: {
    "silent no-op": "a success names the record that was saved; a field that cannot be written is refused",
    "CSRF token expires": "it has none",
    "change token refused": "it reads by time",
  },
};

export const salesforceLinesTrial: Trial = {
  ...salesforceTrial,
  connection: withLinesOn,
  start: () => start(true),
  deliveries: {
    ...salesforceTrial.deliveries,
    order: delivery({
      entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
      data: {
        number: "SO-1",
        status: "confirmed",
        customerId: "001Ab",
        orderedAt: "2026-11-24T10:00:00.000Z",
        lines: [
          { sku: "W-1", description: "Größte Weiche", quantity: "2", unitPrice: { amount: "12.5", currency: "EUR" } },
          { sku: "W-2", quantity: "0.5", unitPrice: { amount: "3", currency: "EUR" } },
        ],
      },
    }),
  },
  wrongKeys: (salesforceTrial.wrongKeys ?? []).map(({ connection: wrong, says }) => ({
    connection: { ...wrong, settings: withLinesOn.settings },
    says,
  })),
};
