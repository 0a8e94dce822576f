import * as z from "zod";
import { Cursor, Limit, page, type Operation } from "./operation.ts";

const Subject = z
  .object({
    email: z.email().max(320).optional(),
    entity: z
      .string()
      .regex(/^[a-z]+\/.+$/, "must be <kind>/<key>")
      .optional(),
  })
  .describe("Whose data: an e-mail address, or one record. It is kept nowhere but as a digest");

const ErasureView = z.object({
  id: z.string().nullable().describe("Null of a dry run"),
  state: z.enum(["dryRun", "running", "done"]),
  complete: z.boolean().describe("Whether everything was gone over; until then, ask again"),
  subject: z.string().describe("A digest with a secret key"),
  phase: z.enum(["find", "records", "events", "done"]),
  counts: z
    .object({
      records: z.number(),
      lines: z.number(),
      work: z.number(),
      events: z.number(),
      bodies: z.number(),
      letters: z.number(),
      states: z.number(),
    })
    .describe("What went, or of a dry run would go"),
  askedBy: z.string(),
  reason: z.string(),
  createdAt: z.string().nullable(),
  updatedAt: z.string().nullable(),
  receipt: z.string().nullable().describe("Once it is done, signed as exports of the audit trail are (a compact JWS)"),
  nextCursor: z.string().nullable().describe("Of a dry run that is not complete"),
});

/** Calls that take a person's data out of everything that is kept. */
export const ERASURE_OPERATIONS = {
  listErasures: {
    method: "get",
    path: "/erasures",
    role: "approver",
    summary: "Erasures, newest first",
    query: z.object({ cursor: Cursor, limit: Limit }),
    answer: page(ErasureView),
  },
  getErasure: { method: "get", path: "/erasures/:id", role: "approver", summary: "One erasure, with its receipt", answer: ErasureView },
  createErasure: {
    method: "post",
    path: "/erasures",
    role: "approver",
    peopleOnly: true,
    summary: "Says what would be erased, or with dryRun false begins to",
    body: z.object({
      subject: Subject,
      dryRun: z.boolean().default(true),
      reason: z.string().min(3).max(500),
      cursor: z.string().max(200_000).optional().describe("Of a dry run: where it goes on"),
    }),
    answer: ErasureView,
  },
  continueErasure: {
    method: "post",
    path: "/erasures/:id/continue",
    role: "approver",
    peopleOnly: true,
    summary: "Does the next part of an erasure; the subject comes with each call, since it is not kept",
    body: z.object({ subject: Subject }),
    answer: ErasureView,
  },
} as const satisfies Readonly<Record<string, Operation>>;
