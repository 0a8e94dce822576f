import { describe, expect, it } from "vitest";
import { freshdesk } from "../../src/sources/freshdesk.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const BODY = { type: "ticket.updated", event: "", ticket_id: "35436", status: "Open", priority: "Low", tags: "", updated_at: "" };

const decode = (changes: object, settings: Readonly<Record<string, unknown>> = {}) =>
  decodeWith(freshdesk, liveFor(freshdesk, { settings }), bytes(JSON.stringify({ ...BODY, ...changes })));
const only = (changes: object) => itemsOf(decode(changes))[0];

describe("Freshdesk", () => {
  it.each([
    [2, "open"],
    ["3", "pending"],
    ["Resolved", "resolved"],
    [5, "closed"],
    ["Waiting on Third Party", "on_hold"],
    ["With the lawyers", "unknown"],
  ])("shows the status %s, which is %s", (status, expected) => {
    expect(only({ status })?.entity.data).toMatchObject({ status: expected, statusRaw: String(status) });
  });

  it.each([
    ["Low", "low"],
    [2, "normal"],
    ["3", "high"],
    ["Urgent", "urgent"],
  ])("shows the priority %s, which is %s", (priority, expected) => {
    expect(only({ priority })?.entity.data).toMatchObject({ priority: expected });
  });

  it("only hints, in no order and without an id; a time that cannot be read is none", () => {
    expect(only({})).toMatchObject({ nature: "hint", order: { kind: "none" }, deliveryId: null, occurredAtMs: null, deleted: false });
    expect(only({ updated_at: "2026-01-01T00:00:00Z" })?.occurredAtMs).toBe(Date.UTC(2026, 0, 1));
    expect(only({ updated_at: "Thu, Jan 1 2026" })?.occurredAtMs).toBeNull();
    expect(only({ type: "ticket.deleted" })?.deleted).toBe(true);
  });

  it("tells of our own write by the tag that it has, whole and in any case", () => {
    const ownTag = { ownTag: "Signalbox" };
    for (const tags of ["signalbox", "vip, SIGNALBOX ,größe"])
      expect(decode({ tags }, ownTag)).toMatchObject({
        ok: false,
        failure: { kind: "unmapped", type: "ticket.updated", detail: expect.stringContaining("our own write") },
      });
    for (const tags of ["", "signalbox-pilot", 7, null]) expect(decode({ tags }, ownTag)).toMatchObject({ ok: true });
    expect(decode({ tags: "signalbox" })).toMatchObject({ ok: true });
  });

  it("is not understood without type or ticket, or when a value breaks the JSON", () => {
    expect(decode({ type: "" })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("template.json") },
    });
    expect(decode({ ticket_id: "" })).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringContaining("ticket_id") },
    });
    expect(decodeWith(freshdesk, liveFor(freshdesk, {}), bytes('{"type":"a "b" c"}'))).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible" },
    });
  });

  it("proves itself by a header unless the settings say otherwise", () => {
    const verificationFor = (settings: object) => freshdesk.verification(freshdesk.settings.parse(settings));
    expect(verificationFor({})).toEqual({ kind: "headerToken", header: "x-signalbox-token", prefix: "" });
    expect(verificationFor({ authentication: { type: "query" } })).toEqual({ kind: "queryToken", parameter: "token" });
  });
});
