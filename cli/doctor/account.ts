import type { Environment } from "../deployment/environment.ts";
import { Wrangler, written } from "../deployment/wrangler.ts";
import type { World } from "../world.ts";
import { soundUnless, wrong, type Finding } from "./finding.ts";

/** Whether the account has what an environment needs. Ends the command if nobody is signed in. */
export async function account(world: World, environment: Environment): Promise<readonly Finding[]> {
  const wrangler = new Wrangler(world);
  await wrangler.signedIn();
  const database = await databases(wrangler, environment);
  return [
    ...database,
    ...(database.some(({ state }) => state === "wrong") ? [] : await migrations(wrangler, environment)),
    ...(await buckets(wrangler, environment)),
    ...(await queues(wrangler, environment)),
    ...(await secrets(wrangler, environment)),
  ];
}

const initialise = ({ name }: Environment): string => `npx signalbox init --env ${name}`;

async function databases(wrangler: Wrangler, environment: Environment): Promise<readonly Finding[]> {
  const ids = await wrangler.databases();
  const faults = environment.databases.flatMap(({ name, id }): Finding[] => {
    const actual = ids.get(name);
    if (actual === undefined) return [wrong("database", `${name} is not there`, initialise(environment))];
    return actual === id
      ? []
      : [wrong("database", `wrangler.toml has another id than ${name}, which is ${actual}`, initialise(environment))];
  });
  return soundUnless(faults, "database", environment.databases.map(({ name }) => name).join(", "));
}

async function migrations(wrangler: Wrangler, environment: Environment): Promise<readonly Finding[]> {
  const pending = await wrangler.pendingMigrations(environment);
  const faults =
    pending.length === 0
      ? []
      : [wrong("migrations", `not applied yet: ${pending.join(", ")}`, `npm run deploy -- --env ${environment.name}`)];
  return soundUnless(faults, "migrations", "all applied");
}

async function buckets(wrangler: Wrangler, environment: Environment): Promise<readonly Finding[]> {
  const faults: Finding[] = [];
  for (const bucket of environment.buckets)
    if (!(await wrangler.hasBucket(bucket))) faults.push(wrong("bucket", `${bucket} is not there`, initialise(environment)));
  return soundUnless(faults, "bucket", environment.buckets.join(", "));
}

async function queues(wrangler: Wrangler, environment: Environment): Promise<readonly Finding[]> {
  const faults: Finding[] = [];
  for (const queue of environment.queues)
    if (!(await wrangler.hasQueue(queue))) faults.push(wrong("queues", `${queue} is not there`, initialise(environment)));
  return soundUnless(faults, "queues", environment.queues.join(", "));
}

async function secrets(wrangler: Wrangler, environment: Environment): Promise<readonly Finding[]> {
  const there = await wrangler.secrets(environment);
  const faults = environment.secrets
    .filter((name) => !there.includes(name))
    .map((name) => wrong("secrets", `${name} is missing`, written(["secret", "put", name, "--env", environment.name])));
  return soundUnless(faults, "secrets", `all ${environment.secrets.length} are there`);
}
