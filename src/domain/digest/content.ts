import type { AlertFacts } from "../alerts/define.ts";
import type { JsonObject } from "../json.ts";

/** What a day's digest is made of. */
export interface DigestFacts extends Pick<AlertFacts, "nowMs" | "slas" | "deadLetters" | "expected"> {
  /** What was found and ended within the day, and what is open at its end. */
  readonly drift: readonly { readonly owner: string; readonly found: number; readonly repaired: number; readonly open: number }[];
}

interface OwnersPart {
  readonly owner: string;
  readonly drift: { readonly found: number; readonly repaired: number; readonly open: number };
  readonly slasMissed: readonly string[];
  readonly deadLetters: number;
  readonly silentSources: readonly string[];
}

const MINUTE_MS = 60_000;
/** An SLA is being missed when its misses use up what may be missed before its window ends. */
const MISSED_AT = 1;

/** The digest of a day as the data of an activity: words for people, and under `custom` the same for machines. */
export function digestOf(day: string, facts: DigestFacts, teamOf: (owner: string) => string): JsonObject {
  const parts = partsOf(facts);
  const sections = parts.map((part) => [`${teamOf(part.owner)}:`, ...linesOf(part).map((line) => `- ${line}`)].join("\n"));
  return {
    type: "signalbox.digest",
    subject: parts.length === 0 ? `${day}: nothing needs anybody` : `${day}: ${parts.map(({ owner }) => teamOf(owner)).join(", ")}`,
    body: parts.length === 0 ? "No drift, no dead letters, no objective missed, no source silent." : sections.join("\n\n"),
    happenedAt: new Date(facts.nowMs).toISOString(),
    custom: {
      day,
      owners: parts.map((part) => ({
        ...part,
        drift: { ...part.drift },
        slasMissed: [...part.slasMissed],
        silentSources: [...part.silentSources],
      })),
    },
  };
}

/** Only owners of whom there is something to tell, in order of their names. */
function partsOf({ nowMs, drift, slas, deadLetters, expected }: DigestFacts): readonly OwnersPart[] {
  const missed = slas.filter(({ burnRate }) => burnRate >= MISSED_AT);
  const silent = expected.filter(({ everyMinutes, lastAtMs }) => nowMs - lastAtMs > everyMinutes * MINUTE_MS);
  const owners = [...new Set([...drift, ...missed, ...deadLetters, ...silent].map(({ owner }) => owner))].toSorted();
  return owners.map((owner) => {
    const own = drift.find((each) => each.owner === owner);
    return {
      owner,
      drift: { found: own?.found ?? 0, repaired: own?.repaired ?? 0, open: own?.open ?? 0 },
      slasMissed: missed.filter((each) => each.owner === owner).map(({ title, words }) => `${title}: ${words}`),
      deadLetters: deadLetters.filter((each) => each.owner === owner).reduce((sum, { letters }) => sum + letters, 0),
      silentSources: silent.filter((each) => each.owner === owner).map(({ title }) => title),
    };
  });
}

function linesOf({ drift, slasMissed, deadLetters, silentSources }: OwnersPart): readonly string[] {
  const { found, repaired, open } = drift;
  return [
    ...(found + repaired + open === 0 ? [] : [`drift: ${found} found, ${repaired} repaired or healed, ${open} open`]),
    ...(deadLetters === 0 ? [] : [`dead letters open: ${deadLetters}`]),
    ...slasMissed,
    ...silentSources.map((title) => `nothing was heard from ${title} for longer than it should take`),
  ];
}
