import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Served } from "../bare-workerd.ts";
import { ORDER_SECRET, SALESFORCE_TOKEN, SINK_SECRET } from "../bodies.ts";
import { bundle } from "../bundle.ts";
import { serveLocally } from "../local-runtime.ts";
import { info, judged, number, type Row, type SuiteResult } from "../report.ts";
import { Sink } from "../sink.ts";
import type { ToStuckSink } from "../stuck-sink-thread.ts";
import { compare, interleave, isVoid, median, percentile, type Round } from "../statistics.ts";
import { PROBE_PREFIX } from "../worker/probes.ts";
import type { Batch, BatchAnswer, Hot, HotAnswer } from "../worker/entities.ts";
import type { Scope } from "./suite.ts";

const PER_BATCH = 100;
const ENTITIES = 10_000;
const OBJECTS = { ENTITY: "EntitySequencer", GOVERNOR: "DestinationGovernor", SOURCE_RATE: "SourceRate", BACKLOG: "BacklogBoard" };

/** A sink that can be told to leave one entity's events without an answer, and the product behind it. */
class Bench {
  readonly served: Served;
  readonly sink: Sink;
  readonly #thread: Worker;

  constructor(served: Served, sink: Sink, thread: Worker) {
    this.served = served;
    this.sink = sink;
    this.#thread = thread;
  }

  static async start(directory: string): Promise<Bench> {
    const thread = new Worker(path.join(import.meta.dirname, "..", "stuck-sink-thread.ts"));
    const [{ port }] = (await once(thread, "message")) as [{ readonly port: number }];
    const url = `http://127.0.0.1:${port}`;
    const secrets = { ORDER_SECRET, SALESFORCE_TOKEN, SINK_SECRET, SINK_URL: url };
    const vars = { ENVIRONMENT: "local", OPS_ISSUER: "bench", OPS_AUDIENCE: "bench", OPS_JWKS_URL: "", ...secrets };
    const script = await bundle("worker/entities.ts");
    return new Bench(await serveLocally({ name: "entities", script, vars, objects: OBJECTS }, directory), new Sink(thread, url), thread);
  }

  async post<Answer>(probe: string, body: Hot | Batch): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.served.port}${PROBE_PREFIX}${probe}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`probe ${probe} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    return (await response.json()) as Answer;
  }

  hang(key: string | null): void {
    this.#thread.postMessage({ hang: key } satisfies ToStuckSink);
  }

  async stop(): Promise<void> {
    await this.served.stop();
    await this.sink.stop();
  }
}

/** How many states of one record its object takes in a second, when a route may collapse those that wait. */
async function hotRows(bench: Bench, quick: boolean): Promise<{ readonly rows: readonly Row[]; readonly data: unknown }> {
  const rates: number[] = [];
  const seen = { delivered: 0, collapsed: 0, other: 0 };
  const calls = 10;
  for (let round = 0; round <= (quick ? 5 : 11); round++) {
    const startedMs = performance.now();
    const answer = await bench.post<HotAnswer>("hot", { key: `hot${round}`, calls, perCall: PER_BATCH });
    const perSecond = (calls * PER_BATCH * 1000) / (performance.now() - startedMs);
    if (round === 0) continue;
    rates.push(perSecond);
    for (const what of ["delivered", "collapsed", "other"] as const) seen[what] += answer[what];
  }
  const perSecond = median(rates);
  const total = rates.length * calls * PER_BATCH;
  const limitedBy = "admission, hash chain and row of each event, and a delivery at both ends of a batch";
  return {
    rows: [
      judged({ what: `hot record: events/s its object takes, ${PER_BATCH} a call, collapsing`, ours: number(perSecond) }, perSecond, {
        atLeast: 1_000,
        limitedBy,
      }),
      info({
        what: `  of ${number(total)} states: collapsed, delivered, other`,
        ours: `${number(seen.collapsed)}, ${number(seen.delivered)}, ${number(seen.other)}`,
      }),
    ],
    data: { rates, seen },
  };
}

interface Slot {
  /** Of every entity but the stuck one, from when its batch was due to its arrival at the sink. */
  readonly latenciesMs: readonly number[];
  readonly missing: number;
  readonly retried: number;
}

/** 200 events a second: the runtime keeps three files open for every object in use within the last half minute, and has 20,000. */
const EVERY_MS = 500;
/** A slot is over when nothing has arrived for this long. */
const QUIET_MS = 6_000;
let runs = 0;

/** So many batches at a fixed rate, of entities in turn, with an event of one special entity in each; it hangs if told to. */
async function slot(bench: Bench, batches: number, hangs: boolean): Promise<Slot> {
  const run = ++runs;
  const special = `special${run}`;
  bench.hang(hangs ? special : null);
  const dueMs = new Map<string, number>();
  const running: Promise<BatchAnswer>[] = [];
  const startedMs = Date.now();
  for (let batch = 0; batch < batches; batch++) {
    const due = startedMs + batch * EVERY_MS;
    await until(due);
    const keys = Array.from({ length: PER_BATCH - 1 }, nextKey);
    for (const key of keys) dueMs.set(`${run}-${key}-1`, due);
    running.push(bench.post<BatchAnswer>("batch", { run, keys: [special, ...keys] }));
  }
  // A request that hangs has arrived; the special entity's later ones wait behind it.
  const arrivals = await bench.sink.arrivals(dueMs.size + (hangs ? 1 : batches), QUIET_MS);
  bench.hang(null);
  const answers = await Promise.all(running);
  const seen = new Map(arrivals.map(({ seq, atMs }) => [seq, atMs]));
  // What did not arrive at all is later than anything that did.
  const latenciesMs = [...dueMs].map(([seq, due]) => (seen.get(seq) ?? Number.POSITIVE_INFINITY) - due);
  return {
    latenciesMs,
    missing: latenciesMs.filter((ms) => !Number.isFinite(ms)).length,
    retried: answers.reduce((sum, answer) => sum + answer.retried, 0),
  };
}

let turns = 0;
const nextKey = (): string => `E${turns++ % ENTITIES}`;

const until = (dueMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - Date.now())));

const p = (part: number) => (one: Slot) => percentile(one.latenciesMs, part);

function stuckRows(title: string, rounds: readonly Round<Slot>[]): Row[] {
  const p99 = compare(rounds, p(0.99));
  const p50 = compare(rounds, p(0.5));
  const words = ({ ours, floor, ratio }: typeof p99): { ours: string; floor: string; ratio: number } => ({
    ours: number(ours),
    floor: `${number(floor)} without`,
    ratio,
  });
  const missing = rounds.flatMap((round) => round.ours).reduce((sum, one) => sum + one.missing, 0);
  return [
    judged({ what: `${title}: p99 ms of the others`, ...words(p99) }, p99.ratio, {
      atMost: 1.1,
      unit: "x",
      limitedBy: `not profiled; batches that wait for it stay under way beside the others, ${number(missing)} of which did not arrive`,
      voided: isVoid(p99) ? `without against itself ${number(p99.control, 2)}x` : null,
    }),
    info({ what: "  p50 ms", ...words(p50) }),
    info({ what: "  without against itself, p99 and p50", ours: `${number(p99.control, 2)}x, ${number(p50.control, 2)}x` }),
  ];
}

const sidesOf = (bench: Bench, batches: number): { readonly floor: () => Promise<Slot>; readonly ours: () => Promise<Slot> } => ({
  floor: () => slot(bench, batches, false),
  ours: () => slot(bench, batches, true),
});

/** A record under fire, and a record that is stuck among ten thousand. */
export async function entities({ quick, directory }: Scope): Promise<SuiteResult> {
  const bench = await Bench.start(directory);
  const batches = quick ? 10 : 12;
  try {
    const hot = await hotRows(bench, quick);
    await bench.sink.arrivals(0, QUIET_MS);
    const ample = await interleave<Slot>(sidesOf(bench, batches), quick ? 2 : 4, 300);
    return {
      rows: [...hot.rows, ...stuckRows(`1 of ${number(ENTITIES)} records stuck`, ample)],
      notes: [
        `stuck: a consumer batch of ${PER_BATCH} every ${EVERY_MS} ms, several under way at once as in production; each holds an event of the stuck record, whose requests the sink never answers; latency from when the batch was due to the sink`,
      ],
      data: { hot: hot.data, stuck: brief(ample) },
    };
  } finally {
    await bench.stop();
  }
}

/** What is kept of a slot: its distribution, not each latency. */
const brief = (rounds: readonly Round<Slot>[]): unknown => {
  const short = (one: Slot): unknown => ({ p50: p(0.5)(one), p99: p(0.99)(one), missing: one.missing, retried: one.retried });
  return rounds.map((round) => ({ without: round.floor.map(short), with: round.ours.map(short) }));
};
