import { readFileSync } from "node:fs";
import { freshdesk } from "../../../../src/destinations/freshdesk/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";

interface Schema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, { readonly type: string; readonly format?: string; readonly enum?: readonly unknown[] }>>;
}

interface Parameter {
  readonly name: string;
  readonly enum?: readonly string[];
  readonly maximum?: number;
}

/** What the published description says: fields that may be written, and parameters of lists. */
export const DESCRIPTION = JSON.parse(readFileSync(`${import.meta.dirname}/../descriptions/freshdesk.json`, "utf8")) as {
  readonly schemas: Readonly<Record<"Ticket" | "TicketCreate" | "TicketUpdate" | "Company" | "CompanyCreate", Schema>>;
  readonly parameters: Readonly<Record<string, readonly Parameter[]>>;
};

type Path = "tickets" | "companies";
type Fields = Readonly<Record<string, unknown>>;

interface FreshdeskRecord {
  readonly id: number;
  readonly path: Path;
  fields: Fields;
  deleted: boolean;
  readonly createdAtMs: number;
  updatedAtMs: number;
  /** As the search index knows it. */
  indexed: Fields | null;
}

const API_KEY = "freshdesk-key-that-must-not-leak";
const DAY_MS = 86_400_000;
/** The index takes minutes; five of them here. */
const INDEX_LAG_MS = 300_000;
const CUSTOM_FIELDS: Readonly<Record<Path, readonly string[]>> = {
  tickets: ["cf_router_key", "cf_router_customer", "cf_line"],
  companies: ["router_key", "customer_number", "region"],
};
const WRITE_SCHEMA: Readonly<Record<string, "TicketCreate" | "TicketUpdate" | "CompanyCreate">> = {
  "POST tickets": "TicketCreate",
  "PUT tickets": "TicketUpdate",
  "POST companies": "CompanyCreate",
  "PUT companies": "CompanyCreate",
};

interface Problem {
  readonly field: string;
  readonly message: string;
  readonly code: string;
  readonly additional_info?: object;
}

const invalid = (errors: readonly Problem[], status = 400): Response =>
  Response.json({ description: "Validation failed", errors }, { status });
const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");

/** Freshdesk as https://developers.freshdesk.com/api/ describes it (read 2026-11-24). */
export class Freshdesk implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly #namesHolder: boolean;
  readonly #records: FreshdeskRecord[] = [];

  /** `namesHolder`: whether a refused duplicate says which company it is. */
  constructor(namesHolder = true) {
    this.#namesHolder = namesHolder;
    this.#make("companies", { name: "Seed Ltd", custom_fields: { router_key: "001Ab" } });
    this.#make("companies", { name: "Unlinked Ltd", custom_fields: { router_key: null } });
  }

  readonly tricks = {
    add: (kind: string, key: string, stampMs?: number): void => {
      const made = this.#make(pathOf(kind), {
        subject: "made by another",
        name: `Name of ${key}`,
        status: 2,
        custom_fields: keyField(kind, key),
      });
      made.updatedAtMs = stampMs ?? this.time.nowMs;
    },
    touch: (kind: string, key: string): void => {
      const record = this.#holders(kind, key)[0];
      if (record === undefined) throw new Error(`no ${kind} ${key} to touch`);
      this.#change(record, { subject: `changed at ${this.time.nowMs}` });
    },
    doubleKey: (kind: string, key: string): void => {
      for (let each = 0; each < 2; each++)
        this.#make(pathOf(kind), { subject: "one of two", status: 2, custom_fields: keyField(kind, key) });
    },
  };

  held(kind: string, key: string) {
    return this.#holders(kind, key).map(({ id, fields }) => ({ id: String(id), fields }));
  }

  async answer(request: Request): Promise<Response> {
    const expected = `Basic ${Buffer.from(`${API_KEY}:X`).toString("base64")}`;
    if (request.headers.get("authorization") !== expected)
      return Response.json({ code: "invalid_credentials", message: "You have to be logged in to perform this action." }, { status: 401 });
    const url = new URL(request.url);
    const [api, version, ...steps] = url.pathname.split("/").slice(1).map(decodeURIComponent);
    if (api !== "api" || version !== "v2") return new Response(null, { status: 404 });
    if (request.method === "GET") return this.#get(steps, url.searchParams);
    const [path, id] = steps as [Path, string | undefined];
    const record =
      id === undefined ? undefined : this.#records.find((each) => each.path === path && String(each.id) === id && !each.deleted);
    if (id !== undefined && record === undefined) return new Response(null, { status: 404 });
    if (request.method === "DELETE" && record !== undefined) {
      record.deleted = true;
      return new Response(null, { status: 204 });
    }
    const schema = WRITE_SCHEMA[`${request.method} ${path}`];
    if (schema === undefined || (request.method === "POST") !== (id === undefined)) return new Response(null, { status: 405 });
    if (request.headers.get("content-type") !== "application/json") return new Response(null, { status: 415 });
    return this.#write(path, schema, record, (await request.json()) as Fields);
  }

  #holders(kind: string, key: string): readonly FreshdeskRecord[] {
    const path = pathOf(kind);
    return this.#records.filter((record) => record.path === path && !record.deleted && customOf(record.fields)[KEY_FIELDS[path]] === key);
  }

  #make(path: Path, fields: Fields): FreshdeskRecord {
    const [createdAtMs, updatedAtMs] = [this.time.nowMs, this.time.nowMs];
    const record = { id: 1 + this.#records.length, path, fields, deleted: false, createdAtMs, updatedAtMs, indexed: null };
    this.#records.push(record);
    return record;
  }

  #change(record: FreshdeskRecord, fields: Fields): void {
    this.#index();
    const custom = { ...customOf(record.fields), ...customOf(fields) };
    record.fields = { ...record.fields, ...fields, custom_fields: custom };
    record.updatedAtMs = this.time.nowMs;
  }

  #index(): void {
    for (const record of this.#records)
      if (this.time.nowMs - record.updatedAtMs >= INDEX_LAG_MS) record.indexed = record.deleted ? null : record.fields;
  }

  #shown({ id, path, fields, createdAtMs, updatedAtMs, deleted }: FreshdeskRecord, inList: boolean): object {
    const { email: _email, description, ...seen } = fields;
    const ticket = { requester_id: 77, ...(inList ? {} : { description }), ...(deleted ? { deleted: true } : {}) };
    return { ...seen, ...(path === "tickets" ? ticket : {}), id, created_at: stamp(createdAtMs), updated_at: stamp(updatedAtMs) };
  }

  #get(steps: readonly string[], query: URLSearchParams): Response {
    const headers = { date: new Date(this.time.nowMs).toUTCString() };
    const [path, id] = steps;
    if (path === "search") return this.#search(id as Path, query, headers);
    if (path !== "tickets" && path !== "companies") return new Response(null, { status: 404 });
    if (id === undefined) return this.#list(path, query, headers);
    const record = this.#records.find((each) => each.path === path && String(each.id) === id);
    // Deleted tickets stay readable; deleted companies are gone.
    if (record === undefined || (record.deleted && path === "companies")) return new Response(null, { status: 404, headers });
    return Response.json(this.#shown(record, false), { headers });
  }

  /** Every parameter is checked against the description. */
  #wrongQuery(route: string, query: URLSearchParams): Response | null {
    const known = DESCRIPTION.parameters[route] ?? [];
    const errors = [...query].flatMap(([name, value]): readonly Problem[] => {
      const parameter = known.find((each) => each.name === name);
      if (parameter === undefined) return [{ field: name, message: "Unexpected/invalid field in request", code: "invalid_field" }];
      const fits = parameter.enum?.includes(value) ?? (parameter.maximum === undefined || Number(value) <= parameter.maximum);
      return fits ? [] : [{ field: name, message: `It should be one of ${JSON.stringify(parameter)}`, code: "invalid_value" }];
    });
    return errors.length === 0 ? null : invalid(errors);
  }

  #list(path: Path, query: URLSearchParams, headers: Readonly<Record<string, string>>): Response {
    const wrong = this.#wrongQuery(`GET /${path}`, query);
    if (wrong !== null) return wrong;
    const sinceMs = query.has("updated_since") ? Date.parse(query.get("updated_since") ?? "") : this.time.nowMs - 30 * DAY_MS;
    if (Number.isNaN(sinceMs)) return invalid([{ field: "updated_since", message: "It should be a date", code: "datatype_mismatch" }]);
    const direction = query.get("order_type") === "asc" ? 1 : -1;
    const stampOf = (record: FreshdeskRecord) => (query.get("order_by") === "updated_at" ? record.updatedAtMs : record.createdAtMs);
    const found = this.#records
      .filter((record) => record.path === path && !record.deleted && (path === "companies" || record.updatedAtMs >= sinceMs))
      .toSorted((left, right) => (path === "companies" ? left.id - right.id : (stampOf(left) - stampOf(right)) * direction));
    const [perPage, page] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
    if (page > 300) return invalid([{ field: "page", message: "You have reached the limit of pages", code: "invalid_value" }]);
    return Response.json(
      found.slice((page - 1) * perPage, page * perPage).map((record) => this.#shown(record, true)),
      { headers },
    );
  }

  /** The query language: clauses such as `name:'text'`, joined by AND, all of it in double quotes, of at most 512 characters. */
  #search(path: Path, query: URLSearchParams, headers: Readonly<Record<string, string>>): Response {
    this.#index();
    const wrong = this.#wrongQuery(`GET /search/${path}`, query);
    if (wrong !== null) return wrong;
    const text = query.get("query") ?? "";
    const inner = text.length <= 514 ? /^"(.+)"$/s.exec(text)?.[1] : undefined;
    const clauses = inner?.split(" AND ").map((clause) => /^([a-z0-9_]+):'([^'"\\]*)'$/.exec(clause));
    if (clauses === undefined || clauses.some((clause) => clause === null || !CUSTOM_FIELDS[path].includes(clause[1] ?? "")))
      return invalid([{ field: "query", message: `Query is invalid: ${text}`, code: "invalid_value" }]);
    const fits = (fields: Fields) => clauses.every((clause) => customOf(fields)[clause?.[1] ?? ""] === clause?.[2]);
    const found = this.#records.filter((record) => record.path === path && record.indexed !== null && fits(record.indexed)).slice(0, 30);
    return Response.json(
      { total: found.length, results: found.map((record) => this.#shown({ ...record, fields: record.indexed ?? {} }, true)) },
      { headers },
    );
  }

  #write(path: Path, schemaName: keyof typeof DESCRIPTION.schemas, record: FreshdeskRecord | undefined, sent: Fields): Response {
    const errors = problems(path, DESCRIPTION.schemas[schemaName], sent);
    if (record === undefined) errors.push(...missing(path, sent));
    if (errors.length > 0) return invalid(errors);
    const taken = path === "companies" ? this.#taken(record, sent) : null;
    if (taken !== null) return taken;
    if (record === undefined) return Response.json(this.#shown(this.#make(path, sent), false), { status: 201 });
    this.#change(record, sent);
    return Response.json(this.#shown(record, false));
  }

  /** Company names are unique whatever their case, and so is a custom field that is marked so. */
  #taken(record: FreshdeskRecord | undefined, sent: Fields): Response | null {
    const others = this.#records.filter((each) => each.path === "companies" && !each.deleted && each !== record);
    const name = String(sent["name"]).toLowerCase();
    const byName = others.find(({ fields }) => String(fields["name"]).toLowerCase() === name);
    const key = customOf(sent)["router_key"];
    const byKey = others.find(({ fields }) => key !== undefined && customOf(fields)["router_key"] === key);
    const holder = byName ?? byKey;
    if (holder === undefined) return null;
    const info = this.#namesHolder ? { additional_info: { company_id: holder.id } } : {};
    const field = byName === undefined ? "router_key" : "name";
    return invalid([{ field, message: "It should be a unique value", code: "duplicate_value", ...info }], 409);
  }
}

const pathOf = (kind: string): Path => (kind === "case" ? "tickets" : "companies");
const KEY_FIELDS: Readonly<Record<Path, string>> = { tickets: "cf_router_key", companies: "router_key" };
const keyField = (kind: string, key: string): Fields => ({ [KEY_FIELDS[pathOf(kind)]]: key });
const customOf = (fields: Fields): Fields => (fields["custom_fields"] ?? {}) as Fields;

function problems(path: Path, { properties }: Schema, sent: Fields): Problem[] {
  const errors = Object.entries(sent).flatMap(([field, value]): readonly Problem[] => {
    const property = properties[field];
    if (property === undefined) return [{ field, message: "Unexpected/invalid field in request", code: "invalid_field" }];
    if (value === null) return [];
    const type = Array.isArray(value) ? "array" : typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
    if (type !== property.type)
      return [{ field, message: `Value set is of type ${type}. It should be a/an ${property.type}`, code: "datatype_mismatch" }];
    const fits = property.enum?.includes(value) ?? (property.format !== "email" || /^\S+@\S+\.\S+$/.test(String(value)));
    return fits ? [] : [{ field, message: `It should be one of these values: '${property.enum?.join(",")}'`, code: "invalid_value" }];
  });
  const unknown = Object.keys(customOf(sent)).filter((field) => !CUSTOM_FIELDS[path].includes(field));
  return [...errors, ...unknown.map((field) => ({ field, message: "Unexpected/invalid field in request", code: "invalid_field" }))];
}

function missing(path: Path, sent: Fields): readonly Problem[] {
  const required = path === "companies" ? ["name"] : ["subject", "description", "status", "priority"];
  const fields = required.filter((field) => sent[field] === undefined || sent[field] === "");
  if (path === "tickets" && ["email", "phone", "requester_id"].every((field) => sent[field] === undefined)) fields.push("requester_id");
  return fields.map((field) => ({ field, message: "It should not be blank as this is a mandatory field", code: "missing_field" }));
}

const supportCase = delivery({
  entity: { kind: "case", key: "case 1/ä?#", schemaVersion: 1 },
  data: {
    subject: "The switch jams 🚂",
    description: "It does not move,\n<not> at all.",
    status: "open",
    priority: "high",
    customerId: "001Ab",
    requesterEmail: "ada@example.com",
    custom: { line: "U5" },
  },
});

export const freshdeskTrial: Trial = {
  definition: freshdesk,
  connection: {
    baseUrl: "https://acme.freshdesk.com",
    settings: freshdesk.settings.parse({
      defaultRequesterEmail: "router@acme.example",
      fields: { case: { fields: { "custom.line": "custom_fields.cf_line" } } },
    }),
    secrets: { apiKey: API_KEY },
  },
  start: () => new Freshdesk(),
  deliveries: {
    case: supportCase,
    "part of a case": { ...supportCase, nature: "delta", data: { priority: "low" }, cleared: ["custom.line"] },
    "a new case that quotes in its key": delivery({
      entity: { kind: "case", key: `it's "1"`, schemaVersion: 1 },
      data: { subject: "Hm", status: "new", priority: "normal" },
    }),
    customer: delivery({
      entity: { kind: "customer", key: "001Cd", schemaVersion: 1 },
      data: { name: "Acme Ltd", number: "C-7", region: "EMEA" },
    }),
    "a customer whom nobody has linked": delivery({
      entity: { kind: "customer", key: "001Ef", schemaVersion: 1 },
      data: { name: "Unlinked Ltd" },
    }),
    deletion: { ...supportCase, deleted: true, data: {} },
  },
  refused: {
    delivery: delivery({ entity: { kind: "customer", key: "001Gh", schemaVersion: 1 }, data: { name: "SEED LTD" } }),
    fields: ["name"],
  },
  cannotHappen: {
    "credential expires under parallel callers": "its API key does not expire",
    "key of the wrong form": "any text can be its key",
    "two creates of one key at once":
      "it cannot recognise a second create, so the module says so and the router lets one write of a record through at a time",
    "row locked": "it tells of no locks",
    "record changed before our write": "an update puts our fields over whatever is there; order is the router's",
    "failure inside a success": "its statuses say what happened",
    "silent no-op": "it answers with the record",
    "CSRF token expires": "it has none",
    "change token refused": "it is read by time and page; it gives no tokens",
  },
};
