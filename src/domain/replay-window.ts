import type { ReplayConfig, ReplayWindow } from "./config.ts";
import { WEEKDAYS } from "./weekdays.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** How far ahead windows are looked for. */
const HORIZON_MINUTES = 31 * DAY_MINUTES;

/** "HH:MM" as minutes of the day; null if it is no time of day. */
function minuteOfDay(text: string): number | null {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match === null ? null : Number(match[1]) * 60 + Number(match[2]);
}

/** Whether a window is open in the minute of `atMs`. A window over midnight belongs to the day on which it opens. */
export function isInWindow(window: ReplayWindow, atMs: number): boolean {
  const [from, to] = [minuteOfDay(window.from), minuteOfDay(window.to)];
  if (from === null || to === null) return false;
  const minute = Math.floor(atMs / MINUTE_MS) % DAY_MINUTES;
  const today = new Date(atMs).getUTCDay();
  const opensOn = (day: number): boolean => window.days?.includes(WEEKDAYS[(day + 7) % 7] ?? "sun") ?? true;
  if (from < to) return minute >= from && minute < to && opensOn(today);
  return (minute >= from && opensOn(today)) || (minute < to && opensOn(today - 1));
}

/** The rules a replay runs under: one of the deployment's windows, if it has any, and its own. */
export const mayRun = (own: ReplayWindow | null, config: ReplayConfig | undefined, atMs: number): boolean =>
  (own === null || isInWindow(own, atMs)) && (config?.windows?.some((window) => isInWindow(window, atMs)) ?? true);

/** The first moment from `nowMs` on at which `open` holds, to the minute; null if there is none within a month. */
export function nextOpenMs(open: (atMs: number) => boolean, nowMs: number): number | null {
  if (open(nowMs)) return nowMs;
  const start = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  for (let ahead = 1; ahead <= HORIZON_MINUTES; ahead++) if (open(start + ahead * MINUTE_MS)) return start + ahead * MINUTE_MS;
  return null;
}

/** When `workMs` of work begun at `nowMs` is done, if it goes on only while `open` holds; null if not within a month. */
export function endOfWorkMs(open: (atMs: number) => boolean, nowMs: number, workMs: number): number | null {
  let left = workMs;
  for (let atMs = nowMs, until = nowMs + HORIZON_MINUTES * MINUTE_MS; atMs < until;) {
    const nextMs = (Math.floor(atMs / MINUTE_MS) + 1) * MINUTE_MS;
    if (open(atMs)) {
      if (left <= nextMs - atMs) return atMs + left;
      left -= nextMs - atMs;
    }
    atMs = nextMs;
  }
  return null;
}
