import { once } from "node:events";
import { connect, type Socket } from "node:net";

interface Waiting {
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
}

const HEAD_END = "\r\n\r\n";

/** Length of the whole answer at the start of `text`; null while it is not all there. Answers without a length are chunked. */
function answerLength(text: string): number | null {
  const end = text.indexOf(HEAD_END);
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return text.length >= end + HEAD_END.length + Number(length) ? end + HEAD_END.length + Number(length) : null;
  if (!head.includes("transfer-encoding")) return end + HEAD_END.length;
  const last = text.indexOf("0\r\n\r\n", end);
  return last < 0 ? null : last + 5;
}

/** One keep-alive connection, one request at a time: cheap enough that the server is what is measured. */
export class Wire {
  readonly #socket: Socket;
  #received = "";
  #waiting: Waiting | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (chunk) => this.#take(String(chunk)));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the server closed the connection")));
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new Wire(socket);
  }

  /** Sends a whole request; resolves to the answer's status once all of it has come. */
  send(bytes: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const length = answerLength(this.#received);
    if (length === null || this.#waiting === null) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = this.#received.slice(length);
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve(status);
  }
}

export const CONNECTIONS = 32;

async function withWires<T>(port: number, work: (wires: readonly Wire[]) => Promise<T>, connections = CONNECTIONS): Promise<T> {
  const wires = await Promise.all(Array.from({ length: connections }, () => Wire.open(port)));
  try {
    return await work(wires);
  } finally {
    for (const wire of wires) wire.close();
  }
}

function expectStatus(status: number, expected: number): void {
  if (status !== expected) throw new Error(`the server answered ${status}, expected ${expected}`);
}

export interface Load {
  readonly port: number;
  readonly status: number;
  readonly requests: readonly Buffer[];
}

export interface Throughput {
  readonly requests: number;
  readonly wallMs: number;
}

/** As many requests as the server answers, over CONNECTIONS connections. Rejects when one is not answered as expected. */
export function closedLoop(load: Load, durationMs: number): Promise<Throughput> {
  return withWires(load.port, async (wires) => {
    const startedMs = performance.now();
    let sent = 0;
    const loop = async (wire: Wire): Promise<void> => {
      while (performance.now() - startedMs < durationMs) {
        const bytes = load.requests[sent++ % load.requests.length] ?? Buffer.alloc(0);
        expectStatus(await wire.send(bytes), load.status);
      }
    };
    await Promise.all(wires.map(loop));
    return { requests: sent, wallMs: performance.now() - startedMs };
  });
}

/** Requests at a fixed rate. Each latency counts from when the request was due, so a stall is felt by all that follow it. */
export function fixedRate(load: Load, perSecond: number, durationMs: number): Promise<readonly number[]> {
  return withWires(load.port, async (wires) => {
    const free = [...wires];
    const waiting: ((wire: Wire) => void)[] = [];
    const give = (wire: Wire): void => {
      const next = waiting.shift();
      if (next === undefined) free.push(wire);
      else next(wire);
    };
    const take = async (): Promise<Wire> => free.pop() ?? new Promise<Wire>((resolve) => waiting.push(resolve));
    const startedMs = performance.now();
    const one = async (index: number, dueMs: number): Promise<number> => {
      const wire = await take();
      expectStatus(await wire.send(load.requests[index % load.requests.length] ?? Buffer.alloc(0)), load.status);
      give(wire);
      return performance.now() - dueMs;
    };
    const running: Promise<number>[] = [];
    for (let index = 0; index < (durationMs / 1000) * perSecond; index++) {
      const dueMs = startedMs + (index * 1000) / perSecond;
      await until(dueMs);
      running.push(one(index, dueMs));
    }
    return Promise.all(running);
  });
}

/** Timers are a millisecond coarse: the last stretch is spent in turns of the event loop. */
async function until(dueMs: number): Promise<void> {
  for (let left = dueMs - performance.now(); left > 0; left = dueMs - performance.now()) {
    await new Promise<void>((resolve) => void (left > 2 ? setTimeout(resolve, left - 2) : setImmediate(resolve)));
  }
}

/** Posts each chain's requests one after the other, and different chains at once: no sender overtakes itself. */
export function postChains(port: number, chains: readonly (readonly (() => Buffer)[])[], connections = CONNECTIONS): Promise<void> {
  const post = async (wires: readonly Wire[]): Promise<void> => {
    const ready = chains.map((chain) => ({ chain, next: 0 }));
    const loop = async (wire: Wire): Promise<void> => {
      for (let turn = ready.shift(); turn !== undefined; turn = ready.shift()) {
        const make = turn.chain[turn.next++];
        if (make === undefined) continue;
        expectStatus(await wire.send(make()), 202);
        ready.push(turn);
      }
    };
    await Promise.all(wires.map(loop));
  };
  return withWires(port, post, connections);
}
