import type { EntityEvent } from "../../src/domain/event.ts";
import product, { EntitySequencer } from "../../src/index.ts";
import { router } from "../router.config.ts";
import { withFreeRate } from "./free-rate.ts";
import { PROBE_PREFIX } from "./probes.ts";
import { customerEvent } from "./sample-events.ts";

export { BacklogBoard, DestinationGovernor, SourceRate } from "../../src/index.ts";
export { EntitySequencer };

/** The benchmark's routes, but here states that wait may collapse into the newest. */
for (const route of router.routes) Object.assign(route, { collapse: true });

/** Events of one entity, given to its object so many at a time, one call after the other. */
export interface Hot {
  readonly key: string;
  readonly calls: number;
  readonly perCall: number;
}

export interface HotAnswer {
  readonly delivered: number;
  readonly collapsed: number;
  readonly other: number;
}

/** One consumer batch: an event of each of these entities. `run` tells its arrivals at the sink apart. */
export interface Batch {
  readonly run: number;
  readonly keys: readonly string[];
}

export interface BatchAnswer {
  readonly acked: number;
  readonly retried: number;
}

const LINES = Array.from({ length: 22 }, (_none, index) => ({
  sku: `SKU-${100_000 + index}`,
  description: `Rail kit ${1000 + index}, 19 inch, with screws, black, to dock 4 by road`,
  quantity: String((index % 9) + 1),
  unitPrice: { amount: `${90 + index}.90`, currency: "EUR" },
}));

let versions = 0;

/** An order's next state, as ingest would have made it of a 4 KB body. */
function orderEvent(key: string, seq: string): EntityEvent {
  const data = { number: `SO-${key}`, status: "confirmed", total: { amount: "18230.50", currency: "EUR" }, seq, lines: LINES };
  const event = customerEvent(key);
  return {
    ...event,
    type: "order.updated",
    subject: `order/${key}`,
    partitionkey: `order/${key}`,
    order: { kind: "int", value: String(++versions) },
    // Each state differs from the one before, as its body's hash would.
    contentHash: event.id.padEnd(64, "0"),
    raw: { at: "text", text: JSON.stringify(data) },
    entity: { ...event.entity, kind: "order" },
    payload: { at: "inline", data },
  };
}

async function hot({ key, calls, perCall }: Hot, env: Env): Promise<HotAnswer> {
  const object = env.ENTITY.getByName(`order/${key}`);
  const answer = { delivered: 0, collapsed: 0, other: 0 };
  for (let call = 0; call < calls; call++) {
    const events = Array.from({ length: perCall }, (_none, index) => orderEvent(key, `0-${key}-${call * perCall + index + 1}`));
    const { outcomes } = await object.sequence(events, {});
    for (const { status } of outcomes) answer[status === "delivered" ? "delivered" : status === "superseded" ? "collapsed" : "other"]++;
  }
  return answer;
}

/** Gives the product's own consumer a batch as the queue would: the local queue has one under way at a time, the real one many. */
async function consume({ run, keys }: Batch, env: Env): Promise<BatchAnswer> {
  const answer = { acked: 0, retried: 0 };
  const settled = { ack: () => void answer.acked++, retry: () => void answer.retried++ };
  const messages = keys.map((key) => {
    const event = orderEvent(key, `${run}-${key}-1`);
    return { id: event.id, timestamp: new Date(), attempts: 1, body: JSON.stringify(event), ...settled };
  });
  const batch = { queue: "signalbox-standard", messages, ackAll: () => undefined, retryAll: () => undefined };
  await product.queue(batch as unknown as MessageBatch, env);
  return answer;
}

async function probe(request: Request, env: Env): Promise<Response> {
  switch (new URL(request.url).pathname.slice(PROBE_PREFIX.length)) {
    case "hot":
      return Response.json(await hot(await request.json<Hot>(), env));
    case "batch":
      return Response.json(await consume(await request.json<Batch>(), env));
    default:
      return new Response(null, { status: 404 });
  }
}

export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname.startsWith(PROBE_PREFIX) ? probe(request, withFreeRate(env)) : product.fetch(request, env, context),
  queue: (batch, env) => product.queue(batch, withFreeRate(env)),
} satisfies ExportedHandler<Env>;
