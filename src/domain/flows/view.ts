import type { Fact, View } from "./definition.ts";
import type { FlowRun } from "./run.ts";

/** The run's view of what is known. */
export const viewOf = (
  run: FlowRun,
  known: { readonly facts: readonly Fact[]; readonly policy: unknown; readonly nowMs: number; readonly has: View["has"] },
): View => ({
  key: run.key,
  subject: known.facts.find(({ kind, key }) => kind === run.kind && key === run.key)?.data ?? run.subject,
  facts: known.facts,
  policy: known.policy,
  nowMs: known.nowMs,
  memories: Object.fromEntries(run.steps.map(({ name, memory }) => [name, memory])),
  has: known.has,
  remoteIds: Object.fromEntries(
    run.steps.flatMap(({ name, effects }) => effects.flatMap(({ remoteId }) => (remoteId === undefined ? [] : [[name, remoteId]]))),
  ),
});
