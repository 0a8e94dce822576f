import { createRequire } from "node:module";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { OrderJob } from "./partitions.ts";

/** Also finds packages under NODE_PATH, so that the peer can be measured without becoming part of the project. */
const require = createRequire(import.meta.url);

interface Connection {
  readonly host: string;
  readonly port: number;
}

interface JobOptions {
  readonly jobId: string;
  readonly attempts: number;
  readonly backoff: { readonly type: "exponential"; readonly delay: number };
  readonly removeOnComplete: { readonly age: number };
}

interface JobQueue {
  add(name: string, data: OrderJob, options: JobOptions): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
}

interface JobWorker {
  on(event: "error", listener: (error: Error) => void): this;
  waitUntilReady(): Promise<unknown>;
}

/** The part of BullMQ that the peer uses. */
interface BullMq {
  readonly Queue: new (name: string, options: { readonly connection: Connection }) => JobQueue;
  readonly Worker: new (
    name: string,
    work: (job: { readonly data: OrderJob }) => Promise<void>,
    options: { readonly connection: Connection; readonly concurrency: number },
  ) => JobWorker;
}

type Handler = (request: IncomingMessage & { readonly body: Buffer }, response: ServerResponse) => Promise<void>;

/** The part of Express that the peer uses. */
interface Express {
  (): {
    use(middleware: unknown): void;
    post(path: string, handler: Handler): void;
    listen(port: number, host: string, ready: () => void): Server;
  };
  raw(options: { readonly type: string; readonly limit: string }): unknown;
}

export const bullmq = (): BullMq => require("bullmq") as BullMq;
export const express = (): Express => require("express") as Express;

/** Names of the packages that are not installed. */
export const missingPackages = (): readonly string[] =>
  ["express", "bullmq", "ioredis"].filter((name) => {
    try {
      require.resolve(name);
      return false;
    } catch {
      return true;
    }
  });

/** Such as `express 5.3.0`; only of installed packages. */
export const versionOf = (name: string): string => `${name} ${(require(`${name}/package.json`) as { readonly version: string }).version}`;
