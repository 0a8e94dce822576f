import { entityDefinition, type EntityKind } from "./entities/index.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** What is shown in the place of a value that may not be seen. */
export const MASK = "•••";

/** Fields of which nobody declared what is in them: a sender's own, and a team's. They count as personal. */
const UNDECLARED: readonly string[] = ["custom", "extra"];

export const isPersonal = (kind: EntityKind, field: string): boolean =>
  entityDefinition(kind).personal.includes(field) || UNDECLARED.includes(field);

/** Data of an entity without what is personal: names of fields, lists and gaps stay, so that its shape can be read. */
export const maskPersonal = (kind: EntityKind, data: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(data).map(([field, value]) => [field, isPersonal(kind, field) ? masked(value) : value]));

/** Every value in it replaced by MASK; null, which says nothing of anybody, stays. */
export function masked(value: JsonValue): JsonValue {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(masked);
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)])) : MASK;
}
