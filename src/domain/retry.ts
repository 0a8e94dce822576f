import type { RetryPolicy } from "./config.ts";
import type { FailureClass } from "./failure.ts";
import { RETRY_AFTER_CAP_MS } from "./limits.ts";

export interface Failed {
  readonly class: FailureClass;
  readonly retryAfterMs?: number;
}

export interface TryState {
  /** Attempts that count against the policy, this one included. */
  readonly attempts: number;
  readonly firstAttemptAtMs: number;
  readonly nowMs: number;
}

export type Verdict =
  | {
      readonly next: "retry";
      readonly atMs: number;
      /** No attempt on this destination before `atMs`. */ readonly pausesDestination: boolean;
    }
  | { readonly next: "dead"; readonly reason: string };

/** Tries allowed for classes that more trying seldom mends; the others have the policy's. */
const TRIES: Readonly<Partial<Record<FailureClass, number>>> = { auth: 3, conflict: 3, business: 1, config: 1, poison: 1 };

/**
 * What follows a failed attempt. A `throttled` one costs no attempt; past the maximum age everything is dead.
 * `random` is one draw from [0, 1).
 */
export function afterFailure(failed: Failed, state: TryState, policy: RetryPolicy, random: number): Verdict {
  const ageMs = state.nowMs - state.firstAttemptAtMs;
  const throttled = failed.class === "throttled";
  const allowed = Math.min(policy.maxAttempts, TRIES[failed.class] ?? Number.POSITIVE_INFINITY);
  if (!throttled && state.attempts >= allowed)
    return { next: "dead", reason: `${failed.class} after ${state.attempts} of ${allowed} attempts` };
  const atMs = state.nowMs + backoffMs(Math.max(1, state.attempts), failed.retryAfterMs, policy, random);
  if (ageMs >= policy.maxAgeMs)
    return { next: "dead", reason: `${failed.class}, and older than the ${policy.maxAgeMs} ms that retries may take` };
  return { next: "retry", atMs, pausesDestination: throttled };
}

/**
 * Exponential backoff with full jitter above a floor: never sooner than the first delay, nor than the time the
 * destination named (capped), and spread over one backoff beyond that so that retries do not come in one wave.
 */
export function backoffMs(attempt: number, retryAfterMs: number | undefined, policy: RetryPolicy, random: number): number {
  const floorMs = Math.max(policy.firstDelayMs, Math.min(retryAfterMs ?? 0, RETRY_AFTER_CAP_MS));
  const spreadMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(floorMs + random * spreadMs);
}
