import * as z from "zod";
import { FAILURE_CLASSES } from "../domain/failure.ts";
import { RUN_STATES, STEP_STATES } from "../domain/flows/run.ts";
import { Cursor, Limit, page, type Operation } from "./operation.ts";

const Owner = z.object({ name: z.string(), team: z.string().nullable(), contact: z.string().nullable() });

const EffectView = z.object({
  eventId: z.string(),
  to: z.string(),
  entity: z.object({ kind: z.string(), key: z.string() }),
  state: z.enum(["made", "queued", "done", "dead"]).describe("Decided, on its way, there, or a dead letter"),
  class: z.enum(FAILURE_CLASSES).nullable(),
  reason: z.string().nullable(),
});

const StepView = z.object({
  name: z.string(),
  title: z.string().nullable().describe("Null of a step that this deployment does not know any more"),
  state: z.enum(STEP_STATES),
  attempt: z.number(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  deadline: z.string().nullable(),
  retryAt: z.string().nullable(),
  reason: z.string().nullable(),
  effects: z.array(EffectView),
  compensations: z.array(EffectView),
});

const RunSummary = z.object({
  id: z.string(),
  flow: z.string(),
  title: z.string(),
  version: z.number(),
  entity: z.object({ kind: z.string(), key: z.string() }),
  state: z.enum(RUN_STATES),
  reason: z.string().nullable(),
  step: z.string().nullable().describe("The one that it stands at"),
  owner: Owner,
  startedAt: z.string(),
  updatedAt: z.string(),
  personBy: z.string().nullable().describe("Of a blocked run: its owner is alerted if nobody has seen to it by then"),
  looksAgainAt: z.string().nullable().describe("Null where only news or a person make a difference"),
});

export const RunView = RunSummary.extend({
  correlationId: z.string(),
  startedBy: z.string().describe("The event that began it"),
  steps: z.array(StepView),
  timeline: z.array(
    z.object({ at: z.string(), what: z.string(), step: z.string().nullable(), words: z.string().nullable(), by: z.string().nullable() }),
  ),
});
export type RunView = z.infer<typeof RunView>;
export type RunSummary = z.infer<typeof RunSummary>;

const Steer = z.object({ reason: z.string().min(3).max(500), step: z.string().optional() });

/** Calls about runs of business flows. */
export const FLOW_OPERATIONS = {
  listFlows: {
    method: "get",
    path: "/flows",
    role: "viewer",
    summary: "Runs of business flows, newest first",
    query: z.object({
      flow: z.string().optional(),
      state: z.enum(RUN_STATES).optional(),
      key: z.string().optional().describe("Of the record that a run is about"),
      cursor: Cursor,
      limit: Limit,
    }),
    answer: page(RunSummary),
  },
  getFlow: {
    method: "get",
    path: "/flows/:id",
    role: "viewer",
    summary: "A run as a timeline: its steps, waits, deadlines and compensations",
    answer: RunView,
  },
  retryFlow: {
    method: "post",
    path: "/flows/:id/retry",
    role: "operator",
    summary: "Goes on from a step, or compensates again what could not be compensated",
    body: Steer,
    answer: RunView,
  },
  skipFlow: {
    method: "post",
    path: "/flows/:id/skip",
    role: "approver",
    summary: "Goes past the step that a run stands at",
    body: Steer,
    answer: RunView,
  },
  cancelFlow: {
    method: "post",
    path: "/flows/:id/cancel",
    role: "operator",
    summary: "Ends a run, with everything that it did taken back",
    body: Steer.omit({ step: true }),
    answer: RunView,
  },
} as const satisfies Readonly<Record<string, Operation>>;
