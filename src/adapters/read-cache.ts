const KEPT = 2_000;

interface Kept<T> {
  readonly value: T;
  readonly atMs: number;
}

/**
 * What an isolate has read lately, the oldest forgotten first. In memory and not in the Cache API, which does nothing on
 * workers.dev, costs a call, and would hold other people's records outside of the code that masks them.
 */
export class ReadCache<T> {
  readonly #kept = new Map<string, Kept<T>>();

  get(key: string, maxAgeMs: number, nowMs: number): Kept<T> | null {
    const kept = this.#kept.get(key);
    return kept === undefined || nowMs - kept.atMs > maxAgeMs ? null : kept;
  }

  put(key: string, value: T, atMs: number): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value, atMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** The work's value, or null if it takes longer. It goes on all the same. */
export async function unlessLate<T>(work: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
