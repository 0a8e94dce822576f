import { WEEKDAYS, type Weekday } from "../weekdays.ts";

/** Hours in which time counts: times of day as "HH:MM" in an IANA time zone, on some days of the week. */
export interface BusinessHours {
  readonly days: readonly Weekday[];
  readonly from: string;
  /** After `from`, on the same day. */
  readonly to: string;
  readonly timezone: string;
  /** Days that do not count, such as "2026-12-25". */
  readonly closed?: readonly string[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Ten years of days without an open hour: then it never opens. */
const DAYS_LOOKED = 3_660;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const fields = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, hourCycle: "h23", ...fields });
  formats.set(timezone, format);
  return format;
}

/** Whether the time zone is one that this platform knows. */
export function isTimezone(timezone: string): boolean {
  try {
    formatOf(timezone);
    return true;
  } catch {
    return false;
  }
}

/** What clocks on the wall show there, as if it were UTC. */
export function wallMs(utcMs: number, timezone: string): number {
  const parts = new Map(
    formatOf(timezone)
      .formatToParts(utcMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: string): number => parts.get(name as "year") ?? 0;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

/** When clocks on the wall show this. What they show twice is the first time; what they skip is as long after as it says. */
function utcMs(wall: number, timezone: string): number {
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((near) => wallMs(near, timezone) - near);
  const exact = offsets.map((offset) => wall - offset).filter((guess) => wallMs(guess, timezone) === wall);
  return exact.length > 0 ? Math.min(...exact) : wall - (offsets[0] ?? 0);
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** The hours of a day on the wall in which time counts; null if none do. */
function openOn(dayWallMs: number, hours: BusinessHours): { readonly fromMs: number; readonly toMs: number } | null {
  const date = new Date(dayWallMs);
  const weekday = WEEKDAYS[date.getUTCDay()];
  if (weekday === undefined || !hours.days.includes(weekday)) return null;
  if (hours.closed?.includes(date.toISOString().slice(0, 10)) === true) return null;
  const at = (time: string): number => utcMs(dayWallMs + minutesOf(time) * MINUTE_MS, hours.timezone);
  return { fromMs: at(hours.from), toMs: at(hours.to) };
}

/** The moment at which so much counted time has passed since a start. Infinite if the hours never open. */
export function deadlineMs(startMs: number, withinMs: number, hours: BusinessHours | undefined): number {
  if (hours === undefined) return startMs + withinMs;
  const wall = wallMs(startMs, hours.timezone);
  let leftMs = withinMs;
  for (let day = wall - (wall % DAY_MS), looked = 0; looked < DAYS_LOOKED; day += DAY_MS, looked++) {
    const open = openOn(day, hours);
    if (open === null) continue;
    const fromMs = Math.max(open.fromMs, startMs);
    if (fromMs + leftMs <= open.toMs) return fromMs + leftMs;
    leftMs -= Math.max(0, open.toMs - fromMs);
  }
  return Number.POSITIVE_INFINITY;
}
