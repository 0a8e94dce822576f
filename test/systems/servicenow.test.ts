import { describe, expect, it } from "vitest";
import { object, text, time } from "../../src/domain/mapping.ts";
import type { ObjectMaps } from "../../src/sources/define.ts";
import { servicenow } from "../../src/sources/servicenow.ts";
import { bytes, decodeWith, itemsOf, liveFor, prove, signedFor } from "./support.ts";

const ENVELOPE = {
  eventId: "E-1",
  instance: "acme",
  table: "sn_customerservice_case",
  sys_id: "46d44a8e1b0011103f0c99f1f54bcb01",
  action: "update",
  sys_mod_count: 7,
  sys_updated_on: "2026-01-01 00:00:00",
  state: "3",
};

const decode = (changes: object, settings: Readonly<Record<string, unknown>> = {}, objects: ObjectMaps = {}) =>
  decodeWith(servicenow, liveFor(servicenow, { settings, objects }), bytes(JSON.stringify({ ...ENVELOPE, ...changes })));
const only = (changes: object, objects: ObjectMaps = {}) => itemsOf(decode(changes, {}, objects))[0];
const unintelligible = (words: string) => ({ ok: false, failure: { kind: "unintelligible", detail: expect.stringContaining(words) } });

describe("an envelope of ServiceNow", () => {
  it("is ordered by the count of updates, else by the time in UTC, and without both is a hint", () => {
    expect(only({})).toMatchObject({ order: { kind: "int", value: "7" }, occurredAtMs: Date.UTC(2026, 0, 1), nature: "snapshot" });
    expect(only({ sys_mod_count: "0" })?.order).toEqual({ kind: "int", value: "0" });
    expect(only({ sys_mod_count: undefined })?.order).toEqual({ kind: "time", value: String(Date.UTC(2026, 0, 1)) });
    expect(only({ sys_mod_count: "", sys_updated_on: "" })).toMatchObject({ order: { kind: "none" }, nature: "hint" });
    expect(decode({ sys_mod_count: "7.5" })).toMatchObject(unintelligible("sys_mod_count"));
    for (const sys_updated_on of ["01-01-2026 00:00:00", "2026-02-30 00:00:00", "2026-01-01"])
      expect(decode({ sys_updated_on })).toMatchObject(unintelligible("sys_updated_on"));
  });

  it.each([
    ["sn_customerservice_case", "1", "new"],
    ["sn_customerservice_case", "10", "open"],
    ["sn_customerservice_case", "6", "resolved"],
    ["sn_customerservice_case", "3", "closed"],
    ["incident", "3", "on_hold"],
    ["incident", "2", "open"],
    ["incident", "7", "closed"],
  ])("of %s says by the state %s that it is %s", (table, state, status) => {
    expect(only({ table, state })?.entity).toMatchObject({ kind: "case", data: { status, statusRaw: state } });
  });

  it.each([
    ["customer_account", { name: "Acme", number: "ACCT01", active: "1" }, "customer", { name: "Acme", number: "ACCT01", status: "active" }],
    [
      "customer_contact",
      { name: "Jörg", email: "j@example.com", active: "false" },
      "customer",
      { email: "j@example.com", status: "inactive" },
    ],
    [
      "service_entitlement",
      { active: "0", end_date: "2026-01-31 10:00:00" },
      "entitlement",
      { status: "expired", endsAt: "2026-01-31T10:00:00.000Z" },
    ],
  ])("of %s is understood", (table, fields, kind, data) => {
    expect(only({ table, ...fields })?.entity).toMatchObject({ kind, key: ENVELOPE.sys_id, data });
  });

  it("adds the zone to the times that are mapped, of the team's own tables too, and to nothing else", () => {
    const u_asset = object("entitlement", "sys_id", { name: text("u_name"), startsAt: time("u_from") });
    const said = { table: "u_asset", u_name: "2026-01-01 00:00:00", u_from: "2026-01-01 00:00:00", u_other: "2026-01-01 00:00:00" };
    expect(only(said, { u_asset })?.entity.data).toMatchObject({
      name: "2026-01-01 00:00:00",
      startsAt: "2026-01-01T00:00:00.000Z",
      extra: { u_other: "2026-01-01 00:00:00" },
    });
  });

  it("is from an instance that may send, and says what happened to what", () => {
    const settings = { instances: ["acme", "acmedev"] };
    expect(decode({ instance: "ACME" }, settings)).toMatchObject({ ok: true });
    for (const instance of ["acmetest", "", undefined])
      expect(decode({ instance }, settings)).toEqual({ ok: false, failure: { kind: "rejected", reason: "sender_not_allowed" } });
    expect(only({ action: "delete" })).toMatchObject({ deleted: true, type: "sn_customerservice_case.delete" });
    for (const name of ["table", "sys_id", "action"]) expect(decode({ [name]: undefined })).toMatchObject(unintelligible(name));
    expect(decode({ action: "query" })).toMatchObject({ ok: false, failure: { kind: "unmapped", deliveryId: "E-1" } });
    expect(decode({ table: "problem" })).toMatchObject({ ok: false, failure: { kind: "unmapped", type: "problem.update" } });
  });
});

describe("the proof of ServiceNow", () => {
  const body = bytes(JSON.stringify(ENVELOPE));

  it("is made with the secret as text, or as the base64 that generateMac takes", async () => {
    const value = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";
    const verificationFor = (settings: object) => servicenow.verification(servicenow.settings.parse(settings));
    const [asText, asBase64] = [verificationFor({}), verificationFor({ secretEncoding: "base64" })];
    const signed = signedFor(asBase64, body);
    expect(await prove({ verification: asBase64, body, signed })).toMatchObject({ ok: true });
    expect((await prove({ verification: asText, body, signed, secrets: [{ id: "A", value }] })).ok).toBe(false);
  });

  it("may be another one than our script's", () => {
    expect(servicenow.verification(servicenow.settings.parse({ authentication: { type: "basic" } }))).toEqual({ kind: "basic" });
  });
});
