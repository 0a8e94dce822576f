import * as z from "zod";
import { Cursor, type Operation } from "./operation.ts";

const Moment = z.iso.datetime({ offset: true });

const BrokenPlace = z.object({
  where: z.enum(["history", "index", "actions"]),
  entity: z.string().optional(),
  seq: z.number().optional(),
  eventId: z.string().optional(),
  actionId: z.string().optional(),
  reason: z.string(),
});

/** Calls for the auditor. */
export const AUDIT_OPERATIONS = {
  verifyAudit: {
    method: "post",
    path: "/audit/verify",
    role: "viewer",
    summary: "Walks hash chains and holds the index against them, a bounded part a call; send nextCursor again for the next",
    body: z.object({
      entity: z
        .string()
        .regex(/^[a-z]+\/.+$/, "must be <kind>/<key>")
        .optional()
        .describe("One record; without it, all with events of the period"),
      from: Moment.optional(),
      to: Moment.optional(),
      cursor: Cursor,
    }),
    answer: z.object({
      intact: z.boolean().describe("Of this part"),
      checked: z.object({ entities: z.number(), lines: z.number(), rows: z.number(), actions: z.number() }),
      broken: z.array(BrokenPlace).describe("What is not as it was written"),
      nextCursor: z.string().nullable(),
    }),
  },
  exportAudit: {
    method: "get",
    path: "/audit/export",
    role: "operator",
    summary: "A part of the period's history as signed NDJSON; its last line names the next part",
    query: z.object({ from: Moment, to: Moment, cursor: Cursor }),
    answer: "bytes",
  },
} as const satisfies Readonly<Record<string, Operation>>;
