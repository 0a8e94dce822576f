import type { Priority } from "../event.ts";

const WINDOW_MS = 30_000;
const MAX_KEYS = 256;
const TOP = 10;
/** Counts keys together that came when there was no room left. */
const REST = "*";

interface Tally {
  readonly sinceMs: number;
  readonly classes: Record<Priority, number>;
  readonly keys: Map<string, number>;
}

const newTally = (sinceMs: number): Tally => ({ sinceMs, classes: { critical: 0, standard: 0, bulk: 0 }, keys: new Map() });

/** Permits refused in the last 30 to 60 seconds; one that is asked for again counts again. */
export interface RefusedLately {
  readonly classes: Readonly<Record<Priority, number>>;
  /** The ten keys that were refused most, most first. */
  readonly keys: readonly { readonly key: string; readonly refused: number }[];
}

/** Counts for an operator's eyes; no decision looks at them. Two windows of at most 256 keys each. */
export class RefusalCounts {
  #now = newTally(0);
  #before = newTally(0);

  note(priority: Priority, refused: ReadonlyMap<string, number>, nowMs: number): void {
    if (refused.size === 0) return;
    this.#turn(nowMs);
    for (const [key, count] of refused) this.#add(priority, key, count);
  }

  #add(priority: Priority, key: string, refused: number): void {
    this.#now.classes[priority] += refused;
    const name = this.#now.keys.has(key) || this.#now.keys.size < MAX_KEYS - 1 ? key : REST;
    this.#now.keys.set(name, (this.#now.keys.get(name) ?? 0) + refused);
  }

  view(nowMs: number): RefusedLately {
    this.#turn(nowMs);
    const [now, before] = [this.#now, this.#before];
    const keys = new Map(before.keys);
    for (const [key, refused] of now.keys) keys.set(key, (keys.get(key) ?? 0) + refused);
    return {
      classes: {
        critical: now.classes.critical + before.classes.critical,
        standard: now.classes.standard + before.classes.standard,
        bulk: now.classes.bulk + before.classes.bulk,
      },
      keys: [...keys]
        .map(([key, refused]) => ({ key, refused }))
        .toSorted((a, b) => b.refused - a.refused)
        .slice(0, TOP),
    };
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#now.sinceMs;
    if (ageMs < WINDOW_MS) return;
    this.#before = ageMs < 2 * WINDOW_MS ? this.#now : newTally(nowMs);
    this.#now = newTally(nowMs);
  }
}
