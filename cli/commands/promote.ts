import { command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { environmentOf } from "../deployment/environment.ts";
import { assertHealthy, commitOf, release, released } from "../deployment/release.ts";
import { Wrangler } from "../deployment/wrangler.ts";

export const promote = command({
  name: "promote",
  summary: "deploys to production the very commit that staging runs",
  about: "Refuses unless the files are that commit's, without changes, and staging says that it is sound (with --url).",
  arguments: [],
  options: {
    "dry-run": { type: "boolean", summary: "check, bundle, and print the commands" },
    url: { type: "string", value: "origin", summary: "staging's address: its /healthz is asked first" },
  },
  examples: ["signalbox promote --url https://staging.router.acme.test"],
  run: async ({ options, world, show }) => {
    const commit = await commitOf(world);
    if (commit === null || !commit.clean)
      throw new Stop(EXIT.found, "Only a commit can be promoted, and the files here are not as one has them: git status");
    const wrangler = new Wrangler(world);
    await wrangler.signedIn();
    const running = await wrangler.deployedTag(await environmentOf(world.root, "staging"));
    if (running !== commit.tag)
      throw new Stop(
        EXIT.found,
        `Staging runs ${running ?? "no tagged version"}, here is ${commit.tag}. Run: git checkout ${running ?? commit.tag}, or deploy this to staging first.`,
      );
    if (options.url !== undefined) await assertHealthy(world, options.url);
    const done = await release(world, await environmentOf(world.root, "production"), options["dry-run"] === true);
    show(done, () => released(done));
    return EXIT.ok;
  },
});
