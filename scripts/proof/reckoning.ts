import type { Terms } from "./deployment.ts";
import type { DriftKind, Victim } from "./drifts.ts";
import { timesTaken, wasHeldUp, type Lived } from "./lateness.ts";
import type { FindingSeen, RunSeen } from "./watching.ts";

export interface Injected {
  readonly kind: DriftKind;
  /** The key that its finding must have. */
  readonly key: string;
  readonly victim: Victim;
  readonly atMs: number;
}

export interface KindReckoned {
  readonly title: string;
  readonly type: string;
  readonly injected: number;
  readonly found: number;
  readonly missed: number;
  /** By the first run that could see it once it had outlived the grace. */
  readonly inPeriod: number;
  /** Where policy repairs, those that are; else those that are open as they should be, or healed when their cause was gone. */
  readonly ended: number;
  readonly medianSeconds: number;
  readonly maxSeconds: number;
}

export interface Reckoning {
  readonly kinds: readonly KindReckoned[];
  readonly entities: number;
  readonly injected: number;
  readonly found: number;
  readonly missed: readonly string[];
  readonly late: readonly string[];
  readonly false: readonly string[];
  readonly notEnded: readonly string[];
  /** Customers that the ERP holds otherwise than we last said, after all repairs. */
  readonly notRestored: readonly string[];
  readonly harmless: number;
  readonly live: ReturnType<typeof timesTaken> & { readonly events: number };
  /** Live changes that took longer than the grace while they were told as late: true, and nobody's drift. */
  readonly heldUp: readonly string[];
  readonly runs: { readonly changes: number; readonly full: number; readonly failed: readonly string[] };
  readonly compared: number;
  readonly comparedPerSecond: number;
  readonly periods: Terms;
}

/** How a change of ours that was held up ends once it gets through. */
const END_OF: Readonly<Record<string, string>> = { late: "healed" };
const LAG_MS = 2_000;

interface Evidence {
  readonly injected: readonly Injected[];
  readonly findings: readonly FindingSeen[];
  /** Everything that was ever told, with the first time. */
  readonly told: readonly FindingSeen[];
  readonly runs: readonly RunSeen[];
  readonly terms: Terms;
  readonly entities: number;
  readonly harmless: number;
  readonly live: readonly Lived[];
  readonly names: ReadonlyMap<string, { readonly name: string; readonly active: boolean }>;
}

const nameOf = ({ reconciliation, type, key }: Pick<FindingSeen, "reconciliation" | "type" | "key">): string =>
  `${reconciliation} ${type} ${key}`;
const wantedName = ({ kind, key }: Injected): string => nameOf({ ...kind.named, key });

const nameAndFields = (finding: FindingSeen): string => `${nameOf(finding)} (${finding.differences.map(({ field }) => field).join(", ")})`;

/** Holds what was told against what was done. */
export function reckon(evidence: Evidence): Reckoning {
  const { injected, told, runs, terms } = evidence;
  const told1 = new Map(told.map((finding) => [nameOf(finding), finding]));
  const now = new Map(evidence.findings.map((finding) => [nameOf(finding), finding]));
  const judged = injected.map((each) => judge(each, { told: told1, now, runs, terms }));
  const wanted = new Set(injected.map(wantedName));
  const others = told.filter((finding) => !wanted.has(nameOf(finding)));
  const heldUp = others.filter((finding) => wasHeldUp(finding, evidence.live, terms));
  const compared = runs.reduce((sum, { progress }) => sum + progress.compared, 0);
  const workedMs = runs.reduce((sum, { startedAt, updatedAt }) => sum + Date.parse(updatedAt) - Date.parse(startedAt), 0);
  const names = (of: (each: Judged) => boolean): readonly string[] => judged.filter(of).map(({ name }) => name);
  return {
    kinds: [...Map.groupBy(judged, ({ each }) => each.kind)].map(([kind, of]) => kindReckoned(kind, of)),
    entities: evidence.entities,
    injected: injected.length,
    found: judged.filter(({ found }) => found).length,
    missed: names(({ found }) => !found),
    late: names(({ found, inPeriod }) => found && !inPeriod),
    false: others.filter((finding) => !heldUp.includes(finding)).map(nameAndFields),
    notEnded: judged
      .filter(({ ended }) => !ended)
      .map(({ name, state, reason }) => `${name}: ${state}${reason === null ? "" : `, ${reason}`}`),
    notRestored: injected.filter((each) => !isRestored(each, evidence.names)).map(wantedName),
    harmless: evidence.harmless,
    live: { events: evidence.live.length, ...timesTaken(evidence.live) },
    heldUp: heldUp.map(nameAndFields),
    runs: {
      changes: runs.filter(({ mode }) => mode === "changes").length,
      full: runs.filter(({ mode }) => mode === "full").length,
      failed: runs.flatMap(({ reconciliation, problem }) => (problem === null ? [] : [`${reconciliation}: ${problem}`])),
    },
    compared,
    comparedPerSecond: Math.round(compared / (workedMs / 1_000)),
    periods: terms,
  };
}

interface Judged {
  readonly each: Injected;
  readonly name: string;
  readonly found: boolean;
  readonly inPeriod: boolean;
  readonly ended: boolean;
  readonly state: string;
  readonly reason: string | null;
  readonly seconds: number;
}

interface Seen {
  readonly told: ReadonlyMap<string, FindingSeen>;
  readonly now: ReadonlyMap<string, FindingSeen>;
  readonly runs: readonly RunSeen[];
  readonly terms: Terms;
}

function judge(each: Injected, { told, now, runs, terms }: Seen): Judged {
  const name = wantedName(each);
  const first = told.get(name);
  const last = now.get(name);
  const openedAtMs = Date.parse(first?.openedAt ?? "");
  const ripeAtMs = each.atMs + terms.graceSeconds * 1_000 + LAG_MS;
  const able = runs
    .filter(
      ({ reconciliation, mode, state }) =>
        reconciliation === each.kind.named.reconciliation && state === "done" && (mode === "full" || each.kind.seenBy === "changes"),
    )
    .filter(({ startedAt }) => Date.parse(startedAt) >= ripeAtMs)
    .toSorted((left, right) => Date.parse(left.startedAt) - Date.parse(right.startedAt))[0];
  return {
    each,
    name,
    found: first !== undefined,
    inPeriod: able === undefined || openedAtMs <= Date.parse(able.updatedAt),
    ended: last?.state === (END_OF[each.kind.named.type] ?? each.kind.ends),
    state: last?.state ?? "nothing",
    reason: last?.reason ?? null,
    seconds: Math.max(0, (openedAtMs - each.atMs) / 1_000),
  };
}

function kindReckoned(kind: DriftKind, of: readonly Judged[]): KindReckoned {
  const times = of.flatMap(({ found, seconds }) => (found ? [seconds] : [])).toSorted((left, right) => left - right);
  return {
    title: kind.title,
    type: kind.named.type,
    injected: of.length,
    found: of.filter(({ found }) => found).length,
    missed: of.filter(({ found }) => !found).length,
    inPeriod: of.filter(({ found, inPeriod }) => found && inPeriod).length,
    ended: of.filter(({ ended }) => ended).length,
    medianSeconds: times[Math.floor(times.length / 2)] ?? 0,
    maxSeconds: times.at(-1) ?? 0,
  };
}

/** Whether Tryton holds of a customer what we last said of it. */
function isRestored({ kind, key, victim }: Injected, names: Evidence["names"]): boolean {
  if (kind.named.reconciliation !== "customers" || kind.named.type === "missingHere" || victim.of !== "party") return true;
  const held = names.get(key);
  const name = kind.named.type === "late" ? `${victim.party.name}, renamed by us` : victim.party.name;
  return held?.name === name && held.active;
}
