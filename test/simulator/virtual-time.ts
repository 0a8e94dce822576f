interface Appointment {
  readonly atMs: number;
  readonly turn: number;
  readonly act: () => void;
}

/** Continuations of promises that run between two appointments; what needs more goes on after the next one. */
const TURNS = 24;
/** When nothing is left to come, as many turns as the longest chain of promises needs. */
const LAST_TURNS = 400;

/** Time that passes only from one appointment to the next, in the same order in every run. */
export class VirtualTime {
  nowMs: number;
  readonly #heap: Appointment[] = [];
  #turn = 0;
  /** Appointments kept so far. */
  kept = 0;
  readonly #most: number;

  /** Stops after `most` appointments: a world that never comes to rest must not run for ever. */
  constructor(startMs: number, most: number) {
    this.nowMs = startMs;
    this.#most = most;
  }

  get exhausted(): boolean {
    return this.kept >= this.#most;
  }

  after(ms: number, act: () => void): void {
    this.#push({ atMs: this.nowMs + Math.max(0, ms), turn: this.#turn++, act });
  }

  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.after(ms, resolve);
    return promise;
  }

  /** Keeps all appointments up to `untilMs`. */
  async run(untilMs: number): Promise<void> {
    while (!this.exhausted) {
      const next = this.#heap[0];
      if (next === undefined) {
        await turns(LAST_TURNS);
        if (this.#heap.length === 0) break;
        continue;
      }
      if (next.atMs > untilMs) break;
      this.#pop();
      this.kept++;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.act();
      await turns(TURNS);
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #push(item: Appointment): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !before(item, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child !== undefined && right !== undefined && before(right, child)) {
        child = right;
        below++;
      }
      if (child === undefined || !before(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}

const before = (left: Appointment, right: Appointment): boolean =>
  left.atMs < right.atMs || (left.atMs === right.atMs && left.turn < right.turn);

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}
