import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import { fromSiteTime, toSiteTime } from "../../../src/destinations/erpnext/site-time.ts";
import { Bench } from "./bench.ts";
import { erpnextTrial } from "./fakes/erpnext.ts";
import { NOW_MS, delivery } from "./samples.ts";

const order = (data: Delivery["data"]): Delivery =>
  delivery({ type: "order.changed", entity: { kind: "order", key: "SO-1", schemaVersion: 1 }, data });
const sold = order({
  customerId: "001Ab",
  status: "confirmed",
  lines: [{ sku: "PLAN-PRO", quantity: "1", unitPrice: { amount: "10", currency: "EUR" } }],
});

const writesOf = (bench: Bench): readonly string[] =>
  bench.requests.flatMap(({ method, reads, body = "{}" }) =>
    method === "GET" || reads === true ? [] : [`${method} ${String((JSON.parse(body) as { docstatus?: number }).docstatus ?? "")}`.trim()],
  );

describe("a Sales Order in ERPNext", () => {
  it("is made as a draft and submitted, and not touched again", async () => {
    const bench = new Bench(erpnextTrial);
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied", duplicate: false });
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied", duplicate: true });
    expect(writesOf(bench)).toEqual(["POST", "PUT 1"]);
  });

  it("that is submitted is not changed any more, but cancelled", async () => {
    const bench = new Bench(erpnextTrial);
    await bench.deliver(sold);
    const other = order({ ...sold.data, lines: [{ sku: "SETUP", quantity: "2" }] });
    expect(await bench.deliver(other)).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "lines" }] });
    expect(await bench.deliver(order({ status: "cancelled" }))).toMatchObject({ kind: "applied" });
    expect(await bench.deliver(sold)).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "status" }] });
  });

  it("is read again and written once more when a person was first", async () => {
    const bench = new Bench(erpnextTrial);
    await bench.deliver(order({ ...sold.data, status: "draft" }));
    bench.fake.tricks.touchBeforeNextWrite?.("order", "SO-1");
    expect(await bench.deliver(sold)).toMatchObject({ kind: "applied" });
    expect(writesOf(bench)).toEqual(["POST", "PUT 1", "PUT 1"]);
  });
});

it("says how many rows it wants, so that none beyond Frappe's default of 20 is left out", async () => {
  const bench = new Bench(erpnextTrial);
  for (let index = 0; index < 45; index++) bench.fake.tricks.add?.("customer", `K${index}`);
  bench.fake.time.nowMs += 60_000;
  const run = await bench.changes({ kind: "customer", limit: 30 });
  expect(new Set(run.records.map(({ key }) => key)).size).toBe(46);
});

describe("a site's own time", () => {
  it("is UTC moved by the zone's offset of that day", () => {
    expect(toSiteTime(NOW_MS, "Europe/Brussels")).toBe("2026-11-24 13:00:00.000000");
    expect(toSiteTime(Date.UTC(2026, 6, 1, 12), "Europe/Brussels")).toBe("2026-07-01 14:00:00.000000");
    expect(fromSiteTime("2026-07-01 14:00:00.000999", "Europe/Brussels")).toBe(Date.UTC(2026, 6, 1, 12));
    expect(fromSiteTime("yesterday", "UTC")).toBeNull();
  });

  it("leads back to the moment, or an hour beside it where clocks went back", () => {
    const zone = fc.constantFrom("UTC", "Europe/Brussels", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland");
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) }), zone, (ms, timeZone) => {
        const back = fromSiteTime(toSiteTime(ms, timeZone), timeZone);
        expect(Math.abs((back ?? Number.NaN) - ms)).toBeLessThanOrEqual(3_600_000);
        // Whatever the clocks do, a reader that goes on from there misses nothing within the overlap.
        expect(toSiteTime(back ?? 0, timeZone)).toBe(toSiteTime(ms, timeZone));
      }),
    );
  });
});
