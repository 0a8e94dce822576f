import type { Priority } from "./event.ts";
import type { FailureClass } from "./failure.ts";

/** A destination's limits: what it may be asked to bear. */
export interface GovernorPolicy {
  readonly perSecond: number;
  readonly concurrency: number;
  /** Consecutive failures that open the breaker, and for how long. */
  readonly failures: number;
  readonly openMs: number;
  readonly leaseTtlMs: number;
}

export const DEFAULT_GOVERNOR: Omit<GovernorPolicy, "leaseTtlMs"> = { perSecond: 100, concurrency: 50, failures: 10, openMs: 30_000 };

/** Of the room that is free, the part each class may take at once, so that a flood of bulk always leaves some for critical. */
const SHARE: Readonly<Record<Priority, number>> = { critical: 1, standard: 0.8, bulk: 0.5 };

export type Breaker =
  | { readonly state: "closed"; readonly failures: number }
  | { readonly state: "open"; readonly untilMs: number }
  | { readonly state: "halfOpen"; readonly probeUntilMs: number };

export interface Pause {
  readonly actor: string;
  readonly reason: string;
  readonly atMs: number;
}

/** Kept through restarts: `pause`, `breaker`, `quietUntilMs`. The rest is rebuilt by use. */
export interface GovernorState {
  readonly pause: Pause | null;
  readonly breaker: Breaker;
  /** The destination asked for quiet until then. */
  readonly quietUntilMs: number;
  readonly tokens: number;
  readonly tokensAtMs: number;
  readonly leases: Readonly<Record<string, { readonly count: number; readonly expiresAtMs: number }>>;
  readonly nextLease: number;
}

export const newGovernor = (policy: GovernorPolicy, nowMs: number): GovernorState => ({
  pause: null,
  breaker: { state: "closed", failures: 0 },
  quietUntilMs: 0,
  tokens: policy.perSecond,
  tokensAtMs: nowMs,
  leases: {},
  nextLease: 1,
});

export type Refusal = {
  readonly why: "paused" | "open" | "quiet" | "limit";
  /** When to ask again; null if only a person knows. */ readonly untilMs: number | null;
};

export interface Lease {
  readonly id: string;
  readonly granted: number;
  /** Set when fewer were granted than wanted. */
  readonly refusal: Refusal | null;
}

export interface Wanted {
  readonly count: number;
  readonly priority: Priority;
}

/** Grants up to `wanted.count` attempts as one block. An open breaker lets a single probe through when its time is up. */
export function lease(state: GovernorState, wanted: Wanted, policy: GovernorPolicy, nowMs: number): { state: GovernorState; lease: Lease } {
  const now = refill(expire(state, nowMs), policy, nowMs);
  const refuse = (refusal: Refusal): { state: GovernorState; lease: Lease } => ({ state: now, lease: { id: "", granted: 0, refusal } });
  if (now.pause !== null) return refuse({ why: "paused", untilMs: null });
  if (now.quietUntilMs > nowMs) return refuse({ why: "quiet", untilMs: now.quietUntilMs });
  if (now.breaker.state === "open" && now.breaker.untilMs > nowMs) return refuse({ why: "open", untilMs: now.breaker.untilMs });
  if (now.breaker.state === "halfOpen" && now.breaker.probeUntilMs > nowMs)
    return refuse({ why: "open", untilMs: now.breaker.probeUntilMs });
  const probing = now.breaker.state !== "closed";
  const granted = probing ? Math.min(1, wanted.count) : room(now, wanted, policy);
  if (granted === 0) return refuse({ why: "limit", untilMs: nowMs + Math.ceil(1000 / policy.perSecond) });
  const id = `${nowMs}-${now.nextLease}`;
  const taken: GovernorState = {
    ...now,
    breaker: probing ? { state: "halfOpen", probeUntilMs: nowMs + policy.leaseTtlMs } : now.breaker,
    tokens: now.tokens - granted,
    leases: { ...now.leases, [id]: { count: granted, expiresAtMs: nowMs + policy.leaseTtlMs } },
    nextLease: now.nextLease + 1,
  };
  const refusal: Refusal | null =
    granted < wanted.count
      ? { why: probing ? "open" : "limit", untilMs: nowMs + Math.ceil((1000 * (wanted.count - granted)) / policy.perSecond) }
      : null;
  return { state: taken, lease: { id, granted, refusal } };
}

function room(state: GovernorState, wanted: Wanted, policy: GovernorPolicy): number {
  const running = Object.values(state.leases).reduce((sum, held) => sum + held.count, 0);
  const free = Math.min(state.tokens, policy.concurrency - running);
  return Math.max(0, Math.min(wanted.count, free >= 1 ? Math.max(1, Math.floor(free * SHARE[wanted.priority])) : 0));
}

/** What came of leased attempts: for each, its failure class, or null for success. */
export interface Settlement {
  readonly leaseId: string;
  readonly results: readonly (FailureClass | null)[];
  readonly quietUntilMs: number | null;
}

/** Classes that say something about the destination's health. Refusing our data is not illness. */
const UNHEALTHY: ReadonlySet<FailureClass> = new Set(["transient", "ambiguous", "auth", "config"]);

/** Gives a lease back with its results, and moves the breaker. Unknown and expired leases only report. */
export function settleLease(state: GovernorState, settlement: Settlement, policy: GovernorPolicy, nowMs: number): GovernorState {
  const { [settlement.leaseId]: _settled, ...leases } = state.leases;
  const breaker = settlement.results.reduce<Breaker>((at, result) => afterResult(at, result, policy, nowMs), state.breaker);
  const unprobed = breaker.state === "halfOpen" && settlement.results.length === 0 && _settled !== undefined;
  return {
    ...state,
    leases,
    breaker: unprobed ? { state: "open", untilMs: nowMs } : breaker,
    quietUntilMs: Math.max(state.quietUntilMs, settlement.quietUntilMs ?? 0),
  };
}

function afterResult(breaker: Breaker, result: FailureClass | null, policy: GovernorPolicy, nowMs: number): Breaker {
  const open: Breaker = { state: "open", untilMs: nowMs + policy.openMs };
  if (result !== null && UNHEALTHY.has(result)) {
    if (breaker.state === "halfOpen") return open;
    if (breaker.state === "open") return breaker;
    return breaker.failures + 1 >= policy.failures ? open : { state: "closed", failures: breaker.failures + 1 };
  }
  // Throttling says nothing of health; every other answer, even a refusal of our data, shows that the system works.
  // An open breaker closes only by its probe, not by an answer to an attempt made before it opened.
  return breaker.state === "open" || (result === "throttled" && breaker.state === "halfOpen") ? breaker : { state: "closed", failures: 0 };
}

function expire(state: GovernorState, nowMs: number): GovernorState {
  const live = Object.entries(state.leases).filter(([, held]) => held.expiresAtMs > nowMs);
  return { ...state, leases: Object.fromEntries(live) };
}

function refill(state: GovernorState, policy: GovernorPolicy, nowMs: number): GovernorState {
  const grown = state.tokens + (Math.max(0, nowMs - state.tokensAtMs) / 1000) * policy.perSecond;
  return { ...state, tokens: Math.min(policy.perSecond, grown), tokensAtMs: nowMs };
}
