import type { FailureClass } from "../failure.ts";
import type { Otherwise } from "./definition.ts";

export type AfterDead = { readonly do: "again"; readonly afterMs: number } | { readonly do: "person" } | { readonly do: "compensate" };

/** The router has retried for hours already when an effect is dead; these are tries of the step as a whole. */
const AGAIN_AFTER_MS = [60_000, 600_000, 3_600_000] as const;

/**
 * What a step does when its effect has become a dead letter. `again`: it is sent anew, as another attempt; `person`: what
 * is wrong is ours, so nothing is taken back for it; `asDeclared`: the system refuses, and the step says what then.
 */
const ON_DEAD: Readonly<Record<FailureClass, "again" | "person" | "asDeclared">> = {
  transient: "again",
  throttled: "again",
  conflict: "again",
  ambiguous: "person",
  auth: "person",
  config: "person",
  poison: "person",
  business: "asDeclared",
};

export function afterDead(failure: FailureClass, retries: number, otherwise: Otherwise): AfterDead {
  const rule = ON_DEAD[failure];
  const afterMs = AGAIN_AFTER_MS[retries];
  if (rule === "again" && afterMs !== undefined) return { do: "again", afterMs };
  return { do: rule === "asDeclared" ? otherwise : "person" };
}
