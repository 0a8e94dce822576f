import path from "node:path";
import { readFileSync } from "node:fs";
import { EXIT, Stop } from "../exit.ts";

export const ENVIRONMENTS = ["staging", "production"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** The option that names a deployment. */
export const ENV_OPTION = {
  env: { type: "string", value: "name", choices: ENVIRONMENTS, summary: "the deployment, as wrangler.toml calls it" },
} as const;

/** What an environment of wrangler.toml asks of an account. */
export interface Environment {
  readonly name: EnvironmentName;
  readonly worker: string;
  readonly databases: readonly { readonly binding: string; readonly name: string; readonly id: string }[];
  readonly buckets: readonly string[];
  readonly queues: readonly string[];
  readonly secrets: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
}

/** What is read of wrangler's own form of it. */
interface Bindings {
  readonly name?: string | undefined;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly secrets?: { readonly required?: readonly string[] };
  readonly d1_databases: readonly { readonly binding: string; readonly database_name?: string; readonly database_id?: string }[];
  readonly r2_buckets: readonly { readonly bucket_name?: string | symbol }[];
  readonly queues: {
    readonly producers?: readonly { readonly queue: string }[];
    readonly consumers?: readonly { readonly queue: string; readonly dead_letter_queue?: string }[];
  };
}

const wranglerFile = (root: string): string => path.join(root, "wrangler.toml");
export const wranglerText = (root: string): string => readFileSync(wranglerFile(root), "utf8");

/** The environment that an option names; without one the command ends. */
export async function environmentOf(root: string, name: string | undefined): Promise<Environment> {
  const known = ENVIRONMENTS.find((each) => each === name);
  if (known === undefined) throw new Stop(EXIT.usage, `Which deployment? Say --env ${ENVIRONMENTS.join(" or --env ")}.`);
  // Loading wrangler takes a second, so only those commands do that need it.
  const { unstable_readConfig } = await import("wrangler");
  const config: Bindings = unstable_readConfig({ config: wranglerFile(root), env: known });
  const queues = [
    ...(config.queues.producers ?? []).map(({ queue }) => queue),
    ...(config.queues.consumers ?? []).flatMap(({ queue, dead_letter_queue: dead }) => (dead === undefined ? [queue] : [queue, dead])),
  ];
  return {
    name: known,
    worker: config.name ?? "signalbox",
    databases: config.d1_databases.map(({ binding, database_name = "", database_id = "" }) => ({
      binding,
      name: database_name,
      id: database_id,
    })),
    buckets: config.r2_buckets.flatMap(({ bucket_name: bucket }) => (typeof bucket === "string" ? [bucket] : [])),
    queues: [...new Set(queues)],
    secrets: config.secrets?.required ?? [],
    vars: Object.fromEntries(Object.entries(config.vars).map(([key, value]) => [key, String(value)])),
  };
}

/** Values that wrangler.toml ships with and no deployment can run on. */
const PLACEHOLDER = /example\.com|your-team|replace-with|00000000-0000-0000-0000-0000000000/;
export const isPlaceholder = (value: string): boolean => PLACEHOLDER.test(value);

export interface Placeholder {
  readonly name: string;
  readonly value: string;
}

export function placeholdersOf({ vars, databases }: Environment): readonly Placeholder[] {
  const values = [
    ...Object.entries(vars).map(([name, value]) => ({ name, value })),
    ...databases.map(({ binding, id }) => ({ name: `d1_databases.${binding}`, value: id })),
  ];
  return values.filter(({ value }) => isPlaceholder(value));
}
