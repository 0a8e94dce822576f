import { createHmac, timingSafeEqual } from "node:crypto";
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { OrderMessage } from "../floor/order.ts";
import { freePort } from "../processes.ts";
import { bullmq, express } from "./packages.ts";
import { PARTITIONS, partitionName, partitionOf } from "./partitions.ts";

/** The peer's first process, and the parent of the two others: Express, which verifies, parses and adds a job. */
const { ORDER_SECRET = "" } = process.env;
const WINDOW_MS = 300_000;
const KEPT_S = 3_600;

function isGenuine(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const timestamp = String(headers["x-timestamp"] ?? "");
  if (!(Math.abs(Date.now() - Number(timestamp) * 1000) <= WINDOW_MS)) return false;
  const expected = createHmac("sha256", ORDER_SECRET).update(`${timestamp}.`).update(body).digest();
  const given = Buffer.from(String(headers["x-signature"] ?? ""), "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** In memory only: nothing of Redis is written to any disk. */
function startRedis(port: number): ChildProcess {
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  return spawn("redis-server", options, { stdio: "ignore" });
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect({ port, host: "127.0.0.1" });
    const up = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("redis-server did not start");
}

const redisPort = await freePort();
const redis = startRedis(redisPort);
process.once("exit", () => redis.kill("SIGKILL"));
process.once("disconnect", () => process.exit());
await listening(redisPort);

const { Queue } = bullmq();
const connection = { host: "127.0.0.1", port: redisPort };
const queues = Array.from({ length: PARTITIONS }, (_none, partition) => new Queue(partitionName(partition), { connection }));
await Promise.all(queues.map((queue) => queue.waitUntilReady()));

const app = express()();
app.use(express().raw({ type: "*/*", limit: "10mb" }));
app.post("/in/:source", async (request, response) => {
  const answer = (status: number, body: object): void => {
    const text = JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
  };
  if (!isGenuine(request.headers, request.body)) return answer(401, { code: "verification_failed" });
  const text = request.body.toString("utf8");
  const order = OrderMessage.safeParse(JSON.parse(text));
  if (!order.success) return answer(400, { code: "invalid" });
  // A job id that is known already adds nothing, as long as its job is kept.
  await queues[partitionOf(order.data.data.id)]?.add(
    "order",
    { body: text },
    { jobId: order.data.eventId, attempts: 12, backoff: { type: "exponential", delay: 1_000 }, removeOnComplete: { age: KEPT_S } },
  );
  answer(202, { id: order.data.eventId, status: "accepted" });
});

const worker = fork(path.join(import.meta.dirname, "worker.ts"), { env: { ...process.env, REDIS_PORT: String(redisPort) } });
await once(worker, "message");
const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? (address?.port ?? 0) : 0 });
});
