import { readFileSync } from "node:fs";
import path from "node:path";
import { router } from "../src/router.config.ts";
import { locateProblems, undeclared } from "./config-problems.ts";
import { declaredIn } from "./declared.ts";
import { ROOT } from "./local.ts";

const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");
const problems = [
  ...locateProblems(router, read("src/router.config.ts")).map(({ line, message }) => `src/router.config.ts:${line}: ${message}`),
  ...undeclared(router, declaredIn(ROOT), read(".dev.vars.example")),
];
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "router.config.ts is sound" : `${problems.length} to mend`);
process.exit(problems.length === 0 ? 0 : 1);
