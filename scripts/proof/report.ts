import type { Spread } from "./lateness.ts";
import type { Reckoning } from "./reckoning.ts";

/** Whether every drift was found in time, named and repaired as it should be, and nothing else was told. */
export const holds = (found: Reckoning): boolean =>
  [found.missed, found.late, found.false, found.notEnded, found.notRestored, found.runs.failed].every((list) => list.length === 0);

const HEADINGS = ["drift", "called", "injected", "found", "missed", "in the period", "ended as it must", "median s", "max s"];
const SHOWN = 5;

/** The reckoning for people: a table by kind of drift, then sums, then what is wrong. */
export function report(found: Reckoning): string {
  const rows = found.kinds.map((kind) => [
    kind.title,
    kind.type,
    ...[kind.injected, kind.found, kind.missed, kind.inPeriod, kind.ended].map(String),
    kind.medianSeconds.toFixed(1),
    kind.maxSeconds.toFixed(1),
  ]);
  const widths = HEADINGS.map((heading, index) => Math.max(heading.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join("  ");
  const { everySeconds, fullEverySeconds, graceSeconds } = found.periods;
  return [
    line(HEADINGS),
    ...rows.map(line),
    "",
    `entities ${found.entities}   injected ${found.injected}   found ${found.found}   missed ${found.missed.length}   false ${found.false.length}`,
    `beside them ${found.harmless} harmless changes in the ERP and ${found.live.events} events of live traffic`,
    `live events settled after ${times(found.live.settled)}; of that an attempt took ${times(found.live.attempts)}`,
    `of them told as late, and truly under way for longer than the grace: ${found.heldUp.length}`,
    `changes compared every ${everySeconds} s, everything every ${fullEverySeconds} s, grace ${graceSeconds} s`,
    `${found.runs.changes} runs over changes and ${found.runs.full} over everything compared ${found.compared} rows, ${found.comparedPerSecond} a second`,
    ...wrong("missed", found.missed),
    ...wrong("found later than the first run that could", found.late),
    ...wrong("false", found.false),
    ...wrong("not ended as it must", found.notEnded),
    ...wrong("not restored in the ERP", found.notRestored),
    ...wrong("runs with a problem", found.runs.failed),
  ].join("\n");
}

const times = ({ medianSeconds, p99Seconds, maxSeconds }: Spread): string =>
  `${medianSeconds.toFixed(1)} s in the median, ${p99Seconds.toFixed(1)} s for 99 of 100, ${maxSeconds.toFixed(1)} s at most`;

const wrong = (title: string, names: readonly string[]): readonly string[] =>
  names.length === 0
    ? []
    : [`WRONG, ${title}: ${names.slice(0, SHOWN).join("; ")}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""}`];
