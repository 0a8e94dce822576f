import type { DIGEST_SOURCE, DigestConfig } from "./digest/define.ts";
import type { AlertsConfig } from "./alerts/define.ts";
import type { EntityKind } from "./entities/index.ts";
import type { Priority } from "./event.ts";
import type { When } from "./conditions.ts";
import type { FlowName } from "./flows/index.ts";
import type { FindingType } from "./reconciliation/findings.ts";
import type { DataClass, Responsibilities } from "./governance.ts";
import type { ObjectMap } from "./mapping.ts";
import type { ServicesConfig } from "./services.ts";
import type { SlaConfig } from "./slas/declare.ts";
import type { Weekday } from "./weekdays.ts";

/** A person or team that answers for something, and how to reach them. */
export interface OwnerConfig {
  readonly team: string;
  readonly contact: string;
  readonly runbook?: string;
}

/** A secret by the name of its environment variable. Both of two live secrets are accepted during a rotation. */
export interface SecretRef {
  readonly env: string;
  /** A secret that may be absent, such as the second one of a rotation. */
  readonly optional?: boolean;
  /** Refused from this day on (ISO date, UTC). */
  readonly until?: string;
  /** In use since this day (ISO date), so that its age can be shown: the platform tells nobody when a secret was put. */
  readonly since?: string;
  /** The check that it is for, where a source makes several, such as "basic" beside "hmac". */
  readonly for?: string;
  /** The id that the sender gives with its signature, where keys have one. */
  readonly keyId?: string;
}

/** What becomes of a request whose proof is less than `verified`. A failed one is never let through. */
export interface VerdictPolicy {
  /** Default `accept`. */
  readonly authenticated?: "accept" | "quarantine" | "reject";
  /** Default `reject`. */
  readonly unattempted?: "accept" | "quarantine" | "reject";
  /** Default `reject`. */
  readonly failed?: "quarantine" | "reject";
}

export interface SourceConfig<Owner extends string = string> {
  /** One of the schemes in src/sources/index.ts. */
  readonly scheme: string;
  readonly title?: string;
  readonly owner: Owner;
  readonly secrets: readonly SecretRef[];
  /** What the scheme asks for; see the source's file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly priority: Priority | Readonly<Partial<Record<EntityKind, Priority>>>;
  /** The sender's record types: the team's fields and objects, merged over the built-in ones. */
  readonly objects?: Readonly<Record<string, ObjectMap>>;
  /** Refuse bodies above this; at most LIMITS.bodyBytes. */
  readonly maxBodyBytes?: number;
  readonly onVerdict?: VerdictPolicy;
  /** Asked beside the scheme's own check: addresses that may send, in CIDR form. */
  readonly ipRanges?: readonly string[];
  /** The origin under which the sender knows us, such as `https://hooks.example.com`, where another router stands before ours. */
  readonly publicOrigin?: string;
  /** Requests a second that are let in, and how many at once after a pause (default: one second's). Absent: no limit of its own. */
  readonly rate?: { readonly perSecond: number; readonly burst?: number };
  /**
   * Takes `/in/{source}/{account}` too, each with secrets of its own. `perAccount`: record ids mean something within
   * an account only, and the entity's key begins with the account; `shared`: ids are unique over all accounts.
   */
  readonly accounts?: { readonly keys: "perAccount" | "shared" };
  /**
   * For sources that tell of changes, not of states: how long a change waits for one before it that is missing (default
   * 30,000 ms), and how long every change waits for late ones (default 0: not at all).
   */
  readonly patience?: { readonly gapMs?: number; readonly windowMs?: number };
  /** The system that it speaks for, as the ownership matrix calls it; absent: the first of `echoOf`, else its own name. */
  readonly system?: string;
  /** The destinations that are this same system: what it tells of our own writes there is an echo, and goes no further. */
  readonly echoOf?: readonly string[];
  /** Hints of this source are read back from this destination, and what is read is delivered. */
  readonly readBack?: { readonly destination: string };
  /** Something should come at least so often, or its owner is told that it has gone silent. */
  readonly expectEveryMinutes?: number;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Dead after this long, whatever the attempts. */
  readonly maxAgeMs: number;
}

/**
 * `binding`: a VPC service or network for a system on premises, or a client certificate (`mtls_certificates`); see
 * docs/on-premises.md. `bucket`: an R2 bucket, for a system that only takes files; see `exports`.
 */
export type Via = { readonly binding: string } | { readonly bucket: string };

export interface DestinationConfig<Owner extends string = string> {
  /** One of the modules in src/destinations/index.ts. */
  readonly module: string;
  readonly title?: string;
  readonly owner: Owner;
  /** The system that it is, as the ownership matrix calls it; absent: its own name. */
  readonly system?: string;
  /** Name of the variable that holds its base URL; absent only where `via` names a bucket. */
  readonly url?: { readonly env: string };
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment variables of the secrets that the module asks for, by the module's names. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What requests go through instead of the internet, by a name in wrangler.toml. Without it there, nothing is sent at all. */
  readonly via?: Via;
  /** How long an answer is waited for (default 10 s); for as long again, a request without one may still have its effect. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  /**
   * What it may be asked to bear; the rates hold together, each above zero. `burst`: how many at once after a pause (default:
   * one second's worth of each rate). `weights`: the classes' parts of it under contention, whole numbers from 1 to 100
   * (default 6 : 3 : 1).
   */
  readonly limits?: {
    readonly perSecond?: number;
    readonly perMinute?: number;
    readonly perHour?: number;
    readonly burst?: number;
    readonly concurrency?: number;
    readonly weights?: Readonly<Partial<Record<Priority, number>>>;
  };
  readonly breaker?: { readonly failures?: number; readonly openMs?: number };
}

export interface RouteConfig<
  Source extends string = string,
  Destination extends string = string,
  Owner extends string = string,
  Sla extends string = string,
> {
  readonly name: string;
  readonly owner: Owner;
  readonly kind: EntityKind;
  /** Sources it takes events from; absent: all. */
  readonly from?: readonly Source[];
  /** Conditions on the entity's data; all must hold. */
  readonly when?: When;
  /**
   * Of the routes that name one policy, the first that matches decides and the others do not apply, in the order in which
   * they stand. One without conditions at the end is the default.
   */
  readonly policy?: string;
  readonly to: readonly Destination[];
  /** Pending snapshots of one entity may collapse into the newest. */
  readonly collapse?: boolean;
  /** What followers of a dead event do: wait for it (default for deltas), or go on (default for snapshots). */
  readonly afterDead?: "halt" | "continue";
  /** How carefully its data is to be handled. The check wants it of every route, and the SLA too. */
  readonly dataClass?: DataClass;
  /** The declared SLA that its deliveries are held to. */
  readonly sla?: Sla;
}

/**
 * A kind that moves from one system to another without its senders noticing. `old`: only the old system is written;
 * `dual`: both are, and a reconciliation can hold them against each other; `new`: only the new one.
 */
export interface MigrationConfig<Destination extends string = string> {
  readonly kind: EntityKind;
  readonly from: Destination;
  readonly to: Destination;
  readonly phase: "old" | "dual" | "new";
}

/** Which system owns a kind of record, and single fields of it: only an owner's word counts there. */
export interface OwnershipRow {
  readonly system: string;
  /** Owners of single canonical fields, where they differ. */
  readonly fields?: Readonly<Record<string, string>>;
}

export type OwnershipMatrix = Readonly<Partial<Record<EntityKind, OwnershipRow>>>;

/** What is done about drift: told to the owner; put right here from what the system says; or put right there from what we know. */
export type RepairPolicy = "alert" | "pull" | "push";

/** A kind of record in a system that is compared with what we know of it, by cron. */
export interface ReconciliationConfig<Destination extends string = string, Owner extends string = string> {
  readonly kind: EntityKind;
  /** The destination that is read. */
  readonly system: Destination;
  readonly owner: Owner;
  /** How often what has changed is compared. */
  readonly everyMinutes: number;
  /** How often all records are, for deletions and backdated rows (default 24). */
  readonly fullEveryHours?: number;
  /** Compared fields with the largest difference that is none; absent: the kind's own. */
  readonly fields?: readonly { readonly field: string; readonly tolerance?: string }[];
  /** What is younger may still be on its way (default 15 minutes). */
  readonly graceMinutes?: number;
  /** Default: what the module knows of the system's stamps. */
  readonly overlapMs?: number;
  readonly lagMs?: number;
  readonly pageSize?: number;
  /** Of each type of finding; absent types are told. */
  readonly repair?: Readonly<Partial<Record<FindingType, RepairPolicy>> & { readonly late?: "alert" }>;
  /** More open findings than this are a storm: they are told as one, and nothing is repaired (default 100). */
  readonly stormAbove?: number;
}

/** A column of a file, and how its values are read. */
interface ColumnRule<As extends string> {
  readonly column: string;
  readonly as: As;
}

/** Files that are put into the bucket FILES, each row of them an event of a source. */
export interface ImportConfig<Source extends string = string, Owner extends string = string> {
  /** The source that the rows come from: its objects map them, its routes take them. */
  readonly source: Source;
  readonly owner: Owner;
  /** Where files are put: begins with `inbox/` and ends with `/`. Whoever may write there is taken for the sender. */
  readonly prefix: `inbox/${string}`;
  readonly format: "csv" | "ndjson";
  /** Of a CSV file; default a comma. */
  readonly delimiter?: string;
  /** A name of the source's objects, or the column that holds it. A column's dots lead into an object, as in JSON. */
  readonly object: string | { readonly column: string };
  /** The column with an id of the row that stays the same when it is sent again; default: file, version and row number. */
  readonly deliveryId?: string;
  readonly occurredAt?: ColumnRule<"iso" | "s" | "ms">;
  /** What says which of two rows about one record is newer; absent: the later one. */
  readonly order?: ColumnRule<"int" | "iso" | "s" | "ms" | "lex">;
}

/** A file that is written on a schedule from what routes have brought to a destination. */
export interface ExportConfig<Destination extends string = string, Owner extends string = string> {
  /** The destination, of module `file`, whose records it holds. */
  readonly destination: Destination;
  readonly kind: EntityKind;
  readonly owner: Owner;
  /** Where the files go: begins with `outbox/` and ends with `/`. */
  readonly folder: `outbox/${string}`;
  readonly format: "csv" | "ndjson";
  /** One of both: a time of day as "HH:MM" in UTC, or how often. */
  readonly at?: string;
  readonly everyMinutes?: number;
  /**
   * `field`: a field of the kind, or a path below one (`total.amount`), or `kind`, `key`, `deleted`, `occurredAt`, `source`,
   * `eventId`. Without a column for `deleted`, deleted records are left out.
   */
  readonly columns: readonly { readonly header: string; readonly field: string }[];
}

/** A flow that is switched on. What it may be told in `policy`, its file in src/domain/flows says. */
export interface FlowConfig<Destination extends string = string, Owner extends string = string> {
  readonly owner: Owner;
  /** The destinations that play these parts; what is left out, the flow does without. */
  readonly erp?: Destination;
  readonly crm?: Destination;
  readonly support?: Destination;
  readonly provisioning?: Destination;
  /** Who hears what it publishes. */
  readonly publishTo?: readonly Destination[];
  /** Only records that fulfil this begin a run. */
  readonly when?: When;
  readonly policy?: Readonly<Record<string, unknown>>;
  /** A run that waits for a person longer than this is an alert to the owner (default 8). */
  readonly personWithinHours?: number;
  /** Where each run keeps a record of its state, as an activity. */
  readonly writeBack?: Destination;
}

/** How long what is stored. */
export interface RetentionConfig {
  /** Days for which a record remembers its deliveries, and its timeline's lines: 30 or more, which is the default. */
  readonly ledgerDays?: number;
  /** Days for which the index lists finished events: 90 unless told; at least the ledger's. Unfinished ones stay. */
  readonly indexDays?: number;
}

/** Hours in which replays may run: times of day as "HH:MM" in UTC; `to` before `from` is on the next day. Absent days: every day. */
export interface ReplayWindow {
  readonly from: string;
  readonly to: string;
  readonly days?: readonly Weekday[];
}

export interface ReplayConfig {
  /** A replay of more events than this waits for an approver. */
  readonly approvalAbove?: number;
  /** Replays run only in one of these; absent: at any time. */
  readonly windows?: readonly ReplayWindow[];
  /** The most events a second that any replay may put in. */
  readonly perSecond?: number;
}

/** Where traces go, as OTLP over HTTP in JSON; absent, or its variable not set: nowhere. */
export interface TracesConfig {
  /** Name of the variable or secret with the whole address, such as `https://collector.example.com/v1/traces`. */
  readonly url: { readonly env: string };
  /** Headers, each by the name of the secret that holds its value. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The part of all traces that is kept, from 0 to 1 (default 0.1); those of events in trouble are kept always. */
  readonly sample?: number;
}

export interface RouterConfig {
  /** What happened, told once a day as an event. */
  readonly digest?: DigestConfig;
  /** Which system owns what. A write against it does not reach the owner. */
  readonly ownership?: OwnershipMatrix;
  /** By name: what is compared with the systems of record. */
  readonly reconciliations?: Readonly<Record<string, ReconciliationConfig>>;
  /** By the name of the flow; those that are not here are off. */
  readonly flows?: Readonly<Partial<Record<FlowName, FlowConfig>>>;
  /** By name. */
  readonly migrations?: Readonly<Record<string, MigrationConfig>>;
  readonly retention?: RetentionConfig;
  /** Stored with every event, so that one can say by which rules it was routed. Change it with the rules. */
  readonly version: string;
  readonly owners: Readonly<Record<string, OwnerConfig>>;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly destinations: Readonly<Record<string, DestinationConfig>>;
  readonly routes: readonly RouteConfig[];
  readonly replays?: ReplayConfig;
  readonly alerts?: AlertsConfig;
  readonly traces?: TracesConfig;
  /** By name: what the business was promised. */
  readonly slas?: Readonly<Record<string, SlaConfig>>;
  readonly responsibilities?: Responsibilities;
  /** Questions that are answered while somebody waits. */
  readonly services?: ServicesConfig;
  /** By name. */
  readonly imports?: Readonly<Record<string, ImportConfig>>;
  /** By name. */
  readonly exports?: Readonly<Record<string, ExportConfig>>;
}

/** Types a deployment's configuration: a name that is not declared does not compile. */
export const defineRouter = <
  const Owners extends Readonly<Record<string, OwnerConfig>>,
  const Sources extends Readonly<Record<string, SourceConfig<Extract<keyof Owners, string>>>>,
  const Destinations extends Readonly<Record<string, DestinationConfig<Extract<keyof Owners, string>>>>,
  const Slas extends Readonly<
    Record<string, SlaConfig<Extract<keyof Owners, string>, Extract<keyof Sources, string>, Extract<keyof Destinations, string>>>
  >,
>(config: {
  readonly version: string;
  readonly digest?: DigestConfig<Extract<keyof Owners, string>>;
  readonly retention?: RetentionConfig;
  readonly ownership?: OwnershipMatrix;
  readonly migrations?: Readonly<Record<string, MigrationConfig<Extract<keyof Destinations, string>>>>;
  readonly reconciliations?: Readonly<
    Record<string, ReconciliationConfig<Extract<keyof Destinations, string>, Extract<keyof Owners, string>>>
  >;
  readonly flows?: Readonly<Partial<Record<FlowName, FlowConfig<Extract<keyof Destinations, string>, Extract<keyof Owners, string>>>>>;
  readonly owners: Owners;
  readonly sources: Sources;
  readonly destinations: Destinations;
  readonly routes: readonly RouteConfig<
    Extract<keyof Sources, string> | typeof DIGEST_SOURCE,
    Extract<keyof Destinations, string>,
    Extract<keyof Owners, string>,
    Extract<keyof Slas, string>
  >[];
  readonly replays?: ReplayConfig;
  readonly alerts?: AlertsConfig<Extract<keyof Owners, string>>;
  readonly traces?: TracesConfig;
  readonly slas?: Slas;
  readonly responsibilities?: Responsibilities<Extract<keyof Owners, string>>;
  readonly services?: ServicesConfig<Extract<keyof Owners, string>, Extract<keyof Destinations, string>>;
  readonly imports?: Readonly<Record<string, ImportConfig<Extract<keyof Sources, string>, Extract<keyof Owners, string>>>>;
  readonly exports?: Readonly<Record<string, ExportConfig<Extract<keyof Destinations, string>, Extract<keyof Owners, string>>>>;
}): RouterConfig => config;
