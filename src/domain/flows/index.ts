import { caseToResolution } from "./case-to-resolution.ts";
import type { AnyFlow } from "./definition.ts";
import { migrated } from "./migration.ts";
import { orderToFulfilment } from "./order-to-fulfilment.ts";
import { quoteToCash } from "./quote-to-cash.ts";
import type { FlowRun } from "./run.ts";

/** Every flow, in each version that may still have runs; the newest first: that is what new runs begin with. */
export const FLOWS = {
  "quote-to-cash": [quoteToCash],
  "order-to-fulfilment": [orderToFulfilment],
  "case-to-resolution": [caseToResolution],
} as const satisfies Readonly<Record<string, readonly [AnyFlow, ...AnyFlow[]]>>;

export type FlowName = keyof typeof FLOWS;

const versionsOf = (name: string): readonly AnyFlow[] => (FLOWS as Readonly<Record<string, readonly AnyFlow[]>>)[name] ?? [];

export const flowNamed = (name: string): AnyFlow | undefined => versionsOf(name)[0];

/**
 * The version that a run goes on with: the one it began with as long as it is here, else one that says how its runs
 * migrate. Null when there is neither; then the run waits for a deployment that has one.
 */
export function goesOnWith(
  run: FlowRun,
  nowMs: number,
  versions: readonly AnyFlow[] = versionsOf(run.flow),
): { readonly flow: AnyFlow; readonly run: FlowRun } | null {
  const own = versions.find(({ version }) => version === run.version);
  if (own !== undefined) return { flow: own, run };
  for (const flow of versions) {
    const moved = migrated(run, flow, nowMs);
    if (moved !== null) return { flow, run: moved };
  }
  return null;
}
