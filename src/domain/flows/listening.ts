import { whyUnmet, type When } from "../conditions.ts";
import { entityName, streamOf, type EntityEvent } from "../event.ts";
import type { JsonObject } from "../json.ts";
import { sortable } from "../order.ts";
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
  readonly fact: Fact & {
    readonly partial: boolean;
    /** Facts of one stream are as new as their tokens say, others as their events' ids: the order in which they arrived. */
    readonly stream: string;
    readonly token: string | null;
  };
  readonly ties: readonly string[];
  readonly begins: readonly AnyFlow[];
  readonly correlationId: string;
}

/**
 * What flows need to know of an event; null for all that no flow listens to, which costs nothing more. What was left
 * behind by a newer state is no news. What a flow wrote is known to it; if the record is of its own making, that is
 * news to the others once it is there, but begins no run, else flows would answer each other.
 */
export function note(flows: readonly LiveFlow[], event: EntityEvent, outcome: EventOutcome): Noted | null {
  if (outcome.status === "superseded" || outcome.of !== undefined || event.nature === "hint") return null;
  const writer = event.flow?.name;
  if (writer !== undefined && (outcome.status !== "delivered" || !makes(flows, writer, event.entity.kind))) return null;
  const others = flows.filter(({ flow }) => flow.name !== writer);
  const data = qualified(event, event.payload.at === "inline" ? event.payload.data : event.payload.outline);
  const listening = others.flatMap(({ flow }) => flow.listens).filter((each) => concerns(each, event, data));
  if (listening.length === 0) return null;
  const key = event.alias ?? event.entity.key;
  const begins = writer === undefined ? others.filter((live) => doesBegin(live, event, data)).map(({ flow }) => flow) : [];
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
      stream: `${streamOf(event)}/${event.order.kind}`,
      token: sortable(event.order),
    },
    ties: [...new Set([entityName({ kind, key }), entityName(event.entity), ...named])],
    begins,
    correlationId: event.correlationid,
  };
}

/** Canonical fields that name another record. */
const REFERENCES = ["customerId", "orderId", "opportunityId"];

/**
 * Data whose references are other records' keys. Where ids mean something within the sender's account only, a record's key
 * begins with the account, and so do the keys of those that it names.
 */
function qualified({ account, alias, entity }: EntityEvent, data: JsonObject): JsonObject {
  if (account === undefined || !(alias ?? entity.key).startsWith(`${account}:`)) return data;
  const names = REFERENCES.flatMap((field) => (typeof data[field] === "string" ? [[field, `${account}:${data[field]}`] as const] : []));
  return { ...data, ...Object.fromEntries(names) };
}

const makes = (flows: readonly LiveFlow[], writer: string, kind: EntityEvent["entity"]["kind"]): boolean =>
  flows.some(({ flow }) => flow.name === writer && flow.makes.includes(kind));

/** A change says only a part, so its conditions cannot be asked. */
const concerns = ({ kind, when }: Listening, event: EntityEvent, data: JsonObject): boolean =>
  kind === event.entity.kind && (event.nature === "delta" || whyUnmet(when, data) === null);

const doesBegin = ({ flow, when }: LiveFlow, event: EntityEvent, data: JsonObject): boolean =>
  flow.startsOn.kind === event.entity.kind &&
  !event.deleted &&
  whyUnmet(flow.startsOn.when, data) === null &&
  whyUnmet(when, data) === null;
