import { command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { ENV_OPTION, environmentOf } from "../deployment/environment.ts";
import { Wrangler, written } from "../deployment/wrangler.ts";

export const rollback = command({
  name: "rollback",
  summary: "puts the version before back, or a named one",
  about: `Only code goes back. The schema stays: migrations only add, so earlier code reads it. Objects' data stay too. Cloudflare refuses to go
back behind a change of the Durable Object classes; then deploy a commit that mends what is wrong. Events accepted meanwhile are kept, and can be
put in again with signalbox replay.`,
  arguments: [
    { name: "version", summary: "its id, as `npx wrangler deployments list` prints it; default: the one before", optional: true },
  ],
  options: {
    ...ENV_OPTION,
    reason: { type: "string", value: "text", summary: "kept with the deployment" },
    "dry-run": { type: "boolean", summary: "print the command" },
  },
  examples: ["signalbox rollback --env production --reason 'invoices stay pending'"],
  run: async ({ args: [version], options, world, show }) => {
    const { name } = await environmentOf(world.root, options.env);
    if (options.reason === undefined) throw new Stop(EXIT.usage, "Say why: --reason <text>");
    const args = ["rollback", ...(version === undefined ? [] : [version]), "--env", name, "--message", options.reason, "--yes"];
    const dryRun = options["dry-run"] === true;
    if (!dryRun) await new Wrangler(world).must(args);
    show({ environment: name, version: version ?? null, command: written(args), dryRun }, () =>
      dryRun ? written(args) : `${name} runs the version before.`,
    );
    return EXIT.ok;
  },
});
