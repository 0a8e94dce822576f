import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AnswerOf } from "../../src/http/operations.ts";
import { deliver, queued } from "../support/queued.ts";
import { call, customer, destinations, eventually, ops, signed } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Envelopes as they share one queue message. */
const bundle = (events: readonly unknown[]): string => events.map((event) => JSON.stringify(event)).join("\n");

const statusOf = async (id: string): Promise<string> => (await (await ops(`/events/${id}`)).json<{ status: string }>()).status;

const letterOf = async (id: string): Promise<AnswerOf<"getDeadLetter">> =>
  (await ops(`/dead-letters/${encodeURIComponent(id)}`)).json<AnswerOf<"getDeadLetter">>();

describe("envelopes that share a queue message", () => {
  it("are each sequenced, delivered and indexed, and acknowledged together", async () => {
    const posts = destinations();
    const events = [queued("B-1", 1), queued("B-2", 1), queued("B-1", 2)];
    expect(await deliver([bundle(events)])).toEqual({ acks: 1, retries: 0 });
    for (const { id } of events) expect(await statusOf(id)).toBe("delivered");
    expect(posts).toHaveLength(3);
  });

  it("come again together when one record's object is out of reach, and what had gone well has no second effect", async () => {
    const posts = destinations();
    const events = [queued("B-3", 1), queued("B-4", 1)];
    const broken = {
      getByName: (name: string) =>
        name === "order/B-4" ? { sequence: () => Promise.reject(new Error("overloaded")) } : env.ENTITY.getByName(name),
    } as unknown as Env["ENTITY"];
    expect(await deliver([bundle(events), queued("B-5", 1)], { ...env, ENTITY: broken })).toEqual({ acks: 1, retries: 1 });
    expect(posts).toHaveLength(2);
    expect(await deliver([bundle(events)])).toEqual({ acks: 1, retries: 0 });
    expect(posts).toHaveLength(3);
    for (const { id } of events) expect(await statusOf(id)).toBe("delivered");
  });

  it("do not share the fate of one among them that cannot be read", async () => {
    destinations();
    const event = queued("B-6", 1);
    expect(await deliver([`${bundle([event])}\n{"v":99}`])).toEqual({ acks: 1, retries: 0 });
    expect(await statusOf(event.id)).toBe("delivered");
  });

  it("are a dead letter each when the queue gives their message up, and put in again one by one", async () => {
    const posts = destinations();
    const events = [queued("B-7", 1), queued("B-8", 1)];
    await deliver([bundle(events)], env, "signalbox-dead");
    for (const { id } of events) expect((await letterOf(`${id}:queue`)).eventId).toBe(id);
    const [first, second] = events as [(typeof events)[number], (typeof events)[number]];
    await ops(`/dead-letters/${first.id}:queue/retry`, "operator", { reason: "the outage is over" });
    await vi.waitUntil(async () => (await statusOf(first.id)) === "delivered", { timeout: 5_000 });
    expect(await statusOf(second.id)).toBe("dead");
    expect(posts).toHaveLength(1);
  });

  it("are put there by requests that come at the same time, each of them durable before it is answered", async () => {
    const posts = destinations();
    const sent: string[] = [];
    const counted = {
      send: (body: string, options?: QueueSendOptions) => {
        sent.push(body);
        return env.QUEUE_STANDARD.send(body, options);
      },
      sendBatch: (messages: MessageSendRequest<string>[]) => {
        sent.push(...messages.map(({ body }) => body));
        return env.QUEUE_STANDARD.sendBatch(messages);
      },
    } as unknown as Queue;
    const bindings = { ...env, QUEUE_STANDARD: counted };
    const key = crypto.randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const response = await call(signed("custom", customer({ id: `B-${key}-${index}` })), bindings);
        const { id } = await response.json<{ id: string }>();
        expect(sent.some((message) => message.includes(id))).toBe(true);
        return { id, status: response.status };
      }),
    );
    expect(answers.every(({ status }) => status === 202)).toBe(true);
    expect(sent.length).toBeLessThan(20);
    expect(sent.flatMap((message) => message.split("\n"))).toHaveLength(40);
    for (const { id } of answers) await eventually(id, (event) => event.status === "delivered");
    expect(posts).toHaveLength(40);
  });

  it("are sent by one request for others, each in a context of its own, and all of them hear of it", async () => {
    // What belongs to no record cannot fall back on an object: a request that never hears of its send answers 503.
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const response = await SELF.fetch(
          signed("custom", { body: JSON.stringify({ eventId: crypto.randomUUID(), type: `unheard.of.${index}`, data: {} }) }),
        );
        const { status } = await response.json<{ status: string }>();
        return `${response.status} ${status}`;
      }),
    );
    expect(new Set(answers)).toEqual(new Set(["202 accepted"]));
  });
});
