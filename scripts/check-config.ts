import { readFileSync } from "node:fs";
import path from "node:path";
import { unstable_readConfig } from "wrangler";
import { router } from "../src/router.config.ts";
import { locateProblems, undeclared } from "./config-problems.ts";
import { ROOT } from "./local.ts";

const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");
const declared = [undefined, "staging", "production"].map((environment) => {
  const config = unstable_readConfig({
    config: path.join(ROOT, "wrangler.toml"),
    ...(environment === undefined ? {} : { env: environment }),
  });
  const through: readonly { readonly binding: string }[] = [
    ...config.vpc_services,
    ...config.vpc_networks,
    ...config.mtls_certificates,
    ...(config.services ?? []),
  ];
  return {
    environment: environment ?? "local",
    secrets: config.secrets?.required ?? [],
    vars: Object.keys(config.vars),
    ways: through.map((each) => each.binding),
    buckets: config.r2_buckets.map(({ binding }: { readonly binding: string }) => binding),
  };
});

const problems = [
  ...locateProblems(router, read("src/router.config.ts")).map(({ line, message }) => `src/router.config.ts:${line}: ${message}`),
  ...undeclared(router, declared, read(".dev.vars.example")),
];
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "router.config.ts is sound" : `${problems.length} to mend`);
process.exit(problems.length === 0 ? 0 : 1);
