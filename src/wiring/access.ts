import { openKey } from "../adapters/api-keys.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import { actorOfKey, looksLikeKey, readKey } from "../domain/api-key.ts";
import { LIMITS } from "../domain/limits.ts";
import { fail, ok } from "../domain/result.ts";
import { ROLES, type Role } from "../domain/roles.ts";
import { tokenCheck, type Authenticated, type CredentialCheck } from "../http/auth.ts";

const tokenChecks = new WeakMap<Env, CredentialCheck>();

/** Made once an isolate, since it holds the issuer's keys. */
function tokenCheckOf(env: Env, deployment: Deployment): CredentialCheck {
  const check = tokenChecks.get(env) ?? tokenCheck(deployment.settings);
  tokenChecks.set(env, check);
  return check;
}

/** Addresses that failed too often, and until when this isolate does not listen to them. */
const turnedAway = new Map<string, number>();

const rateLimited = (detail: string): Authenticated => fail({ code: "rate_limited", detail });

interface Caller {
  /** Where the call comes from; a credential is guessed from somewhere. */
  readonly address: string;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/**
 * Who a credential names, be it a token or an API key. Two bounds hold, counted per Cloudflare location (OPS_CALLS and
 * OPS_FAILURES of wrangler.toml): of calls, by who makes them; of credentials that were not good, by the address they
 * came from, which is then not listened to for a while, so that guessing costs nothing behind this line.
 */
export async function authenticate(env: Env, deployment: Deployment, credential: string, caller: Caller): Promise<Authenticated> {
  if ((turnedAway.get(caller.address) ?? 0) > Date.now()) return rateLimited("too many credentials from this address were not good");
  const actor = looksLikeKey(credential)
    ? await actorOfText(env, deployment, credential, caller)
    : await tokenCheckOf(env, deployment)(credential);
  if (actor.ok) {
    const { success } = await env.OPS_CALLS.limit({ key: actor.value.name });
    return success ? actor : rateLimited(`${actor.value.name} calls too often`);
  }
  if (actor.failure.code !== "unauthenticated") return actor;
  if (!(await env.OPS_FAILURES.limit({ key: caller.address })).success) turnAway(caller.address);
  return actor;
}

function turnAway(address: string): void {
  const [oldest] = turnedAway.keys();
  if (turnedAway.size >= LIMITS.opsTurnedAway && oldest !== undefined) turnedAway.delete(oldest);
  turnedAway.set(address, Date.now() + LIMITS.opsRateSeconds * 1000);
}

const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);
const unauthenticated = (detail: string): Authenticated => fail({ code: "unauthenticated", detail });

/** Who an API key is. That it was used is noted beside the request, at most once an hour. */
async function actorOfText(env: Env, deployment: Deployment, credential: string, { waitUntil }: Caller): Promise<Authenticated> {
  const text = readKey(credential, sha256Hex);
  if (text === null) return unauthenticated("this is no whole API key");
  const opened = await openKey(env.DB, deployment.accountKeys, text, Date.now());
  if (!opened.ok) return unauthenticated(opened.failure);
  const { key, note } = opened.value;
  if (!isRole(key.role)) return unauthenticated("the key has no role that this deployment knows");
  if (note !== null) waitUntil(note());
  return ok({ name: actorOfKey(key.name), role: key.role, key: { id: key.id, operations: key.operations } });
}
