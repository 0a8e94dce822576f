import type { RouterConfig } from "../config.ts";
import { DIGEST_SOURCE, type DigestConfig } from "./define.ts";
import { isTimezone, wallMs } from "../slas/calendar.ts";

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;

/** The day whose digest is due by now, as the calendar on the wall has it; null before its time. A time that a clock skips is past when it skips it. */
export function digestDay({ at, timezone }: DigestConfig, nowMs: number): string | null {
  const wall = new Date(wallMs(nowMs, timezone)).toISOString();
  return wall.slice(11, 16) >= at ? wall.slice(0, 10) : null;
}

interface Mistake {
  readonly section: "digest" | "sources";
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

/** What is wrong with the declared digest. */
export function digestMistakes({ digest, owners, sources, routes }: RouterConfig): readonly Mistake[] {
  const taken: readonly Mistake[] =
    sources[DIGEST_SOURCE] === undefined
      ? []
      : [
          {
            section: "sources",
            entry: DIGEST_SOURCE,
            word: DIGEST_SOURCE,
            message: `sources.${DIGEST_SOURCE}: this name is the daily digest's`,
          },
        ];
  if (digest === undefined) return taken;
  const report = (word: string, message: string): Mistake => ({ section: "digest", entry: word, word, message: `digest: ${message}` });
  const isRouted = routes.some(({ from, kind }) => kind === "activity" && from?.includes(DIGEST_SOURCE) === true);
  return [
    ...taken,
    ...(owners[digest.owner] === undefined
      ? [report(digest.owner, `unknown owner "${digest.owner}"; declared are ${Object.keys(owners).join(", ")}`)]
      : []),
    ...(TIME_OF_DAY.test(digest.at) ? [] : [report("at", `at: "${digest.at}" is no time of day; write HH:MM, such as 07:00`)]),
    ...(isTimezone(digest.timezone)
      ? []
      : [report("timezone", `timezone: "${digest.timezone}" is unknown; name one such as Europe/Berlin`)]),
    ...(isRouted ? [] : [report("at", `it goes nowhere; add a route of kind activity with from: ["${DIGEST_SOURCE}"]`)]),
  ];
}
