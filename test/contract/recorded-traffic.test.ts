import { describe, expect, it } from "vitest";
import { checkTraffic, type Recorded } from "../../scripts/contract/traffic.ts";
import { router } from "../../src/router.config.ts";

const WON: Recorded = {
  eventId: "evt_1",
  source: "salesforce",
  type: "Opportunity",
  kind: "opportunity",
  key: "006-1",
  schemaVersion: 1,
  nature: "snapshot",
  deleted: false,
  data: { stage: "won", region: "EMEA", customerId: "001-1", amount: { amount: "10.00", currency: "EUR" }, extra: { Note: "•••" } },
  cleared: [],
  went: ["erp"],
};
const INVOICE: Recorded = {
  ...WON,
  eventId: "evt_2",
  source: "stripe",
  kind: "invoice",
  key: "in_1",
  data: { status: "paid" },
  went: ["crm", "support"],
};

const check = (...traffic: readonly Recorded[]) => checkTraffic(router, traffic);

describe("recorded traffic, before a version goes live", () => {
  it("holds against the schemas, routes and requests of this checkout", async () => {
    expect(await check(WON, INVOICE)).toEqual([]);
  });

  it("tells of data that today's schema does not take, and of a version that it does not know", async () => {
    expect(await check({ ...INVOICE, data: { status: "half-paid" } })).toEqual([
      { eventId: "evt_2", what: "schema", words: expect.stringContaining("invoice.status") },
    ]);
    expect(await check({ ...INVOICE, schemaVersion: 9 })).toMatchObject([{ what: "schema", words: expect.stringContaining("newer than") }]);
  });

  it("tells of a destination that would not hear of it any more, and of one whose module makes no request of it", async () => {
    const routes = router.routes.map((route) => (route.name === "invoices-to-crm-and-support" ? { ...route, to: ["crm"] } : route));
    expect(await checkTraffic({ ...router, routes }, [INVOICE])).toEqual([
      { eventId: "evt_2", what: "route", words: "it went to support, and would not now" },
    ]);
    const toErp = router.routes.map((route) =>
      route.kind === "invoice" ? { ...route, kind: "case" as const, from: ["stripe"], to: ["erp"] } : route,
    );
    const aCase: Recorded = { ...INVOICE, kind: "case", key: "c-1", data: { status: "new" }, went: [] };
    expect(await checkTraffic({ ...router, routes: toErp }, [aCase])).toMatchObject([
      { what: "request", words: expect.stringContaining("does not take case") },
    ]);
  });
});
