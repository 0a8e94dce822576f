import { takeWork, type Form, type Work } from "../adapters/file-work.ts";
import { FileWriter, listed, removeAll } from "../adapters/files-r2.ts";
import type { Deployment } from "../deployment.ts";
import type { ExportConfig } from "../domain/config.ts";
import {
  EXPORT_WORK,
  exportKey,
  ExportState,
  headLine,
  lastDueMs,
  Manifest,
  pendingPrefix,
  PendingRow,
  recordOfPending,
  rowLine,
} from "../domain/exporting.ts";
import { LIMITS } from "../domain/limits.ts";

/** How the state of an export is kept. */
export const EXPORT_FORM: Form<ExportState> = {
  initial: { doneDueMs: 0, current: null, last: [] },
  parse: (stored) => ExportState.parse(stored),
};

const LAST_FILES = 20;

interface Run {
  readonly bucket: R2Bucket;
  readonly config: ExportConfig;
  /** Where it is kept which rows a file holds until they are removed. */
  readonly manifestKey: string;
  readonly work: Work<ExportState>;
}

/** Writes the file of every export that is due. Logs nothing of what it says. */
export async function runExports(env: Env, deployment: Deployment, nowMs: number): Promise<void> {
  for (const [name, config] of Object.entries(deployment.config.exports ?? {})) {
    try {
      await runExport(env, deployment, { name, config, nowMs });
    } catch (error) {
      const kind = error instanceof Error ? error.name : "unknown";
      console.error(JSON.stringify({ level: "error", message: "an export stopped; the next minute goes on with it", name, kind }));
    }
  }
}

async function runExport(
  env: Env,
  deployment: Deployment,
  { name, config, nowMs }: { readonly name: string; readonly config: ExportConfig; readonly nowMs: number },
): Promise<void> {
  const target = deployment.target(config.destination);
  if (!target.ok || target.value.via === undefined || !("bucket" in target.value.via)) return;
  const bucket = (env as unknown as Readonly<Record<string, R2Bucket>>)[target.value.via.bucket];
  const dueMs = lastDueMs(config, nowMs);
  const wanted = ({ current, doneDueMs }: ExportState): boolean => current !== null || doneDueMs < dueMs;
  const work = bucket === undefined ? null : await takeWork(env.DB, { name: EXPORT_WORK + name, form: EXPORT_FORM, wanted });
  if (work === null || bucket === undefined) return;
  const run: Run = { bucket, config, manifestKey: `work/exports/${name}.json`, work };
  const begun = { ...work.state, current: work.state.current ?? { dueMs, part: 1 } };
  if (!(await work.save(begun))) return;
  await work.release(await writeNext(run, begun));
}

type Begun = ExportState & { readonly current: NonNullable<ExportState["current"]> };

/**
 * Writes one file and removes the rows that it holds. First the list of its rows is put beside it, then the file appears, whole;
 * only then rows go, each of them by a name that no later row has. A crash at any point is gone on from: without the file, it
 * is written anew; with it, only its rows are removed.
 */
async function writeNext(run: Run, begun: Begun): Promise<ExportState> {
  const { bucket, config } = run;
  const { current } = begun;
  const file = exportKey(config, current);
  const manifest = (await bucket.head(file)) === null ? await writeFile(run, file) : await manifestOf(run);
  if (manifest === null) return { ...begun, current: null, doneDueMs: current.dueMs };
  // A file of this name that is none of ours is left alone.
  if (manifest.file !== file) return writeNext(run, { ...begun, current: { ...current, part: current.part + 1 } });
  await removeAll(bucket, manifest.keys);
  const { atMs, rows, leftOut, more } = manifest;
  const last = [{ file, atMs, rows, leftOut }, ...begun.last].slice(0, LAST_FILES);
  return more ? { ...begun, last, current: { ...current, part: current.part + 1 } } : { last, current: null, doneDueMs: current.dueMs };
}

const NO_FILE: Manifest = { file: "", atMs: 0, rows: 0, leftOut: 0, more: false, keys: [] };

async function manifestOf({ bucket, manifestKey }: Run): Promise<Manifest> {
  const object = await bucket.get(manifestKey);
  return object === null ? NO_FILE : Manifest.parse(await object.json());
}

/** Writes what is pending; null if nothing is. */
async function writeFile({ bucket, config, manifestKey }: Run, file: string): Promise<Manifest | null> {
  const { records, more } = await pendingRecords(bucket, config);
  if (records.length === 0) return null;
  const writer = new FileWriter(bucket, file);
  const encoder = new TextEncoder();
  await writer.write(encoder.encode(headLine(config)));
  const tellsDeleted = config.columns.some(({ field }) => field === "deleted");
  let rows = 0;
  for (let at = 0; at < records.length; at += LIMITS.exportReadsAtOnce) {
    const some = await Promise.all(records.slice(at, at + LIMITS.exportReadsAtOnce).map((keys) => newestRow(bucket, keys)));
    const told = some.filter((row) => !row.deleted || tellsDeleted);
    rows += told.length;
    await writer.write(encoder.encode(told.map((row) => rowLine(config, row)).join("")));
  }
  const manifest: Manifest = { file, atMs: Date.now(), rows, leftOut: records.length - rows, more, keys: records.flat() };
  await bucket.put(manifestKey, JSON.stringify(manifest));
  await writer.close();
  return manifest;
}

/** The keys of each record's rows, oldest first: whole records only. A row that comes meanwhile sorts behind its record's others. */
async function pendingRecords(
  bucket: R2Bucket,
  config: ExportConfig,
): Promise<{ readonly records: readonly (readonly string[])[]; readonly more: boolean }> {
  const records: string[][] = [];
  let before = "";
  let found = 0;
  for await (const { key } of listed(bucket, pendingPrefix(config))) {
    const record = recordOfPending(key);
    if (record === before) records.at(-1)?.push(key);
    else if (found >= LIMITS.exportRows) return { records, more: true };
    else records.push([key]);
    before = record;
    found += 1;
  }
  return { records, more: false };
}

async function newestRow(bucket: R2Bucket, keys: readonly string[]): Promise<PendingRow> {
  const object = await bucket.get(keys.at(-1) ?? "");
  if (object === null) throw new Error("a pending row is gone");
  return PendingRow.parse(await object.json());
}
