import type { ExportConfig, ImportConfig } from "../domain/config.ts";
import type { ExportState } from "../domain/exporting.ts";
import type { FileReport, ImportState, Progress } from "../domain/importing.ts";
import { ok } from "../domain/result.ts";
import type { AnswerOf } from "./operations.ts";
import type { Handlers, OpsPorts } from "./ops-ports.ts";
import { iso } from "./views.ts";

type ImportView = AnswerOf<"listImports">["items"][number];
type ExportView = AnswerOf<"listExports">["items"][number];

/** The calls about files, over their ports. */
export const fileHandlers = ({ config, files }: OpsPorts): Pick<Handlers, "listImports" | "listExports"> => ({
  listImports: async () => {
    const states = await files.imports();
    const items = Object.entries(config.imports ?? {}).map(([name, each]) =>
      importView(name, each, { state: states.get(name), trouble: files.importProblem(name) }),
    );
    return ok({ items, nextCursor: null });
  },
  listExports: async () => {
    const states = await files.exports();
    const items = Object.entries(config.exports ?? {}).map(([name, each]) =>
      exportView(name, each, { state: states.get(name), trouble: files.destinationProblem(each.destination) }),
    );
    return ok({ items, nextCursor: null });
  },
});

interface Known<T> {
  readonly state: T | undefined;
  readonly trouble: string | null;
}

function importView(name: string, { source, owner, prefix, format }: ImportConfig, { state, trouble }: Known<ImportState>): ImportView {
  const problem = trouble ?? state?.problem ?? null;
  const current = state?.current ?? null;
  return {
    name,
    source,
    owner,
    prefix,
    format,
    state: trouble !== null ? "misconfigured" : problem !== null ? "held" : current === null ? "idle" : "reading",
    problem,
    current: current === null ? null : currentView(current),
    last: (state?.last ?? []).map(reportView),
  };
}

const currentView = ({ file, bytes, offset, startedAtMs, row, accepted, refused }: Progress): NonNullable<ImportView["current"]> => ({
  file,
  bytes,
  bytesRead: offset,
  startedAt: iso(startedAtMs),
  rows: row,
  accepted,
  refused,
});

const reportView = ({ startedAtMs, finishedAtMs, refusedRows, ...report }: FileReport): ImportView["last"][number] => ({
  ...report,
  startedAt: iso(startedAtMs),
  finishedAt: iso(finishedAtMs),
  report: refusedRows,
});

function exportView(name: string, { destination, kind, owner, folder }: ExportConfig, { state, trouble }: Known<ExportState>): ExportView {
  return {
    name,
    destination,
    kind,
    owner,
    folder,
    state: trouble !== null ? "misconfigured" : (state?.current ?? null) === null ? "idle" : "writing",
    problem: trouble,
    last: (state?.last ?? []).map(({ file, atMs, rows, leftOut }) => ({ file, at: iso(atMs), rows, leftOut })),
  };
}
