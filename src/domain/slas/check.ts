import { mistakesIn } from "../conditions.ts";
import type { RouterConfig } from "../config.ts";
import { canonicalFields } from "../entities/index.ts";
import { isTimezone, type BusinessHours } from "./calendar.ts";
import { durationMs, isRate, type MilestoneSla, type SlaConfig } from "./declare.ts";

/** A mistake in one SLA: the word in its declaration that it is about, and what is wrong. */
export interface SlaMistake {
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

type Names = Pick<RouterConfig, "owners" | "sources" | "destinations" | "slas">;

/** Everything wrong with the declared SLAs. */
export const slaMistakes = (config: Names): readonly SlaMistake[] =>
  Object.entries(config.slas ?? {}).flatMap(([entry, sla]) =>
    [...ofAny(config, sla), ...(isRate(sla) ? ofSources(config, sla.of?.source) : ofMilestones(config, sla))].map(([word, message]) => ({
      entry,
      word,
      message,
    })),
  );

type Mistake = readonly [word: string, message: string];

const listed = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(", ") || "none";

const ofAny = (config: Names, { owner, target, window }: SlaConfig): readonly Mistake[] => [
  ...(config.owners[owner] === undefined
    ? [[owner, `unknown owner "${owner}"; declared are ${listed(Object.keys(config.owners))}`] as const]
    : []),
  ...(target > 0 && target < 1 ? [] : [["target", "must be above 0 and below 1: a target of 1 leaves nothing to go wrong"] as const]),
  ...ofDuration("window", window),
];

const ofDuration = (word: string, text: string): readonly Mistake[] =>
  durationMs(text) === null ? [[word, `"${text}" is no duration such as 90s, 15m, 4h or 30d`]] : [];

const ofSources = (config: Names, sources: readonly string[] | undefined): readonly Mistake[] =>
  (sources ?? [])
    .filter((source) => config.sources[source] === undefined)
    .map((source) => [source, `unknown source "${source}"; declared are ${listed(Object.keys(config.sources))}`]);

const CONDITIONS = ["when", "withdrawn"] as const;

function ofMilestones(config: Names, { from, to, within, calendar }: MilestoneSla): readonly Mistake[] {
  const conditions = CONDITIONS.flatMap((name) =>
    mistakesIn(from[name]).map(({ field, message }) => [field, `from.${name}.${field}: ${message}`] as const),
  );
  return [
    ...ofDuration("within", within),
    ...ofSources(config, from.source),
    ...conditions,
    ...(from.event === undefined && from.per !== "event" ? [["from", 'from: name the kind in event, or say per: "event"'] as const] : []),
    ...ofEnd(config, from.per === "event", to),
    ...(calendar === undefined ? [] : ofCalendar(calendar)),
  ];
}

function ofEnd(config: Names, perEvent: boolean, to: MilestoneSla["to"]): readonly Mistake[] {
  if ("delivered" in to) {
    const known = to.delivered === "all" || config.destinations[to.delivered] !== undefined;
    return known ? [] : [[to.delivered, `unknown destination "${to.delivered}"; declared are ${listed(Object.keys(config.destinations))}`]];
  }
  const [first = ""] = to.by?.split(".") ?? [];
  const fields = canonicalFields(to.event);
  return [
    ...ofSources(config, to.source),
    ...mistakesIn(to.when).map(({ field, message }) => [field, `to.when.${field}: ${message}`] as const),
    ...(to.by === undefined || first === "custom" || fields.has(first)
      ? []
      : [[to.by, `to.by: ${to.event} has no field "${to.by}"; it has ${listed(fields)}`] as const]),
    ...(perEvent
      ? [["to", 'to: a span for each event ends with its own delivery; say delivered, or leave per: "event" out'] as const]
      : []),
  ];
}

const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

const ofCalendar = ({ days, from, to, timezone, closed = [] }: BusinessHours): readonly Mistake[] => [
  ...(days.length === 0 ? [["calendar", "calendar.days: without a day no time would ever pass"] as const] : []),
  ...[from, to]
    .filter((time) => !TIME_OF_DAY.test(time))
    .map((time) => [time, `calendar: "${time}" is no time of day such as 09:00`] as const),
  ...(from < to ? [] : [["calendar", "calendar.to: must be after from, on the same day"] as const]),
  ...(isTimezone(timezone) ? [] : [[timezone, `calendar.timezone: "${timezone}" is no time zone such as Europe/Berlin`] as const]),
  ...closed
    .filter((day) => !/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day)))
    .map((day) => [day, `calendar.closed: "${day}" is no day such as 2026-12-25`] as const),
];
