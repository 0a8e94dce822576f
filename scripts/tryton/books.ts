import { day, decimal, type Client, type Row, type Value } from "./rpc.ts";

/** The user that the router works as, and the groups that it needs for that. */
export const ROUTER_USER = "signalbox";
const ROUTER_GROUPS = ["Sales", "Account"];

/** The product that stands for a sale of which only the amount is known. */
export const AMOUNT_PRODUCT = "PLAN-PRO";

/**
 * What a company has set up in Tryton before anything can be sold: itself, a chart of accounts, an open fiscal year with
 * numbers for its invoices, products, and a user for the router. Everything is looked for first, so that it can run again.
 */
export async function setUpBooks(admin: Client, year: number, routerPassword: string): Promise<void> {
  const euro = await currency(admin, "EUR", "Euro");
  await currency(admin, "USD", "US Dollar");
  const company = await admin.ensure("company.company", [], async () => ({
    party: await admin.ensure("party.party", [["code", "=", "US"]], () => ({ name: "Our Company", code: "US" })),
    currency: euro,
  }));
  const [me] = await admin.ids("res.user", [["login", "=", "admin"]]);
  await admin.call("model.res.user.write", [[me ?? 0], { companies: [["add", [company]]], company }]);
  admin.context = { ...admin.context, company };
  await chartOfAccounts(admin, company);
  await fiscalYear(admin, company, year);
  await products(admin, company);
  await routerUser(admin, company, routerPassword);
}

const currency = (admin: Client, code: string, name: string): Promise<number> =>
  admin.ensure("currency.currency", [["code", "=", code]], () => ({
    name,
    symbol: code,
    code,
    rates: [["create", [{ date: day(2020, 1, 1), rate: decimal("1") }]]],
  }));

async function chartOfAccounts(admin: Client, company: number): Promise<void> {
  if ((await admin.ids("account.account", [["company", "=", company]])).length > 0) return;
  const [template = 0] = await admin.ids("account.account.template", [["parent", "=", null]]);
  const [wizard = null] = (await admin.call("wizard.account.create_chart.create", [])) as readonly Value[];
  const step = (data: Row, state: string) => admin.call("wizard.account.create_chart.execute", [wizard, data, state]);
  await step({}, "account");
  await step({ account: { company, account_template: template } }, "create_account");
  const [receivable, payable] = await Promise.all([accountOf(admin, company, "receivable"), accountOf(admin, company, "payable")]);
  const properties = {
    company,
    account_receivable: receivable,
    account_payable: payable,
    category_account_expense: null,
    category_account_revenue: null,
  };
  await step({ properties }, "create_properties");
  await admin.call("wizard.account.create_chart.delete", [wizard]);
}

async function accountOf(admin: Client, company: number, type: string): Promise<number> {
  const [account = 0] = await admin.ids("account.account", [
    [`type.${type}`, "=", true],
    ["company", "=", company],
  ]);
  return account;
}

async function fiscalYear(admin: Client, company: number, year: number): Promise<void> {
  const name = String(year);
  if ((await admin.ids("account.fiscalyear", [["name", "=", name]])).length > 0) return;
  const [ofMoves = 0] = await admin.ids("ir.sequence.type", [["name", "=", "Account Move"]]);
  const [ofInvoices = 0] = await admin.ids("ir.sequence.type", [["name", "=", "Invoice"]]);
  const moves = await admin.ensure("ir.sequence", [["name", "=", `Moves ${name}`]], () => ({
    name: `Moves ${name}`,
    sequence_type: ofMoves,
    company,
  }));
  const numbers = { name: `Invoices ${name}`, sequence_type: ofInvoices, company, prefix: "INV-" };
  const invoices = await admin.ensure("ir.sequence.strict", [["name", "=", numbers.name]], () => numbers);
  const sequences = {
    company,
    in_invoice_sequence: invoices,
    in_credit_note_sequence: invoices,
    out_invoice_sequence: invoices,
    out_credit_note_sequence: invoices,
  };
  const [made] = (await admin.call("model.account.fiscalyear.create", [
    [
      {
        name,
        start_date: day(year, 1, 1),
        end_date: day(year, 12, 31),
        company,
        post_move_sequence: moves,
        invoice_sequences: [["create", [sequences]]],
      },
    ],
  ])) as readonly number[];
  await admin.call("model.account.fiscalyear.create_period", [[made ?? 0]]);
}

async function products(admin: Client, company: number): Promise<void> {
  const [revenue, expense] = await Promise.all([accountOf(admin, company, "revenue"), accountOf(admin, company, "expense")]);
  const category = await admin.ensure("product.category", [["accounting", "=", true]], () => ({
    name: "Subscriptions",
    accounting: true,
    account_revenue: revenue,
    account_expense: expense,
  }));
  const [unit = 0] = await admin.ids("product.uom", [["name", "=", "Unit"]]);
  for (const [code, price] of [
    [AMOUNT_PRODUCT, "125.00"],
    ["SETUP", "80.00"],
  ] as const)
    await admin.ensure("product.template", [["code", "=", code]], () => ({
      name: code,
      code,
      type: "service",
      list_price: decimal(price),
      cost_price_method: "fixed",
      default_uom: unit,
      sale_uom: unit,
      salable: true,
      account_category: category,
      products: [["create", [{ suffix_code: null, cost_price: decimal("10") }]]],
    }));
}

async function routerUser(admin: Client, company: number, password: string): Promise<void> {
  const groups = await admin.ids("res.group", [["name", "in", ROUTER_GROUPS]]);
  await admin.ensure("res.user", [["login", "=", ROUTER_USER]], () => ({
    name: "Signalbox",
    login: ROUTER_USER,
    password,
    companies: [["add", [company]]],
    company,
    groups: [["add", groups]],
  }));
}
