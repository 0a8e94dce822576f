import { createRemoteJWKSet, customFetch, errors } from "jose";
import { fail, ok } from "../domain/result.ts";
import type { KeySets } from "../verification/define.ts";
import { egressProblem } from "./outbound.ts";

/** An unknown key id asks the issuer again, but not more often than this. */
const COOLDOWN_MS = 30_000;
const CACHED_MS = 600_000;
const TIMEOUT_MS = 5_000;
/** An issuer that does not answer is left alone for as long, whoever's tokens come meanwhile. */
const PAUSE_MS = 5_000;
const SETS_KEPT = 64;

interface RemoteKeySet {
  readonly keyFor: ReturnType<typeof createRemoteJWKSet>;
  pausedUntilMs: number;
}

const remote = new Map<string, RemoteKeySet>();

function keySetAt(url: string): RemoteKeySet {
  const known = remote.get(url);
  if (known !== undefined) return known;
  const [oldest] = remote.keys();
  if (remote.size >= SETS_KEPT && oldest !== undefined) remote.delete(oldest);
  const keyFor = createRemoteJWKSet(new URL(url), {
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHED_MS,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: (address, options) => fetch(address, { ...options, redirect: "manual" }),
  });
  const made = { keyFor, pausedUntilMs: 0 };
  remote.set(url, made);
  return made;
}

/** Whether a key can be had without asking an issuer that has just not answered. */
const isAtHand = ({ keyFor }: RemoteKeySet, kid: string | undefined): boolean =>
  keyFor.fresh && keyFor.jwks()?.keys.some((key) => kid === undefined || key.kid === kid) === true;

/** Issuers' keys by the address of their JWK set, which only the configuration names; held in the isolate. */
export const keySets: KeySets = {
  keyFor: async (jwksUrl, { kid, alg }) => {
    if (egressProblem(jwksUrl, { local: false, bound: false }) !== null) return fail("keys_unavailable");
    const set = keySetAt(jwksUrl);
    if (Date.now() < set.pausedUntilMs && !isAtHand(set, kid)) return fail("keys_unavailable");
    try {
      const header = { ...(alg === undefined ? {} : { alg }), ...(kid === undefined ? {} : { kid }) };
      return ok(await set.keyFor(header, { payload: "", signature: "" }));
    } catch (error) {
      // Without a key id one token fits several keys: it does not say whose it is.
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return fail("key_unknown");
      set.pausedUntilMs = Date.now() + PAUSE_MS;
      return fail("keys_unavailable");
    }
  },
};
