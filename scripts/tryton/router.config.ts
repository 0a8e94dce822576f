import type { RouterConfig } from "../../src/domain/config.ts";
import { money, object, text, time, word } from "../../src/domain/mapping.ts";
import { router as base } from "../../src/router.config.ts";

const { partner, ...sources } = base.sources;
if (partner === undefined) throw new Error("router.config.ts has no source partner");

/**
 * The deployment's configuration with a real ERP: its destination `erp` is Tryton, and the invoices of the billing partner
 * go there too. Takes the place of src/router.config.ts when the local router is started for it.
 */
export const router: RouterConfig = {
  ...base,
  version: `${base.version}-tryton`,
  // Here the partner decides when an invoice goes out, and Tryton's own is posted by its word.
  ownership: { ...base.ownership, invoice: { system: "partner" } },
  sources: {
    ...sources,
    partner: {
      ...partner,
      objects: {
        ...partner.objects,
        invoice: object("invoice", "id", {
          number: text("number"),
          orderId: text("orderId"),
          status: word("status", { draft: "draft", open: "open", paid: "paid", void: "void" }),
          total: money("total", "currency"),
          issuedAt: time("issuedAt"),
        }),
      },
    },
  },
  destinations: {
    ...base.destinations,
    erp: {
      module: "tryton",
      title: "Tryton",
      owner: "finance",
      url: { env: "ERP_URL" },
      // The user and the product that scripts/tryton/books.ts sets up.
      settings: { user: "signalbox", company: 1, amountProduct: "PLAN-PRO" },
      secrets: { password: "TRYTON_PASSWORD" },
      timeoutMs: 20_000,
      retry: { firstDelayMs: 300, maxDelayMs: 5_000, maxAttempts: 60 },
      // One process of Python serves about ten calls a second here, and a sale takes a dozen.
      limits: { perSecond: 50, concurrency: 4 },
      breaker: { failures: 10, openMs: 1_000 },
    },
  },
  routes: base.routes.map((route) =>
    route.name === "invoices-to-crm-and-support" ? { ...route, to: [...route.to, "erp"], from: ["partner"] } : route,
  ),
};
