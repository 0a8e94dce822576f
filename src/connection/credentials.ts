import type { Failed } from "../destinations/define.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Held } from "./session.ts";

/** An issuer that refused is not asked again before this, whoever needs a credential meanwhile. */
const PAUSE_MS = 5_000;
/** A credential is renewed when this part of its life is over. */
const USED_PART = 0.8;

/** Where a credential comes from; `refused` is the id of one that the system does not take any more. */
export type Obtain = (refused: string | null) => Promise<Result<Held, Failed>>;

/**
 * The credential of one connection: obtained once for any number of callers at a time, renewed before it ends, dropped
 * when the system refuses it. In memory only, so that nothing secret is stored; a restart obtains a new one.
 */
export class Credentials {
  readonly #obtain: Obtain;
  readonly #clock: () => number;
  #held: (Held & { readonly renewAtMs: number }) | null = null;
  #underWay: Promise<Result<Held, Failed>> | null = null;
  #refusal: { readonly failure: Failed; readonly untilMs: number } | null = null;

  constructor(obtain: Obtain, clock: () => number) {
    this.#obtain = obtain;
    this.#clock = clock;
  }

  /** The credential at hand, or a new one where there is none, it nears its end, or it is the `refused` one. */
  async get(refused: string | null): Promise<Result<Held, Failed>> {
    if (refused !== null && this.#held?.id === refused) this.#held = null;
    if (this.#held !== null && this.#clock() < this.#held.renewAtMs) return ok(this.#held);
    if (this.#refusal !== null && this.#clock() < this.#refusal.untilMs) return fail(this.#refusal.failure);
    this.#underWay ??= this.#renew(refused).finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #renew(refused: string | null): Promise<Result<Held, Failed>> {
    const atMs = this.#clock();
    const obtained = await this.#obtain(refused);
    if (!obtained.ok) {
      this.#refusal = { failure: obtained.failure, untilMs: this.#clock() + (obtained.failure.retryAfterMs ?? PAUSE_MS) };
      return obtained;
    }
    const { expiresAtMs } = obtained.value.credential;
    const renewAtMs = expiresAtMs === null ? Number.POSITIVE_INFINITY : atMs + (expiresAtMs - atMs) * USED_PART;
    this.#refusal = null;
    this.#held = { ...obtained.value, renewAtMs };
    return ok({ id: obtained.value.id, credential: obtained.value.credential });
  }
}
