import type { EventDetail, StoredEvent } from "../domain/audit-record.ts";
import type { ReplayConfig } from "../domain/config.ts";
import { LIMITS } from "../domain/limits.ts";
import {
  countPlan,
  countRepeated,
  effectOn,
  etaSecondsOf,
  needsApproval,
  NO_COUNTS,
  whyNotReplayable,
  type EntityEffect,
  type Repeated,
  type ReplayCandidate,
  type ReplayCounts,
  type ReplayPlan,
  type ReplayProgress,
  type ReplayQuery,
  type ReplayRequest,
  type ReplayState,
  type ReplayTally,
} from "../domain/replay.ts";
import { endOfWorkMs, mayRun, nextOpenMs } from "../domain/replay-window.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Marks } from "../domain/sequencing.ts";

export interface PlanPorts {
  readonly clock: () => number;
  readonly config: ReplayConfig | undefined;
  /** Rows that the query's time range holds, counted up to `atMost`. */
  readonly rowsInRange: (query: ReplayQuery, atMost: number) => Promise<number>;
  readonly tallies: (query: ReplayQuery) => Promise<{ readonly tallies: readonly ReplayTally[]; readonly entities: number }>;
  /** The entities with the most matching events, most first. */
  readonly busiest: (query: ReplayQuery, limit: number) => Promise<readonly { readonly entity: string; readonly events: number }[]>;
  /** Their matching events, newest first. */
  readonly candidates: (query: ReplayQuery, entities: readonly string[], limit: number) => Promise<readonly ReplayCandidate[]>;
  /** An entity's newest states, from its own object. */
  readonly marks: (entity: string) => Promise<Marks>;
}

/** Says what a replay would do, and does nothing. Fails with words when its time range holds too much to be counted. */
export async function planReplay(request: ReplayRequest, ports: PlanPorts): Promise<Result<ReplayPlan, string>> {
  const { query, ratePerSecond } = request;
  const rows = await ports.rowsInRange(query, LIMITS.replayRangeRows + 1);
  if (rows > LIMITS.replayRangeRows) return fail(`more than ${LIMITS.replayRangeRows} events came in this time: split it by time`);
  const { tallies, entities } = await ports.tallies(query);
  const counts = countPlan(tallies);
  const effects = await lookAtEntities(query, entities, ports);
  const estimatedSeconds = Math.ceil(counts.events / ratePerSecond);
  const open = (atMs: number): boolean => mayRun(request.window, ports.config, atMs);
  return ok({
    ...counts,
    entities,
    sample: effects.effects.slice(0, LIMITS.replaySample),
    movedOn: {
      events: request.force ? 0 : effects.effects.reduce((sum, effect) => sum + effect.refused, 0),
      entitiesAsked: effects.effects.length,
      complete: effects.complete,
    },
    estimatedSeconds,
    estimatedEndMs: endOfWorkMs(open, ports.clock(), estimatedSeconds * 1_000),
    needsApproval: needsApproval(counts.events, request.force, ports.config),
  });
}

async function lookAtEntities(
  query: ReplayQuery,
  entities: number,
  ports: PlanPorts,
): Promise<{ readonly effects: readonly EntityEffect[]; readonly complete: boolean }> {
  const busiest = await ports.busiest(query, LIMITS.replayEntitiesLooked);
  const names = busiest.map(({ entity }) => entity);
  const candidates = names.length === 0 ? [] : await ports.candidates(query, names, LIMITS.replayEventsLooked);
  const effects = await Promise.all(
    busiest.map(async ({ entity, events }) => {
      const own = candidates.filter((candidate) => candidate.entity === entity);
      return { ...effectOn(entity, own, await ports.marks(entity)), events };
    }),
  );
  const expected = busiest.reduce((sum, { events }) => sum + events, 0);
  return { effects, complete: busiest.length === entities && candidates.length === expected };
}

/** What a runner goes by: the part of a stored replay that does not change, and its state, which does. */
export interface RunningReplay {
  readonly id: string;
  readonly state: ReplayState;
  readonly request: ReplayRequest;
  readonly total: number;
}

/**
 * A step that was begun: which originals it puts in, and at which moment. Both are kept before the first of them goes
 * in, so that a step done again after a crash makes the very same events, which their entities recognise.
 */
interface Step {
  readonly atMs: number;
  readonly ids: readonly string[];
  readonly last: boolean;
  readonly attempts: number;
}

/** What a runner remembers between steps. */
export interface RunnerMemory {
  readonly startedAtMs: number;
  readonly cursor: string | null;
  readonly counts: ReplayCounts;
  readonly step: Step | null;
}

/** How one original is put in again: under an id that follows from the replay, the original and `atMs`. */
export interface Repeat {
  readonly replay: RunningReplay;
  readonly original: StoredEvent;
  readonly atMs: number;
}

/** One event made ready: its messages for the queue, or why there are none. */
export type Prepared = { readonly kind: "ready"; readonly messages: readonly string[] } | Exclude<Repeated, { readonly kind: "done" }>;

export interface RunPorts {
  readonly clock: () => number;
  readonly config: ReplayConfig | undefined;
  /** The replay as it is stored now; null if there is none. Rejects if it cannot be read. */
  readonly replay: () => Promise<RunningReplay | null>;
  readonly memory: () => RunnerMemory | null;
  /** Durable when it returns. */
  readonly remember: (memory: RunnerMemory) => void;
  /** Ids of matching originals after `cursor`, oldest first. */
  readonly page: (query: ReplayQuery, cursor: string | null, limit: number) => Promise<readonly string[]>;
  readonly originals: (ids: readonly string[]) => Promise<readonly StoredEvent[]>;
  /** Reads an original and makes its event anew. Rejects where another try may help. */
  readonly prepare: (repeat: Repeat) => Promise<Prepared>;
  /** Puts messages into the bulk queue, in order. */
  readonly enqueue: (messages: readonly string[]) => Promise<void>;
  /** Closes what the originals left open: a body that was in quarantine is an event now. */
  readonly taken: (originals: readonly StoredEvent[]) => Promise<void>;
  /** Tells how far it is; `finished` ends it unless it was cancelled meanwhile. */
  readonly report: (progress: ReplayProgress, finished: boolean) => Promise<void>;
}

/** What the runner does next: `again` at a moment, or nothing any more. */
export type Next = { readonly kind: "again"; readonly atMs: number } | { readonly kind: "stop" } | { readonly kind: "notYet" };

/**
 * One step of a replay: at most a second's worth of events, oldest first. Rejects when a part of the router cannot be
 * reached; the step is then to be done again, and repeats nothing.
 */
export async function stepReplay(ports: RunPorts): Promise<Next> {
  const replay = await ports.replay();
  if (replay?.state === "planned" || replay?.state === "waitingForApproval") return { kind: "notYet" };
  if (replay?.state !== "running") return { kind: "stop" };
  const nowMs = ports.clock();
  const memory = ports.memory() ?? { startedAtMs: nowMs, cursor: null, counts: NO_COUNTS, step: null };
  const open = openFor(replay, ports);
  if (!open(nowMs)) return waitForWindow(replay, memory, ports);
  const step = memory.step ?? (await begin(replay, memory, nowMs, ports));
  ports.remember({ ...memory, step: { ...step, attempts: step.attempts + 1 } });
  const counts = await repeatAll(replay, { memory, step }, ports);
  const after: RunnerMemory = { ...memory, cursor: step.ids.at(-1) ?? memory.cursor, counts, step: null };
  if (step.last) {
    await ports.report(progressOf(replay, after, null, ports), true);
    ports.remember(after);
    return { kind: "stop" };
  }
  ports.remember(after);
  await ports.report(progressOf(replay, after, null, ports), false);
  return { kind: "again", atMs: nowMs + LIMITS.replayStepMs };
}

const openFor =
  (replay: RunningReplay, ports: RunPorts) =>
  (atMs: number): boolean =>
    mayRun(replay.request.window, ports.config, atMs);

async function begin(replay: RunningReplay, memory: RunnerMemory, atMs: number, ports: RunPorts): Promise<Step> {
  const { query, ratePerSecond } = replay.request;
  const ids = await ports.page(query, memory.cursor, ratePerSecond);
  return { atMs, ids, last: ids.length < ratePerSecond, attempts: 0 };
}

async function waitForWindow(replay: RunningReplay, memory: RunnerMemory, ports: RunPorts): Promise<Next> {
  const nowMs = ports.clock();
  // A window that never opens within a month is looked for again in a day: configuration may change.
  const atMs = nextOpenMs(openFor(replay, ports), nowMs) ?? nowMs + 86_400_000;
  await ports.report(progressOf(replay, memory, atMs, ports), false);
  return { kind: "again", atMs };
}

function progressOf(replay: RunningReplay, memory: RunnerMemory, waitsUntilMs: number | null, ports: RunPorts): ReplayProgress {
  const { counts, cursor, startedAtMs } = memory;
  const left = replay.total - counts.done - counts.refused - counts.failed;
  const etaSeconds = etaSecondsOf(left, replay.request.ratePerSecond, { nowMs: ports.clock(), open: openFor(replay, ports) });
  return { ...counts, total: replay.total, cursor, startedAtMs, etaSeconds, waitsUntilMs };
}

interface Run {
  readonly memory: RunnerMemory;
  readonly step: Step;
}

/** Puts a step's originals in, a few reads at a time, in their order. */
async function repeatAll(replay: RunningReplay, { memory, step }: Run, ports: RunPorts): Promise<ReplayCounts> {
  const found = new Map((step.ids.length === 0 ? [] : await ports.originals(step.ids)).map((event) => [event.id, event]));
  let { counts } = memory;
  const taken: StoredEvent[] = [];
  for (let from = 0; from < step.ids.length; from += LIMITS.replayReadsAtOnce) {
    const group = step.ids.slice(from, from + LIMITS.replayReadsAtOnce);
    const prepared = await Promise.all(group.map((id) => prepareOne(replay, { original: found.get(id) ?? null, step }, ports)));
    await ports.enqueue(prepared.flatMap((each) => (each.kind === "ready" ? each.messages : [])));
    for (const [index, each] of prepared.entries()) {
      const id = group[index] ?? "";
      const original = found.get(id);
      counts = countRepeated(counts, id, each.kind === "ready" ? { kind: "done" } : each);
      if (each.kind === "ready" && original !== undefined) taken.push(original);
    }
  }
  await ports.taken(taken);
  return counts;
}

/** An event that rejects again and again is counted as failed in the end, so that it does not hold up the others. */
async function prepareOne(
  replay: RunningReplay,
  { original, step }: { readonly original: StoredEvent | null; readonly step: Step },
  ports: RunPorts,
): Promise<Prepared> {
  if (original === null) return { kind: "failed", why: "the index does not hold it any more" };
  const { verdict, reason } = JSON.parse(original.detail) as EventDetail;
  const facts = { status: original.status, verdict, hasRaw: original.rawRef !== null, hasReason: reason !== undefined };
  const why = whyNotReplayable(facts);
  if (why !== null) return { kind: "refused", why };
  try {
    return await ports.prepare({ replay, original, atMs: step.atMs });
  } catch (error) {
    if (step.attempts + 1 < LIMITS.replayStepAttempts) throw error;
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}
