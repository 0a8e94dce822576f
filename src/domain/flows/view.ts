import type { Fact, View } from "./definition.ts";
import type { FlowRun } from "./run.ts";

/** The run's view of what is known. */
export const viewOf = (
  run: FlowRun,
  known: { readonly facts: readonly Fact[]; readonly policy: unknown; readonly nowMs: number },
): View => ({
  key: run.key,
  subject: known.facts.find(({ kind, key }) => kind === run.kind && key === run.key)?.data ?? run.subject,
  facts: known.facts,
  policy: known.policy,
  nowMs: known.nowMs,
  remoteIds: Object.fromEntries(
    run.steps.flatMap(({ name, effects }) => effects.flatMap(({ remoteId }) => (remoteId === undefined ? [] : [[name, remoteId]]))),
  ),
});
