import { command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { ENVIRONMENTS, ENV_OPTION, environmentOf } from "../deployment/environment.ts";
import { assertHealthy, release, released } from "../deployment/release.ts";

export const deploy = command({
  name: "deploy",
  summary: "checks, migrations and wrangler deploy for an environment, in this order",
  about: `What signalbox init makes must be there. The schema goes first and only ever grows, so the version that still runs can read it; a check
refuses a migration that would lose something. Each version is tagged with its commit. Run again, it changes nothing.`,
  arguments: [{ name: "environment", summary: "the same as --env", optional: true, choices: ENVIRONMENTS }],
  options: {
    ...ENV_OPTION,
    "dry-run": { type: "boolean", summary: "bundle, weigh, and print the commands" },
    url: { type: "string", value: "origin", summary: "where it then answers: /healthz is asked at the end" },
  },
  examples: ["npm run deploy -- --env staging --dry-run", "signalbox deploy --env staging --url https://staging.router.acme.test"],
  run: async ({ args: [named], options, world, show }) => {
    if (named !== undefined && options.env !== undefined && named !== options.env)
      throw new Stop(EXIT.usage, `${named} or ${options.env}?`);
    const dryRun = options["dry-run"] === true;
    const done = await release(world, await environmentOf(world.root, options.env ?? named), dryRun);
    show(done, () => released(done));
    if (!dryRun && options.url !== undefined) await assertHealthy(world, options.url);
    return EXIT.ok;
  },
});
