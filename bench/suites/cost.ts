import { costOf, PRICES, PRICES_READ_ON, type Quantities } from "../../cli/prices.ts";
import { Probes } from "../probes-client.ts";
import { info, judged, number, type Row, type SuiteResult } from "../report.ts";
import { localSide } from "../sides.ts";
import { Sink } from "../sink.ts";
import { sum } from "../statistics.ts";
import type { Counts } from "../worker/counts.ts";
import type { Served } from "../bare-workerd.ts";
import { flow } from "./end-to-end.ts";
import type { Scope } from "./suite.ts";

interface Traffic {
  readonly name: string;
  readonly source: string;
  readonly entities: number;
  readonly events: number;
  readonly connections?: number;
}

interface Billed {
  readonly traffic: Traffic;
  readonly counts: Counts;
  /** For one event. */
  readonly quantities: Quantities;
  readonly usdPerMillion: number;
  readonly partsUsd: Readonly<Record<string, number>>;
}

/** Time for what follows the last arrival: ledger, index, acknowledgement. */
const SETTLE_MS = 1_500;

async function bill(probes: Probes, served: Served, sink: Sink, traffic: Traffic): Promise<Billed> {
  await probes.takeCounts();
  const { cpuMicros, lost } = await flow({ served, sink, ...traffic });
  if (lost > 0) throw new Error(`${lost} events did not arrive: the cost of the happy path cannot be counted`);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const counts = await probes.takeCounts();
  const quantities = quantitiesOf(counts, traffic.events, cpuMicros / 1000);
  const { totalUsd, parts } = costOf(quantities);
  const perMillion = Object.fromEntries(Object.entries(parts).map(([name, usd]) => [name, usd * 1_000_000]));
  return { traffic, counts, quantities, usdPerMillion: totalUsd * 1_000_000, partsUsd: perMillion };
}

function quantitiesOf(counts: Counts, events: number, cpuMs: number): Quantities {
  const each = (count: number): number => count / events;
  return {
    workerRequests: each(counts.workerRequests),
    cpuMs,
    queueOperations: each(counts.queueWrites + counts.queueReads + counts.queueDeletes),
    objectRequests: each(counts.entityCalls + counts.governorCalls + counts.alarms),
    objectMs: each(counts.objectMs),
    objectRowsWritten: each(counts.objectRowsWritten + counts.alarmsSet),
    objectRowsRead: each(counts.objectRowsRead),
    d1RowsWritten: each(counts.d1RowsWritten),
    d1RowsRead: each(counts.d1RowsRead),
    r2ClassA: each(counts.r2ClassA),
    r2ClassB: each(counts.r2ClassB),
  };
}

const rowsOf = ({ quantities }: Billed): number => quantities.objectRowsWritten + quantities.d1RowsWritten;
const batchSize = ({ counts }: Billed): number => sum(counts.batches.map((batch) => batch.events)) / Math.max(1, counts.batches.length);
const bundleSize = ({ counts, traffic }: Billed): number =>
  traffic.events / Math.max(1, sum(counts.batches.map((batch) => batch.messages)));

function usdRow(billed: Billed, budgetUsd: number): Row {
  const ours = `$${number(billed.usdPerMillion, 2)}`;
  const what = `cost per million events, ${billed.traffic.name}`;
  const [costliest = ""] = Object.entries(billed.partsUsd)
    .toSorted((a, b) => b[1] - a[1])
    .map(([part]) => part);
  return judged({ what, ours }, billed.usdPerMillion, { atMost: budgetUsd, unit: " $", limitedBy: `mostly ${costliest}` });
}

/** The most of `calls` that one batch made, for each that it should have made. */
const worst = (billed: readonly Billed[], excess: (batch: Counts["batches"][number]) => number): number =>
  Math.max(0, ...billed.flatMap(({ counts }) => counts.batches.map(excess)));

function partRows(billed: Billed): Row[] {
  return Object.entries(PRICES).map(([name, price]) => {
    const perEvent = billed.quantities[name as keyof Quantities];
    return info({ what: `  ${price.of}`, ours: `${number(perEvent, 3)}/event, $${number(billed.partsUsd[name] ?? 0, 3)}` });
  });
}

/** Counts every billed operation of real local traffic, and puts the list's prices on them. */
export async function cost({ quick, directory }: Scope): Promise<SuiteResult> {
  const sink = await Sink.start();
  const served = await localSide("worker/metered.ts", sink.url, directory);
  try {
    const probes = new Probes(served);
    const events = quick ? 1_000 : 3_000;
    const spread = { source: "orders", entities: 1_000, events };
    const first = await bill(probes, served, sink, { ...spread, name: "entities seen for the first time", events: spread.entities });
    const happy = await bill(probes, served, sink, { ...spread, name: "one destination" });
    const crowded = await bill(probes, served, sink, { ...spread, name: "few entities, several events each in a batch", entities: 50 });
    const sparse = await bill(probes, served, sink, { ...spread, name: "one request at a time, so none share a message", connections: 1 });
    const bulk = await bill(probes, served, sink, { ...spread, name: "bulk class", source: "orders-bulk" });
    const all = [happy, crowded, sparse, bulk];
    const worstEntityCalls = worst(all, (batch) => batch.entityCalls / batch.entities);
    const worstD1Calls = worst(all, (batch) => batch.d1Calls);
    return {
      rows: [
        usdRow(happy, 5),
        ...partRows(happy),
        usdRow(sparse, 5),
        usdRow(bulk, 4),
        info({ what: `cost per million events, ${crowded.traffic.name}`, ours: `$${number(crowded.usdPerMillion, 2)}` }),
        info({
          what: `cost per million events, ${first.traffic.name}`,
          ours: `$${number(first.usdPerMillion, 2)}, ${number(rowsOf(first), 2)} rows (with the tables' own)`,
        }),
        judged({ what: "rows written per event, object and D1", ours: number(rowsOf(happy), 3) }, rowsOf(happy), {
          atMost: 3,
          limitedBy: "see the parts above",
        }),
        judged({ what: "object calls per entity and batch, worst batch", ours: number(worstEntityCalls, 2) }, worstEntityCalls, {
          atMost: 1,
          limitedBy: "an entity was called twice",
        }),
        judged({ what: "D1 calls per batch, worst batch", ours: number(worstD1Calls) }, worstD1Calls, {
          atMost: 1,
          limitedBy: "the index was called twice",
        }),
        info({ what: "events in a batch: one destination, bulk", ours: `${number(batchSize(happy), 1)}, ${number(batchSize(bulk), 1)}` }),
        info({
          what: "events in a message: one destination, bulk",
          ours: `${number(bundleSize(happy), 1)}, ${number(bundleSize(bulk), 1)}`,
        }),
      ],
      notes: [
        `cost: list prices as read on ${PRICES_READ_ON}, beyond the included amounts; CPU and object time are what this machine took, local simulators of queue, D1 and R2 included`,
        `cost: ${spread.entities} entities take turns, so a batch holds one event of each: the dearest shape of the happy path`,
      ],
      data: { first, happy, crowded, bulk },
    };
  } finally {
    await served.stop();
    await sink.stop();
  }
}
