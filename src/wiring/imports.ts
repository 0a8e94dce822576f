import { takeWork, type Form, type Work } from "../adapters/file-work.ts";
import { firstFile, joinFiles, moveFile, openFile } from "../adapters/files-r2.ts";
import { sortRows, type RefusedRow, type SortedRows } from "../decoding/import-rows.ts";
import { RowSplitter, type RawRow } from "../decoding/rows.ts";
import type { Deployment } from "../deployment.ts";
import { refusesAtIngest } from "../domain/backlog.ts";
import type { ImportConfig } from "../domain/config.ts";
import {
  advance,
  beginFile,
  endFile,
  fileName,
  finished,
  IMPORT_WORK,
  ImportState,
  placesOf,
  reportOf,
  type Progress,
} from "../domain/importing.ts";
import { LIMITS } from "../domain/limits.ts";
import { takeIn } from "../pipeline/ingest/ingest.ts";
import type { LiveSource } from "../pipeline/ingest/ports.ts";
import { backlogBoard } from "./consume.ts";
import { ingestPorts } from "./receive.ts";
import { derivedRandom } from "./replay.ts";

/** How the state of an import is kept. */
export const IMPORT_FORM: Form<ImportState> = {
  initial: { current: null, problem: null, last: [] },
  parse: (stored) => ImportState.parse(stored),
};

interface Run {
  readonly env: Env;
  readonly name: string;
  readonly config: ImportConfig;
  readonly source: LiveSource;
  readonly work: Work<ImportState>;
  readonly untilMs: number;
}

/** Reads on in the files of every import: one file of each at a time, in order of their names. Logs nothing that a file says. */
export async function runImports(env: Env, deployment: Deployment): Promise<void> {
  for (const name of Object.keys(deployment.config.imports ?? {})) {
    try {
      await runImport(env, deployment, name);
    } catch (error) {
      const kind = error instanceof Error ? error.name : "unknown";
      console.error(JSON.stringify({ level: "error", message: "an import stopped; the next minute goes on with it", name, kind }));
    }
  }
}

async function runImport(env: Env, deployment: Deployment, name: string): Promise<void> {
  const config = deployment.config.imports?.[name];
  const source = deployment.importSource(name);
  if (config === undefined || !source.ok || (await pressed(env, source.value))) return;
  const wanted = async ({ current }: ImportState): Promise<boolean> =>
    current !== null || (await firstFile(env.FILES, config.prefix)) !== null;
  const work = await takeWork(env.DB, { name: IMPORT_WORK + name, form: IMPORT_FORM, wanted });
  if (work === null) return;
  const run = { env, name, config, source: source.value, work, untilMs: Date.now() + LIMITS.importRunMs };
  let state: ImportState | null = work.state;
  while (state !== null && Date.now() < run.untilMs) {
    const next: ImportState | null = await step(run, state);
    const stuck = next === state || (next !== null && next.problem !== null);
    state = next;
    if (stuck) break;
  }
  if (state !== null) await work.release(state);
}

/** Bulk stands back while what was taken of it waits too long, as at ingest. */
async function pressed(env: Env, { config }: LiveSource): Promise<boolean> {
  if (config.priority !== "bulk") return false;
  return refusesAtIngest(await backlogBoard(env).read(), "bulk", Date.now());
}

/** Takes the current file further, or the next one up. The same state: nothing can be done now. Null: somebody else goes on with it. */
async function step(run: Run, state: ImportState): Promise<ImportState | null> {
  if (state.current?.ended === true) return close(run, state, state.current);
  const current = state.current ?? (await nextFile(run));
  if (current === null) return state;
  const opened = await openFile(run.env.FILES, { key: current.file, etag: current.etag, bytes: current.bytes }, current.offset);
  if (!opened.ok) return saved(run, { ...state, current: endFile(current, `the file was ${WORDS[opened.failure]} while it was read`) });
  return readOn(run, { ...state, current }, opened.value);
}

const WORDS = { gone: "taken away", replaced: "replaced" } as const;

async function nextFile({ env, config }: Run): Promise<Progress | null> {
  const found = await firstFile(env.FILES, config.prefix);
  return found === null ? null : beginFile(found, Date.now());
}

async function saved({ work }: Run, state: ImportState): Promise<ImportState | null> {
  return (await work.save(state)) ? state : null;
}

/** Takes chunk after chunk until the file ends, the time is up, or a chunk cannot be stored. */
async function readOn(run: Run, begun: ImportState, bytes: AsyncIterable<Uint8Array>): Promise<ImportState | null> {
  // Before the first row is taken, so that its chunk has the same ids if it is taken again.
  let state = await saved(run, begun);
  const splitter = new RowSplitter(run.config, { from: begun.current?.offset ?? 0, longest: LIMITS.importRowBytes });
  for await (const rows of chunksOf(bytes, splitter)) {
    if (state?.current == null) return state;
    const taken = await takeRows(run, state.current, rows);
    state = await saved(run, { ...state, ...taken });
    if (taken.problem !== null || taken.current.ended || Date.now() >= run.untilMs) return state;
  }
  if (state?.current == null) return state;
  const row = state.current.row + 1;
  const stopped = splitter.overlong ? `row ${row} is longer than ${LIMITS.importRowBytes} bytes; a quote may not be closed` : null;
  return saved(run, { ...state, current: endFile(state.current, stopped) });
}

/** Rows in portions that do not depend on how the stream is cut, only on the row at which it begins. */
async function* chunksOf(bytes: AsyncIterable<Uint8Array>, splitter: RowSplitter): AsyncGenerator<readonly RawRow[]> {
  let rows: RawRow[] = [];
  let size = 0;
  const full = (row: RawRow): boolean => {
    rows.push(row);
    size += row.bytes.byteLength;
    return rows.length === LIMITS.importChunkRows || size >= LIMITS.importChunkBytes;
  };
  const taken = (): readonly RawRow[] => {
    const chunk = rows;
    rows = [];
    size = 0;
    return chunk;
  };
  for await (const piece of bytes) {
    for (const row of splitter.push(piece)) if (full(row)) yield taken();
    if (splitter.overlong) break;
  }
  for (const row of splitter.finish()) if (full(row)) yield taken();
  if (rows.length > 0) yield taken();
}

type Taken = { readonly current: Progress; readonly problem: string | null };

/**
 * Makes a chunk's rows durable: the refused ones in the report and, all of a chunk together, as one quarantined event, the
 * others as events. Done again after a crash, it makes the same events and objects.
 */
async function takeRows(run: Run, current: Progress, rows: readonly RawRow[]): Promise<Taken> {
  const { name, config, source } = run;
  const place = { name, file: fileName(config, current.file), version: current.etag, row: current.row, columns: current.columns };
  const sorted = sortRows(rows, place, { rules: config, objects: source.objects });
  if (!sorted.ok) return { current: endFile(current, sorted.failure), problem: null };
  const problem =
    (await takeRefused(run, current, sorted.value)) ?? (await put(run, current, { lines: sorted.value.lines, quarantine: null }));
  if (problem !== null) return { current, problem };
  const { columns, lines, refused } = sorted.value;
  const end = rows.at(-1)?.end ?? current.offset;
  return { current: advance(current, { end, columns, accepted: lines.length, refused: refused.length }, Date.now()), problem: null };
}

/** An event a chunk, not a file: durable before the file goes on, and small enough to be put in again once the mapping is mended. */
async function takeRefused(run: Run, current: Progress, { refused, refusedLines }: SortedRows): Promise<string | null> {
  const [first] = refused;
  if (first === undefined) return null;
  const { chunks } = placesOf(run.name, run.config, current);
  await run.env.FILES.put(`${chunks}${String(first.row).padStart(12, "0")}`, linesOf(refused.map((row) => JSON.stringify(row))));
  return put(run, current, { lines: refusedLines, quarantine: wordsOf(fileName(run.config, current.file), refused, first) });
}

const wordsOf = (file: string, refused: readonly RefusedRow[], first: RefusedRow): string =>
  `${file}: ${refused.length} ${refused.length === 1 ? "row" : "rows"} refused; row ${first.row}: ${first.why}`.slice(
    0,
    LIMITS.detailCharacters,
  );

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

interface Portion {
  readonly lines: readonly string[];
  /** Why these are kept for a person instead of being read. */
  readonly quarantine: string | null;
}

/** Puts rows in as ingest does with a request. Answers why that could not be done; null if it is done. */
async function put(run: Run, current: Progress, { lines, quarantine }: Portion): Promise<string | null> {
  if (lines.length === 0) return null;
  const seed = [run.name, current.file, current.etag, current.startedAtMs, current.offset, quarantine === null].join("\n");
  const arrival = {
    source: run.source,
    account: null,
    secrets: [],
    method: "PUT",
    clientCertificate: null,
    body: new TextEncoder().encode(linesOf(lines)),
    headers: new Headers({ "content-type": "application/x-ndjson" }),
    url: new URL(`https://files.invalid/${encodeURIComponent(run.name)}`),
    receivedAtMs: current.chunkAtMs,
  };
  const proof = {
    verdict: "authenticated" as const,
    secretId: IMPORT_WORK + run.name,
    deliveryId: null,
    replayOf: null,
    ...(quarantine === null ? {} : { quarantine }),
  };
  const taken = await takeIn(arrival, proof, { ...ingestPorts(run.env), random: derivedRandom(seed) });
  switch (taken.kind) {
    case "stored":
      return null;
    case "rejected":
      return `the rows were refused: ${taken.reason}`;
    case "notStored":
      return `the rows could not be stored: ${taken.detail}`.slice(0, LIMITS.detailCharacters);
  }
}

/** Puts the report and the file where they stay. A file that could not be read to its end is also something for a person. */
async function close(run: Run, state: ImportState, current: Progress): Promise<ImportState | null> {
  const { FILES } = run.env;
  const places = placesOf(run.name, run.config, current);
  const { file, row, stopped } = current;
  if (stopped !== null) {
    const line = JSON.stringify({ file, version: current.etag, rows: row, stopped });
    const problem = await put(run, current, { lines: [line], quarantine: `${fileName(run.config, file)}: ${stopped}` });
    if (problem !== null) return saved(run, { ...state, problem });
  }
  if (current.refused > 0) await joinFiles(FILES, places.chunks, places.refusedRows);
  const kept = await moveFile(FILES, { key: file, etag: current.etag }, places.kept);
  const report = reportOf(current, { ...places, kept: kept ? places.kept : null }, Date.now());
  await FILES.put(places.summary, JSON.stringify({ import: run.name, ...report }));
  return saved(run, finished(state, report));
}
