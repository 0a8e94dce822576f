import { saleKey, standsAt, type FlowWorld } from "../flow-world.ts";

/** What goes wrong at one step of a flow with Tryton, and what must come of it. */
export interface FaultCase {
  readonly step: string;
  readonly fault: string;
  readonly key: string;
  /** Answers the key of the run's own record. */
  readonly story: (world: FlowWorld, key: string) => Promise<string>;
  /** Steps that are taken back at once, newest first; null: a person decides, and nothing is taken back. */
  readonly takesBack: readonly string[] | null;
  /** Steps that are taken back if that person cancels. */
  readonly onCancel?: readonly string[];
  /** The sale that it leaves in Tryton, once; absent: none. */
  readonly sale?: { readonly reference: string; readonly state: "cancelled" | "confirmed" };
}

const sale = (word: string): { readonly key: string; readonly sale: NonNullable<FaultCase["sale"]> } => ({
  key: saleKey(word),
  sale: { reference: saleKey(word), state: "cancelled" },
});

/** Won, an order in Tryton, and told of by it. */
async function accepted(world: FlowWorld, key: string, status?: string): Promise<string> {
  await world.sell({ id: key, name: key, amount: "10.00" });
  await world.run("quote-to-cash", key, standsAt("acceptance"));
  await world.relay(key, status === undefined ? {} : { status });
  return key;
}

async function sold(world: FlowWorld, key: string, more: Partial<Parameters<FlowWorld["sell"]>[0]> = {}): Promise<string> {
  await world.sell({ id: key, name: key, amount: "10.00", ...more });
  return key;
}

export const SALES: readonly FaultCase[] = [
  {
    step: "account",
    fault: "the sale names no account",
    key: saleKey("Nobody"),
    story: (world, key) => sold(world, key, { account: "" }),
    takesBack: null,
    onCancel: [],
  },
  {
    step: "tax",
    fault: "we do not sell there",
    key: saleKey("Mars"),
    story: (world, key) => sold(world, key, { region: "MARS" }),
    takesBack: null,
    onCancel: [],
  },
  {
    step: "products",
    fault: "the sale is worth nothing",
    key: saleKey("Nothing"),
    story: (world, key) => sold(world, key, { amount: "0.00" }),
    takesBack: null,
    onCancel: [],
  },
  {
    step: "customer",
    fault: "Tryton refuses it",
    key: saleKey("Stranger"),
    story: (world, key) => {
      world.proxy.refuse("model.party.party.create", "0012400000StrangrAAR");
      return sold(world, key, { account: "0012400000StrangrAAR" });
    },
    takesBack: [],
  },
  {
    step: "create-order",
    fault: "Tryton refuses it",
    key: saleKey("NoOrder"),
    story: (world, key) => {
      world.proxy.refuse("model.sale.sale.create", key);
      return sold(world, key);
    },
    takesBack: [],
  },
  { step: "acceptance", fault: "nobody accepts it in time", ...sale("NoAnswer"), story: sold, takesBack: ["create-order"] },
  {
    step: "acceptance",
    fault: "Tryton says no",
    ...sale("No"),
    story: (world, key) => accepted(world, key, "cancelled"),
    takesBack: ["create-order"],
  },
  {
    step: "accepted",
    fault: "the CRM does not listen",
    ...sale("NoCrm"),
    story: async (world, key) => {
      await world.refuses("crm", `"opportunityId":"${key}"`, '"status":"confirmed"');
      return accepted(world, key);
    },
    takesBack: null,
    onCancel: ["create-order"],
  },
  {
    step: "support",
    fault: "support refuses it",
    ...sale("NoRight"),
    story: async (world, key) => {
      await world.refuses("support", `${key}:support`, '"status":"active"');
      return accepted(world, key);
    },
    takesBack: ["accepted", "create-order"],
  },
  {
    step: "onboarding",
    fault: "support refuses it",
    ...sale("NoTask"),
    story: async (world, key) => {
      await world.refuses("support", `${key}:onboarding-1`, '"status":"new"');
      return accepted(world, key);
    },
    takesBack: null,
    onCancel: ["support", "accepted", "create-order"],
  },
  {
    step: "payment",
    fault: "support refuses to lower the service level",
    ...sale("NoMoney"),
    story: async (world, key) => {
      await world.refuses("support", `${key}:support`, '"serviceLevel":"restricted"');
      await accepted(world, key);
      await world.told("invoice", `${key}-I`, { status: "past_due", opportunityId: key });
      return key;
    },
    takesBack: null,
    onCancel: ["onboarding", "support", "accepted", "create-order"],
  },
];

/** An order that Tryton tells of, and that was sold by hand. */
async function confirmed(world: FlowWorld, key: string): Promise<string> {
  await world.told("order", key, { status: "confirmed", customerId: `C-${key}` });
  await world.run("order-to-fulfilment", key, standsAt("fulfilment"));
  return key;
}

const cancelled = async (world: FlowWorld, key: string): Promise<string> => {
  await world.told("order", key, { status: "cancelled", customerId: `C-${key}` });
  return key;
};

export const ORDERS: readonly FaultCase[] = [
  {
    step: "fulfilment",
    fault: "the CRM refuses a shipment",
    key: "O-shipment",
    story: async (world, key) => {
      await world.refuses("crm", `"key":"${key}-S"`);
      await confirmed(world, key);
      await world.told("shipment", `${key}-S`, { orderId: key, status: "shipped" });
      return key;
    },
    takesBack: null,
    onCancel: [],
  },
  {
    step: "creditable",
    fault: "a part of what is cancelled was shipped",
    key: "O-partial",
    story: async (world, key) => {
      await confirmed(world, key);
      await world.told("shipment", `${key}-S`, { orderId: key, status: "shipped" });
      return cancelled(world, key);
    },
    takesBack: null,
    onCancel: [],
  },
  {
    step: "credit",
    fault: "Tryton credits by its own wizard alone",
    key: "O-credit",
    story: async (world, key) => {
      await world.makeCustomer(`C-${key}`);
      await confirmed(world, key);
      await world.told("invoice", `${key}-I`, { orderId: key, status: "open", total: { amount: "12.50", currency: "EUR" } });
      await world.ours("entitlement", `${key}-E`, { orderId: key, customerId: `C-${key}`, status: "active" });
      return cancelled(world, key);
    },
    takesBack: null,
    onCancel: [],
  },
  {
    step: "entitlements",
    fault: "support refuses one of two reversals",
    key: "O-rights",
    story: async (world, key) => {
      await world.refuses("support", `"key":"${key}-E2"`, '"status":"cancelled"');
      await confirmed(world, key);
      for (const n of [1, 2]) await world.ours("entitlement", `${key}-E${n}`, { orderId: key, customerId: `C-${key}`, status: "active" });
      await world.run("order-to-fulfilment", key, standsAt("fulfilment"));
      return cancelled(world, key);
    },
    takesBack: null,
    onCancel: ["entitlements"],
  },
];

/** A question under warranty, of a customer of its own. */
async function asked(world: FlowWorld, key: string, priority: string, serviceLevel?: string): Promise<string> {
  await world.makeCustomer(`C-${key}`);
  if (serviceLevel !== undefined)
    await world.ours("entitlement", `${key}-E`, { customerId: `C-${key}`, status: "active", plan: "P", serviceLevel });
  await world.ours("case", key, { customerId: `C-${key}`, status: "new", type: "warranty", priority });
  return key;
}

const returned = (key: string): NonNullable<FaultCase["sale"]> => ({ reference: `${key}:return`, state: "cancelled" });

export const CASES: readonly FaultCase[] = [
  {
    step: "priority",
    fault: "support refuses it",
    key: "K-priority",
    story: async (world, key) => {
      await world.refuses("support", `"key":"${key}"`, '"priority":"high"');
      return asked(world, key, "low", "premium");
    },
    takesBack: null,
    onCancel: [],
  },
  {
    step: "return",
    fault: "Tryton refuses the return order",
    key: "K-return",
    story: (world, key) => {
      world.proxy.refuse("model.sale.sale.create", `${key}:return`);
      return asked(world, key, "low", "premium");
    },
    takesBack: null,
    onCancel: ["priority"],
  },
  {
    step: "escalation",
    fault: "support refuses it",
    key: "K-escalate",
    story: async (world, key) => {
      await world.refuses("support", `"key":"${key}"`, '"priority":"urgent"');
      return asked(world, key, "normal");
    },
    takesBack: null,
    onCancel: ["return"],
    sale: returned("K-escalate"),
  },
  {
    step: "resolution",
    fault: "nobody resolves it in time",
    key: "K-resolve",
    story: (world, key) => asked(world, key, "normal"),
    takesBack: null,
    onCancel: ["escalation", "return"],
    sale: returned("K-resolve"),
  },
  {
    step: "crm",
    fault: "the CRM refuses the resolution",
    key: "K-crm",
    story: async (world, key) => {
      await world.refuses("crm", `"key":"${key}"`, '"kind":"case"');
      await asked(world, key, "low", "premium");
      await world.run("case-to-resolution", key, standsAt("first-answer"));
      await world.ours("case", key, { customerId: `C-${key}`, status: "resolved", type: "warranty", priority: "high" });
      return key;
    },
    takesBack: null,
    onCancel: ["return", "priority"],
    sale: returned("K-crm"),
  },
];
