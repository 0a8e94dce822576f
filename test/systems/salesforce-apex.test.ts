import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { salesforceApex } from "../../src/sources/salesforce-apex.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

const ORGANIZATION = "00D24000000abcDEAQ";

const event = (changes: Record<string, unknown> = {}) => ({
  eventId: "e-1",
  organizationId: ORGANIZATION,
  object: "Account",
  recordId: "0012400000Ab1cD",
  lastModifiedDate: "2026-01-01T00:00:00.000Z",
  systemModstamp: "2026-01-01T00:00:01.000Z",
  operation: "update",
  fields: { Name: "Acme" },
  ...changes,
});

const decode = (body: unknown, settings: Record<string, unknown> = {}) =>
  decodeWith(salesforceApex, liveFor(salesforceApex, { settings }), bytes(JSON.stringify(body)));

describe("an event", () => {
  it("is the record's state, ordered by the later of its times, under its own id", () => {
    expect(itemsOf(decode(event()))[0]).toMatchObject({
      type: "Account.update",
      deliveryId: "e-1",
      nature: "snapshot",
      deleted: false,
      order: { kind: "time", value: String(Date.UTC(2026, 0, 1, 0, 0, 1)) },
      entity: { key: "0012400000Ab1cDAAR", data: { name: "Acme" } },
    });
    expect(itemsOf(decode(event({ systemModstamp: null, lastModifiedDate: "2026-01-01T01:00:00.000+0100" })))[0]?.order).toEqual({
      kind: "time",
      value: String(Date.UTC(2026, 0, 1)),
    });
    expect(itemsOf(decode(event({ systemModstamp: null, lastModifiedDate: null })))[0]?.order).toEqual({ kind: "none" });
  });

  it("of a deletion is the last state, whatever nature the others have", () => {
    expect(itemsOf(decode(event({ operation: "delete" }), { nature: "delta" }))[0]).toMatchObject({ deleted: true, nature: "snapshot" });
    expect(itemsOf(decode(event({ operation: "undelete" }), { nature: "delta" }))[0]).toMatchObject({ deleted: false, nature: "delta" });
  });

  it.each([
    ["eventId", { eventId: "" }, "unintelligible"],
    ["fields", { fields: "x" }, "unintelligible"],
    ["systemModstamp", { systemModstamp: "soon" }, "unintelligible"],
    ["operation", { operation: "merge" }, "unmapped"],
    ["operation", { operation: "constructor" }, "unmapped"],
    ["object", { object: "Lead" }, "unmapped"],
  ])("stands alone when its %s cannot be used", (_what, changes, odd) => {
    expect(decode([event(changes), event()])).toMatchObject({ ok: true, value: [{ odd }, { deliveryId: "e-1" }] });
  });

  it("of an organization that may not send is not let in, and nothing beside it", () => {
    const given = { organizationIds: ["00D24000000abcD"] };
    expect(itemsOf(decode([event()], given))).toHaveLength(1);
    expect(decode([event(), event({ organizationId: "00D24000000abcE" })], given)).toEqual({
      ok: false,
      failure: { kind: "rejected", reason: "sender_not_allowed" },
    });
    expect(decode(Array.from({ length: 201 }, () => event()))).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

describe("the Apex class", () => {
  const read = (name: string): string => readFileSync(path.join(import.meta.dirname, "../../integrations/salesforce", name), "utf8");

  it("signs as this source checks: what its own test expects is what is computed here", () => {
    const [, timestamp = "", body = "", secret = "", expected] =
      /SignalboxSender\.sign\('(\d+)', '(.*)', '(.*)'\);\s*Assert\.areEqual\('([0-9a-f]{64})'/.exec(read("SignalboxSenderTest.cls")) ?? [];
    expect(createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")).toBe(expected);
    const verification = salesforceApex.verification(salesforceApex.settings.parse({}));
    if (verification.kind !== "hmac") throw new Error("signed by HMAC");
    expect(verification.template).toBe("{timestamp}.{body}");
    for (const header of [verification.header, verification.timestamp?.header ?? ""])
      expect(read("SignalboxSender.cls")).toContain(`setHeader('${header}'`);
  });

  it("writes every member of the envelope", () => {
    for (const member of Object.keys(event())) expect(read("SignalboxSender.cls")).toContain(`'${member}' =>`);
  });
});
