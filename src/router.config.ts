import { defineRouter } from "./domain/config.ts";
import { money, object, text, time, word } from "./domain/mapping.ts";

const ORDER_WORDS = { confirmed: "confirmed", cancelled: "cancelled", fulfilled: "fulfilled", closed: "closed" };
const INVOICE_WORDS = { draft: "draft", open: "open", paid: "paid", void: "void" };

/** What THIS deployment routes. Every name used below is declared here; `npm run check` names the line of a mistake. */
export const router = defineRouter({
  version: "2026-11-24",

  owners: {
    revops: { team: "Revenue operations", contact: "revops@example.com" },
    finance: { team: "Finance systems", contact: "erp-team@example.com" },
    support: { team: "Support operations", contact: "support-ops@example.com" },
    platform: { team: "Integration platform", contact: "integration@example.com" },
  },

  // Only an owner's word counts: what another system says of these does not reach the owner.
  ownership: {
    order: { system: "erp" },
    invoice: { system: "erp" },
    opportunity: { system: "salesforce" },
    customer: { system: "salesforce", fields: { taxId: "erp", number: "erp" } },
    case: { system: "zendesk" },
  },

  sources: {
    salesforce: {
      scheme: "salesforce-outbound-message",
      title: "Salesforce, production org",
      owner: "revops",
      secrets: [{ env: "SALESFORCE_TOKEN" }, { env: "SALESFORCE_TOKEN_NEXT", optional: true }],
      settings: { organizationIds: ["00D24000000abcDEAQ"], currency: "EUR" },
      priority: { opportunity: "critical", order: "critical" },
      objects: {
        Opportunity: object("opportunity", "Id", { region: text("Region__c") }),
        Service_Contract__c: object("entitlement", "Id", {
          name: text("Name"),
          customerId: text("Account__c"),
          serviceLevel: text("Service_Level__c"),
          status: word("Status__c", { active: "active", draft: "pending", ended: "expired" }),
        }),
      },
    },
    zendesk: {
      scheme: "zendesk",
      title: "Zendesk",
      owner: "support",
      secrets: [{ env: "ZENDESK_SECRET" }, { env: "ZENDESK_SECRET_NEXT", optional: true }],
      priority: "standard",
    },
    stripe: {
      scheme: "stripe",
      title: "Stripe",
      owner: "finance",
      secrets: [{ env: "STRIPE_SECRET" }, { env: "STRIPE_SECRET_NEXT", optional: true }],
      priority: { invoice: "critical" },
    },
    partner: {
      scheme: "standard-webhooks",
      title: "A partner's billing system (Standard Webhooks)",
      owner: "finance",
      secrets: [{ env: "PARTNER_SECRET" }, { env: "PARTNER_PUBLIC_KEY" }],
      settings: { order: { path: "data.version", as: "int" } },
      priority: "bulk",
      // Each of the partner's customers may get an address and a secret of its own: /in/partner/{account}.
      accounts: { keys: "perAccount" },
      rate: { perSecond: 2_000 },
      objects: {
        invoice: object("invoice", "id", {
          number: text("number"),
          status: word("status", INVOICE_WORDS),
          total: money("total", "currency"),
        }),
        customer: object("customer", "id", { name: text("name"), email: text("email") }),
      },
    },
    custom: {
      scheme: "hmac",
      title: "Our own provisioning service",
      owner: "platform",
      secrets: [{ env: "CUSTOM_SECRET" }, { env: "CUSTOM_SECRET_NEXT", optional: true }],
      settings: {
        header: "x-signature",
        timestampHeader: "x-timestamp",
        timestampFormat: "s",
        template: "{timestamp}.{body}",
        encoding: "hex",
        alg: "SHA-256",
        deliveryId: { path: "eventId" },
        order: { path: "data.updatedAt", as: "iso" },
      },
      priority: "standard",
      objects: {
        customer: object("customer", "id", { name: text("name"), email: text("email"), region: text("region"), tier: text("tier") }),
        entitlement: object("entitlement", "id", {
          customerId: text("customerId"),
          plan: text("plan"),
          status: word("status", { active: "active", pending: "pending", cancelled: "cancelled" }),
          startsAt: time("startsAt"),
        }),
      },
    },
    "sandbox-erp": {
      scheme: "standard-webhooks",
      title: "The ERP, telling of its own changes",
      owner: "finance",
      system: "erp",
      secrets: [{ env: "ERP_WEBHOOK_SECRET" }],
      settings: { order: { path: "data.version", as: "int" } },
      priority: "critical",
      objects: {
        order: object("order", "id", {
          number: text("number"),
          opportunityId: text("externalKey"),
          customerId: text("customerId"),
          status: word("status", ORDER_WORDS),
          total: money("total.amount", "total.currency"),
          region: text("region"),
        }),
        invoice: object("invoice", "id", {
          number: text("number"),
          orderId: text("orderId"),
          opportunityId: text("opportunityId"),
          customerId: text("customerId"),
          status: word("status", INVOICE_WORDS),
          total: money("total.amount", "total.currency"),
        }),
      },
    },
  },

  destinations: {
    erp: {
      module: "sandbox-erp",
      title: "ERP",
      owner: "finance",
      url: { env: "ERP_URL" },
      secrets: { apiKey: "ERP_API_KEY" },
      timeoutMs: 5_000,
      retry: { firstDelayMs: 500, maxDelayMs: 60_000, maxAttempts: 20 },
      limits: { perSecond: 500, concurrency: 100 },
      breaker: { failures: 10, openMs: 3_000 },
    },
    crm: {
      module: "http",
      title: "CRM",
      owner: "revops",
      url: { env: "CRM_URL" },
      settings: { path: "/webhooks" },
      secrets: { signing: "CRM_SIGNING_SECRET" },
      limits: { perSecond: 500, concurrency: 100 },
    },
    support: {
      module: "http",
      title: "Support platform",
      owner: "support",
      url: { env: "SUPPORT_URL" },
      settings: { path: "/webhooks" },
      secrets: { signing: "SUPPORT_SIGNING_SECRET" },
      limits: { perSecond: 500, concurrency: 100 },
    },
  },

  // Runs that one can see, wait for events, and take back what they did: src/domain/flows says how. One region to begin with.
  flows: {
    "quote-to-cash": {
      owner: "revops",
      when: { region: "DACH" },
      erp: "erp",
      support: "support",
      publishTo: ["crm"],
      writeBack: "crm",
      policy: { taxJurisdictions: ["DACH"], acceptWithinHours: 24, delinquentAfterDays: 14 },
    },
  },

  // Compared with the ERP by cron; what differs longer than the grace is a finding with an owner.
  reconciliations: {
    orders: {
      kind: "order",
      system: "erp",
      owner: "finance",
      everyMinutes: 5,
      fullEveryHours: 24,
      fields: [{ field: "status" }, { field: "total", tolerance: "0.01" }, { field: "customerId" }],
      repair: { mismatch: "pull", missingHere: "pull", missingInErp: "push" },
    },
    customers: { kind: "customer", system: "erp", owner: "finance", everyMinutes: 15, repair: { mismatch: "push", missingInErp: "push" } },
  },

  routes: [
    {
      name: "won-opportunities-become-orders",
      owner: "revops",
      kind: "opportunity",
      from: ["salesforce"],
      // The others are taken to cash by a flow.
      when: { stage: "won", region: { not: "DACH" } },
      to: ["erp"],
    },
    { name: "orders-back-to-crm", owner: "finance", kind: "order", from: ["sandbox-erp"], to: ["crm"] },
    {
      name: "invoices-to-crm-and-support",
      owner: "finance",
      kind: "invoice",
      from: ["sandbox-erp", "stripe", "partner"],
      to: ["crm", "support"],
    },
    { name: "cases-to-crm", owner: "support", kind: "case", from: ["zendesk"], to: ["crm"] },
    { name: "customers-to-erp", owner: "finance", kind: "customer", to: ["erp"], collapse: true },
    { name: "entitlements-to-support", owner: "support", kind: "entitlement", to: ["support"], collapse: true },
  ],
});
