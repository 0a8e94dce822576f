import type { AnyFlow } from "./definition.ts";
import { newRecord, withLine, type FlowRun } from "./run.ts";

/** A run of another version, as one of this: steps by name, those that are new are still to do. */
export function migrated(run: FlowRun, flow: AnyFlow, nowMs: number): FlowRun | null {
  const rule = flow.migrates?.[run.version];
  if (rule === undefined) return null;
  const known = new Map(run.steps.map((record) => [rule.rename[record.name] ?? record.name, record]));
  const steps = flow.steps.map(({ name }) => ({ ...(known.get(name) ?? newRecord(name)), name }));
  return withLine(
    { ...run, version: flow.version, steps },
    { atMs: nowMs, what: "migrated", step: null, words: `from version ${run.version} to ${flow.version}` },
  );
}
