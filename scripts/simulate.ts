import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { BREACHES } from "../test/simulator/breach.ts";
import {
  eventsEachOf,
  runExcerpt,
  shrink,
  sliceOfEntity,
  slicesOf,
  Totals,
  type SimulationOptions,
  type SimulationReport,
} from "../test/simulator/simulation.ts";
import type { SliceReport } from "../test/simulator/slice.ts";

const USAGE = `Usage: npm run simulate -- [--events 1000000] [--entities 10000] [--seed 1] [--seconds 600] [--threads n]
To repeat a part:       [--slice n | --entity n] [--each states] [--trace]`;

interface Task {
  readonly options: SimulationOptions;
  readonly seconds: number;
  readonly first: number;
  readonly step: number;
}

interface Done {
  readonly slice: number;
  readonly report: SliceReport;
}

/** Runs every `step`th slice from `first` on, while there is time, and tells each as it ends. */
async function work({ options, seconds, first, step }: Task, tell: (done: Done) => void): Promise<void> {
  const untilMs = performance.now() + 1_000 * seconds;
  for (let slice = first; slice < slicesOf(options) && performance.now() < untilMs; slice += step)
    tell({ slice, report: await runExcerpt(options, { slice, eventsEach: eventsEachOf(options) }) });
}

const inThread = (task: Task, tell: (done: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: task });
    worker.on("message", tell);
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))));
  });

const number = (value: number): string => value.toLocaleString("en-US");

function table(report: SimulationReport, seconds: number): string {
  const { tally, counts } = report;
  const rows: readonly (readonly [string, number])[] = [
    ["events", tally.events],
    ["copies", tally.copies],
    ["deliveries", tally.deliveries],
    ["evictions", tally.evictions],
    ["crashes", tally.crashes],
    ["lost answers", tally.lostAnswers],
    ["refusals by the index", tally.indexRefusals],
    ["holds", tally.holds],
    ["dead letters", tally.deadLetters],
    ["operators' actions", tally.operatorActions],
    ["of them edits", tally.edits],
    ["replays", tally.replays],
    ["hints read back", tally.readBacks],
    ["echoes", tally.echoes],
    ["strays", tally.strays],
    ["lost", counts.lost],
    ["duplicate effects", counts.duplicateEffects],
    ["order violations", counts.orderViolations],
    ["stuck", counts.stuck],
  ];
  return [...rows.map(([name, count]) => `${name.padEnd(22)} ${number(count).padStart(12)}`), `in ${seconds.toFixed(0)} s`].join("\n");
}

/** Everything in one go, over all processors. True if every promise held. */
async function all(options: SimulationOptions, limits: { readonly seconds: number; readonly threads: number }): Promise<boolean> {
  const startedMs = performance.now();
  const totals = new Totals();
  const tell = ({ slice, report }: Done): void => {
    totals.add(slice, report);
    if (process.stdout.isTTY) process.stdout.write(`\r${number(totals.tally.events)} of ${number(options.events)} events `);
  };
  const tasks = Array.from({ length: limits.threads }, (_, first) => ({ options, seconds: limits.seconds, first, step: limits.threads }));
  await Promise.all(tasks.map((task) => inThread(task, tell)));
  if (process.stdout.isTTY) process.stdout.write("\r\u001b[K");
  console.log(table(totals.report, (performance.now() - startedMs) / 1_000));
  if (totals.tally.events < options.events * 0.99)
    console.log(`time was up: ${number(totals.tally.events)} events instead of ${number(options.events)}`);
  return judged(options, totals.report);
}

/** Prints the first broken promise and the smallest run that shows one. */
async function judged(options: SimulationOptions, report: SimulationReport): Promise<boolean> {
  const [finding] = report.findings;
  if (finding === undefined) return true;
  const { slice, entity, eventsEach } = await shrink(options, finding);
  const part = entity === undefined ? `--slice ${slice}` : `--entity ${entity}`;
  console.log(
    `\nseed ${options.seed}, slice ${slice}: ${finding.breaches
      .map(({ kind, what }) => `${kind}: ${what}`)
      .slice(0, 3)
      .join("\n")}`,
  );
  console.log(`npm run simulate -- --seed ${options.seed} --entities ${options.entities} ${part} --each ${eventsEach} --trace`);
  return false;
}

async function part(options: SimulationOptions, excerpt: Parameters<typeof runExcerpt>[1], traced: boolean): Promise<boolean> {
  const startedMs = performance.now();
  const only = excerpt.entity === undefined ? null : `e${excerpt.entity}`;
  const trace = (atMs: number, entity: string, what: string): void => {
    if (only === null || entity === only) console.log(`${String(atMs).padStart(9)} ms ${entity} ${what}`);
  };
  const totals = new Totals();
  totals.add(excerpt.slice, await runExcerpt(options, excerpt, traced ? trace : undefined));
  const { report } = totals;
  console.log(table(report, (performance.now() - startedMs) / 1_000));
  for (const { kind, entity, what } of report.findings.flatMap((finding) => finding.breaches)) console.log(`${kind}: ${entity}: ${what}`);
  return BREACHES.every((kind) => report.counts[kind] === 0);
}

/** A whole number from the command line; anything else ends the command with its usage. */
function count(text: string | undefined, otherwise: number, least = 1): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(USAGE);
  process.exit(2);
}

/** What the command line asks for; what it does not know ends the command with its usage. */
function asked() {
  const text = { type: "string" } as const;
  const numbers = { events: text, entities: text, seed: text, seconds: text, threads: text, slice: text, entity: text, each: text };
  try {
    const { values } = parseArgs({ options: { ...numbers, trace: { type: "boolean" }, help: { type: "boolean" } } });
    if (values.help !== true) return values;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

async function main(): Promise<boolean> {
  const values = asked();
  const options = {
    events: count(values.events, 1_000_000),
    entities: count(values.entities, 10_000),
    seed: count(values.seed, 1, 0),
  };
  const eventsEach = count(values.each, eventsEachOf(options));
  const traced = values.trace ?? false;
  if (values.entity !== undefined) {
    const entity = count(values.entity, 0, 0);
    return part(options, { slice: sliceOfEntity(entity), entity, eventsEach }, traced);
  }
  if (values.slice !== undefined) return part(options, { slice: count(values.slice, 0, 0), eventsEach }, traced);
  return all(options, { seconds: count(values.seconds, 600), threads: count(values.threads, availableParallelism()) });
}

if (isMainThread) process.exit((await main()) ? 0 : 1);
else await work(workerData as Task, (done) => parentPort?.postMessage(done));
