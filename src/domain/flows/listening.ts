import { whyUnmet, type When } from "../conditions.ts";
import { entityName, type EntityEvent } from "../event.ts";
import type { JsonObject } from "../json.ts";
import type { EventOutcome } from "../outcome.ts";
import type { AnyFlow, Fact, Listening } from "./definition.ts";

/** A flow as a deployment has switched it on. */
export interface LiveFlow {
  readonly flow: AnyFlow;
  /** Which of the records that could begin a run do; absent: all. */
  readonly when?: When | undefined;
}

/** What an event is to the flows: a fact under the names of the records that it is about, and perhaps a beginning. */
export interface Noted {
  readonly fact: Fact & { readonly partial: boolean };
  readonly ties: readonly string[];
  readonly begins: readonly AnyFlow[];
  readonly correlationId: string;
}

/**
 * What flows need to know of an event; null for all that no flow listens to, which costs nothing more. What was left
 * behind by a newer state is no news, and what a flow wrote itself is known to it.
 */
export function note(flows: readonly LiveFlow[], event: EntityEvent, outcome: EventOutcome): Noted | null {
  if (event.flow !== undefined || outcome.status === "superseded" || outcome.of !== undefined || event.nature === "hint") return null;
  const data = event.payload.at === "inline" ? event.payload.data : event.payload.outline;
  const listening = flows.flatMap(({ flow }) => flow.listens).filter((each) => concerns(each, event, data));
  if (listening.length === 0) return null;
  const key = event.alias ?? event.entity.key;
  const begins = flows.filter((live) => doesBegin(live, event, data)).map(({ flow }) => flow);
  const named = listening.flatMap(({ refers }) =>
    Object.entries(refers).flatMap(([field, kind]) => (typeof data[field] === "string" ? [`${kind}/${data[field]}`] : [])),
  );
  const { kind } = event.entity;
  const cleared = Object.fromEntries((event.cleared ?? []).map((field) => [field, null]));
  return {
    fact: {
      kind,
      key,
      data: { ...data, ...cleared },
      deleted: event.deleted,
      eventId: event.id,
      atMs: event.receivedAtMs,
      partial: event.nature === "delta",
    },
    ties: [...new Set([entityName({ kind, key }), entityName(event.entity), ...named])],
    begins,
    correlationId: event.correlationid,
  };
}

/** A change says only a part, so its conditions cannot be asked. */
const concerns = ({ kind, when }: Listening, event: EntityEvent, data: JsonObject): boolean =>
  kind === event.entity.kind && (event.nature === "delta" || whyUnmet(when, data) === null);

const doesBegin = ({ flow, when }: LiveFlow, event: EntityEvent, data: JsonObject): boolean =>
  flow.startsOn.kind === event.entity.kind &&
  !event.deleted &&
  whyUnmet(flow.startsOn.when, data) === null &&
  whyUnmet(when, data) === null;
