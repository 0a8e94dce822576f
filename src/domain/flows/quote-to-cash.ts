import * as z from "zod";
import { compareDecimals, parseDecimal } from "../decimal.ts";
import { isJsonObject, readPath, type JsonObject } from "../json.ts";
import { defineFlow, type Act, type Effect, type Fact, type View } from "./definition.ts";
import { textOf } from "./reading.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const Policy = z.strictObject({
  /** The ERP accepts or refuses an order within this. */
  acceptWithinHours: z.number().positive().default(24),
  /** Tax jurisdictions that we may sell into; absent: any that is named. */
  taxJurisdictions: z.array(z.string()).optional(),
  /** Products that can be configured; absent: any. */
  products: z.array(z.string()).optional(),
  serviceLevel: z.string().default("standard"),
  /** The service level of a customer who does not pay: served and visible, but not first. */
  delinquentServiceLevel: z.string().default("restricted"),
  /** An invoice is delinquent when it is unpaid this long after its due date. */
  delinquentAfterDays: z.number().min(0).default(14),
  /** Invoices are followed this long. */
  followDays: z.number().positive().default(365),
  /** One onboarding task each. */
  onboardingTasks: z.array(z.string()).default(["Welcome call", "Set up access", "First review"]),
});
type Policy = z.infer<typeof Policy>;
type Sale = View<Policy>;

/** From a sale that is won to a customer who has paid. */
export const quoteToCash = defineFlow<Policy>({
  name: "quote-to-cash",
  title: "Quote to cash",
  version: 1,
  policy: Policy,
  startsOn: { kind: "opportunity", when: { stage: "won" } },
  listens: [
    { kind: "opportunity", refers: {}, when: { stage: ["won", "lost"] } },
    { kind: "order", refers: { opportunityId: "opportunity" }, when: { opportunityId: { exists: true } } },
    { kind: "invoice", refers: { opportunityId: "opportunity", orderId: "order" } },
  ],
  makes: ["entitlement"],
  ties: ({ facts, remoteIds }) => [
    ...facts.filter(({ kind }) => kind === "order").map(({ key }) => `order/${key}`),
    ...(remoteIds["create-order"] === undefined ? [] : [`order/${remoteIds["create-order"]}`]),
  ],
  takenBack: {
    untilStep: "accepted",
    why: ({ subject }) => (subject["stage"] === "lost" ? "the sale was taken back before its order was accepted" : null),
  },
  steps: [
    { name: "account", title: "The sale names its account", step: "check", problem: accountProblem, otherwise: "person" },
    { name: "tax", title: "The tax jurisdiction is known and ours", step: "check", problem: taxProblem, otherwise: "person" },
    { name: "products", title: "The products can be configured", step: "check", problem: productProblem, otherwise: "person" },
    {
      name: "customer",
      title: "The customer is in the ERP",
      step: "do",
      to: "erp",
      effects: ({ subject }) => [{ kind: "customer", key: textOf(subject, "customerId"), nature: "delta", data: customerOf(subject) }],
      otherwise: "compensate",
    },
    {
      name: "create-order",
      title: "The sale is an order in the ERP",
      step: "do",
      to: "erp",
      effects: ({ key, subject }) => [{ kind: "opportunity", key, data: { ...subject, stage: "won" } }],
      compensate: ({ key, subject }) => [{ kind: "opportunity", key, data: { ...subject, stage: "lost" } }],
      otherwise: "compensate",
    },
    {
      name: "acceptance",
      title: "The ERP accepts the order",
      step: "wait",
      for: {
        kind: "order",
        when: { status: ["confirmed", "partially_fulfilled", "fulfilled", "partially_invoiced", "invoiced", "closed"] },
      },
      refusedBy: { kind: "order", when: { status: "cancelled" } },
      withinMs: ({ acceptWithinHours }) => acceptWithinHours * HOUR_MS,
      late: "compensate",
    },
    {
      name: "accepted",
      title: "Everybody hears that the order is accepted",
      step: "publish",
      type: "order.accepted",
      effects: (sale) => [acceptedOrder(sale)],
      compensate: (sale) => [revokedOrder(sale)],
      otherwise: "person",
    },
    {
      name: "provision",
      title: "What was bought is provisioned",
      step: "do",
      to: "provisioning",
      effects: (sale) => [entitlement(sale, "service", { status: "active" })],
      compensate: (sale) => [entitlement(sale, "service", { status: "cancelled" })],
      otherwise: "compensate",
    },
    {
      name: "support",
      title: "Support knows what the customer is entitled to",
      step: "do",
      to: "support",
      effects: (sale) => [entitlement(sale, "support", { status: "active", serviceLevel: sale.policy.serviceLevel })],
      compensate: (sale) => [entitlement(sale, "support", { status: "cancelled" })],
      otherwise: "compensate",
    },
    {
      name: "onboarding",
      title: "Onboarding tasks are open in the support system",
      step: "do",
      to: "support",
      effects: (sale) => sale.policy.onboardingTasks.map((subject, index) => task(sale, index, { subject, status: "new" })),
      compensate: (sale) => sale.policy.onboardingTasks.map((subject, index) => task(sale, index, { subject, status: "closed" })),
      otherwise: "person",
    },
    {
      name: "payment",
      title: "Invoices are followed until they are paid",
      step: "follow",
      act: downgradeOrRestore,
      settled: ({ facts }) => invoicesIn(facts).length > 0 && invoicesIn(facts).every(isSettled),
      lookAgainAtMs: (sale) => nextDelinquencyMs(sale),
      withinMs: ({ followDays }) => followDays * DAY_MS,
      late: "person",
    },
  ],
});

function accountProblem({ subject }: Sale): string | null {
  return textOf(subject, "customerId") === "" ? "the sale names no account (customerId)" : null;
}

function taxProblem({ subject, policy }: Sale): string | null {
  const jurisdiction = textOf(subject, "custom.taxJurisdiction") || textOf(subject, "region");
  if (jurisdiction === "") return "the sale names no tax jurisdiction (custom.taxJurisdiction, or region)";
  return policy.taxJurisdictions?.includes(jurisdiction) === false ? `we do not sell into the tax jurisdiction ${jurisdiction}` : null;
}

function productProblem({ subject, policy }: Sale): string | null {
  const amount = parseDecimal(textOf(subject, "amount.amount"));
  if (!amount.ok || compareDecimals(amount.value, "0") <= 0) return "the sale has no amount above zero";
  const lines = readPath(subject, "custom.lines") ?? [];
  for (const line of Array.isArray(lines) ? (lines as readonly unknown[]) : []) {
    const sku = isJsonObject(line) ? textOf(line, "sku") : "";
    const quantity = parseDecimal(isJsonObject(line) ? textOf(line, "quantity") : "");
    if (sku === "" || !quantity.ok || compareDecimals(quantity.value, "0") <= 0)
      return `a line has no product or no quantity: ${JSON.stringify(line)}`;
    if (policy.products?.includes(sku) === false) return `the product ${sku} cannot be configured`;
  }
  return null;
}

/** Only what the sale knows: a customer that is there already keeps the rest. */
function customerOf(subject: JsonObject): JsonObject {
  const name = textOf(subject, "custom.accountName");
  const fields = { name, region: textOf(subject, "region"), currency: textOf(subject, "amount.currency"), status: "active" };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

function acceptedOrder({ key, subject, facts }: Sale): Effect {
  const order = facts.find(({ kind }) => kind === "order");
  const data = order?.data ?? { opportunityId: key, customerId: textOf(subject, "customerId"), status: "confirmed" };
  return { kind: "order", key: order?.key ?? key, data };
}

function revokedOrder(sale: Sale): Effect {
  const { key, data, ...accepted } = acceptedOrder(sale);
  return { ...accepted, key, data: { ...data, status: "cancelled" } };
}

const entitlement = ({ key, subject, facts }: Sale, part: string, more: JsonObject): Effect => {
  const order = facts.find(({ kind }) => kind === "order");
  const names = { customerId: textOf(subject, "customerId"), orderId: order?.key ?? key, name: textOf(subject, "name") || key };
  return { kind: "entitlement", key: `${key}:${part}`, data: { ...names, ...more } };
};

const task = ({ key, subject }: Sale, index: number, more: JsonObject): Effect => ({
  kind: "case",
  key: `${key}:onboarding-${index + 1}`,
  data: { customerId: textOf(subject, "customerId"), priority: "normal", ...more, custom: { type: "onboarding", opportunityId: key } },
});

const invoicesIn = (facts: readonly Fact[]): readonly Fact[] => facts.filter(({ kind, deleted }) => kind === "invoice" && !deleted);
const isSettled = ({ data }: Fact): boolean => data["status"] === "paid" || data["status"] === "void";

/** From when on an unpaid invoice is delinquent; null while it has no due date. */
function delinquentFromMs({ data }: Fact, { delinquentAfterDays }: Policy): number | null {
  const dueMs = Date.parse(textOf(data, "dueDate"));
  return Number.isNaN(dueMs) ? null : dueMs + delinquentAfterDays * DAY_MS;
}

const isDelinquent = (invoice: Fact, { policy, nowMs }: Sale): boolean => {
  if (isSettled(invoice)) return false;
  const fromMs = delinquentFromMs(invoice, policy);
  // Without a due date, the ERP's own word is all that there is.
  return fromMs === null ? invoice.data["status"] === "past_due" || invoice.data["status"] === "uncollectible" : nowMs >= fromMs;
};

function downgradeOrRestore(sale: Sale, memory: JsonObject): Act | null {
  const delinquent = invoicesIn(sale.facts).find((invoice) => isDelinquent(invoice, sale));
  const downgraded = memory["downgraded"] === true;
  if (!sale.has("support")) return null;
  if ((delinquent !== undefined) === downgraded) return null;
  const serviceLevel = downgraded ? sale.policy.serviceLevel : sale.policy.delinquentServiceLevel;
  const why = downgraded
    ? "everything due is paid: the service level is restored"
    : `invoice ${delinquent?.key ?? ""} is delinquent: the service level goes down, and the customer stays visible`;
  // Still active: the customer keeps seeing what was bought and what was asked.
  return {
    to: "support",
    effects: [entitlement(sale, "support", { status: "active", serviceLevel })],
    memory: { downgraded: !downgraded },
    why,
  };
}

function nextDelinquencyMs(sale: Sale): number | null {
  const times = invoicesIn(sale.facts)
    .filter((invoice) => !isSettled(invoice))
    .flatMap((invoice) => delinquentFromMs(invoice, sale.policy) ?? [])
    .filter((timeMs) => timeMs > sale.nowMs);
  return times.length === 0 ? null : Math.min(...times);
}
