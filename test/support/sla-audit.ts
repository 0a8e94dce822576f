import { whyUnmet } from "../../src/domain/conditions.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { durationMs, isRate, type MilestoneSla, type SlaConfig } from "../../src/domain/slas/declare.ts";
import type { EventView } from "../../src/http/views.ts";

/** An event as the audit trail tells of it, with the data that was sent. */
export interface Audited {
  readonly event: EventView;
  readonly data: JsonObject;
}

export interface Reckoned {
  readonly good: number;
  readonly bad: number;
  readonly open: number;
  readonly late: readonly string[];
}

type Times = { readonly startMs: number; readonly endMs: number | null; readonly backMs: number | null };

const receivedMs = ({ event }: Audited): number => Date.parse(event.receivedAt);
const keyIn = ({ event }: Audited): string => event.entity?.key ?? "";

/** Whether an event is of a kind, from a source, and says something. */
const says = (
  { event, data }: Audited,
  wanted: { readonly event?: string; readonly source?: readonly string[]; readonly when?: MilestoneSla["from"]["when"] },
): boolean =>
  (wanted.event ?? event.entity?.kind) === event.entity?.kind &&
  (wanted.source?.includes(event.source ?? "") ?? true) &&
  whyUnmet(wanted.when, data) === null;

/** When the slowest of the systems that count had it; null if one has not. */
function arrivedMs({ event }: Audited, system: string): number | null {
  const legs = event.destinations.filter(({ destination }) => system === "all" || destination === system);
  const times = legs.map(({ status, attempts }) => {
    const last = attempts.at(-1);
    return status === "delivered" && last !== undefined ? Date.parse(last.startedAt) + last.durationMs : null;
  });
  return times.length === 0 || times.includes(null) ? null : Math.max(...times.map(Number));
}

/**
 * How an SLA stands at a moment, reckoned from the whole trail at once: no table of the router's own figures is asked, and
 * none of the code that keeps them is used.
 */
export function reckon(sla: SlaConfig, trail: readonly Audited[], nowMs: number): Reckoned {
  if (isRate(sla)) {
    const bad = trail.filter(({ event }) => sla.rate === "failed" && (event.status === "dead" || event.status === "quarantined")).length;
    return { good: trail.length - bad, bad, open: 0, late: [] };
  }
  const withinMs = durationMs(sla.within) ?? 0;
  const spans = sla.from.per === "event" ? eventSpans(sla, trail) : recordSpans(sla, trail);
  const verdicts = [...spans].map(([subject, { startMs, endMs, backMs }]) => {
    const dueMs = dueAfter(startMs, withinMs, sla.calendar);
    if (backMs !== null) return [subject, backMs <= dueMs ? "none" : "bad"] as const;
    if (endMs !== null && endMs <= dueMs) return [subject, "good"] as const;
    return [subject, endMs === null && nowMs <= dueMs ? "open" : "bad"] as const;
  });
  const count = (wanted: string): number => verdicts.filter(([, verdict]) => verdict === wanted).length;
  const late = verdicts.filter(([, verdict]) => verdict === "bad").map(([subject]) => subject);
  return { good: count("good"), bad: count("bad"), open: count("open"), late: late.toSorted() };
}

const MINUTE_MS = 60_000;

/** When so much time has passed, by looking at the clock on the wall once a minute; hours open and close on whole minutes. */
function dueAfter(startMs: number, withinMs: number, calendar: MilestoneSla["calendar"]): number {
  if (calendar === undefined) return startMs + withinMs;
  const isOpen = openMinutes(calendar);
  const sinceMinuteMs = startMs % MINUTE_MS;
  let minuteMs = startMs - sinceMinuteMs;
  let leftMs = withinMs + (isOpen(minuteMs) ? sinceMinuteMs : 0);
  for (; ; minuteMs += MINUTE_MS) {
    if (!isOpen(minuteMs)) continue;
    if (leftMs <= MINUTE_MS) return minuteMs + leftMs;
    leftMs -= MINUTE_MS;
  }
}

function openMinutes({ days, from, to, timezone, closed = [] }: NonNullable<MilestoneSla["calendar"]>): (minuteMs: number) => boolean {
  const wall = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "short" });
  const weekday = new Intl.DateTimeFormat("en-US", { timeZone: timezone, weekday: "short" });
  const seen = new Map<number, boolean>();
  return (minuteMs) => {
    const known = seen.get(minuteMs);
    if (known !== undefined) return known;
    const [day = "", time = ""] = wall.format(minuteMs).split(" ");
    const isDay = days.some((each) => each === weekday.format(minuteMs).toLowerCase()) && !closed.includes(day);
    const open = isDay && time >= from && time < to;
    seen.set(minuteMs, open);
    return open;
  };
}

function eventSpans(sla: MilestoneSla, trail: readonly Audited[]): ReadonlyMap<string, Times> {
  const counted = trail.filter(
    (each) =>
      says(each, sla.from) && each.event.destinations.length > 0 && !["superseded", "ignored", "cancelled"].includes(each.event.status),
  );
  return new Map(
    counted.map((each) => [
      each.event.id,
      { startMs: receivedMs(each), endMs: "delivered" in sla.to ? arrivedMs(each, sla.to.delivered) : null, backMs: null },
    ]),
  );
}

function recordSpans(sla: MilestoneSla, trail: readonly Audited[]): ReadonlyMap<string, Times> {
  const { from } = sla;
  const news = trail.filter(({ event }) => event.status !== "superseded" && event.of === null);
  const begun = Map.groupBy(
    news.filter((each) => says(each, from)),
    keyIn,
  );
  return new Map([...begun].map(([key, words]) => [key, spanOf(sla, key, { words, news })] as const));
}

/** One record's span: it begins with its first word; or, where that was taken back before it ended and begun again, with its last. */
function spanOf(
  { from, to }: MilestoneSla,
  key: string,
  { words, news }: { readonly words: readonly Audited[]; readonly news: readonly Audited[] },
): Times {
  const times = words.map(receivedMs);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const ends = "delivered" in to ? words.map((each) => arrivedMs(each, to.delivered)) : endings(to, news, key).map(receivedMs);
  const endMs = least(ends.filter((time) => time !== null));
  const backs = news.filter((each) => from.withdrawn !== undefined && keyIn(each) === key && says(each, { ...from, when: from.withdrawn }));
  const backMs = backs.length === 0 ? null : Math.max(...backs.map(receivedMs));
  const counts = backMs !== null && backMs >= first && (endMs === null || backMs < endMs);
  return { startMs: counts && backMs <= last ? last : first, endMs, backMs: counts && backMs > last ? backMs : null };
}

const endings = (to: Extract<MilestoneSla["to"], { event: string }>, news: readonly Audited[], key: string): readonly Audited[] =>
  news.filter((each) => says(each, to) && (to.by === undefined ? keyIn(each) : each.data[to.by]) === key);

const least = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times));
