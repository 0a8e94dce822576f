import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { declaredIn } from "../../scripts/declared.ts";
import { locateProblems, undeclared } from "../../scripts/config-problems.ts";
import { router } from "../../src/router.config.ts";
import { placeholdersOf, type Environment } from "../deployment/environment.ts";
import { soundUnless, wrong, type Finding } from "./finding.ts";

/** Whether the configuration can be routed by, and wrangler.toml declares what it names. */
export function configuration(root: string): readonly Finding[] {
  const read = (name: string): string => readFileSync(path.join(root, name), "utf8");
  const located = locateProblems(router, read("src/router.config.ts")).map(({ line, message }) =>
    wrong("router.config.ts", message, `mend src/router.config.ts:${line}`),
  );
  const declared = declaredIn(root).filter(({ environment }) => environment !== "local");
  const missing = undeclared(router, declared, read(".dev.vars.example")).map((problem) => wrong("wrangler.toml", problem, "add it"));
  return soundUnless([...located, ...missing], "router.config.ts", "can be routed by, and every secret and URL it names is declared");
}

/** Whether there is what `npm run dev` works with; it makes what is missing. */
export const localSecrets = (root: string): readonly Finding[] =>
  soundUnless(
    existsSync(path.join(root, ".dev.vars")) ? [] : [wrong("local secrets", ".dev.vars is not there", "npm run dev makes it")],
    "local secrets",
    ".dev.vars is there",
  );

/** Whether wrangler.toml still says what it was shipped with. */
export const placeholders = (environment: Environment): readonly Finding[] =>
  soundUnless(
    placeholdersOf(environment).map(({ name, value }) =>
      wrong(
        "wrangler.toml",
        `${name} is still the placeholder "${value}"`,
        name.startsWith("d1_databases.")
          ? `npx signalbox init --env ${environment.name} makes the database and writes its id`
          : `set it in [env.${environment.name}.vars], or: npx signalbox init --env ${environment.name} ${name.startsWith("OPS_") ? "--team <team> --audience <tag>" : `--vars ${name}=<value>`}`,
      ),
    ),
    "wrangler.toml",
    "has no placeholder left",
  );
