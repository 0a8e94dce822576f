import { createServer, type ServerResponse } from "node:http";
import { parentPort } from "node:worker_threads";
import type { Arrival } from "./sink.ts";

/** What the sink's thread takes: what every sink takes, and whose events are to hang from now on; null answers those that do. */
export type ToStuckSink = "count" | "drain" | { readonly hang: string | null };

let arrivals: Arrival[] = [];
let stuck: string | null = null;
const hanging: ServerResponse[] = [];

const answer = (response: ServerResponse): void =>
  void response.writeHead(200, { "content-type": "application/json", "content-length": "2" }).end("{}");

/** Answers 200 and notes which event it was; events of the stuck entity are noted too, but get no answer. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const seq = /"seq":"([^"]*)"/.exec(Buffer.concat(chunks).toString("latin1"))?.[1] ?? "";
    arrivals.push({ seq, atMs: Date.now() });
    if (stuck !== null && seq.split("-")[1] === stuck) hanging.push(response);
    else answer(response);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === "object" ? address?.port : 0 });
});

parentPort?.on("message", (message: ToStuckSink) => {
  if (typeof message === "object") {
    stuck = message.hang;
    if (stuck === null) for (const response of hanging.splice(0)) answer(response);
    return;
  }
  parentPort?.postMessage(message === "count" ? { count: arrivals.length } : { arrivals });
  if (message === "drain") arrivals = [];
});
