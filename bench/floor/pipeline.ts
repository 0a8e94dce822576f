import { DurableObject } from "cloudflare:workers";
import type { OrderMessage } from "./order.ts";
import { app, type FloorEnv } from "./receive.ts";

interface PipelineEnv extends FloorEnv {
  readonly SINK_URL: string;
  readonly ENTITY: DurableObjectNamespace<EntitySequencer>;
}

/** One object per entity that posts what it is given. No ledger, no order of its own, no retry, no audit. */
export class EntitySequencer extends DurableObject<PipelineEnv> {
  async deliver(bodies: readonly string[]): Promise<number> {
    let delivered = 0;
    for (const body of bodies) {
      const answer = await fetch(`${this.env.SINK_URL}/events`, { method: "POST", headers: { "content-type": "application/json" }, body });
      await answer.arrayBuffer();
      if (answer.ok) delivered++;
    }
    return delivered;
  }
}

/** The floor of the whole way: queue, one call per entity, one post per event. */
export default {
  fetch: app.fetch,
  queue: async (batch, env) => {
    const byEntity = new Map<string, string[]>();
    for (const message of batch.messages) {
      const entity = (JSON.parse(message.body) as OrderMessage).data.id;
      byEntity.set(entity, [...(byEntity.get(entity) ?? []), message.body]);
    }
    await Promise.all([...byEntity].map(([entity, bodies]) => env.ENTITY.getByName(entity).deliver(bodies)));
    batch.ackAll();
  },
} satisfies ExportedHandler<PipelineEnv, string>;
