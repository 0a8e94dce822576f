import type * as z from "zod";
import type { When } from "../conditions.ts";
import type { EntityKind } from "../entities/index.ts";
import type { JsonObject } from "../json.ts";

/** Systems by the part that they play in a flow; the configuration says which destination each is. */
export const SYSTEM_ROLES = ["erp", "crm", "support", "provisioning"] as const;
export type SystemRole = (typeof SYSTEM_ROLES)[number];

/** Who hears what a flow publishes, instead of one system. */
export type Addressee = SystemRole | "publish";

/** One record to be written: an ordinary event of this entity, for one system. */
export interface Effect {
  readonly kind: EntityKind;
  readonly key: string;
  readonly data: JsonObject;
  /** `delta` changes only the named fields and leaves the rest of the record; default: the whole state. */
  readonly nature?: "snapshot" | "delta";
}

/** The latest that is known of a record which a flow listens to. */
export interface Fact {
  readonly kind: EntityKind;
  readonly key: string;
  readonly data: JsonObject;
  readonly deleted: boolean;
  readonly eventId: string;
  readonly atMs: number;
}

/** What the rules of a flow look at. The same facts give the same answer, in whatever order they came. */
export interface View<Policy = unknown> {
  /** The key of the record that the run is about. */
  readonly key: string;
  /** That record as it is known now. */
  readonly subject: JsonObject;
  readonly facts: readonly Fact[];
  readonly policy: Policy;
  readonly nowMs: number;
  /** Ids that systems gave to what steps wrote there, by step. */
  readonly remoteIds: Readonly<Record<string, string>>;
  /** What steps remember, by step. */
  readonly memories: Readonly<Record<string, JsonObject>>;
  /** Whether the configuration names a system for this part. */
  readonly has: (role: SystemRole) => boolean;
}

/** What a step that fails for good comes to: all that was done is taken back, or a person decides. */
export type Otherwise = "compensate" | "person";

interface Named<Policy> {
  readonly name: string;
  /** What it does, in words for people. */
  readonly title: string;
  /** Why the step is not needed; null if it is. */
  readonly unless?: (view: View<Policy>) => string | null;
}

/** A rule over what is known. What does not hold is told in words; it is looked at again when more is known. */
export interface CheckStep<Policy> extends Named<Policy> {
  readonly step: "check";
  readonly problem: (view: View<Policy>) => string | null;
  readonly otherwise: Otherwise;
}

/** Records to be written to one system; done when all of them are. */
export interface DoStep<Policy> extends Named<Policy> {
  readonly step: "do";
  readonly to: SystemRole;
  readonly effects: (view: View<Policy>) => readonly Effect[];
  /** How it was before, where taking back needs to know: looked at once, before anything is written. */
  readonly remember?: (view: View<Policy>) => JsonObject;
  /** What takes them back. */
  readonly compensate?: (view: View<Policy>, memory: JsonObject) => readonly Effect[];
  readonly otherwise: Otherwise;
}

/** A fact of the business, told to whoever the configuration names. */
export interface PublishStep<Policy> extends Named<Policy> {
  readonly step: "publish";
  /** The event's type, such as `order.accepted`. */
  readonly type: string;
  readonly effects: (view: View<Policy>) => readonly Effect[];
  readonly compensate?: (view: View<Policy>) => readonly Effect[];
  readonly otherwise: Otherwise;
}

/** Waits until a record of this kind, tied to the run by a key, fulfils a condition. */
export interface WaitStep<Policy> extends Named<Policy> {
  readonly step: "wait";
  readonly for: { readonly kind: EntityKind; readonly when: When };
  /** A record that says that it will never come. */
  readonly refusedBy?: { readonly kind: EntityKind; readonly when: When };
  readonly withinMs: (policy: Policy, view: View<Policy>) => number;
  readonly late: Otherwise | "goOn";
}

/** What a follower does next, and what it remembers of it. */
export interface Act {
  readonly to: SystemRole;
  readonly effects: readonly Effect[];
  readonly memory: JsonObject;
  /** What it is, in words for the timeline. */
  readonly why: string;
}

/** Follows records for as long as they live, and acts on what becomes of them. */
export interface FollowStep<Policy> extends Named<Policy> {
  readonly step: "follow";
  /** The next thing to do, by what was done so far; null when there is nothing to do now. */
  readonly act: (view: View<Policy>, memory: JsonObject) => Act | null;
  readonly settled: (view: View<Policy>) => boolean;
  /** When time alone makes a difference next. */
  readonly lookAgainAtMs?: (view: View<Policy>) => number | null;
  readonly withinMs: (policy: Policy, view: View<Policy>) => number;
  readonly late: Otherwise | "goOn";
}

export type FlowStep<Policy = unknown> = CheckStep<Policy> | DoStep<Policy> | PublishStep<Policy> | WaitStep<Policy> | FollowStep<Policy>;

/** A kind of record whose events concern a flow, and the fields in which it names the records that runs are tied to. */
export interface Listening {
  readonly kind: EntityKind;
  /** Kinds of the records that it names, by field: `{ orderId: "order" }`. */
  readonly refers: Readonly<Record<string, EntityKind>>;
  /** Which of its events make a difference; absent: all. */
  readonly when?: When;
}

/** A flow as it is declared: read it from top to bottom. `Policy` are the settings that a deployment gives it. */
export interface FlowDefinition<Policy = unknown> {
  readonly name: string;
  readonly title: string;
  /** A run ends on the version that it began with, as long as that is kept in the registry. */
  readonly version: number;
  readonly policy: z.ZodType<Policy>;
  readonly startsOn: { readonly kind: EntityKind; readonly when: When };
  readonly listens: readonly Listening[];
  /** Kinds of records that it makes itself, so that no source tells of them: other flows hear of these. */
  readonly makes: readonly EntityKind[];
  /** More records that the run is tied to, such as the ERP's order, once it is known. As `<kind>/<key>`. */
  readonly ties: (view: View<Policy>) => readonly string[];
  /** Why the whole must be taken back although no step has failed; null if all is well. Asked until `untilStep` is done. */
  readonly takenBack?: { readonly why: (view: View<Policy>) => string | null; readonly untilStep: string };
  readonly steps: readonly FlowStep<Policy>[];
  /** Runs of versions that are not kept any more, as runs of this one. Steps are matched by name; `rename` is for the others. */
  readonly migrates?: Readonly<Record<number, { readonly rename: Readonly<Record<string, string>> }>>;
}

/** A flow in the registry: its rules take the policy that its own schema has read. */
export type AnyFlow = FlowDefinition;

/** Types a flow's rules by its policy. */
export const defineFlow = <Policy>(definition: FlowDefinition<Policy>): AnyFlow => definition as unknown as AnyFlow;
