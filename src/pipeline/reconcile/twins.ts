import type { Failed, RemoteState } from "../../destinations/define.ts";
import { compareFound, duplicate, isOther, isVoid, type Found, type Known, type Terms } from "../../domain/reconciliation/compare.ts";
import type { Candidate, Finding } from "../../domain/reconciliation/findings.ts";
import { ok, type Result } from "../../domain/result.ts";
import type { ReconcilePorts } from "./ports.ts";

interface With {
  readonly terms: Terms;
  readonly ports: ReconcilePorts;
}

/** Whether a row carries the key of a record that we know under another id. */
export const isTwin = (row: Found, known: Known | null): known is Known =>
  known !== null && !known.deleted && !row.deleted && isOther(row, known);

/**
 * What such a row is: one record too many, one that has taken the other's place, or one that does not count any more. A
 * page shows rows one by one, so the system is asked for all that it has under the key.
 */
export async function twinLook(
  row: Found,
  known: Known,
  { terms, ports }: With,
): Promise<Result<{ readonly candidate: Candidate | null; readonly isRecord: boolean }, Failed>> {
  const read = await ports.read({ kind: terms.kind, by: "key", value: known.key });
  if (!read.ok && read.failure.class !== "business") return read;
  if (read.ok && isAt(read.value, row.remoteId))
    return ok({ candidate: compareFound(row, { ...known, remoteId: row.remoteId }, terms), isRecord: true });
  return ok({ candidate: isVoid(row) ? null : duplicate(row, known, terms), isRecord: false });
}

const isAt = (read: RemoteState | "absent", id: string): boolean => read !== "absent" && read.remote.id === id;

/** A duplicate that is known by its id is one for as long as that record carries the key and counts. */
export async function stillTwin(finding: Finding, known: Known, { terms, ports }: With): Promise<Result<Candidate | null, Failed>> {
  if (finding.type !== "duplicateInErp" || finding.remoteId === null || finding.remoteId === known.remoteId) return ok(null);
  const read = await ports.read({ kind: terms.kind, by: "id", value: finding.remoteId });
  if (!read.ok) return read;
  if (read.value === "absent" || read.value.deleted || read.value.key !== known.key) return ok(null);
  const { remote, key, data, deleted, modifiedAtMs } = read.value;
  const look = await twinLook({ remoteId: remote.id, key, data, deleted, modifiedAtMs }, known, { terms, ports });
  return look.ok ? ok(look.value.candidate?.type === "duplicateInErp" ? look.value.candidate : null) : look;
}
