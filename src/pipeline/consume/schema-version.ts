import { entityDefinition, upgradeEntity } from "../../domain/entities/index.ts";
import type { Envelope } from "../../domain/event.ts";
import { ok, type Result } from "../../domain/result.ts";

/**
 * A message with its data in the schema that this deployment knows: an older one's is lifted. A newer one's, as a
 * deployment meets it that was rolled back, is refused with words: it is kept, and can be put in again later.
 */
export function inKnownSchema(event: Envelope): Result<Envelope, string> {
  if (event.what !== "entity") return ok(event);
  const { kind, schemaVersion } = event.entity;
  const { version } = entityDefinition(kind);
  if (schemaVersion === version || event.nature === "hint") return ok(event);
  const { payload } = event;
  const lifted = upgradeEntity(kind, schemaVersion, payload.at === "inline" ? payload.data : payload.outline);
  if (!lifted.ok || payload.at === "r2") return lifted.ok ? ok(event) : lifted;
  return ok({ ...event, entity: { ...event.entity, schemaVersion: version }, payload: { at: "inline", data: lifted.value } });
}
