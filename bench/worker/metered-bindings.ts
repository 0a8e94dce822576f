import { counts } from "./counts.ts";

const OPERATION_BYTES = 64 * 1024;
export const operationsFor = (bytes: number): number => Math.max(1, Math.ceil(bytes / OPERATION_BYTES));
const bytesOf = (body: unknown): number => new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)).byteLength;

/** An object whose named methods are replaced, and whose other members are the target's own. */
const overlay = <T extends object>(target: T, methods: Readonly<Partial<Record<keyof T, unknown>>>): T =>
  new Proxy(target, {
    get: (on, name) => {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const member: unknown = Reflect.get(on, name, on);
      return typeof member === "function" ? (member.bind(on) as unknown) : member;
    },
  });

const meteredQueue = (queue: Queue): Queue =>
  overlay(queue, {
    send: (body: unknown, options?: QueueSendOptions) => {
      counts.queueWrites += operationsFor(bytesOf(body));
      return queue.send(body, options);
    },
    sendBatch: (messages: Iterable<MessageSendRequest>) => {
      const all = [...messages];
      for (const message of all) counts.queueWrites += operationsFor(bytesOf(message.body));
      return queue.sendBatch(all);
    },
  });

/** Every call of a stub's method is one request to its object. */
const meteredNamespace = <T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  counter: "entityCalls" | "governorCalls",
): DurableObjectNamespace<T> =>
  overlay(namespace, {
    getByName: (name: string) => {
      const stub = namespace.getByName(name) as object as Record<string, (...args: readonly unknown[]) => unknown>;
      return new Proxy(stub, {
        get:
          (target, method: string) =>
          (...args: readonly unknown[]) => {
            counts[counter]++;
            return target[method]?.(...args);
          },
      });
    },
  });

function noteResults(results: readonly D1Result[]): void {
  for (const { meta } of results) {
    counts.d1RowsWritten += meta.rows_written;
    counts.d1RowsRead += meta.rows_read;
  }
}

const meteredStatement = (statement: D1PreparedStatement): D1PreparedStatement =>
  overlay(statement, {
    run: async () => {
      counts.d1Calls++;
      const result = await statement.run();
      noteResults([result]);
      return result;
    },
  });

/** Statements stay the runtime's own inside a batch; only calls that reach the database are counted. */
const meteredDatabase = (database: D1Database): D1Database =>
  overlay(database, {
    prepare: (sql: string) => {
      const prepared = database.prepare(sql);
      return overlay(prepared, { bind: (...values: readonly unknown[]) => kept(prepared.bind(...values)) });
    },
    batch: async (statements: readonly D1PreparedStatement[]) => {
      counts.d1Calls++;
      const results = await database.batch(statements.map((statement) => own.get(statement) ?? statement));
      noteResults(results);
      return results;
    },
  });

const own = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function kept(statement: D1PreparedStatement): D1PreparedStatement {
  const metered = meteredStatement(statement);
  own.set(metered, statement);
  return metered;
}

const R2_CLASS = { put: "r2ClassA", list: "r2ClassA", get: "r2ClassB", head: "r2ClassB" } as const;

const meteredBucket = (bucket: R2Bucket): R2Bucket =>
  overlay(
    bucket,
    Object.fromEntries(
      Object.entries(R2_CLASS).map(([method, counter]) => [
        method,
        (...args: readonly unknown[]) => {
          counts[counter]++;
          return (bucket as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[method]?.(...args);
        },
      ]),
    ),
  );

const known = new WeakMap<Env, Env>();

/** The environment with every billed binding counted. The rate limit is not billed and always admits. */
export function metered(env: Env): Env {
  const before = known.get(env);
  if (before !== undefined) return before;
  const counted: Env = {
    ...env,
    INGEST_RATE: { limit: () => Promise.resolve({ success: true }) },
    QUEUE_CRITICAL: meteredQueue(env.QUEUE_CRITICAL),
    QUEUE_STANDARD: meteredQueue(env.QUEUE_STANDARD),
    QUEUE_BULK: meteredQueue(env.QUEUE_BULK),
    ENTITY: meteredNamespace(env.ENTITY, "entityCalls"),
    GOVERNOR: meteredNamespace(env.GOVERNOR, "governorCalls"),
    DB: meteredDatabase(env.DB),
    BODIES: meteredBucket(env.BODIES),
  };
  known.set(env, counted);
  return counted;
}
