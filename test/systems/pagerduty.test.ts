import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pagerduty } from "../../src/sources/pagerduty.ts";
import { URL_TEXT, bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "pd-secret";
const verification = pagerduty.verification({});

describe("the signature", () => {
  const body = '{"event":{"id":"01BTY","data":{"title":"Größe 東京"}}}';
  const v1 = `v1=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
  const other = `v1=${"0".repeat(64)}`;
  const ours = (header: string) =>
    prove({
      verification,
      body: bytes(body),
      signed: { url: URL_TEXT, headers: { "x-pagerduty-signature": header } },
      secrets: [{ id: "P", value: SECRET }],
    });

  it("may be one of several, as during a rotation", async () => {
    for (const header of [v1, `${v1},${other}`, `${other},${v1}`, `v2=xyz,${v1}`])
      expect(await ours(header), header).toMatchObject({ ok: true, value: { secretId: "P", timestampMs: null } });
  });

  it("must be right in one of them, of a version that we know", async () => {
    for (const header of [other, `${other},${other}`]) expect(await ours(header)).toEqual({ ok: false, failure: "signature_mismatch" });
    expect(await ours(v1.replace("v1=", "v2="))).toEqual({ ok: false, failure: "no_supported_version" });
  });
});

const INCIDENT = { id: "PGR0VU2", type: "incident", number: 2, status: "triggered", title: "Kein Strom" };
const around = (event_type: string, data: unknown, changes: object = {}) => ({
  event: { id: "01BTY", event_type, resource_type: "incident", occurred_at: "2026-01-01T00:00:00.498Z", agent: null, data, ...changes },
});
const decode = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  decodeWith(pagerduty, liveFor(pagerduty, {}), bytes(JSON.stringify(body)), { headers });

describe("an event", () => {
  it("is a snapshot under its own id, ordered by when it happened", () => {
    expect(itemsOf(decode(around("incident.triggered", INCIDENT), { "x-webhook-id": "0f0a-1" }))).toMatchObject([
      {
        deliveryId: "01BTY",
        occurredAtMs: 1_767_225_600_498,
        order: { kind: "time", value: "1767225600498" },
        nature: "snapshot",
        deleted: false,
      },
    ]);
    expect(itemsOf(decode(around("incident.triggered", INCIDENT, { id: null }), { "x-webhook-id": "0f0a-1" }))).toMatchObject([
      { deliveryId: "0f0a-1" },
    ]);
  });

  it.each([
    ["triggered", "open"],
    ["acknowledged", "open"],
    ["resolved", "resolved"],
    ["paused", "unknown"],
  ])("about an incident that is %s is about one that is %s", (status, canonical) => {
    const [item] = itemsOf(decode(around(`incident.${status}`, { ...INCIDENT, status })));
    expect(item?.entity).toMatchObject({ kind: "case", key: "PGR0VU2", data: { status: canonical, statusRaw: status } });
  });

  it("is read by the type of its data, not of its name: a status update is no state of the incident", () => {
    const data = { incident: { id: "PGR0VU2" }, id: "P2LA89X", message: "Wird behoben", type: "incident_status_update" };
    const [item] = itemsOf(decode(around("incident.status_update_published", data, { agent: { id: "PLH1HKV" } })));
    expect(item?.entity).toMatchObject({
      kind: "activity",
      key: "incident_status_update:P2LA89X",
      data: { body: "Wird behoben", relatedId: "PGR0VU2", actorId: "PLH1HKV", happenedAt: "2026-01-01T00:00:00.498Z" },
    });
  });

  it.each([
    ["service.updated", "service"],
    ["incident.responder.added", "incident_responder"],
    ["pagey.ping", "ping"],
  ])("%s is nobody's", (type, kind) => {
    expect(decode(around(type, { type: kind, id: "PF9KMXH" }))).toMatchObject({ ok: false, failure: { kind: "unmapped", type } });
  });

  it.each([
    ["no event", {}],
    ["no type", around("", INCIDENT)],
    ["no data", around("incident.triggered", null)],
    ["no id of its record", around("incident.triggered", { type: "incident" })],
    ["a time that is none", around("incident.triggered", INCIDENT, { occurred_at: "soon" })],
  ])("with %s is unintelligible", (_what, body) => {
    expect(decode(body)).toMatchObject({ ok: false, failure: { kind: "unintelligible" } });
  });
});

it("answers the test that PagerDuty sends", () => {
  expect(pagerduty.handshakes?.({})).toEqual([{ kind: "ping", in: "body", at: "event.event_type", value: "pagey.ping" }]);
});

it("is never refused with a 4xx: three of them switch the subscription off", () => {
  const { notVerified, cannotStore, rateLimited, tooLarge, wrongEncoding } = pagerduty.statusPolicy;
  expect([notVerified, cannotStore, tooLarge, wrongEncoding]).toEqual([503, 503, 503, 503]);
  expect(rateLimited).toBe(429);
});
