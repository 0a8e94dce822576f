import * as z from "zod";
import { whyUnmet, type When } from "../conditions.ts";
import type { JsonObject } from "../json.ts";
import { defineFlow, type Effect, type Fact, type View } from "./definition.ts";
import { textOf } from "./reading.ts";

const HOUR_MS = 3_600_000;
const PRIORITIES = ["low", "normal", "high", "urgent"] as const;
type CasePriority = (typeof PRIORITIES)[number];

const Policy = z.strictObject({
  /** The least priority of a case, by the service level that its customer is entitled to. */
  priorities: z.record(z.string(), z.enum(PRIORITIES)).default({ premium: "high", standard: "normal" }),
  /** Unresolved for longer, a case is escalated. */
  escalateAfterHours: z.record(z.enum(PRIORITIES), z.number().positive()).default({ low: 72, normal: 24, high: 8, urgent: 2 }),
  resolveWithinDays: z.number().positive().default(30),
  /** Cases that become a warranty or return order in the ERP. */
  returnWhen: z.custom<When>((value) => typeof value === "object" && value !== null).default({ "custom.type": ["warranty", "return"] }),
});
type Policy = z.infer<typeof Policy>;
type Case = View<Policy>;

const RESOLVED = ["resolved", "closed"];

/** From a customer's question to its answer in the CRM. */
export const caseToResolution = defineFlow<Policy>({
  name: "case-to-resolution",
  title: "Case to resolution",
  version: 1,
  policy: Policy,
  startsOn: { kind: "case", when: { status: ["new", "open"] } },
  listens: [
    { kind: "case", refers: {} },
    { kind: "entitlement", refers: { customerId: "customer" } },
    { kind: "order", refers: { customerId: "customer" } },
  ],
  makes: [],
  ties: ({ subject }) => (typeof subject["customerId"] === "string" ? [`customer/${subject["customerId"]}`] : []),
  steps: [
    {
      name: "priority",
      title: "Its priority fits what the customer is entitled to",
      step: "do",
      to: "support",
      unless: (view) => (priorityOf(view) === view.subject["priority"] ? "it has that priority already" : isResolved(view)),
      effects: (view) => [{ kind: "case", key: view.key, nature: "delta", data: { priority: priorityOf(view), custom: contextOf(view) } }],
      remember: before,
      compensate: asBefore,
      otherwise: "person",
    },
    {
      name: "return",
      title: "A warranty or return order is in the ERP",
      step: "do",
      to: "erp",
      unless: ({ subject, policy }) => (whyUnmet(policy.returnWhen, subject) === null ? null : "it is neither a warranty nor a return"),
      effects: (view) => [returnOrder(view, "confirmed")],
      compensate: (view) => [returnOrder(view, "cancelled")],
      otherwise: "person",
    },
    {
      name: "first-answer",
      title: "It is resolved before it escalates",
      step: "wait",
      for: { kind: "case", when: { status: RESOLVED } },
      withinMs: ({ escalateAfterHours }, view) => (escalateAfterHours[priorityOf(view)] ?? 24) * HOUR_MS,
      late: "goOn",
    },
    {
      name: "escalation",
      title: "It is escalated in the support system",
      step: "do",
      to: "support",
      unless: isResolved,
      effects: ({ key }) => [{ kind: "case", key, nature: "delta", data: { priority: "urgent", custom: { escalated: true } } }],
      remember: before,
      compensate: asBefore,
      otherwise: "person",
    },
    {
      name: "resolution",
      title: "It is resolved",
      step: "wait",
      for: { kind: "case", when: { status: RESOLVED } },
      withinMs: ({ resolveWithinDays }) => resolveWithinDays * 24 * HOUR_MS,
      late: "person",
    },
    {
      name: "crm",
      title: "The CRM knows how it was resolved",
      step: "do",
      to: "crm",
      effects: ({ key, subject }) => [{ kind: "case", key, data: subject }],
      otherwise: "person",
    },
  ],
});

function before({ subject }: Case): JsonObject {
  return { priority: textOf(subject, "priority") || "normal" };
}

function asBefore({ key }: Case, { priority = "normal" }: JsonObject): readonly Effect[] {
  return [{ kind: "case", key, nature: "delta", data: { priority, custom: { escalated: false } } }];
}

function isResolved({ subject }: Case): string | null {
  return RESOLVED.includes(textOf(subject, "status")) ? "it is resolved already" : null;
}

const inForce = ({ kind, data, deleted }: Fact): boolean => kind === "entitlement" && !deleted && data["status"] === "active";

/** The highest of what it has, and of what its customer's entitlements give. */
function priorityOf({ subject, facts, policy }: Case): CasePriority {
  const given = facts.filter(inForce).flatMap(({ data }) => policy.priorities[textOf(data, "serviceLevel")] ?? []);
  const own = PRIORITIES.find((priority) => priority === subject["priority"]) ?? "low";
  return PRIORITIES.findLast((priority) => priority === own || given.includes(priority)) ?? "normal";
}

/** What the agent sees of entitlements and orders, beside the case. */
function contextOf({ facts }: Case): JsonObject {
  const of = (kind: Fact["kind"]): readonly string[] => facts.filter((fact) => fact.kind === kind && !fact.deleted).map(({ key }) => key);
  return { entitlements: of("entitlement").slice(0, 20), orders: of("order").slice(0, 20) };
}

const returnOrder = ({ key, subject }: Case, status: string): Effect => ({
  kind: "order",
  key: `${key}:return`,
  data: {
    ...(typeof subject["customerId"] === "string" ? { customerId: subject["customerId"] } : {}),
    status,
    custom: { type: "return", caseId: key },
  },
});
