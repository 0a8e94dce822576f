import type { RouterConfig } from "../../src/domain/config.ts";
import { money, object, text, word } from "../../src/domain/mapping.ts";

/** Routes that would bring the systems what a flow brings them. */
const REPLACED = ["won-opportunities-become-orders", "orders-back-to-crm", "cases-to-crm", "entitlements-to-support"];

/**
 * A deployment's configuration with every flow switched on, for all its records and with a system for each part, unless nobody
 * provisions. Shipments come from the ERP, cases from the custom source.
 */
export function withEveryFlow(
  base: RouterConfig,
  provisioning: { readonly provisioning?: string } = { provisioning: "erp" },
): RouterConfig {
  const { "sandbox-erp": erp, custom, ...sources } = base.sources;
  if (erp === undefined || custom === undefined) throw new Error("router.config.ts has no source sandbox-erp, or no source custom");
  const parts = { erp: "erp", crm: "crm", support: "support", ...provisioning } as const;
  return {
    ...base,
    version: `${base.version}-every-flow`,
    sources: {
      ...sources,
      "sandbox-erp": {
        ...erp,
        objects: {
          ...erp.objects,
          shipment: object("shipment", "id", {
            orderId: text("orderId"),
            status: word("status", { planned: "planned", shipped: "shipped", delivered: "delivered", cancelled: "cancelled" }),
          }),
          invoice: object("invoice", "id", {
            number: text("number"),
            orderId: text("orderId"),
            opportunityId: text("opportunityId"),
            customerId: text("customerId"),
            status: word("status", { open: "open", past_due: "past_due", paid: "paid", void: "void" }),
            total: money("total.amount", "total.currency"),
          }),
        },
      },
      custom: {
        ...custom,
        objects: {
          ...custom.objects,
          case: object("case", "id", {
            customerId: text("customerId"),
            status: word("status", { new: "new", open: "open", resolved: "resolved", closed: "closed" }),
            priority: word("priority", { low: "low", normal: "normal", high: "high", urgent: "urgent" }),
            type: text("type"),
          }),
        },
      },
    },
    flows: {
      "quote-to-cash": {
        owner: "revops",
        ...parts,
        publishTo: ["crm"],
        writeBack: "crm",
        policy: { taxJurisdictions: ["DACH", "EMEA"], onboardingTasks: ["Welcome call"] },
      },
      "order-to-fulfilment": { owner: "finance", ...parts, writeBack: "crm" },
      "case-to-resolution": { owner: "support", ...parts, writeBack: "crm" },
    },
    routes: base.routes.filter(({ name }) => !REPLACED.includes(name)),
  };
}
