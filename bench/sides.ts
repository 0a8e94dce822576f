import { serveBare, type Served, type Stubs } from "./bare-workerd.ts";
import { ORDER_SECRET, SALESFORCE_TOKEN, SINK_SECRET } from "./bodies.ts";
import { bundle } from "./bundle.ts";
import { serveLocally } from "./local-runtime.ts";

const OBJECTS = { ENTITY: "EntitySequencer", GOVERNOR: "DestinationGovernor", SOURCE_RATE: "SourceRate", BACKLOG: "BacklogBoard" };

const varsFor = (sinkUrl: string): Record<string, string> => ({
  ENVIRONMENT: "local",
  OPS_ISSUER: "bench",
  OPS_AUDIENCE: "bench",
  OPS_JWKS_URL: "",
  ORDER_SECRET,
  SALESFORCE_TOKEN,
  SINK_SECRET,
  SINK_URL: sinkUrl,
});

const stubs = async (): Promise<Stubs> => ({ queue: await bundle("stub/queue.ts"), bucket: await bundle("stub/bucket.ts") });

const NOWHERE = "http://127.0.0.1:1";

/** The floor and our Worker, with everything behind ingest stubbed in the same way. */
export async function bareSides(directory: string): Promise<{ readonly floor: Served; readonly ours: Served }> {
  const common = { vars: varsFor(NOWHERE) };
  const floor = await serveBare(
    { ...common, name: "floor", script: await bundle("floor/ingest.ts"), queues: ["QUEUE_STANDARD"], buckets: [], objects: {} },
    await stubs(),
    directory,
  );
  const queues = ["QUEUE_CRITICAL", "QUEUE_STANDARD", "QUEUE_BULK"];
  const ours = await serveBare(
    { ...common, name: "ours", script: await bundle("worker/ours.ts"), queues, buckets: ["BODIES"], objects: OBJECTS },
    await stubs(),
    directory,
  );
  return { floor, ours };
}

type Entry = "floor/pipeline.ts" | "worker/ours.ts" | "worker/metered.ts";

/** A Worker with real local queues, objects, D1 and R2, delivering to the sink. */
export async function localSide(entry: Entry, sinkUrl: string, directory: string): Promise<Served> {
  const objects = entry === "floor/pipeline.ts" ? { ENTITY: OBJECTS.ENTITY } : OBJECTS;
  return serveLocally({ name: entry.replaceAll(/\W/g, "-"), script: await bundle(entry), vars: varsFor(sinkUrl), objects }, directory);
}
