import type { EntityKind } from "../../../../src/domain/entities/index.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Row = Record<string, Json>;

/** Tryton's exceptions go over the wire as their arguments. */
export class RpcError extends Error {
  readonly args: readonly Json[];
  constructor(name: string, told: Json = "") {
    super(name);
    this.args = [name, told];
  }
}
const userError = (message: string): RpcError => new RpcError("UserError", [message, "", null]);

type Type = "char" | "boolean" | "float" | "numeric" | "date" | "datetime" | "integer" | "many2one" | "one2many" | "many2many";
interface Field {
  readonly type: Type;
  readonly label?: string;
  readonly relation?: string;
  /** Of one2many: the field that points back. */
  readonly inverse?: string;
  readonly required?: true;
  readonly readonly?: true;
  readonly digits?: number;
  readonly initially?: Json;
}
interface Model {
  readonly label: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly unique?: string;
}

const char = (label?: string): Field => ({ type: "char", ...(label === undefined ? {} : { label }) });
const to = (relation: string, label?: string): Field => ({ type: "many2one", relation, ...(label === undefined ? {} : { label }) });
const many = (relation: string, inverse: string): Field => ({ type: "one2many", relation, inverse });

/** The fields that an integration touches, as `fields_get` of Tryton 6.0.29 with the modules sale and account_invoice tells them. */
const MODELS: Readonly<Record<string, Model>> = {
  "party.party": {
    label: "Party",
    unique: "code",
    fields: {
      name: char("Name"),
      code: char("Code"),
      active: { type: "boolean", initially: true },
      region: char(),
      addresses: many("party.address", "party"),
      contact_mechanisms: many("party.contact_mechanism", "party"),
      identifiers: many("party.identifier", "party"),
    },
  },
  "party.address": { label: "Address", fields: { party: to("party.party"), street: char() } },
  "party.contact_mechanism": { label: "Contact Mechanism", fields: { party: to("party.party"), type: char(), value: char() } },
  "party.identifier": { label: "Identifier", fields: { party: to("party.party"), type: char(), code: char() } },
  "currency.currency": { label: "Currency", fields: { code: char() } },
  "product.product": { label: "Product", fields: { code: char(), list_price: { type: "numeric" } } },
  "sale.sale": {
    label: "Sale",
    fields: {
      company: { ...to("company.company"), initially: 1 },
      number: { ...char(), readonly: true },
      reference: char(),
      party: { ...to("party.party", "Party"), required: true },
      currency: { ...to("currency.currency", "Currency"), initially: 2 },
      invoice_address: to("party.address"),
      shipment_address: to("party.address"),
      payment_term: to("account.invoice.payment_term"),
      sale_date: { type: "date" },
      margin: { type: "numeric", digits: 4 },
      lines: many("sale.line", "sale"),
      state: { ...char(), readonly: true, initially: "draft" },
      invoice_state: { ...char(), readonly: true, initially: "none" },
      shipment_state: { ...char(), readonly: true, initially: "none" },
      total_amount: { type: "numeric", readonly: true },
      invoices: { type: "many2many", relation: "account.invoice", readonly: true, initially: [] },
    },
  },
  "sale.line": {
    label: "Sale Line",
    fields: {
      sale: to("sale.sale"),
      type: char(),
      product: to("product.product", "Product"),
      quantity: { type: "float", label: "Quantity" },
      unit: to("product.uom"),
      unit_price: { type: "numeric", label: "Unit Price", required: true, digits: 4 },
      description: char(),
      taxes: { type: "many2many", relation: "account.tax", initially: [] },
    },
  },
  "account.invoice": {
    label: "Invoice",
    fields: {
      company: to("company.company"),
      type: char(),
      number: { ...char(), readonly: true },
      reference: char(),
      party: to("party.party"),
      currency: to("currency.currency"),
      state: { ...char(), readonly: true, initially: "draft" },
      invoice_date: { type: "date" },
      total_amount: { type: "numeric", readonly: true },
      amount_to_pay: { type: "numeric", readonly: true },
      sales: { type: "many2many", relation: "sale.sale", readonly: true, initially: [] },
    },
  },
};

const OWN_FIELDS: Readonly<Record<string, Field>> = {
  id: { type: "integer", readonly: true },
  create_date: { type: "datetime", readonly: true },
  write_date: { type: "datetime", readonly: true },
  create_uid: { type: "integer", readonly: true },
  _timestamp: { type: "char", readonly: true },
};

/** From which states each button leads where; called in any other state it does nothing, and says nothing. */
const WORKFLOWS: Readonly<Record<string, Readonly<Record<string, { readonly from: readonly string[]; readonly to: string }>>>> = {
  "sale.sale": {
    draft: { from: ["quotation", "confirmed", "cancelled"], to: "draft" },
    quote: { from: ["draft"], to: "quotation" },
    confirm: { from: ["quotation"], to: "confirmed" },
    process: { from: ["confirmed"], to: "processing" },
    cancel: { from: ["draft", "quotation"], to: "cancelled" },
  },
  "account.invoice": {
    validate_invoice: { from: ["draft"], to: "validated" },
    post: { from: ["draft", "validated"], to: "posted" },
    cancel: { from: ["draft", "validated"], to: "cancelled" },
  },
};
const METHODS = ["create", "write", "read", "search_read", "on_change_party", "on_change_product"];

export const decimalOf = (decimal: string): Json => ({ __class__: "Decimal", decimal });
const textOf = (value: Json): string => (value as { readonly decimal: string }).decimal;

const datetime = (micros: number): Json => {
  const at = new Date(Math.floor(micros / 1000));
  return {
    __class__: "datetime",
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    microsecond: micros % 1_000_000,
  };
};

/** The database: master data, models and their rules. */
export class Books {
  #tables: Record<string, Row[]> = {};
  #serial = 0;
  #micros = 0;
  /** The last person who made a record. */
  #others = 6;
  readonly #clock: () => number;
  readonly #processes: boolean;

  /** `processes`: without a worker for its queue, the server processes a confirmed sale within the same call. */
  constructor(clock: () => number, { processes }: { readonly processes: boolean }) {
    this.#clock = clock;
    this.#processes = processes;
    this.#insert("currency.currency", { code: "USD" });
    this.#insert("currency.currency", { code: "EUR" });
    this.#insert("product.product", { code: "PLAN-PRO", list_price: decimalOf("125.00") });
    this.#insert("product.product", { code: "SETUP", list_price: decimalOf("80.00") });
    const party = this.#insert("party.party", { code: "001Ab", name: "Acme", active: true });
    this.#insert("party.address", { party });
    // Of a sister company, so that only its invoice is in our books.
    const sale = this.#insert("sale.sale", {
      reference: "SOLD-1",
      party,
      company: 2,
      currency: this.idOf("currency.currency", "EUR"),
      number: "1",
    });
    this.#advance(this.#row("sale.sale", sale), "processing");
  }

  all(model: string): readonly Row[] {
    return this.#tables[model] ?? [];
  }

  idOf(model: string, key: string): number {
    const row = this.all(model).find((each) => (each["reference"] ?? each["code"]) === key);
    if (row === undefined) throw new Error(`the fake has no ${key} in ${model}`);
    return row["id"] as number;
  }

  exposes(name: string): boolean {
    const [, model = "", method = ""] = /^model\.(.+)\.(\w+)$/.exec(name) ?? [];
    return MODELS[model] === undefined || METHODS.includes(method) || WORKFLOWS[model]?.[method] !== undefined;
  }

  /** All of it, or nothing. */
  transaction<T>(work: () => T): T {
    const before = structuredClone(this.#tables);
    try {
      return work();
    } catch (error) {
      this.#tables = before;
      throw error;
    }
  }

  call(model: string, method: string, params: readonly Json[], context: Row): Json {
    if (MODELS[model] === undefined) throw new RpcError(`'${model}'`);
    if (method === "search_read") return this.#search(model, params);
    if (method === "on_change_party") return this.#onChangeParty(params[0] as Row);
    if (method === "on_change_product") return this.#onChangeProduct(params[0] as Row);
    if (method === "create") {
      if (model === "sale.sale" && context["company"] !== 1)
        throw userError(
          'You are not allowed to create records of "Sale" because they fail on at least one of these rules:\nUser in companies',
        );
      return (params[0] as readonly Row[]).map((values) => this.#create(model, values));
    }
    const ids = params[0] as readonly number[];
    if (method === "read") return ids.map((id) => this.#show(model, this.#row(model, id), params[1] as readonly string[]));
    this.#checkTimestamps(model, ids, context);
    for (const id of ids) {
      const row = this.#row(model, id);
      if (method === "write") this.#write(model, row, params[1] as Row);
      else this.#workflow(model, row, method);
    }
    return null;
  }

  touch(model: string, id: number): void {
    this.#stampWrite(this.#row(model, id));
  }

  /** A record made by somebody else, in a state in which people keep it. */
  byAnother(kind: EntityKind, key: string, stampMs?: number): void {
    const model = { customer: "party.party", invoice: "account.invoice" }[kind as string] ?? "sale.sale";
    const party = this.idOf("party.party", "001Ab");
    const named =
      model === "party.party" ? { code: key, name: "Another's", active: true } : { reference: key, party, company: 1, type: "out" };
    const row = this.#row(
      model,
      this.#insert(model, model === "party.party" ? named : { ...named, currency: this.idOf("currency.currency", "EUR") }),
    );
    row["create_uid"] = ++this.#others;
    if (stampMs !== undefined) row["create_date"] = datetime(stampMs * 1000);
  }

  #now(): number {
    this.#micros = Math.max(this.#micros + 1, this.#clock() * 1000);
    return this.#micros;
  }

  #insert(model: string, values: Row): number {
    const id = ++this.#serial;
    const initially = Object.fromEntries(
      Object.entries(MODELS[model]?.fields ?? {}).map(([name, { initially: value = null }]) => [name, value]),
    );
    (this.#tables[model] ??= []).push({ ...initially, ...values, id, create_date: datetime(this.#now()), write_date: null, create_uid: 1 });
    return id;
  }

  #row(model: string, id: number): Row {
    const row = this.all(model).find((each) => each["id"] === id);
    if (row === undefined)
      throw userError(`You are trying to read records "${id}" of "${MODELS[model]?.label ?? model}" that don't exist anymore.`);
    return row;
  }

  #create(model: string, values: Row): number {
    const { label = "", fields = {}, unique } = MODELS[model] ?? {};
    for (const [name, { required, label: field = name, initially }] of Object.entries(fields))
      if (required === true && (values[name] ?? initially ?? null) === null)
        throw userError(`A value is required for field "${field}" in "${label}".`);
    const key = unique === undefined ? undefined : values[unique];
    if (key !== undefined && this.all(model).some((row) => row[unique ?? ""] === key)) throw userError("The code on party must be unique.");
    const id = this.#insert(model, {});
    this.#set(model, this.#row(model, id), values);
    return id;
  }

  #write(model: string, row: Row, values: Row): void {
    if (model === "account.invoice" && row["state"] !== "draft" && row["state"] !== "validated")
      throw userError(`You cannot modify invoice "${String(row["number"])}" because it is posted, paid or cancelled.`);
    this.#set(model, row, values);
    this.#stampWrite(row);
  }

  #stampWrite(row: Row): void {
    row["write_date"] = datetime(this.#now());
  }

  #set(model: string, row: Row, values: Row): void {
    for (const [name, value] of Object.entries(values)) {
      const field = MODELS[model]?.fields[name];
      if (field === undefined) throw new RpcError(`'${name}'`);
      if (field.readonly === true) throw new Error(`the fake was told to set ${name} of ${model}, which only Tryton sets`);
      if (field.type === "one2many") this.#command(field, row, value as readonly (readonly [string, ...Json[]])[]);
      else if (field.type === "many2many") row[name] = (value as readonly (readonly [string, Json])[]).flatMap(([, ids]) => ids as Json);
      else {
        check(MODELS[model]?.label ?? "", name, field, value);
        row[name] = value;
      }
    }
  }

  #command({ relation = "", inverse = "" }: Field, row: Row, commands: readonly (readonly [string, ...Json[]])[]): void {
    for (const [command, ...operands] of commands) {
      if (command === "create")
        for (const values of operands[0] as readonly Row[]) {
          const id = this.#create(relation, values);
          this.#row(relation, id)[inverse] = row["id"] ?? null;
        }
      else if (command === "write")
        for (const id of operands[0] as readonly number[]) this.#write(relation, this.#row(relation, id), operands[1] as Row);
      else if (command === "delete")
        this.#tables[relation] = this.all(relation).filter(({ id }) => !(operands[0] as readonly Json[]).includes(id ?? null));
      else throw new Error(`the fake knows no command ${command}`);
    }
  }

  #checkTimestamps(model: string, ids: readonly number[], context: Row): void {
    for (const [name, stamp] of Object.entries((context["_timestamp"] ?? {}) as Row))
      for (const id of ids)
        if (name === `${model},${id}` && this.#show(model, this.#row(model, id), ["_timestamp"])["_timestamp"] !== stamp)
          throw new RpcError("ConcurrencyException", "Records were modified in the meanwhile");
  }

  #workflow(model: string, row: Row, method: string): void {
    const step = WORKFLOWS[model]?.[method];
    if (step === undefined) throw new RpcError(`'${method}'`);
    if (model === "account.invoice" && method === "cancel" && row["state"] === "posted")
      throw userError(
        `You cannot cancel customer invoice "${String(row["number"])}" because it is posted and company setup does not allow it.`,
      );
    if (!step.from.includes(String(row["state"]))) return;
    if (model === "sale.sale" && method === "quote" && (row["invoice_address"] ?? null) === null)
      throw userError(`To get a quote for sale "(${String(row["id"])})" you must enter an invoice address.`);
    this.#advance(row, step.to === "confirmed" && this.#processes ? "processing" : step.to);
    this.#stampWrite(row);
  }

  #advance(row: Row, state: string): void {
    row["state"] = state;
    if (state === "quotation" || state === "posted") row["number"] ??= String(++this.#serial);
    if (state !== "processing") return;
    const { party = null, currency = null, id = null } = row;
    row["invoice_state"] = "waiting";
    row["invoices"] = [
      this.#insert("account.invoice", {
        company: 1,
        type: "out",
        party,
        currency,
        sales: [id],
        total_amount: decimalOf("0.00"),
        amount_to_pay: decimalOf("0.00"),
      }),
    ];
  }

  #onChangeParty({ party }: Row): Json {
    const address = this.all("party.address").find((row) => row["party"] === party)?.["id"] ?? null;
    return { invoice_address: address, "invoice_address.": { rec_name: "x" }, shipment_address: address, payment_term: null };
  }

  #onChangeProduct(values: Row): Json {
    for (const name of Object.keys(values))
      if (!name.startsWith("_parent_sale.") && MODELS["sale.line"]?.fields[name] === undefined) throw new RpcError(`'${name}'`);
    const product = this.#row("product.product", values["product"] as number);
    return { unit: 1, "unit.": { rec_name: "Unit" }, unit_price: product["list_price"] ?? null, taxes: { add: [[0, { id: 3 }]] } };
  }

  #search(model: string, [domain, offset, limit, order, fields]: readonly Json[]): Json {
    const found = this.all(model).filter((row) => this.#fits(model, row, domain as readonly Json[]));
    // Tryton leaves inactive records out unless the domain asks for the field.
    const shown = JSON.stringify(domain).includes('"active"') ? found : found.filter((row) => row["active"] !== false);
    const by = (order ?? []) as readonly (readonly [string, string])[];
    const sorted = shown.toSorted((left, right) => {
      for (const [field, way] of by) {
        const compared = compare(left[field] ?? null, right[field] ?? null);
        if (compared !== 0) return way.startsWith("DESC") ? -compared : compared;
      }
      return 0;
    });
    const from = offset as number;
    return sorted
      .slice(from, limit === null ? undefined : from + (limit as number))
      .map((row) => this.#show(model, row, fields as readonly string[]));
  }

  #fits(model: string, row: Row, domain: readonly Json[]): boolean {
    if (domain.length === 0) return true;
    const [first, ...rest] = domain;
    if (first === "OR") return rest.some((clause) => this.#fits(model, row, clause as readonly Json[]));
    if (first === "AND") return rest.every((clause) => this.#fits(model, row, clause as readonly Json[]));
    if (typeof first === "string")
      return this.#values(model, row, first).some((value) => holds(value, String(domain[1]), domain[2] ?? null));
    return domain.every((clause) => this.#fits(model, row, clause as readonly Json[]));
  }

  /** The values at a path over relations. */
  #values(model: string, row: Row, path: string): readonly Json[] {
    const [name = "", ...rest] = path.split(".");
    const field = fieldOf(model, name);
    if (rest.length === 0) return [row[name] ?? null];
    return this.#related(field, row, name).flatMap((other) => this.#values(field.relation ?? "", other, rest.join(".")));
  }

  #related({ type, relation = "", inverse = "" }: Field, row: Row, name: string): readonly Row[] {
    if (type === "one2many") return this.all(relation).filter((other) => other[inverse] === row["id"]);
    const ids = type === "many2many" ? (row[name] as readonly Json[]) : [row[name] ?? null];
    return this.all(relation).filter((other) => ids.includes(other["id"] ?? null));
  }

  #show(model: string, row: Row, fields: readonly string[]): Row {
    const shown: Record<string, Json> = { id: row["id"] ?? null };
    for (const [name, inner] of Map.groupBy(fields, (path) => path.split(".")[0] ?? "")) {
      const field = fieldOf(model, name);
      const deeper = inner.flatMap((path) => (path.includes(".") ? [path.slice(path.indexOf(".") + 1)] : []));
      const related =
        deeper.length === 0 ? [] : this.#related(field, row, name).map((other) => this.#show(field.relation ?? "", other, deeper));
      if (deeper.length > 0) shown[`${name}.`] = field.type === "many2one" ? (related[0] ?? null) : related;
      else shown[name] = this.#shownValue(model, row, name, field);
    }
    return shown;
  }

  #shownValue(model: string, row: Row, name: string, field: Field): Json {
    if (name === "_timestamp") return JSON.stringify(row["write_date"] ?? row["create_date"]);
    if (name === "total_amount" && model === "sale.sale") return decimalOf(this.#total(row));
    if (field.type === "one2many") return this.#related(field, row, name).map((other) => other["id"] ?? null);
    return row[name] ?? null;
  }

  #total(sale: Row): string {
    const lines = this.all("sale.line").filter((line) => line["sale"] === sale["id"]);
    return lines.reduce((sum, line) => sum + Number(line["quantity"]) * Number(textOf(line["unit_price"] ?? null)), 0).toFixed(2);
  }
}

function fieldOf(model: string, name: string): Field {
  const field = MODELS[model]?.fields[name] ?? OWN_FIELDS[name];
  if (field === undefined) throw new RpcError(`'${name}'`);
  return field;
}

const CLASSES: Readonly<Partial<Record<Type, string>>> = { numeric: "Decimal", date: "date", datetime: "datetime" };

/** The real one takes a number for a text and a text for an amount without a word; here that is a mistake of the module's. */
function check(model: string, name: string, { type, label = name, digits }: Field, value: Json): void {
  if (value === null) return;
  const wanted = CLASSES[type];
  const is = typeof value === "object" && !Array.isArray(value) ? (value as Row)["__class__"] : typeof value;
  const fits =
    wanted === undefined
      ? is === ({ char: "string", boolean: "boolean" } as Partial<Record<Type, string>>)[type] || is === "number"
      : is === wanted;
  if (!fits || (type === "char" && is !== "string"))
    throw new Error(`the fake was given ${JSON.stringify(value)} for ${model}.${name}, a ${type}`);
  if (digits !== undefined && (textOf(value).split(".")[1] ?? "").length > digits)
    throw userError(
      `The number of digits in the value "Decimal('${textOf(value)}')" for field "${label}" in "${model}" exceeds the limit of "${digits}".`,
    );
}

const sortable = (value: Json): string | number => {
  if (typeof value === "number") return value;
  if (value === null) return "";
  if (typeof value !== "object" || Array.isArray(value)) return String(value);
  const parts = value as Readonly<Record<string, number>>;
  return ["year", "month", "day", "hour", "minute", "second", "microsecond"]
    .map((part) => String(parts[part] ?? 0).padStart(6, "0"))
    .join("-");
};

const compare = (left: Json, right: Json): number => {
  const [a, b] = [sortable(left), sortable(right)];
  return a < b ? -1 : a > b ? 1 : 0;
};

function holds(value: Json, operator: string, wanted: Json): boolean {
  if (operator === "in") return (wanted as readonly Json[]).includes(value);
  if (operator === "=") return wanted === null ? value === null : value !== null && compare(value, wanted) === 0;
  if (operator === "!=") return !holds(value, "=", wanted);
  if (value === null) return false;
  const compared = compare(value, wanted);
  if (operator === ">") return compared > 0;
  if (operator === ">=") return compared >= 0;
  if (operator === "<") return compared < 0;
  if (operator === "<=") return compared <= 0;
  throw new Error(`the fake knows no operator ${operator}`);
}
