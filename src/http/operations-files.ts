import * as z from "zod";
import { page, type Operation } from "./operation.ts";

const Rows = {
  rows: z.number().describe("Read so far; the line with the names of the columns does not count"),
  accepted: z.number().describe("Put in as events"),
  refused: z.number().describe("In the report; each chunk of them is a dead letter that can be retried"),
};

const ImportView = z.object({
  name: z.string(),
  source: z.string(),
  owner: z.string(),
  prefix: z.string(),
  format: z.string(),
  state: z.enum(["idle", "reading", "held", "misconfigured"]).describe("`held`: it could not go on and tries again every minute"),
  problem: z.string().nullable(),
  current: z.object({ file: z.string(), bytes: z.number(), bytesRead: z.number(), startedAt: z.string(), ...Rows }).nullable(),
  last: z
    .array(
      z.object({
        file: z.string(),
        startedAt: z.string(),
        finishedAt: z.string(),
        ...Rows,
        stopped: z.string().nullable().describe("Why it was not read to its end"),
        keptAt: z.string().nullable().describe("Where the file is now"),
        report: z.string().nullable().describe("The refused rows with the reasons, as NDJSON in the bucket"),
      }),
    )
    .describe("Newest first"),
});

const ExportView = z.object({
  name: z.string(),
  destination: z.string(),
  kind: z.string(),
  owner: z.string(),
  folder: z.string(),
  state: z.enum(["idle", "writing", "misconfigured"]),
  problem: z.string().nullable(),
  last: z
    .array(
      z.object({
        file: z.string(),
        at: z.string(),
        rows: z.number(),
        leftOut: z.number().describe("Deleted records, where no column tells of them"),
      }),
    )
    .describe("Newest first"),
});

/** Calls about files. */
export const FILE_OPERATIONS = {
  listImports: {
    method: "get",
    path: "/imports",
    role: "viewer",
    summary: "File imports: what is being read, and the last files with their counts and reports",
    answer: page(ImportView),
  },
  listExports: {
    method: "get",
    path: "/exports",
    role: "viewer",
    summary: "File exports and the last files",
    answer: page(ExportView),
  },
} as const satisfies Readonly<Record<string, Operation>>;
