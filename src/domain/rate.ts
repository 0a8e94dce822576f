/** How many requests a second a source may send, and how many at once after a pause. */
export interface RatePolicy {
  readonly perSecond: number;
  readonly burst: number;
}

/** A token bucket. `tokens` may be below zero: what was spent on credit is paid back before anything more is granted. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export const newBucket = (policy: RatePolicy, nowMs: number): Bucket => ({ tokens: policy.burst, atMs: nowMs });

export interface Granted {
  readonly granted: number;
  /** Until when none will be granted; null if some were. */
  readonly refusedUntilMs: number | null;
}

/** Grants up to `wanted` tokens as a block, after `spent` ones that their holder took on credit. */
export function takeTokens(
  bucket: Bucket,
  asked: { readonly wanted: number; readonly spent: number },
  policy: RatePolicy,
  nowMs: number,
): { readonly bucket: Bucket; readonly lease: Granted } {
  const grown = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * policy.perSecond;
  const tokens = Math.min(policy.burst, grown) - asked.spent;
  const granted = Math.max(0, Math.min(asked.wanted, Math.floor(tokens)));
  const refusedUntilMs = granted > 0 ? null : nowMs + Math.ceil(((1 - tokens) / policy.perSecond) * 1000);
  return { bucket: { tokens: tokens - granted, atMs: nowMs }, lease: { granted, refusedUntilMs } };
}

/** What one isolate holds of a source's rate: some tokens for a short time, and what it spent beyond them. */
export interface Holding {
  readonly tokens: number;
  readonly expiresAtMs: number;
  readonly refusedUntilMs: number;
  /** Spent on credit, not yet told. */
  readonly credit: number;
  /** Admitted since the last lease: what to ask for next time. */
  readonly used: number;
}

export const NOTHING_HELD: Holding = { tokens: 0, expiresAtMs: 0, refusedUntilMs: 0, credit: 0, used: 0 };

/** Tokens live this long in an isolate: what it does not use is soon free for others. */
const HELD_MS = 1_000;

/** A twentieth of a second's worth: what an isolate may owe at most, and asks for at most. */
export const blockOf = (policy: RatePolicy): number => Math.max(1, Math.ceil(policy.perSecond / 20));

export type Spent =
  | { readonly admitted: true; readonly holding: Holding; readonly refresh: boolean }
  | { readonly admitted: false; readonly untilMs: number; readonly refresh: boolean };

/**
 * Decides about one request without asking anybody: from the tokens held, else on credit, which the next lease pays. Only
 * an isolate that was told to wait, or that owes a whole block, refuses. `refresh`: it is time to ask for more.
 */
export function spend(holding: Holding, policy: RatePolicy, nowMs: number): Spent {
  if (holding.refusedUntilMs > nowMs) return { admitted: false, untilMs: holding.refusedUntilMs, refresh: false };
  const held = holding.expiresAtMs > nowMs ? holding.tokens : 0;
  const block = blockOf(policy);
  if (held === 0 && holding.credit >= block) return { admitted: false, untilMs: nowMs + Math.ceil(1000 / policy.perSecond), refresh: true };
  const after = held > 0 ? { tokens: held - 1, credit: holding.credit } : { tokens: 0, credit: holding.credit + 1 };
  const refresh = after.tokens * 2 <= Math.min(block, holding.used);
  return { admitted: true, holding: { ...holding, ...after, used: holding.used + 1 }, refresh };
}

/** What to ask the source's bucket for: twice what was used lately, a block at most. */
export const wantedOf = (holding: Holding, policy: RatePolicy): { readonly wanted: number; readonly spent: number } => ({
  wanted: Math.min(blockOf(policy), 2 * holding.used),
  spent: holding.credit,
});

/** Adds a lease to what is held; what was asked for is paid. */
export const withLease = (
  holding: Holding,
  told: { readonly spent: number; readonly used: number },
  lease: Granted,
  nowMs: number,
): Holding => ({
  tokens: (holding.expiresAtMs > nowMs ? holding.tokens : 0) + lease.granted,
  expiresAtMs: nowMs + HELD_MS,
  refusedUntilMs: lease.refusedUntilMs ?? 0,
  credit: holding.credit - told.spent,
  used: holding.used - told.used,
});
