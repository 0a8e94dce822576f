import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { unstable_readConfig } from "wrangler";
import { run, ROOT } from "./local.ts";

/** Design budget: small enough to start in well under 100 ms anywhere. */
const BUNDLE_LIMIT_BYTES = 500 * 1024;

const [environment, ...flags] = process.argv.slice(2);
if (environment !== "staging" && environment !== "production") {
  console.error("Where to? Run: npm run deploy -- <staging|production> [--dry-run]");
  process.exit(2);
}

/** Values that wrangler.toml ships with and no deployment can run on. */
const PLACEHOLDER = /example\.com|your-team|replace-with|00000000-0000-0000-0000-0000000000/;
if (!flags.includes("--dry-run")) {
  const { vars, d1_databases: databases } = unstable_readConfig({ config: path.join(ROOT, "wrangler.toml"), env: environment });
  const values = [
    ...Object.entries(vars),
    ...databases.map(
      (database: { readonly binding: string; readonly database_id?: string }) =>
        [`d1_databases.${database.binding}`, database.database_id] as const,
    ),
  ];
  const left = values.filter(([, value]) => PLACEHOLDER.test(String(value)));
  for (const [name, value] of left) console.error(`wrangler.toml (${environment}): ${name} is still the placeholder "${String(value)}"`);
  if (left.length > 0) process.exit(1);
}

const out = mkdtempSync(path.join(tmpdir(), "signalbox-bundle-"));
await run(["deploy", "--env", environment, "--dry-run", "--outdir", out]);
const bytes = readdirSync(out)
  .filter((file) => file.endsWith(".js"))
  .reduce((sum, file) => sum + gzipSync(readFileSync(path.join(out, file))).byteLength, 0);
rmSync(out, { recursive: true });
console.log(`${environment}: the bundle is ${(bytes / 1024).toFixed(0)} KB gzip (limit ${BUNDLE_LIMIT_BYTES / 1024} KB)`);
if (bytes > BUNDLE_LIMIT_BYTES) process.exit(1);
if (flags.includes("--dry-run")) process.exit(0);

const steps: readonly (readonly string[])[] = [
  ["npm", "run", "check"],
  ["npx", "wrangler", "d1", "migrations", "apply", "DB", "--remote", "--env", environment],
  ["npx", "wrangler", "deploy", "--env", environment],
];
for (const [program = "", ...args] of steps) {
  const done = spawnSync(program, args, { cwd: ROOT, stdio: "inherit" });
  if (done.status !== 0) {
    console.error(`"${[program, ...args].join(" ")}" failed; nothing after it was done.`);
    process.exit(done.status ?? 1);
  }
}
