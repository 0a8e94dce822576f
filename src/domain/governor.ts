import type { Priority } from "./event.ts";
import type { FailureClass } from "./failure.ts";
import { afterResults, CLOSED, shutUntilMs, type Breaker, type BreakerPolicy } from "./governor/breaker.ts";
import {
  newBuckets,
  perTokenMs,
  refill,
  soonestTokenMs,
  spend,
  tokensIn,
  type Buckets,
  type FullAt,
  type Rates,
} from "./governor/buckets.ts";
import { DEFAULT_WEIGHTS, divide, NO_CONTENTION, type Ask, type Division, type Shares, type Weights } from "./governor/shares.ts";
import type { RefusedLately } from "./governor/refusals.ts";
import { freeSlots, live, meanAgeMs, runningOf, withoutLease, type Held } from "./governor/slots.ts";

export type { Breaker } from "./governor/breaker.ts";
export { fullAtMs, type FullAt } from "./governor/buckets.ts";
export { RefusalCounts } from "./governor/refusals.ts";

/** A destination's limits: what it may be asked to bear. All rates hold together. */
export interface GovernorPolicy extends Rates, BreakerPolicy {
  readonly concurrency: number;
  readonly leaseTtlMs: number;
  /** Default 6 : 3 : 1. */
  readonly weights?: Partial<Weights>;
}

export const DEFAULT_GOVERNOR: Omit<GovernorPolicy, "leaseTtlMs"> = { perSecond: 100, concurrency: 50, failures: 10, openMs: 30_000 };

export interface Pause {
  readonly actor: string;
  readonly reason: string;
  readonly atMs: number;
}

/**
 * Kept through restarts: `pause`, `breaker`, `quietUntilMs`, and of the buckets what a minute's or an hour's rate owes.
 * The rest is rebuilt by use. Bounded: 1,024 leases, 256 keys.
 */
export interface GovernorState {
  readonly pause: Pause | null;
  readonly breaker: Breaker;
  /** The destination asked for quiet until then. */
  readonly quietUntilMs: number;
  readonly buckets: Buckets;
  readonly leases: readonly Held[];
  readonly nextLease: number;
  readonly shares: Shares;
  /** How long attempts have held their slots lately, newer ones counting more; 0 while none has ended. */
  readonly heldMs: number;
}

export const newGovernor = (policy: GovernorPolicy, nowMs: number, owed: FullAt = {}): GovernorState => ({
  pause: null,
  breaker: CLOSED,
  quietUntilMs: 0,
  buckets: newBuckets(policy, nowMs, owed),
  leases: [],
  nextLease: 1,
  shares: NO_CONTENTION,
  heldMs: 0,
});

export type Refusal = {
  readonly why: "paused" | "open" | "quiet" | "limit";
  /**
   * When to ask again; null if only a person knows. Else the earliest moment at which a token is there, or the destination
   * may be asked at all, that no earlier ask of the same class and key was told of.
   */
  readonly untilMs: number | null;
};

/** What one key got. Of those refused, the first should ask again at `refusal.untilMs`, each further one `everyMs` later. */
export interface KeyGrant {
  readonly granted: number;
  readonly refusal: Refusal | null;
  readonly everyMs: number;
}

export interface Lease {
  readonly id: string;
  readonly granted: number;
  /** Set when fewer were granted than wanted; with several keys, the earliest of theirs. */
  readonly refusal: Refusal | null;
  /** What each key got, if the ask named them and was not refused as a whole. */
  readonly keys?: Readonly<Record<string, KeyGrant>>;
}

/**
 * `keys`: new work, so many of `count` for each fair key, such as each tenant; what is refused of it will ask one by one.
 * Without them one asker wants all `count` for `fairKey`, and comes back itself when it is refused. `again`: whether it has
 * been refused before; absent: it is taken as one that was told to come, if any was.
 */
export interface Wanted {
  readonly count: number;
  readonly priority: Priority;
  readonly fairKey?: string;
  readonly again?: boolean;
  readonly keys?: Readonly<Record<string, number>>;
}

/** Slots come free when attempts end, nobody knows when: asked again after this. */
const RECHECK_MS = 100;

/**
 * Grants up to `wanted.count` attempts as one block: as many as all rates have tokens for and slots are free, divided by
 * weight between the classes and evenly between the keys of a class (the bounds are stated at `divide`). An open breaker
 * lets a single probe through when its time is up.
 */
export function lease(state: GovernorState, wanted: Wanted, policy: GovernorPolicy, nowMs: number): { state: GovernorState; lease: Lease } {
  const now = { ...state, buckets: refill(state.buckets, policy, nowMs), leases: live(state.leases, nowMs) };
  if (now.pause !== null) return { state: now, lease: { id: "", granted: 0, refusal: { why: "paused", untilMs: null } } };
  const shut = shutBy(now, nowMs);
  const ask = askOf(wanted);
  const probing = now.breaker.state !== "closed";
  const division =
    shut === null && probing ? oneOf(now, ask, policy, nowMs) : shareOf(now, ask, policy, { nowMs, shutUntilMs: shut?.untilMs ?? null });
  const granting = division.granted > 0;
  const why = shut?.why ?? (probing && granting ? "open" : "limit");
  const id = granting ? `${nowMs}-${now.nextLease}` : "";
  return {
    state: granting ? take(now, { id, division, ask, nowMs }, policy) : { ...now, shares: division.shares },
    lease: leaseOf(id, division, wanted.keys === undefined ? null : ask, why),
  };
}

/** What refuses everybody alike for a time. Those who hear of it are told to come one after the other: together they would be a storm. */
function shutBy(state: GovernorState, nowMs: number): { readonly why: "quiet" | "open"; readonly untilMs: number } | null {
  if (state.quietUntilMs > nowMs) return { why: "quiet", untilMs: state.quietUntilMs };
  const untilMs = shutUntilMs(state.breaker, nowMs);
  return untilMs === null ? null : { why: "open", untilMs };
}

function askOf(wanted: Wanted): Ask {
  const keys = wanted.keys === undefined ? [] : Object.entries(wanted.keys).filter(([, count]) => count > 0);
  const batch = keys.length > 0;
  const again = batch ? false : wanted.again;
  return { priority: wanted.priority, keys: batch ? keys : [[wanted.fairKey ?? "", wanted.count]], batch, again };
}

const roomFor = (state: GovernorState, priority: Priority, policy: GovernorPolicy): number =>
  Math.min(tokensIn(state.buckets, policy), freeSlots(state.leases, policy.concurrency, priority));

/** Between two grants at full rate, be it tokens or slots that are short. Attempts under way tell of a destination that has become slow before any ends. */
const perGrantMs = ({ heldMs, leases, buckets }: GovernorState, policy: GovernorPolicy): number =>
  Math.max(perTokenMs(policy), Math.max(heldMs, meanAgeMs(leases, buckets.atMs + policy.leaseTtlMs)) / policy.concurrency);

/** When the next token is there after so many grants. Where tokens are there but slots or the turn are not, a little later. */
function soonest(state: GovernorState, policy: GovernorPolicy, granted: number, kept: boolean): number {
  const tokenMs = soonestTokenMs(spend(state.buckets, policy, granted + (kept ? 1 : 0)), policy);
  if (tokenMs > state.buckets.atMs) return tokenMs;
  return state.buckets.atMs + (kept ? Math.max(1, Math.min(RECHECK_MS, Math.ceil(perGrantMs(state, policy)))) : RECHECK_MS);
}

interface Moment {
  readonly nowMs: number;
  /** Set while nobody is let through. */
  readonly shutUntilMs: number | null;
}

const shareOf = (state: GovernorState, ask: Ask, policy: GovernorPolicy, { nowMs, shutUntilMs }: Moment): Division =>
  divide(state.shares, ask, shutUntilMs === null ? roomFor(state, ask.priority, policy) : 0, {
    weights: { ...DEFAULT_WEIGHTS, ...policy.weights },
    nowMs,
    perGrantMs: perGrantMs(state, policy),
    soonestMs: (granted, kept) => shutUntilMs ?? soonest(state, policy, granted, kept),
  });

/** A probe goes to whoever asks first, whatever its share; it too needs a token and a slot. */
function oneOf(state: GovernorState, ask: Ask, policy: GovernorPolicy, nowMs: number): Division {
  const granted = roomFor(state, "critical", policy) > 0 && (ask.keys[0]?.[1] ?? 0) > 0 ? 1 : 0;
  const everyMs = perGrantMs(state, policy);
  const untilMs = Math.max(soonest(state, policy, granted, true), nowMs + 1);
  const parts = ask.keys.map(([, count], index) => {
    const got = index === 0 ? granted : 0;
    return { granted: got, untilMs: got < count ? untilMs : null, everyMs };
  });
  return { shares: state.shares, granted, parts };
}

interface Taking {
  readonly id: string;
  readonly division: Division;
  readonly ask: Ask;
  readonly nowMs: number;
}

function take(state: GovernorState, taking: Taking, policy: GovernorPolicy): GovernorState {
  const { id, division, ask, nowMs } = taking;
  const expiresAtMs = nowMs + policy.leaseTtlMs;
  return {
    ...state,
    breaker: state.breaker.state === "closed" ? state.breaker : { state: "halfOpen", probeUntilMs: expiresAtMs, probe: id },
    buckets: spend(state.buckets, policy, division.granted),
    leases: [...state.leases, { id, count: division.granted, priority: ask.priority, expiresAtMs }],
    nextLease: state.nextLease + 1,
    shares: division.shares,
  };
}

/** `named`: the ask, if it named its keys. */
function leaseOf(id: string, division: Division, named: Ask | null, why: Refusal["why"]): Lease {
  let untilMs = Number.POSITIVE_INFINITY;
  for (const part of division.parts) untilMs = Math.min(untilMs, part.untilMs ?? untilMs);
  const refused = division.parts.some((part) => part.untilMs !== null);
  const lease: Lease = { id, granted: division.granted, refusal: refused ? { why, untilMs } : null };
  if (named === null) return lease;
  const keys = division.parts.map((part, index): [string, KeyGrant] => [
    named.keys[index]?.[0] ?? "",
    { granted: part.granted, refusal: part.untilMs === null ? null : { why, untilMs: part.untilMs }, everyMs: part.everyMs },
  ]);
  return { ...lease, keys: Object.fromEntries(keys) };
}

/** As somebody has looked who knows that attempts may go on: whoever was told to come later counts as nobody who waits. */
export const resumed = (state: GovernorState): GovernorState => ({
  ...state,
  pause: null,
  breaker: CLOSED,
  quietUntilMs: 0,
  shares: NO_CONTENTION,
});

/** How many were refused for each key of an ask. */
export function refusedOf(wanted: Wanted, lease: Lease): ReadonlyMap<string, number> {
  const { keys } = askOf(wanted);
  // Refused as a whole, every key was refused all that it asked for.
  const grantOf = (key: string): number => (keys.length === 1 ? lease.granted : (lease.keys?.[key]?.granted ?? 0));
  return new Map(keys.map(([key, count]): [string, number] => [key, count - grantOf(key)]).filter(([, refused]) => refused > 0));
}

/** What came of leased attempts: for each, its failure class, or null for success. */
export interface Settlement {
  readonly leaseId: string;
  readonly results: readonly (FailureClass | null)[];
  readonly quietUntilMs: number | null;
}

/** What an average becomes with one more value, so that some ten of them make it new. */
const lately = (before: number, value: number): number => (before === 0 ? value : before + (Math.max(0, value) - before) / 5);

/** Gives a lease back with its results, and moves the breaker. Unknown and expired leases only report. */
export function settleLease(state: GovernorState, settlement: Settlement, policy: GovernorPolicy, nowMs: number): GovernorState {
  const held = state.leases.find(({ id }) => id === settlement.leaseId);
  return {
    ...state,
    leases: withoutLease(state.leases, settlement.leaseId),
    heldMs: held === undefined ? state.heldMs : lately(state.heldMs, nowMs - (held.expiresAtMs - policy.leaseTtlMs)),
    breaker: afterResults(state.breaker, settlement, policy, nowMs),
    quietUntilMs: Math.max(state.quietUntilMs, settlement.quietUntilMs ?? 0),
  };
}

/** What an operator wants to know of a destination. */
export interface GovernorView extends Pick<GovernorState, "pause" | "breaker" | "quietUntilMs"> {
  readonly limits: Rates & { readonly concurrency: number; readonly weights: Weights };
  /** Attempts that the rates would grant at this moment. */
  readonly tokens: number;
  readonly running: number;
  /** Permits refused in the last 30 to 60 seconds, by class, and the ten keys that were refused most. */
  readonly refusedLately: RefusedLately;
}

export function governorView(state: GovernorState, policy: GovernorPolicy, refusedLately: RefusedLately, nowMs: number): GovernorView {
  const { perSecond, perMinute, perHour, burst, concurrency } = policy;
  return {
    pause: state.pause,
    breaker: state.breaker,
    quietUntilMs: state.quietUntilMs,
    limits: {
      perSecond,
      ...(perMinute === undefined ? {} : { perMinute }),
      ...(perHour === undefined ? {} : { perHour }),
      ...(burst === undefined ? {} : { burst }),
      concurrency,
      weights: { ...DEFAULT_WEIGHTS, ...policy.weights },
    },
    tokens: tokensIn(refill(state.buckets, policy, nowMs), policy),
    running: runningOf(live(state.leases, nowMs)),
    refusedLately,
  };
}
