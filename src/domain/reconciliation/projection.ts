import type { RouterConfig } from "../config.ts";
import { entityDefinition, type EntityKind } from "../entities/index.ts";
import type { EntityEvent } from "../event.ts";
import { onlyFields, type JsonObject } from "../json.ts";
import type { EventOutcome } from "../outcome.ts";
import { systemOfDestination, systemOfSource } from "../ownership.ts";

/** What we know a system to have of an entity after an event: only the fields that are compared. */
export interface ProjectionRow {
  readonly system: string;
  readonly kind: EntityKind;
  readonly entityKey: string;
  readonly remoteId: string | null;
  readonly data: JsonObject;
  /** Of a change: merged into what was known. */
  readonly partial: boolean;
  readonly deleted: boolean;
  readonly eventId: string;
  readonly atMs: number;
}

/** A sale is an order in the systems that it is sold in. */
const SOLD_AS: Readonly<Partial<Record<EntityKind, EntityKind>>> = { opportunity: "order" };

/** The canonical fields that a delivery of an event leaves in a destination. */
export type Written = (event: EntityEvent, destination: string, data: JsonObject) => JsonObject;

/**
 * The rows that an event's outcome adds to what we know: of a system that told of its own record, and of each that took
 * the event. Only for pairs that are reconciled; nothing for what was superseded, a copy, or still on its way.
 */
export function projectionRows(
  config: RouterConfig,
  event: EntityEvent,
  outcome: EventOutcome,
  written: Written,
): readonly ProjectionRow[] {
  const all = Object.values(config.reconciliations ?? {});
  if (all.length === 0 || outcome.status === "superseded" || outcome.of !== undefined || outcome.class === "conflict") return [];
  const data = event.payload.at === "inline" ? event.payload.data : event.payload.outline;
  const base = { deleted: event.deleted, partial: event.nature === "delta", eventId: event.id, atMs: event.receivedAtMs };
  return all.flatMap(({ kind, system, fields }): ProjectionRow[] => {
    const compared = (fields ?? entityDefinition(kind).drift).map(({ field }) => field);
    const rows: ProjectionRow[] = [];
    const told = event.entity.kind === kind && systemOfSource(config, event.sourceName) === systemOfDestination(config, system);
    const ownKey = event.alias ?? event.entity.key;
    if (told && event.nature !== "hint")
      rows.push({ ...base, system, kind, entityKey: ownKey, remoteId: ownKey, data: onlyFields(data, compared) });
    const lane = outcome.lanes.find(({ destination, status }) => destination === system && status === "delivered");
    if (lane !== undefined && (event.entity.kind === kind || SOLD_AS[event.entity.kind] === kind))
      rows.push({
        ...base,
        system,
        kind,
        entityKey: event.entity.key,
        remoteId: lane.remote?.id ?? null,
        data: onlyFields(written(event, system, data), compared),
      });
    return rows;
  });
}
