import type { Failed, RemoteState } from "../../destinations/define.ts";
import { compareFound, compareMissing, type Found, type Known, type Terms } from "../../domain/reconciliation/compare.ts";
import { agreed, findingId, inTime, isOver, seen, type Candidate, type Finding } from "../../domain/reconciliation/findings.ts";
import type { Run } from "../../domain/reconciliation/run.ts";
import type { Result } from "../../domain/result.ts";
import type { Plan, ReconcilePorts } from "./ports.ts";

export const foundOf = ({ key, remote, data, deleted, modifiedAtMs }: RemoteState): Found => ({
  key,
  remoteId: remote.id,
  data,
  deleted,
  modifiedAtMs,
});

const termsOf = (run: Run, plan: Plan, nowMs: number): Terms => ({
  kind: plan.kind,
  system: plan.system,
  fields: plan.fields,
  ownership: plan.ownership,
  skewMs: run.watermark.skewMs,
  nowMs,
});

export interface Compared {
  readonly put: readonly Finding[];
  readonly drop: readonly string[];
  readonly opened: number;
  readonly healed: number;
  /** Keys of what both sides have. */
  readonly knownKeys: readonly string[];
}

/** Compares records of a page with what we know: what differs is seen, what agrees ends its findings. */
export async function compared(found: readonly Found[], run: Run, plan: Plan, ports: ReconcilePorts): Promise<Compared> {
  const keys = [...new Set(found.flatMap(({ key, remoteId }) => [key, remoteId].filter((each) => each !== null)))];
  const known = new Map((await ports.known(keys)).map((each) => [each.key, each]));
  const terms = termsOf(run, plan, ports.clock());
  const looks = found.map((record) => {
    const ours = together(known, record);
    return { record, ours, candidate: compareFound(record, ours, terms) };
  });
  const namesOf = ({ key, remoteId }: Found): readonly string[] => [...new Set([key, remoteId].filter((each) => each !== null))];
  const isHeld = (key: string): boolean => known.get(key)?.deleted === false;
  const knownKeys = [...new Set(looks.flatMap(({ record }) => (record.deleted ? [] : namesOf(record).filter(isHeld))))];
  const agreeing = looks.filter(({ candidate }) => candidate === null).flatMap(({ record }) => namesOf(record));
  const settled = await settle(
    looks.flatMap(({ candidate }) => candidate ?? []),
    agreeing,
    { plan, ports },
  );
  return { ...settled, knownKeys };
}

/** What we know of a record, under our key and under the system's own: the later word over the earlier one. */
function together(known: ReadonlyMap<string, Known>, { key, remoteId }: Found): Known | null {
  const [first, second] = [known.get(key ?? ""), key === remoteId ? undefined : known.get(remoteId)];
  if (first === undefined || second === undefined) return first ?? second ?? null;
  const [older, newer] = first.atMs <= second.atMs ? [first, second] : [second, first];
  return { ...newer, key: first.key, remoteId: first.remoteId ?? remoteId, data: { ...older.data, ...newer.data } };
}

export interface At {
  readonly plan: Plan;
  readonly ports: ReconcilePorts;
}

/** Holds candidates against what is on its way, and findings against what agrees now. */
async function settle(
  candidates: readonly Candidate[],
  agreeing: readonly string[],
  { plan, ports }: At,
): Promise<Omit<Compared, "knownKeys">> {
  const keys = [...candidates.map(({ key }) => key), ...agreeing];
  const before = new Map((await ports.findingsOf(keys)).map((finding) => [finding.id, finding]));
  const inFlight = candidates.length === 0 ? new Set<string>() : await ports.inFlight(candidates.map(({ key }) => key));
  const nowMs = ports.clock();
  const look = { reconciliation: plan.name, system: plan.system, owner: plan.owner, nowMs, graceMs: plan.graceMs };
  const put: Finding[] = [];
  const drop: string[] = [];
  let [opened, healed] = [0, 0];
  for (const each of candidates) {
    const candidate = inTime(each, { ...look, inFlight: inFlight.has(each.key) });
    const known = before.get(findingId(plan.name, candidate)) ?? null;
    const finding = seen(known, candidate, look);
    if (finding.state === "open" && known?.state !== "open") opened++;
    put.push(finding);
  }
  const still = new Set(put.map(({ id }) => id));
  const looked = new Set(keys);
  for (const finding of before.values()) {
    // Another type of drift at the same record says that this one is over.
    if (still.has(finding.id) || isOver(finding) || !looked.has(finding.key)) continue;
    const after = agreed(finding, nowMs);
    if (after === null) drop.push(finding.id);
    else {
      put.push(after);
      healed++;
    }
  }
  return { put, drop, opened, healed };
}

/** Reads records one by one and compares each anew. */
export async function lookAt(suspects: readonly Known[], run: Run, at: At): Promise<Result<Omit<Compared, "knownKeys">, Failed>> {
  const candidates: Candidate[] = [];
  const agreeing: string[] = [];
  for (const known of suspects) {
    // What the system told of itself is known by its own id.
    const by = known.remoteId === known.key ? "id" : "key";
    const read = await at.ports.read({ kind: at.plan.kind, by, value: known.key });
    if (!read.ok && read.failure.class !== "business") return read;
    const candidate = candidateOf(known, read, termsOf(run, at.plan, at.ports.clock()));
    if (candidate === null) agreeing.push(known.key);
    else candidates.push(candidate);
  }
  return { ok: true, value: await settle(candidates, agreeing, at) };
}

/** A key that the system holds twice is told of as a business failure of the read. */
function candidateOf(known: Known, read: Result<RemoteState | "absent", Failed>, terms: Terms): Candidate | null {
  if (!read.ok)
    return {
      type: "duplicateInErp",
      kind: terms.kind,
      key: known.key,
      remoteId: known.remoteId,
      differences: [{ field: "id", expected: known.remoteId, found: read.failure.detail }],
      changedAtMs: known.atMs,
    };
  return read.value === "absent" ? compareMissing(known, terms) : compareFound(foundOf(read.value), known, terms);
}

/** Findings of records that we do not know: they are over when the system has none any more. */
export async function lookAtStrangers(
  strangers: readonly Finding[],
  run: Run,
  at: At,
): Promise<Result<Omit<Compared, "knownKeys">, Failed>> {
  const candidates: Candidate[] = [];
  const gone: string[] = [];
  for (const finding of strangers) {
    const read = await at.ports.read({ kind: at.plan.kind, by: "id", value: finding.remoteId ?? finding.key });
    if (!read.ok) return read;
    const candidate = read.value === "absent" ? null : compareFound(foundOf(read.value), null, termsOf(run, at.plan, at.ports.clock()));
    if (candidate === null) gone.push(finding.key);
    else candidates.push({ ...candidate, key: finding.key });
  }
  return { ok: true, value: await settle(candidates, gone, at) };
}
