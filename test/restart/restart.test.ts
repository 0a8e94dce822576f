import { afterAll, describe, expect, it } from "vitest";
import { Stage, opportunity, type EventSeen } from "../../scripts/demo/stage.ts";
import { KilledRouter } from "./killed-router.ts";

const ENTITIES = 40;
const STATES = 6;
const EVENTS = ENTITIES * STATES;

/** The breaker's probe goes alone; who asks meanwhile is told to come back when the probe's lease has run out, a minute later. */
const RECOVERY_MS = 100_000;

interface Effect {
  readonly id: string;
  readonly externalKey: string;
  readonly idempotencyKey: string;
  readonly occurredAt: string;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
  readonly next?: { readonly afterId: string } | null;
}

const router = new KilledRouter();

const keyOf = (index: number): string => `00624000${String(index).padStart(7, "0")}AAR`;

/** Every state of an entity is posted after the one before it was answered; different entities at once. */
async function postStates(stage: Stage): Promise<readonly string[]> {
  for (let state = 1; state <= STATES; state++) {
    const sent = await Promise.all(
      Array.from({ length: ENTITIES }, (_none, index) =>
        stage.send("salesforce", opportunity({ id: keyOf(index), name: `Restart ${index}`, amount: `${1_000 + state}.00` })),
      ),
    );
    expect(sent.map((one) => one.status)).toEqual(sent.map(() => 200));
  }
  return stage.accepted;
}

/** Every event that the index has of the source: what it has, an object had before. */
async function indexed(stage: Stage): Promise<ReadonlyMap<string, EventSeen>> {
  const all = new Map<string, EventSeen>();
  for (let cursor = ""; ;) {
    const page = await stage.ops<Page<EventSeen>>(`/events?source=salesforce&limit=200${cursor}`);
    for (const event of page.items) all.set(event.id, event);
    if (page.nextCursor === null || page.nextCursor === undefined) return all;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

async function effectsOf(stage: Stage): Promise<readonly Effect[]> {
  const all: Effect[] = [];
  for (let after = "0"; ;) {
    const page = await stage.sandbox<Page<Effect>>(`/erp/effects?limit=500&afterId=${after}`);
    all.push(...page.items);
    if (page.next === null || page.next === undefined) return all;
    after = page.next.afterId;
  }
}

afterAll(() => router.close());

describe("a router killed while its destination is down", () => {
  it("delivers everything its objects had taken, once each and in order, when it runs again", { timeout: 150_000 }, async () => {
    const first = await router.start();
    const before = await Stage.open(first);
    await before.sandbox("/faults", { method: "POST", body: { system: "erp", mode: "status", status: 503 } });
    const sent = await postStates(before);
    expect(new Set(sent).size).toBe(EVENTS);
    // The local queue keeps its messages in memory: what it still has at the crash is lost by design, so it must be empty.
    const taken = await before.until(
      () => indexed(before),
      (found) => found.size === EVENTS,
      30_000,
    );
    expect([...taken.keys()].toSorted()).toEqual(sent.toSorted());
    expect([...taken.values()].filter((event) => !["pending", "retrying", "held"].includes(event.status))).toEqual([]);
    expect(await effectsOf(before)).toEqual([]);
    await router.crash();

    const after = await Stage.open(await router.start());
    const settled = await after.until(
      () => indexed(after),
      (found) => [...found.values()].every((event) => event.status === "delivered"),
      RECOVERY_MS,
    );
    const effects = await effectsOf(after);

    expect(settled.size).toBe(EVENTS);
    expect([...settled.values()].filter((event) => event.status !== "delivered").map(({ id, status }) => ({ id, status }))).toEqual([]);
    expect(effects.length).toBe(EVENTS);
    expect(new Set(effects.map((effect) => effect.idempotencyKey)).size).toBe(EVENTS);
    for (const [key, own] of Map.groupBy(effects, (effect) => effect.externalKey)) {
      const times = own.map((effect) => effect.occurredAt);
      expect(times.length, key).toBe(STATES);
      expect(times, key).toEqual(times.toSorted());
    }
  });
});
