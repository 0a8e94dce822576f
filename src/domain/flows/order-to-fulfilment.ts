import * as z from "zod";
import { isJsonObject, type JsonObject } from "../json.ts";
import { defineFlow, type Act, type DoStep, type Effect, type Fact, type SystemRole, type View } from "./definition.ts";
import { textOf } from "./reading.ts";

const DAY_MS = 86_400_000;

const Policy = z.strictObject({
  /** An order is shipped or cancelled within this; then a person looks. */
  fulfilWithinDays: z.number().positive().default(90),
});
type Policy = z.infer<typeof Policy>;
type Order = View<Policy>;

/** From an order in the ERP to goods at the customer, or to its cancellation with money and rights given back. */
export const orderToFulfilment = defineFlow<Policy>({
  name: "order-to-fulfilment",
  title: "Order to fulfilment",
  version: 2,
  policy: Policy,
  startsOn: { kind: "order", when: { status: "confirmed" } },
  listens: [
    { kind: "order", refers: {} },
    { kind: "shipment", refers: { orderId: "order" } },
    { kind: "invoice", refers: { orderId: "order" } },
    { kind: "entitlement", refers: { orderId: "order" } },
  ],
  makes: ["entitlement"],
  ties: () => [],
  migrates: { 1: { rename: {} } },
  steps: [
    {
      name: "fulfilment",
      title: "CRM and support hear of every shipment and of the order's state",
      step: "follow",
      act: tellNext,
      settled: ({ subject }) => isFulfilled(subject) || isCancelled(subject),
      withinMs: ({ fulfilWithinDays }) => fulfilWithinDays * DAY_MS,
      late: "person",
    },
    {
      name: "creditable",
      title: "What is to be credited can be told",
      step: "check",
      unless: notCancelled,
      // Which of the goods come back is known to people, not to us.
      problem: ({ facts }) =>
        shipmentsIn(facts).some(({ data }) => data["status"] !== "cancelled" && data["status"] !== "planned")
          ? "a part of it was shipped: credit the rest in the ERP, then skip this step and the next"
          : null,
      otherwise: "person",
    },
    {
      name: "credit",
      title: "What was invoiced is credited in the ERP",
      step: "do",
      to: "erp",
      unless: notCancelled,
      effects: ({ facts }) => invoicesIn(facts).map((invoice) => creditOf(invoice, "open")),
      remember: ({ facts }) => Object.fromEntries(invoicesIn(facts).map(({ key, data }) => [key, data])),
      compensate: (_order, before) => recordsIn(before).map((invoice) => creditOf(invoice, "void")),
      otherwise: "person",
    },
    { name: "provisioned", title: "What was provisioned for it is taken away", to: "provisioning", ...reversal() },
    { name: "entitlements", title: "What the order entitled to is reversed", to: "support", ...reversal() },
  ],
});

function reversal(): Omit<DoStep<Policy>, "name" | "title" | "to"> {
  return {
    step: "do",
    unless: notCancelled,
    effects: (order) => heldBefore(order).map(({ key, data }) => entitled(key, { ...data, status: "cancelled" })),
    remember: (order) => Object.fromEntries(heldBefore(order).map(({ key, data }) => [key, data])),
    compensate: (_order, before) => recordsIn(before).map(({ key, data }) => entitled(key, data)),
    otherwise: "person",
  };
}

const isFulfilled = (order: JsonObject): boolean => ["fulfilled", "invoiced", "closed"].includes(textOf(order, "status"));
const isCancelled = (order: JsonObject): boolean => order["status"] === "cancelled";

function notCancelled({ subject }: Order): string | null {
  return isCancelled(subject) ? null : "the order was not cancelled";
}

const shipmentsIn = (facts: readonly Fact[]): readonly Fact[] => facts.filter(({ kind, deleted }) => kind === "shipment" && !deleted);

/** What the customer was asked to pay. A credit, which the ERP may tell of as an invoice, is none of these. */
const invoicesIn = (facts: readonly Fact[]): readonly Fact[] =>
  facts.filter(
    ({ kind, data, deleted }) =>
      kind === "invoice" &&
      !deleted &&
      data["status"] !== "void" &&
      data["status"] !== "draft" &&
      textOf(data, "custom.type") !== "credit" &&
      !textOf(data, "total.amount").startsWith("-"),
  );

/** What the customer held before any of it was taken away: of that, the facts tell no more. */
function heldBefore({ facts, memories }: Order): readonly Pick<Fact, "key" | "data">[] {
  const remembered = [memories["provisioned"], memories["entitlements"]].map((memory) => recordsIn(memory ?? {}));
  return remembered.find((records) => records.length > 0) ?? entitlementsIn(facts);
}

/** What is not over already. */
const entitlementsIn = (facts: readonly Fact[]): readonly Fact[] =>
  facts.filter(({ kind, data, deleted }) => kind === "entitlement" && !deleted && !ENTITLED_NO_MORE.includes(textOf(data, "status")));

const ENTITLED_NO_MORE = ["cancelled", "expired"];

/** Who hears of fulfilment. */
const TOLD: readonly SystemRole[] = ["crm", "support"];

/** The next state that a system has not heard of: each shipment by itself, then the order. One at a time, so that none is lost on the way. */
function tellNext({ key, subject, facts, has }: Order, memory: JsonObject): Act | null {
  const records = [...shipmentsIn(facts), { kind: "order" as const, key, data: subject }];
  for (const record of records) {
    for (const to of TOLD.filter(has)) {
      const place = `${to} ${record.kind} ${record.key}`;
      const state = textOf(record.data, "status") || "unknown";
      if (memory[place] === state) continue;
      const effect: Effect = { kind: record.kind, key: record.key, data: record.data };
      return {
        to,
        effects: [effect],
        memory: { ...memory, [place]: state },
        why: `${to} hears that ${record.kind} ${record.key} is ${state}`,
      };
    }
  }
  return null;
}

/** A credit of a whole invoice, as a record of its own. */
function creditOf({ key, data }: Pick<Fact, "key" | "data">, status: "open" | "void"): Effect {
  const { total, customerId, orderId } = data;
  const amount = typeof total === "object" && total !== null && !Array.isArray(total) ? (total as JsonObject) : null;
  const credited = amount === null ? {} : { total: { ...amount, amount: negative(textOf(amount, "amount")) } };
  const names = Object.fromEntries(
    Object.entries({ customerId, orderId }).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  return {
    kind: "invoice",
    key: `${key}:credit`,
    data: { ...names, ...credited, status, custom: { type: "credit", creditOf: key } },
  };
}

const negative = (amount: string): string => (amount.startsWith("-") ? amount.slice(1) : `-${amount}`);

/** Records as a step has remembered them. */
const recordsIn = (before: JsonObject): readonly Pick<Fact, "key" | "data">[] =>
  Object.entries(before).flatMap(([key, data]) => (isJsonObject(data) ? [{ key, data }] : []));

const entitled = (key: string, data: JsonObject): Effect => ({ kind: "entitlement", key, data });
