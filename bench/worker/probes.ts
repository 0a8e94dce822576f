import { recordAll } from "../../src/adapters/event-databases.ts";
import { takeCounts, type WakeCost } from "./counts.ts";
import { customerEvent, indexRow } from "./sample-events.ts";

export const PROBE_PREFIX = "/__bench/";

/** So many events or rows for one entity, so many of them in a call. */
export interface Portion {
  readonly key: string;
  readonly events: number;
  readonly perCall: number;
}

async function inCalls(portion: Portion, call: (size: number) => Promise<unknown>): Promise<Response> {
  for (let left = portion.events; left > 0; left -= portion.perCall) await call(Math.min(left, portion.perCall));
  return Response.json({});
}

/** What the benchmarks ask of the metered Worker beside its own work. */
export async function probe(request: Request, env: Env): Promise<Response> {
  const name = new URL(request.url).pathname.slice(PROBE_PREFIX.length);
  const portion = await request.json<Portion>();
  const { key } = portion;
  const object = env.ENTITY.getByName(`customer/${key}`);
  switch (name) {
    case "take-counts":
      return Response.json(takeCounts());
    case "sequence":
      return inCalls(portion, (size) =>
        object.sequence(
          Array.from({ length: size }, () => customerEvent(key)),
          {},
        ),
      );
    case "record":
      return inCalls(portion, (size) =>
        recordAll(
          env,
          Array.from({ length: size }, () => indexRow(key)),
          Date.now(),
        ),
      );
    case "wake":
      return Response.json(await (object as unknown as { wakeCost(): Promise<WakeCost> }).wakeCost());
    default:
      return new Response(null, { status: 404 });
  }
}
