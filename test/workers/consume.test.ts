import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { entityName, type EntityEvent } from "../../src/domain/event.ts";
import type { Peer } from "../../src/pipeline/sequence/ports.ts";
import { destinations, ops, type EventAnswer } from "../support/router.ts";
import { deliver, queued } from "../support/queued.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const seen = async (id: string): Promise<EventAnswer> => (await ops(`/events/${id}`)).json<EventAnswer>();

/** Bindings with a D1 and objects that count their calls. */
function counted(): { bindings: Env; calls: { d1: number; entity: number } } {
  const calls = { d1: 0, entity: 0 };
  const DB = new Proxy(env.DB, {
    get: (target, name) => {
      if (name === "batch") return (...args: Parameters<D1Database["batch"]>) => (calls.d1++, target.batch(...args));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const ENTITY = { getByName: (name: string) => (calls.entity++, env.ENTITY.getByName(name)) } as unknown as Env["ENTITY"];
  return { bindings: { ...env, DB, ENTITY }, calls };
}

describe("a consumer batch", () => {
  it("makes one call per entity and one D1 call, and acknowledges each message", async () => {
    destinations();
    const { bindings, calls } = counted();
    const events = Array.from({ length: 40 }, (_, i) => queued(`B-${i % 4}`, i + 1));
    expect(await deliver(events, bindings)).toEqual({ acks: 40, retries: 0 });
    expect(calls).toEqual({ d1: 1, entity: 4 });
  });

  it("keeps array order per entity", async () => {
    const posts = destinations();
    await deliver(Array.from({ length: 10 }, (_, i) => queued("O-1", i + 1)));
    expect(posts.map((post) => post.headers.get("webhook-id"))).toHaveLength(10);
    expect(
      (await (await ops("/entities/order/O-1")).json<{ timeline: { body: { deliveryId: string } }[] }>()).timeline.map(
        (line) => line.body.deliveryId,
      ),
    ).toEqual(Array.from({ length: 10 }, (_, i) => `O-1-${i + 1}`));
  });

  it("writes at most two rows of an event in its object, and three in D1 where a reconciliation and a flow follow its kind", async () => {
    destinations();
    const key = "R-1";
    const all = (version: number) =>
      [key, ...Array.from({ length: 49 }, (_, i) => `R-1-${i}`)].map((each) => queued(each, version, sold(each)));
    await deliver(all(1));
    const inObject = await countRows(key);
    const d1 = vi.spyOn(env.DB, "batch");
    // The event, its projection and a flow's fact; what a fact names is written once for a record. SLAs that count all events cost a few rows a batch.
    await deliver(all(2));
    const batches = await Promise.all(d1.mock.results.map(({ value }) => value as Promise<D1Result[]>));
    const rows = batches.flat().map(({ meta }) => meta.rows_written);
    const total = rows.reduce((sum, each) => sum + each, 0);
    expect(total, JSON.stringify(rows)).toBeGreaterThanOrEqual(150);
    expect(total, JSON.stringify(rows)).toBeLessThanOrEqual(3 * 50 + 6);
    expect(inObject()).toBe(2);
  });

  it("makes one table for a record it has never seen, since tables are billed as rows too", async () => {
    destinations();
    const inObject = await countRows("R-2");
    await deliver([queued("R-2", 1)]);
    expect(inObject()).toBeLessThanOrEqual(4);
  });

  it("repeats no delivery when the index was down, and tells it when it is up again", async () => {
    const posts = destinations();
    const event = queued("D-1", 1);
    const down = {
      ...env,
      DB: { prepare: env.DB.prepare.bind(env.DB), batch: () => Promise.reject(new Error("D1 is down")) } as unknown as D1Database,
    };
    expect(await deliver([event], down)).toEqual({ acks: 0, retries: 1 });
    expect((await seen(event.id)).status).toBe("pending");
    expect(await deliver([event])).toEqual({ acks: 1, retries: 0 });
    expect((await seen(event.id)).status).toBe("delivered");
    expect(posts).toHaveLength(1);
  });

  it("repeats no delivery when the archive was down", async () => {
    const posts = destinations();
    const event = queued("A-1", 1);
    const down = { ...env, BODIES: { put: () => Promise.reject(new Error("R2 is down")) } as unknown as R2Bucket };
    expect(await deliver([event], down)).toEqual({ acks: 0, retries: 1 });
    expect(await deliver([event])).toEqual({ acks: 1, retries: 0 });
    expect(posts).toHaveLength(1);
  });

  it("gives every message that came twice, shuffled and in parallel batches, one effect", async () => {
    const posts = destinations();
    const events = Array.from({ length: 12 }, (_, i) => queued(`P-${i % 3}`, 1 + Math.floor(i / 3)));
    await Promise.all([
      deliver(events),
      deliver(events.toReversed()),
      deliver(events.toSorted((a, b) => (a.contentHash + a.id < b.contentHash + b.id ? -1 : 1))),
    ]);
    const keys = posts.map((post) => post.headers.get("webhook-id"));
    expect(new Set(keys).size).toBe(keys.length);
    for (const event of events) expect((await seen(event.id)).status).toMatch(/^(delivered|superseded)$/);
  });

  it("lets one entity's unreachable object delay no other", async () => {
    destinations();
    const broken = {
      getByName: (name: string) =>
        name === "order/X-1" ? { sequence: () => Promise.reject(new Error("overloaded")) } : env.ENTITY.getByName(name),
    } as unknown as Env["ENTITY"];
    expect(await deliver([queued("X-1", 1), queued("X-2", 1)], { ...env, ENTITY: broken })).toEqual({ acks: 1, retries: 1 });
  });

  it("keeps a message that it cannot read as a platform dead letter, apart from business ones", async () => {
    expect(await deliver(['{"v":99}'])).toEqual({ acks: 1, retries: 0 });
    const platform = await (await ops("/dead-letters?list=platform")).json<{ items: { class: string; reason: string }[] }>();
    expect(platform.items.some((letter) => letter.class === "poison" && letter.reason.includes("envelope"))).toBe(true);
    expect((await (await ops("/dead-letters?list=business&class=poison")).json<{ items: unknown[] }>()).items).toEqual([]);
  });

  it("keeps what the queue gave up as dead, and puts it in again when asked", async () => {
    const posts = destinations();
    const event = queued("G-1", 1);
    await deliver([event], env, "signalbox-dead");
    expect((await seen(event.id)).status).toBe("dead");
    const retried = await ops(`/dead-letters/${event.id}:queue/retry`, "operator", { reason: "the outage is over" });
    expect(retried.status).toBe(200);
    await vi.waitUntil(async () => (await seen(event.id)).status === "delivered", { timeout: 5_000 });
    expect(posts).toHaveLength(1);
  });
});

/** An order that a flow listens to, since it names its sale. */
const sold = (key: string): Partial<EntityEvent> => ({
  receivedAtMs: Date.now(),
  payload: { at: "inline", data: { status: "fulfilled", opportunityId: `sale-${key}` } },
});

/** Counts the rows that an entity's object writes from here on, as its SQLite counts them. */
async function countRows(key: string): Promise<() => number> {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  await runInDurableObject(env.ENTITY.getByName(entityName({ kind: "order", key })), (_object, { storage }) => {
    const exec = storage.sql.exec.bind(storage.sql);
    vi.spyOn(storage.sql, "exec").mockImplementation((...args: Parameters<SqlStorage["exec"]>) => {
      const cursor = exec(...args);
      cursors.push(cursor);
      return cursor as never;
    });
  });
  return () => cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
}

describe("a record that two systems know under two keys", () => {
  it("has one sequencer, as soon as the ERP's own id of it is known", async () => {
    const key = `001-${crypto.randomUUID()}`;
    const erpId = `ord_${crypto.randomUUID()}`;
    destinations(() => Response.json({ id: erpId, number: "SO-1", version: 1, changed: true }));
    // Under the ERP's id first, since its own event may overtake the answer to ours.
    const root = { kind: "order", key } as const;
    const alias = env.ENTITY.getByName(entityName({ kind: "order", key: erpId })) as unknown as Peer;
    expect(await deliver([queued(erpId, 1)])).toEqual({ acks: 1, retries: 0 });
    expect(await alias.join({ kind: "order", key: erpId }, root)).toMatchObject({ kind: "handedOver", work: [] });
    await deliver([queued(erpId, 2)]);
    const entity = async (of: string) => (await ops(`/entities/order/${of}`)).json<{ movedTo: string | null; head: { seq: number } }>();
    expect(await entity(erpId)).toMatchObject({ movedTo: `order/${key}` });
    expect((await entity(key)).head.seq).toBe(1);
    // A copy of what was finished under the other key is known there.
    expect(await deliver([queued(erpId, 1)])).toEqual({ acks: 1, retries: 0 });
    expect((await entity(key)).head.seq).toBe(1);
  });
});
