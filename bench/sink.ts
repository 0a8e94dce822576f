import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";

export interface Arrival {
  /** `<run>-<entity>-<version>`, as the order carried it. */
  readonly seq: string;
  readonly atMs: number;
}

/** Where deliveries end: an HTTP server on loopback, in a thread of its own, that counts what really arrives. */
export class Sink {
  readonly #worker: Worker;
  readonly url: string;

  constructor(worker: Worker, url: string) {
    this.#worker = worker;
    this.url = url;
  }

  static async start(): Promise<Sink> {
    const worker = new Worker(path.join(import.meta.dirname, "sink-thread.ts"));
    const [{ port }] = (await once(worker, "message")) as [{ port: number }];
    return new Sink(worker, `http://127.0.0.1:${port}`);
  }

  /** All arrivals since the last call, once there are `count` or no more came for `patienceMs`, and after a little more time for any too many. */
  async arrivals(count: number, patienceMs: number): Promise<readonly Arrival[]> {
    let seen = -1;
    for (let quietMs = 0; quietMs < patienceMs; quietMs += STEP_MS) {
      const now = (await this.#ask<{ count: number }>("count")).count;
      if (now >= count) break;
      if (now !== seen) quietMs = 0;
      seen = now;
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    await new Promise((resolve) => setTimeout(resolve, STRAGGLERS_MS));
    return (await this.#ask<{ arrivals: readonly Arrival[] }>("drain")).arrivals;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask<T>(message: "count" | "drain"): Promise<T> {
    this.#worker.postMessage(message);
    const [answer] = (await once(this.#worker, "message")) as [T];
    return answer;
  }
}

const STEP_MS = 20;
const STRAGGLERS_MS = 400;

export interface Tally {
  readonly lost: number;
  readonly duplicates: number;
  /** Arrivals of an older version of an entity after a newer one. */
  readonly disorders: number;
}

/** Compares what arrived with what was sent: `events` of the run, versions of each entity counting up. */
export function tally(arrivals: readonly Arrival[], events: number): Tally {
  const seen = new Set<string>();
  const newest = new Map<string, number>();
  let disorders = 0;
  for (const { seq } of arrivals) {
    const [run = "", entity = "", version = "0"] = seq.split("-");
    if (!seen.has(seq) && Number(version) < (newest.get(`${run}-${entity}`) ?? 0)) disorders++;
    newest.set(`${run}-${entity}`, Math.max(Number(version), newest.get(`${run}-${entity}`) ?? 0));
    seen.add(seq);
  }
  return { lost: events - seen.size, duplicates: arrivals.length - seen.size, disorders };
}
