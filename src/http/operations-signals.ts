import * as z from "zod";
import { ALERT_SEVERITIES, RULE_NAMES } from "../domain/alerts/define.ts";
import { ALERT_STATES } from "../domain/alerts/life.ts";
import { Cursor, Limit, page, type Operation } from "./operation.ts";

const MetricsView = z.object({
  at: z.string(),
  metrics: z.array(
    z.object({
      name: z.string(),
      type: z.enum(["gauge", "counter", "histogram", "info", "stateset"]),
      unit: z.string().nullable(),
      help: z.string(),
      samples: z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() })),
    }),
  ),
});

export const AlertView = z.object({
  id: z.string(),
  rule: z.enum(RULE_NAMES),
  title: z.string(),
  subject: z.string(),
  severity: z.enum(ALERT_SEVERITIES),
  state: z.enum(ALERT_STATES).describe("pending: it holds, but not for long enough yet to tell anybody"),
  summary: z.string(),
  nextStep: z.string(),
  owner: z.object({ name: z.string(), team: z.string().nullable(), contact: z.string().nullable() }),
  runbook: z.string(),
  page: z.string().describe("The dashboard's page that shows it"),
  occurrence: z.number().describe("How many times it has opened"),
  since: z.string(),
  openedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  acknowledged: z.object({ by: z.string(), reason: z.string(), at: z.string() }).nullable(),
  silenced: z.object({ by: z.string(), reason: z.string(), until: z.string() }).nullable(),
  channels: z.array(
    z.object({
      channel: z.string(),
      told: z.enum(["open", "acknowledged", "resolved"]).nullable().describe("The last that it took"),
      at: z.string().nullable(),
      problem: z.string().nullable(),
    }),
  ),
});
export type AlertView = z.infer<typeof AlertView>;

const Reason = z.string().min(3).max(500);

/** Calls about how the router is: its metrics and its alerts. */
export const SIGNAL_OPERATIONS = {
  getMetrics: {
    method: "get",
    path: "/metrics.json",
    role: "viewer",
    summary: "Every metric of /metrics, as JSON",
    answer: MetricsView,
  },
  listAlerts: {
    method: "get",
    path: "/alerts",
    role: "viewer",
    summary: "Alerts; without a state, those that are open or acknowledged",
    query: z.object({
      state: z.enum(ALERT_STATES).optional(),
      owner: z.string().optional(),
      severity: z.enum(ALERT_SEVERITIES).optional(),
      cursor: Cursor,
      limit: Limit,
    }),
    answer: page(AlertView),
  },
  acknowledgeAlert: {
    method: "post",
    path: "/alerts/:id/acknowledge",
    role: "operator",
    summary: "Says that somebody looks after it",
    body: z.object({ reason: Reason }),
    answer: AlertView,
  },
  silenceAlert: {
    method: "post",
    path: "/alerts/:id/silence",
    role: "operator",
    summary: "Tells nobody of it until then, 30 days ahead at most; null tells again",
    body: z.object({ reason: Reason, until: z.iso.datetime({ offset: true }).nullable() }),
    answer: AlertView,
  },
} as const satisfies Readonly<Record<string, Operation>>;
