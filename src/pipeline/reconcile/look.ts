import type { Failed, RemoteState } from "../../destinations/define.ts";
import { compareFound, compareMissing, type Found, type Known, type Terms } from "../../domain/reconciliation/compare.ts";
import type { Candidate, Finding } from "../../domain/reconciliation/findings.ts";
import type { Run } from "../../domain/reconciliation/run.ts";
import { ok, type Result } from "../../domain/result.ts";
import type { Plan, ReconcilePorts } from "./ports.ts";
import { namesOf, settle, type Settled, type Shown } from "./settle.ts";
import { isTwin, stillTwin, twinLook } from "./twins.ts";

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

export interface At {
  /** When the system began to be read. */
  readonly sinceMs: number;
  readonly run: Run;
  readonly plan: Plan;
  readonly ports: ReconcilePorts;
}

/** Compares records of a page with what we know: what differs is seen, what agrees ends its findings. Answers the keys of what both sides have. */
export async function compared(
  found: readonly Found[],
  at: At,
): Promise<Result<{ readonly settled: Settled; readonly knownKeys: readonly string[] }, Failed>> {
  const known = await knownUnder(found.flatMap(namesOf), at.ports);
  const terms = termsOf(at.run, at.plan, at.ports.clock());
  const shown: Shown[] = [];
  const both = new Set<string>();
  for (const row of found) {
    const ours = together(known, row);
    const twin = isTwin(row, ours) ? await twinLook(row, ours, { terms, ports: at.ports }) : null;
    if (twin !== null && !twin.ok) return twin;
    const candidate = twin === null ? compareFound(row, ours, terms) : twin.value.candidate;
    // Of several rows under one key, one is the record: only it can agree, and counted twice it would be missing nowhere.
    const isRecord = twin?.value.isRecord !== false;
    shown.push({ names: isRecord ? namesOf(row) : [row.remoteId], candidate, of: "row", row });
    if (row.deleted || !isRecord) continue;
    for (const name of namesOf(row)) if (isCounted(known.get(name), at.run)) both.add(name);
  }
  return ok({ settled: await settle(shown, at), knownKeys: [...both] });
}

/** Whether the sweep will come upon it too: what became known since the run began is left out by both. */
export const isCounted = (known: Known | undefined, { startedAtMs }: Pick<Run, "startedAtMs">): boolean =>
  known !== undefined && !known.deleted && known.atMs < startedAtMs;

const knownUnder = async (keys: readonly string[], ports: ReconcilePorts): Promise<ReadonlyMap<string, Known>> =>
  new Map((await ports.known([...new Set(keys)])).map((each) => [each.key, each]));

/** What we know of a record, under our key and under the system's own: the later word over the earlier one. */
function together(
  known: ReadonlyMap<string, Known>,
  { key, remoteId }: { readonly key: string | null; readonly remoteId: string | null },
): Known | null {
  const [first, second] = [known.get(key ?? ""), key === remoteId ? undefined : known.get(remoteId ?? "")];
  if (first === undefined || second === undefined) return first ?? second ?? null;
  const [older, newer] = first.atMs <= second.atMs ? [first, second] : [second, first];
  return { ...newer, key: first.key, remoteId: first.remoteId ?? remoteId, data: { ...older.data, ...newer.data } };
}

/** Reads records that we know one by one, and compares each anew. */
export async function lookAt(suspects: readonly Known[], at: At): Promise<Result<Settled, Failed>> {
  const shown: Shown[] = [];
  for (const known of suspects) {
    const look = await lookAtOne(known, at);
    if (!look.ok) return look;
    shown.push({ names: namesOf(known), candidate: look.value, of: "key" });
  }
  return ok(await settle(shown, at));
}

/** Looks again at records that findings speak of, whatever they are known as by now. */
export async function lookAgain(findings: readonly Finding[], at: At): Promise<Result<Settled, Failed>> {
  const known = await knownUnder(findings.flatMap(namesOf), at.ports);
  const shown: Shown[] = [];
  for (const finding of findings) {
    // The row of a duplicate is another record's.
    const ours = together(known, finding.type === "duplicateInErp" ? { ...finding, remoteId: null } : finding);
    const look = await (ours === null ? lookAtStranger(finding, at) : lookAtOne(ours, at, finding));
    if (!look.ok) return look;
    const candidate = look.value === null ? null : { ...look.value, key: finding.key };
    shown.push({ names: namesOf(finding), candidate, of: "key" });
  }
  return ok(await settle(shown, at));
}

async function lookAtOne(known: Known, at: At, finding?: Finding): Promise<Result<Candidate | null, Failed>> {
  const { run, plan, ports } = at;
  const terms = termsOf(run, plan, ports.clock());
  const twin = finding === undefined ? ok(null) : await stillTwin(finding, known, { terms, ports });
  if (!twin.ok || twin.value !== null) return twin;
  // What the system told of itself is known by its own id.
  const read = await ports.read({ kind: plan.kind, by: known.remoteId === known.key ? "id" : "key", value: known.key });
  if (!read.ok && read.failure.class === "business" && finding !== undefined && finding.type !== "duplicateInErp")
    return lookAtRow(known, at);
  if (!read.ok) return read.failure.class === "business" ? ok(severalOf(known, terms, read.failure.detail)) : read;
  if (read.value === "absent") return ok(compareMissing(known, terms));
  // The only one under its key, whatever its id is by now, is the record.
  return ok(compareFound(foundOf(read.value), { ...known, remoteId: read.value.remote.id }, terms));
}

/** The very record that we know, where there are others under its key: that there are is another finding. */
async function lookAtRow(known: Known, { run, plan, ports }: At): Promise<Result<Candidate | null, Failed>> {
  const read = await ports.read({ kind: plan.kind, by: "id", value: known.remoteId ?? known.key });
  if (!read.ok) return read;
  const terms = termsOf(run, plan, ports.clock());
  return ok(read.value === "absent" ? compareMissing(known, terms) : compareFound(foundOf(read.value), known, terms));
}

/** A key that the system holds more than once is told of as a business failure of the read. */
const severalOf = (known: Known, { kind }: Terms, detail: string): Candidate => ({
  type: "duplicateInErp",
  kind,
  key: known.key,
  remoteId: known.remoteId,
  differences: [{ field: "id", expected: known.remoteId, found: detail }],
  changedAtMs: known.atMs,
});

/** A record that we do not know: that is over when the system has it no more. */
async function lookAtStranger(finding: Finding, { run, plan, ports }: At): Promise<Result<Candidate | null, Failed>> {
  const read = await ports.read({ kind: plan.kind, by: "id", value: finding.remoteId ?? finding.key });
  if (!read.ok) return read;
  return ok(read.value === "absent" ? null : compareFound(foundOf(read.value), null, termsOf(run, plan, ports.clock())));
}
