import { DatabaseSync } from "node:sqlite";
import { AMOUNT_PRODUCT } from "../tryton/books.ts";
import { amount, decimal, shown, type Client, type Row, type Value } from "../tryton/rpc.ts";
import type { Tryton } from "../tryton/server.ts";

/** Records that one call creates. */
const BATCH = 500;
const CURRENCY = "EUR";

export interface Party {
  readonly id: number;
  readonly code: string;
  readonly name: string;
}

export interface Sale {
  readonly id: number;
  readonly line: number;
  readonly reference: string;
  readonly customer: string;
  readonly amount: string;
}

/** The books of a company that has been in business for some time, as its people keep them: by hand, in Tryton. */
export class Books {
  readonly erp: Tryton;
  readonly parties: readonly Party[];
  readonly sales: readonly Sale[];
  readonly #refs: References;

  private constructor(erp: Tryton, refs: References, records: { readonly parties: readonly Party[]; readonly sales: readonly Sale[] }) {
    this.erp = erp;
    this.#refs = refs;
    this.parties = records.parties;
    this.sales = records.sales;
  }

  /** Makes so many customers, and draft sales to the first of them in turn: who has bought cannot be deleted. */
  static async with(erp: Tryton, counts: { readonly parties: number; readonly buyers: number; readonly sales: number }): Promise<Books> {
    const refs = await referencesOf(erp.admin);
    const parties: Party[] = [];
    for (const from of starts(counts.parties)) parties.push(...(await makeParties(erp.admin, numbers(from, counts.parties))));
    const sales: Sale[] = [];
    const buyers = parties.slice(0, counts.buyers);
    for (const from of starts(counts.sales))
      sales.push(...(await makeSales(erp.admin, refs, { numbers: numbers(from, counts.sales), parties: buyers })));
    return new Books(erp, refs, { parties, sales });
  }

  async makeParty(code: string, name: string): Promise<number> {
    const [id = 0] = await create(this.erp.admin, "party.party", [partyValues(code, name)]);
    return id;
  }

  async makeSale(reference: string, to: Party): Promise<number> {
    const [address = 0] = await this.erp.admin.ids("party.address", [["party", "=", to.id]]);
    const [id = 0] = await create(this.erp.admin, "sale.sale", [
      saleValues(this.#refs, { reference, party: to.id, address, amount: "17.00" }),
    ]);
    return id;
  }

  async write(model: string, id: number, values: Row): Promise<void> {
    await this.erp.admin.call(`model.${model}.write`, [[id], values]);
  }

  async perform(method: "cancel" | "delete", model: string, id: number): Promise<void> {
    await this.erp.admin.call(`model.${model}.${method}`, [[id]]);
  }

  /** Past every rule of Tryton, as a script on the database server would, and with a stamp of long ago. */
  backdate(table: "party_party" | "sale_sale", id: number, column: "name" | "state", value: string): void {
    const database = new DatabaseSync(this.erp.databaseFile);
    database.exec("PRAGMA busy_timeout = 20000");
    database.prepare(`UPDATE ${table} SET ${column} = ?, write_date = '2020-01-01 00:00:00' WHERE id = ?`).run(value, id);
    database.close();
  }

  async namesOf(codes: readonly string[]): Promise<ReadonlyMap<string, { readonly name: string; readonly active: boolean }>> {
    const domain = [
      ["code", "in", codes],
      ["active", "in", [true, false]],
    ];
    const rows = await this.erp.admin.rows("party.party", domain, ["code", "name", "active"]);
    return new Map(
      rows.map((row) => [shown(row["code"]), { name: shown(row["name"]), active: row["active"] === true || row["active"] === 1 }]),
    );
  }

  async saleIdOf(reference: string): Promise<number> {
    return (await this.erp.admin.ids("sale.sale", [["reference", "=", reference]]))[0] ?? 0;
  }
}

interface References {
  readonly product: number;
  readonly unit: number;
  readonly currency: number;
}

async function referencesOf(admin: Client): Promise<References> {
  const one = async (model: string, field: string, value: string): Promise<number> =>
    (await admin.ids(model, [[field, "=", value]]))[0] ?? 0;
  return {
    product: await one("product.product", "code", AMOUNT_PRODUCT),
    unit: await one("product.uom", "name", "Unit"),
    currency: await one("currency.currency", "code", CURRENCY),
  };
}

const starts = (count: number): readonly number[] => Array.from({ length: Math.ceil(count / BATCH) }, (_none, index) => index * BATCH);
const numbers = (from: number, count: number): readonly number[] =>
  Array.from({ length: Math.min(BATCH, count - from) }, (_none, index) => from + index);

const create = async (admin: Client, model: string, values: readonly Row[]): Promise<readonly number[]> =>
  (await admin.call(`model.${model}.create`, [values])) as readonly number[];

const partyValues = (code: string, name: string): Row => ({ code, name, addresses: [["create", [{}]]] });

async function makeParties(admin: Client, of: readonly number[]): Promise<readonly Party[]> {
  const named = of.map((number) => ({ code: `C-${String(number).padStart(6, "0")}`, name: `Customer ${number}` }));
  const ids = await create(
    admin,
    "party.party",
    named.map(({ code, name }) => partyValues(code, name)),
  );
  return named.map((each, index) => ({ ...each, id: ids[index] ?? 0 }));
}

async function makeSales(
  admin: Client,
  refs: References,
  wanted: { readonly numbers: readonly number[]; readonly parties: readonly Party[] },
): Promise<readonly Sale[]> {
  const drafts = wanted.numbers.map((number) => {
    const party = wanted.parties[number % wanted.parties.length];
    if (party === undefined) throw new Error("a sale needs a customer");
    return { reference: `PO-${String(number).padStart(6, "0")}`, party, amount: `${10 + (number % 990)}.00` };
  });
  const addresses = new Map(
    (await admin.rows("party.address", [["party", "in", drafts.map(({ party }) => party.id)]], ["party"])).map((row) => [
      row["party"],
      row["id"] as number,
    ]),
  );
  const ids = await create(
    admin,
    "sale.sale",
    drafts.map(({ party, ...draft }) => saleValues(refs, { ...draft, party: party.id, address: addresses.get(party.id) ?? 0 })),
  );
  const rows = await admin.rows("sale.sale", [["id", "in", ids]], ["reference", "lines", "total_amount", "party.code"]);
  return rows.map((row) => ({
    id: row["id"] as number,
    line: (row["lines"] as readonly number[])[0] ?? 0,
    reference: shown(row["reference"]),
    customer: shown((row["party."] as Row)["code"]),
    amount: amount(row["total_amount"]),
  }));
}

function saleValues(
  { product, unit, currency }: References,
  sale: { readonly reference: string; readonly party: number; readonly address: number; readonly amount: string },
): Row {
  const line: Value = { type: "line", product, unit, quantity: 1, unit_price: decimal(sale.amount) };
  return {
    company: 1,
    reference: sale.reference,
    party: sale.party,
    currency,
    invoice_address: sale.address,
    shipment_address: sale.address,
    lines: [["create", [line]]],
  };
}
