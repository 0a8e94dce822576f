import {
  lease,
  newGovernor,
  settleLease,
  type GovernorPolicy,
  type GovernorState,
  type Lease,
  type Settlement,
  type Wanted,
} from "../../src/domain/governor.ts";
import type { Chance } from "./chance.ts";
import type { Plant } from "./plant.ts";
import type { VirtualTime } from "./virtual-time.ts";

const POLICY: GovernorPolicy = { perSecond: 30, concurrency: 40, failures: 6, openMs: 8_000, leaseTtlMs: 60_000 };

/** How often a call to a governor gets no answer, before or after it has done its work. */
const UNANSWERED = 0.002;

/** All destinations' governors, a short call away. */
export class Governors {
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #states = new Map<string, GovernorState>();
  readonly #policy: GovernorPolicy;
  readonly #plant: Plant | null;
  /** From then on every call is answered. */
  calm = false;

  constructor(time: VirtualTime, chance: Chance, plant: Plant | null) {
    this.#time = time;
    this.#chance = chance;
    this.#plant = plant;
    this.#policy = { ...POLICY, ...plant?.governor };
  }

  async lease(destination: string, wanted: Wanted): Promise<Lease> {
    await this.#way();
    const granted = lease(this.#state(destination), wanted, this.#policy, this.#time.nowMs);
    this.#states.set(destination, granted.state);
    await this.#way();
    return granted.lease;
  }

  async settle(destination: string, settlement: Settlement): Promise<void> {
    await this.#way();
    const told = this.#plant?.settlement === undefined ? settlement : this.#plant.settlement(settlement);
    if (told === null) return;
    this.#states.set(destination, settleLease(this.#state(destination), told, this.#policy, this.#time.nowMs));
  }

  pause(destination: string): void {
    const pause = { actor: "operator", reason: "maintenance", atMs: this.#time.nowMs };
    this.#states.set(destination, { ...this.#state(destination), pause });
  }

  resume(destination: string): void {
    const { breaker } = this.#fresh();
    this.#states.set(destination, { ...this.#state(destination), pause: null, breaker, quietUntilMs: 0 });
  }

  isPaused(destination: string): boolean {
    return this.#state(destination).pause !== null;
  }

  /** What is left of a governor whose object was made anew. */
  restart(destination: string): void {
    const { pause, breaker, quietUntilMs } = this.#state(destination);
    const fresh = this.#fresh();
    this.#states.set(destination, { ...fresh, pause, quietUntilMs, breaker: breaker.state === "closed" ? fresh.breaker : breaker });
  }

  #state(destination: string): GovernorState {
    return this.#states.get(destination) ?? this.#fresh();
  }

  #fresh(): GovernorState {
    return newGovernor(this.#policy, this.#time.nowMs);
  }

  async #way(): Promise<void> {
    await this.#time.sleep(this.#chance.between(1, 5));
    if (!this.calm && this.#chance.happens(UNANSWERED)) throw new Error("the governor did not answer");
  }
}
