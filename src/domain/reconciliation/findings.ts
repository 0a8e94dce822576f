import type { Difference } from "../differences.ts";
import type { EntityKind } from "../entities/index.ts";

/** What can be wrong between a system and what we know of it. `late`: whatever differs, it is still on its way, after the grace. */
export const FINDING_TYPES = ["missingInErp", "missingHere", "mismatch", "late", "duplicateInErp", "ownershipViolation"] as const;
export type FindingType = (typeof FINDING_TYPES)[number];

export const SEVERITIES = ["low", "medium", "high"] as const;
export type Severity = (typeof SEVERITIES)[number];

const SEVERITY: Readonly<Record<FindingType, Severity>> = {
  missingInErp: "high",
  duplicateInErp: "high",
  ownershipViolation: "medium",
  missingHere: "medium",
  mismatch: "medium",
  late: "low",
};
export const severityOf = (type: FindingType): Severity => SEVERITY[type];

/**
 * `suspected` is not told to anyone: it may still be on its way, and is looked at again. `open` needs someone or a
 * repair; the others are ends, of which `accepted` holds until a day.
 */
export const FINDING_STATES = ["suspected", "open", "repairing", "repaired", "healed", "accepted"] as const;
export type FindingState = (typeof FINDING_STATES)[number];

/** A difference as one look at a system has shown it. */
export interface Candidate {
  readonly type: FindingType;
  readonly kind: EntityKind;
  /** Our key; of a record that nobody has linked, the system's own id. */
  readonly key: string;
  readonly remoteId: string | null;
  readonly differences: readonly Difference[];
  /** When the record was last changed on either side, by our clock: younger than the grace, it may still be on its way. */
  readonly changedAtMs: number;
}

export interface Finding extends Omit<Candidate, "changedAtMs"> {
  readonly id: string;
  readonly reconciliation: string;
  readonly system: string;
  readonly owner: string;
  readonly severity: Severity;
  readonly state: FindingState;
  readonly firstSeenAtMs: number;
  /** When the record was last changed on either side as it was first seen; null where nobody can tell, as of a deletion. */
  readonly changedAtMs?: number | null;
  readonly lastSeenAtMs: number;
  readonly timesSeen: number;
  /** When to look again, of one that is suspected or under repair. */
  readonly recheckAtMs: number | null;
  /** When it became known as drift; null while suspected. */
  readonly openedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The event that repairs it. */
  readonly repairEventId: string | null;
  /** How often it has been repaired since it was opened; absent: never. */
  readonly repairs?: number;
  readonly reason: string | null;
  readonly acceptedUntilMs: number | null;
}

/** One finding an entity, system and type: seen again, it is the same. */
export const findingId = (reconciliation: string, { type, kind, key }: Pick<Candidate, "type" | "kind" | "key">): string =>
  `${reconciliation}:${type}:${kind}/${key}`;

export interface Look {
  readonly reconciliation: string;
  readonly system: string;
  readonly owner: string;
  readonly nowMs: number;
  readonly graceMs: number;
}

/** Whether a difference may be nothing but time: it is younger than the grace. */
export const isYoung = ({ changedAtMs }: Candidate, { nowMs, graceMs }: Pick<Look, "nowMs" | "graceMs">): boolean =>
  nowMs - changedAtMs < graceMs;

/**
 * A candidate as what it is. While something has been on its way for less than the grace, any difference is as young as
 * that; for longer, it is late, whatever differs meanwhile. A repair on its way is the finding's own.
 */
export function inTime(
  candidate: Candidate,
  before: Finding | null,
  look: Pick<Look, "nowMs" | "graceMs"> & { readonly onItsWaySinceMs: number | null },
): Candidate {
  const { onItsWaySinceMs, nowMs } = look;
  if (onItsWaySinceMs === null || isRepairing(before, nowMs)) return candidate;
  const since = { ...candidate, changedAtMs: Math.max(candidate.changedAtMs, onItsWaySinceMs) };
  return isYoung(since, look) ? since : { ...candidate, type: "late" };
}

const isRepairing = (finding: Finding | null, nowMs: number): boolean =>
  finding?.state === "repairing" && (finding.recheckAtMs ?? 0) > nowMs;

/** What a look at a record does to its finding: what it showed, in the light of what was known. */
export function seen(before: Finding | null, candidate: Candidate, look: Look): Finding {
  const { changedAtMs, ...facts } = candidate;
  const known = before !== null && !ENDED.has(before.state) ? before : null;
  const accepted = before?.state === "accepted" && (before.acceptedUntilMs ?? 0) > look.nowMs && sameDifferences(before, candidate);
  const base = {
    ...facts,
    id: findingId(look.reconciliation, candidate),
    reconciliation: look.reconciliation,
    system: look.system,
    owner: look.owner,
    severity: severityOf(candidate.type),
    firstSeenAtMs: known?.firstSeenAtMs ?? look.nowMs,
    changedAtMs: known === null ? (candidate.type === "missingInErp" ? null : changedAtMs) : (known.changedAtMs ?? null),
    lastSeenAtMs: look.nowMs,
    timesSeen: (known?.timesSeen ?? 0) + 1,
    endedAtMs: null,
    reason: before?.reason ?? null,
    acceptedUntilMs: before?.acceptedUntilMs ?? null,
    repairs: known?.repairs ?? 0,
  };
  if (accepted && before !== null) return { ...before, lastSeenAtMs: look.nowMs, timesSeen: before.timesSeen + 1 };
  if (known !== null && isRepairing(known, look.nowMs))
    return {
      ...base,
      state: "repairing",
      recheckAtMs: known.recheckAtMs,
      openedAtMs: known.openedAtMs,
      repairEventId: known.repairEventId,
    };
  if (isYoung(candidate, look)) {
    // What was open stays open: a later change under way does not unsay it.
    const state = known !== null && known.state !== "suspected" ? "open" : "suspected";
    return {
      ...base,
      state,
      recheckAtMs: changedAtMs + look.graceMs,
      openedAtMs: known?.openedAtMs ?? null,
      repairEventId: null,
    };
  }
  return { ...base, state: "open", recheckAtMs: null, openedAtMs: known?.openedAtMs ?? look.nowMs, repairEventId: null };
}

const ENDED: ReadonlySet<FindingState> = new Set(["repaired", "healed", "accepted"]);

export const isOver = ({ state }: Pick<Finding, "state">): boolean => ENDED.has(state);

const sameDifferences = (before: Finding, candidate: Candidate): boolean =>
  JSON.stringify(before.differences) === JSON.stringify(candidate.differences);

/** A look has shown that the record agrees: a suspicion is dropped (null), what was open ends by itself or by its repair. */
export function agreed(before: Finding, nowMs: number): Finding | null {
  if (before.state === "suspected") return null;
  if (before.state === "accepted") return before;
  return {
    ...before,
    state: before.repairEventId === null ? "healed" : "repaired",
    endedAtMs: nowMs,
    lastSeenAtMs: nowMs,
    recheckAtMs: null,
  };
}

/** The record differs still, in a way that has another name now. */
export const renamed = (before: Finding, as: FindingType, nowMs: number): Finding | null =>
  before.state === "suspected" || before.state === "accepted"
    ? agreed(before, nowMs)
    : { ...before, state: "healed", endedAtMs: nowMs, lastSeenAtMs: nowMs, recheckAtMs: null, reason: `it is found as ${as} since then` };

/** A repair is on its way; it is looked at again when that should have come through. */
export const underRepair = (finding: Finding, repairEventId: string, recheckAtMs: number): Finding => ({
  ...finding,
  state: "repairing",
  repairEventId,
  repairs: (finding.repairs ?? 0) + 1,
  recheckAtMs,
});

/** Somebody sets it back each time, or the repair does not reach what it should: more of the same helps nobody. */
const REPAIRS_MOST = 3;

export const isRepairedInVain = ({ repairs = 0 }: Finding): boolean => repairs >= REPAIRS_MOST;

export const accept = (finding: Finding, by: { readonly reason: string; readonly untilMs: number; readonly nowMs: number }): Finding => ({
  ...finding,
  state: "accepted",
  reason: by.reason,
  acceptedUntilMs: by.untilMs,
  endedAtMs: by.nowMs,
  recheckAtMs: null,
});
