import { erpnext } from "../../../../src/destinations/erpnext/index.ts";
import { toSiteTime } from "../../../../src/destinations/erpnext/site-time.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery, erpCustomer, euroLine } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";

type Value = null | string | number | readonly Value[] | { readonly [name: string]: Value };
type Doc = Record<string, Value>;

const API_KEY = "erpnext-key-that-must-not-leak";
const API_SECRET = "erpnext-secret-that-must-not-leak";
const ZONE = "Europe/Brussels";
const KEY = "custom_router_key";
/** Rows that Frappe gives when nobody says how many. */
const DEFAULT_ROWS = 20;

class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}
const invalid = (type: string, message: string): Refusal => new Refusal(417, type, message);

interface DocType {
  readonly prefix: string;
  readonly writable: readonly string[];
  /** Computed: a document that brings one is a mistake of the module's. */
  readonly computed: readonly string[];
  readonly mandatory: readonly string[];
  readonly links: Readonly<Record<string, string>>;
  readonly submittable: boolean;
  readonly initially: Doc;
}

const DOCTYPES: Readonly<Record<string, DocType>> = {
  Customer: {
    prefix: "CUST",
    writable: [
      KEY,
      "customer_name",
      "customer_type",
      "customer_group",
      "territory",
      "email_id",
      "mobile_no",
      "tax_id",
      "default_currency",
      "disabled",
      "region",
    ],
    computed: [],
    mandatory: ["customer_name", "customer_group", "territory"],
    links: {},
    submittable: false,
    initially: { disabled: 0 },
  },
  "Sales Order": {
    prefix: "SAL-ORD",
    writable: [KEY, "company", "customer", "currency", "transaction_date", "delivery_date", "items", "margin"],
    computed: ["status", "grand_total", "per_delivered", "per_billed"],
    mandatory: ["customer", "company", "transaction_date", "delivery_date", "items"],
    links: { customer: "Customer", company: "Company", currency: "Currency" },
    submittable: true,
    initially: { currency: "EUR", status: "Draft", per_delivered: 0, per_billed: 0 },
  },
  "Sales Invoice": {
    prefix: "ACC-SINV",
    writable: [KEY, "company", "customer", "currency", "posting_date", "set_posting_time", "due_date", "items"],
    computed: ["status", "grand_total", "outstanding_amount"],
    mandatory: ["customer", "company", "items"],
    links: { customer: "Customer", company: "Company", currency: "Currency" },
    submittable: true,
    initially: { currency: "EUR", status: "Draft" },
  },
  Issue: {
    prefix: "ISS",
    writable: [KEY, "company", "subject", "description", "raised_by", "status", "priority", "customer"],
    computed: [],
    mandatory: ["subject"],
    links: { customer: "Customer" },
    submittable: false,
    initially: { status: "Open" },
  },
};
const LABELS: Readonly<Record<string, string>> = { customer: "Customer", company: "Company", currency: "Currency" };
const ITEMS = ["PLAN-PRO", "SETUP"];
const OPTIONS: Readonly<Record<string, readonly Value[]>> = {
  status: ["Open", "Replied", "On Hold", "Resolved", "Closed"],
  priority: ["Low", "Medium", "High", "Urgent"],
  disabled: [0, 1],
};

const DOCTYPE_OF: Readonly<Partial<Record<EntityKind, string>>> = {
  customer: "Customer",
  opportunity: "Sales Order",
  order: "Sales Order",
  invoice: "Sales Invoice",
  case: "Issue",
};

class Site {
  readonly tables: Record<string, Doc[]> = {
    Company: [{ name: "Our Company" }],
    Currency: [{ name: "EUR" }, { name: "USD" }],
  };
  #serial = 0;
  #last = "";
  readonly clock: () => number;

  constructor(clock: () => number) {
    this.clock = clock;
    this.insert("Customer", { [KEY]: "001Ab", customer_name: "Acme", customer_group: "Commercial", territory: "Belgium" });
  }

  /** Later than any before, to the microsecond. */
  stamp(): string {
    const now = toSiteTime(this.clock(), ZONE);
    const next = now > this.#last ? now : `${this.#last.slice(0, 20)}${String(Number(this.#last.slice(20)) + 1).padStart(6, "0")}`;
    this.#last = next;
    return next;
  }

  table(doctype: string): Doc[] {
    return (this.tables[doctype] ??= []);
  }

  byKey(doctype: string, key: string): readonly Doc[] {
    return this.table(doctype).filter((doc) => doc[KEY] === key && doc["docstatus"] !== 2);
  }

  insert(doctype: string, values: Doc): Doc {
    const meta = metaOf(doctype);
    const modified = this.stamp();
    const doc: Doc = {
      ...meta.initially,
      ...values,
      name: `${meta.prefix}-${String(++this.#serial).padStart(5, "0")}`,
      docstatus: 0,
      creation: modified,
      modified,
    };
    this.#derive(doctype, doc);
    this.table(doctype).push(doc);
    return doc;
  }

  create(doctype: string, values: Doc): Doc {
    this.#check(doctype, values, metaOf(doctype).initially);
    if (values[KEY] !== undefined && this.table(doctype).some((doc) => doc[KEY] === values[KEY]))
      throw new Refusal(409, "UniqueValidationError", `${doctype}: Router Key must be unique`);
    return this.insert(doctype, values);
  }

  update(doctype: string, doc: Doc, { modified, docstatus = doc["docstatus"] ?? 0, ...values }: Doc): Doc {
    if (modified !== undefined && modified !== doc["modified"])
      throw invalid("TimestampMismatchError", "Error: Document has been modified after you have opened it");
    if (doc["docstatus"] === 2 || (docstatus === 2 && doc["docstatus"] === 0))
      throw invalid("DocstatusTransitionError", "Cannot change docstatus");
    if (doc["docstatus"] === 1 && Object.keys(values).length > 0)
      throw invalid("UpdateAfterSubmitError", "Not allowed to change after submission");
    this.#check(doctype, values, doc);
    if (docstatus !== 0 && !metaOf(doctype).submittable) throw invalid("DocstatusTransitionError", `${doctype} is not submittable`);
    Object.assign(doc, values, { docstatus, modified: this.stamp() });
    this.#derive(doctype, doc);
    return doc;
  }

  remove(doctype: string, doc: Doc): void {
    if (doc["docstatus"] === 1) throw invalid("ValidationError", "Submitted Record cannot be deleted. You must Cancel it first.");
    this.tables[doctype] = this.table(doctype).filter((each) => each !== doc);
  }

  #check(doctype: string, values: Doc, before: Doc): void {
    const meta = metaOf(doctype);
    for (const [name, value] of Object.entries(values)) {
      if (!meta.writable.includes(name))
        throw new Error(
          `the fake was told to set ${name} of ${doctype}, which is ${meta.computed.includes(name) ? "computed" : "unknown"}`,
        );
      const target = meta.links[name];
      if (target !== undefined && value !== null && !this.table(target).some((doc) => doc["name"] === value))
        throw invalid("LinkValidationError", `Could not find ${LABELS[name] ?? name}: ${String(value)}`);
      if (OPTIONS[name] !== undefined && !OPTIONS[name].includes(value))
        throw invalid("ValidationError", `${name} cannot be "${String(value)}"`);
      if (name.endsWith("_date") && value !== null && !/^\d{4}-\d{2}-\d{2}$/.test(String(value)))
        throw invalid("InvalidDates", `${String(value)} is no date`);
      if (name === "email_id" && value !== null && !String(value).includes("@"))
        throw invalid("InvalidEmailAddressError", `${String(value)} is not a valid Email Address`);
    }
    const whole = { ...before, ...values };
    const missing = meta.mandatory.filter(
      (name) => (whole[name] ?? null) === null || (Array.isArray(whole[name]) && whole[name].length === 0),
    );
    if (missing.length > 0) throw invalid("MandatoryError", `[${doctype}, new]: ${missing.join(", ")}`);
    for (const [index, item] of ((values["items"] ?? []) as readonly Doc[]).entries()) {
      if (!ITEMS.includes(String(item["item_code"])))
        throw invalid("LinkValidationError", `Could not find Row #${index + 1}: Item Code: ${String(item["item_code"])}`);
      if (typeof item["qty"] !== "number" || (item["rate"] !== undefined && typeof item["rate"] !== "number"))
        throw new Error("the fake was given a quantity or rate that is no number");
    }
  }

  #derive(doctype: string, doc: Doc): void {
    if (!metaOf(doctype).submittable) return;
    const items = ((doc["items"] ?? []) as readonly Doc[]).map((item): Doc => ({ rate: 80, ...item }));
    doc["items"] = items.map((item, index) => ({ ...item, idx: index + 1, uom: "Nos" }));
    doc["grand_total"] = items.reduce((sum, item) => sum + Number(item["qty"]) * Number(item["rate"]), 0);
    if (doctype === "Sales Invoice") doc["outstanding_amount"] = doc["grand_total"];
    const submitted = doctype === "Sales Order" ? "To Deliver and Bill" : "Unpaid";
    doc["status"] = ["Draft", submitted, "Cancelled"][Number(doc["docstatus"])] ?? null;
  }
}

function metaOf(doctype: string): DocType {
  const meta = DOCTYPES[doctype];
  if (meta === undefined) throw new Refusal(404, "DoesNotExistError", `DocType ${doctype} not found`);
  return meta;
}

function listOf(site: Site, doctype: string, query: URLSearchParams): readonly Doc[] {
  const known = new Set([...metaOf(doctype).writable, ...metaOf(doctype).computed, "name", "modified", "creation", "docstatus"]);
  const column = (name: string): string => {
    if (!known.has(name) || name === "items") throw new Refusal(417, "DataError", `Unknown column '${name}'`);
    return name;
  };
  const fits = (doc: Doc, [field, operator, wanted]: readonly [string, string, Value]): boolean => {
    const value = doc[column(field)] ?? null;
    if (operator === "in") return (wanted as readonly Value[]).includes(value);
    if (operator === "=") return value === wanted;
    const [left, right] = [String(value), String(wanted)];
    if (operator === ">") return left > right;
    if (operator === ">=") return left >= right;
    if (operator === "<") return left < right;
    throw new Error(`the fake knows no operator ${operator}`);
  };
  type Filters = readonly (readonly [string, string, Value])[];
  const all = JSON.parse(query.get("filters") ?? "[]") as Filters;
  const any = JSON.parse(query.get("or_filters") ?? "[]") as Filters;
  const order = (query.get("order_by") ?? "modified desc").split(",").map((each) => each.trim().split(" "));
  const found = site
    .table(doctype)
    // The order that is there from the start is nobody's to find but by its key.
    .filter((doc) => doc[KEY] !== "SOLD-1" || query.toString().includes("SOLD-1"))
    .filter((doc) => all.every((filter) => fits(doc, filter)) && (any.length === 0 || any.some((filter) => fits(doc, filter))))
    .toSorted((left, right) => {
      for (const [field = "", way] of order) {
        const [a, b] = [String(left[column(field)]), String(right[field])];
        if (a !== b) return (a < b ? -1 : 1) * (way === "desc" ? -1 : 1);
      }
      return 0;
    });
  const from = Number(query.get("limit_start") ?? 0);
  const fields = JSON.parse(query.get("fields") ?? '["name"]') as readonly string[];
  return found
    .slice(from, from + Number(query.get("limit_page_length") ?? DEFAULT_ROWS))
    .map((doc) => Object.fromEntries(fields.map((field) => [field, doc[column(field)] ?? null])));
}

/** What ERPNext would bill of an order: a document that is not stored yet. */
function invoiceOf(site: Site, { source_name: name }: Doc): Doc {
  const order = site.table("Sales Order").find((doc) => doc["name"] === name);
  if (order?.["docstatus"] !== 1) throw invalid("ValidationError", `Cannot map because following condition fails: docstatus=1`);
  const { customer = null, company = null, currency = null, items = [] } = order;
  return {
    customer,
    company,
    currency,
    items: (items as readonly Doc[]).map(({ item_code, qty, rate }) => ({ item_code, qty, rate }) as Doc),
  };
}

function start(): FakeSystem {
  const time = { nowMs: NOW_MS };
  const site = new Site(() => time.nowMs);
  const days = { transaction_date: "2026-11-20", delivery_date: "2026-11-30" };
  const items = [{ item_code: "PLAN-PRO", qty: 1, rate: 10 }];
  const sold = site.create("Sales Order", { [KEY]: "SOLD-1", customer: "CUST-00001", company: "Our Company", ...days, items });
  site.update("Sales Order", sold, { docstatus: 1 });
  let ignoring = false;
  let locked = false;
  let touchFirst: Doc | null = null;

  const answer = async (request: Request): Promise<Value> => {
    const url = new URL(request.url);
    const [, api, kind, doctype = "", name] = url.pathname.split("/").map(decodeURIComponent);
    const body = request.method === "GET" || request.method === "DELETE" ? {} : (JSON.parse(await request.text()) as Doc);
    if (api === "api" && kind === "method" && doctype.endsWith(".make_sales_invoice")) return { message: invoiceOf(site, body) };
    if (api !== "api" || kind !== "resource") throw new Refusal(404, "PageDoesNotExistError", url.pathname);
    if (request.method === "GET" && name === undefined) return { data: listOf(site, doctype, url.searchParams) };
    const doc = site.table(doctype).find((each) => each["name"] === name);
    if (request.method === "GET") {
      if (doc === undefined) throw new Refusal(404, "DoesNotExistError", `${doctype} ${String(name)} not found`);
      return { data: doc };
    }
    if (touchFirst !== null) touchFirst["modified"] = site.stamp();
    touchFirst = null;
    if (locked) {
      locked = false;
      throw new Refusal(417, "QueryDeadlockError", "Deadlock Occurred");
    }
    if (ignoring) {
      ignoring = false;
      return { data: doc ?? { name: "never-stored" } };
    }
    if (request.method === "POST") return { data: site.create(doctype, body) };
    if (doc === undefined) throw new Refusal(404, "DoesNotExistError", `${doctype} ${String(name)} not found`);
    if (request.method === "PUT") return { data: site.update(doctype, doc, body) };
    site.remove(doctype, doc);
    return { message: "ok" };
  };

  const only = (kind: EntityKind, key: string): Doc => {
    const doc = site.byKey(DOCTYPE_OF[kind] ?? "", key)[0];
    if (doc === undefined) throw new Error(`the fake has no ${kind} ${key}`);
    return doc;
  };

  return {
    time,
    held: (kind, key) => site.byKey(DOCTYPE_OF[kind] ?? "", key).map((doc) => ({ id: String(doc["name"]), fields: doc })),
    answer: async (request) => {
      try {
        if (request.headers.get("authorization") !== `token ${API_KEY}:${API_SECRET}`)
          throw new Refusal(401, "AuthenticationError", "Invalid credentials");
        return Response.json(await answer(request));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const said = JSON.stringify([JSON.stringify({ message: error.message, indicator: "red" })]);
        return Response.json(
          { exc_type: error.type, exception: `frappe.exceptions.${error.type}: ${error.message}`, _server_messages: said },
          { status: error.status },
        );
      }
    },
    tricks: {
      ignoreNextWrite: () => void (ignoring = true),
      lockNext: () => void (locked = true),
      add: (kind, key, stampMs) => {
        const doc = site.insert(DOCTYPE_OF[kind] ?? "", { [KEY]: key, customer: "CUST-00001" });
        if (stampMs !== undefined) doc["modified"] = toSiteTime(stampMs, ZONE);
      },
      touch: (kind, key) => void (only(kind, key)["modified"] = site.stamp()),
      touchBeforeNextWrite: (kind, key) => void (touchFirst = only(kind, key)),
    },
  };
}

const order = delivery({
  type: "order.changed",
  entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
  data: {
    customerId: "001Ab",
    status: "confirmed",
    orderedAt: "2026-11-20T00:00:00.000Z",
    total: { amount: "330.50", currency: "EUR" },
    lines: [euroLine("PLAN-PRO", "2", "125.25"), euroLine("SETUP", "1", "80.00")],
  },
});
export const erpnextTrial: Trial = {
  definition: erpnext,
  connection: {
    baseUrl: "https://acme.erpnext.example.com",
    settings: {
      keyField: KEY,
      timeZone: ZONE,
      company: "Our Company",
      amountItem: "PLAN-PRO",
      customerGroup: "Commercial",
      territory: "Belgium",
      invoiceMethod: "erpnext.selling.doctype.sales_order.sales_order.make_sales_invoice",
      fields: { customer: { fields: { region: "region" } }, opportunity: { fields: { "custom.margin": "margin" } } },
    },
    secrets: { apiKey: API_KEY, apiSecret: API_SECRET },
  },
  start,
  deliveries: {
    opportunity: delivery(),
    order,
    "order that is a draft": { ...order, entity: { ...order.entity, key: "ord-2" }, data: { ...order.data, status: "draft" } },
    "order that is cancelled": { ...order, deleted: true, data: {} },
    customer: erpCustomer,
    "customer that is cleared": { ...erpCustomer, nature: "delta", data: { name: "Ada" }, cleared: ["email", "taxId"] },
    invoice: delivery({
      type: "invoice.changed",
      entity: { kind: "invoice", key: "in_1", schemaVersion: 1 },
      data: { orderId: "SOLD-1", status: "open", issuedAt: "2026-11-24T00:00:00.000Z", dueDate: "2026-12-24" },
    }),
    case: delivery({
      type: "case.changed",
      entity: { kind: "case", key: "35436", schemaVersion: 1 },
      data: {
        subject: "The train is late",
        description: "again",
        status: "open",
        priority: "high",
        customerId: "001Ab",
        requesterEmail: "ada@example.com",
      },
    }),
  },
  refused: {
    delivery: { ...order, data: { ...order.data, lines: [euroLine("NO-SUCH-ITEM", "1", "1.00")] } },
    fields: ["lines.sku"],
  },
  cannotHappen: {
    "credential expires under parallel callers": "an API key does not expire",
    "credential cannot be had": "it has a key and a secret, no issuer",
    "key of the wrong form": "any text can be a key",
    "key held by two records": "the field that holds our key is unique",
    "failure inside a success": "its statuses say whether it failed",
    "CSRF token expires": "a request with an API key needs none",
    "change token refused": "it reads by time",
  },
};
