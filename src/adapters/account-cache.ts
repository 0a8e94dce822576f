import { LIMITS } from "../domain/limits.ts";
import type { LiveSecret } from "../verification/define.ts";
import type { SealingKeys } from "./sealed-secrets.ts";
import { findAccount, liveSecrets, type AccountChange } from "./source-accounts.ts";

interface Cached {
  readonly secrets: readonly LiveSecret[];
  readonly known: boolean;
  readonly untilMs: number;
}

/**
 * Accounts' secrets as an isolate remembers them, for LIMITS.accountCacheMs at most: a revocation takes effect within
 * that time everywhere. What is not there is remembered too, so that guessing costs the index no more than using.
 */
export class AccountCache {
  readonly #cached = new Map<string, Cached>();

  async secretsOf(
    db: D1Database,
    keys: SealingKeys,
    of: AccountChange,
  ): Promise<{ readonly known: boolean; readonly secrets: readonly LiveSecret[] }> {
    const name = `${of.source}\n${of.account}`;
    const cached = this.#cached.get(name);
    if (cached !== undefined && cached.untilMs > of.nowMs) return cached;
    const secrets = await liveSecrets(keys, await findAccount(db, of.source, of.account), of.nowMs);
    const known = secrets.length > 0;
    const fresh = { known, secrets: known ? secrets : [DECOY], untilMs: of.nowMs + LIMITS.accountCacheMs };
    const [oldest] = this.#cached.keys();
    if (this.#cached.size >= LIMITS.accountsCached && oldest !== undefined) this.#cached.delete(oldest);
    this.#cached.set(name, fresh);
    return fresh;
  }
}

/** What an unknown account's requests are held against, so that refusing them takes the same work. Nobody can know it. */
const DECOY: LiveSecret = {
  id: "decoy",
  get value() {
    return (decoyValue ??= `whsec_${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`);
  },
};
let decoyValue: string | undefined;
