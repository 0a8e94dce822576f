import type { Deployment } from "../deployment.ts";
import type { RemoteState } from "../destinations/define.ts";
import { parseEntity } from "../domain/entities/index.ts";
import type { EntityEvent } from "../domain/event.ts";
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

/** Reads a record by the id that its owner gave it. Fails with words when it cannot be read now. */
export async function readState(
  env: Env,
  deployment: Deployment,
  destination: string,
  entity: EntityEvent["entity"],
): Promise<Result<RemoteState | "absent", string>> {
  const target = deployment.target(destination);
  if (!target.ok) return target;
  const ref = { kind: entity.kind, by: "id", value: entity.key } as const;
  const state = await target.value.definition.read?.(ref, talkTo(env, destination, target.value));
  if (state === undefined) return fail(`destination "${destination}" cannot be read from`);
  return state.ok ? state : fail(state.failure.detail);
}

/** The current state of an event's record from where its source's states are read; null where nothing can be read. */
export async function readAgain(
  env: Env,
  deployment: Deployment,
  event: EntityEvent,
): Promise<Result<JsonObject | "absent", string> | null> {
  const reader = readerOf(deployment, event.sourceName, event.entity.kind);
  if (reader === null) return null;
  const entity = event.alias === undefined ? event.entity : { ...event.entity, key: event.alias };
  const state = await readState(env, deployment, reader, entity);
  if (!state.ok || state.value === "absent") return state.ok ? ok("absent") : state;
  return parseEntity(event.entity.kind, state.value.data);
}
