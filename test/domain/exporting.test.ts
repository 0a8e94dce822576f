import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvFields } from "../../src/decoding/rows.ts";
import { exportKey, headLine, lastDueMs, rowLine, type PendingRow } from "../../src/domain/exporting.ts";

const at = (text: string): number => Date.parse(text);
const row = (data: PendingRow["data"]): PendingRow => ({
  kind: "order",
  key: "SO-1",
  deleted: false,
  occurredAt: null,
  source: "erp",
  eventId: "evt_1",
  data,
});

describe("an export", () => {
  it.each([
    ["2026-11-27T02:00:00Z", "2026-11-27T02:00:00Z"],
    ["2026-11-27T01:59:59Z", "2026-11-26T02:00:00Z"],
    ["2026-11-27T23:59:00Z", "2026-11-27T02:00:00Z"],
  ])("at 02:00 is at %s last due at %s", (now, due) => {
    expect(lastDueMs({ at: "02:00" }, at(now))).toBe(at(due));
  });

  it("is due once in each period, whenever one looks", () => {
    const when = fc.oneof(
      fc.record({ everyMinutes: fc.integer({ min: 1, max: 10_000 }) }),
      fc.record({
        at: fc
          .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
          .map(([h, m]) => `${String(h).padStart(2, "0")}:${String(m).padStart(2, "0")}`),
      }),
    );
    fc.assert(
      fc.property(when, fc.integer({ min: 1e12, max: 2e12 }), (schedule, nowMs) => {
        const due = lastDueMs(schedule, nowMs);
        const periodMs = ("everyMinutes" in schedule ? schedule.everyMinutes : 1440) * 60_000;
        expect(due).toBeLessThanOrEqual(nowMs);
        expect(nowMs - due).toBeLessThan(periodMs);
        expect(lastDueMs(schedule, due)).toBe(due);
        expect(lastDueMs(schedule, due - 1)).toBe(due - periodMs);
      }),
    );
  });

  it("names its files by when they were due, and a further one of the same time by its number", () => {
    const config = { folder: "outbox/legacy/", format: "csv" } as const;
    const dueMs = at("2026-11-27T02:00:00Z");
    expect(exportKey(config, { dueMs, part: 1 })).toBe("outbox/legacy/2026-11-27T0200Z.csv");
    expect(exportKey(config, { dueMs, part: 2 })).toBe("outbox/legacy/2026-11-27T0200Z-2.csv");
  });

  it("writes CSV that is read back as it was, whatever the values are", () => {
    const columns = ["key", "custom.a", "custom.b"].map((field) => ({ header: field, field }));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (a, b) => {
        const line = rowLine({ format: "csv", columns }, row({ custom: { a, b } }));
        expect(line.endsWith("\r\n")).toBe(true);
        expect(csvFields(line.slice(0, -2), { format: "csv" })).toEqual({ ok: true, value: ["SO-1", a, b] });
      }),
    );
  });

  it("takes paths below a field, facts of the event, and leaves out what a record does not have", () => {
    const columns = [
      { header: "No", field: "number" },
      { header: "Total, net", field: "total.amount" },
      { header: "Gone", field: "deleted" },
      { header: "Lines", field: "lines" },
    ];
    const order = row({ total: { amount: "12.50", currency: "EUR" }, lines: [{ sku: "A" }] });
    expect(headLine({ format: "csv", columns })).toBe('No,"Total, net",Gone,Lines\r\n');
    expect(rowLine({ format: "csv", columns }, order)).toBe(',12.50,false,"[{""sku"":""A""}]"\r\n');
    expect(rowLine({ format: "ndjson", columns }, order)).toBe('{"Total, net":"12.50","Gone":false,"Lines":[{"sku":"A"}]}\n');
    expect(headLine({ format: "ndjson", columns })).toBe("");
  });
});
