import { env } from "cloudflare:workers";
import { resolveDeployment, type Deployment } from "../../src/deployment.ts";
import type { RouterConfig } from "../../src/domain/config.ts";
import { parseEnv } from "../../src/env.ts";
import { withLocalSenders } from "../../src/local-senders.ts";
import { router } from "../../src/router.config.ts";

/** This deployment with parts of its configuration replaced, over an environment of the test's making. */
export function deploymentWith(changes: Partial<RouterConfig>, bindings: Env = env): Deployment {
  const parsed = parseEnv(bindings);
  if (!parsed.ok) throw new Error(parsed.problems.join("; "));
  return resolveDeployment({ ...withLocalSenders(router), ...changes }, parsed.settings);
}

/** A crash: the call is not made, and nothing after it. */
export class Crash extends Error {}

/** A bucket whose nth call crashes, and every one after it. Counts calls; `at` beyond them never crashes. */
export function crashing(bucket: R2Bucket, at: number): { readonly bucket: R2Bucket; readonly calls: () => number } {
  let calls = 0;
  const proxy = new Proxy(bucket, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        calls += 1;
        if (calls >= at) throw new Crash(`call ${calls}`);
        return Reflect.apply(member as (...given: unknown[]) => unknown, target, args);
      };
    },
  });
  return { bucket: proxy, calls: () => calls };
}
