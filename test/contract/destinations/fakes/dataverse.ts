import { randomUUID } from "node:crypto";
import { dataverse } from "../../../../src/destinations/dataverse/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeRecord, FakeSystem, Trial, Tricks } from "./define.ts";
import { CERTIFICATE, CLIENT_ID, CLIENT_SECRET, EntraIssuer, PKCS1_KEY, TENANT } from "./entra-issuer.ts";
import { QueryError, parseFilter, parseOrder, type FilterRules } from "./odata-query.ts";

const BASE_URL = "https://acme.crm4.dynamics.com";
const ROOT = "/api/data/v9.2/";
const KEY = "rtr_externalid";
export const SKU = "rtr_sku";

type Column = "text" | "money" | "day" | "time" | "boolean" | readonly number[];
interface TableShape {
  readonly set: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly readOnly: readonly string[];
  /** Logical table by navigation property. */
  readonly lookups: Readonly<Record<string, string>>;
  /** Reasons by state; the first is the default. */
  readonly states: Readonly<Record<number, readonly number[]>>;
  readonly lockedWhenClosed: boolean;
  /** States that only an action leads to. */
  readonly byAction: readonly number[];
  readonly lengths: Readonly<Record<string, number>>;
}

const customerLookup = { customerid_account: "account" };
const LOOKUP_COLUMNS: Readonly<Record<string, string>> = { customerid_account: "_customerid_value" };
const lookupColumn = (navigation: string): string => LOOKUP_COLUMNS[navigation] ?? `_${navigation}_value`;
const PLAIN = { readOnly: [], lookups: {}, lockedWhenClosed: false, byAction: [], lengths: {} };

/** The columns that the module touches, and some that it does not. */
const TABLES: Readonly<Record<string, TableShape>> = {
  transactioncurrency: { ...PLAIN, set: "transactioncurrencies", columns: { isocurrencycode: "text" }, states: { 0: [1], 1: [2] } },
  account: {
    ...PLAIN,
    set: "accounts",
    columns: { name: "text", accountnumber: "text", emailaddress1: "text", telephone1: "text", fax: "text" },
    lookups: { transactioncurrencyid: "transactioncurrency" },
    states: { 0: [1], 1: [2] },
    lengths: { name: 160, accountnumber: 20 },
  },
  opportunity: {
    ...PLAIN,
    set: "opportunities",
    columns: { name: "text", estimatedvalue: "money", estimatedclosedate: "day" },
    lookups: { ...customerLookup, transactioncurrencyid: "transactioncurrency" },
    states: { 0: [1, 2], 1: [3], 2: [4, 5] },
    lockedWhenClosed: true,
    byAction: [1, 2],
  },
  salesorder: {
    ...PLAIN,
    set: "salesorders",
    columns: { name: "text", ordernumber: "text", totalamount: "money" },
    readOnly: ["ordernumber"],
    lookups: { ...customerLookup, opportunityid: "opportunity", transactioncurrencyid: "transactioncurrency" },
    states: { 0: [1, 2], 1: [3], 2: [4], 3: [100_001, 100_002], 4: [100_003] },
    lockedWhenClosed: true,
    byAction: [2, 3],
  },
  // Of a product that is written in; one of the catalogue has `productid` and `uomid`, which nobody asks for here.
  salesorderdetail: {
    ...PLAIN,
    set: "salesorderdetails",
    columns: {
      isproductoverridden: "boolean",
      productdescription: "text",
      quantity: "money",
      priceperunit: "money",
      lineitemnumber: "money",
      [SKU]: "text",
    },
    lookups: { salesorderid: "salesorder" },
    states: { 0: [1] },
    lengths: { productdescription: 500 },
  },
  invoice: {
    ...PLAIN,
    set: "invoices",
    columns: { name: "text", invoicenumber: "text", totalamount: "money", duedate: "day" },
    readOnly: ["invoicenumber"],
    lookups: { ...customerLookup, opportunityid: "opportunity", salesorderid: "salesorder", transactioncurrencyid: "transactioncurrency" },
    states: { 0: [1, 2, 4], 2: [100_001, 100_002], 3: [100_003] },
    lockedWhenClosed: true,
  },
  entitlement: {
    ...PLAIN,
    set: "entitlements",
    columns: { name: "text", startdate: "day", enddate: "day" },
    lookups: customerLookup,
    states: { 0: [0], 1: [1], 2: [2], 3: [3], 4: [1200] },
    lockedWhenClosed: true,
  },
  incident: {
    ...PLAIN,
    set: "incidents",
    columns: { title: "text", description: "text", ticketnumber: "text", prioritycode: [1, 2, 3], emailaddress: "text" },
    readOnly: ["ticketnumber"],
    lookups: customerLookup,
    states: { 0: [1, 2, 3, 4], 1: [5, 1000], 2: [6, 2000] },
    lockedWhenClosed: true,
    byAction: [1],
  },
};
const KINDS: Readonly<Partial<Record<EntityKind, string>>> = {
  customer: "account",
  opportunity: "opportunity",
  order: "salesorder",
  invoice: "invoice",
  entitlement: "entitlement",
  case: "incident",
};
const ACTIONS: Readonly<
  Record<string, { readonly parameter: string; readonly activity: string; readonly table: string; readonly state: number }>
> = {
  CloseIncident: { parameter: "IncidentResolution", activity: "incidentresolution", table: "incident", state: 1 },
  WinOpportunity: { parameter: "OpportunityClose", activity: "opportunityclose", table: "opportunity", state: 1 },
  LoseOpportunity: { parameter: "OpportunityClose", activity: "opportunityclose", table: "opportunity", state: 2 },
  CancelSalesOrder: { parameter: "OrderClose", activity: "orderclose", table: "salesorder", state: 2 },
  FulfillSalesOrder: { parameter: "OrderClose", activity: "orderclose", table: "salesorder", state: 3 },
};

interface Row extends Record<string, unknown> {
  id: string;
  statecode: number;
  statuscode: number;
  versionnumber: number;
  modifiedon: string;
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
const payload = (message: string): Refused =>
  new Refused(
    400,
    "0x80048d19",
    `Error identified in Payload provided by the user for Entity :'', InnerException : Microsoft.OData.ODataException: ${message}`,
  );

const RATE_LIMITED = new Refused(429, "0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.");

/** The Dataverse Web API for Dynamics 365's own tables, as its documentation describes it. */
export class FakeDataverse implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly #issuer = new EntraIssuer(`${BASE_URL}/.default`, this.time);
  readonly #tables = new Map<string, Row[]>(Object.keys(TABLES).map((name) => [name, []]));
  readonly #deleted: { readonly table: string; readonly id: string; readonly version: number }[] = [];
  #version = 915_000;
  #tokensFrom = 0;
  #beforeWrite: (() => void) | null = null;
  #lock = false;
  #limit = false;
  readonly #tracking: boolean;

  constructor(tracking = true) {
    this.#tracking = tracking;
    for (const code of ["EUR", "USD"]) this.#insert("transactioncurrency", { isocurrencycode: code });
    for (const key of ["001Ab", "CUST-7"]) this.#insert("account", { [KEY]: key, name: `Account ${key}` });
    this.#insert("opportunity", { [KEY]: "OPP-1", name: "Referred to" });
  }

  readonly tricks: Tricks = {
    ...this.#issuer.tricks,
    add: (kind, key, stampMs) => {
      // Whoever counts what is added wants to see nothing else.
      for (const name of ["account", "opportunity"])
        this.#tables.set(
          name,
          this.#of(name).filter((row) => !["001Ab", "CUST-7", "OPP-1"].includes(String(row[KEY]))),
        );
      this.#insert(this.#tableOf(kind), { [KEY]: key, name: "made by another" }, stampMs);
    },
    touch: (kind, key) => this.#touch(kind, key),
    touchBeforeNextWrite: (kind, key) => {
      this.#beforeWrite = () => this.#touch(kind, key);
    },
    lockNext: () => {
      this.#lock = true;
    },
    expireChangeToken: () => {
      this.#tokensFrom = this.#version + 1;
    },
  };

  /** The next request is over a service protection limit. */
  limitNext(): void {
    this.#limit = true;
  }

  drop(kind: EntityKind, key: string): void {
    const table = this.#tableOf(kind);
    for (const row of this.#of(table).filter((each) => each[KEY] === key)) this.#remove(table, row);
  }

  held(kind: EntityKind, key: string): readonly FakeRecord[] {
    return this.#of(this.#tableOf(kind))
      .filter((row) => row[KEY] === key)
      .map((row) => ({ id: row.id, fields: row }));
  }

  async answer(request: Request): Promise<Response> {
    const issued = await this.#issuer.answer(request.clone() as Request);
    if (issued !== undefined) return issued;
    if (!this.#issuer.accepts(request))
      return new Response("", { status: 401, headers: { "www-authenticate": `Bearer authorization_uri=${BASE_URL}` } });
    try {
      if (request.headers.get("odata-version") !== "4.0" || request.headers.get("odata-maxversion") !== "4.0")
        throw new Refused(400, "0x80060888", "The OData version headers are missing.");
      if (this.#limit) {
        this.#limit = false;
        throw RATE_LIMITED;
      }
      return await this.#route(request);
    } catch (error) {
      if (error instanceof QueryError) return failure(new Refused(400, "0x80060888", error.message));
      if (error instanceof Refused) return failure(error);
      throw error;
    }
  }

  async #route(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = decodeURIComponent(url.pathname.slice(ROOT.length));
    const action = ACTIONS[path];
    const match = /^(\w+)(?:\((.*)\))?$/s.exec(path);
    const name = Object.keys(TABLES).find((each) => TABLES[each]?.set === match?.[1]);
    // Read first, so that nothing happens between finding a row and changing it.
    const body = ["PATCH", "POST"].includes(request.method) ? ((await request.json()) as Record<string, unknown>) : {};
    if (request.method !== "GET") this.#disturb();
    if (action !== undefined && request.method === "POST") return this.#act(action, body);
    if (!url.pathname.startsWith(ROOT) || name === undefined)
      throw new Refused(404, "0x8006088a", `Resource not found for the segment '${match?.[1] ?? ""}'.`);
    const where = match?.[2];
    if (where === undefined) {
      if (request.method === "POST" && name === "salesorderdetail") return this.#addLine(body);
      if (request.method !== "GET") throw new Refused(405, "0x8006088a", "The method is not allowed.");
      return this.#list(name, url, request.headers.get("prefer") ?? "");
    }
    const key = new RegExp(`^${KEY}='((?:[^']|'')*)'$`, "s").exec(where)?.[1]?.replaceAll("''", "'");
    if (key === undefined && !/^[0-9a-f-]{36}$/.test(where)) throw new Refused(400, "0x80060888", "The key is not defined for the table.");
    const row = this.#of(name).find((each) => (key === undefined ? each.id === where : each[KEY] === key));
    return this.#one(request, name, { key, row, body });
  }

  #one(
    request: Request,
    name: string,
    { key, row, body }: { readonly key: string | undefined; readonly row: Row | undefined; readonly body: Record<string, unknown> },
  ): Response {
    const absent = new Refused(
      404,
      key === undefined ? "0x80040217" : "0x80060891",
      `A record with the specified key values does not exist in ${name} entity`,
    );
    const query = new URL(request.url).searchParams;
    if (request.method === "GET") {
      if (row === undefined) throw absent;
      return this.#json(200, this.#shown(name, row, query));
    }
    const [ifMatch, ifNoneMatch] = [request.headers.get("if-match"), request.headers.get("if-none-match")];
    if (row === undefined && ifMatch !== null) throw absent;
    if (row !== undefined && ifNoneMatch === "*") throw new Refused(412, "0x80060892", "A record with matching key values already exists.");
    if (row !== undefined && ifMatch !== null && ifMatch !== "*" && ifMatch !== etagOf(row))
      throw new Refused(412, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided.");
    if (request.method === "DELETE") {
      if (row === undefined) throw absent;
      this.#moveOrder(name, row);
      this.#remove(name, row);
      return new Response(null, { status: 204 });
    }
    if (request.method !== "PATCH" || (key === undefined && row === undefined))
      throw new Refused(405, "0x8006088a", "The method is not allowed.");
    const values = this.#checked(name, body, row);
    if (row !== undefined) this.#moveOrder(name, row);
    const written = row === undefined ? this.#insert(name, { ...values, [KEY]: key }) : this.#change(row, values);
    const wantsRow = (request.headers.get("prefer") ?? "").includes("return=representation");
    return wantsRow ? this.#json(row === undefined ? 201 : 200, this.#shown(name, written, query)) : new Response(null, { status: 204 });
  }

  #addLine(body: Record<string, unknown>): Response {
    const values = this.#checked("salesorderdetail", body, undefined);
    if (values["isproductoverridden"] !== true || typeof values["productdescription"] !== "string")
      throw new Refused(400, "0x80043b1e", "The product description is missing for a product that is written in.");
    if (typeof values["quantity"] !== "number") throw new Refused(400, "0x80043b17", "The quantity is missing.");
    this.#moveOrder("salesorderdetail", values);
    this.#insert("salesorderdetail", values);
    return new Response(null, { status: 204 });
  }

  /** A line's order is recalculated with it, and must be open. */
  #moveOrder(name: string, line: Readonly<Record<string, unknown>>): void {
    if (name !== "salesorderdetail") return;
    const order = this.#of("salesorder").find(({ id }) => id === line["_salesorderid_value"]);
    if (order === undefined) throw new Refused(400, "0x80043b02", "The order of the line is missing.");
    if (order.statecode !== 0) throw new Refused(400, "0x80040265", "The order is not open, so its lines cannot be changed.");
    this.#change(order, {});
  }

  /** Lines of an order by our key, in their order. */
  linesOf(key: string): readonly Record<string, unknown>[] {
    const order = this.#of("salesorder").find((row) => row[KEY] === key);
    return this.#of("salesorderdetail")
      .filter((row) => row["_salesorderid_value"] === order?.id)
      .toSorted((left, right) => Number(left["lineitemnumber"]) - Number(right["lineitemnumber"]));
  }

  #disturb(): void {
    const before = this.#beforeWrite;
    this.#beforeWrite = null;
    before?.();
    if (!this.#lock) return;
    this.#lock = false;
    throw new Refused(400, "0x80044151", "SQL timeout expired.");
  }

  /** Property by property: known, writable, of its type, and allowed in the row's state. */
  #checked(name: string, body: Record<string, unknown>, row: Row | undefined): Record<string, unknown> {
    const shape = shapeOf(name);
    const values: Record<string, unknown> = {};
    for (const [property, value] of Object.entries(body)) {
      const navigation = property.replace(/@odata\.bind$/, "");
      if (shape.lookups[navigation] !== undefined) {
        if (!property.endsWith("@odata.bind") && value !== null) throw payload(`The property '${property}' takes a binding.`);
        values[lookupColumn(navigation)] = value === null ? null : this.#bound(shape.lookups[navigation] ?? "", String(value));
      } else if (property === "statecode" || property === "statuscode") values[property] = value;
      else values[property] = plainValue(name, shape, property, value);
    }
    this.#checkState(name, shape, values, row);
    return values;
  }

  #checkState(name: string, shape: TableShape, values: Record<string, unknown>, row: Row | undefined): void {
    const state = Number(values["statecode"] ?? row?.statecode ?? 0);
    const reason = Number(
      values["statuscode"] ?? (values["statecode"] === undefined ? row?.statuscode : undefined) ?? shape.states[state]?.[0],
    );
    if (!(shape.states[state] ?? []).includes(reason))
      throw new Refused(400, "0x80048408", `${reason} is not a valid status code for state code ${state} on ${name}.`);
    const columns = Object.keys(values).filter((property) => !property.startsWith("state") && !property.startsWith("status"));
    if (row === undefined && state !== 0) throw new Refused(400, "0x80040203", "A row is created in its open state.");
    if (row !== undefined && row.statecode !== 0 && shape.lockedWhenClosed && columns.length > 0)
      throw new Refused(400, "0x80040265", `This ${name} can't be edited because it's inactive.`);
    if (state !== row?.statecode && shape.byAction.includes(state))
      throw new Refused(
        400,
        "0x80048408",
        `This message can not be used to set the state of ${name} to ${state}. Use the action for it instead.`,
      );
    values["statecode"] = state;
    values["statuscode"] = reason;
  }

  #bound(table: string, reference: string): string {
    const [, set, where = ""] = /^\/(\w+)\((.*)\)$/s.exec(reference) ?? [];
    if (set !== shapeOf(table).set) throw payload(`The binding '${reference}' is not of table ${table}.`);
    const key = /^rtr_externalid=(.*)$/s.exec(where)?.[1];
    const text = key === undefined ? undefined : /^'(.*)'$/s.exec(decodeURIComponent(key))?.[1]?.replaceAll("''", "'");
    const row = this.#of(table).find((each) => (text === undefined ? each.id === where : each[KEY] === text));
    if (row === undefined)
      throw new Refused(
        404,
        text === undefined ? "0x80040217" : "0x80060891",
        `A record with the specified key values does not exist in ${table} entity`,
      );
    return row.id;
  }

  #act(action: (typeof ACTIONS)[string], body: Record<string, unknown>): Response {
    const { parameter, activity, table, state } = action;
    const given = body[parameter] as Record<string, unknown> | undefined;
    if (given === undefined || given["@odata.type"] !== `Microsoft.Dynamics.CRM.${activity}` || typeof given["subject"] !== "string")
      throw payload(`The parameter '${parameter}' is not a ${activity}.`);
    const id = /\(([0-9a-f-]{36})\)$/.exec(String(given[`${table}id@odata.bind`]))?.[1];
    const row = this.#of(table).find((each) => each.id === id);
    if (row === undefined) throw new Refused(404, "0x80040217", `${table} With Id = ${id} Does Not Exist`);
    if (!(shapeOf(table).states[state] ?? []).includes(Number(body["Status"])))
      throw new Refused(400, "0x80048408", "Not a valid status code.");
    if (row.statecode === state) throw new Refused(400, "0x80040203", `The ${table} is already closed.`);
    this.#change(row, { statecode: state, statuscode: Number(body["Status"]) });
    return new Response(null, { status: 204 });
  }

  #list(name: string, url: URL, prefer: string): Response {
    const query = url.searchParams;
    const size = Number(/odata\.maxpagesize=(\d+)/.exec(prefer)?.[1] ?? 5000);
    const tracks = prefer.includes("odata.track-changes");
    if (query.has("$deltatoken")) return this.#changesSince(name, url, size);
    if (tracks || query.get("$skiptoken")?.startsWith("track") === true) return this.#tracked(name, url, size);
    const lookups = Object.keys(shapeOf(name).lookups);
    const rules: FilterRules = { properties: new Set([...known(name), ...lookups, ...lookups.map(lookupColumn)]) };
    const filter = query.get("$filter");
    const order = parseOrder(query.get("$orderby") ?? `${name}id`, rules);
    // Functions name a lookup by its logical name.
    const all = this.#of(name).map((row) => ({
      ...row,
      ...Object.fromEntries(lookups.map((each) => [each, row[lookupColumn(each)]])),
      [`${name}id`]: row.id,
    }));
    const found = all.filter(filter === null ? () => true : parseFilter(filter, rules)).toSorted(order);
    // The paging cookie holds the last row's values, so that rows that move do not shift the others.
    const cookie = query.get("$skiptoken");
    const after = cookie === null ? null : (JSON.parse(cookie) as Row);
    const rest = after === null ? found : found.filter((row) => order(row, after) > 0);
    const page = rest.slice(0, size);
    const link = rest.length > size ? linkOf(url, "$skiptoken", JSON.stringify(page.at(-1))) : undefined;
    return this.#json(200, {
      value: page.map((row) => this.#shown(name, row, query)),
      ...(link === undefined ? {} : { "@odata.nextLink": link }),
    });
  }

  /** All rows, and a token from the time when the first page was asked for. */
  #tracked(name: string, url: URL, size: number): Response {
    if (!this.#tracking) throw new Refused(400, "0x80044352", "Change tracking is not enabled for the table.");
    for (const option of ["$filter", "$orderby", "$expand", "$top"])
      if (url.searchParams.has(option))
        throw new Refused(400, "0x80060888", `The "${option}" query parameter isn't supported when Change Tracking is enabled.`);
    const [, version = String(this.#version), from = ""] = (url.searchParams.get("$skiptoken") ?? "track").split("!");
    const rest = this.#of(name)
      .filter(({ id }) => id > from)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const page = rest.slice(0, size);
    const end =
      rest.length > size
        ? { "@odata.nextLink": linkOf(url, "$skiptoken", `track!${version}!${page.at(-1)?.id ?? ""}`) }
        : { "@odata.deltaLink": linkOf(url, "$deltatoken", `${version}!${new Date(this.time.nowMs).toISOString()}`) };
    return this.#json(200, { value: page.map((row) => this.#shown(name, row, url.searchParams)), ...end });
  }

  #changesSince(name: string, url: URL, size: number): Response {
    const since = Number(url.searchParams.get("$deltatoken")?.split("!")[0]);
    if (!(since >= this.#tokensFrom))
      throw new Refused(400, "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync.");
    const rows = this.#of(name)
      .filter(({ versionnumber }) => versionnumber > since)
      .toSorted((a, b) => a.versionnumber - b.versionnumber);
    const page = rows.slice(0, size);
    const gone = this.#deleted.filter(({ table, version }) => table === name && version > since);
    const last = page.at(-1)?.versionnumber ?? this.#version;
    const deletions = gone.map(({ id }) => ({
      "@odata.context": `${BASE_URL}${ROOT}$metadata#${shapeOf(name).set}/$deletedEntity`,
      id,
      reason: "deleted",
    }));
    return rows.length > size
      ? this.#json(200, {
          value: page.map((row) => this.#shown(name, row, url.searchParams)),
          "@odata.nextLink": linkOf(url, "$deltatoken", `${last}!next`),
        })
      : this.#json(200, {
          value: [...page.map((row) => this.#shown(name, row, url.searchParams)), ...deletions],
          "@odata.deltaLink": linkOf(url, "$deltatoken", `${this.#version}!end`),
        });
  }

  #shown(name: string, row: Record<string, unknown>, query: URLSearchParams): Record<string, unknown> {
    const shape = shapeOf(name);
    const full: Record<string, unknown> = { ...row, [`${name}id`]: row["id"] };
    const lookups = Object.keys(shape.lookups).map(lookupColumn);
    const names = query.get("$select")?.split(",") ?? [...known(name), ...lookups];
    for (const each of names)
      if (!known(name).includes(each) && !lookups.includes(each))
        throw new QueryError(`Could not find a property named '${each}' on type 'Microsoft.Dynamics.CRM.${name}'.`);
    const expanded = [...(query.get("$expand") ?? "").matchAll(/(\w+)\(\$select=(\w+)\)/g)].map(([, navigation = "", column = ""]) => {
      const table = shape.lookups[navigation];
      if (table === undefined) throw new QueryError(`Could not find a property named '${navigation}'.`);
      const target = this.#of(table).find(({ id }) => id === row[lookupColumn(navigation)]);
      return [navigation, target === undefined ? null : { [column]: target[column] ?? null, [`${table}id`]: target.id }] as const;
    });
    return {
      "@odata.etag": etagOf(row as Row),
      [`${name}id`]: row["id"],
      ...Object.fromEntries(names.map((each) => [each, full[each] ?? null])),
      ...Object.fromEntries(expanded),
    };
  }

  #insert(name: string, values: Readonly<Record<string, unknown>>, atMs = this.time.nowMs): Row {
    const serial = String(this.#version).padStart(7, "0");
    const numbers: Readonly<Record<string, object>> = {
      salesorder: { ordernumber: `ORD-${serial}` },
      invoice: { invoicenumber: `INV-${serial}` },
      incident: { ticketnumber: `CAS-${serial}`, prioritycode: 2 },
    };
    const reason = shapeOf(name).states[0]?.[0] ?? 1;
    const row: Row = {
      statecode: 0,
      statuscode: reason,
      ...numbers[name],
      ...values,
      id: randomUUID(),
      createdon: seconds(atMs),
      modifiedon: seconds(atMs),
      versionnumber: ++this.#version,
    };
    this.#of(name).push(row);
    return row;
  }

  #change(row: Row, values: Readonly<Record<string, unknown>>): Row {
    return Object.assign(row, values, { modifiedon: seconds(this.time.nowMs), versionnumber: ++this.#version });
  }

  #remove(name: string, row: Row): void {
    this.#tables.set(
      name,
      this.#of(name).filter((each) => each !== row),
    );
    this.#deleted.push({ table: name, id: row.id, version: ++this.#version });
  }

  #touch(kind: EntityKind, key: string): void {
    for (const row of this.#of(this.#tableOf(kind))) if (row[KEY] === key) this.#change(row, { emailaddress1: "changed@example.com" });
  }

  #of(name: string): Row[] {
    return this.#tables.get(name) ?? [];
  }

  #tableOf(kind: EntityKind): string {
    const name = KINDS[kind];
    if (name === undefined) throw new Error(`no table for ${kind}`);
    return name;
  }

  #json(status: number, body: object): Response {
    return Response.json(
      { "@odata.context": `${BASE_URL}${ROOT}$metadata`, ...body },
      { status, headers: { "odata-version": "4.0", date: new Date(this.time.nowMs).toUTCString() } },
    );
  }
}

const shapeOf = (name: string): TableShape => {
  const shape = TABLES[name];
  if (shape === undefined) throw new Error(`no table ${name}`);
  return shape;
};

const known = (name: string): string[] => [
  `${name}id`,
  KEY,
  "versionnumber",
  "modifiedon",
  "createdon",
  "statecode",
  "statuscode",
  ...Object.keys(shapeOf(name).columns),
];

const etagOf = ({ versionnumber }: Row): string => `W/"${versionnumber}"`;
const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const linkOf = (url: URL, option: string, value: string): string => {
  const select = url.searchParams.get("$select");
  const rest = [...url.searchParams].filter(([name]) => ["$filter", "$orderby"].includes(name));
  const query = [...(select === null ? [] : [["$select", select] as const]), ...rest, [option, value] as const];
  return `${url.origin}${url.pathname}?${query.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&")}`;
};

const failure = ({ status, code, message }: Refused): Response =>
  Response.json(
    { error: { code, message } },
    { status, headers: { "odata-version": "4.0", ...(status === 429 ? { "retry-after": "34" } : {}) } },
  );

function plainValue(name: string, shape: TableShape, property: string, value: unknown): unknown {
  const column = shape.columns[property];
  if (column === undefined)
    throw payload(
      `An undeclared property '${property}' which only has property annotations in the payload but no property value was found in the payload.`,
    );
  if (shape.readOnly.includes(property)) throw new Refused(400, "0x80040203", `The attribute '${property}' cannot be set.`);
  if (value === null) return value;
  if (typeof column === "object" && !column.includes(Number(value)))
    throw new Refused(
      400,
      "0x8004431a",
      `A validation error occurred. The value ${String(value)} of '${property}' on record of type '${name}' is outside the valid range. Accepted Values: ${column.join(",")}`,
    );
  if (column === "boolean" && typeof value === "boolean") return value;
  const fits = column === "text" || column === "day" || column === "time" ? typeof value === "string" : typeof value === "number";
  if (!fits || (column === "day" && !/^\d{4}-\d\d-\d\d$/.test(String(value))))
    throw payload(`Cannot convert the literal '${String(value)}' to the expected type of '${property}'.`);
  const longest = shape.lengths[property] ?? 2000;
  if (typeof value === "string" && value.length > longest)
    throw new Refused(
      400,
      "0x80044331",
      `A validation error occurred. The length of the '${property}' attribute of the '${name}' entity exceeded the maximum allowed length of '${longest}'.`,
    );
  return value;
}

const settings = (more: object): unknown => dataverse.settings.parse({ tenant: TENANT, clientId: CLIENT_ID, keyColumn: KEY, ...more });

export const connection = (more: object, secrets: Readonly<Record<string, string>> = { ...CERTIFICATE }) => ({
  baseUrl: BASE_URL,
  settings: settings(more),
  secrets,
});

const of = (kind: EntityKind, key: string, data: JsonObject) => delivery({ entity: { kind, key, schemaVersion: 1 }, data });

export const dataverseTrial: Trial = {
  definition: dataverse,
  connection: connection({}),
  start: () => new FakeDataverse(),
  deliveries: {
    customer: of("customer", "C-1001", {
      name: "Größte O'Weiche",
      number: "1001",
      email: "ap@example.com",
      currency: "EUR",
      status: "active",
    }),
    "opportunity, won": delivery({
      data: { name: "Weiche", stage: "won", amount: { amount: "1200.50", currency: "EUR" }, customerId: "001Ab", closeDate: "2026-11-30" },
    }),
    order: of("order", "ORD 1 Ä#'", {
      customerId: "CUST-7",
      opportunityId: "OPP-1",
      status: "confirmed",
      total: { amount: "37.50", currency: "EUR" },
    }),
    "order, fulfilled": of("order", "ORD-2", { customerId: "CUST-7", status: "fulfilled" }),
    invoice: of("invoice", "INV-1", {
      customerId: "CUST-7",
      status: "paid",
      total: { amount: "37.50", currency: "USD" },
      dueDate: "2026-12-24",
    }),
    entitlement: of("entitlement", "ENT-1", { name: "Gold", customerId: "CUST-7", status: "active", startsAt: "2026-01-01T00:00:00.000Z" }),
    "case, open": of("case", "CASE-1", { subject: "It squeaks", status: "on_hold", priority: "high", customerId: "CUST-7" }),
    "case, resolved": of("case", "CASE-2", { subject: "It squeaks", status: "resolved", priority: "low", customerId: "CUST-7" }),
    "customer changed in part": {
      ...of("customer", "CUST-7", { email: "new@example.com" }),
      nature: "delta",
      cleared: ["phone", "currency"],
    },
    "customer deleted": { ...of("customer", "NEVER-MADE", {}), deleted: true },
  },
  refused: { delivery: of("order", "ORD-9", { customerId: "NOBODY", status: "draft" }), fields: ["customerId"] },
  wrongKeys: [
    { connection: connection({}, { ...CERTIFICATE, privateKey: PKCS1_KEY }), says: /PKCS#8/ },
    { connection: connection({}, { ...CERTIFICATE, certificate: "-----BEGIN NOTHING-----" }), says: /certificate is no PEM/ },
  ],
  cannotHappen: {
    "key held by two records": "our key is an alternate key, which is unique",
    "failure inside a success": "its statuses say what happened",
    "silent no-op": "it answers a write with the row as it is then",
    "CSRF token expires": "it has none",
  },
};

/** With lines, of an order that is closed at once. */
export const dataverseLinesTrial: Trial = {
  ...dataverseTrial,
  connection: connection({ lines: { skuColumn: SKU } }),
  deliveries: {
    order: of("order", "ORD-7", {
      customerId: "CUST-7",
      status: "fulfilled",
      lines: [
        { sku: "W-1", description: "Größte Weiche", quantity: "2", unitPrice: { amount: "12.50", currency: "EUR" } },
        { sku: "W-1", quantity: "0.5", unitPrice: { amount: "25", currency: "EUR" } },
      ],
    }),
    ...dataverseTrial.deliveries,
  },
};

/** Without change tracking, with a client secret, and deletions that delete. */
export const dataverseUntrackedTrial: Trial = {
  ...dataverseTrial,
  connection: connection({ proof: "secret", changeTracking: false, onDelete: "delete" }, { clientSecret: CLIENT_SECRET }),
  start: () => new FakeDataverse(false),
  wrongKeys: [],
  cannotHappen: {
    ...dataverseTrial.cannotHappen,
    "key of the wrong form": "any text can be a client secret",
    "change token refused": "it is read by the time of change, without a token",
  },
};
