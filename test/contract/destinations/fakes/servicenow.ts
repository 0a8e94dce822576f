import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { jwtVerify } from "jose";
import { servicenow } from "../../../../src/destinations/servicenow/index.ts";
import type { Settings } from "../../../../src/destinations/servicenow/settings.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { API_KEY, NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";
import { EncodedQuery, type Row } from "./servicenow-query.ts";

interface Column {
  readonly type: "text" | "boolean" | "number" | "time" | "date" | { readonly references: string };
  readonly max?: number;
  readonly mandatory?: true;
  readonly computed?: true;
}
type Columns = Readonly<Record<string, Column>>;

const SYSTEM: Columns = { sys_id: { type: "text" }, sys_mod_count: { type: "number" }, sys_updated_on: { type: "time" } };
const TASK: Columns = {
  ...SYSTEM,
  number: { type: "text", computed: true },
  short_description: { type: "text", max: 160, mandatory: true },
  description: { type: "text", max: 4000 },
  opened_at: { type: "time" },
  state: { type: "text" },
  priority: { type: "text" },
  correlation_id: { type: "text", max: 100 },
  u_margin: { type: "text" },
};
const KEYED: Columns = { ...SYSTEM, u_signalbox_key: { type: "text", max: 100 } };

/** Tables as they come, with the columns that a team adds. */
const TABLES: Readonly<Record<string, Columns>> = {
  customer_account: {
    ...KEYED,
    name: { type: "text", max: 80, mandatory: true },
    number: { type: "text", computed: true },
    email: { type: "text" },
    phone: { type: "text" },
    country: { type: "text" },
    active: { type: "boolean" },
  },
  sn_customerservice_case: { ...TASK, account: { type: { references: "customer_account" } }, contact: { type: "text" } },
  service_entitlement: {
    ...KEYED,
    name: { type: "text", max: 100 },
    account: { type: { references: "customer_account" } },
    active: { type: "boolean" },
    start_date: { type: "date" },
    end_date: { type: "date" },
  },
  u_order: {
    ...KEYED,
    u_number: { type: "text" },
    u_customer: { type: { references: "customer_account" } },
    u_opportunity_key: { type: "text" },
    u_status: { type: "text" },
    u_total: { type: "number" },
    u_currency: { type: "text" },
    u_ordered_at: { type: "time" },
  },
  u_invoice: {
    ...KEYED,
    u_number: { type: "text" },
    u_customer: { type: { references: "customer_account" } },
    u_order: { type: { references: "u_order" } },
    u_status: { type: "text" },
    u_total: { type: "number" },
    u_amount_due: { type: "number" },
    u_currency: { type: "text" },
    u_issued_at: { type: "time" },
    u_due_date: { type: "date" },
  },
};
const STAGING: Readonly<Record<string, string>> = { u_sb_case: "sn_customerservice_case", u_sb_customer: "customer_account" };
const TABLE_OF: Readonly<Record<string, string>> = {
  customer: "customer_account",
  case: "sn_customerservice_case",
  entitlement: "service_entitlement",
  order: "u_order",
  invoice: "u_invoice",
};
const keyOf = (table: string): string => (table === "sn_customerservice_case" ? "correlation_id" : "u_signalbox_key");

const CLIENT = { id: "client-1", secret: API_KEY };
const USER = { name: "signalbox.integration", password: "password-that-must-not-leak" };
const KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PRIVATE_KEY = KEYS.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const PKCS1_KEY = (KEYS.privateKey as KeyObject).export({ type: "pkcs1", format: "pem" }).toString();

interface Shape {
  /** A unique index on our key, as good practice has it. */
  readonly unique?: boolean;
  readonly zoneHours?: number;
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
const refuse = (status: number, message: string, detail: string): Response =>
  json(status, { error: { message, detail }, status: "failure" });

/** An instance with the Table and Import Set APIs, in memory. */
export class ServiceNow implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly tables = new Map<string, Row[]>(Object.keys(TABLES).map((name) => [name, []]));
  /** Rows that the integration user may not see, by sys_id. */
  readonly hidden = new Set<string>();
  readonly #shape: Shape;
  #serial = 0;
  #tokens = new Set<string>();
  #issued = 0;
  readonly #jtis = new Set<string>();
  #beforeWrite: (() => void) | null = null;
  #next: "fail" | "ignore" | null = null;

  constructor(shape: Shape = {}) {
    this.#shape = shape;
    this.insert("customer_account", { u_signalbox_key: "001Ab", name: "Acme" });
    this.insert("u_order", { u_signalbox_key: "ord_1", u_status: "confirmed" });
  }

  readonly tricks = {
    expireCredentials: () => void (this.#tokens = new Set()),
    credentialsIssued: () => this.#issued,
    add: (kind: EntityKind, key: string, stampMs?: number) => {
      const table = TABLE_OF[kind] ?? "";
      this.insert(table, { [keyOf(table)]: key, short_description: "made by another" }, stampMs);
    },
    touch: (kind: EntityKind, key: string) => this.touch(kind, key, { description: `changed at ${this.time.nowMs}` }),
    touchBeforeNextWrite: (kind: EntityKind, key: string) => {
      this.touch(kind, key, { short_description: "somebody else's" });
      this.#beforeWrite = () => this.touch(kind, key, { description: "somebody else's, just now" });
    },
    failInsideSuccess: () => void (this.#next = "fail"),
    ignoreNextWrite: () => void (this.#next = "ignore"),
    doubleKey: (kind: EntityKind, key: string) => {
      this.tricks.add(kind, key);
      this.tricks.add(kind, key);
    },
  };

  rows(table: string): Row[] {
    const rows = this.tables.get(table);
    if (rows === undefined) throw new Error(`no table ${table}`);
    return rows;
  }

  insert(table: string, values: Row, stampMs = this.time.nowMs): Row {
    const row: Row = {
      ...values,
      sys_id: (++this.#serial).toString(16).padStart(32, "0"),
      sys_mod_count: "0",
      sys_updated_on: stamp(stampMs),
    };
    if (TABLES[table]?.["number"] !== undefined) row["number"] = `NO${String(this.#serial).padStart(7, "0")}`;
    this.rows(table).push(row);
    return row;
  }

  touch(kind: EntityKind, key: string, values: Row): void {
    const table = TABLE_OF[kind] ?? "";
    for (const row of this.rows(table).filter((each) => each[keyOf(table)] === key)) this.#update(row, values);
  }

  held(kind: EntityKind, key: string) {
    const table = TABLE_OF[kind] ?? "";
    return this.rows(table)
      .filter((row) => row[keyOf(table)] === key)
      .map((row) => ({ id: row["sys_id"] ?? "", fields: row }));
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const body = await request.text();
    if (url.pathname === "/oauth_token.do") return this.#token(request, new URLSearchParams(body));
    if (!this.#isLetIn(request.headers.get("authorization") ?? ""))
      return refuse(401, "User Not Authenticated", "Required to provide Auth information");
    const [, api, now, area, table = "", sysId] = url.pathname.split("/").map(decodeURIComponent);
    if (api !== "api" || now !== "now") return refuse(400, "Requested URI does not represent any resource", url.pathname);
    if (request.headers.get("accept") !== "application/json") return refuse(406, "Not acceptable", "");
    if (request.method !== "GET" && request.method !== "DELETE" && request.headers.get("content-type") !== "application/json")
      return refuse(415, "Unsupported media type", "");
    if (request.method !== "GET") {
      this.#beforeWrite?.();
      this.#beforeWrite = null;
    }
    if (area === "import" && request.method === "POST") return this.#import(table, JSON.parse(body) as Row);
    if (area !== "table" || TABLES[table] === undefined) return refuse(400, `Invalid table ${table}`, "");
    return sysId === undefined ? this.#collection(request, url, table, body) : this.#row(request, url, table, { sysId, body });
  }

  #collection(request: Request, url: URL, table: string, body: string): Response {
    if (request.method === "GET") return this.#list(url, table);
    if (request.method !== "POST") return refuse(405, "Method not allowed", "");
    const ignored = this.#next === "ignore";
    this.#next = null;
    const values = ignored ? {} : this.#taken(table, JSON.parse(body) as Row);
    const refusal = ignored ? null : this.#policy(table, values, null);
    if (refusal !== null) return refusal;
    return json(201, { result: this.#shown(table, this.insert(table, values), url) });
  }

  #row(request: Request, url: URL, table: string, { sysId, body }: { sysId: string; body: string }): Response {
    const rows = this.rows(table);
    const row = rows.find((each) => each["sys_id"] === sysId && !this.hidden.has(sysId));
    if (row === undefined) return refuse(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval");
    switch (request.method) {
      case "GET":
        return json(200, { result: this.#shown(table, row, url) });
      case "PATCH": {
        const values = this.#next === "ignore" ? {} : this.#taken(table, JSON.parse(body) as Row);
        this.#next = null;
        const refusal = this.#policy(table, values, row);
        if (refusal !== null) return refusal;
        this.#update(row, values);
        return json(200, { result: this.#shown(table, row, url) });
      }
      case "DELETE":
        rows.splice(rows.indexOf(row), 1);
        return json(204, null);
      default:
        return refuse(405, "Method not allowed", "");
    }
  }

  #list(url: URL, table: string): Response {
    const query = new EncodedQuery(
      url.searchParams.get("sysparm_query") ?? "",
      new Set(Object.keys(TABLES[table] ?? {})),
      this.#shape.zoneHours ?? 0,
    );
    const found = query.select(this.rows(table));
    const [limit, offset] = [
      Number(url.searchParams.get("sysparm_limit") ?? "10000"),
      Number(url.searchParams.get("sysparm_offset") ?? "0"),
    ];
    // Rows that ACLs hide count for the page and are then left out of it.
    const page = found.slice(offset, offset + limit).filter(({ sys_id: id }) => !this.hidden.has(id ?? ""));
    const counted = url.searchParams.get("sysparm_no_count") !== "true";
    return json(
      200,
      { result: page.map((row) => this.#shown(table, row, url)) },
      { date: new Date(this.time.nowMs).toUTCString(), ...(counted ? { "x-total-count": String(found.length) } : {}) },
    );
  }

  /** Only the columns asked for, all as text; `account.name` follows the reference; what is not there is left out. */
  #shown(table: string, row: Row, url: URL): Record<string, unknown> {
    if (url.searchParams.get("sysparm_exclude_reference_link") !== "true" || url.searchParams.get("sysparm_display_value") !== "false")
      throw new Error("references and display words would come as objects");
    const shown: Record<string, unknown> = {};
    for (const name of (url.searchParams.get("sysparm_fields") ?? "").split(",")) {
      const [column = "", of] = name.split(".");
      const type = TABLES[table]?.[column]?.type;
      if (type === undefined) continue;
      const value = row[column] ?? "";
      if (of === undefined) shown[name] = value;
      else if (typeof type === "object") shown[name] = this.rows(type.references).find(({ sys_id: id }) => id === value)?.[of] ?? "";
    }
    return shown;
  }

  /** Columns that do not exist, or that the system keeps, are passed over without a word; long text is cut. */
  #taken(table: string, body: Readonly<Record<string, unknown>>): Row {
    const values: Row = {};
    for (const [name, value] of Object.entries(body)) {
      const column = TABLES[table]?.[name];
      if (column === undefined || column.computed === true || name.startsWith("sys_")) continue;
      const text = value === null ? "" : String(value);
      const date = /^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$/.test(text);
      if ((column.type === "time" || column.type === "date") && text !== "" && !date) continue;
      if (typeof column.type === "object" && text !== "" && !/^[0-9a-f]{32}$/.test(text)) continue;
      values[name] = column.type === "date" ? text.slice(0, 10) : text.slice(0, column.max);
    }
    return values;
  }

  #policy(table: string, values: Row, row: Row | null): Response | null {
    for (const [name, { mandatory }] of Object.entries(TABLES[table] ?? {})) {
      const after = { ...row, ...values }[name] ?? "";
      if (mandatory === true && after === "")
        return refuse(403, "Operation Failed", `Data Policy Exception: ${name.replaceAll("_", " ")} is mandatory`);
    }
    const key = keyOf(table);
    const others = this.rows(table).filter((each) => each !== row && each[key] === values[key]);
    return this.#shape.unique === true && values[key] !== undefined && others.length > 0
      ? refuse(403, "Operation Failed", `Error during insert of ${table}: Unique Key violation detected by database (Duplicate entry)`)
      : null;
  }

  #update(row: Row, values: Row): void {
    const changed = Object.entries(values).filter(([name, value]) => (row[name] ?? "") !== value);
    if (changed.length === 0) return;
    Object.assign(row, Object.fromEntries(changed));
    row["sys_mod_count"] = String(Number(row["sys_mod_count"]) + 1);
    row["sys_updated_on"] = stamp(this.time.nowMs);
  }

  /** A staging row and its transform: coalesces on the key, copies empty fields, and answers 201 whatever comes of it. */
  #import(staging: string, body: Row): Response {
    const table = STAGING[staging];
    if (table === undefined) return refuse(400, `Invalid staging table ${staging}`, "");
    const result = (row: Record<string, string>): Response =>
      json(201, { import_set: "ISET0010001", staging_table: staging, result: [{ transform_map: "Signalbox", table, ...row }] });
    const trick = this.#next;
    this.#next = null;
    if (trick === "fail") return result({ status: "error", status_message: "Target record is being updated by a script that failed" });
    if (trick === "ignore") return result({ status: "ignored", status_message: "No field values changed" });
    const named = Object.fromEntries(
      Object.entries(body).map(([name, value]) => [TABLES[table]?.[name] === undefined ? name.replace(/^u_/, "") : name, value]),
    );
    const values = this.#taken(table, named);
    const held = this.rows(table).find((row) => row[keyOf(table)] === values[keyOf(table)]);
    const missing = Object.entries(TABLES[table] ?? {}).find(([name, { mandatory }]) => mandatory === true && !values[name]);
    if (missing !== undefined)
      return result({ status: "error", status_message: `Data Policy Exception: ${missing[0].replaceAll("_", " ")} is mandatory` });
    if (held !== undefined) this.#update(held, values);
    const row = held ?? this.insert(table, values);
    return result({
      display_name: "number",
      display_value: row["number"] ?? "",
      record_link: `https://acme.service-now.com/api/now/table/${table}/${row["sys_id"] ?? ""}`,
      status: held === undefined ? "inserted" : "updated",
      target_sys_id: row["sys_id"] ?? "",
      sys_id: "ffffffffffffffffffffffffffffffff",
    });
  }

  #isLetIn(authorization: string): boolean {
    if (authorization.startsWith("Basic ")) return atob(authorization.slice(6)) === `${USER.name}:${USER.password}`;
    return this.#tokens.has(authorization.replace(/^Bearer /, ""));
  }

  async #token(request: Request, form: URLSearchParams): Promise<Response> {
    const refused = json(401, { error: "access_denied", error_description: "access_denied" });
    if (request.method !== "POST" || form.get("client_id") !== CLIENT.id || form.get("client_secret") !== CLIENT.secret) return refused;
    const grant = form.get("grant_type");
    if (grant === "password" && (form.get("username") !== USER.name || form.get("password") !== USER.password)) return refused;
    if (grant === "urn:ietf:params:oauth:grant-type:jwt-bearer" && !(await this.#isGoodAssertion(form.get("assertion") ?? "")))
      return refused;
    const grants = ["client_credentials", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer"];
    if (!grants.includes(grant ?? "")) return json(400, { error: "unsupported_grant_type" });
    const token = `token-${++this.#issued}`;
    this.#tokens.add(token);
    return json(200, { access_token: token, token_type: "Bearer", expires_in: 1799, scope: "useraccount" });
  }

  async #isGoodAssertion(assertion: string): Promise<boolean> {
    const verified = await jwtVerify(assertion, KEYS.publicKey, {
      algorithms: ["RS256"],
      issuer: CLIENT.id,
      audience: CLIENT.id,
      subject: USER.name,
      requiredClaims: ["jti", "exp", "iat"],
      currentDate: new Date(this.time.nowMs),
    }).catch(() => null);
    const jti = verified?.payload.jti ?? "";
    if (verified?.protectedHeader.kid !== "map-1" || this.#jtis.has(jti)) return false;
    this.#jtis.add(jti);
    return true;
  }
}

const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

export const caseDelivery = delivery({
  type: "case.updated",
  entity: { kind: "case", key: "500^Ab=Größe/1", schemaVersion: 1 },
  data: {
    subject: "Weiche klemmt 🚂",
    description: "seit gestern",
    status: "pending",
    priority: "high",
    customerId: "001Ab",
    openedAt: "2026-11-20T08:15:30.000Z",
    custom: { margin: true },
  },
});

const DELIVERIES = {
  case: caseDelivery,
  customer: delivery({
    entity: { kind: "customer", key: "001Cd", schemaVersion: 1 },
    data: { name: "Größte Weiche", email: "a@example.com", phone: "+49 30 1", status: "active", region: "DE" },
  }),
  entitlement: delivery({
    entity: { kind: "entitlement", key: "sub_1", schemaVersion: 1 },
    data: { name: "Gold", customerId: "001Ab", status: "suspended", startsAt: "2026-01-01T00:00:00.000Z" },
  }),
  order: delivery({
    entity: { kind: "order", key: "ord_2", schemaVersion: 1 },
    data: { number: "SO-2", customerId: "001Ab", status: "partially_fulfilled", total: { amount: "1200.50", currency: "EUR" } },
  }),
  invoice: delivery({
    entity: { kind: "invoice", key: "inv_1", schemaVersion: 1 },
    data: { orderId: "ord_1", customerId: "001Ab", status: "open", total: { amount: "12.00", currency: "EUR" }, dueDate: "2026-12-24" },
  }),
  "deletion of a case": delivery({ entity: { kind: "case", key: "500Gone", schemaVersion: 1 }, deleted: true, data: {} }),
};

export const SETTINGS: Settings = {
  authentication: { by: "basic", user: USER.name },
  tables: { order: { table: "u_order" }, invoice: { table: "u_invoice" } },
  fields: { case: { fields: { "custom.margin": "u_margin" } } },
};
export const BASE_URL = "https://acme.service-now.com/api/now";
const OAUTH_SECRETS = { clientSecret: CLIENT.secret, privateKey: PRIVATE_KEY };

const NEVER = {
  "row locked": "requests lock no rows; a busy node answers 429",
  "CSRF token expires": "it asks for none of a user who is not a browser's",
  "change token refused": "it reads by time",
} as const;
const ONE_AT_A_TIME = "the router never sends two: deduplicates is false, so it writes an entity once at a time, after an intent";

/** Basic, the Table API alone, and no unique index on our key. */
export const servicenowTrial: Trial = {
  definition: servicenow,
  connection: { baseUrl: BASE_URL, settings: SETTINGS, secrets: { password: USER.password } },
  start: () => new ServiceNow(),
  deliveries: DELIVERIES,
  refused: { delivery: { ...caseDelivery, data: { status: "open" } }, fields: ["subject"] },
  cannotHappen: {
    ...NEVER,
    "credential expires under parallel callers": "a password does not expire from one request to the next",
    "key of the wrong form": "any text can be a password",
    "two creates of one key at once": ONE_AT_A_TIME,
    "failure inside a success": "the Table API's statuses say what happened",
  },
};

/** OAuth by an RS256 assertion, and a unique index on our key. */
export const servicenowJwtTrial: Trial = {
  ...servicenowTrial,
  connection: {
    baseUrl: BASE_URL,
    settings: { ...SETTINGS, authentication: { by: "jwtBearer", clientId: CLIENT.id, user: USER.name, keyId: "map-1" } },
    secrets: OAUTH_SECRETS,
  },
  start: () => new ServiceNow({ unique: true }),
  wrongKeys: [
    {
      connection: {
        baseUrl: BASE_URL,
        settings: { ...SETTINGS, authentication: { by: "jwtBearer", clientId: CLIENT.id, user: USER.name, keyId: "map-1" } },
        secrets: { ...OAUTH_SECRETS, privateKey: PKCS1_KEY },
      },
      says: /pkcs8/,
    },
  ],
  cannotHappen: {
    ...NEVER,
    "key held by two records": "the team has put a unique index on the key",
    "failure inside a success": "the Table API's statuses say what happened",
  },
};

/** OAuth for the client; cases and customers by import sets. */
export const servicenowImportTrial: Trial = {
  ...servicenowTrial,
  connection: {
    baseUrl: BASE_URL,
    settings: {
      ...SETTINGS,
      authentication: { by: "clientCredentials", clientId: CLIENT.id },
      tables: { ...SETTINGS.tables, case: { importSet: "u_sb_case" }, customer: { importSet: "u_sb_customer" } },
    },
    secrets: { clientSecret: CLIENT.secret },
  },
  cannotHappen: {
    ...NEVER,
    "key of the wrong form": "any text can be a client secret",
    "two creates of one key at once": ONE_AT_A_TIME,
  },
};
