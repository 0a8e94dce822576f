import { describe, expect, it } from "vitest";
import { zendeskTrigger } from "../../src/sources/zendesk-trigger.ts";
import { zendesk } from "../../src/sources/zendesk.ts";
import { bytes, decodeWith, itemsOf, liveFor, prove, signedFor } from "./support.ts";

const read = (body: string, headers: Readonly<Record<string, string>> = {}) =>
  decodeWith(zendeskTrigger, liveFor(zendeskTrigger, {}), bytes(body), { contentType: "application/json", headers });
const unintelligible = (words: string) => ({ ok: false, failure: { kind: "unintelligible", detail: expect.stringContaining(words) } });

describe("Zendesk's events", () => {
  const event = (subject: string, detail: object, id = "01JGZ3") =>
    itemsOf(
      decodeWith(
        zendesk,
        liveFor(zendesk, {}),
        bytes(JSON.stringify({ type: `zen:event-type:${subject}.updated`, id, subject: `zen:${subject}:1`, detail })),
      ),
    )[0];

  it("of a user and an organization with one id are of two customers", () => {
    expect(event("user", { id: "222", email: "a@example.com" })?.entity).toMatchObject({ kind: "customer", key: "user:222" });
    expect(event("organization", { id: "222", name: "Acme" })?.entity).toMatchObject({ kind: "customer", key: "222" });
    expect(event("ticket", { id: "222", organization_id: "222" })?.entity).toMatchObject({
      kind: "case",
      key: "222",
      data: { customerId: "222" },
    });
  });

  it("of a user without an id are not understood", () => {
    expect(() => event("user", { email: "a@example.com" })).toThrow("no id");
  });

  it("of one action are told apart by their ids, whatever their places in it", () => {
    expect([event("ticket", { id: "1" }, "A"), event("ticket", { id: "1" }, "B")].map((item) => item?.deliveryId)).toEqual(["A", "B"]);
  });
});

describe("Zendesk's triggers", () => {
  const ticket = (changes: object) => JSON.stringify({ type: "ticket.updated", ticket: { id: "1", ...changes } });

  it("give the time in whole minutes, which is too coarse to order by", () => {
    const [item] = itemsOf(read(ticket({ updated_at: "2013-12-12T05:35Z" })));
    expect(item).toMatchObject({ occurredAtMs: Date.UTC(2013, 11, 12, 5, 35), order: { kind: "none" }, nature: "hint" });
    expect(itemsOf(read(ticket({ updated_at: "2013-12-12T05:35:07Z" })))[0]?.occurredAtMs).toBe(Date.UTC(2013, 11, 12, 5, 35, 7));
    expect(itemsOf(read(ticket({ updated_at: "May18" })))[0]?.occurredAtMs).toBeNull();
  });

  it("are known by their invocation, if it has a usable id", () => {
    const idOf = (id: string) => itemsOf(read(ticket({}), { "x-zendesk-webhook-invocation-id": id }))[0]?.deliveryId;
    expect(idOf("8350205582")).toBe("8350205582");
    expect(idOf("x".repeat(300))).toBeNull();
  });

  it("are not understood in another form than our template's", () => {
    for (const body of [
      '{"type":"ticket.updated"}',
      '{"ticket":{"id":"1"}}',
      '{"type":"x","ticket":[]}',
      '{"type":"zen:event-type:ticket.created","detail":{"id":"1"}}',
    ])
      expect(read(body)).toMatchObject(unintelligible("trigger-template.json"));
    expect(read("ticket=1")).toMatchObject(unintelligible("not JSON"));
    expect(read("")).toMatchObject(unintelligible("not JSON"));
  });

  it("sign as events do, never with the secret that all the world knows", async () => {
    const body = bytes(ticket({}));
    const verificationFor = (settings: object) => zendeskTrigger.verification(zendeskTrigger.settings.parse(settings));
    expect(verificationFor({})).toEqual(zendesk.verification(zendesk.settings.parse({})));
    expect(verificationFor({})).toMatchObject({ refusedSecrets: [expect.stringMatching(/./)] });
    const verification = verificationFor({});
    expect(await prove({ verification, body, signed: signedFor(verification, body) })).toMatchObject({ ok: true });
  });
});
