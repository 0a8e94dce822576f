/**
 * List prices in US dollars beyond the included amounts of Cloudflare's paid plan, compared on 2026-11-24 with stored
 * copies, of differing age, of developers.cloudflare.com: workers/platform/pricing, queues/platform/pricing,
 * durable-objects/platform/pricing, d1/platform/pricing, r2/pricing. Check the live pages before quoting a figure.
 */
export const PRICES_READ_ON = "2026-11-24";

interface Price {
  readonly of: string;
  readonly perMillionUsd: number;
}

export const PRICES = {
  workerRequests: { of: "Worker requests (fetch, queue batch, cron)", perMillionUsd: 0.3 },
  cpuMs: { of: "Worker and object CPU, ms", perMillionUsd: 0.02 },
  queueOperations: { of: "queue operations (write, read, delete; per 64 KB)", perMillionUsd: 0.4 },
  objectRequests: { of: "object requests (RPC calls and alarms)", perMillionUsd: 0.15 },
  /** 128 MB for one millisecond is 0.000125 GB-s at $12.50 a million GB-s. */
  objectMs: { of: "object duration, ms at 128 MB", perMillionUsd: 12.5 * 0.000125 },
  objectRowsWritten: { of: "object rows written (also setAlarm)", perMillionUsd: 1 },
  objectRowsRead: { of: "object rows read", perMillionUsd: 0.001 },
  d1RowsWritten: { of: "D1 rows written", perMillionUsd: 1 },
  d1RowsRead: { of: "D1 rows read", perMillionUsd: 0.001 },
  r2ClassA: { of: "R2 class A operations (put, list)", perMillionUsd: 4.5 },
  r2ClassB: { of: "R2 class B operations (get, head)", perMillionUsd: 0.36 },
} as const satisfies Readonly<Record<string, Price>>;

export type Priced = keyof typeof PRICES;
export type Quantities = Readonly<Record<Priced, number>>;

/** Dollars for what `quantities` counts, part by part. */
export function costOf(quantities: Quantities): { readonly totalUsd: number; readonly parts: Readonly<Record<Priced, number>> } {
  const parts = Object.fromEntries(
    Object.entries(PRICES).map(([name, price]) => [name, (quantities[name as Priced] * price.perMillionUsd) / 1_000_000]),
  ) as Record<Priced, number>;
  return { totalUsd: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
}

/**
 * What one event costs on the happy path, as `npm run bench -- --only cost` counted it on 2026-11-24: one destination,
 * records seen before, consumer batches of 100. docs/scaling.md shows the same figures with their error.
 */
export const PER_EVENT: Quantities = {
  workerRequests: 1.01,
  cpuMs: 1.92,
  queueOperations: 3,
  objectRequests: 1.02,
  objectMs: 116,
  objectRowsWritten: 2,
  objectRowsRead: 4,
  d1RowsWritten: 1,
  d1RowsRead: 0,
  r2ClassA: 0.01,
  r2ClassB: 0,
};

/** What each attempt after the first adds: it sets the alarm, is called by it, and writes its outcome here and in the index. */
export const PER_RETRY: Partial<Quantities> = { objectRequests: 2, objectRowsWritten: 3, d1RowsWritten: 1 };

/** What the paid plan of $5 a month includes of each, from the same pages. */
export const PLAN_USD = 5;
export const INCLUDED: Partial<Quantities> = {
  workerRequests: 10_000_000,
  cpuMs: 30_000_000,
  queueOperations: 1_000_000,
  objectRequests: 1_000_000,
  /** 400,000 GB-s. */
  objectMs: 400_000 / 0.000125,
  objectRowsWritten: 50_000_000,
  d1RowsWritten: 50_000_000,
  objectRowsRead: 25_000_000_000,
  d1RowsRead: 25_000_000_000,
  r2ClassA: 1_000_000,
  r2ClassB: 10_000_000,
};

/** What is left to pay of a month's quantities: the plan, and what it does not include. */
export function monthlyBill(month: Quantities): ReturnType<typeof costOf> {
  const beyond = Object.fromEntries(
    Object.entries(month).map(([name, quantity]) => [name, Math.max(0, quantity - (INCLUDED[name as Priced] ?? 0))]),
  ) as Record<Priced, number>;
  const { totalUsd, parts } = costOf(beyond);
  return { totalUsd: totalUsd + PLAN_USD, parts };
}
