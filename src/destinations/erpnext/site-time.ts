const formats = new Map<string, Intl.DateTimeFormat>();

/** One for each zone: making one costs more than all that it is used for. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const digits = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const made = new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", year: "numeric", ...digits });
  formats.set(timeZone, made);
  return made;
}

/** What clocks in a zone show at a moment, as milliseconds of a clock that shows the same in UTC. */
function shownMs(ms: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(ms);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  return (
    Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) + (((ms % 1000) + 1000) % 1000)
  );
}

/** A moment as the site writes it: `2026-01-31 13:00:00.000000` in its own zone. */
export const toSiteTime = (ms: number, timeZone: string): string =>
  `${new Date(shownMs(ms, timeZone)).toISOString().slice(0, 23).replace("T", " ")}000`;

const SITE_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?$/;
export const isSiteTime = (text: string): boolean => SITE_TIME.test(text);

/** The moment of what a site wrote; of the hour that comes twice when clocks go back, the first. Null for anything else. */
export function fromSiteTime(text: string, timeZone: string): number | null {
  const [, day, time, fraction = ""] = SITE_TIME.exec(text) ?? [];
  if (day === undefined || time === undefined) return null;
  const shown = Date.parse(`${day}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
  if (Number.isNaN(shown)) return null;
  // An offset holds for hours around the moment, so of two guesses a day apart one has the right one.
  const guesses = [-86_400_000, 86_400_000].map((aside) => shown - (shownMs(shown + aside, timeZone) - (shown + aside)));
  return guesses.find((ms) => shownMs(ms, timeZone) === shown) ?? guesses[1] ?? shown;
}
