import type { EntityEvent, Envelope, Verdict } from "./event.ts";
import { correlationIdOf } from "./event-id.ts";
import { NEXT_STEP, type FailureClass } from "./failure.ts";
import { LIMITS } from "./limits.ts";
import type { EventOutcome, LaneReport } from "./outcome.ts";
import type { ProjectionRow } from "./reconciliation/projection.ts";
import type { RouteReason } from "./routing.ts";
import { NO_SLA_FACTS, type SlaFacts } from "./slas/spans.ts";

/** A row of the cross-entity index: one per event. */
export interface EventRow {
  readonly id: string;
  readonly rev: number;
  readonly receivedAtMs: number;
  readonly source: string;
  readonly type: string;
  readonly kind: string | null;
  readonly entityKey: string | null;
  readonly status: string;
  readonly class: string | null;
  readonly priority: string;
  readonly deliveryId: string;
  /** Null where it follows from the id; only foreign ones cost an index row. */
  readonly correlationId: string | null;
  readonly rawRef: string | null;
  readonly detail: EventDetail;
}

/** What is shown of an event and never searched. */
export interface EventDetail {
  readonly traceparent: string;
  readonly occurredAt?: string;
  readonly contentHash: string;
  readonly contentType: string;
  readonly verdict: Verdict;
  readonly account?: string;
  /** The key that it came under, where that is another name of its record. */
  readonly alias?: string;
  /** Its place in a request that held several. */
  readonly part?: number;
  readonly secretId: string;
  readonly configVersion: string;
  readonly synthetic: boolean;
  readonly nature?: string;
  readonly order?: unknown;
  readonly reason?: string;
  readonly of?: string;
  readonly replayOf?: string;
  readonly lanes: readonly LaneReport[];
  readonly why: readonly RouteReason[];
}

/** What went wrong and who must act. `business` letters concern data and systems, `platform` ones our own processing. */
export interface DeadLetterRow {
  readonly id: string;
  readonly list: "business" | "platform";
  readonly eventId: string;
  readonly destination: string;
  readonly kind: string | null;
  readonly entityKey: string | null;
  readonly class: FailureClass;
  readonly reason: string;
  readonly fields: LaneReport["fields"];
  readonly owner: string;
  readonly nextStep: string;
  readonly status: "open" | "resolved" | "skipped";
  readonly attempts: number;
}

/** Ties a word that people or systems use (a remote id, an order number) to an entity. */
export interface LinkRow {
  readonly term: string;
  readonly kind: string;
  readonly entityKey: string;
  readonly system: string;
}

export interface AuditRows {
  readonly event: EventRow;
  readonly deadLetters: readonly DeadLetterRow[];
  readonly links: readonly LinkRow[];
  readonly projections: readonly ProjectionRow[];
  readonly slas: SlaFacts;
}

export interface AuditContext {
  /** What the outcome tells of systems that are reconciled. */
  readonly projections: (event: EntityEvent, outcome: EventOutcome) => readonly ProjectionRow[];
  /** What the outcome says for declared SLAs. */
  readonly slas: (event: EntityEvent, outcome: EventOutcome) => SlaFacts;
  readonly why: readonly RouteReason[];
  readonly rawRef: string | null;
  readonly ownerOf: (route: string) => string;
  readonly sourceOwner: string;
}

/** The rows that say what became of an event; the same rows whoever writes them, so a second write changes nothing. */
export function auditRows(event: Envelope, outcome: EventOutcome, context: AuditContext): AuditRows {
  const subject = event.what === "entity" ? event.entity : null;
  return {
    event: {
      id: event.id,
      rev: outcome.rev,
      receivedAtMs: event.receivedAtMs,
      source: event.sourceName,
      type: event.type,
      kind: subject?.kind ?? null,
      entityKey: subject?.key ?? null,
      status: outcome.status,
      class: outcome.class ?? null,
      priority: event.priority,
      deliveryId: event.deliveryId,
      correlationId: event.correlationid === correlationIdOf(event.id) ? null : event.correlationid,
      rawRef: context.rawRef,
      detail: detailOf(event, outcome, context.why),
    },
    deadLetters: deadLetters(event, outcome, context),
    projections: event.what === "entity" ? context.projections(event, outcome) : [],
    slas: event.what === "entity" ? context.slas(event, outcome) : NO_SLA_FACTS,
    links: outcome.lanes.flatMap((lane) => (subject === null ? [] : linksOf(lane, subject.kind, subject.key))),
  };
}

function detailOf(event: Envelope, outcome: EventOutcome, why: readonly RouteReason[]): EventDetail {
  return {
    traceparent: event.traceparent,
    contentHash: event.contentHash,
    contentType: event.contentType,
    verdict: event.verdict,
    ...(event.account === undefined ? {} : { account: event.account }),
    ...(event.part === undefined ? {} : { part: event.part }),
    secretId: event.secretId,
    configVersion: event.configVersion,
    synthetic: event.synthetic,
    ...(event.time === undefined ? {} : { occurredAt: event.time }),
    ...(event.what === "entity" ? { nature: event.nature, order: event.order } : {}),
    ...(event.what === "entity" && event.alias !== undefined ? { alias: event.alias } : {}),
    ...(event.what === "entity" && event.replayOf !== undefined ? { replayOf: event.replayOf } : {}),
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason.slice(0, LIMITS.detailCharacters) }),
    ...(outcome.of === undefined ? {} : { of: outcome.of }),
    lanes: outcome.lanes,
    why,
  };
}

const linksOf = (lane: LaneReport, kind: string, entityKey: string): LinkRow[] =>
  [...new Set([lane.remote?.id, lane.remote?.number])].flatMap((term) =>
    term === undefined || term === entityKey ? [] : [{ term, kind, entityKey, system: lane.destination }],
  );

const deadLetterId = (eventId: string, destination: string): string => `${eventId}:${destination}`;

function deadLetters(event: Envelope, outcome: EventOutcome, context: AuditContext): DeadLetterRow[] {
  const subject = event.what === "entity" ? event.entity : null;
  const base = { eventId: event.id, kind: subject?.kind ?? null, entityKey: subject?.key ?? null };
  if (outcome.status === "quarantined") return [{ ...base, ...quarantineLetter(event, outcome, context) }];
  return outcome.lanes.flatMap((lane) => {
    if (lane.status !== "dead" && lane.wasDead !== true) return [];
    const failure = lane.class ?? "transient";
    return [
      {
        ...base,
        id: deadLetterId(event.id, lane.destination),
        list: failure === "poison" ? ("platform" as const) : ("business" as const),
        destination: lane.destination,
        class: failure,
        reason: (lane.reason ?? "").slice(0, LIMITS.detailCharacters),
        fields: lane.fields,
        owner: context.ownerOf(lane.route),
        nextStep: NEXT_STEP[failure],
        status: lane.status === "dead" ? ("open" as const) : lane.status === "cancelled" ? ("skipped" as const) : ("resolved" as const),
        attempts: lane.attempts.length,
      },
    ];
  });
}

const quarantineLetter = (
  event: Envelope,
  outcome: EventOutcome,
  context: AuditContext,
): Omit<DeadLetterRow, "eventId" | "kind" | "entityKey"> => ({
  id: deadLetterId(event.id, "-"),
  list: "platform",
  destination: "-",
  class: "poison",
  reason: (outcome.reason ?? "").slice(0, LIMITS.detailCharacters),
  fields: undefined,
  owner: context.sourceOwner,
  nextStep: NEXT_STEP.poison,
  status: "open",
  attempts: 0,
});

/** An event as the index gives it back. */
export interface StoredEvent extends Omit<EventRow, "detail"> {
  readonly updatedAtMs: number;
  /** EventDetail as JSON. */
  readonly detail: string;
}

export interface StoredDeadLetter extends Omit<DeadLetterRow, "fields" | "list" | "status" | "class"> {
  readonly list: string;
  readonly status: string;
  readonly class: string;
  /** Field errors as JSON. */
  readonly fields: string | null;
  readonly rawRef: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What was not let in within one minute. */
export interface StoredRejection {
  readonly minuteMs: number;
  readonly source: string;
  readonly reason: string;
  readonly count: number;
  readonly lastAtMs: number;
  readonly example: string;
}
