import type { StoredDeadLetter, StoredEvent, StoredRejection } from "../domain/audit-record.ts";
import type { Alert } from "../domain/alerts/life.ts";
import type { Told } from "../domain/alerts/telling.ts";
import type { Backlog } from "../domain/backlog.ts";
import type { RouterConfig } from "../domain/config.ts";
import type { EntityKind } from "../domain/entities/index.ts";
import type { ExportState } from "../domain/exporting.ts";
import type { ImportState } from "../domain/importing.ts";
import type { Command } from "../domain/flows/commands.ts";
import type { FlowRun } from "../domain/flows/run.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Kin } from "../domain/kin.ts";
import type { RecentEvent } from "../domain/overview.ts";
import type { LaneReport } from "../domain/outcome.ts";
import type { ReplayPlan, ReplayRequest, StoredReplay } from "../domain/replay.ts";
import type { Finding } from "../domain/reconciliation/findings.ts";
import type { FindingTimes } from "../domain/reconciliation/history.ts";
import type { Run, RunMode } from "../domain/reconciliation/run.ts";
import type { Watermark } from "../domain/reconciliation/watermark.ts";
import type { Result } from "../domain/result.ts";
import type { Family } from "../domain/signals/open-metrics.ts";
import type { LateQuery, LateSpan, SlaReading } from "../domain/slas/standing.ts";
import type { Entry, Verification } from "../domain/timeline.ts";
import type { Actor } from "../domain/roles.ts";
import type { AnswerOf, BodyOf, OperationName, QueryOf } from "./operations.ts";
import type { Audit, Erasures, Keys } from "./ports-audit.ts";
import type { ProblemCode } from "./problem.ts";

export interface EntityRef {
  readonly kind: EntityKind;
  readonly key: string;
}

export interface EventQuery {
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: string | undefined;
  readonly class?: string | undefined;
  readonly destination?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly fromId?: string | undefined;
  readonly beforeId?: string | undefined;
  readonly limit: number;
}

export interface Paged<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What an operator does to a dead letter: an edit holds a merge patch of the data, or another body for one that could not be read. */
export interface LetterAction {
  readonly verb: "retry" | "skip" | "edit";
  readonly actor: string;
  readonly reason: string;
  readonly force: boolean;
  readonly patch?: JsonObject;
  readonly body?: string;
}

export type Acted = Result<{ readonly status: string; readonly eventIds: readonly string[] }, ProblemCode | Refused>;

/** What the ops API needs of the rest of the router. */
export interface OpsPorts {
  readonly config: RouterConfig;
  readonly clock: () => number;
  /** Days for which finished events are listed. */
  readonly indexDays: number;
  readonly events: (query: EventQuery) => Promise<Paged<StoredEvent>>;
  readonly event: (id: string) => Promise<StoredEvent | null>;
  readonly correlated: (correlationId: string, originId: string | null) => Promise<readonly StoredEvent[]>;
  readonly links: (term: string) => Promise<readonly { readonly kind: string; readonly entityKey: string; readonly system: string }[]>;
  readonly raw: (event: StoredEvent) => Promise<Response | null>;
  /** The event's entity as today's mapping reads it from the raw body; fails with words if that is gone or cannot be read. */
  readonly payload: (event: StoredEvent) => Promise<Result<EventPayload, string>>;
  readonly entity: (entity: EntityRef) => Promise<{
    readonly head: { readonly seq: number; readonly hash: string };
    readonly marks: Readonly<Record<string, { readonly eventId: string; readonly order: unknown }>>;
    readonly work: readonly (LaneReport & { readonly eventId: string; readonly position: number })[];
    readonly kin: Kin;
  }>;
  readonly timeline: (entity: EntityRef, afterSeq: number, limit: number) => Promise<readonly Entry[]>;
  readonly verify: (entity: EntityRef) => Promise<Verification>;
  readonly deadLetters: (
    query: Omit<QueryOf<"listDeadLetters">, "cursor"> & { readonly beforeId?: string | undefined },
  ) => Promise<Paged<StoredDeadLetter>>;
  readonly deadLetter: (id: string) => Promise<StoredDeadLetter | null>;
  readonly act: (letter: StoredDeadLetter, action: LetterAction) => Promise<Acted>;
  readonly destination: (name: string) => Promise<AnswerOf<"pauseDestination">>;
  readonly pause: (name: string, by: { readonly actor: string; readonly reason: string }) => Promise<void>;
  readonly resume: (name: string, by: { readonly actor: string; readonly reason: string }) => Promise<void>;
  readonly rejections: (query: {
    readonly source?: string | undefined;
    readonly sinceMs: number;
    readonly after?: RejectionCursor | undefined;
    readonly limit: number;
  }) => Promise<readonly StoredRejection[]>;
  readonly handshakes: OpsPorts["rejections"];
  readonly backlog: () => Promise<Backlog>;
  /** When each source was last let in, refused, or greeted, as far back as the newest LIMITS.scanRows events and a month of counts. */
  readonly lastContacts: () => Promise<Readonly<Record<string, Contact>>>;
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  readonly accounts: Accounts;
  readonly keys: Keys;
  readonly audit: Audit;
  readonly erasures: Erasures;
  readonly replays: Replays;
  readonly flows: Flows;
  readonly drift: Drift;
  /** The counts of the overview, up to LIMITS.overviewCacheMs old. */
  readonly overview: () => Promise<OverviewRead>;
  /** Every metric, from bounded reads. */
  readonly metrics: () => Promise<readonly Family[]>;
  readonly alerts: Alerts;
  readonly slas: Slas;
  /** A record as a system holds it, for somebody who waits; fails with words when that cannot be had in time. */
  readonly readRecord: (asked: RecordAsked) => Promise<Result<RecordRead, string>>;
  readonly operatorActions: (query: {
    readonly actor?: string | undefined;
    readonly beforeId?: string | undefined;
    readonly limit: number;
  }) => Promise<readonly StoredAction[]>;
  readonly files: Files;
  /** A fresh secret in the form that a source's scheme takes. */
  readonly newSecret: (source: string) => string;
  /** Why a source cannot work; null if it can. */
  readonly sourceProblem: (name: string) => string | null;
  readonly sourceFacts: (name: string) => Pick<AnswerOf<"listSources">["items"][number], "verdict" | "check" | "handshakes">;
  readonly secretAges: (name: string) => AnswerOf<"listSources">["items"][number]["secrets"];
}

export interface Slas {
  /** How each declared SLA stands, up to LIMITS.overviewCacheMs old. */
  readonly readings: () => Promise<readonly SlaReading[]>;
  /** Those that are late, the latest deadline first. */
  readonly late: (query: LateQuery) => Promise<readonly LateSpan[]>;
}

export interface RecordAsked {
  readonly destination: string;
  readonly kind: EntityKind;
  readonly by: "key" | "id";
  readonly value: string;
  readonly maxAgeSeconds: number;
  readonly deadlineMs: number;
}

export interface RecordRead {
  /** Null where there is no such record. */
  readonly data: JsonObject | null;
  readonly atMs: number;
  readonly source: "live" | "cache";
}

export interface EventPayload extends EntityRef {
  readonly nature: string;
  readonly deleted: boolean;
  readonly data: JsonObject;
  readonly cleared: readonly string[];
}

export interface OverviewRead {
  readonly atMs: number;
  readonly waiting: readonly { readonly status: string; readonly events: number; readonly oldestId: string | null }[];
  readonly openLetters: readonly { readonly list: string; readonly owner: string; readonly class: string; readonly letters: number }[];
  readonly latestLetters: readonly StoredDeadLetter[];
  readonly recent: readonly RecentEvent[];
  readonly destinations: readonly AnswerOf<"pauseDestination">[];
  readonly backlog: Backlog;
}

export interface KnownAlert {
  readonly alert: Alert;
  /** By channel. */
  readonly told: Readonly<Record<string, Told>>;
}

/** Alerts: each change by an operator is on record with who made it and why. */
export interface Alerts {
  /** In order of id; without a state those that are open or acknowledged. */
  readonly list: (query: {
    readonly state?: string | undefined;
    readonly owner?: string | undefined;
    readonly severity?: string | undefined;
    readonly afterId?: string | undefined;
    readonly limit: number;
  }) => Promise<readonly KnownAlert[]>;
  readonly find: (id: string) => Promise<KnownAlert | null>;
  /** Fails if the change does not apply, or if another one came first. */
  readonly change: (
    id: string,
    verb: string,
    what: { readonly by: By; readonly change: (alert: Alert) => Result<Alert, string> },
  ) => Promise<Result<KnownAlert, Refused>>;
}

export interface StoredAction {
  readonly id: string;
  readonly atMs: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
}

interface By {
  readonly actor: string;
  readonly reason: string;
}

/** Planned replays: each change is on record with who made it and why, and fails if another one came first. */
export interface Replays {
  /** Fails with words if the query is too wide. */
  readonly plan: (request: ReplayRequest) => Promise<Result<ReplayPlan, string>>;
  readonly create: (request: ReplayRequest, plan: ReplayPlan, by: By) => Promise<Result<StoredReplay, ProblemCode>>;
  readonly list: (query: { readonly beforeId?: string | undefined; readonly limit: number }) => Promise<readonly StoredReplay[]>;
  readonly find: (id: string) => Promise<StoredReplay | null>;
  readonly approve: (id: string, by: By) => Promise<Result<StoredReplay, ProblemCode>>;
  readonly cancel: (id: string, by: By) => Promise<Result<StoredReplay, ProblemCode>>;
}

/** Runs of business flows. A command fails with words where the run is not in a state for it, or has moved meanwhile. */
export interface Flows {
  readonly list: (query: {
    readonly flow?: string | undefined;
    readonly state?: string | undefined;
    readonly entityKey?: string | undefined;
    readonly after?: { readonly startedAtMs: number; readonly id: string } | undefined;
    readonly limit: number;
  }) => Promise<readonly RunRead[]>;
  readonly find: (id: string) => Promise<RunRead | null>;
  readonly steer: (id: string, order: Command) => Promise<Result<RunRead, Refused>>;
}

/** A run with when it was last stored. */
export interface RunRead {
  readonly run: FlowRun;
  readonly updatedAtMs: number;
}

export interface RunRecord {
  readonly run: Run;
  readonly state: "running" | "done" | "failed";
  /** When its last page was stored. */
  readonly updatedAtMs: number;
}

/** Reconciliations and their findings. */
export interface Drift {
  /** Why a reconciliation cannot run; null if it can. */
  readonly problem: (name: string) => string | null;
  readonly overview: () => Promise<{
    readonly places: Readonly<
      Record<string, { readonly watermark: Watermark; readonly changesAtMs: number; readonly fullAtMs: number } | undefined>
    >;
    readonly totals: readonly {
      readonly reconciliation: string;
      readonly state: string;
      readonly count: number;
      readonly repairMs: number | null;
    }[];
    /** Newest first. */
    readonly runs: readonly RunRecord[];
  }>;
  /** The last runs of one, newest first, and the times of what it has found lately. */
  readonly history: (
    name: string,
    runs: number,
  ) => Promise<{ readonly runs: readonly RunRecord[]; readonly sinceMs: number; readonly times: readonly FindingTimes[] }>;
  /** Fails with words if one is under way, or its system cannot be read. */
  readonly run: (name: string, by: By & { readonly mode: RunMode }) => Promise<Result<RunRecord, string>>;
  readonly list: (query: {
    readonly reconciliation?: string | undefined;
    readonly state?: string | undefined;
    readonly type?: string | undefined;
    readonly owner?: string | undefined;
    readonly afterId?: string | undefined;
    readonly limit: number;
  }) => Promise<readonly Finding[]>;
  readonly find: (id: string) => Promise<Finding | null>;
  readonly accept: (finding: Finding, by: By & { readonly untilMs: number }) => Promise<Finding>;
  /** Fails with words when there is nothing to repair it from. */
  readonly repair: (finding: Finding, how: "push" | "pull", by: By) => Promise<Result<Finding, string>>;
}

/** How far files are that are read and written, by the names of imports and exports; what has never run is not there. */
export interface Files {
  readonly imports: () => Promise<ReadonlyMap<string, ImportState>>;
  readonly exports: () => Promise<ReadonlyMap<string, ExportState>>;
  /** Why an import cannot run here; null if it can. */
  readonly importProblem: (name: string) => string | null;
  readonly destinationProblem: (name: string) => string | null;
}

export interface Contact {
  readonly acceptedAtMs?: number;
  readonly rejectedAtMs?: number;
  readonly handshakeAtMs?: number;
}

export interface Subscription {
  readonly source: string;
  readonly subscriptionId: string;
  readonly resource: string;
  readonly expiresAtMs: number;
  readonly renewedAtMs: number | null;
  readonly problem: string | null;
}

export interface AccountRecord {
  readonly source: string;
  readonly account: string;
  readonly state: "active" | "disabled";
  readonly secrets: readonly { readonly id: string; readonly sinceMs: number; readonly untilMs: number | null }[];
  readonly registrationUntilMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type AccountFailure = "exists" | "absent" | "raced" | "unsealed";
type AccountChanged = Promise<Result<AccountRecord, AccountFailure>>;

interface AccountAct {
  readonly source: string;
  readonly account: string;
  readonly by: { readonly actor: string; readonly reason: string };
}

/** Accounts of sources: each change is on record with who made it and why. */
export interface Accounts {
  readonly list: (query: {
    readonly source: string;
    readonly afterAccount?: string | undefined;
    readonly limit: number;
  }) => Promise<readonly AccountRecord[]>;
  readonly create: (act: AccountAct & { readonly secret: string | null }) => AccountChanged;
  readonly rotate: (act: AccountAct & { readonly secret: string; readonly overlapMs: number }) => AccountChanged;
  readonly steer: (verb: "disable" | "enable" | "register", act: AccountAct) => AccountChanged;
}

export interface RejectionCursor {
  readonly minuteMs: number;
  readonly source: string;
  readonly reason: string;
}

export interface Call<N extends OperationName> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  readonly actor: Actor;
  readonly origin: string;
}

export interface Refused {
  readonly code: ProblemCode;
  readonly detail: string;
}

export type Answer<N extends OperationName> = N extends "getRaw" | "exportAudit" ? Response : AnswerOf<N>;
export type Handlers = { readonly [N in OperationName]: (call: Call<N>) => Promise<Result<Answer<N>, Refused>> };
