import { spawnSync } from "node:child_process";
import { QUIET, ROOT } from "./local.ts";

/** Everything that must hold before a test is worth running. Each step goes on after a failure of the one before. */
const STEPS: readonly (readonly [string, readonly string[]])[] = [
  ["types", ["tsc", "-p", "tsconfig.json"]],
  ["types: domain is pure", ["tsc", "-p", "src/domain/tsconfig.json"]],
  ["types: scripts and sandbox", ["tsc", "-p", "scripts/tsconfig.json"]],
  ["types: command line", ["tsc", "-p", "cli/tsconfig.json"]],
  ["types: benchmarks", ["tsc", "-p", "bench/tsconfig.json"]],
  ["types: tests", ["tsc", "-p", "test/tsconfig.json"]],
  ["types: Env", ["wrangler", "types", "--include-runtime=false", "--check"]],
  ["lint", ["oxlint", "--type-aware", "--deny-warnings", "src", "durable-objects", "cli", "scripts", "sandbox", "bench", "test"]],
  ["format", ["oxfmt", "--check"]],
  [
    "dependency graph",
    ["depcruise", "--config", ".config/dependency-cruiser.mjs", "src", "durable-objects", "sandbox", "cli", "scripts", "bench", "test"],
  ],
  ["unused code", ["knip", "--config", ".config/knip.json", "--no-config-hints"]],
  ["migrations", ["node", "scripts/check-migrations.ts"]],
  ["configuration", ["node", "scripts/check-config.ts"]],
  ["docs/senders.md", ["node", "scripts/sender-docs.ts", "--check"]],
  ["docs/destinations.md", ["node", "scripts/destination-docs.ts", "--check"]],
  ["docs/cli.md", ["node", "scripts/cli-docs.ts", "--check"]],
  ["the client's types", ["node", "scripts/api-client.ts", "--check"]],
];

const only = process.argv[2];
const failed: string[] = [];
for (const [name, command] of STEPS) {
  if (only !== undefined && !name.includes(only)) continue;
  const started = performance.now();
  const [program = "", ...args] = command;
  // npm puts node_modules/.bin and Node 24 on the path of its scripts.
  const done = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", env: { ...process.env, ...QUIET } });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${done.status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (done.status === 0) continue;
  failed.push(name);
  console.log(`${done.error === undefined ? "" : String(done.error)}${done.stdout}${done.stderr}`);
}
console.log(failed.length === 0 ? "\nEverything holds." : `\nTo mend: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
