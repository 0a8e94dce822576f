import type { Served } from "./bare-workerd.ts";
import { median } from "./statistics.ts";
import type { Counts } from "./worker/counts.ts";
import type { WakeCost } from "./worker/counts.ts";
import type { Portion } from "./worker/probes.ts";

/** Talks to the metered Worker's probes. */
export class Probes {
  readonly #served: Served;

  constructor(served: Served) {
    this.#served = served;
  }

  takeCounts(): Promise<Counts> {
    return this.#post<Counts>("take-counts", {});
  }

  wake(key: string): Promise<WakeCost> {
    return this.#post<WakeCost>("wake", { key });
  }

  async run(what: "sequence" | "record", portion: Portion): Promise<void> {
    await this.#post(what, portion);
  }

  /** Microseconds an event, as the median of several portions. */
  async timed(what: "sequence" | "record", portion: Portion, repeats: number): Promise<number> {
    const micros: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const startedMs = performance.now();
      await this.run(what, portion);
      micros.push(((performance.now() - startedMs) * 1000) / portion.events);
    }
    return median(micros);
  }

  async #post<T>(name: string, body: object): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.#served.port}/__bench/${name}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`probe ${name} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    return (await response.json()) as T;
  }
}
