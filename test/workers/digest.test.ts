import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deploymentOf } from "../../src/deployment.ts";
import type { RouterConfig } from "../../src/domain/config.ts";
import { router } from "../../src/router.config.ts";
import { consumeBatch } from "../../src/wiring/consume.ts";
import { tellDigest } from "../../src/wiring/digest.ts";
import { ops } from "../support/router.ts";

const DUE = Date.parse("2026-11-27T08:00:00Z");
const DAY_MS = 86_400_000;

// The deployment of this file alone, before anything has resolved it.
Object.assign(router, {
  digest: { owner: "platform", at: "07:00", timezone: "Europe/Berlin" },
  routes: [...router.routes, { name: "digest-to-support", owner: "platform", kind: "activity", from: ["digest"], to: ["support"] }],
} satisfies Partial<RouterConfig>);
const deployment = deploymentOf(env);

/** An environment whose queue only notes what it is given, or refuses it. */
function noting(refuses = false): { readonly env: Env; readonly sent: string[] } {
  const sent: string[] = [];
  const take = (bodies: readonly unknown[]): Promise<void> =>
    refuses ? Promise.reject(new Error("the queue is down")) : (sent.push(...bodies.map(String)), Promise.resolve());
  const queue = {
    send: (body: unknown) => take([body]),
    sendBatch: (all: readonly { body: unknown }[]) => take(all.map(({ body }) => body)),
  };
  return { env: { ...env, QUEUE_STANDARD: queue as unknown as Queue }, sent };
}

const tell = (on: Env, nowMs: number) => tellDigest(on, deployment, { nowMs, slas: [] });

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("DELETE FROM digests").run();
});

describe("the daily digest", () => {
  it("is made once a day, however often the cron comes", async () => {
    const { env: on, sent } = noting();
    await tell(on, DUE - 7_200_000 - 1);
    expect(sent).toEqual([]);
    await Promise.all([tell(on, DUE), tell(on, DUE)]);
    await tell(on, DUE + 60_000);
    expect(new Set(sent).size).toBe(1);
    await tell(on, DUE + DAY_MS);
    expect(new Set(sent).size).toBe(2);
  });

  it("is the very same event when the cron died before the queue had taken it", async () => {
    await expect(tell(noting(true).env, DUE)).rejects.toThrow("the queue is down");
    await env.DB.prepare(
      "INSERT INTO findings (id, reconciliation, type, kind, entity_key, state, owner, opened_at_ms, finding) VALUES ('f', 'orders', 'mismatch', 'order', '1', 'open', 'finance', ?1, '{}')",
    )
      .bind(DUE)
      .run();
    const { env: on, sent } = noting();
    await tell(on, DUE + 60_000);
    await env.DB.prepare("DELETE FROM findings WHERE id = 'f'").run();
    expect(sent).toHaveLength(1);
    const kept = await env.DB.prepare("SELECT event FROM digests").first<{ event: string }>();
    expect(sent[0]).toBe(kept?.event);
    expect(sent[0]).toContain("2026-11-27");
  });

  it("tells of drift by owner, and is delivered by the route that asks for it", async () => {
    const posts: string[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      posts.push(await new Request(input as Request, init as RequestInit).text());
      return new Response(null, { status: 202 });
    });
    const put =
      "INSERT INTO findings (id, reconciliation, type, kind, entity_key, state, owner, opened_at_ms, ended_at_ms, finding) VALUES (?1, 'orders', 'mismatch', 'order', ?1, ?2, 'finance', ?3, ?4, '{}')";
    await env.DB.batch([
      env.DB.prepare(put).bind("g1", "open", DUE - 2 * DAY_MS, null),
      env.DB.prepare(put).bind("g2", "repaired", DUE - 3_600_000, DUE - 60_000),
      env.DB.prepare(put).bind("g3", "healed", DUE - 3 * DAY_MS, DUE - 2 * DAY_MS),
    ]);
    const { env: on, sent } = noting();
    await tell(on, DUE);
    await env.DB.prepare("DELETE FROM findings").run();
    const event = JSON.parse(sent[0] ?? "{}") as { id: string };
    await consumeBatch(
      createMessageBatch("signalbox-standard", [{ id: "m1", timestamp: new Date(), attempts: 1, body: sent[0] ?? "" }]),
      env,
      deployment,
    );
    expect(posts.join("\n")).toContain("drift: 1 found, 1 repaired or healed, 1 open");
    expect(await (await ops(`/events/${event.id}`)).json()).toMatchObject({ status: "delivered", source: "digest" });
  });
});
