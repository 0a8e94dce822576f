import { missing, servePeer } from "../peer/serve.ts";
import { versionOf } from "../peer/packages.ts";
import { PARTITIONS } from "../peer/partitions.ts";
import { info, judged, number, type Row, type SuiteResult } from "../report.ts";
import { localSide } from "../sides.ts";
import { Sink, type Tally } from "../sink.ts";
import { compare, interleave, isVoid, sum, type Round } from "../statistics.ts";
import { flow, type Flowed } from "./end-to-end.ts";
import type { Scope } from "./suite.ts";

const ENTITIES = 50;
/** Time for what a side still does after its last delivery, so that it does not fall into the other's slot. */
const SETTLE_MS = 1_500;
const NAME = "Express + BullMQ + Redis";

const LIMITED_RATE = "one local workerd runs JavaScript on one thread; the peer spreads over three processes";
const LIMITED_CPU = "ledger, hash chain, index and the simulators of queue, D1 and R2 are in our figure and not in the peer's";

const NOTES = [
  `peer: the same signed 4 KB events, ${ENTITIES} entities and sink, in turns in one run; it verifies, parses with the floor's schema, adds a job under the delivery id, and one worker for each of ${PARTITIONS} partitions posts the body; CPU is that of Express, workers and Redis together`,
  "peer: it signs nothing, keeps no audit and no dead letters, and a failed job lets later ones of its entity pass; Redis keeps everything in memory and would lose it with the process, as our local queue does",
];

const faults = (slots: readonly Flowed[]): string =>
  (["lost", "duplicates", "disorders"] as const).map((of: keyof Tally) => `${number(sum(slots.map((slot) => slot[of])))} ${of}`).join(", ");

function rowsOf(rounds: readonly Round<Flowed>[]): Row[] {
  const rate = compare(rounds, (slot) => slot.perSecond);
  const cpu = compare(rounds, (slot) => slot.cpuMicros);
  const voided = isVoid(rate) ? `peer against itself ${number(rate.control, 2)}x` : null;
  const voidedCpu = isVoid(cpu) ? `peer against itself ${number(cpu.control, 2)}x` : null;
  const words = (compared: typeof rate): { ours: string; floor: string; ratio: number } => ({
    ours: number(compared.ours),
    floor: number(compared.floor),
    ratio: compared.ratio,
  });
  return [
    judged({ what: `events/s against ${NAME}`, ...words(rate) }, rate.ratio, { atLeast: 1, unit: "x", limitedBy: LIMITED_RATE, voided }),
    judged({ what: `CPU us/event against ${NAME}, all processes`, ...words(cpu) }, cpu.ratio, {
      atMost: 1,
      unit: "x",
      limitedBy: LIMITED_CPU,
      voided: voidedCpu,
    }),
    info({
      what: "  seen at the sink",
      ours: faults(rounds.flatMap((round) => round.ours)),
      floor: faults(rounds.flatMap((round) => round.floor)),
    }),
    info({ what: "  peer against itself: rate, CPU", ours: "", floor: `${number(rate.control, 2)}x, ${number(cpu.control, 2)}x` }),
  ];
}

/** From post to sink, beside what one would build from the usual parts. Says what is missing where it cannot run. */
export async function peer({ quick, directory }: Scope): Promise<SuiteResult> {
  const lacks = missing();
  if (lacks !== null) return { rows: [info({ what: `end to end against ${NAME}`, ours: `not run: ${lacks}` })], notes: [], data: null };
  const sink = await Sink.start();
  const theirs = await servePeer(sink.url);
  const ours = await localSide("worker/ours.ts", sink.url, directory);
  try {
    const common = { sink, source: "orders", entities: ENTITIES, events: quick ? 1_500 : 3_000 };
    const sides = { floor: () => flow({ ...common, served: theirs }), ours: () => flow({ ...common, served: ours }) };
    const rounds = await interleave<Flowed>(sides, quick ? 3 : 5, SETTLE_MS);
    return { rows: rowsOf(rounds), notes: [...NOTES, `peer: ${versionOf("express")}, ${versionOf("bullmq")}`], data: { rounds } };
  } finally {
    await Promise.all([theirs.stop(), ours.stop()]);
    await sink.stop();
  }
}
