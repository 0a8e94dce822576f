import { Credentials } from "../connection/credentials.ts";
import { bareSession, openSession, type SessionPorts } from "../connection/session.ts";
import { bucketWay } from "../adapters/bucket-way.ts";
import { send, type Way } from "../adapters/outbound.ts";
import type { Deployment } from "../deployment.ts";
import type { Via } from "../domain/config.ts";
import { fail, ok } from "../domain/result.ts";
import type { Talk, Target } from "../pipeline/deliver.ts";

/** Credentials at hand in this isolate, by destination, for as long as its environment lives. */
const known = new WeakMap<Env, Map<string, Credentials>>();

/** Opens a conversation with a destination over this environment's bindings. */
export const talkTo = (env: Env, destination: string, target: Target): Talk =>
  openSession(target.definition, target.connection, {
    ...wire(env, target),
    credential: (refused) => credentialsOf(env, destination).get(refused),
  });

/** What the object that keeps a destination's credential works with: how to get one, in this environment. */
export function keeperOf(env: Env, deployment: Deployment, destination: string): Credentials {
  return new Credentials(async () => {
    const target = deployment.target(destination);
    if (!target.ok) return fail({ kind: "failed", class: "config", detail: target.failure });
    const { definition, connection } = target.value;
    const obtained = await definition.authentication?.obtain?.(bareSession(definition, connection, wire(env, target.value)));
    if (obtained === undefined) return fail({ kind: "failed", class: "config", detail: `${definition.title} has no credential to obtain` });
    return obtained.ok ? ok({ id: crypto.randomUUID(), credential: obtained.value }) : obtained;
  }, Date.now);
}

const wire = (env: Env, target: Target): Pick<SessionPorts, "clock" | "send"> => ({
  clock: Date.now,
  send: async (request) => {
    const answer = await send(request, target.timeoutMs, wayOf(env, target.via));
    return answer.ok ? ok({ ...answer.value, nowMs: Date.now() }) : answer;
  },
});

/** The internet only where the configuration names no other way: a binding that is not there fails every request. */
function wayOf(env: Env, via: Via | undefined): Way | undefined {
  if (via === undefined) return undefined;
  const bound = env as unknown as Readonly<Record<string, Way | R2Bucket | undefined>>;
  const way = "bucket" in via ? bound[via.bucket] : bound[via.binding];
  if (way === undefined) return { fetch: () => Promise.reject(new Error("what the destination is reached through is not bound")) };
  return "bucket" in via ? bucketWay(way as R2Bucket) : (way as Way);
}

/** One for all objects and requests of this isolate; a new one comes from the destination's keeper, which all isolates ask. */
function credentialsOf(env: Env, destination: string): Credentials {
  const ofEnv = known.get(env) ?? new Map<string, Credentials>();
  known.set(env, ofEnv);
  const credentials =
    ofEnv.get(destination) ??
    new Credentials(async (refused) => {
      try {
        return await env.CREDENTIALS.getByName(destination).get(destination, refused);
      } catch (error) {
        return fail({ kind: "failed", class: "transient", detail: `the credential could not be had: ${String(error)}` });
      }
    }, Date.now);
  ofEnv.set(destination, credentials);
  return credentials;
}
