import { EXIT, Stop } from "../exit.ts";
import type { Ran, World } from "../world.ts";
import type { Environment } from "./environment.ts";

/** What Cloudflare says of a thing that is not there. */
const ABSENT = /does not exist|not found|could ?n[o']t find|has no deployments|10006|10007|10090|11000/i;

/** Asks an account through wrangler. Every call is one command line; the account comes from `wrangler login` or CLOUDFLARE_API_TOKEN. */
export class Wrangler {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Runs a command; a failure ends ours with wrangler's own words. */
  async must(args: readonly string[], input?: string): Promise<string> {
    const ran = await this.#run(args, input);
    if (ran.code === 0) return ran.output;
    throw new Stop(EXIT.unreachable, `"${written(args)}" failed:\n${ran.output.trim()}`);
  }

  /** The output, or null if what it asks for is not there. */
  async find(args: readonly string[]): Promise<string | null> {
    const ran = await this.#run(args);
    if (ran.code === 0) return ran.output;
    if (ABSENT.test(ran.output)) return null;
    throw new Stop(EXIT.unreachable, `"${written(args)}" failed:\n${ran.output.trim()}`);
  }

  /** Ends the command unless somebody is signed in. */
  async signedIn(): Promise<void> {
    const { code } = await this.#run(["whoami", "--json"]);
    if (code !== 0)
      throw new Stop(
        EXIT.unreachable,
        "No Cloudflare account: run npx wrangler login, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.",
      );
  }

  /** The ids of the account's databases by name. */
  async databases(): Promise<ReadonlyMap<string, string>> {
    const listed = jsonIn(await this.must(["d1", "list", "--json"])) as readonly { readonly name: string; readonly uuid: string }[];
    return new Map(listed.map(({ name, uuid }) => [name, uuid]));
  }

  async hasBucket(bucket: string): Promise<boolean> {
    return (await this.find(["r2", "bucket", "info", bucket])) !== null;
  }

  async hasQueue(queue: string): Promise<boolean> {
    return (await this.find(["queues", "info", queue])) !== null;
  }

  /** Names of the secrets that the Worker has; none while there is no Worker. */
  async secrets({ name }: Environment): Promise<readonly string[]> {
    const listed = await this.find(["secret", "list", "--env", name, "--format", "json"]);
    return listed === null ? [] : (jsonIn(listed) as readonly { readonly name: string }[]).map((secret) => secret.name);
  }

  /** Migrations that the environment's database has not had yet. */
  async pendingMigrations({ name }: Environment): Promise<readonly string[]> {
    const listed = await this.must(["d1", "migrations", "list", "DB", "--remote", "--env", name]);
    return [...new Set(listed.match(/\b\d{4}_\w+\.sql\b/g) ?? [])];
  }

  /** The tag of the version that takes all traffic; null if there is no deployment, or it has no tag. */
  async deployedTag({ name }: Environment): Promise<string | null> {
    const status = await this.find(["deployments", "status", "--env", name, "--json"]);
    if (status === null) return null;
    const { versions } = jsonIn(status) as { readonly versions: readonly { readonly version_id: string; readonly percentage: number }[] };
    const whole = versions.find(({ percentage }) => percentage === 100);
    if (whole === undefined) return null;
    const version = jsonIn(await this.must(["versions", "view", whole.version_id, "--env", name, "--json"])) as {
      readonly annotations?: Readonly<Record<string, string>>;
    };
    return version.annotations?.["workers/tag"] ?? null;
  }

  #run(args: readonly string[], input?: string): Promise<Ran> {
    return this.#world.run("wrangler", args, input === undefined ? {} : { input });
  }
}

/** A command as a person would type it. */
export const written = (args: readonly string[], program = "npx wrangler"): string =>
  [program, ...args.map((word) => (/^[\w@./:=-]+$/.test(word) ? word : `'${word}'`))].join(" ");

/** The JSON in an output that may begin with a warning. */
function jsonIn(output: string): unknown {
  const start = output.search(/^[[{]/m);
  try {
    return JSON.parse(output.slice(start));
  } catch {
    throw new Stop(EXIT.unreachable, `wrangler answered something else than JSON:\n${output.trim()}`);
  }
}
