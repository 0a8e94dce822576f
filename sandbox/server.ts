import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { answerOfFault, type Fault, type Faults } from "./faults.ts";
import { problem, type Answer, type Call, type System } from "./http-types.ts";
import { listEffects, summary } from "./reports.ts";

const LARGEST_BODY_BYTES = 20 * 1024 * 1024;

/** The one HTTP server of all systems: `/{system}/...` goes to the system, `/faults` sets what shall go wrong. */
export function createSandboxServer(systems: ReadonlyMap<string, System>, faults: Faults): Server {
  const server = createServer((request, response) => {
    handle(request, response, { systems, faults }).catch((error: unknown) => {
      if (!server.listening) return;
      process.stderr.write(`sandbox: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (!response.headersSent) send(response, problem(500, "internal", "the sandbox has a fault of its own"));
    });
  });
  return server;
}

interface Parts {
  readonly systems: ReadonlyMap<string, System>;
  readonly faults: Faults;
}

async function handle(request: IncomingMessage, response: ServerResponse, { systems, faults }: Parts): Promise<void> {
  const body = await bodyOf(request);
  if (body === null) return send(response, problem(413, "too_large", `a body may have ${LARGEST_BODY_BYTES} bytes`));
  const [first, call] = parse(request, body) ?? [];
  if (first === undefined || call === undefined) return send(response, problem(400, "bad_request", "the path cannot be decoded"));
  if (first === "faults") return send(response, faults.answer(call));
  const system = systems.get(first);
  if (system === undefined) return send(response, problem(404, "no_such_route", "there is no such system"));
  const report = reportOf(system, call);
  if (report !== null) return send(response, report);
  system.store.count("requests");
  const fault = faults.strike(first, request.url ?? "", body);
  return fault === null ? send(response, system.answer(call)) : answerWithFault(fault, () => system.answer(call), response);
}

async function answerWithFault(fault: Fault, answer: () => Answer, response: ServerResponse): Promise<void> {
  if (fault.delayMs > 0) await sleep(fault.delayMs);
  if (fault.mode === "cutBefore") return void response.destroy();
  const answered = answerOfFault(fault) ?? answer();
  if (fault.mode === "cutAfterCommit") return void response.destroy();
  send(response, answered);
}

function reportOf(system: System, call: Call): Answer | null {
  if (call.method !== "GET" || call.path.length !== 1) return null;
  if (call.path[0] === "summary") return summary(system);
  return call.path[0] === "effects" ? listEffects(system.store, call) : null;
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The path is split before it is decoded, so a key may hold any character, a slash too. */
function parse(request: IncomingMessage, body: string): readonly [string, Call] | null {
  const [path = "", query = ""] = (request.url ?? "").split(/\?(.*)/s, 2);
  try {
    const [first = "", ...rest] = path.slice(1).split("/").map(decodeURIComponent);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]));
    return [first, { method: request.method ?? "", path: rest, query: new URLSearchParams(query), headers, body }];
  } catch {
    return null;
  }
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(answer.body);
}
