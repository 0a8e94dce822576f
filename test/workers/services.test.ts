import { afterEach, describe, expect, it, vi } from "vitest";
import type * as z from "zod";
import { MASK } from "../../src/domain/masking.ts";
import type { Role } from "../../src/domain/roles.ts";
import { OPERATIONS, type AnswerOf } from "../../src/http/operations.ts";
import { call, customer, destinations, eventually, ops, signed, token, type Post } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const ORIGIN = "http://router.test";

async function ask(path: string, body: object | null, as: Role = "viewer"): Promise<Response> {
  const headers = { authorization: `Bearer ${await token(as)}`, "content-type": "application/json" };
  return call(new Request(`${ORIGIN}${path}`, body === null ? { headers } : { method: "POST", headers, body: JSON.stringify(body) }));
}

async function service(name: string, body: object, as: Role = "viewer"): Promise<AnswerOf<"checkCredit">> {
  const response = await ask(`/services/${name}`, body, as);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as AnswerOf<"checkCredit">;
}

/** An ERP with one record under every key. */
const erpWith = (record: object, status = 200): Post[] =>
  destinations(({ method }) =>
    method === "GET"
      ? Response.json({ id: "R1", version: 3, updatedAt: "2026-11-25T10:00:00.000Z", ...record }, { status })
      : Response.json({ id: "R1", version: 1 }),
  );

let serial = 0;
const fresh = (): string => `SV-${++serial}`;

describe("a question that somebody waits for", () => {
  it("is answered from the system the first time, then from memory with its age, and from the system again when that is too old", async () => {
    const posts = erpWith({ status: "confirmed", number: "SO-7" });
    const order = fresh();
    expect(await service("order-status", { order })).toMatchObject({
      result: { status: "confirmed" },
      source: "live",
      ageSeconds: 0,
      system: "erp",
    });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9_000 });
    expect(await service("order-status", { order })).toMatchObject({ source: "cache", ageSeconds: 9, fields: { number: "SO-7" } });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 9_000 });
    expect(await service("order-status", { order })).toMatchObject({ source: "live", ageSeconds: 0 });
    expect(posts.map(({ method, url }) => `${method} ${new URL(url).pathname.split("/").slice(-3).join("/")}`)).toEqual(
      [1, 2].map(() => `GET orders/by-key/${order}`),
    );
  });

  it("approves a credit by the conditions and the limit that its owner declared, and tells no field that is not declared", async () => {
    erpWith({ name: "Ada", status: "active", currency: "EUR", custom: { creditLimit: "1000.00" } });
    const key = fresh();
    expect(await service("credit-check", { customer: key, amount: "999.99" })).toMatchObject({
      result: { approved: true },
      fields: { status: "active", currency: "EUR" },
    });
    const above = await service("credit-check", { customer: key, amount: "1000.01" });
    expect(above.result.approved).toBe(false);
    expect(JSON.stringify(above)).not.toContain("Ada");
  });

  it("finds what is wrong with an order before any system sees it", async () => {
    const posts = erpWith({ name: "Ada", status: "inactive" });
    const line = { sku: "A", quantity: "1", unitPrice: { amount: "5", currency: "USD" } };
    const order = { customerId: fresh(), total: { amount: "5", currency: "EUR" }, lines: [line] };
    expect((await service("order-validation", { order })).result).toEqual({
      valid: false,
      problems: ["lines: 1 of them are not in EUR, the total's currency", "customerId: the customer is inactive"],
    });
    expect(posts.every(({ method }) => method === "GET")).toBe(true);
  });

  it("gets the declared fallback, marked as one, while the system is paused, and the system is not asked", async () => {
    const posts = erpWith({});
    await ops("/destinations/erp/pause", "operator", { reason: "an upgrade" });
    const answer = await service("credit-check", { customer: fresh() });
    expect(answer).toMatchObject({ result: { approved: false }, source: "fallback", ageSeconds: null });
    expect(answer.problem).toContain("paused");
    expect((await ask("/services/order-status", { order: fresh() })).status).toBe(503);
    expect(posts).toEqual([]);
    await ops("/destinations/erp/resume", "operator", { reason: "done" });
  });

  it("gets it when the system is too slow", async () => {
    let answerNow = (): void => undefined;
    destinations(() => new Promise((resolve) => (answerNow = () => resolve(Response.json({ id: "R1", status: "active" })))));
    const answer = await service("entitlement-lookup", { entitlement: fresh() });
    expect(answer).toMatchObject({ result: { entitled: true }, source: "fallback", problem: "erp did not answer within 1000 ms" });
    answerNow();
  });

  it("is refused without a token, of a wrong shape, or of no service", async () => {
    const bare = new Request(`${ORIGIN}/services/order-status`, { method: "POST", body: "{}" });
    expect((await call(bare)).status).toBe(401);
    expect((await ask("/services/order-status", { number: "1" })).status).toBe(400);
    expect((await ask("/services/nothing", {})).status).toBe(404);
  });
});

describe("a record in canonical words", () => {
  const read = async (path: string, as: Role): Promise<AnswerOf<"readEntity">> => {
    const response = await ask(`/v1/entities/${path}`, null, as);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return (OPERATIONS.readEntity.answer as z.ZodObject).strict().parse(JSON.parse(text)) as AnswerOf<"readEntity">;
  };

  it("is its last told state, which costs its owner nothing; personal fields only for those who may see them", async () => {
    const posts = destinations();
    const key = fresh();
    const { id } = await (
      await call(signed("custom", customer({ id: key, name: "Ada", extra: { region: "EMEA" } })))
    ).json<{ id: string }>();
    await eventually(id);
    const before = posts.length;
    const whole = await read(`customer/${key}`, "operator");
    expect(whole).toMatchObject({ source: "event", system: "custom", eventId: id, masked: false, data: { name: "Ada", region: "EMEA" } });
    expect(whole.entity.schemaVersion).toBe(1);
    expect(await read(`customer/${key}`, "viewer")).toMatchObject({ masked: true, data: { name: MASK, region: "EMEA" } });
    expect(posts).toHaveLength(before);
  });

  it("is read from its owner where nothing was told of it, and says so", async () => {
    const posts = erpWith({ number: "SO-9", status: "confirmed" });
    const key = fresh();
    expect(await read(`order/${key}`, "viewer")).toMatchObject({
      source: "owner",
      system: "erp",
      eventId: null,
      data: { status: "confirmed" },
    });
    expect(posts.map(({ method, url }) => `${method} ${new URL(url).pathname.split("/").slice(-2).join("/")}`)).toEqual([
      `GET orders/${key}`,
    ]);
    expect((await ask(`/v1/entities/order/${key}?source=event`, null)).status).toBe(404);
    expect((await ask(`/v1/entities/nothing/${key}`, null)).status).toBe(404);
  });
});
