import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_splitSqlQuery as splitSqlQuery } from "wrangler";
import type { Served } from "./bare-workerd.ts";
import { ROOT } from "./bundle.ts";
import { childrenNamed } from "./processes.ts";
import { wrangler } from "./settings.ts";

export interface LocalWorker {
  readonly name: string;
  readonly script: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly objects: Readonly<Record<string, string>>;
}

/**
 * Serves a Worker with the local queues, D1, R2 and objects that `wrangler dev` has, by a socket of its own: the usual
 * entry of miniflare costs several times the request itself. Queue settings are those of wrangler.toml.
 */
export async function serveLocally(worker: LocalWorker, directory: string): Promise<Served> {
  const { compatibilityDate, queues, consumers } = wrangler();
  const before = childrenNamed("workerd");
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      resourcePersistencePath: path.join(directory, worker.name),
      cf: false,
      workers: [
        {
          name: worker.name,
          compatibilityDate,
          modules: [{ type: "ESModule", path: "main.mjs", contents: worker.script }],
          bindings: { ...worker.vars },
          d1Databases: { DB: "bench" },
          r2Buckets: { BODIES: "bench" },
          durableObjects: Object.fromEntries(
            Object.entries(worker.objects).map(([name, className]) => [name, { className, useSQLite: true }]),
          ),
          queueProducers: { ...queues },
          queueConsumers: Object.fromEntries(Object.values(queues).map((queue) => [queue, { ...consumers[queue] }])),
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
      ],
    }),
  );
  await runtime.ready;
  const [pid] = [...childrenNamed("workerd")].filter((child) => !before.has(child));
  const database = await runtime.getD1Database("DB", worker.name);
  await database.batch(migrations().map((statement) => database.prepare(statement)));
  const { port } = await runtime.unsafeGetDirectURL(worker.name);
  return { port: Number(port), pid: pid ?? 0, stop: () => runtime.dispose() };
}

function migrations(): string[] {
  const directory = path.join(ROOT, "migrations");
  const files = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  return files.toSorted().flatMap((name) => splitSqlQuery(readFileSync(path.join(directory, name), "utf8")));
}
