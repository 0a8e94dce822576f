import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { recordAll } from "../../src/adapters/event-databases.ts";
import { auditRows, type AuditRows } from "../../src/domain/audit-record.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import { renamed } from "../../src/domain/kin.ts";
import { NO_SLA_FACTS } from "../../src/domain/slas/spans.ts";
import type { AnswerOf } from "../../src/http/operations.ts";
import { deliver, queued } from "../support/queued.ts";
import { destinations, ops } from "../support/router.ts";
import { twoDatabases } from "../support/second-database.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const rowsIn = async (db: D1Database, ids: readonly string[]): Promise<{ id: string; status: string }[]> =>
  (
    await db
      .prepare("SELECT id, status FROM events WHERE id IN (SELECT value FROM json_each(?1))")
      .bind(JSON.stringify(ids))
      .all<{ id: string; status: string }>()
  ).results;

const rowsOf = async (events: readonly EntityEvent[]): Promise<[{ id: string; status: string }[], { id: string; status: string }[]]> => {
  const ids = events.map(({ id }) => id);
  return Promise.all([rowsIn(env.DB, ids), rowsIn(env.SECOND_DB, ids)]);
};

/** An event's rows, with what they say a reconciled system has of the record `key`. */
const told = (event: EntityEvent, rev: number, key: string): AuditRows => {
  const projection = { system: "erp", kind: "order", entityKey: key, remoteId: null, data: {}, partial: true, deleted: false } as const;
  return auditRows(
    event,
    { eventId: event.id, rev, status: "delivered", lanes: [] },
    {
      why: [],
      rawRef: null,
      ownerOf: () => "it",
      sourceOwner: "it",
      projections: () => [{ ...projection, eventId: event.id, atMs: event.receivedAtMs }],
      slas: () => NO_SLA_FACTS,
    },
  );
};

async function listed(limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = `/events?limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const page: AnswerOf<"listEvents"> = await (await ops(query, "admin", undefined, twoDatabases)).json();
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return ids;
}

describe("an index in two databases", () => {
  it("has every event in one of them, and is one list", async () => {
    destinations();
    const events = Array.from({ length: 40 }, (_, index) => queued(`S-${index}`, 1));
    expect(await deliver(events, twoDatabases)).toEqual({ acks: 40, retries: 0 });
    const [first, second] = await rowsOf(events);
    expect(Math.min(first.length, second.length)).toBeGreaterThan(8);
    expect(first.length + second.length).toBe(40);
    const ids = await listed(7);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(ids.filter((id) => events.some((event) => event.id === id))).toHaveLength(40);
    for (const { id } of events)
      expect(await (await ops(`/events/${id}`, "viewer", undefined, twoDatabases)).json()).toMatchObject({ id, status: "delivered" });
  });

  it("keeps what a queue gave up with what the record's object says of it, which counts for more", async () => {
    destinations();
    const events = Array.from({ length: 12 }, (_, index) => queued(`S-P-${index}`, 1));
    await deliver(events, twoDatabases);
    await deliver(events, twoDatabases, "signalbox-dead");
    expect((await rowsOf(events)).flat().map(({ status }) => status)).toEqual(events.map(() => "delivered"));
  });

  it("has one row of an event that came under another name of its record, whoever writes it, and one of the record", async () => {
    const events = Array.from({ length: 12 }, (_, index) => queued(`S-A-${index}`, 1));
    await recordAll(
      twoDatabases,
      events.map((event, index) => told(event, 1, `S-ROOT-${index}`)),
      Date.now(),
    );
    const later = events.map((event, index) => told(renamed(event, { kind: "order", key: `S-ROOT-${index}` }), 2, `S-ROOT-${index}`));
    const own = events.map((_, index) => told(queued(`S-ROOT-${index}`, 2), 1, `S-ROOT-${index}`));
    await recordAll(twoDatabases, [...later, ...own], Date.now());
    expect((await rowsOf(events)).flat()).toHaveLength(12);
    const known = await Promise.all(
      [env.DB, env.SECOND_DB].map((db) => db.prepare("SELECT entity_key FROM projections WHERE entity_key LIKE 'S-ROOT-%'").all()),
    );
    expect(known.flatMap(({ results }) => results)).toHaveLength(12);
  });
});

describe("several queues of a class", () => {
  it("each get back what was taken of them while more urgent messages wait", async () => {
    await env.BACKLOG.getByName("all").note("critical", { ageMs: 45_000, atMs: Date.now() });
    const sent: string[] = [];
    const queue = (name: string) =>
      ({ sendBatch: async (bodies: readonly unknown[]) => void sent.push(...bodies.map(() => name)) }) as unknown as Queue;
    const bindings = { ...env, QUEUE_BULK: queue("first"), QUEUE_BULK_2: queue("second") } as Env;
    const events = [queued("S-Q-1", 1), queued("S-Q-2", 1)];
    expect(await deliver(events, bindings, "signalbox-bulk-2")).toEqual({ acks: 2, retries: 0 });
    expect(await deliver(events, bindings, "signalbox-bulk-staging")).toEqual({ acks: 2, retries: 0 });
    expect(sent).toEqual(["second", "second", "first", "first"]);
  });
});
