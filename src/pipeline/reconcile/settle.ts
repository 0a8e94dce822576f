import { agreed, findingId, inTime, isOver, renamed, seen, type Candidate, type Finding } from "../../domain/reconciliation/findings.ts";
import { adopted, type Found, type Known } from "../../domain/reconciliation/compare.ts";
import type { Run } from "../../domain/reconciliation/run.ts";
import type { Plan, ReconcilePorts } from "./ports.ts";

/** What one look has shown, and of what: of one row that a page holds, or of all that the system has under a key. */
export interface Shown {
  /** Every name that findings about it may go under. */
  readonly names: readonly string[];
  readonly candidate: Candidate | null;
  readonly of: "row" | "key";
  /** The row that was seen, of a page. */
  readonly row?: Found;
}

/** The names that a record may be known under: our key, and the system's own id. */
export const namesOf = ({ key, remoteId }: { readonly key: string | null; readonly remoteId: string | null }): readonly string[] => [
  ...new Set([key, remoteId].filter((each) => each !== null)),
];

/** What looks come to: findings as they stand now, and suspicions to be dropped. */
export interface Settled {
  readonly put: readonly Finding[];
  readonly drop: readonly string[];
  /** What a baseline takes for known. */
  readonly adopted: readonly Known[];
  readonly opened: number;
  readonly healed: number;
}

/** Holds what was shown against what is on its way, and ends findings of which it shows that they are over. */
export async function settle(
  shown: readonly Shown[],
  { run, plan, ports, sinceMs }: { readonly run: Run; readonly plan: Plan; readonly ports: ReconcilePorts; readonly sinceMs: number },
): Promise<Settled> {
  const told = shown.flatMap(({ candidate, row }) => (candidate === null ? [] : [{ candidate, row }]));
  const candidates = told.map(({ candidate }) => candidate);
  const names = [...new Set([...shown.flatMap((each) => each.names), ...candidates.map(({ key }) => key)])];
  const before = new Map((await ports.findingsOf(names)).map((finding) => [finding.id, finding]));
  const onItsWay = candidates.length === 0 ? () => null : await sinceWhen(candidates, sinceMs, ports);
  const nowMs = ports.clock();
  const look = { reconciliation: plan.name, system: plan.system, owner: plan.owner, nowMs, graceMs: plan.graceMs };
  const put = new Map<string, Finding>();
  const isTaken = (candidate: Candidate): boolean =>
    run.mode === "baseline" && candidate.type === "missingHere" && onItsWay(candidate) === null;
  const [taken, toTell] = [new Array<Found>(), new Array<Candidate>()];
  for (const { candidate, row } of told)
    if (row !== undefined && isTaken(candidate)) taken.push(row);
    else toTell.push(candidate);
  let opened = 0;
  for (const each of toTell) {
    const own = before.get(findingId(plan.name, each)) ?? null;
    const candidate = inTime(each, own, { ...look, onItsWaySinceMs: onItsWay(each) });
    const earlier = before.get(findingId(plan.name, candidate)) ?? null;
    const finding = seen(earlier, candidate, look);
    if (finding.state === "open" && earlier?.state !== "open" && !put.has(finding.id)) opened++;
    put.set(finding.id, finding);
  }
  const over = [...before.values()].filter((finding) => !put.has(finding.id) && !isOver(finding) && isEnded(finding, shown));
  const stillBy = new Map([...put.values()].map(({ key, type }) => [key, type]));
  const after = over.map((finding) => {
    const as = stillBy.get(finding.key);
    return { id: finding.id, finding: as === undefined ? agreed(finding, nowMs) : renamed(finding, as, nowMs) };
  });
  const ended = after.flatMap(({ finding }) => finding ?? []);
  return {
    put: [...put.values(), ...ended],
    drop: after.flatMap(({ id, finding }) => (finding === null ? [id] : [])),
    adopted: taken.map((row) => adopted(row, { fields: plan.fields, atMs: sinceMs })),
    opened,
    healed: ended.length,
  };
}

/**
 * Since when something of a record is on its way. What has got through since the looking began is so from now: the look
 * may be of before. Asked in this order, since an object forgets what it owes only once the index knows of it.
 */
async function sinceWhen(
  candidates: readonly Candidate[],
  sinceMs: number,
  ports: ReconcilePorts,
): Promise<(candidate: Candidate) => number | null> {
  const inFlight = await ports.inFlight(candidates.map(({ key }) => key));
  const known = new Map((await ports.known([...new Set(candidates.flatMap(namesOf))])).map((each) => [each.key, each.eventId]));
  const told = await ports.toldSince([...new Set(known.values())], sinceMs);
  const nowMs = ports.clock();
  return (candidate) =>
    namesOf(candidate).some((name) => told.has(known.get(name) ?? "")) ? nowMs : (inFlight.get(candidate.key) ?? null);
}

/** Another type of drift at the same record says that this one is over; but a single row tells nothing of how many there are. */
const isEnded = (finding: Finding, shown: readonly Shown[]): boolean =>
  shown.some(
    ({ names, candidate, of }) =>
      (names.includes(finding.key) || candidate?.key === finding.key) &&
      (of === "key" || (finding.type !== "duplicateInErp" && candidate?.type !== "duplicateInErp")),
  );
