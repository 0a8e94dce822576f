import type { Call, Schema } from "./description.ts";
import { shapeOf, type Names } from "./types.ts";

/**
 * What people call a shape where its place says too little: by one place where it stands, as `call.field.field`, with
 * `$` for a call's answer, `?` for its query and `#` for its body.
 */
const CALLED: Readonly<Record<string, string>> = {
  "getEvent$.class": "FailureClass",
  "getEvent$.status": "EventStatus",
  "getEvent$.entity": "EntityRef",
  "getEvent$.destinations": "EventDestination",
  "getEvent$.destinations.fields": "FieldError",
  "getEvent$.destinations.remote": "RemoteRecord",
  "getEvent$.routing": "RoutingDecision",
  "getEntity$.lanes": "Lane",
  "getEntity$.timeline": "TimelineLine",
  "getDeadLetter$.owner": "OwnerWithRunbook",
  retryDeadLetter$: "DeadLetterAction",
  "retryDeadLetter#": "ForcedReason",
  "listDestinations$.limits": "DestinationLimits",
  "listDestinations$.refusedLately.keys": "RefusedKey",
  "createReplay#.query": "ReplayQuery",
  "createReplay$.window": "ReplayWindow",
  "createReplay$.window.days": "Weekday",
  "createReplay$.plan": "ReplayPlan",
  "createReplay$.plan.sample": "ReplaySample",
  "createReplay$.progress": "ReplayProgress",
  "createReplay$.progress.problems": "ReplayProblem",
  getFlow$: "FlowRun",
  "getFlow$.steps": "FlowStep",
  "getFlow$.steps.effects": "FlowEffect",
  "getFlow$.timeline": "FlowEntry",
  "retryFlow#": "StepReason",
  "listReconciliations$.kind": "EntityKind",
  "listReconciliations$.lastRun": "ReconciliationRun",
  "listReconciliations$.lastRun.window": "ComparedWindow",
  "listReconciliations$.lastRun.progress": "ComparisonProgress",
  "repairDrift#.how": "RepairDirection",
  createAccount$: "AccountWithSecret",
  "createAccount$.secrets": "AccountSecret",
  listHandshakes$: "RequestsOfMinute",
  "listAlerts$.channels": "AlertChannel",
  "getBacklog$.classes": "BacklogOfClass",
};

/** Where a shape stands: the call and the part of it, then the fields on the way. */
interface Place {
  readonly call: string;
  readonly part: "$" | "?" | "#";
  readonly fields: readonly string[];
}

/** A shape that may get a name, with all places where it stands. */
export interface Shape {
  readonly text: string;
  readonly schema: Schema;
  readonly places: readonly Place[];
}

/** What a list answers. */
export const isPage = ({ properties }: Schema): boolean => Object.keys(properties ?? {}).join() === "items,nextCursor";

/** The shapes of all calls that deserve a name: those that stand in several places, and what an answer is or lists. */
export function namedShapes(calls: readonly Call[]): readonly Shape[] {
  const shapes = new Map<string, { text: string; schema: Schema; places: Place[] }>();
  const note = (schema: Schema, place: Place): void => {
    const text = shapeOf(schema);
    const shape = shapes.get(text) ?? { text, schema, places: [] };
    shapes.set(text, shape);
    shape.places.push(place);
  };
  for (const { id, query, body, answer } of calls) {
    if (answer !== undefined) eachShape(answer, { call: id, part: "$", fields: [] }, note);
    eachShape(query, { call: id, part: "?", fields: [] }, note);
    if (body !== undefined) eachShape(body, { call: id, part: "#", fields: [] }, note);
  }
  return [...shapes.values()].filter(
    ({ places }) => places.length > 1 || places.some((place) => isAnswer(place) || keyOf(place) in CALLED),
  );
}

const isAnswer = ({ part, fields }: Place): boolean => part === "$" && fields.length === 0;

/** Calls `note` for every object of two fields or more and every list of words, outermost first. */
function eachShape(schema: Schema, place: Place, note: (schema: Schema, place: Place) => void): void {
  const { properties, items, additionalProperties, anyOf } = schema;
  if (anyOf !== undefined) for (const each of anyOf) eachShape(each, place, note);
  if (items !== undefined) eachShape(items, place, note);
  if (typeof additionalProperties === "object") eachShape(additionalProperties, place, note);
  if (Array.isArray(schema.type)) {
    for (const type of schema.type as readonly string[]) if (type === "object") eachShape({ ...schema, type }, place, note);
    return;
  }
  const page = isPage(schema);
  const named = schema.enum === undefined ? Object.keys(properties ?? {}).length > 1 : schema.enum.length > 1;
  // A query is a call's own, and a page says nothing beside what it lists.
  if (named && !page && !(place.part === "?" && place.fields.length === 0)) note(schema, place);
  for (const [name, field] of Object.entries(properties ?? {}))
    eachShape(field, page ? place : { ...place, fields: [...place.fields, name] }, note);
}

/** A name for each shape, the outer ones first, since what stands in them may be called after them. */
export function nameShapes(shapes: readonly Shape[], taken: readonly string[]): Names {
  const names = new Map<string, string>();
  const used = new Set(taken);
  const at = new Map<string, string>();
  for (const shape of shapes.toSorted((left, right) => depthOf(left) - depthOf(right))) {
    const name = candidatesOf(shape, at).find((each) => !used.has(each));
    if (name === undefined) throw new Error(`no name is left for the shape at ${keyOf(shape.places[0])}; call it something in CALLED`);
    used.add(name);
    names.set(shape.text, name);
    for (const place of shape.places) at.set(keyOf(place), name);
  }
  const stale = Object.keys(CALLED).filter((key) => !at.has(key));
  if (stale.length > 0) throw new Error(`CALLED names what the description does not have: ${stale.join(", ")}`);
  return names;
}

const depthOf = ({ places }: Shape): number => Math.min(...places.map(({ fields }) => fields.length));

const keyOf = (place: Place | undefined): string => (place === undefined ? "" : [`${place.call}${place.part}`, ...place.fields].join("."));

/** The best name first: what people call it, what its call is about, its field's name, and that with where it stands. */
function candidatesOf({ schema, places }: Shape, at: ReadonlyMap<string, string>): readonly string[] {
  const called = places.flatMap((place) => CALLED[keyOf(place)] ?? []);
  const outermost = places.toSorted((left, right) => left.fields.length - right.fields.length);
  const fields = outermost.flatMap((place) => {
    const field = place.fields.at(-1);
    if (field === undefined) return rootNames(place);
    const own = singular(pascal(field));
    const whole = `${ownerOf(place, at)}${own}`;
    // A list of words is called after whose words they are: a state alone says nothing.
    return schema.enum === undefined ? [own, whole] : [whole];
  });
  return [...called, ...fields];
}

/** `getEvent` and `listEvents` answer an `Event`; what another call answers is its own. */
function rootNames({ call, part }: Place): readonly string[] {
  const [, verb = "", subject = ""] = /^([a-z]+)(\w*)$/.exec(call) ?? [];
  if (part === "#") return [`${pascal(call)}Body`];
  const own = verb === "list" ? singular(subject) : subject;
  return [...(["get", "list"].includes(verb) ? [own] : []), `${pascal(call)}Answer`];
}

/** The name of the nearest shape around a place, with the fields between. */
function ownerOf(place: Place, at: ReadonlyMap<string, string>): string {
  for (let length = place.fields.length - 1; length >= 0; length--) {
    const name = at.get(keyOf({ ...place, fields: place.fields.slice(0, length) }));
    if (name !== undefined)
      return (
        name +
        place.fields
          .slice(length, -1)
          .map((field) => singular(pascal(field)))
          .join("")
      );
  }
  return (
    singular(pascal(place.call.replace(/^[a-z]+/, ""))) +
    place.fields
      .slice(0, -1)
      .map((field) => singular(pascal(field)))
      .join("")
  );
}

const pascal = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

const singular = (word: string): string =>
  word
    .replace(/ies$/, "y")
    .replace(/(ss|x|ias)es$/, "$1")
    .replace(/([^su])s$/, "$1");
