import { EXIT, Stop } from "../exit.ts";
import type { World } from "../world.ts";
import { BUNDLE_LIMIT_BYTES, bundleBytes } from "./bundle.ts";
import { placeholdersOf, type Environment } from "./environment.ts";
import { Wrangler, written } from "./wrangler.ts";

/** A version's tag in an account: the commit it was built from. */
const TAG_LENGTH = 12;

export interface Commit {
  readonly tag: string;
  /** Whether the files are as the commit has them. */
  readonly clean: boolean;
}

/** Null outside of git. */
export async function commitOf(world: World): Promise<Commit | null> {
  const head = await world.run("git", ["rev-parse", `--short=${TAG_LENGTH}`, "HEAD"]);
  if (head.code !== 0) return null;
  const changed = await world.run("git", ["status", "--porcelain", "--untracked-files=no"]);
  return { tag: head.output.trim(), clean: changed.output.trim() === "" };
}

/**
 * What a release does, in order. The schema first: migrations only add, so the version that still runs reads the new
 * schema, and the new version never meets the old one.
 */
export function releaseSteps(environment: Environment, commit: Commit | null): readonly (readonly [string, readonly string[]])[] {
  const tagged = commit === null ? [] : ["--tag", commit.clean ? commit.tag : `${commit.tag}-changed`];
  return [
    ["npm", ["run", "check"]],
    ...environment.databases.map(
      ({ binding }) => ["wrangler", ["d1", "migrations", "apply", binding, "--remote", "--env", environment.name]] as const,
    ),
    ["wrangler", ["deploy", "--env", environment.name, ...tagged]],
  ];
}

const typed = (program: string, args: readonly string[]): string => written(args, program === "wrangler" ? "npx wrangler" : program);

export interface Release {
  readonly environment: string;
  readonly tag: string | null;
  readonly bundleKb: number;
  readonly commands: readonly string[];
  readonly dryRun: boolean;
}

/** Deploys an environment, or says what that would run. Each step ends the release if it fails; nothing after it is done. */
export async function release(world: World, environment: Environment, dryRun: boolean): Promise<Release> {
  const left = placeholdersOf(environment);
  if (!dryRun && left.length > 0)
    throw new Stop(
      EXIT.found,
      left
        .map(({ name, value }) => `wrangler.toml (${environment.name}): ${name} is still the placeholder "${value}"`)
        .concat(`npx signalbox init --env ${environment.name} sets them.`)
        .join("\n"),
    );
  const commit = await commitOf(world);
  const bytes = await bundleBytes(new Wrangler(world), environment.name);
  const bundleKb = Math.round(bytes / 1024);
  if (bytes > BUNDLE_LIMIT_BYTES)
    throw new Stop(EXIT.found, `the bundle is ${bundleKb} KB gzip; the limit is ${BUNDLE_LIMIT_BYTES / 1024} KB`);
  const steps = releaseSteps(environment, commit);
  if (!dryRun) for (const [program, args] of steps) await runStep(world, program, args);
  return {
    environment: environment.name,
    tag: commit?.tag ?? null,
    bundleKb,
    commands: steps.map(([program, args]) => typed(program, args)),
    dryRun,
  };
}

async function runStep(world: World, program: string, args: readonly string[]): Promise<void> {
  world.say(`\n== ${typed(program, args)}`);
  const { code } = await world.run(program, args, { show: true });
  if (code !== 0) throw new Stop(EXIT.found, `"${typed(program, args)}" failed (exit ${code}); nothing after it was done.`);
}

export const released = ({ environment, bundleKb, commands, dryRun, tag }: Release): string =>
  [
    `${environment}: the bundle is ${bundleKb} KB gzip (limit ${BUNDLE_LIMIT_BYTES / 1024} KB)`,
    ...(dryRun ? ["A deployment would run:", ...commands.map((line) => `  ${line}`)] : [`${environment} now runs ${tag ?? "it"}.`]),
  ].join("\n");

/** Ends the command unless the router at this address says that it is sound. */
export async function assertHealthy(world: World, origin: string): Promise<void> {
  const answer = await world.fetch(new URL("/healthz", origin), { signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (answer === null) throw new Stop(EXIT.unreachable, `${origin}/healthz does not answer`);
  if (!answer.ok) throw new Stop(EXIT.found, `${origin}/healthz: ${answer.status} ${await answer.text()}`);
}
