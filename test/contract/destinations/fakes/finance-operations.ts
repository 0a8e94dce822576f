import { financeOperations } from "../../../../src/destinations/finance-operations/index.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeRecord, FakeSystem, Trial, Tricks } from "./define.ts";
import { CERTIFICATE, CLIENT_ID, CLIENT_SECRET, EntraIssuer, PKCS1_KEY, TENANT } from "./entra-issuer.ts";
import { QueryError, parseFilter, parseOrder, type FilterRules } from "./odata-query.ts";

const BASE_URL = "https://acme.operations.dynamics.com";
const COMPANY = "usmf";
/** The company that the application's user starts in: what is not asked for across companies is looked for here. */
const DEFAULT_COMPANY = "dat";

type FieldType = "string" | "number" | "time" | readonly string[];
interface Entity {
  readonly type: string;
  /** Beside `dataAreaId`. */
  readonly key: string;
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly computed: readonly string[];
  readonly required: readonly string[];
}

/** The fields that the module touches, and some that it does not. */
const ENTITIES: Readonly<Record<string, Entity>> = {
  CustomersV3: {
    type: "CustCustomerV3Entity",
    key: "CustomerAccount",
    fields: {
      dataAreaId: "string",
      CustomerAccount: "string",
      OrganizationName: "string",
      PartyType: ["Organization", "Person"],
      CustomerGroupId: "string",
      SalesCurrencyCode: "string",
      PrimaryContactEmail: "string",
      PrimaryContactPhone: "string",
      TaxExemptNumber: "string",
      OnHoldStatus: ["No", "Invoice", "All", "Payment", "Requisition", "Never"],
    },
    computed: [],
    required: ["CustomerGroupId"],
  },
  SalesOrderHeadersV2: {
    type: "SalesOrderHeaderV2Entity",
    key: "SalesOrderNumber",
    fields: {
      dataAreaId: "string",
      SalesOrderNumber: "string",
      OrderingCustomerAccountNumber: "string",
      InvoiceCustomerAccountNumber: "string",
      CustomersOrderReference: "string",
      CustomerRequisitionNumber: "string",
      CurrencyCode: "string",
      SalesOrderStatus: ["None", "Backorder", "Delivered", "Invoiced", "Canceled"],
      OrderTotalAmount: "number",
      OrderCreationDateTime: "time",
      ModifiedDateTime: "time",
    },
    computed: ["SalesOrderStatus", "OrderTotalAmount", "OrderCreationDateTime", "ModifiedDateTime"],
    required: ["OrderingCustomerAccountNumber"],
  },
  SalesOrderLines: {
    type: "SalesOrderLineEntity",
    key: "InventoryLotId",
    fields: {
      dataAreaId: "string",
      InventoryLotId: "string",
      SalesOrderNumber: "string",
      ItemNumber: "string",
      OrderedSalesQuantity: "number",
      SalesPrice: "number",
      SalesOrderLineStatus: "string",
    },
    computed: ["InventoryLotId", "SalesOrderLineStatus"],
    required: ["SalesOrderNumber", "ItemNumber"],
  },
  SalesInvoiceHeadersV2: {
    type: "SalesInvoiceHeaderV2Entity",
    key: "InvoiceNumber",
    fields: {
      dataAreaId: "string",
      InvoiceNumber: "string",
      InvoiceDate: "time",
      SalesOrderNumber: "string",
      InvoiceCustomerAccountNumber: "string",
      CurrencyCode: "string",
      TotalInvoiceAmount: "number",
    },
    computed: [],
    required: [],
  },
};

const SETS: Readonly<Partial<Record<EntityKind, string>>> = {
  customer: "CustomersV3",
  opportunity: "SalesOrderHeadersV2",
  order: "SalesOrderHeadersV2",
  invoice: "SalesInvoiceHeadersV2",
};
const REFERRED_TO = ["001Ab", "CUST-7"];
const CURRENCIES = ["EUR", "USD", ""];

type Row = Record<string, unknown>;

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** OData data entities of Finance & Operations, as the documentation and observed answers describe them. */
export class FakeFinanceOperations implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly #issuer = new EntraIssuer(`${BASE_URL}/.default`, this.time);
  readonly #orderKey: string;
  readonly #rows = new Map<string, Row[]>(Object.keys(ENTITIES).map((set) => [set, []]));
  #serial = 0;
  #lock = false;

  constructor(orderKey: string) {
    this.#orderKey = orderKey;
    for (const account of REFERRED_TO) this.#insert("CustomersV3", { CustomerAccount: account, OrganizationName: account });
  }

  readonly tricks: Tricks = {
    ...this.#issuer.tricks,
    add: (kind, key, stampMs) => {
      // Whoever counts what is added wants to see nothing else.
      this.#rows.set(
        "CustomersV3",
        this.#of("CustomersV3").filter(({ CustomerAccount }) => !REFERRED_TO.includes(String(CustomerAccount))),
      );
      this.#insert(this.#setOf(kind), { [this.#keyField(kind)]: key }, stampMs);
    },
    touch: (kind, key) => {
      for (const row of this.#of(this.#setOf(kind)))
        if (row[this.#keyField(kind)] === key) row["ModifiedDateTime"] = new Date(this.time.nowMs).toISOString();
    },
    lockNext: () => {
      this.#lock = true;
    },
    doubleKey: (kind, key) => {
      for (let twice = 0; twice < 2; twice++) this.#insert(this.#setOf(kind), { [this.#keyField(kind)]: key });
    },
  };

  held(kind: EntityKind, key: string): readonly FakeRecord[] {
    const set = this.#setOf(kind);
    return this.#of(set)
      .filter((row) => same(row[this.#keyField(kind)], key))
      .map((row) => ({ id: String(row[ENTITIES[set]?.key ?? ""]), fields: row }));
  }

  /** Puts a row in place that the system itself makes, such as a posted invoice. */
  put(set: string, row: Row): void {
    this.#insert(set, row);
  }

  async answer(request: Request): Promise<Response> {
    const issued = await this.#issuer.answer(request.clone() as Request);
    if (issued !== undefined) return issued;
    if (!this.#issuer.accepts(request)) return new Response("", { status: 401 });
    try {
      return await this.#route(request);
    } catch (error) {
      if (error instanceof QueryError) return failure(new Refused(400, error.message));
      if (error instanceof Refused) return failure(error);
      throw error;
    }
  }

  async #route(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const match = /^\/data\/(\w+)(?:\((.*)\))?$/.exec(decodeURIComponent(url.pathname));
    const set = match?.[1] ?? "";
    const entity = ENTITIES[set];
    if (entity === undefined) throw new Refused(404, `No HTTP resource was found that matches the request URI '${request.url}'.`);
    const companies = url.searchParams.get("cross-company") === "true" ? null : DEFAULT_COMPANY;
    const visible = this.#of(set).filter(({ dataAreaId }) => companies === null || dataAreaId === companies);
    const key = match?.[2] === undefined ? null : keyOf(match[2], entity);
    const row = key === null ? undefined : visible.find((each) => each["dataAreaId"] === key.company && same(each[entity.key], key.value));
    if (request.method === "GET") {
      if (key === null) return this.#list(set, entity, visible, url.searchParams);
      return row === undefined ? new Response("", { status: 404 }) : this.#json(200, this.#shown(row, set, url.searchParams));
    }
    if (this.#lock) {
      this.#lock = false;
      throw new Refused(
        500,
        "Write failed. Cannot edit a record in Sales orders (SalesTable). Deadlock, where one or more users have simultaneously locked the whole table or part of it.",
      );
    }
    const body = request.method === "DELETE" ? {} : checked(entity, (await request.json()) as Row, request.method === "POST");
    if (request.method === "POST" && key === null) return this.#create(set, entity, body);
    if (row === undefined) throw new Refused(400, "No resources were found when selecting for update.");
    if (request.method === "DELETE") {
      this.#rows.set(
        set,
        this.#of(set).filter((each) => each !== row),
      );
      return new Response(null, { status: 204 });
    }
    if (request.method !== "PATCH") throw new Refused(405, "The requested resource does not support this method.");
    this.#refer(entity, body);
    Object.assign(row, body, { ModifiedDateTime: new Date(this.time.nowMs).toISOString() });
    return new Response(null, { status: 204 });
  }

  #list(set: string, entity: Entity, visible: readonly Row[], query: URLSearchParams): Response {
    for (const name of query.keys())
      if (!["$filter", "$orderby", "$top", "$expand", "cross-company"].includes(name))
        throw new Refused(400, `The query option '${name}' is not allowed.`);
    const rules: FilterRules = { properties: new Set(Object.keys(entity.fields)), ignoreCase: true };
    const filter = query.get("$filter");
    const found = visible.filter(filter === null ? () => true : parseFilter(filter, rules));
    const rows = found
      .toSorted(parseOrder(query.get("$orderby") ?? entity.key, rules))
      .slice(0, Math.min(10_000, Number(query.get("$top") ?? 10_000)));
    return this.#json(200, {
      "@odata.context": `${BASE_URL}/data/$metadata#${set}`,
      value: rows.map((row) => this.#shown(row, set, query)),
    });
  }

  #create(set: string, entity: Entity, body: Row): Response {
    for (const name of entity.required)
      if ((body[name] ?? "") === "") throw new Refused(400, infolog(entity, `Field '${labelOf(name)}' must be filled in.`));
    this.#refer(entity, body);
    const key = body[entity.key];
    if (this.#of(set).some((row) => row["dataAreaId"] === body["dataAreaId"] && same(row[entity.key], key)))
      throw new Refused(400, infolog(entity, `Cannot create a record in ${labelOf(set)}. The record already exists.`, "Error"));
    return this.#json(201, shown(this.#insert(set, body)));
  }

  #refer(entity: Entity, body: Row): void {
    const { OrderingCustomerAccountNumber: account } = body;
    if (account !== undefined && !this.#of("CustomersV3").some(({ CustomerAccount }) => same(CustomerAccount, account)))
      throw new Refused(
        400,
        infolog(entity, `The value '${String(account)}' in field 'Customer account' is not found in the related table 'Customers'.`),
      );
    const currency = body["CurrencyCode"] ?? body["SalesCurrencyCode"];
    if (currency !== undefined && !CURRENCIES.includes(String(currency)))
      throw new Refused(
        400,
        infolog(entity, `The value '${String(currency)}' in field 'Currency' is not found in the related table 'Currencies'.`),
      );
  }

  #insert(set: string, fields: Row, atMs = this.time.nowMs): Row {
    const entity = ENTITIES[set];
    const at = new Date(atMs).toISOString();
    const row: Row = {
      dataAreaId: COMPANY,
      ...Object.fromEntries(Object.keys(entity?.fields ?? {}).map((name) => [name, entity?.fields[name] === "number" ? 0 : ""])),
      ...(set === "CustomersV3" ? { OnHoldStatus: "No", PartyType: "Organization" } : {}),
      ...(set === "SalesOrderHeadersV2"
        ? { SalesOrderStatus: "Backorder", OrderCreationDateTime: at, ModifiedDateTime: at, CurrencyCode: "USD" }
        : {}),
      [entity?.key ?? ""]: `SO-${String(++this.#serial).padStart(6, "0")}`,
      ...fields,
    };
    row["dataAreaId"] = fields["dataAreaId"] ?? COMPANY;
    this.#of(set).push(row);
    return row;
  }

  #shown(row: Row, set: string, query: URLSearchParams): Row {
    const expand = query.get("$expand");
    if (expand === null) return shown(row);
    if (set !== "SalesOrderHeadersV2" || expand !== "SalesOrderLines")
      throw new Refused(400, `Could not find a property named '${expand}'.`);
    const lines = this.#of("SalesOrderLines").filter(({ SalesOrderNumber }) => SalesOrderNumber === row["SalesOrderNumber"]);
    const total = lines.reduce((sum, line) => sum + Number(line["OrderedSalesQuantity"]) * Number(line["SalesPrice"]), 0);
    return { ...shown(row), OrderTotalAmount: total, SalesOrderLines: lines.map(shown) };
  }

  #of(set: string): Row[] {
    return this.#rows.get(set) ?? [];
  }

  #setOf(kind: EntityKind): string {
    const set = SETS[kind];
    if (set === undefined) throw new Error(`no set for ${kind}`);
    return set;
  }

  #keyField(kind: EntityKind): string {
    const set = this.#setOf(kind);
    return set === "SalesOrderHeadersV2" ? this.#orderKey : (ENTITIES[set]?.key ?? "");
  }

  #json(status: number, body: unknown): Response {
    return Response.json(body, { status, headers: { date: new Date(this.time.nowMs).toUTCString(), "odata-version": "4.0" } });
  }
}

/** Text compares without regard to case in its database. */
const same = (left: unknown, right: unknown): boolean => String(left).toUpperCase() === String(right).toUpperCase();

const labelOf = (name: string): string => {
  const words = name.replace(/Id$/, "").replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  return words.charAt(0) + words.slice(1).toLowerCase();
};

const infolog = ({ type }: Entity, message: string, level = "Warning"): string =>
  `Write failed for table row of type '${type}'. Infolog: ${level}: ${message}; Warning: validateWrite failed on data source 'SalesTable (SalesTable)'.`;

const failure = ({ status, message }: Refused): Response =>
  Response.json(
    {
      error: {
        code: "",
        message: "An error has occurred.",
        innererror: {
          message,
          type: "System.InvalidOperationException",
          stacktrace: "   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update...",
        },
      },
    },
    { status },
  );

/** All parts of a key must be given. */
function keyOf(text: string, entity: Entity): { readonly company: string; readonly value: string } {
  const parts = Object.fromEntries(
    [...text.matchAll(/(\w+)='((?:[^']|'')*)'(?:,|$)/g)].map(([, name = "", value = ""]) => [name, value.replaceAll("''", "'")]),
  );
  const { dataAreaId, [entity.key]: value, ...others } = parts;
  if (dataAreaId === undefined || value === undefined || Object.keys(others).length > 0)
    throw new Refused(400, `Only ${Object.keys(parts).length} of 2 keys provided for lookup.`);
  return { company: dataAreaId, value };
}

const shown = (row: Row): Row => ({ "@odata.etag": 'W/"JzEsNjg3MTk0ODI4MzMn"', ...row });

function checked(entity: Entity, body: Row, creates: boolean): Row {
  for (const [name, value] of Object.entries(body)) {
    const type = entity.fields[name];
    if (type === undefined)
      throw new Refused(
        400,
        `The property '${name}' does not exist on type 'Microsoft.Dynamics.DataEntities.${entity.type}'. Make sure to only use property names that are defined by the type.`,
      );
    if (entity.computed.includes(name)) throw new Refused(400, infolog(entity, `Field '${labelOf(name)}' can not be edited.`));
    if (!creates && (name === entity.key || name === "dataAreaId"))
      throw new Refused(400, infolog(entity, `Field '${labelOf(name)}' can not be edited.`));
    const fits =
      type === "number" ? typeof value === "number" : typeof type === "string" ? typeof value === "string" : type.includes(String(value));
    if (!fits) throw new Refused(400, `Cannot convert the value of '${name}' to its expected type.`);
    if (name === entity.key && String(value).length > 20) throw new Refused(400, infolog(entity, `Field '${labelOf(name)}' is too long.`));
  }
  return body;
}

const settings = (more: object): unknown =>
  financeOperations.settings.parse({
    tenant: TENANT,
    clientId: CLIENT_ID,
    company: COMPANY,
    onCreate: { customer: { CustomerGroupId: "30", PartyType: "Organization" } },
    ...more,
  });

const connection = (more: object, secrets: Readonly<Record<string, string>>) => ({ baseUrl: BASE_URL, settings: settings(more), secrets });

const customer = delivery({
  entity: { kind: "customer", key: "C-1001", schemaVersion: 1 },
  data: { name: "Größte O'Weiche", email: "ap@example.com", currency: "EUR", status: "active" },
});
const order = delivery({
  entity: { kind: "order", key: "ORD 1/Ä?#", schemaVersion: 1 },
  data: {
    customerId: "CUST-7",
    opportunityId: "OPP-1",
    status: "confirmed",
    total: { amount: "37.50", currency: "EUR" },
    lines: [{ sku: "D0001", quantity: "3", unitPrice: { amount: "12.50", currency: "EUR" } }],
  },
});
const others = {
  opportunity: delivery(),
  "customer changed in part": delivery({
    nature: "delta",
    entity: { kind: "customer", key: "CUST-7", schemaVersion: 1 },
    data: { email: "new@example.com" },
    cleared: ["phone"],
  }),
  "customer deleted": delivery({ entity: { kind: "customer", key: "NEVER-MADE", schemaVersion: 1 }, deleted: true, data: {} }),
  "order deleted": delivery({ entity: { kind: "order", key: "NEVER-MADE", schemaVersion: 1 }, deleted: true, data: {} }),
};

const CANNOT_HAPPEN = {
  "record changed before our write": "a PATCH names only our fields and no version of the rest; what changed besides stays",
  "failure inside a success": "its statuses say what happened",
  "silent no-op": "it answers a PATCH with 204 or an error; what its logic sets otherwise shows as drift",
  "CSRF token expires": "it has none",
  "change token refused": "it is read by key or time of change, without a token",
};

export const financeOperationsTrial: Trial = {
  definition: financeOperations,
  connection: connection({}, { ...CERTIFICATE }),
  start: () => new FakeFinanceOperations("SalesOrderNumber"),
  deliveries: { customer, order, ...others },
  refused: {
    delivery: { ...order, data: { customerId: "CUST-7", total: { amount: "1", currency: "XTS" } } },
    fields: ["total.currency"],
  },
  wrongKeys: [{ connection: connection({}, { ...CERTIFICATE, privateKey: PKCS1_KEY }), says: /PKCS#8/ }],
  cannotHappen: { ...CANNOT_HAPPEN, "key held by two records": "our key is the entity's key, which is unique" },
};

/** Orders numbered by the system, found by a reference; entities that a team has given a time of change; a client secret. */
export const financeOperationsReferenceTrial: Trial = {
  ...financeOperationsTrial,
  connection: connection(
    { proof: "secret", orderKey: "CustomerRequisitionNumber", stamps: { order: "ModifiedDateTime" } },
    { clientSecret: CLIENT_SECRET },
  ),
  start: () => new FakeFinanceOperations("CustomerRequisitionNumber"),
  deliveries: { order, customer, ...others },
  cannotHappen: {
    ...CANNOT_HAPPEN,
    "two creates of one key at once":
      "the router serialises writes of one record and stores an intent first, since the module does not deduplicate",
    "key of the wrong form": "any text can be a client secret",
  },
};
