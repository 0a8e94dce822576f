import path from "node:path";
import { unstable_readConfig } from "wrangler";
import type { Declared } from "./config-problems.ts";

/** What each environment of a project's wrangler.toml declares. */
export const declaredIn = (root: string): readonly Declared[] =>
  [undefined, "staging", "production"].map((environment) => {
    const config = unstable_readConfig({
      config: path.join(root, "wrangler.toml"),
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
