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

/** A crash of the Worker: nothing that it would have done after it is done. */
class Crash extends Error {}

/**
 * An environment in which the nth call of these bindings crashes, before it is made or just after it, and with it every later
 * one. Beyond the last call it never does; `calls` counts them.
 */
export function crashing(
  names: readonly (keyof Env)[],
  { at, when }: { readonly at: number; readonly when: "before" | "after" },
): { readonly bindings: Env; readonly calls: () => number } {
  let calls = 0;
  const called = async (make: () => unknown): Promise<unknown> => {
    const result = await make();
    if (calls === at) throw new Crash(`after call ${calls}`);
    return result;
  };
  const watched = (binding: object): object =>
    new Proxy(binding, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          calls += 1;
          if (calls > at || (calls === at && when === "before")) throw new Crash(`before call ${calls}`);
          const make = (): unknown => Reflect.apply(member as (...given: unknown[]) => unknown, target, args);
          return calls === at && !AT_ONCE.has(name) ? called(make) : make();
        };
      },
    });
  const bindings = { ...env, ...Object.fromEntries(names.map((name) => [name, watched(env[name] as object)])) } as Env;
  return { bindings, calls: () => calls };
}

/** Calls that answer at once, and do nothing by themselves. */
const AT_ONCE: ReadonlySet<string | symbol> = new Set(["prepare", "getByName"]);
