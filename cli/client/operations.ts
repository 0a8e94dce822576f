/** Made from the OpenAPI description by `npm run docs`; `npm run check` says when it is stale. */

/** A body that is not JSON. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** What a list answers; `nextCursor` is null on its last page. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** What every refusal says (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code:
    | "not_found"
    | "expired"
    | "method_not_allowed"
    | "verification_failed"
    | "body_too_large"
    | "unsupported_encoding"
    | "rate_limited"
    | "cannot_store"
    | "unauthenticated"
    | "forbidden"
    | "invalid_request"
    | "conflict"
    | "not_verified"
    | "not_dead"
    | "moved_on"
    | "under_way"
    | "not_editable"
    | "raw_not_archived"
    | "no_payload"
    | "unavailable";
  readonly detail?: string | undefined;
}

export interface Event {
  readonly id: string;
  readonly status: EventStatus;
  readonly class: FailureClass | null;
  readonly reason: string | null;
  /** The event that made this one unnecessary */
  readonly of: string | null;
  readonly source: string | null;
  readonly type: string | null;
  readonly entity: EntityRef | null;
  readonly priority: string | null;
  readonly deliveryId: string | null;
  readonly syntheticDeliveryId: boolean | null;
  readonly correlationId: string | null;
  readonly traceparent: string | null;
  readonly nature: string | null;
  readonly order: unknown;
  readonly verdict: string | null;
  readonly secretId: string | null;
  readonly contentHash: string | null;
  readonly configVersion: string | null;
  readonly receivedAt: string;
  readonly occurredAt: string | null;
  readonly updatedAt: string | null;
  readonly destinations: readonly EventDestination[];
  readonly routing: readonly RoutingDecision[];
}

export type EventStatus = "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";

export type FailureClass = "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison";

export interface EntityRef {
  readonly kind: string;
  readonly key: string;
}

export interface EventDestination {
  readonly destination: string;
  readonly route: string;
  readonly status: EventStatus;
  readonly class?: FailureClass | undefined;
  readonly reason?: string | undefined;
  readonly fields?: readonly FieldError[] | undefined;
  readonly nextAttemptAt?: string | undefined;
  readonly remote?: RemoteRecord | undefined;
  readonly attempts: readonly Attempt[];
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface RemoteRecord {
  readonly id: string;
  readonly number?: string | undefined;
  readonly version?: string | undefined;
}

export interface Attempt {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly result: string;
  readonly httpStatus?: number | undefined;
  readonly detail?: string | undefined;
}

export interface RoutingDecision {
  readonly route: string;
  readonly matched: boolean;
  readonly because: string;
}

export interface Payload {
  readonly eventId: string;
  readonly entity: EntityRef;
  readonly nature: string;
  readonly deleted: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  readonly cleared: readonly string[];
  /** Whether personal data is hidden from this role */
  readonly masked: boolean;
  readonly comparedWith: string | null;
  readonly changes: readonly { readonly field: string; readonly before?: unknown; readonly after?: unknown }[];
}

export interface Entity {
  readonly entity: EntityRef;
  readonly head: { readonly seq: number; readonly hash: string };
  /** The newest state from each source */
  readonly sources: Readonly<Record<string, { readonly eventId: string; readonly order: unknown }>>;
  /** What is still owed, by destination */
  readonly lanes: readonly Lane[];
  readonly links: readonly { readonly term: string; readonly system: string }[];
  /** Its record in each destination */
  readonly records: readonly { readonly destination: string; readonly id: string; readonly number: string | null }[];
  /** Other keys whose events come here; not joined yet: what began under that key is still there */
  readonly aliases: readonly { readonly key: string; readonly joined: boolean }[];
  /** The entity that this key turned out to be another name of */
  readonly movedTo: string | null;
  readonly timeline: readonly TimelineLine[];
  readonly nextCursor: string | null;
}

export interface Lane extends EventDestination {
  readonly eventId: string;
  readonly position: number;
}

export interface TimelineLine {
  readonly seq: number;
  readonly at: string;
  readonly eventId: string;
  readonly prev: string;
  readonly hash: string;
  readonly body: unknown;
}

export interface VerifyEntityAnswer {
  readonly intact: boolean;
  readonly entries: number;
  readonly head?: string | undefined;
  /** Lines of which an erasure took personal data; another line says what it left */
  readonly erased?: number | undefined;
  readonly brokenAtSeq?: number | undefined;
  readonly reason?: string | undefined;
}

export interface TraceAnswer {
  readonly key: string;
  readonly entities: readonly { readonly kind: string; readonly key: string; readonly system: string }[];
  readonly events: readonly Event[];
}

export interface DeadLetter {
  readonly id: string;
  readonly list: DeadLetterList;
  readonly status: DeadLetterStatus;
  readonly eventId: string;
  readonly destination: string;
  readonly entity: EntityRef | null;
  readonly class: FailureClass;
  readonly reason: string;
  readonly fields: readonly FieldError[];
  readonly owner: OwnerWithRunbook;
  /** Who is called first for failures of this class */
  readonly incidentOwner: OwnerWithRunbook;
  readonly nextStep: string;
  readonly attempts: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type DeadLetterList = "business" | "platform";

export type DeadLetterStatus = "open" | "resolved" | "skipped";

export interface OwnerWithRunbook extends Owner {
  readonly runbook: string | null;
}

export interface DeadLetterAction {
  readonly id: string;
  readonly status: string;
  readonly eventIds: readonly string[];
}

export interface ForcedReason {
  readonly reason: string;
  readonly force?: boolean | undefined;
}

export interface Destination {
  readonly name: string;
  readonly title: string;
  readonly module: string;
  readonly owner: string;
  /** Of the breaker, unless paused, quiet or misconfigured */
  readonly state: DestinationState;
  readonly problem: string | null;
  readonly pausedBy: string | null;
  readonly until: string | null;
  readonly running: number;
  readonly limits: DestinationLimits;
  /** Attempts that the rates would grant now */
  readonly tokens: number;
  /** Permits refused in the last minute, by class, and the senders that were refused most */
  readonly refusedLately: RefusedLately;
}

export type DestinationState = "open" | "halfOpen" | "closed" | "paused" | "quiet" | "misconfigured";

export interface DestinationLimits {
  readonly perSecond: number;
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly concurrency: number;
  /** The classes' parts of it under contention */
  readonly weights: Readonly<Record<string, number>>;
}

export interface RefusedLately {
  readonly classes: Readonly<Record<string, number>>;
  readonly keys: readonly RefusedKey[];
}

export interface RefusedKey {
  readonly key: string;
  readonly refused: number;
}

export interface Replay {
  /** Null of a dry run, which is not kept */
  readonly id: string | null;
  readonly state: ReplayState;
  readonly query: ReplayQuery;
  readonly destinations: readonly string[] | null;
  readonly force: boolean;
  readonly ratePerSecond: number;
  readonly window: ReplayWindow | null;
  readonly reason: string;
  readonly plan: ReplayPlan;
  readonly progress: ReplayProgress | null;
  readonly askedBy: string;
  readonly approvedBy: string | null;
  readonly cancelledBy: string | null;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly nextStep: string;
}

export type ReplayState = "planned" | "waitingForApproval" | "running" | "done" | "cancelled" | "dryRun";

export interface ReplayQuery {
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: EventStatus | undefined;
  readonly class?: FailureClass | undefined;
  readonly destination?: string | undefined;
  readonly entity?: string | undefined;
  readonly from: string;
  readonly to: string;
}

export interface ReplayWindow {
  readonly from: string;
  readonly to: string;
  readonly days?: readonly Weekday[] | undefined;
}

export type Weekday = "sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat";

export interface ReplayPlan {
  readonly events: number;
  /** Of them, what will be put in */
  readonly replayable: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly bySource: Readonly<Record<string, number>>;
  readonly byKind: Readonly<Record<string, number>>;
  readonly entities: number;
  readonly notReplayable: readonly NotReplayable[];
  readonly sample: readonly ReplaySample[];
  readonly movedOn: MovedOn;
  /** At its rate, windows not counted */
  readonly estimatedSeconds: number;
  /** If it began now; windows counted */
  readonly estimatedEnd: string | null;
  readonly needsApproval: boolean;
}

export interface NotReplayable {
  readonly why: string;
  readonly events: number;
}

export interface ReplaySample {
  readonly entity: string;
  readonly events: number;
  readonly newestOrder: unknown;
  /** The newest state taken from the same source */
  readonly appliedOrder: unknown;
  /** Events that a newer state keeps out, unless forced */
  readonly refused: number;
}

export interface MovedOn {
  /** Events that newer states keep out */
  readonly events: number;
  readonly entitiesAsked: number;
  /** Whether all entities and events were looked at */
  readonly complete: boolean;
}

export interface ReplayProgress {
  readonly done: number;
  readonly refused: number;
  readonly failed: number;
  readonly total: number;
  /** The original that was dealt with last */
  readonly cursor: string | null;
  readonly startedAt: string;
  readonly etaSeconds: number | null;
  /** When its window opens */
  readonly waitsUntil: string | null;
  readonly problems: readonly ReplayProblem[];
}

export interface ReplayProblem {
  readonly why: string;
  readonly events: number;
  readonly example: string;
}

export interface Flow {
  readonly id: string;
  readonly flow: string;
  readonly title: string;
  readonly version: number;
  readonly entity: EntityRef;
  readonly state: FlowState;
  readonly reason: string | null;
  /** The one that it stands at */
  readonly step: string | null;
  readonly owner: Owner;
  readonly startedAt: string;
  readonly updatedAt: string;
  /** Of a blocked run: its owner is alerted if nobody has seen to it by then */
  readonly personBy: string | null;
  /** Null where only news or a person make a difference */
  readonly looksAgainAt: string | null;
}

export type FlowState = "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated";

export interface Owner {
  readonly name: string;
  readonly team: string | null;
  readonly contact: string | null;
}

export interface FlowRun extends Flow {
  readonly correlationId: string;
  /** The event that began it */
  readonly startedBy: string;
  readonly steps: readonly FlowStep[];
  readonly timeline: readonly FlowEntry[];
}

export interface FlowStep {
  readonly name: string;
  /** Null of a step that this deployment does not know any more */
  readonly title: string | null;
  readonly state: FlowStepState;
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly deadline: string | null;
  readonly retryAt: string | null;
  readonly reason: string | null;
  readonly effects: readonly FlowEffect[];
  readonly compensations: readonly FlowEffect[];
}

export type FlowStepState =
  | "pending"
  | "sent"
  | "retrying"
  | "waiting"
  | "failed"
  | "done"
  | "skipped"
  | "compensating"
  | "compensated"
  | "uncompensated";

export interface FlowEffect {
  readonly eventId: string;
  readonly to: string;
  readonly entity: EntityRef;
  /** Decided, on its way, there, or a dead letter */
  readonly state: FlowEffectState;
  readonly class: FailureClass | null;
  readonly reason: string | null;
}

export type FlowEffectState = "made" | "queued" | "done" | "dead";

export interface FlowEntry {
  readonly at: string;
  readonly what: string;
  readonly step: string | null;
  readonly words: string | null;
  readonly by: string | null;
}

export interface StepReason {
  readonly reason: string;
  readonly step?: string | undefined;
}

export interface Reconciliation {
  readonly name: string;
  readonly kind: EntityKind;
  readonly system: string;
  readonly owner: string;
  readonly everyMinutes: number;
  readonly fullEveryHours: number;
  readonly fields: readonly string[];
  /** Policy by type of finding; other types are told only */
  readonly repair: Readonly<Record<string, string>>;
  /** Why it cannot run */
  readonly problem: string | null;
  /** By the system's clock */
  readonly readUpTo: string | null;
  /** How far the system's clock is ahead of ours */
  readonly clockAheadMs: number;
  readonly lastChangesAt: string | null;
  readonly lastFullAt: string | null;
  /** By state; ended ones of the last 30 days */
  readonly findings: Readonly<Record<string, number>>;
  /** From open to repaired or healed, of the last 30 days */
  readonly meanRepairMs: number | null;
  readonly lastRun: ReconciliationRun | null;
}

export type EntityKind = "customer" | "opportunity" | "order" | "invoice" | "shipment" | "entitlement" | "case" | "activity";

export interface ReconciliationRun {
  readonly id: string;
  readonly reconciliation: string;
  /** What has changed; everything; or, as a baseline, everything while what only the system has is taken for known, and is no drift */
  readonly mode: ReconciliationRunMode;
  readonly state: ReconciliationRunState;
  readonly phase: ReconciliationRunPhase;
  readonly startedAt: string;
  /** When its last page was stored */
  readonly updatedAt: string;
  readonly startedBy: string;
  readonly window: ComparedWindow;
  readonly progress: ComparisonProgress;
  readonly problem: string | null;
}

export type ReconciliationRunMode = "changes" | "full" | "baseline";

export type ReconciliationRunState = "running" | "done" | "failed";

export type ReconciliationRunPhase = "pages" | "sweep" | "trace" | "recheck" | "repair" | "done";

export interface ComparedWindow {
  readonly from: string | null;
  readonly until: string;
}

export interface ComparisonProgress {
  readonly pages: number;
  readonly compared: number;
  readonly opened: number;
  readonly healed: number;
  readonly repairs: number;
  readonly adopted: number;
}

export interface DriftHistory {
  readonly name: string;
  /** Newest first */
  readonly runs: readonly {
    readonly id: string;
    /** What has changed; everything; or, as a baseline, everything while what only the system has is taken for known, and is no drift */
    readonly mode: ReconciliationRunMode;
    readonly state: ReconciliationRunState;
    readonly startedAt: string;
    readonly tookMs: number;
    readonly compared: number;
    readonly found: number;
    readonly healed: number;
    readonly repairs: number;
    /** Taken for known by a baseline */
    readonly adopted: number;
    /** Of each thousand records compared */
    readonly foundPerThousand: number | null;
  }[];
  /** Findings that were told since then are timed */
  readonly since: string;
  /** From the change to the finding; deletions, of which nobody knows the moment, are not in it */
  readonly timeToDetect: TimeToDetect;
  /** From the finding to its end, by itself or by a repair */
  readonly timeToRepair: TimeToDetect;
}

export interface TimeToDetect {
  readonly count: number;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

export interface Drift {
  readonly items: readonly GetDriftAnswer[];
  readonly nextCursor: string | null;
  /** With the first page of open findings: sources that should have told something, and subscriptions that end; the alerts of these */
  readonly silence: readonly {
    readonly alertId: string;
    readonly rule: "source-silent" | "subscription-ending";
    readonly subject: string;
    readonly severity: AlertSeverity;
    readonly summary: string;
    readonly nextStep: string;
    readonly owner: Owner;
    readonly since: string;
  }[];
}

export interface GetDriftAnswer {
  readonly id: string;
  readonly reconciliation: string;
  readonly type: DriftType;
  readonly severity: GetDriftAnswerSeverity;
  readonly state: DriftState;
  readonly system: string;
  readonly kind: string;
  readonly key: string;
  readonly remoteId: string | null;
  readonly differences: readonly Difference[];
  readonly owner: Owner;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly timesSeen: number;
  readonly openedAt: string | null;
  readonly endedAt: string | null;
  readonly repairEventId: string | null;
  /** How often it was repaired since it was opened; after three times it waits for a person */
  readonly repairs: number;
  readonly reason: string | null;
  readonly acceptedUntil: string | null;
}

export type DriftType = "missingInErp" | "missingHere" | "mismatch" | "late" | "duplicateInErp" | "ownershipViolation";

export type GetDriftAnswerSeverity = "low" | "medium" | "high";

export type DriftState = "suspected" | "open" | "repairing" | "repaired" | "healed" | "accepted";

export interface Difference {
  readonly field: string;
  readonly expected: unknown;
  readonly found: unknown;
}

export type AlertSeverity = "info" | "warning" | "critical";

export interface RepairDriftAnswer {
  readonly finding: GetDriftAnswer;
  readonly how: RepairDirection;
  /** Null of a dry run */
  readonly eventId: string | null;
  readonly would: string;
}

export type RepairDirection = "push" | "pull";

export interface Source {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly scheme: string;
  readonly owner: string;
  readonly ready: boolean;
  readonly problem: string | null;
  /** The strongest that its scheme can reach */
  readonly verdict: "verified" | "authenticated" | "failed" | "unattempted";
  /** How its requests are proven */
  readonly check: string;
  readonly handshakes: readonly string[];
  /** Names, never values */
  readonly secrets: readonly {
    readonly name: string;
    readonly present: boolean;
    /** As router.config.ts says; the platform keeps no date */
    readonly since: string | null;
    readonly ageDays: number | null;
    readonly until: string | null;
  }[];
  readonly accounts: boolean;
  /** Among the newest events that the index holds */
  readonly lastAcceptedAt: string | null;
  readonly lastRejectedAt: string | null;
  readonly lastHandshakeAt: string | null;
  readonly rejectionsLastHour: number;
  /** At the sender, where they end unless they are renewed */
  readonly subscriptions: readonly {
    readonly id: string;
    readonly resource: string;
    readonly expiresAt: string;
    readonly renewedAt: string | null;
    readonly problem: string | null;
  }[];
}

export interface Account {
  readonly source: string;
  readonly account: string;
  readonly url: string;
  readonly state: AccountState;
  /** Names, never values */
  readonly secrets: readonly AccountSecret[];
  /** Until when the sender may bring its own secret */
  readonly registrationUntil: string | null;
  /** How long an isolate may still act on what it remembers */
  readonly effectiveWithinSeconds: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type AccountState = "active" | "disabled";

export interface AccountSecret {
  readonly name: string;
  readonly since: string;
  readonly until: string | null;
}

export interface AccountWithSecret extends Account {
  /** Only if it was made here, and only this once */
  readonly secret: string | null;
}

export interface RequestsOfMinute {
  readonly minute: string;
  readonly source: string;
  readonly reason: string;
  readonly count: number;
  readonly lastAt: string;
  readonly example: string;
}

export interface Overview {
  /** When it was read: some seconds old at most */
  readonly at: string;
  readonly waiting: readonly {
    readonly status: string;
    readonly events: number;
    /** There may be more */
    readonly atLeast: boolean;
    readonly oldestAt: string | null;
  }[];
  readonly deadLetters: readonly {
    readonly list: DeadLetterList;
    readonly owner: OwnerWithRunbook;
    readonly class: FailureClass;
    readonly letters: number;
  }[];
  readonly latestFailures: readonly DeadLetter[];
  readonly recent: {
    /** How many of the newest were looked at */
    readonly events: number;
    readonly since: string | null;
    /** From receipt to the last destination's effect, of those that arrived */
    readonly medianMs: number | null;
    readonly p95Ms: number | null;
    readonly latency: readonly { readonly upToMs: number | null; readonly events: number }[];
    readonly kinds: readonly {
      readonly kind: string | null;
      readonly arrived: number;
      readonly underWay: number;
      readonly needsPerson: number;
      /** Copies, older states and what was given up */
      readonly notNeeded: number;
    }[];
  };
  readonly destinations: readonly Destination[];
  readonly backlog: { readonly classes: readonly BacklogOfClass[] };
}

export interface BacklogOfClass {
  readonly class: string;
  /** Of the oldest event that a consumer took lately */
  readonly ageSeconds: number;
  readonly readAt: string | null;
  /** Why its messages stand back now */
  readonly deferred: string | null;
  /** Whether ingest tells its senders to come later */
  readonly refused: boolean;
}

export interface OperatorAction {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
}

export interface Metrics {
  readonly at: string;
  readonly metrics: readonly {
    readonly name: string;
    readonly type: "gauge" | "counter" | "histogram" | "info" | "stateset";
    readonly unit: string | null;
    readonly help: string;
    readonly samples: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
  }[];
}

export interface Alert {
  readonly id: string;
  readonly rule: AlertRule;
  readonly title: string;
  readonly subject: string;
  readonly severity: AlertSeverity;
  /** pending: it holds, but not for long enough yet to tell anybody */
  readonly state: AlertState;
  readonly summary: string;
  readonly nextStep: string;
  readonly owner: Owner;
  readonly runbook: string;
  /** The dashboard's page that shows it */
  readonly page: string;
  /** How many times it has opened */
  readonly occurrence: number;
  readonly since: string;
  readonly openedAt: string | null;
  readonly endedAt: string | null;
  readonly acknowledged: Acknowledged | null;
  readonly silenced: Silenced | null;
  readonly channels: readonly AlertChannel[];
}

export type AlertRule =
  | "sla-burn"
  | "destination-open"
  | "destination-paused"
  | "dead-letters"
  | "backlog-age"
  | "drift"
  | "flow-waits"
  | "source-silent"
  | "signature-failures"
  | "subscription-ending";

export type AlertState = "pending" | "open" | "acknowledged" | "resolved";

export interface Acknowledged {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

export interface Silenced {
  readonly by: string;
  readonly reason: string;
  readonly until: string;
}

export interface AlertChannel {
  readonly channel: string;
  /** The last that it took */
  readonly told: AlertChannelTold | null;
  readonly at: string | null;
  readonly problem: string | null;
}

export type AlertChannelTold = "open" | "acknowledged" | "resolved";

export interface Sla {
  readonly name: string;
  readonly title: string;
  /** How it stands, in a sentence with its figures */
  readonly statement: string;
  readonly owner: OwnerWithRunbook;
  /** Routes that are held to it */
  readonly routes: readonly string[];
  readonly measures: SlaMeasure;
  readonly within: string | null;
  readonly window: string;
  readonly target: number;
  readonly at: string;
  /** atRisk: it would be breached if all went on as in the last twelfth of the window */
  readonly state: SlaState;
  /** The part that was good, of all that was decided within the window */
  readonly attainment: number | null;
  readonly badShare: number | null;
  /** How many times faster than allowed the error budget is used up, in the window */
  readonly burnRate: number | null;
  /** The same in its last twelfth */
  readonly recentBurnRate: number | null;
  readonly good: number;
  readonly bad: number;
  /** Begun, not ended, and still in time */
  readonly open: number;
  /** Late, and not ended yet */
  readonly overdue: number;
  /** The class's upper end that half of the ended spans do not exceed */
  readonly medianAtMostMs: number | null;
  readonly p95AtMostMs: number | null;
}

export type SlaMeasure = "milestones" | "failed" | "replayed";

export type SlaState = "met" | "atRisk" | "breached" | "noData";

export interface GetSlaAnswer {
  readonly sla: Sla;
  readonly late: {
    readonly items: readonly {
      readonly entity: EntityRef;
      /** The event that began it */
      readonly eventId: string;
      readonly startedAt: string;
      readonly dueAt: string;
      readonly endedAt: string | null;
      /** Taken back after it was late */
      readonly withdrawn: boolean;
    }[];
    readonly nextCursor: string | null;
  };
}

export interface Import {
  readonly name: string;
  readonly source: string;
  readonly owner: string;
  readonly prefix: string;
  readonly format: string;
  /** `held`: it could not go on and tries again every minute */
  readonly state: "idle" | "reading" | "held" | "misconfigured";
  readonly problem: string | null;
  readonly current: {
    readonly file: string;
    readonly bytes: number;
    readonly bytesRead: number;
    readonly startedAt: string;
    /** Read so far; the line with the names of the columns does not count */
    readonly rows: number;
    /** Put in as events */
    readonly accepted: number;
    /** In the report; each chunk of them is a dead letter that can be retried */
    readonly refused: number;
  } | null;
  /** Newest first */
  readonly last: readonly {
    readonly file: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    /** Read so far; the line with the names of the columns does not count */
    readonly rows: number;
    /** Put in as events */
    readonly accepted: number;
    /** In the report; each chunk of them is a dead letter that can be retried */
    readonly refused: number;
    /** Why it was not read to its end */
    readonly stopped: string | null;
    /** Where the file is now */
    readonly keptAt: string | null;
    /** The refused rows with the reasons, as NDJSON in the bucket */
    readonly report: string | null;
  }[];
}

export interface Export {
  readonly name: string;
  readonly destination: string;
  readonly kind: string;
  readonly owner: string;
  readonly folder: string;
  readonly state: "idle" | "writing" | "misconfigured";
  readonly problem: string | null;
  /** Newest first */
  readonly last: readonly {
    readonly file: string;
    readonly at: string;
    readonly rows: number;
    /** Deleted records, where no column tells of them */
    readonly leftOut: number;
  }[];
}

export interface Key {
  readonly id: string;
  readonly name: string;
  /** How the audit trail names it */
  readonly actor: string;
  readonly owner: string;
  readonly role: KeyRole;
  /** The only calls it may make; null: all that its role may */
  readonly operations: readonly string[] | null;
  readonly state: KeyState;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** To the hour or so */
  readonly lastUsedAt: string | null;
  readonly revokedBy: string | null;
  readonly revokedAt: string | null;
}

export type KeyRole = "viewer" | "operator" | "approver" | "admin";

export type KeyState = "active" | "expired" | "revoked";

export interface CreateKeyAnswer extends Key {
  /** Only this once */
  readonly key: string;
}

export interface VerifyAuditAnswer {
  /** Of this part */
  readonly intact: boolean;
  readonly checked: { readonly entities: number; readonly lines: number; readonly rows: number; readonly actions: number };
  /** What is not as it was written */
  readonly broken: readonly {
    readonly where: "history" | "index" | "actions";
    readonly entity?: string | undefined;
    readonly seq?: number | undefined;
    readonly eventId?: string | undefined;
    readonly actionId?: string | undefined;
    readonly reason: string;
  }[];
  readonly nextCursor: string | null;
}

export interface Erasure {
  /** Null of a dry run */
  readonly id: string | null;
  readonly state: ErasureState;
  /** Whether everything was gone over; until then, ask again */
  readonly complete: boolean;
  /** A digest with a secret key */
  readonly subject: string;
  readonly phase: ErasurePhase;
  /** What went, or of a dry run would go */
  readonly counts: Count;
  readonly askedBy: string;
  readonly reason: string;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  /** Once it is done, signed as exports of the audit trail are (a compact JWS) */
  readonly receipt: string | null;
  /** Of a dry run that is not complete */
  readonly nextCursor: string | null;
}

export type ErasureState = "dryRun" | "running" | "done";

export type ErasurePhase = "find" | "records" | "events" | "done";

export interface Count {
  readonly records: number;
  readonly lines: number;
  readonly work: number;
  readonly events: number;
  readonly bodies: number;
  readonly letters: number;
  readonly states: number;
}

export interface Subject {
  readonly email?: string | undefined;
  readonly entity?: string | undefined;
}

export interface ExplainRoutesAnswer {
  readonly lanes: readonly {
    readonly destination: string;
    readonly route: string;
    readonly owner: string;
    /** Why ownership would refuse the write there */
    readonly refused: string | null;
    /** Fields that the destination owns, and would not be sent */
    readonly withheld: readonly string[];
  }[];
  readonly routing: readonly RoutingDecision[];
}

export interface Ownership {
  readonly owners: Readonly<Record<string, { readonly team: string; readonly contact: string; readonly runbook?: string | undefined }>>;
  readonly items: readonly {
    readonly what: "source" | "destination" | "route" | "sla" | "service" | "api" | "schema" | "incident";
    readonly name: string;
    readonly owner: string;
    /** Of a route */
    readonly dataClass?: "public" | "internal" | "confidential" | "personal" | undefined;
    /** Of a route: what its deliveries are held to */
    readonly sla?: string | undefined;
    /** Of a schema */
    readonly version?: number | undefined;
  }[];
  /** The system that owns each kind, and single fields of it */
  readonly matrix: readonly { readonly kind: string; readonly system: string; readonly fields: Readonly<Record<string, string>> }[];
}

/** What each call takes and answers. */
export interface Operations {
  /** Events, newest first. Role: viewer. */
  listEvents: {
    readonly params: {};
    readonly query: {
      readonly entity?: string | undefined;
      readonly source?: string | undefined;
      readonly type?: string | undefined;
      readonly status?: EventStatus | undefined;
      readonly class?: FailureClass | undefined;
      readonly destination?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Page<Event>;
  };
  /** One event with its attempts and why it was routed so. Role: viewer. */
  getEvent: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: Event;
  };
  /** The raw body as it came. Role: operator. */
  getRaw: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: Bytes;
  };
  /** The event's data as today's mapping reads it, and what it changed; personal data only from operator on. Role: viewer. */
  getPayload: {
    readonly params: { readonly id: string };
    readonly query: {
      /** The event to compare with; default: the one before it from the same source */
      readonly against?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: Payload;
  };
  /** An entity: its timeline, lanes and linked ids. Role: viewer. */
  getEntity: {
    readonly params: EntityRef;
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: Entity;
  };
  /** Walks the entity's hash chain. Role: viewer. */
  verifyEntity: {
    readonly params: EntityRef;
    readonly query: {};
    readonly body: undefined;
    readonly answer: VerifyEntityAnswer;
  };
  /** Every hop of a correlation id, event id, remote id or business number. Role: viewer. */
  trace: {
    readonly params: { readonly anyKey: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: TraceAnswer;
  };
  /** What needs a person: `business` letters concern data and systems, `platform` ones our own processing. Role: viewer. */
  listDeadLetters: {
    readonly params: {};
    readonly query: {
      readonly list?: DeadLetterList | undefined;
      readonly status?: DeadLetterStatus | undefined;
      readonly owner?: string | undefined;
      readonly class?: FailureClass | undefined;
      readonly destination?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Page<DeadLetter>;
  };
  /** One dead letter. Role: viewer. */
  getDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: DeadLetter;
  };
  /** Tries it again. Role: operator. */
  retryDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: ForcedReason;
    readonly answer: DeadLetterAction;
  };
  /** Mends the data by a JSON Merge Patch, or an unreadable body by another one, and tries it again; the original is kept. Role: operator. */
  editDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: {
      readonly reason: string;
      readonly force?: boolean | undefined;
      readonly patch?: Readonly<Record<string, unknown>> | undefined;
      readonly body?: string | undefined;
    };
    readonly answer: DeadLetterAction;
  };
  /** Gives it up. Role: operator. */
  skipDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: ForcedReason;
    readonly answer: DeadLetterAction;
  };
  /** Destinations and their health. Role: viewer. */
  listDestinations: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Page<Destination>;
  };
  /** Holds everything for it, in order. Role: operator. */
  pauseDestination: {
    readonly params: { readonly name: string };
    readonly query: {};
    readonly body: ForcedReason;
    readonly answer: Destination;
  };
  /** Lets what is held go on, in order. Role: operator. */
  resumeDestination: {
    readonly params: { readonly name: string };
    readonly query: {};
    readonly body: ForcedReason;
    readonly answer: Destination;
  };
  /** Replays, newest first. Role: viewer. */
  listReplays: {
    readonly params: {};
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: Page<Replay>;
  };
  /** Plans a replay, and unless it is a dry run starts it or lets it wait for an approver. Role: operator. */
  createReplay: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      readonly query: ReplayQuery;
      /** Where alone the events go; default: the query's destination */
      readonly destinations?: readonly string[] | undefined;
      /** Over newer states too; needs an approver */
      readonly force?: boolean | undefined;
      readonly ratePerSecond?: number | undefined;
      /** Hours in which it may run, UTC; `to` before `from` is on the next day */
      readonly window?: ReplayWindow | undefined;
      readonly dryRun?: boolean | undefined;
      readonly reason: string;
    };
    readonly answer: Replay;
  };
  /** A replay: its plan and how far it is. Role: viewer. */
  getReplay: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: Replay;
  };
  /** Lets a replay begin that someone else asked for. Role: approver. Not for API keys. */
  approveReplay: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Replay;
  };
  /** Stops a replay within a second; what was put in already goes on. Role: operator. */
  cancelReplay: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Replay;
  };
  /** Runs of business flows, newest first. Role: viewer. */
  listFlows: {
    readonly params: {};
    readonly query: {
      readonly flow?: string | undefined;
      readonly state?: FlowState | undefined;
      /** Of the record that a run is about */
      readonly key?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Page<Flow>;
  };
  /** A run as a timeline: its steps, waits, deadlines and compensations. Role: viewer. */
  getFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: FlowRun;
  };
  /** Goes on from a step, or compensates again what could not be compensated. Role: operator. */
  retryFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: StepReason;
    readonly answer: FlowRun;
  };
  /** Goes past the step that a run stands at. Role: approver. */
  skipFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: StepReason;
    readonly answer: FlowRun;
  };
  /** Ends a run, with everything that it did taken back. Role: operator. */
  cancelFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: FlowRun;
  };
  /** What is compared with the systems of record, how far it is, and what it has found. Role: viewer. */
  listReconciliations: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Page<Reconciliation>;
  };
  /** Compares now: what has changed, or everything. Role: operator. */
  runReconciliation: {
    readonly params: { readonly name: string };
    readonly query: {};
    readonly body: {
      /** What has changed; everything; or, as a baseline, everything while what only the system has is taken for known, and is no drift */
      readonly mode?: ReconciliationRunMode | undefined;
      readonly reason: string;
    };
    readonly answer: ReconciliationRun;
  };
  /** What each run compared and found, and how long findings took to be told and to end. Role: viewer. */
  getDriftHistory: {
    readonly params: { readonly name: string };
    readonly query: { readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: DriftHistory;
  };
  /** Findings: where a system of record and what we know of it differ. Role: viewer. */
  listDrift: {
    readonly params: {};
    readonly query: {
      readonly reconciliation?: string | undefined;
      readonly state?: DriftState | undefined;
      readonly type?: DriftType | undefined;
      readonly owner?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Drift;
  };
  /** One finding. Role: viewer. */
  getDrift: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: GetDriftAnswer;
  };
  /** Puts it right by an event: from what we know to the system (push), or from the system to the rest (pull). Role: operator. */
  repairDrift: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: {
      /** Absent: as the reconciliation's policy says */
      readonly how?: RepairDirection | undefined;
      /** Only says what would be done */
      readonly dryRun?: boolean | undefined;
      readonly reason: string;
    };
    readonly answer: RepairDriftAnswer;
  };
  /** Lets a difference be until a day. Role: operator. */
  acceptDrift: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly until: string; readonly reason: string };
    readonly answer: GetDriftAnswer;
  };
  /** Sources and whether they are ready. Role: viewer. */
  listSources: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Page<Source>;
  };
  /** Accounts of a source that has several. Role: viewer. */
  listAccounts: {
    readonly params: { readonly source: string };
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: Page<Account>;
  };
  /** Makes an account with a URL and a secret of its own. Role: admin. */
  createAccount: {
    readonly params: { readonly source: string };
    readonly query: {};
    readonly body: {
      readonly account: string;
      readonly secret?: string | undefined;
      readonly bringsSecret?: boolean | undefined;
      readonly reason: string;
    };
    readonly answer: AccountWithSecret;
  };
  /** Gives it another secret; the earlier one is accepted for a while. Role: admin. */
  rotateAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly secret?: string | undefined; readonly overlapSeconds?: number | undefined; readonly reason: string };
    readonly answer: AccountWithSecret;
  };
  /** Lets nothing of it in any more. Role: admin. */
  disableAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Account;
  };
  /** Lets it in again. Role: admin. */
  enableAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Account;
  };
  /** Opens a window in which the sender may bring its own secret, once. Role: admin. */
  registerAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Account;
  };
  /** What senders asked beside their events, counted by minute. Role: viewer. */
  listHandshakes: {
    readonly params: {};
    readonly query: {
      readonly source?: string | undefined;
      readonly from?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Page<RequestsOfMinute>;
  };
  /** What waits, what needs a person, how fast events arrive, and how the destinations are. Role: viewer. */
  getOverview: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Overview;
  };
  /** What operators did and why, newest first. Role: viewer. */
  listOperatorActions: {
    readonly params: {};
    readonly query: { readonly actor?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: Page<OperatorAction>;
  };
  /** Every metric of /metrics, as JSON. Role: viewer. */
  getMetrics: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Metrics;
  };
  /** Alerts; without a state, those that are open or acknowledged. Role: viewer. */
  listAlerts: {
    readonly params: {};
    readonly query: {
      readonly state?: AlertState | undefined;
      readonly owner?: string | undefined;
      readonly severity?: AlertSeverity | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Page<Alert>;
  };
  /** Says that somebody looks after it. Role: operator. */
  acknowledgeAlert: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Alert;
  };
  /** Tells nobody of it until then, 30 days ahead at most; null tells again. Role: operator. */
  silenceAlert: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly until: string | null };
    readonly answer: Alert;
  };
  /** Every declared SLA, how it stands, and how fast it uses up what it allows. Role: viewer. */
  listSlas: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Page<Sla>;
  };
  /** One SLA with the records that are late, the latest deadline first. Role: viewer. */
  getSla: {
    readonly params: { readonly name: string };
    readonly query: {
      /** Late and still owed, ended after all, or both */
      readonly state?: "waiting" | "ended" | "all" | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: GetSlaAnswer;
  };
  /** File imports: what is being read, and the last files with their counts and reports. Role: viewer. */
  listImports: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Page<Import>;
  };
  /** File exports and the last files. Role: viewer. */
  listExports: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Page<Export>;
  };
  /** API keys, by name. Role: admin. */
  listKeys: {
    readonly params: {};
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: Page<Key>;
  };
  /** Makes an API key, and shows it this once. Role: admin. Not for API keys. */
  createKey: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      readonly name: string;
      /** Who answers for it: an owner of router.config.ts */
      readonly owner: string;
      readonly role: KeyRole;
      /** The only calls it may make, by operationId */
      readonly operations?: readonly string[] | undefined;
      readonly expiresInDays?: number | undefined;
      readonly reason: string;
    };
    readonly answer: CreateKeyAnswer;
  };
  /** Ends an API key at once and for good. Role: admin. */
  revokeKey: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: Key;
  };
  /** Walks hash chains and holds the index against them, a bounded part a call; send nextCursor again for the next. Role: viewer. */
  verifyAudit: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      /** One record; without it, all with events of the period */
      readonly entity?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly cursor?: string | undefined;
    };
    readonly answer: VerifyAuditAnswer;
  };
  /** A part of the period's history as signed NDJSON; its last line names the next part. Role: operator. */
  exportAudit: {
    readonly params: {};
    readonly query: { readonly from?: string | undefined; readonly to?: string | undefined; readonly cursor?: string | undefined };
    readonly body: undefined;
    readonly answer: Bytes;
  };
  /** Erasures, newest first. Role: approver. */
  listErasures: {
    readonly params: {};
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: Page<Erasure>;
  };
  /** Says what would be erased, or with dryRun false begins to. Role: approver. Not for API keys. */
  createErasure: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      /** Whose data: an e-mail address, or one record. It is kept nowhere but as a digest */
      readonly subject: Subject;
      readonly dryRun?: boolean | undefined;
      readonly reason: string;
      /** Of a dry run: where it goes on */
      readonly cursor?: string | undefined;
    };
    readonly answer: Erasure;
  };
  /** One erasure, with its receipt. Role: approver. */
  getErasure: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: Erasure;
  };
  /** Does the next part of an erasure; the subject comes with each call, since it is not kept. Role: approver. Not for API keys. */
  continueErasure: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: {
      /** Whose data: an e-mail address, or one record. It is kept nowhere but as a digest */
      readonly subject: Subject;
    };
    readonly answer: Erasure;
  };
  /** What was not let in, counted by minute, with the precise reason. Role: viewer. */
  listRejections: {
    readonly params: {};
    readonly query: {
      readonly source?: string | undefined;
      readonly from?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: Page<RequestsOfMinute>;
  };
  /** How far each class is behind, what is deferred for it, and what is refused at ingest. Role: viewer. */
  getBacklog: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: { readonly classes: readonly BacklogOfClass[] };
  };
  /** Where an event would go and why, without sending anything. Role: viewer. */
  explainRoutes: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      readonly source: string;
      readonly kind: EntityKind;
      readonly key?: string | undefined;
      readonly nature?: "snapshot" | "delta" | "hint" | undefined;
      /** The entity in canonical fields */
      readonly data: Readonly<Record<string, unknown>>;
    };
    readonly answer: ExplainRoutesAnswer;
  };
  /** Who answers for what: sources, destinations, routes, SLAs, services, APIs, schemas, incidents; and which system owns which data. Role: viewer. */
  listOwnership: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: Ownership;
  };
}

/** Where each call goes. */
export const ROUTES = {
  listEvents: { method: "get", path: "/ops/v1/events" },
  getEvent: { method: "get", path: "/ops/v1/events/{id}" },
  getRaw: { method: "get", path: "/ops/v1/events/{id}/raw" },
  getPayload: { method: "get", path: "/ops/v1/events/{id}/payload" },
  getEntity: { method: "get", path: "/ops/v1/entities/{kind}/{key}" },
  verifyEntity: { method: "get", path: "/ops/v1/entities/{kind}/{key}/verify" },
  trace: { method: "get", path: "/ops/v1/trace/{anyKey}" },
  listDeadLetters: { method: "get", path: "/ops/v1/dead-letters" },
  getDeadLetter: { method: "get", path: "/ops/v1/dead-letters/{id}" },
  retryDeadLetter: { method: "post", path: "/ops/v1/dead-letters/{id}/retry" },
  editDeadLetter: { method: "post", path: "/ops/v1/dead-letters/{id}/edit" },
  skipDeadLetter: { method: "post", path: "/ops/v1/dead-letters/{id}/skip" },
  listDestinations: { method: "get", path: "/ops/v1/destinations" },
  pauseDestination: { method: "post", path: "/ops/v1/destinations/{name}/pause" },
  resumeDestination: { method: "post", path: "/ops/v1/destinations/{name}/resume" },
  listReplays: { method: "get", path: "/ops/v1/replays" },
  createReplay: { method: "post", path: "/ops/v1/replays" },
  getReplay: { method: "get", path: "/ops/v1/replays/{id}" },
  approveReplay: { method: "post", path: "/ops/v1/replays/{id}/approve" },
  cancelReplay: { method: "post", path: "/ops/v1/replays/{id}/cancel" },
  listFlows: { method: "get", path: "/ops/v1/flows" },
  getFlow: { method: "get", path: "/ops/v1/flows/{id}" },
  retryFlow: { method: "post", path: "/ops/v1/flows/{id}/retry" },
  skipFlow: { method: "post", path: "/ops/v1/flows/{id}/skip" },
  cancelFlow: { method: "post", path: "/ops/v1/flows/{id}/cancel" },
  listReconciliations: { method: "get", path: "/ops/v1/reconciliations" },
  runReconciliation: { method: "post", path: "/ops/v1/reconciliations/{name}/run" },
  getDriftHistory: { method: "get", path: "/ops/v1/reconciliations/{name}/history" },
  listDrift: { method: "get", path: "/ops/v1/drift" },
  getDrift: { method: "get", path: "/ops/v1/drift/{id}" },
  repairDrift: { method: "post", path: "/ops/v1/drift/{id}/repair" },
  acceptDrift: { method: "post", path: "/ops/v1/drift/{id}/accept" },
  listSources: { method: "get", path: "/ops/v1/sources" },
  listAccounts: { method: "get", path: "/ops/v1/sources/{source}/accounts" },
  createAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts" },
  rotateAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/rotate" },
  disableAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/disable" },
  enableAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/enable" },
  registerAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/register" },
  listHandshakes: { method: "get", path: "/ops/v1/handshakes" },
  getOverview: { method: "get", path: "/ops/v1/overview" },
  listOperatorActions: { method: "get", path: "/ops/v1/operator-actions" },
  getMetrics: { method: "get", path: "/ops/v1/metrics.json" },
  listAlerts: { method: "get", path: "/ops/v1/alerts" },
  acknowledgeAlert: { method: "post", path: "/ops/v1/alerts/{id}/acknowledge" },
  silenceAlert: { method: "post", path: "/ops/v1/alerts/{id}/silence" },
  listSlas: { method: "get", path: "/ops/v1/slas" },
  getSla: { method: "get", path: "/ops/v1/slas/{name}" },
  listImports: { method: "get", path: "/ops/v1/imports" },
  listExports: { method: "get", path: "/ops/v1/exports" },
  listKeys: { method: "get", path: "/ops/v1/keys" },
  createKey: { method: "post", path: "/ops/v1/keys" },
  revokeKey: { method: "post", path: "/ops/v1/keys/{id}/revoke" },
  verifyAudit: { method: "post", path: "/ops/v1/audit/verify" },
  exportAudit: { method: "get", path: "/ops/v1/audit/export" },
  listErasures: { method: "get", path: "/ops/v1/erasures" },
  createErasure: { method: "post", path: "/ops/v1/erasures" },
  getErasure: { method: "get", path: "/ops/v1/erasures/{id}" },
  continueErasure: { method: "post", path: "/ops/v1/erasures/{id}/continue" },
  listRejections: { method: "get", path: "/ops/v1/rejections" },
  getBacklog: { method: "get", path: "/ops/v1/backlog" },
  explainRoutes: { method: "post", path: "/ops/v1/routes/explain" },
  listOwnership: { method: "get", path: "/ops/v1/ownership" },
} as const satisfies Readonly<Record<keyof Operations, { readonly method: "get" | "post"; readonly path: string }>>;
