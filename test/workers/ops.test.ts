import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as z from "zod";
import { eventId } from "../../src/domain/event-id.ts";
import { OPERATIONS, OPERATION_NAMES } from "../../src/http/operations.ts";
import { call, customer, destinations, eventually, ops, signed } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

async function accepted(id: string, answer?: () => Response): Promise<string> {
  const posts = destinations(answer);
  const { id: event } = await (await call(signed("custom", customer({ id })))).json<{ id: string }>();
  await eventually(event);
  expect(posts.length).toBeGreaterThan(0);
  return event;
}

describe("every answer has the shape that openapi.json describes", () => {
  it("for an event, its list, its entity, its trace and the rest", async () => {
    const id = await accepted("V-1");
    const paths: Partial<Record<keyof typeof OPERATIONS, string>> = {
      listEvents: "/events?source=custom&limit=2",
      getEvent: `/events/${id}`,
      getEntity: "/entities/customer/V-1",
      verifyEntity: "/entities/customer/V-1/verify",
      trace: `/trace/${id}`,
      listDeadLetters: "/dead-letters",
      listDestinations: "/destinations",
      listSources: "/sources",
      listRejections: "/rejections",
      listOwnership: "/ownership",
    };
    for (const [name, path] of Object.entries(paths)) {
      const response = await ops(path, "viewer");
      expect(response.status, path).toBe(200);
      const schema = OPERATIONS[name as "getEvent"].answer as z.ZodObject;
      const parsed = schema.strict().safeParse(await response.json());
      expect(parsed.error?.issues ?? [], path).toEqual([]);
    }
  });

  it("describes every call of the table, and ingest", async () => {
    const description = await (
      await call(new Request("http://router.test/openapi.json"))
    ).json<{ paths: Record<string, Record<string, { operationId: string }>> }>();
    const ids = Object.values(description.paths).flatMap((methods) => Object.values(methods).map((operation) => operation.operationId));
    expect(ids.toSorted()).toEqual([...OPERATION_NAMES, "ingest"].toSorted());
  });
});

describe("asking what happened", () => {
  it("answers pending for an id of ours that the index does not hold yet, and 404 for a mistyped one", async () => {
    const id = eventId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
    expect(await (await ops(`/events/${id}`)).json()).toMatchObject({ id, status: "pending" });
    expect((await ops(`/events/${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`)).status).toBe(404);
  });

  it("pages through events without a gap or a repeat", async () => {
    for (let i = 0; i < 5; i++) await accepted(`PG-${i}`);
    const all: string[] = [];
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const page: { items: { id: string }[]; nextCursor: string | null } = await (
        await ops(`/events?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`)
      ).json();
      all.push(...page.items.map((event) => event.id));
      cursor = page.nextCursor;
    }
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(all.toSorted().toReversed());
    expect(all.length).toBeGreaterThanOrEqual(5);
  });

  it("finds an entity's events, and those of a destination, status and time", async () => {
    const id = await accepted("F-1");
    for (const query of [
      "entity=customer/F-1",
      "destination=erp&status=delivered",
      `from=${new Date(Date.now() - 60_000).toISOString()}`,
    ]) {
      const { items } = await (await ops(`/events?${query}`)).json<{ items: { id: string }[] }>();
      expect(
        items.map((event) => event.id),
        query,
      ).toContain(id);
    }
    const { items } = await (await ops(`/events?to=${new Date(Date.now() - 3_600_000).toISOString()}`)).json<{ items: unknown[] }>();
    expect(items).toEqual([]);
  });

  it("names what is wrong with a query", async () => {
    const response = await ops("/events?limit=0&status=lost&colour=red");
    expect(response.status).toBe(400);
    const { detail } = await response.json<{ detail: string }>();
    for (const word of ["limit", "status", "colour"]) expect(detail).toContain(word);
  });

  it("finds an event by the number its destination gave the record", async () => {
    const id = await accepted("T-1", () => Response.json({ id: "R-900", number: "C-900", version: 1, changed: true }, { status: 201 }));
    const { events, entities } = await (await ops("/trace/C-900")).json<{ events: { id: string }[]; entities: unknown[] }>();
    expect(events.map((event) => event.id)).toContain(id);
    expect(entities).toContainEqual({ kind: "customer", key: "T-1", system: "erp" });
    expect((await ops("/trace/nothing-of-the-kind")).status).toBe(404);
  });

  it("says that a timeline is whole, and where it is not", async () => {
    await accepted("H-1");
    expect(await (await ops("/entities/customer/H-1/verify")).json()).toMatchObject({ intact: true, entries: 1 });
    const { runInDurableObject } = await import("cloudflare:test");
    await runInDurableObject(
      env.ENTITY.getByName("customer/H-1"),
      (_object, state) => void state.storage.sql.exec("UPDATE entries SET body = replace(body, 'delivered', 'cancelled')"),
    );
    expect(await (await ops("/entities/customer/H-1/verify")).json()).toMatchObject({ intact: false, brokenAtSeq: 1 });
  });
});

describe("dead letters", () => {
  it("name class, fields, owner and next step; a retry delivers and closes them, a skip cancels", async () => {
    const refusal = (): Response =>
      Response.json({ code: "validation", errors: [{ field: "name", message: "is not allowed" }] }, { status: 422 });
    const first = await accepted("DL-1", refusal);
    const second = await accepted("DL-2", refusal);
    const { items } = await (await ops("/dead-letters?owner=finance")).json<{ items: Record<string, unknown>[] }>();
    const letter = items.find((item) => item["eventId"] === first);
    expect(letter).toMatchObject({
      class: "business",
      destination: "erp",
      fields: [{ field: "name", message: "is not allowed" }],
      owner: { name: "finance" },
    });
    destinations();
    expect((await ops(`/dead-letters/${first}:erp/retry`, "operator", { reason: "name corrected" })).status).toBe(200);
    expect((await (await ops(`/events/${first}`)).json<{ status: string }>()).status).toBe("delivered");
    expect((await ops(`/dead-letters/${first}:erp/retry`, "operator", { reason: "again" })).status).toBe(409);
    expect(await (await ops(`/dead-letters/${second}:erp/skip`, "operator", { reason: "not wanted" })).json()).toMatchObject({
      status: "cancelled",
    });
    const timeline = await (await ops("/entities/customer/DL-2")).json<{ timeline: { body: Record<string, unknown> }[] }>();
    expect(timeline.timeline.some((line) => line.body["actor"] === "test-operator" && line.body["action"] === "skip")).toBe(true);
  });
});

describe("a dead letter whose request may still come in", () => {
  it("cannot be skipped yet, and says until when, and stays open", async () => {
    let asked = 0;
    destinations(() => {
      if (++asked === 1) throw new TypeError("the connection was lost");
      return Response.json({ errors: [{ field: "name", message: "must not be empty" }] }, { status: 422 });
    });
    const { id } = await (await call(signed("custom", customer({ id: "UW-1" })))).json<{ id: string }>();
    await eventually(id, (event) => event.status === "dead");
    const skipped = await ops(`/dead-letters/${id}:erp/skip`, "operator", { reason: "not wanted" });
    expect(skipped.status).toBe(409);
    expect(await skipped.json()).toMatchObject({
      code: "under_way",
      detail: expect.stringMatching(/skip it after \d{4}-\d\d-\d\dT/) as string,
    });
    const { items } = await (await ops("/dead-letters")).json<{ items: readonly { eventId: string }[] }>();
    expect(items.map(({ eventId: of }) => of)).toContain(id);
  });
});

describe("editing a dead letter", () => {
  const refusing = (until: () => boolean): void =>
    void destinations(() =>
      until()
        ? Response.json({ id: "R1", version: 1 })
        : Response.json({ errors: [{ field: "name", message: "must not be empty" }] }, { status: 422 }),
    );
  const letterOf = async (id: string): Promise<string> => {
    const { items } = await (await ops("/dead-letters")).json<{ items: readonly { id: string; eventId: string }[] }>();
    return items.find((letter) => letter.eventId === id)?.id ?? "none";
  };

  it("mends the data by a patch, tries it under a new key, and keeps patch, author and reason in the timeline", async () => {
    let mended = false;
    refusing(() => mended);
    const { id } = await (await call(signed("custom", customer({ id: "ED-1" })))).json<{ id: string }>();
    expect(await eventually(id, (event) => event.status === "dead")).toMatchObject({ status: "dead" });
    mended = true;
    const letter = await letterOf(id);
    const edited = await ops(`/dead-letters/${letter}/edit`, "operator", {
      patch: { name: "Mended Ltd", region: null },
      reason: "the name was empty",
    });
    expect(edited.status).toBe(200);
    expect(await eventually(id, (event) => event.status === "delivered")).toMatchObject({ status: "delivered" });
    const { timeline } = await (await ops("/entities/customer/ED-1")).json<{ timeline: readonly { body: { type: string } }[] }>();
    expect(timeline.map(({ body }) => body).find(({ type }) => type === "operator")).toMatchObject({
      action: "edit",
      actor: expect.any(String),
      reason: "the name was empty",
      patch: { name: "Mended Ltd", region: null },
    });
    expect(await (await ops("/entities/customer/ED-1/verify")).json()).toMatchObject({ intact: true });
    expect(await (await ops(`/events/${id}/raw`)).text()).not.toContain("Mended");
  });

  it("refuses data that is no entity of its kind, with the words why, and leaves the letter open", async () => {
    refusing(() => false);
    const { id } = await (await call(signed("custom", customer({ id: "ED-2" })))).json<{ id: string }>();
    await eventually(id, (event) => event.status === "dead");
    const letter = await letterOf(id);
    const edited = await ops(`/dead-letters/${letter}/edit`, "operator", { patch: { name: 7 }, reason: "a slip" });
    expect(edited.status).toBe(422);
    expect(await edited.json()).toMatchObject({ code: "not_editable", detail: expect.stringContaining("customer.name") });
    expect(await letterOf(id)).toBe(letter);
    expect((await ops(`/dead-letters/${letter}/edit`, "operator", { reason: "nothing given" })).status).toBe(400);
  });

  it("gives an unreadable body another one, and keeps the one that came", async () => {
    destinations();
    const { id } = await (
      await call(signed("custom", { body: '{"eventId":"ED-3","type":"customer.updated","data":{"id":"ED-3",' }))
    ).json<{ id: string }>();
    await eventually(id, (event) => event.status === "quarantined");
    const { items } = await (await ops("/dead-letters?list=platform")).json<{ items: readonly { id: string; eventId: string }[] }>();
    const letter = items.find(({ eventId }) => eventId === id)?.id ?? "none";
    const body = JSON.stringify({
      eventId: "ED-3",
      type: "customer.updated",
      data: { id: "ED-3", name: "Whole", updatedAt: new Date().toISOString() },
    });
    const edited = await (
      await ops(`/dead-letters/${letter}/edit`, "operator", { body, reason: "it was cut off" })
    ).json<{ eventIds: readonly string[] }>();
    expect(await eventually(edited.eventIds[0] ?? "")).toMatchObject({ status: "delivered", entity: { kind: "customer", key: "ED-3" } });
    expect(await (await ops(`/events/${id}/raw`)).text()).toContain('"ED-3",');
  });
});

describe("destinations", () => {
  it("hold everything while paused, and deliver it in order when resumed", async () => {
    const posts = destinations();
    expect(await (await ops("/destinations/erp/pause", "operator", { reason: "closing the books" })).json()).toMatchObject({
      state: "paused",
      pausedBy: "test-operator",
    });
    const ids: string[] = [];
    for (const name of ["one", "two", "three"]) {
      const { id } = await (await call(signed("custom", customer({ id: "PA-1", name })))).json<{ id: string }>();
      ids.push(id);
      await eventually(id, (event) => event.destinations.length > 0);
    }
    expect(posts).toHaveLength(0);
    await ops("/destinations/erp/resume", "operator", { reason: "books are closed" });
    await vi.waitUntil(async () => (await (await ops(`/events/${ids[2]}`)).json<{ status: string }>()).status === "delivered", {
      timeout: 8_000,
    });
    // The route collapses snapshots that wait: the newest is what counts, and no older one comes after it.
    expect(posts.at(-1)?.body).toContain("three");
  });
});
