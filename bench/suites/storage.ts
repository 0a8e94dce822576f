import { Probes } from "../probes-client.ts";
import { info, judged, number, type Row, type SuiteResult } from "../report.ts";
import { localSide } from "../sides.ts";
import { median } from "../statistics.ts";
import type { Scope } from "./suite.ts";

type What = "sequence" | "record";

/** A portion of the same events, one in a call and then a hundred in a call, in turns. */
async function gain(
  probes: Probes,
  what: What,
  rounds: number,
): Promise<{ readonly single: number; readonly batched: number; readonly gain: number }> {
  const singles: number[] = [];
  const batches: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const single = await probes.timed(what, { key: "batching", events: 100, perCall: 1 }, 1);
    const batched = await probes.timed(what, { key: "batching", events: 1_000, perCall: 100 }, 1);
    if (round > 0) singles.push(single);
    if (round > 0) batches.push(batched);
  }
  return {
    single: median(singles),
    batched: median(batches),
    gain: median(singles.map((single, index) => single / (batches[index] ?? Number.NaN))),
  };
}

/** What writing many events in one call saves. */
export async function batching({ quick, directory }: Scope): Promise<SuiteResult> {
  const served = await localSide("worker/metered.ts", "http://127.0.0.1:1", directory);
  try {
    const probes = new Probes(served);
    const rounds = quick ? 7 : 15;
    const object = await gain(probes, "sequence", rounds);
    const index = await gain(probes, "record", rounds);
    const row = (what: string, measured: typeof object, atLeast: number, limitedBy: string): Row =>
      judged(
        { what, ours: number(measured.batched, 1), floor: `${number(measured.single, 1)} singly`, ratio: measured.gain },
        measured.gain,
        { atLeast, unit: "x", limitedBy },
      );
    return {
      rows: [
        row("object, us/event at 100 a call", object, 5, "admission, hash chain and row of each event, which no batch shares"),
        row("D1 index, us/event at 100 a call", index, 8, "the row itself"),
      ],
      notes: ["batching: events that no route wants, so that no delivery is measured: admitted, chained and written"],
      data: { object, index },
    };
  } finally {
    await served.stop();
  }
}

interface Measured {
  readonly stored: number;
  readonly objectMicros: number;
  readonly objectSingleMicros: number;
  readonly indexMicros: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly wakeRowsRead: number;
}

const FILL = 500;
const PORTION = { events: 500, perCall: 100 };

async function measure(probes: Probes, key: string, stored: number, repeats: number): Promise<Measured> {
  const indexMicros = await probes.timed("record", { ...PORTION, key }, repeats);
  await probes.takeCounts();
  const objectMicros = await probes.timed("sequence", { ...PORTION, key }, repeats);
  const { objectRowsWritten, objectRowsRead } = await probes.takeCounts();
  const objectSingleMicros = await probes.timed("sequence", { key, events: 100, perCall: 1 }, repeats);
  const events = PORTION.events * repeats;
  const { rowsRead: wakeRowsRead } = await probes.wake(key);
  return {
    stored,
    objectMicros,
    objectSingleMicros,
    indexMicros,
    rowsWritten: objectRowsWritten / events,
    rowsRead: objectRowsRead / events,
    wakeRowsRead,
  };
}

/** Fills one entity's ledger and the index, by the product's own calls. */
async function fill(probes: Probes, key: string, events: number): Promise<void> {
  const step = Math.min(events, 10_000);
  for (let done = 0; done < events; done += step) {
    await probes.run("sequence", { key, events: step, perCall: FILL });
    await probes.run("record", { key, events: step, perCall: FILL });
  }
}

/** How far a later figure may be above the first and still count as the same, on a machine with others on it. */
const FLAT = 1.3;

/** Whether an event costs the same when its entity and the index already hold many. */
export async function history({ quick, full, directory }: Scope): Promise<SuiteResult> {
  const served = await localSide("worker/metered.ts", "http://127.0.0.1:1", directory);
  try {
    const probes = new Probes(served);
    const repeats = quick ? 7 : 15;
    const sizes = full ? [1_000, 100_000, 1_000_000] : [1_000, 100_000];
    await fill(probes, "warm-up", 5_000);
    const measured: Measured[] = [];
    for (const [index, size] of sizes.entries()) {
      await fill(probes, "history", size - (sizes[index - 1] ?? 0));
      measured.push(await measure(probes, "history", size, repeats));
    }
    return {
      rows: historyRows(measured),
      notes: ["history: all events of one entity, in one object; the index holds as many"],
      data: { measured },
    };
  } finally {
    await served.stop();
  }
}

function historyRows(measured: readonly Measured[]): Row[] {
  const [base] = measured;
  if (base === undefined) return [];
  const flat = (later: Measured, what: string, field: keyof Measured, limitedBy: string): Row => {
    const ratio = later[field] / base[field];
    const words = {
      what: `history ${number(later.stored)}: ${what}`,
      ours: number(later[field], 1),
      floor: `${number(base[field], 1)} at ${number(base.stored)}`,
      ratio,
    };
    return judged(words, ratio, { atMost: FLAT, unit: "x", limitedBy });
  };
  return measured.slice(1).flatMap((later) => [
    flat(later, "object, us/event at 100 a call", "objectMicros", "each new delivery id is looked for in every bucket"),
    flat(later, "object, us/event singly", "objectSingleMicros", "each new delivery id is looked for in every bucket"),
    flat(later, "D1 index, us/event at 100 a call", "indexMicros", "depth of the tree"),
    flat(later, "object rows written per event", "rowsWritten", "rows grow with history"),
    info({
      what: `history ${number(later.stored)}: rows read when the object wakes`,
      ours: number(later.wakeRowsRead),
      floor: `${number(base.wakeRowsRead)} at ${number(base.stored)}`,
    }),
  ]);
}
