import * as z from "zod";
import type { EventDetail, StoredDeadLetter, StoredEvent, StoredRejection } from "../domain/audit-record.ts";
import { correlationIdOf, eventTimeMs } from "../domain/event-id.ts";
import { FAILURE_CLASSES } from "../domain/failure.ts";
import { STATUSES, type AttemptRecord, type LaneReport } from "../domain/outcome.ts";

const Iso = z.iso.datetime({ precision: 3 });
const Class = z.enum(FAILURE_CLASSES);

const AttemptView = z.object({
  startedAt: Iso,
  durationMs: z.number(),
  result: z.string(),
  httpStatus: z.number().optional(),
  detail: z.string().optional(),
});

export const LaneView = z.object({
  destination: z.string(),
  route: z.string(),
  status: z.enum(STATUSES),
  class: Class.optional(),
  reason: z.string().optional(),
  fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  nextAttemptAt: Iso.optional(),
  remote: z.object({ id: z.string(), number: z.string().optional(), version: z.string().optional() }).optional(),
  attempts: z.array(AttemptView),
});

/** Who answers for something. */
export const OwnerView = z.object({
  name: z.string(),
  team: z.string().nullable(),
  contact: z.string().nullable(),
  runbook: z.string().nullable(),
});
export type Owner = z.infer<typeof OwnerView>;

/** An event as the ops API shows it. */
export const EventView = z.object({
  id: z.string(),
  status: z.enum(STATUSES),
  class: Class.nullable(),
  reason: z.string().nullable(),
  of: z.string().nullable().describe("The event that made this one unnecessary"),
  source: z.string().nullable(),
  type: z.string().nullable(),
  entity: z.object({ kind: z.string(), key: z.string() }).nullable(),
  priority: z.string().nullable(),
  deliveryId: z.string().nullable(),
  syntheticDeliveryId: z.boolean().nullable(),
  correlationId: z.string().nullable(),
  traceparent: z.string().nullable(),
  nature: z.string().nullable(),
  order: z.unknown(),
  verdict: z.string().nullable(),
  secretId: z.string().nullable(),
  contentHash: z.string().nullable(),
  configVersion: z.string().nullable(),
  receivedAt: Iso,
  occurredAt: Iso.nullable(),
  updatedAt: Iso.nullable(),
  destinations: z.array(LaneView),
  routing: z.array(z.object({ route: z.string(), matched: z.boolean(), because: z.string() })),
});
export type EventView = z.infer<typeof EventView>;

export const DeadLetterView = z.object({
  id: z.string(),
  list: z.enum(["business", "platform"]),
  status: z.enum(["open", "resolved", "skipped"]),
  eventId: z.string(),
  destination: z.string(),
  entity: z.object({ kind: z.string(), key: z.string() }).nullable(),
  class: Class,
  reason: z.string(),
  fields: z.array(z.object({ field: z.string(), message: z.string() })),
  owner: OwnerView,
  incidentOwner: OwnerView.describe("Who is called first for failures of this class"),
  nextStep: z.string(),
  attempts: z.number(),
  createdAt: Iso,
  updatedAt: Iso,
});
export type DeadLetterView = z.infer<typeof DeadLetterView>;

export const RejectionView = z.object({
  minute: Iso,
  source: z.string(),
  reason: z.string(),
  count: z.number(),
  lastAt: Iso,
  example: z.string(),
});

export const DestinationView = z.object({
  name: z.string(),
  title: z.string(),
  module: z.string(),
  owner: z.string(),
  state: z
    .enum(["open", "halfOpen", "closed", "paused", "quiet", "misconfigured"])
    .describe("Of the breaker, unless paused, quiet or misconfigured"),
  problem: z.string().nullable(),
  pausedBy: z.string().nullable(),
  until: z.string().nullable(),
  running: z.number(),
  limits: z.object({
    perSecond: z.number(),
    perMinute: z.number().nullable(),
    perHour: z.number().nullable(),
    concurrency: z.number(),
    weights: z.record(z.string(), z.number()).describe("The classes' parts of it under contention"),
  }),
  tokens: z.number().describe("Attempts that the rates would grant now"),
  refusedLately: z
    .object({ classes: z.record(z.string(), z.number()), keys: z.array(z.object({ key: z.string(), refused: z.number() })) })
    .describe("Permits refused in the last minute, by class, and the senders that were refused most"),
});

/** How far each class is behind. */
export const BacklogView = z.object({
  classes: z.array(
    z.object({
      class: z.string(),
      ageSeconds: z.number().describe("Of the oldest event that a consumer took lately"),
      readAt: z.string().nullable(),
      deferred: z.string().nullable().describe("Why its messages stand back now"),
      refused: z.boolean().describe("Whether ingest tells its senders to come later"),
    }),
  ),
});

export const iso = (ms: number): string => new Date(ms).toISOString();

export function eventView(record: StoredEvent): EventView {
  const detail = JSON.parse(record.detail) as EventDetail;
  return {
    id: record.id,
    status: record.status as EventView["status"],
    class: record.class as EventView["class"],
    reason: detail.reason ?? null,
    of: detail.of ?? null,
    source: record.source,
    type: record.type,
    entity: record.kind === null || record.entityKey === null ? null : { kind: record.kind, key: record.entityKey },
    priority: record.priority,
    deliveryId: record.deliveryId,
    syntheticDeliveryId: detail.synthetic,
    correlationId: record.correlationId ?? correlationIdOf(record.id),
    traceparent: detail.traceparent,
    nature: detail.nature ?? null,
    order: detail.order ?? null,
    verdict: detail.verdict,
    secretId: detail.secretId,
    contentHash: detail.contentHash,
    configVersion: detail.configVersion,
    receivedAt: iso(record.receivedAtMs),
    occurredAt: detail.occurredAt ?? null,
    updatedAt: iso(record.updatedAtMs),
    destinations: detail.lanes.map(laneView),
    routing: [...detail.why],
  };
}

/** An event of ours that the index does not hold yet: it is durable, and on its way. */
export const pendingView = (id: string): EventView => ({
  id,
  status: "pending",
  class: null,
  reason: "accepted, and not in the index yet",
  of: null,
  source: null,
  type: null,
  entity: null,
  priority: null,
  deliveryId: null,
  syntheticDeliveryId: null,
  correlationId: null,
  traceparent: null,
  nature: null,
  order: null,
  verdict: null,
  secretId: null,
  contentHash: null,
  configVersion: null,
  receivedAt: iso(eventTimeMs(id)),
  occurredAt: null,
  updatedAt: null,
  destinations: [],
  routing: [],
});

export function laneView(lane: LaneReport): z.infer<typeof LaneView> {
  const { attempts, nextAttemptAtMs, wasDead: _wasDead, fields, ...rest } = lane;
  return {
    ...rest,
    ...(fields === undefined ? {} : { fields: [...fields] }),
    ...(nextAttemptAtMs === undefined ? {} : { nextAttemptAt: iso(nextAttemptAtMs) }),
    attempts: attempts.map(attemptView),
  };
}

const attemptView = ({ startedAtMs, ...rest }: AttemptRecord): z.infer<typeof AttemptView> => ({ startedAt: iso(startedAtMs), ...rest });

export interface LetterOwners {
  readonly owner: Owner;
  readonly incidentOwner: Owner;
}

export const deadLetterView = (record: StoredDeadLetter, { owner, incidentOwner }: LetterOwners): DeadLetterView => ({
  id: record.id,
  list: record.list as DeadLetterView["list"],
  status: record.status as DeadLetterView["status"],
  eventId: record.eventId,
  destination: record.destination,
  entity: record.kind === null || record.entityKey === null ? null : { kind: record.kind, key: record.entityKey },
  class: record.class as DeadLetterView["class"],
  reason: record.reason,
  fields: record.fields === null ? [] : ((JSON.parse(record.fields) as DeadLetterView["fields"] | null) ?? []),
  owner,
  incidentOwner,
  nextStep: record.nextStep,
  attempts: record.attempts,
  createdAt: iso(record.createdAtMs),
  updatedAt: iso(record.updatedAtMs),
});

export const rejectionView = (record: StoredRejection): z.infer<typeof RejectionView> => ({
  minute: iso(record.minuteMs),
  source: record.source,
  reason: record.reason,
  count: record.count,
  lastAt: iso(record.lastAtMs),
  example: record.example,
});
