import type { EntityKind } from "../entities/index.ts";
import type { EntityEvent } from "../event.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { MASK, isPersonal, masked } from "../masking.ts";
import { outcomeOfLanes, type EventOutcome, type LaneReport } from "../outcome.ts";
import { ERASED } from "../timeline.ts";

/** Other people's words about a record, and what operators wrote: they may quote it. */
const WORDS: ReadonlySet<string> = new Set(["reason", "detail", "message", "patch"]);

/** Every value under a name of WORDS masked, however deep; numbers, ids, states and times stay. */
function withoutWords(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withoutWords);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, WORDS.has(name) ? masked(inner) : withoutWords(inner)]));
}

/** What is left of a line's body once words are out of it, marked with the erasure; null if there was nothing to take out. */
export function redactedBody(text: string, erasureId: string): string | null {
  const body = JSON.parse(text) as JsonObject;
  const left = body["type"] === "event" ? withoutWordsOfLanes(body) : (withoutWords(body) as JsonObject);
  return JSON.stringify(left) === JSON.stringify(body) ? null : JSON.stringify({ ...left, [ERASED]: erasureId });
}

/** An outcome, as the lines that are left tell it. */
export function redactedOutcome(outcome: EventOutcome): EventOutcome {
  if (outcome.lanes.length === 0) return outcome;
  const lanes = withoutWords(outcome.lanes as unknown as JsonValue) as unknown as readonly LaneReport[];
  return outcomeOfLanes(outcome.eventId, outcome.rev, lanes);
}

/** An index row's detail, as the lines that are left tell it. */
export function redactedDetail(text: string): string {
  return JSON.stringify(withoutWordsOfLanes(JSON.parse(text) as JsonObject));
}

/** An event that had no lanes has a reason of ours; else it has the words of one of them. */
function withoutWordsOfLanes(event: JsonObject): JsonObject {
  const lanes = event["lanes"];
  if (!Array.isArray(lanes) || lanes.length === 0) return event;
  return { ...event, lanes: withoutWords(lanes), ...("reason" in event ? { reason: MASK } : {}) };
}

/** Canonical data without what is personal, and without what nobody declared. */
export const impersonal = (kind: EntityKind, data: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(data).filter(([field]) => !isPersonal(kind, field)));

/** An event that still has to be delivered, without what came in its body. */
export const impersonalEvent = (event: EntityEvent): EntityEvent => {
  const { kind } = event.entity;
  const { payload } = event;
  return {
    ...event,
    raw: { at: "text", text: "" },
    payload:
      payload.at === "inline"
        ? { at: "inline", data: impersonal(kind, payload.data) }
        : { ...payload, outline: impersonal(kind, payload.outline) },
  };
};

/** Every string in personal fields of some data, for finding it elsewhere. Short ones would be found everywhere. */
export function personalValues(kind: EntityKind, data: JsonObject): readonly string[] {
  const personal = Object.entries(data).filter(([field]) => isPersonal(kind, field));
  return personal.flatMap(([, value]) => stringsIn(value)).filter((text) => text.length >= SHORTEST_VALUE);
}
const SHORTEST_VALUE = 4;

const stringsIn = (value: JsonValue): readonly string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value as JsonObject).flatMap(stringsIn)
      : [];

/** JSON text with every string masked that holds one of the values. */
export function withoutValues(text: string, values: readonly string[]): string {
  const sought = values.map((value) => value.toLowerCase());
  const clean = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return sought.some((each) => value.toLowerCase().includes(each)) ? MASK : value;
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(clean);
    return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner)])) : value;
  };
  return JSON.stringify(clean(JSON.parse(text) as JsonValue));
}

/** How a value may stand in a body: as it is, as JSON, as a form or an address writes it. In lower case. */
export const spellings = (value: string): readonly string[] =>
  [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), value.replaceAll("@", "\\u0040")])].map((text) =>
    text.toLowerCase(),
  );
