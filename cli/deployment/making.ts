import { randomBytes } from "node:crypto";
import { EXIT, Stop } from "../exit.ts";
import type { Environment } from "./environment.ts";
import { written, type Wrangler } from "./wrangler.ts";

/** Secrets or variables by name. */
export type Named = Readonly<Record<string, string>>;

/** One thing that a deployment needs, and whether it is there now. */
export interface Step {
  readonly what: string;
  readonly state: "done" | "was there" | "to do";
}

/** The commands that make things, in the order they are needed. */
export const creations = ({
  databases,
  buckets,
  queues,
}: Environment): Readonly<Record<"databases" | "buckets" | "queues", readonly (readonly string[])[]>> => ({
  databases: databases.map(({ name }) => ["d1", "create", name]),
  buckets: buckets.map((bucket) => ["r2", "bucket", "create", bucket]),
  queues: queues.map((queue) => ["queues", "create", queue]),
});

/** Puts several secrets, whose values go to its standard input. */
export const bulk = ({ name }: Environment): readonly string[] => ["secret", "bulk", "--env", name];

interface Making {
  readonly commands: readonly (readonly string[])[];
  readonly tell: (step: Step) => void;
}

/** Makes the databases that are not there; answers the ids of all, in the order of the environment. */
export async function makeDatabases(
  wrangler: Wrangler,
  { databases }: Environment,
  { commands, tell }: Making,
): Promise<readonly string[]> {
  const before = await wrangler.databases();
  for (const [index, { name }] of databases.entries())
    tell(await makeUnless(before.has(name), wrangler, { what: `database ${name}`, args: commands[index] ?? [] }));
  const after = databases.every(({ name }) => before.has(name)) ? before : await wrangler.databases();
  return databases.map(({ name }) => {
    const id = after.get(name);
    if (id === undefined) throw new Stop(EXIT.unreachable, `the database ${name} was made, but is not listed yet; run init again`);
    return id;
  });
}

/** Makes something unless it is there. */
export async function makeUnless(
  there: boolean,
  wrangler: Wrangler,
  { what, args }: { readonly what: string; readonly args: readonly string[] },
): Promise<Step> {
  if (there) return { what, state: "was there" };
  await wrangler.must(args);
  return { what, state: "done" };
}

/** Puts what has a value and is not there yet. A value given now replaces nothing: rotation has its own way. */
export async function putSecrets(wrangler: Wrangler, environment: Environment, values: Named): Promise<readonly Step[]> {
  const there = await wrangler.secrets(environment);
  const own = environment.secrets.includes("ACCOUNT_KEY") ? { ACCOUNT_KEY: randomBytes(32).toString("base64") } : {};
  const wanted = Object.entries({ ...own, ...values }).filter(([name]) => !there.includes(name));
  if (wanted.length > 0) await wrangler.must(bulk(environment), JSON.stringify(Object.fromEntries(wanted)));
  const put = wanted.map(([name]) => name);
  return environment.secrets.map((name): Step => {
    if (there.includes(name)) return { what: `secret ${name}`, state: "was there" };
    if (put.includes(name)) return { what: `secret ${name}`, state: "done" };
    return { what: `secret ${name}: ${written(["secret", "put", name, "--env", environment.name])}`, state: "to do" };
  });
}
