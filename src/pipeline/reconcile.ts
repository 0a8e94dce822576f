import type { ChangePage, ChangeQuery, Failed, RecordRef, RemoteState } from "../destinations/define.ts";
import type { RepairPolicy } from "../domain/config.ts";
import type { DriftField } from "../domain/entities/define.ts";
import type { EntityKind } from "../domain/entities/index.ts";
import type { OwnershipRow } from "../domain/ownership.ts";
import { compareFound, compareMissing, type Found, type Known, type Terms } from "../domain/reconciliation/compare.ts";
import {
  agreed,
  findingId,
  isOver,
  seen,
  underRepair,
  type Candidate,
  type Finding,
  type FindingType,
} from "../domain/reconciliation/findings.ts";
import { onward, type Run } from "../domain/reconciliation/run.ts";
import { decode, newSketch, tally, type Sketch } from "../domain/reconciliation/sketch.ts";
import { advanced, type StampFacts, type Watermark } from "../domain/reconciliation/watermark.ts";
import type { Result } from "../domain/result.ts";

/** A reconciliation as this deployment runs it. */
export interface Plan {
  readonly name: string;
  readonly kind: EntityKind;
  readonly system: string;
  readonly owner: string;
  readonly fields: readonly DriftField[];
  readonly ownership: OwnershipRow | undefined;
  readonly stamps: StampFacts;
  readonly graceMs: number;
  readonly pageSize: number;
  readonly repair: Readonly<Partial<Record<FindingType, RepairPolicy>>>;
  readonly stormAbove: number;
}

/** What one step leaves: written in one call, so that a crash leaves all of it or nothing. */
export interface StepResult {
  readonly run: Run;
  readonly put: readonly Finding[];
  readonly drop: readonly string[];
  /** Set when the run is over. */
  readonly watermark: Watermark | null;
  /** Of a full run, the difference so far. */
  readonly sketch: Sketch | null;
}

export interface ReconcilePorts {
  readonly clock: () => number;
  readonly page: (query: ChangeQuery) => Promise<Result<ChangePage | "restart", Failed>>;
  readonly read: (ref: RecordRef) => Promise<Result<RemoteState | "absent", Failed>>;
  /** What we know under these keys, one for each at most. */
  readonly known: (keys: readonly string[]) => Promise<readonly Known[]>;
  /** All that we know, in order of keys. */
  readonly knownAfter: (key: string | null, limit: number) => Promise<readonly Known[]>;
  /** Which of these keys have something on its way to the system. */
  readonly inFlight: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly findingsOf: (keys: readonly string[]) => Promise<readonly Finding[]>;
  /** Findings that want another look: open ones, those under repair, and suspicions that are due. */
  readonly dueFindings: (after: string | null, limit: number, nowMs: number) => Promise<readonly Finding[]>;
  readonly openFindings: (after: string | null, limit: number) => Promise<readonly Finding[]>;
  readonly countOpen: () => Promise<number>;
  readonly sketch: () => Promise<Sketch | null>;
  readonly store: (result: StepResult) => Promise<void>;
  /** Puts a repair in the queue; answers its event's id. Fails with words when there is nothing to repair it from. */
  readonly repair: (finding: Finding, how: "pull" | "push") => Promise<Result<string, string>>;
  /** Whether repairs may run now, by the windows of replays. */
  readonly mayRepair: () => boolean;
  readonly digest: (key: string) => string;
}

/** Repairs put in by one step. */
const REPAIRS_A_STEP = 25;
const RECHECKS_A_STEP = 50;
const REPAIR_WITHIN_MS = 600_000;
/** A full run whose difference is larger than it was made for is done again with this much more room. */
const GROWTH = 8;
const LARGEST_DIFFERENCE = 40_000;

type Step = (run: Run, plan: Plan, ports: ReconcilePorts) => Promise<Result<StepResult, Failed>>;

const STEPS: Readonly<Record<Run["phase"], Step | null>> = { pages, sweep, trace, recheck, repair, done: null };

/**
 * Takes a run one step further: one page, and what is found on it, stored together. Done again after a crash it begins
 * where the last stored page ended. Fails when the system does not answer; then nothing has changed.
 */
export async function stepRun(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<Run, Failed>> {
  const step = STEPS[run.phase];
  if (step === null) return { ok: true, value: run };
  const result = await step(run, plan, ports);
  if (!result.ok) return result;
  await ports.store(result.value);
  return { ok: true, value: result.value.run };
}

const stepped = (run: Run, more: Partial<StepResult> = {}): Result<StepResult, Failed> => ({
  ok: true,
  value: { run, put: [], drop: [], watermark: null, sketch: null, ...more },
});

const count = (run: Run, more: Partial<Run["progress"]>): Run => {
  const progress = Object.fromEntries(
    Object.entries(run.progress).map(([name, before]) => [name, before + (more[name as keyof Run["progress"]] ?? 0)]),
  ) as unknown as Run["progress"];
  return { ...run, progress };
};

async function pages(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const { window, cursor, watermark } = run;
  const token = run.mode === "full" ? null : watermark.token;
  const fromMs = run.mode === "full" ? null : window.fromMs;
  const answer = await ports.page({ kind: plan.kind, fromMs, untilMs: window.untilMs, cursor, token, limit: plan.pageSize });
  if (!answer.ok) return answer;
  // The system has forgotten our place in it: everything is compared instead.
  if (answer.value === "restart")
    return stepped({ ...run, mode: "full", cursor: null, lastIds: [], watermark: { ...watermark, token: null } });
  const { records, nextCursor, serverNowMs } = answer.value;
  const fresh = records.filter(({ remote }) => !run.lastIds.includes(remote.id));
  const found = await compared(fresh.map(foundOf), run, plan, ports);
  const sketch = run.mode === "full" ? ((await ports.sketch()) ?? newSketch(run.differences)) : null;
  if (sketch !== null) for (const key of found.knownKeys) tally(sketch, ports.digest(key), 1);
  const next: Run = {
    ...count(run, { pages: 1, compared: fresh.length, opened: found.opened, healed: found.healed }),
    serverAtStartMs: run.serverAtStartMs ?? serverNowMs,
    cursor: nextCursor,
    token: answer.value.token ?? run.token,
    lastIds: records.map(({ remote }) => remote.id),
  };
  return stepped(nextCursor === null ? onward(next) : next, { put: found.put, drop: found.drop, sketch });
}

const foundOf = ({ key, remote, data, deleted, modifiedAtMs }: RemoteState): Found => ({
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

interface Compared {
  readonly put: readonly Finding[];
  readonly drop: readonly string[];
  readonly opened: number;
  readonly healed: number;
  /** Keys of what both sides have. */
  readonly knownKeys: readonly string[];
}

/** Compares records of a page with what we know: what differs is seen, what agrees ends its findings. */
async function compared(found: readonly Found[], run: Run, plan: Plan, ports: ReconcilePorts): Promise<Compared> {
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

interface At {
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
  for (const candidate of candidates) {
    const known = before.get(findingId(plan.name, candidate)) ?? null;
    const finding = seen(known, candidate, { ...look, inFlight: inFlight.has(candidate.key) });
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

/** Takes out of the difference all that we know. What is left, only one side has. */
async function sweep(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const known = await ports.knownAfter(run.cursor, plan.pageSize);
  const sketch = (await ports.sketch()) ?? newSketch(run.differences);
  for (const { key, deleted, atMs } of known) if (!deleted && atMs < run.startedAtMs) tally(sketch, ports.digest(key), -1);
  const last = known.at(-1);
  if (last !== undefined && known.length === plan.pageSize) return stepped({ ...run, cursor: last.key }, { sketch });
  const difference = decode(sketch);
  if (difference !== null) return stepped({ ...onward(run), missing: difference.missing }, { sketch });
  const larger = run.differences * GROWTH;
  if (larger > LARGEST_DIFFERENCE)
    return stepped({
      ...onward(run),
      problem: "more records are missing on one side than a run can name; look whether the right system is read",
    });
  return stepped({ ...run, phase: "pages", cursor: null, lastIds: [], differences: larger }, { sketch: newSketch(larger) });
}

/** Finds which of what we know the system does not have, and asks it for each by its key, since it may have moved between pages. */
async function trace(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  if (run.missing.length === 0) return stepped(onward(run));
  const wanted = new Set(run.missing);
  const known = await ports.knownAfter(run.cursor, plan.pageSize);
  const suspects = known.filter(({ key, deleted }) => !deleted && wanted.has(ports.digest(key)));
  const result = await lookAt(suspects, run, { plan, ports });
  if (!result.ok) return result;
  const last = known.at(-1);
  const next = count(run, { opened: result.value.opened, healed: result.value.healed });
  const over = last === undefined || known.length < plan.pageSize;
  return stepped(over ? { ...onward(next), missing: [] } : { ...next, cursor: last.key }, {
    put: result.value.put,
    drop: result.value.drop,
  });
}

/** Reads records one by one and compares each anew. */
async function lookAt(suspects: readonly Known[], run: Run, at: At): Promise<Result<Omit<Compared, "knownKeys">, Failed>> {
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

/** Looks again at what was suspected, is under repair, or is open: nothing stays a finding that is none any more. */
async function recheck(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const found = await ports.dueFindings(run.cursor, RECHECKS_A_STEP, ports.clock());
  const due = found.filter(({ lastSeenAtMs }) => lastSeenAtMs < run.startedAtMs);
  const known = new Map((await ports.known(due.map(({ key }) => key))).map((each) => [each.key, each]));
  const ours = due.flatMap(({ key }) => known.get(key) ?? []);
  const result = await lookAt(ours, run, { plan, ports });
  if (!result.ok) return result;
  const strangers = await lookAtStrangers(
    due.filter(({ key }) => !known.has(key)),
    run,
    { plan, ports },
  );
  if (!strangers.ok) return strangers;
  const next = count(run, { opened: result.value.opened + strangers.value.opened, healed: result.value.healed + strangers.value.healed });
  const more = {
    put: [...result.value.put, ...strangers.value.put],
    drop: [...result.value.drop, ...strangers.value.drop],
  };
  const last = found.at(-1);
  return stepped(last === undefined || found.length < RECHECKS_A_STEP ? onward(next) : { ...next, cursor: last.id }, more);
}

/** Findings of records that we do not know: they are over when the system has none any more. */
async function lookAtStrangers(strangers: readonly Finding[], run: Run, at: At): Promise<Result<Omit<Compared, "knownKeys">, Failed>> {
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

/** Puts right what policy allows, a bounded number at a time. A storm is one alarm, and nothing is touched. */
async function repair(run: Run, plan: Plan, ports: ReconcilePorts): Promise<Result<StepResult, Failed>> {
  const end = (problem: string | null): Result<StepResult, Failed> =>
    stepped({ ...onward(run), problem: problem ?? run.problem }, { watermark: advanced(run.watermark, endOf(run), plan.stamps) });
  const open = await ports.countOpen();
  if (open > plan.stormAbove)
    return end(`${open} findings are open, above ${plan.stormAbove}: nothing is repaired until a person has looked`);
  if (!ports.mayRepair()) return end(null);
  const findings = await ports.openFindings(run.cursor, REPAIRS_A_STEP);
  const put: Finding[] = [];
  for (const finding of findings) {
    const how = plan.repair[finding.type] ?? "alert";
    if (how === "alert") continue;
    const made = await ports.repair(finding, how);
    const nowMs = ports.clock();
    put.push(
      made.ok
        ? underRepair(finding, made.value, nowMs + REPAIR_WITHIN_MS)
        : { ...finding, reason: `could not be repaired: ${made.failure}` },
    );
  }
  const next = count(run, { repairs: put.filter(({ state }) => state === "repairing").length });
  const last = findings.at(-1);
  if (last !== undefined && findings.length === REPAIRS_A_STEP) return stepped({ ...next, cursor: last.id }, { put });
  return stepped(onward(next), { put, watermark: advanced(run.watermark, endOf(run), plan.stamps) });
}

const endOf = ({ window, serverAtStartMs, startedAtMs, token }: Run) => ({ window, serverAtStartMs, startedAtMs, token });
