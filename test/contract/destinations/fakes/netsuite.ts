import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { jwtVerify } from "jose";
import { CLIENT_ASSERTION_TYPE } from "../../../../src/connection/oauth.ts";
import { netsuite } from "../../../../src/destinations/netsuite/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";
import { QueryError, compare, holds, parseQuery, valueOf, type Query, type Row } from "./query-language.ts";

const BASE = "https://1234567-sb1.suitetalk.api.netsuite.com";
const TOKEN_URL = `${BASE}/services/rest/auth/oauth2/v1/token`;
const CLIENT_ID = "integration-client-id";
const CERTIFICATE_ID = "certificate-id";
const TBA = {
  consumerKey: "ck-must-not-leak",
  consumerSecret: "cs&must/not leak",
  tokenId: "tk-must-not-leak",
  tokenSecret: "ts'must(not)leak",
};

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject, type: "pkcs8" | "pkcs1"): string => key.export({ type, format: "pem" }).toString();

type Field = "text" | "day" | "checkbox" | "list" | { readonly to: string } | { readonly words: readonly string[] } | "items" | "computed";

/** The part of each record type's description that the module could touch. */
const RECORDS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  customer: {
    companyName: "text", email: "text", phone: "text", entityId: "computed", isInactive: "checkbox",
    subsidiary: { words: ["1"] }, custentity_margin: "text",
  },
  salesOrder: {
    entity: { to: "customer" }, otherRefNum: "text", orderStatus: { words: ["A", "B", "C", "H"] }, tranDate: "day", tranId: "computed",
    total: "computed", currency: { words: ["4"] }, item: "items", custbody_margin: "text",
  },
  invoice: {
    entity: { to: "customer" }, tranDate: "day", dueDate: "day", tranId: "computed", total: "computed", amountRemaining: "computed",
    status: "computed", currency: { words: ["4"] }, item: "items",
  },
  supportCase: {
    title: "text", incomingMessage: "text", status: { words: ["1", "2", "3", "4", "5"] }, priority: { words: ["1", "2", "3"] },
    company: { to: "customer" }, email: "text", caseNumber: "computed",
  },
}; // prettier-ignore

/** SuiteQL's tables: each column as the part of a stored record that it shows. A `@` marks a date. */
const TABLES: Readonly<Record<string, Readonly<Record<string, (record: Stored) => string | number | null>>>> = {
  customer: {
    id: ({ id }) => id,
    externalid: ({ externalId }) => externalId,
    lastmodifieddate: ({ modified }) => `@${modified}`,
    companyname: field("companyName"),
    email: field("email"),
    phone: field("phone"),
    entityid: ({ id }) => `CUST${id}`,
    isinactive: ({ body }) => (body["isInactive"] === true ? "T" : "F"),
    custentity_margin: field("custentity_margin"),
  },
  transaction: {
    id: ({ id }) => id,
    externalid: ({ externalId }) => externalId,
    lastmodifieddate: ({ modified }) => `@${modified}`,
    type: ({ record }) => ({ salesOrder: "SalesOrd", invoice: "CustInvc" })[record] ?? record,
    entity: reference("entity"),
    currency: reference("currency"),
    status: ({ record, body }) => (record === "invoice" ? "A" : `SalesOrd:${idOf(body["orderStatus"]) ?? "A"}`),
    trandate: day("tranDate"),
    duedate: day("dueDate"),
    otherrefnum: field("otherRefNum"),
    tranid: ({ id }) => `T-${id}`,
    foreigntotal: total,
    foreignamountunpaid: total,
    foreignamountpaid: () => "0.00",
    custbody_margin: field("custbody_margin"),
  },
  supportcase: {
    id: ({ id }) => id,
    externalid: ({ externalId }) => externalId,
    lastmodifieddate: ({ modified }) => `@${modified}`,
    casenumber: ({ id }) => String(id),
    title: field("title"),
    status: reference("status"),
    priority: reference("priority"),
    company: reference("company"),
    email: field("email"),
  },
  currency: { id: ({ id }) => id, symbol: field("symbol") },
};
const TABLE_OF: Readonly<Record<string, string>> = {
  customer: "customer",
  salesOrder: "transaction",
  invoice: "transaction",
  supportCase: "supportcase",
  currency: "currency",
};
const RECORD_OF: Partial<Record<EntityKind, string>> = {
  customer: "customer",
  opportunity: "salesOrder",
  order: "salesOrder",
  invoice: "invoice",
  case: "supportCase",
};

interface Stored {
  readonly id: number;
  readonly record: string;
  readonly externalId: string | null;
  body: Record<string, unknown>;
  /** Whole seconds. */
  modified: string;
}

function field(name: string) {
  return ({ body }: Stored) => (typeof body[name] === "string" ? body[name] : null);
}
function day(name: string) {
  return ({ body }: Stored) => (typeof body[name] === "string" ? `@${body[name]} 00:00:00` : null);
}
function reference(name: string) {
  return ({ body }: Stored) => (idOf(body[name]) === null ? null : Number(idOf(body[name])));
}
function idOf(value: unknown): string | null {
  const id = (value as { id?: unknown } | undefined)?.id;
  return typeof id === "string" ? id : null;
}
function total({ body }: Stored): string | null {
  const items = (body["item"] as { items: { quantity: number; rate?: number }[] } | undefined)?.items;
  return items === undefined ? null : items.reduce((sum, { quantity, rate = 0 }) => sum + quantity * rate, 0).toFixed(2);
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly path: string | null;
  constructor(status: number, code: string, message: string, path: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.path = path;
  }
  response(headers: Record<string, string> = {}): Response {
    const details = [{ detail: this.message, "o:errorCode": this.code, ...(this.path === null ? {} : { "o:errorPath": this.path }) }];
    const body = {
      type: "https://www.rfc-editor.org/rfc/rfc9110.html#name-status-codes",
      title: "Error",
      status: this.status,
      "o:errorDetails": details,
    };
    return new Response(JSON.stringify(body), {
      status: this.status,
      headers: { "content-type": "application/vnd.oracle.resource+json; type=error", ...headers },
    });
  }
}

const json = (body: unknown): Response => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
const invalid = (message: string, path: string): Refusal => new Refusal(400, "INVALID_CONTENT", message, path);

interface Job {
  readonly id: number;
  readonly result: Response;
}

/** One account in memory. */
export class Account {
  readonly time = { nowMs: NOW_MS };
  /** Whether jobs have ended when they are asked for. */
  jobsEnd = true;
  readonly #records: Stored[] = [];
  readonly #tokens = new Set<string>();
  readonly #nonces = new Set<string>();
  readonly #jobs = new Map<string, Job>();
  #issued = 0;
  #serial = 0;
  #beforeWrite: (() => void) | null = null;
  #refuseNext: Refusal | null = null;

  constructor() {
    this.#records.push({ id: 4, record: "currency", externalId: null, body: { symbol: "EUR" }, modified: "" });
    this.#insert("customer", "001Ab", { companyName: "Acme" });
  }

  readonly tricks = {
    expireCredentials: () => this.#tokens.clear(),
    credentialsIssued: () => this.#issued,
    add: (kind: EntityKind, key: string, stampMs = this.time.nowMs) => void this.#insert(RECORD_OF[kind] ?? "", key, {}, stampMs),
    touch: (kind: EntityKind, key: string) => this.#touch(kind, key),
    touchBeforeNextWrite: (kind: EntityKind, key: string) => {
      this.#beforeWrite = () => this.#touch(kind, key);
    },
    lockNext: () => {
      this.#refuseNext = new Refusal(400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed");
    },
    failInsideSuccess: () => {
      this.#refuseNext = new Refusal(400, "USER_ERROR", "a script said no");
    },
  };

  held(kind: EntityKind, externalId: string) {
    return this.#records
      .filter((each) => each.record === RECORD_OF[kind] && each.externalId === externalId)
      .map(({ id, body }) => ({ id: String(id), fields: body }));
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.origin !== BASE) return new Response("no such host", { status: 421 });
    try {
      if (url.pathname === new URL(TOKEN_URL).pathname) return await this.#token(request);
      this.#prove(request);
      if (url.pathname === "/services/rest/query/v1/suiteql") return await this.#suiteql(request, url);
      const job = /^\/services\/rest\/async\/v1\/job\/(\d+)(\/task\/1\/result)?$/.exec(url.pathname);
      if (job !== null && request.method === "GET") return this.#job(Number(job[1]), job[2] !== undefined);
      const record = /^\/services\/rest\/record\/v1\/(\w+)\/([^/]+)$/.exec(url.pathname);
      if (record === null) throw new Refusal(404, "NOT_FOUND", "no such resource");
      const body = await request.text();
      const work = (): Response => this.#record(request, record[1] ?? "", decodeURIComponent(record[2] ?? ""), url, body);
      return request.headers.get("prefer") === "respond-async" ? this.#enqueue(request, work) : work();
    } catch (error) {
      if (error instanceof QueryError) return new Refusal(400, "INVALID_PARAMETER", `Invalid search query. ${error.message}`).response();
      if (error instanceof Refusal) return error.response();
      throw error;
    }
  }

  async #token(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const refuse = (error: string) => new Response(JSON.stringify({ error }), { status: 400 });
    if (form.get("grant_type") !== "client_credentials" || form.get("client_assertion_type") !== CLIENT_ASSERTION_TYPE)
      return refuse("unsupported_grant_type");
    const assertion = form.get("client_assertion") ?? "";
    const verified = await jwtVerify(
      assertion,
      ({ alg, kid }) => {
        if (kid !== CERTIFICATE_ID) throw new Error("no such certificate");
        return alg === "ES256" ? ec.publicKey : rsa.publicKey;
      },
      {
        algorithms: ["PS256", "ES256"],
        issuer: CLIENT_ID,
        audience: TOKEN_URL,
        typ: "JWT",
        requiredClaims: ["iat"],
        currentDate: new Date(this.time.nowMs),
      },
    ).catch(() => null);
    const { iat = 0, exp = 0, scope } = verified?.payload ?? {};
    if (verified === null || exp - iat >= 3600 || scope !== "rest_webservices") return refuse("invalid_client");
    const token = `at-${++this.#issued}`;
    this.#tokens.add(token);
    return json({ access_token: token, expires_in: "3600", token_type: "Bearer" });
  }

  #prove(request: Request): void {
    const header = request.headers.get("authorization") ?? "";
    const ok = header.startsWith("OAuth ") ? this.#signed(request, header.slice(6)) : this.#tokens.has(header.replace(/^Bearer /, ""));
    if (!ok) throw new Refusal(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.");
  }

  /** RFC 5849, written apart from the module's own. */
  #signed(request: Request, header: string): boolean {
    const said = new Map(header.split(", ").map((part) => [part.split("=")[0] ?? "", decodeURIComponent(/"(.*)"/.exec(part)?.[1] ?? "")]));
    const nonce = said.get("oauth_nonce") ?? "";
    const fresh = !this.#nonces.has(nonce) && Math.abs(Number(said.get("oauth_timestamp")) * 1000 - this.time.nowMs) < 300_000;
    this.#nonces.add(nonce);
    const escape = (text: string) =>
      [...Buffer.from(text)]
        .map((byte) =>
          /[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
        )
        .join("");
    const url = new URL(request.url);
    const parameters = [...said, ...url.searchParams].filter(([name]) => name !== "realm" && name !== "oauth_signature");
    const sorted = parameters
      .map(([name, value]) => `${escape(name)}=${escape(value)}`)
      .toSorted()
      .join("&");
    const base = `${request.method}&${escape(url.origin + url.pathname)}&${escape(sorted)}`;
    const signature = createHmac("sha256", `${escape(TBA.consumerSecret)}&${escape(TBA.tokenSecret)}`)
      .update(base)
      .digest("base64");
    const known =
      said.get("realm") === "1234567_SB1" && said.get("oauth_consumer_key") === TBA.consumerKey && said.get("oauth_token") === TBA.tokenId;
    return fresh && known && said.get("oauth_signature_method") === "HMAC-SHA256" && said.get("oauth_signature") === signature;
  }

  #record(request: Request, record: string, name: string, url: URL, text: string): Response {
    if (RECORDS[record] === undefined) throw new Refusal(404, "NOT_FOUND", `Record type '${record}' was not found.`);
    this.#beforeWrite?.();
    this.#beforeWrite = null;
    const refusal = this.#refuseNext;
    this.#refuseNext = null;
    if (refusal !== null) throw refusal;
    const externalId = /^eid:([A-Za-z0-9_-]+)$/.exec(name)?.[1];
    const found = this.#records.find(
      (each) => each.record === record && (externalId === undefined ? String(each.id) === name : each.externalId === externalId),
    );
    const { method } = request;
    if (method === "PUT" && externalId === undefined) throw new Refusal(400, "USER_ERROR", "an upsert needs an external id");
    if (method !== "PUT" && found === undefined)
      throw new Refusal(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.");
    if (method === "DELETE" && found !== undefined) {
      this.#records.splice(this.#records.indexOf(found), 1);
      return new Response(null, { status: 204 });
    }
    if (request.headers.get("content-type")?.startsWith("application/json") !== true)
      throw new Refusal(415, "INVALID_HEADER", "unsupported content type");
    const body = this.#valid(record, JSON.parse(text) as Record<string, unknown>);
    if (found === undefined && RECORDS[record]["entity"] !== undefined && body["entity"] === undefined)
      throw new Refusal(400, "USER_ERROR", "Please enter value(s) for: Customer", "entity");
    const stored = found ?? this.#insert(record, externalId ?? "", {});
    const items = (from: unknown): readonly unknown[] => (from as { items?: unknown[] } | undefined)?.items ?? [];
    const appended =
      body["item"] !== undefined && url.searchParams.get("replace") !== "item"
        ? { item: { items: [...items(stored.body["item"]), ...items(body["item"])] } }
        : {};
    stored.body = { ...stored.body, ...body, ...appended };
    stored.modified = stampOf(this.time.nowMs);
    return new Response(null, { status: 204, headers: { location: `${BASE}/services/rest/record/v1/${record}/${stored.id}` } });
  }

  #valid(record: string, body: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(body).map(([name, value]) => {
        const kind = RECORDS[record]?.[name];
        if (kind === undefined) throw invalid(`Unknown field name '${name}' in the request.`, name);
        if (kind === "computed") throw new Refusal(400, "USER_ERROR", `The field ${name} is read-only.`, name);
        return [name, value === null ? undefined : this.#value(name, kind, value)];
      }),
    );
  }

  #value(name: string, kind: Exclude<Field, "computed">, value: unknown): unknown {
    if (kind === "items") {
      for (const [at, line] of (value as { items: Record<string, unknown>[] }).items.entries()) {
        const item = line["item"] as { id?: string; externalId?: string };
        if (item.id !== "77" && item.externalId !== "SKU-1") throw invalid("Invalid reference key for item.", `item.items[${at}].item`);
        if (typeof line["quantity"] !== "number") throw invalid("expected a number", `item.items[${at}].quantity`);
      }
      return value;
    }
    if (kind === "checkbox" ? typeof value !== "boolean" : kind === "text" || kind === "day" ? typeof value !== "string" : false)
      throw invalid(`Invalid value for the resource or sub-resource field '${name}'. Provide a valid value.`, name);
    if (kind === "day" && !/^\d{4}-\d{2}-\d{2}$/.test(String(value))) throw invalid("not a date", name);
    if (typeof kind !== "object") return value;
    const { id, externalId } = value as { id?: string; externalId?: string };
    if ("words" in kind) {
      if (id === undefined || !kind.words.includes(id)) throw invalid(`Invalid reference key ${id} for ${name}.`, `${name}.id`);
      return { id };
    }
    const found = this.#records.find(
      (each) => each.record === kind.to && (externalId === undefined ? String(each.id) === id : each.externalId === externalId),
    );
    if (found === undefined)
      throw new Refusal(400, "INVALID_KEY_OR_REF", `Invalid reference key ${externalId ?? id} for ${name}.`, `${name}.externalId`);
    return { id: String(found.id) };
  }

  #enqueue(request: Request, work: () => Response): Response {
    const key = request.headers.get("x-netsuite-idempotency-key") ?? "";
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(key))
      throw new Refusal(400, "INVALID_HEADER", "the idempotency key is no UUID");
    const before = this.#jobs.get(key);
    const location = (id: number) => ({ location: `/services/rest/async/v1/job/${id}` });
    if (before !== undefined)
      return new Refusal(400, "IDEMPOTENCY_ERROR", "The idempotency key was used before.").response(location(before.id));
    const run = (): Response => {
      try {
        return work();
      } catch (error) {
        if (error instanceof Refusal) return error.response();
        throw error;
      }
    };
    const job: Job = { id: this.#jobs.size + 1, result: run() };
    this.#jobs.set(key, job);
    return new Response(null, { status: 202, headers: { "preference-applied": "respond-async", ...location(job.id) } });
  }

  #job(id: number, wantsResult: boolean): Response {
    const job = [...this.#jobs.values()].find((each) => each.id === id);
    if (job === undefined) throw new Refusal(404, "NONEXISTENT_ID", "no such job");
    if (wantsResult) return job.result.clone();
    return json({ completed: this.jobsEnd, id: String(id), progress: this.jobsEnd ? "succeeded" : "pending" });
  }

  async #suiteql(request: Request, url: URL): Promise<Response> {
    if (request.headers.get("prefer") !== "transient") throw new Refusal(400, "INVALID_HEADER", "Prefer: transient is required");
    const [limit, offset] = [Number(url.searchParams.get("limit")), Number(url.searchParams.get("offset"))];
    if (!(limit > 0 && limit <= 1000) || offset % limit !== 0) throw new Refusal(400, "INVALID_PARAMETER", "limit and offset");
    const query = parseQuery(((await request.json()) as { q: string }).q, "doubled");
    if (TABLES[query.table] === undefined) throw new QueryError(`Record '${query.table}' was not found.`);
    const rows = this.#records
      .filter(({ record }) => TABLE_OF[record] === query.table)
      .map((record) => this.#row(record, query))
      .filter((row) => query.where === null || holds(query.where, row))
      .toSorted((left, right) =>
        query.orderBy.reduce((order, name) => order || compare(left.column(name) ?? "", right.column(name) ?? ""), 0),
      );
    const shown = rows.slice(offset, offset + limit).map((row) => {
      const values = query.columns.map(({ operand, alias }) => [(alias ?? "").toLowerCase(), valueOf(operand, row)] as const);
      // A date that no TO_CHAR formed comes as the account's preferences have it; what is nothing is left out.
      const told = values.flatMap(([alias, value]) =>
        value === null ? [] : [[alias, String(value).startsWith("@") ? "11/24/2026" : String(value)] as const],
      );
      return { links: [], ...Object.fromEntries(told) };
    });
    return json({ links: [], count: shown.length, hasMore: rows.length > offset + limit, items: shown, offset, totalResults: rows.length });
  }

  #row(record: Stored, query: Query): Row {
    const column = (name: string): string | number | null => {
      const [alias = "", inner = ""] = name.split(".");
      if (alias === query.alias) return shownBy(query.table, inner)(record);
      const join = query.joins.find((each) => each.alias === alias);
      if (join === undefined) throw new QueryError(`Unknown alias ${alias}`);
      const [left, right] = join.on;
      const joined = this.#records.find(
        (each) => TABLE_OF[each.record] === join.table && shownBy(join.table, right.split(".")[1] ?? "")(each) === column(left),
      );
      const show = shownBy(join.table, inner);
      return joined === undefined ? null : show(joined);
    };
    return {
      column,
      call: (name, [value, form]) => {
        if (form !== "YYYY-MM-DD HH24:MI:SS" || (name !== "TO_CHAR" && name !== "TO_TIMESTAMP"))
          throw new QueryError(`unknown function ${name} or form`);
        if (value === null || value === undefined) return null;
        return name === "TO_CHAR" ? String(value).slice(1) : `@${String(value)}`;
      },
    };
  }

  #insert(record: string, externalId: string, body: Record<string, unknown>, atMs = this.time.nowMs): Stored {
    const stored: Stored = { id: 1000 + ++this.#serial, record, externalId, body, modified: stampOf(atMs) };
    this.#records.push(stored);
    return stored;
  }

  #touch(kind: EntityKind, key: string): void {
    for (const each of this.#records.filter(({ record, externalId }) => record === RECORD_OF[kind] && externalId === key))
      each.modified = stampOf(this.time.nowMs);
  }
}

const stampOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

function shownBy(table: string, column: string): (record: Stored) => string | number | null {
  const show = TABLES[table]?.[column];
  if (show === undefined) throw new QueryError(`Field '${column}' for record '${table}' was not found.`);
  return show;
}

/** What the module makes of the samples' keys, written out. */
const EXTERNAL_IDS: Readonly<Record<string, string>> = { "ord 1/ä?#": "ord__201__2f__c3__a4__3f__23" };

const start = (auth: "oauth2" | "tokenBased", mode: "synchronous" | "asynchronous") => (): FakeSystem => {
  const account = new Account();
  const { expireCredentials, credentialsIssued, failInsideSuccess, ...always } = account.tricks;
  return {
    time: account.time,
    held: (kind, key) => account.held(kind, EXTERNAL_IDS[key] ?? key),
    answer: (request) => account.answer(request),
    tricks: {
      ...always,
      ...(auth === "oauth2" ? { expireCredentials, credentialsIssued } : {}),
      ...(mode === "asynchronous" ? { failInsideSuccess } : {}),
    },
  };
};

const sale = {
  stage: "won",
  amount: { amount: "1200.50", currency: "EUR" },
  customerId: "001Ab",
  custom: { margin: "0.10" },
};
const order = {
  status: "confirmed",
  customerId: "001Ab",
  orderedAt: "2026-11-24T10:00:00.000Z",
  lines: [{ sku: "SKU-1", description: "Weiche", quantity: "2", unitPrice: { amount: "10.10", currency: "EUR" } }],
};

const common = {
  currencies: { EUR: "4" },
  amountItem: "77",
  constants: { customer: { subsidiary: { id: "1" } } },
  fields: { opportunity: { fields: { "custom.margin": "custbody_margin" } } },
};
const connectionOf = (auth: object, mode: string, secrets: Readonly<Record<string, string>>) => ({
  baseUrl: BASE,
  settings: netsuite.settings.parse({ ...common, auth, mode }),
  secrets,
});
const oauth2 = (algorithm: string) => ({ type: "oauth2", clientId: CLIENT_ID, certificateId: CERTIFICATE_ID, algorithm });
const withRsa = connectionOf(oauth2("PS256"), "synchronous", { privateKey: pem(rsa.privateKey, "pkcs8") });

const deliveries = {
  opportunity: delivery({ data: sale }),
  "part of an opportunity": delivery({ nature: "delta", data: { customerId: "001Ab", amount: sale.amount }, cleared: ["custom.margin"] }),
  order: delivery({ entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 }, data: order }),
  customer: delivery({
    entity: { kind: "customer", key: "C_1", schemaVersion: 1 },
    data: { name: "Größe GmbH", email: "ada@example.com", status: "prospect" },
  }),
  invoice: delivery({
    entity: { kind: "invoice", key: "in_1", schemaVersion: 1 },
    data: {
      customerId: "001Ab",
      total: { amount: "10.10", currency: "EUR" },
      issuedAt: "2026-11-24T00:00:00.000Z",
      dueDate: "2026-12-24",
      status: "open",
    },
  }),
  case: delivery({
    entity: { kind: "case", key: "77", schemaVersion: 1 },
    data: { subject: "Broken", description: "It is.", status: "resolved", priority: "urgent", customerId: "001Ab" },
  }),
  deletion: delivery({ deleted: true, data: {} }),
};

const UPSERT_IS_WHOLE = "external ids are unique to a record type";
const cannotHappen = {
  "key held by two records": UPSERT_IS_WHOLE,
  "silent no-op": "a success names the record that was saved; a field that is not known is refused",
  "CSRF token expires": "it has none",
  "change token refused": "it reads by time",
};
const trial = {
  definition: netsuite,
  deliveries,
  refused: { delivery: delivery({ data: { ...sale, customerId: "nobody" } }), fields: ["customerId"] },
};
const SAYS_BY_STATUS = { "failure inside a success": "its statuses say what happened; only a job's result comes apart from its answer" };

export const netsuiteTrial: Trial = {
  ...trial,
  connection: withRsa,
  start: start("oauth2", "synchronous"),
  wrongKeys: [
    { connection: { ...withRsa, secrets: { privateKey: pem(rsa.privateKey, "pkcs1") } }, says: /openssl pkcs8/ },
    { connection: { ...withRsa, secrets: { privateKey: pem(ec.privateKey, "pkcs8") } }, says: /cannot sign PS256/ },
  ],
  cannotHappen: { ...cannotHappen, ...SAYS_BY_STATUS },
};

export const netsuiteTokenTrial: Trial = {
  ...trial,
  connection: connectionOf({ type: "tokenBased", account: "1234567_SB1" }, "synchronous", TBA),
  start: start("tokenBased", "synchronous"),
  cannotHappen: {
    ...cannotHappen,
    ...SAYS_BY_STATUS,
    "credential expires under parallel callers": "its tokens do not expire",
    "key of the wrong form": "any text can be a token",
  },
};

const withEc = connectionOf(oauth2("ES256"), "asynchronous", { privateKey: pem(ec.privateKey, "pkcs8") });
export const netsuiteJobsTrial: Trial = {
  ...trial,
  connection: withEc,
  start: start("oauth2", "asynchronous"),
  wrongKeys: [{ connection: { ...withEc, secrets: { privateKey: pem(rsa.privateKey, "pkcs8") } }, says: /cannot sign ES256/ }],
  cannotHappen,
};
