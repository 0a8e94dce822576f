import * as z from "zod";
import type { ImportConfig } from "./config.ts";

/** Before an import's name: where its state is kept, and what its events have instead of the name of a secret. */
export const IMPORT_WORK = "import:";

/** Where a file stands that is being read. */
const Progress = z.object({
  /** Its key, and the version of it that is read. */
  file: z.string(),
  etag: z.string(),
  bytes: z.number(),
  startedAtMs: z.number(),
  /** When the rows that come next count as received: stored before they are taken, so that they get the same ids if they are taken again. */
  chunkAtMs: z.number(),
  /** Bytes and rows that are dealt with. */
  offset: z.number(),
  row: z.number(),
  /** Of a CSV file whose first row was read. */
  columns: z.array(z.string()).nullable(),
  accepted: z.number(),
  refused: z.number(),
  /** Whether nothing more is to be read; `stopped` says why, if that is before its end. */
  ended: z.boolean(),
  stopped: z.string().nullable(),
});
export type Progress = z.infer<typeof Progress>;

/** What became of a file. */
const FileReport = z.object({
  file: z.string(),
  startedAtMs: z.number(),
  finishedAtMs: z.number(),
  rows: z.number(),
  accepted: z.number(),
  refused: z.number(),
  stopped: z.string().nullable(),
  /** Where it lies now; null where it was taken away before it was read. */
  keptAt: z.string().nullable(),
  refusedRows: z.string().nullable(),
});
export type FileReport = z.infer<typeof FileReport>;

export const ImportState = z.object({
  current: Progress.nullable(),
  /** Why the last run could not go on; null if it could. */
  problem: z.string().nullable(),
  last: z.array(FileReport),
});
export type ImportState = z.infer<typeof ImportState>;

export interface FoundFile {
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

export const beginFile = ({ key, etag, bytes }: FoundFile, nowMs: number): Progress => ({
  file: key,
  etag,
  bytes,
  startedAtMs: nowMs,
  chunkAtMs: nowMs,
  offset: 0,
  row: 0,
  columns: null,
  accepted: 0,
  refused: 0,
  ended: false,
  stopped: null,
});

export interface Dealt {
  readonly end: number;
  readonly columns: readonly string[] | null;
  readonly accepted: number;
  readonly refused: number;
}

/** After rows were taken, up to this byte of the file. */
export const advance = (progress: Progress, dealt: Dealt, nowMs: number): Progress => ({
  ...progress,
  chunkAtMs: nowMs,
  offset: dealt.end,
  row: progress.row + dealt.accepted + dealt.refused,
  columns: dealt.columns === null ? null : [...dealt.columns],
  accepted: progress.accepted + dealt.accepted,
  refused: progress.refused + dealt.refused,
});

export const endFile = (progress: Progress, stopped: string | null): Progress => ({ ...progress, ended: true, stopped });

/** A file's name as its rows and reports have it: without the import's own folder. */
export const fileName = ({ prefix }: Pick<ImportConfig, "prefix">, key: string): string => key.slice(prefix.length);

export interface Places {
  /** Where the file itself goes in the end. */
  readonly kept: string;
  readonly summary: string;
  readonly refusedRows: string;
  /** Where refused rows are put, one object a chunk, until the end. */
  readonly chunks: string;
}

/** Where everything about a file is put. It follows from what is stored of it, so that doing it again writes the same objects. */
export function placesOf(name: string, config: Pick<ImportConfig, "prefix">, progress: Progress): Places {
  const stamp = new Date(progress.startedAtMs).toISOString().replace(/[-:.]/g, "");
  const file = `${name}/${stamp}-${fileName(config, progress.file)}`;
  const kept = `${progress.stopped === null ? "done" : "stopped"}/${file}`;
  return { kept, summary: `${kept}.report.json`, refusedRows: `reports/${file}.ndjson`, chunks: `work/imports/${file}/` };
}

const LAST_FILES = 20;

export function reportOf(
  progress: Progress,
  places: { readonly kept: string | null; readonly refusedRows: string },
  nowMs: number,
): FileReport {
  const { file, startedAtMs, row, accepted, refused, stopped } = progress;
  const refusedRows = refused === 0 ? null : places.refusedRows;
  return { file, startedAtMs, finishedAtMs: nowMs, rows: row, accepted, refused, stopped, keptAt: places.kept, refusedRows };
}

export const finished = (state: ImportState, report: FileReport): ImportState => ({
  current: null,
  problem: null,
  last: [report, ...state.last].slice(0, LAST_FILES),
});
