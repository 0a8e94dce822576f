import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { eventIndex, recordAll } from "../../src/adapters/event-databases.ts";
import { expireIndex } from "../../src/adapters/index-expiry.ts";
import { auditRows } from "../../src/domain/audit-record.ts";
import { eventId, firstEventIdAt } from "../../src/domain/event-id.ts";
import type { LaneStatus } from "../../src/domain/outcome.ts";
import { ops } from "../support/router.ts";
import { orderEvent } from "../support/world.ts";

const DAY_MS = 86_400_000;

function rows(key: string, ageDays: number, status: LaneStatus) {
  const atMs = Date.now() - ageDays * DAY_MS;
  const id = eventId(atMs, crypto.getRandomValues(new Uint8Array(16)));
  const event = { ...orderEvent({ id, version: 1 }), receivedAtMs: atMs, entity: { kind: "order" as const, key, schemaVersion: 1 } };
  const lanes = [
    { destination: "crm", route: "r", status, attempts: [], ...(status === "dead" ? { class: "business" as const, reason: "no" } : {}) },
  ];
  return auditRows(
    event,
    { eventId: id, rev: 1, status, lanes },
    { why: [], rawRef: null, ownerOf: () => "it", sourceOwner: "it", projections: () => [], slas: () => ({ spans: [], rates: [] }) },
  );
}

describe("the index", () => {
  it("lets go of what is finished and old, keeps what is young or still needs someone, and says so of an id that it knew", async () => {
    const old = Array.from({ length: 30 }, (_, index) => rows(`old-${index}`, 100, "delivered"));
    const dead = rows("dead", 100, "dead");
    const young = rows("young", 10, "delivered");
    await recordAll(env, [...old, dead, young], Date.now());
    expect(await expireIndex(env.DB, firstEventIdAt(Date.now() - 90 * DAY_MS), Date.now() + 5_000)).toBe(30);
    const { findEvent, findDeadLetter } = eventIndex(env);
    expect(await findEvent(dead.event.id)).not.toBeNull();
    expect(await findDeadLetter(`${dead.event.id}:crm`)).not.toBeNull();
    expect(await findEvent(young.event.id)).not.toBeNull();
    const gone = await ops(`/events/${old[0]?.event.id}`);
    expect([gone.status, (await gone.json<{ code: string }>()).code]).toEqual([410, "expired"]);
  });
});
