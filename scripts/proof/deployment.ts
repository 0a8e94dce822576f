import type { ReconciliationConfig, RouterConfig, SourceConfig } from "../../src/domain/config.ts";
import { object, money, text, time, word } from "../../src/domain/mapping.ts";
import { router as base } from "../tryton/router.config.ts";

/** How often is compared, and how long a difference may be nothing but time. */
export interface Terms {
  readonly everySeconds: number;
  readonly fullEverySeconds: number;
  readonly graceSeconds: number;
  readonly stormAbove: number;
}

/** Commits of one process on SQLite are seen at once; its stamps are whole seconds. */
const LAG_MS = 2_000;

/** The deployment that stands before Tryton, with its orders and customers compared by these terms. */
export const deploymentWith = (terms: Terms): RouterConfig => ({
  ...base,
  version: `${base.version}-proof`,
  sources: {
    ...base.sources,
    custom: {
      ...sourceNamed("custom"),
      objects: {
        customer: object("customer", "id", {
          name: text("name"),
          email: text("email"),
          status: word("status", { active: "active", inactive: "inactive" }),
        }),
      },
    },
    "sandbox-erp": {
      ...sourceNamed("sandbox-erp"),
      objects: {
        customer: object("customer", "id", { name: text("name"), status: word("status", { active: "active" }) }),
        order: object("order", "id", {
          number: text("number"),
          customerId: text("customerId"),
          status: word("status", { draft: "draft", confirmed: "confirmed", cancelled: "cancelled" }),
          total: money("total.amount", "total.currency"),
          orderedAt: time("orderedAt"),
        }),
      },
    },
  },
  // What the ERP tells of its customers is known, and goes nowhere.
  routes: base.routes.map((route) => (route.kind === "customer" ? { ...route, from: ["custom"] } : route)),
  // A record that somebody keeps locked is waited for, and is no sign that Tryton is down.
  destinations: { ...base.destinations, erp: { ...destinationErp(), retry: { firstDelayMs: 300, maxDelayMs: 5_000, maxAttempts: 1_000 } } },
  reconciliations: {
    customers: {
      ...timesOf(terms),
      kind: "customer",
      fields: [{ field: "name" }, { field: "status" }],
      // What the CRM owns is written again; what nobody knew is taken over.
      repair: { ownershipViolation: "push", missingInErp: "push", missingHere: "pull" },
    },
    orders: {
      ...timesOf(terms),
      kind: "order",
      fields: [{ field: "status" }, { field: "total", tolerance: "0.01" }, { field: "customerId" }],
      // Orders are the ERP's: its word is taken over. What it has thrown away nobody else can bring back: a person looks.
      repair: { mismatch: "pull", missingHere: "pull", missingInErp: "push" },
    },
  },
});

const timesOf = ({ everySeconds, fullEverySeconds, graceSeconds, stormAbove }: Terms): Omit<ReconciliationConfig, "kind"> => ({
  system: "erp",
  owner: "finance",
  everyMinutes: everySeconds / 60,
  fullEveryHours: fullEverySeconds / 3_600,
  graceMinutes: graceSeconds / 60,
  lagMs: LAG_MS,
  overlapMs: 20_000,
  stormAbove,
});

function sourceNamed(name: string): SourceConfig {
  const source = base.sources[name];
  if (source === undefined) throw new Error(`router.config.ts has no source ${name}`);
  return source;
}

function destinationErp(): RouterConfig["destinations"][string] {
  const { erp } = base.destinations;
  if (erp === undefined) throw new Error("router.config.ts has no destination erp");
  return { ...erp, breaker: { failures: 1_000, openMs: 1_000 } };
}
