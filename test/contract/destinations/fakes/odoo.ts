import { odoo } from "../../../../src/destinations/odoo/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery, erpCustomer, euroLine } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";

type Value = null | boolean | string | number | readonly Value[] | { readonly [name: string]: Value };
type Row = Record<string, Value>;

const KEY = "odoo-key-that-must-not-leak";
const USER = "signalbox@example.com";
const DATABASE = "acme";

class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}
const userError = (message: string): Refusal => new Refusal(422, "odoo.exceptions.UserError", message);

interface Model {
  readonly fields: readonly string[];
  readonly computed: readonly string[];
  readonly relations: Readonly<Record<string, string>>;
  readonly initially: Row;
}
const MODELS: Readonly<Record<string, Model>> = {
  "res.partner": {
    fields: ["name", "ref", "email", "phone", "vat", "active", "is_company", "x_region"],
    computed: [],
    relations: {},
    initially: { active: true },
  },
  "res.currency": { fields: ["name"], computed: [], relations: {}, initially: {} },
  "product.product": { fields: ["default_code", "list_price"], computed: [], relations: {}, initially: {} },
  "sale.order": {
    fields: ["client_order_ref", "partner_id", "order_line", "x_margin"],
    computed: ["name", "state", "invoice_status", "amount_total", "currency_id"],
    relations: { partner_id: "res.partner", currency_id: "res.currency" },
    initially: { state: "draft", invoice_status: "no" },
  },
  "sale.order.line": {
    fields: ["order_id", "product_id", "product_uom_qty", "price_unit", "name"],
    computed: [],
    relations: { order_id: "sale.order", product_id: "product.product" },
    initially: { product_uom_qty: 1 },
  },
  "account.move": {
    fields: ["ref", "invoice_date", "invoice_date_due"],
    computed: [
      "name",
      "move_type",
      "state",
      "payment_state",
      "amount_total",
      "amount_residual",
      "currency_id",
      "partner_id",
      "invoice_line_ids",
    ],
    relations: { partner_id: "res.partner", currency_id: "res.currency" },
    initially: { state: "draft", payment_state: "not_paid", move_type: "out_invoice" },
  },
  "helpdesk.ticket": {
    fields: ["name", "description", "partner_id", "partner_email", "priority", "stage_id", "team_id", "x_router_key"],
    computed: ["ticket_ref"],
    relations: { partner_id: "res.partner" },
    initially: { priority: "0", stage_id: 1 },
  },
  "sale.advance.payment.inv": { fields: ["advance_payment_method", "sale_order_ids"], computed: [], relations: {}, initially: {} },
};
const OWN = ["id", "write_date", "create_date"];

const MODEL_OF: Readonly<Partial<Record<EntityKind, string>>> = {
  customer: "res.partner",
  opportunity: "sale.order",
  order: "sale.order",
  invoice: "account.move",
  case: "helpdesk.ticket",
};
const keyOf = (row: Row): Value => row["client_order_ref"] ?? row["ref"] ?? row["x_router_key"] ?? row["default_code"] ?? null;

class Database {
  readonly tables: Record<string, Row[]> = {};
  #serial = 0;
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.insert("res.currency", { name: "EUR" });
    this.insert("product.product", { default_code: "PLAN-PRO", list_price: 125 });
    this.insert("product.product", { default_code: "SETUP", list_price: 80 });
    this.insert("res.partner", { name: "Acme", ref: "001Ab" });
    const sold = this.insert("sale.order", { client_order_ref: "SOLD-1", partner_id: 4 });
    sold["state"] = "sale";
  }

  table(model: string): Row[] {
    return (this.tables[model] ??= []);
  }

  insert(model: string, values: Row): Row {
    const id = ++this.#serial;
    const named =
      model === "sale.order"
        ? { name: `S${String(id).padStart(5, "0")}`, currency_id: 1 }
        : model === "account.move"
          ? { name: "/", currency_id: 1 }
          : {};
    const row = { ...MODELS[model]?.initially, ...named, ...values, id, writtenMs: this.#clock() };
    this.table(model).push(row);
    return row;
  }

  touch(row: Row, ms = this.#clock()): void {
    row["writtenMs"] = ms;
  }

  call(model: string, method: string, ids: readonly Value[] | undefined, named: Row): Value {
    if (MODELS[model] === undefined) throw new Refusal(404, "werkzeug.exceptions.NotFound", `the model ${model} does not exist`);
    if (method === "search_read") return this.#search(model, named);
    if (method === "create") return (named["vals_list"] as readonly Row[]).map((values) => this.#create(model, values)["id"] ?? null);
    const rows = (ids ?? []).map((id) => this.#row(model, id));
    if (method === "write") {
      for (const row of rows) this.#write(model, row, named["vals"] as Row);
      return true;
    }
    if (model === "sale.advance.payment.inv" && method === "create_invoices") return this.#invoice(rows[0] ?? {});
    for (const row of rows) this.#press(model, row, method, (named["context"] ?? {}) as Row);
    return true;
  }

  #row(model: string, id: Value): Row {
    const row = this.table(model).find((each) => each["id"] === id);
    if (row === undefined) throw new Refusal(404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.");
    return row;
  }

  #create(model: string, values: Row): Row {
    for (const name of { "sale.order": ["partner_id"], "res.partner": ["name"], "helpdesk.ticket": ["name"] }[model] ?? [])
      if ((values[name] ?? false) === false)
        throw new Refusal(422, "odoo.exceptions.ValidationError", `Missing required value for the field 'Customer' (${name})`);
    this.#check(model, values);
    const { order_line: lines = [], ...own } = values;
    const row = this.insert(model, own);
    this.#lines(row, lines as readonly Value[]);
    return row;
  }

  #write(model: string, row: Row, values: Row): void {
    if (model === "account.move" && row["state"] === "posted") throw userError("You cannot modify a posted entry of this journal.");
    this.#check(model, values);
    const { order_line: lines = [], ...own } = values;
    Object.assign(row, own);
    this.#lines(row, lines as readonly Value[]);
    this.touch(row);
  }

  #check(model: string, values: Row): void {
    const { fields = [], computed = [], relations = {} } = MODELS[model] ?? {};
    for (const [name, value] of Object.entries(values)) {
      if (computed.includes(name)) throw new Error(`the fake was told to set ${name} of ${model}, which is computed`);
      if (!fields.includes(name)) throw new Refusal(422, "builtins.ValueError", `Invalid field '${name}' in '${model}'`);
      if (relations[name] !== undefined && value !== false) this.#row(relations[name], value);
      if (value === null) throw new Error(`the fake was given null for ${name}: Odoo's nothing is false`);
      if (name.includes("date") && value !== false && !/^\d{4}-\d{2}-\d{2}$/.test(String(value)))
        throw new Refusal(422, "builtins.ValueError", `time data '${String(value)}'`);
      if (["price_unit", "product_uom_qty"].includes(name) && typeof value !== "number") throw new Error(`${name} must be a number`);
      if (name === "priority" && !["0", "1", "2", "3"].includes(String(value)))
        throw new Refusal(422, "builtins.ValueError", `Wrong value for ${model}.priority`);
      if (name === "vat" && value === "XX")
        throw new Refusal(422, "odoo.exceptions.ValidationError", "The VAT number [XX] for the field 'Tax ID' (vat) is not valid");
    }
  }

  #lines(order: Row, commands: readonly Value[]): void {
    for (const command of commands as readonly (readonly [number, Value, Value])[]) {
      if (command[0] === 5)
        this.tables["sale.order.line"] = this.table("sale.order.line").filter((line) => line["order_id"] !== order["id"]);
      else if (command[0] === 0) {
        this.#check("sale.order.line", command[2] as Row);
        const product = this.#row("product.product", (command[2] as Row)["product_id"] ?? null);
        this.insert("sale.order.line", { price_unit: product["list_price"] ?? 0, ...(command[2] as Row), order_id: order["id"] ?? null });
      } else throw new Error(`the fake knows no command ${String(command[0])}`);
    }
  }

  #press(model: string, row: Row, button: string, context: Row): void {
    const ways: Readonly<Record<string, readonly [readonly string[], string]>> =
      model === "sale.order"
        ? {
            action_confirm: [["draft", "sent"], "sale"],
            action_draft: [["cancel"], "draft"],
            action_cancel: [["draft", "sent", "sale"], "cancel"],
          }
        : { action_post: [["draft"], "posted"], button_cancel: [["draft"], "cancel"], button_draft: [["posted", "cancel"], "draft"] };
    const way = ways[button];
    if (way === undefined) throw new Refusal(404, "werkzeug.exceptions.NotFound", `the method ${button} does not exist`);
    if (!way[0].includes(String(row["state"]))) throw userError("It is not in a state requiring this.");
    // Of a confirmed order, only a question to a person comes back.
    if (button === "action_cancel" && row["state"] === "sale" && context["disable_cancel_warning"] !== true) return;
    row["state"] = way[1];
    this.touch(row);
  }

  #invoice(wizard: Row): Value {
    const commands = wizard["sale_order_ids"] as readonly (readonly [number, number, readonly Value[]])[];
    for (const id of commands[0]?.[2] ?? []) {
      const order = this.#row("sale.order", id);
      if (order["state"] !== "sale" || order["invoice_status"] === "invoiced")
        throw userError("Cannot create an invoice. No items are available to invoice.");
      order["invoice_status"] = "invoiced";
      const invoice = this.insert("account.move", { partner_id: order["partner_id"] ?? false, amount_total: 10, amount_residual: 10 });
      invoice["ofOrder"] = order["client_order_ref"] ?? false;
    }
    return { type: "ir.actions.act_window" };
  }

  #search(model: string, { domain, fields, limit, order, context }: Row): Value {
    if (order !== "id") throw new Error("the fake sorts by id");
    const hidesInactive = (context as Row)["active_test"] !== false;
    return (
      this.table(model)
        .filter((row) => (domain as readonly (readonly [string, string, Value])[]).every((clause) => this.#fits(model, row, clause)))
        .filter((row) => !hidesInactive || row["active"] !== false)
        // The order that is there from the start is nobody's to find but by its key.
        .filter(
          (row) =>
            row["client_order_ref"] !== "SOLD-1" || JSON.stringify(domain).includes("SOLD-1") || JSON.stringify(domain).includes('"id"'),
        )
        .toSorted((left, right) => Number(left["id"]) - Number(right["id"]))
        .slice(0, Number(limit))
        .map((row) => Object.fromEntries(["id", ...(fields as readonly string[])].map((field) => [field, this.#shown(model, row, field)])))
    );
  }

  #value(model: string, row: Row, field: string): Value {
    if (field === "invoice_line_ids.sale_line_ids.order_id.client_order_ref") return row["ofOrder"] ?? false;
    if (field === "write_date") return new Date(Number(row["writtenMs"])).toISOString().slice(0, 23).replace("T", " ");
    const { fields = [], computed = [] } = MODELS[model] ?? {};
    if (![...OWN, ...fields, ...computed].includes(field))
      throw new Refusal(422, "builtins.ValueError", `Invalid field '${field}' in '${model}'`);
    return row[field] ?? false;
  }

  #fits(model: string, row: Row, [field, operator, wanted]: readonly [string, string, Value]): boolean {
    const value = this.#value(model, row, field);
    if (operator === "=") return value === wanted;
    if (operator === "!=") return value !== wanted;
    if (operator === "in") return (wanted as readonly Value[]).includes(value);
    const [left, right] = typeof value === "number" ? [value, Number(wanted)] : [String(value), String(wanted)];
    if (operator === ">") return left > right;
    if (operator === ">=") return left >= right;
    if (operator === "<") return left < right;
    throw new Error(`the fake knows no operator ${operator}`);
  }

  #shown(model: string, row: Row, field: string): Value {
    const value = this.#value(model, row, field);
    const relation = MODELS[model]?.relations[field];
    if (relation !== undefined && value !== false) {
      const other = this.#row(relation, value);
      return [value, other["name"] ?? other["default_code"] ?? ""];
    }
    // Stored finer than it is told.
    if (field === "write_date") return String(value).slice(0, 19);
    if (field === "order_line")
      return this.table("sale.order.line")
        .filter((line) => line["order_id"] === row["id"])
        .map((line) => line["id"] ?? null);
    if (field === "amount_total" && model === "sale.order")
      return this.table("sale.order.line")
        .filter((line) => line["order_id"] === row["id"])
        .reduce((sum, line) => sum + Number(line["product_uom_qty"]) * Number(line["price_unit"]), 0);
    return value;
  }
}

interface Asked {
  readonly model: string;
  readonly method: string;
  readonly ids: readonly Value[] | undefined;
  readonly named: Row;
}

const start = (api: "json2" | "jsonrpc") => (): FakeSystem => {
  const time = { nowMs: NOW_MS };
  const database = new Database(() => time.nowMs);
  let issued = 0;
  let fault: "refuse" | "ignore" | "lock" | null = null;

  /** Reads either dialect; throws what each answers to a wrong key. */
  const asked = async (request: Request): Promise<Asked | { readonly uid: Value }> => {
    const { pathname } = new URL(request.url);
    const body = JSON.parse(await request.text()) as Row;
    if (api === "json2") {
      const [, model = "", method = ""] = /^\/json\/2\/([\w.]+)\/(\w+)$/.exec(pathname) ?? [];
      if (request.headers.get("authorization") !== `Bearer ${KEY}`)
        throw new Refusal(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey");
      if (request.headers.get("x-odoo-database") !== DATABASE) throw new Refusal(404, "werkzeug.exceptions.NotFound", "no database");
      const { ids, ...named } = body;
      if (ids !== undefined && ["search_read", "create"].includes(method))
        throw new Refusal(422, "werkzeug.exceptions.UnprocessableEntity", `${model}.${method} takes no ids`);
      return { model, method, ids: ids as readonly Value[] | undefined, named };
    }
    if (pathname !== "/jsonrpc" || body["jsonrpc"] !== "2.0") throw new Refusal(404, "werkzeug.exceptions.NotFound", pathname);
    const { service, method, args } = body["params"] as { service: string; method: string; args: readonly Value[] };
    if (service === "common" && method === "authenticate") {
      issued++;
      return { uid: args[0] === DATABASE && args[1] === USER && args[2] === KEY ? 2 : false };
    }
    if (args[0] !== DATABASE || args[1] !== 2 || args[2] !== KEY) throw new Refusal(403, "odoo.exceptions.AccessDenied", "Access Denied");
    const positional = args[5] as readonly (readonly Value[])[];
    return { model: String(args[3]), method: String(args[4]), ids: positional[0], named: args[6] as Row };
  };

  const answer = (wanted: Asked): Value => {
    const now = wanted.method === "search_read" ? null : fault;
    if (now !== null) fault = null;
    if (now === "refuse") throw userError("Refused for once.");
    if (now === "lock")
      throw new Refusal(500, "psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update");
    if (now === "ignore") return wanted.method === "create" ? [4711] : true;
    return database.call(wanted.model, wanted.method, wanted.ids, wanted.named);
  };

  const respond = (result: Value): Response => Response.json(api === "json2" ? result : { jsonrpc: "2.0", id: 1, result });
  const refuse = ({ status, type, message }: Refusal): Response =>
    api === "json2"
      ? Response.json({ name: type, message, arguments: [message], context: {}, debug: "Traceback ..." }, { status })
      : Response.json({
          jsonrpc: "2.0",
          id: 1,
          error: { code: 200, message: "Odoo Server Error", data: { name: type, message, arguments: [message], debug: "Traceback ..." } },
        });

  const only = (kind: EntityKind, key: string): Row => {
    const row = database.table(MODEL_OF[kind] ?? "").find((each) => keyOf(each) === key);
    if (row === undefined) throw new Error(`the fake has no ${kind} ${key}`);
    return row;
  };
  const add = (kind: EntityKind, key: string, stampMs?: number): void => {
    const values: Readonly<Partial<Record<EntityKind, Row>>> = {
      customer: { ref: key, name: "Another's" },
      case: { x_router_key: key, name: "Another's" },
      invoice: { ref: key, partner_id: 4, move_type: "out_invoice" },
    };
    const row = database.insert(MODEL_OF[kind] ?? "", values[kind] ?? { client_order_ref: key, partner_id: 4 });
    if (stampMs !== undefined) database.touch(row, stampMs);
  };

  return {
    time,
    held: (kind, key) =>
      database
        .table(MODEL_OF[kind] ?? "")
        .filter((row) => keyOf(row) === key && row["state"] !== "cancel")
        .map((row) => ({ id: String(row["id"]), fields: row })),
    answer: async (request) => {
      try {
        const wanted = await asked(request);
        return respond("uid" in wanted ? wanted.uid : answer(wanted));
      } catch (error) {
        if (error instanceof Refusal) return refuse(error);
        throw error;
      }
    },
    tricks: {
      credentialsIssued: () => issued,
      failInsideSuccess: () => void (fault = "refuse"),
      ignoreNextWrite: () => void (fault = "ignore"),
      lockNext: () => void (fault = "lock"),
      add,
      touch: (kind, key) => database.touch(only(kind, key)),
      doubleKey: (kind, key) => {
        add(kind, key);
        add(kind, key);
      },
    },
  };
};

const order = delivery({
  type: "order.changed",
  entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 },
  data: {
    customerId: "001Ab",
    status: "confirmed",
    total: { amount: "330.50", currency: "EUR" },
    lines: [euroLine("PLAN-PRO", "2", "125.25"), euroLine("SETUP", "1", "80.00")],
  },
});
const trial = (api: "json2" | "jsonrpc", cannotHappen: Trial["cannotHappen"]): Trial => ({
  definition: odoo,
  connection: {
    baseUrl: "https://acme.odoo.example.com",
    settings: {
      api,
      database: DATABASE,
      ...(api === "jsonrpc" ? { user: USER } : {}),
      amountProduct: "PLAN-PRO",
      tickets: { keyField: "x_router_key", stages: { open: 1, pending: 2, closed: 3 } },
      fields: { customer: { fields: { region: "x_region" } }, opportunity: { fields: { "custom.margin": "x_margin" } } },
    },
    secrets: { apiKey: KEY },
  },
  start: start(api),
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
  refused: { delivery: { ...erpCustomer, data: { ...erpCustomer.data, taxId: "XX" } }, fields: ["taxId"] },
  cannotHappen: {
    "credential expires under parallel callers": "an API key is refused from one moment on, and no other can be asked for",
    "key of the wrong form": "any text can be a key",
    "two creates of one key at once":
      "Odoo has no unique key to write by, which the module declares: the router brings one effect of a record about at a time",
    "record changed before our write": "Odoo checks no versions: only what differs is written",
    "CSRF token expires": "a request with an API key needs none",
    "change token refused": "it reads by time",
    ...cannotHappen,
  },
});

export const odooTrial = trial("json2", {
  "credential cannot be had": "it has a key, no issuer",
  "failure inside a success": "its statuses say whether it failed",
});
export const odooRpcTrial: Trial = { ...trial("jsonrpc", {}), secretsInBody: "the older API has user and key in every call's arguments" };
