import type { SlaBurn } from "../alerts/define.ts";
import { isRate, type SlaConfig } from "./declare.ts";
import { standingOf, type SlaReading } from "./standing.ts";

const percent = (part: number): string => `${Number((part * 100).toFixed(1))} %`;

/** "7 % (7 of 100) did not get there within 15m; 7 % are allowed in 1h". */
export function statementOf(sla: SlaConfig, { window: { good, bad } }: SlaReading): string {
  const allowed = `${percent(1 - sla.target)} are allowed in ${sla.window}`;
  if (good + bad === 0) return `nothing was decided in the last ${sla.window}; ${allowed}`;
  const what = isRate(sla) ? `were ${sla.rate === "failed" ? "failed" : "put in again"}` : `did not get there within ${sla.within}`;
  return `${percent(bad / (good + bad))} (${bad} of ${good + bad}) ${what}; ${allowed}`;
}

/**
 * What an alert looks at of each SLA. Its rate is the lower one of the whole window and of its last twelfth: a short burst
 * wakes nobody, and what is well again is quiet at once. Nothing decided of late counts as nothing missed.
 */
export const burnsOf = (slas: Readonly<Record<string, SlaConfig>>, readings: readonly SlaReading[]): readonly SlaBurn[] =>
  readings.flatMap((reading) => {
    const sla = slas[reading.name];
    if (sla === undefined) return [];
    const { burnRate, recentBurnRate } = standingOf(reading, sla.target);
    return [
      {
        name: reading.name,
        title: sla.title,
        owner: sla.owner,
        burnRate: Math.min(burnRate ?? 0, recentBurnRate ?? 0),
        words: statementOf(sla, reading),
      },
    ];
  });
