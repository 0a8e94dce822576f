import * as z from "zod";
import { FAILURE_CLASSES } from "../domain/failure.ts";
import { Cursor, Limit, page, type Operation } from "./operation.ts";
import { BacklogView, DeadLetterView, DestinationView, OwnerView } from "./views.ts";

const Recent = z.object({
  events: z.number().describe("How many of the newest were looked at"),
  since: z.string().nullable(),
  medianMs: z.number().nullable().describe("From receipt to the last destination's effect, of those that arrived"),
  p95Ms: z.number().nullable(),
  latency: z.array(z.object({ upToMs: z.number().nullable(), events: z.number() })),
  kinds: z.array(
    z.object({
      kind: z.string().nullable(),
      arrived: z.number(),
      underWay: z.number(),
      needsPerson: z.number(),
      notNeeded: z.number().describe("Copies, older states and what was given up"),
    }),
  ),
});

const OverviewView = z.object({
  at: z.string().describe("When it was read: some seconds old at most"),
  waiting: z.array(
    z.object({
      status: z.string(),
      events: z.number(),
      atLeast: z.boolean().describe("There may be more"),
      oldestAt: z.string().nullable(),
    }),
  ),
  deadLetters: z.array(
    z.object({
      list: z.enum(["business", "platform"]),
      owner: OwnerView,
      class: z.enum(FAILURE_CLASSES),
      letters: z.number(),
    }),
  ),
  latestFailures: z.array(DeadLetterView),
  recent: Recent,
  destinations: z.array(DestinationView),
  backlog: BacklogView,
});

const OperatorActionView = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  reason: z.string(),
});

/** Calls for those who watch over the router. */
export const OVERSIGHT_OPERATIONS = {
  getOverview: {
    method: "get",
    path: "/overview",
    role: "viewer",
    summary: "What waits, what needs a person, how fast events arrive, and how the destinations are",
    answer: OverviewView,
  },
  listOperatorActions: {
    method: "get",
    path: "/operator-actions",
    role: "viewer",
    summary: "What operators did and why, newest first",
    query: z.object({ actor: z.string().optional(), cursor: Cursor, limit: Limit }),
    answer: page(OperatorActionView),
  },
} as const satisfies Readonly<Record<string, Operation>>;
