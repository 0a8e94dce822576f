import { DurableObject } from "cloudflare:workers";
import { deploymentOf } from "../src/deployment.ts";
import {
  fullAtMs,
  governorView,
  lease,
  newGovernor,
  RefusalCounts,
  refusedOf,
  resumed,
  settleLease,
  type FullAt,
  type GovernorPolicy,
  type GovernorState,
  type GovernorView,
  type Lease,
  type Pause,
  type Settlement,
  type Wanted,
} from "../src/domain/governor.ts";

type Kept = Pick<GovernorState, "pause" | "breaker" | "quietUntilMs"> & { readonly owed: FullAt };

/**
 * One object per destination: hands out permits in blocks and keeps the breaker. What must survive a restart (pause,
 * breaker, quiet, and what a rate per minute or hour has spent) is written when it changes; on the happy path of a
 * destination without such a rate nothing is.
 */
export class DestinationGovernor extends DurableObject<Env> {
  #state: GovernorState | null = null;
  #kept = "";
  readonly #refusals = new RefusalCounts();

  lease(destination: string, wanted: Wanted): Lease {
    const nowMs = Date.now();
    const policy = this.#policy(destination);
    const granted = lease(this.#load(destination), wanted, policy, nowMs);
    if (granted.lease.refusal !== null) this.#refusals.note(wanted.priority, refusedOf(wanted, granted.lease), nowMs);
    this.#keep(granted.state, policy);
    return granted.lease;
  }

  settle(destination: string, settlement: Settlement): void {
    const policy = this.#policy(destination);
    this.#keep(settleLease(this.#load(destination), settlement, policy, Date.now()), policy);
  }

  /** Stops all new attempts until `resume`; what is under way ends by itself. */
  pause(destination: string, pause: Pause): GovernorView {
    this.#keep({ ...this.#load(destination), pause }, this.#policy(destination));
    return this.view(destination);
  }

  /** Lets attempts go on, also where the breaker or the destination's own wish still held them: a person has looked. */
  resume(destination: string): GovernorView {
    this.#keep(resumed(this.#load(destination)), this.#policy(destination));
    return this.view(destination);
  }

  view(destination: string): GovernorView {
    const nowMs = Date.now();
    return governorView(this.#load(destination), this.#policy(destination), this.#refusals.view(nowMs), nowMs);
  }

  #policy(destination: string): GovernorPolicy {
    return deploymentOf(this.env).governorPolicy(destination);
  }

  #load(destination: string): GovernorState {
    if (this.#state !== null) return this.#state;
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS governor (one INTEGER PRIMARY KEY, kept TEXT NOT NULL)");
    const row = this.ctx.storage.sql.exec<{ kept: string }>("SELECT kept FROM governor WHERE one = 1").toArray()[0];
    this.#kept = row?.kept ?? "";
    const { owed, ...kept }: Partial<Kept> = row === undefined ? {} : (JSON.parse(row.kept) as Partial<Kept>);
    this.#state = { ...newGovernor(this.#policy(destination), Date.now(), owed), ...kept };
    return this.#state;
  }

  #keep(state: GovernorState, policy: GovernorPolicy): void {
    this.#state = state;
    // Failures short of opening are not worth a row each; a restart begins to count anew.
    const breaker = state.breaker.state === "closed" ? { state: "closed" as const, failures: 0 } : state.breaker;
    const { pause, quietUntilMs } = state;
    const kept = JSON.stringify({ pause, breaker, quietUntilMs, owed: fullAtMs(state.buckets, policy) } satisfies Kept);
    if (kept === this.#kept) return;
    this.#kept = kept;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO governor (one, kept) VALUES (1, ?)", kept);
  }
}
