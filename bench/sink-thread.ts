import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";
import type { Arrival } from "./sink.ts";

let arrivals: Arrival[] = [];

/** Answers 200 to everything and notes which event it was. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const seq = /"seq":"([^"]*)"/.exec(Buffer.concat(chunks).toString("latin1"))?.[1] ?? "";
    arrivals.push({ seq, atMs: Date.now() });
    response.writeHead(200, { "content-type": "application/json", "content-length": "2" }).end("{}");
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === "object" ? address?.port : 0 });
});

parentPort?.on("message", (message: "count" | "drain") => {
  parentPort?.postMessage(message === "count" ? { count: arrivals.length } : { arrivals });
  if (message === "drain") arrivals = [];
});
