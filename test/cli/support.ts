import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { afterEach } from "vitest";
import { runCommandLine } from "../../cli/cli.ts";
import type { Exit } from "../../cli/exit.ts";
import { ROOT, type Ran, type World } from "../../cli/world.ts";
import { eventId } from "../../src/domain/event-id.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bytes?: string;
}

type Answering = (asked: Asked) => Reply | undefined;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server on loopback that answers as the function says, and remembers what it was asked. */
export async function fakeServer(answer: Answering): Promise<{ readonly origin: string; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://fake");
      const one = {
        method: request.method ?? "",
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body,
      };
      asked.push(one);
      const { status = 200, headers = {}, json, bytes } = answer(one) ?? problem(404, "not_found");
      response.writeHead(status, { "content-type": bytes === undefined ? "application/json" : "application/octet-stream", ...headers });
      response.end(bytes ?? JSON.stringify(json));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: `http://127.0.0.1:${address.port}`, asked };
}

export const problem = (status: number, code: string, detail = ""): Reply => ({
  status,
  headers: { "content-type": "application/problem+json" },
  json: { type: "about:blank", title: code, status, code, detail },
});

export interface Ended {
  readonly exit: Exit;
  readonly out: string;
  readonly said: string;
}

export interface Around {
  readonly origin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string;
  readonly nowMs?: number;
  /** Of the terminal; absent: the output goes elsewhere. */
  readonly columns?: number;
  readonly run?: (program: string, args: readonly string[], input?: string) => Ran;
  /** Called at each wait; the command is ended when it says so. */
  readonly onWait?: () => "end" | "go on";
}

/** Runs a command line in a world of its own; nothing outside of the fake server and the given root is touched. */
export async function signalbox(argv: readonly string[], around: Around = {}): Promise<Ended> {
  const out: string[] = [];
  const said: string[] = [];
  const end = new AbortController();
  const world: World = {
    out: (line) => out.push(line),
    say: (line) => said.push(line),
    overwrite: () => undefined,
    columns: around.columns ?? null,
    terminal: false,
    env: { ...(around.origin === undefined ? {} : { SIGNALBOX_URL: around.origin }), ...around.env },
    root: around.root ?? ROOT,
    run: (program, args, { input } = {}) =>
      Promise.resolve(around.run?.(program, args, input) ?? { code: 127, output: `nothing runs ${program} here` }),
    fetch: globalThis.fetch,
    now: () => around.nowMs ?? Date.parse("2026-11-27T12:00:00Z"),
    sleep: () => {
      if (around.onWait?.() === "end") end.abort();
      return Promise.resolve();
    },
    ended: end.signal,
    localToken: (role) => Promise.resolve(`token-of-${role}`),
  };
  const exit = await runCommandLine(argv, world);
  return { exit, out: out.join("\n"), said: said.join("\n") };
}

/** An id as the router makes them, for an event received then. */
export const idAt = (time: string, seed = 0): string => eventId(Date.parse(time), new Uint8Array(16).fill(seed));

/** An event as the API answers it. */
export const event = (receivedAt: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id: idAt(receivedAt),
  status: "delivered",
  class: null,
  reason: null,
  of: null,
  source: "stripe",
  type: "invoice.paid",
  entity: { kind: "invoice", key: "in_1" },
  verdict: "verified",
  deliveryId: "evt_stripe_1",
  correlationId: "cor_1",
  traceparent: null,
  receivedAt,
  destinations: [],
  ...more,
});

export const listOf = (items: readonly unknown[], nextCursor: string | null = null): Reply => ({ json: { items, nextCursor } });
