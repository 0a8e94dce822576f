import type { Deployment } from "../deployment.ts";
import type { RecordRef, RemoteState } from "../destinations/define.ts";
import { parseEntity } from "../domain/entities/index.ts";
import { originOf, type EntityEvent, type Priority } from "../domain/event.ts";
import type { JsonObject } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { talkTo } from "./connect.ts";

/** The destination that a source's records of a kind are read from; null if there is none, or it cannot read them. */
export function readerOf(deployment: Deployment, source: string, kind: EntityEvent["entity"]["kind"]): string | null {
  const destination = deployment.config.sources[source]?.readBack?.destination;
  const target = destination === undefined ? null : deployment.target(destination);
  if (destination === undefined || target?.ok !== true || target.value.definition.read === undefined) return null;
  return target.value.definition.kinds?.includes(kind) === false ? null : destination;
}

/** For whom a record is read: it counts for the class and the sender, as an attempt for them would. */
export interface Reader {
  readonly destination: string;
  readonly priority: Priority;
  readonly fairKey: string;
}

/**
 * Reads a record by the id that its owner gave it, or by our key, under a permit of the destination's governor like all that is asked of
 * it. Fails with words when it cannot be read now.
 */
export async function readState(
  env: Env,
  deployment: Deployment,
  { destination, priority, fairKey }: Reader,
  record: Pick<RecordRef, "kind" | "value"> & { readonly by?: RecordRef["by"] },
): Promise<Result<RemoteState | "absent", string>> {
  const target = deployment.target(destination);
  if (!target.ok) return target;
  const governor = env.GOVERNOR.getByName(destination);
  const lease = await governor.lease(destination, { count: 1, priority, fairKey });
  if (lease.granted === 0) return fail(`${destination} takes no requests now: ${lease.refusal?.why ?? "limit"}`);
  const ref: RecordRef = { by: "id", ...record };
  const state = await target.value.definition.read?.(ref, talkTo(env, destination, target.value));
  const failed = state === undefined || state.ok ? null : state.failure;
  const quietUntilMs = failed?.class === "throttled" ? Date.now() + (failed.retryAfterMs ?? THROTTLED_MS) : null;
  await governor.settle(destination, { leaseId: lease.id, results: [failed?.class ?? null], quietUntilMs });
  if (state === undefined) return fail(`destination "${destination}" cannot be read from`);
  return state.ok ? state : fail(state.failure.detail);
}

/** How long a system is left alone that refuses for load and does not say until when. */
const THROTTLED_MS = 1_000;

/** The current state of an event's record from where its source's states are read; null where nothing can be read. */
export async function readAgain(
  env: Env,
  deployment: Deployment,
  event: EntityEvent,
): Promise<Result<JsonObject | "absent", string> | null> {
  const reader = readerOf(deployment, event.sourceName, event.entity.kind);
  if (reader === null) return null;
  const record = { kind: event.entity.kind, value: event.alias ?? event.entity.key };
  const asking = { destination: reader, priority: event.priority, fairKey: originOf(event) };
  const state = await readState(env, deployment, asking, record);
  if (!state.ok || state.value === "absent") return state.ok ? ok("absent") : state;
  return parseEntity(event.entity.kind, state.value.data);
}
