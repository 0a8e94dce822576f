import type * as z from "zod";
import { fail, ok, type Result } from "../result.ts";
import type { JsonObject } from "../json.ts";
import { activity } from "./activity.ts";
import { supportCase } from "./case.ts";
import { customer } from "./customer.ts";
import type { EntityDefinition } from "./define.ts";
import { entitlement } from "./entitlement.ts";
import { invoice } from "./invoice.ts";
import { opportunity } from "./opportunity.ts";
import { order } from "./order.ts";
import { shipment } from "./shipment.ts";

/** The registry of canonical kinds. Adding one is its file and its line here. */
export const ENTITIES = { customer, opportunity, order, invoice, shipment, entitlement, case: supportCase, activity } as const;

export type EntityKind = keyof typeof ENTITIES;
export type EntityData<K extends EntityKind> = z.infer<(typeof ENTITIES)[K]["schema"]>;
export type FieldOf<K extends EntityKind> = Exclude<keyof EntityData<K>, "custom" | "extra"> & string;

export const ENTITY_KINDS = Object.keys(ENTITIES) as readonly EntityKind[] as readonly [EntityKind, ...EntityKind[]];

export const entityDefinition = (kind: EntityKind): EntityDefinition => ENTITIES[kind];

const canonicalFieldsByKind = new Map<EntityKind, ReadonlySet<string>>();

/** The names of a kind's own fields. Any other field that a team maps belongs to `custom`. */
export function canonicalFields(kind: EntityKind): ReadonlySet<string> {
  const known = canonicalFieldsByKind.get(kind);
  if (known !== undefined) return known;
  const fields = new Set(Object.keys(ENTITIES[kind].schema.shape).filter((name) => name !== "custom" && name !== "extra"));
  canonicalFieldsByKind.set(kind, fields);
  return fields;
}

/** Checks data against a kind's current schema; the failure names each bad field and what it must be. */
export function parseEntity(kind: EntityKind, data: unknown): Result<JsonObject, string> {
  const parsed = ENTITIES[kind].schema.safeParse(data);
  if (parsed.success) return ok(parsed.data as JsonObject);
  return fail(parsed.error.issues.map((issue) => `${kind}.${issue.path.join(".")}: ${issue.message}`).join("; "));
}

/** Lifts stored data of an older version to the current one, step by step. */
export function upgradeEntity(kind: EntityKind, version: number, data: JsonObject): Result<JsonObject, string> {
  const definition = entityDefinition(kind);
  let lifted = data;
  for (let at = version; at < definition.version; at++) {
    const upgrade = definition.upgrades[at];
    if (upgrade === undefined) return fail(`${kind} version ${at} has no upgrade to version ${at + 1}`);
    lifted = upgrade(lifted);
  }
  return version > definition.version
    ? fail(`${kind} version ${version} is newer than this deployment knows (${definition.version})`)
    : ok(lifted);
}

/** How far along its lifecycle an entity is; 0 where the kind has none. Breaks ties between equal time stamps. */
export function lifecycleRank(kind: EntityKind, data: JsonObject): number {
  const lifecycle = entityDefinition(kind).lifecycle;
  const value = lifecycle === undefined ? undefined : data[lifecycle.field];
  return typeof value === "string" ? Math.max(0, lifecycle?.ranks.indexOf(value) ?? 0) : 0;
}
