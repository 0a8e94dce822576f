import type { ChangePage, ChangeQuery, Failed, RecordRef, RemoteState } from "../../destinations/define.ts";
import type { RepairPolicy } from "../../domain/config.ts";
import type { DriftField } from "../../domain/entities/define.ts";
import type { EntityKind } from "../../domain/entities/index.ts";
import type { OwnershipRow } from "../../domain/config.ts";
import type { Known } from "../../domain/reconciliation/compare.ts";
import type { Finding, FindingType } from "../../domain/reconciliation/findings.ts";
import type { Run } from "../../domain/reconciliation/run.ts";
import type { Sketch } from "../../domain/reconciliation/sketch.ts";
import type { StampFacts, Watermark } from "../../domain/reconciliation/watermark.ts";
import type { Result } from "../../domain/result.ts";

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

/** What one step leaves: written in one call, so that a crash leaves all of it or nothing; but what is adopted goes first, and does so again. */
export interface StepResult {
  readonly run: Run;
  readonly put: readonly Finding[];
  readonly drop: readonly string[];
  /** Records of the system that are known from now on. */
  readonly adopted: readonly Known[];
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
  /** Of these keys those that have something on its way to the system, and since when. */
  readonly inFlight: (keys: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Of these events those of which the index was told after that. */
  readonly toldSince: (eventIds: readonly string[], sinceMs: number) => Promise<ReadonlySet<string>>;
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
