import { zendesk } from "../../../../src/destinations/zendesk/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";
import { FIELDS, STATUSES, type Collection, type Fields, type ZendeskRecord } from "./zendesk-rules.ts";

const EMAIL = "router@acme.example";
const API_TOKEN = "api-token-that-must-not-leak";
const ACCESS_TOKEN = "access-token-that-must-not-leak";
const BASIC = `Basic ${Buffer.from(`${EMAIL}/token:${API_TOKEN}`).toString("base64")}`;
const IDEMPOTENCY_LIFE_MS = 2 * 3_600_000;
const SECOND = 1000;

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, { status, headers });
const missing = (): Response => json(404, { error: "RecordNotFound", description: "Not found" });
const invalid = (details: Readonly<Record<string, string>>, error = "InvalidValue"): Response =>
  json(422, {
    error: "RecordInvalid",
    description: "Record validation errors",
    details: Object.fromEntries(Object.entries(details).map(([field, description]) => [field, [{ description, error }]])),
  });

const COLLECTION_OF_KIND: Readonly<Record<string, Collection>> = {
  case: "tickets",
  order: "custom_objects/order",
  invoice: "custom_objects/invoice",
  entitlement: "custom_objects/entitlement",
};

/** Zendesk Support as its reference describes it: https://developer.zendesk.com/api-reference/ (read 2026-11-24). */
class Zendesk implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly #customers: "organizations" | "users";
  readonly #authorization: string;
  readonly #records: ZendeskRecord[] = [];
  readonly #answers = new Map<string, { readonly sent: string; readonly stored: string; readonly atMs: number }>();
  #sequence = 0;
  #lockNext = false;
  #oldestPointer = 0;
  #beforeNextWrite: (() => void) | null = null;

  constructor(customers: "organizations" | "users", authorization: string) {
    this.#customers = customers;
    this.#authorization = authorization;
    this.#make(customers, { external_id: "001Ab", name: "Seed Ltd", ...(customers === "users" ? { email: "seed@example.com" } : {}) });
    this.#make("custom_objects/order", { external_id: "ord-1", name: "SO-1" });
  }

  readonly tricks = {
    add: (kind: string, key: string, stampMs?: number): void => {
      const record = this.#make(this.#collection(kind), {
        external_id: key,
        subject: "made by another",
        name: `Name of ${key}`,
        status: "open",
      });
      record.updatedAtMs = stampMs ?? this.time.nowMs;
    },
    touch: (kind: string, key: string): void => this.#touch(kind, key),
    touchBeforeNextWrite: (kind: string, key: string): void => {
      this.#beforeNextWrite = () => this.#touch(kind, key);
    },
    lockNext: (): void => {
      this.#lockNext = true;
    },
    doubleKey: (kind: string, key: string): void => {
      for (let each = 0; each < 2; each++) this.#make(this.#collection(kind), { external_id: key, subject: "one of two", status: "open" });
    },
    expireChangeToken: (): void => {
      this.#oldestPointer = this.#sequence + 1;
    },
  };

  held(kind: string, key: string) {
    const collection = this.#collection(kind);
    return this.#records
      .filter((record) => record.collection === collection && record.fields["external_id"] === key && !record.deleted)
      .map(({ id, fields }) => ({ id: String(id), fields }));
  }

  async answer(request: Request): Promise<Response> {
    if (request.headers.get("authorization") !== this.#authorization) return json(401, { error: "Couldn't authenticate you" });
    const url = new URL(request.url);
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    if (path.shift() !== "api" || path.shift() !== "v2") return json(404, { error: "InvalidEndpoint", description: "Not found" });
    if (request.method === "GET") return this.#withDate(path[0] === "incremental" ? this.#export(path, url) : this.#get(path, url));
    if (this.#lockNext) {
      this.#lockNext = false;
      return json(409, { error: "DatabaseConflict", description: "Database collision" });
    }
    const change = this.#beforeNextWrite;
    this.#beforeNextWrite = null;
    change?.();
    const text = await request.text();
    if (request.method === "DELETE") return this.#delete(path);
    if (request.headers.get("content-type") !== "application/json") return json(415, { error: "UnsupportedMediaType" });
    return this.#withDate(this.#write(request, path, url, text));
  }

  #withDate(response: Response): Response {
    response.headers.set("date", new Date(this.time.nowMs).toUTCString());
    return response;
  }

  #collection = (kind: string): Collection => COLLECTION_OF_KIND[kind] ?? this.#customers;

  #make(collection: Collection, fields: Fields): ZendeskRecord {
    const id = 1000 + this.#records.length;
    const record = {
      id,
      collection,
      fields: { ...fields },
      deleted: false,
      updatedAtMs: this.time.nowMs,
      createdAtMs: this.time.nowMs,
      noticed: 0,
      noticedAtMs: 0,
    };
    this.#records.push(record);
    this.#notice(record);
    return record;
  }

  /** Exports follow the order in which changes were noticed, whatever the records' own stamps. */
  #notice(record: ZendeskRecord): void {
    record.noticed = ++this.#sequence;
    record.noticedAtMs = this.time.nowMs;
  }

  #change(record: ZendeskRecord, fields: Fields): void {
    const merged: Record<string, unknown> = { ...record.fields };
    for (const [name, value] of Object.entries(fields)) {
      const before = merged[name];
      const nested = typeof value === "object" && value !== null && !Array.isArray(value);
      merged[name] = nested ? { ...(before as object | undefined), ...value } : value;
    }
    record.fields = merged;
    record.updatedAtMs = this.time.nowMs;
    this.#notice(record);
  }

  #touch(kind: string, key: string): void {
    this.time.nowMs += SECOND;
    const record = this.#records.find((each) => each.collection === this.#collection(kind) && each.fields["external_id"] === key);
    if (record === undefined) throw new Error(`no ${kind} ${key} to touch`);
    this.#change(record, { subject: `changed at ${this.time.nowMs}`, priority: "urgent" });
  }

  #shown({ id, fields, updatedAtMs, createdAtMs, deleted, collection }: ZendeskRecord): object {
    const stamp = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
    const gone =
      collection === "tickets" ? { status: "deleted" } : collection === "users" ? { active: false } : { deleted_at: stamp(updatedAtMs) };
    const shownId = collection.startsWith("custom_objects") ? `01HX${id}` : id;
    const { requester: _requester, comment: _comment, ...seen } = fields;
    return { ...seen, id: shownId, created_at: stamp(createdAtMs), updated_at: stamp(updatedAtMs), ...(deleted ? gone : {}) };
  }

  #names = (collection: Collection): readonly [string, string] => {
    if (collection.startsWith("custom_objects")) return ["custom_object_record", "custom_object_records"];
    return [collection.slice(0, -1), collection];
  };

  #one = (record: ZendeskRecord): object => ({ [this.#names(record.collection)[0]]: this.#shown(record) });

  /** Splits `custom_objects/order/records/1` and `tickets/1` into where and what. */
  #at(path: readonly string[]): { readonly collection: Collection; readonly rest: readonly string[] } | null {
    const custom = path[0] === "custom_objects" && path[2] === "records";
    const collection = (custom ? `custom_objects/${path[1]}` : path[0]) as Collection;
    return Object.hasOwn(FIELDS, collection) ? { collection, rest: path.slice(custom ? 3 : 1) } : null;
  }

  #byId(collection: Collection, id: string): ZendeskRecord | undefined {
    return this.#records.find((record) => record.collection === collection && String((this.#shown(record) as { id: unknown }).id) === id);
  }

  #get(path: readonly string[], url: URL): Response {
    const at = this.#at(path);
    if (at === null) return missing();
    const { collection, rest } = at;
    const query = Object.fromEntries(url.searchParams);
    const [verb] = rest;
    if (verb !== undefined && !["search", "show_many"].includes(verb)) {
      const record = this.#byId(collection, verb);
      return record === undefined || record.deleted ? missing() : json(200, this.#one(record));
    }
    const wanted = this.#filter(collection, verb, query);
    if (wanted === null) return json(400, { error: "InvalidParameter", description: `unknown query ${url.search}` });
    const found = this.#records.filter((record) => record.collection === collection && !record.deleted && wanted(record));
    return json(200, { [this.#names(collection)[1]]: found.map((record) => this.#shown(record)), count: found.length });
  }

  /** The one filter that each list takes; null for anything else. */
  #filter(
    collection: Collection,
    verb: string | undefined,
    query: Readonly<Record<string, string>>,
  ): ((record: ZendeskRecord) => boolean) | null {
    const [[name, value] = ["", ""], ...others] = Object.entries(query);
    if (others.length > 0) return null;
    const key = (record: ZendeskRecord): string => String(record.fields["external_id"]);
    const idIn = (record: ZendeskRecord) => value.split(",").includes(String((this.#shown(record) as { id: unknown }).id));
    if (collection === "tickets" && verb === undefined && name === "external_id") return (record) => key(record) === value;
    if (["organizations", "users"].includes(collection) && verb === "search" && name === "external_id")
      return (record) => key(record).toLowerCase() === value.toLowerCase();
    if (!collection.startsWith("custom_objects") && verb === "show_many" && name === "ids") return idIn;
    if (!collection.startsWith("custom_objects") || verb !== undefined) return null;
    if (name === "filter[external_ids]") return (record) => value.split(",").includes(key(record));
    return name === "filter[ids]" ? idIn : null;
  }

  #export(path: readonly string[], url: URL): Response {
    const byCursor = path.at(-1) === "cursor";
    const collection = path.slice(1, byCursor ? -1 : undefined).join("/") as Collection;
    if (!Object.hasOwn(FIELDS, collection) || byCursor === (collection === "organizations")) return missing();
    const { cursor, start_time: start, per_page: perPage = "1000", ...others } = Object.fromEntries(url.searchParams);
    if (Object.keys(others).length > 0 || (cursor === undefined) === (start === undefined)) return json(400, { error: "InvalidParameter" });
    if (start !== undefined && Number(start) * 1000 > this.time.nowMs - 60_000)
      return json(422, { error: "StartTimeTooRecent", description: "Too recent start_time. Use a start_time older than 60 seconds" });
    const settled = this.#records.filter((each) => each.collection === collection && each.noticedAtMs <= this.time.nowMs - 60_000);
    return byCursor
      ? this.#byPointer(settled, { cursor, start, perPage, collection })
      : this.#byTime(settled, Number(start), Number(perPage));
  }

  #byPointer(
    settled: readonly ZendeskRecord[],
    {
      cursor,
      start,
      perPage,
      collection,
    }: {
      readonly cursor: string | undefined;
      readonly start: string | undefined;
      readonly perPage: string;
      readonly collection: Collection;
    },
  ): Response {
    const pointer = cursor === undefined ? null : /^(\d+)\|$/.exec(atob(cursor))?.[1];
    if (pointer === undefined || (pointer !== null && Number(pointer) < this.#oldestPointer))
      return json(400, { error: "InvalidPaginationParameter", description: "Invalid cursor" });
    const due = settled
      .filter((each) => (pointer === null ? each.noticedAtMs >= Number(start) * 1000 : each.noticed > Number(pointer)))
      .toSorted((left, right) => left.noticed - right.noticed);
    const page = due.slice(0, Number(perPage));
    const last = page.at(-1)?.noticed ?? Number(pointer ?? 0);
    return json(200, {
      [this.#names(collection)[1]]: page.map((record) => this.#shown(record)),
      after_cursor: btoa(`${last}|`),
      end_of_stream: page.length === due.length,
    });
  }

  #byTime(settled: readonly ZendeskRecord[], start: number, perPage: number): Response {
    const seconds = ({ updatedAtMs }: ZendeskRecord) => Math.floor(updatedAtMs / 1000);
    const due = settled.filter((each) => seconds(each) >= start).toSorted((left, right) => left.updatedAtMs - right.updatedAtMs);
    const page = due.slice(0, perPage);
    const last = page.at(-1);
    return json(200, {
      organizations: page.map((record) => this.#shown(record)),
      count: page.length,
      end_time: last === undefined ? start : seconds(last),
      end_of_stream: page.length === due.length,
    });
  }

  #delete(path: readonly string[]): Response {
    const at = this.#at(path);
    const record = at === null ? undefined : this.#byId(at.collection, at.rest[0] ?? "");
    if (record === undefined || record.deleted) return missing();
    record.deleted = true;
    this.#change(record, {});
    return new Response(null, { status: 204 });
  }

  #write(request: Request, path: readonly string[], url: URL, text: string): Response {
    const at = this.#at(path);
    if (at === null) return missing();
    const { collection, rest } = at;
    const [name] = this.#names(collection);
    const body = JSON.parse(text) as Readonly<Record<string, Fields>>;
    const sent = body[name];
    if (sent === undefined || Object.keys(body).length !== 1)
      return json(400, { error: "Unprocessable", description: `expected only "${name}"` });
    const route = `${request.method} ${collection.replace(/\/.*/, "")}${rest.length === 0 ? "" : rest[0] === "create_or_update" ? "/create_or_update" : "/id"}`;
    switch (route) {
      case "POST tickets":
        return this.#once(request, text, () => this.#createTicket(sent));
      case "PUT tickets/id":
        return this.#updateTicket(this.#byId("tickets", rest[0] ?? ""), sent);
      case "POST organizations/create_or_update":
      case "POST users/create_or_update":
        return this.#upsert(collection, String(sent["external_id"]), sent, "name");
      case "PATCH custom_objects":
        return url.searchParams.get("external_id") === sent["external_id"]
          ? this.#upsert(collection, String(sent["external_id"]), sent, "name")
          : json(400, { error: "BadRequest", description: "external_id differs" });
      default:
        return json(404, { error: "InvalidEndpoint", description: "Not found" });
    }
  }

  /** Idempotency keys: of ticket creation only, for two hours. */
  #once(request: Request, sent: string, make: () => Response): Response {
    const key = request.headers.get("idempotency-key");
    if (key === null || key.length > 255) return json(400, { error: "BadRequest", description: "the test wants an idempotency key" });
    const known = this.#answers.get(key);
    if (known !== undefined && this.time.nowMs - known.atMs < IDEMPOTENCY_LIFE_MS) {
      if (known.sent !== sent)
        return json(400, {
          error: "IdempotentRequestError",
          description: "The request parameters do not match those of the first request",
        });
      return new Response(known.stored, { status: 201, headers: { "x-idempotency-lookup": "hit" } });
    }
    const made = make();
    if (made.status !== 201) return made;
    const stored = JSON.stringify(this.#one(this.#records.at(-1) as ZendeskRecord));
    this.#answers.set(key, { sent, stored, atMs: this.time.nowMs });
    return new Response(stored, { status: 201, headers: { "x-idempotency-lookup": "miss" } });
  }

  #createTicket(sent: Fields): Response {
    const wrong = this.#problem("tickets", sent);
    if (wrong !== null) return wrong;
    if (!(sent["comment"] as { body?: string } | undefined)?.body) return invalid({ base: "Description: cannot be blank" }, "BlankValue");
    return json(201, this.#one(this.#make("tickets", { status: "open", ...sent })));
  }

  #updateTicket(record: ZendeskRecord | undefined, sent: Fields): Response {
    if (record === undefined || record.deleted) return missing();
    const { safe_update: safe, updated_stamp: stamp, ...fields } = sent;
    if (safe === true && Date.parse(String(stamp)) !== Math.floor(record.updatedAtMs / 1000) * 1000)
      return json(409, { error: "UpdateConflict", description: "Safe Update prevented the update due to outdated ticket data." });
    if (record.fields["status"] === "closed") return invalid({ status: "Status: closed prevents ticket update" });
    const wrong = this.#problem("tickets", fields);
    if (wrong !== null) return wrong;
    this.#change(record, fields);
    return json(200, this.#one(record));
  }

  #upsert(collection: Collection, key: string, sent: Fields, required: string): Response {
    const wrong = this.#problem(collection, sent);
    if (wrong !== null) return wrong;
    const same = (left: string, right: string) =>
      collection.startsWith("custom_objects") ? left === right : left.toLowerCase() === right.toLowerCase();
    const live = this.#records.filter((each) => each.collection === collection && !each.deleted);
    const known = live.find((each) => same(String(each.fields["external_id"]), key));
    const unique = collection === "organizations" ? "name" : "email";
    if (live.some((each) => each !== known && each.fields[unique] !== undefined && each.fields[unique] === sent[unique]))
      return invalid({ [unique]: `${unique}: ${String(sent[unique])} has already been taken` }, "DuplicateValue");
    if (known === undefined && !sent[required]) return invalid({ [required]: `${required}: cannot be blank` }, "BlankValue");
    if (known === undefined) return json(201, this.#one(this.#make(collection, sent)));
    this.#change(known, sent);
    return json(200, this.#one(known));
  }

  /** What is unknown, read-only or of the wrong type is refused, where the real system would partly pass over it in silence. */
  #problem(collection: Collection, sent: Fields, prefix = ""): Response | null {
    for (const [name, value] of Object.entries(sent)) {
      const rule = FIELDS[collection][prefix + name];
      if (rule === undefined) return invalid({ [name]: `${prefix}${name} is unknown or read-only` });
      if (rule === "object") {
        const inner = this.#problem(collection, value as Fields, `${name}.`);
        if (inner !== null) return inner;
      } else if (value !== null && !this.#fits(collection, name, rule, value))
        return invalid({ [name]: `${name}: ${JSON.stringify(value)} is invalid` });
    }
    return null;
  }

  #fits(collection: Collection, name: string, rule: string, value: unknown): boolean {
    if (rule === "status") return STATUSES[`${collection}.${name}`]?.includes(String(value)) === true;
    if (rule === "fieldList")
      return (
        Array.isArray(value) &&
        value.every((each: Fields) => typeof each["id"] === "number" && Object.keys(each).toSorted().join() === "id,value")
      );
    if (rule === "email") return /^\S+@\S+\.\S+$/.test(String(value));
    if (rule === "decimal") return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
    if (rule === "date") return typeof value === "string" && /^\d{4}-\d{2}-\d{2}(T|$)/.test(value);
    if (rule.startsWith("id:"))
      return this.#byId((rule === "id:customer" ? this.#customers : rule.slice(3)) as Collection, String(value)) !== undefined;
    return typeof value === "string";
  }
}

const supportCase = delivery({
  entity: { kind: "case", key: "case 1/ä?#", schemaVersion: 1 },
  data: {
    subject: "The switch jams 🚂",
    description: "It does not move.",
    status: "open",
    priority: "high",
    customerId: "001Ab",
    requesterEmail: "ada@example.com",
    custom: { line: "U5" },
  },
});

const trial = (customersAs: "organizations" | "users", oauth: boolean): Trial => ({
  definition: zendesk,
  connection: {
    baseUrl: "https://acme.zendesk.com",
    settings: zendesk.settings.parse({
      authentication: oauth ? { type: "oauth" } : { type: "apiToken", email: EMAIL },
      customersAs,
      fields: { case: { fields: { "custom.line": "custom_fields.360001" } } },
    }),
    secrets: oauth ? { accessToken: ACCESS_TOKEN } : { apiToken: API_TOKEN },
  },
  start: () => new Zendesk(customersAs, oauth ? `Bearer ${ACCESS_TOKEN}` : BASIC),
  deliveries: {
    case: supportCase,
    "part of a case": { ...supportCase, nature: "delta", data: { priority: "low" }, cleared: ["custom.line"] },
    customer: delivery({
      entity: { kind: "customer", key: "001Cd", schemaVersion: 1 },
      data: {
        name: "Acme Ltd",
        number: "C-7",
        region: "EMEA",
        status: "active",
        taxId: "DE1",
        ...(customersAs === "users" ? { email: "a@acme.example", phone: "+49 1" } : {}),
      },
    }),
    order: delivery({
      entity: { kind: "order", key: "ord 2/ä?#", schemaVersion: 1 },
      data: { number: "SO-2", customerId: "001Ab", status: "confirmed", total: { amount: "1200.50", currency: "EUR" }, region: "EMEA" },
    }),
    invoice: delivery({
      entity: { kind: "invoice", key: "in_1", schemaVersion: 1 },
      data: {
        customerId: "001Ab",
        orderId: "ord-1",
        status: "open",
        total: { amount: "10.10", currency: "EUR" },
        amountDue: { amount: "10.10", currency: "EUR" },
        issuedAt: "2026-11-24T10:00:00.000Z",
        dueDate: "2026-12-24",
      },
    }),
    entitlement: delivery({
      entity: { kind: "entitlement", key: "sub_1", schemaVersion: 1 },
      data: {
        name: "Gold support",
        customerId: "001Ab",
        orderId: "ord-1",
        plan: "gold",
        status: "active",
        endsAt: "2027-11-24T00:00:00.000Z",
      },
    }),
    deletion: { ...supportCase, deleted: true, data: {} },
  },
  refused: {
    delivery: delivery({
      entity: { kind: "customer", key: "001Ef", schemaVersion: 1 },
      data: { name: "Seed Ltd", ...(customersAs === "users" ? { email: "seed@example.com" } : {}) },
    }),
    fields: [customersAs === "users" ? "email" : "name"],
  },
  cannotHappen: {
    "credential expires under parallel callers":
      "an API token lasts until it is revoked, and so does an access token of its OAuth clients by default",
    "key of the wrong form": "any text can be its token",
    "failure inside a success": "one record is written at a time, and its status says what happened",
    "silent no-op": "a ticket's answer is the ticket as its triggers have left it, which may rightly differ from what was asked",
    "CSRF token expires": "its API takes no cookies and has none",
  },
});

export const zendeskTrials: Readonly<Record<string, Trial>> = {
  zendesk: trial("organizations", false),
  "zendesk, customers as users, OAuth": trial("users", true),
};
