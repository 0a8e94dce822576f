import type { KeyGrant } from "../domain/api-key.ts";
import type { AuditCursor, AuditPart, AuditScope } from "../domain/audit/part.ts";
import type { ErasureProgress, Subject } from "../domain/erasure/erasure.ts";
import type { Result } from "../domain/result.ts";

interface By {
  readonly actor: string;
  readonly reason: string;
}

export interface KeyRecord extends KeyGrant {
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly revokedBy: string | null;
}

export interface ExportAsked {
  readonly fromMs: number;
  readonly toMs: number;
  /** Where this part begins; null: at the beginning. */
  readonly fromId: string | null;
  readonly part: number;
  /** The digest of the part before. */
  readonly before: string;
}

/** The audit trail as a whole: each call is a bounded part. */
export interface Audit {
  readonly verify: (scope: AuditScope, from: AuditCursor | null) => Promise<AuditPart>;
  /** Fails with words if there is nothing to sign it with. */
  readonly export: (asked: ExportAsked) => Promise<Result<Response, string>>;
}

export interface ErasureRecord {
  readonly id: string;
  readonly state: "running" | "done";
  readonly subjectDigest: string;
  readonly askedBy: string;
  readonly reason: string;
  readonly progress: ErasureProgress;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Erasures of a person's data. The subject is given with each call and kept as a digest alone; each fails with words. */
export interface Erasures {
  readonly list: (query: { readonly beforeId?: string | undefined; readonly limit: number }) => Promise<readonly ErasureRecord[]>;
  readonly find: (id: string) => Promise<ErasureRecord | null>;
  /** The next step of one that changes nothing. */
  readonly look: (subject: Subject, by: By, from: ErasureProgress | null) => Promise<Result<ErasureRecord, string>>;
  readonly begin: (subject: Subject, by: By) => Promise<Result<ErasureRecord, string>>;
  readonly goOn: (erasure: ErasureRecord, subject: Subject) => Promise<Result<ErasureRecord, string>>;
}

/** API keys: each is made and revoked by somebody, with a reason, on record. */
export interface Keys {
  /** By name. */
  readonly list: (query: { readonly afterName?: string | undefined; readonly limit: number }) => Promise<readonly KeyRecord[]>;
  /** `text` is the key itself, which nobody can be shown again. */
  readonly create: (grant: Omit<KeyGrant, "id">, by: By) => Promise<Result<KeyRecord & { readonly text: string }, "exists" | "unsealed">>;
  /** Null if there is none of this id; done when it answers. */
  readonly revoke: (id: string, by: By) => Promise<KeyRecord | null>;
}
