import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as z from "zod";
import { MASK } from "../../src/domain/masking.ts";
import { OPERATIONS, type AnswerOf } from "../../src/http/operations.ts";
import { call, customer, destinations, eventually, ops, signed, type Outgoing } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type Payload = AnswerOf<"getPayload">;

async function accepted(outgoing: Outgoing): Promise<string> {
  const { id } = await (await call(signed("custom", outgoing))).json<{ id: string }>();
  await eventually(id);
  return id;
}

const payloadOf = async (id: string, as: "viewer" | "operator", query = ""): Promise<Payload> => {
  const response = await ops(`/events/${id}/payload${query}`, as);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const schema = OPERATIONS.getPayload.answer as z.ZodObject;
  return schema.strict().parse(JSON.parse(text)) as Payload;
};

describe("an event's data", () => {
  it("is read anew from the body that came: masked for a viewer, whole for an operator, and nothing is sent again", async () => {
    const posts = destinations();
    const id = await accepted(customer({ id: "PL-1", name: "Ada", extra: { region: "EMEA", phone: "+49 1" } }));
    const before = posts.length;
    const whole = await payloadOf(id, "operator");
    expect(whole).toMatchObject({ entity: { kind: "customer", key: "PL-1" }, masked: false, data: { name: "Ada", region: "EMEA" } });
    const masked = await payloadOf(id, "viewer");
    expect(masked).toMatchObject({ masked: true, data: { name: MASK, region: "EMEA", extra: { phone: MASK } } });
    expect(JSON.stringify(masked)).not.toContain("Ada");
    expect(posts).toHaveLength(before);
    expect((await (await ops("/entities/customer/PL-1")).json<{ head: { seq: number } }>()).head.seq).toBe(1);
  });

  it("is compared with the event before it that counted, and a viewer sees that something changed, not what", async () => {
    destinations();
    const nowMs = Date.now();
    const first = await accepted(customer({ id: "PL-2", name: "One", atMs: nowMs }));
    const stale = await accepted(customer({ id: "PL-2", name: "Older", atMs: nowMs - 5_000 }));
    const third = await accepted(customer({ id: "PL-2", name: "Two", atMs: nowMs + 5_000 }));
    const seen = await payloadOf(third, "operator");
    expect(seen.comparedWith).toBe(first);
    expect(seen.changes).toContainEqual({ field: "name", before: "One", after: "Two" });
    expect((await payloadOf(third, "viewer")).changes).toContainEqual({ field: "name", before: MASK, after: MASK });
    expect((await payloadOf(first, "operator")).comparedWith).toBeNull();
    const chosen = await payloadOf(third, "operator", `?against=${stale}`);
    expect(chosen.changes).toContainEqual({ field: "name", before: "Older", after: "Two" });
    const other = await accepted(customer({ id: "PL-3" }));
    expect((await ops(`/events/${third}/payload?against=${other}`)).status).toBe(400);
  });

  it("is not there of a body that cannot be read, with the words why", async () => {
    destinations();
    const id = await accepted({ body: '{"eventId":"PL-4","type":"customer.updated","data":{"id":' });
    const response = await ops(`/events/${id}/payload`, "operator");
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: "no_payload", detail: expect.stringMatching(/\w{4}/) });
  });
});

describe("what an operator patched", () => {
  it("is in the timeline for those who may see it, and masked for the others", async () => {
    let mended = false;
    destinations(() => (mended ? Response.json({ id: "R1", version: 1 }) : Response.json({ errors: [] }, { status: 422 })));
    const { id } = await (await call(signed("custom", customer({ id: "PL-5" })))).json<{ id: string }>();
    await eventually(id, ({ status }) => status === "dead");
    mended = true;
    await ops(`/dead-letters/${id}:erp/edit`, "operator", { patch: { name: "Grace" }, reason: "a correction" });
    const seenBy = async (role: "viewer" | "operator"): Promise<string> => (await ops("/entities/customer/PL-5", role)).text();
    expect(await seenBy("operator")).toContain("Grace");
    expect(await seenBy("viewer")).not.toContain("Grace");
  });
});

describe("the overview", () => {
  it("counts what waits and what needs a person, and names the latest failure", async () => {
    destinations(() => Response.json({ errors: [{ field: "name", message: "is not allowed" }] }, { status: 422 }));
    const { id } = await (await call(signed("custom", customer({ id: "OV-1" })))).json<{ id: string }>();
    await eventually(id, ({ status }) => status === "dead");
    const overview = await vi.waitUntil(
      async () => {
        const schema = OPERATIONS.getOverview.answer as z.ZodObject;
        const seen = schema.strict().parse(await (await ops("/overview", "viewer")).json()) as AnswerOf<"getOverview">;
        return seen.latestFailures.some(({ eventId }) => eventId === id) ? seen : false;
      },
      { timeout: 9_000, interval: 250 },
    );
    expect(overview.waiting.find(({ status }) => status === "dead")?.events).toBeGreaterThan(0);
    expect(overview.deadLetters).toContainEqual(
      expect.objectContaining({ list: "business", class: "business", owner: expect.objectContaining({ name: "finance" }) }),
    );
    expect(overview.destinations.map(({ name }) => name)).toContain("erp");
    expect(overview.recent.kinds.find(({ kind }) => kind === "customer")?.needsPerson).toBeGreaterThan(0);
  });
});

describe("the audit of operators", () => {
  it("pages through what they did, newest first, by person if asked", async () => {
    for (const verb of ["pause", "resume", "pause", "resume"]) await ops(`/destinations/crm/${verb}`, "operator", { reason: `to ${verb}` });
    const all: string[] = [];
    for (let cursor: string | null = "", first = true; first || cursor !== null; first = false) {
      const page: { items: { id: string; actor: string }[]; nextCursor: string | null } = await (
        await ops(`/operator-actions?actor=test-operator&limit=3${cursor === "" || cursor === null ? "" : `&cursor=${cursor}`}`, "viewer")
      ).json();
      expect(page.items.every(({ actor }) => actor === "test-operator")).toBe(true);
      all.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(all.length).toBeGreaterThanOrEqual(4);
    expect(all).toEqual([...new Set(all)].toSorted().toReversed());
    expect(await (await ops("/operator-actions?actor=nobody")).json()).toEqual({ items: [], nextCursor: null });
  });

  it("is written before anything is done: where it cannot be, nothing is", async () => {
    const away = { getByName: () => ({ append: () => Promise.reject(new Error("out of reach")) }) };
    const mute = { ...env, AUDIT: away } as unknown as Env;
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const stateOf = async (): Promise<string | undefined> =>
      (await (await ops("/destinations")).json<{ items: { name: string; state: string }[] }>()).items.find(({ name }) => name === "crm")
        ?.state;
    expect((await ops("/destinations/crm/pause", "operator", { reason: "to be sure" }, mute)).status).toBe(503);
    expect(await stateOf()).toBe("closed");
    const run = await ops("/reconciliations/orders/run", "operator", { reason: "to be sure" }, mute);
    expect(run.status).toBe(503);
    const { items } = await (await ops("/reconciliations")).json<{ items: { lastRun: unknown }[] }>();
    expect(items.map(({ lastRun }) => lastRun)).toEqual(items.map(() => null));
  });

  it("tells of what was refused after it was asked for", async () => {
    const key = { name: "twice", owner: "finance", role: "viewer", reason: "for a report", expiresInDays: 1 };
    const made = await ops("/keys", "admin", key);
    expect(made.status, await made.clone().text()).toBe(200);
    expect((await ops("/keys", "admin", key)).status).toBe(409);
    const { items } = await (await ops("/operator-actions?limit=2")).json<{ items: { action: string; subject: string }[] }>();
    expect(items.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      "not done: create key as viewer twice",
      "create key as viewer twice",
    ]);
  });
});
