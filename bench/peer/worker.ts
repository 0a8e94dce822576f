import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { bullmq } from "./packages.ts";
import { PARTITIONS, partitionName } from "./partitions.ts";

/** The peer's second process: for each partition a worker that posts one job after the other to the sink. */
const { REDIS_PORT = "0", SINK_URL = "" } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: PARTITIONS });

async function deliver(body: string): Promise<void> {
  const outgoing = request(`${SINK_URL}/events`, {
    method: "POST",
    agent,
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  // Thrown, so that BullMQ counts a failed attempt and tries again.
  if (answer.statusCode !== 200) throw new Error(`the sink answered ${String(answer.statusCode)}`);
}

const { Worker } = bullmq();
const connection = { host: "127.0.0.1", port: Number(REDIS_PORT) };
const workers = Array.from({ length: PARTITIONS }, (_none, partition) =>
  new Worker(partitionName(partition), (job) => deliver(job.data.body), { connection, concurrency: 1 }).on("error", () => undefined),
);
await Promise.all(workers.map((worker) => worker.waitUntilReady()));
process.once("disconnect", () => process.exit());
process.send?.("ready");
