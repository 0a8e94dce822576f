import type { FailureClass } from "../failure.ts";

export interface BreakerPolicy {
  /** Consecutive failures that open the breaker, and for how long. */
  readonly failures: number;
  readonly openMs: number;
}

export type Breaker =
  | { readonly state: "closed"; readonly failures: number }
  | { readonly state: "open"; readonly untilMs: number }
  /** One attempt, under the lease `probe`, decides; without its answer the next probe may go at `probeUntilMs`. */
  | { readonly state: "halfOpen"; readonly probeUntilMs: number; readonly probe: string };

export const CLOSED: Breaker = { state: "closed", failures: 0 };

/** A probe answers long before its lease ends: those who ask meanwhile ask again soon, not only then. */
const PROBE_RECHECK_MS = 1_000;

/** When to ask again while the breaker lets nothing through; null if it does: everything when closed, one probe otherwise. */
export function shutUntilMs(breaker: Breaker, nowMs: number): number | null {
  if (breaker.state === "halfOpen") return breaker.probeUntilMs > nowMs ? Math.min(breaker.probeUntilMs, nowMs + PROBE_RECHECK_MS) : null;
  return breaker.state === "open" && breaker.untilMs > nowMs ? breaker.untilMs : null;
}

/** Classes that say something about the destination's health. Refusing our data is not illness. */
const UNHEALTHY: ReadonlySet<FailureClass> = new Set(["transient", "ambiguous", "auth", "config"]);

/**
 * Moves the breaker by what came of the attempts of one lease. While it is open nothing moves it, and while a probe is out
 * only that probe's own answer does: attempts made before it opened say nothing of now.
 */
export function afterResults(
  breaker: Breaker,
  settled: { readonly leaseId: string; readonly results: readonly (FailureClass | null)[] },
  policy: BreakerPolicy,
  nowMs: number,
): Breaker {
  if (breaker.state === "halfOpen") {
    if (settled.leaseId !== breaker.probe) return breaker;
    // The probe was given back unused: whoever asks next may make it.
    if (settled.results.length === 0) return { state: "open", untilMs: nowMs };
  }
  return settled.results.reduce<Breaker>((at, result) => afterResult(at, result, policy, nowMs), breaker);
}

function afterResult(breaker: Breaker, result: FailureClass | null, policy: BreakerPolicy, nowMs: number): Breaker {
  if (breaker.state === "open") return breaker;
  if (result !== null && UNHEALTHY.has(result)) {
    const failures = breaker.state === "halfOpen" ? policy.failures : breaker.failures + 1;
    return failures >= policy.failures ? { state: "open", untilMs: nowMs + policy.openMs } : { state: "closed", failures };
  }
  // Throttling does not prove a probe's success; every other answer, even a refusal of our data, shows that the system works.
  return result === "throttled" && breaker.state === "halfOpen" ? breaker : CLOSED;
}
