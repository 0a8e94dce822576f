import * as z from "zod";
import { ALERT_SEVERITIES } from "../domain/alerts/define.ts";
import { ENTITY_KINDS } from "../domain/entities/index.ts";
import { FINDING_STATES, FINDING_TYPES, SEVERITIES } from "../domain/reconciliation/findings.ts";
import { PHASES, RUN_MODES } from "../domain/reconciliation/run.ts";
import { Cursor, Limit, page, type Operation } from "./operation.ts";

const Reason = z.string().min(3).max(500);

const Mode = z
  .enum(RUN_MODES)
  .describe(
    "What has changed; everything; or, as a baseline, everything while what only the system has is taken for known, and is no drift",
  );

const RunView = z.object({
  id: z.string(),
  reconciliation: z.string(),
  mode: Mode,
  state: z.enum(["running", "done", "failed"]),
  phase: z.enum(PHASES),
  startedAt: z.string(),
  updatedAt: z.string().describe("When its last page was stored"),
  startedBy: z.string(),
  window: z.object({ from: z.string().nullable(), until: z.string() }),
  progress: z.object({
    pages: z.number(),
    compared: z.number(),
    opened: z.number(),
    healed: z.number(),
    repairs: z.number(),
    adopted: z.number(),
  }),
  problem: z.string().nullable(),
});

const ReconciliationView = z.object({
  name: z.string(),
  kind: z.enum(ENTITY_KINDS),
  system: z.string(),
  owner: z.string(),
  everyMinutes: z.number(),
  fullEveryHours: z.number(),
  fields: z.array(z.string()),
  repair: z.record(z.string(), z.string()).describe("Policy by type of finding; other types are told only"),
  problem: z.string().nullable().describe("Why it cannot run"),
  readUpTo: z.string().nullable().describe("By the system's clock"),
  clockAheadMs: z.number().describe("How far the system's clock is ahead of ours"),
  lastChangesAt: z.string().nullable(),
  lastFullAt: z.string().nullable(),
  findings: z.record(z.string(), z.number()).describe("By state; ended ones of the last 30 days"),
  meanRepairMs: z.number().nullable().describe("From open to repaired or healed, of the last 30 days"),
  lastRun: RunView.nullable(),
});

const Spread = z.object({ count: z.number(), medianMs: z.number().nullable(), p95Ms: z.number().nullable() });

const FindingView = z.object({
  id: z.string(),
  reconciliation: z.string(),
  type: z.enum(FINDING_TYPES),
  severity: z.enum(SEVERITIES),
  state: z.enum(FINDING_STATES),
  system: z.string(),
  kind: z.string(),
  key: z.string(),
  remoteId: z.string().nullable(),
  differences: z.array(z.object({ field: z.string(), expected: z.unknown(), found: z.unknown() })),
  owner: z.object({ name: z.string(), team: z.string().nullable(), contact: z.string().nullable() }),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  timesSeen: z.number(),
  openedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  repairEventId: z.string().nullable(),
  repairs: z.number().describe("How often it was repaired since it was opened; after three times it waits for a person"),
  reason: z.string().nullable(),
  acceptedUntil: z.string().nullable(),
});
/** Drift before any record can show it: nothing comes any more of what should be told. */
export const SILENCE_RULES = ["source-silent", "subscription-ending"] as const;

const SilenceView = z.object({
  alertId: z.string(),
  rule: z.enum(SILENCE_RULES),
  subject: z.string(),
  severity: z.enum(ALERT_SEVERITIES),
  summary: z.string(),
  nextStep: z.string(),
  owner: z.object({ name: z.string(), team: z.string().nullable(), contact: z.string().nullable() }),
  since: z.string(),
});
export type FindingView = z.infer<typeof FindingView>;
export type RunView = z.infer<typeof RunView>;

/** The calls about reconciliations and what they find. */
export const DRIFT_OPERATIONS = {
  listReconciliations: {
    method: "get",
    path: "/reconciliations",
    role: "viewer",
    summary: "What is compared with the systems of record, how far it is, and what it has found",
    answer: page(ReconciliationView),
  },
  runReconciliation: {
    method: "post",
    path: "/reconciliations/:name/run",
    role: "operator",
    summary: "Compares now: what has changed, or everything",
    body: z.object({ mode: Mode.default("changes"), reason: Reason }),
    answer: RunView,
  },
  getDriftHistory: {
    method: "get",
    path: "/reconciliations/:name/history",
    role: "viewer",
    summary: "What each run compared and found, and how long findings took to be told and to end",
    query: z.object({ limit: Limit }),
    answer: z.object({
      name: z.string(),
      runs: z
        .array(
          z.object({
            id: z.string(),
            mode: Mode,
            state: z.enum(["running", "done", "failed"]),
            startedAt: z.string(),
            tookMs: z.number(),
            compared: z.number(),
            found: z.number(),
            healed: z.number(),
            repairs: z.number(),
            adopted: z.number().describe("Taken for known by a baseline"),
            foundPerThousand: z.number().nullable().describe("Of each thousand records compared"),
          }),
        )
        .describe("Newest first"),
      since: z.string().describe("Findings that were told since then are timed"),
      timeToDetect: Spread.describe("From the change to the finding; deletions, of which nobody knows the moment, are not in it"),
      timeToRepair: Spread.describe("From the finding to its end, by itself or by a repair"),
    }),
  },
  listDrift: {
    method: "get",
    path: "/drift",
    role: "viewer",
    summary: "Findings: where a system of record and what we know of it differ",
    query: z.object({
      reconciliation: z.string().optional(),
      state: z.enum(FINDING_STATES).default("open"),
      type: z.enum(FINDING_TYPES).optional(),
      owner: z.string().optional(),
      cursor: Cursor,
      limit: Limit,
    }),
    answer: page(FindingView).extend({
      silence: z
        .array(SilenceView)
        .describe(
          "With the first page of open findings: sources that should have told something, and subscriptions that end; the alerts of these",
        ),
    }),
  },
  getDrift: { method: "get", path: "/drift/:id", role: "viewer", summary: "One finding", answer: FindingView },
  repairDrift: {
    method: "post",
    path: "/drift/:id/repair",
    role: "operator",
    summary: "Puts it right by an event: from what we know to the system (push), or from the system to the rest (pull)",
    body: z.object({
      how: z.enum(["push", "pull"]).optional().describe("Absent: as the reconciliation's policy says"),
      dryRun: z.boolean().default(true).describe("Only says what would be done"),
      reason: Reason,
    }),
    answer: z.object({
      finding: FindingView,
      how: z.enum(["push", "pull"]),
      eventId: z.string().nullable().describe("Null of a dry run"),
      would: z.string(),
    }),
  },
  acceptDrift: {
    method: "post",
    path: "/drift/:id/accept",
    role: "operator",
    summary: "Lets a difference be until a day",
    body: z.object({ until: z.iso.datetime({ offset: true }), reason: Reason }),
    answer: FindingView,
  },
} as const satisfies Readonly<Record<string, Operation>>;
