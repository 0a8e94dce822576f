import { differences, type Difference } from "../differences.ts";
import type { DriftField } from "../entities/define.ts";
import type { EntityKind } from "../entities/index.ts";
import { firstEventIdAt } from "../event-id.ts";
import { onlyFields, type JsonObject } from "../json.ts";
import type { OwnershipRow } from "../config.ts";
import type { Candidate } from "./findings.ts";

/** The last state that we know a system to have of an entity: what it told, or what we brought about there. */
export interface Known {
  readonly key: string;
  readonly remoteId: string | null;
  readonly data: JsonObject;
  readonly deleted: boolean;
  /** When we came to know it. */
  readonly atMs: number;
  readonly eventId: string;
}

/** A record as the system itself shows it now. */
export interface Found {
  readonly key: string | null;
  readonly remoteId: string;
  readonly data: JsonObject;
  readonly deleted: boolean;
  /** By the system's clock. */
  readonly modifiedAtMs: number | null;
}

export interface Terms {
  readonly kind: EntityKind;
  readonly system: string;
  readonly fields: readonly DriftField[];
  readonly ownership: OwnershipRow | undefined;
  /** How far the system's clock is ahead of ours. */
  readonly skewMs: number;
  readonly nowMs: number;
}

/** How a record that a system shows differs from what we know of it; null if it does not. */
export function compareFound(found: Found, known: Known | null, terms: Terms): Candidate | null {
  const about = aboutOf(found, known, terms);
  if (found.deleted)
    return known === null || known.deleted || isOther(found, known) ? null : { ...about, type: "missingInErp", differences: [] };
  if (known === null || known.deleted) return { ...about, type: "missingHere", differences: [] };
  const drift = differences(known.data, found.data, terms.fields);
  return drift.length === 0 ? null : { ...about, type: isForeign(drift, terms) ? "ownershipViolation" : "mismatch", differences: drift };
}

function aboutOf(found: Found, known: Known | null, terms: Terms): Omit<Candidate, "type" | "differences"> {
  const foundAtMs = found.modifiedAtMs === null ? terms.nowMs : found.modifiedAtMs - terms.skewMs;
  const changedAtMs = Math.max(foundAtMs, known?.atMs ?? 0);
  return { kind: terms.kind, key: known?.key ?? found.key ?? found.remoteId, remoteId: found.remoteId, changedAtMs };
}

/** Whether a row is another record than the one that we know under its key. */
export const isOther = (found: Found, { remoteId }: Known): boolean => remoteId !== null && remoteId !== found.remoteId;

/** A second record under the key of one that we know. */
export const duplicate = (found: Found, known: Known, terms: Terms): Candidate => ({
  ...aboutOf(found, known, terms),
  type: "duplicateInErp",
  differences: [{ field: "id", expected: known.remoteId, found: found.remoteId }],
});

const VOID: ReadonlySet<unknown> = new Set(["cancelled", "void"]);

/** What was taken back stays in the books under its key, and is no second record of anything. */
export const isVoid = ({ data }: Found): boolean => VOID.has(data["status"]);

/** A record that nobody has told us of, as known from when it was read: as if the system had told of it then. */
export const adopted = (
  { remoteId, data }: Found,
  { fields, atMs }: { readonly fields: readonly DriftField[]; readonly atMs: number },
): Known => ({
  key: remoteId,
  remoteId,
  data: onlyFields(
    data,
    fields.map(({ field }) => field),
  ),
  deleted: false,
  atMs,
  eventId: firstEventIdAt(atMs),
});

/** A record that we know and that the system does not have. */
export const compareMissing = (known: Known, terms: Terms): Candidate | null =>
  known.deleted
    ? null
    : { type: "missingInErp", kind: terms.kind, key: known.key, remoteId: known.remoteId, differences: [], changedAtMs: known.atMs };

/** Whether the system has changed what another one owns. Where the matrix is silent, nothing is foreign. */
function isForeign(drift: readonly Difference[], { ownership, system }: Terms): boolean {
  return ownership !== undefined && drift.every(({ field }) => (ownership.fields?.[field] ?? ownership.system) !== system);
}
