import { DurableObject } from "cloudflare:workers";
import { deploymentOf } from "../src/deployment.ts";
import {
  lease,
  newGovernor,
  settleLease,
  type GovernorState,
  type Lease,
  type Pause,
  type Settlement,
  type Wanted,
} from "../src/domain/governor.ts";

type Kept = Pick<GovernorState, "pause" | "breaker" | "quietUntilMs">;

export interface GovernorView extends Kept {
  readonly running: number;
}

/**
 * One object per destination: hands out permits in blocks and keeps the breaker. What must survive a restart (pause,
 * breaker, quiet) is written when it changes; on the happy path nothing is.
 */
export class DestinationGovernor extends DurableObject<Env> {
  #state: GovernorState | null = null;
  #kept = "";

  lease(destination: string, wanted: Wanted): Lease {
    const policy = deploymentOf(this.env).governorPolicy(destination);
    const granted = lease(this.#load(destination), wanted, policy, Date.now());
    this.#keep(granted.state);
    return granted.lease;
  }

  settle(destination: string, settlement: Settlement): void {
    this.#keep(settleLease(this.#load(destination), settlement, deploymentOf(this.env).governorPolicy(destination), Date.now()));
  }

  /** Stops all new attempts until `resume`; what is under way ends by itself. */
  pause(destination: string, pause: Pause): GovernorView {
    this.#keep({ ...this.#load(destination), pause });
    return this.view(destination);
  }

  /** Lets attempts go on, also where the breaker or the destination's own wish still held them: a person has looked. */
  resume(destination: string): GovernorView {
    this.#keep({ ...this.#load(destination), pause: null, breaker: { state: "closed", failures: 0 }, quietUntilMs: 0 });
    return this.view(destination);
  }

  view(destination: string): GovernorView {
    const state = this.#load(destination);
    const running = Object.values(state.leases).reduce((sum, held) => sum + (held.expiresAtMs > Date.now() ? held.count : 0), 0);
    return { pause: state.pause, breaker: state.breaker, quietUntilMs: state.quietUntilMs, running };
  }

  #load(destination: string): GovernorState {
    if (this.#state !== null) return this.#state;
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS governor (one INTEGER PRIMARY KEY, kept TEXT NOT NULL)");
    const row = this.ctx.storage.sql.exec<{ kept: string }>("SELECT kept FROM governor WHERE one = 1").toArray()[0];
    this.#kept = row?.kept ?? "";
    this.#state = {
      ...newGovernor(deploymentOf(this.env).governorPolicy(destination), Date.now()),
      ...(row === undefined ? {} : (JSON.parse(row.kept) as Kept)),
    };
    return this.#state;
  }

  #keep(state: GovernorState): void {
    this.#state = state;
    // Failures short of opening are not worth a row each; a restart begins to count anew.
    const breaker = state.breaker.state === "closed" ? { state: "closed" as const, failures: 0 } : state.breaker;
    const kept = JSON.stringify({ pause: state.pause, breaker, quietUntilMs: state.quietUntilMs } satisfies Kept);
    if (kept === this.#kept) return;
    this.#kept = kept;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO governor (one, kept) VALUES (1, ?)", kept);
  }
}
