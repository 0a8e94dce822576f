import { redactedBody, redactedOutcome } from "../domain/erasure/redact.ts";
import type { EventOutcome } from "../domain/outcome.ts";
import { leftDigest, type ErasureLine } from "../domain/timeline.ts";
import { ledgerRows } from "./ledger-audit.ts";
import { sha256Hex } from "./sha256.ts";

interface Change {
  readonly bucket: number;
  readonly key: string;
  readonly body: string;
  readonly outcome: string | null;
  readonly left: ErasureLine["lines"][number] | null;
}

/** What an erasure would take out of a ledger's lines. */
function changesOf(sql: SqlStorage, erasureId: string): readonly Change[] {
  return [...ledgerRows(sql)].flatMap((row): Change[] => {
    const body = redactedBody(row.body, erasureId);
    const outcome = row.outcome === null ? null : JSON.stringify(redactedOutcome(JSON.parse(row.outcome) as EventOutcome));
    const isOutcomeSame = row.outcome === null || JSON.stringify(JSON.parse(row.outcome)) === outcome;
    if (body === null && isOutcomeSame) return [];
    const left = body === null ? null : { seq: row.seq, digest: leftDigest({ ...row, body }, sha256Hex) };
    return [{ bucket: row.bucket, key: row.key, body: body ?? row.body, outcome: isOutcomeSame ? row.outcome : outcome, left }];
  });
}

/** How many lines words would go out of. */
export const countErasable = (sql: SqlStorage, erasureId: string): number =>
  changesOf(sql, erasureId).filter(({ left }) => left !== null).length;

/** Takes words out of a ledger's lines, and answers what is left of each: the caller must chain that in the same transaction. */
export function eraseLines(sql: SqlStorage, erasureId: string): ErasureLine["lines"] {
  const changes = changesOf(sql, erasureId);
  for (const { bucket, key, body, outcome } of changes)
    sql.exec("UPDATE entries SET body = ?, outcome = ? WHERE bucket = ? AND key = ?", body, outcome, bucket, key);
  return changes.flatMap(({ left }) => left ?? []);
}
