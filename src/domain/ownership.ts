import type { RouterConfig } from "./config.ts";
import type { EntityEvent } from "./event.ts";
import type { JsonObject } from "./json.ts";
import { fail, ok, type Result } from "./result.ts";

/** The system that a source speaks for: the name it is given, the destination it is the same as, or its own. */
export const systemOfSource = (config: RouterConfig, source: string): string =>
  config.sources[source]?.system ?? config.sources[source]?.echoOf?.[0] ?? source;

export const systemOfDestination = (config: RouterConfig, destination: string): string =>
  config.destinations[destination]?.system ?? destination;

/** What of an event may be written to a destination. */
export interface Permitted {
  readonly data: JsonObject;
  /** Fields that are the destination's own, and were left out. */
  readonly withheld: readonly string[];
}

/**
 * Holds a write against the matrix: fields that the destination owns are left out of what another system says, and a
 * record that it owns as a whole is refused, with the matrix row in words. A repair, and what a person puts in again, is
 * held to the same. A flow claims nothing: it asks the owner for a record, by configuration, and the owner's answer counts.
 */
export function permit(config: RouterConfig, event: EntityEvent, destination: string, data: JsonObject): Result<Permitted, string> {
  const { kind } = event.entity;
  const row = config.ownership?.[kind];
  const writer = systemOfSource(config, event.sourceName);
  const target = systemOfDestination(config, destination);
  if (row === undefined || writer === target || event.flow !== undefined) return ok({ data, withheld: [] });
  const ownerOf = (field: string): string => row.fields?.[field] ?? row.system;
  const names = Object.keys(data);
  const withheld = names.filter((field) => ownerOf(field) === target);
  if (withheld.length === 0) return ok({ data, withheld });
  const kept = Object.fromEntries(Object.entries(data).filter(([field]) => ownerOf(field) !== target));
  // What says nothing of its own (`custom`, `extra`, a raw status) is no reason to write.
  if (row.system === target && !Object.keys(kept).some((field) => row.fields?.[field] !== undefined))
    return fail(`${kind} is owned by ${target} (ownership.${kind}: ${JSON.stringify(row)}); ${writer} may not write it`);
  return ok({ data: kept, withheld });
}
