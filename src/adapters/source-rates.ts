import { NOTHING_HELD, spend, wantedOf, withLease, type Granted, type Holding, type RatePolicy } from "../domain/rate.ts";

export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryAfterSeconds: number };

/** Asks a source's bucket for tokens; the isolate that asks keeps them. */
export type TakeTokens = (
  source: string,
  policy: RatePolicy,
  asked: { readonly wanted: number; readonly spent: number },
) => Promise<Granted>;

const ASKING_MS = 2_000;

/**
 * The rates of an isolate's sources. A request is decided at once from what is held; leases are fetched beside the
 * requests, so that no sender waits for one. If the bucket cannot be asked, requests are let in: a rate guards, it must not lose.
 */
export class SourceRates {
  readonly #holdings = new Map<string, Holding>();
  /** Since when a lease is being fetched; one whose request was cancelled is not waited for. */
  readonly #asking = new Map<string, number>();

  admit(
    source: string,
    policy: RatePolicy,
    by: { readonly take: TakeTokens; readonly nowMs: number; readonly waitUntil: (work: Promise<unknown>) => void },
  ): Admission {
    const holding = this.#holdings.get(source) ?? NOTHING_HELD;
    const spent = spend(holding, policy, by.nowMs);
    if (spent.admitted) this.#holdings.set(source, spent.holding);
    if (spent.refresh && by.nowMs - (this.#asking.get(source) ?? 0) > ASKING_MS) {
      this.#asking.set(source, by.nowMs);
      by.waitUntil(this.#refresh(source, policy, by.take));
    }
    return spent.admitted
      ? { admitted: true }
      : { admitted: false, retryAfterSeconds: Math.max(1, Math.ceil((spent.untilMs - by.nowMs) / 1000)) };
  }

  async #refresh(source: string, policy: RatePolicy, take: TakeTokens): Promise<void> {
    const { used } = this.#held(source);
    const asked = wantedOf(this.#held(source), policy);
    try {
      const lease = await take(source, policy, asked);
      this.#holdings.set(source, withLease(this.#held(source), { spent: asked.spent, used }, lease, Date.now()));
    } catch {
      const unlimited: Granted = { granted: asked.wanted, refusedUntilMs: null };
      this.#holdings.set(source, withLease(this.#held(source), { spent: asked.spent, used }, unlimited, Date.now()));
    } finally {
      this.#asking.delete(source);
    }
  }

  #held(source: string): Holding {
    return this.#holdings.get(source) ?? NOTHING_HELD;
  }
}
