import type { Served } from "../bare-workerd.ts";
import { LINES_4_KB, signedOrder } from "../bodies.ts";
import { postChains } from "../load.ts";
import { cpuMs } from "../processes.ts";
import { info, judged, number, type SuiteResult } from "../report.ts";
import { localSide } from "../sides.ts";
import { Sink, tally, type Tally } from "../sink.ts";
import { compare, interleave, isVoid, sum } from "../statistics.ts";
import type { Scope } from "./suite.ts";

const ENTITIES = 50;
const PATIENCE_MS = 15_000;

export interface Flow {
  readonly served: Served;
  readonly sink: Sink;
  readonly source: string;
  readonly entities: number;
  readonly events: number;
  /** Requests under way at once; 32 by default. */
  readonly connections?: number;
}

export interface Flowed extends Tally {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

let runs = 0;

/** The last events wait for a batch that does not fill, on every side alike: they say nothing of its speed. */
const COUNTED = 0.95;

/** Posts events of several entities, each entity's in order, and waits until the sink has them; the rate is that of the first 95 %. */
export async function flow({ served, sink, source, entities, events, connections }: Flow): Promise<Flowed> {
  const run = ++runs;
  const each = Math.ceil(events / entities);
  const order = (entity: number, version: number): Buffer =>
    signedOrder(`/in/${source}`, {
      entity: `O${entity}`,
      version: run * 1_000_000 + version,
      seq: `${run}-${entity}-${version}`,
      lines: LINES_4_KB,
    });
  const chains = Array.from({ length: entities }, (_none, entity) =>
    Array.from({ length: each }, (_no, index) => () => order(entity, index + 1)),
  );
  const cpuBefore = cpuMs(served.pid);
  const startedMs = Date.now();
  await postChains(served.port, chains, connections);
  const arrivals = await sink.arrivals(each * entities, PATIENCE_MS);
  const counted = Math.floor(arrivals.length * COUNTED);
  const countedMs = arrivals.map((arrival) => arrival.atMs).toSorted((left, right) => left - right)[counted - 1] ?? startedMs;
  return {
    ...tally(arrivals, each * entities),
    perSecond: (counted * 1000) / Math.max(1, countedMs - startedMs),
    cpuMicros: ((cpuMs(served.pid) - cpuBefore) * 1000) / (each * entities),
  };
}

const LIMITED = "one thread does it all, so CPU per event decides: ingest, ledger commit, reading answers, index";

/** From post to sink, with order, dedupe, ledger and audit, against a pipeline without them. */
export async function endToEnd({ quick, directory }: Scope): Promise<SuiteResult> {
  const sink = await Sink.start();
  const floor = await localSide("floor/pipeline.ts", sink.url, directory);
  const ours = await localSide("worker/ours.ts", sink.url, directory);
  try {
    const common = { sink, source: "orders", entities: ENTITIES, events: quick ? 1_500 : 3_000 };
    const sides = { floor: () => flow({ ...common, served: floor }), ours: () => flow({ ...common, served: ours }) };
    const rounds = await interleave<Flowed>(sides, quick ? 3 : 5, 100);
    const rate = compare(rounds, (slot) => slot.perSecond);
    const cpu = compare(rounds, (slot) => slot.cpuMicros);
    const own = rounds.flatMap((round) => round.ours);
    const wrong = sum(own.map((slot) => slot.lost + slot.duplicates + slot.disorders));
    const voided = isVoid(rate) ? `floor against itself ${number(rate.control, 2)}x` : null;
    const count = (of: keyof Tally): string => `${number(sum(own.map((slot) => slot[of])))} ${of}`;
    return {
      rows: [
        judged({ what: "end to end, events/s", ours: number(rate.ours), floor: number(rate.floor), ratio: rate.ratio }, rate.ratio, {
          atLeast: 1,
          unit: "x",
          limitedBy: LIMITED,
          voided,
        }),
        info({
          what: "end to end, CPU us/event (workerd, simulators included)",
          ours: number(cpu.ours),
          floor: number(cpu.floor),
          ratio: cpu.ratio,
        }),
        judged(
          {
            what: `end to end, seen at the sink of ${number(own.length * common.events)}`,
            ours: `${count("lost")}, ${count("duplicates")}, ${count("disorders")}`,
          },
          wrong,
          {
            atMost: 0,
            limitedBy: "this is a fault, not a speed",
          },
        ),
        info({ what: "  floor against itself", ours: "", ratio: rate.control }),
      ],
      notes: [
        `end to end: ${ENTITIES} entities, 4 KB, local queues with the settings of wrangler.toml (one batch at a time), local D1, R2 and objects on both sides`,
      ],
      data: { rounds },
    };
  } finally {
    await Promise.all([floor.stop(), ours.stop()]);
    await sink.stop();
  }
}
