import { entityName, streamOf, type Envelope, type EntityEvent } from "../../domain/event.ts";
import { lifecycleRank, parseEntity, type EntityKind } from "../../domain/entities/index.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { OrderToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";

/** A record as its owner holds it now. */
export interface CurrentRecord {
  readonly data: JsonObject;
  /** Its version there: what says which of two reads is newer. */
  readonly order: OrderToken;
}

export interface HintPorts {
  /** Where a source's hints of this kind are read back from; null if nowhere. */
  readonly readerOf: (source: string, kind: EntityKind) => string | null;
  /** Reads a record from its owner; `absent` if the owner has none. Fails with words when it cannot be read now. */
  readonly read: (destination: string, event: EntityEvent) => Promise<Result<CurrentRecord | "absent", string>>;
  readonly sha256: (text: string) => Promise<string>;
}

type Reading = Result<CurrentRecord | "absent", string>;

/**
 * Puts in the place of every hint the state that its owner holds now, read once for all hints of one record in the
 * batch. The version read is the order from then on, so that of two reads that overtake each other the newer one stays.
 * A hint without a reader goes on as it is, with what it told; one that cannot be read now fails with the words why.
 */
export async function readHints(events: readonly Envelope[], ports: HintPorts): Promise<ReadonlyMap<string, Result<EntityEvent, string>>> {
  const readings = new Map<string, Promise<Reading>>();
  const current = new Map<string, Result<EntityEvent, string>>();
  await Promise.all(
    events.map(async (event) => {
      const reader =
        event.what === "entity" && event.nature === "hint" && !event.deleted ? ports.readerOf(event.sourceName, event.entity.kind) : null;
      if (event.what !== "entity" || reader === null) return;
      const name = `${entityName(event.entity)}\n${streamOf(event)}`;
      const reading = readings.get(name) ?? ports.read(reader, event).catch((error: unknown) => fail(String(error)));
      readings.set(name, reading);
      current.set(event.id, await replaced(event, { reader, reading: await reading, sha256: ports.sha256 }));
    }),
  );
  return current;
}

interface Replacement {
  readonly reader: string;
  readonly reading: Reading;
  readonly sha256: HintPorts["sha256"];
}

async function replaced(event: EntityEvent, { reader, reading, sha256 }: Replacement): Promise<Result<EntityEvent, string>> {
  if (!reading.ok) return fail(`the record could not be read back from ${reader}: ${reading.failure}`);
  if (reading.value === "absent") return ok(event);
  const { data, order } = reading.value;
  const parsed = parseEntity(event.entity.kind, data);
  if (!parsed.ok) return fail(`what ${reader} holds is no ${event.entity.kind}: ${parsed.failure}`);
  return ok({
    ...event,
    nature: "snapshot",
    order,
    rank: lifecycleRank(event.entity.kind, parsed.value),
    contentHash: await sha256(JSON.stringify(parsed.value)),
    payload: { at: "inline", data: parsed.value },
    readFrom: reader,
  });
}
