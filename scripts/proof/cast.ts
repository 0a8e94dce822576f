import type { Terms } from "./deployment.ts";
import { DRIFT_KINDS } from "./drifts.ts";

export interface ProofSize {
  readonly drifts: number;
  readonly entities: number;
  readonly terms: Terms;
}

export interface Cast {
  /** How often each kind of drift is done. */
  readonly times: readonly number[];
  readonly harmless: number;
  readonly counts: { readonly parties: number; readonly buyers: number; readonly sales: number; readonly made: number };
}

/** Who plays what: one of five entities is a customer, and few of them buy all the orders, since a buyer cannot be deleted. */
export function castOf({ drifts, entities }: ProofSize): Cast {
  const times = DRIFT_KINDS.map(({ share }) => Math.ceil((share * drifts) / 100));
  const harmless = Math.max(1, Math.round(drifts / 50));
  const duplicates = times[DRIFT_KINDS.findIndex(({ victim }) => victim === "made")] ?? 0;
  const made = duplicates + harmless;
  const parties = Math.round(entities / 5);
  return { times, harmless, counts: { parties, buyers: Math.ceil(parties / 10), sales: entities - parties - made, made } };
}
