import { fail, ok, type Result } from "../../src/domain/result.ts";
import type { CurrentRecord } from "../../src/pipeline/consume/hints.ts";
import type { Chance } from "./chance.ts";
import type { Tally } from "./breach.ts";
import type { Skies } from "./network.ts";
import { saysOf, type EntityScript } from "./senders.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How often a read is answered by a copy that lags behind, and by how much. */
const LAGS = 0.15;
export const LAG_MS = 20_000;
const SLOW_MS = 8_000;

export interface OwnerPorts {
  readonly time: VirtualTime;
  readonly skies: Skies;
  readonly chance: Chance;
  readonly scriptOf: (key: string) => EntityScript | undefined;
  readonly tally: Tally;
}

/** The systems that hints are read back from: each holds a record as it told of it last, and is down, slow, or not up to date. */
export class Owners {
  readonly #ports: OwnerPorts;
  /** From then on every read is answered by the newest state. */
  calm = false;

  constructor(ports: OwnerPorts) {
    this.#ports = ports;
  }

  async read(owner: string, key: string): Promise<Result<CurrentRecord | "absent", string>> {
    const { time, skies, chance, scriptOf, tally } = this.#ports;
    const weather = skies.over(owner, time.nowMs);
    const wayMs = weather === "slow" ? chance.between(100, SLOW_MS) : chance.between(5, 80);
    const outMs = chance.below(wayMs);
    await time.sleep(outMs);
    tally.readBacks++;
    const lagMs = !this.calm && chance.happens(LAGS) ? chance.below(LAG_MS) : 0;
    const state = scriptOf(key)?.states.findLast(({ source, atMs }) => source === owner && atMs <= time.nowMs - lagMs);
    await time.sleep(wayMs - outMs);
    if (weather === "losingAnswers" || weather === "losingRequests") throw new Error("the connection was lost");
    if (weather === "down") return fail("it is down");
    return ok(state === undefined ? "absent" : { data: { number: saysOf(state) }, order: state.token });
  }
}
