import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import type { Served } from "../bare-workerd.ts";
import { ORDER_SECRET } from "../bodies.ts";
import { missingPackages } from "./packages.ts";

const onPath = (command: string): boolean =>
  (process.env["PATH"] ?? "").split(path.delimiter).some((directory) => existsSync(path.join(directory, command)));

/** What has to be done before the peer can be measured here; null when everything is there. */
export function missing(): string | null {
  const packages = missingPackages();
  if (!onPath("redis-server")) return "no redis-server; apt-get install -y redis-server";
  return packages.length > 0 ? `npm install --save-dev ${packages.join(" ")}` : null;
}

/** Starts Express, the workers and Redis as one tree of processes: `pid` is its root, and ends with us or by `stop`. */
export async function servePeer(sinkUrl: string): Promise<Served> {
  const child = fork(path.join(import.meta.dirname, "ingest.ts"), {
    env: { ...process.env, ORDER_SECRET, SINK_URL: sinkUrl, NODE_ENV: "production" },
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the peer ended by itself (exit ${String(code)})`);
  });
  const [{ port }] = (await Promise.race([once(child, "message"), ended])) as [{ readonly port: number }];
  ended.catch(() => undefined);
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}
