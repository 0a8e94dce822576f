import { type Breach, type BreachKind, BREACHES, newTally, type Tally } from "./breach.ts";
import type { Plant } from "./plant.ts";
import { Slice, type SliceOptions, type SliceReport } from "./slice.ts";

/** Entities that share one set of queues, destinations and governors; small enough that memory stays flat. */
const SLICE_ENTITIES = 40;

export interface SimulationOptions {
  readonly events: number;
  readonly entities: number;
  readonly seed: number;
  readonly plant?: Plant | null;
}

/** A slice that broke a promise, and where in it. */
export interface Finding {
  readonly slice: number;
  readonly breaches: readonly Breach[];
}

export interface SimulationReport {
  readonly tally: Tally;
  readonly counts: Readonly<Record<BreachKind, number>>;
  readonly findings: readonly Finding[];
}

/** What of a run to repeat: one slice, or one of its entities alone, with as many states each as given. */
export interface Excerpt {
  readonly slice: number;
  readonly entity?: number;
  readonly eventsEach: number;
}

export const eventsEachOf = (options: SimulationOptions): number => Math.max(1, Math.round(options.events / options.entities));

export const slicesOf = (options: SimulationOptions): number => Math.ceil(options.entities / SLICE_ENTITIES);

export const sliceOfEntity = (entity: number): number => Math.floor(entity / SLICE_ENTITIES);

/** Runs one slice, or an excerpt of it. The same options give the same report. */
export function runExcerpt(options: SimulationOptions, excerpt: Excerpt, trace?: SliceOptions["trace"]): Promise<SliceReport> {
  const first = excerpt.slice * SLICE_ENTITIES;
  const count = Math.min(SLICE_ENTITIES, options.entities - first);
  const entities = excerpt.entity === undefined ? Array.from({ length: count }, (_, i) => first + i) : [excerpt.entity];
  const seed = `${options.seed}/${excerpt.slice}`;
  const base: SliceOptions = { seed, entities, eventsEach: excerpt.eventsEach, plant: options.plant ?? null };
  return new Slice(trace === undefined ? base : { ...base, trace }).run();
}

/** Adds slices up. */
export class Totals {
  readonly tally = newTally();
  readonly findings: Finding[] = [];

  add(slice: number, report: SliceReport): void {
    for (const name of Object.keys(this.tally) as (keyof Tally)[]) this.tally[name] += report.tally[name];
    if (report.breaches.length > 0) this.findings.push({ slice, breaches: report.breaches });
  }

  get report(): SimulationReport {
    const findings = this.findings.toSorted((left, right) => left.slice - right.slice);
    const kinds = findings.flatMap((finding) => finding.breaches.map((breach) => breach.kind));
    const counts = Object.fromEntries(BREACHES.map((kind) => [kind, kinds.filter((each) => each === kind).length]));
    return { tally: this.tally, counts: counts as Record<BreachKind, number>, findings };
  }
}

/** Runs slices one after another, until all are done, or to the first that breaks a promise where `stopAtBreach`. */
export async function simulate(options: SimulationOptions & { readonly stopAtBreach?: boolean }): Promise<SimulationReport> {
  const totals = new Totals();
  for (let slice = 0; slice < slicesOf(options); slice++) {
    totals.add(slice, await runExcerpt(options, { slice, eventsEach: eventsEachOf(options) }));
    if (options.stopAtBreach === true && totals.findings.length > 0) break;
  }
  return totals.report;
}

/** The smallest excerpt that still breaks a promise: fewer states each, and one entity alone if that is enough. */
export async function shrink(options: SimulationOptions, finding: Finding): Promise<Excerpt> {
  const breaks = async (excerpt: Excerpt): Promise<boolean> => (await runExcerpt(options, excerpt)).breaches.length > 0;
  const eventsEach = eventsEachOf(options);
  const names = [...new Set(finding.breaches.map((breach) => Number(breach.entity.slice(1))))].filter(Number.isInteger);
  for (const entity of names.slice(0, 5)) {
    const alone = { slice: finding.slice, entity, eventsEach };
    if (await breaks(alone)) return fewest(alone, breaks);
  }
  return fewest({ slice: finding.slice, eventsEach }, breaks);
}

async function fewest(excerpt: Excerpt, breaks: (excerpt: Excerpt) => Promise<boolean>): Promise<Excerpt> {
  for (let eventsEach = 1; eventsEach < excerpt.eventsEach; eventsEach = Math.ceil(eventsEach * 1.5)) {
    if (await breaks({ ...excerpt, eventsEach })) return { ...excerpt, eventsEach };
  }
  return excerpt;
}
