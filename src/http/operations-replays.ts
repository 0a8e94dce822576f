import * as z from "zod";
import { WEEKDAYS } from "../domain/weekdays.ts";
import { FAILURE_CLASSES } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import { STATUSES } from "../domain/outcome.ts";
import { REPLAY_STATES } from "../domain/replay.ts";
import { Cursor, Limit, page, type Operation } from "./operation.ts";

const Reason = z.string().min(3).max(500);
const Moment = z.iso.datetime({ offset: true });
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM, in UTC");
const Window = z
  .strictObject({ from: TimeOfDay, to: TimeOfDay, days: z.array(z.enum(WEEKDAYS)).min(1).optional() })
  .describe("Hours in which it may run, UTC; `to` before `from` is on the next day");

const Query = z.strictObject({
  source: z.string().optional(),
  type: z.string().optional(),
  status: z.enum(STATUSES).optional(),
  class: z.enum(FAILURE_CLASSES).optional(),
  destination: z.string().optional(),
  entity: z
    .string()
    .regex(/^[a-z]+\/.+$/, "must be <kind>/<key>")
    .optional(),
  from: Moment,
  to: Moment,
});

const Counts = z.record(z.string(), z.number());

const PlanView = z.object({
  events: z.number(),
  replayable: z.number().describe("Of them, what will be put in"),
  byStatus: Counts,
  bySource: Counts,
  byKind: Counts,
  entities: z.number(),
  notReplayable: z.array(z.object({ why: z.string(), events: z.number() })),
  sample: z.array(
    z.object({
      entity: z.string(),
      events: z.number(),
      newestOrder: z.unknown(),
      appliedOrder: z.unknown().describe("The newest state taken from the same source"),
      refused: z.number().describe("Events that a newer state keeps out, unless forced"),
    }),
  ),
  movedOn: z.object({
    events: z.number().describe("Events that newer states keep out"),
    entitiesAsked: z.number(),
    complete: z.boolean().describe("Whether all entities and events were looked at"),
  }),
  estimatedSeconds: z.number().describe("At its rate, windows not counted"),
  estimatedEnd: z.string().nullable().describe("If it began now; windows counted"),
  needsApproval: z.boolean(),
});

const ProgressView = z.object({
  done: z.number(),
  refused: z.number(),
  failed: z.number(),
  total: z.number(),
  cursor: z.string().nullable().describe("The original that was dealt with last"),
  startedAt: z.string(),
  etaSeconds: z.number().nullable(),
  waitsUntil: z.string().nullable().describe("When its window opens"),
  problems: z.array(z.object({ why: z.string(), events: z.number(), example: z.string() })),
});

export const ReplayView = z.object({
  id: z.string().nullable().describe("Null of a dry run, which is not kept"),
  state: z.enum([...REPLAY_STATES, "dryRun"]),
  query: Query,
  destinations: z.array(z.string()).nullable(),
  force: z.boolean(),
  ratePerSecond: z.number(),
  window: Window.nullable(),
  reason: z.string(),
  plan: PlanView,
  progress: ProgressView.nullable(),
  askedBy: z.string(),
  approvedBy: z.string().nullable(),
  cancelledBy: z.string().nullable(),
  createdAt: z.string().nullable(),
  updatedAt: z.string().nullable(),
  nextStep: z.string(),
});
export type ReplayView = z.infer<typeof ReplayView>;

/** Calls about putting stored events in again. */
export const REPLAY_OPERATIONS = {
  listReplays: {
    method: "get",
    path: "/replays",
    role: "viewer",
    summary: "Replays, newest first",
    query: z.object({ cursor: Cursor, limit: Limit }),
    answer: page(ReplayView),
  },
  getReplay: { method: "get", path: "/replays/:id", role: "viewer", summary: "A replay: its plan and how far it is", answer: ReplayView },
  createReplay: {
    method: "post",
    path: "/replays",
    role: "operator",
    summary: "Plans a replay, and unless it is a dry run starts it or lets it wait for an approver",
    body: z.object({
      query: Query,
      destinations: z.array(z.string()).min(1).optional().describe("Where alone the events go; default: the query's destination"),
      force: z.boolean().default(false).describe("Over newer states too; needs an approver"),
      ratePerSecond: z.number().int().min(1).max(LIMITS.replayPerSecondMax).optional(),
      window: Window.optional(),
      dryRun: z.boolean().default(true),
      reason: Reason,
    }),
    answer: ReplayView,
  },
  approveReplay: {
    method: "post",
    path: "/replays/:id/approve",
    role: "approver",
    peopleOnly: true,
    summary: "Lets a replay begin that someone else asked for",
    body: z.object({ reason: Reason }),
    answer: ReplayView,
  },
  cancelReplay: {
    method: "post",
    path: "/replays/:id/cancel",
    role: "operator",
    summary: "Stops a replay within a second; what was put in already goes on",
    body: z.object({ reason: Reason }),
    answer: ReplayView,
  },
} as const satisfies Readonly<Record<string, Operation>>;
