/** A destination's rates, together: an attempt needs a token of each that is set. Whole or fractional, above zero. */
export interface Rates {
  readonly perSecond: number;
  readonly perMinute?: number;
  readonly perHour?: number;
  /** How many at once after a pause, of every rate. Default: one second's worth of that rate; never less than one. */
  readonly burst?: number;
}

const WINDOWS = [
  ["perSecond", 1_000],
  ["perMinute", 60_000],
  ["perHour", 3_600_000],
] as const;

type RateName = (typeof WINDOWS)[number][0];

/**
 * One token bucket per rate. Credit is counted in windowMs-ths of a token: a millisecond adds the limit, a grant costs the
 * window's length, so with whole limits all numbers are whole and nothing is lost to rounding.
 */
export interface Buckets {
  readonly credit: Readonly<Record<RateName, number>>;
  readonly atMs: number;
}

/** When each slow bucket will be full again: what to keep so that a restart forgets nothing that was spent. */
export type FullAt = Readonly<Partial<Record<RateName, number>>>;

const capacityOf = (rates: Rates, limit: number, windowMs: number): number =>
  Math.max(windowMs, rates.burst === undefined ? limit * 1_000 : rates.burst * windowMs);

/** Buckets that are full, except for what `fullAtMs` says was spent before. */
export function newBuckets(rates: Rates, nowMs: number, fullAtMs: FullAt = {}): Buckets {
  const credit = { perSecond: 0, perMinute: 0, perHour: 0 };
  for (const [name, windowMs] of WINDOWS) {
    const limit = rates[name] ?? 0;
    credit[name] = capacityOf(rates, limit, windowMs) - limit * Math.max(0, (fullAtMs[name] ?? nowMs) - nowMs);
  }
  return { credit, atMs: nowMs };
}

/** What time has added. A clock that goes back adds nothing, and nothing twice. */
export function refill(buckets: Buckets, rates: Rates, nowMs: number): Buckets {
  const elapsedMs = nowMs - buckets.atMs;
  if (elapsedMs <= 0) return buckets;
  const credit = { ...buckets.credit };
  for (const [name, windowMs] of WINDOWS) {
    const limit = rates[name];
    if (limit !== undefined) credit[name] = Math.min(capacityOf(rates, limit, windowMs), credit[name] + elapsedMs * limit);
  }
  return { credit, atMs: nowMs };
}

/** Whole tokens that every rate has, at the time of the last refill. */
export function tokensIn(buckets: Buckets, rates: Rates): number {
  let least = Number.POSITIVE_INFINITY;
  for (const [name, windowMs] of WINDOWS)
    if (rates[name] !== undefined) least = Math.min(least, Math.floor(buckets.credit[name] / windowMs));
  return Math.max(0, least);
}

/**
 * Takes tokens that are there. Since credit never exceeds the burst, no span of a rate's length has more grants than its
 * limit and its burst together.
 */
export function spend(buckets: Buckets, rates: Rates, count: number): Buckets {
  if (count === 0) return buckets;
  const credit = { ...buckets.credit };
  for (const [name, windowMs] of WINDOWS) if (rates[name] !== undefined) credit[name] -= count * windowMs;
  return { ...buckets, credit };
}

/** The earliest whole millisecond at which one token of every rate is there. */
export function soonestTokenMs(buckets: Buckets, rates: Rates): number {
  let waitMs = 0;
  for (const [name, windowMs] of WINDOWS) {
    const limit = rates[name];
    if (limit !== undefined) waitMs = Math.max(waitMs, Math.ceil((windowMs - buckets.credit[name]) / limit));
  }
  return buckets.atMs + waitMs;
}

/** Milliseconds between two tokens of the slowest rate. */
export function perTokenMs(rates: Rates): number {
  let slowest = 0;
  for (const [name, windowMs] of WINDOWS) slowest = Math.max(slowest, windowMs / (rates[name] ?? Number.POSITIVE_INFINITY));
  return slowest;
}

/** What the rates of a minute and an hour owe, as times that only a grant moves. Empty where there is no such rate. */
export function fullAtMs(buckets: Buckets, rates: Rates): FullAt {
  const full: Partial<Record<RateName, number>> = {};
  for (const [name, windowMs] of WINDOWS) {
    const limit = rates[name];
    if (limit === undefined || name === "perSecond") continue;
    const missing = capacityOf(rates, limit, windowMs) - buckets.credit[name];
    full[name] = Math.ceil(buckets.atMs + missing / limit);
  }
  return full;
}
