import * as z from "zod";
import { Cursor, Limit, page, type Operation } from "./operation.ts";
import { OwnerView } from "./views.ts";

const Share = z.number().nullable();

export const SlaView = z.object({
  name: z.string(),
  title: z.string(),
  statement: z.string().describe("How it stands, in a sentence with its figures"),
  owner: OwnerView,
  routes: z.array(z.string()).describe("Routes that are held to it"),
  measures: z.enum(["milestones", "failed", "replayed"]),
  within: z.string().nullable(),
  window: z.string(),
  target: z.number(),
  at: z.string(),
  state: z
    .enum(["met", "atRisk", "breached", "noData"])
    .describe("atRisk: it would be breached if all went on as in the last twelfth of the window"),
  attainment: Share.describe("The part that was good, of all that was decided within the window"),
  badShare: Share,
  burnRate: Share.describe("How many times faster than allowed the error budget is used up, in the window"),
  recentBurnRate: Share.describe("The same in its last twelfth"),
  good: z.number(),
  bad: z.number(),
  open: z.number().describe("Begun, not ended, and still in time"),
  overdue: z.number().describe("Late, and not ended yet"),
  medianAtMostMs: Share.describe("The class's upper end that half of the ended spans do not exceed"),
  p95AtMostMs: Share,
});
export type SlaView = z.infer<typeof SlaView>;

const LateView = z.object({
  entity: z.object({ kind: z.string(), key: z.string() }),
  eventId: z.string().describe("The event that began it"),
  startedAt: z.string(),
  dueAt: z.string(),
  endedAt: z.string().nullable(),
  withdrawn: z.boolean().describe("Taken back after it was late"),
});

export const SLA_OPERATIONS = {
  listSlas: {
    method: "get",
    path: "/slas",
    role: "viewer",
    summary: "Every declared SLA, how it stands, and how fast it uses up what it allows",
    answer: page(SlaView),
  },
  getSla: {
    method: "get",
    path: "/slas/:name",
    role: "viewer",
    summary: "One SLA with the records that are late, the latest deadline first",
    query: z.object({
      state: z.enum(["waiting", "ended", "all"]).default("all").describe("Late and still owed, ended after all, or both"),
      cursor: Cursor,
      limit: Limit,
    }),
    answer: z.object({ sla: SlaView, late: page(LateView) }),
  },
} as const satisfies Readonly<Record<string, Operation>>;
