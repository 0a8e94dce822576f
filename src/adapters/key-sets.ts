import { createRemoteJWKSet, customFetch, errors } from "jose";
import { fail, ok } from "../domain/result.ts";
import type { KeySets } from "../verification/define.ts";
import { egressProblem } from "./outbound.ts";

/** An unknown key id asks the issuer again, but not more often than this. */
const COOLDOWN_MS = 30_000;
const CACHED_MS = 600_000;
const TIMEOUT_MS = 5_000;
const SETS_KEPT = 64;

type RemoteKeySet = ReturnType<typeof createRemoteJWKSet>;
const remote = new Map<string, RemoteKeySet>();

function keySetAt(url: string): RemoteKeySet {
  const known = remote.get(url);
  if (known !== undefined) return known;
  const [oldest] = remote.keys();
  if (remote.size >= SETS_KEPT && oldest !== undefined) remote.delete(oldest);
  const made = createRemoteJWKSet(new URL(url), {
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHED_MS,
    timeoutDuration: TIMEOUT_MS,
    [customFetch]: (address, options) => fetch(address, { ...options, redirect: "manual" }),
  });
  remote.set(url, made);
  return made;
}

/** Issuers' keys by the address of their JWK set, which only the configuration names; held in the isolate. */
export const keySets: KeySets = {
  keyFor: async (jwksUrl, header) => {
    if (egressProblem(jwksUrl, false) !== null) return fail("keys_unavailable");
    try {
      const { kid, alg = "" } = header;
      return ok(await keySetAt(jwksUrl)({ alg, ...(kid === undefined ? {} : { kid }) }, { payload: "", signature: "" }));
    } catch (error) {
      const named = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      return fail(named ? "key_unknown" : "keys_unavailable");
    }
  },
};
