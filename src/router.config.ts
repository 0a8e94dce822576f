import { defineRouter } from "./domain/config.ts";
import { money, object, text, time, word } from "./domain/mapping.ts";

const ORDER_WORDS = { confirmed: "confirmed", cancelled: "cancelled", fulfilled: "fulfilled", closed: "closed" };
const INVOICE_WORDS = { draft: "draft", open: "open", paid: "paid", void: "void" };

/** What THIS deployment routes. Every name used below is declared here; `npm run check` names the line of a mistake. */
export const router = defineRouter({
  version: "2026-11-24",

  owners: {
    revops: { team: "Revenue operations", contact: "revops@example.com", runbook: "https://runbooks.example.com/revops" },
    finance: { team: "Finance systems", contact: "erp-team@example.com", runbook: "https://runbooks.example.com/finance" },
    support: { team: "Support operations", contact: "support-ops@example.com", runbook: "https://runbooks.example.com/support" },
    platform: { team: "Integration platform", contact: "integration@example.com", runbook: "https://runbooks.example.com/platform" },
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
          orderId: text("orderId"),
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
      dataClass: "confidential",
      sla: "orderHandoff",
    },
    {
      name: "orders-back-to-crm",
      owner: "finance",
      kind: "order",
      from: ["sandbox-erp"],
      to: ["crm"],
      dataClass: "confidential",
      sla: "propagation",
    },
    {
      name: "invoices-to-crm-and-support",
      owner: "finance",
      kind: "invoice",
      from: ["sandbox-erp", "stripe", "partner"],
      to: ["crm", "support"],
      dataClass: "confidential",
      sla: "invoiceSync",
    },
    { name: "cases-to-crm", owner: "support", kind: "case", from: ["zendesk"], to: ["crm"], dataClass: "personal", sla: "caseEscalation" },
    {
      name: "customers-to-erp",
      owner: "finance",
      kind: "customer",
      to: ["erp"],
      collapse: true,
      dataClass: "personal",
      sla: "propagation",
    },
    {
      name: "entitlements-to-support",
      owner: "support",
      kind: "entitlement",
      to: ["support"],
      collapse: true,
      dataClass: "internal",
      sla: "provisioning",
    },
  ],

  // What the business was promised, counted as it happens: GET /ops/v1/slas.
  slas: {
    orderHandoff: {
      title: "Won opportunities become ERP orders",
      owner: "revops",
      from: { event: "opportunity", source: ["salesforce"], when: { stage: "won" }, withdrawn: { stage: "lost" } },
      to: { delivered: "erp" },
      within: "15m",
      target: 0.93,
      window: "1h",
    },
    entitlementActivation: {
      title: "Confirmed orders have an active entitlement",
      owner: "platform",
      from: { event: "order", source: ["sandbox-erp"], when: { status: "confirmed" }, withdrawn: { status: "cancelled" } },
      to: { event: "entitlement", by: "orderId", when: { status: "active" } },
      within: "4h",
      target: 0.95,
      window: "7d",
    },
    provisioning: {
      title: "Support knows an active entitlement",
      owner: "platform",
      from: { event: "entitlement", when: { status: "active" }, withdrawn: { status: "cancelled" } },
      to: { delivered: "support" },
      within: "10m",
      target: 0.99,
      window: "1d",
    },
    invoiceSync: {
      title: "CRM knows an invoice's state",
      owner: "finance",
      from: { event: "invoice", per: "event" },
      to: { delivered: "crm" },
      within: "10m",
      target: 0.99,
      window: "1d",
    },
    caseEscalation: {
      title: "Account teams see an urgent case",
      owner: "support",
      from: { event: "case", source: ["zendesk"], when: { priority: "urgent" }, withdrawn: { status: "closed" } },
      to: { delivered: "crm" },
      within: "5m",
      target: 0.95,
      window: "1d",
    },
    caseResponse: {
      title: "A new case is taken up",
      owner: "support",
      from: { event: "case", source: ["zendesk"], when: { status: "new" } },
      to: { event: "case", when: { status: ["open", "pending", "on_hold", "resolved", "closed"] } },
      within: "4h",
      target: 0.9,
      window: "7d",
      calendar: { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00", timezone: "Europe/Berlin" },
    },
    propagation: {
      title: "Events reach all their systems",
      owner: "platform",
      from: { per: "event" },
      to: { delivered: "all" },
      within: "1m",
      target: 0.99,
      window: "1h",
    },
    failedTransactions: { title: "Events do not fail", owner: "platform", rate: "failed", target: 0.995, window: "1h" },
    replayVolume: { title: "Events need not be put in again", owner: "platform", rate: "replayed", target: 0.95, window: "1d" },
  },

  // Asked by others while somebody waits: POST /services/{name}. Only what the system's owner approved is read.
  services: {
    "credit-check": {
      owner: "finance",
      destination: "erp",
      kind: "customer",
      fields: ["status", "currency"],
      maxAgeSeconds: 60,
      deadlineMs: 2_000,
      fallback: { approved: false, because: "the ERP cannot be asked now: a person decides" },
      approve: { when: { status: { not: "inactive" } }, limitField: "custom.creditLimit" },
    },
    "order-validation": {
      owner: "finance",
      destination: "erp",
      kind: "customer",
      fields: ["status"],
      maxAgeSeconds: 300,
      deadlineMs: 2_000,
      fallback: "refuse",
    },
    "order-status": {
      owner: "finance",
      destination: "erp",
      kind: "order",
      fields: ["number", "status", "total"],
      maxAgeSeconds: 15,
      deadlineMs: 2_000,
      fallback: "refuse",
    },
    "entitlement-lookup": {
      owner: "platform",
      destination: "erp",
      kind: "entitlement",
      fields: ["plan", "serviceLevel", "status", "endsAt"],
      maxAgeSeconds: 60,
      deadlineMs: 1_000,
      fallback: { entitled: true, because: "nobody is refused help while the ERP cannot be asked" },
    },
  },

  responsibilities: {
    apis: { ingest: "platform", ops: "platform", entities: "platform", services: "finance" },
    schemas: {
      customer: "revops",
      opportunity: "revops",
      order: "finance",
      invoice: "finance",
      shipment: "finance",
      entitlement: "platform",
      case: "support",
      activity: "support",
    },
    // Who is called first, where that is not the owner of the route.
    incidents: { auth: "platform", config: "platform", poison: "platform", throttled: "platform" },
  },
  imports: {
    "legacy-customers": {
      source: "custom",
      owner: "platform",
      prefix: "inbox/legacy-customers/",
      format: "csv",
      object: "customer",
      order: { column: "updatedAt", as: "iso" },
    },
  },
});
