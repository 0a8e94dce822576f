import type { EntityEvent } from "../../src/domain/event.ts";
import type { FlowName } from "../../src/domain/flows/index.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { invoice, order, sale, told, type Write } from "../support/flow-story.ts";

type Refuses = (write: Omit<Write, "by">) => boolean;

/** What goes wrong at one step, and what must come of it. */
export interface Case {
  readonly step: string;
  readonly fault: string;
  readonly tells: (key: string) => readonly EntityEvent[];
  /** What is told once a step waits. */
  readonly later?: { readonly at: string; readonly tells: (key: string) => readonly EntityEvent[] };
  /** Writes that their system refuses as long as it is not mended. */
  readonly refuses?: Refuses;
  /** What mends it beside that. */
  readonly mend?: (key: string) => readonly EntityEvent[];
  /** Steps that are taken back at once, newest first; null: a person decides, and nothing is taken back. */
  readonly takesBack: readonly string[] | null;
  /** Steps that are taken back if that person cancels. */
  readonly onCancel?: readonly string[];
}

const accepted = (key: string): readonly EntityEvent[] => [sale(key), order(key)];
const has = (data: JsonObject, field: string, value: string): boolean => data[field] === value;
const toErp =
  (kind: string, status?: string): Refuses =>
  (write) =>
    write.system === "erp" && write.kind === kind && (status === undefined || has(write.data, "status", status));
const to =
  (system: "crm" | "support", kind: string, more: Refuses = () => true): Refuses =>
  (write) =>
    write.system === system && write.kind === kind && more(write);

const SALES: readonly Case[] = [
  {
    step: "account",
    fault: "the sale names no account",
    tells: (key) => [sale(key, { customerId: "" })],
    mend: (key) => [sale(key), order(key)],
    takesBack: null,
    onCancel: [],
  },
  {
    step: "tax",
    fault: "we do not sell there",
    tells: (key) => [sale(key, { region: "MARS" })],
    mend: (key) => [sale(key), order(key)],
    takesBack: null,
    onCancel: [],
  },
  {
    step: "products",
    fault: "the sale is worth nothing",
    tells: (key) => [sale(key, { amount: { amount: "0.00", currency: "EUR" } })],
    mend: (key) => [sale(key), order(key)],
    takesBack: null,
    onCancel: [],
  },
  { step: "customer", fault: "the ERP refuses it", tells: accepted, refuses: toErp("customers"), takesBack: [] },
  { step: "create-order", fault: "the ERP refuses it", tells: accepted, refuses: toErp("orders", "confirmed"), takesBack: [] },
  { step: "acceptance", fault: "nobody accepts it in time", tells: (key) => [sale(key)], takesBack: ["create-order"] },
  {
    step: "acceptance",
    fault: "the ERP says no",
    tells: (key) => [sale(key), order(key, "cancelled")],
    takesBack: ["create-order"],
  },
  {
    step: "accepted",
    fault: "the CRM does not listen",
    tells: accepted,
    refuses: to("crm", "order", ({ data }) => has(data, "status", "confirmed")),
    takesBack: null,
    onCancel: ["create-order"],
  },
  {
    step: "provision",
    fault: "it cannot be provisioned",
    tells: accepted,
    refuses: toErp("entitlements", "active"),
    takesBack: ["accepted", "create-order"],
  },
  {
    step: "support",
    fault: "support refuses it",
    tells: accepted,
    refuses: to("support", "entitlement", ({ data }) => has(data, "status", "active")),
    takesBack: ["provision", "accepted", "create-order"],
  },
  {
    step: "onboarding",
    fault: "support refuses it",
    tells: accepted,
    refuses: to("support", "case", ({ data }) => has(data, "status", "new")),
    takesBack: null,
    onCancel: ["support", "provision", "accepted", "create-order"],
  },
  {
    step: "payment",
    fault: "support refuses to lower the service level",
    tells: (key) => [...accepted(key), invoice(key, "past_due")],
    refuses: to("support", "entitlement", ({ data }) => has(data, "serviceLevel", "restricted")),
    mend: (key) => [invoice(key, "paid")],
    takesBack: null,
    onCancel: ["onboarding", "support", "provision", "accepted", "create-order"],
  },
];

const sold = (key: string, status = "confirmed"): EntityEvent =>
  told("sandbox-erp", "order", key, { customerId: `C-${key}`, region: "EMEA", status });
const shipped = (key: string, status: string): EntityEvent => told("sandbox-erp", "shipment", `sh-${key}`, { orderId: key, status });
const billed = (key: string, n: number): EntityEvent =>
  told("sandbox-erp", "invoice", `${key}-I${n}`, { orderId: key, status: "open", total: { amount: `${n}2.50`, currency: "EUR" } });
const entitled = (key: string, n: number): EntityEvent =>
  told("custom", "entitlement", `${key}-E${n}`, { orderId: key, customerId: `C-${key}`, status: "active", plan: `P${n}` });
const withdrawn = (key: string): readonly EntityEvent[] => [billed(key, 1), billed(key, 2), entitled(key, 1), entitled(key, 2), sold(key)];
const cancels = { at: "fulfilment", tells: (key: string) => [sold(key, "cancelled")] };

const ORDERS: readonly Case[] = [
  {
    step: "fulfilment",
    fault: "the CRM refuses a shipment",
    tells: (key) => [sold(key)],
    later: { at: "fulfilment", tells: (key) => [shipped(key, "shipped"), sold(key, "fulfilled")] },
    refuses: to("crm", "shipment"),
    takesBack: null,
    onCancel: [],
  },
  {
    step: "creditable",
    fault: "a part of what is cancelled was shipped",
    tells: (key) => [shipped(key, "shipped"), ...withdrawn(key)],
    later: cancels,
    mend: (key) => [shipped(key, "cancelled")],
    takesBack: null,
    onCancel: [],
  },
  {
    step: "credit",
    fault: "the ERP refuses one of two credits",
    tells: withdrawn,
    later: cancels,
    refuses: ({ kind, key, data }) => kind === "invoices" && key.endsWith("I2:credit") && has(data, "status", "open"),
    takesBack: null,
    onCancel: ["credit"],
  },
  {
    step: "provisioned",
    fault: "one of two cannot be taken away",
    tells: withdrawn,
    later: cancels,
    refuses: (write) => toErp("entitlements", "cancelled")(write) && write.key.endsWith("E2"),
    takesBack: null,
    onCancel: ["provisioned", "credit"],
  },
  {
    step: "entitlements",
    fault: "support refuses one of two reversals",
    tells: withdrawn,
    later: cancels,
    refuses: to("support", "entitlement", ({ key, data }) => key.endsWith("E2") && has(data, "status", "cancelled")),
    takesBack: null,
    onCancel: ["entitlements", "provisioned", "credit"],
  },
];

const opened = (key: string, more: JsonObject = {}): EntityEvent =>
  told("zendesk", "case", key, { customerId: `C-${key}`, status: "new", priority: "low", custom: { type: "warranty" }, ...more });
const premium = (key: string): EntityEvent =>
  told("custom", "entitlement", `${key}-E`, { customerId: `C-${key}`, status: "active", serviceLevel: "premium" });
const solved = (key: string): EntityEvent => opened(key, { status: "resolved", priority: "urgent" });

const CASES: readonly Case[] = [
  {
    step: "priority",
    fault: "support refuses it",
    tells: (key) => [premium(key), opened(key)],
    refuses: to("support", "case", ({ data }) => has(data, "priority", "high")),
    mend: (key) => [solved(key)],
    takesBack: null,
    onCancel: [],
  },
  {
    step: "return",
    fault: "the ERP refuses the return order",
    tells: (key) => [premium(key), opened(key)],
    refuses: toErp("orders", "confirmed"),
    mend: (key) => [solved(key)],
    takesBack: null,
    onCancel: ["priority"],
  },
  {
    step: "escalation",
    fault: "support refuses it",
    tells: (key) => [opened(key)],
    refuses: to("support", "case", ({ data }) => has(data, "priority", "urgent")),
    mend: (key) => [solved(key)],
    takesBack: null,
    onCancel: ["return"],
  },
  {
    step: "resolution",
    fault: "nobody resolves it in time",
    tells: (key) => [opened(key)],
    mend: (key) => [solved(key)],
    takesBack: null,
    onCancel: ["escalation", "return"],
  },
  {
    step: "crm",
    fault: "the CRM refuses the resolution",
    tells: (key) => [premium(key), opened(key)],
    later: { at: "first-answer", tells: (key) => [solved(key)] },
    refuses: to("crm", "case"),
    takesBack: null,
    onCancel: ["return", "priority"],
  },
];

/** A fault at every step of every flow. */
export const FAULTS: readonly (readonly [FlowName, readonly Case[]])[] = [
  ["quote-to-cash", SALES],
  ["order-to-fulfilment", ORDERS],
  ["case-to-resolution", CASES],
];
