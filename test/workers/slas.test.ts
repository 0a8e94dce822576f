import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as z from "zod";
import { OPERATIONS, type AnswerOf } from "../../src/http/operations.ts";
import worker from "../../src/index.ts";
import { call, destinations, eventually, ops, sample, signed, type Post } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const MINUTE_MS = 60_000;
const SENT = 100;
const REFUSED = 7;

/** Record ids of 15 characters; Salesforce writes three more behind them, which only tell their case. */
const keyOf = (index: number): string => `0062400000${String(index).padStart(5, "0")}`;
const short = (key: string): string => key.slice(0, 15);
const isRefused = (index: number): boolean => index % 14 === 3 && index < 14 * REFUSED;

/** A won opportunity as Salesforce tells of it: the stored sample, of another record. */
function won(key: string, stage?: string): Request {
  const { body, ...rest } = sample("salesforce", "opportunity-won");
  const [, id = ""] = /<sf:Id>([^<]+)</.exec(String(body)) ?? [];
  const [, notification = ""] = /<Notification>\s*<Id>([^<]+)</.exec(String(body)) ?? [];
  const text = String(body)
    .replaceAll(id, key)
    .replace(notification, `04l${crypto.randomUUID().replaceAll("-", "").slice(0, 15)}`);
  return signed("salesforce", { ...rest, body: stage === undefined ? text : text.replace("Closed Won", stage) });
}

/** The ERP takes all orders but those. */
const erp = (refused: ReadonlySet<string>): Post[] =>
  destinations(({ url }) => {
    const key = short(decodeURIComponent(url.split("/").at(-1) ?? ""));
    return refused.has(key)
      ? Response.json({ errors: [{ field: "currency", message: "is not enabled" }] }, { status: 422 })
      : Response.json({ id: `R-${key}`, number: `SO-${key}`, version: 1 });
  });

async function send(requests: readonly Request[]): Promise<void> {
  for (const request of requests) expect((await call(request)).status).toBe(200);
}

type Event = AnswerOf<"getEvent">;

async function events(): Promise<readonly Event[]> {
  const all: Event[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = `/events?source=salesforce&limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const page: AnswerOf<"listEvents"> = await (await ops(query)).json();
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

const settled = (count: number): Promise<readonly Event[]> =>
  vi.waitUntil(
    async () => {
      const all = await events();
      return all.filter(({ status }) => status === "delivered" || status === "dead").length >= count ? all : false;
    },
    { timeout: 25_000, interval: 250 },
  );

const sla = async (query = ""): Promise<AnswerOf<"getSla">> => {
  const schema = OPERATIONS.getSla.answer as z.ZodObject;
  return schema.strict().parse(await (await ops(`/slas/orderHandoff${query}`, "viewer")).json()) as AnswerOf<"getSla">;
};

function later(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

const cron = async (): Promise<void> => worker.scheduled?.(createScheduledController({ scheduledTime: new Date() }), env) as Promise<void>;

/** The same question, answered from nothing but the list of all events and their attempts. */
function recomputed(all: readonly Event[], withinMs: number): { good: number; late: readonly string[] } {
  const byKey = Map.groupBy(all, ({ entity }) => short(entity?.key ?? ""));
  const late: string[] = [];
  for (const [key, told] of byKey) {
    const start = Math.min(...told.map(({ receivedAt }) => Date.parse(receivedAt)));
    const ends = told.flatMap(({ destinations: lanes }) =>
      lanes.flatMap(({ status, attempts }) => {
        const last = attempts.at(-1);
        return status === "delivered" && last !== undefined ? [Date.parse(last.startedAt) + last.durationMs] : [];
      }),
    );
    const end = Math.min(...ends);
    if (!(end - start <= withinMs)) late.push(key);
  }
  return { good: byKey.size - late.length, late: late.toSorted() };
}

describe("the SLA of won opportunities, over real messages", () => {
  it("says that 7 percent have not become orders within 15 minutes, names them, and is right by the list of all events", async () => {
    const keys = Array.from({ length: SENT }, (_, index) => keyOf(index));
    const refused = new Set(keys.filter((_, index) => isRefused(index)));
    erp(refused);
    await send(keys.map((key) => won(key)));
    await settled(SENT);
    const before = await sla();
    expect(before.sla).toMatchObject({ good: SENT - REFUSED, bad: 0, open: REFUSED, overdue: 0, state: "met" });
    expect(before.late.items).toEqual([]);

    later(15 * MINUTE_MS + 30_000);
    // The moment the deadlines have passed, before any cron.
    const passed = await sla("?state=waiting");
    expect(passed.sla).toMatchObject({ good: SENT - REFUSED, bad: REFUSED, open: 0, overdue: REFUSED, badShare: 0.07, burnRate: 1 });
    expect(passed.sla.statement).toBe("7 % (7 of 100) did not get there within 15m; 7 % are allowed in 1h");
    const late = passed.late.items.map(({ entity }) => short(entity.key)).toSorted();
    expect(late).toEqual([...refused].toSorted());
    const truth = recomputed(await events(), 15 * MINUTE_MS);
    expect({ good: passed.sla.good, late }).toEqual(truth);

    await cron();
    later(6_000);
    const turned = await sla("?state=waiting&limit=3");
    expect(turned.sla).toMatchObject({ good: SENT - REFUSED, bad: REFUSED, overdue: REFUSED, owner: { name: "revops" } });
    const rest = await sla(`?state=waiting&limit=50&cursor=${encodeURIComponent(turned.late.nextCursor ?? "")}`);
    expect([...turned.late.items, ...rest.late.items].map(({ entity }) => short(entity.key)).toSorted()).toEqual(late);
  });

  it("keeps late ones late when they arrive after all, counts repeats once, and lets go of what was lost again in time", async () => {
    const mended = [...Array(SENT).keys()].filter(isRefused).map(keyOf);
    erp(new Set([keyOf(500)]));
    later(20 * MINUTE_MS);
    const before = (await sla()).sla;
    await send([won(mended[0] ?? ""), won(keyOf(0)), won(keyOf(500))]);
    await vi.waitUntil(async () => (await sla("?state=ended")).late.items.length === 1, { timeout: 20_000, interval: 250 });
    later(MINUTE_MS);
    const lost = await call(won(keyOf(500), "Closed Lost"));
    await eventually(lost.headers.get("x-signalbox-event-id") ?? "");
    later(16 * MINUTE_MS);
    const after = await sla();
    expect(after.sla.overdue).toBe(before.overdue - 1);
    expect(after.late.items.map(({ entity }) => short(entity.key))).not.toContain(keyOf(500));
    expect(after.late.items.find(({ entity }) => short(entity.key) === mended[0])?.endedAt).not.toBeNull();
  });
});

describe("an SLA that burns", () => {
  it("is an alert to its owner, with the figures, as soon as the cron has come", async () => {
    const lost = Array.from({ length: 30 }, (_, index) => keyOf(2_000 + index));
    erp(new Set(lost));
    await send(lost.map((key) => won(key)));
    await vi.waitUntil(async () => (await sla()).sla.open >= lost.length, { timeout: 25_000, interval: 250 });
    later(15 * MINUTE_MS + 30_000);
    await cron();
    const { items } = await (await ops("/alerts", "viewer")).json<AnswerOf<"listAlerts">>();
    const alert = items.find(({ rule, subject }) => rule === "sla-burn" && subject === "orderHandoff");
    expect(alert).toMatchObject({ state: "open", owner: { name: "revops" } });
    expect(alert?.summary).toMatch(/^Won opportunities become ERP orders: .*did not get there within 15m; 7 % are allowed in 1h$/);
  });
});

describe("GET /slas", () => {
  it("has every SLA with its owner and the routes that are held to it, and none that is not declared", async () => {
    const { items } = await (await ops("/slas", "viewer")).json<AnswerOf<"listSlas">>();
    expect(items.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["orderHandoff", "entitlementActivation", "invoiceSync", "propagation", "failedTransactions", "replayVolume"]),
    );
    expect(items.find(({ name }) => name === "orderHandoff")?.routes).toEqual(["won-opportunities-become-orders"]);
    expect(items.find(({ name }) => name === "failedTransactions")?.bad).toBeGreaterThan(0);
    expect((await ops("/slas/nobodys")).status).toBe(404);
    expect((await ops("/slas/orderHandoff?cursor=x")).status).toBe(400);
  });
});
