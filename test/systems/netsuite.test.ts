import { describe, expect, it } from "vitest";
import { netsuite } from "../../src/sources/netsuite.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const ENVELOPE = {
  eventId: "E-1",
  account: "1234567_SB1",
  recordType: "salesorder",
  internalId: "50001",
  eventType: "edit",
  lastModified: "2026-01-01T00:00:00Z",
  fields: { orderstatus: "B" },
};

const decode = (changes: object, settings: Readonly<Record<string, unknown>> = {}) =>
  decodeWith(netsuite, liveFor(netsuite, { settings }), bytes(JSON.stringify({ ...ENVELOPE, ...changes })));
const only = (changes: object, settings: Readonly<Record<string, unknown>> = {}) => itemsOf(decode(changes, settings))[0];
const unintelligible = (words: string) => ({ ok: false, failure: { kind: "unintelligible", detail: expect.stringContaining(words) } });

describe("NetSuite's accounts", () => {
  it("are let in by their id in either spelling; a sandbox is another account than its production", () => {
    for (const account of ["1234567_SB1", "1234567-sb1"])
      expect(decode({ account }, { accounts: ["7654321", "1234567_sb1"] })).toMatchObject({ ok: true });
    for (const account of ["1234567", "1234567_SB2", "", undefined, 7, null])
      expect(decode({ account }, { accounts: ["1234567_SB1"] })).toEqual({
        ok: false,
        failure: { kind: "rejected", reason: "sender_not_allowed" },
      });
    expect(decode({ account: undefined })).toMatchObject({ ok: true });
  });

  it("must look like ids in the settings", () => {
    for (const account of ["", "1234567 SB1", "https://1234567.app.netsuite.com"])
      expect(netsuite.settings.safeParse({ accounts: [account] }).success).toBe(false);
    expect(netsuite.settings.safeParse({ accounts: [] }).success).toBe(false);
  });
});

describe("an envelope of NetSuite", () => {
  it.each([
    ["A", "pending_approval"],
    ["B", "confirmed"],
    ["C", "cancelled"],
    ["D", "partially_fulfilled"],
    ["E", "partially_fulfilled"],
    ["F", "fulfilled"],
    ["G", "invoiced"],
    ["H", "closed"],
    ["Z", "unknown"],
  ])("says by the letter %s that a sales order is %s", (orderstatus, status) => {
    expect(only({ fields: { orderstatus } })?.entity.data).toMatchObject({ status, statusRaw: orderstatus });
  });

  it("is ordered by the counter, else by the time, and without both is a hint", () => {
    expect(only({ seq: 17 })?.order).toEqual({ kind: "int", value: "17" });
    expect(only({ seq: "18" })?.order).toEqual({ kind: "int", value: "18" });
    expect(only({})).toMatchObject({ order: { kind: "time", value: String(Date.UTC(2026, 0, 1)) }, nature: "snapshot" });
    expect(only({ lastModified: undefined })).toMatchObject({ order: { kind: "none" }, occurredAtMs: null, nature: "hint" });
    expect(only({ fields: undefined })).toMatchObject({ nature: "hint", entity: { key: "50001" } });
    expect(decode({ seq: "17a" })).toMatchObject(unintelligible("seq"));
    for (const lastModified of ["1/1/2026 12:00 am", "2026-01-01T00:00:00", 1767225600])
      expect(decode({ lastModified })).toMatchObject(unintelligible("lastModified"));
  });

  it("of an inline edit is a change whose nulls are cleared fields; of a deletion it says so", () => {
    expect(only({ eventType: "xedit", fields: { entity: null, orderstatus: "C" } })).toMatchObject({
      nature: "delta",
      cleared: ["customerId"],
      entity: { data: { status: "cancelled" } },
    });
    expect(only({ eventType: "delete" })).toMatchObject({ nature: "snapshot", deleted: true, type: "salesorder.delete" });
    for (const eventType of ["create", "approve", "cancel", "ship"])
      expect(only({ eventType })).toMatchObject({ nature: "snapshot", deleted: false });
  });

  it("takes its own id, whatever the fields say, and its currency from the record, else from the settings", () => {
    expect(only({ fields: { internalId: "1", tranId: "2" }, tranId: "SO-1" })?.entity).toMatchObject({
      key: "50001",
      data: { number: "SO-1" },
    });
    const total = (fields: object) => only({ fields: { total: "10.50", ...fields } }, { currency: "EUR" })?.entity.data["total"];
    expect(total({ currencycode: "usd" })).toEqual({ amount: "10.50", currency: "USD" });
    expect(total({})).toEqual({ amount: "10.50", currency: "EUR" });
    expect(decode({ fields: { total: "10.50" } })).toMatchObject(unintelligible("currency"));
  });

  it("is not understood without its parts, and not mapped for a type that is not configured", () => {
    for (const name of ["recordType", "internalId", "eventType"]) expect(decode({ [name]: undefined })).toMatchObject(unintelligible(name));
    expect(decode({ fields: "x" })).toMatchObject(unintelligible("fields"));
    expect(decode({ recordType: "creditmemo" })).toMatchObject({
      ok: false,
      failure: { kind: "unmapped", type: "creditmemo.edit", deliveryId: "E-1" },
    });
  });
});
