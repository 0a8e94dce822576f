import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { http } from "../../../src/destinations/http/index.ts";
import { deliver, startLive, webhookConnection, type LiveSandbox } from "./live.ts";
import { delivery } from "./samples.ts";

let sandbox: LiveSandbox;
beforeEach(async () => {
  sandbox = await startLive();
});
afterEach(() => sandbox.close());

describe.each(["crm", "support"] as const)("a delivery to the running %s", (system) => {
  const post = (changes: Parameters<typeof delivery>[0] = {}) =>
    deliver(http, delivery({ nowMs: Date.now(), ...changes }), webhookConnection(sandbox, system));
  const summary = async () => (await sandbox.call("GET", `/${system}/summary`)).body;

  it("is stored under kind and key, as it was sent", async () => {
    expect(await post({ entity: { kind: "case", key: "a/b ü", schemaVersion: 1 } })).toEqual({ kind: "applied", duplicate: false });
    const { body } = await sandbox.call("GET", `/${system}/records/case/${encodeURIComponent("a/b ü")}`);
    expect(body).toMatchObject({
      kind: "case",
      key: "a/b ü",
      version: 1,
      amount: { amount: "1200.50" },
      extra: { Legacy_Id__c: "900719925474099312" },
    });
  });

  it("has no second effect when it is repeated", async () => {
    await post();
    expect(await post({ attempt: 2, nowMs: Date.now() + 1000 })).toMatchObject({ kind: "applied" });
    expect(await summary()).toMatchObject({ records: 1, effects: 1, requests: 2, duplicateRequests: 1, duplicateEffects: 0 });
  });

  it("raises the version with new content, and not with the same", async () => {
    await post();
    await post({ idempotencyKey: "same", eventId: "evt_other", occurredAtMs: 0 });
    expect(await summary()).toMatchObject({ effects: 1 });
    await post({ idempotencyKey: "more", data: { stage: "lost" } });
    const { body } = await sandbox.call("GET", `/${system}/effects`);
    expect(body.items.map(({ version, idempotencyKey }) => [version, idempotencyKey])).toEqual([
      [1, delivery().idempotencyKey],
      [2, "more"],
    ]);
  });

  it("is refused when it is signed with another secret, and leaves nothing behind", async () => {
    const forged = { ...webhookConnection(sandbox, system), secrets: { signing: `whsec_${btoa("x".repeat(32))}` } };
    expect(await deliver(http, delivery({ nowMs: Date.now() }), forged)).toMatchObject({ kind: "failed", class: "auth" });
    expect(await summary()).toMatchObject({ records: 0, effects: 0 });
    expect(await post()).toMatchObject({ kind: "applied" });
  });

  it("removes the record on a deletion", async () => {
    await post();
    await post({ idempotencyKey: "gone", deleted: true, data: {} });
    expect((await sandbox.call("GET", `/${system}/records/opportunity/006Ab00000XyZ`)).status).toBe(404);
  });

  it("is applied once when the connection broke after the commit and it is posted again", async () => {
    await sandbox.call("POST", "/faults", { system, mode: "cutAfterCommit", times: 1, match: "/webhooks" });
    expect(await post()).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await post()).toMatchObject({ kind: "applied" });
    expect(await summary()).toMatchObject({ effects: 1, duplicateRequests: 1, duplicateEffects: 0 });
  });
});
