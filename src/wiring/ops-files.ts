import { statesOf } from "../adapters/file-work.ts";
import type { Deployment } from "../deployment.ts";
import { EXPORT_WORK } from "../domain/exporting.ts";
import { IMPORT_WORK } from "../domain/importing.ts";
import type { Result } from "../domain/result.ts";
import type { Files } from "../http/ops-ports.ts";
import { EXPORT_FORM } from "./exports.ts";
import { IMPORT_FORM } from "./imports.ts";

const problemOf = (resolved: Result<unknown, string>): string | null => (resolved.ok ? null : resolved.failure);

/** What the ops API asks of files. */
export const filePorts = (env: Env, deployment: Deployment): Files => ({
  imports: () => statesOf(env.DB, IMPORT_WORK, IMPORT_FORM),
  exports: () => statesOf(env.DB, EXPORT_WORK, EXPORT_FORM),
  importProblem: (name) => problemOf(deployment.importSource(name)),
  destinationProblem: (name) => problemOf(deployment.target(name)),
});
